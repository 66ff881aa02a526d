"""What it means that a field or an identifier is fed from other columns than before.

A field that is mapped anew, renamed columns, more columns, other translations: past imports are read anew, and nothing
that is known goes. What takes values away (a field or column that is no longer mapped), or may turn a withdrawal into a
consent, needs a person's choice; so does a renamed column that past imports would silently be read without.

Past imports have the old name of a renamed column. Both can be read: ``email: [New, Old]`` for fields that take the
first filled column, or several values; ``street: {columns: [New, Old]}`` for parts of an address, where a list would mean a
second address.

What does not belong here: the other parts of a contract (``contract_change_rules.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cdp_assets.sources.contract_change_rules import ContractChange, Needs
from cdp_assets.sources.contract_model import FieldSource, IdentifierSource, SourceContract
from cdp_assets.sources.header_meaning import is_similar
from cdp_assets.sources.vocabulary import ADDRESS_FIELDS, CANONICAL_FIELDS, EVENT_FIELDS, LIST_FIELDS

CONSENT_FIELDS = frozenset({"consent", "purpose", "channel"})
"""Where a word that is read otherwise may make a person contactable who said no."""

_CONDITIONS = frozenset({"lawful_basis", "jurisdiction", "validity_duration", "double_opt_in"})
"""What a consent depends on: read otherwise, one that did not count may count."""

_FLIPS = CONSENT_FIELDS | _CONDITIONS | {"correction"}
"""Fields of few words that contradict each other: given and withdrawn, confirmed and pending, set and retract."""

_BACKFILL = "Backfill."


_SAID_ONLY = frozenset({"wording", "collection_method", "indicated_by"})
"""What is kept of a consent as evidence, and decides nothing."""


@dataclass(frozen=True)
class _Field:
    """One field in two contracts. ``delivered``: columns of the newest import, empty where they are not known."""

    name: str
    old: tuple[FieldSource, ...]
    new: tuple[FieldSource, ...]
    contract: SourceContract
    delivered: frozenset[str]

    @property
    def gone(self) -> tuple[str, ...]:
        return tuple(name for name in _columns(self.old) if name not in _columns(self.new))

    @property
    def came(self) -> tuple[str, ...]:
        return tuple(name for name in _columns(self.new) if name not in _columns(self.old))


def mapping_changes(
    old: SourceContract, new: SourceContract, delivered: Sequence[str] = ()
) -> Iterator[ContractChange]:
    """Changes of ``columns`` in canonical order, then of ``identifiers`` in the order of their names."""
    columns = frozenset(delivered)
    for name in CANONICAL_FIELDS:
        if old.field_sources(name) != new.field_sources(name):
            yield _field_change(_Field(name, old.field_sources(name), new.field_sources(name), new, columns))
    for name in sorted({*old.identifiers, *new.identifiers}):
        yield from _identifier_changes(name, old.identifiers.get(name), new.identifiers.get(name), (old, new), columns)


# -- fields -----------------------------------------------------------------------------------------------------------


def _field_change(field: _Field) -> ContractChange:
    if not field.old:
        return _said(field, _ADDED.format(source=field.contract.source), "backfill", _added_advice(field))
    if not field.new:
        advice = "Accept it and backfill, where they must go; else map the field as before."
        return _said(field, _loss_of(field), "choice", advice)
    if 0 < len(field.gone) <= len(field.came):
        return _replaced(field)
    if field.gone:
        effect = f"{_listed(field.gone)} {_are(field.gone)} no longer read for it. {_loss_of(field)}"
        advice = "Accept it and backfill, where those values must go; else keep the column in the list."
        return _said(field, effect, "choice", advice)
    if field.came:
        effect = f"{_listed(field.came)} {_are(field.came)} read for it, too; past imports that lack it are treated as `on_missing_column` says."
        return _said(field, effect, "backfill", _added_advice(field))
    return _read_otherwise(field)


_ADDED = (
    "The field is filled from {source} from now on, and from past imports by a backfill; customers may be merged by it."
)


def _added_advice(field: _Field) -> str:
    lacking = [name for name in _columns(field.new) if field.delivered and name not in field.delivered]
    if lacking and field.contract.on_missing_column == "refuse":
        return (
            f"Backfill. The newest import lacks {_listed(lacking)}: imports that lack it keep the records that they have, "
            "unless `on_missing_column: null` is set."
        )
    return _BACKFILL


def _replaced(field: _Field) -> ContractChange:
    both = _both(field)
    if _is_another_column(field.gone, field.came, field.delivered):
        effect = f"Other columns are read for it, and both were delivered so far. {_loss_of(field)}"
        advice = f"Accept it and backfill, where {_listed(field.came)} holds what is meant; or read both: {both}."
        return _said(field, effect, "choice", advice)
    is_told = bool(field.delivered & {*field.gone, *field.came}) or _are_similar(field.gone, field.came)
    if not is_told or field.name in _FLIPS:
        effect = f"Other columns are read for it. {_loss_of(field)}"
        advice = f"Accept it and backfill, where the column was only renamed; or read both: {both}."
        return _said(field, effect, "choice", advice)
    if field.contract.on_missing_column == "null":
        effect = (
            f"It is read from {_listed(field.came)}. Past imports only have {_listed(field.gone)}, and by `on_missing_column: "
            "null` a backfill reads them without: their values are lost."
        )
        return _said(field, effect, "choice", f"Read both: {both}. Accept it only where those values must go.")
    effect = (
        f"It is read from {_listed(field.came)} instead of {_listed(field.gone)}; past imports that lack the new column keep "
        "the records that they have."
    )
    advice = f"Backfill. To have past imports read anew, too, write {both} and `on_missing_column: null`."
    return _said(field, effect, "backfill", advice)


def _read_otherwise(field: _Field) -> ContractChange:
    """The same columns, in another order or another form, with other translations or another constant."""
    if field.name in _FLIPS and not _only_adds_translations(field.old, field.new):
        effect = "What the source said is read with another meaning, also in past imports: "
        effect += _FLIPPED.get(field.name, "a withdrawal may be lost.")
        advice = (
            "Accept it and backfill, where it was read wrongly so far; where the source's words have changed their meaning, "
            "describe the new files as a source of their own."
        )
        return _said(field, effect, "choice", advice)
    if _columns(field.old) != _columns(field.new) and field.name in LIST_FIELDS:
        effect = "The first column is the main value: for records that have several, another becomes the main one."
    elif _columns(field.old) != _columns(field.new):
        effect = "The first column that is filled is read: records that have several get another value."
    else:
        effect = "The same columns are read in another way, also in past imports."
    return _said(field, effect, "backfill", _BACKFILL)


_FLIPPED = {
    "correction": "set and retract may change places.",
    **dict.fromkeys(_CONDITIONS, "a consent that did not count may count, or one that did may not."),
}


def _only_adds_translations(old: Sequence[FieldSource], new: Sequence[FieldSource]) -> bool:
    return len(old) == len(new) and all(
        one.model_copy(update={"values": None}) == other.model_copy(update={"values": None})
        and (one.values or {}).items() <= (other.values or {}).items()
        for one, other in zip(old, new, strict=True)
    )


def _both(field: _Field) -> str:
    """How the contract reads the new and the old name of a column."""
    names = ", ".join([*field.came, *field.gone])
    whole = f"{{columns: [{names}]}}" if field.name in ADDRESS_FIELDS else f"[{names}]"
    return f"`{field.name}: {whole}`"


def _loss_of(field: _Field) -> str:
    """What goes when a field's values go."""
    if field.name in CONSENT_FIELDS:
        return "What this source knows of consent goes from past imports, too: a withdrawal may be lost."
    if field.name in _CONDITIONS:
        return "A consent that depends on it, also of past imports, may count where it did not, or no longer count."
    if field.name in EVENT_FIELDS["corrections"]:
        return "Corrections that this source reported no longer apply, also those of past imports."
    if field.name in EVENT_FIELDS["activities"] or field.name in _SAID_ONLY:
        return "What past imports said of it goes, and segments that ask for it change."
    gave = _listed(field.gone) or "the constant"
    return (
        f"Values that only {gave} gave disappear from golden records, past imports included, and links that rest on them "
        "may go."
    )


