"""The lake: one commit per write, one partition at a time, no value in the log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.lake import ConflictError, Lake, LakeError, MissingTableError, local_lake
from cdp_assets.tables import CLUSTERS, raw_imports


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
