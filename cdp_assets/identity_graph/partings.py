"""The judgements that follow when a person takes a customer apart, undoes a merge, or pins a customer.

Each is told as judgements on pairs of records, so that it lives on as any other judgement does: re-imports, retraining and
rebuilds change nothing about it, and whoever thinks otherwise judges the pair anew.

What does not belong here: what judgements do to clusters (``units.py``), writing them down (``steward/``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from cdp_assets.judgements import Judgement, pins

Said = tuple[str, str, Judgement]


class PartingError(ValueError):
    """The parts make no sense. Says what and what to do, never a record id: those are people's keys."""


def judgements_of_parts(in_force: pl.DataFrame, parts: Sequence[Collection[str]], rest: Collection[str]) -> list[Said]:
    """What to judge so that each of ``parts`` is one customer, apart from the others and from ``rest``.

    ``in_force``: judgements in force. The records of a part go together. Of ``rest`` nothing is said but that none of it belongs to a
    part: links decide which of them stay together. Pairs that were judged otherwise are judged anew; what holds
    already is not said again. Raises :class:`PartingError` for parts that overlap, and where nothing would be parted.
    """
    side = {record: number for number, part in enumerate(parts) for record in part}
    if len(side) != sum(map(len, parts)) or side.keys() & set(rest):
        raise PartingError("a record stands in two parts; name it in one")
    if not all(parts) or len(parts) + bool(rest) < 2:
        raise PartingError("the parts leave nothing to take apart; name fewer records than the customer has")
    side |= dict.fromkeys(rest, len(parts))
    heads = [min(part) for part in parts]
    wanted: dict[tuple[str, str], Judgement] = {}
    for part, head in zip(parts, heads, strict=True):
        wanted |= {(head, record): Judgement.SAME for record in part if record != head}
    apart = [*((one, other) for at, one in enumerate(heads) for other in heads[:at])]
    apart += [(head, record) for head in heads for record in rest]
    wanted |= {(min(pair), max(pair)): Judgement.DIFFERENT for pair in apart}
    known = {(one, other): word for one, other, word in in_force.select(*_PAIR, "judgement").iter_rows()}
    for (one, other), word in known.items():
        if one not in side or other not in side:
            continue
        if word == Judgement.SAME.value and side[one] != side[other]:
            wanted[one, other] = Judgement.DIFFERENT
        if word == Judgement.DIFFERENT.value and side[one] == side[other] < len(parts):
            wanted[one, other] = Judgement.SAME
    return sorted((*pair, word) for pair, word in wanted.items() if known.get(pair) != word.value)


def judgements_of_pin(records: Collection[str]) -> list[Said]:
    """What to write so that these records stay together, and apart from all others, whatever links say."""
    head = min(records)
    return [(head, record, Judgement.PINNED) for record in sorted(records)]


def judgements_of_unpin(judgements: pl.DataFrame, pin: str) -> list[Said]:
    """What to write so that the records of ``pin`` (its smallest record) follow judgements and links again.

    ``judgements``: all that were ever made, oldest first. What had been judged of a pair before it was pinned is in force again.
    """
    theirs = judgements.filter(pl.col("record_id_l") == pin)
    pinned = theirs.filter(pl.col("judgement") == Judgement.PINNED.value).get_column("record_id_r").unique()
    before = theirs.filter(pl.col("judgement") != Judgement.PINNED.value)
    newest = dict(before.select("record_id_r", "judgement").iter_rows())
    return [(pin, record, Judgement(newest.get(record, Judgement.UNDECIDED.value))) for record in pinned.sort()]


def pin_of(in_force: pl.DataFrame, records: Collection[str]) -> dict[str, str]:
    """Those of ``records`` that are pinned, each with its pin."""
    return dict(pins(in_force).filter(pl.col("record_id").is_in(list(records))).iter_rows())


_PAIR = ("record_id_l", "record_id_r")
