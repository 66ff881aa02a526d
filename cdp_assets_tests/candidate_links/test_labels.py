from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.candidate_links.labels import LabelsError, labelled_pairs, read_labels, with_labels
from cdp_assets.judgements import JUDGEMENTS_SCHEMA, no_judgements

MEMBERS = pl.DataFrame(
    [(1, "crm/1"), (2, "crm/2"), (3, "crm/2"), (4, "shop/9"), (5, "shop/8"), (5, "shop/7")],
    schema={"profile_id": pl.Int64, "record_id": pl.String},
    orient="row",
)


def judged(*rows: tuple[str, str, str]) -> pl.DataFrame:
    now = datetime(2024, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        [(one, other, word, now, "ada", None, None) for one, other, word in rows],
        schema=JUDGEMENTS_SCHEMA,
        orient="row",
    )


def known(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return labelled_pairs(with_labels(judged(*rows), None), MEMBERS)


def test_a_judgement_answers_every_pair_of_profiles_and_counts_once() -> None:
    rows = known(("crm/1", "crm/2", "same")).rows()
    assert rows == [(1, 2, True, 0.5), (1, 3, True, 0.5)]


def test_undecided_is_an_answer_without_a_class() -> None:
    assert known(("crm/1", "shop/9", "undecided")).rows() == [(1, 4, None, 1.0)]


def test_two_records_that_say_the_same_but_were_judged_differently_teach_nothing() -> None:
    assert known(("crm/1", "shop/8", "same"), ("crm/1", "shop/7", "different")).is_empty()


def test_records_of_one_profile_and_records_that_are_gone_are_passed_over() -> None:
    assert known(("shop/7", "shop/8", "same"), ("crm/1", "crm/999", "same")).is_empty()


def test_a_judgement_outranks_a_label_of_the_same_pair() -> None:
    labels = pl.DataFrame(
        {
            "record_id_l": ["shop/9", "crm/2"],
            "record_id_r": ["crm/1", "shop/9"],
            "judgement": ["same", "different"],
        }
    )
    both = with_labels(judged(("crm/1", "shop/9", "different")), labels)
    assert set(both.rows()) == {("crm/1", "shop/9", "different"), ("crm/2", "shop/9", "different")}
    assert with_labels(no_judgements(), labels).height == 2


def test_a_file_that_is_half_filled_in_gives_the_filled_rows_with_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("judgement,record_id_l,record_id_r\n,a/1,a/2\n Same ,a/1,a/3\n")
    assert read_labels(path).select("row", "record_id_r", "judgement").rows() == [(2, "a/3", "same")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("judgement,record_id_l\nsame,a/1\n", "no column record_id_r"),
        ("judgement,record_id_l,record_id_r\nyes,a/1,a/2\n", "1 rows hold another judgement"),
        ("judgement,record_id_l,record_id_r\nsame,,a/2\n", "1 judged rows lack a record id"),
    ],
)
def test_a_file_that_can_not_be_meant_is_refused_without_a_value(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(LabelsError, match=told) as refused:
        read_labels(path)
    assert "a/2" not in str(refused.value)
    assert "yes" not in str(refused.value)


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    path.write_bytes(b"nothing")
    with pytest.raises(LabelsError, match=r"pairs.parquet could not be read"):
        read_labels(path)
