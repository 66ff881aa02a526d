from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from cdp_assets_tests.golden_records.builders import (
    Resolution,
    correction,
    former,
    golden_row,
    moment,
    newer,
    one_customer,
    origin,
    postal,
    record,
    said,
)


def steward(*rows: tuple[str, str, str, str, str], **more: Any) -> pl.DataFrame:
    """Corrections as the ledger hands them out: record, field, value, word, when."""
    return pl.DataFrame(
        [
            {
                "correction_id": number,
                "record_id": record_id,
                "field": field,
                "value": value,
                "correction": word,
                "corrected_by": "sam",
                "corrected_at": moment(at),
                **more,
            }
            for number, (record_id, field, value, word, at) in enumerate(rows)
        ]
    )


CRM = record("crm/1", "2020", company="Alpha", job_title="Engineer")


def test_a_set_value_is_golden_and_provenance_says_why() -> None:
    fix = correction("support/1", "2021", "crm/1", "company", "Beta")
    resolution = Resolution([CRM, fix], {"C1": ["crm/1"], "C2": ["support/1"]})
    assert golden_row(resolution)["company"] == "Beta"
    found = origin(resolution, "company")
    assert {name: found[name] for name in ("record_id", "source", "import_id", "rule", "runners_up")} == {
        "record_id": "crm/1",
        "source": "support",
        "import_id": "20210101T000000Z-support",
        "rule": "correction",
        "runners_up": 1,
    }
    assert found["observed_at"] == moment("2021")


def test_a_set_value_stands_where_no_source_has_one() -> None:
    resolution = one_customer(CRM, correction("support/1", "2021", "crm/1", "sex", "Female"))
    assert golden_row(resolution)["sex"] == "f"
    assert origin(resolution, "sex")["runners_up"] == 0


def test_a_re_import_of_the_old_value_does_not_undo_a_correction() -> None:
    again = record("web/9", "2023", company="alpha")
    fix = correction("support/1", "2021", "crm/1", "company", "Beta")
    assert golden_row(one_customer(CRM, again, fix))["company"] == "Beta"


def test_a_source_that_catches_up_is_the_origin_again() -> None:
    fix = correction("support/1", "2021", "crm/1", "company", "Beta")
    caught_up = newer(record("crm/1", "2022", company="beta"))
    resolution = one_customer(former(CRM), caught_up, fix)
    assert golden_row(resolution)["company"] == "beta"
    assert origin(resolution, "company")["source"] == "crm"


def test_the_newest_set_of_a_field_counts() -> None:
    fixes = [
        correction("support/1", "2022", "crm/1", "company", "Gamma"),
        correction("support/2", "2021", "crm/1", "company", "Beta"),
    ]
    assert golden_row(one_customer(CRM, *fixes))["company"] == "Gamma"


def test_a_correction_of_one_customer_is_not_anothers() -> None:
    rows = [CRM, record("crm/2", company="Alpha"), correction("support/1", "2021", "crm/1", "company", "Beta")]
    golden = Resolution(rows, {"C1": ["crm/1"], "C2": ["crm/2"]}).golden().customers
    assert golden.get_column("company").to_list() == ["Beta", "Alpha"]


def test_a_stewards_correction_counts_as_a_systems_does() -> None:
    resolution = one_customer(CRM, steward=steward(("crm/1", "company", "Beta", "set", "2021")))
    assert golden_row(resolution)["company"] == "Beta"
    found = origin(resolution, "company")
    assert (found["record_id"], found["source"], found["import_id"]) == ("crm/1", "steward", "ledger")


def test_a_steward_may_name_the_customer() -> None:
    named = steward(("crm/1", "company", "Beta", "set", "2021"), customer_id="C1").with_columns(
        record_id=pl.lit(None, pl.String)
    )
    resolution = one_customer(CRM, steward=named)
    assert golden_row(resolution)["company"] == "Beta"
    assert origin(resolution, "company")["record_id"] == "crm/1"


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("company", "Beta", "replace"),
        ("shoe_size", "42", "set"),
        ("date_of_birth", "yesterday", "set"),
        ("sex", "?", "set"),
    ],
)
def test_what_can_not_be_applied_is_counted_and_changes_nothing(field: str, value: str, word: str) -> None:
    resolution = one_customer(CRM, correction("support/1", "2021", "crm/1", field, value, word))
    assert golden_row(resolution)["company"] == "Alpha"
    assert resolution.golden().counts["corrections_ignored"] == 1


def test_a_correction_of_a_record_that_nobody_knows_is_counted() -> None:
    resolution = one_customer(CRM, correction("support/1", "2021", "crm/99", "company", "Beta"))
    assert resolution.golden().counts["corrections_ignored"] == 1


# -- names and addresses: wholes ---------------------------------------------------------------------------------------

DANA = record("crm/1", "2020", first_name="Dana", middle_name="Ruth", last_name="Okafor")


