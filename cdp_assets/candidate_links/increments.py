"""Which profiles' pairs a change of the data can touch, and the candidate pairs of those alone.

Under one model version a pair depends on the values of its two profiles, on which blocks of theirs are small enough to be paired
(``blocking.py``), and on whether a key that both carry is one person's (``decisions.py``, OWN_KEY). So a pair can change only where

* one of the two is new or gone, or its blocking keys have changed (an own address has become somebody's probable one), or the sources of
  its records have;
* a block that both stand in has grown over its cap, or shrunk below it;
* an e-mail, phone or identifier that both carry has come to be carried by several people, or by one only.

All pairs of the first are made anew, and all pairs among the others that are touched; the rest stand as they are: equal to making all
pairs anew, at the cost of the few. What does not belong here: weights and decisions (``scoring.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.among import Many, are_in, rows_of_hashes_among
from cdp_assets.candidate_links.blocking import (
    BlockingRule,
    Caps,
    Keyed,
    RuleBlocks,
    key_columns,
    keyed,
    used_rules,
)
from cdp_assets.candidate_links.comparable import carriers, comparable, sources_told
from cdp_assets.candidate_links.comparisons import KEY_COLUMNS
from cdp_assets.candidate_links.key_people import of_several_people
from cdp_assets.candidate_links.ordered import in_order, rows_at
from cdp_assets.candidate_links.pairing import Numbers, Pairs, distinct_pairs, together
from cdp_assets.candidate_links.reach import Reach
from cdp_assets.candidate_links.trained_model import TrainedModel

_ID = "profile_id"

Members = npt.NDArray[np.bool_]
"""Which profiles, by row of the data now."""


@dataclass(frozen=True)
class Touched:
    """What a change of the profiles touches: ``profiles`` (ids in the data now), among them those all of whose pairs may be others,
    and ``gone``, ids that are no more (``wholly`` has both); the ``pairs`` to score anew (``id_l``, ``id_r``, ``rules``, and their rows of ``frame``,
    ``at_l`` and ``at_r``), and ``frame``, the comparable columns of their profiles. ``reach`` is of all profiles now."""

    profiles: pl.Series
    wholly: pl.Series
    pairs: pl.DataFrame
    frame: pl.DataFrame
    reach: Reach

    def stand(self, left: pl.Series, right: pl.Series) -> pl.Series:
        """Which former pairs of ids stand as they are."""
        left_of, right_of = Many(left), Many(right)
        both = left_of.hold(self.profiles) & right_of.hold(self.profiles)
        return ~(both | left_of.hold(self.wholly) | right_of.hold(self.wholly))


def touched(
    profiles: pl.DataFrame, former: pl.DataFrame, model: TrainedModel, unasked: Collection[str] = ()
) -> Touched:
    """What has to be scored anew where ``former`` profiles have become ``profiles`` (both ``candidate_links/linkage_profiles``).

    ``unasked``: comparable columns that scoring does not ask for.
    """
    change = _change(in_order(profiles, _ID), in_order(former, _ID), bool(model.parameters.sources))
    rules = used_rules(model.caps, model.policy)
    near = change.reach.sharing_a_key(pl.concat([change.new, change.changed, change.gone]), _rules_of(rules))
    keys, found, wholly = _Keys(rules), _are(change, _of_other_people(change)), _are(change, change.arriving)

    def keyed_now(rows: Numbers) -> _Part:
        return _Part(rows, _keyed(change.reach.at(rows), change.known, rules))

    keys.add(keyed_now(np.flatnonzero(near)))
    found[_of_other_blocks(keys, change, rules)] = True
    # Two of those that are touched may share blocks which none of the arriving stands in: how large are they?
    others = change.reach.at(np.flatnonzero(found & ~wholly))
    shared = change.reach.sharing_a_key(others, _rules_of(rules), of_two=True)
    if (further := np.flatnonzero(shared & ~near)).size:
        keys.add(keyed_now(further))
    found |= wholly
    made = [(bit, _pairs_of(found, wholly, keys, rule, caps)) for bit, rule, caps in rules]
    return _touched(found, change, together(made, change.ids, with_places=True), unasked)


@dataclass(frozen=True)
class _Change:
    """How former profiles have become those of ``reach``: ``come`` and ``kept``, rows of profiles that are new and of those whose keys
    or sources are others now; ``new`` and ``changed``, those profiles; ``gone``, profiles that are no more. ``known``: addresses that are probably
    somebody's, each once or more; ``known_before``: those that were."""

    reach: Reach
    come: Numbers
    kept: Numbers
    new: pl.DataFrame
    changed: pl.DataFrame
    gone: pl.DataFrame
    known: pl.Series
    known_before: pl.Series

    @property
    def profiles(self) -> pl.DataFrame:
        return self.reach.profiles

    @property
    def arriving(self) -> Numbers:
        return np.union1d(self.come, self.kept)

    @property
    def ids(self) -> Numbers:
        return self.profiles.get_column(_ID).to_numpy()


