"""Where people live: homes with their postal addresses, written in three ways as three systems would.

A home is a row number. Some are flats in a block: same street, number and postcode as the neighbours', another unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import Floats, Ints, chances, gather, pick, pick_evenly, stream
from cdp_assets.evaluation.world.lists import COUNTRY_CODES, CountryLists, country_lists
from cdp_assets.evaluation.world.population import Population, moves

FLAT_SHARE = 0.16  # of homes, in a block with others
FLATS_PER_BLOCK = 8
UNIT_ELSEWHERE_SHARE = 0.06  # of the other homes: a unit although no neighbour of theirs is known
MOVES_WITHIN_CITY_SHARE = 0.55
# Postcodes of British form end in two of these letters.
POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"

FULL, ABBREVIATED, CASUAL = range(3)
STYLES = ("full", "abbreviated", "casual")


@dataclass(frozen=True)
class Homes:
    """Homes (row number = home), and who lives where until when."""

    homes: pl.DataFrame
    home: Ints  # of each person, before the move
    next_home: Ints  # after it; the same where there is none
    moved_at: Ints  # epoch seconds, NEVER for most
    is_flat: Ints

    def at(self, person: Ints, when: Ints) -> Ints:
        """Return where these persons live at these moments."""
        return np.where(when < self.moved_at[person], self.home[person], self.next_home[person])

    def column(self, name: str, home: Ints) -> pl.Series:
        """Return a column of ``homes`` for these homes: city, region, postcode, country, street_<style>."""
        return self.homes.get_column(name).gather(pl.Series(home))


def settle(population: Population, seed: int) -> Homes:
    """Return a home for every household and another for everyone who moves."""
    rng = stream(seed, "homes")
    households = population.households
    household = population.people["household"].to_numpy()
    moved_at, leaves = moves(population, seed)
    moves_home = moved_at != np.iinfo(np.int64).max

    family_moves = np.zeros(households.height, dtype=np.bool_)
    family_moves[household[moves_home & ~leaves]] = True
    movers = np.concatenate([np.flatnonzero(family_moves), household[leaves]])
    of_household = np.concatenate([np.arange(households.height), movers])
    is_new = np.arange(len(of_household)) >= households.height

    country = households["country"].to_numpy()[of_household]
    city = households["city"].to_numpy()[of_household]
    stays, elsewhere = rng.random(len(city)) < MOVES_WITHIN_CITY_SHARE, rng.random(len(city))
    for index, code in enumerate(COUNTRY_CODES):
        goes = is_new & ~stays & (country == index)
        city[goes] = pick(country_lists(code).place_weights, elsewhere[goes])

    next_family_home = np.arange(households.height)
    next_family_home[np.flatnonzero(family_moves)] = households.height + np.arange(int(family_moves.sum()))
    next_home = next_family_home[household]
    next_home[leaves] = households.height + int(family_moves.sum()) + np.arange(int(leaves.sum()))
    homes, is_flat = _addresses(seed, country, city)
    return Homes(homes, household.astype(np.int64), next_home, moved_at, is_flat)


def _addresses(seed: int, country: Ints, city: Ints) -> tuple[pl.DataFrame, Ints]:
    rng = stream(seed, "addresses")
    count = len(country)
    draw = chances(rng, count, 8)
    is_flat = draw[:, 0] < FLAT_SHARE
    leader = _block_leaders(is_flat, country * 1000 + city)
    shared = draw[leader]  # a block's flats share what the first of them drew
    columns: dict[str, list[pl.Series]] = {name: [] for name in ("city", "region", "postcode", *STYLES)}
    rows: list[Ints] = []
    for index, code in enumerate(COUNTRY_CODES):
        here = np.flatnonzero(country == index)
        if not len(here):
            continue
        lists = country_lists(code)
        rows.append(here)
        columns["city"].append(gather([place.city for place in lists.places], city[here]))
        columns["region"].append(gather([place.region for place in lists.places], city[here]))
        columns["postcode"].append(_postcodes(lists, city[here], shared[here, 1], shared[here, 2]))
        has_unit = is_flat[here] | (draw[here, 3] < UNIT_ELSEWHERE_SHARE)
        for style, lines in zip(STYLES, _street_lines(lists, shared[here], draw[here], has_unit), strict=True):
            columns[style].append(lines)
    order = pl.Series(np.argsort(np.concatenate(rows), kind="stable"))
    frame = pl.DataFrame({name: pl.concat(parts) for name, parts in columns.items()}).select(pl.all().gather(order))
    return (
        frame.rename({style: f"street_{style}" for style in STYLES}).with_columns(
            country=gather(COUNTRY_CODES, country)
        ),
        is_flat.astype(np.int64),
    )


def _block_leaders(is_flat: np.ndarray, place: Ints) -> Ints:
    """For each home the home whose street, number and postcode it has: itself, or the first flat of its block."""
    leader = np.arange(len(place))
    flats = np.flatnonzero(is_flat)
    flats = flats[np.argsort(place[flats], kind="stable")]
    if not len(flats):
        return leader
    starts = np.concatenate([[True], place[flats][1:] != place[flats][:-1]])
    first_of_place = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    within = np.arange(len(flats)) - first_of_place
    leader[flats] = flats[first_of_place + within // FLATS_PER_BLOCK * FLATS_PER_BLOCK]
    return leader


def _postcodes(lists: CountryLists, city: Ints, chance: Floats, more: Floats) -> pl.Series:
    """The city's pattern with its # and @ filled in."""
    patterns = gather([place.postcode for place in lists.places], city)
    digits = pl.Series("", (chance * 1e9).astype(np.int64)).cast(pl.String).str.pad_start(9, "0")
    letters = [
        gather(list(POSTCODE_LETTERS), pick_evenly(len(POSTCODE_LETTERS), (more * spread) % 1.0)) for spread in (1, 977)
    ]
    frame = pl.DataFrame({"code": patterns, "digits": digits, "one": letters[0], "two": letters[1]})
    code = pl.col("code")
    for slot in range(4):
        # The last digits of the chance vary most within a postcode area; "0" first in a British unit would be odd.
        code = code.str.replace("#", pl.col("digits").str.slice(slot, 1), literal=True)
    code = code.str.replace("@", pl.col("one"), literal=True).str.replace("@", pl.col("two"), literal=True)
    return frame.select(code.alias("code")).to_series()


