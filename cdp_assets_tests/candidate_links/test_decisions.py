from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.candidate_links.comparisons import BY_NAME, COMPARISONS, CROSSED
from cdp_assets.candidate_links.decisions import (
    NAMES_ALONE_BITS,
    NAMESAKES_AT_HOME_BITS,
    NAMESAKES_AT_HOME_MATCHES,
    RULES,
    at,
    decide,
)

ACCEPT, REVIEW = 1.0, -4.0
NAMED = {"first_name": "same", "last_name": "same"}


def decided(
    weight: float, is_one_persons: bool = False, learned_from: float = 0.0, **levels: str
) -> tuple[str, str] | None:
    """The decision on one pair whose comparisons stand at ``levels``; the others have nothing to compare."""
    row: dict[str, object] = {"match_weight": weight, "is_one_persons": is_one_persons}
    for comparison in COMPARISONS:
        names = [level.name for level in comparison.scored]
        at_level = levels.get(comparison.name)
        row[f"gamma_{comparison.name}"] = -1 if at_level is None else len(names) - 1 - names.index(at_level)
    frame = pl.DataFrame([row])
    rows = decide(frame, ACCEPT, REVIEW, learned_from).select("decision", "reason").rows()
    return None if not rows else (rows[0][0], rows[0][1])


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(1.0, ("accepted", "weight")), (0.99, ("review", "weight")), (-4.0, ("review", "weight")), (-4.01, None)],
)
def test_the_weight_decides_where_no_rule_does(weight: float, expected: tuple[str, str] | None) -> None:
    assert decided(weight, **NAMED) == expected


def test_father_and_son_are_kept_apart_unless_the_birth_dates_agree() -> None:
    assert decided(9.0, **NAMED, suffix="different", date_of_birth="different") == ("conflict", "FATHER_AND_SON")
    assert decided(9.0, **NAMED, suffix="different") == ("conflict", "FATHER_AND_SON")
    assert decided(9.0, **NAMED, suffix="different", date_of_birth="same") == ("accepted", "weight")


def test_a_suffix_on_one_side_says_that_there_is_another_of_this_name() -> None:
    junior = {**NAMED, "suffix": "told on one side only", "address": "same street, number and town"}
    assert decided(5.0, **junior) == ("review", "JUNIOR_OR_SENIOR")
    assert decided(5.0, **junior, email="different", phone="same") == ("accepted", "weight")
    assert decided(5.0, **junior, email="different", date_of_birth="same") == ("accepted", "weight")


def test_one_name_at_one_address_with_two_birth_dates_is_two_people_unless_the_weight_leaves_no_doubt() -> None:
    home = {**NAMED, "address": "same street, number and town", "date_of_birth": "different"}
    assert decided(-9.0, **home) == ("conflict", "NAMESAKES")
    assert decided(ACCEPT + NAMESAKES_AT_HOME_BITS - 0.1, **home) == ("conflict", "NAMESAKES")
    assert decided(ACCEPT + NAMESAKES_AT_HOME_BITS, **home) == ("accepted", "weight")
    # What many matches have shown of dates is in the weight.
    half = ACCEPT + NAMESAKES_AT_HOME_BITS / 2
    assert decided(half - 0.1, learned_from=NAMESAKES_AT_HOME_MATCHES, **home) == ("conflict", "NAMESAKES")
    assert decided(half, learned_from=NAMESAKES_AT_HOME_MATCHES, **home) == ("accepted", "weight")
    assert decided(ACCEPT + 0.1, learned_from=1e5, **home) == ("accepted", "weight")
    assert decided(ACCEPT - 0.1, learned_from=1e5, **home) == ("conflict", "NAMESAKES")
    assert decided(2.0, **{**home, "date_of_birth": "one digit off"}) == ("accepted", "weight")
    assert decided(-3.0, **home, email="same") == ("review", "weight")
    assert decided(-9.0, **{**home, "address": "different"}) is None


@pytest.mark.parametrize("key", [{"identifier": "same"}, {"email": "same"}, {"phone": "one of several the same"}])
def test_one_key_alone_under_other_names_waits_for_a_person(key: dict[str, str]) -> None:
    other = {"first_name": "different", "last_name": "different", "company": "same"}
    assert decided(9.0, **other, **key) == ("review", "OTHER_NAMES")
    assert decided(9.0, **other, **key, date_of_birth="same") == ("accepted", "weight")
    assert decided(9.0, **other, **key, address="same street, number and town") == ("accepted", "weight")
    assert decided(9.0, **(other | {"last_name": "one slip"}), **key) == ("accepted", "weight")
    assert decided(REVIEW - 0.1, **other, **key) is None


