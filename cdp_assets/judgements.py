"""A steward's word on two records: the same person, different people, or undecided.

Judgements outrank every link. They are appended, never changed: the newest of a pair is in force. This module reads
frames of judgements and says what holds, what would contradict, and whose evidence has changed; keeping them is the ledger's work.

A customer that is pinned stands here too, so that a pin survives whatever a judgement does: each of its records is ``pinned`` to the
smallest of them, that one to itself.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from cdp_assets.tables import MOMENT, TEXT


class Judgement(StrEnum):
    """What the ledger keeps of two records."""

    SAME = "same"
    DIFFERENT = "different"
    UNDECIDED = "undecided"
    PINNED = "pinned"


SAID_OF_A_PAIR = (Judgement.SAME, Judgement.DIFFERENT, Judgement.UNDECIDED)
"""What a steward may say of two records; ``pinned`` is said of a customer as a whole (:func:`pins`)."""


JUDGEMENTS_SCHEMA: dict[str, pl.DataType] = {
    "record_id_l": TEXT,
    "record_id_r": TEXT,
    "judgement": TEXT,
    "judged_at": MOMENT,
    "judged_by": TEXT,
    "reason": TEXT,
    "evidence_hash": TEXT,
}

# Of two judgements of one pair at the same instant the more careful one holds.
_CAREFUL_LAST = [
    Judgement.SAME.value,
    Judgement.PINNED.value,
    Judgement.UNDECIDED.value,
    Judgement.DIFFERENT.value,
]


class ContradictoryJudgementError(ValueError):
    """A judgement would contradict those in force.

    ``chain`` holds the record ids that cause it, end to end: neighbours were judged the same, but for one pair. They are
    people's keys, so they are not in the message.
    """

    def __init__(self, chain: tuple[str, ...]) -> None:
        super().__init__(
            f"this judgement contradicts {len(chain) - 1} others: the two records are joined by a chain of `same` that "
            "passes two records judged `different`; judge the wrong link of that chain anew first"
        )
        self.chain = chain


def no_judgements() -> pl.DataFrame:
    """A frame of judgements without a row."""
    return pl.DataFrame(schema=JUDGEMENTS_SCHEMA)


def judgements_in_force(judgements: pl.DataFrame) -> pl.DataFrame:
    """The newest judgement of each pair, with ``record_id_l`` < ``record_id_r``.

    Raises :class:`ValueError` for a judgement outside the vocabulary.
    """
    words = [judgement.value for judgement in Judgement]
    unknown = judgements.filter(~pl.col("judgement").is_in(words)).height
    if unknown:
        raise ValueError(f"judgements.judgement: {unknown} rows hold none of {words}; correct or remove them")
    columns = [name for name in JUDGEMENTS_SCHEMA if name in judgements.columns]
    order = ["judged_at", *(["judgement_id"] if "judgement_id" in judgements.columns else []), "care"]
    return (
        judgements.with_columns(
            pl.min_horizontal("record_id_l", "record_id_r").alias("record_id_l"),
            pl.max_horizontal("record_id_l", "record_id_r").alias("record_id_r"),
            pl.col("judgement")
            .replace_strict(_CAREFUL_LAST, list(range(len(_CAREFUL_LAST))), return_dtype=pl.Int64)
            .alias("care"),
        )
        .sort("record_id_l", "record_id_r", *order)
        .unique(["record_id_l", "record_id_r"], keep="last", maintain_order=True)
        # Only a pin speaks of a record by itself.
        .filter((pl.col("record_id_l") != pl.col("record_id_r")) | (pl.col("judgement") == Judgement.PINNED.value))
        .select(columns)
    )


def judged(in_force: pl.DataFrame, judgement: Judgement) -> pl.DataFrame:
    """Pairs (``record_id_l``, ``record_id_r``, ``judged_at``) of which ``judgement`` is in force."""
    return in_force.filter(pl.col("judgement") == judgement.value).select("record_id_l", "record_id_r", "judged_at")


def joined(in_force: pl.DataFrame) -> pl.DataFrame:
    """Pairs (``record_id_l``, ``record_id_r``, ``judged_at``) that are one customer because a steward said so, or pinned them."""
    said = in_force.filter(pl.col("judgement").is_in([Judgement.SAME.value, Judgement.PINNED.value]))
    return said.filter(pl.col("record_id_l") != pl.col("record_id_r")).select("record_id_l", "record_id_r", "judged_at")


def pins(in_force: pl.DataFrame) -> pl.DataFrame:
    """Every pinned record (``record_id``) with its ``pin``, the smallest record that was pinned with it."""
    return in_force.filter(pl.col("judgement") == Judgement.PINNED.value).select(
        record_id="record_id_r", pin="record_id_l"
    )


def evidence_hashes(pairs: pl.DataFrame, contents: Mapping[str, str]) -> list[str]:
    """A hash for each of ``pairs`` (record_id_l, record_id_r) of what the two records say.

    ``contents``: the ``content_hash`` of each record's newest version; a record that is not there says nothing.
    """
    found = []
    for pair in pairs.select("record_id_l", "record_id_r").iter_rows():
        said = "\n".join(f"{record}\t{contents[record]}" for record in sorted(set(pair)) if record in contents)
        found.append(hashlib.sha256(said.encode()).hexdigest())
    return found


def reopened(in_force: pl.DataFrame, newest: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``in_force`` whose records say something else than on the day of the judgement.

    ``newest``: ``record_id`` and ``content_hash`` of each record's newest version. A judgement that was written without its
    evidence never reopens, nor does ``undecided``, which decides nothing, nor a pin, which holds whatever is said.
    """
    decided = in_force.filter(
        pl.col("evidence_hash").is_not_null()
        & pl.col("judgement").is_in([Judgement.SAME.value, Judgement.DIFFERENT.value])
    )
    ends = pl.concat([decided.get_column("record_id_l"), decided.get_column("record_id_r")]).unique().implode()
    said = newest.filter(pl.col("record_id").is_in(ends)).select("record_id", "content_hash")
    today = pl.Series("today", evidence_hashes(decided, dict(said.iter_rows())), dtype=pl.String)
    return decided.with_columns(today).filter(pl.col("evidence_hash") != pl.col("today")).drop("today")


