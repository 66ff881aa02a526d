"""The forms in which companies write their people's addresses: first.last, flast, first_l, initials …

``followed_patterns`` says which forms an address has, given its carrier's name; ``rendered`` writes a name in a form. Both
work on the comparable name and know that one name is spelled in several ways: the first of two given names, both of
them, or the second; the root of a nickname; one surname of two or both; particles kept or dropped; a compound with a
hyphen, a dot or nothing. Where nothing fits, the other forms of a nickname are tried, and umlauts written as two letters
(mueller is muller). Digits behind a name (john.smith2) are what a namesake got; they are told apart as ``is_numbered``.

What does not belong here: which form a company has (``company_domains.py``), or whose a written address is
(``probable_emails.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cdp_assets.standardized.name_splitting import PARTICLES
from cdp_assets.standardized.nicknames import nickname_roots

NAME_COLUMNS = ("first_name_norm", "first_name_root", "middle_name_norm", "last_name_norm")
"""What a name is here: the comparable columns of a record."""

FIRST, LAST, F, M, L = "first", "last", "f", "m", "l"

PATTERNS: Mapping[str, tuple[str, ...]] = {
    "first.last": (FIRST, ".", LAST),
    "flast": (F, LAST),
    "f.last": (F, ".", LAST),
    "firstl": (FIRST, L),
    "first": (FIRST,),
    "first_last": (FIRST, "_", LAST),
    "firstlast": (FIRST, LAST),
    "first-last": (FIRST, "-", LAST),
    "last.first": (LAST, ".", FIRST),
    "last_first": (LAST, "_", FIRST),
    "last-first": (LAST, "-", FIRST),
    "lastfirst": (LAST, FIRST),
    "lastf": (LAST, F),
    "last.f": (LAST, ".", F),
    "last_f": (LAST, "_", F),
    "f_last": (F, "_", LAST),
    "f-last": (F, "-", LAST),
    "first.l": (FIRST, ".", L),
    "first_l": (FIRST, "_", L),
    "l.first": (L, ".", FIRST),
    "lfirst": (L, FIRST),
    "last": (LAST,),
    "first.m.last": (FIRST, ".", M, ".", LAST),
    "fmlast": (F, M, LAST),
    "f.m.last": (F, ".", M, ".", LAST),
    "fml": (F, M, L),
    "fl": (F, L),
}
"""Form to its parts, commonest first: of two that explain a domain as well, the earlier one is told. ``f``, ``m`` and
``l`` are initials."""

SHORTEST_NAME = 2
"""A name of one letter is an initial; it is no evidence of a form that writes names out."""

_NUMBER = r"[._\-]?\d+$"
_UMLAUTS = (["ae", "oe", "ue"], ["a", "o", "u"])
_SOUND_AS_ONE = r"[aou]e"
_PARTICLES = sorted(PARTICLES)


def followed_patterns(carried: pl.DataFrame) -> pl.DataFrame:
    """``row``, ``pattern``, ``is_numbered``: each form that an address has in the name of its carrier.

    ``carried`` has a ``local`` part and ``NAME_COLUMNS``; ``row`` is the number of its row, from 0. An address may have
    several forms (``jo.li`` is first.last and, of Josephine Ollivander, none). Sorted by row and by the order of
    ``PATTERNS``; rows without a form are not told.
    """
    locals_ = (
        carried.with_row_index("row")
        .filter(pl.col("local").is_not_null())
        .with_columns(whole=pl.col("local").str.to_lowercase().str.replace(r"\+.*$", ""))
        .with_columns(bare=pl.col("whole").str.replace(_NUMBER, ""))
    )
    spelled = _spelled(locals_)
    plain = _fitting(spelled)
    rest = locals_.join(plain, on="row", how="anti")
    nicknamed = _spelled(_with_other_nicknames(rest))
    is_folded = pl.any_horizontal(pl.col("bare", FIRST, LAST).str.contains(_SOUND_AS_ONE)).fill_null(False)
    others = pl.concat([_fitting(nicknamed), _fitting(_folded(nicknamed.filter(is_folded)))])
    rank = {name: at for at, name in enumerate(PATTERNS)}
    return (
        pl.concat([plain, others])
        .unique()
        .sort("row", pl.col("pattern").replace_strict(rank, return_dtype=pl.Int64), "is_numbered")
        .unique(["row", "pattern"], keep="first", maintain_order=True)
    )


def rendered(names: pl.DataFrame) -> pl.DataFrame:
    """``row``, ``local``, ``spelling``: each name written in the form of its ``pattern``, likeliest spelling first.

    ``names`` has ``NAME_COLUMNS`` and ``pattern``; ``row`` is the number of its row, ``spelling`` counts from 0. A name that
    lacks a part of its form has no row.
    """
    spelled = _spelled(names.with_row_index("row"))
    written = [
        spelled.filter(pl.col("pattern") == name).select("row", "spelling", local=_written(name)) for name in PATTERNS
    ]
    return (
        pl.concat(written)
        .drop_nulls("local")
        .sort("row", "spelling", "local")
        .unique(["row", "local"], keep="first", maintain_order=True)
        .select("row", "local", spelling=pl.int_range(pl.len(), dtype=pl.Int64).over("row"))
    )


def _fitting(spelled: pl.DataFrame) -> pl.DataFrame:
    """``row``, ``pattern``, ``is_numbered`` of the spellings in which an address has a form, with its digits or without."""
    found = [
        spelled.filter(pl.col("bare") == _written(name))
        .select("row", pl.lit(name).alias("pattern"), is_numbered=pl.col("bare") != pl.col("whole"))
        .unique()
        for name in PATTERNS
    ]
    return pl.concat(found)


def _written(pattern: str) -> pl.Expr:
    """The local part in this form; null where a part is missing or too short to be a name."""
    parts: list[pl.Expr] = []
    for part in PATTERNS[pattern]:
        if part in (FIRST, LAST):
            parts.append(pl.when(pl.col(part).str.len_bytes() >= SHORTEST_NAME).then(pl.col(part)))
        else:
            parts.append(pl.col(part) if part in (F, M, L) else pl.lit(part))
    return pl.concat_str(parts)


def _spelled(frame: pl.DataFrame) -> pl.DataFrame:
    """A row per spelling of the name: ``first``, ``last`` and the initials ``f``, ``m``, ``l``; ``spelling`` 0 is likeliest."""
    first, last = pl.col("first_name_norm"), pl.col("last_name_norm")
    has_one = ~(first.str.contains(" ", literal=True) | last.str.contains(" ", literal=True))
    is_plain = (has_one & (first == pl.col("first_name_root"))).fill_null(False)
    plain = frame.filter(is_plain).select(
        *(name for name in frame.columns if name not in NAME_COLUMNS),
        first.alias(FIRST),
        first.str.head(1).alias(F),
        pl.col("middle_name_norm").str.head(1).alias(M),
        last.alias(LAST),
        last.str.head(1).alias(L),
        pl.lit(0, dtype=pl.Int64).alias("spelling"),
    )
    return pl.concat([plain, _spelled_in_ways(frame.filter(~is_plain))])


def _spelled_in_ways(frame: pl.DataFrame) -> pl.DataFrame:
    """:func:`_spelled` of names that have several spellings: two words, a particle, a nickname."""
    given = pl.col("first_name_norm").str.split(" ")
    family = pl.col("last_name_norm").str.split(" ")
    particles_off = family.list.filter(~pl.element().is_in(_PARTICLES))
    own = pl.when(particles_off.list.len() > 0).then(particles_off).otherwise(family)
    has_two = given.list.len() > 1
    is_compound = (own.list.len() > 1) | (own.list.len() != family.list.len())

    def several(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
        return pl.when(condition).then(value)

    firsts = pl.concat_list(
        given.list.first(),
        several(has_two, given.list.join("")),
        several(has_two, given.list.join("-")),
        several(has_two, given.list.join(".")),
        several(has_two, given.list.last()),
        pl.col("first_name_root"),
    )
    both = several(has_two, given.list.eval(pl.element().str.head(1)).list.join(""))
    initials = pl.concat_list(
        given.list.first().str.head(1),
        both,
        both,
        both,
        several(has_two, given.list.last().str.head(1)),
        pl.col("first_name_root").str.head(1),
    )
    lasts = pl.concat_list(
        own.list.first(),
        several(is_compound, own.list.join("")),
        several(is_compound, family.list.join("")),
        several(is_compound, own.list.join("-")),
        several(is_compound, own.list.join(".")),
        several(is_compound, family.list.join("-")),
        several(is_compound, family.list.join(".")),
        several(is_compound, own.list.last()),
    )
    kept = [name for name in frame.columns if name not in NAME_COLUMNS]
    rows = frame.select(
        *kept,
        pl.col("middle_name_norm").str.head(1).alias(M),
        firsts.alias(FIRST),
        initials.alias(F),
        pl.int_ranges(firsts.list.len()).alias("_given"),
        lasts.alias(LAST),
    )
    rows = rows.explode(FIRST, F, "_given").filter(pl.col(FIRST).is_not_null() | (pl.col("_given") == 0))
    rows = rows.filter((pl.col(FIRST) != pl.col(FIRST).shift(1)).fill_null(True) | (pl.col("_given") == 0))
    rows = rows.with_columns(_family=pl.int_ranges(pl.col(LAST).list.len())).explode(LAST, "_family")
    rows = rows.filter(pl.col(LAST).is_not_null() | (pl.col("_family") == 0))
    return rows.select(
        *kept, FIRST, F, M, LAST, pl.col(LAST).str.head(1).alias(L), spelling=pl.col("_given") * 10 + pl.col("_family")
    )


def _with_other_nicknames(locals_: pl.DataFrame) -> pl.DataFrame:
    """The rows as they are, and once more by each other form of their given name's root (liz, beth … of elizabeth)."""
    roots = nickname_roots()
    forms = pl.DataFrame({"form": list(roots), "first_name_root": list(roots.values())}).sort("form")
    again = locals_.join(forms, on="first_name_root", how="inner").with_columns(first_name_norm=pl.col("form"))
    return pl.concat([locals_, again.select(locals_.columns)])


def _folded(spelled: pl.DataFrame) -> pl.DataFrame:
    """Umlauts of addresses and names as one letter: mueller and muller are one spelling here."""
    return spelled.with_columns(pl.col("bare", "whole", FIRST, LAST).str.replace_many(*_UMLAUTS))
