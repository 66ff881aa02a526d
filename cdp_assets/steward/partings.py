"""Taking a customer apart, undoing a merge, pinning a customer: decisions on a whole customer, written as judgements.

All judgements of one decision are written in one go, or none. They take effect at the next resolution; `cdp plan` shows it before.

What does not belong here: which judgements follow (``identity_graph/partings.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import polars as pl

from cdp_assets.identity_graph.id_format import as_written
from cdp_assets.identity_graph.memberships import members_before
from cdp_assets.identity_graph.partings import (
    Said,
    judgements_of_parts,
    judgements_of_pin,
    judgements_of_unpin,
    pin_of,
)
from cdp_assets.identity_graph.resolution import memberships_of
from cdp_assets.judgements import (
    JUDGEMENTS_SCHEMA,
    ContradictoryJudgementError,
    Judgement,
    any_contradiction,
    judgements_in_force,
)
from cdp_assets.steward.decisions import DecisionError, evidence_of
from cdp_assets.steward.lookup import LookupProblemError, require_made, resolve_id
from cdp_assets.tables import CUSTOMER_IDS, IDENTITY_CHANGES
from cdp_assets.workspace import Workspace

PIN_FIRST = "the customer is pinned: nothing leaves it; `cdp unpin` lets it go first"


def split_customer(
    workspace: Workspace, customer_id: str, parts: Sequence[Collection[str]], *, by: str, reason: str, now: datetime
) -> int:
    """Have each of ``parts`` (record ids) be a customer of its own; the records that are not named stay behind. Judgements written.

    Raises :class:`~cdp_assets.steward.decisions.DecisionError` for a record of somebody else or a pinned customer,
    :class:`~cdp_assets.identity_graph.partings.PartingError` for parts that make no sense.
    """
    records = records_of(workspace, customer_id)
    named = {record for part in parts for record in part}
    if not named <= set(records):
        raise DecisionError(
            f"{len(named - set(records))} of the records named are not this customer's; `cdp customer` lists those that are"
        )
    in_force = judgements_in_force(workspace.ledger.judgements())
    if pin_of(in_force, records):
        raise DecisionError(PIN_FIRST)
    rest = [record for record in records if record not in named]
    return _write(workspace, judgements_of_parts(in_force, parts, rest), by=by, reason=reason, now=now)


def unmerge(workspace: Workspace, former_id: str, *, by: str, reason: str, now: datetime) -> int:
    """Undo the merge that ``former_id`` went into: both customers as they were before, and apart. Judgements written.

    Records that have come since go where links lead. Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` for an id that was never
    merged, or whose merge is older than the history of memberships.
    """
    wanted, lake = as_written(former_id), workspace.lake
    current = resolve_id(lake, former_id)
    is_theirs = (pl.col("change") == "merged") & (pl.col("other_customer_id") == wanted)
    merges = lake.scan(IDENTITY_CHANGES).filter(is_theirs).sort("changed_at", "change_id").collect()
    if merges.is_empty() or current == wanted:
        raise LookupProblemError("that id is not merged into another; `cdp customer ID` tells its history")
    merge = merges.row(-1, named=True)
    memberships = memberships_of(lake)
    former = members_before(memberships, str(wanted), merge["changed_at"])
    other = members_before(memberships, merge["customer_id"], merge["changed_at"])
    here = set(records_of(workspace, current))
    parts = [[record for record in part if record in here] for part in (former, other)]
    if not all(parts):
        raise LookupProblemError(
            "the records of one side are not known, or are no longer in one customer; `cdp split` takes a customer apart by its records"
        )
    in_force = judgements_in_force(workspace.ledger.judgements())
    if pin_of(in_force, here):
        raise DecisionError(PIN_FIRST)
    return _write(workspace, judgements_of_parts(in_force, parts, []), by=by, reason=reason, now=now)


def pin_customer(workspace: Workspace, customer_id: str, *, by: str, reason: str, now: datetime) -> int:
    """Keep the customer's records together, and apart from all others, whatever links say. Records pinned.

    Raises :class:`~cdp_assets.steward.decisions.DecisionError` where a judgement joins it to somebody else, or it is pinned already.
    """
    records = records_of(workspace, customer_id)
    judgements = workspace.ledger.judgements()
    in_force = judgements_in_force(judgements)
    if pin_of(in_force, records):
        raise DecisionError(
            "the customer is pinned already; `cdp unpin` lets it go, then it can be pinned as it is now"
        )
    inside = pl.col("record_id_l").is_in(records).cast(pl.Int8) + pl.col("record_id_r").is_in(records).cast(pl.Int8)
    if in_force.filter((pl.col("judgement") == Judgement.SAME.value) & (inside == 1)).height:
        raise DecisionError(
            "a record of the customer was judged the same as one of another since the last resolution; `cdp run` first"
        )
    return _write(workspace, judgements_of_pin(records), by=by, reason=reason, now=now)


def unpin_customer(workspace: Workspace, customer_id: str, *, by: str, reason: str | None, now: datetime) -> int:
    """Let judgements and links decide on the customer again. Records that were pinned; raises where none is."""
    judgements = workspace.ledger.judgements()
    held = pin_of(judgements_in_force(judgements), records_of(workspace, customer_id))
    said = [one for pin in sorted(set(held.values())) for one in judgements_of_unpin(judgements, pin)]
    if not said:
        raise DecisionError("the customer is not pinned; there is nothing to let go")
    return _write(workspace, said, by=by, reason=reason, now=now)


def records_of(workspace: Workspace, customer_id: str) -> list[str]:
    """The records of the customer that an id stands for today."""
    current = resolve_id(workspace.lake, customer_id)
    require_made(workspace.lake, CUSTOMER_IDS)
    held = workspace.lake.scan(CUSTOMER_IDS).filter(pl.col("customer_id") == current).select("record_id").collect()
    return held.to_series().sort().to_list()


def _write(workspace: Workspace, said: Sequence[Said], *, by: str, reason: str | None, now: datetime) -> int:
    """Write judgements that belong together, where they contradict none that is left in force."""
    if not said:
        raise DecisionError("that holds already: judgements in force say the same")
    judgements = workspace.ledger.judgements()
    rows = [(one, other, word.value, now, by, reason, None) for one, other, word in said]
    new = pl.DataFrame(rows, schema=JUDGEMENTS_SCHEMA, orient="row")
    newest = judgements["judgement_id"].max() or 0
    numbered = new.with_columns(judgement_id=pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + newest)
    chain = any_contradiction(pl.concat([judgements, numbered.select(judgements.columns)]))
    if chain is not None:
        raise ContradictoryJudgementError(chain)
    hashes = evidence_of(workspace.lake, [(one, other) for one, other, _ in said])
    workspace.ledger.add_judgements(
        [(one, other, word.value, hashed) for (one, other, word), hashed in zip(said, hashes, strict=True)],
        judged_by=by,
        now=now,
        reason=reason,
    )
    return len(said)
