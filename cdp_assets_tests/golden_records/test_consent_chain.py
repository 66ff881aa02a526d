from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest

from cdp_assets.golden_records.consent_chain import ERASED, IMPORTED, READ_AGAIN, Entry, breaks, entries_due, release
from cdp_assets.golden_records.consent_events import consent_events
from cdp_assets_tests.golden_records.builders import record, said, versions_of

A, B = "ann@a.example", "ann@b.example"

ENTRIES: dict[str, Any] = {
    "source": pl.String, "number": pl.Int64, "import_id": pl.String, "content_sha256": pl.String, "records_version": pl.String,
    "events": pl.Int64, "head": pl.String, "reason": pl.String, "released_by": pl.String, "previous_hash": pl.String,
    "entry_hash": pl.String,
}  # fmt: skip
"""Columns of ``Ledger.consent_entries()``, but for the time."""


def event(
    import_id: str, line: int, consent: str = "given", email: str = A, at: str = "2020", **more: Any
) -> dict[str, Any]:
    return {**said(f"news/{line}", at, consent, email, **more), "import_id": import_id, "line": line}


THREE = {
    "one": [event("one", 2), event("one", 3, "withdrawn", B)],
    "two": [event("two", 2, "withdrawn", at="2021")],
    "three": [event("three", 7, "expired", at="2022"), event("three", 8, "given", B, "2022")],
}


def imports(*names: str, version: str = "r1", **contents: str) -> pl.DataFrame:
    """Imports that arrived in this order."""
    rows = [
        ("news", name, number, contents.get(name, f"content of {name}"), version) for number, name in enumerate(names)
    ]
    schema = {"source": pl.String, "import_id": pl.String, "sequence": pl.Int64, "content_sha256": pl.String,
              "records_version": pl.String}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def events(*names: str, **changed: list[dict[str, Any]]) -> pl.DataFrame:
    rows = [row for name in names for row in changed.get(name, THREE[name])]
    return consent_events(versions_of(*rows), imports(*names))


def entered(entries: list[Entry | None]) -> pl.DataFrame:
    return pl.DataFrame([{name: entry[name] for name in ENTRIES} for entry in entries if entry], schema=ENTRIES)


def grown(*names: str) -> pl.DataFrame:
    """The ledger's entries when each import was resolved before the next one arrived."""
    entries = entered([])
    for count in range(1, len(names) + 1):
        due = entries_due(events(*names[:count]), imports(*names[:count]), entries)
        entries = pl.concat([entries, entered(list(due))])
    return entries


def told(found: pl.DataFrame, of: pl.DataFrame, entries: pl.DataFrame) -> list[str]:
    return [str(one) for one in breaks(found, of, entries)]


# -- events -----------------------------------------------------------------------------------------------------------


def test_an_event_carries_the_hash_of_the_one_before_it_in_its_import() -> None:
    rows = events("one", "two").sort("source", "import_id", "line").to_dicts()
    assert rows[1]["previous_hash"] == rows[0]["event_hash"]
    assert rows[2]["previous_hash"] not in {row["event_hash"] for row in rows}
    assert len({row["event_hash"] for row in rows}) == 3


def test_chains_are_the_same_in_whatever_order_imports_and_rows_come() -> None:
    rows = [row for name in THREE for row in THREE[name]]
    random.Random(1).shuffle(rows)
    shuffled = consent_events(versions_of(*rows), imports("three", "one", "two"))
    assert shuffled.equals(events("one", "two", "three"))


def test_all_at_once_enters_what_one_by_one_entered() -> None:
    once = entered(list(entries_due(events("one", "two", "three"), imports("one", "two", "three"), entered([]))))
    assert once.equals(grown("one", "two", "three"))


def test_a_late_import_is_appended_and_rewrites_nothing() -> None:
    before, after = grown("two", "three"), grown("two", "three", "one")
    assert after.head(before.height).equals(before)
    assert after.get_column("import_id").to_list() == ["two", "three", "one"]
    heads = dict(after.select("import_id", "head").iter_rows())
    assert heads == dict(grown("one", "two", "three").select("import_id", "head").iter_rows())


def test_an_event_that_two_imports_say_has_one_id_and_stands_in_both_chains() -> None:
    again = event("two", 9)
    found = events(
        "one", "two", two=[{**again, "record_id": "news/2", "content_hash": THREE["one"][0]["content_hash"]}]
    )
    same = found.filter(pl.col("event_id") == found.filter(pl.col("line") == 2).item(0, "event_id"))
    assert same.get_column("import_id").to_list() == ["one", "two"]
    assert same.get_column("event_hash").n_unique() == 2


def test_records_that_say_nothing_of_consent_are_no_events_and_unsubscribes_are_withdrawals() -> None:
    rows = [
        {**record("crm/1", email=A), "import_id": "one", "line": 1},
        {**record("web/1", email=A, activity="page_view"), "import_id": "one", "line": 2},
        {**record("web/2", email=A, activity="complained"), "import_id": "one", "line": 3},
    ]
    both = pl.concat([imports("one").with_columns(source=pl.lit(source)) for source in ("crm", "web")])
    found = consent_events(versions_of(*rows), both)
    assert found.select("record_id", "event_state").rows() == [("web/2", "withdrawn")]


# -- the account in the ledger ----------------------------------------------------------------------------------------


def test_a_whole_chain_has_no_break_and_nothing_more_is_due() -> None:
    names = ("one", "two", "three")
    assert told(events(*names), imports(*names), grown(*names)) == []
    assert entries_due(events(*names), imports(*names), grown(*names)) == []


