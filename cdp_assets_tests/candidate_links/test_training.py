from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links import estimation, plausibility, studied_pairs, training
from cdp_assets.candidate_links.blocking import BLOCKING_RULES
from cdp_assets.candidate_links.calibration import OF_MISSPELT, OF_RELATIVES, Calibration
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import (
    AMONG_MIDDLE_NAMES,
    BY_NAME,
    CROSSED,
    OWN_RECORDS,
    READ_OTHERWISE,
    SWAPPED,
    Comparison,
)
from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.estimation import MOST_SWAPPED_ARE_CROSSED, Estimated, estimate
from cdp_assets.candidate_links.explain import explain
from cdp_assets.candidate_links.frequencies import term_frequencies
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.priors import FAMILY_NAME_AT_HOME, NAMED_ALIKE_AT_HOME, PRIORS, PROBABLE_EMAIL_BITS
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.studied_pairs import TrainingData, random_pairs
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import own_key_probabilities, train
from cdp_assets.candidate_links.weights import ComparedPairs, prior_parameters, with_shared_home
from cdp_assets.standardized.scripts import IDEOGRAPHS
from cdp_assets_tests.candidate_links.frames import FIRST, LAST, families, profiles, town
from cdp_assets_tests.candidate_links.people import people_among


def test_the_same_model_from_rows_in_any_order_and_any_threads(
    town_profiles: pl.DataFrame, town_model: TrainedModel
) -> None:
    shuffled = town_profiles.sample(fraction=1.0, shuffle=True, seed=5)
    other = train(shuffled, LinkagePolicy(), DuckDBEngine(threads=2))
    assert other.model_version == town_model.model_version
    assert other.settings == town_model.settings
    assert other.term_frequencies.equals(town_model.term_frequencies)


def test_parameters_are_shares_and_exact_levels_speak_for_a_match(town_model: TrainedModel) -> None:
    parameters = town_model.parameters
    for name, shares in parameters.shares.items():
        assert sum(shares.m) == pytest.approx(1.0, abs=1e-6)
        assert sum(shares.u) == pytest.approx(1.0, abs=1e-6)
        for at, level in enumerate(BY_NAME[name].scored):
            if BY_NAME[name].prior(level).exact:
                assert shares.m[at] > shares.u[at], (name, level.name)


def test_it_is_known_from_how_many_matches_a_model_has_learned(
    town_profiles: pl.DataFrame, town_model: TrainedModel
) -> None:
    pairs = len(town_profiles) * (len(town_profiles) - 1) / 2
    assert town_model.parameters.learned_from == pytest.approx(town_model.parameters.matches * pairs, rel=0.05)


