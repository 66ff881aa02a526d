from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets import tables
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.records import ImportMeta, Standardized, standardize

LANDED_AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
META = ImportMeta("20240601T120000Z-0123456789ab", LANDED_AT)


def contract(**said: Any) -> SourceContract:
    columns = {"first_name": "First", "last_name": "Last", "email": "Mail"}
    return SourceContract.model_validate(
        {"source": "crm", "kind": "profiles", "key": "id", "country": "US", "columns": columns, **said}
    )


def raw(*rows: Mapping[str, str | int | None]) -> pl.DataFrame:
    """Raw lines from 2 on; what a row does not name is null."""
    names = list(dict.fromkeys(name for row in rows for name in row if not name.startswith("_"))) or ["id"]
    schema = {"_line": pl.Int64(), "_problem": pl.String(), "_text": pl.String(), **dict.fromkeys(names, pl.String())}
    lines = [{"_line": n, **dict.fromkeys(list(schema)[1:]), **row} for n, row in enumerate(rows, 2)]
    own = [pl.lit(META.import_id).alias("_import_id"), pl.lit("f.csv").alias("_file")]
    return pl.DataFrame(lines, schema=schema).with_columns(own)


def rules(result: Standardized) -> list[tuple[int, str]]:
    return result.rejections.select("line", "rule").rows()


