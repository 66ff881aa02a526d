"""Who lives in the world: households, the people in them, what they are called and how that changes.

A person is a row number. Namesakes, twins, fathers and sons of one name, people who take another surname and people who
go by a nickname are made here; how a system writes a name down (and gets it wrong) is ``spelling.py``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import (
    Flags,
    Floats,
    Ints,
    assembled,
    chances,
    falling_weights,
    flags,
    gather,
    pick,
    pick_evenly,
    pick_rarely,
    stream,
    times_between,
)
from cdp_assets.evaluation.world.lists import COUNTRY_CODES, COUNTRY_SHARES, CountryLists, country_lists, nicknames
from cdp_assets.evaluation.world.moments import DAY, NEVER, seconds

# Shares of households with 1, 2, 3 and 4 adults whom a company may know.
HOUSEHOLD_SIZES = (0.50, 0.30, 0.11, 0.09)
COUPLE_SHARE = 0.85  # of households of two; the others are a parent and a grown-up child
SAME_SURNAME_SHARE = 0.74  # of couples in countries where couples share one
TAKES_SURNAME_SHARE = 0.16  # of those partners, who took it within the time that the systems remember
HYPHENATES_SHARE = 0.25  # of those, who put it beside the former one
TWINS_SHARE = 0.20  # of households with two children
FATHER_AND_SON_SHARE = 0.45  # of fathers with a son, in countries with Sr and Jr
JUNIOR_COUNTRIES = ("US", "GB")
DOUBLE_BARRELLED_SHARE = 0.03
MIDDLE_NAME_SHARES = {"US": 0.62, "GB": 0.45, "DE": 0.10, "FR": 0.10, "ES": 0.0, "PL": 0.10}
BORROWED_FIRST_NAME_SHARE = 0.10  # from another country's list
COMPOSED_FIRST_NAME_SHARE = 0.06  # two of the list, hyphenated
NICKNAME_SHARE = 0.40  # of people whose first name has one
NAMESAKE_SHARE = 0.012  # of people who live alone: named like someone else in town
NAME_FALL = (0.5, 3.0)  # exponent and shift of common names' frequencies: the most common is near 1%, as in a census


@dataclass(frozen=True)
class Population:
    """People (row number = person), one row each, with the household they belong to."""

    people: pl.DataFrame
    households: pl.DataFrame

    def __len__(self) -> int:
        return self.people.height

    def column(self, name: str, person: Ints) -> pl.Series:
        """Return a column of ``people`` for these persons, in their order."""
        return self.people.get_column(name).gather(pl.Series(person))

    def numbers(self, name: str, person: Ints) -> Ints:
        """Return an integer column of ``people`` for these persons."""
        return np.asarray(self.people.get_column(name).to_numpy()[person], dtype=np.int64)

    def flags(self, name: str, person: Ints) -> Flags:
        """Return a true/false column of ``people`` for these persons."""
        return np.asarray(self.people.get_column(name).to_numpy()[person], dtype=np.bool_)


def populate(people: int, seed: int) -> Population:
    """Return a population of exactly ``people`` persons."""
    rng = stream(seed, "households")
    sizes = 1 + pick(np.array(HOUSEHOLD_SIZES), rng.random(people))
    count = int(np.searchsorted(np.cumsum(sizes), people) + 1)
    sizes = sizes[:count]
    sizes[-1] -= int(sizes.sum()) - people
    household = np.repeat(np.arange(count), sizes)
    position = np.arange(people) - np.repeat(np.cumsum(sizes) - sizes, sizes)

    country = pick(np.array(list(COUNTRY_SHARES.values())), rng.random(count))
    city = np.zeros(count, dtype=np.int64)
    draw = rng.random(count)
    for index, code in enumerate(COUNTRY_CODES):
        here = country == index
        city[here] = pick(country_lists(code).place_weights, draw[here])
    has_couple = ((sizes == 2) & (rng.random(count) < COUPLE_SHARE)) | (sizes > 2)
    households = pl.DataFrame({"country": country, "city": city, "size": sizes, "has_couple": has_couple})

    sex_draw, partner_draw = rng.random(people), rng.random(people)
    is_head, is_partner = position == 0, (position == 1) & has_couple[household]
    is_child = ~is_head & ~is_partner
    is_female = sex_draw < 0.5
    head_is_female = is_female[np.searchsorted(household, household)]
    is_female = np.where(is_partner, head_is_female ^ (partner_draw < 0.95), is_female)

    born = _births(stream(seed, "births"), household, sizes, is_head, is_partner, is_child)
    twin = _twins(stream(seed, "twins"), household, position, sizes)
    is_twin = twin >= 0
    born = np.where(is_twin, born[np.where(is_twin, twin, 0)], born)
    is_twin[twin[is_twin]] = True

    person_country = country[household]
    names = _names(seed, household, person_country, is_female, is_partner, is_child)
    first, is_father_or_son, suffix = _fathers_and_sons(
        stream(seed, "fathers and sons"), names["first_name"], household, person_country, is_female, is_head, is_child
    )
    frame = pl.DataFrame(
        {
            "household": household,
            "position": position,
            "country": gather(COUNTRY_CODES, person_country),
            "is_female": is_female,
            "first_name": first,
            "middle_name": names["middle_name"],
            "last_name": names["last_name"],
            "former_last_name": names["former_last_name"],
            "renamed_at": names["renamed_at"],
            "name_suffix": suffix,
            "born_on": born,
            "is_twin": is_twin,
            "is_father_or_son": is_father_or_son,
            "in_household": sizes[household] > 1,
        }
    )
    frame = _namesakes(stream(seed, "namesakes"), frame, city[household], person_country)
    return Population(frame.with_columns(nickname=_nicknames(stream(seed, "nicknames"), frame)), households)


def _births(
    rng: np.random.Generator, household: Ints, sizes: Ints, is_head: Flags, is_partner: Flags, is_child: Flags
) -> Ints:
    """Days of birth since 1970; parents are a generation older than their children, who are of age in 2019."""
    people, count = len(household), len(sizes)
    head_year = np.where(sizes > 1, 1944 + rng.integers(0, 32, count), 1942 + rng.integers(0, 58, count))
    year = np.where(is_partner, head_year[household] + rng.integers(-6, 7, people), head_year[household])
    year = np.where(is_child, np.minimum(head_year[household] + rng.integers(21, 34, people), 2001), year)
    day_of_year = rng.integers(0, 365, people)
    first_day = pl.DataFrame({"year": year}).select(pl.date("year", 1, 1).cast(pl.Int32)).to_series().to_numpy()
    return np.asarray(first_day + day_of_year, dtype=np.int64)


def _twins(rng: np.random.Generator, household: Ints, position: Ints, sizes: Ints) -> Ints:
    """For the younger of two twins the row of the elder, else -1."""
    has_twins = (sizes == 4) & (rng.random(len(sizes)) < TWINS_SHARE)
    younger = has_twins[household] & (position == 3)
    return np.where(younger, np.arange(len(household)) - 1, -1)


def _names(
    seed: int,
    household: Ints,
    country: Ints,
    is_female: Flags,
    is_partner: Flags,
    is_child: Flags,
) -> dict[str, pl.Series]:
    people, count = len(household), int(household[-1]) + 1
    rng = stream(seed, "names")
    family = chances(rng, count, 8)
    own = chances(rng, people, 8)
    never = np.ones(people)
    keeps_surname = is_partner & (own[:, 5] >= SAME_SURNAME_SHARE)
    parts: dict[str, list[tuple[Ints, pl.Series]]] = {"first": [], "middle": [], "last": [], "maiden": []}
    for index, code in enumerate(COUNTRY_CODES):
        lists, here = country_lists(code), np.flatnonzero(country == index)
        of_family, mine = family[household[here]], own[here]
        surname = _surnames(lists, of_family[:, 0], of_family[:, 1], of_family[:, 2])
        unmarried = _surnames(lists, mine[:, 0], mine[:, 1], never[here])
        if code == "ES":  # everybody has a father's and a mother's surname, and keeps them
            mothers = _surnames(lists, of_family[:, 3], of_family[:, 4], never[here])
            head_second = _surnames(lists, of_family[:, 5], of_family[:, 6], never[here])
            partner_second = _surnames(lists, mine[:, 2], mine[:, 3], never[here])
            last = _where(is_partner[here], mothers + " " + partner_second, surname + " " + head_second)
            last = unmarried = _where(is_child[here], surname + " " + mothers, last)
        else:
            last = _where(keeps_surname[here], unmarried, surname)
        if code == "PL":
            last, unmarried = _polish(last, is_female[here]), _polish(unmarried, is_female[here])
        middles = _first_names(lists, is_female[here], rng.random(len(here)), never[here], rng)
        has_middle = mine[:, 7] < MIDDLE_NAME_SHARES[code]
        parts["first"].append((here, _first_names(lists, is_female[here], mine[:, 4], mine[:, 6], rng)))
        parts["middle"].append((here, _where(has_middle, middles, _nulls(len(here)))))
        parts["last"].append((here, last))
        parts["maiden"].append((here, unmarried))
    return _with_marriages(
        stream(seed, "marriages"),
        {name: assembled(of_country) for name, of_country in parts.items()},
        is_partner & is_female & ~keeps_surname & (country != COUNTRY_CODES.index("ES")),
    )


def _with_marriages(rng: np.random.Generator, names: dict[str, pl.Series], could: Flags) -> dict[str, pl.Series]:
    people = len(could)
    took = could & (rng.random(people) < TAKES_SURNAME_SHARE)
    hyphenates = took & (rng.random(people) < HYPHENATES_SHARE)
    when = times_between(rng.random(people), seconds(2020, 3), seconds(2024, 10))
    return {
        "first_name": names["first"],
        "middle_name": names["middle"],
        "last_name": _where(hyphenates, names["maiden"] + "-" + names["last"], names["last"]),
        "former_last_name": _where(took, names["maiden"], _nulls(people)),
        "renamed_at": pl.Series(np.where(took, when, NEVER)),
    }


def _surnames(lists: CountryLists, which: Floats, where: Floats, double: Floats) -> pl.Series:
    """Common surnames by their frequency, rare ones with a long tail, a few double-barrelled."""
    common = gather(lists.surnames, pick(falling_weights(len(lists.surnames), *NAME_FALL), where))
    rare = gather(lists.rare_surnames, pick_rarely(len(lists.rare_surnames), where))
    names = _where(which < lists.surname_head_share, common, rare)
    second = gather(lists.surnames, pick_evenly(len(lists.surnames), (which * 7919.0) % 1.0))
    can_double = lists.code in ("GB", "US", "DE", "FR")
    return _where((double < DOUBLE_BARRELLED_SHARE) & can_double, names + "-" + second, names)


def _first_names(
    lists: CountryLists, is_female: Flags, where: Floats, kind: Floats, rng: np.random.Generator
) -> pl.Series:
    """First names by their frequency; a few composed of two, a few from another country."""

    def of(source: CountryLists, chance: Floats) -> pl.Series:
        women = gather(source.female, pick(falling_weights(len(source.female), *NAME_FALL), chance))
        men = gather(source.male, pick(falling_weights(len(source.male), *NAME_FALL), chance))
        return _where(is_female, women, men)

    names = of(lists, where)
    second = of(lists, rng.random(len(where)))
    composed = (kind < COMPOSED_FIRST_NAME_SHARE) & flags((names != second) & ~names.str.contains("[ -]"))
    names = _where(composed, names + "-" + second.str.extract(r"^([^ -]+)"), names)
    others = [code for code in COUNTRY_CODES if code != lists.code]
    abroad = rng.integers(0, len(others), len(where))
    borrowed = (kind >= COMPOSED_FIRST_NAME_SHARE) & (kind < COMPOSED_FIRST_NAME_SHARE + BORROWED_FIRST_NAME_SHARE)
    for index, code in enumerate(others):
        names = _where(borrowed & (abroad == index), of(country_lists(code), where), names)
    return names


def _polish(surnames: pl.Series, is_female: Flags) -> pl.Series:
    """Women's form of surnames in -ski, -cki and -dzki."""
    feminine = surnames.str.replace(r"(sk|ck|dzk)i$", "${1}a")
    return _where(is_female, feminine, surnames)


