from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.steward.review import CONTESTED_CORRECTION, open_items, review_item
from cdp_assets.tables import CORRECTIONS, REVIEW_QUEUE
from cdp_assets_tests.builders import empty_workspace, frame

CONTESTED = {
    "customer_id": "C1",
    "field": "company",
    "correction": "set",
    "value": "Beta",
    "record_id": "crm/1",
    "state": "contested",
    "contested_by": "Gamma",
    "contested_record_id": "web/1",
}
HOLDS = {**CONTESTED, "field": "city", "state": "holds"}
DEAR = {"item_id": "dear", "rank": 1, "why": "conflict", "customer_id_l": "C2", "expected_cost": 3.0}
CHEAP = {"item_id": "cheap", "rank": 2, "why": "near threshold", "customer_id_l": "C3", "expected_cost": 0.1}


def test_a_contested_correction_stands_in_the_queue_by_its_cost(tmp_path: Path) -> None:
    workspace = empty_workspace(tmp_path / "home")
    workspace.lake.replace(CORRECTIONS, frame(CORRECTIONS, CONTESTED, HOLDS))
    workspace.lake.replace(REVIEW_QUEUE, frame(REVIEW_QUEUE, DEAR, CHEAP))
    items = open_items(workspace.lake, workspace.ledger)
    assert items.select("rank", "why", "customer_id_l").rows() == [
        (1, "conflict", "C2"),
        (2, CONTESTED_CORRECTION, "C1"),
        (3, "near threshold", "C3"),
    ]
    item = review_item(workspace.lake, workspace.ledger, "correction-C1-company")
    assert (item["record_id_l"], item["record_id_r"]) == ("crm/1", "web/1")
    assert not {"Beta", "Gamma"} & {str(value) for value in item.values()}
    with pytest.raises(LookupProblemError):
        review_item(workspace.lake, workspace.ledger, "correction-C1-city")


def test_without_corrections_the_queue_is_what_it_was(tmp_path: Path) -> None:
    workspace = empty_workspace(tmp_path / "home")
    assert open_items(workspace.lake, workspace.ledger).is_empty()
    workspace.lake.replace(REVIEW_QUEUE, frame(REVIEW_QUEUE, DEAR))
    assert open_items(workspace.lake, workspace.ledger).get_column("item_id").to_list() == ["dear"]