def _street_lines(
    lists: CountryLists, shared: Floats, own: Floats, has_unit: np.ndarray
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """The street line in full, abbreviated, and as people type it when nobody checks."""
    number = 1 + (shared[:, 4] ** 1.6 * (2400 if lists.code == "US" else 140)).astype(np.int64)
    units = {"US": ["1A", "2B", "3C", "4D", "12", "201", "305", "7"], "ES": ["1º A", "2º B", "3º C", "4º D", "Bajo"]}
    unit_list = units.get(lists.code, [str(n) for n in range(1, 25)])
    frame = pl.DataFrame(
        {
            "name": gather(lists.street_names, pick_evenly(len(lists.street_names), shared[:, 5])),
            "type": gather(lists.street_types, pick_evenly(len(lists.street_types), shared[:, 6])),
            "number": pl.Series(number).cast(pl.String),
            "unit": gather(unit_list, pick_evenly(len(unit_list), own[:, 7])),
            "has_unit": has_unit,
        }
    )
    short = pl.col("type").replace(lists.spellings)

    def line(form: str, kind: pl.Expr, unit_form: str) -> pl.Expr:
        filled = _filled(form, {"number": pl.col("number"), "name": pl.col("name"), "type": kind})
        return filled + pl.when("has_unit").then(_filled(unit_form, {"unit": pl.col("unit")})).otherwise(pl.lit(""))

    forms, unit_forms = lists.street_forms, lists.unit_forms
    lines = frame.select(
        line(forms[0], pl.col("type"), unit_forms[0]).alias("full"),
        line(forms[-1], short, unit_forms[-1]).alias("abbreviated"),
        line(forms[0], short, unit_forms[0]).str.to_lowercase().alias("casual"),
    )
    return lines["full"], lines["abbreviated"], lines["casual"]


def _filled(form: str, slots: dict[str, pl.Expr]) -> pl.Expr:
    """The form with every ``{slot}`` replaced by its expression."""
    parts = re.split(r"[{}]", form)  # text and slots by turns
    return pl.concat_str([slots[part] if odd % 2 else pl.lit(part) for odd, part in enumerate(parts) if part])
