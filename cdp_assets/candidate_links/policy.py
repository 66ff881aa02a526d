"""What a workspace may decide about linkage (``policies/linkage.yaml``), and the stage's own limits with their reasons.

Every field is optional: the defaults serve any data set, and no default was fitted to one. What does not belong here: the
parameters of the model (``priors.py``, ``training.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cdp_assets.sources.policy_file import read_policy


class DriftLimits(BaseModel):
    """How far the data may move from what the model in use was trained on before a new one is due (``drift.py``).

    ``frequencies_shift``: population stability index of a field's values, corrected for chance; 0.25 is where its users
    speak of another population. ``unseen_share``: filled values that the model has never seen and takes for rare ones, though
    they are not: a new country, say. ``filled_share``: change of the share of profiles that fill a comparison.
    ``agreement_shift``: share of accepted pairs that stand at another level than when the version came into use; a source with twice as
    many misspelt names moves one name in twenty. ``near_threshold_share``: change of the share of pairs that a bit or two would decide
    otherwise: people feel these first, in the review queue.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    frequencies_shift: Annotated[float, Field(gt=0)] = 0.25
    unseen_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    filled_share: Annotated[float, Field(gt=0, le=1)] = 0.15
    agreement_shift: Annotated[float, Field(gt=0, le=1)] = 0.1
    near_threshold_share: Annotated[float, Field(gt=0, le=1)] = 0.05


class RetrainPolicy(BaseModel):
    """When a new model is due, and when it is taken into use without asking anybody.

    Data of fewer profiles than ``always_below_profiles`` is trained anew in each resolution, for it costs seconds, unless a person has chosen
    a version. In larger data the version in use stays. A new one is due when the data has grown by the share ``when_grown_by``, fills other
    fields, or has drifted (``drift``); it is then trained beside the one in use, and taken into use without asking where it merges or splits
    less than the share ``by_itself_below_share`` of the customers. 0: a person always decides.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    when_grown_by: Annotated[float, Field(gt=0)] = 0.25
    always_below_profiles: Annotated[int, Field(ge=0)] = 50_000
    by_itself_below_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    drift: DriftLimits = DriftLimits()


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
