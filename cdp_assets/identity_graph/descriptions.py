"""What units say of their person, and how many pairs of two clusters could have shown that they are one.

That two full descriptions were never proposed as a pair, or scored too low, says that they are of two people. That a
visitor's cookie was never paired with a postal address says nothing. So only pairs that tell at least two of the same three
things (name, birth, place) are missed when they are missing.

What does not belong here: how much a missing pair weighs (``policy.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.identity_graph.connected import Labels

NAME, BIRTH, PLACE = 1, 2, 4
EVERYTHING = NAME | BIRTH | PLACE

# Sets of at least two things; two units are comparable when what both tell is one of them.
_TELLING = (NAME | BIRTH, NAME | PLACE, BIRTH | PLACE, EVERYTHING)

COLUMNS = {
    NAME: ("first_name", "last_name", "company"),
    BIRTH: ("date_of_birth",),
    PLACE: ("street", "postcode", "city"),
}


def told(profiles: pl.DataFrame, unit_profiles: pl.DataFrame, count: int) -> pl.Series:
    """What each of ``count`` units tells, as a mask: what any of its profiles does.

    ``profiles``: ``candidate_links/linkage_profiles``; ``unit_profiles``: (profile_id, unit).
    """
    rows = rows_of(unit_profiles.get_column("profile_id"), profiles.get_column("profile_id"))
    unit, row = unit_profiles.get_column("unit").filter(rows.is_not_null()).to_numpy(), rows.drop_nulls().to_numpy()
    masks = np.zeros(count, dtype=np.int64)
    for thing, columns in COLUMNS.items():
        is_told = profiles.select(pl.any_horizontal(pl.col(*columns).is_not_null())).to_series().to_numpy()
        is_told_by = np.zeros(count, dtype=np.bool_)
        is_told_by[unit[is_told[row]]] = True
        masks += thing * is_told_by
    return pl.Series(masks)


@dataclass(frozen=True)
class Described:
    """Per cluster, how many of its units tell what: ``counts`` has a row for each, and a column for each of :data:`_TELLING`."""

    counts: Labels

    @classmethod
    def by(cls, masks: Labels) -> Described:
        """Every unit as a cluster of its own."""
        return cls((masks[:, np.newaxis] == np.array(_TELLING)).astype(np.int64))

    def merge(self, kept: Labels, gone: Labels) -> None:
        """Let each cluster of ``gone`` join the one of ``kept``, each once: in place, for a round costs what its merges do."""
        self.counts[kept] = self._of(kept) + self._of(gone)

    def compared(self, a: Labels, b: Labels) -> tuple[Labels, Labels]:
        """How many pairs of a unit of ``a[i]`` and one of ``b[i]`` tell at least two of the same things; of how many units that tell as much
        the larger one is."""
        one, other = self._of(a).T, self._of(b).T
        size, other_size = sum(one), sum(other)
        alike = sum(tell * same for tell, same in zip(one, other, strict=True))
        full, other_full = one[-1], other[-1]  # what tells everything is comparable with whatever tells less
        pairs = alike + full * (other_size - other_full) + (size - full) * other_full
        return pairs, np.maximum(size, other_size)

    def _of(self, clusters: Labels) -> Labels:
        return self.counts.take(clusters, axis=0)  # half the time of an index in brackets


def are_comparable(masks: Labels, a: Labels, b: Labels) -> npt.NDArray[np.bool_]:
    """Whether units ``a[i]`` and ``b[i]`` tell at least two of the same things."""
    return is_telling(masks[a] & masks[b])


def is_telling(masks: Labels) -> npt.NDArray[np.bool_]:
    """Whether each of the masks is of at least two things."""
    return np.asarray(np.isin(np.arange(EVERYTHING + 1), _TELLING)[masks])
