"""What a household shares of keys is told by first names and dates of birth: where far more of them have nothing in common than one person's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.comparisons import BY_NAME, KEY_LEVELS, Comparison
from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.shared_keys import (
    BELIEVED_TO,
    MOST_SHARED,
    NUMBERS_BELIEVED_TO,
    NUMBERS_TOLD_FROM,
    PRIOR_PAIRS_AT_HOME,
    TOLD_FROM,
    Agreeing,
    agreeing_on_keys,
    how_surely_shared,
    numbers_shared,
    with_keys_shared,
)
from cdp_assets.candidate_links.studied_pairs import TrainingData
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.candidate_links.weights import ComparedPairs, prior_parameters
from cdp_assets_tests.candidate_links.frames import families, profiles, scattered

FIRST_NAME, DATE_OF_BIRTH = BY_NAME["first_name"], BY_NAME["date_of_birth"]
IDENTIFIER, EMAIL = BY_NAME["identifier"], BY_NAME["email"]
ALL_PAIRS = 1e6
BELIEVED = prior_parameters([FIRST_NAME, DATE_OF_BIRTH, IDENTIFIER, EMAIL], 1e-3, 1e-3)
HOMES = ALL_PAIRS * 1e-3


def number(comparison: Comparison, level: str) -> int:
    return comparison.numbers_of([level])[0]


def pairs(**gammas: list[int]) -> ComparedPairs:
    count = len(next(iter(gammas.values())))
    ids = pl.DataFrame({"id_l": np.arange(count), "id_r": np.arange(count) + count})
    return ComparedPairs(ids, {name: np.array(levels) for name, levels in gammas.items()}, {})


def data(candidates: ComparedPairs, same: ComparedPairs, random: ComparedPairs, stand_for: float = 1.0) -> TrainingData:
    rules, same_rules = (np.ones(len(of), dtype=np.int64) for of in (candidates, same))
    return TrainingData(candidates, rules, stand_for, random, same, same_rules, ALL_PAIRS, 1500)


NOTHING = pairs(first_name=[], identifier=[], email=[])
SAME_NAME, SAME_NUMBER = number(FIRST_NAME, "same"), number(IDENTIFIER, "same")
SAME_BIRTH = number(DATE_OF_BIRTH, "same")
FOLLOWS = number(IDENTIFIER, "one character off")


def test_pairs_that_agree_on_a_key_are_counted_with_their_first_names() -> None:
    candidates = pairs(
        first_name=[SAME_NAME, 0, 0, -1, 0], identifier=[SAME_NUMBER, SAME_NUMBER, 0, SAME_NUMBER, SAME_NUMBER]
    )
    same = pairs(first_name=[SAME_NAME, SAME_NAME, -1], identifier=[SAME_NUMBER, -1, SAME_NUMBER])
    random = pairs(first_name=[0, 0, 0, -1], identifier=[0, -1, 0, 0])
    told = {"identifier": {"first_name": Agreeing(8.0, 4.0, 0.5)}}
    assert agreeing_on_keys(data(candidates, same, random, 2.0)) == told
    nameless = pairs(identifier=[SAME_NUMBER])
    assert agreeing_on_keys(data(nameless, nameless, nameless)) == {}


def test_where_a_side_has_no_first_name_dates_of_birth_tell_them_apart() -> None:
    names, numbers = [SAME_NAME, 0, -1, -1, -1], [SAME_NUMBER] * 5
    candidates = pairs(first_name=names, date_of_birth=[0, SAME_BIRTH, 0, SAME_BIRTH, -1], identifier=numbers)
    same = pairs(first_name=[-1, -1], date_of_birth=[SAME_BIRTH, -1], identifier=[SAME_NUMBER, SAME_NUMBER])
    random = pairs(first_name=[0, -1, -1, -1], date_of_birth=[0, 0, 0, -1], identifier=[0, 0, -1, 0])
    assert agreeing_on_keys(data(candidates, same, random)) == {
        "identifier": {"first_name": Agreeing(2.0, 1.0, 0.25), "date_of_birth": Agreeing(3.0, 1.0, 0.25)}
    }
    undated, without = (pairs(date_of_birth=[0], identifier=[SAME_NUMBER]), pairs(date_of_birth=[], identifier=[]))
    assert list(agreeing_on_keys(data(undated, without, undated))["identifier"]) == ["date_of_birth"]


def test_where_companies_are_compared_keys_of_other_families_may_be_colleagues() -> None:
    last = BY_NAME["last_name"]
    same, slip = number(last, "same"), number(last, "one slip")
    told = {"first_name": [0] * 5, "identifier": [SAME_NUMBER] * 5, "last_name": [same, slip, 0, -1, same]}
    random = pairs(first_name=[0, 0], identifier=[0, -1], last_name=[0, 0], company=[0, 0])
    for company, agreeing in ((None, 4.0), ([-1] * 5, 2.0)):
        candidates = pairs(**told, **({} if company is None else {"company": company}))
        of_families = agreeing_on_keys(data(candidates, candidates, random))
        # The same records say the same, and count as candidates do.
        assert of_families == {"identifier": {"first_name": Agreeing(2 * agreeing, agreeing, 0.5)}}


ADDRESS, LAST_NAME = BY_NAME["address"], BY_NAME["last_name"]
HERE, ELSEWHERE = number(ADDRESS, "same street and number"), number(ADDRESS, "same city, other postcode")
SAME_FAMILY = number(LAST_NAME, "same")


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({"address": [HERE], "last_name": [0]}, True),
        ({"address": [ELSEWHERE], "last_name": [SAME_FAMILY]}, False),
        ({"address": [0], "last_name": [-1]}, False),
        ({"address": [-1], "last_name": [0]}, False),
        ({"address": [-1], "last_name": [number(LAST_NAME, "one slip")]}, True),
        ({"address": [-1], "last_name": [-1]}, True),
        ({"address": [ELSEWHERE]}, False),
        ({"last_name": [0]}, False),
        ({}, True),
    ],
)
def test_who_has_another_home_or_another_name_shares_no_key_of_a_household(
    told: dict[str, list[int]], counts: bool
) -> None:
    candidates = pairs(first_name=[0], identifier=[SAME_NUMBER], **told)
    nobody = pairs(first_name=[], identifier=[], **{name: [] for name in told})
    random = pairs(first_name=[0], identifier=[0], **{name: [0] for name in told})
    expected = Agreeing(float(counts), float(counts), 1.0)
    assert agreeing_on_keys(data(candidates, nobody, random)) == {"identifier": {"first_name": expected}}


def shared(name: str, agreeing: float, differing: float, apart: str = "first_name") -> float:
    """The share of a household's pairs that is told to agree on a key, where so many pairs do, and so many are told ``apart``."""
    told = {name: {apart: Agreeing(agreeing, differing, 1.0)}}
    found = with_keys_shared(BELIEVED, data(NOTHING, NOTHING, NOTHING), told, BELIEVED, np.zeros(0))[name]
    assert found.h is not None
    assert sum(found.h) == pytest.approx(1.0)
    assert (found.m, found.u) == (BELIEVED.shares[name].m, BELIEVED.shares[name].u)
    return sum(found.h[at] for at in BY_NAME[name].places_of(KEY_LEVELS[name]))


