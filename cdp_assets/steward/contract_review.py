"""A contract held against what its source delivers: columns, values, changes, and what a backfill would do.

Values are read in a sample of the newest delivery as an import would read them, under this contract and under the one in
force, so that a change shows what it does before it is made. Only shares and counts come out, no value.

What does not belong here: showing it (``contract_text.py``); putting a contract in force.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.sources.contract_changes import (
    ContractChange,
    UnknownContractError,
    choices_needed,
    contract_changes,
    former_contract,
    newest_columns,
    not_comparable,
)
from cdp_assets.sources.contract_check import (
    BackfillPlan,
    ColumnsCheck,
    Delivered,
    check_columns,
    newest_deliveries,
    plan_backfill,
    remembered_deliveries,
)
from cdp_assets.sources.contracts import SourceContract, raw_column
from cdp_assets.sources.vocabulary import ACTIVITIES
from cdp_assets.standardized.addresses import ADDRESS_PARTS
from cdp_assets.standardized.dates import standardize_moments
from cdp_assets.standardized.delivered_values import Values, delivered_values
from cdp_assets.standardized.event_words import standardize_activities
from cdp_assets.standardized.mapped_values import key_texts, raw_text
from cdp_assets.standardized.records import ImportMeta, records_version, standardize
from cdp_assets.standardized.text import clean, without_placeholders
from cdp_assets.tables import raw_imports
from cdp_assets.workspace import Workspace

SAMPLE_ROWS = 2_000
"""Rows whose values are read: enough to see a share of one in a hundred, and done in a second."""

MOSTLY_UNREADABLE = 0.2
"""With more unreadable values than this a field is mapped or declared wrongly; dirty data has a few in a hundred."""

MUCH_WORSE = 0.05
"""A change that makes so many more values empty or unreadable is to be looked at."""

LEAST_VALUES = 20
"""Shares of fewer values say nothing."""

MOST_OWN_WORDS = 12
"""Kinds of events are few; a column with more words of its own is free text, which may be a person's: only counted."""

_FOUND_IN: Mapping[str, str] = {
    "email": "emails",
    "phone": "phones",
    "date_of_birth": "date_of_birth",
    "sex": "sex",
    "consent": "consent",
    "channel": "channel",
    "jurisdiction": "jurisdiction",
}
"""Fields whose values may be unreadable, and the column of a record that holds what was read."""


@dataclass(frozen=True)
class FieldCheck:
    """A part of the contract in the sample. ``filled``: share of rows with a value; ``unreadable``: share of these of
    which nothing could be read, None where any text will do. ``former_…``: the same under the contract in force."""

    part: str
    filled: float
    values: int
    unreadable: float | None
    former_filled: float | None = None
    former_unreadable: float | None = None

    @property
    def is_mostly_unreadable(self) -> bool:
        return self.values >= LEAST_VALUES and (self.unreadable or 0) > MOSTLY_UNREADABLE

    @property
    def is_much_worse(self) -> bool:
        """Whether the contract in force reads markedly more of it."""
        if self.former_filled is None:
            return False
        lost = self.former_filled - self.filled
        misread = (self.unreadable or 0) - (self.former_unreadable or 0)
        return lost > MUCH_WORSE or (self.values >= LEAST_VALUES and misread > MUCH_WORSE)


@dataclass(frozen=True)
class ValuesCheck:
    """The sample of the newest delivery. ``rejected``: rule to rows; ``keys_missing`` and ``keys_repeated`` count rows.

    ``own_words``: activities that no stage knows, to rows of the sample (0: only the contract says it); ``more_own_words``
    counts them where they are too many to be kinds of events.
    """

    rows: int
    fields: tuple[FieldCheck, ...]
    rejected: Mapping[str, int]
    former_rejected: Mapping[str, int] | None
    keys_missing: int
    keys_repeated: int
    own_words: Mapping[str, int]
    more_own_words: int