def _change(profiles: pl.DataFrame, former: pl.DataFrame, tells_sources: bool) -> _Change:
    """``tells_sources``: whether it matters of which sources the records of a profile are."""
    reach = Reach(profiles)
    ids, ids_before = profiles.get_column(_ID).to_numpy(), former.get_column(_ID).to_numpy()
    is_new = ~_are_among(ids, ids_before)
    come = np.flatnonzero(is_new)
    is_gone = np.zeros(len(ids_before), dtype=np.bool_)
    if len(ids) - len(come) != len(ids_before):
        is_gone = ~_are_among(ids_before, ids)
    gone = rows_at(former, np.flatnonzero(is_gone))
    known = reach.values("probable_emails")
    stays = pl.Series(~is_new[reach.flat("probable_emails").rows()])
    known_before = pl.concat([known.filter(stays), Reach(gone).values("probable_emails")])
    new = reach.at(come)
    kept = _with_other_keys(reach, new, gone, known, known_before)
    if tells_sources:
        kept = np.union1d(kept, _of_other_sources(profiles, former, is_new, is_gone))
    kept = np.setdiff1d(kept, come)
    return _Change(reach, come, kept, new, reach.at(kept), gone, known, known_before)


def _of_other_sources(profiles: pl.DataFrame, former: pl.DataFrame, is_new: Members, is_gone: Members) -> Numbers:
    """Rows of profiles that were there before, with records of other sources."""
    now, before = sources_told(profiles).filter(pl.Series(~is_new)), sources_told(former).filter(pl.Series(~is_gone))
    rows: Numbers = np.flatnonzero(~is_new)[(now != before).to_numpy()]
    return rows


_BLOCK = 16
"""Of so many ids, where one in a hundred is new, mostly none is: the place of the first tells those of all."""


def _are_among(ids: Numbers, others: Numbers) -> Members:
    """Which of ``ids`` are among ``others``; both are in order, and as a rule nearly the same."""
    if not len(others):
        return np.zeros(len(ids), dtype=np.bool_)
    firsts = np.arange(0, len(ids), _BLOCK)
    behind = np.searchsorted(others, ids[firsts]) - firsts
    places = np.repeat(behind, _BLOCK)[: len(ids)] + np.arange(len(ids))
    found: Members = others.take(places, mode="clip") == ids
    rest = np.flatnonzero(~found)
    found[rest] = others.take(np.searchsorted(others, ids[rest]), mode="clip") == ids[rest]
    return found


def _with_other_keys(
    reach: Reach, come: pl.DataFrame, gone: pl.DataFrame, known: pl.Series, known_before: pl.Series
) -> Numbers:
    """Profiles with an address of their own that has become, or is no more, a probable one of some profile."""
    moved = pl.concat([come, gone]).get_column("probable_emails").explode().drop_nulls().unique()
    other = moved.filter(pl.Series(are_in(moved, known) != are_in(moved, known_before)))
    return reach.carrying("emails", other)


