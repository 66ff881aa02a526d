from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cdp_assets.sources import extraction
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.extraction import Extraction, ExtractionFailed, extract
from cdp_assets.sources.reading import content_sha256, read_delivery
from cdp_assets_tests.published.databases import ON_POSTGRES, execute, postgres_schema
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
    assert (second.rows, second.cursor) == (1, first.cursor)


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
    assert re.fullmatch("int@[0-9a-f]{16}:25000", found.cursor or "")
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


# -- nothing lost, nothing doubled, on each database ------------------------------------------------------------------


@pytest.fixture(params=["sqlite", ON_POSTGRES])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the table ``contacts``: id, name, changed (a number), at (a time)."""
    table = "CREATE TABLE contacts (id text, name text, changed integer, at timestamp)"
    if request.param == "sqlite":
        execute(f"sqlite:///{tmp_path / 'shop.db'}", table)
        yield "sqlite:///shop.db"
    else:
        with postgres_schema() as schema_url:
            execute(schema_url, table)
            yield schema_url


class Shop:
    """A database that changes, and what has been extracted of it so far."""

    def __init__(self, home: Path, url: str, **sql: object) -> None:
        self.home, self.url = home, url
        self.contract = crm(
            columns={"full_name": "name"},
            extract={"sql": {"url_env": "SHOP_URL", "table": "contacts", "cursor": "changed", **sql}},
        )
        self.cursor: str | None = None
        self.said: list[str] = []

    def change(self, *statements: str) -> Shop:
        execute(self.url.replace("sqlite:///shop.db", f"sqlite:///{self.home / 'shop.db'}"), *statements)
        return self

    def add(self, name: str, changed: int | None, at: str = "2024-01-01 10:00:00") -> Shop:
        number = "NULL" if changed is None else str(changed)
        return self.change(f"INSERT INTO contacts VALUES ('{name}', '{name}', {number}, '{at}')")

    def extract(self, *, remember: bool = True) -> Extraction | None:
        found = extract(self.contract, self.home, self.cursor, {"SHOP_URL": self.url}, report=self.said.append)
        if found is not None and remember:
            self.cursor = found.cursor
        return found

    def take(self, *, remember: bool = True) -> list[str]:
        """Extract; the ids that landed newly, in the file's order."""
        found = self.extract(remember=remember)
        return ids(found, self.contract) if found is not None and found.path is not None and found.is_new else []

    def landed(self) -> set[str]:
        """The ids in all files."""
        files = (self.home / "landing" / "crm").glob("extract-*")
        return {id_ for file in files for id_ in read_delivery(file, self.contract).frame["id"]}


def test_only_new_rows_land_and_the_same_moment_is_looked_at_again(tmp_path: Path, url: str) -> None:
    shop = Shop(tmp_path, url).add("a", 1).add("b", 5)
    assert shop.take() == ["a", "b"]
    assert shop.take() == []
    shop.add("c", 9)
    assert shop.take() == ["c"], "b is as remembered"
    shop.add("tie", 9)
    assert sorted(shop.take()) == ["c", "tie"], "the row that came late to the same moment is not lost"
    assert shop.extract() is None
    shop.change("UPDATE contacts SET name = 'other' WHERE id = 'tie'")
    assert "tie" in shop.take(), "a change that moved no cursor is seen where the cursor stands"
    assert shop.extract() is None
    shop.add("d", 10)
    assert shop.take() == ["d"]
    assert shop.landed() == {"a", "b", "c", "d", "tie"}


def test_many_rows_of_one_moment_are_extracted_once(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "ROWS_AT_ONCE", 3)
    shop = Shop(tmp_path, url)
    for number in range(10):
        shop.add(f"r{number}", 5)
    assert len(shop.take()) == 10
    assert shop.extract() is None
    shop.add("late", 5)
    assert len(shop.take()) == 11
    assert shop.extract() is None
    shop.add("next", 6)
    assert "next" in shop.take()
    assert shop.extract() is None


def test_rows_committed_late_are_what_an_overlap_is_for(tmp_path: Path, url: str) -> None:
    with_overlap = Shop(tmp_path, url, overlap="5").add("a", 1).add("b", 10)
    with_overlap.take()
    with_overlap.add("late", 6).add("too late", 2)
    assert with_overlap.take() == ["late", "b"]
    assert with_overlap.take() == []
    with_overlap.add("c", 12)
    assert with_overlap.take() == ["late", "b", "c"], "the overlap is one before the cursor that was remembered"
    assert with_overlap.landed() == {"a", "b", "late", "c"}


def test_an_overlap_of_time(tmp_path: Path, url: str) -> None:
    shop = Shop(tmp_path, url, cursor="at", overlap="30 minutes")
    shop.add("a", 1, "2024-01-01 10:00:00").add("b", 1, "2024-01-01 11:00:00")
    shop.take()
    shop.add("late", 1, "2024-01-01 10:45:00")
    assert shop.take() == ["late", "b"]
    assert shop.take() == []