def test_imports_without_events_are_never_entered() -> None:
    assert entries_due(events("one"), imports("one", "silent"), grown("one")) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("event_state", "given"), ("purpose", "surveys"), ("emails", [A]), ("event_time", None), ("privacy_notice", "v9")],
)
def test_an_altered_event_is_told_with_its_import_and_line(column: str, value: Any) -> None:
    whole = events("one", "two")
    if column == "event_time":
        altered = pl.col("event_time").dt.offset_by("1y")
    else:
        altered = pl.lit(value, dtype=whole.schema[column])
    at = (pl.col("import_id") == "one") & (pl.col("line") == 3)
    found = whole.with_columns(pl.when(at).then(altered).otherwise(pl.col(column)).alias(column))
    (broken,) = told(found, imports("one", "two"), grown("one", "two"))
    assert broken.startswith("news, import one, line 3: the event says something else than its hash")


def test_a_missing_event_is_told() -> None:
    whole = events("one", "two")
    first_gone = told(
        whole.filter(~((pl.col("import_id") == "one") & (pl.col("line") == 2))),
        imports("one", "two"),
        grown("one", "two"),
    )
    assert first_gone[0].startswith("news, import one, line 3: the event does not follow the one before it")
    last_gone = told(
        whole.filter(~((pl.col("import_id") == "one") & (pl.col("line") == 3))),
        imports("one", "two"),
        grown("one", "two"),
    )
    assert last_gone == [
        "news, import one: 2 consent events in the ledger, and 1 now, though nobody read it again; `cdp replay` reads the "
        "import again where it was refused; where the change is meant, `cdp consent release SOURCE IMPORT --reason …` lets it count"
    ]


def test_an_import_that_is_not_in_use_any_more_is_a_break_until_somebody_releases_it() -> None:
    entries = grown("one", "two")
    (broken,) = told(events("one"), imports("one"), entries)
    assert "the import is not in use any more" in broken
    assert entries_due(events("one"), imports("one"), entries) == []
    released = pl.concat([entries, entered([release(entries, "news", "two", ERASED, "ana")])])
    assert told(events("one"), imports("one"), released) == []
    due = entries_due(events("one"), imports("one"), released)
    assert [(entry["reason"], entry["events"]) for entry in due] == [(ERASED, 0)]
    assert told(events("one"), imports("one"), pl.concat([released, entered(list(due))])) == []


def test_events_that_differ_with_nobody_having_read_them_again_are_not_entered() -> None:
    changed = events("one", "two", two=[event("two", 2, "given", at="2021")])
    assert entries_due(changed, imports("one", "two"), grown("one", "two")) == []
    (broken,) = told(changed, imports("one", "two"), grown("one", "two"))
    assert broken.startswith("news, import two: 1 consent event, of which one at least was altered since")


def test_an_import_that_was_read_again_is_entered_again() -> None:
    changed = events("one", "two", two=[event("two", 2, "given", at="2021")])
    entries = grown("one", "two")
    read_again = imports("one", "two", version="r2")
    due = entries_due(changed, read_again, entries)
    assert [(entry["import_id"], entry["reason"]) for entry in due] == [("one", READ_AGAIN), ("two", READ_AGAIN)]
    assert told(changed, read_again, pl.concat([entries, entered(list(due))])) == []
    assert entries.get_column("reason").to_list() == [IMPORTED, IMPORTED], "what was entered before stays"


@pytest.mark.parametrize("column", ["events", "head", "reason", "records_version", "content_sha256", "entry_hash"])
def test_an_altered_entry_is_told(column: str) -> None:
    names = ("one", "two", "three")
    entries = grown(*names)
    other = pl.lit(7, pl.Int64) if column == "events" else pl.lit("another")
    altered = entries.with_columns(pl.when(pl.col("number") == 2).then(other).otherwise(pl.col(column)).alias(column))
    assert told(events(*names), imports(*names), altered)[0].startswith(
        "news, import two: entry 2 of the ledger's consent chain was altered"
    )


def test_a_missing_entry_is_told() -> None:
    names = ("one", "two", "three")
    broken = told(events(*names), imports(*names), grown(*names).filter(pl.col("number") != 2))
    assert broken[0].startswith("news: entry 2 of the ledger's consent chain is missing")
    assert broken[1].startswith("news, import two: 1 consent event that the ledger does not know")


def test_a_release_names_who_and_why_and_holds_once() -> None:
    entries = grown("one", "two")
    entry = release(entries, "news", "two", "list was a test", "ana")
    assert entry is not None
    assert (entry["released_by"], entry["reason"], entry["head"]) == ("ana", "list was a test", None)
    assert release(entries, "news", "unheard-of", "why", "ana") is None
    released = pl.concat([entries, entered([entry])])
    changed = events("one", "two", two=[event("two", 2, "given", at="2021")])
    due = entries_due(changed, imports("one", "two"), released)
    assert [one["reason"] for one in due] == ["list was a test"]
    again = events("one", "two", two=[event("two", 2, "given", at="2023")])
    assert entries_due(again, imports("one", "two"), pl.concat([released, entered(list(due))])) == []


def test_no_break_tells_a_value() -> None:
    whole = events("one", "two", "three").with_columns(purpose=pl.lit("surveys"))
    assert not [text for text in told(whole, imports("one"), grown("one", "two")) if "ann" in text or "surveys" in text]