def _of_other_people(change: _Change) -> Numbers:
    """Carriers of an e-mail, phone or identifier that one person carried and several do now, or the other way round."""
    found = [np.empty(0, dtype=np.int64)]
    come = change.new
    for column in KEY_COLUMNS.values():
        moved = pl.concat([carriers(come, column), carriers(change.gone, column)]).select("value").unique()
        if moved.is_empty():
            continue
        now = change.reach.carriers(column, moved)
        stayed = now.filter(~pl.col(_ID).is_in(come.get_column(_ID).implode()))
        several = [of_several_people(carried) for carried in (now, pl.concat([stayed, carriers(change.gone, column)]))]
        flipped = pl.concat(several)
        flipped = flipped.filter(~flipped.is_duplicated())
        of_flipped = now.filter(pl.col("value").is_in(flipped.implode())).get_column(_ID).unique()
        found.append(np.searchsorted(change.ids, of_flipped.to_numpy()))
    return np.unique(np.concatenate(found))


_Rules = Sequence[tuple[int, BlockingRule, Caps]]


def _rules_of(rules: _Rules) -> list[BlockingRule]:
    return [rule for _, rule, _ in rules]


def _keyed(profiles: pl.DataFrame, known: pl.Series, rules: _Rules) -> Keyed:
    """These profiles, with the comparable columns that keys are made of; ``known``: all addresses that are probably somebody's."""
    wanted = _rules_of(rules)
    if profiles.is_empty():
        return Keyed(np.empty(0, dtype=np.int64), frozenset(), profiles)
    return keyed(comparable(profiles, known, only=key_columns(wanted)), wanted)


@dataclass(frozen=True)
class _Part:
    """Some profiles of the data now, by ``rows``, which are in order, and their blocking keys. A profile's number is its row here."""

    rows: Numbers
    keyed: Keyed

    def keys(self, rule: BlockingRule) -> pl.DataFrame:
        """:meth:`blocking.Keyed.keys`."""
        return self._by_row(self.keyed.keys(rule))

    def refined(self, rule: BlockingRule, large: pl.DataFrame) -> pl.DataFrame:
        """:meth:`blocking.Keyed.refined` of those members of blocks that are of this part."""
        numbers = large.get_column("number").to_numpy()
        mine = large.filter(pl.Series(_are_among(numbers, self.rows)))
        places = np.searchsorted(self.rows, mine.get_column("number").to_numpy())
        return self._by_row(self.keyed.refined(rule, mine.with_columns(number=pl.Series(places, dtype=pl.Int64))))

    def _by_row(self, keys: pl.DataFrame) -> pl.DataFrame:
        rows = self.rows[keys.get_column("number").to_numpy()]
        return keys.with_columns(number=pl.Series(rows, dtype=pl.Int64))


class _Keys:
    """The blocking keys of more and more profiles of the data now, each made once."""

    def __init__(self, rules: _Rules) -> None:
        self._rules = _rules_of(rules)
        self._parts: list[_Part] = []
        self._keys: dict[str, list[pl.DataFrame]] = {rule.name: [] for rule in self._rules}

    def add(self, part: _Part) -> None:
        """Make the keys of these profiles too, none of which is among those before."""
        self._parts.append(part)
        for rule in self._rules:
            self._keys[rule.name].append(part.keys(rule))

    def of(self, rule: BlockingRule) -> pl.DataFrame:
        """The keys of a rule: ``number`` (row of the data now) and ``key``, each once."""
        return pl.concat(self._keys[rule.name], rechunk=True)

    def refined(self, rule: BlockingRule, large: pl.DataFrame) -> pl.DataFrame:
        """The finer blocks of those members of blocks (``number``, ``key``) that are too large; ``key`` is the finer one's."""
        return pl.concat([part.refined(rule, large) for part in self._parts])


def _touched(found: Members, change: _Change, pairs: pl.DataFrame, unasked: Collection[str]) -> Touched:
    left, right = (pairs.get_column(side).to_numpy() for side in ("at_l", "at_r"))
    ends = np.zeros(len(change.ids), dtype=np.bool_)
    ends[left] = ends[right] = True
    rows = np.flatnonzero(ends)
    pairs = pairs.with_columns(at_l=np.searchsorted(rows, left), at_r=np.searchsorted(rows, right))
    # Pairs are found already: nobody asks for what brings profiles and probable addresses together.
    frame = comparable(change.reach.at(rows), change.known, unasked={*unasked, "probable_keys"})
    wholly = pl.concat([pl.Series(_ID, change.ids[change.arriving]), change.gone.get_column(_ID)])
    return Touched(pl.Series(change.ids[found]), wholly, pairs, frame, change.reach)


