from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets import tables
from cdp_assets.standardized.versions import record_versions

Row = tuple[str, int, str]
"""key, day on which it was true, content"""


def day(number: int) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)


def landed(nth: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=nth)


def records(imports: list[list[Row]], source: str = "crm") -> pl.DataFrame:
    """Records of imports that landed one after the other."""
    schema = tables.source_records(source).schema
    rows = [
        {
            "record_id": f"{source}/{key}", "source": source, "source_key": key, "import_id": f"import-{nth}", "line": line,
            "observed_at": day(when), "landed_at": landed(nth), "content_hash": content, "first_name": content,
            "emails": [f"{content}@x.org"],
        }
        for nth, lines in enumerate(imports)
        for line, (key, when, content) in enumerate(lines, 2)
    ]  # fmt: skip
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def arrivals(count: int, source: str = "crm") -> pl.DataFrame:
    ids = [f"import-{nth}" for nth in range(count)]
    schema = {"import_id": pl.String, "source": pl.String, "sequence": pl.Int64}
    return pl.DataFrame(
        {"import_id": ids, "source": [source] * count, "sequence": list(range(1, count + 1))}, schema=schema
    )


def versions(imports: list[list[Row]], delivers: str = "changes") -> pl.DataFrame:
    return record_versions(records(imports), {"crm": delivers}, arrivals(len(imports)))


def history(table: pl.DataFrame, key: str = "1") -> list[tuple[Any, ...]]:
    """content, from, to, is it current, has it been deleted: days since 2024-01-01."""
    rows = table.filter(pl.col("source_key") == key).sort("version")
    start = pl.lit(day(0))
    return rows.select(
        "first_name",
        (pl.col("valid_from") - start).dt.total_days().alias("from"),
        (pl.col("valid_to") - start).dt.total_days().alias("to"),
        "is_current",
        "is_deleted",
    ).rows()


# -- changes ----------------------------------------------------------------------------------------------------------


def test_a_change_ends_the_version_before() -> None:
    table = versions([[("1", 1, "a")], [("1", 3, "b")]])
    assert history(table) == [("a", 1, 3, False, False), ("b", 3, None, True, False)]
    assert table.get_column("version").to_list() == [1, 2]
    assert table.get_column("is_newest").to_list() == [False, True]


def test_the_same_said_again_is_no_version_but_is_seen_again() -> None:
    table = versions([[("1", 1, "a")], [("1", 5, "a")]])
    assert history(table) == [("a", 1, None, True, False)]
    [version] = table.to_dicts()
    assert (version["import_id"], version["last_import_id"]) == ("import-0", "import-1")
    assert (version["observed_at"], version["last_seen_at"]) == (day(1), day(5))


def test_a_stale_import_becomes_history_and_overwrites_nothing() -> None:
    table = versions([[("1", 5, "new")], [("1", 2, "old")]])
    assert history(table) == [("old", 2, 5, False, False), ("new", 5, None, True, False)]


def test_content_that_returns_is_a_version_again() -> None:
    table = versions([[("1", 1, "a")], [("1", 2, "b")], [("1", 3, "a")]])
    assert [row[0] for row in history(table)] == ["a", "b", "a"]


def test_at_one_time_the_later_arrival_and_then_the_later_line_wins() -> None:
    assert [row[0] for row in history(versions([[("1", 1, "a")], [("1", 1, "b")]]))] == ["a", "b"]
    assert [row[0] for row in history(versions([[("1", 1, "b"), ("1", 1, "a")]]))] == ["b", "a"]


def test_arrival_is_the_order_of_sight_before_the_time_of_landing() -> None:
    swapped = arrivals(2).with_columns(sequence=pl.Series([2, 1]))
    table = record_versions(records([[("1", 1, "a")], [("1", 1, "b")]]), {}, swapped)
    assert [row[0] for row in history(table)] == ["b", "a"]


def test_a_record_that_is_missing_from_changes_lives_on() -> None:
    table = versions([[("1", 1, "a"), ("2", 1, "x")], [("2", 2, "y")]])
    assert history(table, "1") == [("a", 1, None, True, False)]


# -- snapshots --------------------------------------------------------------------------------------------------------


def test_a_record_that_is_missing_from_the_next_snapshot_is_deleted_then() -> None:
    table = versions([[("1", 1, "a"), ("2", 1, "x")], [("2", 4, "y")]], "snapshot")
    assert history(table, "1") == [("a", 1, 4, False, True)]
    assert table.filter(pl.col("source_key") == "1").item(0, "is_newest")
    assert history(table, "2") == [("x", 1, 4, False, False), ("y", 4, None, True, False)]


def test_a_record_that_returns_is_a_new_version() -> None:
    table = versions([[("1", 1, "a"), ("2", 1, "x")], [("2", 4, "x")], [("1", 1, "a"), ("2", 6, "x")]], "snapshot")
    assert history(table, "1") == [("a", 1, 4, False, False), ("a", 4, None, True, False)]
    assert history(table, "2") == [("x", 1, None, True, False)]


