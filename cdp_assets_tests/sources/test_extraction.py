from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cdp_assets.sources import extraction
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.extraction import Extraction, ExtractionFailed, extract
from cdp_assets.sources.reading import content_sha256, read_delivery
from cdp_assets_tests.sources.contract_text import crm


def database(folder: Path, *rows: tuple[object, ...]) -> None:
    """shop.db with these contacts: id, name, email, updated_at."""
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.execute('create table if not exists "order; drop" (id, name text, email text, updated_at)')
        connection.executemany('insert into "order; drop" values (?, ?, ?, ?)', rows)
    connection.close()


def contract(**sql: object) -> SourceContract:
    return crm(extract={"sql": {"url": "sqlite:///shop.db", "table": "order; drop", "cursor": "updated_at", **sql}})


def whole(**sql: object) -> SourceContract:
    return crm(extract={"sql": {"url": "sqlite:///shop.db", "table": "order; drop", **sql}})


def extracted(folder: Path, by: SourceContract, since: str | None = None) -> Extraction:
    found = extract(by, folder, since, {})
    assert found is not None
    return found


def ids(found: Extraction, by: SourceContract) -> list[str]:
    return read_delivery(found.path, by).frame["id"].to_list()


A, B, C = (
    (7, "Łucja", " x ", "2024-01-01 10:00:00"),
    ("007", None, "", "2024-01-02 10:00:00"),
    (1.0, "NO", "y", "2024-01-03 10:00:00"),
)


def test_rows_land_as_text_in_the_order_of_the_cursor(tmp_path: Path) -> None:
    database(tmp_path, C, A, B)
    found = extracted(tmp_path, contract())
    assert found.path.parent == tmp_path / "landing" / "crm"
    assert (found.rows, found.is_new, found.rows_without_cursor) == (3, True, 0)
    assert read_delivery(found.path, contract()).frame.drop("_problem", "_text").rows() == [
        (1, "7", "Łucja", " x ", A[3]),
        (2, "007", None, None, B[3]),
        (3, "1", "NO", "y", C[3]),
    ]


def test_only_rows_beyond_the_cursor_are_read(tmp_path: Path) -> None:
    database(tmp_path, A, B)
    first = extracted(tmp_path, contract())
    assert extract(contract(), tmp_path, first.cursor, {}) is None
    assert [path.name for path in first.path.parent.iterdir()] == [first.path.name]
    database(tmp_path, C)
    second = extracted(tmp_path, contract(), first.cursor)
    assert ids(second, contract()) == ["1"]
    assert second.path.name > first.path.name
    assert extract(contract(), tmp_path, second.cursor, {}) is None


def test_the_same_rows_are_the_same_content_and_the_same_file(tmp_path: Path) -> None:
    database(tmp_path, A, B)
    first = extracted(tmp_path, contract())
    again = extracted(tmp_path, contract())
    assert (again.path, again.content_sha256, again.is_new) == (first.path, first.content_sha256, False)
    assert content_sha256(first.path) == first.content_sha256
    first.path.unlink()
    assert extracted(tmp_path, contract()).content_sha256 == first.content_sha256


def test_order_in_the_database_does_not_matter(tmp_path: Path) -> None:
    same_moment = [(n, "x", "y", "2024-01-01") for n in range(50)]
    for name, rows in {"one": same_moment, "other": same_moment[::-1]}.items():
        (tmp_path / name).mkdir()
        database(tmp_path / name, *rows)
    assert (
        extracted(tmp_path / "one", contract()).content_sha256
        == extracted(tmp_path / "other", contract()).content_sha256
    )


@pytest.mark.parametrize(
    ("cursors", "overlap", "read_again"),
    [
        (("2024-01-01 10:00:00", "2024-01-01 10:20:00"), "30 minutes", "2024-01-01 10:00:00"),
        (("2024-01-01T10:00:00Z", "2024-01-01T10:20:00Z"), "1 hour", "2024-01-01T10:00:00Z"),
        (("2024-01-01T10:00:00.123", "2024-01-01T10:20:00.456"), "1 hour", "2024-01-01T10:00:00.123"),
        (("2024-01-01", "2024-01-02"), "2 days", "2024-01-01"),
        ((5, 8), "4", "5"),
        ((5.5, 8.0), "4", "5.5"),
    ],
)
def test_an_overlap_reads_late_rows_again(
    tmp_path: Path, cursors: tuple[object, object], overlap: str, read_again: str
) -> None:
    database(tmp_path, (1, "x", "y", cursors[0]), (2, "x", "y", cursors[1]))
    first = extracted(tmp_path, contract())
    second = extracted(tmp_path, contract(overlap=overlap), first.cursor)
    assert read_delivery(second.path, contract()).frame["updated_at"].to_list()[0] == read_again
    assert second.cursor == first.cursor, "an overlap never moves the cursor back"
    assert not second.is_new


