"""What readers get, again and again, and while it happens. Each test runs against SQLite and PostgreSQL."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from cdp_assets.published import publication
from cdp_assets.published.difference import Changes
from cdp_assets.published.publication import PublicationError, publish
from cdp_assets.published.published_tables import PUBLISHED_TABLES
from cdp_assets.tables import CUSTOMERS, GOLDEN_EMAILS, SEGMENT_MEMBERS
from cdp_assets_tests.builders import frame
from cdp_assets_tests.published.databases import (
    NOW,
    VERSIONS,
    customer,
    customers_only,
    engine,
    execute,
    is_postgres,
    publish_to,
    read,
    sqlite_url,
    two_customers,
)

AWKWARD_TEXTS = [
    "",
    " ",
    "NULL",
    "\\N",
    "\\.",
    "line\n\\.\nline",
    'O"Neil, "Bob" \\',
    "{a,b}",
    "tab\tand\rreturn\r\n",
    "Żółć 東京 🎈",
    "'; DROP TABLE customers; --",
    "%s :name ? $1",
]


# -- what readers get --------------------------------------------------------------------------------------------------


def test_every_table_arrives_with_all_its_rows(url: str) -> None:
    frames = two_customers()
    expected = {published.name: frames[published.lake_table].height for published in PUBLISHED_TABLES}
    assert all(expected.values()), "the frames of this test have a row in every table"
    result = publish_to(url, frames)
    assert result.rows == expected
    assert {name: read(url, f"SELECT count(*) FROM {name}")[0][0] for name in expected} == expected
    assert result.bytes > 0
    assert result.notes == ()


def test_texts_arrive_as_they_are_and_empty_is_not_null(url: str) -> None:
    texts: list[str | None] = [*AWKWARD_TEXTS, None]
    publish_to(url, customers_only(*(customer(f"C{i:02}", company=text) for i, text in enumerate(texts))))
    assert [row[0] for row in read(url, "SELECT company FROM customers ORDER BY customer_id")] == texts


def test_lists_arrive_as_they_are(url: str) -> None:
    publish_to(url, customers_only(customer("C1", sources=AWKWARD_TEXTS), customer("C2", sources=[])))
    assert read(url, "SELECT sources FROM customers ORDER BY customer_id") == [(AWKWARD_TEXTS,), ([],)]


def test_numbers_days_moments_and_flags_arrive_as_they_are(url: str) -> None:
    seen = datetime(1969, 7, 20, 20, 17, 40, 123_456, tzinfo=UTC)
    values = {"weakest_probability": 0.1 + 0.2, "records": 2**40, "date_of_birth": date(1880, 2, 29), "is_known": True}
    publish_to(url, customers_only(customer("C1", **values, first_seen_at=seen)))
    columns = "weakest_probability, records, date_of_birth, is_known, first_seen_at"
    in_postgres = (0.1 + 0.2, 2**40, date(1880, 2, 29), True, seen)
    in_sqlite = (0.1 + 0.2, 2**40, "1880-02-29", 1, "1969-07-20 20:17:40.123456")
    assert read(url, f"SELECT {columns} FROM customers") == [in_postgres if is_postgres(url) else in_sqlite]


def test_nul_becomes_the_replacement_character_in_texts_and_lists(url: str) -> None:
    publish_to(url, customers_only(customer("C1", first_name="A\0n", sources=["c\0rm"])))
    assert read(url, "SELECT first_name, sources FROM customers") == [("A\ufffdn", ["c\ufffdrm"])]


def test_sqlite_hands_types_back_to_sqlalchemy_and_any_session_zone_reads_the_same_moment(url: str) -> None:
    publish_to(url, customers_only(customer("C1", first_seen_at=NOW, date_of_birth=date(1980, 1, 2))))
    table = sa.Table("customers", sa.MetaData(), autoload_with=(reader := engine(url)))
    with reader.connect() as connection:
        if is_postgres(url):
            connection.execute(sa.text("SET TIME ZONE 'Asia/Tokyo'"))
        row = connection.execute(sa.select(table)).one()
    moment = row.first_seen_at if row.first_seen_at.tzinfo else row.first_seen_at.replace(tzinfo=UTC)
    assert (moment, row.date_of_birth, row.is_known) == (NOW, date(1980, 1, 2), True)


def test_every_former_id_resolves(url: str) -> None:
    publish_to(url, two_customers())
    query = "SELECT customer_id, current_customer_id FROM resolved_ids ORDER BY customer_id"
    assert read(url, query) == [("C0", "C1"), ("C1", "C1"), ("C2", "C2"), ("C9", None)]


def test_the_view_has_one_row_per_customer_with_everything_beside_it(url: str) -> None:
    publish_to(url, two_customers())
    columns = "customer_id, first_name, emails, sendable_emails, phones, segments, segments_in_doubt, former_customer_ids, publication_id"
    assert read(url, f"SELECT {columns} FROM customer_360 ORDER BY customer_id") == [
        (
            "C1",
            "Ann",
            ["ann@new.example", "ann@former.example"],
            ["ann@new.example"],
            ["+14155550123"],
            ["all", "vip"],
            ["never_attended"],
            ["C0"],
            "p1",
        ),
        ("C2", "Bo", [], [], [], [], [], [], "p1"),
    ]


def test_the_view_has_every_column_of_the_golden_record_with_its_value(url: str) -> None:
    publish_to(url, two_customers())
    columns = ", ".join(CUSTOMERS.schema)
    assert read(url, f"SELECT {columns} FROM customer_360 ORDER BY 1") == read(
        url, f"SELECT {columns} FROM customers ORDER BY 1"
    )


def test_keys_are_primary_keys_and_lookups_have_indexes(url: str) -> None:
    publish_to(url, two_customers())
    inspector = sa.inspect(engine(url))
    for published in PUBLISHED_TABLES:
        key = tuple(inspector.get_pk_constraint(published.name)["constrained_columns"])
        assert key == published.lake_table.key
        indexed = {tuple(index["column_names"]) for index in inspector.get_indexes(published.name)}
        assert indexed == set(published.looked_up_by)
        if "customer_id" in published.lake_table.schema:
            assert any(columns[0] == "customer_id" for columns in (key, *indexed))


def test_a_sqlite_publication_is_in_write_ahead_log_mode(tmp_path: Path) -> None:
    publish_to(sqlite_url(tmp_path), customers_only())
    with sqlite3.connect(tmp_path / "published.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


# -- again and again ---------------------------------------------------------------------------------------------------


def test_publishing_the_same_under_a_new_id_changes_no_row(url: str) -> None:
    publish_to(url, two_customers())
    again = publish_to(url, two_customers(), "p2")
    assert set(again.changes.values()) == {Changes(0, 0, 0)}
    assert not again.is_repeated


def test_only_rows_that_differ_are_touched(url: str) -> None:
    first = publish_to(url, customers_only(customer("C1"), customer("C2", first_name="Bo"), customer("C3")))
    assert first.changes["customers"] == Changes(inserted=3, updated=0, deleted=0)
    result = publish_to(url, customers_only(customer("C1"), customer("C2", first_name=None), customer("C4")), "p2")
    assert result.changes["customers"] == Changes(inserted=1, updated=1, deleted=1)
    assert read(url, "SELECT customer_id, first_name FROM customers ORDER BY 1") == [
        ("C1", None),
        ("C2", None),
        ("C4", None),
    ]


def test_as_many_new_rows_as_lost_ones_are_no_reason_to_keep_the_lost_ones(url: str) -> None:
    publish_to(url, customers_only(customer("C1"), customer("C2")))
    publish_to(url, customers_only(customer("C2"), customer("C3")), "p2")
    assert read(url, "SELECT customer_id FROM customers ORDER BY 1") == [("C2",), ("C3",)]


def test_a_change_of_any_type_is_seen(url: str) -> None:
    former = customer("C1")
    publish_to(url, customers_only(former))
    for step, (column, value) in enumerate(
        {
            "first_name": "",
            "sources": ["crm", "web"],
            "date_of_birth": date(1981, 1, 1),
            "is_known": False,
            "records": 7,
            "weakest_probability": 0.25,
            "last_seen_at": NOW,
        }.items()
    ):
        former = {**former, column: value}
        result = publish_to(url, customers_only(former), f"step {step}")
        assert result.changes["customers"] == Changes(0, 1, 0), column
    back = publish_to(url, customers_only(customer("C1")), "p2")
    assert back.changes["customers"] == Changes(0, 1, 0)


def test_a_row_that_somebody_altered_by_hand_is_put_right(url: str) -> None:
    publish_to(url, two_customers())
    execute(url, "UPDATE customers SET first_name = 'Mallory'", "DELETE FROM customer_phones")
    result = publish_to(url, two_customers(), "p2")
    assert result.changes["customers"].updated == 2
    assert read(url, "SELECT first_name FROM customers ORDER BY customer_id") == [("Ann",), ("Bo",)]
    assert read(url, "SELECT phone FROM customer_phones") == [("+14155550123",)]


def test_a_publication_without_a_customer_empties_the_tables(url: str) -> None:
    publish_to(url, two_customers())
    assert publish_to(url, customers_only(), "p2").changes["customers"].deleted == 2
    assert read(url, "SELECT count(*) FROM customer_360") == [(0,)]


def test_the_same_publication_again_does_nothing(url: str) -> None:
    first = publish_to(url, two_customers())
    again = publish_to(url, two_customers(), now=NOW + timedelta(days=1))
    assert again.is_repeated
    assert again.rows == first.rows
    assert len(read(url, "SELECT * FROM publications")) == 1


def test_a_former_publication_given_again_does_not_undo_a_newer_one(url: str) -> None:
    publish_to(url, customers_only(customer("C1")))
    publish_to(url, customers_only(customer("C2")), "p2")
    assert publish_to(url, customers_only(customer("C1"))).is_repeated
    assert read(url, "SELECT customer_id FROM customers") == [("C2",)]


def test_an_id_is_not_taken_for_other_versions_of_the_lake(url: str) -> None:
    publish_to(url, two_customers())
    with pytest.raises(PublicationError, match=r"p1 was made of other versions .* an id of their own"):
        publish(two_customers(), url, {"golden_records/customers": 4}, "p1", NOW)


def test_the_history_keeps_every_publication_and_marks_the_current_one(url: str) -> None:
    in_tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    publish_to(url, customers_only(customer("C1")))
    publish_to(url, two_customers(), "p2", in_tokyo + timedelta(days=1))
    table = sa.Table("publications", sa.MetaData(), autoload_with=(reader := engine(url)))
    with reader.connect() as connection:
        history = connection.execute(sa.select(table).order_by(table.c.publication_id)).all()
    assert [(row.publication_id, row.customers, row.is_current) for row in history] == [
        ("p1", 1, False),
        ("p2", 2, True),
    ]
    assert [row.published_at.replace(tzinfo=UTC) for row in history] == [NOW, NOW + timedelta(days=1)]
    assert history[1].lake_versions == VERSIONS
    assert history[1].table_rows["customer_emails"] == 2


# -- while it happens --------------------------------------------------------------------------------------------------


def test_a_reader_whose_transaction_is_open_keeps_the_former_publication(url: str) -> None:
    publish_to(url, two_customers())
    with engine(url).connect() as reader:
        if is_postgres(url):
            reader = reader.execution_options(isolation_level="REPEATABLE READ")
        else:
            reader.exec_driver_sql("BEGIN")
        assert reader.scalar(sa.text("SELECT first_name FROM customers WHERE customer_id = 'C1'")) == "Ann"
        publish_to(url, customers_only(customer("C1", first_name="Anna")), "p2")
        assert reader.scalar(sa.text("SELECT count(*) FROM customers")) == 2
        assert reader.scalar(sa.text("SELECT count(*) FROM customer_emails")) == 2, "a table it had not read before"
        assert reader.scalar(sa.text("SELECT publication_id FROM customer_360 LIMIT 1")) == "p1"
    assert read(url, "SELECT first_name, publication_id FROM customer_360") == [("Anna", "p2")]


def before_the_commit(monkeypatch: pytest.MonkeyPatch, action: Callable[[], None]) -> None:
    """Do something when the next publication is complete but for its commit."""
    add = publication.history.add

    def add_and_act(*arguments: Any) -> None:
        add(*arguments)
        action()

    monkeypatch.setattr(publication.history, "add", add_and_act)


def test_a_new_reader_is_not_made_to_wait_and_sees_the_former_publication(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to(url, two_customers())
    seen: list[Any] = []
    waits = {"options": "-clock_timeout=100"} if is_postgres(url) else {"timeout": "0.1"}
    impatient = sa.make_url(url)
    if is_postgres(url):
        waits["options"] += f" {impatient.query['options']}"
    impatient = impatient.update_query_dict(waits)
    look = impatient.render_as_string(hide_password=False)
    before_the_commit(
        monkeypatch, lambda: seen.extend(read(look, "SELECT first_name, publication_id FROM customer_360"))
    )
    publish_to(url, customers_only(customer("C1", first_name="Anna")), "p2")
    assert sorted(seen) == [("Ann", "p1"), ("Bo", "p1")]


def test_a_failure_at_the_last_moment_leaves_everything_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())

    def power_cut() -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        before_the_commit(patched, power_cut)
        with pytest.raises(RuntimeError, match="power cut"):
            publish_to(url, customers_only(customer("C3")), "p2")
    assert read(url, "SELECT first_name, emails, publication_id FROM customer_360 ORDER BY customer_id") == [
        ("Ann", ["ann@new.example", "ann@former.example"], "p1"),
        ("Bo", [], "p1"),
    ]
    assert publish_to(url, customers_only(customer("C3")), "p2").rows["customers"] == 1


def test_a_first_publication_that_fails_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut() -> None:
        raise RuntimeError("power cut")

    before_the_commit(monkeypatch, power_cut)
    with pytest.raises(RuntimeError, match="power cut"):
        publish_to(url, two_customers())
    inspector = sa.inspect(engine(url))
    assert inspector.get_table_names() + inspector.get_view_names() == []


def test_a_publisher_killed_before_its_commit_leaves_everything_as_it_was(url: str) -> None:
    publish_to(url, two_customers())
    program = """
        import os, signal, sys
        from cdp_assets.published import publication
        from cdp_assets_tests.published.databases import customer, customers_only, publish_to

        publication.history.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        publish_to(sys.argv[1], customers_only(customer("C3")), "p2")
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program), url], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert read(url, "SELECT first_name, publication_id FROM customer_360 ORDER BY 1") == [("Ann", "p1"), ("Bo", "p1")]
    publish_to(url, customers_only(customer("C3")), "p2")
    assert read(url, "SELECT customer_id FROM customers") == [("C3",)]


