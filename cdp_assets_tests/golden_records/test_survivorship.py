from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cdp_assets.golden_records.policy import Rule, SurvivorshipPolicy
from cdp_assets_tests.golden_records.builders import (
    Resolution,
    former,
    golden_row,
    newer,
    one_customer,
    origin,
    postal,
    record,
)


def by(field: str, *rules: Rule) -> SurvivorshipPolicy:
    return SurvivorshipPolicy(fields={field: rules})


def company(*rows: dict[str, Any], rules: tuple[Rule, ...] = ("most_trusted",)) -> tuple[Any, str]:
    resolution = one_customer(*rows, survivorship=by("company", *rules))
    return golden_row(resolution)["company"], origin(resolution, "company")["rule"]


OLD_TRUSTED = record("crm/1", "2020", company="Alpha")
NEW_DOUBTFUL = record("web/1", "2023", company="Betaworks")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("most_trusted", "Alpha"),
        ("most_recent", "Betaworks"),
        ("longest", "Betaworks"),
        ("first_seen", "Alpha"),
    ],
)
def test_each_rule_chooses_what_it_says_and_is_named(rule: Rule, expected: str) -> None:
    assert company(OLD_TRUSTED, NEW_DOUBTFUL, rules=(rule,)) == (expected, rule)


def test_most_frequent_counts_records_not_versions() -> None:
    twice = [record("web/1", "2020", company="Alpha"), record("web/2", "2020", company="ALPHA")]
    once = [former(record("crm/1", "2021", company="Beta")), newer(record("crm/1", "2022", company="Beta"))]
    assert company(*twice, *once, rules=("most_frequent", "longest"))[1] == "most_frequent"
    assert company(*twice, *once, rules=("most_frequent",))[0].lower() == "alpha"


def test_the_second_rule_decides_where_the_first_does_not() -> None:
    same_trust = [record("crm/1", "2020", company="Alpha"), record("crm/2", "2023", company="Beta")]
    assert company(*same_trust, rules=("most_trusted", "most_recent")) == ("Beta", "most_recent")


def test_ties_are_broken_by_trust_then_time_then_text() -> None:
    rules: tuple[Rule, ...] = ("longest",)
    assert company(record("web/1", company="Beta"), record("crm/1", company="Abcd"), rules=rules)[0] == "Abcd"
    later = [record("crm/1", "2020", company="Abcd"), record("crm/2", "2021", company="Beta")]
    assert company(*later, rules=rules) == ("Beta", "most_recent")
    equal = [record("crm/2", company="Beta"), record("crm/1", company="Zeta")]
    assert company(*equal, rules=rules) == ("Beta", "tie_break")


def test_of_equal_values_provenance_names_the_same_record_always() -> None:
    rows = [record("crm/2", company="Alpha"), record("crm/1", company="Alpha")]
    assert origin(one_customer(*rows), "company")["record_id"] == "crm/1"
    assert origin(one_customer(*reversed(rows)), "company")["record_id"] == "crm/1"


def test_an_only_value_needs_no_rule() -> None:
    assert company(record("crm/1", company="Alpha"), record("web/1", company="alpha")) == ("Alpha", "only_value")


def test_current_beats_former_whatever_the_rules_say() -> None:
    rows = [
        former(record("crm/1", "2020", company="Alpha Industries")),
        newer(record("crm/1", "2021", company="Beta")),
    ]
    assert company(*rows, rules=("longest",)) == ("Beta", "current")


def test_a_deleted_record_speaks_only_when_no_other_does() -> None:
    rows = [record("crm/1", "2023", company="Alpha"), record("web/1", "2020", company="Beta")]
    resolution = one_customer(*rows, gone=["crm/1"])
    assert golden_row(resolution)["company"] == "Beta"
    assert origin(resolution, "company")["rule"] == "still_delivered"
    alone = one_customer(rows[0], gone=["crm/1"])
    assert golden_row(alone)["company"] == "Alpha"


def test_a_former_value_of_a_living_record_beats_a_deleted_record() -> None:
    rows = [
        former(record("web/1", "2019", company="Beta")),
        newer(record("web/1", "2020")),
        record("crm/1", "2023", company="Alpha"),
    ]
    assert golden_row(one_customer(*rows, gone=["crm/1"]))["company"] == "Beta"


@pytest.mark.parametrize(
    ("field", "invalid", "valid"),
    [
        ("date_of_birth", date(2022, 1, 1), date(1980, 5, 6)),  # born after the record was made
        ("date_of_birth", date(1880, 1, 1), date(1980, 5, 6)),
        ("company", "12345", "Alpha"),
        ("job_title", "--", "Engineer"),
        ("sex", "?", "f"),
    ],
)
def test_an_invalid_value_never_beats_a_valid_one(field: str, invalid: Any, valid: Any) -> None:
    rows = [record("crm/1", "2021", **{field: invalid}), record("web/1", "2020", **{field: valid})]
    resolution = one_customer(*rows)
    assert golden_row(resolution)[field] == valid
    assert origin(resolution, field)["rule"] == "valid"


def test_a_name_with_digits_never_beats_a_name() -> None:
    rows = [
        record("crm/1", first_name="Dana", last_name="Smith2"),
        record("web/1", first_name="Dana", last_name="Smith"),
    ]
    assert golden_row(one_customer(*rows))["last_name"] == "Smith"


