"""What the last run made linkage profiles from, so that the next one makes again only those that a change touches.

The commit of ``profile_members`` notes it: it comes after the one of ``linkage_profiles``, and names it. Versions of records are
told apart by the row of the import that each began with; so nothing is known where an import has been read again since, for its rows may
say something else now. What does not belong here: making profiles (``profiles.py``, ``reprofiling.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from cdp_assets.candidate_links.made_from import basis_of, code_of, made_from, note
from cdp_assets.candidate_links.profiles import ROW_OF_A_VERSION
from cdp_assets.candidate_links.reprofiling import Profiled
from cdp_assets.lake import Lake
from cdp_assets.standardized.gathering import READING_NOTES, are_read_as_noted
from cdp_assets.tables import (
    LINKAGE_PROFILES,
    PROBABLE_EMAILS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SHARED_IDENTIFIERS,
    Table,
)

_INPUTS: dict[Table, list[str] | None] = {
    RECORD_VERSIONS: ROW_OF_A_VERSION,
    SHARED_IDENTIFIERS: None,
    PROBABLE_EMAILS: None,
}


class FormerProfiles(NamedTuple):
    """Former profiles, and the rows that versions of records began with then (:data:`ROW_OF_A_VERSION`)."""

    profiled: Profiled
    versions: pl.DataFrame


def profiling_note(lake: Lake, one_row_sources: Iterable[str]) -> dict[str, str]:
    """What the commit of ``profile_members`` notes, beside the version of ``linkage_profiles``. Read the inputs after it."""
    readings = {name: text for name, text in lake.committed_metadata(RECORD_VERSIONS).items() if name in READING_NOTES}
    return note(lake, _basis(one_row_sources), _INPUTS) | readings


def former_profiles(lake: Lake, ledger_imports: pl.DataFrame, one_row_sources: Iterable[str]) -> FormerProfiles | None:
    """The last profiles; None where it is not known any more what they were made from, or they were made by other rules."""
    if not are_read_as_noted(ledger_imports, lake.committed_metadata(PROFILE_MEMBERS)):
        return None
    made = made_from(lake, PROFILE_MEMBERS, _basis(one_row_sources), {**_INPUTS, LINKAGE_PROFILES: None})
    if made is None:
        return None
    tables = (made[table.name] for table in (LINKAGE_PROFILES, PROFILE_MEMBERS, SHARED_IDENTIFIERS, PROBABLE_EMAILS))
    return FormerProfiles(Profiled(*tables), made[RECORD_VERSIONS.name])


def _basis(one_row_sources: Iterable[str]) -> str:
    return basis_of(*sorted(one_row_sources), code_of(__file__))
