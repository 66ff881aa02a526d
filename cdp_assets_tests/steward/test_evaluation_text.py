"""Customers measured against a truth file: read, measured, told; a bad file says what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.evaluation.accuracy import TruthError
from cdp_assets.steward.evaluation_text import evaluation_text, measured, read_truth
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import CUSTOMER_OF

TRUTH = pl.DataFrame(
    {"record_id": list(CUSTOMER_OF), "entity_id": ["p1", "p1", "p1", "p1", "p1", "p2", "p1", "p4", "p4"]}
)
"""As the customers are, but that crm/3 (Inez) is Ines too."""


@pytest.mark.parametrize("name", ["truth.parquet", "truth.csv"])
def test_truth_is_read_from_parquet_and_csv(tmp_path: Path, name: str) -> None:
    with_more = TRUTH.with_columns(phenomena=pl.lit("x"))
    getattr(with_more, "write_parquet" if name.endswith("parquet") else "write_csv")(tmp_path / name)
    assert read_truth(tmp_path / name).equals(TRUTH)


def test_ids_in_a_csv_stay_text(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("record_id,entity_id\ncrm/1,007\n", encoding="utf-8")
    assert read_truth(tmp_path / "truth.csv")["entity_id"].to_list() == ["007"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("truth.csv", "record,entity\na,b\n", "no column record_id and no entity_id"),
        ("truth.csv", "", "could not be read"),
        ("truth.parquet", "not parquet", "could not be read"),
    ],
)
def test_a_bad_truth_file_says_what_is_wrong(tmp_path: Path, name: str, content: str, problem: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(TruthError, match=problem):
        read_truth(tmp_path / name)


def test_a_truth_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="no such truth file"):
        read_truth(tmp_path / "none.parquet")


def test_the_measures_are_those_of_the_customers(finished: Workspace) -> None:
    """15 + 1 true pairs; 10 + 1 found, all of them right."""
    measures = measured(finished.lake, TRUTH)
    assert measures["pairwise_precision"] == 1.0
    assert measures["pairwise_recall"] == pytest.approx(11 / 16)
    assert (measures["entities_split"], measures["clusters_mixing_people"], measures["largest_cluster"]) == (1, 0, 5)


def test_a_truth_of_other_records_is_refused(finished: Workspace) -> None:
    with pytest.raises(TruthError, match="SOURCE/KEY"):
        measured(finished.lake, TRUTH.with_columns(record_id=pl.lit("1")))


def test_the_text_shows_both_ways_of_counting(finished: Workspace) -> None:
    text = evaluation_text(measured(finished.lake, TRUTH), 100)
    assert re.search(r"pairs of records +1\.0000 +0\.6875 +0\.8148", text)
    assert "records (B-cubed)" in text
    assert "people split over several customers" in text


def test_nearly_perfect_is_not_told_as_perfect() -> None:
    measures = {"pairwise_precision": 0.99999, "pairwise_recall": 1.0, "pairwise_f1": 0.999995}
    line = evaluation_text(measures, 100).splitlines()[1]
    assert "0.9999" in line
    assert line.count("1.0000") == 1
