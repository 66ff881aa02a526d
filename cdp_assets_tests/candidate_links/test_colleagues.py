"""People of one company share its name, address, telephone and number: four proofs that are one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.colleagues import NamedApart, of_one_company, tells_colleagues, with_work
from cdp_assets.candidate_links.comparisons import BY_NAME, COMPANY, KEY_LEVELS, ONE_COMPANY
from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.explain import COLLEAGUES, HOUSEHOLD, explain, match_weight
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.priors import PRIOR_PAIRS_AT_WORK, SHARED_AT_WORK
from cdp_assets.candidate_links.scoring import rescore, score
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.candidate_links.weights import (
    ComparedPairs,
    LevelShares,
    Parameters,
    colleague_bits,
    discounts,
    match_weights,
    prior_parameters,
)
from cdp_assets_tests.candidate_links.frames import FIRST, LAST, STREETS, TOWNS, profiles, scattered

pytestmark = pytest.mark.xdist_group("colleagues")

FIRST_NAME, LAST_NAME, PHONE = (BY_NAME[name] for name in ("first_name", "last_name", "phone"))
ADDRESS = BY_NAME["address"]
SAME = {name: len(comparison.scored) - 1 for name, comparison in BY_NAME.items()}


def pairs(log_tf: dict[str, list[float]] | None = None, **gammas: list[int]) -> ComparedPairs:
    count = len(next(iter(gammas.values())))
    ids = pl.DataFrame({"id_l": np.arange(count), "id_r": np.arange(count) + count})
    of = {name: np.array(levels) for name, levels in gammas.items()}
    return ComparedPairs(ids, of, {name: np.array(logs) for name, logs in (log_tf or {}).items()})


# -- who is a colleague ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "tells"),
    [
        (["first_name", "company"], True), (["last_name", "phone"], True), (["company", "phone"], False),
        (["first_name", "last_name", "date_of_birth"], False),
    ],
)  # fmt: skip
def test_colleagues_are_told_by_what_they_share_and_by_names(names: list[str], tells: bool) -> None:
    shares = prior_parameters([BY_NAME[name] for name in names], 1e-3, 1e-3).shares
    assert tells_colleagues(shares) is tells
    believed = sum(shares["company"].u[at] for at in COMPANY.places_of(ONE_COMPANY)) if "company" in names else 0.0
    assert of_one_company(shares) == pytest.approx(believed)


def test_pairs_are_of_colleagues_if_their_names_have_nothing_in_common() -> None:
    first, last = SAME["first_name"], SAME["last_name"]
    told = NamedApart.of(
        pairs(
            first_name=[0, 0, first, -1, -1, 0, 0],
            last_name=[0, last, 0, 0, -1, -1, 0],
            company=[SAME["company"]] * 5 + [0, -1],
        )
    )
    assert told.differ.tolist() == [True, False, False, True, False, True, True]
    assert told.one_company.tolist() == [True] * 5 + [False] * 2
    assert told.untold.tolist() == [False] * 6 + [True]
    nothing = NamedApart.of(pairs(first_name=[0, first], phone=[0, 0]))
    assert nothing.differ.tolist() == [True, False]
    assert not nothing.one_company.any()
    assert nothing.untold.all()
    # One company makes colleagues of all who are unrelated; else it is told by what they have in common.
    found = told.of_colleagues(np.full(7, 0.5), np.array([0.0] * 5 + [1.0, 0.0]))
    assert found.tolist() == [0.5, 0.0, 0.0, 0.5, 0.0, 0.25, 0.0]


def test_what_colleagues_share_is_believed_until_their_pairs_say_otherwise() -> None:
    believed = prior_parameters([PHONE], 1e-3, 1e-3).shares["phone"]
    shares = with_work("phone", believed)
    assert shares.c is not None
    assert (shares.m, shares.u, shares.h) == (believed.m, believed.u, believed.h)
    at = PHONE.places_of(KEY_LEVELS["phone"])
    assert sum(shares.c) == pytest.approx(1.0)
    agree = SHARED_AT_WORK["phone"] * sum(believed.m[i] for i in at)
    assert sum(shares.c[i] for i in at) == pytest.approx(agree, rel=1e-4)
    nobody, everybody = np.zeros(len(believed.m)), np.zeros(len(believed.m))
    nobody[-1], everybody[at[0]] = 997.0, 997.0
    none, all_of_them = (with_work("phone", believed, counts).c or () for counts in (nobody, everybody))
    assert sum(none[i] for i in at) == pytest.approx(agree * PRIOR_PAIRS_AT_WORK / 1000, rel=1e-3)
    assert all_of_them[at[0]] > 0.99


# -- what is taken off ----------------------------------------------------------------------------------------------------


def office(colleagues: float = 1 / 32, sharing: float = 2**-10) -> Parameters:
    """One pair in 32 is of one company, of those that tell none one in 1,024; half of these have its phone and its address, as one in 1,024 of all."""

    def shares(name: str, c: float, u: float) -> LevelShares:
        count = SAME[name] + 1
        return LevelShares(
            *((share, *[(1 - share) / (2 * (count - 2))] * (count - 2), (1 - share) / 2) for share in (0.8, u)),
            None,
            (c, *[(1 - c) / (2 * (count - 2))] * (count - 2), (1 - c) / 2),
        )

    return Parameters(
        {"company": shares("company", 1 - 1e-9, 1 / 32), "phone": shares("phone", 0.5, 2**-10), "address": shares("address", 0.5, 2**-10)},
        1e-3, 1e-6, colleagues=colleagues, sharing=sharing,
    )  # fmt: skip


COMPANIES, PHONES, ADDRESSES = SAME["company"], SAME["phone"], SAME["address"]


def test_a_company_in_common_explains_what_else_is_in_common_and_not_itself() -> None:
    seen = pairs(
        company=[COMPANIES, COMPANIES, COMPANIES, -1, -1, 0],
        phone=[-1, PHONES, PHONES, PHONES, PHONES, PHONES],
        address=[-1, -1, ADDRESSES, -1, ADDRESSES, ADDRESSES],
    )
    bits = colleague_bits(seen, office())
    # Of one company: 2^-5 of all pairs, and 2^-5 of strangers. Each of the others: half of colleagues, 2^-10 of strangers. Where nobody tells a
    # company, 2^-10 are of one: what one thing explains is less than chance does.
    assert bits[:5] == pytest.approx([0.0, 9.0, 18.0, 0.0, 8.0], abs=1e-6)
    assert bits[5] == 0.0  # another company
    found = discounts(seen, office())
    assert found.total == pytest.approx(bits, abs=1e-2)
    assert found.household == pytest.approx(0.0, abs=1e-2)
    assert colleague_bits(seen, replace(office(), sharing=0.0)).tolist() == [0.0] * 6
    assert colleague_bits(pairs(company=[COMPANIES], phone=[0], address=[-1]), office()).tolist() == [
        0.0
    ]  # another number: not less than nothing


def test_a_company_is_as_rare_as_its_name_or_its_number() -> None:
    """Of two who have a rare company's name and number in common, the rarer of both counts once."""
    seen = pairs(
        {"company": [-12.0, -12.0, -3.0], "phone": [np.nan, -11.0, np.nan]},
        company=[COMPANIES] * 3, phone=[-1, PHONES, -1], address=[-1] * 3,
    )  # fmt: skip
    alone, with_number, large = colleague_bits(seen, office())
    assert (alone, large) == (0.0, 0.0)
    assert with_number == pytest.approx(
        10.0, abs=1e-6
    )  # what is left is 12 bits of the name, and that a number is the same
    frequent = pairs({"phone": [-11.0]}, company=[-1], phone=[PHONES], address=[-1])
    assert colleague_bits(frequent, office()).tolist() == [0.0]  # how many have that number is known


