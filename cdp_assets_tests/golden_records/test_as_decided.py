"""Golden records are made as the workspace has decided: its policies, its stewards, who is withheld, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.golden_records.as_decided import golden_records_as_decided
from cdp_assets.golden_records.golden import GoldenRecords
from cdp_assets.golden_records.withheld import WITHHELD
from cdp_assets.sources.policy_file import PolicyError
from cdp_assets.standardized.sightings import sightings
from cdp_assets.tables import CLUSTERS, CUSTOMER_IDS, EMAIL_ADDRESSES, PHONE_NUMBERS, RECORD_VERSIONS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import INES, LIVE_EMAIL, RESOLVED_AT, small_workspace

LATER = RESOLVED_AT + timedelta(days=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = small_workspace(tmp_path / "data")
    yield opened
    opened.ledger.close()


def nobody(addresses: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(schema=WITHHELD)


def her_address_since_later(addresses: pl.DataFrame) -> pl.DataFrame:
    theirs = addresses.filter(pl.col("address") == LIVE_EMAIL)
    return theirs.select("channel", "address", purpose=pl.lit(None, pl.String), since=pl.lit(LATER)).cast(WITHHELD)


def made(workspace: Workspace, withheld: object = nobody, until: datetime | None = None) -> GoldenRecords:
    lake = workspace.lake
    versions = lake.read(RECORD_VERSIONS)
    frames = [lake.read(table) for table in (CUSTOMER_IDS, CLUSTERS, EMAIL_ADDRESSES)]
    told = (sightings(versions), lake.read_or_empty(PHONE_NUMBERS))
    return golden_records_as_decided(
        workspace, versions, *frames, *told, withheld=withheld, now=RESOLVED_AT, until=until  # type: ignore[arg-type]
    )  # fmt: skip


def golden(records: GoldenRecords, field: str) -> object:
    return records.customers.filter(pl.col("customer_id") == INES)[field].item()


def test_what_a_steward_corrected_holds_and_what_was_corrected_later_does_not_count(workspace: Workspace) -> None:
    workspace.ledger.add_correction("crm/1", "city", "Whitby", "set", corrected_by="kim", now=LATER)
    assert golden(made(workspace), "city") == "Whitby"
    assert golden(made(workspace, until=LATER), "city") == "Whitby"
    assert golden(made(workspace, until=RESOLVED_AT), "city") != "Whitby"


def test_an_address_that_is_withheld_is_suppressed_from_when_it_is(workspace: Workspace) -> None:
    def suppressed(records: GoldenRecords) -> bool:
        theirs = records.suppressions.filter((pl.col("address") == LIVE_EMAIL) & (pl.col("reason") == "erased"))
        return not theirs.is_empty()

    assert suppressed(made(workspace, her_address_since_later))
    assert not suppressed(made(workspace, her_address_since_later, until=RESOLVED_AT))
    assert not suppressed(made(workspace))


def test_the_policies_of_the_workspace_are_those_that_count(workspace: Workspace) -> None:
    assert set(made(workspace).emails["marketing_consent"]) == {"withdrawn"}
    policies = workspace.home / "policies"
    policies.mkdir()
    (policies / "consent.yaml").write_text("marketing_purposes: [letters]\n")
    assert set(made(workspace).emails["marketing_consent"]) == {"unknown"}
    (policies / "survivorship.yaml").write_text("fields: {email: [whim]}\n")
    with pytest.raises(PolicyError, match="survivorship"):
        made(workspace)
