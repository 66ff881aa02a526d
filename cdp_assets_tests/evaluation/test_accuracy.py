from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from types import ModuleType

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.evaluation.accuracy import TruthError, accuracy
from cdp_assets.tables import EVALUATION

REPOSITORY = Path(__file__).parents[2]
SCORER = REPOSITORY.parent / "shared" / "tools" / "score.py"

Labels = dict[str, str | None]


def frame(labels: Labels, column: str) -> pl.DataFrame:
    return pl.DataFrame(list(labels.items()), schema={"record_id": pl.String, column: pl.String}, orient="row")


def measures(truth: Labels, predicted: Labels) -> dict[str, float]:
    result = accuracy(frame(truth, "entity_id"), frame(predicted, "cluster_id"))
    return dict(EVALUATION.conform(result).iter_rows())


def test_a_case_worked_by_hand() -> None:
    # Truth {1 2 3} {4 5} {6}, predicted {1 2} {3 4 5} {6}: two of four predicted pairs are right, two of four true ones found.
    found = measures(dict(zip("123456", "AAABBC", strict=True)), dict(zip("123456", "xxyyyz", strict=True)))
    assert found["pairwise_precision"] == found["pairwise_recall"] == found["pairwise_f1"] == 0.5
    assert (found["true_pairs"], found["false_pairs"], found["missed_pairs"]) == (4, 2, 2)
    assert found["b_cubed_precision"] == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3 + 1) / 6)
    assert found["b_cubed_recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1) / 6)
    assert (found["records_scored"], found["entities"], found["clusters"]) == (6, 3, 3)
    assert (found["entities_split"], found["clusters_mixing_people"]) == (1, 1)
    assert (found["most_people_in_one_cluster"], found["largest_cluster"]) == (2, 3)


def test_a_perfect_result() -> None:
    found = measures({"1": "A", "2": "A", "3": "B"}, {"1": "x", "2": "x", "3": "y"})
    wanted = ("pairwise_f1", "b_cubed_f1", "b_cubed_precision", "pairwise_recall")
    assert [found[name] for name in wanted] == [1.0] * 4


def test_records_without_a_cluster_count_as_alone() -> None:
    found = measures({"1": "A", "2": "A", "3": "B"}, {"1": "x", "2": None})
    assert found["clusters"] == 3
    assert found["pairwise_recall"] == 0
    # Nothing is together, so there is no precision to speak of.
    assert "pairwise_precision" not in found
    assert "pairwise_f1" not in found


def test_a_record_alone_is_never_taken_for_a_cluster_of_that_name() -> None:
    assert measures({"1": "A", "2": "B"}, {"1": "alone:2"})["clusters"] == 2


def test_unlabelled_records_are_not_scored() -> None:
    found = measures({"1": "A", "2": None}, {"1": "x", "2": "x", "9": "x"})
    assert (found["records_scored"], found["largest_cluster"], found["clusters_mixing_people"]) == (1, 1, 0)
    assert found["pairwise_recall"] == 1.0


def test_nothing_to_score() -> None:
    found = measures({}, {"1": "x"})
    assert found["records_scored"] == 0
    assert "b_cubed_f1" not in found


def test_cluster_ids_may_be_numbers() -> None:
    predicted = pl.DataFrame({"record_id": ["1", "2"], "cluster_id": [7, 7]})
    found = dict(accuracy(frame({"1": "A", "2": "A"}, "entity_id"), predicted).iter_rows())
    assert found["pairwise_f1"] == 1.0


def test_a_huge_cluster_is_counted_without_naming_its_pairs() -> None:
    records = pl.DataFrame({"record_id": pl.int_range(200_000, eager=True).cast(pl.String)})
    truth = records.with_columns(entity_id=pl.int_range(pl.len()) // 2)
    found = dict(accuracy(truth, records.with_columns(cluster_id=pl.lit(1))).iter_rows())
    assert found["pairwise_recall"] == 1.0
    assert found["false_pairs"] == 200_000 * 199_999 // 2 - 100_000


def test_what_can_not_be_scored_is_refused_without_values() -> None:
    good = frame({"1": "A"}, "entity_id")
    with pytest.raises(TruthError, match=r"predicted: columns \['cluster_id'\] are missing"):
        accuracy(good, frame({"1": "x"}, "customer_id"))
    with pytest.raises(TruthError, match=r"truth\.record_id: 1 rows repeat a record") as raised:
        accuracy(pl.concat([good, good]), frame({"1": "x"}, "cluster_id"))
    assert "A" not in str(raised.value)
    with pytest.raises(TruthError, match="record_id: empty in some rows"):
        accuracy(pl.DataFrame({"record_id": [None], "entity_id": ["A"]}), frame({"1": "x"}, "cluster_id"))


LABELS = st.integers(1, 14).flatmap(
    lambda n: st.tuples(*[st.lists(st.sampled_from("ABCDE"), min_size=n, max_size=n)] * 2)
)


@settings(deadline=None)
@given(LABELS)
def test_agrees_with_counting_every_pair(labels: tuple[list[str], list[str]]) -> None:
    entities, clusters = labels
    records = [str(number) for number in range(len(entities))]
    found = measures(dict(zip(records, entities, strict=True)), dict(zip(records, clusters, strict=True)))
    pairs = list(itertools.combinations(range(len(records)), 2))
    right = sum(entities[a] == entities[b] and clusters[a] == clusters[b] for a, b in pairs)
    assert found["missed_pairs"] == sum(entities[a] == entities[b] for a, b in pairs) - right
    assert found["false_pairs"] == sum(clusters[a] == clusters[b] for a, b in pairs) - right


def load_scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", SCORER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not SCORER.exists(), reason=f"no independent scorer at {SCORER.relative_to(REPOSITORY.parent)}")
def test_agrees_with_an_independent_scorer() -> None:
    numbers = pl.int_range(500, eager=True)
    records = pl.DataFrame({"record_id": numbers.cast(pl.String)})
    truth = records.with_columns(entity_id=(numbers * 7919 % 170).cast(pl.String)).head(450)
    predicted = records.with_columns(cluster_id=(numbers * 7919 % 85 + numbers % 2 * 1000).cast(pl.String)).tail(460)
    found = dict(accuracy(truth, predicted).iter_rows())
    with duckdb.connect() as db:
        db.register("truth_labels", truth.to_arrow())
        db.register("predicted_labels", predicted.to_arrow())
        expected = load_scorer().score(db, "truth_labels", "predicted_labels")
    for kind in ("pairwise", "b_cubed"):
        for measure in ("precision", "recall", "f1"):
            assert found[f"{kind}_{measure}"] == pytest.approx(expected[kind][measure], abs=1e-12)
    for name in ("entities_split", "clusters_mixing_people", "most_people_in_one_cluster"):
        assert found[name] == expected["clusters"][name]
    assert found["largest_cluster"] == expected["clusters"]["largest_predicted_cluster"]