@dataclass(frozen=True)
class ContractReview:
    """Everything that can be said of a contract before it is used.

    ``in_force`` is the version that imports are read with, None before the first. ``looked_at``: landed files, the columns
    of past imports, or nothing. ``unreadable``: why newest files can not be read. ``choices``: parts that wait for a person.
    """

    source: str
    contract_version: str
    in_force: str | None
    changes: tuple[ContractChange, ...]
    choices: tuple[str, ...]
    looked_at: str
    unreadable: tuple[str, ...]
    columns: ColumnsCheck
    values: ValuesCheck | None
    backfill: BackfillPlan
    refuses_missing: bool
    is_snapshot: bool
    steps: tuple[str, ...]

    @property
    def needs_something(self) -> bool:
        """Whether there is anything to do before all is well: the exit code is then 1."""
        return bool(self.steps)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "needs_something": self.needs_something}


def review_contract(
    workspace: Workspace, contract: SourceContract, now: datetime, *, sample_rows: int = SAMPLE_ROWS
) -> ContractReview:
    """Compare a contract with the newest deliveries and with past imports of its source. Nothing is changed."""
    ledger = workspace.ledger
    imports = ledger.imports(contract.source)
    in_force = ledger.contract_in_force(contract.source)
    former, changes = _changes(workspace, contract, imports)
    files, unreadable = newest_deliveries(workspace, contract, now, sample_rows=sample_rows)
    deliveries = files or remembered_deliveries(imports)
    columns = check_columns(contract, deliveries, newest_columns(imports))
    sample = files[0] if files else _kept_rows(workspace, contract, deliveries, sample_rows)
    values = _values(contract, former, sample) if sample is not None and sample.rows.height else None
    backfill = plan_backfill(workspace, contract, imports, records_version(contract))
    choices = tuple(change.part for change in choices_needed(ledger, contract))
    return ContractReview(
        source=contract.source,
        contract_version=contract.contract_version,
        in_force=None if in_force is None else in_force[0],
        changes=tuple(changes),
        choices=choices,
        looked_at="files" if files else "imports" if deliveries else "nothing",
        unreadable=tuple(unreadable),
        columns=columns,
        values=values,
        backfill=backfill,
        refuses_missing=contract.on_missing_column == "refuse",
        is_snapshot=contract.delivers == "snapshot",
        steps=_steps(contract, choices, columns, values, backfill, unreadable),
    )


def _changes(
    workspace: Workspace, contract: SourceContract, imports: pl.DataFrame
) -> tuple[SourceContract | None, list[ContractChange]]:
    try:
        former = former_contract(workspace.ledger, contract)
    except UnknownContractError:
        in_force = workspace.ledger.contract_in_force(contract.source)
        return None, [not_comparable(in_force[0] if in_force else "", contract)]
    return former, [] if former is None else contract_changes(former, contract, newest_columns(imports))


def _kept_rows(
    workspace: Workspace, contract: SourceContract, deliveries: Sequence[Delivered], rows: int
) -> Delivered | None:
    """The first kept lines of the newest import, where no file is there to be read."""
    table = raw_imports(contract.source)
    if not deliveries or deliveries[0].import_id is None or not workspace.lake.exists(table):
        return None
    newest = deliveries[0]
    kept = workspace.lake.scan(table).filter(pl.col("_import_id") == newest.import_id).head(rows).collect()
    return Delivered(newest.columns, newest.is_sparse, newest.landed_at, kept, newest.import_id)


# -- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Read:
    """A sample under one contract: part to share filled, number filled, share unreadable; rule to rejected rows;
    activities that no stage knows to rows."""

    fields: Mapping[str, tuple[float, int, float | None]]
    rejected: Mapping[str, int]
    own_words: Mapping[str, int]


