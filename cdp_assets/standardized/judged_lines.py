"""Which line of an import is what: a record, rejected by a rule, or the duplicate of another line.

Rules of single lines are asked batch by batch; whether a line repeats another, and what time a snapshot was made, is a
matter of the whole import. So that an import of any size can be judged, only a few numbers of each line are kept: about
60 bytes, whatever the line holds. What a line says is looked at only where its key has other lines: the lines are read
for their keys and times first, and those few once more.

What does not belong here: the rules themselves (``line_rules.py``), what the kept lines say (``records.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl

from cdp_assets import tables
from cdp_assets.sources.contracts import SourceContract, raw_column
from cdp_assets.standardized.dates import standardize_moments
from cdp_assets.standardized.delivered_values import columns_read, content_texts, delivered_values, first_filled
from cdp_assets.standardized.line_rules import broken_rules, observed_times, repeated_lines, time_of_snapshot
from cdp_assets.standardized.mapped_values import DIGEST, digests, key_texts, raw_text, with_lists
from cdp_assets.standardized.text import clean, without_placeholders

_CORRECTION_FIELDS = ("corrected_source", "corrected_key", "corrected_field", "corrected_value", "correction")

_KEY, _CONTENT = ["key_1", "key_2"], list(DIGEST)
"""Two numbers of 64 bits each: equal where the texts are, and by chance once in 10^38 pairs. Those of the key are hashes of
this process only, those of the content are what ``content_hash`` says."""

Read = Callable[[Collection[str] | None], Iterable[pl.DataFrame]]
"""Reads the lines of an import from the beginning, as often as it is called: batches that fit ``tables.raw_imports(source)``,
each line once, in any order. Of the columns that are named those that there are suffice; None asks for all."""


@dataclass(frozen=True)
class ImportMeta:
    """What is known of an import besides its lines."""

    import_id: str
    landed_at: datetime


@dataclass(frozen=True)
class JudgedLines:
    """``lines``: one row per line of an import, sorted by ``line``: ``rule`` and ``field`` (null for good ones),
    ``is_duplicate``, ``observed_at``, ``nth`` (the how-manieth line with its text, from 1; always 1 for sources with a key), and
    the hashes of its key."""

    lines: pl.DataFrame

    @cached_property
    def kept(self) -> pl.DataFrame:
        """The lines that are records."""
        return self.lines.filter(pl.col("rule").is_null() & ~pl.col("is_duplicate"))

    @cached_property
    def counts(self) -> dict[str, int]:
        """lines, rejected, duplicates."""
        return {
            "lines": self.lines.height,
            "rejected": self.lines.get_column("rule").count(),
            "duplicates": int(self.lines.get_column("is_duplicate").sum()),
        }

    @property
    def observed_until(self) -> datetime | None:
        """The newest observed time among the records."""
        newest = self.kept.get_column("observed_at").max()
        return newest if isinstance(newest, datetime) else None

    def of(self, raw: pl.DataFrame) -> pl.DataFrame:
        """The judged lines of some raw rows, in their order."""
        first_line, last_line = raw.get_column("_line").min(), raw.get_column("_line").max()
        if not isinstance(first_line, int) or not isinstance(last_line, int):
            return self.lines.clear()
        line = self.lines.get_column("line")
        first, last = line.search_sorted(first_line, side="left"), line.search_sorted(last_line, side="right")
        some = self.lines.slice(first, last - first)
        return raw.select(line="_line").join(some, on="line", how="left", maintain_order="left")

    def kept_of(self, raw: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Those of some raw rows that are records, and their judged lines, side by side."""
        lines = self.of(raw)
        kept = _is_kept(lines)
        return raw.filter(kept), lines.filter(kept)


def _is_kept(lines: pl.DataFrame) -> pl.Series:
    return lines.get_column("rule").is_null() & ~lines.get_column("is_duplicate")


