"""What a person has one of, and what a row of a register says: evidence that two units are two people, however alike.

Three named rules. ``ONE_PER_PERSON``: an identifier of a kind that a person has once (a contract says so) differs by more than a slip.
``TWO_BIRTH_DATES``: two dates of birth with nothing in common, each told by two sources. ``SINGLE_BEST_ROW``: of the rows of a
one-row-per-person source, a unit belongs to the one that it is most like, and two that belong to two rows do not meet.

The first two are kept as a code per unit: units whose codes differ never meet, nor do clusters that hold them; ``NO_CODE`` meets all.
What does not belong here: merging (``agglomerate.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import polars as pl

from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import first_rows
from cdp_assets.identity_graph.connected import NODE, connected_components
from cdp_assets.sources.contracts import SourceContract

NO_CODE = -1


def one_per_person_kinds(contracts: Iterable[SourceContract]) -> set[str]:
    """Kinds of identifiers that a person has once, as some contract says."""
    return {name for c in contracts for name, identifier in c.identifiers.items() if identifier.one_per_person}


def no_codes(count: int) -> pl.Series:
    """No unit has a code."""
    return pl.repeat(NO_CODE, count, dtype=NODE, eager=True)


def identifier_codes(
    profiles: pl.DataFrame, unit_profiles: pl.DataFrame, links: pl.DataFrame, kinds: Iterable[str], count: int
) -> list[pl.Series]:
    """A code per unit and kind of identifier that a person has once.

    ``profiles``: ``candidate_links/linkage_profiles``; ``unit_profiles`` (profile_id, unit); ``links`` (a, b): accepted links between
    units. A unit with several values (a card that was replaced) has no code; values of linked units that differ by one
    slip of the pen are one.
    """
    kinds = sorted(kinds)
    if not kinds:
        return []
    held = (
        unit_profiles.join(profiles.select("profile_id", "identifiers"), on="profile_id")
        .explode("identifiers")
        .drop_nulls("identifiers")
        .with_columns(
            pl.col("identifiers").str.split_exact("=", 1).struct.rename_fields(["kind", "rest"]).alias("parts")
        )
        .unnest("parts")
    )
    return [_codes(_only(held.filter(pl.col("kind") == kind), "identifiers"), links, count) for kind in kinds]


def _only(held: pl.DataFrame, column: str) -> pl.DataFrame:
    """Units with exactly one value: ``unit``, ``value``."""
    return (
        held.group_by("unit")
        .agg(pl.col(column).n_unique().alias("several"), pl.col(column).first().alias("value"))
        .filter(pl.col("several") == 1)
        .select("unit", "value")
        .sort("unit")
    )


def _codes(valued: pl.DataFrame, links: pl.DataFrame, count: int) -> pl.Series:
    if valued.is_empty():
        return no_codes(count)
    code = valued.get_column("value").rank("dense").cast(NODE) - 1
    coded = valued.with_columns(code.alias("code"))
    met = (
        links.select("a", "b")
        .join(coded.rename({"unit": "a", "value": "left", "code": "one"}), on="a")
        .join(coded.rename({"unit": "b", "value": "right", "code": "other"}), on="b")
        .filter(pl.col("one") != pl.col("other"))
        .select("left", "right", "one", "other")
        .unique()
    )
    slips = [(one, other) for left, right, one, other in met.iter_rows() if is_slip(left, right)]
    joined = connected_components(
        int(code.max() or 0) + 1,  # type: ignore[arg-type]
        pl.Series([one for one, _ in slips], dtype=NODE),
        pl.Series([other for _, other in slips], dtype=NODE),
    )
    return no_codes(count).scatter(coded.get_column("unit"), joined.gather(coded.get_column("code")))


def is_slip(one: str, other: str) -> bool:
    """Whether two texts are the same but for one sign that is wrong, missing, or swapped with its neighbour."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    if len(a) != len(b):
        return a[1:] == b if len(a) > len(b) else a == b[1:]
    return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def birth_date_codes(
    label: pl.Series, profiles: pl.DataFrame, unit_profiles: pl.DataFrame, unit_records: pl.DataFrame
) -> pl.Series:
    """A code per unit of the clusters that hold two verified dates of birth with nothing in common; ``NO_CODE`` elsewhere.

    ``label``: the cluster of each unit; ``unit_records`` (unit, source), one row or more. A date is verified where units of two sources tell it, and no
    other, in the cluster. Dates that have something in common (a slip, day and month swapped, two of three parts) have one code.
    """
    codes = no_codes(len(label))
    told = _only(_dates_that_differ(label, profiles, unit_profiles), "date_of_birth")
    told = told.with_columns(label.gather(told.get_column("unit")).alias("label"))
    several = told.filter(pl.col("value").n_unique().over("label") > 1)
    verified = (
        several.join(unit_records.select("unit", "source"), on="unit")
        .group_by("label", "value")
        .agg(pl.col("source").n_unique().alias("sources"))
        .filter(pl.col("sources") > 1)
        .filter(pl.len().over("label") > 1)
        .sort("label", "value")
    )
    doubtful = several.join(verified, on=["label", "value"], how="semi").sort("label", "unit")
    found = []
    for inside in doubtful.partition_by("label", maintain_order=True):
        alike = _one_code_per_date(inside.get_column("value").unique().sort().to_list())
        if len(set(alike.values())) > 1:
            code = inside.get_column("value").replace_strict(alike, return_dtype=NODE)
            found.append(inside.select("unit", code.alias("code")))
    if not found:
        return codes
    together = pl.concat(found)
    return codes.scatter(together.get_column("unit"), together.get_column("code"))


