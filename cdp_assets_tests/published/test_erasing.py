"""A person leaves the published tables at once, others stay, and nothing is left in the space between rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.erasure.certificate import in_server
from cdp_assets.erasure.patterns import Patterns
from cdp_assets.published.erasing import compact_published, erase_published
from cdp_assets.published.errors import PublicationError
from cdp_assets.published.publication import publish
from cdp_assets_tests.published.databases import NOW, VERSIONS, read, sqlite_url, two_customers

ANN = (["C0", "C1"], ["crm/C1"], ["ann@new.example", "ann@former.example", "+14155550123"])
TABLES_OF_ANN = (
    "customers",
    "customer_emails",
    "customer_phones",
    "consents",
    "provenance",
    "corrections",
    "customer_ids",
    "segment_members",
)


def test_the_person_goes_from_every_table_and_their_ids_resolve_to_nobody(url: str) -> None:
    publish(two_customers(), url, VERSIONS, "p1", NOW)
    erase_published(url, *ANN)
    for table in TABLES_OF_ANN:
        assert read(url, f"SELECT count(*) FROM {table} WHERE customer_id = 'C1'") == [(0,)]
    assert read(url, "SELECT customer_id, first_name FROM customers") == [("C2", "Bo")]
    ids = "SELECT customer_id, current_customer_id, state FROM resolved_ids ORDER BY customer_id"
    assert read(url, ids) == [
        ("C0", None, "retired"),
        ("C1", None, "retired"),
        ("C2", "C2", "current"),
        ("C9", None, "retired"),
    ]
    assert read(url, "SELECT count(*) FROM customer_360 WHERE customer_id = 'C1'") == [(0,)]
    assert erase_published(url, *ANN) == {"resolved_ids": 2}


def test_a_count_changes_nothing(url: str) -> None:
    publish(two_customers(), url, VERSIONS, "p1", NOW)
    counted = erase_published(url, *ANN, only_count=True)
    assert counted["customer_emails"] == 2
    assert read(url, "SELECT count(*) FROM customer_emails") == [(2,)]
    assert erase_published(url, *ANN) == counted


def test_after_compacting_nothing_is_left_in_the_file_or_its_log(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    publish(two_customers(), url, VERSIONS, "p1", NOW)
    erase_published(url, *ANN)
    compact_published(url)
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ann@former.example" not in held
    assert b"Bo" in held


def test_a_server_is_compacted_and_searched(postgres_url: str) -> None:
    publish(two_customers(), postgres_url, VERSIONS, "p1", NOW)
    patterns = Patterns.of(ANN[2])
    assert in_server(postgres_url, patterns) > 0
    erase_published(postgres_url, *ANN)
    compact_published(postgres_url)
    assert in_server(postgres_url, patterns) == 0
    assert in_server(postgres_url, Patterns.of(["Bo"])) > 0


def test_where_nothing_has_been_published_there_is_nothing_to_do_and_no_file_is_made(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    assert erase_published(url, *ANN) == {}
    compact_published(url)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told_without_a_value(tmp_path: Path) -> None:
    (tmp_path / "published.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(PublicationError, match="NOTADB") as refused:
        erase_published(sqlite_url(tmp_path), *ANN)
    assert "ann@" not in str(refused.value)