@pytest.mark.parametrize("name", ["identifier", "email"])
def test_far_more_names_that_differ_than_one_person_has_are_people_who_share(name: str) -> None:
    believed = shared(name, 0, 0)
    assert believed == pytest.approx({"identifier": 0.005, "email": 0.1}[name], rel=0.02)
    assert shared(name, 1000, 0) == pytest.approx(believed, rel=1e-3)
    # Twice as many as the prior says of one person's: nothing is told by them.
    assert shared(name, 1000, 2000 * BELIEVED.shares["first_name"].m[-1]) == pytest.approx(believed, rel=1e-3)
    told = [shared(name, 1000, differing) for differing in (100, 350, 500, 800)]
    assert told == sorted(told)
    assert told[0] == pytest.approx(believed, rel=1e-3)
    assert shared(name, 1000, 500, "date_of_birth") > TOLD_FROM
    names = BELIEVED.shares["first_name"]
    assert names.h is not None
    at_home = (800 - 2000 * names.m[-1]) / (names.h[-1] - 2 * names.m[-1])
    assert told[-1] == pytest.approx(
        (at_home + PRIOR_PAIRS_AT_HOME * believed) / (HOMES + PRIOR_PAIRS_AT_HOME), rel=1e-3
    )
    assert TOLD_FROM < told[-1] < MOST_SHARED
    assert shared(name, 1e5, 1e5) == pytest.approx(MOST_SHARED, abs=0.1)  # some are mistyped


