"""The world's time: it begins in 2019 and has seen its last day, whatever the clock says. All times are epoch seconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import Ints

DAY = 86_400
NEVER = np.iinfo(np.int64).max


def seconds(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0) -> int:
    """Return the epoch seconds of a UTC moment."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


BEGIN = seconds(2019)
END = seconds(2025, 7)


def moments(when: Ints) -> pl.Series:
    """Return epoch seconds as UTC moments without a zone."""
    return (pl.Series("", when, dtype=pl.Int64) * 1_000_000).cast(pl.Datetime("us"))


def written(when: Ints, form: str) -> pl.Series:
    """Return the moments as text in a strftime ``form``."""
    return moments(when).dt.strftime(form)


def years(when: Ints) -> Ints:
    """Return the calendar year of each moment."""
    return np.asarray(moments(when).dt.year().to_numpy(), dtype=np.int64)
