"""What is sent to the database when it is known how the publication before has left it: the same result, for less."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from cdp_assets.lake import local_lake
from cdp_assets.published import difference
from cdp_assets.published.last_published import publication_before, publication_note
from cdp_assets.published.publication import Before, PublicationError, PublicationResult, publish
from cdp_assets.published.published_tables import PUBLISHED_TABLES
from cdp_assets.published.sqlite_target import LOG, SqliteTarget
from cdp_assets.published.target import open_target
from cdp_assets.tables import (
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    GOLDEN_EMAILS,
    ID_LINEAGE,
    PUBLICATIONS,
    SEGMENT_MEMBERS,
    Table,
)
from cdp_assets_tests.builders import frame
from cdp_assets_tests.published.databases import (
    NOW,
    VERSIONS,
    customer,
    customers_only,
    execute,
    is_postgres,
    publish_to,
    read,
    sqlite_url,
    two_customers,
)

Frames = Mapping[Table, pl.DataFrame]


def left_by(result: PublicationResult, frames: Frames, publication_id: str = "p1") -> Before:
    """What is known of a publication of these frames."""
    assert result.seal
    return Before(publication_id, result.seal, frames.get)


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in order."""
    return {p.name: sorted(read(url, f"SELECT * FROM {p.name}"), key=repr) for p in PUBLISHED_TABLES}


def some_customers(chance: random.Random) -> Frames:
    """Up to nine customers with values, addresses and segments drawn from few: much is alike from one draw to the next."""
    ids = sorted(chance.sample([f"C{number}" for number in range(12)], chance.randrange(1, 10)))
    rows = [
        customer(id_, company=chance.choice(["Alpha", "Beta", None]), sources=chance.choice([["crm"], ["crm", "web"]]))
        for id_ in ids
    ]
    made = customers_only(*rows)
    emails = [{"customer_id": id_, "email": f"{id_}@a.example", "rank": chance.randrange(2)} for id_ in ids]
    made[GOLDEN_EMAILS] = frame(GOLDEN_EMAILS, *(email for email in emails if chance.random() < 0.7))
    segments = [{"customer_id": id_, "segment": "all", "membership": chance.choice(["yes", "maybe"])} for id_ in ids]
    made[SEGMENT_MEMBERS] = frame(SEGMENT_MEMBERS, *(member for member in segments if chance.random() < 0.7))
    return made


@pytest.mark.parametrize("seed", range(6))
def test_the_tables_are_the_same_as_when_all_rows_are_compared(url: str, tmp_path: Path, seed: int) -> None:
    chance, other = random.Random(seed), sqlite_url(tmp_path / "other")
    (tmp_path / "other").mkdir()
    before: Before | None = None
    for step in range(5):
        frames = some_customers(chance)
        known = publish(frames, url, VERSIONS, f"p{step}", NOW, before)
        anew = publish(frames, other, VERSIONS, f"p{step}", NOW)
        assert known.changes == anew.changes, step
        if before is not None:
            assert known.staged == sum(c.inserted + c.updated + c.deleted for c in known.changes.values())
        if not is_postgres(url):
            assert everything(url) == everything(other), step
        assert (
            read(url, "SELECT customer_id, company FROM customers ORDER BY 1")
            == frames[CUSTOMERS].select("customer_id", "company").sort("customer_id").rows()
        )
        before = left_by(known, frames, f"p{step}")


def test_only_what_differs_is_sent_where_nobody_has_written_since(url: str) -> None:
    frames = two_customers()
    first = publish_to(url, frames)
    assert first.staged == sum(first.rows.values())
    renamed = frames[CUSTOMERS].with_columns(first_name=pl.lit("Anna"))
    second = publish({**frames, CUSTOMERS: renamed}, url, VERSIONS, "p2", NOW, left_by(first, frames))
    assert second.staged == 2
    assert second.changes["customers"].updated == 2
    alone = customers_only(customer("C1", first_name="Anna", email="ann@new.example"))
    third = publish(alone, url, VERSIONS, "p3", NOW, left_by(second, {**frames, CUSTOMERS: renamed}, "p2"))
    assert read(url, "SELECT customer_id, first_name FROM customers") == [("C1", "Anna")]
    assert third.changes["customers"].deleted == 1
    assert everything(url)["customer_emails"] == []


def test_the_first_publication_copies_nothing(tmp_path: Path) -> None:
    """Rows go into the tables at once: nothing is staged beside them."""
    staged: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        load = SqliteTarget.load

        def watched(self: SqliteTarget, connection: sa.Connection, table: sa.Table, rows: pl.DataFrame) -> None:
            staged.append(table.name)
            load(self, connection, table, rows)

        patched.setattr(SqliteTarget, "load", watched)
        publish_to(sqlite_url(tmp_path), two_customers())
    assert staged == [published.name for published in PUBLISHED_TABLES]


