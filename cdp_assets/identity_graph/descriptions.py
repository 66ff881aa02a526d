"""What units say of their person, and how many pairs of two clusters could have shown that they are one.

That two full descriptions were never proposed as a pair, or scored too low, says that they are of two people. That a
visitor's cookie was never paired with a postal address says nothing. So only pairs that tell at least two of the same three
things (name, birth, place) are missed when they are missing.

What does not belong here: how much a missing pair weighs (``policy.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.identity_graph.connected import NODE

NAME, BIRTH, PLACE = 1, 2, 4
EVERYTHING = NAME | BIRTH | PLACE

# Sets of at least two things; two units are comparable when what both tell is one of them.
_TELLING = (NAME | BIRTH, NAME | PLACE, BIRTH | PLACE)

COLUMNS = {
    NAME: ("first_name", "last_name", "company"),
    BIRTH: ("date_of_birth",),
    PLACE: ("street", "postcode", "city"),
}


def told(profiles: pl.DataFrame, unit_profiles: pl.DataFrame, count: int) -> pl.Series:
    """What each of ``count`` units tells, as a mask: what any of its profiles does.

    ``profiles``: ``candidate_links/linkage_profiles``; ``unit_profiles``: (profile_id, unit).
    """
    masks = profiles.select(pl.sum_horizontal(_mask(*telling) for telling in COLUMNS.items())).to_series()
    rows = rows_of(unit_profiles.get_column("profile_id"), profiles.get_column("profile_id"))
    found = unit_profiles.select("unit", masks.gather(rows).alias("mask")).drop_nulls("mask")
    of_units = np.zeros(count, dtype=np.int64)
    np.bitwise_or.at(of_units, found.get_column("unit").to_numpy(), found.get_column("mask").to_numpy())
    return pl.Series(of_units)


def _mask(thing: int, columns: Sequence[str]) -> pl.Expr:
    is_told = pl.any_horizontal(pl.col(column).is_not_null() for column in columns)
    return pl.when(is_told).then(pl.lit(thing)).otherwise(pl.lit(0)).cast(NODE).alias(str(thing))


@dataclass(frozen=True)
class Described:
    """Per cluster, how many of its units tell what; clusters that merge are summed."""

    pairs_of_things: tuple[pl.Series, ...]
    everything: pl.Series

    @classmethod
    def by(cls, masks: pl.Series) -> Described:
        """Every unit as a cluster of its own."""
        return cls(tuple(_count(masks, telling) for telling in _TELLING), _count(masks, EVERYTHING))

    def merged(self, kept: pl.Series, gone: pl.Series) -> Described:
        """The same after each cluster of ``gone`` has joined the one of ``kept``."""
        return Described(
            tuple(_summed(counts, kept, gone) for counts in self.pairs_of_things),
            _summed(self.everything, kept, gone),
        )

    def comparable_pairs(self, a: pl.Series, b: pl.Series) -> pl.Series:
        """How many pairs of a unit of ``a[i]`` and one of ``b[i]`` tell at least two of the same things."""
        full_a, full_b = self.everything.gather(a), self.everything.gather(b)
        pairs = full_a * full_b
        for counts in self.pairs_of_things:
            part_a, part_b = counts.gather(a), counts.gather(b)
            pairs = pairs + part_a * part_b + part_a * full_b + full_a * part_b
        return pairs

    def sizes(self, clusters: pl.Series) -> pl.Series:
        """How many units tell at least two things."""
        size = self.everything.gather(clusters)
        for counts in self.pairs_of_things:
            size = size + counts.gather(clusters)
        return size


def are_comparable(masks: pl.Series, a: pl.Series, b: pl.Series) -> pl.Series:
    """Whether units ``a[i]`` and ``b[i]`` tell at least two of the same things."""
    both = masks.gather(a) & masks.gather(b)
    return both.is_in([*_TELLING, EVERYTHING])


def _count(masks: pl.Series, wanted: int) -> pl.Series:
    return (masks == wanted).cast(pl.Int64)


def _summed(counts: pl.Series, kept: pl.Series, gone: pl.Series) -> pl.Series:
    return counts.clone().scatter(kept, counts.gather(kept) + counts.gather(gone))
