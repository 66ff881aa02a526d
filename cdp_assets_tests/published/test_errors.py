"""What goes wrong is told without a customer's value, a URL or a password."""

from __future__ import annotations

import sqlite3
import traceback
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from cdp_assets.published.publication import PublicationError
from cdp_assets.published.sqlite_target import SqliteTarget
from cdp_assets.published.verification import publishable
from cdp_assets_tests.published.databases import (
    engine,
    execute,
    is_postgres,
    publish_to,
    read,
    require_role_maker,
    sqlite_url,
    two_customers,
)

SECRET = "s3cret-passw0rd"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (
            f"postgresql://cdp:{SECRET}@127.0.0.1:1/none",
            r"the PostgreSQL database none at 127\.0\.0\.1:1 .*can not be reached",
        ),
        (f"postgres://cdp:{SECRET}@127.0.0.1:1/none", "can not be reached"),
        (f"postgresql+psycopg2://cdp:{SECRET}@127.0.0.1:1/none", "can not be reached"),
        (f"postgresql://127.0.0.1:1/none?user=cdp&password={SECRET}", "can not be reached"),
        (f"mysql://cdp:{SECRET}@127.0.0.1/none", "is not one of sqlite.* or postgresql"),
        (f"no url {SECRET}", "is not one of sqlite.* or postgresql"),
        (f"postgresql://cdp:x@{SECRET}:{SECRET}/none", "is not one of sqlite.* or postgresql"),
        (f"postgresql://cdp:{SECRET}@127.0.0.1:port/none", "is not one of sqlite.* or postgresql"),
        ("sqlite://", "is not one of sqlite.* or postgresql"),
        ("sqlite:////nowhere/at/all/published.db", r"published\.db failed: .*SQLITE_CANTOPEN .*folder exists"),
    ],
)
def test_no_error_shows_the_url_or_its_password(bad: str, told: str) -> None:
    with pytest.raises(PublicationError, match=told) as refused:
        publish_to(bad, two_customers())
    assert SECRET not in as_logged(refused.value)
    assert "cdp:" not in str(refused.value)


def as_logged(error: BaseException) -> str:
    """All that a log gets of an error, causes and contexts included; not the source lines, which are the test's own."""
    told = []
    seen: BaseException | None = error
    while seen is not None:
        told += traceback.format_exception_only(seen)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "".join(told)


def twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every row be loaded twice, past the check of the frames: the database itself has to refuse."""
    monkeypatch.setattr(
        "cdp_assets.published.publication.publishable",
        lambda frames, tables: {name: pl.concat([rows, rows]) for name, rows in publishable(frames, tables).items()},
    )


def test_no_error_of_the_database_shows_a_value(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    twice(monkeypatch)
    code = "CardinalityViolation 21000|UniqueViolation 23505" if is_postgres(url) else "SQLITE_CONSTRAINT_PRIMARYKEY"
    with pytest.raises(PublicationError, match=code) as refused:
        publish_to(url, two_customers())
    assert not [value for value in ("C1", "Ann", "ann@", "4155550123") if value in as_logged(refused.value)]


def test_no_error_of_a_copy_shows_a_value(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server quotes the line that it stumbled over."""
    monkeypatch.setattr(
        "cdp_assets.published.postgresql_target.for_copy", lambda frame: frame.select(pl.lit("Ann@secret").alias("x"))
    )
    with pytest.raises(PublicationError, match=r"loading customers into .* BadCopyFileFormat 22P04") as refused:
        publish_to(postgres_url, two_customers())
    assert "Ann" not in as_logged(refused.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "published.db"
    path.write_bytes(b"name;email\n" * 500)
    with pytest.raises(PublicationError, match="not a SQLite database; move it away"):
        publish_to(sqlite_url(tmp_path), two_customers())
    assert path.read_bytes() == b"name;email\n" * 500


def test_a_writer_that_never_ends_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = sqlite_url(tmp_path)
    publish_to(url, two_customers())
    monkeypatch.setattr("cdp_assets.published.sqlite_target.BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "published.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PublicationError, match=r"SQLITE_BUSY \(another process is writing"):
            publish_to(url, two_customers(), "p2")
    finally:
        other.close()
    assert read(url, "SELECT publication_id FROM publications") == [("p1",)]


def test_a_reader_who_holds_what_must_be_altered_is_not_waited_for_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to(postgres_url, two_customers())
    monkeypatch.setattr("cdp_assets.published.postgresql_target.LOCK_WAIT", "100ms")
    monkeypatch.setattr("cdp_assets.published.publication._customer_360", lambda _: "SELECT customer_id FROM customers")
    with engine(postgres_url).connect() as reader:
        reader.execute(sa.text("SELECT * FROM customer_360"))
        with pytest.raises(PublicationError, match=r"55P03 \(another session held a lock .*publish again"):
            publish_to(postgres_url, two_customers(), "p2")
    assert publish_to(postgres_url, two_customers(), "p2").notes == ()


def test_a_user_who_may_not_create_tables_is_told_what_to_grant(postgres_url: str) -> None:
    require_role_maker(postgres_url)
    parsed = sa.make_url(postgres_url)
    schema = str(parsed.query["options"]).removeprefix("-csearch_path=")
    execute(
        postgres_url,
        f"CREATE ROLE {schema}_poor LOGIN PASSWORD '{SECRET}'",
        f"GRANT USAGE ON SCHEMA {schema} TO {schema}_poor",
    )
    poor = parsed.set(username=f"{schema}_poor", password=SECRET).render_as_string(hide_password=False)
    try:
        with pytest.raises(PublicationError, match=r"42501 \(.*grant it CREATE on the schema") as refused:
            publish_to(poor, two_customers())
        assert SECRET not in as_logged(refused.value)
        wrong = parsed.set(username=f"{schema}_poor", password="wrong").render_as_string(hide_password=False)
        with pytest.raises(PublicationError, match="PostgreSQL"):
            publish_to(wrong, two_customers())
        nowhere = parsed.update_query_dict({"options": "-csearch_path=no_such_schema"}).render_as_string(
            hide_password=False
        )
        with pytest.raises(PublicationError, match="no schema to publish into"):
            publish_to(nowhere, two_customers())
    finally:
        execute(postgres_url, f"DROP OWNED BY {schema}_poor", f"DROP ROLE {schema}_poor")


def test_the_name_of_a_sqlite_target_is_its_file_only(tmp_path: Any) -> None:
    target = SqliteTarget(sa.make_url(sqlite_url(tmp_path)))
    assert target.name == "the SQLite database published.db"
    target.close()
