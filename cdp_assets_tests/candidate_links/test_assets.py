"""What the assets of stage 4 read and report beyond their frames: judgements, the file of labelled pairs, estimates."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.candidate_links.assets import model_assets, scored_pairs
from cdp_assets.candidate_links.labels import LabelsError
from cdp_assets.resources import asset_key
from cdp_assets.tables import LINKAGE_MODEL, SCORED_PAIRS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import RESOLVED_AT, small_workspace, with_trained_links


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return with_trained_links(small_workspace(tmp_path_factory.mktemp("labels") / "data"))


def resolve(workspace: Workspace) -> dg.ExecuteInProcessResult:
    return dg.materialize([model_assets, scored_pairs], resources={"workspace": workspace}, raise_on_error=True)


def test_judgements_and_labelled_pairs_refine_the_model_and_its_page_says_how_good_it_is(workspace: Workspace) -> None:
    workspace.ledger.add_judgement("crm/1", "shop/77", "same", judged_by="ada", now=RESOLVED_AT)
    labels = workspace.home / "labels" / "pairs.csv"
    labels.parent.mkdir(exist_ok=True)
    labels.write_text("record_id_l,record_id_r,judgement\ncrm/1,crm/3,different\n")
    done = resolve(workspace)
    model = done.asset_materializations_for_node("linkage_model")
    metadata = next(m for m in model if m.asset_key == asset_key(LINKAGE_MODEL)).metadata
    assert metadata["judged_pairs_learned_from"].value > 1
    observed = [event for event in done.all_events if event.is_asset_observation]
    (seen,) = [event.asset_observation_data.asset_observation for event in observed]
    assert seen.asset_key == asset_key(LINKAGE_MODEL)
    assert seen.metadata["estimated_by"].value == "the model itself"
    low, estimate = seen.metadata["estimated_precision_low"].value, seen.metadata["estimated_precision"].value
    assert 0 <= low <= estimate <= 1
    assert workspace.lake.read(SCORED_PAIRS)["model_version"].n_unique() == 1


def test_a_file_of_labelled_pairs_that_can_not_be_read_stops_training(workspace: Workspace, tmp_path: Path) -> None:
    labels = workspace.home / "labels" / "pairs.csv"
    labels.parent.mkdir(exist_ok=True)
    labels.write_text("left,right\n1,2\n")
    with pytest.raises(LabelsError, match=r"pairs.csv has no column record_id_l"):
        resolve(workspace)
    labels.unlink()
