"""What a person decided holds, and ids stay, through re-imports, retraining, a new column and a rebuild from nothing."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.automation import backfill, plan, run_pending
from cdp_assets.environment import workspace_from_environment
from cdp_assets.steward.decisions import judge
from cdp_assets.steward.partings import pin_customer, split_customer
from cdp_assets.steward.plan_text import next_plan, plan_text
from cdp_assets.tables import CUSTOMER_IDS, LINKAGE_MODEL, REVIEW_QUEUE
from cdp_assets.workspace import Workspace
from cdp_assets_tests.candidate_links.frames import FIRST, LAST, STREETS, TOWNS
from cdp_assets_tests.crm import HEADER, crm_contract, crm_folders, land
from cdp_assets_tests.identity_graph.frames import groups

WITH_ONE_MORE = crm_contract(job_title="Title")
WITH_TITLE = f"{HEADER},Title"
WHO = {"by": "kim", "reason": "knows them"}
PEOPLE = 30


def row(key: str, number: int) -> str:
    """A record of person ``number``, under any key."""
    first, last = FIRST[number % len(FIRST)], LAST[(number * 7 + number // len(LAST)) % len(LAST)]
    home = f"{number + 1} {STREETS[number % len(STREETS)]},{TOWNS[number % len(TOWNS)]},YO{number % 9 + 1} 3PU"
    return (
        f"{key},{first},{last},{first}.{last}{number}@mail.example,19{50 + number}-03-{number % 18 + 10},{home},Clerk"
    )


def run(workspace: Workspace, *, in_full: bool = False) -> dict[frozenset[str], str]:
    """Run, and say which id each customer has, by its records."""
    assert not run_pending(workspace, lambda _line: None, in_full=in_full).problems
    ids = workspace.lake.read(CUSTOMER_IDS)
    by_record = dict(ids.select("record_id", "customer_id").iter_rows())
    return {group: by_record[min(group)] for group in groups(ids)}


def kept(before: dict[frozenset[str], str], now: dict[frozenset[str], str]) -> int:
    """Customers whose records are the same; each of them must have kept its id."""
    same = before.keys() & now.keys()
    assert {group: now[group] for group in same} == {group: before[group] for group in same}
    return len(same)


@pytest.mark.slow
@pytest.mark.usefixtures("pictures_left_out")
def test_decisions_and_ids_survive_re_import_retraining_a_new_column_and_a_rebuild(tmp_path: Path) -> None:
    contract = crm_folders(tmp_path, crm_contract())
    first = [row(f"{letter}{number}", number) for number in range(PEOPLE) for letter in "abc"[: 1 + number % 3]]
    land(tmp_path, "1.csv", first, 900, WITH_TITLE)
    workspace = workspace_from_environment(tmp_path)
    now = datetime.now(UTC)
    before = run(workspace)
    alike, trio, alone = (
        frozenset(f"crm/{key}" for key in keys) for keys in (["a1", "b1"], ["a2", "b2", "c2"], ["a0"])
    )
    assert {alike, trio, alone} < before.keys()
    split_customer(workspace, before[alike], [["crm/b1"]], **WHO, now=now)
    pin_customer(workspace, before[trio], **WHO, now=now)
    judge(workspace, "crm/a0", "crm/a3", "same", **WHO, now=now)
    wanted = {frozenset({"crm/a1"}), frozenset({"crm/b1"}), trio, frozenset({"crm/a0", "crm/a3"})}

    # The plan of it tells golden values and memberships too, and nobody becomes contactable by it.
    assert not plan(workspace).problems
    planned = next_plan(workspace.lake)
    assert planned is not None
    assert planned.effects is not None
    assert (planned.plan["merged"], planned.plan["split"], planned.effects["customers"]) == (1, 1, 3)
    assert planned.effects["golden_values_changed"] > 0
    assert planned.effects["contacts_gained"] == 0
    assert "may be contacted" in plan_text(planned, 120)
    named = [row["who"] for row in planned.changes if row["who"] is not None]
    assert named
    assert all("•" in name for name in named)

    decided = run(workspace)
    assert wanted < decided.keys()
    assert kept(before, decided) == PEOPLE - 3
    # The part that left got another id; the one that stayed kept it.
    assert {decided[frozenset({"crm/a1"})], decided[frozenset({"crm/b1"})]} > {before[alike]}

    # The same list again, in another order, with new keys for somebody known, for the pinned customer too; and another
    # model, by another policy.
    (tmp_path / "policies" / "linkage.yaml").write_text("accept_probability: 0.98\n")
    land(tmp_path, "again.csv", [*reversed(first), row("d2", 2), row("d4", 4)], 600, WITH_TITLE)
    imported = run(workspace, in_full=True)
    assert workspace.lake.read(LINKAGE_MODEL)["model_version"].n_unique() > 1
    assert wanted < imported.keys()
    assert frozenset({"crm/d2"}) in imported
    assert any("crm/d4" in group and len(group) > 1 for group in imported)
    assert kept(decided, imported) == len(decided) - 1

    contract.write_text(WITH_ONE_MORE)
    assert not backfill(workspace, "crm", lambda _line: None).problems
    with_title = run(workspace)
    assert wanted < with_title.keys()
    assert kept(imported, with_title) == len(imported)
    # Every record says more than on the day of the judgements: they hold, and a person is asked whether they still should.
    again = workspace.lake.read(REVIEW_QUEUE).filter(pl.col("why") == "reopened judgement")
    assert {frozenset(pair) for pair in again.select("record_id_l", "record_id_r").iter_rows()} == {
        frozenset({"crm/a1", "crm/b1"}),
        frozenset({"crm/a0", "crm/a3"}),
    }

    for stage in ("candidate_links", "identity_graph"):
        shutil.rmtree(tmp_path / "lake" / stage)
    rebuilt = run(workspace, in_full=True)
    assert rebuilt.keys() == with_title.keys()
    assert rebuilt == with_title
