from __future__ import annotations

from pathlib import Path

import polars as pl

from cdp_assets.raw.imports import import_counts, raw_batches, raw_frame
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.reading import open_delivery, read_delivery
from cdp_assets.tables import raw_imports

CONTRACT = SourceContract.model_validate(
    {"source": "crm", "kind": "profiles", "key": "id", "columns": {"email": "email"}, "on_missing_column": "null"}
)


def delivered(folder: Path, text: str) -> Path:
    path = folder / "crm.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_partition_is_what_the_table_wants(tmp_path: Path) -> None:
    delivery = read_delivery(delivered(tmp_path, "id,_file\n007,x\n\n8\n"), CONTRACT)
    frame = raw_frame(delivery, "20240101T000000Z-abc", "crm.csv")
    assert raw_imports("crm").conform(frame).rows() == [
        ("20240101T000000Z-abc", "crm.csv", 2, None, None, "007", "x", None),
        ("20240101T000000Z-abc", "crm.csv", 4, "ragged_row", "8", None, None, None),
    ]
    assert frame.columns[5:] == ["id", "__file", "email"]


def test_an_import_of_no_row_has_its_columns_all_the_same(tmp_path: Path) -> None:
    for text in ("", "id,email\n"):
        frame = raw_frame(read_delivery(delivered(tmp_path, text), CONTRACT), "i", "crm.csv")
        assert raw_imports("crm").conform(frame).is_empty()


def test_counts_add_up(tmp_path: Path) -> None:
    delivery = read_delivery(delivered(tmp_path, "id,score\n1,x\n2\n\n3,y\n"), CONTRACT)
    counts = import_counts(delivery)
    assert (counts.lines, counts.unreadable_lines, counts.blank_lines) == (3, 1, 1)
    assert (counts.columns, counts.new_columns, counts.missing_columns) == (2, 1, 1)
    frame = raw_frame(delivery, "i", "crm.csv")
    assert frame.height == counts.lines
    assert frame.filter(pl.col("_problem").is_not_null()).height == counts.unreadable_lines


def test_batches_are_the_frame_in_parts(tmp_path: Path) -> None:
    path = delivered(tmp_path, "id,_file\n007,x\n\n8\n")
    at_once = read_delivery(path, CONTRACT)
    with open_delivery(path, CONTRACT) as stream:
        batches = [raw_imports("crm").conform(batch) for batch in raw_batches(stream, "i", "crm.csv")]
        assert pl.concat(batches).equals(raw_imports("crm").conform(raw_frame(at_once, "i", "crm.csv")))
        assert import_counts(stream) == import_counts(at_once)