# -- when all rows are compared ----------------------------------------------------------------------------------------


def test_what_somebody_has_altered_since_is_put_right(url: str) -> None:
    frames = two_customers()
    first = publish_to(url, frames)
    execute(url, "UPDATE customers SET first_name = 'Mallory'", "DELETE FROM customer_phones")
    second = publish(frames, url, VERSIONS, "p2", NOW, left_by(first, frames))
    assert second.changes["customers"].updated == 2
    assert read(url, "SELECT first_name FROM customers ORDER BY customer_id") == [("Ann",), ("Bo",)]
    assert read(url, "SELECT phone FROM customer_phones") == [("+14155550123",)]


def test_what_stands_in_the_log_of_another_writer_is_put_right(tmp_path: Path) -> None:
    """The file itself is as it was left: what was written is in the log, as long as that writer is there."""
    url, frames = sqlite_url(tmp_path), two_customers()
    first = publish_to(url, frames)
    file = tmp_path / "published.db"
    was = file.stat().st_mtime_ns
    other = sqlite3.connect(file)
    try:
        other.execute("UPDATE customers SET first_name = 'Mallory'")
        other.commit()
        assert file.stat().st_mtime_ns == was
        assert file.with_name(file.name + LOG).stat().st_size
        publish(frames, url, VERSIONS, "p2", NOW, left_by(first, frames))
    finally:
        other.close()
    assert read(url, "SELECT first_name FROM customers ORDER BY customer_id") == [("Ann",), ("Bo",)]


def test_a_publication_in_between_is_noticed(url: str) -> None:
    frames = two_customers()
    first = publish_to(url, frames)
    publish_to(url, customers_only(customer("C1", first_name="Eve")), "p2")
    publish(frames, url, VERSIONS, "p3", NOW, left_by(first, frames))
    assert read(url, "SELECT first_name FROM customers ORDER BY customer_id") == [("Ann",), ("Bo",)]


def test_another_publication_under_the_same_seal_is_compared(url: str) -> None:
    """The seal says that nobody has written since, the publication's id that it is the one that is meant."""
    result = publish_to(url, customers_only(customer("C1", first_name="Eve")), "of another workspace")
    frames = two_customers()
    publish(frames, url, VERSIONS, "p2", NOW, left_by(result, frames))
    assert read(url, "SELECT first_name FROM customers ORDER BY customer_id") == [("Ann",), ("Bo",)]


def test_a_table_whose_former_rows_are_not_kept_is_compared(url: str) -> None:
    frames = two_customers()
    first = publish_to(url, frames)
    kept = {table: rows for table, rows in frames.items() if table != CUSTOMERS}
    renamed = {**frames, CUSTOMERS: frames[CUSTOMERS].with_columns(first_name=pl.lit("Anna"))}
    second = publish(renamed, url, VERSIONS, "p2", NOW, left_by(first, kept))
    assert second.staged == frames[CUSTOMERS].height
    assert second.changes["customers"].updated == 2


def test_a_table_that_has_other_rows_than_are_known_of_is_compared(url: str) -> None:
    frames = two_customers()
    first = publish_to(url, frames)
    fewer = {**frames, CUSTOMER_IDS: frames[CUSTOMER_IDS].head(1), ID_LINEAGE: frames[ID_LINEAGE].head(1)}
    second = publish(frames, url, VERSIONS, "p2", NOW, left_by(first, fewer))
    assert second.staged == frames[CUSTOMER_IDS].height + frames[ID_LINEAGE].height
    assert not any(changes.inserted for changes in second.changes.values())


def test_a_table_of_another_shape_is_compared(tmp_path: Path) -> None:
    url, frames = sqlite_url(tmp_path), two_customers()
    publish_to(url, frames)
    execute(url, "ALTER TABLE corrections DROP COLUMN contested_by")
    target = open_target(url)
    with target.writing():
        pass  # whoever dropped the column might have left the database so
    target.close()
    known = Before("p1", target.left or "none", frames.get)
    second = publish(frames, url, VERSIONS, "p2", NOW, known)
    assert second.staged == frames[CORRECTIONS].height
    assert read(url, "SELECT contested_by FROM corrections") == [("Gamma",)]


# -- the seal ----------------------------------------------------------------------------------------------------------


