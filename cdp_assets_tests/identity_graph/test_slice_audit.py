"""The audit of a slice: silent where the tables are those of a full resolution, and loud about anything that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl
import pytest

from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.identity_graph.plan import Known
from cdp_assets.identity_graph.slice_audit import (
    FINDINGS,
    KEPT_AUDITS,
    Recomputed,
    Slice,
    audit,
    recomputed_slice,
    slice_of,
    with_audit,
)
from cdp_assets.tables import RESOLUTION_AUDITS
from cdp_assets_tests.identity_graph.frames import day, judged
from cdp_assets_tests.identity_graph.resolutions import first_resolution, known_town, trained

pytestmark = pytest.mark.xdist_group("slice_audit")


@dataclass(frozen=True)
class Tables:
    """What the lake holds after a resolution."""

    known: Known
    model: TrainedModel
    pairs: pl.DataFrame
    clusters: pl.DataFrame
    customer_ids: pl.DataFrame

    def part(self, seed: str = "2024-05-01", at_least: int = 40) -> Slice:
        known = self.known
        return slice_of(known.records["record_id"], known.profile_members, self.pairs, known.judgements, seed, at_least)

    def anew(self, part: Slice, engine: DuckDBEngine | None = None) -> Recomputed:
        known = self.known
        return recomputed_slice(
            part, known.profiles, known.profile_members, known.records.select("record_id", "source"), known.judgements,
            known.one_row_sources, self.model, engine,
        )  # fmt: skip

    def compared(self, part: Slice, anew: Recomputed, seed: str = "2024-05-01") -> pl.DataFrame:
        return audit(
            part, anew, self.pairs, self.clusters, self.customer_ids, seed=seed, resolution_id="r1",
            model_version=self.model.model_version, now=day(50),
        )  # fmt: skip

    def audited(self, at_least: int = 40, seed: str = "2024-05-01", engine: DuckDBEngine | None = None) -> pl.DataFrame:
        part = self.part(seed, at_least)
        return self.compared(part, self.anew(part, engine), seed)


def findings(row: pl.DataFrame) -> dict[str, int]:
    return {name: count for name, count in row.select(FINDINGS).row(0, named=True).items() if count}


@pytest.fixture(scope="module")
def tables() -> Tables:
    known = replace(
        known_town(),
        judgements=judged([("crm/1", "shop/40", "same"), ("shop/2", "crm/3", "different")]),
        one_row_sources=frozenset({"shop"}),
    )
    model = trained(known)
    found, _ = first_resolution(known, model)
    return Tables(known, model, found.scored_pairs, found.clusters, found.ids.customer_ids)


@pytest.fixture(scope="module")
def everything(tables: Tables) -> tuple[Slice, Recomputed]:
    part = tables.part(at_least=10_000)
    return part, tables.anew(part)


def test_any_slice_of_a_full_resolution_equals_it(tables: Tables, everything: tuple[Slice, Recomputed]) -> None:
    for seed in ("2024-05-01", "2024-05-02"):
        row = tables.audited(seed=seed)
        assert findings(row) == {}
        assert 40 <= row["records"].item() < 80
        assert row["pairs"].item() > 0
    assert findings(tables.compared(*everything)) == {}


def test_each_night_has_another_slice_and_the_same_night_the_same(tables: Tables) -> None:
    monday, tuesday = tables.part("2024-05-06"), tables.part("2024-05-07")
    assert tables.part("2024-05-06").records.equals(monday.records)
    assert set(monday.records) != set(tuesday.records)
    nights = [set(tables.part(f"2024-05-{night:02d}").records) for night in range(1, 29)]
    assert set.union(*nights) == set(tables.known.records["record_id"])


def test_a_slice_is_whole_whatever_connects_its_records(tables: Tables) -> None:
    inside = set(tables.part().records)
    together = [set(part) for part in tables.clusters.group_by("cluster_id").agg("record_id")["record_id"]]
    assert not [part for part in together if part & inside and part - inside]
    for seed in range(8):
        records = set(tables.part(str(seed)).records)
        assert ("crm/1" in records) == ("shop/40" in records)  # judged the same


def test_a_slice_of_more_than_there_is_is_everything(tables: Tables) -> None:
    assert tables.part(at_least=10_000).records.equals(tables.known.records["record_id"])


def test_neither_rows_nor_threads_change_an_audit(tables: Tables) -> None:
    shuffled = replace(
        tables,
        pairs=tables.pairs.reverse(),
        clusters=tables.clusters.reverse(),
        known=replace(tables.known, profiles=tables.known.profiles.reverse()),
    )
    assert shuffled.audited(engine=DuckDBEngine(threads=2)).equals(tables.audited(engine=DuckDBEngine(threads=1)))


def _one_accepted(frame: pl.DataFrame) -> pl.Expr:
    first = frame.filter(pl.col("decision") == "accepted").row(3, named=True)
    return (pl.col("profile_id_l") == first["profile_id_l"]) & (pl.col("profile_id_r") == first["profile_id_r"])


def _lost_link(tables: Tables) -> Tables:
    return replace(tables, pairs=tables.pairs.filter(~_one_accepted(tables.pairs)))


def _pair_of_nobody(tables: Tables) -> Tables:
    stray = tables.pairs.head(1).with_columns(
        profile_id_l=pl.lit(1, dtype=pl.Int64), profile_id_r=pl.lit(9_999, dtype=pl.Int64)
    )
    return replace(tables, pairs=pl.concat([tables.pairs, stray]))


def _stale_weight(tables: Tables) -> Tables:
    off = pl.col("match_weight") + pl.when(_one_accepted(tables.pairs)).then(0.001).otherwise(0.0)
    return replace(tables, pairs=tables.pairs.with_columns(match_weight=off))


def _stale_decision(tables: Tables) -> Tables:
    word = pl.when(_one_accepted(tables.pairs)).then(pl.lit("review")).otherwise(pl.col("decision"))
    return replace(tables, pairs=tables.pairs.with_columns(decision=word))


def _moved_record(tables: Tables) -> Tables:
    number = pl.when(pl.col("record_id") == "crm/5").then(pl.lit(9_999)).otherwise(pl.col("cluster_id"))
    alone = tables.clusters.with_columns(cluster_id=number)
    assert not alone.equals(tables.clusters)
    return replace(tables, clusters=alone)


def _stale_hold(tables: Tables) -> Tables:
    held = pl.when(pl.col("record_id") == "crm/5").then(0.123).otherwise(pl.col("weakest_probability"))
    return replace(tables, clusters=tables.clusters.with_columns(weakest_probability=held))


def _lost_record(tables: Tables) -> Tables:
    return replace(tables, clusters=tables.clusters.filter(pl.col("record_id") != "crm/5"))


def _torn_customer(tables: Tables) -> Tables:
    cluster = (
        tables.clusters.group_by("cluster_id").agg(pl.len(), pl.col("record_id").first()).filter(pl.col("len") > 1)
    )
    one = cluster.sort("cluster_id")["record_id"][0]
    word = pl.when(pl.col("record_id") == one).then(pl.lit("CANOTHER")).otherwise(pl.col("customer_id"))
    return replace(tables, customer_ids=tables.customer_ids.with_columns(customer_id=word))


def _shared_customer(tables: Tables) -> Tables:
    ids = tables.customer_ids["customer_id"].unique().sort()
    word = pl.col("customer_id").replace({ids[0]: ids[1]})
    return replace(tables, customer_ids=tables.customer_ids.with_columns(customer_id=word))


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (_lost_link, "pairs_missing"),
        (_pair_of_nobody, "pairs_too_many"),
        (_stale_weight, "pairs_scored_otherwise"),
        (_stale_decision, "pairs_scored_otherwise"),
        (_moved_record, "records_elsewhere"),
        (_lost_record, "records_elsewhere"),
        (_stale_hold, "records_held_otherwise"),
        (_torn_customer, "customers_torn"),
        (_shared_customer, "customers_torn"),
    ],
)
def test_whatever_the_tables_hold_otherwise_is_found(
    tables: Tables, everything: tuple[Slice, Recomputed], broken: Callable[[Tables], Tables], finding: str
) -> None:
    assert findings(broken(tables).compared(*everything))[finding] >= 1


def test_a_link_that_the_tables_lack_is_found_from_either_side(tables: Tables) -> None:
    lost = _lost_link(tables)
    missing = tables.pairs.join(lost.pairs, on=["profile_id_l", "profile_id_r"], how="anti").row(0, named=True)
    for profile in (missing["profile_id_l"], missing["profile_id_r"]):
        record = tables.known.profile_members.filter(pl.col("profile_id") == profile)["record_id"].item()
        seeds = (str(number) for number in range(200))
        seed = next(seed for seed in seeds if record in set(lost.part(seed, at_least=30).records))
        assert lost.audited(at_least=30, seed=seed)["pairs_missing"].item() >= 1


def test_only_pairs_of_the_slice_are_scored(tables: Tables) -> None:
    class Counting(DuckDBEngine):
        scored = 0

        def weigh(self, levels, *rest):  # type: ignore[no-untyped-def]
            self.scored += len(levels)
            return super().weigh(levels, *rest)

    part, whole = Counting(threads=1), Counting(threads=1)
    tables.audited(at_least=10, engine=part)
    tables.audited(at_least=10_000, engine=whole)
    assert 0 < part.scored < whole.scored / 4


def test_history_keeps_each_audit_once_and_the_newest(tables: Tables) -> None:
    row = tables.audited()
    history = with_audit(with_audit(RESOLUTION_AUDITS.empty(), row), row)
    assert history.equals(row)
    many = pl.concat([row.with_columns(audit_id=pl.lit(f"a{number}")) for number in range(KEPT_AUDITS)])
    kept = with_audit(many, row.with_columns(audited_at=pl.lit(day(60), dtype=row.schema["audited_at"])))
    assert kept.height == KEPT_AUDITS
    assert kept["audit_id"][-1] == row["audit_id"][0]


def test_an_audit_holds_counts_and_no_value(tables: Tables) -> None:
    told = tables.audited().write_csv()
    assert not [record for record in tables.known.records["record_id"] if record in told]
    assert not any(column.personal for column in RESOLUTION_AUDITS.columns)