@pytest.mark.parametrize("overlap", [{}, {"overlap": "5"}], ids=["no overlap", "overlap"])
def test_killed_anywhere_and_run_again_is_the_same_as_undisturbed(
    tmp_path: Path, url: str, overlap: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "ROWS_AT_ONCE", 2)
    steps: list[Callable[[Shop], Shop]] = [
        lambda shop: shop.add("null", None).add("a", 1).add("b", 5).add("c", 5).add("d", 7).add("e", 7),
        lambda shop: shop.add("tie", 7).add("late", 6),
        lambda shop: shop.add("f", 8).add("null2", None).add("g", 9),
    ]
    disturbed = Shop(tmp_path, url, **overlap)
    for step in steps:
        step(disturbed)
        for kill in ("_text_array", "content_sha256", "_land", "not remembered"):
            with monkeypatch.context() as patched:
                if kill == "not remembered":
                    disturbed.take(remember=False)
                    continue
                patched.setattr(extraction, kill, _killed)
                with pytest.raises(KeyboardInterrupt):
                    disturbed.take()
        disturbed.take()
        assert disturbed.extract() is None or disturbed.take() == []
    undisturbed = {"null", "a", "b", "c", "d", "e", "tie", "f", "g"} | ({"late"} if overlap else set())
    assert disturbed.landed() == undisturbed
    assert [path.name for path in (tmp_path / "landing" / "crm").iterdir() if path.name.startswith(".")] == []


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_table_of_rows_without_cursor_is_read_whole_until_one_has(tmp_path: Path, url: str) -> None:
    shop = Shop(tmp_path, url).add("a", None)
    assert shop.take() == ["a"]
    assert shop.cursor is None
    shop.add("b", None)
    assert sorted(shop.take()) == ["a", "b"]
    assert "1 rows have nothing in the cursor column 'changed'" in shop.said[0]
    shop.add("c", 3)
    assert sorted(shop.take()) == ["a", "b", "c"]
    assert shop.extract() is None


@pytest.mark.parametrize("overlap", [{}, {"overlap": "4"}], ids=["no overlap", "overlap"])
@pytest.mark.parametrize("statement", ["DELETE FROM contacts", "UPDATE contacts SET changed = changed - 3"])
def test_a_table_that_was_emptied_or_restored_is_told(
    tmp_path: Path, url: str, overlap: dict[str, str], statement: str
) -> None:
    shop = Shop(tmp_path, url, **overlap).add("a", 1).add("b", 9)
    shop.take()
    before = shop.cursor
    assert shop.said == []
    shop.change(statement)
    found = shop.extract()
    assert found is not None
    assert "no row reaches the cursor" in found.warnings[0]
    assert found.warnings[0] in shop.said
    assert shop.cursor == before, "the cursor never moves back"
    assert (found.path is None) == (not overlap or statement.startswith("DELETE"))


def test_a_cursor_that_went_is_no_cursor(tmp_path: Path, url: str) -> None:
    shop = Shop(tmp_path, url).add("a", 1)
    shop.take()
    shop.contract = Shop(tmp_path, url, cursor=None).contract
    shop.add("b", 0)
    assert sorted(shop.take()) == ["a", "b"]


def test_times_with_zones_and_columns_without_an_order(tmp_path: Path) -> None:
    if not os.environ.get("CDP_TEST_POSTGRES_URL"):
        pytest.skip("no PostgreSQL server: name one by CDP_TEST_POSTGRES_URL")
    with postgres_schema() as url:
        execute(url, "CREATE TABLE contacts (id text, name text, said json, place point, changed timestamptz)")
        shop = Shop(tmp_path, url)
        shop.contract = shop.contract.model_copy(update={"key": ()})
        row = "INSERT INTO contacts VALUES ('{}', 'x', '{{\"a\": [1]}}', '(1,2)', '2024-03-31 0{}:30:00+02')"
        shop.change(row.format("a", 1), row.format("b", 2), row.format("c", 2))
        assert shop.take() == ["a", "b", "c"]
        assert shop.extract() is None
        shop.change(row.format("d", 2))
        assert shop.take() == ["b", "c", "d"]
        shop.change(row.format("e", 3))
        assert shop.take() == ["e"]
        assert "2024-03-31T01:30:00+00:00" in (shop.cursor or "")


def test_progress_is_told_in_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(extraction, "REPORTED_ROWS", 20)
    database(tmp_path, *((n, "x", "y", n) for n in range(55)))
    said: list[str] = []
    extract(contract(), tmp_path, None, {}, report=said.append)
    assert said == ["crm: 20 rows read from its database", "crm: 40 rows read from its database"]


def test_content_that_is_known_does_not_land_again(tmp_path: Path) -> None:
    database(tmp_path, A, B)
    first = extracted(tmp_path, contract())
    assert first.path is not None
    first.path.unlink()
    assert first.content_sha256 is not None
    again = extract(contract(), tmp_path, None, {}, known={first.content_sha256})
    assert again is not None
    assert (again.path, again.rows, again.cursor) == (None, 2, first.cursor)
    assert list((tmp_path / "landing" / "crm").iterdir()) == []


