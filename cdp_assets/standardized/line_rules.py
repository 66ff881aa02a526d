"""Which delivered lines become records: the rules that reject a line, and the lines that only repeat another.

================================ ====================================================================================
rule                             what becomes of the line
================================ ====================================================================================
the reader's own rules           rejected: it could not be split into columns (``sources/line_problems.py``)
``key_missing``                  rejected: nothing says which row of the source it is
``observed_at_unreadable``       rejected, for a row that seems new because its time is not readable would overwrite
                                 newer values. In a snapshot it is kept at the snapshot's time: a rejected line would
                                 read as a deletion
``key_repeated``                 snapshots only: of lines with one key and different content the newest stays (by
                                 observed time, then the last in the file); the others are rejected
``correction_incomplete``        rejected: a correction without source, key, field or the value to set. A line of such
                                 a source that says nothing of a correction is a contact record like any other
``correction_field_unknown``     rejected: it corrects something that is no canonical field
``correction_unreadable``        rejected: it says neither set nor retract
================================ ====================================================================================

A line with the key, the observed time and the content of another line of the file is a duplicate; the last of them stays
(in a snapshot: with the key and the content; the newest stays). An empty
observed time is the time of landing (in a snapshot of known time: that time); one that is to come is that of landing,
for nobody has seen the future. An unreadable or masked e-mail or phone, or an unreadable date of birth, only leaves its
field empty.

What does not belong here: what the values mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.line_problems import LINE_PROBLEMS
from cdp_assets.standardized.event_words import corrected_fields, standardize_corrections
from cdp_assets.standardized.mapped_values import OWN_COLUMNS

CLOCK_TOLERANCE = timedelta(days=1)
"""A source's clock, or a time without its zone, may be ahead of ours by so much."""

ADVICE = {
    **LINE_PROBLEMS,
    "key_missing": "fill the key in the source, or name other columns as `key` in the contract",
    "observed_at_unreadable": "write the format of times as `date_format` in the contract, or deliver ISO 8601 times",
    "key_repeated": "the file has another line with this key, and that one is kept; make the key unique in the source",
    "correction_incomplete": "a correction needs the corrected source, key, field and, to set it, the value",
    "correction_field_unknown": "name a canonical field, such as email or last_name, as the corrected field",
    "correction_unreadable": "say set or retract, or translate the source's words by `values` in the contract",
}
"""Rule to what to do about a line that broke it."""

_OTHER_ADVICE = "correct the line in the source and deliver it again"


def observed_times(read: pl.Series, said: pl.Series, contract: SourceContract, landed_at: datetime) -> pl.Series:
    """When each line was true: the time read, else the rules of this module; null where the line is to be rejected.

    In a snapshot null is a line whose time only the whole file tells: :func:`time_of_snapshot`.
    """
    landed = pl.lit(landed_at).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"read": read, "is_said": said.is_not_null()})
    in_time = pl.when(pl.col("read") > landed + CLOCK_TOLERANCE).then(landed).otherwise(pl.col("read"))
    fallback = pl.lit(None) if contract.delivers == "snapshot" else pl.when(~pl.col("is_said")).then(landed)
    return frame.with_columns(in_time=in_time).select(pl.coalesce("in_time", fallback).alias("observed_at")).to_series()


def time_of_snapshot(observed: pl.Series, landed_at: datetime) -> datetime:
    """When a snapshot was made, as far as its rows tell: the newest time in it, else that of landing."""
    newest = observed.max()
    return newest if isinstance(newest, datetime) else landed_at