def test_a_line_becomes_a_record_in_comparable_form() -> None:
    everything = contract(
        observed_at="upd",
        columns={
            "first_name": "First", "last_name": "Last", "sex": {"column": "g", "values": {"kvinnlig": "f"}},
            "email": ["Mail", "Mail2"], "phone": "Tel", "date_of_birth": "Born", "street": ["S1", "S2"], "city": ["C1", "C2"],
            "country": "Land", "company": "Firm", "job_title": "Job",
        },
        identifiers={"loyalty_id": "Loy", "cookie_id": "Cookie"},
    )  # fmt: skip
    line = {
        "id": "7", "upd": "2024-05-01 10:00", "First": "BILL", "Last": "O'NEIL JR.", "g": "kvinnlig", "Mail": "Bill@Acme.com",
        "Mail2": "bill@acme.com; bill@home.org", "Tel": "020 7946 0958", "Born": "1980-02-30", "S1": "12 High St", "C1": "Leeds",
        "S2": "Flat 2, 5 Elm Rd", "C2": "York", "Land": "U.K.", "Firm": "Acme Ltd", "Job": "Buyer", "Loy": "LY-1", "Cookie": "n/a",
    }  # fmt: skip
    result = standardize(raw(line), everything, META)
    [record] = result.records.to_dicts()
    assert result.records.schema == tables.source_records("crm").schema
    assert (record["record_id"], record["source_key"], record["line"]) == ("crm/7", "7", 2)
    assert record["observed_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert (record["first_name"], record["last_name"], record["name_suffix"]) == ("Bill", "O'Neil", "Jr")
    assert (record["first_name_root"], record["last_name_norm"], record["sex"]) == ("william", "oneil", "f")
    assert (record["date_of_birth"], record["date_of_birth_text"]) == (None, "1980-02-30")
    assert record["emails"] == ["bill@acme.com", "bill@home.org"]
    assert record["emails_delivered"] == ["Bill@Acme.com", "bill@home.org"]
    assert record["phones"] == ["+442079460958"]
    assert [(a["street_norm"], a["house_number"], a["city"]) for a in record["addresses"]] == [
        ("high street", "12", "Leeds"),
        ("elm road", "5", "York"),
    ]
    assert (record["company"], record["company_norm"], record["job_title"]) == ("Acme Ltd", "acme", "Buyer")
    assert record["identifiers"] == [{"type": "loyalty_id", "value": "LY-1"}]
    assert result.counts["dates_of_birth_unreadable"] == 1


def test_fields_that_no_contract_maps_are_empty() -> None:
    result = standardize(raw({"id": "1", "Mail": "a@x.org"}), contract(columns={"email": "Mail"}), META)
    [record] = result.records.to_dicts()
    assert record["addresses"] == record["phones"] == record["identifiers"] == []
    assert record["full_name"] is None
    assert record["observed_at"] == LANDED_AT


def test_a_constant_and_a_column_that_is_missing() -> None:
    said = contract(
        columns={"first_name": "First", "company": {"value": "Acme"}, "phone": "Tel"}, on_missing_column="null"
    )
    [record] = standardize(raw({"id": "1", "First": "Ann"}), said, META).records.to_dicts()
    assert (record["company"], record["phones"]) == ("Acme", [])


def test_lines_of_an_address_stay_apart() -> None:
    said = contract(columns={"street": "S"})
    [record] = standardize(raw({"id": "1", "S": "Hayes Center\n4859 S. Wabash"}), said, META).records.to_dicts()
    assert (record["addresses"][0]["street_norm"], record["addresses"][0]["house_number"]) == ("south wabash", "4859")


def test_columns_that_are_one_value_are_joined() -> None:
    said = contract(columns={"street": {"columns": ["No", "Road"]}})
    lines = raw({"id": "1", "No": "29", "Road": "Priddle St"}, {"id": "2", "Road": "Hall St"}, {"id": "3"})
    addresses = standardize(lines, said, META).records.get_column("addresses").to_list()
    assert [(a[0]["street"], a[0]["house_number"]) for a in addresses[:2]] == [
        ("29 Priddle St", "29"),
        ("Hall St", None),
    ]
    assert addresses[2] == []


# -- keys -------------------------------------------------------------------------------------------------------------


def test_parts_of_a_key_are_joined_without_ambiguity() -> None:
    two = contract(key=["a", "b"])
    result = standardize(raw({"a": "1|2", "b": "3"}, {"a": "1", "b": "2|3"}, {"a": "x\\", "b": "y"}), two, META)
    assert result.records.get_column("source_key").to_list() == ["1\\|2|3", "1|2\\|3", "x\\\\|y"]


def test_a_key_stays_as_it_is_but_for_blanks_around_it() -> None:
    result = standardize(raw({"id": " 007 "}, {"id": "7"}, {"id": "NO"}), contract(), META)
    assert result.records.get_column("source_key").to_list() == ["007", "7", "NO"]


def test_an_event_without_a_key_is_known_by_its_text_and_which_of_its_likes_it_is() -> None:
    events = contract(kind="activities", key=[], columns={"activity": "what", "email": "Mail"})
    opened = {"what": "open", "Mail": "a@x.org"}
    first = standardize(raw(opened, opened, {"what": "click", "Mail": "a@x.org"}), events, META)
    overlapping = standardize(raw({"what": "click", "Mail": "a@x.org", "New": None}, opened), events, META)
    keys = first.records.get_column("source_key").to_list()
    assert len(set(keys)) == 3
    assert set(overlapping.records.get_column("source_key")) == {keys[0], keys[2]}
    assert first.counts["duplicates"] == 0


# -- rules ------------------------------------------------------------------------------------------------------------


def test_a_line_that_could_not_be_split_is_rejected_with_its_text() -> None:
    result = standardize(raw({"id": "1"}, {"_problem": "ragged_row", "_text": "1,2,3", "id": None}), contract(), META)
    [rejected] = result.rejections.to_dicts()
    assert (rejected["line"], rejected["rule"], rejected["raw_values"]) == (3, "ragged_row", '{"_text":"1,2,3"}')
    assert "quote" in rejected["advice"]
    assert result.records.height == 1


def test_a_line_without_a_key_is_rejected() -> None:
    result = standardize(raw({"id": " ", "First": "Ann"}, {"id": None}), contract(), META)
    assert rules(result) == [(2, "key_missing"), (3, "key_missing")]
    assert result.rejections.item(0, "raw_values") == '{"id":" ","First":"Ann"}'
    half = standardize(raw({"a": "1", "b": None}), contract(key=["a", "b"]), META)
    assert rules(half) == [(2, "key_missing")]


def test_an_unreadable_time_is_rejected_where_it_could_overwrite() -> None:
    lines = raw({"id": "1", "upd": "soon"}, {"id": "2", "upd": None}, {"id": "3", "upd": "2024-05-01"})
    changes = standardize(lines, contract(observed_at="upd"), META)
    assert rules(changes) == [(2, "observed_at_unreadable")]
    assert changes.records.get_column("observed_at").to_list() == [LANDED_AT, datetime(2024, 5, 1, tzinfo=UTC)]


def test_in_a_snapshot_an_unreadable_time_is_the_snapshots() -> None:
    lines = raw({"id": "1", "upd": "soon"}, {"id": "2", "upd": "2024-05-01"}, {"id": "3", "upd": "2024-04-01"})
    snapshot = standardize(lines, contract(observed_at="upd", delivers="snapshot"), META)
    assert rules(snapshot) == []
    assert snapshot.records.item(0, "observed_at") == datetime(2024, 5, 1, tzinfo=UTC)


def test_nobody_has_seen_the_future() -> None:
    lines = raw({"id": "1", "upd": "2999-01-01"}, {"id": "2", "upd": "2024-06-02T06:00:00Z"})
    times = standardize(lines, contract(observed_at="upd"), META).records.get_column("observed_at").to_list()
    assert times == [LANDED_AT, datetime(2024, 6, 2, 6, tzinfo=UTC)]


def test_a_line_that_repeats_another_is_a_duplicate() -> None:
    ann = {"id": "1", "First": "Ann"}
    lines = raw(
        {**ann, "upd": "2024-05-02"}, {**ann, "upd": "2024-05-01"}, {**ann, "First": " Ann ", "upd": "2024-05-01"}
    )
    result = standardize(lines, contract(observed_at="upd"), META)
    assert (result.counts["records"], result.counts["duplicates"], rules(result)) == (2, 1, [])
    assert result.records["line"].to_list() == [2, 4], (
        "said at two times it is history; of one time the last line stays"
    )
    snapshot = standardize(lines, contract(observed_at="upd", delivers="snapshot"), META)
    assert (snapshot.counts["duplicates"], snapshot.records["line"].to_list()) == (2, [2])


def test_changes_may_say_several_things_of_one_key() -> None:
    result = standardize(raw({"id": "1", "First": "Ann"}, {"id": "1", "First": "Anna"}), contract(), META)
    assert result.records.get_column("first_name").to_list() == ["Ann", "Anna"]


def test_in_a_snapshot_the_newest_line_of_a_key_stays_and_the_others_are_rejected() -> None:
    snapshot = contract(delivers="snapshot")
    by_line = standardize(raw({"id": "1", "First": "Ann"}, {"id": "1", "First": "Anna"}, {"id": "2"}), snapshot, META)
    assert rules(by_line) == [(2, "key_repeated")]
    assert by_line.records.get_column("first_name").to_list() == ["Anna", None]
    timed = contract(delivers="snapshot", observed_at="upd")
    lines = raw({"id": "1", "First": "Ann", "upd": "2024-05-02"}, {"id": "1", "First": "Anna", "upd": "2024-05-01"})
    assert rules(standardize(lines, timed, META)) == [(3, "key_repeated")]


def test_unreadable_contacts_and_dates_only_leave_their_field_empty() -> None:
    said = contract(columns={"email": "Mail", "phone": "Tel", "date_of_birth": "Born"})
    line = {"id": "1", "Mail": "rubbish", "Tel": "12", "Born": "last spring"}
    nothing = {"id": "2", "Mail": "n/a", "Tel": "unknown", "Born": None}
    result = standardize(raw(line, nothing), said, META)
    assert result.records.height == 2
    assert result.records.get_column("emails").to_list() == [[], []]
    assert result.counts["emails_unreadable"] == result.counts["phones_unreadable"] == 1
    assert result.counts["dates_of_birth_unreadable"] == 1


def corrections(*rows: Mapping[str, str | None]) -> Standardized:
    said = {
        "corrected_source": {"value": "crm"}, "corrected_key": "key", "corrected_field": "field", "corrected_value": "value",
        "correction": "how",
    }  # fmt: skip
    return standardize(raw(*rows), contract(kind="corrections", columns=said), META)


def test_a_correction_says_what_is_corrected() -> None:
    good = corrections(
        {"id": "1", "key": "7", "field": "E-Mail", "value": "a@x.org", "how": "not theirs"},
        {"id": "2", "key": "7", "field": "last_name", "value": "Lee", "how": None},
    )
    columns = ["corrected_source", "corrected_key", "corrected_field", "corrected_value", "correction"]
    assert good.records.select(columns).rows() == [
        ("crm", "7", "email", "a@x.org", "retract"),
        ("crm", "7", "last_name", "Lee", "set"),
    ]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ({"key": None, "field": "email", "value": "a@x.org", "how": "set"}, "correction_incomplete"),
        ({"key": "7", "field": "email", "value": None, "how": "set"}, "correction_incomplete"),
        ({"key": "7", "field": "shoe", "value": "44", "how": "set"}, "correction_field_unknown"),
        ({"key": "7", "field": "email", "value": "a@x.org", "how": "maybe"}, "correction_unreadable"),
    ],
)
def test_a_correction_that_nobody_could_apply_is_rejected(line: dict[str, str | None], rule: str) -> None:
    assert rules(corrections({"id": "1", **line})) == [(2, rule)]