def _values(contract: SourceContract, former: SourceContract | None, sample: Delivered) -> ValuesCheck:
    raw = _as_raw(sample)
    read = _read(contract, raw, sample.landed_at)
    before = None if former is None else _read(former, raw, sample.landed_at)
    keys = key_texts(raw.filter(pl.col("_problem").is_null()), contract)
    filled_keys = keys.drop_nulls()
    nothing = (0.0, 0, None)
    checks = [
        FieldCheck(
            part,
            *read.fields.get(part, nothing),
            *((None, None) if before is None else before.fields.get(part, nothing)[::2]),
        )
        for part in dict.fromkeys([*read.fields, *(before.fields if before else ())])
    ]
    return ValuesCheck(
        rows=raw.height,
        fields=tuple(checks),
        rejected=read.rejected,
        former_rejected=None if before is None else before.rejected,
        keys_missing=keys.null_count() if contract.key else 0,
        keys_repeated=len(filled_keys) - filled_keys.n_unique() if contract.key else 0,
        own_words={} if len(read.own_words) > MOST_OWN_WORDS else read.own_words,
        more_own_words=len(read.own_words) if len(read.own_words) > MOST_OWN_WORDS else 0,
    )


def _as_raw(sample: Delivered) -> pl.DataFrame:
    """The sample in the shape of ``raw/<source>_imports``."""
    if sample.import_id is not None:
        return sample.rows.sort("_line")
    ours = [pl.lit("check").alias("_import_id"), pl.lit("check").alias("_file")]
    return sample.rows.select(*ours, pl.all()).sort("_line")


def _read(contract: SourceContract, raw: pl.DataFrame, landed_at: datetime) -> _Read:
    done = standardize(raw, contract, ImportMeta("check", landed_at))
    whole = raw.filter(pl.col("_problem").is_null())
    filled = _filled(whole, contract)
    found = whole.select(line="_line").hstack(filled).join(done.records, on="line", how="inner", suffix=" read")
    fields = {
        part: (_share(filled[part].sum(), whole.height), int(filled[part].sum()), _unreadable(part, found))
        for part in filled.columns
    }
    if contract.observed_at is not None:
        fields["observed_at"] = _of_observed_at(contract, whole, landed_at)
    rules = done.rejections.group_by("rule").len().sort("len", "rule", descending=[True, False])
    return _Read(fields, dict(rules.iter_rows()), _own_words(contract, done.records))


def _own_words(contract: SourceContract, records: pl.DataFrame) -> dict[str, int]:
    """Activities in the sample, or that the contract translates to, of which no stage knows what they mean."""
    said = [
        word
        for source in contract.field_sources("activity")
        for word in (*(source.values or {}).values(), *filter(None, [source.value]))
    ]
    told = standardize_activities(pl.Series(said, dtype=pl.String)).drop_nulls().to_list()
    seen = records.get_column("activity").drop_nulls().value_counts(sort=False)
    rows = {**dict.fromkeys(told, 0), **dict(seen.iter_rows())}
    return {word: rows[word] for word in sorted(rows, key=lambda word: (-rows[word], word)) if word not in ACTIVITIES}


def _filled(raw: pl.DataFrame, contract: SourceContract) -> pl.DataFrame:
    """One flag per row and mapped part: whether the row has a value of it."""
    values = delivered_values(raw, contract)
    flags = {
        **{f"columns.{field}": _any_filled(_of_field(values, field), raw.height) for field in contract.fields},
        **{
            f"identifiers.{name}": _any_filled(values[f"identifier.{name}"], raw.height)
            for name in contract.identifiers
        },
    }
    return pl.DataFrame(flags)


def _of_field(values: Values, field: str) -> list[pl.Series]:
    if field not in ADDRESS_PARTS:
        return values.get(field, [])
    return [series for name, columns in values.items() if name.partition(".")[0] == field for series in columns]


def _any_filled(columns: Sequence[pl.Series], height: int) -> pl.Series:
    flags = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
    for series in columns:
        flags = flags | without_placeholders(series).is_not_null()
    return flags


def _unreadable(part: str, found: pl.DataFrame) -> float | None:
    """Of the records that have a value, the share of which nothing was read."""
    column = _FOUND_IN.get(part.removeprefix("columns."))
    if column is None or not part.startswith("columns."):
        return None
    has_value = found.filter(pl.col(part))
    read = has_value.get_column(column)
    nothing = read.list.len() == 0 if isinstance(read.dtype, pl.List) else read.is_null()
    return _share(nothing.sum(), has_value.height) if has_value.height else None


