"""What a workspace may decide about linkage (``policies/linkage.yaml``), and the stage's own limits with their reasons.

Every field is optional: the defaults serve any data set, and no default was fitted to one. What does not belong here: the
parameters of the model (``priors.py``, ``training.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cdp_assets.sources.policy_file import read_policy


class RetrainPolicy(BaseModel):
    """When a new model is due: data that has grown by a share, or data so small that training costs nothing."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    when_grown_by: Annotated[float, Field(gt=0)] = 0.25
    always_below_profiles: Annotated[int, Field(ge=0)] = 50_000


class LinkagePolicy(BaseModel):
    """Linkage settings of a workspace.

    ``accept_probability``: probability from which a link is accepted; null: derived from ``false_merge_cost``.
    ``review_probability``: probability from which a link is kept for a person to look at.
    ``false_merge_cost``: how much worse it is to put two people together than to leave one person in two. A wrong merge
    mixes two people's data; a missed one is found again by the next record. Decision theory accepts a link when
    ``p / (1 - p) >= cost``.
    ``max_block``: records above which a block (records that share a blocking value) is refined or left out.
    ``max_pairs_per_profile``: candidate pairs that all rules together may make, per profile.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    accept_probability: Annotated[float, Field(gt=0, lt=1)] | None = None
    review_probability: Annotated[float, Field(gt=0, lt=1)] = 0.05
    false_merge_cost: Annotated[float, Field(gt=0)] = 2.0
    max_block: Annotated[int, Field(ge=2)] = 400
    max_pairs_per_profile: Annotated[int, Field(ge=1)] = 15
    retrain: RetrainPolicy = RetrainPolicy()

    def accepted_from(self) -> float:
        """Probability from which a link is accepted."""
        if self.accept_probability is not None:
            return self.accept_probability
        return self.false_merge_cost / (1.0 + self.false_merge_cost)

    def reviewed_from(self) -> float:
        """Probability from which a link is kept; never above the accept probability."""
        return min(self.review_probability, self.accepted_from())


def load_linkage_policy(path: Path | None) -> LinkagePolicy:
    """The policy in ``linkage.yaml``; the defaults for a path that is None, or a file that is absent or empty.

    Raises :class:`~cdp_assets.sources.policy_file.PolicyError` where the file is not YAML or a setting is unknown or out of
    range.
    """
    return read_policy(path, LinkagePolicy)