def test_activities_and_consents_speak_one_vocabulary() -> None:
    activity = contract(
        kind="activities", columns={"activity": {"value": "attended"}, "activity_subject": "title", "email": "Mail"}
    )
    [record] = standardize(raw({"id": "1", "title": "Graphs", "Mail": "a@x.org"}), activity, META).records.to_dicts()
    assert (record["activity"], record["activity_subject"]) == ("attended", "Graphs")
    consent = contract(kind="consents", columns={"consent": "ok", "purpose": {"value": "Marketing"}, "channel": "by"})
    [record] = standardize(raw({"id": "1", "ok": "no", "by": "E-Mail"}), consent, META).records.to_dicts()
    assert (record["consent"], record["purpose"], record["channel"]) == ("withdrawn", "marketing", "email")


# -- content hash -----------------------------------------------------------------------------------------------------


def test_the_content_hash_is_of_the_mapped_values_alone() -> None:
    said = contract(observed_at="upd")
    lines = [
        {"id": "1", "First": "Ann", "upd": "2024-05-01", "other": "x"},
        {"id": "2", "First": " Ann ", "upd": "2024-05-02", "other": "y"},
        {"id": "3", "Last": "Ann", "upd": "2024-05-01"},
        {"id": "4", "First": "Anne", "upd": "2024-05-01"},
    ]
    same, also, elsewhere, other = standardize(raw(*lines), said, META).records.get_column("content_hash")
    assert same == also
    assert len({same, elsewhere, other}) == 3
    assert same == sha256(b"first_name.0\x1fAnn").hexdigest()[:32]  # the same on every machine and version


