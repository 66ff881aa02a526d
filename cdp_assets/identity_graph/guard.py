"""How much a resolution may change before a person has to approve it (``policies/identity.yaml``).

Without the file nothing is held: customers of a young workspace merge by the thousand when its second source arrives. Once the ids are
relied on elsewhere, a contract that maps a field wrongly, or a model gone astray, should not get through at night::

    largest_merged_share: 0.05   # customers that may go into another one, of those that there are
    largest_split_share: 0.01    # parts that may leave a customer
    largest_consent_share: 0.02  # contacts that may come or go with a publication (published/consent_guard.py)

A resolution that differs from the last one by nothing but erasures is never held: erasing is a duty.

What does not belong here: working out what would change (``plan.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from cdp_assets.sources.policy_file import read_policy

PLAN_CHOICE = "plan"
"""Kind of the ledger's choices that approve a plan."""


class PlanRefusedError(RuntimeError):
    """A resolution would change more than the policy lets it. Says how much, and what to do."""


class IdentityPolicy(BaseModel):
    """Limits of one resolution, as shares of the customers before it; None: no limit."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    largest_merged_share: Annotated[float, Field(ge=0, le=1)] | None = None
    largest_split_share: Annotated[float, Field(ge=0, le=1)] | None = None
    largest_consent_share: Annotated[float, Field(ge=0)] | None = None

    @property
    def has_limits(self) -> bool:
        """Whether any resolution is held; a publication may be still."""
        return self.largest_merged_share is not None or self.largest_split_share is not None


def load_identity_policy(path: Path | None) -> IdentityPolicy:
    """The policy in ``identity.yaml``; no limits for a path that is None, or a file that is absent or empty.

    Raises :class:`~cdp_assets.sources.policy_file.PolicyError` where the file can not be used.
    """
    return read_policy(path, IdentityPolicy)


def beyond_limits(plan: Mapping[str, Any], policy: IdentityPolicy) -> list[str]:
    """What of a plan (a row of ``identity_graph/plans``) is beyond the limits, in words; empty where nothing is.

    A first resolution changes nobody.
    """
    customers = plan["customers_before"]
    if not customers:
        return []
    found = []
    for kind, limit in (("merged", policy.largest_merged_share), ("split", policy.largest_split_share)):
        share = plan[kind] / customers
        if limit is not None and share > limit:
            found.append(f"{kind}: {plan[kind]:,} of {customers:,} customers, {share:.1%}; the limit is {limit:.1%}")
    return found


def require_approval(plan: Mapping[str, Any], policy: IdentityPolicy, approved: str | None) -> None:
    """Raise :class:`PlanRefusedError` for a plan beyond the limits, unless it is the very one that was ``approved``."""
    beyond = beyond_limits(plan, policy)
    if beyond and plan["plan_id"] != approved:
        raise PlanRefusedError(
            f"this resolution would change more customers than policies/identity.yaml lets it ({'; '.join(beyond)}). Readers keep what was "
            f"published before. `cdp plan` shows it; `cdp apply {plan['plan_id']}` approves just that, and `cdp run` does it"
        )


def follows_only_erasures(erasures: pl.DataFrame, last: Mapping[str, Any] | None, inputs: str) -> bool:
    """Whether a resolution of these ``inputs`` (a hash) differs from the ``last`` one by nothing but erasures.

    ``erasures`` and ``last``: as the ledger keeps them. The certificate of an erasure tells the inputs that it left behind, and whether
    anything else waited when it began.
    """
    if last is None:
        return False
    since = erasures.filter(pl.col("finished_at") >= last["resolved_at"]).get_column("certificate").drop_nulls()
    told = [json.loads(certificate).get("resolution", {}) for certificate in since]
    return any(said.get("follows_nothing_else") and said.get("inputs") == inputs for said in told)