def _of_other_blocks(keys: _Keys, change: _Change, rules: _Rules) -> Numbers:
    """Members of the blocks that are small enough now and were not, or were and are not any more."""
    found = [np.empty(0, dtype=np.int64)]
    # Of those that have stayed, some keys are others only under rules that read what addresses are probably somebody's.
    reading = [rule for rule in rules if "probable_keys" in rule[1].columns()]
    others = [rule for rule in rules if rule not in reading]
    left = pl.concat([change.gone, change.changed])
    for some, rows, before in ((others, change.come, change.gone), (reading, change.arriving, left)):
        came = _are(change, rows)
        were = _keyed(before, change.known_before, some)
        for _, rule, caps in some:
            found += _crossing(keys, were, rule, came, caps)
    return np.concatenate(found)


def _crossing(keys: _Keys, before: Keyed, rule: BlockingRule, came: Members, caps: Caps) -> tuple[Numbers, Numbers]:
    """Members of the blocks of one rule that have crossed its cap, and of the finer ones that have crossed the finer cap."""
    now, left = keys.of(rule), before.keys(rule)
    flipped, large = _flipped(now, came, left, caps.cap)
    if large.is_empty():
        return flipped, flipped[:0]
    finer = keys.refined(rule, _with_key(now, large))
    finer_flipped, _ = _flipped(finer, came, before.refined(rule, _with_key(left, large)), caps.finer_cap)
    return flipped, finer_flipped


def _flipped(keys: pl.DataFrame, came: Members, left: pl.DataFrame, cap: int) -> tuple[Numbers, pl.Series]:
    """Members that the blocks have now which have crossed the cap with those that ``came`` and the keys that ``left``; and the keys of blocks that
    are, or were, above it."""
    numbers, key = (keys.get_column(name).to_numpy() for name in ("number", "key"))
    arrived, gone = key[came[numbers]], left.get_column("key").to_numpy()
    moved = np.unique(np.concatenate([arrived, gone]))
    if not len(moved):
        return numbers[:0], pl.Series(moved)
    here = rows_of_hashes_among(key, moved)
    numbers, block = numbers[here], np.searchsorted(moved, key[here])
    size, has_come, has_left = (
        np.bincount(blocks, minlength=len(moved))
        for blocks in (block, np.searchsorted(moved, arrived), np.searchsorted(moved, gone))
    )
    is_small, was_small = size <= cap, size - has_come + has_left <= cap
    return numbers[(is_small != was_small)[block]], pl.Series(moved[~(is_small & was_small)])


def _with_key(keys: pl.DataFrame, some: pl.Series) -> pl.DataFrame:
    return keys.filter(pl.col("key").is_in(some.implode()))


def _pairs_of(found: Members, wholly: Members, keys: _Keys, rule: BlockingRule, caps: Caps) -> Pairs:
    """The pairs of one rule (:func:`blocking.pairs_within`) that have one of those that are ``wholly`` touched on a side, or both sides
    among those ``found``."""
    all_keys = keys.of(rule)
    theirs = _only(all_keys, found)
    tells = pl.Series(wholly[theirs.get_column("number").to_numpy()]) | theirs.get_column("key").is_duplicated()
    told = _with_key(all_keys, theirs.get_column("key").filter(tells).unique())
    blocks = RuleBlocks.of(told, lambda large: keys.refined(rule, large))
    admitted = blocks.admitted(caps).select("number", "key")
    pairs = _only(admitted, found).join(admitted.select("key", other="number"), on="key")
    one, other = (pairs.get_column(side).to_numpy() for side in ("number", "other"))
    counts = (one != other) & (wholly[one] | found[other])
    return distinct_pairs(one[counts], other[counts])


def _are(change: _Change, rows: Numbers) -> Members:
    """The profiles of these rows."""
    members = np.zeros(len(change.ids), dtype=np.bool_)
    members[rows] = True
    return members


def _only(keys: pl.DataFrame, members: Members) -> pl.DataFrame:
    """The keys of these profiles."""
    return keys.filter(pl.Series(members[keys.get_column("number").to_numpy()]))
