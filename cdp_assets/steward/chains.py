"""The chain of links that holds two records of one customer together.

Records hold together because they say the same (they share a linkage profile), because a link between two of their
profiles was accepted, or because a steward judged them the same. Of all chains, the one whose weakest link is
strongest is the reason why the two are one customer; of several such, a shortest.

What does not belong here: whether a link should have been accepted (``candidate_links``).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

SAME_VALUES, ACCEPTED_LINK, JUDGED_SAME = "says the same", "accepted link", "judged the same"


@dataclass(frozen=True)
class Step:
    """One link of a chain, from record to record. Weight, rule and reason only where the link was scored."""

    record_id_l: str
    record_id_r: str
    kind: str
    probability: float = 1.0
    match_weight: float | None = None
    found_by: str | None = None
    reason: str | None = None


_Node: TypeAlias = str | int
"""A record (its id) or a profile (its number): records of one profile meet there, however many there are."""


@dataclass(frozen=True)
class _Way:
    """A way from one node to the next, and the scored pair that it crosses, if it crosses one."""

    end: _Node
    probability: float = 1.0
    pair: tuple[float, str, str] | None = None


def strongest_chain(
    start: str, end: str, members: pl.DataFrame, accepted: pl.DataFrame, judged_same: pl.DataFrame
) -> tuple[Step, ...]:
    """The steps from ``start`` to ``end``, or none where nothing joins them.

    ``members``: profile_id, record_id of the customer's records. ``accepted``: accepted rows of scored_pairs between
    those profiles. ``judged_same``: record_id_l, record_id_r judged the same.
    """
    ways = _ways(members, accepted, judged_same)
    path: list[_Node] = []
    floors = sorted({way.probability for leaving in ways.values() for way in leaving})
    low, high = 0, len(floors) - 1
    while low <= high:  # the highest floor at which the two are still joined: binary search
        middle = (low + high) // 2
        found = _shortest(start, end, ways, floors[middle])
        if found:
            path, low = found, middle + 1
        else:
            high = middle - 1
    firsts = dict(members.group_by("profile_id").agg(pl.col("record_id").min()).iter_rows())
    return tuple(_steps(path, ways, firsts))


def _ways(members: pl.DataFrame, accepted: pl.DataFrame, judged_same: pl.DataFrame) -> dict[_Node, list[_Way]]:
    """All ways by the node that they leave from; each leads back too. Sorted, so that ties fall the same way always."""
    ways: dict[_Node, list[_Way]] = defaultdict(list)
    for profile, record in members.select("profile_id", "record_id").sort("profile_id", "record_id").iter_rows():
        ways[profile].append(_Way(record))
        ways[record].append(_Way(profile))
    for row in accepted.sort("profile_id_l", "profile_id_r").iter_rows(named=True):
        pair = (row["match_weight"], row["found_by"], row["reason"])
        ways[row["profile_id_l"]].append(_Way(row["profile_id_r"], row["match_probability"], pair))
        ways[row["profile_id_r"]].append(_Way(row["profile_id_l"], row["match_probability"], pair))
    for one, other in judged_same.select("record_id_l", "record_id_r").sort(pl.all()).iter_rows():
        ways[one].append(_Way(other))
        ways[other].append(_Way(one))
    return ways


def _shortest(start: str, end: str, ways: dict[_Node, list[_Way]], floor: float) -> list[_Node]:
    """Breadth first over ways of at least ``floor``; empty where the two are not joined."""
    came_from: dict[_Node, _Node | None] = {start: None}
    waiting: deque[_Node] = deque([start])
    while waiting and end not in came_from:
        here = waiting.popleft()
        for way in ways.get(here, ()):
            if way.probability >= floor and way.end not in came_from:
                came_from[way.end] = here
                waiting.append(way.end)
    path: list[_Node] = []
    back: _Node | None = end if end in came_from else None
    while back is not None:
        path.append(back)
        back = came_from[back]
    return path[::-1]


def _steps(path: list[_Node], ways: dict[_Node, list[_Way]], firsts: dict[int, str]) -> Iterator[Step]:
    """The path over records and profiles, told from record to record; a profile passed through lends its first record."""
    here = path[0] if path else ""
    for before, node, after in zip(path, path[1:], [*path[2:], None], strict=False):
        if isinstance(before, str) and isinstance(node, str):
            yield Step(before, node, JUDGED_SAME)
            here = node
        elif isinstance(before, int) and isinstance(node, int):
            there = after if isinstance(after, str) else firsts[node]
            way = next(way for way in ways[before] if way.end == node and way.pair)
            weight, found_by, reason = way.pair or (None, None, None)
            if here != there:
                yield Step(str(here), there, ACCEPTED_LINK, way.probability, weight, found_by, reason)
            here = there
        elif isinstance(node, str):
            if here != node:
                yield Step(str(here), node, SAME_VALUES)
            here = node
