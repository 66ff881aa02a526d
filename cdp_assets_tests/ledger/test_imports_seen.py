"""Each content is one import, whoever and however many register it; and what became of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, REPEATED, Ledger, LedgerError, ReadFile
from cdp_assets_tests.ledger.builders import NOON, delivery


def test_an_import_is_identified_by_its_content(ledger: Ledger) -> None:
    first, is_new = ledger.register(delivery("aa"))
    again, is_new_again = ledger.register(delivery("aa", location="renamed.csv.gz"))
    assert (first, is_new, again, is_new_again) == ("20240501T120000Z-aa0000000000", True, first, False)
    assert ledger.imports()["location"].to_list() == ["contacts.csv"]


def test_the_same_content_in_another_source_is_another_import(ledger: Ledger) -> None:
    assert ledger.register(delivery("aa"))[1]
    assert ledger.register(delivery("aa", source="shop"))[1]


def test_imports_of_a_source_are_numbered_in_the_order_of_sight(ledger: Ledger) -> None:
    for content in ("aa", "bb", "cc"):
        ledger.register(delivery(content))
    ledger.register(delivery("dd", source="shop"))
    assert ledger.imports().select("source", "sequence").rows() == [("crm", 1), ("crm", 2), ("crm", 3), ("shop", 1)]


def test_many_registrars_at_once_register_each_content_once(url: str) -> None:
    def register(n: int) -> bool:
        mine = Ledger(url)
        _, is_new = mine.register(delivery(f"{n % 5}a"))
        mine.close()
        return is_new

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(register, range(40)))
    ledger = Ledger(url)
    assert sum(new) == 5
    assert sorted(ledger.imports()["sequence"].to_list()) == [1, 2, 3, 4, 5]
    ledger.close()


def test_what_became_of_an_import_is_kept(ledger: Ledger) -> None:
    read, _ = ledger.register(delivery("aa"))
    refused, _ = ledger.register(delivery("bb"))
    waiting, _ = ledger.register(delivery("cc"))
    counts = {"lines": 3, "records": 1, "rejected": 1, "duplicates": 1}
    ledger.mark_imported(
        "crm", read, counts=counts, contract_version="v1", records_version="r1", observed_until=NOON, now=NOON
    )
    ledger.mark_refused("crm", refused, problem="two columns share a name; rename one", contract_version="v1")
    states = dict(ledger.imports().select("import_id", "state").rows())
    assert states == {read: IMPORTED, refused: REFUSED, waiting: LANDED}
    assert ledger.import_row("crm", read)["lines"] == 3
    assert ledger.import_row("crm", refused)["problem"] == "two columns share a name; rename one"


def test_an_import_that_nobody_registered_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="never registered"):
        ledger.import_row("crm", "20240501T120000Z-ffffffffffff")


def test_a_file_that_changed_needs_a_second_look(ledger: Ledger) -> None:
    ledger.remember_file("crm", "contacts.csv", 10, 1)
    assert ("contacts.csv", 10, 1) in ledger.seen_files("crm")
    ledger.remember_file("crm", "contacts.csv", 12, 2)
    assert ledger.seen_files("crm") == {("contacts.csv", 12, 2)}


READ = ReadFile(
    reading_version="v",
    file_format="csv",
    encoding="utf-8",
    delimiter=",",
    columns='["id"]',
    new_columns=0,
    blank_lines=1,
    lines=2,
    unsplit=0,
    fingerprint="f1",
)
NONE = {"lines": 2, "records": 2, "rejected": 0, "duplicates": 0}


def used(ledger: Ledger, import_id: str) -> None:
    ledger.mark_imported(
        "crm", import_id, counts=NONE, contract_version="v1", records_version="r1", observed_until=NOON, now=NOON
    )


def test_an_import_in_use_stays_in_use_while_it_is_read_again(ledger: Ledger) -> None:
    import_id, _ = ledger.register(delivery("aa"))
    ledger.mark_kept("crm", import_id, READ)
    assert ledger.import_row("crm", import_id)["state"] == LANDED
    used(ledger, import_id)
    ledger.mark_kept("crm", import_id, READ)
    ledger.mark_still_kept("crm", import_id, reading_version="v2")
    row = ledger.import_row("crm", import_id)
    assert (row["state"], row["reading_version"], row["delimiter"]) == (IMPORTED, "v2", ",")
    ledger.mark_unchanged("crm", import_id, problem="a column is missing; name another")
    assert ledger.import_row("crm", import_id)["state"] == IMPORTED


def test_a_refused_import_waits_again_when_its_lines_can_be_kept(ledger: Ledger) -> None:
    import_id, _ = ledger.register(delivery("aa"))
    ledger.mark_refused("crm", import_id, problem="why", contract_version="v1")
    ledger.mark_kept("crm", import_id, READ)
    row = ledger.import_row("crm", import_id)
    assert (row["state"], row["problem"]) == (LANDED, None)


def test_only_imports_that_count_or_came_before_can_be_repeated(ledger: Ledger) -> None:
    first, second, third = (ledger.register(delivery(content))[0] for content in ("aa", "bb", "cc"))
    for import_id in (first, second, third):
        ledger.mark_kept("crm", import_id, READ)
    assert ledger.imports_like("crm", second) == [first]
    used(ledger, third)
    assert ledger.imports_like("crm", second) == [first, third]
    ledger.mark_repeated("crm", second, repeats=first, lines=2, now=NOON)
    row = ledger.import_row("crm", second)
    assert (row["state"], row["repeats"], row["records"], row["duplicates"]) == (REPEATED, first, 0, 2)
    ledger.mark_refused("crm", first, problem="why", contract_version="v1")
    assert ledger.imports_like("crm", second) == [third]


def test_an_accepted_import_waits_to_be_read(ledger: Ledger) -> None:
    import_id, _ = ledger.register(delivery("aa"))
    ledger.mark_refused("crm", import_id, problem="it shrinks", contract_version="v1")
    ledger.accept_import("crm", import_id, by="ana", now=NOON)
    row = ledger.import_row("crm", import_id)
    assert (row["state"], row["problem"], row["accepted_by"], row["accepted_at"]) == (LANDED, None, "ana", NOON)
    with pytest.raises(LedgerError, match="never registered"):
        ledger.accept_import("crm", "20240501T120000Z-ffffffffffff", by="ana", now=NOON)


def test_files_are_read_again_on_request(ledger: Ledger) -> None:
    first, second = (ledger.register(delivery(content))[0] for content in ("aa", "bb"))
    for import_id in (first, second):
        ledger.mark_kept("crm", import_id, READ)
    ledger.read_file_again("crm", [second])
    assert [ledger.import_row("crm", one)["reading_version"] for one in (first, second)] == ["v", None]