def _fathers_and_sons(
    rng: np.random.Generator,
    first: pl.Series,
    household: Ints,
    country: Ints,
    is_female: Flags,
    is_head: Flags,
    is_child: Flags,
) -> tuple[pl.Series, Flags, pl.Series]:
    """Some first sons are named after their father; then they are Sr and Jr, though not every system writes it."""
    people = len(household)
    head = np.searchsorted(household, household)
    juniors = [COUNTRY_CODES.index(code) for code in JUNIOR_COUNTRIES]
    son = is_child & ~is_female & ~is_female[head] & np.isin(country, juniors)
    first_son = son.copy()
    first_son[1:] &= ~(son[:-1] & (household[:-1] == household[1:]))
    named = first_son & (rng.random(people) < FATHER_AND_SON_SHARE)
    father = np.zeros(people, dtype=np.bool_)
    father[head[named]] = True
    names = _where(named, first.gather(pl.Series(head)), first)
    suffix = gather(["Sr", "Jr", None], np.where(father, 0, np.where(named, 1, 2)))
    return names, father | named, suffix


def _namesakes(rng: np.random.Generator, people: pl.DataFrame, city: Ints, country: Ints) -> pl.DataFrame:
    """Give some people who live alone the name of another one in the same city."""
    alone = np.flatnonzero(~people["in_household"].to_numpy())
    shuffled = alone[rng.permutation(len(alone))]
    place = country[shuffled] * 1000 + city[shuffled]
    shuffled = shuffled[np.argsort(place, kind="stable")]
    place = np.sort(place, kind="stable")
    pairs = np.flatnonzero((place[:-1] == place[1:]) & (rng.random(max(len(place) - 1, 0)) < NAMESAKE_SHARE))
    pairs = pairs[np.concatenate([[True], np.diff(pairs) > 1])] if len(pairs) else pairs
    original, copy = shuffled[pairs], shuffled[pairs + 1]
    source = np.arange(people.height)
    source[copy] = original
    is_namesake = np.zeros(people.height, dtype=np.bool_)
    is_namesake[original] = is_namesake[copy] = True
    taken = pl.Series(source)
    return people.with_columns(
        first_name=people["first_name"].gather(taken),
        last_name=people["last_name"].gather(taken),
        is_female=people["is_female"].gather(taken),
        is_namesake=pl.Series(is_namesake),
    )


