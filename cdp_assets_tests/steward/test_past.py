"""A customer on a day gone by, replayed from what had landed: Ines changed her address on 5 February 2024."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.erasure.steps import erase
from cdp_assets.steward.customer_text import past_text
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.steward.past import WHO_IS_AS_TODAY, past
from cdp_assets.tables import CUSTOMER_IDS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.erasure import workspace as small
from cdp_assets_tests.erasure.workspace import INES, NOW, TOM

pytestmark = pytest.mark.xdist_group("erasure")

BEFORE, AFTER = datetime(2024, 1, 20, tzinfo=UTC), datetime(2024, 2, 20, tzinfo=UTC)
OLD, NEW = "ines.calder@brightmail.example", "ines@newplace.example"
FIRST_LANDED = datetime.fromtimestamp(small.LANDED, UTC)
SOON = timedelta(seconds=30)


@pytest.fixture(scope="module")
def workspace(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return small.copy(small_home, tmp_path_factory.mktemp("past") / "home")


@pytest.mark.parametrize(
    ("as_of", "known_at", "emails"),
    [
        (BEFORE, NOW, {OLD}),
        (AFTER, NOW, {OLD, NEW}),
        (NOW, FIRST_LANDED + SOON, {OLD}),  # the second file, which says that she moved, had not landed
        (AFTER, FIRST_LANDED + SOON, {OLD}),
        (NOW, NOW, {OLD, NEW}),
    ],
)
def test_what_was_true_and_what_was_known_are_two_things(
    workspace: Workspace, as_of: datetime, known_at: datetime, emails: set[str]
) -> None:
    assert set(past(workspace, INES, as_of=as_of, known_at=known_at).dossier.emails["email"]) == emails


def test_records_that_came_later_are_not_hers_yet(workspace: Workspace) -> None:
    then = past(workspace, INES, as_of=BEFORE, known_at=NOW).dossier
    assert then.records["record_id"].to_list() == ["crm/101"]
    assert then.summary["records"] == 1
    assert then.corrections.is_empty()
    assert past(workspace, INES, as_of=NOW, known_at=NOW).dossier.records.height == 2


def test_a_day_before_anything_was_known_is_told_so(workspace: Workspace) -> None:
    for as_of, known_at in ((datetime(2020, 1, 1, tzinfo=UTC), NOW), (NOW, FIRST_LANDED - SOON)):
        with pytest.raises(LookupProblemError, match="nothing was known"):
            past(workspace, INES, as_of=as_of, known_at=known_at)


def test_the_text_says_which_day_and_what_is_told_as_of_today(workspace: Workspace) -> None:
    text = past_text(past(workspace, TOM, as_of=BEFORE, known_at=FIRST_LANDED + SOON), 100)
    assert "2024-01-20 00:00 UTC, by the sources" in text
    assert WHO_IS_AS_TODAY[:40] in text


def test_who_is_who_is_that_of_the_day_where_the_lake_still_keeps_it(small_home: Path, tmp_path: Path) -> None:
    workspace = small.copy(small_home, tmp_path / "home")
    parted = datetime.now(UTC)
    moved = pl.when(pl.col("record_id") == "shop/9001").then(pl.lit(TOM)).otherwise("customer_id")
    ids = workspace.lake.read(CUSTOMER_IDS)
    workspace.lake.replace(CUSTOMER_IDS, ids.with_columns(customer_id=moved))
    now = datetime.now(UTC)
    assert past(workspace, INES, as_of=now, known_at=parted).dossier.records["record_id"].to_list() == [
        "crm/101",
        "shop/9001",
    ]
    assert past(workspace, INES, as_of=now, known_at=now).dossier.records["record_id"].to_list() == ["crm/101"]


def test_history_does_not_bring_an_erased_person_back(small_home: Path, tmp_path: Path) -> None:
    workspace = small.copy(small_home, tmp_path / "home")
    erase(workspace, INES, by="a test", now=NOW)
    with pytest.raises(LookupProblemError):
        past(workspace, INES, as_of=AFTER, known_at=NOW)
    others = past(workspace, TOM, as_of=AFTER, known_at=NOW).as_json()
    assert not {OLD, NEW} & set(str(others).split("'"))