@pytest.mark.parametrize("name", ["identifier", "email"])
def test_what_is_believed_passes_into_what_is_told_without_a_leap(name: str) -> None:
    told = [shared(name, 1000, differing) for differing in range(80, 700, 2)]
    assert told[0] == pytest.approx(shared(name, 0, 0), rel=1e-3)
    assert told[-1] > TOLD_FROM
    assert max(np.diff(told)) < 0.01


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("email", BELIEVED_TO, TOLD_FROM), ("identifier", NUMBERS_BELIEVED_TO, NUMBERS_TOLD_FROM)],
)
def test_how_surely_a_key_is_shared_is_told_by_how_many_share_it(name: str, low: float, high: float) -> None:
    assert [how_surely_shared(name, share) for share in (0.0, low, high, 1.0)] == [0.0, 0.0, 1.0, 1.0]
    assert how_surely_shared(name, (low + high) / 2) == pytest.approx(0.5)


def test_how_surely_numbers_are_shared_is_told_by_how_many_a_household_has_in_common() -> None:
    assert numbers_shared(BELIEVED) == 0.0
    shares = BELIEVED.shares["identifier"]
    assert shares.h is not None
    shared = BELIEVED.with_shares("identifier", replace(shares, h=(0.9, shares.h[1], 0.1 - shares.h[1])))
    assert numbers_shared(shared) == 1.0
    assert numbers_shared(prior_parameters([FIRST_NAME], 1e-3, 1e-3)) == 0.0


@pytest.mark.parametrize(("name", "level"), [("identifier", "one character off"), ("email", "mistyped")])
def test_what_a_household_shares_is_mistyped_as_often_as_one_persons(name: str, level: str) -> None:
    slip, comparison = BY_NAME[name].places_of([level])[0], BY_NAME[name]
    agree = comparison.places_of(KEY_LEVELS[name])
    careless = BELIEVED.shares[name]
    m = [0.0] * len(careless.m)
    m[agree[0]], m[slip], m[-1] = 0.6, 0.3, 0.1
    parameters = BELIEVED.with_shares(name, replace(careless, m=tuple(m)))

    def told(differing: float) -> tuple[float, ...]:
        seen = {name: {"first_name": Agreeing(1000.0, differing, 1.0)}}
        found = with_keys_shared(BELIEVED, data(NOTHING, NOTHING, NOTHING), seen, parameters, np.zeros(0))[name].h
        assert found is not None
        assert sum(found) == pytest.approx(1.0)
        return found

    for differing in (500.0, 990.0):
        h = told(differing)
        assert h[slip] / sum(h[at] for at in agree) == pytest.approx(0.5)
        assert 1.0 - h[-1] <= MOST_SHARED + 1e-9
    assert told(0.0)[slip] == pytest.approx((careless.h or ())[slip])


def test_numbers_that_follow_each_other_are_told_by_people_of_one_household() -> None:
    names, follow = [0] * 900 + [SAME_NAME] * 100, [FOLLOWS] * 450 + [0] * 450 + [FOLLOWS] * 100
    of = data(pairs(first_name=names, identifier=follow), NOTHING, NOTHING)
    told = {"identifier": {"first_name": Agreeing(0.0, 0.0, 1.0)}}
    found = with_keys_shared(BELIEVED, of, told, BELIEVED, np.ones(1000))["identifier"].h
    strangers = with_keys_shared(BELIEVED, of, told, BELIEVED, np.zeros(1000))["identifier"].h
    assert found is not None
    assert strangers is not None
    at = IDENTIFIER.numbers_of(["one character off"])[0]
    believed = BELIEVED.shares["identifier"].h
    assert believed is not None
    assert found[-1 - at] == pytest.approx(
        (450 + PRIOR_PAIRS_AT_HOME * believed[-1 - at]) / (900 + PRIOR_PAIRS_AT_HOME)
    )
    assert strangers == pytest.approx(believed)


# -- families whose contract does not say what they share -----------------------------------------------------------------


def with_numbers(own: Callable[[int, int], str], leave_out: tuple[str, ...] = ()) -> pl.DataFrame:
    """Families, each member with two records, of which one in three has a misspelt name."""
    rows: list[dict[str, Any]] = []
    for at, family in enumerate(families()):
        for nth, member in enumerate(family):
            told = {name: value for name, value in member.items() if name not in leave_out}
            for copy in range(2):
                last = str(member["last_name"])
                misspelt = (
                    {"last_name": last[:-1]}
                    if copy and (at + nth) % 3 == 0
                    else {"phones": [f"+4915{at:03d}{nth}{copy}"]}
                )
                rows.append(told | misspelt | {"identifiers": [f"no={own(at, nth)}"]})
    return profiles(*rows)