def test_the_share_of_matches_is_that_of_the_data(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    _, whose = town()
    people = list(whose.values())
    true_pairs = sum(people[a] == people[b] for a in range(len(people)) for b in range(a))
    count = len(town_profiles)
    assert town_model.parameters.matches * count * (count - 1) / 2 == pytest.approx(true_pairs, rel=0.15)


def test_a_handful_of_profiles_leaves_the_prior_and_says_so() -> None:
    few = profiles(
        {"first_name": "anna", "last_name": "adler", "city": "york"},
        {"first_name": "hugo", "last_name": "vogt", "city": "leeds"},
        {"first_name": "rosa", "last_name": "keller", "city": "bath"},
    )
    model = train(few, LinkagePolicy(), DuckDBEngine(threads=1))
    assert any("prior parameters stand" in note for note in model.notes)
    comparisons = [BY_NAME[name] for name in model.fields]
    expected = prior_parameters(comparisons, 0.1, 0.1).shares["last_name"]
    assert model.parameters.shares["last_name"].m == pytest.approx(expected.m, rel=1e-6)
    assert model.parameters.learned_from == 0.0


def test_where_hardly_anybody_has_two_records_only_m_is_left_to_the_prior() -> None:
    """Couples, each with one record: the data says that there are no matches, and that people live together."""
    rng = np.random.default_rng(4)
    rows: list[dict[str, Any]] = []
    for home in range(50):
        last = "".join(rng.choice(list("abdefgklmnorstu"), 7))
        place = {"street": f"lane {last}", "house_number": str(home + 1), "city": "york", "postcode": f"p{home}"}
        for first in rng.choice(FIRST, 2, replace=False):
            born = f"{rng.integers(1930, 2000)}-{rng.integers(1, 13):02d}-{rng.integers(2, 28):02d}"
            rows.append({"first_name": str(first), "last_name": last, "date_of_birth": born, **place})
    model = train(profiles(*rows), LinkagePolicy(), DuckDBEngine(threads=1))
    pairs = len(rows) * (len(rows) - 1) / 2
    assert any("prior parameters of m stand" in note for note in model.notes)
    assert model.parameters.matches * pairs < estimation.MIN_MATCHES + 1
    assert model.parameters.households * pairs > 25


def test_nothing_to_compare_is_a_model_that_links_nothing() -> None:
    model = train(profiles({}, {}), LinkagePolicy(), DuckDBEngine(threads=1))
    assert model.fields == ()
    assert any("no field is filled" in note for note in model.notes)


def test_an_exact_level_that_speaks_against_a_match_gets_its_prior_back() -> None:
    comparison = BY_NAME["last_name"]
    prior = prior_parameters([comparison], 0.01, 0.001)
    before = prior.shares["last_name"]
    wrong = replace(before, m=(0.0001, *before.m[1:-1], before.m[-1] + before.m[0] - 0.0001))
    checked, notes = plausibility.checked(prior.with_shares("last_name", wrong), prior, comparison)
    assert checked.shares["last_name"] == prior.shares["last_name"]
    assert "the prior stands" in notes[0]


def test_what_strangers_have_in_common_stays_where_the_prior_is_put_back() -> None:
    comparison = BY_NAME["last_name"]
    prior = prior_parameters([comparison], 0.01, 0.001)
    before = prior.shares["last_name"]
    u = (0.4, *before.u[1:-1], before.u[-1] - 0.4 + before.u[0])  # two strangers in five have one name
    wrong = replace(before, m=(0.3, *before.m[1:-1], before.m[-1] + before.m[0] - 0.3), u=u)
    checked, notes = plausibility.checked(prior.with_shares("last_name", wrong), prior, comparison)
    assert checked.shares["last_name"].m == before.m
    assert checked.shares["last_name"].u == u
    assert "the prior stands" in notes[0]


def test_what_strangers_share_more_often_than_one_persons_records_do_tells_nothing() -> None:
    comparison = BY_NAME["address"]
    prior = prior_parameters([comparison], 0.01, 0.001)
    before = prior.shares["address"]
    u = (0.9, *(0.1 * share / sum(before.u[1:]) for share in before.u[1:]))
    wrong = replace(before, m=(0.85, *(0.15 * share / sum(before.m[1:]) for share in before.m[1:])), u=u)
    checked, notes = plausibility.checked(prior.with_shares("address", wrong), prior, comparison)
    assert checked.shares["address"].m == u
    assert checked.shares["address"].h == pytest.approx(u)
    assert "it tells nothing here" in notes[0]


def test_pupils_of_one_school_are_not_one_for_its_address() -> None:
    """Everybody has the school's address, but for slips; born within two years; every name is somebody else's first name, too."""
    rng = np.random.default_rng(3)
    school = {"street": "school lane", "house_number": "1", "city": "oxford", "postcode": "ox14aa"}
    rows: list[dict[str, Any]] = []
    for _ in range(150):
        last = "".join(rng.choice(list("aeimnorstu"), 7))
        pupil = {"first_name": str(rng.choice(FIRST)), "last_name": last}
        born = f"{rng.integers(2004, 2006)}-{rng.integers(1, 13):02d}-{rng.integers(10, 28)}"
        slipped = {**school, "street": "school lnae"} if rng.random() < 0.15 else school
        rows += [{**pupil, "date_of_birth": born, **school}, {**pupil, "date_of_birth": born, **slipped}]
    told = profiles(*rows)
    model = train(told, LinkagePolicy(), DuckDBEngine(threads=1))
    shares = model.parameters.shares.get("address")
    if shares is not None:  # else it was left out, as the same everywhere
        assert np.log2(shares.m[0] / shares.u[0]) < 1.0
    accepted = score(told, model, DuckDBEngine(threads=1)).filter(decision="accepted")
    assert accepted.height
    named = told.select("profile_id", "last_name")
    beside = accepted.join(named, left_on="profile_id_l", right_on="profile_id").join(
        named, left_on="profile_id_r", right_on="profile_id", suffix="_r"
    )
    assert beside.filter(pl.col("last_name") != pl.col("last_name_r")).is_empty()


def test_where_estimation_took_relatives_for_matches_links_are_accepted_with_more_care(
    town_profiles: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = train(town_profiles, LinkagePolicy(), DuckDBEngine(threads=1))
    assert usual.calibration == Calibration()
    monkeypatch.setattr(estimation, "differ_together", lambda *_: True)
    careful = train(town_profiles, LinkagePolicy(), DuckDBEngine(threads=1))
    assert careful.calibration == OF_RELATIVES
    assert any("took relatives for matches" in note for note in careful.notes)
    assert any("accepted with more care" in note for note in careful.notes)


def test_estimation_that_does_not_settle_leaves_the_prior(
    town_profiles: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimation, "MAX_ROUNDS", 1)
    monkeypatch.setattr(estimation, "CONVERGED", 1e-9)
    model = train(town_profiles, LinkagePolicy(), DuckDBEngine(threads=1))
    assert any("still moving" in note for note in model.notes)
    prior = prior_parameters([BY_NAME["last_name"]], 0.1, 0.1).shares["last_name"]
    assert model.parameters.shares["last_name"].m == pytest.approx(prior.m, rel=1e-6)


def test_relatives_are_not_taken_for_misspelt_matches() -> None:
    """Families at one address, no date of birth: matches with different first names stay below the bound."""
    rng = np.random.default_rng(2)
    rows: list[dict[str, Any]] = []
    for home in range(60):
        last = "".join(rng.choice(list("abdefgklmnorstu"), 7))
        place = {"street": "".join(rng.choice(list("abdefgklmnorstu"), 9)), "house_number": str(home), "city": "york"}
        for first in rng.choice(FIRST, 3, replace=False):
            rows += [{"first_name": str(first), "last_name": last, **place}] * 2
    model = train(profiles(*rows), LinkagePolicy(), DuckDBEngine(threads=1))
    assert model.parameters.shares["first_name"].m[-1] <= plausibility.MOST_FIRST_NAMES_DIFFER_UNSUPPORTED + 1e-6
    assert model.parameters.households > model.parameters.matches > 0


def test_tenants_of_one_building_are_not_taken_for_one_organisation() -> None:
    """Three organisations in each of forty buildings, two records of each: the address alone makes nobody one."""
    tenants = [f"{word} {trade}" for word in FIRST for trade in ("motors", "foods", "media", "farms", "roofing")]
    rows = []
    for building in range(40):
        place = {
            "street": f"lane {building}",
            "house_number": str(building + 1),
            "city": "york",
            "postcode": f"p{building}",
        }
        for floor in range(3):
            name = tenants[(7 * building + 11 * floor) % len(tenants)]
            rows += [{**place, "company": name}, {**place, "company": name + (" ltd" if floor else "")}]
    shares = train(profiles(*rows), LinkagePolicy(), DuckDBEngine(threads=1)).parameters.shares["company"]
    assert shares.m[-1] <= plausibility.MOST_ORGANISATIONS_DIFFER


def test_fathers_taken_for_their_sons_do_not_make_another_suffix_speak_for_a_match() -> None:
    """One name and one home, senior and junior, and no date of birth: all but the suffix says that they are one."""
    rng = np.random.default_rng(8)
    rows: list[dict[str, Any]] = []
    for person in range(200):
        first, last = str(rng.choice(FIRST)), "".join(rng.choice(list("abdefgklmnorstu"), 7))
        home = {"street": f"lane {last}", "house_number": str(person), "city": "york", "postcode": f"p{person}"}
        own = {"first_name": first, "last_name": last, **home}
        others = ({"suffix": "sr"}, {"suffix": "jr"}) if person % 10 == 0 else ({}, {"middle_name": "k"})
        rows += [{**own, **told} for told in others]
    model = train(profiles(*rows), LinkagePolicy(), DuckDBEngine(threads=1))
    suffix = model.parameters.shares["suffix"]
    assert suffix.m[-1] <= suffix.u[-1] < 0.1
    assert suffix.m[0] > suffix.u[0]


NAMES_SWAPPED = pytest.mark.xdist_group("swapped")
"""On one worker: the model is trained once."""


@pytest.fixture(scope="module")
def the_other_way_round() -> pl.DataFrame:
    """Families with one mailbox, two records of each member; in three of twenty records first and last name stand in each other's place."""
    rng = np.random.default_rng(5)
    rows: list[dict[str, Any]] = []
    for at, family in enumerate(families()):
        for nth, member in enumerate(family):
            for copy in range(2):
                told = member | {"emails": [f"family{at}@mail.example"], "phones": [f"+4915{at:03d}{nth}{copy}"]}
                told["middle_name"] = None
                swapped = (
                    {"first_name": told["last_name"], "last_name": told["first_name"]} if rng.random() < 0.15 else {}
                )
                rows.append(told | swapped)
    return profiles(*rows)


@pytest.fixture(scope="module")
def model_of_swapped(the_other_way_round: pl.DataFrame) -> TrainedModel:
    return train(the_other_way_round, LinkagePolicy(), DuckDBEngine(threads=1))


@NAMES_SWAPPED
def test_members_of_a_family_are_told_apart_where_names_stand_in_each_others_place(
    the_other_way_round: pl.DataFrame, model_of_swapped: TrainedModel
) -> None:
    links = score(the_other_way_round, model_of_swapped).filter(pl.col("decision") == ACCEPTED)
    ends = [links.get_column(f"profile_id_{side}") - 1 for side in "lr"]
    other = int((ends[0] // 2 != ends[1] // 2).sum())
    assert len(links) - other > 400  # of 450
    assert other < 10  # of 1,800 pairs within families


@NAMES_SWAPPED
def test_names_swapped_in_two_of_a_household_and_crossed_in_one_are_learned_from_names_that_are_swapped(
    model_of_swapped: TrainedModel,
) -> None:
    first, last = (model_of_swapped.parameters.shares[name] for name in ("first_name", "last_name"))
    levels = [level.name for level in BY_NAME["first_name"].scored]
    swapped, crossed = levels.index(SWAPPED), levels.index(CROSSED)
    assert first.h is not None
    assert last.h is not None
    assert first.m[swapped] == pytest.approx(2 * 0.15 * 0.85, abs=0.04)
    assert first.m[crossed] <= MOST_SWAPPED_ARE_CROSSED * first.m[swapped] + 1e-6
    assert first.h[crossed] == pytest.approx(FAMILY_NAME_AT_HOME * first.m[swapped], rel=1e-3)
    believed = prior_parameters([BY_NAME["first_name"], BY_NAME["last_name"]], 1e-3, 1e-3).shares
    assert first.h[0] - max(NAMED_ALIKE_AT_HOME, first.u[0]) == pytest.approx(0.15**2, abs=0.01)
    assert believed["last_name"].h is not None
    assert last.h[-1] - believed["last_name"].h[-1] == pytest.approx(0.15**2, abs=0.02)
    assert sum(first.h) == pytest.approx(sum(last.h)) == pytest.approx(1.0)


def test_the_employer_of_a_person_may_change_more_often_than_the_name_of_an_organisation() -> None:
    assert "company" not in plausibility.most_that_differ({"first_name", "last_name", "company"})
    assert "company" in plausibility.most_that_differ({"company", "address"})


def test_one_person_has_another_last_name_in_a_quarter_of_the_pairs_at_most() -> None:
    assert plausibility.most_that_differ({"last_name", "phone"}) == {"last_name": plausibility.MOST_LAST_NAMES_DIFFER}
    assert plausibility.most_that_differ({"phone"}) == {}


@pytest.mark.parametrize(
    ("first_differs", "born_differs", "both", "relatives"),
    [(14, 9, 5, True), (43, 25, 8, False), (15, 7, 1, False), (5, 5, 1, False), (5, 5, 4, True)],
    ids=["families", "two slips in most values", "usual slips", "hardly any", "few, and all of them together"],
)
def test_first_names_and_birth_dates_that_differ_together_are_relatives(
    first_differs: int, born_differs: int, both: int, relatives: bool
) -> None:
    count, names = 100, ["first_name", "date_of_birth"]
    gammas = {name: np.full(count + 2, len(BY_NAME[name].scored) - 1) for name in names}
    gammas["first_name"][:first_differs] = 0
    gammas["date_of_birth"][first_differs - both : first_differs - both + born_differs] = 0
    for name, unlike in (("first_name", 0), ("date_of_birth", -1)):
        gammas[name][count:] = unlike  # of whom one tells no date, and another is no match
    of_match = np.ones(count + 2)
    pairs = ComparedPairs(pl.DataFrame({"id_l": range(count + 2), "id_r": range(count + 2)}), gammas, {})
    assert plausibility.differ_together(pairs, of_match) == relatives
    without = ComparedPairs(pairs.ids, {"first_name": gammas["first_name"]}, {})
    assert not plausibility.differ_together(without, of_match)
    # Where hardly a pair tells of both, a pair in doubt says nothing of the others.
    assert not plausibility.differ_together(pairs, of_match / 2)


def _people_written_twice(records_of_the_same: int) -> pl.DataFrame:
    """Two profiles of each of 80 people: another phone, or another spelling of the first name; with the records that each profile has."""
    rng = np.random.default_rng(6)
    rows: list[dict[str, Any]] = []
    for number in range(80):
        last = "".join(rng.choice(list("abdefgklmnorstu"), 7))
        person = {"first_name": FIRST[number % len(FIRST)], "last_name": last, "phones": [f"+44113496{number:04d}"]}
        other = {"phones": [f"+44117496{number:04d}"]} if number % 2 else {"first_name": person["first_name"] + "xy"}
        rows += [person, person | other]
    return profiles(*rows).with_columns(records=pl.lit(records_of_the_same, dtype=pl.Int64))


def test_records_that_say_the_same_count_as_matches_that_agree() -> None:
    """They are one profile; a model that saw none of them would believe that one person's phones differ in half of all pairs."""
    once, twice = (train(_people_written_twice(count), LinkagePolicy(), DuckDBEngine(threads=1)) for count in (1, 2))
    for name in ("first_name", "phone"):
        assert twice.parameters.shares[name].m[0] > once.parameters.shares[name].m[0] + 0.1
        assert twice.parameters.shares[name].u[0] == pytest.approx(once.parameters.shares[name].u[0], rel=0.1)
    # The share of matches is that among pairs of profiles, of which there are as many.
    assert twice.parameters.matches == pytest.approx(once.parameters.matches, rel=0.15)


def test_of_a_sample_of_profiles_as_large_a_part_says_the_same_as_of_its_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[TrainingData] = []

    def watched(data: TrainingData, comparisons: list[Comparison]) -> Estimated:
        found.append(data)
        return estimate(data, comparisons)

    monkeypatch.setattr(training, "estimate", watched)
    several = town(600)[0].with_columns(records=pl.lit(2, dtype=pl.Int64))
    train(several, LinkagePolicy(), DuckDBEngine(threads=1))
    monkeypatch.setattr(studied_pairs, "STUDIED_PROFILES", len(several) // 2)
    train(several, LinkagePolicy(), DuckDBEngine(threads=1))
    whole, half = found
    assert len(whole.same) == len(several)
    assert len(half.same) == pytest.approx(len(several) / 4, rel=0.15)
    by_email = 1 << [rule.name for rule in BLOCKING_RULES].index("SAME_EMAIL")
    tells_email = whole.same.gammas["email"] >= 0
    assert 0 < tells_email.sum() < len(several)
    assert ((whole.same_rules & by_email) > 0).tolist() == tells_email.tolist()


def test_a_class_of_pairs_that_are_hardly_ever_the_same_and_no_more_alike_than_strangers_is_not_people() -> None:
    comparisons = [BY_NAME["last_name"], BY_NAME["phone"], BY_NAME["sex"]]
    prior = prior_parameters(comparisons, 0.01, 0.001)
    unlike, misspelt = prior, prior
    for name in ("last_name", "phone"):
        shares = prior.shares[name]
        between = len(shares.m) - 2
        different = replace(shares, m=(0.01, *(0.09 / between for _ in shares.m[1:-1]), 0.9))
        alike = replace(shares, m=(0.01, 0.01, *(0.88 / (between - 1) for _ in shares.m[2:-1]), 0.1))
        unlike, misspelt = unlike.with_shares(name, different), misspelt.with_shares(name, alike)
    assert plausibility.strange_comparisons(prior, prior, comparisons) == []
    assert plausibility.strange_comparisons(unlike, prior, comparisons) == ["last_name", "phone"]
    assert plausibility.strange_comparisons(misspelt, prior, comparisons) == []
    assert plausibility.rarely_exact(misspelt, comparisons) == ["last_name", "phone"]
    assert plausibility.rarely_exact(prior, comparisons) == []


def test_where_nearly_every_value_is_misspelt_matches_are_learned_and_accepted_with_more_care() -> None:
    rng = np.random.default_rng(4)

    def slip(text: str) -> str:
        at = int(rng.integers(1, len(text)))
        return text[:at] + str(rng.choice(list("bcdfghkl"))) + text[at + 1 :]

    rows: list[dict[str, Any]] = []
    for person in range(120):
        first, last, street = ("".join(rng.choice(list("aeimnorstu"), size)) for size in (7, 8, 10))
        born = f"{rng.integers(1940, 2000)}-{rng.integers(1, 13):02d}-{rng.integers(10, 28)}"
        for _ in range(3):
            rows.append(
                {"first_name": slip(first), "last_name": slip(last), "date_of_birth": born, "street": slip(street),
                 "house_number": str(person % 50 + 1), "city": "york"}
            )  # fmt: skip
    model = train(profiles(*rows), LinkagePolicy(), DuckDBEngine(threads=1))
    assert model.parameters.shares["last_name"].m[0] < 0.2  # learned, not the prior's
    assert model.calibration == OF_MISSPELT
    assert any("accepted with more care" in note for note in model.notes)


def test_a_household_writes_its_name_and_phone_as_carelessly_as_a_person_does() -> None:
    careful = prior_parameters([BY_NAME["last_name"]], 0.01, 0.001).shares["last_name"]
    assert careful.h is not None
    m = (0.3, 0.6, 0.02, 0.03, 0.05)
    careless = with_shared_home("last_name", replace(careful, m=m))
    assert careless.h is not None
    assert careless.h[1] / careless.h[0] == pytest.approx(2.0)
    assert careless.h[-1] == careful.h[-1]
    assert sum(careless.h) == pytest.approx(1.0)


def test_first_names_at_home_are_strangers_but_for_those_named_alike_and_those_told_by_the_family_name() -> None:
    shares = prior_parameters([BY_NAME["first_name"]], 0.01, 0.001).shares["first_name"]
    levels = [level.name for level in BY_NAME["first_name"].scored]
    assert shares.h is not None
    assert sum(shares.h) == pytest.approx(1.0)
    same, family = levels.index("same"), levels.index("stands in the other's last name")
    parents, swapped, crossed = (levels.index(name) for name in (AMONG_MIDDLE_NAMES, SWAPPED, CROSSED))
    assert shares.h[same] == shares.h[parents] == NAMED_ALIKE_AT_HOME
    assert shares.h[family] == pytest.approx(FAMILY_NAME_AT_HOME * shares.m[family])
    # Where one person's names are swapped, one of two of a family's are, who share the other.
    assert shares.h[crossed] == pytest.approx(FAMILY_NAME_AT_HOME * shares.m[swapped])
    others = [at for at in range(len(levels) - 1) if at not in (same, family, parents, crossed)]
    assert [shares.h[at] for at in others] == pytest.approx([shares.u[at] for at in others])


def test_at_home_dates_of_birth_are_strangers_but_for_twins_and_for_one_age_where_years_alone_are_told() -> None:
    dates = prior_parameters([BY_NAME["date_of_birth"]], 0.01, 0.001).shares["date_of_birth"]
    assert dates.h is not None
    assert dates.h[0] == pytest.approx(PRIORS["date_of_birth"]["same"].h, rel=0.05)
    assert dates.h[1:] == pytest.approx([share * (1 - dates.h[0]) / (1 - dates.u[0]) for share in dates.u[1:]])
    years = with_shared_home("date_of_birth", replace(dates, u=(0.03, *dates.u[1:-1], dates.u[-1] + dates.u[0] - 0.03)))
    assert years.h is not None
    assert years.h[0] == pytest.approx(0.06)
    assert sum(years.h) == pytest.approx(1.0)
    assert with_shared_home("date_of_birth", years).h == pytest.approx(years.h)


def test_swapped_names_are_no_rarer_by_chance_than_agreeing_ones(town_model: TrainedModel) -> None:
    first, last = (town_model.parameters.shares[name] for name in ("first_name", "last_name"))
    swapped = [level.name for level in BY_NAME["first_name"].scored].index("first and last name swapped")
    assert first.u[swapped] >= 0.999 * first.u[0] * last.u[0]


def test_random_pairs_are_pairs_and_the_same_every_time() -> None:
    ids = pl.Series([int(x) for x in np.arange(1, 400) * 7_919])
    pairs = random_pairs(ids, 1_000)
    assert 700 < len(pairs) <= 1_000
    assert (pairs["id_l"] < pairs["id_r"]).all()
    assert pairs.equals(random_pairs(ids.sample(fraction=1.0, shuffle=True, seed=1), 1_000))
    assert len(random_pairs(pl.Series([1, 2, 3, 4]), 1_000)) >= 4


def test_settings_say_what_was_chosen_and_why(town_model: TrainedModel) -> None:
    content = json.loads(town_model.settings)
    reasons = {row["name"]: row["reason"] for row in content["comparisons"]}
    assert "of profiles filled" in reasons["date_of_birth"]
    assert "phone" not in town_model.fields
    assert {row["rule"] for row in content["blocking"]} >= {"SAME_EMAIL", "SAME_BIRTH_DATE"}


def test_no_value_of_a_person_is_in_settings_or_notes(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    said = town_model.settings + " ".join(town_model.notes)
    for column in ("last_name", "street", "date_of_birth"):
        for value in town_profiles[column].drop_nulls().unique():
            assert value not in said


def test_only_addresses_that_several_people_carry_have_a_frequency() -> None:
    """A busy customer's own address is no more common among strangers than a quiet one's."""
    own = {"first_name": "anna", "last_name": "adler", "emails": ["anna@x.example"]}
    married = {**own, "last_name": "vogt"}
    shared = {"last_name": "keller", "emails": ["home@x.example"]}
    frame = comparable(
        profiles(own, own, married, {}, {**shared, "first_name": "rosa"}, {**shared, "first_name": "hugo"})
    )
    frequencies = term_frequencies(frame, [BY_NAME["email"], BY_NAME["last_name"]])
    rows = {(field, value): share for field, value, share in frequencies.iter_rows()}
    assert ("email_main", "anna@x.example") not in rows
    assert rows["email_main", "home@x.example"] == pytest.approx(1 / 5)
    assert rows["last_name", "adler"] == pytest.approx(1 / 5)


def test_a_value_is_as_frequent_as_the_profiles_beside_one_that_have_it() -> None:
    rows = [{"last_name": name} for name in ("adler", "vogt", "vogt", "keller", "keller", "keller")]
    frequencies = term_frequencies(comparable(profiles(*rows)), [BY_NAME["last_name"]])
    shares = {value: share for _, value, share in frequencies.iter_rows()}
    # One that nobody else has is as rare as two namesakes make it: so it is, when the second one comes.
    assert shares == {"adler": pytest.approx(1 / 6), "vogt": pytest.approx(1 / 6), "keller": pytest.approx(2 / 6)}


def test_a_person_of_many_records_does_not_make_a_rare_name_common() -> None:
    busy = [{"first_name": "zoe", "last_name": "zwirner"}] * 20
    others = [{"first_name": FIRST[at % 20], "last_name": f"{LAST[at % 15]}{at % 7}"} for at in range(375)]
    few = [{"first_name": first, "last_name": "keller"} for first in FIRST[:5]]
    frame = comparable(profiles(*busy, *others, *few))
    frequencies = term_frequencies(frame, [BY_NAME["first_name"], BY_NAME["last_name"]])
    profiles_with = {(field, value): share * len(frame) for field, value, share in frequencies.iter_rows()}
    # Nobody else has either name: two may be a namesake's, all others are one person's.
    assert profiles_with["first_name", "zoe"] == pytest.approx(2.0)
    assert profiles_with["last_name", "zwirner"] == pytest.approx(2.0)
    # Of names that many people have, next to nothing is left out.
    assert profiles_with["last_name", "keller"] == pytest.approx(4.0)
    assert profiles_with["first_name", "anna"] == pytest.approx(19.0)


def test_how_many_may_be_namesakes_is_told_by_the_others_who_have_a_name() -> None:
    """Half of all records are one person's, whose other name is misspelt in some; and there are as many Zoes and Zwirners beside."""
    busy = [{"first_name": "zoe", "last_name": "zwirner"}] * 100
    misspelt = [{"first_name": "zoe", "last_name": "zwrner"}] * 20
    beside = [{"first_name": "zoe", "last_name": f"{LAST[at % 15]}{at}"} for at in range(20)]
    of_the_name = [{"first_name": FIRST[at % 20], "last_name": "zwirner"} for at in range(40)]
    others = [{"first_name": FIRST[at % 20], "last_name": f"{LAST[at % 15]}{at % 7}"} for at in range(20)]
    frame = comparable(profiles(*busy, *misspelt, *beside, *of_the_name, *others))
    frequencies = term_frequencies(frame, [BY_NAME["first_name"]])
    (zoe,) = frequencies.filter(field="first_name", value="zoe").get_column("frequency")
    # 40 Zoes and 40 Zwirners beside: 2 * 40 * 40 / 200 of the hundred may be namesakes', and two more.
    assert zoe * len(frame) == pytest.approx(140 - (100 - 16 - 2))


def test_identifiers_that_a_household_shares_do_not_tell_its_members_apart() -> None:
    names = {"first_name", "last_name"}
    alone, numbered, born = (
        plausibility.most_that_differ(names | more)["first_name"] for more in (set(), {"identifier"}, {"date_of_birth"})
    )
    assert alone < numbered == born
    told = [plausibility.most_that_differ(names | {"identifier"}, shared)["first_name"] for shared in (0.0, 0.5, 1.0)]
    assert told == pytest.approx([numbered, (numbered + alone) / 2, alone])
    assert plausibility.most_that_differ(names | {"identifier", "date_of_birth"}, 1.0)["first_name"] == born


def at_one_address(street: str, people: int, records: int = 1) -> list[dict[str, Any]]:
    """Records of so many people of different initials, ``records`` each, at one address."""
    home = {"street": street, "house_number": "4", "city": "york", "postcode": "yo1"}
    letters = [(chr(97 + at % 26), chr(97 + at // 26)) for at in range(people)]
    return [{"first_name": f"{a}nna", "last_name": f"{b}dler", **home} for a, b in letters for _ in range(records)]


def test_a_dwelling_has_a_frequency_where_more_people_live_in_it_than_in_any_household() -> None:
    hostel, family, one = (
        at_one_address("mill lane", 40),
        at_one_address("park street", 5, 3),
        [{"street": "a", "city": "b"}],
    )
    busy = [{**row, "first_name": "anna", "last_name": "adler"} for row in at_one_address("high street", 20)]
    houses = [row for at in range(100) for row in at_one_address(f"lane {at}", 2)]
    frame = comparable(profiles(*hostel, *family, *busy, *one, *houses))
    frequencies = term_frequencies(frame, [BY_NAME["address"]]).filter(field="dwelling")
    assert frequencies.rows() == [("dwelling", "mill lane, 4, yo1", pytest.approx(39 / 275))]


def test_where_all_live_in_one_building_its_frequency_is_what_chance_says() -> None:
    barracks, another = at_one_address("mill lane", 60), at_one_address("park street", 12)
    frame = comparable(profiles(*barracks, *another))
    dwellings = term_frequencies(frame, [BY_NAME["address"]]).filter(field="dwelling")
    assert dwellings.get_column("value").to_list() == ["mill lane, 4, yo1"]


def test_the_address_of_a_hostel_proves_less_than_that_of_a_house() -> None:
    hostel, houses = (
        at_one_address("mill lane", 60),
        [
            row
            | {
                "last_name": f"{LAST[at % 15]}{at}",
                "street": f"{LAST[at % 15]} {FIRST[at % 20]} road",
                "house_number": str(at),
            }
            for at in range(80)
            for row in at_one_address("", 1, 2)
        ],
    )
    people = profiles(*hostel, *houses)
    model = train(people, LinkagePolicy())

    def bits(one: int, other: int) -> float:
        rows = (people.filter(pl.col("profile_id") == at) for at in (one, other))
        return next(line.weight for line in explain(*rows, model) if line.comparison == "address")

    assert bits(61, 62) - bits(1, 2) > 2.0


def test_a_household_agrees_on_the_address_as_one_person_does(town_model: TrainedModel) -> None:
    shares = town_model.parameters.shares["address"]
    assert shares.h is not None
    for m, u, h in zip(shares.m, shares.u, shares.h, strict=True):
        assert h == pytest.approx(0.95 * m + 0.05 * u, rel=1e-4)


@pytest.mark.parametrize(("languages", "between"), [(6, (3.0, 6.5)), (1, (1.0, 1.5))])
def test_names_that_go_together_are_seen_as_such(languages: int, between: tuple[float, float]) -> None:
    """Of six languages, strangers agree on both names six times as often as either name lets expect; few pairs leave some of the prior."""
    rng = np.random.default_rng(11)
    rows: list[dict[str, Any]] = []
    for person in range(500):
        ending = "bdfkmx"[rng.integers(languages)]
        first, last = f"{rng.choice(FIRST)}{ending}{ending}", f"{ending}{ending}{rng.choice(LAST)}"
        born = f"{rng.integers(1930, 2000)}-{rng.integers(1, 13):02d}-{rng.integers(2, 28):02d}"
        said = {"first_name": first, "last_name": last, "date_of_birth": born, "postcode": f"p{rng.integers(300)}"}
        rows += [said] * (1 + person % 2)
    model = train(profiles(*rows), LinkagePolicy(), DuckDBEngine(threads=1))
    assert between[0] < model.parameters.namesakes < between[1]


def test_a_model_of_one_name_knows_no_names_that_go_together() -> None:
    frame, _ = town(leave_out=("first_name",))
    assert train(frame, LinkagePolicy(), DuckDBEngine(threads=1)).parameters.namesakes == 1.0


def test_a_rare_level_that_no_random_pair_shows_stays_near_its_prior() -> None:
    prior = (0.000001, 0.01, 0.989999)
    few = estimation._by_chance(np.array([0.0, 0.0, 100.0]), prior)
    many = estimation._by_chance(np.array([0.0, 3000.0, 97_000.0]), prior)
    assert few[0] == pytest.approx(0.000001, rel=0.05)
    assert many[0] == pytest.approx(0.000001, rel=0.3)
    assert many[1] == pytest.approx(0.03, rel=0.01)


def test_what_agrees_on_more_is_no_commoner_by_chance_than_the_prior_says_of_it_there() -> None:
    within = [("town", "street"), ("town", "street"), ("town",), (), ()]
    prior = (0.0001, 0.0004, 0.0495, 0.05, 0.9)
    as_believed = estimation._by_chance(np.array([0.0, 0.0, 5_000.0, 5_000.0, 90_000.0]), prior, within)
    rarer = estimation._by_chance(np.array([0.0, 0.0, 0.0, 5_000.0, 95_000.0]), prior, within)
    alone = estimation._by_chance(np.array([0.0, 0.0, 0.0, 5_000.0, 95_000.0]), prior)
    assert sum(as_believed) == pytest.approx(1.0)
    assert sum(rarer) == pytest.approx(1.0)
    assert rarer[0] / sum(rarer[:3]) == pytest.approx(0.0001 / 0.05, rel=0.1)
    assert rarer[0] < as_believed[0] / 10
    assert alone[0] > alone[2] / 2  # what each level says for itself: a street as common as its town


def test_a_street_in_a_town_weighs_more_than_the_town_where_nobody_shares_either() -> None:
    rows = [
        {"first_name": f"n{at}", "last_name": f"m{at}", "street": f"s{at} road", "house_number": str(at), "city": f"c{at}", "postcode": f"{at:05d}"}
        for at in range(400)
    ]  # fmt: skip
    shares = train(profiles(*rows), LinkagePolicy(), DuckDBEngine()).parameters.shares["address"]
    names = [level.name for level in BY_NAME["address"].scored]
    u = dict(zip(names, shares.u, strict=True))
    assert u["same street, number and town"] < u["same postcode and number or city"] / 20
    assert u["same street and town, number unknown"] < u["same postcode and number or city"] / 10


def test_a_key_is_worth_what_its_other_carriers_show() -> None:
    """Of eighty who carry a mailbox with one other, sixty are of one name with that one."""
    rows = [
        {"first_name": first, "last_name": "berg", "emails": [f"{at}@mail.example"]}
        for at in range(40)
        for first in ("anna", "anna" if at < 30 else "hugo")
    ]
    comparisons = [BY_NAME["first_name"], BY_NAME["email"], BY_NAME["phone"]]
    worth = own_key_probabilities(comparable(profiles(*rows)), comparisons)
    assert worth == {"email": round((60 + 9) / 90, 4), "phone": 0.9}


def test_keys_that_are_lent_too_often_for_a_link_are_nobodys_own() -> None:
    named, whose = town(120)
    lent = named.with_columns(phones=pl.Series([[f"+44{whose[at] // 2}"] for at in named["profile_id"]]))
    model = train(lent, LinkagePolicy(), DuckDBEngine(threads=1))
    assert "phone" not in model.own_keys
    assert any(note.startswith("phone: ") and note.endswith("nobody's own key") for note in model.notes)
    own = named.with_columns(phones=pl.Series([[f"+44{whose[at]}"] for at in named["profile_id"]]))
    for policy in (LinkagePolicy(), LinkagePolicy(false_merge_cost=500.0)):
        # However careful the policy is, an exact key of one's own is not lost.
        assert train(own, policy, DuckDBEngine(threads=1)).own_keys["phone"] > 0.9


def test_a_probable_address_never_weighs_more_than_it_may() -> None:
    rows, _ = town(120)
    carried = rows["emails"].list.first()
    half = pl.int_range(pl.len()) % 2 == 0
    none = pl.lit([], dtype=pl.List(pl.String))
    # Every second profile has its address as a probable one only.
    weak = rows.with_columns(
        probable_emails=pl.when(half & pl.Series(carried.is_not_null())).then("emails").otherwise(none),
        emails=pl.when(half).then(none).otherwise("emails"),
    )
    model = train(weak, LinkagePolicy(), DuckDBEngine(threads=1))
    names = [level.name for level in BY_NAME["email"].scored]
    shares, at = model.parameters.shares["email"], names.index("probably the same")
    assert shares.m[at] > 0.05  # the data show it often
    assert np.log2(shares.m[at] / shares.u[at]) == pytest.approx(PROBABLE_EMAIL_BITS, abs=0.01)
    assert sum(shares.u) == pytest.approx(1.0, abs=1e-6)


def test_a_date_of_birth_that_one_person_has_is_as_rare_as_any_and_a_common_one_is_not() -> None:
    """In small data a date's share of the records is its owner's; a system's placeholder is many people's."""
    anna = {"first_name": "anna", "last_name": "adler", "date_of_birth": "1980-03-05"}
    drawn = {**anna, "first_name": "ting", "last_name": "wang", "last_name_script": "han"}  # may be the same person
    often = {"first_name": "hugo", "last_name": "keller", "date_of_birth": "1971-02-03"}
    filler = [
        {"first_name": name, "last_name": "vogt", "date_of_birth": "1900-06-15"} for name in ("emma", "nils", "rosa")
    ]
    frame = comparable(profiles(anna, anna, drawn, *[often] * 7, *filler))
    frequencies = term_frequencies(frame, [BY_NAME["date_of_birth"]])
    shares = {value: share for _, value, share in frequencies.iter_rows()}
    assert shares == {"19000615": pytest.approx(2 / 13), "19710203": pytest.approx((7 - OWN_RECORDS["dob"]) / 13)}


def test_whose_value_it_is_is_told_as_people_are_counted() -> None:
    rng = np.random.default_rng(2)
    names, scripts = ["anna", "adler", "bea", "bauer", "王", "é", None], [None, None, IDEOGRAPHS, "cyrillic"]
    rows: list[dict[str, Any]] = [
        {
            "first_name": names[rng.integers(7)],
            "last_name": names[rng.integers(7)],
            "last_name_script": scripts[rng.integers(4)],
            "emails": [f"{rng.integers(120)}@x.example"] if rng.random() < 0.8 else [],
        }
        for _ in range(300)
    ]
    frame = comparable(profiles(*rows))
    people = people_among(pl.col("first_root"), pl.col("last_name"))
    counted = frame.drop_nulls("email_main").group_by("email_main").agg(people.alias("people"), pl.len().alias("n"))
    several = counted.filter(pl.col("people") > 1).sort("email_main")
    assert 0 < len(several) < len(counted)
    found = term_frequencies(frame, [BY_NAME["email"]]).filter(pl.col("field") == "email_main")
    assert found["value"].to_list() == several["email_main"].to_list()
    filled = len(frame) - frame["email_main"].null_count()
    assert found["frequency"].to_list() == pytest.approx(((several["n"] - 1) / filled).to_list())


def test_of_profiles_without_a_name_no_value_is_known_to_be_several_peoples() -> None:
    frame = comparable(profiles(*[{"emails": ["a@x.example"]}] * 3))
    assert term_frequencies(frame, [BY_NAME["email"]]).is_empty()


def test_only_data_with_names_in_other_letters_counts_how_often_they_sound_so() -> None:
    names = [{"first_name": "anna", "last_name": "adler"}, {"first_name": "hana", "last_name": "adler"}]
    arabic = {"first_name": "hnan", "last_name": "adlr", "first_name_script": "arabic", "last_name_script": "arabic"}
    compared = [BY_NAME["first_name"], BY_NAME["last_name"]]
    latin = term_frequencies(comparable(profiles(*names)), compared)
    both = term_frequencies(comparable(profiles(*names, arabic)), compared)
    assert set(latin["field"]) == {"first_name", "last_name"}
    # Two of three beside one; and of two of the three, four times in nine one is written in other letters.
    assert both.filter(field="last_sound").rows() == [("last_sound", "tlr", pytest.approx(2 / 3 * 4 / 9))]


def test_strangers_who_are_written_otherwise_sound_the_same_as_often_as_their_frequencies_say() -> None:
    """The frequency of a sound stands in for u, the share of pairs that sound the same *and* are written otherwise."""
    rng = np.random.default_rng(3)
    scripts = [None, "arabic", "cyrillic"]
    rows = [
        {
            "first_name": f"f{n}x",
            "last_name": str(rng.choice(["omar", "ali", "sami"])),
            "last_name_script": scripts[n % 3],
        }
        for n in range(300)
    ]
    frame = comparable(profiles(*rows))
    told = term_frequencies(frame, [BY_NAME["last_name"]]).filter(field="last_sound")
    each = frame.select(value="last_sound", script=pl.col("last_name_script").fill_null("latin"))
    pairs = each.join(each, on="value", suffix="_r").filter(pl.col("script") != pl.col("script_r"))
    by_frequency = each.join(told, on="value").get_column("frequency").mean()
    assert by_frequency == pytest.approx(len(pairs) / len(each) ** 2, rel=0.05)


def test_that_a_system_writes_in_other_letters_never_speaks_for_a_match(town_profiles: pl.DataFrame) -> None:
    half = pl.col("profile_id") % 2 == 0
    drawn = town_profiles.with_columns(
        pl.when(half).then(pl.lit("x" * 9) + pl.col(name).str.reverse()).otherwise(name).alias(name)
        for name in ("first_name", "last_name")
    ).with_columns(pl.when(half).then(pl.lit("han")).alias(f"{name}_script") for name in ("first_name", "last_name"))
    parameters = train(drawn, LinkagePolicy()).parameters
    for name in ("first_name", "last_name"):
        shares = parameters.shares[name]
        at = [level.name for level in BY_NAME[name].scored].index(READ_OTHERWISE)
        assert shares.m[at] <= shares.u[at] * (1 + 1e-6)
        assert shares.u[at] > 0.2
    assert shares.h is not None
    assert shares.h[at] == pytest.approx(shares.u[at], rel=1e-3)  # nor does a household


def test_pairs_in_doubt_do_not_make_each_other_namesakes() -> None:
    """A hundred pairs of the same names, of which chance makes ten: what is believed of namesakes is no reason to take more of them for such."""
    names = {name: np.full(100, len(BY_NAME[name].scored) - 1) for name in ("first_name", "last_name")}
    pairs = ComparedPairs(pl.DataFrame({"id_l": range(100), "id_r": range(100, 200)}), names, {})
    data = TrainingData(
        pairs,
        np.ones(100, dtype=np.int64),
        1.0,
        pairs,
        pairs,
        np.ones(100, dtype=np.int64),
        all_pairs=1e5,
        profiles=450,
    )
    parameters = prior_parameters([BY_NAME[name] for name in names], 1e-12, 1e-12)
    for name in names:
        shares = parameters.shares[name]
        parameters = parameters.with_shares(name, replace(shares, u=(0.01, *shares.u[1:])))
    odds = 4.0  # for strangers, if names do not go together; as often as is believed, if they do
    found = [
        estimation._namesakes(data, parameters, np.full(100, odds * believed / (1 + odds * believed)), believed)
        for believed in (1.0, 5.0)
    ]
    assert found == pytest.approx([(80 + 100) / (10 + 50)] * 2, rel=1e-6)


def test_a_middle_name_that_many_have_proves_less() -> None:
    names = ["ann"] * 30 + [f"{chr(97 + at)}{chr(97 + at)}na" for at in range(26)]
    rows = [
        {"first_name": f"f{at:02d}x", "last_name": f"l{at:02d}y", "middle_name": name, "emails": [f"m{at}@x.example"]}
        for at, name in enumerate(names)
        for _ in range(2)
    ]
    frequencies = train(profiles(*rows), LinkagePolicy()).term_frequencies.filter(field="middle_name")
    told = dict(frequencies.select("value", "frequency").iter_rows())
    assert told["ann"] > 10 * told["aana"]
