"""Which profiles' pairs a change of the data can touch, and the candidate pairs of those alone.

Under one model version a pair depends on the values of its two profiles, on which blocks of theirs are small enough to be paired
(``blocking.py``), and on whether a key that both carry is one person's (``decisions.py``, OWN_KEY). So the pairs of a profile can
change only where

* it is new or gone, or its blocking keys have changed (an own address has become somebody's probable one);
* a block that it stands in has grown over its cap, or shrunk below it;
* an e-mail, phone or identifier that it carries has come to be carried by several people, or by one only.

All pairs of such a profile are made anew, and all others stand as they are: equal to making all pairs anew, at the cost of
the few. What does not belong here: weights and decisions (``scoring.py``).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.blocking import (
    BlockingRule,
    Caps,
    Keyed,
    keyed,
    used_rules,
)
from cdp_assets.candidate_links.comparable import carriers, comparable, people_per_value
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.ordered import in_order
from cdp_assets.candidate_links.pairing import Numbers, Pairs, distinct_pairs, together
from cdp_assets.candidate_links.reach import Reach
from cdp_assets.candidate_links.trained_model import TrainedModel

KEY_COLUMNS = ("emails", "phones", "identifiers")
_ID = "profile_id"

Members = npt.NDArray[np.bool_]
"""Which profiles, by number (``blocking.Keyed``)."""


@dataclass(frozen=True)
class Touched:
    """What a change of the profiles touches: ``profiles`` (ids in the data now) and ``gone`` (ids that are no more), the
    ``pairs`` to score anew (``id_l``, ``id_r``, ``rules``), and ``frame``, the comparable columns of those profiles."""

    profiles: pl.Series
    gone: pl.Series
    pairs: pl.DataFrame
    frame: pl.DataFrame


def touched(profiles: pl.DataFrame, former: pl.DataFrame, model: TrainedModel, engine: LinkageEngine) -> Touched:
    """What has to be scored anew where ``former`` profiles have become ``profiles`` (both ``candidate_links/linkage_profiles``)."""
    change = _change(in_order(profiles, _ID), former)
    rules = used_rules(model.caps, model.policy)
    seeds = np.union1d(change.arriving, _of_other_people(change))
    part = _near(change, pl.concat([change.reach.at(seeds), change.gone]), rules)
    with _keyed(part, rules, engine) as now, _keyed(_left(change), rules, engine) as before:
        came, found = _are(now, change.ids(change.arriving)), _are(now, change.ids(seeds))
        keys = {bit: now.keys(rule) for bit, rule, _ in rules}
        for bit, rule, caps in rules:
            found |= _of_other_blocks(now, before, rule, keys[bit], came, caps)
        found_ids = now.ids[found]
        if len(found_ids) == len(seeds):
            return _touched(found_ids, change, _pairs(found, now, keys, rules), part)
    # Blocks have crossed a cap: their members stand in other blocks too, which have not been looked at.
    moved = change.profiles.filter(pl.col(_ID).is_in(pl.Series(found_ids).implode()))
    part = _near(change, moved, rules)
    with _keyed(part, rules, engine) as now:
        keys = {bit: now.keys(rule) for bit, rule, _ in rules}
        return _touched(found_ids, change, _pairs(_are(now, found_ids), now, keys, rules), part)


@dataclass(frozen=True)
class _Change:
    """How former profiles have become those of ``reach``: ``come`` and ``kept``, rows of profiles that are new and of those whose keys
    are others now; ``gone``, profiles that are no more. ``known``: addresses that are probably somebody's, each once or more; ``known_before``:
    those that were."""

    reach: Reach
    come: Numbers
    kept: Numbers
    gone: pl.DataFrame
    known: pl.Series
    known_before: pl.Series

    @property
    def profiles(self) -> pl.DataFrame:
        return self.reach.profiles

    @property
    def arriving(self) -> Numbers:
        return np.union1d(self.come, self.kept)

    def ids(self, rows: Numbers) -> npt.NDArray[np.int64]:
        return self.profiles.get_column(_ID).to_numpy()[rows]


def _change(profiles: pl.DataFrame, former: pl.DataFrame) -> _Change:
    reach, ids, ids_before = Reach(profiles), profiles.get_column(_ID), former.get_column(_ID)
    is_new = ~ids.is_in(ids_before.implode())
    come = is_new.arg_true().to_numpy().astype(np.int64)
    is_gone = len(ids) - len(come) != len(ids_before)
    gone = former.filter(~ids_before.is_in(ids.implode())) if is_gone else former.clear()
    known = reach.values("probable_emails")
    stays = ~is_new.gather(reach.rows_of_values("probable_emails"))
    known_before = pl.concat([known.filter(stays), Reach(gone).values("probable_emails")])
    kept = np.setdiff1d(_with_other_keys(reach, reach.at(come), gone, known, known_before), come)
    return _Change(reach, come, kept, gone, known, known_before)


def _with_other_keys(
    reach: Reach, come: pl.DataFrame, gone: pl.DataFrame, known: pl.Series, known_before: pl.Series
) -> Numbers:
    """Profiles with an address of their own that has become, or is no more, a probable one of some profile."""
    moved = pl.concat([come, gone]).get_column("probable_emails").explode().drop_nulls().unique()
    other = moved.filter(moved.is_in(known.implode()) != moved.is_in(known_before.implode()))
    return reach.carrying("emails", other)


def _of_other_people(change: _Change) -> Numbers:
    """Carriers of an e-mail, phone or identifier that one person carried and several do now, or the other way round."""
    found = [np.empty(0, dtype=np.int64)]
    come = change.reach.at(change.come)
    for column in KEY_COLUMNS:
        moved = pl.concat([carriers(come, column), carriers(change.gone, column)]).select("value").unique()
        if moved.is_empty():
            continue
        now = change.reach.carriers(column, moved)
        stayed = now.filter(~pl.col(_ID).is_in(come.get_column(_ID).implode()))
        before = people_per_value(pl.concat([stayed, carriers(change.gone, column)]))
        flipped = (
            people_per_value(now)
            .join(before, on="value", how="left", suffix="_before")
            .filter((pl.col("people") <= 1) != (pl.col("people_before").fill_null(0) <= 1))
        )
        of_flipped = now.join(flipped, on="value", how="semi").get_column(_ID).unique()
        found.append(np.searchsorted(change.profiles.get_column(_ID).to_numpy(), of_flipped.to_numpy()))
    return np.unique(np.concatenate(found))


_Rules = list[tuple[int, BlockingRule, Caps]]


def _near(change: _Change, moved: pl.DataFrame, rules: _Rules) -> pl.DataFrame:
    """The comparable columns of those profiles of the data now that are among ``moved``, or may stand in a block with one of them."""
    near = change.reach.sharing_a_key(moved, [rule for _, rule, _ in rules])
    near |= change.profiles.get_column(_ID).is_in(moved.get_column(_ID).implode()).to_numpy()
    return comparable(change.profiles.filter(pl.Series(near)), change.known)


def _left(change: _Change) -> pl.DataFrame:
    """The comparable columns that the profiles that are gone had before, and those whose keys are others now."""
    return comparable(pl.concat([change.gone, change.reach.at(change.kept)]), change.known_before)


def _keyed(part: pl.DataFrame, rules: _Rules, engine: LinkageEngine) -> AbstractContextManager[Keyed]:
    return keyed(part, [rule for _, rule, _ in rules], engine)


def _pairs(found: Members, now: Keyed, keys: dict[int, pl.DataFrame], rules: _Rules) -> pl.DataFrame:
    """The candidate pairs with one of those ``found`` on a side."""
    return together([(bit, _pairs_of(found, now, rule, keys[bit], caps)) for bit, rule, caps in rules], now.ids)


def _touched(found_ids: npt.NDArray[np.int64], change: _Change, pairs: pl.DataFrame, part: pl.DataFrame) -> Touched:
    ends = pl.concat([pairs.get_column("id_l"), pairs.get_column("id_r")]).unique()
    frame = part.filter(pl.col("unique_id").is_in(ends.implode()))
    return Touched(pl.Series(found_ids), change.gone.get_column(_ID), pairs, frame)


def _of_other_blocks(
    now: Keyed, before: Keyed, rule: BlockingRule, keys: pl.DataFrame, came: Members, caps: Caps
) -> Members:
    """Members of the blocks that are small enough now and were not, or were and are not any more."""
    left = before.keys(rule)
    flipped, large = _flipped(keys, _only(keys, came), left, caps.cap)
    finer = now.refined(rule, keys.join(large, on="key", how="semi"))
    finer_left = before.refined(rule, left.join(large, on="key", how="semi"))
    finer_flipped, _ = _flipped(finer, _only(finer, came), finer_left, caps.finer_cap)
    members = np.zeros(len(now.ids), dtype=np.bool_)
    members[pl.concat([flipped, finer_flipped]).get_column("number").to_numpy()] = True
    return members


def _flipped(keys: pl.DataFrame, came: pl.DataFrame, left: pl.DataFrame, cap: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keys of the blocks that have crossed the cap with what ``came`` and ``left``, as the members that they have now; and the ``key`` of
    those that are, or were, above it."""
    moved = pl.concat([came.select("key"), left.select("key")]).unique()
    here = keys.join(moved, on="key", how="semi")
    sizes = (
        moved.join(here.group_by("key").len("size"), on="key", how="left")
        .join(came.group_by("key").len("came"), on="key", how="left")
        .join(left.group_by("key").len("left"), on="key", how="left")
        .with_columns(pl.col("size", "came", "left").fill_null(0).cast(pl.Int64))
        .with_columns(before=pl.col("size") - pl.col("came") + pl.col("left"))
    )
    is_small, was_small = pl.col("size") <= cap, pl.col("before") <= cap
    crossed = here.join(sizes.filter(is_small != was_small), on="key", how="semi")
    return crossed, sizes.filter(~(is_small & was_small)).select("key")


def _pairs_of(found: Members, now: Keyed, rule: BlockingRule, keys: pl.DataFrame, caps: Caps) -> Pairs:
    """The pairs of one rule that have one of those ``found`` on a side: what :func:`blocking.pairs_within` finds of them."""
    mine = _only(keys, found).select("key").unique()
    admitted = now.blocks_of(rule, keys.join(mine, on="key", how="semi")).admitted(caps).select("number", "key")
    pairs = (
        _only(admitted, found)
        .join(admitted.select("key", other="number"), on="key")
        .filter(pl.col("number") != pl.col("other"))
    )
    return distinct_pairs(pairs.get_column("number").to_numpy(), pairs.get_column("other").to_numpy())


def _are(now: Keyed, ids: npt.NDArray[np.int64]) -> Members:
    """The profiles of these ids."""
    members = np.zeros(len(now.ids), dtype=np.bool_)
    members[np.searchsorted(now.ids, ids)] = True
    return members


def _only(keys: pl.DataFrame, members: Members) -> pl.DataFrame:
    """The keys of these profiles."""
    return keys.filter(pl.Series(members[keys.get_column("number").to_numpy()]))