def _dates_that_differ(label: pl.Series, profiles: pl.DataFrame, unit_profiles: pl.DataFrame) -> pl.DataFrame:
    """``unit`` and ``date_of_birth``, a row or more each, of the few clusters that tell more than one date."""
    rows = rows_of(unit_profiles.get_column("profile_id"), profiles.get_column("profile_id"))
    dates = unit_profiles.select("unit", profiles.get_column("date_of_birth").gather(rows)).drop_nulls("date_of_birth")
    date, of = dates.get_column("date_of_birth"), label.gather(dates.get_column("unit")).to_numpy()
    differs = date != date.gather(first_rows(of, len(label))[of])
    is_doubtful = np.zeros(len(label), dtype=np.bool_)
    is_doubtful[of[differs]] = True
    return dates.filter(is_doubtful[of])


def _one_code_per_date(values: list[str]) -> dict[str, int]:
    """Dates to codes; those that have something in common, also by way of others, have the same."""
    place = {value: at for at, value in enumerate(values)}
    alike = [(place[one], place[other]) for one, other in combinations(values, 2) if have_a_birth_in_common(one, other)]
    codes = connected_components(
        len(values),
        pl.Series([one for one, _ in alike], dtype=NODE),
        pl.Series([other for _, other in alike], dtype=NODE),
    )
    return dict(zip(values, codes.to_list(), strict=True))


def have_a_birth_in_common(one: str, other: str) -> bool:
    """Whether two dates (YYYY-MM-DD, or less where less is known) may be one that was written down differently."""
    a, b = (text.split("-") for text in (one, other))
    if len(a) != len(b):
        return True  # one says less than the other: that is no contradiction
    equal = sum(left == right for left, right in zip(a, b, strict=True))
    swapped = len(a) == 3 and a[0] == b[0] and a[1:] == b[:0:-1]
    few_digits = len(one) == len(other) and sum(left != right for left, right in zip(one, other, strict=True)) <= 2
    return equal >= len(a) - 1 or swapped or few_digits


def likeness() -> pl.Expr:
    """How like two profiles are, in bits: the match weight, without what is off it for a shared household.

    What two rows of a register are compared by, to see whose a record is. That they may share a household is no
    argument there: both are people whom the register knows, and the record is of one of them. Of two who live together it would
    otherwise be as like either, whatever address it tells; of two who do not, it would be less like the one whose address it tells.
    """
    return (pl.col("match_weight") + pl.col("household_bits").fill_null(0.0)).alias("likeness")


def single_best_rows(links: pl.DataFrame, registers: Sequence[pl.Series], margin_bits: float) -> pl.Series:
    """Whether the sides of each link belong to two rows of one register.

    ``links``: ``a``, ``b``, and the ``likeness`` of the accepted link (null: not accepted). ``registers``: bit masks per unit. A unit
    that is linked to several rows belongs to the one that it is linked to by ``margin_bits`` more than to any other. A register's two rows are two people, however
    alike, and what a record has in common with both does not say which of them it is of.
    """
    accepted = links.select("a", "b", "likeness").drop_nulls("likeness")
    both_ways = pl.concat([accepted, accepted.select(a="b", b="a", likeness="likeness")])
    apart = pl.repeat(False, len(links), dtype=pl.Boolean, eager=True)
    for mask in registers:
        present = int(mask.bitwise_or() or 0)  # type: ignore[arg-type]
        for bit in (1 << n for n in range(present.bit_length())):
            best = _best_row(both_ways, (mask & bit) != 0, margin_bits)
            one, other = best.gather(links.get_column("a")), best.gather(links.get_column("b"))
            apart = apart | ((one != NO_CODE) & (other != NO_CODE) & (one != other))
    return apart


def _best_row(both_ways: pl.DataFrame, is_row: pl.Series, margin_bits: float) -> pl.Series:
    """Per unit that is linked to several rows of the register and is none itself, the row that it belongs to."""
    from_, to = both_ways.get_column("a"), both_ways.get_column("b")
    ranked = (
        both_ways.filter(~is_row.gather(from_) & is_row.gather(to))
        .sort("a", "likeness", "b", descending=[False, True, False])
        .group_by("a", maintain_order=True)
        .agg(
            pl.col("b").first(),
            (pl.col("likeness").first() - pl.col("likeness").get(1, null_on_oob=True)).alias("margin"),
        )
        .filter(pl.col("margin") >= margin_bits)
    )
    return no_codes(len(is_row)).scatter(ranked.get_column("a"), ranked.get_column("b"))