def test_parameters_of_models_that_know_no_colleagues_stand() -> None:
    told = office()
    assert Parameters.from_dict(told.as_dict()) == told
    former = told.as_dict()
    del former["colleagues"], former["sharing"]
    for shares in former["shares"].values():
        del shares["c"]
    read = Parameters.from_dict(former)
    assert (read.colleagues, read.sharing) == (0.0, 0.0)
    assert all(shares.c is None for shares in read.shares.values())
    seen = pairs(company=[COMPANIES], phone=[PHONES], address=[-1])
    assert discounts(seen, read).colleagues.tolist() == [0.0]
    assert match_weights(seen, read)[0] - match_weights(seen, told)[0] == pytest.approx(9.0, abs=0.1)


# -- offices --------------------------------------------------------------------------------------------------------------


def offices(
    count: int = 40, people: int = 6, *, number: bool = False, own_phones: bool = False
) -> list[dict[str, Any]]:
    """Two records of everybody in so many offices: names, one of them misspelt in a third of all, company, its address, and its telephone."""
    rng = np.random.default_rng(4)
    rows: list[dict[str, Any]] = []
    for at in range(count):
        company = f"{''.join(rng.choice(list('bcdfghklmnprstvw'), 3))}{rng.choice(LAST)} {rng.choice(['foods', 'steel', 'labs'])}"
        place = {
            "company": company, "street": str(rng.choice(STREETS)), "house_number": str(at + 1),
            "city": str(rng.choice(TOWNS)), "postcode": f"p{at}",
        }  # fmt: skip
        for nth in range(people):
            first, last = str(rng.choice(FIRST)), f"{rng.choice(LAST)}{''.join(rng.choice(list('abdegmnost'), 2))}"
            phone = f"+4915{at:03d}{nth if own_phones else 0}00"
            for copy in range(2):
                misspelt = last[:-1] if copy and rng.random() < 0.3 else last
                row = place | {"first_name": first, "last_name": misspelt, "phones": [phone]}
                row |= {"identifiers": [f"account={scattered(at)}"]} if number else {}
                row |= {"job_title": ["buyer", "clerk", "engineer"][nth % 3]} if copy else {}
                rows.append(row)
    return rows


