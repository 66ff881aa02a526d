"""What an erasure does to customers who are left is planned before it, and done after it, whatever the limits say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.automation import erase, run_pending
from cdp_assets.environment import workspace_from_environment
from cdp_assets.erasure.erasure_text import erased_text, plan_text
from cdp_assets.erasure.plan import erasure_plan
from cdp_assets.erasure.what_follows import nothing_else_waits, outcome_of
from cdp_assets.identity_graph.guard import IdentityPolicy
from cdp_assets.identity_graph.plan import DONE_ANYWAY, OF_AN_ERASURE, WAITS, WITHIN_LIMITS
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, IDENTITY_CHANGES, PLANS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.crm import crm_contract, crm_folders, land

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = """\
ann,Ann,Calder,ann@calder.example,1984-03-07,1 Mill Lane,Leeds,LS6 2AB
bridge,Ann,Calder,ac@office.example,1984-03-07,9 Low Road,Leeds,LS6 2AB
left,Bea,Holm,bea@holm.example,1970-01-02,2 High Street,York,YO1 7HH
right,Tom,Fisk,tom@fisk.example,1991-11-30,3 Dock Street,Hull,HU1 1AA
""" + "".join(
    f"p{n},{first},{last},{first}.{last}@mail.example,19{60 + n}-05-1{n},{n + 1} Park Row,Bath,BA1 {n}AA\n"
    for n, (first, last) in enumerate([("Ida", "Moss"), ("Hal", "Reed"), ("Una", "Snow"), ("Gus", "Vane")])
)


@pytest.fixture
def workspace(tmp_path: Path, pictures_left_out: None) -> Workspace:
    """Ann is erased; a record elsewhere is hers by name, birth and postcode, and holds Bea and Tom together. No split is let through."""
    home = tmp_path / "ws"
    crm_folders(home, crm_contract())
    (home / "policies" / "identity.yaml").write_text("largest_split_share: 0\nlargest_merged_share: 0\n")
    land(home, "1.csv", ROWS.splitlines(), 900)
    found = workspace_from_environment(home)
    assert not run_pending(found, lambda _line: None, resolve=False).problems
    for one, other, word in (("bridge", "left", "same"), ("bridge", "right", "same"), ("ann", "bridge", "different")):
        found.ledger.add_judgement(f"crm/{one}", f"crm/{other}", word, judged_by="kim", now=NOW)
    assert not run_pending(found, lambda _line: None).problems
    return found


def customer_of(workspace: Workspace, key: str) -> str:
    ids = workspace.lake.read(CUSTOMER_IDS)
    return str(ids.filter(pl.col("record_id") == f"crm/{key}")["customer_id"].item())


def test_an_erasure_is_planned_and_what_it_causes_is_done_without_an_approval(workspace: Workspace) -> None:
    ann, both = customer_of(workspace, "ann"), customer_of(workspace, "left")
    assert customer_of(workspace, "right") == both != ann
    customers = workspace.lake.read(CUSTOMER_IDS)["customer_id"].n_unique()

    planned = erasure_plan(workspace, ann, NOW)
    assert planned.follows is not None
    plan, effects = planned.follows.plan, planned.follows.effects
    assert plan["subject"] == OF_AN_ERASURE
    assert (plan["retired"], plan["split"], plan["merged"], plan["created"]) == (1, 1, 0, 0)
    assert plan["customers_after"] == customers  # one is gone, and one has become two
    assert plan["outcome"] == DONE_ANYWAY
    assert effects is not None
    assert effects["customers"] == 2
    assert effects["golden_values_changed"] > 5
    text = plan_text(planned, 100)
    assert "What the resolution that follows would change" in text
    assert "done all the same" in text
    assert "Calder" not in text
    assert not workspace.lake.exists(PLANS)  # a look, nothing more

    (done,), outcome = erase(workspace, ann, by="a test", report=lambda _line: None)
    assert not outcome.problems
    assert done.certificate["resolution"]["follows_nothing_else"]
    assert outcome.followed == {"split": 1}
    assert "1 split" in erased_text([done], 0, str, 100, outcome.followed)
    last = workspace.ledger.last_resolution()
    assert last is not None
    changes = workspace.lake.read(IDENTITY_CHANGES).filter(pl.col("resolution_id") == last["resolution_id"])
    assert changes.select("change", "other_customer_id", "cause").rows() == [("split", both, "erasure")]
    assert both in {customer_of(workspace, "left"), customer_of(workspace, "right")}
    lineage = workspace.lake.read(ID_LINEAGE)
    assert lineage.filter(pl.col("customer_id") == ann)["state"].to_list() == ["retired"]

    # From now on the limits hold again, for whatever is decided.
    assert nothing_else_waits(workspace)
    workspace.ledger.add_judgement("crm/left", "crm/right", "same", judged_by="kim", now=NOW)
    assert not nothing_else_waits(workspace)


def test_the_limits_hold_a_resolution_that_follows_more_than_an_erasure() -> None:
    none, limits = IdentityPolicy(), IdentityPolicy(largest_split_share=0.0)
    plan = {"merged": 0, "split": 1, "customers_before": 100}
    assert outcome_of(plan, none, follows_nothing_else=False) == WITHIN_LIMITS
    assert outcome_of(plan, limits, follows_nothing_else=True) == DONE_ANYWAY
    assert outcome_of(plan, limits, follows_nothing_else=False) == WAITS