def of_a_family(family: int, _: int) -> str:
    return scattered(family)


def following(family: int, member: int) -> str:
    return f"{of_a_family(family, member)}{member}"


def of_ones_own(family: int, member: int) -> str:
    return scattered(3 * family + member)


def linked(people: pl.DataFrame, model: TrainedModel, column: str) -> tuple[int, int]:
    """How many links are accepted, and of how many both sides say the same in a column."""
    links = score(people, model).filter(pl.col("decision") == ACCEPTED)
    left, right = (people.get_column(column).gather(links.get_column(f"profile_id_{side}") - 1) for side in "lr")
    return links.height, int((left == right).sum())


@pytest.mark.parametrize("leave_out", [(), ("middle_name",), ("middle_name", "date_of_birth")])
@pytest.mark.parametrize("own", [of_a_family, following, of_ones_own])
def test_members_of_a_family_are_not_one_person_for_the_number_that_they_share(
    own: Callable[[int, int], str], leave_out: tuple[str, ...]
) -> None:
    people = with_numbers(own, leave_out)
    model = train(people, LinkagePolicy())
    links, alike = linked(people, model, "first_name")
    assert links - alike == 0
    assert links > 430
    assert any("people of one household share it" in note for note in model.notes) is (own is of_a_family)


def test_members_of_a_family_whose_first_names_nobody_tells_are_told_apart_by_when_they_were_born() -> None:
    people = with_numbers(of_a_family, ("first_name", "middle_name", "street", "house_number", "city", "postcode"))
    model = train(people, LinkagePolicy())
    links, alike = linked(people, model, "date_of_birth")
    assert links > 400
    assert links - alike < 5  # of 900 pairs of a family: born on days that look alike
    assert "identifier" not in model.own_keys


@pytest.mark.parametrize("own", [of_a_family, of_ones_own])
def test_a_key_that_households_share_is_not_the_own_key_of_who_has_no_name(own: Callable[[int, int], str]) -> None:
    """Beside named members there are records with the number alone and a town: whose they are, only a number of one's own tells."""
    named = with_numbers(own).to_dicts()
    unknown = dict.fromkeys(("first_name", "first_name_root", "last_name", "middle_name", "date_of_birth"))
    bare = [row | unknown | {"street": None, "house_number": None, "phones": []} for row in named[::6]]
    people = profiles(*({k: v for k, v in row.items() if k != "profile_id"} for row in (*named, *bare)))
    model = train(people, LinkagePolicy())
    scored = score(people, model).filter(pl.col("profile_id_r") > len(named))
    accepted = scored.filter(pl.col("decision") == ACCEPTED)
    assert ("identifier" in model.own_keys) is (own is of_ones_own)
    if own is of_a_family:
        assert accepted.is_empty()
        assert any("nobody's own key" in note for note in model.notes)
    else:
        assert accepted.get_column("profile_id_r").n_unique() == len(bare)


def test_who_writes_from_friends_mailboxes_is_not_one_person_with_who_lives_there() -> None:
    """Nobody has a mailbox, but each of a family uses those of three others: what they share is no household's."""
    chance = np.random.default_rng(11)
    first_names = ["".join(chance.choice(list("abdefgiklmnorstu"), 6)) for _ in range(200)]
    members = [member | {"first_name": first_names[chance.integers(200)]} for family in families() for member in family]
    mailboxes = [f"{member['first_name']}.{member['last_name']}@mail.example" for member in members]
    told = ("first_name", "last_name", "street", "house_number", "city", "postcode")
    rows = []
    for member in members:
        lenders = chance.choice(len(members), 3, replace=False)
        rows += [{name: member[name] for name in told} | {"emails": [mailboxes[of]]} for of in lenders]
    people = profiles(*rows)
    model = train(people, LinkagePolicy())
    links, alike = linked(people, model, "first_name")
    assert alike >= 3 * len(members)  # some of a family are named alike
    assert links - alike < 20  # by a letter
    assert "email" not in model.own_keys
    assert any(note.startswith("email: of records that agree") for note in model.notes)
