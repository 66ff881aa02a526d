"""The log of imports: what became of each delivery, and whether it and its source are as usual.

Usual numbers of lines are told from the source's own imports before, on a log scale: twice as many is as far as half.
The middle is their median, the width their median deviation from it, so neither a first full load nor one bad day
decides; a number that one import in ten has had is usual, too (weekends). Nothing is unusual within a factor of two of
either.

A source is late when what it delivered last is older than the contract expects, and a grace. What was refused is no
delivery that anybody could use, and does not count.

What does not belong here: what to do about it (``steward/status.py``); a clock: the present is passed in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, REPEATED
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.tables import FLAG, IMPORT_LOG, INTEGER, MOMENT, NUMBER, TEXT

LEAST_IMPORTS_BEFORE = 5
"""With fewer imports before, nobody knows what is usual."""

IMPORTS_LOOKED_AT = 30
"""A month of days: sources grow, and what was usual a year ago is not."""

USUAL_DEVIATIONS = 4.0
"""Standard deviations from the middle that are still usual; of normal numbers one in 16,000 lies further off."""

DEVIATIONS_IN_A_MAD = 1.4826
"""A normal distribution's standard deviation in median deviations."""

LEAST_FACTOR = 2.0
"""Half or twice is always usual: sources that are very regular would else be unusual by a handful of lines."""

MOST_LINES = 1e15
"""No file has more; a range of wild numbers must not overflow."""

SHARE_HAD_BEFORE = 0.1
"""What this share of the imports before reached is usual, on either side: a rhythm of two kinds of days."""

GRACE_SHARE = 0.25
"""A delivery may be late by this share of its period: a nightly export that once takes until noon is not missing."""

LEAST_GRACE_SECONDS, MOST_GRACE_SECONDS = 15 * 60, 86_400
"""… but a quarter of an hour is always allowed, and more than a day never."""

ARRIVALS: Mapping[str, pl.DataType] = {
    "source": TEXT,
    "last_import_at": MOMENT,  # newest delivery, whatever became of it
    "last_usable_at": MOMENT,  # newest delivery that was not refused
    "age_seconds": INTEGER,  # of that one
    "expected_every": TEXT,  # how often the contract expects one; null where it does not say
    "expected_seconds": INTEGER,
    "is_late": FLAG,
    "imports": INTEGER,  # read and in use
    "waiting": INTEGER,
    "refused": INTEGER,
    "repeated": INTEGER,
    "not_read_again": INTEGER,  # in use, but a later contract could not read them
    "stale": INTEGER,  # in use, and read with another contract or other standards than the current ones
    "lines": INTEGER,
    "records": INTEGER,
    "rejected": INTEGER,
    "duplicates": INTEGER,
    "rejected_share": NUMBER,
    "last_import_id": TEXT,  # newest import that was read: the following speak of it
    "last_lines": INTEGER,
    "last_rejected_share": NUMBER,
    "usual_lines_from": INTEGER,
    "usual_lines_to": INTEGER,
    "is_unusual": FLAG,
    "new_columns": INTEGER,
    "contract_version": TEXT,  # contract that it was read with
}
"""The columns of :func:`source_arrivals`."""


