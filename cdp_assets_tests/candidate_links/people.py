"""How many people names are, counted: what ``key_people.py`` tells without counting."""

from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.comparable import LETTERINGS, lettering


def people_among(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """How many people these names are, judged by first letters so that misspelt names stay one person (an aggregation).

    Names of one first initial are one person (who has married, or left out one of two family names), and so are names of the
    same two initials in either order (swapped). Names without a part do not count. Nor can names in Latin letters, in others, and in
    ideographs be told from each other, for they may begin otherwise (:data:`LETTERINGS`): as many people as any counts.
    """
    written = lettering(pl.col("last_name_script"))
    return pl.max_horizontal(_people_of(first.filter(written == so), last.filter(written == so)) for so in LETTERINGS)


def _people_of(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    begin, end = first.str.slice(0, 1), last.str.slice(0, 1)
    whole = begin.is_not_null() & end.is_not_null()
    both = pl.min_horizontal(begin, end) + pl.max_horizontal(begin, end)
    return pl.min_horizontal(both.filter(whole).n_unique(), begin.filter(whole).n_unique()).cast(pl.Int64)


def people_per_value(carried: pl.DataFrame) -> pl.DataFrame:
    """How many people, by name, carry each value of :func:`carriers`: ``value``, ``people``."""
    people = people_among(pl.col("first_name_root"), pl.col("last_name"))
    return carried.group_by("value").agg(people.alias("people"))