@cache
def in_offices(*, number: bool = False) -> tuple[pl.DataFrame, TrainedModel]:
    """Everybody in :func:`offices`, and a model that is trained on them."""
    people = profiles(*offices(number=number))
    return people, train(people, LinkagePolicy())


def wrong_and_right(people: pl.DataFrame, model: TrainedModel) -> tuple[int, int]:
    """Accepted links between two people, and of one, where each has two profiles in a row."""
    links = score(people, model).filter(pl.col("decision") == ACCEPTED)
    left, right = (links.get_column(f"profile_id_{side}") - 1 for side in "lr")
    same = int((left // 2 == right // 2).sum())
    return len(links) - same, same


@pytest.mark.parametrize("number", [False, True])
def test_colleagues_are_not_one_person_for_what_their_company_gave_them(number: bool) -> None:
    people, model = in_offices(number=number)
    wrong, right = wrong_and_right(people, model)
    assert wrong <= 6  # of 2,400 pairs of colleagues
    assert right > 225  # of 240
    assert model.parameters.colleagues == pytest.approx(1 / 40, rel=0.4)
    at = PHONE.places_of(KEY_LEVELS["phone"])
    assert sum((model.parameters.shares["phone"].c or ())[i] for i in at) > 0.9
    assert "phone" not in model.own_keys
    assert any(note.startswith("phone: colleagues, or others under other names, share it") for note in model.notes)
    assert any(note.startswith("identifier: colleagues, or others") for note in model.notes) is number
    assert not any("people of one household" in note for note in model.notes)


@pytest.mark.parametrize("number", [False, True])
def test_colleagues_are_told_apart_where_nobody_tells_the_company(number: bool) -> None:
    people = profiles(*({name: of for name, of in row.items() if name != "company"} for row in offices(number=number)))
    model = train(people, LinkagePolicy())
    wrong, right = wrong_and_right(people, model)
    assert wrong <= 6  # of 2,400 pairs of colleagues
    assert right > 225  # of 240
    assert model.parameters.colleagues == 0.0
    assert model.parameters.sharing == pytest.approx(1 / 40, rel=0.4)
    assert "phone" not in model.own_keys


def test_telephones_of_ones_own_stay_what_one_is_known_by() -> None:
    people = profiles(*offices(own_phones=True))
    model = train(people, LinkagePolicy())
    wrong, right = wrong_and_right(people, model)
    assert (wrong, right) == (0, 240)
    assert "phone" in model.own_keys
    assert not any("share it" in note for note in model.notes)


def test_a_record_without_a_first_name_is_not_a_colleagues() -> None:
    """In three of ten records one of the names is missing: what is left and the office are no proof."""
    rng = np.random.default_rng(9)
    rows = offices()
    for row in rows:
        if rng.random() < 0.3:
            row["first_name" if rng.random() < 0.5 else "last_name"] = None
    people = profiles(*rows)
    wrong, right = wrong_and_right(people, train(people, LinkagePolicy()))
    assert wrong < 15
    assert right > 160


def test_what_a_company_explains_is_a_line_of_its_own() -> None:
    people, model = in_offices()
    one, colleague, elsewhere = (people.filter(pl.col("profile_id") == at) for at in (1, 3, 13))
    lines = {row.comparison: row for row in explain(one, colleague, model)}
    assert lines[COLLEAGUES].weight < -8
    assert lines[COLLEAGUES].says == "against"
    assert -1.0 < lines[HOUSEHOLD].weight <= 0.0
    assert COLLEAGUES not in {row.comparison for row in explain(one, elsewhere, model)}
    pair = score(people, model).filter((pl.col("profile_id_l") == 1) & (pl.col("profile_id_r") == 2))
    rows = explain(*(people.filter(pl.col("profile_id") == at) for at in (1, 2)), model)
    assert match_weight(rows) == pytest.approx(pair["match_weight"].item(), abs=1e-5)
    assert -sum(row.weight for row in rows if row.comparison in (HOUSEHOLD, COLLEAGUES)) == pytest.approx(
        pair["household_bits"].item(), abs=1e-5
    )


def test_what_changes_in_an_office_is_scored_as_all_of_it() -> None:
    people, model = in_offices()
    former, people = (people.filter(pl.col("profile_id") % of != 0) for of in (7, 11))
    found = rescore(people, former, score(former, model), model)
    assert found.profiles_touched > 60
    assert found.pairs.equals(score(people, model))


def test_organisations_have_no_colleagues() -> None:
    rows = [
        {name: row[name] for name in ("company", "street", "house_number", "city", "postcode", "phones")}
        for row in offices()
    ]
    model = train(profiles(*rows), LinkagePolicy())
    assert (model.parameters.colleagues, model.parameters.sharing) == (0.0, 0.0)
    assert all(shares.c is None for shares in model.parameters.shares.values())
