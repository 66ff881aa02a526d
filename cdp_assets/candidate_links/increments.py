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

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.blocking import (
    BlockingRule,
    Caps,
    Keyed,
    key_columns,
    keyed,
    used_rules,
)
from cdp_assets.candidate_links.comparable import carriers, comparable, people_per_value, probable_addresses
from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.pairing import Pairs, distinct_pairs, together
from cdp_assets.candidate_links.training import TrainedModel

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
    come = profiles.join(former.select(_ID), on=_ID, how="anti")
    gone = former.join(profiles.select(_ID), on=_ID, how="anti")
    known, known_before = probable_addresses(profiles), probable_addresses(former)
    other_keys = _carriers(profiles, known, known_before)
    kept = profiles.filter(pl.col(_ID).is_in(other_keys.implode()) & ~pl.col(_ID).is_in(come.get_column(_ID).implode()))
    rules = used_rules(model.caps, model.policy)
    used = [rule for _, rule, _ in rules]
    columns = key_columns(used)
    arriving = pl.concat([come.get_column(_ID), kept.get_column(_ID)])
    with (
        keyed(comparable(profiles, known, columns), used, engine) as now,
        keyed(comparable(pl.concat([gone, kept]), known_before, columns), used, engine) as before,
    ):
        came = _are(now, arriving)
        found = came | _are(now, _of_other_people(profiles, former, come, gone))
        keys = {bit: now.keys(rule) for bit, rule, _ in rules}
        for bit, rule, caps in rules:
            found |= _of_other_blocks(now, before, rule, keys[bit], came, caps)
        pairs = together([(bit, _pairs_of(found, now, rule, keys[bit], caps)) for bit, rule, caps in rules], now.ids)
        touched_ids = pl.Series(now.ids[found])
    ends = pl.concat([pairs.get_column("id_l"), pairs.get_column("id_r")]).unique()
    frame = comparable(profiles.filter(pl.col(_ID).is_in(ends.implode())), known)
    return Touched(touched_ids, gone.get_column(_ID), pairs, frame)


def _carriers(profiles: pl.DataFrame, known: pl.Series, known_before: pl.Series) -> pl.Series:
    """Profiles with an address of their own that has become, or is no more, a probable one of some profile."""
    other = come_or_gone(known_before.to_frame(), known.to_frame()).to_series()
    if other.is_empty():
        return profiles.get_column(_ID).clear()
    own = profiles.select(_ID, "emails").explode("emails")
    return own.filter(pl.col("emails").is_in(other.implode())).get_column(_ID).unique()


def _of_other_people(profiles: pl.DataFrame, former: pl.DataFrame, come: pl.DataFrame, gone: pl.DataFrame) -> pl.Series:
    """Carriers of an e-mail, phone or identifier that one person carried and several do now, or the other way round."""
    found = []
    for column in KEY_COLUMNS:
        moved = pl.concat([carriers(come, column), carriers(gone, column)]).select("value").unique()
        if moved.is_empty():
            continue
        now = carriers(profiles, column).join(moved, on="value", how="semi")
        before = people_per_value(carriers(former, column).join(moved, on="value", how="semi"))
        flipped = (
            people_per_value(now)
            .join(before, on="value", how="left", suffix="_before")
            .filter((pl.col("people") <= 1) != (pl.col("people_before").fill_null(0) <= 1))
        )
        found.append(now.join(flipped, on="value", how="semi").get_column(_ID))
    return pl.concat(found) if found else profiles.get_column(_ID).clear()


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


def _are(now: Keyed, ids: pl.Series) -> Members:
    """The profiles of these ids."""
    members = np.zeros(len(now.ids), dtype=np.bool_)
    members[np.searchsorted(now.ids, ids.to_numpy())] = True
    return members


def _only(keys: pl.DataFrame, members: Members) -> pl.DataFrame:
    """The keys of these profiles."""
    return keys.filter(pl.Series(members[keys.get_column("number").to_numpy()]))
