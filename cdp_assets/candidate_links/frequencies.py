"""How frequent a value is among those that have one: what agreeing on it is worth, if two strangers do.

What does not belong here: how a frequency becomes a weight (``weights.py``), and which levels ask for one (``comparisons.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.comparisons import (
    DWELLING,
    FREQUENT_SOUNDS,
    OFTEN_WITHOUT,
    OWN_RECORDS,
    OWNED_VALUES,
    Comparison,
)
from cdp_assets.candidate_links.key_people import are_several, initials
from cdp_assets.candidate_links.priors import PRIOR_NAMESAKES
from cdp_assets.candidate_links.weights import DIGITS, NAMES

# Records of a value that may all be one person's, as a multiple of how many such a person has: nobody asks for the names behind more,
# whose frequency is much the same with or without one owner.
FEW_OWNERS = 5
# Of the profiles of one whole name so many may be a namesake's, whatever chance says: two or three may be two people's, thirty are one's.
MAY_BE_A_NAMESAKES = 2
# More people than this, by the first letters of their names, are not one household.
MOST_AT_HOME = 8


def term_frequencies(frame: pl.DataFrame, comparisons: list[Comparison]) -> pl.DataFrame:
    """Share of the filled values that each value has, beside the one that is compared: ``field``, ``value``, ``frequency``.

    A profile's own value says nothing of how often others have it. Of a million Smiths that is one; of two namesakes it is the half, and in
    small data most names are of this kind.

    An e-mail, phone or date of birth that one person carries, judged by name, has none: agreeing on it by chance is as rare as
    the level's ``u`` says, however many records its owner has. Nor has a dwelling, unless more live there than in any household.
    """
    fields = sorted({level.tf for comparison in comparisons for level in comparison.scored if level.tf})
    parts = []
    if not has_other_letters(frame):
        fields = [field for field in fields if field not in FREQUENT_SOUNDS]
    letters = initials(frame, "first_root") if set(OWNED_VALUES) & set(fields) else pl.DataFrame()
    for field in fields:
        values = frame.get_column(field).alias("value")
        filled = len(values) - values.null_count()
        if field == DWELLING:
            counts = _of_crowds(values, frame)
        elif field in OWNED_VALUES:
            counts = _of_others(values, letters, field)
        else:
            counts = beside_its_own(field, frame)
        among = float(max(filled, 1))
        if field in FREQUENT_SOUNDS:
            among /= _written_otherwise(frame.get_column(FREQUENT_SOUNDS[field]).filter(values.is_not_null()))
        parts.append(
            counts.select(
                pl.lit(field).alias("field"),
                "value",
                (pl.col("n") / among).round_sig_figs(DIGITS).alias("frequency"),
            )
        )
    schema = {"field": pl.String, "value": pl.String, "frequency": pl.Float64}
    return pl.concat(parts).sort("field", "value") if parts else pl.DataFrame(schema=schema)


def _written_otherwise(scripts: pl.Series) -> float:
    """How likely two profiles are written in different letters; at least one in as many as there are, to divide by.

    Only of such is it asked whether their names sound the same: what strangers agree on so is as much rarer than the sound itself.
    """
    shares = scripts.fill_null("").value_counts(name="n").get_column("n").to_numpy() / max(len(scripts), 1)
    return max(float(1.0 - (shares**2).sum()), 1.0 / max(len(scripts), 1))


def has_other_letters(frame: pl.DataFrame) -> bool:
    """Whether any name is written in other letters than Latin ones: how a name sounds is asked of no other."""
    return any(frame.get_column(script).null_count() < len(frame) for script in FREQUENT_SOUNDS.values())


def beside_its_own(field: str, frame: pl.DataFrame) -> pl.DataFrame:
    """How many profiles (``n``) have each ``value`` of a field beside any one that has it, and beside all that may be that person's: one at
    least, as it will be when a second one comes.

    Who somebody is, names tell: of a first or last name those of one whole name are left out, the most that any has. As many as chance and names
    that go together let expect are namesakes', and stay, and a few more. For a person with thirty records would make a rare name common, and prove
    nothing by it.
    """
    values = frame.get_column(field).alias("value")
    if field not in NAMES:
        return _beside_one(values)
    named = frame.select(values, "first_root", "last_name").drop_nulls()
    of_one = named.group_by("value", "first_root", "last_name").agg(pl.len().alias("own"))
    # Of fewer none are left out, and most whole names have fewer.
    of_one = of_one.filter(pl.col("own") > MAY_BE_A_NAMESAKES + 1)
    for name in ("first_root", "last_name"):
        of_one = of_one.join(named.get_column(name).value_counts(name=f"of_{name}"), on=name)
    others = [pl.col(f"of_{name}") - pl.col("own") for name in ("first_root", "last_name")]
    namesakes = PRIOR_NAMESAKES * others[0] * others[1] / max(len(named), 1)
    own = of_one.group_by("value").agg(own=(pl.col("own") - namesakes - MAY_BE_A_NAMESAKES).max())
    counts = values.drop_nulls().value_counts(name="n").join(own, on="value", how="left")
    return counts.select("value", n=pl.max_horizontal(pl.col("n") - pl.max_horizontal("own", 1.0), 1.0))


def _beside_one(values: pl.Series) -> pl.DataFrame:
    counts = values.drop_nulls().alias("value").value_counts(name="n")
    return counts.select("value", pl.max_horizontal(pl.col("n") - 1, 1))


def _of_others(values: pl.Series, letters: pl.DataFrame, field: str) -> pl.DataFrame:
    """How often (``n``) each ``value`` is not its owner's: all but one where several people carry it, else beyond ``OWN_RECORDS``.

    ``letters``: the initials of the profile that each value stands in (:func:`key_people.initials`).
    """
    carried = letters.with_columns(values).drop_nulls("value")
    counts = carried.group_by("value").agg(pl.len().alias("n"), are_several().alias("are_several"))
    own_records = OWN_RECORDS.get(field)
    if own_records is None:
        return counts.filter("are_several").select("value", pl.col("n") - 1)
    of_one = ~pl.col("are_several") & (pl.col("n") <= own_records * FEW_OWNERS)
    beyond = pl.col("n") - pl.when(of_one).then(own_records).otherwise(1)
    return counts.filter(~of_one | (pl.col("n") > own_records)).select("value", beyond.alias("n"))


def _of_crowds(dwellings: pl.Series, frame: pl.DataFrame) -> pl.DataFrame:
    """How many profiles (``n``) a dwelling has beside any one of it, where more people live in it than in any household, and more profiles than
    chance lets two strangers have a dwelling in common: whoever else has it, that is what agreeing is worth."""
    counts = _beside_one(dwellings)
    at_random = counts.select((pl.col("n") * (pl.col("n") + 1)).sum() / max(len(dwellings) - dwellings.null_count(), 1))
    counts = counts.filter(pl.col("n") >= MOST_AT_HOME, pl.col("n") > at_random.item())
    tenants = frame.select(dwellings, "first_name", "last_name").join(counts, on="value", how="semi")
    letters = pl.struct(pl.col("first_name", "last_name").str.slice(0, 1))
    people = tenants.group_by("value").agg(letters.n_unique().alias("people"))
    return counts.join(people.filter(pl.col("people") > MOST_AT_HOME), on="value", how="semi")


def frequency_columns(
    frame: pl.DataFrame, frequencies: pl.DataFrame, asked: Mapping[str, npt.NDArray[np.bool_]] | None = None
) -> pl.DataFrame:
    """A ``tf_<field>`` column per field of the term frequencies, in the order of ``frame``; an unseen value counts as the rarest.

    An e-mail, phone or date of birth that is not among them belongs to one person, and a dwelling to one household: it has none. ``asked``: of
    which rows it is wanted, by field; others have none.
    """
    columns = []
    for (name,), part in frequencies.partition_by("field", as_dict=True, maintain_order=True).items():
        field = str(name)
        rows = np.full(len(frame), asked is None) if asked is None or field not in asked else asked[field]
        rarest = None if field in OFTEN_WITHOUT else part.get_column("frequency").min()
        values = frame.get_column(field).filter(pl.Series(rows)).to_frame("value")
        found = values.join(part.select("value", "frequency"), on="value", how="left", maintain_order="left")
        known = pl.when(pl.col("value").is_not_null()).then(pl.coalesce("frequency", pl.lit(rarest, dtype=pl.Float64)))
        column = np.full(len(frame), np.nan)
        column[rows] = found.select(known).to_series().to_numpy()
        columns.append(pl.Series(f"tf_{field}", column, nan_to_null=True))
    return pl.DataFrame(columns)
