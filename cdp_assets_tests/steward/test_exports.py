"""The identities that other tools read: every current record once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cdp_assets.steward.exports import IDENTITY_COLUMNS, current_identities
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.tables import CUSTOMER_IDS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import CUSTOMER_OF, empty_workspace


def test_every_current_record_is_exported_once(finished: Workspace) -> None:
    rows = current_identities(finished.lake)
    assert tuple(rows.columns) == IDENTITY_COLUMNS
    current = {record: customer for record, customer in CUSTOMER_OF.items() if record != "shop/99"}
    assert dict(rows.select("record_id", "customer_id").rows()) == current
    assert rows.height == len(current)
    assert rows["source"].is_sorted()


def test_a_record_that_stands_twice_stops_the_export(own: Workspace) -> None:
    rows = own.lake.read(CUSTOMER_IDS)
    own.lake.replace(CUSTOMER_IDS, pl.concat([rows, rows.head(1)]))
    with pytest.raises(LookupProblemError, match="a record twice"):
        current_identities(own.lake)


def test_before_the_first_resolution_nothing_is_exported(tmp_path: Path) -> None:
    with pytest.raises(LookupProblemError, match="cdp run"):
        current_identities(empty_workspace(tmp_path / "w").lake)
