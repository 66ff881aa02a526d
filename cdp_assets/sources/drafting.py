"""A contract drafted from a file, for a person to read, correct and keep.

Headers are understood in five languages, values are looked at (never shown); each guess says that it is one. The draft is
a contract that can be used as it stands.

What does not belong here: deciding. Where a wrong guess would do harm (deleting what a snapshot no longer holds, joining
people by an identifier) the draft takes the careful side and says what to change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.sources import contract_checks as checks
from cdp_assets.sources.column_guesses import MOST_OF_THEM, ColumnLook, best_key, looks
from cdp_assets.sources.contract_model import Extract, SourceContract, raw_column
from cdp_assets.sources.file_format import COMPRESSED_ENDINGS
from cdp_assets.sources.header_words import (
    KEY_WORDS,
    OBSERVED_AT_WORDS,
    core_of,
    field_of,
    header_parts,
    identifier_of,
    is_numbered,
    rank_of,
)
from cdp_assets.sources.reading import Table, read_table
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.vocabulary import ADDRESS_FIELDS, CANONICAL_FIELDS, CORRECTION_NEEDS, LIST_FIELDS, Kind
from cdp_assets.sources.yaml_text import parse_yaml

ENCODINGS_TRIED = ("windows-1252", "latin-1", "utf-16-le", "utf-16-be")
"""What a file that is not UTF-8 usually is, the strictest first."""

DELIMITERS_TRIED = (",", ";", "\t", "|")

A_BIRTH_YEAR_AT_MOST = 2012
"""Days of birth lie before; other days of a customer record mostly after."""


@dataclass
class _Draft:
    """The contract as it takes shape: source columns by field, with what to say of each."""

    source: str
    kind: Kind = "profiles"
    key: list[str] = field(default_factory=list)
    observed_at: str | None = None
    columns: dict[str, list[str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)
    date_formats: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def used(self) -> set[str]:
        """Source columns that the draft names."""
        mapped = [name for names in self.columns.values() for name in names]
        return {*self.key, *mapped, *self.identifiers.values(), *([self.observed_at] if self.observed_at else [])}


def draft_contract(path: Path, source: str | None = None) -> str:
    """YAML text of a contract for files like ``path``, with comments that mark the guesses.

    ``source`` defaults to a name made from the file's. The text loads with ``load_contract`` once it is saved as
    ``contracts/<source>.yaml``. Raises :class:`FileRefused` for a file that can not be read, or has no header, and a
    ``ValueError`` for a ``source`` that can not be a source's name.
    """
    path = path.resolve()
    name = checks.source_name(source) if source is not None else _source_name(path)
    extract, table = _read(path)
    if not table.header:
        raise FileRefused("empty", "it holds no row, so nothing can be told from it", "draft from a file that has some")
    _refuse_data_as_header(table.header)
    draft = _Draft(name)
    found = dict(zip(table.header, _looks(table), strict=True))
    _map_by_header(draft, table.header, found)
    _map_by_values(draft, table.header, found)
    _drop_doubles(draft)
    _guess_kind(draft)
    _guess_observed_at(draft, table.header, found)
    _guess_key(draft, table.header, found)
    _guess_identifiers(draft, table.header)
    text = _yaml(draft, path, extract, table)
    SourceContract.model_validate(parse_yaml(text).value)
    return text


# -- reading ----------------------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[Extract, Table]:
    """The table, and what had to be assumed to read it."""
    extract = Extract(files=_file_pattern(path))
    try:
        return extract, read_table(path, extract)
    except FileRefused as refused:
        if refused.rule in ("encoding", "nul_bytes"):
            extract = _with_encoding(path, extract)
        elif refused.rule != "delimiter_unclear":
            raise
    try:
        return extract, read_table(path, extract)
    except FileRefused as refused:
        if refused.rule != "delimiter_unclear":
            raise
    tried = [extract.model_copy(update={"delimiter": mark}) for mark in DELIMITERS_TRIED]
    return max(_readable(path, tried), key=_regularity)


def _with_encoding(path: Path, extract: Extract) -> Extract:
    for encoding in ENCODINGS_TRIED:
        tried = extract.model_copy(update={"encoding": checks.encoding(encoding)})
        try:
            read_table(path, tried)
        except FileRefused as refused:
            if refused.rule in ("encoding", "nul_bytes"):
                continue
        return tried
    raise FileRefused("encoding", "it is no text that can be told", "declare `extract: encoding`, or deliver UTF-8")


def _readable(path: Path, tried: Sequence[Extract]) -> list[tuple[Extract, Table]]:
    read: list[tuple[Extract, Table]] = []
    for extract in tried:
        try:
            read.append((extract, read_table(path, extract)))
        except FileRefused:
            continue
    if not read:
        raise FileRefused("delimiter_unclear", "no delimiter gives a header", "declare `extract: delimiter`")
    return read


def _regularity(candidate: tuple[Extract, Table]) -> tuple[float, int]:
    """How well a delimiter fits: sound rows first, then columns."""
    _, table = candidate
    sound = table.rows.get_column("_problem").null_count() / max(1, table.rows.height)
    return (sound if len(table.header) > 1 else 0.0, len(table.header))


def _looks(table: Table) -> list[ColumnLook]:
    readable = table.rows.filter(table.rows.get_column("_problem").is_null())
    found = looks(readable.select(raw_column(name) for name in table.header))
    return [found[raw_column(name)] for name in table.header]


def _refuse_data_as_header(header: Sequence[str]) -> None:
    """A header of values would put them into the contract."""
    if any(re.search(r"@.+\.|\d{5}|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$|^\d+$", name) for name in header):
        raise FileRefused(
            "header_missing", "its first line holds values instead of column names", "add a header, then draft again"
        )


# -- guesses ----------------------------------------------------------------------------------------------------------


def _map_by_header(draft: _Draft, header: Sequence[str], found: Mapping[str, ColumnLook]) -> None:
    for name in header:
        guess = field_of(name)
        if guess is None or _contradicts(guess, found[name]):
            continue
        taken = draft.columns.setdefault(guess, [])
        if not taken or (guess in LIST_FIELDS and _is_another(guess, taken[0], name)):
            taken.append(name)


def _is_another(guess: str, first: str, name: str) -> bool:
    """Whether a further column of a field is a further value, not a part of the first: ``address_2`` is a line."""
    return guess not in ADDRESS_FIELDS or (core_of(first) == core_of(name) and not is_numbered(name))


def _contradicts(guess: str, look: ColumnLook) -> bool:
    """Whether the values are plainly something else than the header says."""
    if look.filled == 0:
        return False
    if guess == "email":
        return look.email < 0.5
    if guess == "phone":
        return look.email > 0.5 or (look.moment >= MOST_OF_THEM and look.phone == 0 and look.digits < 0.5)
    if guess == "date_of_birth":
        return not look.date_formats and look.moment < 0.5
    return look.email > 0.5 or (guess in ("street", "city", "full_name") and look.digits > 0.9)


def _map_by_values(draft: _Draft, header: Sequence[str], found: Mapping[str, ColumnLook]) -> None:
    """E-mails, phones and postcodes under headers that do not say so."""
    for name in header:
        if name in draft.used():
            continue
        look = found[name]
        shares = {"email": look.email, "phone": look.phone, "postcode": look.postcode}
        guess = max(shares, key=lambda field: shares[field])
        taken = draft.columns.get(guess, [])
        is_known_otherwise = field_of(name) is not None and guess != "email"
        if shares[guess] < MOST_OF_THEM or is_known_otherwise or (taken and guess == "postcode"):
            continue
        draft.columns.setdefault(guess, []).append(name)
        draft.notes[name] = "guessed from its values"


def _drop_doubles(draft: _Draft) -> None:
    """Keep one way of saying a name, and addresses that have a street or a city first."""
    if {"first_name", "last_name"} <= draft.columns.keys():
        draft.columns.pop("full_name", None)
    born = draft.columns.get("date_of_birth")
    if born is not None and not born:
        draft.columns.pop("date_of_birth")
    longest = max((len(draft.columns.get(name, ())) for name in ADDRESS_FIELDS), default=0)
    if longest > 1:
        draft.notes["addresses"] = "lists are read side by side: the first of each is one address, the second another"


def _guess_kind(draft: _Draft) -> None:
    has = draft.columns.keys()
    if set(CORRECTION_NEEDS) <= has:
        draft.kind = "corrections"
    elif "consent" in has:
        draft.kind = "consents"
    elif "activity" in has:
        draft.kind = "activities"
    elif "activity_subject" in has:
        subject = " ".join(header_parts(draft.columns["activity_subject"][0]))
        draft.kind = "activities"
        draft.constants["activity"] = "page_view" if re.search("page|url", subject) else "attended"
    kept = {"profiles": (), "activities": ("activity", "activity_subject")}.get(draft.kind, CANONICAL_FIELDS)
    for name in [name for name in draft.columns if name in _EVENT_NAMES and name not in kept]:
        draft.columns.pop(name)


_EVENT_NAMES = frozenset(CANONICAL_FIELDS[CANONICAL_FIELDS.index("activity") :])


def _guess_observed_at(draft: _Draft, header: Sequence[str], found: Mapping[str, ColumnLook]) -> None:
    ranked = [
        (rank, position, name)
        for position, name in enumerate(header)
        if (rank := rank_of(name, OBSERVED_AT_WORDS)) is not None
        and name not in draft.used()
        and (found[name].moment >= MOST_OF_THEM or found[name].date_formats or found[name].filled == 0)
    ]
    if ranked:
        draft.observed_at = min(ranked)[2]
    born = draft.columns.get("date_of_birth", [])
    for name in [*born, *([draft.observed_at] if draft.observed_at else [])]:
        if found[name].date_formats and found[name].iso_moment < MOST_OF_THEM:
            draft.date_formats = found[name].date_formats
            return


def _guess_key(draft: _Draft, header: Sequence[str], found: Mapping[str, ColumnLook]) -> None:
    named = sorted(
        (rank, position, name)
        for position, name in enumerate(header)
        if (rank := rank_of(name, KEY_WORDS)) is not None or (rank := _id_rank(name)) is not None
    )
    candidates = [name for _, _, name in named]
    key = best_key(candidates, found)
    if key is None and draft.kind == "profiles":
        free = [name for name in header if name not in draft.used()]
        key = best_key([*free, *draft.columns.get("email", [])], found) or (candidates or [*free, *header])[0]
    if key is None:
        return
    draft.key = [key]
    if not found[key].is_unique:
        draft.notes["key"] = f"CHECK: {found[key].repeated:,} rows of the file have no key of their own"


def _id_rank(name: str) -> int | None:
    """Any other header that ends like an id comes after the known ones."""
    parts = header_parts(name)
    return len(KEY_WORDS) if parts and parts[-1] in ("id", "key", "uuid", "guid", "no", "nr") else None


def _guess_identifiers(draft: _Draft, header: Sequence[str]) -> None:
    """Exact keys by their headers. Where nothing at all is recognised, the key: it joins nobody, and the draft loads."""
    for name in header:
        guess = identifier_of(name)
        if guess is not None and name not in draft.used() and guess not in draft.identifiers:
            draft.identifiers[guess] = name
    if not draft.columns and not draft.identifiers:
        draft.identifiers[f"{draft.source}_id"] = (draft.key or list(header))[0]


# -- YAML -------------------------------------------------------------------------------------------------------------


def _yaml(draft: _Draft, path: Path, extract: Extract, table: Table) -> str:
    lines = [
        "# Drafted from a file. Read it, correct it, keep it: a guess is marked as one.",
        f"source: {draft.source}",
        "about: ''  # what this source is, for people",
        _line("kind", draft.kind, "profiles | activities | consents | corrections"),
        *_extract_lines(extract, path),
        *_delivery_lines(draft),
        "trust: 50  # survivorship rank, 0-100: how good this source is compared to the others",
        "# one_row_per_person: true  # two rows of this source are never one customer",
        "# country: US  # default region of phones, addresses and dates",
        *_date_lines(draft),
        *_column_lines(draft),
        *_identifier_lines(draft),
        "on_new_column: keep  # keep | ignore | refuse",
        "on_missing_column: refuse  # refuse | null",
    ]
    unmapped = [name for name in table.header if name not in draft.used()]
    if unmapped:
        lines.append("# not mapped (raw keeps them): " + ", ".join(_quoted(name) for name in unmapped[:50]))
    return "\n".join(lines) + "\n"


def _extract_lines(extract: Extract, path: Path) -> list[str]:
    lines = ["extract:", f'  files: "{extract.files}"  # under landing/<source>/; plain, .gz or .zst']
    if extract.encoding:
        lines.append(f"  encoding: {extract.encoding}  # guess: it is not UTF-8")
    if extract.delimiter:
        spelled = next(
            (word for word, mark in checks.DELIMITER_NAMES.items() if mark == extract.delimiter), extract.delimiter
        )
        lines.append(f"  delimiter: {spelled}  # guess: the header can be split in several ways")
    return lines


def _delivery_lines(draft: _Draft) -> list[str]:
    delivers = "changes" if draft.kind == "profiles" else "events"
    meaning = "snapshot: each file is the whole list, and a missing row is a deletion | changes | events"
    lines = [_line("delivers", delivers, meaning)]
    if draft.key:
        lines.append(
            _line("key", _quoted(draft.key[0]), draft.notes.get("key", "guess: column(s) that identify a row"))
        )
    else:
        lines.append("# key: event_id  # without one, a row is identified by its text")
    if draft.observed_at:
        lines.append(_line("observed_at", _quoted(draft.observed_at), "guess: when the source says it was true"))
    else:
        lines.append("# observed_at: updated_at  # without one, the time at which the file landed")
    return lines


def _date_lines(draft: _Draft) -> list[str]:
    if not draft.date_formats:
        return []
    first, *others = draft.date_formats
    doubt = f"CHECK: {', '.join(others)} would read it, too" if others else "guess"
    return [_line("date_format", json.dumps(first), doubt)]


def _column_lines(draft: _Draft) -> list[str]:
    lines = ["columns:  # canonical field <- source column, or a list of them"]
    for name in CANONICAL_FIELDS:
        if name in draft.constants:
            lines.append(f"  {name}: {{value: {draft.constants[name]}}}  # guess: the same for every row")
        elif name in draft.columns:
            columns = draft.columns[name]
            written = _quoted(columns[0]) if len(columns) == 1 else f"[{', '.join(map(_quoted, columns))}]"
            notes = [draft.notes[column] for column in columns if column in draft.notes]
            lines.append(_line(f"  {name}", written, f"guess: {notes[0]}" if notes else ""))
    if len(lines) == 1:
        lines = ["columns: {}  # CHECK: nothing was recognised; map at least one field, such as email: Email"]
    if draft.kind == "consents":
        lines.append("  # consent: {column: …, values: {yes: given, no: withdrawn}}  # if it has other words for them")
    if "addresses" in draft.notes:
        lines.append(f"  # {draft.notes['addresses']}")
    return lines


def _identifier_lines(draft: _Draft) -> list[str]:
    if not draft.identifiers:
        return ["# identifiers:  # exact keys that systems share", "#   loyalty_id: LoyaltyNo"]
    lines = ["identifiers:  # guess: exact keys that systems share; remove what is not"]
    return [*lines, *(f"  {name}: {_quoted(column)}" for name, column in draft.identifiers.items())]


def _line(key: str, value: str, comment: str) -> str:
    return f"{key}: {value}  # {comment}" if comment else f"{key}: {value}"


def _quoted(name: str) -> str:
    """A column's name as YAML: plain where nothing could be read into it."""
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*", name) is not None
    is_word = name.lower() in ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
    return name if is_plain and not is_word else json.dumps(name, ensure_ascii=not name.isprintable())


def _file_pattern(path: Path) -> str:
    name = path.name.lower()
    for ending in COMPRESSED_ENDINGS:
        name = name.removesuffix(ending)
    ending = Path(name).suffix
    return f"*{ending}" if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else "*"


def _source_name(path: Path) -> str:
    """A name of the source from the file's, without dates and numbers; names of people do not look like either."""
    stem = path.name.split(".", 1)[0]
    words = [part for part in header_parts(stem) if not part.isdecimal() and part not in _NOT_A_SOURCE]
    return "_".join(words)[:40].strip("_") or "source"


_NOT_A_SOURCE = frozenset({"export", "dump", "full", "delta", "final", "copy", "new", "latest", "t", "z"})
