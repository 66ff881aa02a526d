"""What a change of each part of a contract means, what it asks for, and how the former contract is remembered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.ledger import Landed, Ledger, ReadFile
from cdp_assets.sources.contract_change_rules import MONTH_FIRST_COUNTRIES, shown_url
from cdp_assets.sources.contract_changes import (
    ContractChange,
    UnknownContractError,
    choices_needed,
    contract_as_said,
    contract_changes,
    contract_from_said,
    extraction_starts_again,
    former_contract,
    most_needed,
)
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized import dates

NOW = datetime(2026, 6, 1, tzinfo=UTC)

CRM: dict[str, Any] = {
    "source": "crm",
    "kind": "profiles",
    "delivers": "changes",
    "key": "id",
    "observed_at": "updated_at",
    "columns": {
        "first_name": "First",
        "email": ["Email", "Other"],
        "date_of_birth": "DOB",
        "street": "Street1",
        "city": "City",
    },
    "identifiers": {"loyalty_id": "Card"},
}
CONSENTS: dict[str, Any] = {
    "source": "news",
    "kind": "consents",
    "key": "id",
    "columns": {
        "email": "Mail",
        "consent": {"column": "Say", "values": {"Y": "given", "N": "withdrawn"}},
        "purpose": {"value": "marketing"},
    },
}
SQL: dict[str, Any] = {"url": "postgresql://u:secret@db/shop?password=secret", "table": "contacts", "cursor": "changed"}


def crm(**parts: Any) -> SourceContract:
    columns = {**CRM["columns"], **parts.pop("columns", {})}
    said = {**CRM, **parts, "columns": {name: source for name, source in columns.items() if source is not None}}
    return SourceContract.model_validate({name: value for name, value in said.items() if value is not ...})


def news(**columns: Any) -> SourceContract:
    return SourceContract.model_validate({**CONSENTS, "columns": {**CONSENTS["columns"], **columns}})


def sql(**parts: Any) -> SourceContract:
    selection = {name: value for name, value in {**SQL, **parts}.items() if value is not None}
    return crm(extract={"sql": selection})


def changed(old: SourceContract, new: SourceContract, delivered: tuple[str, ...] = ()) -> dict[str, ContractChange]:
    return {change.part: change for change in contract_changes(old, new, delivered)}


def only(old: SourceContract, new: SourceContract, delivered: tuple[str, ...] = ()) -> ContractChange:
    (change,) = contract_changes(old, new, delivered)
    return change


# -- what each part needs ---------------------------------------------------------------------------------------------

US = crm(country="US")
PARTS: list[tuple[SourceContract, SourceContract, str, str]] = [
    (crm(), crm(kind="activities", delivers="changes", columns={"activity": {"value": "x"}}), "kind", "choice"),
    (crm(), crm(delivers="snapshot"), "delivers", "choice"),
    (crm(delivers="snapshot"), crm(), "delivers", "choice"),
    (crm(), crm(delivers="events"), "delivers", "backfill"),
    (crm(), crm(key="contact"), "key", "choice"),
    (crm(key=["a", "b"]), crm(key=["b", "a"]), "key", "choice"),
    (crm(), crm(observed_at=None), "observed_at", "choice"),
    (crm(), crm(observed_at="changed_at"), "observed_at", "choice"),
    (crm(), crm(trust=90), "trust", "nothing"),
    (crm(), crm(one_row_per_person=True), "one_row_per_person", "nothing"),
    (crm(), crm(about="another text"), "", "nothing"),
    (crm(), US, "country", "backfill"),
    (US, crm(country="GB"), "country", "choice"),
    (crm(country="DE"), crm(country="GB"), "country", "backfill"),
    (crm(), crm(date_format="%Y-%m-%d"), "date_format", "backfill"),
    (crm(date_format="%d/%m/%Y"), crm(date_format="%m/%d/%Y"), "date_format", "choice"),
    (crm(date_format="%d/%m/%Y"), crm(date_format="%d.%m.%Y"), "date_format", "backfill"),
    (crm(), crm(extract={"files": "*.tsv"}), "extract.files", "nothing"),
    (crm(), crm(extract={"encoding": "latin-1"}), "extract.encoding", "backfill"),
    (crm(), crm(extract={"delimiter": "tab"}), "extract.delimiter", "backfill"),
    (crm(), crm(extract={"sheet": "Two"}), "extract.sheet", "backfill"),
    (crm(), crm(on_new_column="ignore"), "on_new_column", "choice"),
    (crm(), crm(on_new_column="refuse"), "on_new_column", "backfill"),
    (crm(on_new_column="ignore"), crm(), "on_new_column", "backfill"),
    (crm(on_new_column="refuse"), crm(), "on_new_column", "backfill"),
    (crm(), crm(on_missing_column="null"), "on_missing_column", "nothing"),
    (crm(on_missing_column="null"), crm(), "on_missing_column", "nothing"),
    (crm(), crm(expected_every="1 day"), "expected_every", "nothing"),
    (crm(), crm(may_shrink_by="100%"), "may_shrink_by", "nothing"),
    (crm(), crm(after_import="archive"), "after_import", "nothing"),
    (crm(), crm(after_import="remove"), "after_import", "choice"),
    (crm(), sql(), "extract", "nothing"),
    (sql(), sql(table="people"), "extract.sql.table", "choice"),
    (sql(), sql(cursor="seen"), "extract.sql.cursor", "nothing"),
    (sql(), sql(url="postgresql://other/shop"), "extract.sql.url", "nothing"),
    (sql(cursor="changed"), sql(overlap="1 day"), "extract.sql.overlap", "nothing"),
    (crm(), crm(columns={"last_name": "Last"}), "columns.last_name", "backfill"),
    (crm(), crm(columns={"city": None}), "columns.city", "choice"),
    (crm(), crm(columns={"email": "Email"}), "columns.email", "choice"),
    (crm(), crm(columns={"email": ["Email", "Other", "Third"]}), "columns.email", "backfill"),
    (crm(), crm(columns={"email": ["Other", "Email"]}), "columns.email", "backfill"),
    (crm(), crm(columns={"first_name": "GivenName"}), "columns.first_name", "backfill"),
    (crm(), crm(columns={"first_name": "xq_17"}), "columns.first_name", "choice"),
    (crm(), crm(columns={"email": "Address"}), "columns.email", "choice"),
    (crm(), crm(columns={"city": {"value": "Leeds"}}), "columns.city", "choice"),
    (crm(), crm(columns={"city": {"column": "City", "values": {"L": "Leeds"}}}), "columns.city", "backfill"),
    (crm(), crm(identifiers={**CRM["identifiers"], "cookie_id": "K"}), "identifiers.cookie_id", "backfill"),
    (crm(), crm(identifiers={}), "identifiers.loyalty_id", "choice"),
    (crm(), crm(identifiers={"loyalty_id": "LoyaltyNo"}), "identifiers.loyalty_id", "choice"),
    (
        crm(),
        crm(identifiers={"loyalty_id": {"column": "Card", "shared_by_at_most": 3}}),
        "identifiers.loyalty_id.shared_by_at_most",
        "nothing",
    ),
    (
        crm(),
        crm(identifiers={"loyalty_id": {"column": "Card", "one_per_person": True}}),
        "identifiers.loyalty_id.one_per_person",
        "nothing",
    ),
    (news(), news(consent={"column": "Say", "values": {"Y": "withdrawn", "N": "given"}}), "columns.consent", "choice"),
    (news(), news(consent="Say"), "columns.consent", "choice"),
    (
        news(),
        news(consent={"column": "Say", "values": {"Y": "given", "N": "withdrawn", "X": "withdrawn"}}),
        "columns.consent",
        "backfill",
    ),
    (news(), news(purpose={"value": "service"}), "columns.purpose", "choice"),
    (news(), news(consent="Say it"), "columns.consent", "choice"),
    (news(), news(double_opt_in="Doi"), "columns.double_opt_in", "backfill"),
    (news(double_opt_in="Doi"), news(), "columns.double_opt_in", "choice"),
    (news(jurisdiction="Land"), news(jurisdiction={"column": "Land", "values": {"DE": "US"}}), "columns.jurisdiction", "backfill"),
    (news(jurisdiction={"value": "DE"}), news(jurisdiction={"value": "US"}), "columns.jurisdiction", "choice"),
    (news(indicated_by="By"), news(), "columns.indicated_by", "choice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "part", "needs"), PARTS)
def test_each_part_says_what_its_change_needs(old: SourceContract, new: SourceContract, part: str, needs: str) -> None:
    found = contract_changes(old, new)
    if not part:
        assert found == []
        return
    change = next(change for change in found if change.part == part)
    assert change.needs == needs
    assert change.was != change.becomes
    assert change.effect.endswith(".")
    assert change.advice.endswith(".")
    if needs == "choice":
        assert any(word in change.advice for word in ("else", "where", "or ", "keep", "Leave", "only")), change.advice


@pytest.mark.parametrize(("old", "new", "part", "needs"), PARTS)
def test_whatever_makes_imports_stale_asks_for_a_backfill_at_least(
    old: SourceContract, new: SourceContract, part: str, needs: str
) -> None:
    for one, other in ((old, new), (new, old)):
        found = contract_changes(one, other)
        assert (one.contract_version == other.contract_version) == (not found)
        if one.records_version != other.records_version:
            assert most_needed(found) != "nothing"


def test_the_same_contract_written_otherwise_is_no_change() -> None:
    other = crm(columns={"first_name": {"column": "First"}}, extract={"files": "*"}, about="x")
    assert contract_changes(crm(), other) == []


# -- renamed columns --------------------------------------------------------------------------------------------------


def test_columns_that_were_delivered_side_by_side_are_not_one_renamed() -> None:
    new = crm(columns={"first_name": "GivenName"})
    assert only(crm(), new, ("id", "First", "GivenName")).needs == "choice"
    assert only(crm(), new, ("id", "First")).needs == "backfill"


def test_the_newest_import_tells_a_renaming_that_names_do_not() -> None:
    new = crm(columns={"first_name": "xq_17"})
    assert only(crm(), new, ("id", "xq_17")).needs == "backfill"
    assert only(crm(), new, ("id", "Email")).needs == "choice"


def test_both_names_can_be_read() -> None:
    listed = only(crm(), crm(columns={"first_name": "GivenName"}))
    assert "`first_name: [GivenName, First]` and `on_missing_column: null`" in listed.advice
    address = only(crm(), crm(columns={"street": "Address1"}), ("id", "Street1"))
    assert "`street: {columns: [Address1, Street1]}`" in address.advice


def test_a_renaming_that_would_empty_past_imports_needs_a_choice() -> None:
    old = crm(on_missing_column="null")
    new = crm(on_missing_column="null", columns={"first_name": "GivenName"})
    change = only(old, new)
    assert (change.needs, "their values are lost" in change.effect) == ("choice", True)
    kept = crm(on_missing_column="null", columns={"first_name": ["GivenName", "First"]})
    assert only(old, kept).needs == "backfill"


def test_a_new_field_that_past_files_lack_says_so() -> None:
    new = crm(columns={"last_name": "Last"})
    assert "lacks 'Last'" in only(crm(), new, ("id", "First")).advice
    assert only(crm(), new, ("id", "Last")).advice == "Backfill."


def test_an_identifier_under_another_name_is_told() -> None:
    found = changed(crm(), crm(identifiers={"card": "Card"}))
    assert "read as 'card' now" in found["identifiers.loyalty_id"].effect
    assert found["identifiers.card"].needs == "backfill"


# -- dates ------------------------------------------------------------------------------------------------------------


def test_the_list_of_countries_is_that_of_the_standard() -> None:
    assert set(MONTH_FIRST_COUNTRIES) == set(dates.MONTH_FIRST_COUNTRIES)


def test_a_format_shields_its_dates_from_the_country() -> None:
    said = {"date_format": "%d/%m/%Y", "country": "US"}
    assert only(crm(**said), crm(**{**said, "date_format": "%d.%m.%Y"})).needs == "choice"  # 03/04 is read by the US
    assert (
        only(crm(country="GB", date_format="%d/%m/%Y"), crm(country="DE", date_format="%d/%m/%Y")).needs == "backfill"
    )


def test_without_dates_nothing_flips() -> None:
    no_dates = {"observed_at": None, "columns": {"date_of_birth": None}}
    assert only(crm(country="US", **no_dates), crm(country="GB", **no_dates)).needs == "backfill"


# -- events without a key ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [{"extract": {"encoding": "latin-1"}}, {"extract": {"delimiter": ";"}}])
def test_what_changes_the_text_of_events_without_a_key_needs_a_choice(parts: dict[str, Any]) -> None:
    said = {"kind": "activities", "delivers": "events", "key": ..., "columns": {"activity": {"value": "x"}}}
    assert only(crm(**said), crm(**said, **parts)).needs == "choice"
    assert only(crm(**said, on_new_column="ignore"), crm(**said)).needs == "choice"


# -- databases --------------------------------------------------------------------------------------------------------


def test_an_extract_of_changes_is_no_snapshot() -> None:
    found = changed(sql(cursor=None), crm(delivers="snapshot", extract={"sql": SQL}))
    assert found["extract.sql.cursor"].needs == "choice"
    assert "would delete all the others" in found["extract.sql.cursor"].effect


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        (sql(), sql(cursor="seen"), True),
        (sql(), sql(table="people"), True),
        (sql(), sql(url="postgresql://other/shop"), True),
        (sql(), sql(url="postgresql://u:another@db/shop"), False),
        (sql(), sql(overlap="1 day"), False),
        (crm(), sql(), True),
        (crm(), crm(trust=1), False),
    ],
)
def test_a_database_is_read_from_its_beginning_when_its_cursor_says_nothing(
    old: SourceContract, new: SourceContract, again: bool
) -> None:
    assert extraction_starts_again(old, new) is again


def test_no_password_and_no_query_is_shown_or_remembered() -> None:
    old = sql(table=None, query="select * from c where name = 'Calder'", url="mysql://u:sec/ret@db/shop?key=secret")
    new = sql(table=None, query="select * from c where name = 'Kalder'", url="mysql://u:secret@db/other")
    files = crm(extract={"files": "ftp://u:secret@host/out/*.csv"})
    said = json.dumps([change.as_json() for change in contract_changes(old, new)])
    said += contract_as_said(new) + contract_as_said(files)
    said = said.replace(json.dumps(new.extract.sql.query if new.extract.sql else ""), "")
    assert not [word for word in ("secret", "sec/ret", "Kalder") if word in said]
    assert "ftp://host/out/*.csv" in contract_as_said(files)


def test_a_new_password_is_no_change() -> None:
    assert contract_changes(sql(), sql(url="postgresql://u:new@db/shop")) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        ("postgresql://u:p@h/d?x=1", "postgresql://h/d"),
        ("s3://bucket/in", "s3://bucket/in"),
        ("shop.db", "shop.db"),
        (None, None),
    ],
)
def test_urls_are_shown_without_secrets(url: str | None, shown: str | None) -> None:
    assert shown_url(url) == shown


# -- the contract in force --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contract", [crm(), news(), sql(), crm(may_shrink_by="30%", expected_every="daily")])
def test_a_remembered_contract_is_the_same_contract(contract: SourceContract) -> None:
    again = contract_from_said(contract.source, contract_as_said(contract))
    assert contract_changes(again, contract) == []
    assert again.records_version == contract.records_version


def test_the_order_in_which_a_contract_is_written_is_not_remembered() -> None:
    other = SourceContract.model_validate(dict(reversed(CRM.items())))
    assert contract_as_said(crm()) == contract_as_said(other)


def test_what_an_older_version_could_not_say_has_its_default() -> None:
    said = json.loads(contract_as_said(crm()))
    del said["contract"]["after_import"], said["contract"]["may_shrink_by"]
    assert contract_changes(contract_from_said("crm", json.dumps(said)), crm()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 1}',
        '{"format": 2, "contract": {}}',
        '{"format": 1, "contract": {"source": "crm", "kind": "profiles", "Calder": 1}}',
        '{"format": 1, "contract": ["Calder"]}',
    ],
)
def test_an_unknown_contract_is_reported_and_not_quoted(text: str) -> None:
    with pytest.raises(UnknownContractError, match="crm: the contract that its imports were read with") as unknown:
        contract_from_said("crm", text)
    assert "Calder" not in str(unknown.value)


def test_a_contract_of_another_source_is_unknown() -> None:
    with pytest.raises(UnknownContractError):
        contract_from_said("shop", contract_as_said(crm()))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def put(ledger: Ledger, contract: SourceContract) -> None:
    ledger.put_contract_in_force(contract.source, contract.contract_version, contract_as_said(contract), NOW)


def imported(ledger: Ledger, columns: list[str]) -> None:
    import_id, _ = ledger.register(Landed("crm", "a" * 64, "a.csv", 10, NOW))
    read = {"reading_version": "v", "file_format": "csv", "encoding": "utf-8", "delimiter": ",", "new_columns": 0}
    numbers = {"blank_lines": 0, "lines": 1, "fingerprint": "f", "columns": json.dumps(columns)}
    known = {name: value for name, value in {**read, **numbers, "unsplit": 0}.items() if name in _READ_FILE}
    ledger.mark_kept("crm", import_id, ReadFile(**known))
    counts = {"lines": 1, "records": 1, "rejected": 0, "duplicates": 0}
    ledger.mark_imported(
        "crm", import_id, counts=counts, contract_version="v", records_version="v", observed_until=None, now=NOW
    )


_READ_FILE = set(ReadFile.__dataclass_fields__)


def test_choices_are_those_between_the_contract_in_force_and_this_one(ledger: Ledger) -> None:
    imported(ledger, ["id", "First"])
    assert choices_needed(ledger, crm(key="other")) == []  # none is in force yet
    put(ledger, crm())
    assert choices_needed(ledger, crm()) == []
    assert choices_needed(ledger, crm(trust=1, columns={"last_name": "Last"})) == []
    assert [change.part for change in choices_needed(ledger, crm(key="other", trust=1))] == ["key"]
    put(ledger, crm(key="other"))
    assert choices_needed(ledger, crm(key="other")) == []


def test_the_columns_of_the_newest_import_are_asked(ledger: Ledger) -> None:
    imported(ledger, ["id", "First", "GivenName"])
    put(ledger, crm())
    assert [c.part for c in choices_needed(ledger, crm(columns={"first_name": "GivenName"}))] == ["columns.first_name"]


def test_nothing_is_asked_before_the_first_import(ledger: Ledger) -> None:
    put(ledger, crm())
    ledger.register(Landed("crm", "a" * 64, "a.csv", 10, NOW))
    assert choices_needed(ledger, crm(key="other")) == []


def test_a_contract_in_force_that_can_not_be_read_needs_a_choice(ledger: Ledger) -> None:
    imported(ledger, ["id"])
    ledger.put_contract_in_force("crm", "old", '{"format": 0}', NOW)
    (change,) = choices_needed(ledger, crm())
    assert (change.part, change.needs) == ("contract", "choice")
    ledger.put_contract_in_force("crm", crm().contract_version, '{"format": 0}', NOW)
    assert choices_needed(ledger, crm()) == []


def test_the_former_contract_is_the_one_in_force_where_it_differs(ledger: Ledger) -> None:
    assert former_contract(ledger, crm()) is None
    put(ledger, crm())
    assert former_contract(ledger, crm()) is None
    found = former_contract(ledger, crm(trust=1))
    assert found is not None
    assert contract_changes(found, crm()) == []