# -- every line is accounted for --------------------------------------------------------------------------------------

CELLS = st.sampled_from(["1", "2", "", None, "Ann", "a@x.org"])
LINE = st.fixed_dictionaries(
    {"id": CELLS, "First": CELLS, "Mail": CELLS, "upd": st.sampled_from(["2024-05-01", "?", None])}
)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(LINE, max_size=7), st.sampled_from(["snapshot", "changes", "events"]), st.randoms(use_true_random=False)
)
def test_every_line_is_one_of_record_rejected_duplicate_in_any_row_order(
    lines: Any, delivers: str, shuffler: Any
) -> None:
    said = contract(delivers=delivers, observed_at="upd")
    frame = raw(*lines)
    result = standardize(frame, said, META)
    counts = result.counts
    assert counts["lines"] == len(lines) == counts["records"] + counts["rejected"] + counts["duplicates"]
    assert not set(result.records.get_column("line")) & set(result.rejections.get_column("line"))
    key = list(tables.source_records("crm").key)
    assert result.records.select(key).is_unique().all()
    order = list(range(len(lines)))
    shuffler.shuffle(order)
    shuffled = standardize(frame[order] if lines else frame, said, META)
    assert shuffled.records.equals(result.records)
    assert shuffled.rejections.equals(result.rejections)


def test_an_empty_file_gives_no_records() -> None:
    empty = raw().with_columns(pl.lit(None, dtype=pl.String).alias("Mail")).clear()
    result = standardize(empty, contract(observed_at="upd", identifiers={"loy": "L"}), META)
    assert (result.records.height, result.rejections.height, result.counts["lines"]) == (0, 0, 0)
    assert result.records.schema["date_of_birth"] == pl.Date