def test_a_cursor_never_moves_back(tmp_path: Path) -> None:
    database(tmp_path, (1, "x", "y", 5), (2, "x", "y", 8))
    first = extracted(tmp_path, contract())
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute('delete from "order; drop" where id = 2')
    connection.close()
    second = extracted(tmp_path, contract(overlap="4"), first.cursor)
    assert (second.rows, second.cursor) == (1, "int:8")


def test_an_overlap_must_fit_the_cursor(tmp_path: Path) -> None:
    database(tmp_path, (1, "x", "y", 5))
    first = extracted(tmp_path, contract())
    with pytest.raises(ExtractionFailed, match="does not fit"):
        extract(contract(overlap="1 day"), tmp_path, first.cursor, {})


def test_rows_without_cursor_come_with_the_first_extraction_and_are_counted(tmp_path: Path) -> None:
    database(tmp_path, A, (9, "x", "y", None))
    first = extracted(tmp_path, contract())
    assert (first.rows, first.rows_without_cursor) == (2, 1)
    assert extract(contract(), tmp_path, first.cursor, {}) is None


def test_a_cursor_of_several_types_is_refused(tmp_path: Path) -> None:
    database(tmp_path, A, (9, "x", "y", 7))
    with pytest.raises(ExtractionFailed, match="several types"):
        extract(contract(), tmp_path, None, {})
    assert list((tmp_path / "landing" / "crm").iterdir()) == []


def test_a_query_is_read_like_a_table(tmp_path: Path) -> None:
    database(tmp_path, A, B, C)
    query = "select id, name, email, updated_at as changed from \"order; drop\" where name <> ':x' or 1 = 1;"
    by = contract(table=None, query=query, cursor="changed")
    first = extracted(tmp_path, by)
    assert first.rows == 3
    database(tmp_path, (10, "z", "z", "2024-02-01 00:00:00"))
    assert ids(extracted(tmp_path, by, first.cursor), by) == ["10"]


def test_a_table_without_cursor_is_read_whole(tmp_path: Path) -> None:
    database(tmp_path, A, B)
    first = extracted(tmp_path, whole())
    assert (first.rows, first.cursor) == (2, None)
    assert not extracted(tmp_path, whole()).is_new
    database(tmp_path, C)
    assert extracted(tmp_path, whole()).rows == 3


def test_an_empty_table_lands_nothing(tmp_path: Path) -> None:
    database(tmp_path)
    assert extract(contract(), tmp_path, None, {}) is None
    assert list((tmp_path / "landing" / "crm").iterdir()) == []


def test_more_rows_than_one_batch_are_one_file(tmp_path: Path) -> None:
    database(tmp_path, *((n, "x", "y", n) for n in range(25_001)))
    found = extracted(tmp_path, contract())
    assert found.rows == 25_001
    assert found.cursor == "int:25000"
    assert ids(found, contract())[-1] == "25000"


def test_the_url_may_come_from_the_environment(tmp_path: Path) -> None:
    database(tmp_path, A)
    by = contract(url=None, url_env="SHOP_URL")
    assert extract(by, tmp_path, None, {"SHOP_URL": "sqlite:///shop.db"}) is not None
    with pytest.raises(ExtractionFailed, match="SHOP_URL is not set"):
        extract(by, tmp_path, None, {})


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ({"url": "sqlite:///missing.db"}, "no SQLite database"),
        ({"url": "no url s3cret"}, "URL can not be used"),
        ({"url": "klingon://me:s3cret@host/db"}, "URL can not be used"),
        ({"table": "missing"}, "database refused"),
        ({"cursor": "missing"}, "cursor column 'missing'"),
        ({"table": None, "query": "select s3cret from"}, "database refused"),
    ],
)
def test_failures_say_what_to_do_and_no_secret(tmp_path: Path, sql: dict[str, object], says: str) -> None:
    database(tmp_path, A)
    with pytest.raises(ExtractionFailed, match=says) as failed:
        extract(contract(**sql), tmp_path, None, {})
    assert "s3cret" not in str(failed.value)
    assert failed.value.__cause__ is None
    folder = tmp_path / "landing" / "crm"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_cursor_that_can_not_be_read_is_not_ignored(tmp_path: Path) -> None:
    database(tmp_path, A)
    with pytest.raises(ExtractionFailed, match="not readable"):
        extract(contract(), tmp_path, "yesterday", {})


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database(tmp_path, A)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(extraction, "_text_array", full)
    with pytest.raises(ExtractionFailed, match="check the disk"):
        extract(contract(), tmp_path, None, {})
    assert list((tmp_path / "landing" / "crm").iterdir()) == []