def test_a_name_survives_as_a_whole() -> None:
    rows = [
        record("crm/1", "2020", first_name="Dana", last_name="Okafor"),
        record("web/1", "2023", first_name="Danielle", middle_name="Ruth", last_name="Smith", name_suffix="Jr"),
    ]
    golden = golden_row(one_customer(*rows))
    assert [golden[part] for part in ("first_name", "middle_name", "last_name", "name_suffix", "full_name")] == [
        "Dana",
        None,
        "Okafor",
        None,
        "Dana Okafor",
    ]


def test_a_full_name_beats_initials_even_of_a_better_source() -> None:
    rows = [record("crm/1", first_name="D", last_name="Okafor"), record("web/1", first_name="Dana", last_name="Okafor")]
    resolution = one_customer(*rows)
    assert golden_row(resolution)["first_name"] == "Dana"
    assert origin(resolution, "first_name")["rule"] == "fullest_form"


def test_the_same_name_in_its_fullest_form_takes_the_place_of_the_winner() -> None:
    rows = [
        record("crm/1", first_name="Dana", middle_name="R", last_name="Okafor"),
        record("web/1", first_name="Dana", middle_name="Ruth", last_name="Okafor"),
        record("web/2", first_name="Dora", middle_name="Mary", last_name="Smith", name_suffix="Jr"),
    ]
    resolution = one_customer(*rows)
    assert golden_row(resolution)["full_name"] == "Dana Ruth Okafor"
    assert origin(resolution, "middle_name")["record_id"] == "web/1"


def test_a_former_name_does_not_come_back_because_it_is_fuller() -> None:
    rows = [
        former(record("crm/1", "2019", first_name="Dana", middle_name="Ruth", last_name="Okafor")),
        newer(record("crm/1", "2020", first_name="Dana", last_name="Okafor")),
    ]
    assert golden_row(one_customer(*rows))["middle_name"] is None


def test_a_name_that_was_not_split_is_a_name_when_there_is_no_other() -> None:
    assert golden_row(one_customer(record("web/1", full_name="Cher")))["full_name"] == "Cher"


def test_an_address_survives_as_a_whole_and_the_newest_wins() -> None:
    rows = [
        record("crm/1", "2020", address=postal("12 Oak Street", "Plymouth", "02360")),
        record("web/1", "2023", address=postal("7 Elm Road", "Salem", None, "US")),
    ]
    golden = golden_row(one_customer(*rows))
    assert [golden[part] for part in ("street", "city", "postcode")] == ["7 Elm Road", "Salem", None]


def test_a_country_alone_is_no_address_while_there_is_another() -> None:
    rows = [
        former(record("crm/1", "2020", address=postal("12 Oak Street", "Plymouth", "02360"))),
        record("web/1", "2023", address=postal(country="DE")),
    ]
    assert golden_row(one_customer(*rows))["country"] == "US"
    assert golden_row(one_customer(rows[1]))["country"] == "DE"


def test_the_same_address_told_more_fully_takes_the_place_of_the_winner() -> None:
    rows = [
        record("web/1", "2023", address=postal("12 Oak Street", None, "02360")),
        record("crm/1", "2020", address=postal("12 Oak Street", "Plymouth", "02360", region="MA")),
    ]
    resolution = one_customer(*rows)
    assert golden_row(resolution)["city"] == "Plymouth"
    assert origin(resolution, "street")["record_id"] == "crm/1"


def test_a_records_second_address_is_a_former_one() -> None:
    now, before = postal("7 Elm Road", "Salem", "01970"), postal("12 Oak Street", "Plymouth", "02360")
    rows = [
        record("web/1", "2023", addresses=[now, before]),
        record("crm/1", "2020", addresses=[postal("1 Pine Lane", "Lynn", "01901")]),
    ]
    newest_second = [record("web/1", "2023", addresses=[None, before]), rows[1]]
    assert golden_row(one_customer(*rows))["street"] == "7 Elm Road"
    assert golden_row(one_customer(*newest_second))["street"] == "1 Pine Lane"


def test_runners_up_are_counted_by_cell() -> None:
    rows = [
        record("crm/1", "2023", address=postal("12 Oak Street", "Plymouth", "02360")),
        record("web/1", "2020", address=postal("7 Elm Road", "Plymouth", "02360")),
        record("web/2", "2020", address=postal("1 Pine Lane", "Plymouth", "02361")),
    ]
    resolution = one_customer(*rows)
    counted = {name: origin(resolution, name)["runners_up"] for name in ("street", "city", "postcode")}
    assert counted == {"street": 2, "city": 0, "postcode": 1}


def test_customers_are_chosen_for_one_by_one() -> None:
    rows = [record("crm/1", company="Alpha"), record("crm/2", company="Beta"), record("crm/3")]
    golden = Resolution(rows, {"C1": ["crm/1"], "C2": ["crm/2"], "C3": ["crm/3"]}).golden().customers
    assert golden.get_column("company").to_list() == ["Alpha", "Beta", None]


def test_an_address_whose_record_has_a_malformed_postcode_never_beats_one_without() -> None:
    wrong = record(
        "crm/1", "2024", address=postal("12 Oak Street", "Plymouth", "0236"), problems=["postcode:malformed"]
    )
    right = record("web/1", "2019", address=postal("7 Elm Road", "Salem", "01970"))
    resolution = one_customer(wrong, right)
    assert golden_row(resolution)["street"] == "7 Elm Road"
    assert origin(resolution, "street")["rule"] == "valid"
    assert golden_row(one_customer(wrong))["postcode"] == "0236"
