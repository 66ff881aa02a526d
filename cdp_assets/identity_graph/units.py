"""Units: records that are one person before any link is weighed.

Records that share a linkage profile say the same; profiles of one record are its own versions; a steward's ``same``
joins, and a pin. What these join is one unit, and clusters are made of units. Where a unit would break a constraint (two records of a
one-row-per-person source, two that were judged ``different``, or one that is pinned and one that is not) it is taken apart again, record by record.

What does not belong here: scored links (``evidence.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import begins, each_once, in_order
from cdp_assets.identity_graph.connected import NODE, connected_components, numbered
from cdp_assets.judgements import Judgement, joined, judged, judgements_in_force, pins

_BITS_PER_MASK = 62  # of a signed 64-bit integer, with room to spare

_NO_PIN = 0

_TRIED_GROUPS = 32
"""Records of one profile try to join so many groups before they stand alone. Only a profile that dozens of records of
one register share comes near: its values identify nobody."""


@dataclass(frozen=True)
class Units:
    """Records and profiles by unit. Units are numbered from 0 in the order of their smallest record id.

    ``records`` (record_id, source, unit): every record once, in order. ``profiles`` (profile_id, unit): a profile stands in several units
    where its records had to be kept apart, and its rows are neighbours. ``names``: the smallest record id per unit. ``registers``: bit masks per unit, a bit
    for each one-row-per-person source. ``barred`` (a, b): units with records that were judged different. ``pinned``: units that
    no other may join.
    """

    records: pl.DataFrame
    profiles: pl.DataFrame
    names: pl.Series
    registers: list[pl.Series]
    barred: pl.DataFrame
    pinned: pl.Series

    def __len__(self) -> int:
        return len(self.names)


def units(
    records: pl.DataFrame, profile_members: pl.DataFrame, judgements: pl.DataFrame, one_row_sources: Iterable[str]
) -> Units:
    """Form units from ``records`` (record_id, source), profile members and judgements.

    Members and judgements of records that are not in ``records`` are passed over: the record was erased.
    """
    named = each_once(records.select("record_id", "source"), "record_id")
    nodes = named.get_column("record_id")
    members = in_order(profile_members, "profile_id", "record_id")
    node = rows_of(members.get_column("record_id"), nodes).cast(NODE)
    members = members.select("profile_id", node.alias("node")).drop_nulls("node")
    in_force = judgements_in_force(judgements)
    same = _by_node(joined(in_force), nodes)
    different = _by_node(judged(in_force, Judgement.DIFFERENT), nodes)
    rows = _register_rows(named, one_row_sources)
    pin = _pins(pins(in_force), nodes)

    of_one_profile = (~members.select(begins("profile_id")).to_series()).arg_true()
    in_order_of_profiles = members.get_column("node")
    label = connected_components(
        len(named),
        pl.concat([in_order_of_profiles.gather(of_one_profile), same.get_column("l")]),
        pl.concat([in_order_of_profiles.gather(of_one_profile - 1), same.get_column("r")]),
    )
    label = _taken_apart(label, members, same, different, rows, pin)
    return _numbered_units(named, members, label, rows, different, pin)


def _node_of(record_ids: pl.Series, nodes: pl.Series) -> pl.Series:
    """The node of each of a few records, null where there is none. ``nodes``: the records of all nodes, in order."""
    if nodes.is_empty():
        return pl.repeat(None, len(record_ids), dtype=NODE, eager=True)
    at = nodes.search_sorted(record_ids).cast(NODE).clip(upper_bound=len(nodes) - 1)
    return pl.select(pl.when(nodes.gather(at) == record_ids).then(at)).to_series()


def _by_node(pairs: pl.DataFrame, nodes: pl.Series) -> pl.DataFrame:
    """Judged pairs as node numbers ``l``, ``r``, the newest first."""
    ends = (_node_of(pairs.get_column(f"record_id_{side}"), nodes).alias(side) for side in ("l", "r"))
    known = pairs.select("judged_at", *ends).drop_nulls(["l", "r"])
    return known.sort("judged_at", "l", "r", descending=[True, False, False]).select("l", "r")


def _pins(pinned: pl.DataFrame, nodes: pl.Series) -> pl.Series:
    """The pin of each node: the number of one of its records, or ``_NO_PIN``."""
    once = pinned.unique("record_id", keep="first", maintain_order=True)
    held = once.select(_node_of(once.get_column("record_id"), nodes).alias("node"), "pin").drop_nulls("node")
    none = pl.repeat(_NO_PIN, len(nodes), dtype=NODE, eager=True)
    return none.scatter(held.get_column("node"), held.get_column("pin").rank("dense").cast(NODE))


def _register_rows(named: pl.DataFrame, one_row_sources: Iterable[str]) -> pl.DataFrame:
    """Records of one-row-per-person sources: ``node`` and the number of the ``register``."""
    registers = sorted(set(one_row_sources))
    if not registers:
        return pl.DataFrame(schema={"node": NODE, "register": pl.Int64})
    node = pl.int_range(pl.len(), dtype=NODE).alias("node")
    found = named.select("source", node).filter(pl.col("source").is_in(registers))
    number = pl.col("source").replace_strict(registers, list(range(len(registers))), return_dtype=pl.Int64)
    return found.select("node", number.alias("register"))


def _taken_apart(
    label: pl.Series,
    members: pl.DataFrame,
    same: pl.DataFrame,
    different: pl.DataFrame,
    rows: pl.DataFrame,
    pin: pl.Series,
) -> pl.Series:
    """``label`` with every component that breaks a constraint regrouped within it."""
    doubled = rows.with_columns(label.gather(rows.get_column("node")).alias("label"))
    doubled = doubled.filter(pl.len().over("label", "register") > 1)
    left, right = label.gather(different.get_column("l")), label.gather(different.get_column("r"))
    pinned = label.filter(pin != _NO_PIN).unique()
    mixed = (
        pl.DataFrame({"label": label, "pin": pin})
        .filter(pl.col("label").is_in(pinned.implode()))
        .group_by("label")
        .agg(pl.col("pin").n_unique())
        .filter(pl.col("pin") > 1)
    )
    broken = pl.concat([doubled.get_column("label"), left.filter(left == right), mixed.get_column("label")])
    broken = broken.unique().sort()
    if broken.is_empty():
        return label
    inside = pl.repeat(False, len(label), dtype=pl.Boolean, eager=True).scatter(broken, True).gather(label)
    nodes = inside.arg_true()
    pin_of = dict(zip(nodes, pin.gather(nodes), strict=True))
    groups = _Groups.of(nodes.to_list(), _within(rows, inside, "node"), _within(different, inside, "l"), pin_of)
    for one, other in _within(same, inside, "l").iter_rows():
        groups.join(one, other, judged_same=True)
    shared = _within(members, inside, "node").sort("profile_id", "node").group_by("profile_id", maintain_order=True)
    for _, profile in shared:
        groups.join_all(profile.get_column("node").to_list())
    names = groups.names()
    return label.scatter(list(names), list(names.values()))


def _within(frame: pl.DataFrame, inside: pl.Series, column: str) -> pl.DataFrame:
    return frame.filter(inside.gather(frame.get_column(column)))


@dataclass
class _Groups:
    """Records of the few components that break a constraint, joined one by one as long as none breaks."""

    group: dict[int, int]
    members: dict[int, set[int]]
    registers: dict[int, set[int]]
    barred: dict[int, set[int]]
    pin: dict[int, int]

    @classmethod
    def of(cls, nodes: list[int], rows: pl.DataFrame, different: pl.DataFrame, pin: dict[int, int]) -> _Groups:
        registers: dict[int, set[int]] = {node: set() for node in nodes}
        barred: dict[int, set[int]] = defaultdict(set)
        for node, register in rows.iter_rows():
            registers[node].add(register)
        for one, other in different.iter_rows():
            barred[one].add(other)
            barred[other].add(one)
        return cls({n: n for n in nodes}, {n: {n} for n in nodes}, registers, barred, pin)

    def join(self, one: int, other: int, *, judged_same: bool = False) -> bool:
        """Join the groups of two records; False where a constraint forbids it. ``same`` outranks one row per person."""
        a, b = sorted((self.group[one], self.group[other]))
        if a == b:
            return True
        if (
            self.pin[a] != self.pin[b]
            or self._are_barred(a, b)
            or (not judged_same and self.registers[a] & self.registers[b])
        ):
            return False
        for node in self.members[b]:
            self.group[node] = a
        self.members[a] |= self.members.pop(b)
        self.registers[a] |= self.registers.pop(b)
        return True

    def join_all(self, nodes: list[int]) -> None:
        """Join records that share a profile: each to the first group that takes it."""
        heads: list[int] = []
        for node in nodes:
            if not any(self.join(head, node) for head in heads[:_TRIED_GROUPS]):
                heads.append(node)

    def names(self) -> dict[int, int]:
        """Every record with the smallest record of its group."""
        return {node: min(members) for members in self.members.values() for node in members}

    def _are_barred(self, a: int, b: int) -> bool:
        small, large = sorted((self.members[a], self.members[b]), key=len)
        return any(not self.barred[node].isdisjoint(large) for node in small if node in self.barred)


def _numbered_units(
    named: pl.DataFrame,
    members: pl.DataFrame,
    label: pl.Series,
    rows: pl.DataFrame,
    different: pl.DataFrame,
    pin: pl.Series,
) -> Units:
    is_first, unit = numbered(label)
    names = named.get_column("record_id").filter(is_first)
    # Rows of one profile are neighbours; it stands in several units only where a constraint took its records apart.
    profiles = members.select("profile_id", unit.gather(members.get_column("node")).alias("unit"))
    profiles = profiles.filter(begins("profile_id", "unit"))
    if not profiles.select(begins("profile_id").all()).item():
        profiles = profiles.unique(maintain_order=True)
    barred = pl.DataFrame({"l": unit.gather(different.get_column("l")), "r": unit.gather(different.get_column("r"))})
    return Units(
        records=named.select("record_id", "source", unit.alias("unit")),
        profiles=profiles,
        names=names,
        registers=_masks(rows.select(unit.gather(rows.get_column("node")).alias("unit"), "register"), len(names)),
        barred=barred.select(a=pl.min_horizontal("l", "r"), b=pl.max_horizontal("l", "r"))
        .filter(pl.col("a") != pl.col("b"))
        .unique(),
        pinned=unit.filter(pin != _NO_PIN).unique().sort(),
    )


def _masks(rows: pl.DataFrame, count: int) -> list[pl.Series]:
    """Bit masks per unit, as many as the number of registers asks for."""
    registers = rows.get_column("register").unique().sort().to_list()
    masks = []
    for start in range(0, len(registers), _BITS_PER_MASK):
        chunk = registers[start : start + _BITS_PER_MASK]
        bit = pl.col("register").replace_strict(chunk, [1 << n for n in range(len(chunk))], return_dtype=pl.Int64)
        bits = rows.filter(pl.col("register").is_in(chunk)).unique().group_by("unit").agg(bit.sum().alias("mask"))
        empty = pl.repeat(0, count, dtype=pl.Int64, eager=True)
        masks.append(empty.scatter(bits.get_column("unit"), bits.get_column("mask")))
    return masks