# -- identifiers ------------------------------------------------------------------------------------------------------


def _identifier_changes(
    name: str,
    old: IdentifierSource | None,
    new: IdentifierSource | None,
    contracts: tuple[SourceContract, SourceContract],
    delivered: frozenset[str],
) -> Iterator[ContractChange]:
    part = f"identifiers.{name}"
    if old is None and new is not None:
        effect = "Records that share a value of it with others, of any source, are linked: customers may be merged."
        yield ContractChange(part, None, new.column, effect, "backfill", _BACKFILL)
    elif new is None and old is not None:
        renamed = next((other for other, its in contracts[1].identifiers.items() if its.column == old.column), None)
        under = (
            f" The column is read as '{renamed}' now, and only compared with other sources' '{renamed}'."
            if renamed
            else ""
        )
        effect = f"Links that rest on it go, and customers that only it holds together are split.{under}"
        advice = "Accept it and backfill, where it must not link any more; else map it as before."
        yield ContractChange(part, old.column, None, effect, "choice", advice)
    elif old is not None and new is not None:
        yield from _identifier_change(part, old, new, contracts[1], delivered)


def _identifier_change(
    part: str, old: IdentifierSource, new: IdentifierSource, contract: SourceContract, delivered: frozenset[str]
) -> Iterator[ContractChange]:
    if old.column != new.column:
        is_null = contract.on_missing_column == "null"
        is_told = bool(delivered & {old.column, new.column}) or is_similar(old.column, new.column)
        if _is_another_column((old.column,), (new.column,), delivered) or is_null or not is_told:
            effect = f"Links that rest on values of '{old.column}' go, also those of past imports."
            advice = (
                "Accept it and backfill, where the old column must not link any more; where it was only renamed, set "
                "`on_missing_column: refuse`, so that past imports keep the records that they have."
            )
            yield ContractChange(part, old.column, new.column, effect, "choice", advice)
        else:
            effect = f"It is read from '{new.column}'; past imports that lack it keep the records that they have."
            yield ContractChange(part, old.column, new.column, effect, "backfill", _BACKFILL)
    if old.shared_by_at_most != new.shared_by_at_most:
        effect = "From the next resolution on, a value that more people share than this identifies nobody."
        yield ContractChange(
            f"{part}.shared_by_at_most",
            _number(old.shared_by_at_most),
            _number(new.shared_by_at_most),
            effect,
            "nothing",
            "Nothing to do; look at the identity changes after the next resolution.",
        )
    if old.one_per_person != new.one_per_person:
        effect = (
            "From the next resolution on, records with two values of it are never one customer."
            if new.one_per_person
            else "From the next resolution on, records with two values of it may be one customer."
        )
        yield ContractChange(
            f"{part}.one_per_person",
            str(old.one_per_person).lower(),
            str(new.one_per_person).lower(),
            effect,
            "nothing",
            "Nothing to do; look at the identity changes after the next resolution.",
        )


