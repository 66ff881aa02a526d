"""When it is known what former linkage profiles were made from, and when everything is made anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.candidate_links.former_profiles import former_profiles, profiling_note
from cdp_assets.candidate_links.made_from import version_noted
from cdp_assets.candidate_links.profiles import ROW_OF_A_VERSION, linkage_profiles
from cdp_assets.lake import Lake, local_lake
from cdp_assets.ledger import IMPORTED, LANDED
from cdp_assets.standardized.gathering import note_of_readings
from cdp_assets.tables import (
    LINKAGE_PROFILES,
    PROBABLE_EMAILS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SHARED_IDENTIFIERS,
)
from cdp_assets_tests.builders import frame

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ledger(*imports: tuple[str, str, datetime | None, str]) -> pl.DataFrame:
    """Imports of one source: id, state, when they were read, and by which version of the standards."""
    rows = [("crm", name, f"sha of {name}", state, version, at) for name, state, at, version in imports]
    columns = ["source", "import_id", "content_sha256", "state", "records_version", "imported_at"]
    return pl.DataFrame(
        rows, schema=dict.fromkeys(columns[:-1], pl.String) | {columns[-1]: pl.Datetime("us", "UTC")}, orient="row"
    )


READ = (("one", IMPORTED, NOON, "v1"), ("two", IMPORTED, NOON + HOUR, "v1"), ("three", LANDED, None, ""))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """What a run leaves, with versions of two records from the imports of :data:`READ`."""
    found = local_lake(tmp_path / "lake")
    told = frame(
        RECORD_VERSIONS,
        {"record_id": "crm/1", "import_id": "one", "line": 1, "emails": ["a@x.example"]},
        {"record_id": "crm/2", "import_id": "two", "line": 1, "emails": ["b@x.example"]},
    )
    shared, probable = SHARED_IDENTIFIERS.empty(), PROBABLE_EMAILS.empty()
    found.replace(RECORD_VERSIONS, told, note=note_of_readings(ledger(*READ)))
    found.replace(SHARED_IDENTIFIERS, shared)
    found.replace(PROBABLE_EMAILS, probable)
    made_of = profiling_note(found, ["reg"])
    profiles, members = linkage_profiles(told, shared, {"reg"}, probable)
    found.replace(LINKAGE_PROFILES, profiles)
    found.replace(PROFILE_MEMBERS, members, note=made_of | version_noted(found, LINKAGE_PROFILES))
    return found


def test_what_a_run_left_is_known_to_the_next_one_also_after_further_imports(lake: Lake) -> None:
    further = ("three", IMPORTED, NOON + 2 * HOUR, "v1")
    for imports in (ledger(*READ), ledger(*READ[:2], further)):
        former = former_profiles(lake, imports, ["reg"])
        assert former is not None
        assert former.profiled.profiles.equals(lake.read(LINKAGE_PROFILES))
        assert former.profiled.members.equals(lake.read(PROFILE_MEMBERS))
        assert sorted(former.versions.select(ROW_OF_A_VERSION).rows()) == [("crm/1", "one", 1), ("crm/2", "two", 1)]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param((("one", IMPORTED, NOON + 3 * HOUR, "v1"), READ[1]), id="read again later"),
        pytest.param((("one", IMPORTED, NOON, "v2"), READ[1]), id="read by other standards"),
        pytest.param((READ[1],), id="taken out of use"),
        pytest.param((("zero", IMPORTED, NOON - HOUR, "v1"), *READ), id="one more that was read before"),
    ],
)
def test_nothing_is_known_once_an_import_has_been_read_in_another_way(
    lake: Lake, now: tuple[tuple[str, str, datetime | None, str], ...]
) -> None:
    assert former_profiles(lake, ledger(*now), ["reg"]) is None


def test_nothing_is_known_under_other_registers_or_of_half_a_commit(lake: Lake) -> None:
    assert former_profiles(lake, ledger(*READ), []) is None
    # Killed between the two commits: the members still name the profiles that belong to them.
    lake.replace(LINKAGE_PROFILES, LINKAGE_PROFILES.empty())
    former = former_profiles(lake, ledger(*READ), ["reg"])
    assert former is not None
    assert former.profiled.profiles.height == 2