def _nicknames(rng: np.random.Generator, people: pl.DataFrame) -> pl.Series:
    """What a person is called by those who know them; null for most."""
    familiar = nicknames()
    usual = people["first_name"].replace_strict({k: v[0] for k, v in familiar.items()}, default=None)
    other = people["first_name"].replace_strict({k: v[-1] for k, v in familiar.items()}, default=None)
    chosen = _where(rng.random(people.height) < 0.6, usual, other)
    has_one = rng.random(people.height) < NICKNAME_SHARE
    return _where(has_one, chosen, _nulls(people.height))


def _nulls(count: int) -> pl.Series:
    return pl.Series("", [None], dtype=pl.String).new_from_index(0, count)


def _where(condition: Flags, yes: pl.Series, no: pl.Series) -> pl.Series:
    return yes.zip_with(pl.Series(condition), no)


def moves(population: Population, seed: int) -> tuple[Ints, Flags]:
    """Return for each person when they moved (NEVER for most) and whether they left the household to do so."""
    rng = stream(seed, "moves")
    people = population.people
    household = people["household"].to_numpy()
    family_moves = rng.random(population.households.height) < 0.13
    family_when = times_between(rng.random(population.households.height), seconds(2019, 9), seconds(2025))
    is_child = (people["position"].to_numpy() > 1) & ~family_moves[household]
    leaves = is_child & (rng.random(len(population)) < 0.25)
    leaves_when = times_between(rng.random(len(population)), seconds(2019, 9), seconds(2025))
    when = np.where(family_moves[household], family_when[household], np.where(leaves, leaves_when, NEVER))
    return np.where(when == NEVER, NEVER, when // DAY * DAY), leaves