# -- columns ----------------------------------------------------------------------------------------------------------


def _is_another_column(gone: Sequence[str], came: Sequence[str], delivered: frozenset[str]) -> bool:
    """Whether the newest import has the old and the new columns side by side: then none is the other renamed."""
    return bool(delivered & set(gone)) and bool(delivered & set(came))


def _are_similar(gone: Sequence[str], came: Sequence[str]) -> bool:
    return len(gone) == len(came) and all(is_similar(one, other) for one, other in zip(gone, came, strict=True))


def _columns(sources: Sequence[FieldSource]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for source in sources for name in source.source_columns))


def _said(field: _Field, effect: str, needs: Needs, advice: str) -> ContractChange:
    was, becomes = _shown(field.old), _shown(field.new)
    if was == becomes:
        becomes = f"{becomes}, otherwise than before"
    return ContractChange(f"columns.{field.name}", was, becomes, effect, needs, advice)


def _shown(sources: Sequence[FieldSource]) -> str | None:
    """A field's columns as a contract would say them; of translations only how many there are."""
    return ", ".join(_shown_source(source) for source in sources) or None


def _shown_source(source: FieldSource) -> str:
    if source.value is not None:
        return f"{{value: {source.value}}}"
    if source.columns is not None:
        return " + ".join(source.columns)
    return f"{source.column} ({len(source.values)} values translated)" if source.values else str(source.column)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)
