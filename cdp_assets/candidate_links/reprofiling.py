"""Making the linkage profiles of what a change touches, with the result that making all of them gives.

The profiles of a record depend on what its versions say, on which of their values a crowd shares, and on the addresses that are
probably its own. So a record's profiles are made again where a version of it has come or gone, where a value that it carries has become
a crowd's or ceased to be, or where a probable address of it has come or gone; all others are taken over.

What does not belong here: what a profile is (``profiles.py``), and whether an import has been read in another way since
(``assets.py`` asks that of the ledger, and makes everything anew).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from cdp_assets.candidate_links.among import Many, Rows
from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import each_once, in_order, replaced, rows_at, rows_with
from cdp_assets.candidate_links.profiles import linkage_profiles, sources_of
from cdp_assets.candidate_links.shared import CROWD_SHARING, identifier_values
from cdp_assets.tables import LINKAGE_PROFILES, PROFILE_MEMBERS

_RECORD, _PROFILE = "record_id", "profile_id"


@dataclass(frozen=True)
class Profiled:
    """Former linkage profiles and members, and what they were made from beside the versions of records."""

    profiles: pl.DataFrame
    members: pl.DataFrame
    shared: pl.DataFrame
    probable: pl.DataFrame


class Reprofiled(NamedTuple):
    """Profiles and their members, and how many records had theirs made again."""

    profiles: pl.DataFrame
    members: pl.DataFrame
    records: int


def reprofile(
    former: Profiled,
    changed: pl.Series,
    versions: pl.DataFrame,
    shared: pl.DataFrame,
    one_row_sources: set[str],
    probable: pl.DataFrame,
) -> Reprofiled:
    """:func:`cdp_assets.candidate_links.profiles.linkage_profiles`, where ``former`` is known of the same one-row-per-person sources.

    ``changed``: ids of the records of which a version has come or gone, among them all that are new or gone. Equal to it, row by row.
    """
    other_mail = come_or_gone(former.probable, probable).get_column(_RECORD)
    again = pl.concat([changed, other_mail, _of_other_crowds(former, versions, shared, probable)]).unique()
    record_of = Many(versions.get_column(_RECORD))
    part, part_members = linkage_profiles(
        rows_at(versions, record_of.rows_of(again)), shared, one_row_sources, probable
    )
    before, members_before = in_order(former.profiles, _PROFILE), in_order(former.members, _PROFILE, _RECORD)
    left = rows_with(members_before, _RECORD, again)
    touched = pl.concat([left.get_column(_PROFILE), part_members.get_column(_PROFILE)]).unique()
    rows_before, members_rows = (Many(of.get_column(_PROFILE)).rows_of(touched) for of in (before, members_before))

    others = rows_at(members_before, members_rows).filter(~pl.col(_RECORD).is_in(again.implode()))
    held = pl.concat([others, part_members]).sort(_PROFILE, _RECORD)
    counts = held.group_by(_PROFILE, maintain_order=True).agg(pl.len().cast(pl.Int64).alias("records"))
    sources = versions.select(_RECORD, "source")
    told_by = each_once(rows_at(sources, record_of.rows_of(held.get_column(_RECORD))), _RECORD)
    rows = rows_of(held.get_column(_RECORD), told_by.get_column(_RECORD)).to_numpy()
    counts = counts.with_columns(
        sources_of(told_by.get_column("source"), counts.get_column("records").to_numpy(), rows)
    )
    # Equal id, equal values: any row tells them.
    known = pl.concat([part, rows_at(before, rows_before)]).unique(_PROFILE).drop("records", "sources")
    told = counts.join(known, on=_PROFILE).select(before.columns)
    profiles, members = (
        replaced(frame, _all_but(rows, len(frame)), by, _PROFILE)
        for frame, rows, by in ((before, rows_before, told.sort(_PROFILE)), (members_before, members_rows, held))
    )
    return Reprofiled(LINKAGE_PROFILES.conform(profiles), PROFILE_MEMBERS.conform(members), len(again))


def _all_but(rows: Rows, count: int) -> pl.Series:
    """Marks all of so many rows but these."""
    marks = np.ones(count, dtype=np.bool_)
    marks[rows] = False
    return pl.Series(marks)


def _of_other_crowds(
    former: Profiled, versions: pl.DataFrame, shared: pl.DataFrame, probable: pl.DataFrame
) -> pl.Series:
    """Records that carry a value which has become a crowd's or is none any more."""
    before, now = (
        frame.filter(pl.col("sharing").is_in(CROWD_SHARING)).select("type", "value")
        for frame in (former.shared, shared)
    )
    other = come_or_gone(before, now)
    if other.is_empty():
        return versions.get_column(_RECORD).clear()
    carried = identifier_values(versions).join(other, on=["type", "value"], how="semi")
    mail = other.filter(pl.col("type") == "email").select(email="value")
    expected = probable.join(mail, on="email", how="semi")
    return pl.concat([carried.get_column(_RECORD), expected.get_column(_RECORD)])
