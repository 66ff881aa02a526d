from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest

from cdp_assets.sources import typed_tables
from cdp_assets.sources.compression import DEFAULT_LIMITS
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.typed_tables import ParquetReader, text_table, value_as_text


def text(values: list[object], dtype: pl.DataType | None = None) -> list[str | None]:
    return text_table(pl.DataFrame({"v": pl.Series(values, dtype=dtype)})).get_column("v").to_list()


def test_text_is_left_alone() -> None:
    assert text(["007", " x ", "NO", "", None]) == ["007", " x ", "NO", "", None]


def test_numbers_have_no_needless_ending() -> None:
    assert text([1, -7, None]) == ["1", "-7", None]
    assert text([1.0, 0.1, -0.5, 12345678901234.0, float("nan"), None]) == [
        "1", "0.1", "-0.5", "12345678901234", None, None,
    ]  # fmt: skip
    assert text([0.1], pl.Float32()) == ["0.1"]
    assert text([Decimal("12.50")], pl.Decimal(10, 2)) == ["12.50"]
    assert text([2**63], pl.UInt64()) == ["9223372036854775808"]


def test_moments_are_iso() -> None:
    moment = datetime(2024, 1, 5, 10, 30, 0, 500_000)
    assert text([date(2024, 1, 5)]) == ["2024-01-05"]
    assert text([moment, moment.replace(microsecond=0)]) == ["2024-01-05T10:30:00.500", "2024-01-05T10:30:00"]
    assert text([datetime(2024, 1, 5, 10, tzinfo=UTC)]) == ["2024-01-05T10:00:00+00:00"]
    assert text([time(10, 30)]) == ["10:30:00"]
    assert text([timedelta(hours=2)]) == ["PT2H"]


def test_other_types_have_their_words() -> None:
    assert text([True, False, None]) == ["true", "false", None]
    assert text([b"abc", b"\xff", None]) == ["abc", "ff", None]
    assert text(["a", "b"], pl.Categorical()) == ["a", "b"]
    assert text([None], pl.Null()) == [None]


def test_structs_become_dotted_columns_and_lists_json() -> None:
    frame = pl.DataFrame({"who": [{"name": "x", "at": {"zip": 1.0}}, None], "tags": [["a", "b"], None]})
    table = text_table(frame, ["tags.1"])
    assert table.columns == ["who.name", "who.at.zip", "tags", "tags.1"]
    assert table.rows() == [("x", "1", '["a","b"]', "b"), (None, None, None, None)]


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(FileRefused, match="nested"):
        text_table(pl.DataFrame({"a.b": [1], "a": [{"b": 2}]}))


def test_single_values_follow_the_same_rules() -> None:
    values = [
        1.0,
        0.1,
        True,
        date(2024, 1, 5),
        datetime(2024, 1, 5, 10, 30),
        Decimal("1.50"),
        b"a",
        7,
        "007",
        float("nan"),
    ]
    assert [value_as_text(value) for value in values] == [
        "1", "0.1", "true", "2024-01-05", "2024-01-05T10:30:00", "1.50", "a", "7", "007", None,
    ]  # fmt: skip
    zoned = datetime(2024, 1, 5, 10, tzinfo=timezone(timedelta(hours=2)))
    assert value_as_text(zoned) == "2024-01-05T08:00:00+00:00"
    assert value_as_text({"b": [1, date(2024, 1, 5)]}) == '{"b":[1,"2024-01-05"]}'


def parquet(frame: pl.DataFrame) -> io.BytesIO:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file


def test_parquet_comes_in_batches_the_smaller_the_wider_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_tables, "MOST_CELLS_AT_ONCE", 6)
    frame = pl.DataFrame({"n": range(7), "m": range(7)})
    batches = list(ParquetReader(parquet(frame), DEFAULT_LIMITS).batches())
    assert [batch.height for batch in batches] == [3, 3, 1]
    assert pl.concat(batches)["n"].to_list() == [str(n) for n in range(7)]


def test_parquet_columns_are_known_before_its_rows() -> None:
    frame = pl.DataFrame({"who": [{"name": "x"}], "tags": [["a", "b"]]})
    reader = ParquetReader(parquet(frame), DEFAULT_LIMITS, ["tags.1"])
    assert reader.columns == ("who.name", "tags", "tags.1")
    assert reader.own_columns == ("who.name", "tags")
    assert ParquetReader(parquet(frame.clear()), DEFAULT_LIMITS).columns == ("who.name", "tags")


def test_parquet_of_too_many_columns_is_refused() -> None:
    frame = pl.DataFrame({f"c{n}": [1] for n in range(10_001)})
    with pytest.raises(FileRefused, match="10,001 columns"):
        ParquetReader(parquet(frame), DEFAULT_LIMITS)