def contradiction(
    judgements: pl.DataFrame, record_id_l: str, record_id_r: str, judgement: Judgement
) -> tuple[str, ...] | None:
    """The chain of records that a new judgement would contradict, or None where it fits.

    ``same`` contradicts when the records that it brings together hold two that were judged ``different``: the chain leads from
    one of those to the other. ``different`` contradicts when a chain of ``same`` joins the two. A newer judgement replaces the
    pair's own former one, which is therefore not held against it.
    """
    if judgement is Judgement.UNDECIDED:
        return None
    in_force = judgements_in_force(judgements)
    pair = {record_id_l, record_id_r}
    same = _neighbours([p for p in _pairs(joined(in_force)) if set(p) != pair])
    if judgement is Judgement.DIFFERENT:
        ways = _ways_from(record_id_l, same)
        return _chain(ways, record_id_r) if record_id_r in ways else None
    left, right = _ways_from(record_id_l, same), _ways_from(record_id_r, same)
    for one, other in _pairs(judged(in_force, Judgement.DIFFERENT)):
        if {one, other} == pair:
            continue
        if one in right and other in left:
            one, other = other, one
        if one in left and other in right:
            return (*reversed(_chain(left, one)), *_chain(right, other))
    return None


def require_consistent(judgements: pl.DataFrame, record_id_l: str, record_id_r: str, judgement: Judgement) -> None:
    """Raise :class:`ContradictoryJudgementError` where :func:`contradiction` finds one. Ask before appending."""
    chain = contradiction(judgements, record_id_l, record_id_r, judgement)
    if chain is not None:
        raise ContradictoryJudgementError(chain)


def any_contradiction(judgements: pl.DataFrame) -> tuple[str, ...] | None:
    """A chain of ``same`` between two records that were judged ``different``, or None where judgements in force fit each other."""
    in_force = judgements_in_force(judgements)
    same = _neighbours(_pairs(joined(in_force)))
    for one, other in _pairs(judged(in_force, Judgement.DIFFERENT)):
        if one in same and other in same:
            ways = _ways_from(one, same)
            if other in ways:
                return _chain(ways, other)
    return None


def _pairs(frame: pl.DataFrame) -> list[tuple[str, str]]:
    return sorted(zip(frame.get_column("record_id_l"), frame.get_column("record_id_r"), strict=True))


def _neighbours(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one, other in pairs:
        found[one].append(other)
        found[other].append(one)
    return found


def _ways_from(start: str, neighbours: dict[str, list[str]]) -> dict[str, str | None]:
    """Every record that ``start`` is joined to, with the one before it on a shortest way (breadth first)."""
    before: dict[str, str | None] = {start: None}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for further in sorted(neighbours.get(here, [])):
            if further not in before:
                before[further] = here
                waiting.append(further)
    return before


def _chain(before: dict[str, str | None], end: str) -> tuple[str, ...]:
    """The way from the start to ``end``."""
    chain: list[str] = []
    here: str | None = end
    while here is not None:
        chain.append(here)
        here = before[here]
    return tuple(reversed(chain))