def broken_rules(lines: pl.DataFrame, contract: SourceContract) -> pl.DataFrame:
    """``lines`` (line, problem, source_key, observed_at, corrected_*) with ``rule`` and ``field``, null for good ones."""
    rules: list[tuple[pl.Expr, pl.Expr, str | None]] = [
        (pl.col("problem").is_not_null(), pl.col("problem"), None),
        (pl.col("source_key").is_null(), pl.lit("key_missing"), "key"),
    ]
    if contract.delivers != "snapshot":
        rules.append((pl.col("observed_at").is_null(), pl.lit("observed_at_unreadable"), "observed_at"))
    if contract.kind == "corrections":
        rules += _correction_rules(lines)
    rule, field = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for broken, name, said_of in reversed(rules):
        rule = pl.when(broken).then(name).otherwise(rule)
        field = pl.when(broken).then(pl.lit(said_of, dtype=pl.String)).otherwise(field)
    return lines.with_columns(rule=rule, field=field)


def _correction_rules(lines: pl.DataFrame) -> list[tuple[pl.Expr, pl.Expr, str | None]]:
    said = pl.col("correction")
    means = pl.lit(standardize_corrections(lines.get_column("correction")))
    speaks_of = pl.lit(corrected_fields(lines.get_column("corrected_field")))
    corrects = pl.any_horizontal(
        said.is_not_null(),
        *(pl.col(f"corrected_{part}").is_not_null() for part in ("source", "key", "field", "value")),
    )
    incomplete = pl.any_horizontal(
        [pl.col(name).is_null() for name in ("corrected_source", "corrected_key", "corrected_field")]
    ) | (pl.col("corrected_value").is_null() & (means.fill_null("set") == "set"))
    return [
        (corrects & incomplete, pl.lit("correction_incomplete"), "corrected_field"),
        (corrects & speaks_of.is_null(), pl.lit("correction_field_unknown"), "corrected_field"),
        (said.is_not_null() & means.is_null(), pl.lit("correction_unreadable"), "correction"),
    ]


def repeated_lines(
    lines: pl.DataFrame, contract: SourceContract, key: Sequence[str], content: Sequence[str]
) -> pl.DataFrame:
    """Good lines (line, observed_at, and the columns named by ``key`` and ``content``), all of those with their keys, with
    ``is_duplicate`` and, in snapshots, ``rule``."""
    newest_first = lines.sort(["observed_at", "line"], descending=True)
    # Of a snapshot one line per key is the present. Elsewhere the same said at two times is history: in files of their own
    # both would count, so in one file they do, too.
    same = [*key, *content] if contract.delivers == "snapshot" else [*key, *content, "observed_at"]
    nth_same = pl.int_range(pl.len()).over(same)
    lines = newest_first.with_columns(is_duplicate=nth_same > 0)
    if contract.delivers == "snapshot":
        originals = pl.int_range(pl.len()).over(*key, "is_duplicate")
        is_older = ~pl.col("is_duplicate") & (originals > 0)
        lines = lines.with_columns(
            rule=pl.when(is_older).then(pl.lit("key_repeated")), field=pl.when(is_older).then(pl.lit("key"))
        )
    return lines


def rejections(raw: pl.DataFrame, rejected: pl.DataFrame, source: str, import_id: str) -> pl.DataFrame:
    """The rows of ``standardized/<source>_rejections`` for lines with their ``rule`` and ``field``."""
    columns = [name for name in raw.columns if name not in OWN_COLUMNS]
    lines = raw.join(rejected.select("line", "rule", "field"), left_on="_line", right_on="line", how="inner")
    values = (
        pl.struct([pl.col(name).cast(pl.String) for name in columns]).struct.json_encode() if columns else pl.lit("{}")
    )
    whole = pl.struct(pl.col("_text")).struct.json_encode()
    return lines.sort("_line").select(
        pl.lit(source).alias("source"),
        pl.lit(import_id).alias("import_id"),
        pl.col("_line").alias("line"),
        "rule",
        "field",
        pl.col("rule").replace_strict(list(ADVICE), list(ADVICE.values()), default=_OTHER_ADVICE).alias("advice"),
        pl.when(pl.col("_text").is_not_null()).then(whole).otherwise(values).alias("raw_values"),
    )
