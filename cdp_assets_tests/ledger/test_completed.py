"""Resolutions and publications that are complete."""

from __future__ import annotations

from datetime import timedelta

from cdp_assets.ledger import Ledger
from cdp_assets_tests.ledger.builders import NOON


def test_the_newest_resolution_is_the_last_one(ledger: Ledger) -> None:
    assert ledger.last_resolution() is None
    ledger.add_resolution("r1", imports_hash="a", model_version="m", now=NOON)
    ledger.add_resolution("r2", imports_hash="b", model_version="m", now=NOON + timedelta(hours=1))
    last = ledger.last_resolution()
    assert last is not None
    assert (last["resolution_id"], last["imports_hash"]) == ("r2", "b")


def test_publications_come_back_as_they_went_in(ledger: Ledger) -> None:
    ledger.add_publication("p1", lake_versions="{}", customers=7, now=NOON)
    assert ledger.publications()["customers"].to_list() == [7]
