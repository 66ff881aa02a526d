"""The ledger: each content is one import, whoever and however many register it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from cdp_assets.ledger import (
    IMPORTED,
    LANDED,
    MIGRATIONS,
    REFUSED,
    REPEATED,
    Landed,
    Ledger,
    LedgerError,
    ReadFile,
    metadata,
)

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger(url)
    yield opened
    opened.close()


def delivery(content: str, source: str = "crm", location: str = "contacts.csv") -> Landed:
    return Landed(source, content.ljust(64, "0"), location, 10, NOON)


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


def test_moments_come_back_in_utc(ledger: Ledger) -> None:
    ledger.register(delivery("aa"))
    assert ledger.import_row("crm", "20240501T120000Z-aa0000000000")["landed_at"] == NOON


def test_a_file_that_changed_needs_a_second_look(ledger: Ledger) -> None:
    ledger.remember_file("crm", "contacts.csv", 10, 1)
    assert ("contacts.csv", 10, 1) in ledger.seen_files("crm")
    ledger.remember_file("crm", "contacts.csv", 12, 2)
    assert ledger.seen_files("crm") == {("contacts.csv", 12, 2)}


def test_a_cursor_moves_on(ledger: Ledger) -> None:
    assert ledger.cursor("shop") is None
    ledger.advance_cursor("shop", "2024-01-01", NOON)
    ledger.advance_cursor("shop", "2024-02-01", NOON)
    assert ledger.cursor("shop") == "2024-02-01"


def test_judgements_are_appended_and_name_their_pair_in_one_order(ledger: Ledger) -> None:
    ledger.add_judgement("web/9", "crm/1", "same", judged_by="ana", now=NOON)
    ledger.add_judgement("crm/1", "web/9", "different", judged_by="bo", now=NOON, reason="another person")
    rows = ledger.judgements().select("record_id_l", "record_id_r", "judgement").rows()
    assert rows == [("crm/1", "web/9", "same"), ("crm/1", "web/9", "different")]
    with pytest.raises(LedgerError, match="two different records"):
        ledger.add_judgement("crm/1", "crm/1", "same", judged_by="ana", now=NOON)


def test_the_newest_resolution_is_the_last_one(ledger: Ledger) -> None:
    assert ledger.last_resolution() is None
    ledger.add_resolution("r1", imports_hash="a", model_version="m", now=NOON)
    ledger.add_resolution("r2", imports_hash="b", model_version="m", now=NOON + timedelta(hours=1))
    last = ledger.last_resolution()
    assert last is not None
    assert (last["resolution_id"], last["imports_hash"]) == ("r2", "b")


def test_publications_and_corrections_come_back_as_they_went_in(ledger: Ledger) -> None:
    ledger.add_publication("p1", lake_versions="{}", customers=7, now=NOON)
    ledger.add_correction("crm/1", "city", "Leeds", "set", corrected_by="ana", now=NOON)
    assert ledger.publications()["customers"].to_list() == [7]
    assert ledger.corrections().select("record_id", "field", "correction").rows() == [("crm/1", "city", "set")]


def test_an_error_names_no_value(ledger: Ledger) -> None:
    ledger.register(delivery("aa", location="canary.csv"))
    row = ledger.import_row("crm", "20240501T120000Z-aa0000000000")
    with pytest.raises(sa.exc.IntegrityError) as refusal, ledger._writing() as connection:
        connection.execute(sa.insert(metadata.tables["imports"]).values(**row))
    assert "canary" not in str(refusal.value)


def test_a_reader_does_not_wait_for_a_writer(ledger: Ledger) -> None:
    ledger.register(delivery("aa"))
    with ledger._writing() as connection:
        connection.execute(sa.delete(metadata.tables["imports"]))
        assert ledger.imports().height == 1


def test_the_migrations_make_exactly_the_tables_that_the_code_declares(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


# -- how an import was read -------------------------------------------------------------------------------------------

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


def test_the_contract_in_force_is_the_last_one_that_came_into_force(ledger: Ledger) -> None:
    assert ledger.contract_in_force("crm") is None
    ledger.put_contract_in_force("crm", "v1", "{1}", NOON)
    ledger.put_contract_in_force("crm", "v2", "{2}", NOON, accepted_by="ana")
    ledger.put_contract_in_force("shop", "v9", "{9}", NOON)
    assert ledger.contract_in_force("crm") == ("v2", "{2}")
    ledger.put_contract_in_force("crm", "v1", "{1}", NOON)
    assert ledger.contract_in_force("crm") == ("v1", "{1}"), "a contract that is taken back is in force again"


def test_fetched_files_are_remembered_with_their_newest_stamp(ledger: Ledger) -> None:
    ledger.remember_fetched("crm", "a.csv", "etag-1", NOON)
    ledger.remember_fetched("crm", "a.csv", "etag-2", NOON)
    ledger.remember_fetched("shop", "a.csv", "etag-9", NOON)
    assert ledger.fetched_files("crm") == {"a.csv": "etag-2"}


def test_a_ledger_of_the_first_version_is_brought_up_to_date_with_all_that_it_holds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            sa.text(
                "INSERT INTO imports (import_id, source, content_sha256, sequence, location, bytes, landed_at, state)"
                " VALUES ('i1', 'crm', 'aa', 1, 'a.csv', 9, '2024-05-01 12:00:00', 'imported')"
            )
        )
    engine.dispose()
    ledger = Ledger(url)
    row = ledger.import_row("crm", "i1")
    assert (row["state"], row["landed_at"], row["records_version"]) == (IMPORTED, NOON, None)
    ledger.put_contract_in_force("crm", "v1", "{}", NOON)
    ledger.close()


def test_the_newest_choice_of_a_kind_is_in_force_and_all_are_counted(ledger: Ledger) -> None:
    assert ledger.choice("linkage model") is None
    ledger.add_choice("linkage model", "v1", chosen_by="ada", now=NOON)
    ledger.add_choice("something else", "x", chosen_by=None, now=NOON)
    ledger.add_choice("linkage model", None, chosen_by="ben", now=NOON)
    newest = ledger.choice("linkage model")
    assert newest is not None
    assert (newest["subject"], newest["chosen_by"], newest["chosen_at"]) == (None, "ben", NOON)
    assert ledger.decisions()["choices"] == 3


def entry(number: int, source: str = "news") -> dict[str, object]:
    return {
        "source": source, "number": number, "import_id": "i1", "content_sha256": "aa", "records_version": "r1", "events": 3,
        "head": "h", "reason": "imported", "released_by": None, "previous_hash": "p", "entry_hash": "e",
    }  # fmt: skip


def test_consent_entries_are_appended_all_or_none_and_never_replaced(ledger: Ledger) -> None:
    ledger.add_consent_entries([entry(1), entry(2), entry(1, "crm")], now=NOON)
    with pytest.raises(LedgerError, match="nothing was recorded"):
        ledger.add_consent_entries([entry(3), entry(2)], now=NOON)
    ledger.add_consent_entries([], now=NOON)
    kept = ledger.consent_entries()
    assert kept.select("source", "number").rows() == [("crm", 1), ("news", 1), ("news", 2)]
    assert set(kept["entered_at"]) == {NOON}