def test_a_corrected_part_of_a_name_is_in_the_full_name_too() -> None:
    fix = correction("support/1", "2021", "crm/1", "last_name", "Smith")
    resolution = one_customer(DANA, fix)
    golden = golden_row(resolution)
    assert (golden["first_name"], golden["last_name"], golden["full_name"]) == ("Dana", "Smith", "Dana Ruth Smith")
    assert origin(resolution, "full_name")["rule"] == "correction"
    assert origin(resolution, "first_name")["rule"] == "only_value"


def test_a_corrected_full_name_is_in_its_parts_too() -> None:
    golden = golden_row(one_customer(DANA, correction("support/1", "2021", "crm/1", "full_name", "Dora Smith")))
    assert [golden[part] for part in ("first_name", "middle_name", "last_name", "full_name")] == [
        "Dora",
        None,
        "Smith",
        "Dora Smith",
    ]


def test_a_part_corrected_after_the_whole_counts() -> None:
    fixes = [
        correction("support/1", "2021", "crm/1", "full_name", "Dora Smith"),
        correction("support/2", "2022", "crm/1", "last_name", "Jones"),
    ]
    golden = golden_row(one_customer(DANA, *fixes))
    assert (golden["last_name"], golden["full_name"]) == ("Jones", "Dora Jones")


HOME = record("crm/1", "2020", address=postal("12 Oak Street", "Plymouth", "02360"))
MOVED = [
    correction("support/1", "2021", "crm/1", "street", "7 Elm Road"),
    correction("support/2", "2021", "crm/1", "city", "Salem"),
]


def test_corrected_parts_of_an_address_take_the_place_of_the_old_ones() -> None:
    golden = golden_row(one_customer(HOME, *MOVED))
    assert [golden[part] for part in ("street", "city", "postcode")] == ["7 Elm Road", "Salem", "02360"]


def test_a_re_import_of_the_old_address_does_not() -> None:
    again = record("web/1", "2023", address=postal("12 Oak Street", "Plymouth", "02360"))
    assert golden_row(one_customer(HOME, again, *MOVED))["street"] == "7 Elm Road"


@pytest.mark.parametrize("spelled", ["12 Oak Street", "12 OAK ST", "12, Oak St."])
def test_a_retracted_postal_address_is_never_golden_in_any_spelling(spelled: str) -> None:
    rows = [HOME, record("web/1", "2023", address=postal("12 Oak Street", "Plymouth", "02360"))]
    other = record("web/2", "2019", address=postal("1 Pine Lane", "Lynn", "01901"))
    fix = correction("support/1", "2021", "crm/1", "street", spelled, "retract")
    assert golden_row(one_customer(*rows, fix))["street"] is None
    assert golden_row(one_customer(*rows, other, fix))["street"] == "1 Pine Lane"


def test_a_retracted_value_gives_way_to_the_next() -> None:
    rows = [CRM, record("web/1", "2019", company="Beta")]
    fix = correction("support/1", "2021", "crm/1", "company", "ALPHA Inc.", "retract")
    assert golden_row(one_customer(*rows, fix))["company"] == "Beta"


def test_a_retracted_date_of_birth_is_gone() -> None:
    rows = [record("crm/1", date_of_birth=date(1980, 5, 6)), record("web/1", date_of_birth=date(1981, 5, 6))]
    fix = correction("support/1", "2021", "crm/1", "date_of_birth", "1980-05-06", "retract")
    assert golden_row(one_customer(*rows, fix))["date_of_birth"] == date(1981, 5, 6)


def test_a_retraction_without_a_value_takes_what_the_record_said_until_then() -> None:
    rows = [
        former(record("crm/1", "2020", company="Alpha")),
        newer(record("crm/1", "2022", company="Gamma")),
        record("web/1", "2019", company="Beta"),
    ]
    fix = {**correction("support/1", "2021", "crm/1", "company", "", "retract"), "corrected_value": None}
    assert golden_row(one_customer(*rows, fix))["company"] == "Gamma"
    assert golden_row(one_customer(rows[0], rows[2], fix))["company"] == "Beta"


# -- e-mail addresses and phones ---------------------------------------------------------------------------------------

OLD, NEW = "dana@old.example", "dana@new.example"


def statuses(resolution: Resolution) -> dict[str, tuple[str, bool]]:
    emails = resolution.golden().emails
    return {row["email"]: (row["status"], row["is_sendable"]) for row in emails.iter_rows(named=True)}


def test_a_retracted_email_stays_known_and_is_never_sent_to_however_often_it_is_delivered() -> None:
    rows = [
        record("webinar/1", "2020", email=OLD),
        record("crm/1", "2020", email=NEW),
        said("news/1", "2020", "given", OLD),
        record("web/1", "2024", email=OLD),
        correction("support/1", "2021", "webinar/1", "email", "Dana@OLD.example ", "retract"),
    ]
    resolution = one_customer(*rows)
    assert statuses(resolution) == {OLD: ("retracted", False), NEW: ("unverified", True)}
    assert golden_row(resolution)["email"] == NEW
    assert golden_row(resolution)["may_email_marketing"] is False
    assert resolution.golden().counts["retracted_emails"] == 1