def test_publishers_at_the_same_time_take_their_turns(url: str) -> None:
    def one(number: int) -> None:
        publish_to(url, customers_only(customer("C1"), customer(f"D{number}")), f"p{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert read(url, "SELECT count(*) FROM publications") == [(4,)]
    (current,) = read(url, "SELECT publication_id FROM publications WHERE is_current")
    assert read(url, "SELECT customer_id FROM customers ORDER BY 1") == [("C1",), (current[0].replace("p", "D"),)]


def test_publishers_that_make_the_file_at_the_same_time_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another makes the file, the switch to write-ahead logging fails at once, whatever the time to wait."""
    monkeypatch.setattr("cdp_assets.published.sqlite_target.WAL_WAIT_SECONDS", 0.01)
    maker = sqlite3.connect(tmp_path / "published.db", isolation_level=None, check_same_thread=False)
    maker.execute("CREATE TABLE theirs (x)")
    maker.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.2, lambda: maker.execute("COMMIT"))
    release.start()
    try:
        monkeypatch.setattr("cdp_assets.published.sqlite_target.BUSY_SECONDS", 0)
        assert publish_to(sqlite_url(tmp_path), two_customers()).rows["customers"] == 2
    finally:
        release.join()
        maker.close()


def test_more_rows_than_are_sent_at_once_arrive(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdp_assets.published.sqlite_target.ROWS_AT_ONCE", 3)
    monkeypatch.setattr("cdp_assets.published.postgresql_target.ROWS_AT_ONCE", 3)
    publish_to(url, customers_only(*(customer(f"C{i}") for i in range(8))))
    assert read(url, "SELECT count(*) FROM customers") == [(8,)]


def test_rows_in_another_order_are_the_same_publication(url: str) -> None:
    frames = two_customers()
    publish_to(url, frames)
    turned = {table: rows.reverse() for table, rows in frames.items()}
    assert set(publish_to(url, turned, "p2").changes.values()) == {Changes(0, 0, 0)}


def test_a_change_in_one_table_touches_no_other(url: str) -> None:
    publish_to(url, two_customers())
    frames = two_customers()
    frames[SEGMENT_MEMBERS] = frame(SEGMENT_MEMBERS, {"segment": "vip", "customer_id": "C2", "membership": "yes"})
    frames[GOLDEN_EMAILS] = frames[GOLDEN_EMAILS].with_columns(rank=pl.lit(1, pl.Int64))
    changes = publish_to(url, frames, "p2").changes
    assert changes["segment_members"] == Changes(inserted=1, updated=0, deleted=3)
    assert changes["customer_emails"] == Changes(inserted=0, updated=1, deleted=0)
    assert changes["customers"] == Changes(0, 0, 0)
