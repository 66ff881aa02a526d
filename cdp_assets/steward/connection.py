"""Why two records are one customer, or why they are not.

Two answers are needed and given: what the model says of the two records compared with each other (also when they were
never compared in a run), and what holds their customer together, which may be a chain over other records.

What does not belong here: the model (``candidate_links``), the chain's search (``chains.py``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from cdp_assets.candidate_links.blocking import RULES, pairs_within
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.decisions import RULES as DECISION_RULES
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.explain import Evidence, explain, match_weight, verdict
from cdp_assets.candidate_links.models import in_use
from cdp_assets.candidate_links.policy import load_linkage_policy
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.identity_graph.overruled import CLUSTER_RULES
from cdp_assets.judgements import joined, judgements_in_force
from cdp_assets.lake import Lake
from cdp_assets.steward.chains import Step, strongest_chain
from cdp_assets.steward.lookup import LookupProblemError, customer_of_record, require_made
from cdp_assets.tables import (
    CUSTOMER_IDS,
    LINKAGE_MODEL,
    LINKAGE_PROFILES,
    OVERRULED_LINKS,
    PROFILE_MEMBERS,
    SCORED_PAIRS,
    TERM_FREQUENCIES,
)
from cdp_assets.workspace import Workspace

MOST_PROFILES_COMPARED = 6
"""Profiles per record that are compared afresh where no scored pair says which two are the strongest."""

RULE_MEANS = {rule.name: rule.says for rule in DECISION_RULES}
CLUSTER_RULE_MEANS = {rule.name: rule.says for rule in CLUSTER_RULES}


@dataclass(frozen=True)
class Connection:
    """What joins or parts two records.

    ``evidence`` compares their two most alike profiles, line by line, and adds up to ``match_weight`` (empty where the
    two say the same, or there is no model). ``decision`` and ``reason`` are the run's where it scored the two
    (``was_scored``), else what scoring would say. ``found_by`` names the rules that would bring them together.
    ``overruled_by`` names the rule of the clusters that does not follow the accepted link between them.
    ``chain`` holds the steps that join them, where they are one customer.
    """

    record_id_l: str
    record_id_r: str
    customer_id_l: str
    customer_id_r: str
    says_the_same: bool
    was_scored: bool
    decision: str
    reason: str
    match_weight: float | None
    match_probability: float | None
    found_by: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    chain: tuple[Step, ...]
    judgement: str | None
    judged_by: str | None
    judgement_reason: str | None
    overruled_by: str | None = None

    @property
    def is_one_customer(self) -> bool:
        return self.customer_id_l == self.customer_id_r

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "is_one_customer": self.is_one_customer}


def connection(workspace: Workspace, record_id_l: str, record_id_r: str) -> Connection:
    """Compare two records and find what joins them.

    Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` for a record that is not known, or before a model is.
    """
    lake = workspace.lake
    if record_id_l == record_id_r:
        raise LookupProblemError("the two records are the same one; name two different records")
    customer_l, customer_r = customer_of_record(lake, record_id_l), customer_of_record(lake, record_id_r)
    for table in (LINKAGE_PROFILES, PROFILE_MEMBERS, SCORED_PAIRS, LINKAGE_MODEL):
        require_made(lake, table)
    in_force = judgements_in_force(workspace.ledger.judgements())
    said = in_force.filter(
        pl.col("record_id_l").is_in([record_id_l, record_id_r])
        & pl.col("record_id_r").is_in([record_id_l, record_id_r])
        & (pl.col("record_id_l") != pl.col("record_id_r"))
    )
    ours = _profiles_of(lake, record_id_l), _profiles_of(lake, record_id_r)
    compared = _compared(workspace, *ours)
    return Connection(
        record_id_l=record_id_l,
        record_id_r=record_id_r,
        customer_id_l=customer_l,
        customer_id_r=customer_r,
        **compared,
        chain=_chain(lake, record_id_l, record_id_r, customer_l, in_force) if customer_l == customer_r else (),
        judgement=said["judgement"].item() if said.height else None,
        judged_by=said["judged_by"].item() if said.height else None,
        judgement_reason=said["reason"].item() if said.height else None,
        overruled_by=None if customer_l == customer_r else _overruled_by(lake, *ours),
    )


def _overruled_by(lake: Lake, left: list[int], right: list[int]) -> str | None:
    """The rule that cut the strongest accepted link between two records."""
    if not lake.exists(OVERRULED_LINKS):
        return None
    rows = lake.scan(OVERRULED_LINKS).filter(_between(left, right)).collect()
    order = [-pl.col("match_weight"), "profile_id_l", "profile_id_r"]
    return None if rows.is_empty() else str(rows.sort(order)["rule"][0])


def _between(left: list[int], right: list[int]) -> pl.Expr:
    """Pairs of a profile of the one record and a profile of the other."""
    one_way = pl.col("profile_id_l").is_in(left) & pl.col("profile_id_r").is_in(right)
    return one_way | (pl.col("profile_id_l").is_in(right) & pl.col("profile_id_r").is_in(left))


def joining_chain(workspace: Workspace, record_id_l: str, record_id_r: str, customer_id: str) -> tuple[Step, ...]:
    """The strongest chain between two records of one customer; none where they are not joined."""
    in_force = judgements_in_force(workspace.ledger.judgements())
    return _chain(workspace.lake, record_id_l, record_id_r, customer_id, in_force)


def _profiles_of(lake: Lake, record_id: str) -> list[int]:
    rows = lake.scan(PROFILE_MEMBERS).filter(pl.col("record_id") == record_id).select("profile_id").collect()
    return rows["profile_id"].sort().to_list()


def _compared(workspace: Workspace, left: list[int], right: list[int]) -> dict[str, Any]:
    """What scoring says of the most alike profiles of the two records."""
    nothing: dict[str, Any] = {
        "says_the_same": False, "was_scored": False, "decision": "apart", "reason": "nothing to compare",
        "match_weight": None, "match_probability": None, "found_by": (), "evidence": (),
    }  # fmt: skip
    if set(left) & set(right):
        same = "both records say the same: they share a linkage profile"
        return {**nothing, "says_the_same": True, "decision": "accepted", "reason": same, "match_probability": 1.0}
    lake, policy = workspace.lake, load_linkage_policy(workspace.policy_file("linkage"))
    model = in_use(lake.read(LINKAGE_MODEL), lake.read_or_empty(TERM_FREQUENCIES), policy)
    if model is None or not left or not right:
        return nothing
    profiles = lake.scan(LINKAGE_PROFILES).filter(pl.col("profile_id").is_in([*left, *right])).collect()
    scored = _scored(lake, left, right)
    if scored is None:
        return {**nothing, **_afresh(profiles, left, right, model)}
    one, other = _one(profiles, scored["profile_id_l"]), _one(profiles, scored["profile_id_r"])
    if scored["profile_id_l"] not in left:
        one, other = other, one
    return {
        **nothing,
        "was_scored": True,
        "decision": scored["decision"],
        "reason": scored["reason"],
        "match_weight": scored["match_weight"],
        "match_probability": scored["match_probability"],
        "found_by": (scored["found_by"],),
        "evidence": tuple(explain(one, other, model, DuckDBEngine(threads=1))),
    }


def _scored(lake: Lake, left: list[int], right: list[int]) -> dict[str, Any] | None:
    """The scored pair that counts for two records: an accepted one before others, then the strongest."""
    rows = lake.scan(SCORED_PAIRS).filter(_between(left, right)).collect()
    if rows.is_empty():
        return None
    order = [(pl.col("decision") != "accepted"), -pl.col("match_weight"), "profile_id_l", "profile_id_r"]
    return rows.sort(order).row(0, named=True)


def _afresh(profiles: pl.DataFrame, left: list[int], right: list[int], model: TrainedModel) -> dict[str, Any]:
    """Two records that no run compared, or that it found too unlike to keep: the most alike of their profiles."""
    engine = DuckDBEngine(threads=1)  # two rows: more threads cost more than they save
    compared = [
        (explain(_one(profiles, one), _one(profiles, other), model, engine), one, other)
        for one in left[:MOST_PROFILES_COMPARED]
        for other in right[:MOST_PROFILES_COMPARED]
    ]
    evidence, one, other = max(compared, key=lambda found: (match_weight(found[0]), -found[1], -found[2]))
    decision, reason = verdict(_one(profiles, one), _one(profiles, other), model, engine)
    weight = match_weight(evidence)
    return {
        "decision": decision,
        "reason": reason,
        "match_weight": weight,
        "match_probability": 1 / (1 + 2**-weight),
        "found_by": _blocking_rules(profiles, one, other, model),
        "evidence": tuple(evidence),
    }


def _blocking_rules(profiles: pl.DataFrame, one: int, other: int, model: TrainedModel) -> tuple[str, ...]:
    """Rules of the model that bring the two together when nobody else is in the way; a run may drop a block for its size."""
    both = comparable(profiles.filter(pl.col("profile_id").is_in([one, other])))
    pairs = pairs_within(both, model.policy, model.caps)
    found = pairs["rules"].item() if pairs.height else 0
    return tuple(name for bit, name in enumerate(RULES) if found >> bit & 1)


def _chain(
    lake: Lake, record_id_l: str, record_id_r: str, customer_id: str, in_force: pl.DataFrame
) -> tuple[Step, ...]:
    own = lake.scan(CUSTOMER_IDS).filter(pl.col("customer_id") == customer_id).select("record_id").collect()
    records = own["record_id"].implode()
    members = lake.scan(PROFILE_MEMBERS).filter(pl.col("record_id").is_in(records)).collect()
    ids = members["profile_id"].unique().implode()
    accepted = (
        lake.scan(SCORED_PAIRS)
        .filter(
            (pl.col("decision") == "accepted") & pl.col("profile_id_l").is_in(ids) & pl.col("profile_id_r").is_in(ids)
        )
        .collect()
    )
    same = joined(in_force)
    same = same.filter(pl.col("record_id_l").is_in(records) & pl.col("record_id_r").is_in(records))
    return strongest_chain(record_id_l, record_id_r, members, accepted, same)


def _one(profiles: pl.DataFrame, profile_id: int) -> pl.DataFrame:
    return profiles.filter(pl.col("profile_id") == profile_id)