def _of_observed_at(
    contract: SourceContract, raw: pl.DataFrame, landed_at: datetime
) -> tuple[float, int, float | None]:
    said = without_placeholders(clean(raw_text(raw, raw_column(contract.observed_at or ""))))
    read = standardize_moments(said, contract.date_format, contract.country, landed_at.year)
    filled = len(said) - said.null_count()
    missed = int((said.is_not_null() & read.is_null()).sum())
    return _share(filled, raw.height), filled, _share(missed, filled)


def _share(part: Any, whole: int) -> float:
    return round(int(part) / whole, 4) if whole else 0.0


# -- what to do next --------------------------------------------------------------------------------------------------


def _steps(
    contract: SourceContract,
    choices: Sequence[str],
    columns: ColumnsCheck,
    values: ValuesCheck | None,
    backfill: BackfillPlan,
    unreadable: Sequence[str],
) -> tuple[str, ...]:
    """What to do, in the order in which to do it."""
    source = contract.source
    steps = [f"A newest file can not be read: {reason}" for reason in dict.fromkeys(unreadable)]
    if contract.on_missing_column == "refuse":
        steps += [_of_missing(check.column, check.became) for check in columns.missing]
    if values is not None:
        unmapped = {part for check in columns.missing for part in check.parts}
        steps += _of_values(contract, values, unmapped)
    if choices:
        steps.append(
            f"Choose: {', '.join(choices)}. New imports of {source} wait until the contract is changed back, or accepted: "
            f"cdp contract accept {source}"
        )
    if backfill.has_work:
        first = "Then read" if choices else "Read"
        steps.append(f"{first} past imports anew: cdp backfill {source}")
    if backfill.to_accept:
        wait = "refused snapshot waits" if backfill.to_accept == 1 else "refused snapshots wait"
        steps.append(f"{backfill.to_accept:,} {wait} for a person; `cdp status` says why and what to do")
    return tuple(steps)


def _of_missing(column: str, became: str | None) -> str:
    if became is None:
        return (
            f"The newest delivery has no '{column}': take it out of the contract, have it delivered, or set "
            "`on_missing_column: null`; until then such files are refused"
        )
    return f"Write '{became}' instead of '{column}', if that is what became of it; until then such files are refused"


def _of_values(contract: SourceContract, values: ValuesCheck, unmapped: Collection[str]) -> list[str]:
    """``unmapped`` parts name a column that is missing: that is what to mend first. A part that the contract no longer
    has reads nothing, as it should."""
    steps: list[str] = []
    mapped = {
        *(f"columns.{name}" for name in contract.fields),
        *(f"identifiers.{name}" for name in contract.identifiers),
    }
    for check in values.fields:
        if check.part in unmapped:
            continue
        if check.is_mostly_unreadable:
            steps.append(
                f"{check.unreadable:.0%} of the values of {check.part} can not be read: {_how_to_mend(check.part)}"
            )
        elif check.is_much_worse and check.part in {*mapped, "observed_at"}:
            steps.append(
                f"The contract in force reads more of {check.part}: look at its columns, `date_format` and `country`"
            )
    if "key" in unmapped:
        return steps
    if values.keys_missing:
        steps.append(
            f"{values.keys_missing:,} of {values.rows:,} rows have no key and are rejected: name other columns as `key`"
        )
    if values.keys_repeated and contract.delivers == "snapshot":
        steps.append(
            f"{values.keys_repeated:,} of {values.rows:,} rows repeat a key; of rows that differ only the newest counts: name "
            "other columns as `key`, or set `delivers: changes`"
        )
    return steps


def _how_to_mend(part: str) -> str:
    if part in ("observed_at", "columns.date_of_birth"):
        return "declare `date_format`, or map another column"
    if part == "columns.phone":
        return "declare `country`, or map another column"
    if part in ("columns.consent", "columns.channel", "columns.jurisdiction", "columns.sex"):
        return "translate the source's words by `values`"
    return "map another column"