def test_names_alone_do_not_join_people_of_whom_everything_else_differs() -> None:
    elsewhere = {**NAMED, "address": "same city, other postcode"}
    assert decided(5.0, **elsewhere, email="different") == ("review", "MOVED_OR_NAMESAKE")
    assert decided(5.0, **elsewhere) == ("accepted", "weight")
    assert decided(1.0 + NAMES_ALONE_BITS - 0.1, **elsewhere) == ("review", "MOVED_OR_NAMESAKE")
    assert decided(1.0 + NAMES_ALONE_BITS, **elsewhere) == ("accepted", "weight")
    assert decided(1.5, **elsewhere, email="same") == ("accepted", "weight")
    assert decided(5.0, **elsewhere, email="different", phone="same") == ("accepted", "weight")
    assert decided(5.0, **elsewhere, email="different", date_of_birth="one digit off") == ("accepted", "weight")
    assert decided(5.0, **NAMED, address="same postcode", email="different") == ("accepted", "weight")


def test_an_address_that_is_only_probable_does_not_join_two_of_one_name_with_other_birth_dates() -> None:
    colleagues = {**NAMED, "email": "probably the same", "date_of_birth": "different"}
    assert decided(5.0, **colleagues) == ("review", "COLLEAGUES")
    assert decided(-4.5, **colleagues) is None
    assert decided(5.0, **{**colleagues, "date_of_birth": "one digit off"}) == ("accepted", "weight")
    assert decided(5.0, **colleagues, phone="same") == ("accepted", "weight")
    assert decided(5.0, **{**colleagues, "email": "same"}) == ("accepted", "weight")


def test_household_members_are_barred_even_below_review() -> None:
    members = {"first_name": "different", "last_name": "same", "date_of_birth": "different", "phone": "same"}
    assert decided(-9.0, **members) == ("conflict", "HOUSEHOLD_MEMBERS")
    assert decided(-9.0, **{**members, "phone": "different"}) is None
    assert decided(-3.0, **{**members, "identifier": "same"}) == ("review", "weight")
    # Adler Hugo and Anna Adler: the family's name in each other's place, and their own differ.
    crossed = {**members, "first_name": CROSSED}
    del crossed["last_name"]
    assert decided(-9.0, **crossed) == ("conflict", "HOUSEHOLD_MEMBERS")
    assert decided(-9.0, **{**crossed, "first_name": "stands in the other's last name"}) is None


def test_names_that_cross_contradict_a_key_and_one_that_may_be_the_familys_does_not() -> None:
    assert decided(-9.0, is_one_persons=True, first_name="stands in the other's last name", email="same") == (
        "accepted",
        "OWN_KEY",
    )
    assert decided(-9.0, is_one_persons=True, first_name=CROSSED, email="same") is None


def test_another_sex_and_another_birth_date_are_another_person_unless_a_key_agrees() -> None:
    other = {**NAMED, "sex": "different", "date_of_birth": "different"}
    assert decided(9.0, **other) == ("conflict", "OTHER_SEX_AND_BIRTH")
    assert decided(-4.5, **other) is None
    assert decided(9.0, **other, identifier="same") == ("accepted", "weight")
    assert decided(9.0, **{**other, "sex": "same"}) == ("accepted", "weight")
    assert decided(9.0, **{**other, "date_of_birth": "one digit off"}) == ("accepted", "weight")


def test_twins_and_partners_wait_for_a_person() -> None:
    home = "same street, number and town"
    twins = {"first_name": "different", "last_name": "same", "date_of_birth": "same", "address": home}
    assert decided(0.0, **twins) == ("review", "TWINS")
    assert decided(0.0, first_name="different", last_name="same", address=home) == ("review", "PARTNERS")


def test_a_key_of_another_person_is_a_conflict_but_two_keys_are_not() -> None:
    other = {"first_name": "different", "last_name": "different", "date_of_birth": "different"}
    assert decided(5.0, **other, identifier="same") == ("conflict", "TWO_KEYS")
    assert decided(5.0, **other, identifier="same", email="same") == ("accepted", "weight")


def test_a_key_of_ones_own_is_enough_unless_something_contradicts() -> None:
    assert decided(-3.0, is_one_persons=True, email="same") == ("accepted", "OWN_KEY")
    assert decided(-9.0, is_one_persons=True, phone="same", first_name="same") == ("accepted", "OWN_KEY")
    assert decided(-3.0, is_one_persons=False, email="same") == ("review", "weight")
    assert decided(-3.0, is_one_persons=True, email="same", first_name="different") == ("review", "PARTNERS")
    assert decided(-3.0, is_one_persons=True, email="same", date_of_birth="different") == ("review", "weight")


def test_a_comparison_that_the_model_lacks_never_holds() -> None:
    frame = pl.DataFrame({"gamma_first_name": [0]})
    assert frame.select(at(frame, "email", "same"))["literal"].to_list() == [False]
    with pytest.raises(ValueError, match="no such level"):
        at(frame, "first_name", "sort of the same")


def test_every_rule_says_what_it_means() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.says and rule.decision in {"accepted", "review", "conflict"} for rule in RULES)
    assert BY_NAME["first_name"].scored[-1].name == "different"
