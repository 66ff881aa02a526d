"""Linkage: from standardized records to customers, beside two Splink scripts on the same records.

    python benchmarks/linkage.py [--records 1000000] [--runs 1] [--keep DIR] [--sections ways increment blocks …]

The data are invented worlds (``cdp generate``), standardized once before anything is measured. Each way runs in a process
of its own. Sections, of which ``scaling`` and ``spill`` are run where they are asked for:

* ways: the scripts of ``splink_scripts.py`` (narrow blocking rules, and rules in the style of Splink's examples), the training
  of our model, and our resolution with that model: profiles, pairs, clusters, ids. Seconds of processor (all threads) and
  wall clock, peak of memory (resident set of the whole process), candidate pairs, accuracy against the truth; then every
  stage. Ratios are to the narrow script, training and all; it is there twice, also with as many random pairs for ``u`` as Splink's
  reference wants for a model that is to be used. *Named* leaves out visits of which no more than a cookie is known. The last
  line of a script is its accuracy at the cut that suits the truth best.
* increment: 10,000 new records into the others under one model: everything anew, against what the increment changes.
* blocks: what every blocking rule looked at and what caps left out, and the recall that this is estimated to have cost,
  beside the recall that it has (pairs of profiles of one person that no rule found).
* scaling: our resolution at several sizes, and seconds of processor per record as ratios to the smallest.
* spill: our resolution with a limit to DuckDB's memory (``--memory-limit``), what is over going to disk.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, wraps
from pathlib import Path
from string import ascii_lowercase
from typing import Any
from unittest import mock

import email_truth
import polars as pl
import splink_scripts
from fresh_processes import Stages, medians, peak_mb

from cdp_assets.candidate_links import scoring
from cdp_assets.candidate_links.block_report import block_report
from cdp_assets.candidate_links.blocking import Blocks, report_within
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.models import in_use, with_frequencies_of, with_version
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.profiles import linkage_profiles
from cdp_assets.candidate_links.reprofiling import Profiled, reprofile
from cdp_assets.candidate_links.shared import shared_identifiers
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.evaluation.accuracy import accuracy
from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.customer_ids import assign
from cdp_assets.identity_graph.reclustering import Clustered, recluster
from cdp_assets.identity_graph.resolution import record_facts
from cdp_assets.judgements import no_judgements
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, LINKAGE_MODEL, TERM_FREQUENCIES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEED = 5
RECORDS_PER_PERSON = 2.85
"""Of the generator's people, rounded down: a world has at least as many records as are asked for."""

PEOPLE_AT_ONCE = 400_000
"""People of one world; more are several worlds, whose names, addresses and dates of birth repeat as in one."""

READ = (
    "record_id", "source", "source_key", "landed_at", "is_current", "is_newest",
    "first_name", "first_name_norm", "first_name_root", "middle_name_norm", "last_name", "last_name_norm", "suffix_norm", "sex",
    "date_of_birth", "date_of_birth_text", "emails", "phones", "addresses", "company_norm", "job_title", "identifiers",
)  # fmt: skip
"""The columns of record versions that linkage and the scripts read."""

ROWS = ("record_id", "source", "landed_at")
"""Columns that tell versions of records apart here, where each has one row of an import."""

SAYS_WHO = ("first_name", "last_name", "email", "phone", "dob")
"""A record with none of these is a visit of which no more than a cookie is known."""

NEW_RECORDS = 10_000
"""Records of an increment."""

MEASURES = ("pairwise_precision", "pairwise_recall", "pairwise_f1", "b_cubed_f1", "largest_cluster")


@dataclass(frozen=True)
class Data:
    """Record versions of one or more worlds, what the standards say beside them, and the truth (record_id, entity_id)."""

    versions: pl.DataFrame
    shared: pl.DataFrame
    probable: pl.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Data:
        """What :func:`_prepared` has left in ``folder``."""
        return cls(
            pl.read_parquet(folder / "versions.parquet", columns=list(READ)),
            pl.read_parquet(folder / "shared.parquet"),
            pl.read_parquet(folder / "probable.parquet"),
        )

    def only(self, records: pl.DataFrame) -> Data:
        """The versions of these records alone; what is said of shared and probable values stays."""
        return Data(self.versions.join(records, on="record_id", how="semi"), self.shared, self.probable)


