"""People behind an address or a number, counted by name: spellings of one name are one person.

People are counted, not records, so that typing errors do not make an address look shared: what many unrelated people
carry identifies none of them.

What does not belong here: deciding that two records are one person (linkage).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from rapidfuzz.distance import JaroWinkler

LARGEST_HOUSEHOLD = 4
"""First names under one family name at one address or number, before it is more than a household."""

SHARED_BY_FAMILIES = 3
"""Couples and stepfamilies have two family names; three unrelated ones are not one household."""

SAME_NAME_SIMILARITY = 0.85
"""Jaro-Winkler similarity from which two spellings count as one name here; errors either way only shift a count."""

CROWD_OF_NAMES = 40
"""So many distinct names are a crowd; nobody compares their spellings."""

Name = tuple[str | None, str | None]
"""Root of the given name, and family name."""


def people_sharing(carried: pl.DataFrame, key: str) -> pl.DataFrame:
    """One row per value of the column ``key``, with ``people`` and ``families`` that carry it.

    ``carried``: one row or more per value and name (``first_name_root``, ``last_name_norm``). Only values with several
    names need their spellings compared.
    """
    named = carried.select(key, "first_name_root", "last_name_norm").unique()
    has_name = pl.col("first_name_root").is_not_null() | pl.col("last_name_norm").is_not_null()
    counts = named.group_by(key).agg(
        has_name.sum().cast(pl.Int64).alias("names"),
        pl.col("last_name_norm").drop_nulls().n_unique().cast(pl.Int64).alias("last_names"),
    )
    several = counts.filter(pl.col("names").is_between(2, CROWD_OF_NAMES)).select(key)
    groups = (
        named.filter(has_name)
        .join(several, on=key, how="semi")
        .sort("first_name_root", "last_name_norm")
        .group_by(key)
        .agg("first_name_root", "last_name_norm")
    )
    compared = [
        (value, *_people_and_families(list(zip(firsts, lasts, strict=True))))
        for value, firsts, lasts in groups.iter_rows()
    ]
    schema = {key: pl.String, "people": pl.Int64, "families": pl.Int64}
    told = pl.DataFrame(compared, schema=schema, orient="row")
    return counts.join(told, on=key, how="left").select(
        key,
        people=pl.coalesce("people", "names"),
        families=pl.coalesce("families", "last_names"),
    )


def is_more_than_a_household() -> pl.Expr:
    """Whether the ``people`` and ``families`` of a row are too many to be one household."""
    people, families = pl.col("people"), pl.col("families")
    return (people > LARGEST_HOUSEHOLD) | ((families >= SHARED_BY_FAMILIES) & (people >= SHARED_BY_FAMILIES))


def _people_and_families(names: Sequence[Name]) -> tuple[int, int]:
    """How many people and family names stand behind spellings; the fullest names are compared first."""
    fullest_first = sorted(
        names, key=lambda name: (-sum(len(part or "") > 1 for part in name), name[1] or "", name[0] or "")
    )
    people: list[Name] = []
    families: list[str] = []
    for name in fullest_first:
        if not any(_may_be_one(name, other) for other in people):
            people.append(name)
            if name[1] and not any(_is_like(name[1], family) for family in families):
                families.append(name[1])
    return len(people), len(families)


def _may_be_one(name: Name, other: Name) -> bool:
    """Both parts agree, straight or swapped; what is missing or an initial agrees with everything that begins so."""
    (first, last), (other_first, other_last) = name, other
    straight = _agrees(first, other_first) and _agrees(last, other_last)
    return straight or (_agrees(first, other_last) and _agrees(last, other_first) and bool(first and last))


def _agrees(part: str | None, other: str | None) -> bool:
    if not part or not other:
        return True
    if len(part) == 1 or len(other) == 1:
        return part[0] == other[0]
    return _is_like(part, other)


def _is_like(part: str, other: str) -> bool:
    return bool(JaroWinkler.similarity(part, other) >= SAME_NAME_SIMILARITY)
