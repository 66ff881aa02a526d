"""The lake: one commit per write, one partition at a time, no value in the log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake.exceptions import CommitFailedError

from cdp_assets import lake as lake_module
from cdp_assets import tables
from cdp_assets.lake import ConflictError, Lake, LakeError, MissingTableError, local_lake
from cdp_assets.tables import CLUSTERS, Table, TableContractError, raw_imports, source_records


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return local_lake(tmp_path / "lake")


def clusters(*records: str, cluster: int = 1) -> pl.DataFrame:
    return pl.DataFrame(
        [(record, cluster, 1.0) for record in records],
        schema=["record_id", "cluster_id", "weakest_probability"],
        orient="row",
    )


def raw_lines(import_id: str, *names: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "_import_id": [import_id] * len(names),
            "_file": ["contacts.csv"] * len(names),
            "_line": range(2, 2 + len(names)),
            "_problem": pl.Series([None] * len(names), dtype=pl.String),
            "_text": pl.Series([None] * len(names), dtype=pl.String),
            "Name": names,
        }
    )


def test_a_table_is_read_as_it_was_written(lake: Lake) -> None:
    lake.replace(CLUSTERS, clusters("crm/1", "crm/2"))
    assert lake.read(CLUSTERS).sort("record_id").equals(CLUSTERS.conform(clusters("crm/1", "crm/2")))


def test_a_former_version_stays_readable(lake: Lake) -> None:
    first = lake.replace(CLUSTERS, clusters("crm/1"))
    lake.replace(CLUSTERS, clusters("crm/2"))
    assert lake.read(CLUSTERS, version=first)["record_id"].to_list() == ["crm/1"]
    assert lake.read(CLUSTERS)["record_id"].to_list() == ["crm/2"]


def test_the_version_of_a_moment_is_the_newest_that_had_been_committed(lake: Lake) -> None:
    before = datetime.now(UTC)
    first = lake.replace(CLUSTERS, clusters("crm/1"))
    between = datetime.now(UTC)
    time.sleep(0.002)  # the log knows milliseconds
    lake.replace(CLUSTERS, clusters("crm/2"))
    assert lake.version_at(CLUSTERS, between) == first
    assert lake.version_at(CLUSTERS, datetime(2999, 1, 1, tzinfo=UTC)) == lake.version(CLUSTERS)
    assert lake.version_at(CLUSTERS, before.replace(year=2000)) is None
    lake.forget_everything_former(CLUSTERS)
    assert lake.version_at(CLUSTERS, between) is None


def test_a_table_that_was_never_made_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(MissingTableError, match="cdp run"):
        lake.read(CLUSTERS)
    assert lake.read_or_empty(CLUSTERS).height == 0
    assert lake.version(CLUSTERS) is None


def test_replacing_a_partition_leaves_the_others_alone(lake: Lake) -> None:
    raw = raw_imports("crm")
    lake.replace_partition(raw, "a", raw_lines("a", "Ana", "Bo"))
    lake.replace_partition(raw, "b", raw_lines("b", "Cy"))
    lake.replace_partition(raw, "a", raw_lines("a", "Ann"))
    assert sorted(lake.read(raw)["Name"].to_list()) == ["Ann", "Cy"]
    assert lake.read(raw, partition="a")["Name"].to_list() == ["Ann"]
    assert lake.partitions(raw) == {"a", "b"}


def test_an_empty_frame_empties_its_partition(lake: Lake) -> None:
    raw = raw_imports("crm")
    lake.replace_partition(raw, "a", raw_lines("a", "Ana"))
    lake.replace_partition(raw, "a", raw_lines("a", "Ana").clear())
    assert lake.partitions(raw) == set()


def test_a_new_source_column_is_null_in_earlier_partitions(lake: Lake) -> None:
    raw = raw_imports("crm")
    lake.replace_partition(raw, "a", raw_lines("a", "Ana"))
    lake.replace_partition(raw, "b", raw_lines("b", "Bo").with_columns(pl.lit("x").alias("Tier")))
    assert lake.read(raw).sort("_import_id")["Tier"].to_list() == [None, "x"]


def test_rows_of_another_partition_are_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match="another partition"):
        lake.replace_partition(raw_imports("crm"), "a", raw_lines("b", "Ana"))


@pytest.mark.parametrize("name", ["a' OR 1=1 --", "../up", "a b", ""])
def test_a_partition_name_can_not_carry_code(lake: Lake, name: str) -> None:
    with pytest.raises(LakeError, match="letters, digits"):
        lake.replace_partition(raw_imports("crm"), name, raw_lines("a").clear())


def test_a_column_that_the_contract_has_gained_reads_as_null(lake: Lake) -> None:
    older = tables.Table(CLUSTERS.name, CLUSTERS.one_row_per, CLUSTERS.columns[:2], CLUSTERS.key)
    lake.replace(older, clusters("crm/1").drop("weakest_probability"))
    assert lake.read(CLUSTERS)["weakest_probability"].to_list() == [None]


def test_writers_of_different_partitions_all_win(lake: Lake) -> None:
    raw = raw_imports("crm")
    names = [f"p{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: lake.replace_partition(raw, name, raw_lines(name, "Ana")), names))
    assert lake.partitions(raw) == set(names)
    assert lake.read(raw).height == len(names)


def test_a_write_on_top_of_somebody_elses_is_refused_when_asked_for(lake: Lake) -> None:
    lake.replace(CLUSTERS, clusters("crm/1"), expected_version=None)
    seen = lake.version(CLUSTERS)
    lake.replace(CLUSTERS, clusters("crm/2"))
    with pytest.raises(ConflictError, match="run it again"):
        lake.replace(CLUSTERS, clusters("crm/3"), expected_version=seen)
    assert lake.read(CLUSTERS)["record_id"].to_list() == ["crm/2"]


def test_a_commit_keeps_its_note(lake: Lake) -> None:
    lake.replace(CLUSTERS, clusters("crm/1"), note={"id_lineage": "4"})
    assert lake.committed_metadata(CLUSTERS)["id_lineage"] == "4"


def test_the_log_of_a_table_with_personal_values_holds_none_of_them(lake: Lake, tmp_path: Path) -> None:
    lake.replace(CLUSTERS, clusters("crm/canary-4711"))
    lake.replace_partition(raw_imports("crm"), "a", raw_lines("a", "canary-4711"))
    logs = list((tmp_path / "lake").rglob("*.json"))
    assert logs
    assert not any("canary-4711" in log.read_text() for log in logs)


def test_forgetting_history_keeps_the_present(lake: Lake) -> None:
    lake.replace(CLUSTERS, clusters("crm/1"))
    lake.replace(CLUSTERS, clusters("crm/2"))
    assert lake.forget_history(CLUSTERS, keep_hours=0) >= 1
    assert lake.read(CLUSTERS)["record_id"].to_list() == ["crm/2"]


# -- in batches -------------------------------------------------------------------------------------------------------

RAW = raw_imports("crm")


@pytest.fixture(params=["folder", "url"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """A lake in a folder, whose files are written here, and one that is known by its URL only, as object stores are."""
    return local_lake(tmp_path / "lake") if request.param == "folder" else Lake((tmp_path / "lake").as_uri())


def put(lake: Lake, partition: str, *batches: pl.DataFrame, table: Table = RAW) -> int:
    schema = batches[0].schema if batches else raw_lines(partition).schema | {"Name": pl.String()}
    return lake.replace_partition_in_batches(table, partition, schema, iter(batches))


def data_files(folder: Path) -> set[Path]:
    return set(folder.rglob("*.parquet"))


def test_batches_become_one_commit(either: Lake) -> None:
    put(either, "b", raw_lines("b", "Cy"))
    before = either.version(RAW)
    version = put(either, "a", raw_lines("a", "Ana"), raw_lines("a").cast({"Name": pl.String}), raw_lines("a", "Bo"))
    assert version == either.version(RAW) == (before or 0) + 1
    assert sorted(either.read(RAW)["Name"]) == ["Ana", "Bo", "Cy"]
    put(either, "a", raw_lines("a", "Ann"))
    assert sorted(either.read(RAW)["Name"]) == ["Ann", "Cy"]
    assert either.read(RAW, version=version, partition="a").height == 2


def test_batches_make_a_table_like_frames_do(either: Lake, tmp_path: Path) -> None:
    put(either, "a", raw_lines("a", "Ana"))
    other = local_lake(tmp_path / "other")
    other.replace_partition(RAW, "a", raw_lines("a", "Ana"))
    assert either.read(RAW).equals(other.read(RAW))
    assert either.scan(RAW).collect_schema() == other.scan(RAW).collect_schema()


def test_columns_of_every_type_come_back(either: Lake) -> None:
    table = source_records("crm")
    values: dict[str, object] = {
        column.name: {
            "Datetime": datetime(2024, 1, 5, tzinfo=UTC),
            "Date": datetime(2024, 1, 5).date(),
            "Int64": 7,
        }.get(column.dtype.base_type().__name__, "x")
        for column in table.columns
        if not column.dtype.is_nested()
    }
    values |= {"import_id": "a", "emails": ["p", "q"], "identifiers": [{"type": "t", "value": "v"}]}
    frame = table.conform(pl.DataFrame([{**dict.fromkeys(table.schema), **values}], schema=table.schema, strict=False))
    either.replace_partition_in_batches(table, "a", table.schema, iter([frame, frame]))
    assert either.read(table).equals(pl.concat([frame, frame]))
    assert pl.concat(either.scan_partition_batches(table, "a", 1)).equals(pl.concat([frame, frame]))


def test_the_files_of_a_partition_come_in_order_with_what_was_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = local_lake(tmp_path / "lake")
    put(lake, "b", raw_lines("b", "Cy"))
    monkeypatch.setattr(lake_module, "FILE_BYTES", 1)
    batches = [raw_lines("a", name) for name in ("Bo", "Ana")]
    lake.replace_partition_in_batches(RAW, "a", batches[0].schema, iter(batches), note={"why": "test"})
    files = lake.partition_files(RAW, "a")
    assert [file.rows.collect()["Name"].to_list() for file in files] == [["Bo"], ["Ana"]]
    assert [(file.height, file.note["why"]) for file in files] == [(1, "test"), (1, "test")]
    assert "why" not in lake.partition_files(RAW, "b")[0].note
    assert lake.partition_files(RAW, "c") == []


def test_no_rows_empty_a_partition(either: Lake) -> None:
    version = put(either, "a")
    assert either.read(RAW).is_empty()
    assert put(either, "b") == version, "there is nothing to change"
    put(either, "a", raw_lines("a", "Ana"))
    put(either, "b", raw_lines("b", "Bo"))
    put(either, "a")
    assert either.partitions(RAW) == {"b"}


def test_batches_with_a_new_column(either: Lake) -> None:
    put(either, "a", raw_lines("a", "Ana"))
    put(either, "b", raw_lines("b", "Bo").with_columns(Tier=pl.lit("x")))
    put(either, "a", raw_lines("a", "Ann"))
    found = either.read(RAW).sort("_import_id")
    assert found.select("Name", "Tier").rows() == [("Ann", None), ("Bo", "x")]


def test_a_column_can_not_change_its_type(lake: Lake) -> None:
    put(lake, "a", raw_lines("a", "Ana"))
    with pytest.raises(LakeError, match=r"\['Name'\] have other types"):
        put(lake, "b", raw_lines("b", "Bo").with_columns(Name=pl.lit(7)))
    assert lake.partitions(RAW) == {"a"}


def test_an_error_among_the_batches_leaves_nothing(
    either: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_module, "FILE_BYTES", 1)
    put(either, "a", raw_lines("a", "Ana"))
    version, files = either.version(RAW), data_files(tmp_path)

    def broken() -> Iterator[pl.DataFrame]:
        yield raw_lines("a", "Bo")
        yield raw_lines("a", "Cy")
        raise KeyError("the file turned out to be damaged")

    for _ in range(2):
        with pytest.raises(KeyError):
            either.replace_partition_in_batches(RAW, "a", raw_lines("a", "Ana").schema, broken())
    assert (either.version(RAW), data_files(tmp_path)) == (version, files)
    assert either.read(RAW)["Name"].to_list() == ["Ana"]


def test_each_batch_must_fit(either: Lake) -> None:
    with pytest.raises(LakeError, match="another partition"):
        put(either, "a", raw_lines("a", "Ana"), raw_lines("b", "Bo"))
    with pytest.raises(TableContractError, match="_line"):
        put(either, "a", raw_lines("a", "Ana"), raw_lines("a", "Bo").with_columns(_line=pl.lit(None, pl.Int64)))
    with pytest.raises(LakeError, match="letters, digits"):
        put(either, "../a", raw_lines("../a", "Ana"))
    with pytest.raises(LakeError, match="has no partitions"):
        put(either, "a", clusters("crm/1"), table=CLUSTERS)
    assert not either.exists(RAW)


def test_a_lost_race_is_run_again_without_the_batches(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    put(lake, "a", raw_lines("a", "Ana"))
    taken: list[str] = []
    opened = Lake._open

    def somebody_else_writes(lake: Lake, table: Table) -> object:
        found = opened(lake, table)
        if len(taken) == 2:
            taken.append("race")
            put(lake, "c", raw_lines("c", "Di").with_columns(Tier=pl.lit("x")))
            put(lake, "b", raw_lines("b", "Eve"))
        return found

    monkeypatch.setattr(Lake, "_open", somebody_else_writes)
    lake.replace_partition_in_batches(RAW, "b", raw_lines("b", "Bo").schema, noted(taken, "Bo", "Cy"))
    assert taken == ["Bo", "Cy", "race"]
    assert sorted(lake.read(RAW)["Name"]) == ["Ana", "Bo", "Cy", "Di"]


def test_so_it_is_on_an_object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake((tmp_path / "lake").as_uri())
    taken: list[str] = []
    write = lake_module.write_deltalake

    def first_lost(*arguments: object, **options: object) -> None:
        if options["mode"] == "overwrite" and "race" not in taken:
            taken.append("race")
            raise CommitFailedError("somebody else was first")
        write(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(lake_module, "write_deltalake", first_lost)
    lake.replace_partition_in_batches(RAW, "b", raw_lines("b", "Bo").schema, noted(taken, "Bo", "Cy"))
    assert taken == ["Bo", "Cy", "race"]
    assert sorted(lake.read(RAW)["Name"]) == ["Bo", "Cy"]


def noted(taken: list[str], *names: str) -> Iterator[pl.DataFrame]:
    for name in names:
        taken.append(name)
        yield raw_lines("b", name)


def test_writers_in_batches_all_win(lake: Lake) -> None:
    names = [f"p{n}" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: put(lake, name, raw_lines(name, "Ana"), raw_lines(name, "Bo")), names))
        list(pool.map(lambda _: put(lake, "p0", raw_lines("p0", "Cy")), range(4)))
    assert lake.partition_row_counts(RAW) == {"p0": 1, **dict.fromkeys(names[1:], 2)}


def test_batches_keep_a_note_and_no_value_in_the_log(either: Lake, tmp_path: Path) -> None:
    schema = raw_lines("a", "x").schema
    batches = iter([raw_lines("a", "canary-4711")])
    either.replace_partition_in_batches(RAW, "a", schema, batches, note={"why": "test"})
    assert either.committed_metadata(RAW)["why"] == "test"
    logs = list((tmp_path / "lake").rglob("*.json"))
    assert logs
    assert not any("canary-4711" in log.read_text() for log in logs)


def test_files_that_a_killed_run_left_are_forgotten(lake: Lake, tmp_path: Path) -> None:
    put(lake, "a", raw_lines("a", "Ana"))
    (kept,) = data_files(tmp_path)
    left = kept.with_name("part-00000-left.zstd.parquet")
    left.write_bytes(b"half a file")
    lake.forget_history(RAW, keep_hours=0)
    assert data_files(tmp_path) == {kept}
    assert lake.read(RAW)["Name"].to_list() == ["Ana"]


def test_rows_of_each_partition_are_counted(either: Lake) -> None:
    assert either.partition_row_counts(RAW) == {}
    put(either, "a:1+x", raw_lines("a:1+x", "Ana", "Bo"), raw_lines("a:1+x", "Cy"))
    either.replace_partition(RAW, "b", raw_lines("b", "Di"))
    either.replace_partition(RAW, "c", raw_lines("c", "Di"))
    either.replace_partition(RAW, "c", raw_lines("c", "Di").clear())
    assert either.partition_row_counts(RAW) == {"a:1+x": 3, "b": 1}
    assert either.read(RAW, partition="a:1+x").height == 3


def test_rows_of_a_file_that_the_log_does_not_count_are_counted(lake: Lake, tmp_path: Path) -> None:
    put(lake, "a", raw_lines("a", "Ana", "Bo"))
    (log,) = (path for path in (tmp_path / "lake").rglob("*.json") if "numRecords" in path.read_text())
    log.write_text(log.read_text().replace('"stats":"{\\"numRecords\\": 2}"', '"stats":null'))
    assert "numRecords" not in log.read_text()
    assert lake.partition_row_counts(RAW) == {"a": 2}


def test_a_partition_is_read_in_batches_in_the_order_of_writing(either: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_module, "FILE_BYTES", 1)
    put(either, "b", raw_lines("b", "Zoe").with_columns(Tier=pl.lit("x")))
    put(either, "a:1+x", *(raw_lines("a:1+x", *(f"{n}{letter}" for letter in "xyz")) for n in range(12)))
    batches = list(either.scan_partition_batches(RAW, "a:1+x", 2))
    assert all(batch.height <= 2 for batch in batches)
    rows = pl.concat(batches)
    assert sorted(rows["Name"]) == sorted(f"{n}{letter}" for n in range(12) for letter in "xyz")
    if "://" not in either.root:
        assert rows["Name"].to_list() == [f"{n}{letter}" for n in range(12) for letter in "xyz"]
    assert rows.columns == either.read(RAW).columns
    assert (rows["_import_id"].unique().to_list(), rows["Tier"].null_count()) == (["a:1+x"], 36)


def test_a_partition_stays_what_it_was_while_it_is_written_anew(tmp_path: Path) -> None:
    lake = local_lake(tmp_path / "lake")
    put(lake, "a", raw_lines("a", "Bo", "Ana"))
    one, same = lake.partition(RAW, "a"), lake.partition(RAW, "a")
    assert one.written_as == same.written_as
    put(lake, "a", raw_lines("a", "Bo", "Ana"))
    assert lake.partition(RAW, "a").written_as != one.written_as, "though it is the same again"
    (batch,) = one.batches(10, ["Name", "_line", "no such column"])
    assert (batch.columns, batch["Name"].to_list()) == (["_line", "Name"], ["Bo", "Ana"])


def test_a_partition_without_rows_is_one_empty_batch(either: Lake) -> None:
    with pytest.raises(MissingTableError, match="cdp run"):
        list(either.scan_partition_batches(RAW, "a", 2))
    put(either, "b", raw_lines("b", "Zoe"))
    (batch,) = either.scan_partition_batches(RAW, "a", 2)
    assert (batch.height, batch.columns) == (0, either.read(RAW).columns)