def main() -> int:
    """Prepare the data, measure and print the sections; or, as the process that is measured, one line of JSON."""
    arguments = _arguments()
    if arguments.make:
        people, seed, folder = arguments.make
        _make_world(int(people), int(seed), Path(folder))
        return 0
    if arguments.measure:
        way, folder = arguments.measure
        os.chdir(folder)  # where DuckDB spills to
        print(json.dumps(_MEASURED[way](Path(folder), arguments)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(arguments.keep or scratch).resolve()
        for section in arguments.sections:
            _SECTIONS[section](place, arguments)
    return 0


# -- the data ---------------------------------------------------------------------------------------------------------


def _prepared(place: Path, records: int) -> Path:
    """The folder with the data of so many records, made where it is not there."""
    folder = place / (f"{records // 10**6}m" if records % 10**6 == 0 else f"{records // 1000}k")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "truth.parquet").exists():
        _make_worlds(int(records / RECORDS_PER_PERSON), folder)
    if not (folder / "rows.parquet").exists():
        splink_scripts.rows_of(Data.read(folder).versions).write_parquet(folder / "rows.parquet")
    return folder


def _make_worlds(people: int, folder: Path) -> None:
    """One world, or several side by side; each is made in a process of its own, which gives its memory back."""
    worlds = -(-people // PEOPLE_AT_ONCE)
    parts = [folder / f"world-{number}" for number in range(worlds)]
    for number, part in enumerate(parts):
        some = people // worlds + (number < people % worlds)
        print(f"making a world of {some:,} people in {part} …", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, "--make", str(some), str(SEED + number), str(part)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for name in ("versions", "shared", "probable", "truth"):  # the truth last: then the others are there
        frames = [pl.scan_parquet(part / f"{name}.parquet") for part in parts]
        if worlds > 1:
            frames = [_apart(name, frame, number) for number, frame in enumerate(frames)]
        together = pl.concat(frames)
        if name == "versions":
            together = together.sort("record_id", "landed_at")  # as the lake keeps them
        together.sink_parquet(folder / f"{name}.parquet")
    for part in parts:
        shutil.rmtree(part)


def _make_world(people: int, seed: int, folder: Path) -> None:
    """Generate and standardize one world, and keep of it what linkage reads."""
    from cdp_assets.evaluation.world import generate
    from cdp_assets.sources.contracts import load_contracts

    home = folder / "workspace"
    shutil.rmtree(folder, ignore_errors=True)
    generate(people, seed, home)
    world = email_truth._world(home)
    contracts, _ = load_contracts(home / "contracts")
    caps = {
        name: identifier.shared_by_at_most
        for contract in contracts
        for name, identifier in contract.identifiers.items()
        if identifier.shared_by_at_most is not None
    }
    shared_identifiers(world.versions, world.addresses, caps).write_parquet(folder / "shared.parquet")
    world.versions.select(READ).write_parquet(folder / "versions.parquet")
    world.probable.write_parquet(folder / "probable.parquet")
    truth = pl.read_parquet(home / "truth" / "records.parquet", columns=["record_id", "entity_id"]).drop_nulls()
    truth.write_parquet(folder / "truth.parquet")
    shutil.rmtree(home)


def _apart(name: str, frame: pl.LazyFrame, number: int) -> pl.LazyFrame:
    """A table of one of several worlds: records, people, mailboxes, phones and keys are its own, names and places are not.

    Marks are letters where digits would tell something, and stand where they leave a phone's last digits alone.
    """
    mark = _mark(number)

    def mailbox(values: pl.Expr) -> pl.Expr:
        return values.str.replace("@", f"{mark}@", literal=True)

    def phone(values: pl.Expr) -> pl.Expr:
        return values.str.replace("+", f"+{number + 100}", literal=True)

    key = pl.struct(pl.element().struct.field("type"), pl.element().struct.field("value") + mark)
    by_type = pl.when(pl.col("type") == "email").then(mailbox(pl.col("value")))
    marked = {
        "versions": [
            pl.col("record_id") + mark,
            pl.col("source_key") + mark,
            pl.col("emails").list.eval(mailbox(pl.element())),
            pl.col("phones").list.eval(phone(pl.element())),
            pl.col("identifiers").list.eval(key),
        ],
        "shared": [
            by_type.when(pl.col("type") == "phone")
            .then(phone(pl.col("value")))
            .otherwise(pl.col("value") + mark)
            .alias("value")
        ],
        "probable": [pl.col("record_id") + mark, mailbox(pl.col("email")), mailbox(pl.col("derived_from"))],
        "truth": [pl.col("record_id") + mark, pl.col("entity_id") + mark],
    }
    return frame.with_columns(marked[name])


_STEPS = (1, 3, 5, 7)
"""Through the alphabet, one per letter of a mark; none has a divisor in common with its 26 letters."""


def _mark(number: int) -> str:
    """Letters of which two worlds have none in common at any place: namesakes' addresses must not look like slips of each other."""
    if number >= len(ascii_lowercase):
        raise SystemExit(f"at most {len(ascii_lowercase)} worlds are told apart; ask for fewer records")
    return "".join(ascii_lowercase[number * step % len(ascii_lowercase)] for step in _STEPS)


# -- what is measured: each in a process of its own -------------------------------------------------------------------

Way = Callable[[Path, argparse.Namespace], dict[str, float]]


def _splink(rules: tuple[splink_scripts.Rule, ...], sampled_pairs: float = splink_scripts.SAMPLED_PAIRS) -> Way:
    def measured(folder: Path, _: argparse.Namespace) -> dict[str, float]:
        rows = pl.read_parquet(folder / "rows.parquet")
        stages = Stages()
        script = splink_scripts.run(rows, rules, stages, sampled_pairs)
        figures = {**_figures(stages), "pairs": script.candidate_pairs, **_accuracy(folder, script.clusters)}
        cut, at_best = splink_scripts.best_cut(script, pl.read_parquet(folder / "truth.parquet"))
        best = {f"best {name}": value for name, value in _accuracy(folder, at_best).items()}
        return {**figures, **best, "best cut": cut}

    return measured


def _training(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Train on the data, and leave the model in the folder for the other ways."""
    data, stages = Data.read(folder), Stages()
    profiles, _ = linkage_profiles(data.versions, data.shared, set(), data.probable)
    with stages("training"):
        model = train(profiles, LinkagePolicy(), DuckDBEngine(memory_limit=arguments.memory_limit))
    models = with_version(LINKAGE_MODEL.empty(), model, NOW)
    models.write_parquet(folder / "model.parquet")
    with_frequencies_of(TERM_FREQUENCIES.empty(), models, model).write_parquet(folder / "frequencies.parquet")
    return _figures(stages)


def _ours(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    data, stages = Data.read(folder), Stages()
    resolved = _resolve(data, _model(folder), stages, arguments)
    return {**_figures(stages), "pairs": resolved.candidate_pairs, **_accuracy(folder, resolved.clusters)}


def _blocks(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Leaves ``blocks.json`` in the folder for the section to print."""
    data = Data.read(folder)
    model = _model(folder)
    resolved = _resolve(data, model, Stages(), arguments)
    assert resolved.candidates is not None
    reports = report_within(comparable(resolved.profiles), model.policy, model.caps)
    report = block_report(Blocks(resolved.candidates, reports), resolved.scored_pairs)
    of_one = _pairs_of_one_person(resolved.members, pl.read_parquet(folder / "truth.parquet"))
    found = of_one.join(resolved.candidates, on=["id_l", "id_r"], how="semi").height
    rules = report.rules.to_dicts()
    (folder / "blocks.json").write_text(json.dumps({"rules": rules, "untried": report.untried}))
    return {"estimated loss": report.estimated_recall_loss, "true": of_one.height, "found": found}


def _before_increment(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Resolve all but the new records, and leave the tables for the increment."""
    data = Data.read(folder)
    old = _old_records(data)
    resolved = _resolve(data.only(old), _model(folder), Stages(), arguments)
    for name, frame in resolved.tables().items():
        frame.write_parquet(folder / f"before-{name}.parquet")
    return {"old": old.height, "new": data.versions["record_id"].n_unique() - old.height}


def _increment(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Take the new records in, and compare with what a resolution of everything has left."""
    data, stages = Data.read(folder), Stages()
    before = Resolved.read(folder, "before")
    resolved = _resolve(data, _model(folder), stages, arguments, before)
    figures = _figures(stages)
    full = Resolved.read(folder, "full")
    same = resolved.scored_pairs.equals(full.scored_pairs) and resolved.clusters.equals(full.clusters)
    return {**figures, "same": float(same)}


def _full(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    data, stages = Data.read(folder), Stages()
    resolved = _resolve(data, _model(folder), stages, arguments)
    for name, frame in resolved.tables().items():
        frame.write_parquet(folder / f"full-{name}.parquet")
    return _figures(stages)


_MEASURED: dict[str, Way] = {
    "Splink, narrow": _splink(splink_scripts.NARROW),
    "Splink, narrow, u of a final model": _splink(splink_scripts.NARROW, splink_scripts.SAMPLED_PAIRS_OF_A_FINAL_MODEL),
    "Splink, documented style": _splink(splink_scripts.WIDE),
    "ours, training": _training,
    "ours": _ours,
    "blocks": _blocks,
    "before": _before_increment,
    "everything anew": _full,
    "increment": _increment,
}


# -- our resolution ---------------------------------------------------------------------------------------------------


_TABLES = ("rows", "profiles", "members", "scored_pairs", "clusters", "customer_ids", "lineage")


@dataclass(frozen=True)
class Resolved:
    """What a resolution leaves for the next one, and what it looked at on the way.

    ``rows``: the versions of records that it knew (:data:`ROWS`).
    """

    rows: pl.DataFrame
    profiles: pl.DataFrame
    members: pl.DataFrame
    scored_pairs: pl.DataFrame
    clusters: pl.DataFrame
    customer_ids: pl.DataFrame
    lineage: pl.DataFrame
    candidates: pl.DataFrame | None = None

    @property
    def candidate_pairs(self) -> int:
        return 0 if self.candidates is None else self.candidates.height

    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables that the next resolution reads, by name."""
        return {name: getattr(self, name) for name in _TABLES}

    @classmethod
    def read(cls, folder: Path, which: str) -> Resolved:
        """A resolution that was left in the folder."""
        return cls(*(pl.read_parquet(folder / f"{which}-{name}.parquet") for name in _TABLES))


def _resolve(
    data: Data, model: TrainedModel, stages: Stages, arguments: argparse.Namespace, before: Resolved | None = None
) -> Resolved:
    """Profiles, pairs, clusters and ids, as the assets make them one after the other, without reading or writing tables."""
    with stages("profiles"):
        profiles, members = _profiled(data, before)
    with _watched(stages, "deciding") as watched:
        scored = _scored(profiles, model, watched.engine(arguments), before)
    with stages("clusters"):
        found = _clustered(data, profiles, members, scored, before)
    with stages("ids"):
        ids = (CUSTOMER_IDS.empty(), ID_LINEAGE.empty()) if before is None else (before.customer_ids, before.lineage)
        assigned = assign(found, *ids, record_facts(data.versions), NOW)
    rows = data.versions.select(ROWS)
    return Resolved(rows, profiles, members, scored, found, assigned.customer_ids, assigned.lineage, watched.candidates)


def _profiled(data: Data, before: Resolved | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All profiles and members: anew, or from those ``before`` and the versions that have come since."""
    if before is None:
        return linkage_profiles(data.versions, data.shared, set(), data.probable)
    former = Profiled(before.profiles, before.members, data.shared, data.probable)
    changed = come_or_gone(before.rows, data.versions.select(ROWS))["record_id"]
    again = reprofile(former, changed, data.versions, data.shared, set(), data.probable)
    return again.profiles, again.members


def _scored(profiles: pl.DataFrame, model: TrainedModel, engine: DuckDBEngine, before: Resolved | None) -> pl.DataFrame:
    """All scored pairs of ``profiles``: anew, or from those ``before`` and what has changed since."""
    if before is None:
        return scoring.score(profiles, model, engine)
    return scoring.rescore(profiles, before.profiles, before.scored_pairs, model, engine).pairs


def _clustered(
    data: Data, profiles: pl.DataFrame, members: pl.DataFrame, scored: pl.DataFrame, before: Resolved | None
) -> pl.DataFrame:
    """All clusters: anew, or from those ``before`` and what has changed since."""
    records = data.versions.select("record_id", "source")
    made_from = (scored, members, records, no_judgements())
    if before is None:
        return clusters(*made_from, profiles=profiles)
    former = Clustered(before.scored_pairs, before.members, before.rows, no_judgements(), before.clusters)
    return recluster(former, *made_from, profiles=profiles).clusters


class _Watched:
    """Counts the steps inside :func:`scoring.score` as stages of their own, and keeps the candidate pairs that it makes."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.candidates: pl.DataFrame | None = None

    def engine(self, arguments: argparse.Namespace) -> DuckDBEngine:
        """An engine whose weighing counts as scoring, with the memory limit that was asked for."""
        engine = DuckDBEngine(memory_limit=arguments.memory_limit)
        engine.weigh = self.counted("scoring", engine.weigh)  # type: ignore[method-assign]
        return engine

    def counted(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, counted as this stage."""

        @wraps(function)
        def count(*given: Any, **named: Any) -> Any:
            with self.stages(stage):
                made = function(*given, **named)
            if stage == "blocking":
                self.candidates = made
            return made

        return count


@contextmanager
def _watched(stages: Stages, rest: str) -> Iterator[_Watched]:
    """Within this, scoring's steps are stages; what is none of them counts as ``rest``."""
    watched = _Watched(stages)
    with ExitStack() as stack:
        for stage, name in (
            ("comparable", "comparable"),
            ("blocking", "pairs_within"),
            ("scoring", "levels"),
            ("what is touched", "touched"),
        ):
            stack.enter_context(mock.patch.object(scoring, name, watched.counted(stage, getattr(scoring, name))))
        stack.enter_context(stages(rest))
        yield watched


def _model(folder: Path) -> TrainedModel:
    tables = (pl.read_parquet(folder / f"{name}.parquet") for name in ("model", "frequencies"))
    model = in_use(*tables, LinkagePolicy())
    if model is None:
        raise RuntimeError(f"no model in {folder}; a section trains one before it measures")
    return model


def _old_records(data: Data) -> pl.DataFrame:
    """All records but :data:`NEW_RECORDS` (at most a tenth of them), chosen by a hash of their ids."""
    records = data.versions.select("record_id").unique()
    return records.sort(pl.col("record_id").hash(seed=1), "record_id").slice(min(NEW_RECORDS, records.height // 10))


def _pairs_of_one_person(members: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Pairs of profiles (``id_l`` < ``id_r``) that have a person in common."""
    of = members.join(truth, on="record_id").select("profile_id", "entity_id").unique()
    both = of.rename({"profile_id": "id_l"}).join(of.rename({"profile_id": "id_r"}), on="entity_id")
    return both.filter(pl.col("id_l") < pl.col("id_r")).select("id_l", "id_r").unique()


# -- figures ----------------------------------------------------------------------------------------------------------


def _figures(stages: Stages) -> dict[str, float]:
    """Seconds in all and by stage, and the peak of memory so far."""
    by_stage = {f"stage {name}": seconds for name, seconds in stages.cpu.items()}
    return {
        "cpu": sum(stages.cpu.values()),
        "wall": sum(stages.wall.values()),
        "memory": peak_mb(),
        **by_stage,
    }


def _accuracy(folder: Path, found: pl.DataFrame) -> dict[str, float]:
    """Measures against the truth, and pairwise F1 among the records that say who they are."""
    truth = pl.read_parquet(folder / "truth.parquet")
    says_who = pl.any_horizontal(pl.col(name).is_not_null() for name in SAYS_WHO)
    rows = pl.scan_parquet(folder / "rows.parquet").filter(says_who).select(record_id="unique_id").collect()
    measures = dict(accuracy(truth, found).rows())
    named = dict(accuracy(truth.join(rows, on="record_id", how="semi"), found).rows())
    return {**{name: measures.get(name, 0.0) for name in MEASURES}, "named": named.get("pairwise_f1", 0.0)}


# -- sections ---------------------------------------------------------------------------------------------------------


def _run(way: str, folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    limit = ("--memory-limit", arguments.memory_limit) if arguments.memory_limit else ()
    return medians(__file__, way, folder, arguments.runs, *limit)


def _ways(place: Path, arguments: argparse.Namespace) -> None:
    """The scripts, our training and our resolution: a table of figures and one of stages."""
    folder = _prepared(place, arguments.records)
    found: dict[str, dict[str, float]] = {}
    _head("way", "CPU s", "ratio", "wall s", "peak MB", "candidate pairs", *_ACCURACY_HEADS)
    for way in ("Splink, narrow", *_OTHER_SCRIPTS, "ours, training", "ours"):
        run = found[way] = _run(way, folder, arguments)
        ratio = f"{run['cpu'] / found['Splink, narrow']['cpu']:.2f}"
        pairs = f"{run['pairs']:,.0f}" if "pairs" in run else ""
        _line(way, f"{run['cpu']:.1f}", ratio, f"{run['wall']:.1f}", f"{run['memory']:,.0f}", pairs, *_accuracies(run))
        if "best cut" in run:
            _line(f"… cut at {run['best cut']:g}, best for the truth", *[""] * 5, *_accuracies(run, "best "))
    print()
    _head("way", "CPU s by stage")
    for way, run in found.items():
        _line(way, _by_stage(run))
    print()


_OTHER_SCRIPTS = ("Splink, narrow, u of a final model", "Splink, documented style")
_ACCURACY_HEADS = ("precision", "recall", "pairwise F1", "B-cubed F1", "largest cluster", "pairwise F1, named")
_OUR_STAGES = ("profiles", "comparable", "blocking", "scoring", "deciding", "clusters", "ids")


def _by_stage(run: dict[str, float]) -> str:
    """Ours in the order of :data:`_OUR_STAGES` (deciding is around others), a script's as it runs them."""
    stages = {name.removeprefix("stage "): run[name] for name in run if name.startswith("stage ")}
    ordered = [name for name in _OUR_STAGES if name in stages] if "deciding" in stages else list(stages)
    return ", ".join(f"{name} {stages[name]:.2f}" for name in ordered)


def _accuracies(run: dict[str, float], which: str = "") -> list[str]:
    if f"{which}named" not in run:
        return [""] * len(_ACCURACY_HEADS)
    shares = [f"{run[which + name]:.3f}" for name in MEASURES[:-1]]
    return [*shares, f"{run[which + MEASURES[-1]]:,.0f}", f"{run[which + 'named']:.3f}"]


def _increments(place: Path, arguments: argparse.Namespace) -> None:
    """New records into the others: everything anew, against what the increment changes."""
    folder = _prepared(place, arguments.records)
    _trained(folder, arguments)
    before = _run("before", folder, arguments)
    full, increment = (_run(way, folder, arguments) for way in ("everything anew", "increment"))
    _head(f"{before['new']:,.0f} records into {before['old']:,.0f}", "CPU s", "wall s", "peak MB", "by stage")
    for way, run in (("everything anew", full), ("the increment", increment)):
        _line(way, f"{run['cpu']:.2f}", f"{run['wall']:.2f}", f"{run['memory']:,.0f}", _by_stage(run))
    told = "the same pairs and clusters" if increment["same"] else "NOT the same pairs and clusters"
    print(f"\n{full['cpu'] / increment['cpu']:.1f} times less; {told}\n")


def _block_sizes(place: Path, arguments: argparse.Namespace) -> None:
    """Per rule what was looked at and what was left out; recall lost, estimated and true."""
    folder = _prepared(place, arguments.records)
    _trained(folder, arguments)
    run = _run("blocks", folder, arguments)
    report = json.loads((folder / "blocks.json").read_text())
    columns = list(report["rules"][0])
    _head(*(name.replace("_", " ") for name in columns))
    for rule in report["rules"]:
        _line(*(_told(rule[name]) for name in columns))
    if report["untried"]:
        print(f"\nNot tried, the budget of pairs was spent: {', '.join(report['untried'])}")
    print(f"\nEstimated recall lost to caps: {run['estimated loss']:.2%} of the links.")
    missed = run["true"] - run["found"]
    print(
        f"Truth: {missed:,.0f} of {run['true']:,.0f} pairs of profiles of one person ({missed / run['true']:.2%}) were"
    )
    print("found by no rule, for lack of a key in common or because of a cap.\n")


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _scaling(place: Path, arguments: argparse.Namespace) -> None:
    """Our resolution at several sizes."""
    first: float | None = None
    _head("records", "CPU s", "wall s", "peak MB", "CPU µs per record", "ratio", "F1", "candidate pairs", "by stage")
    for records in arguments.sizes:
        folder = _prepared(place, records)
        _trained(folder, arguments)
        run = _run("ours", folder, arguments)
        each = run["cpu"] / pl.scan_parquet(folder / "rows.parquet").select(pl.len()).collect().item()
        first = each if first is None else first
        _line(
            f"{records:,}",
            f"{run['cpu']:.1f}",
            f"{run['wall']:.1f}",
            f"{run['memory']:,.0f}",
            f"{each * 1e6:.1f}",
            f"{each / first:.2f}",
            f"{run['pairwise_f1']:.3f}",
            f"{run['pairs']:,.0f}",
            _by_stage(run),
        )
    print()


def _spill(place: Path, arguments: argparse.Namespace) -> None:
    """Our resolution with a limit to DuckDB's memory, and training too."""
    if not arguments.memory_limit:
        raise SystemExit("--sections spill: say how much memory DuckDB may take, such as --memory-limit 8GB")
    folder = _prepared(place, arguments.records)
    _head(f"{arguments.records:,} records, DuckDB within {arguments.memory_limit}", "CPU s", "wall s", "peak MB", "F1")
    training = _trained(folder, arguments)
    _line("training", f"{training['cpu']:.1f}", f"{training['wall']:.1f}", f"{training['memory']:,.0f}", "")
    run = _run("ours", folder, arguments)
    _line("resolution", f"{run['cpu']:.1f}", f"{run['wall']:.1f}", f"{run['memory']:,.0f}", f"{run['pairwise_f1']:.3f}")
    print()


@cache
def _trained_in(folder: Path, memory_limit: str | None) -> dict[str, float]:
    limit = ("--memory-limit", memory_limit) if memory_limit else ()
    return medians(__file__, "ours, training", folder, 1, *limit)


def _trained(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Train a model in the folder, once: one that another release has left there may compare other levels."""
    return _trained_in(folder, arguments.memory_limit)


_SECTIONS: dict[str, Callable[[Path, argparse.Namespace], None]] = {
    "ways": _ways,
    "increment": _increments,
    "blocks": _block_sizes,
    "scaling": _scaling,
    "spill": _spill,
}
_USUAL_SECTIONS = ("ways", "increment", "blocks")


def _head(*names: str) -> None:
    _line(*names)
    print("|---" * len(names) + "|", flush=True)


def _line(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1, help="processes per way, of which the medians count")
    parser.add_argument("--keep", help="keep the data in this directory, and find them there again")
    parser.add_argument("--sections", nargs="+", choices=list(_SECTIONS), default=list(_USUAL_SECTIONS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[100_000, 1_000_000, 3_000_000], help="of scaling")
    parser.add_argument("--memory-limit", help="how much memory DuckDB may take, such as 8GB; what is over is spilled")
    parser.add_argument("--blocks", action="store_const", dest="sections", const=["blocks"], help="--sections blocks")
    parser.add_argument("--spill", action="store_const", dest="sections", const=["spill"], help="--sections spill")
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=3, metavar=("PEOPLE", "SEED", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
