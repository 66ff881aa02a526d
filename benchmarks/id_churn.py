"""How many customer ids stay when everything else changes: a rebuild from nothing, a new model, a new contract, another history.

    python benchmarks/id_churn.py [--people 2000] [--resolutions 26]

The data is an invented world (``cdp generate``). It is imported first with a contract that lacks the CRM's phones, then read again
with them. Everything is resolved in memory, by the functions that a run calls. Each line compares two resolutions of the same
records:

* rebuilt from nothing: after a history of many resolutions, against one that knows no former id;
* another model: one that was trained on the first half of the imports, then one trained on all of them;
* a column added to a contract: without the CRM's phones, then with them;
* imports one by one: a resolution after each import, against one of all at once, with one model;
* the same, each resolution with a model trained on what there was.

*Same members* counts the customers that consist of the same records in both; of those, *ids kept* have the same id. Of the others *history
disagrees* where, in a resolution on the way, one of its records was one customer with a record that is not its own: the id went with the
greater part, or others had come to rely on another one. Where that never was, the ids are the same
(``test_customer_ids.py`` holds it), so *unexplained* has to be 0. *Old ids* are all that were ever given out on the way: each must resolve.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from cdp_assets.identity_graph.memberships import with_resolution
from cdp_assets.identity_graph.plan import Known, Resolved
from cdp_assets.identity_graph.resolution import PreviousResolution
from cdp_assets.workspace import Workspace

SEED = 11
START = datetime(2026, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class History:
    """What resolutions that followed each other left behind: the last one, and every membership on the way."""

    last: Resolved
    memberships: pl.DataFrame


def main() -> None:
    """Make the world, resolve it in every way, print the table."""
    warnings.simplefilter("ignore")  # Dagster's, of its own betas
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--resolutions", type=int, default=1_000, help="at most so many, of as many imports each")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        _measure(Path(scratch) / "world", arguments.people, arguments.resolutions)


def _measure(home: Path, people: int, resolutions: int) -> None:
    from cdp_assets.automation import backfill
    from cdp_assets.candidate_links.policy import LinkagePolicy
    from cdp_assets.candidate_links.trained_model import TrainedModel
    from cdp_assets.candidate_links.training import train
    from cdp_assets.identity_graph.next_resolution import known_by_now

    workspace, contract = _imported(home, people)
    without_phones = known_by_now(workspace)
    contract.write_text(_with_phones(contract.read_text()))
    problems = backfill(workspace, "crm", _quiet, resolve=False).problems
    assert not problems, problems
    known = known_by_now(workspace)
    imports = _in_order(workspace)
    policy = LinkagePolicy()

    def trained(on: Known) -> TrainedModel:
        return train(on.profiles, policy)

    many = min(resolutions, imports.height)
    steps = [known_by_now(workspace, imports.head(imports.height * count // many)) for count in range(1, many + 1)]
    steps = [step for step in steps if step.profiles.height > 1]
    model, former = trained(known), trained(steps[len(steps) // 2])
    print(
        f"{people:,} people, {known.records.height:,} records, {imports.height} imports, {len(steps)} resolutions one by one\n"
    )

    at_once = _history([(known, model)])
    one_by_one = _history([(step, model) for step in steps])
    retrained = _history([(step, trained(step)) for step in steps])
    with_former = _history([(known, former)])
    lines = [
        ("rebuilt from nothing, after the same model", at_once, _history([(known, model)])),
        ("rebuilt from nothing, after a history of models", retrained, _history([(known, trained(known))])),
        ("another model", with_former, _history([(known, model)], with_former)),
        ("a column added to a contract", (one := _history([(without_phones, model)])), _history([(known, model)], one)),
        ("imports one by one, against all at once", one_by_one, at_once),
        ("the same, retrained on each", retrained, at_once),
    ]
    print(
        "| what changes | customers before | after | same members | ids kept | share | others: history disagrees | unexplained | old ids | that resolve |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, before, after in lines:
        print("| " + " | ".join([name, *_compared(before, after)]) + " |")


def _imported(home: Path, people: int) -> tuple[Workspace, Path]:
    from cdp_assets.automation import run_pending
    from cdp_assets.environment import workspace_from_environment
    from cdp_assets.evaluation.world import build_shop_database, generate

    contract = home / "contracts" / "crm.yaml"
    generate(people, SEED, home)
    build_shop_database(home)
    contract.write_text(re.sub(r"^(  phone:)", r"# \1", contract.read_text(), flags=re.MULTILINE))
    workspace = workspace_from_environment(home)
    problems = run_pending(workspace, _quiet, resolve=False).problems
    assert not problems, problems
    return workspace, contract


def _with_phones(contract: str) -> str:
    found = re.sub(r"^# (  phone:)", r"\1", contract, flags=re.MULTILINE)
    assert found != contract, "the contract has no column for phones to add"
    return found


def _in_order(workspace: Workspace) -> pl.DataFrame:
    from cdp_assets.standardized.gathering import order_of_imports

    return order_of_imports(workspace).sort("landed_at", "source", "sequence")


def _history(steps: Sequence[tuple[Known, object]], after: History | None = None) -> History:
    """One resolution after the other, each of what is known by then, with the model of then."""
    from cdp_assets.identity_graph.plan import resolved
    from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, IDENTITY_CHANGES, MEMBERSHIPS

    if after is None:
        previous = PreviousResolution(CUSTOMER_IDS.empty(), ID_LINEAGE.empty(), IDENTITY_CHANGES.empty(), None, None)
        memberships, start = MEMBERSHIPS.empty(), START
    else:
        previous = PreviousResolution(
            after.last.ids.customer_ids, after.last.ids.lineage, after.last.changes, 1, "former"
        )
        memberships, start = after.memberships, START + timedelta(days=365)
    found: Resolved | None = None
    for at, (known, model) in enumerate(steps):
        moment = start + timedelta(days=at)
        found = resolved(known, model, previous, moment)  # type: ignore[arg-type]
        previous = PreviousResolution(found.ids.customer_ids, found.ids.lineage, found.changes, 1, "former")
        memberships = with_resolution(memberships, found.ids.customer_ids, moment)
    assert found is not None
    return History(found, memberships)


def _compared(before: History, after: History) -> list[str]:
    one, other = (_customers(history) for history in (before, after))
    same = one.join(other, on="records", suffix="_after")
    kept = same.filter(pl.col("customer_id") == pl.col("customer_id_after"))
    moved = same.filter(pl.col("customer_id") != pl.col("customer_id_after"))
    ways = pl.concat([before.memberships, after.memberships])
    explained = sum(_stood_with_others(records, ways) for records in moved.get_column("records").to_list())
    ever = before.memberships.get_column("customer_id").unique()
    lineage = before.last.ids.lineage.filter(
        pl.col("customer_id").is_in(ever.implode()) & pl.col("current_customer_id").is_not_null()
    )
    counts = (one.height, other.height, same.height, kept.height)
    share = f"{kept.height / max(same.height, 1):.2%}"
    return [
        *(f"{n:,}" for n in counts),
        share,
        f"{explained:,}",
        f"{moved.height - explained:,}",
        f"{ever.len():,}",
        f"{lineage.height:,}",
    ]


def _customers(history: History) -> pl.DataFrame:
    ids = history.last.ids.customer_ids.sort("record_id")
    return ids.group_by("customer_id").agg(pl.col("record_id").alias("records"))


def _stood_with_others(records: list[str], held: pl.DataFrame) -> bool:
    """Whether one of these records was, in a resolution on the way, one customer with a record that is not among them."""
    is_theirs = pl.col("record_id").is_in(records)
    theirs, others = (
        held.filter(one).select("customer_id", "valid_from", until=pl.col("valid_to").fill_null(FOR_EVER))
        for one in (is_theirs, ~is_theirs)
    )
    both = theirs.join(others, on="customer_id", suffix="_of_others")
    overlap = (pl.col("valid_from") < pl.col("until_of_others")) & (pl.col("valid_from_of_others") < pl.col("until"))
    return not both.filter(overlap).is_empty()


def _quiet(_line: str) -> None:
    return None


if __name__ == "__main__":
    main()
