"""What a plan would do to golden records, contacts and segments is what making them twice shows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cdp_assets.golden_records.golden import golden_records
from cdp_assets.segments.members import members
from cdp_assets.segments.plan_effects import Made, plan_effects
from cdp_assets.segments.policy import load_segments_policy
from cdp_assets.standardized.sightings import sightings
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    EMAIL_ADDRESSES,
    PHONE_NUMBERS,
    PLAN_MOVES,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SCORED_PAIRS,
)
from cdp_assets_tests.builders import CUSTOMER_OF, INES, INEZ, RESOLVED_AT, small_workspace

SEGMENTS = "segments: {attended: {about: x, where: {has: attended}}, never: {about: y, where: {never: attended}}}\n"


def effects(home: Path, would_be: dict[str, str | None]) -> dict[str, int]:
    """Effects of putting records into the customers that are named; None: they are there no more."""
    lake = small_workspace(home).lake
    (home / "segments.yaml").write_text(SEGMENTS)

    def make(ids: pl.DataFrame, clusters: pl.DataFrame) -> Made:
        versions = lake.read(RECORD_VERSIONS).join(ids, on="record_id", how="semi")
        seen = sightings(versions), PHONE_NUMBERS.empty()
        golden = golden_records(versions, ids, clusters, lake.read(EMAIL_ADDRESSES), *seen, trust={}, now=RESOLVED_AT)
        rows = members(
            load_segments_policy(home / "segments.yaml"),
            customers=golden.customers,
            customer_ids=ids,
            clusters=clusters,
            record_versions=versions,
            scored_pairs=SCORED_PAIRS.empty(),
            profile_members=PROFILE_MEMBERS.empty(),
            consents=golden.consents,
        )
        return Made(golden.customers, golden.consents, rows)

    touched = {*would_be.values(), *(CUSTOMER_OF[record] for record in would_be)}
    theirs = {record: would_be.get(record, of) for record, of in CUSTOMER_OF.items() if of in touched}
    moves = pl.DataFrame(
        [("p", record, of, None if of is None else 0.9) for record, of in sorted(theirs.items())],
        schema=PLAN_MOVES.schema,
        orient="row",
    )
    row = plan_effects("p", moves, lake.read(CUSTOMER_IDS), lake.read(CLUSTERS), make).row(0, named=True)
    return {name: count for name, count in row.items() if name != "plan_id"}


def test_a_plan_that_moves_nothing_changes_nothing(tmp_path: Path) -> None:
    found = effects(tmp_path / "data", {"crm/1": INES})
    assert found.pop("customers") == 1
    # Held by .9 only, her attendance is no longer certain; where doubt excludes, she leaves the segment.
    assert found == {**dict.fromkeys(found, 0), "members_lost": 1}


def test_a_merge_takes_a_golden_record_away_and_makes_nobody_contactable(tmp_path: Path) -> None:
    found = effects(tmp_path / "data", {"crm/3": INES})
    assert found["customers"] == 2
    assert found["golden_values_changed"] >= 3
    assert found["contacts_gained"] == 0
    assert found["members_lost"] >= 1


def test_a_split_returns_a_record_and_its_segment(tmp_path: Path) -> None:
    found = effects(tmp_path / "data", {"webinar/w1": INEZ})
    assert found["contacts_gained"] == 0
    assert found["members_lost"] == pytest.approx(2)


def test_records_that_are_erased_take_their_golden_record_and_memberships_along(tmp_path: Path) -> None:
    theirs: dict[str, str | None] = {record: None for record, of in CUSTOMER_OF.items() if of == INES}
    found = effects(tmp_path / "data", theirs)
    assert found["customers"] == 1
    assert found["golden_values_changed"] > 3
    assert found["members_lost"] == 1
    assert (found["contacts_gained"], found["members_gained"]) == (0, 0)
