"""What a steward decides, written to the ledger: judgements on two records, corrections of a field.

Everything is checked before it is written, and takes effect at the next resolution. The clock and the steward's name
come in from outside.

What does not belong here: what a judgement does to clusters (``identity_graph``) or a correction to a golden record
(``golden_records``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from cdp_assets.golden_records.corrections import CORRECTABLE
from cdp_assets.identity_graph.partings import pin_of
from cdp_assets.judgements import SAID_OF_A_PAIR, Judgement, evidence_hashes, judgements_in_force, require_consistent
from cdp_assets.lake import Lake
from cdp_assets.steward.lookup import LookupProblemError, customer_of_record
from cdp_assets.tables import RECORD_VERSIONS
from cdp_assets.workspace import Workspace

CORRECTIONS = ("set", "retract")

LONGEST_TEXT = 2_000
"""A reason or a value longer than this was pasted by mistake."""


class DecisionError(ValueError):
    """A decision was refused. Says why and what to do, never a value."""


def judge(
    workspace: Workspace,
    record_id_l: str,
    record_id_r: str,
    judgement: str,
    *,
    by: str,
    reason: str | None,
    now: datetime,
) -> None:
    """Write a judgement on two records.

    Raises :class:`DecisionError` for a word or pair that makes no sense, ``LookupProblemError`` for a record that is not
    known, ``ContradictoryJudgementError`` (with its chain) where judgements in force say otherwise.
    """
    words = [word.value for word in SAID_OF_A_PAIR]
    if judgement not in words:
        raise DecisionError(f"a judgement is one of {', '.join(words)}")
    if record_id_l == record_id_r:
        raise DecisionError("a judgement needs two different records")
    text = _short(reason, "the reason")
    for record_id in (record_id_l, record_id_r):
        customer_of_record(workspace.lake, record_id)
    judgements = workspace.ledger.judgements()
    _require_unpinned(judgements, record_id_l, record_id_r, Judgement(judgement))
    require_consistent(judgements, record_id_l, record_id_r, Judgement(judgement))
    workspace.ledger.add_judgement(
        record_id_l,
        record_id_r,
        judgement,
        judged_by=by,
        now=now,
        reason=text,
        evidence_hash=evidence_hash(workspace.lake, record_id_l, record_id_r),
    )


def evidence_hash(lake: Lake, record_id_l: str, record_id_r: str) -> str | None:
    """Hash of what the two records say today: a judgement whose evidence has changed can be told by it."""
    return evidence_of(lake, [(record_id_l, record_id_r)])[0]


def evidence_of(lake: Lake, pairs: Sequence[tuple[str, str]]) -> list[str] | list[None]:
    """:func:`evidence_hash` of each pair."""
    if not lake.exists(RECORD_VERSIONS):
        return [None for _ in pairs]
    named = sorted({record for pair in pairs for record in pair})
    newest = lake.scan(RECORD_VERSIONS).filter(pl.col("record_id").is_in(named) & pl.col("is_newest"))
    contents = dict(newest.select("record_id", "content_hash").collect().iter_rows())
    return evidence_hashes(pl.DataFrame(pairs, schema=["record_id_l", "record_id_r"], orient="row"), contents)


def _require_unpinned(judgements: pl.DataFrame, record_id_l: str, record_id_r: str, judgement: Judgement) -> None:
    """A pin is a word on a whole customer: what would break it is refused."""
    held = pin_of(judgements_in_force(judgements), [record_id_l, record_id_r])
    one, other = held.get(record_id_l), held.get(record_id_r)
    is_inside = one is not None and one == other
    if is_inside or (judgement is Judgement.SAME and one != other):
        raise DecisionError(
            "one of the two belongs to a customer that is pinned: nothing joins or leaves it; `cdp unpin` lets it go first"
        )


def correct(
    workspace: Workspace, record_id: str, field: str, value: str, correction: str, *, by: str, now: datetime
) -> None:
    """Write a correction of one record's field: ``set`` (this is the value) or ``retract`` (this one is not theirs).

    Raises :class:`DecisionError` for a field, word or value that makes no sense, ``LookupProblemError`` for a record
    that is not known.
    """
    require_correctable(field)
    if correction not in CORRECTIONS:
        raise DecisionError("a correction is either set or retract")
    text = _short(value, "the value")
    if text is None:
        raise DecisionError("a correction needs a value; to take a wrong one away, retract it")
    customer_of_record(workspace.lake, record_id)
    workspace.ledger.add_correction(record_id, field, text, correction, corrected_by=by, now=now)


def require_correctable(field: str) -> None:
    """Raise :class:`DecisionError` for a field that nobody can correct."""
    if field not in CORRECTABLE:
        raise DecisionError(f"only these fields can be corrected: {', '.join(CORRECTABLE)}")


def record_that_says(lake: Lake, record_ids: list[str], field: str, value: str) -> str:
    """The record that a correction of ``value`` is about: the newest that carries it, else the newest of all.

    Raises :class:`DecisionError` for a field that nobody can correct, :class:`~cdp_assets.steward.lookup.LookupProblemError` where none of the records is known.
    """
    require_correctable(field)
    versions = lake.scan(RECORD_VERSIONS).filter(pl.col("record_id").is_in(record_ids)).collect()
    if versions.is_empty():
        raise LookupProblemError("none of the customer's records is known any more; run `cdp run`")
    lists = {"email": "emails", "phone": "phones"}
    if field in lists:
        carries = pl.col(lists[field]).list.contains(value)
    elif field in versions.columns:
        carries = pl.col(field).cast(pl.String) == value
    else:
        parts = pl.element().struct.field(field) == value
        carries = pl.col("addresses").list.eval(parts).list.any()
    newest = versions.with_columns(carries.fill_null(False).alias("carries")).sort(
        "carries", "observed_at", "record_id"
    )
    return str(newest.item(-1, "record_id"))


def _short(text: str | None, what: str) -> str | None:
    tidy = (text or "").strip()
    if len(tidy) > LONGEST_TEXT:
        raise DecisionError(f"{what} is longer than {LONGEST_TEXT:,} characters; shorten it")
    return tidy or None