def test_a_row_that_a_snapshot_repeats_unchanged_is_one_version_seen_at_the_snapshot() -> None:
    table = versions([[("1", 1, "a")], [("1", 1, "a"), ("2", 7, "x")]], "snapshot")
    assert history(table, "1") == [("a", 1, None, True, False)]
    assert table.filter(pl.col("source_key") == "1").item(0, "last_seen_at") == day(7)


def test_a_snapshot_that_arrives_late_takes_its_place_in_history() -> None:
    table = versions([[("1", 5, "new"), ("2", 5, "x")], [("1", 2, "old"), ("3", 2, "gone")]], "snapshot")
    assert history(table, "1") == [("old", 2, 5, False, False), ("new", 5, None, True, False)]
    assert history(table, "2") == [("x", 5, None, True, False)]
    assert history(table, "3") == [("gone", 2, 5, False, True)]


def test_deleting_the_newest_row_does_not_make_a_snapshot_stale() -> None:
    table = versions([[("1", 1, "a"), ("2", 9, "x")], [("1", 1, "a")]], "snapshot")
    assert history(table, "2") == [("x", 9, 9, False, True)]
    assert history(table, "1") == [("a", 1, None, True, False)]


def test_a_snapshot_of_equal_time_that_came_later_is_later() -> None:
    table = versions([[("1", 1, "a"), ("2", 1, "x")], [("1", 1, "a")]], "snapshot")
    assert history(table, "2") == [("x", 1, 1, False, True)]


def test_a_snapshot_without_records_deletes_nothing() -> None:
    table = versions([[("1", 1, "a")], []], "snapshot")
    assert history(table, "1") == [("a", 1, None, True, False)]


def test_sources_do_not_touch_each_other() -> None:
    both = pl.concat(
        [records([[("1", 1, "a")], [("2", 2, "b")]], "crm"), records([[("1", 1, "a")], [("2", 2, "b")]], "shop")]
    )
    table = record_versions(
        both, {"crm": "snapshot", "shop": "changes"}, pl.concat([arrivals(2, "crm"), arrivals(2, "shop")])
    )
    deleted = table.filter("is_deleted").get_column("record_id").to_list()
    assert deleted == ["crm/1"]


def test_no_records_have_no_versions() -> None:
    assert versions([[]]).schema == tables.RECORD_VERSIONS.schema


# -- what holds for any deliveries ------------------------------------------------------------------------------------

ROW = st.tuples(st.sampled_from("12"), st.integers(0, 5), st.sampled_from("abc"))
IMPORTS = st.lists(st.lists(ROW, max_size=4, unique_by=lambda row: row[0]), min_size=1, max_size=4)


@settings(max_examples=20, deadline=None)
@given(IMPORTS, st.sampled_from(["snapshot", "changes"]), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_histories_are_whole(imports: Any, delivers: str, shuffler: Any) -> None:
    rows = records(imports)
    table = record_versions(rows, {"crm": delivers}, arrivals(len(imports)))
    order = list(range(rows.height))
    shuffler.shuffle(order)
    shuffled = rows[order] if order else rows
    assert record_versions(shuffled, {"crm": delivers}, arrivals(len(imports)).reverse()).equals(table)
    assert set(table.get_column("record_id")) == set(rows.get_column("record_id"))
    for _, one in table.group_by("record_id"):
        ordered = one.sort("version")
        assert ordered.get_column("version").to_list() == list(range(1, one.height + 1))
        assert ordered.get_column("is_newest").to_list() == [False] * (one.height - 1) + [True]
        ends = ordered.get_column("valid_to").to_list()
        assert all(end is not None for end in ends[:-1])
        starts = ordered.get_column("valid_from").to_list()
        assert all(start <= end <= after for start, end, after in zip(starts, ends, starts[1:], strict=False))
        assert (ends[-1] is None) == ordered.get_column("is_current").to_list()[-1]


DATED = st.lists(
    st.tuples(st.sampled_from("12"), st.integers(0, 40), st.sampled_from("abc")),
    min_size=1,
    max_size=7,
    unique_by=lambda row: (row[0], row[1]),
)


@settings(max_examples=20, deadline=None)
@given(DATED, st.data())
def test_how_dated_changes_were_delivered_does_not_matter(rows: list[Row], data: st.DataObject) -> None:
    """Any split into imports, in any order, ends in the same history."""
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    histories = [
        [history(versions(imports), key) for key in "12"]
        for imports in ([rows], [shuffled[:cut], shuffled[cut:]], [[row] for row in shuffled])
    ]
    assert histories[0] == histories[1] == histories[2]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_dated_snapshots_end_alike_in_any_order_of_arrival(order: tuple[int, ...]) -> None:
    weeks: list[list[Row]] = [
        [("1", 1, "a"), ("2", 1, "x")],
        [("1", 3, "b"), ("2", 3, "x"), ("3", 3, "n")],
        [("1", 5, "b"), ("3", 5, "m")],
    ]
    table = versions([weeks[n] for n in order], "snapshot")
    assert history(table, "1") == [("a", 1, 3, False, False), ("b", 3, None, True, False)]
    assert history(table, "2") == [("x", 1, 5, False, True)]
    assert history(table, "3") == [("n", 3, 5, False, False), ("m", 5, None, True, False)]