def test_a_retraction_is_undone_by_a_later_set_on_the_same_record_only() -> None:
    rows = [record("crm/1", "2020", email=OLD), record("web/1", "2020", email=OLD)]
    retracted = correction("support/1", "2021", "crm/1", "email", OLD, "retract")
    same = correction("support/2", "2022", "crm/1", "email", OLD)
    other = correction("support/2", "2022", "web/1", "email", OLD)
    assert statuses(one_customer(*rows, retracted, same))[OLD] == ("unverified", True)
    assert statuses(one_customer(*rows, retracted, other))[OLD] == ("retracted", False)


def test_on_the_same_moment_a_retraction_outranks_a_set() -> None:
    fixes = [
        correction("support/1", "2021", "crm/1", "email", OLD, "retract"),
        correction("support/2", "2021", "crm/1", "email", OLD),
    ]
    assert statuses(one_customer(record("crm/1", email=OLD), *fixes))[OLD] == ("retracted", False)


def test_a_set_email_is_golden_although_no_record_carries_it() -> None:
    rows = [record("crm/1", "2020", email=OLD), correction("support/1", "2021", "crm/1", "email", "Dana@New.example")]
    resolution = one_customer(*rows)
    assert golden_row(resolution)["email"] == NEW
    assert origin(resolution, "email")["rule"] == "correction"
    found = resolution.golden().emails.filter(pl.col("email") == NEW).row(0, named=True)
    assert (found["class"], found["status"], found["rank"], found["sources"]) == (
        "corporate",
        "unverified",
        1,
        ["support"],
    )
    assert found["marketing_consent"] == "unknown"


def test_a_set_email_that_reaches_nobody_is_not_golden() -> None:
    rows = [record("crm/1", "2020", email=OLD), correction("support/1", "2021", "crm/1", "email", "info@new.example")]
    assert golden_row(one_customer(*rows))["email"] == OLD


def test_a_set_email_outranks_consent_and_a_new_address_waits_for_a_person() -> None:
    rows = [
        record("crm/1", "2020", email=[NEW, OLD]),
        said("news/1", "2020", "given", OLD),
        correction("support/1", "2021", "crm/1", "email", NEW),
    ]
    resolution = one_customer(*rows)
    assert golden_row(resolution)["email"] == NEW
    best = resolution.golden().emails.filter(pl.col("best_for").list.contains("marketing"))
    assert best.get_column("email").to_list() == [OLD]
    third = "dana@third.example"
    turned_up = one_customer(*rows, record("web/1", "2022", email=third))
    assert golden_row(turned_up)["email"] == NEW
    waiting = turned_up.golden().corrections.row(0, named=True)
    assert [waiting[name] for name in ("state", "contested_by", "contested_record_id")] == ["contested", third, "web/1"]
    dead = one_customer(*rows, record("web/1", "2022", email=third), addresses={third: {"status": "dead"}})
    assert dead.golden().corrections.get_column("state").to_list() == ["holds"]


def test_a_set_email_that_its_record_carries_now_retires_and_the_old_one_does_not_return() -> None:
    rows = [
        former(record("crm/1", "2020", email=OLD)),
        newer(record("crm/1", "2022", email=NEW)),
        correction("support/1", "2021", "crm/1", "email", NEW),
        record("web/1", "2023", email=OLD),
    ]
    resolution = one_customer(*rows)
    assert golden_row(resolution)["email"] == NEW
    assert origin(resolution, "email")["record_id"] == "crm/1"
    assert resolution.golden().corrections.get_column("state").to_list() == ["retired"]
    moved_on = one_customer(*rows, record("shop/1", "2024", email="dana@third.example"))
    assert golden_row(moved_on)["email"] == "dana@third.example"


@pytest.mark.parametrize("spelled", ["+1 415 555 0123", "(415) 555-0123", "555-0123"])
def test_a_retracted_phone_is_the_customers_no_more_in_any_spelling(spelled: str) -> None:
    rows = [
        record("crm/1", phone=["+14155550123", "+14155550199"]),
        correction("support/1", "2021", "crm/1", "phone", spelled, "retract"),
    ]
    resolution = one_customer(*rows)
    statuses_of = dict(resolution.golden().phones.select("phone", "status").iter_rows())
    assert statuses_of == {"+14155550123": "retracted", "+14155550199": "valid"}
    assert golden_row(resolution)["phone"] == "+14155550199"


def test_a_set_phone_is_golden_and_read_in_the_customers_country() -> None:
    rows = [
        record("crm/1", phone="+442079460100", address=postal("1 High Street", "London", "N1 1AA", "GB")),
        correction("support/1", "2021", "crm/1", "phone", "020 7946 0999"),
    ]
    assert golden_row(one_customer(*rows))["phone"] == "+442079460999"