def test_numbers_go_on_after_files_that_have_gone(tmp_path: Path) -> None:
    database(tmp_path, A, B)
    found = extract(contract(), tmp_path, None, {}, numbered_after=41)
    assert found is not None
    assert found.path is not None
    assert found.path.name.startswith("extract-000042-")


def test_an_older_extract_of_the_same_content_is_not_the_newest(tmp_path: Path) -> None:
    database(tmp_path, A)
    first = extracted(tmp_path, whole())
    database(tmp_path, B)
    second = extracted(tmp_path, whole())
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute('delete from "order; drop" where id = ?', B[:1])
    connection.close()
    third = extracted(tmp_path, whole())
    assert (third.content_sha256, third.is_new) == (first.content_sha256, True)
    assert len({first.path, second.path, third.path}) == 3


# -- what killed extractions leave ------------------------------------------------------------------------------------

SLEEPER = (
    "import sys, time; from pathlib import Path; from cdp_assets.sources.placing import unfinished_file\n"
    "with unfinished_file(Path(sys.argv[1]), 'extract') as path:\n"
    "    path.write_bytes(b'half'); print(path.name, flush=True); time.sleep(60)\n"
)


def test_leftovers_of_a_killed_extraction_go_and_those_of_a_living_one_stay(tmp_path: Path) -> None:
    database(tmp_path, A)
    folder = tmp_path / "landing" / "crm"
    folder.mkdir(parents=True)
    (folder / ".extract-old.parquet.tmp").write_bytes(b"half")
    (folder / ".other").write_bytes(b"not ours")
    writer = subprocess.Popen([sys.executable, "-c", SLEEPER, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        living = writer.stdout.readline().strip()
        found = extracted(tmp_path, contract())
        assert found.path is not None
        assert {path.name for path in folder.iterdir()} == {living, ".other", found.path.name}
    finally:
        writer.kill()
        writer.communicate()
    assert (folder / living).exists(), "kill -9 leaves it"
    extracted(tmp_path, contract())
    assert {path.name for path in folder.iterdir()} == {".other", found.path.name}


def test_a_link_among_leftovers_is_not_followed(tmp_path: Path) -> None:
    database(tmp_path, A)
    folder = tmp_path / "landing" / "crm"
    folder.mkdir(parents=True)
    (tmp_path / "precious").write_bytes(b"x")
    (folder / ".extract-link.tmp").symlink_to(tmp_path / "precious")
    extracted(tmp_path, contract())
    assert (tmp_path / "precious").read_bytes() == b"x"


# -- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://me:s3cret@host/db", "install mysqlclient"),
        ("mysql+pymysql://me:s3cret@host/db", "install pymysql"),
        ("oracle+oracledb://me:s3cret@host/db", "install oracledb"),
    ],
)
def test_a_driver_that_is_missing_is_named(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(ExtractionFailed, match=says) as failed:
        extract(contract(url=url), tmp_path, None, {})
    assert "s3cret" not in str(failed.value)


def test_text_that_is_no_unicode_is_refused_without_its_value(tmp_path: Path) -> None:
    database(tmp_path, A)

    def surrogates(connection: sa.Connection, *_: object) -> None:
        connection.text_factory = lambda text: text.decode("ascii", "surrogateescape")  # type: ignore[attr-defined]

    sa.event.listen(sa.Engine, "connect", surrogates)
    try:
        with pytest.raises(ExtractionFailed, match="no Unicode") as failed:
            extract(contract(), tmp_path, None, {})
    finally:
        sa.event.remove(sa.Engine, "connect", surrogates)
    assert "ucja" not in str(failed.value)
    assert list((tmp_path / "landing" / "crm").iterdir()) == []


def test_a_cursor_that_is_no_number_is_refused(tmp_path: Path) -> None:
    if not os.environ.get("CDP_TEST_POSTGRES_URL"):
        pytest.skip("no PostgreSQL server: name one by CDP_TEST_POSTGRES_URL")
    with postgres_schema() as url:
        execute(
            url,
            "CREATE TABLE contacts (id text, name text, changed float8)",
            "INSERT INTO contacts VALUES ('a', 'x', 'NaN')",
        )
        with pytest.raises(ExtractionFailed, match="does not grow"):
            Shop(tmp_path, url).take()


def test_the_time_of_a_cursor_survives_its_text(tmp_path: Path) -> None:
    for moment in (
        datetime(2024, 1, 1, 10, 0, 0, 123456),
        datetime(2024, 1, 1, 10, tzinfo=UTC) + timedelta(microseconds=1),
    ):
        ties = extraction._Ties(moment, 5)
        assert extraction._since("crm", extraction._cursor_text(ties)) == extraction._Since(moment, ties.text)
