"""How many people carry the e-mail, phone or identifier that a pair agrees on: what OWN_KEY (``decisions.py``) asks.

Rows of profiles and values stand as numbers here: to join a hundred thousand pairs by texts, and by ids of profiles, takes twice as long.

What does not belong here: who is one person by name (``comparable.py``), and of which pairs it is asked (``scoring.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from cdp_assets.candidate_links.comparable import people_per_value
from cdp_assets.candidate_links.reach import Reach


def fewest_people(reach: Reach, agreeing: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """``people``, by name, who carry the least shared of the values that a ``pair`` has in common: one row per pair that has one.

    ``agreeing``: by list column of the profiles, the pairs that are said to agree on it (``pair``, ``id_l``, ``id_r``).
    """
    names = reach.profiles.select("first_name_root", "last_name", "last_name_script").rechunk()
    found = [_people(reach, names, column, pairs) for column, pairs in agreeing.items() if len(pairs)]
    nothing = pl.DataFrame(schema={"pair": pl.UInt32, "people": pl.Int64})
    return pl.concat([nothing, *found]).group_by("pair").agg(pl.col("people").min())


def _people(reach: Reach, names: pl.DataFrame, column: str, pairs: pl.DataFrame) -> pl.DataFrame:
    """``pair``, ``people`` for each value of the list ``column`` that a pair has in common; ``names`` are those of all profiles."""
    ids = reach.profiles.get_column("profile_id").to_numpy()
    left, right = (np.searchsorted(ids, pairs.get_column(end).to_numpy()) for end in ("id_l", "id_r"))
    carried = _carriers(reach, column, np.concatenate([left, right]))
    common = (
        pl.DataFrame({"pair": pairs.get_column("pair"), "left": left, "right": right})
        .join(carried, left_on="left", right_on="row")
        .join(carried, left_on=["right", "value"], right_on=["row", "value"])
    )
    carried = carried.join(common.select("value").unique(), on="value", how="semi")
    people = people_per_value(names[carried.get_column("row")].with_columns(carried.get_column("value")))
    return common.join(people, on="value").select("pair", "people")


def _carriers(reach: Reach, column: str, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> pl.DataFrame:
    """All carriers (``row``) of the values (``value``, a number) that the profiles of these ``rows`` carry; a stray one may be among them."""
    numbers, of_values = reach.numbers(column, lambda: reach.values(column)), reach.flat(column).rows()
    asked = np.zeros(len(reach.profiles), dtype=np.bool_)
    asked[rows] = True
    wanted = pl.Series(numbers[asked[of_values]]).unique()
    carried = pl.Series(numbers).is_in(wanted.implode())
    # Hashes may be the same for two values; these categories are not, and are gone with the frame.
    texts = reach.values(column).filter(carried).cast(pl.Categorical(pl.Categories.random()))
    return pl.DataFrame({"row": of_values[carried.to_numpy()], "value": texts.to_physical()})
