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

import polars as pl

from cdp_assets.candidate_links.blocking import (
    Caps,
    block_keys,
    key_columns,
    together,
    used_rules,
)
from cdp_assets.candidate_links.comparable import carriers, comparable, people_per_value, probable_addresses
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.training import TrainedModel

KEY_COLUMNS = ("emails", "phones", "identifiers")
_ID = "profile_id"


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
    columns = key_columns(rule for _, rule, _ in rules)
    arriving = pl.concat([come.get_column(_ID), kept.get_column(_ID)])
    found = pl.concat([arriving, _of_other_people(profiles, former, come, gone)])
    blocks = []
    with (
        engine.holding(comparable=comparable(profiles, known, columns)) as held,
        engine.holding(comparable=comparable(pl.concat([gone, kept]), known_before, columns)) as held_leaving,
    ):
        for bit, rule, caps in rules:
            keys = block_keys(rule, held)
            blocks.append((bit, keys, caps))
            came = keys.filter(pl.col("unique_id").is_in(arriving.implode()))
            left = block_keys(rule, held_leaving)
            found = pl.concat([found, _of_other_blocks(keys, came, left, caps)])
    found = found.unique().sort()
    pairs = together([_pairs_of(found, bit, keys, caps) for bit, keys, caps in blocks], engine)
    ends = pl.concat([pairs.get_column("id_l"), pairs.get_column("id_r")]).unique()
    frame = comparable(profiles.filter(pl.col(_ID).is_in(ends.implode())), known)
    return Touched(found, gone.get_column(_ID), pairs, frame)


def _carriers(profiles: pl.DataFrame, known: pl.Series, known_before: pl.Series) -> pl.Series:
    """Profiles with an address of their own that has become, or is no more, a probable one of some profile."""
    other = pl.concat(
        [known.filter(~known.is_in(known_before.implode())), known_before.filter(~known_before.is_in(known.implode()))]
    )
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


def _of_other_blocks(keys: pl.DataFrame, came: pl.DataFrame, left: pl.DataFrame, caps: Caps) -> pl.Series:
    """Members of the blocks that are small enough now and were not, or were and are not any more."""
    members = []
    for key, cap in (("key", caps.cap), ("finer", caps.finer_cap)):
        moved = pl.concat([came, left]).select(key).unique()
        now = keys.join(moved, on=key, how="semi")
        sizes = (
            now.group_by(key)
            .len("size")
            .join(came.group_by(key).len("came"), on=key, how="left")
            .join(left.group_by(key).len("left"), on=key, how="left")
            .with_columns(pl.col("size", "came", "left").fill_null(0).cast(pl.Int64))
        )
        before = pl.col("size") - pl.col("came") + pl.col("left")
        flipped = sizes.filter((pl.col("size") <= cap) != (before <= cap))
        members.append(now.join(flipped, on=key, how="semi").get_column("unique_id"))
    return pl.concat(members)


def _pairs_of(ids: pl.Series, bit: int, keys: pl.DataFrame, caps: Caps) -> pl.DataFrame:
    """The pairs of one rule that have one of ``ids`` on a side: what :func:`blocking.candidate_pairs` finds of them."""
    mine = keys.filter(pl.col("unique_id").is_in(ids.implode()))
    sized = keys.join(mine.select("key").unique(), on="key", how="semi").with_columns(
        pl.len().over("key").alias("size")
    )
    small = sized.filter(pl.col("size") <= caps.cap)
    fine = sized.filter(pl.col("size") > caps.cap).with_columns(pl.len().over("finer").alias("size"))
    fine = fine.filter(pl.col("size") <= caps.finer_cap)
    pairs = pl.concat(
        [
            mine.select("unique_id", "key").join(small.select("key", other="unique_id"), on="key"),
            mine.select("unique_id", key="finer").join(fine.select(key="finer", other="unique_id"), on="key"),
        ]
    ).filter(pl.col("unique_id") != pl.col("other"))
    return (
        pairs.select(id_l=pl.min_horizontal("unique_id", "other"), id_r=pl.max_horizontal("unique_id", "other"))
        .unique()
        .with_columns(pl.lit(1 << bit, dtype=pl.Int64).alias("rule"))
    )