def judge_lines(read: Read, contract: SourceContract, meta: ImportMeta) -> JudgedLines:
    """Judge the lines of an import."""
    lines = pl.concat([_facts(batch, contract, meta) for batch in read(_columns_of_facts(contract))]).sort("line")
    if contract.delivers == "snapshot":
        made_at = time_of_snapshot(lines.get_column("observed_at"), meta.landed_at)
        lines = lines.with_columns(pl.col("observed_at").fill_null(pl.lit(made_at).cast(tables.MOMENT)))
    lines = lines.with_columns(is_duplicate=pl.lit(False))
    if not contract.key:
        return JudgedLines(lines.with_columns(nth=pl.int_range(1, pl.len() + 1).over(_KEY)))
    return JudgedLines(_with_repeats(lines.with_columns(nth=pl.lit(1, pl.Int64)), read, contract))


def _with_repeats(lines: pl.DataFrame, read: Read, contract: SourceContract) -> pl.DataFrame:
    """The same lines, those judged whose key other good lines have, too."""
    is_good = lines.get_column("rule").is_null()
    # One number of the key tells enough to leave the other lines out.
    is_repeated = is_good & lines.select(pl.when(is_good).then(_KEY[0])).to_series().is_duplicated()
    if not is_repeated.any():
        return lines
    repeated = lines.filter(is_repeated).drop("rule", "field", "is_duplicate")
    said = repeated.join(_contents(read, repeated.select("line"), contract), on="line", how="left")
    nothing = {"rule": pl.lit(None, dtype=pl.String), "field": pl.lit(None, dtype=pl.String)}
    judged = repeated_lines(said.with_columns(**nothing), contract, _KEY, _CONTENT)
    return pl.concat([lines.filter(~is_repeated), judged.select(lines.columns)]).sort("line")


def _contents(read: Read, lines: pl.DataFrame, contract: SourceContract) -> pl.DataFrame:
    """``line`` and the digest of what it says, of some lines."""
    contents = []
    for batch in read(["_line", *columns_read(contract)]):
        some = batch.join(lines, left_on="_line", right_on="line", how="semi")
        content = digests(content_texts(delivered_values(some, contract), contract))
        contents.append(some.select(line="_line").hstack(content))
    return pl.concat(contents)


def hashes_of_keys(texts: pl.Series) -> pl.DataFrame:
    """``key_1`` and ``key_2`` of keys, comparable with those of lines judged in the same process."""
    return pl.DataFrame([texts.hash(seed=n).alias(name) for n, name in enumerate(_KEY, start=1)])


def _columns_of_facts(contract: SourceContract) -> list[str] | None:
    if not contract.key:
        return None
    named = [*contract.key, *([contract.observed_at] if contract.observed_at else [])]
    said = columns_read(contract) if contract.kind == "corrections" else []
    return ["_line", "_problem", *with_lists(raw_column(name) for name in named), *said]


def _facts(raw: pl.DataFrame, contract: SourceContract, meta: ImportMeta) -> pl.DataFrame:
    lines = pl.DataFrame(
        {
            "line": raw.get_column("_line"),
            "problem": raw.get_column("_problem").cast(pl.String),
            "source_key": key_texts(raw, contract),
            "observed_at": _observed_at(raw, contract, meta),
            **_corrections(raw, contract),
        }
    )
    judged = broken_rules(lines, contract).select("line", "rule", "field", "observed_at")
    return judged.hstack(hashes_of_keys(lines.get_column("source_key")))


def _corrections(raw: pl.DataFrame, contract: SourceContract) -> dict[str, pl.Series]:
    if contract.kind != "corrections":
        return {}
    values = delivered_values(raw, contract, _CORRECTION_FIELDS)
    return {name: first_filled(values, name, raw.height) for name in _CORRECTION_FIELDS}


def _observed_at(raw: pl.DataFrame, contract: SourceContract, meta: ImportMeta) -> pl.Series:
    if contract.observed_at is None:
        return pl.Series("observed_at", [meta.landed_at], dtype=tables.MOMENT).new_from_index(0, raw.height)
    said = without_placeholders(clean(raw_text(raw, raw_column(contract.observed_at))))
    read = standardize_moments(said, contract.date_format, contract.country, meta.landed_at.year)
    return observed_times(read, said, contract, meta.landed_at)