def test_a_reader_is_not_waited_for_and_leaves_no_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, frames = sqlite_url(tmp_path), two_customers()
    assert publish_to(url, frames).seal
    reader = sqlite3.connect(tmp_path / "published.db", isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM customers").fetchone()
        monkeypatch.setattr("cdp_assets.published.sqlite_target.BUSY_SECONDS", 3_600)
        second = publish_to(url, customers_only(customer("C1")), "p2")
    finally:
        reader.close()
    assert second.seal is None
    third = publish(frames, url, VERSIONS, "p3", NOW, Before("p2", "no seal", frames.get))
    assert third.staged == sum(third.rows.values())


def test_what_another_session_commits_meanwhile_leaves_no_seal(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer at a time; PostgreSQL lets somebody alter a row that has just been compared."""
    frames = two_customers()
    first = publish_to(postgres_url, frames)
    compare = difference._upsert_different

    def compare_and_be_altered(connection: sa.Connection, table: sa.Table, staged: sa.Table) -> int:
        written = compare(connection, table, staged)
        if table.name == "customers":
            execute(postgres_url, "UPDATE customers SET first_name = 'Mallory' WHERE customer_id = 'C1'")
        return written

    with monkeypatch.context() as patched:
        patched.setattr(difference, "_upsert_different", compare_and_be_altered)
        second = publish(frames, postgres_url, VERSIONS, "p2", NOW, left_by(first, frames))
    assert second.seal is None
    publish(frames, postgres_url, VERSIONS, "p3", NOW, Before("p2", first.seal or "", frames.get))
    assert read(postgres_url, "SELECT first_name FROM customers ORDER BY customer_id") == [("Ann",), ("Bo",)]


def test_a_row_that_is_deleted_and_put_back_otherwise_is_noticed(postgres_url: str) -> None:
    """As many rows as before, in every table."""
    frames = two_customers()
    first = publish_to(postgres_url, frames)
    execute(
        postgres_url,
        "DELETE FROM provenance",
        "INSERT INTO provenance (customer_id, field, value) VALUES ('C1', 'first_name', 'Mallory')",
    )
    second = publish(frames, postgres_url, VERSIONS, "p2", NOW, left_by(first, frames))
    assert second.staged == sum(second.rows.values())
    assert read(postgres_url, "SELECT value FROM provenance") == [("Ann",)]


def test_a_publication_that_fails_changes_no_seal(url: str) -> None:
    frames = two_customers()
    first = publish_to(url, frames)
    without_ids = {**frames, CUSTOMER_IDS: frames[CUSTOMER_IDS].with_columns(customer_id=pl.lit("nobody"))}
    with pytest.raises(PublicationError, match="does not agree with itself"):
        publish(without_ids, url, VERSIONS, "p2", NOW, left_by(first, frames))
    assert publish(frames, url, VERSIONS, "p2", NOW, left_by(first, frames)).staged == 0


def test_a_publication_given_again_changes_nothing(url: str) -> None:
    frames = two_customers()
    first = publish_to(url, frames)
    again = publish(frames, url, VERSIONS, "p1", NOW, left_by(first, frames))
    assert again.is_repeated
    assert {(c.inserted, c.updated, c.deleted) for c in again.changes.values()} == {(0, 0, 0)}


# -- what is noted -----------------------------------------------------------------------------------------------------


def test_what_was_noted_is_known_as_long_as_the_lake_keeps_it(tmp_path: Path) -> None:
    lake, frames = local_lake(tmp_path), two_customers()
    assert publication_before(lake) is None
    version = lake.replace(CUSTOMERS, frames[CUSTOMERS])
    shown = json.dumps({CUSTOMERS.name: version, GOLDEN_EMAILS.name: 7})
    rows = (("p0", "{}", False), ("p1", shown, True))
    history = frame(
        PUBLICATIONS,
        *(
            {
                "publication_id": id_,
                "published_at": NOW,
                "lake_versions": versions,
                "customers": 2,
                "is_current": current,
            }
            for id_, versions, current in rows
        ),
    )
    lake.replace(PUBLICATIONS, history, note=publication_note("seal"))
    lake.replace(CUSTOMERS, frames[CUSTOMERS].head(1))
    before = publication_before(lake)
    assert before is not None
    assert (before.publication_id, before.seal) == ("p1", "seal")
    known = before.rows(CUSTOMERS)
    assert known is not None
    assert known.equals(frames[CUSTOMERS])
    assert before.rows(GOLDEN_EMAILS) is None, "a table that is not there any more"
    assert before.rows(SEGMENT_MEMBERS) is None, "a table that was not published then"
    lake.forget_everything_former(CUSTOMERS)
    assert before.rows(CUSTOMERS) is None


def test_nothing_is_noted_without_a_seal(tmp_path: Path) -> None:
    lake = local_lake(tmp_path)
    lake.replace(PUBLICATIONS, PUBLICATIONS.empty(), note=publication_note(None))
    assert publication_before(lake) is None
