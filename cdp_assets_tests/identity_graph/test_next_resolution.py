"""A plan of the next resolution scores by today's policy: other thresholds show in it before they are in use."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.candidate_links.policy import LinkagePolicy, RetrainPolicy
from cdp_assets.candidate_links.scoring import score
from cdp_assets.identity_graph.next_resolution import next_model
from cdp_assets.identity_graph.plan import Known
from cdp_assets.tables import LINKAGE_PROFILES, PROFILE_MEMBERS
from cdp_assets_tests.builders import small_workspace, with_trained_links
from cdp_assets_tests.identity_graph.frames import judged, landed


def test_another_threshold_is_in_the_plan_without_training_anew(tmp_path: Path) -> None:
    workspace = with_trained_links(small_workspace(tmp_path / "data"))
    profiles = workspace.lake.read(LINKAGE_PROFILES)
    known = Known(profiles, workspace.lake.read(PROFILE_MEMBERS), landed(), judged(), frozenset())
    kept = RetrainPolicy(always_below_profiles=0)
    usual, strict = (
        next_model(workspace, known, LinkagePolicy(retrain=kept, accept_probability=probability))
        for probability in (0.5, 0.99999)
    )
    assert usual.model_version == strict.model_version
    assert usual.accept_weight < strict.accept_weight
    accepted = [(score(profiles, model)["decision"] == "accepted").sum() for model in (usual, strict)]
    assert accepted[0] > accepted[1]