def import_log(imports: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``sources/import_log``, in the order of sources and of arrival. ``imports`` is ``Ledger.imports()``."""
    rows = imports.sort("source", "sequence").with_columns(
        rejected_share=_share(pl.col("rejected"), pl.col("lines")),
    )
    rows = rows.hstack(_usual_range(rows))
    lines = pl.col("lines")
    is_outside = (lines < pl.col("usual_lines_from")) | (lines > pl.col("usual_lines_to"))
    rows = rows.with_columns(is_unusual=is_outside.fill_null(False))
    return IMPORT_LOG.conform(rows.select(IMPORT_LOG.schema.keys()))


def source_arrivals(
    imports: pl.DataFrame,
    contracts: Sequence[SourceContract],
    now: datetime,
    records_versions: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """One row per source that has a contract or an import, by name; columns as in :data:`ARRIVALS`.

    ``imports`` is ``Ledger.imports()``. ``records_versions``: source to what its records would depend on if they were
    read now; a source that is not in it has no stale imports. A source that never delivered anything is not late:
    nobody knows since when it is expected.
    """
    sources = sorted({*imports.get_column("source"), *(contract.source for contract in contracts)})
    said = {contract.source: contract for contract in contracts}
    current = records_versions or {}
    frame = pl.DataFrame(
        {
            "source": sources,
            "expected_every": [said[name].expected_every if name in said else None for name in sources],
            "expected_seconds": [said[name].expected_seconds if name in said else None for name in sources],
            "current": [current.get(name) for name in sources],
        },
        schema={"source": TEXT, "expected_every": TEXT, "expected_seconds": INTEGER, "current": TEXT},
    )
    counted = frame.join(_counts(imports, frame), on="source", how="left", maintain_order="left")
    joined = counted.join(_last_read(imports), on="source", how="left", maintain_order="left")
    age = (pl.lit(now).cast(MOMENT) - pl.col("last_usable_at")).dt.total_seconds()
    grace = (pl.col("expected_seconds") * GRACE_SHARE).clip(LEAST_GRACE_SECONDS, MOST_GRACE_SECONDS)
    counts = [name for name in ARRIVALS if name in _COUNTED]
    rows = joined.with_columns(
        pl.col(counts).fill_null(0),
        age_seconds=age.clip(0),
        is_late=(age > pl.col("expected_seconds") + grace).fill_null(False),
        is_unusual=pl.col("is_unusual").fill_null(False),
    ).with_columns(rejected_share=_share(pl.col("rejected"), pl.col("lines")))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in ARRIVALS.items())


_COUNTED = (
    "imports",
    "waiting",
    "refused",
    "repeated",
    "not_read_again",
    "stale",
    "lines",
    "records",
    "rejected",
    "duplicates",
)


def _counts(imports: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Per source: how many imports are in which state, the lines of those in use, when something came last."""
    state = pl.col("state")
    in_use, is_current = state == IMPORTED, pl.col("records_version").eq_missing(pl.col("current"))
    sums = [pl.col(name).filter(in_use).sum().alias(name) for name in ("lines", "records", "rejected", "duplicates")]
    return (
        imports.join(sources.select("source", "current"), on="source", how="left")
        .group_by("source")
        .agg(
            pl.col("landed_at").max().alias("last_import_at"),
            pl.col("landed_at").filter(state != REFUSED).max().alias("last_usable_at"),
            in_use.sum().alias("imports"),
            (state == LANDED).sum().alias("waiting"),
            (state == REFUSED).sum().alias("refused"),
            (state == REPEATED).sum().alias("repeated"),
            (in_use & pl.col("problem").is_not_null()).sum().alias("not_read_again"),
            (in_use & pl.col("current").is_not_null() & ~is_current).sum().alias("stale"),
            *sums,
        )
    )


def _last_read(imports: pl.DataFrame) -> pl.DataFrame:
    """The newest import of each source that is in use, by order of arrival."""
    newest = import_log(imports).filter(pl.col("state") == IMPORTED).unique("source", keep="last", maintain_order=True)
    return newest.select(
        "source",
        "usual_lines_from",
        "usual_lines_to",
        "is_unusual",
        "new_columns",
        "contract_version",
        last_import_id="import_id",
        last_lines="lines",
        last_rejected_share="rejected_share",
    )


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """A share of one; null where there is nothing to have a share of."""
    return pl.when(whole > 0).then(part / whole)


# -- what is usual ----------------------------------------------------------------------------------------------------


def _usual_range(rows: pl.DataFrame) -> pl.DataFrame:
    """``usual_lines_from`` and ``usual_lines_to`` of each row, from the imports in use before it.

    ``rows`` are in the order of sources and of arrival.
    """
    in_use = rows.filter((pl.col("state") == IMPORTED) & pl.col("lines").is_not_null())
    size = (pl.col("lines") + 1).cast(pl.Float64).log()
    until_now = [size.shift(back).over("source") for back in range(IMPORTS_LOOKED_AT)]
    windows = in_use.select("source", "sequence", sizes=pl.concat_list(until_now).list.drop_nulls())
    windows = windows.filter(pl.col("sizes").list.len() >= LEAST_IMPORTS_BEFORE)
    bounds = windows.select("source", "sequence", **_bounds())
    # What is known after one import is what the next ones are judged by, until another is in use.
    known = rows.select("source", "sequence").join(bounds, on=["source", "sequence"], how="left", maintain_order="left")
    names = ["usual_lines_from", "usual_lines_to"]
    return known.select(pl.col(names).shift(1).forward_fill().over("source"))


def _bounds() -> dict[str, pl.Expr]:
    """The fewest and the most lines that are usual after imports of these ``sizes`` (logarithms)."""
    sizes, each = pl.col("sizes"), pl.element()
    middle = sizes.list.median()
    mad = sizes.list.eval((each - each.median()).abs().median()).list.first()
    factor = math.log(LEAST_FACTOR)
    width = pl.max_horizontal(USUAL_DEVIATIONS * DEVIATIONS_IN_A_MAD * mad, pl.lit(factor))
    low = sizes.list.eval(each.quantile(SHARE_HAD_BEFORE, "higher")).list.first()
    high = sizes.list.eval(each.quantile(1 - SHARE_HAD_BEFORE, "lower")).list.first()
    return {
        "usual_lines_from": _lines(pl.min_horizontal(middle - width, low - factor)).floor().clip(0).cast(INTEGER),
        "usual_lines_to": _lines(pl.max_horizontal(middle + width, high + factor)).ceil().cast(INTEGER),
    }


def _lines(size: pl.Expr) -> pl.Expr:
    """Lines from their logarithm, without the dust of computing."""
    return (size.clip(upper_bound=math.log(MOST_LINES)).exp() - 1).round(6)
