from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.lake import local_lake
from cdp_assets.published.published_tables import PUBLISHED_TABLES
from cdp_assets.published.rollback import WITHDRAWN_SINCE, RollbackError, roll_back, taken_back
from cdp_assets.tables import (
    CONSENTS,
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    GOLDEN_EMAILS,
    SEGMENT_MEMBERS,
    SUPPRESSIONS,
    Table,
)
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import empty_workspace, frame
from cdp_assets_tests.published.databases import NOW, customer, customers_only, read

ANN, NEW = "ann@a.example", "ann@b.example"
POLICY = ConsentPolicy()


def consent(
    customer_id: str = "C1", address: str = ANN, state: str = "given", purpose: str = "marketing"
) -> dict[str, Any]:
    return {"customer_id": customer_id, "channel": "email", "address": address, "purpose": purpose, "state": state}


def suppressed(customer_id: str = "", address: str = ANN) -> dict[str, Any]:
    return {"channel": "email", "address": address, "purpose": "marketing", "customer_id": customer_id}


def then(*consents: dict[str, Any]) -> dict[Table, pl.DataFrame]:
    """Ann, who may be written to for marketing, as she was published."""
    made = customers_only(customer("C1", first_name="Ann", email=ANN, may_email_marketing=True), customer("C2"))
    made[GOLDEN_EMAILS] = frame(
        GOLDEN_EMAILS,
        {
            "customer_id": "C1",
            "email": ANN,
            "rank": 1,
            "is_sendable": True,
            "marketing_consent": "given",
            "best_for": ["billing", "marketing", "service"],
        },
    )
    made[CONSENTS] = frame(CONSENTS, *(consents or (consent(),)))
    made[SEGMENT_MEMBERS] = frame(
        SEGMENT_MEMBERS,
        *(
            {"customer_id": "C1", "segment": name, "membership": "yes", "is_included": True}
            for name in ("all", "offers")
        ),
    )
    return made


def today(
    *consents: dict[str, Any], suppressions: tuple[dict[str, Any], ...] = (), customer_id: str = "C1"
) -> dict[Table, pl.DataFrame]:
    """The same records as one customer of today."""
    return {
        CONSENTS: frame(CONSENTS, *consents),
        SUPPRESSIONS: frame(SUPPRESSIONS, *suppressions),
        CUSTOMER_IDS: frame(CUSTOMER_IDS, {"record_id": "crm/C1", "customer_id": customer_id}),
    }


def told(frames: dict[Table, pl.DataFrame]) -> tuple[Any, ...]:
    """What the tables say of marketing to Ann: may be mailed, state of the address, best for it."""
    golden = frames[CUSTOMERS].filter(pl.col("customer_id") == "C1").row(0, named=True)
    email = frames[GOLDEN_EMAILS].row(0, named=True)
    return golden["may_email_marketing"], email["marketing_consent"], "marketing" in email["best_for"]


def test_a_consent_that_stands_today_is_published_again() -> None:
    before = then()
    assert told(taken_back(before, today(consent()), POLICY)) == (True, "given", True)


@pytest.mark.parametrize(
    "now",
    [
        today(consent(state="withdrawn"), suppressions=(suppressed("C1"),)),
        today(consent(state="expired"), suppressions=(suppressed("C1"),)),
        today(),  # nobody knows of a consent any more: the record that gave it is gone
        today(consent(), suppressions=(suppressed(),)),  # somebody else withdrew under the very address
        today(consent(), suppressions=(suppressed("C1", ""),)),  # the person withdrew, whatever the address
        # Ann is another customer today, who has withdrawn: the id of then does not hide it.
        today(consent("C7", state="withdrawn"), suppressions=(suppressed("C7"),), customer_id="C7"),
    ],
)
def test_a_consent_that_has_ended_since_does_not_come_back(now: dict[Table, pl.DataFrame]) -> None:
    frames = taken_back(then(), now, POLICY, {"offers"})
    may, state, is_best = told(frames)
    assert (may, is_best) == (False, False)
    assert state != "given"
    assert frames[CONSENTS].filter(pl.col("state") == "given").is_empty()
    members = dict(frames[SEGMENT_MEMBERS].select("segment", "is_included").iter_rows())
    assert members == {"all": True, "offers": False}
    why = frames[SEGMENT_MEMBERS].filter(pl.col("segment") == "offers")
    assert (why.item(0, "membership"), why.item(0, "why")) == ("no", WITHDRAWN_SINCE)


def test_service_mail_goes_on_where_only_marketing_was_withdrawn() -> None:
    frames = taken_back(then(), today(consent(state="withdrawn"), suppressions=(suppressed("C1"),)), POLICY)
    assert frames[GOLDEN_EMAILS].item(0, "best_for").to_list() == ["billing", "service"]


def test_suppressions_of_today_are_added_to_those_of_then_under_the_ids_of_then() -> None:
    before = {**then(), SUPPRESSIONS: frame(SUPPRESSIONS, suppressed("", "old@a.example"))}
    now = today(suppressions=(suppressed("C7"), suppressed("C8", NEW), suppressed("", NEW)), customer_id="C7")
    found = taken_back(before, now, POLICY)[SUPPRESSIONS].select("customer_id", "address").rows()
    assert sorted(found) == [("", NEW), ("", "old@a.example"), ("C1", ANN)]


def test_a_consent_given_since_is_not_added() -> None:
    frames = taken_back(then(consent(state="withdrawn")), today(consent()), POLICY)
    assert frames[CONSENTS].get_column("state").to_list() == ["withdrawn"]


# -- the whole of it ---------------------------------------------------------------------------------------------------


def published(workspace: Workspace, publication_id: str, frames: dict[Table, pl.DataFrame], hours: int) -> None:
    """Note a publication of ``frames``, which are in the lake from now on."""
    lake = local_lake(workspace.home / "lake")
    versions = {
        published.lake_table.name: lake.replace(published.lake_table, frames[published.lake_table])
        for published in PUBLISHED_TABLES
    }
    workspace.ledger.add_publication(
        publication_id, lake_versions=json.dumps(versions), customers=2, now=NOW + timedelta(hours=hours)
    )


@pytest.fixture
def twice(tmp_path: Path, url: str) -> Workspace:
    """A workspace with two publications: Ann by her name and with consent, then by a wrong name and without."""
    workspace = replace(empty_workspace(tmp_path / "home"), publish_url=url)
    published(workspace, "first", then(), 1)
    wrong = then(consent(state="withdrawn"))
    wrong[CUSTOMERS] = wrong[CUSTOMERS].with_columns(first_name=pl.lit("Nobody"))
    published(workspace, "second", wrong, 2)
    return workspace


def test_readers_see_the_former_publication_again_without_what_was_withdrawn(twice: Workspace) -> None:
    done = roll_back(twice, None, NOW + timedelta(hours=3))
    assert (done.former_id, done.customers, done.consents_ended) == ("first", 2, 1)
    query = "SELECT first_name, may_email_marketing FROM customers WHERE customer_id = 'C1'"
    assert read(twice.publication_url, query) == [("Ann", 0)]
    assert read(twice.publication_url, "SELECT state FROM consents") == [("withdrawn",)]
    assert read(twice.publication_url, "SELECT publication_id FROM publications WHERE is_current") == [
        (done.publication_id,)
    ]
    assert twice.ledger.publications().item(-1, "publication_id") == done.publication_id


def test_there_is_nothing_before_the_first_one(twice: Workspace) -> None:
    roll_back(twice, "first", NOW + timedelta(hours=3))
    with pytest.raises(RollbackError, match="no publication before"):
        roll_back(twice, None, NOW + timedelta(hours=4))


def test_a_publication_is_named_by_how_its_id_begins(twice: Workspace) -> None:
    assert roll_back(twice, "sec", NOW + timedelta(hours=3)).former_id == "second"
    with pytest.raises(RollbackError, match="0 publications"):
        roll_back(twice, "third", NOW + timedelta(hours=4))


def test_nothing_older_than_an_erasure_is_published_again(twice: Workspace) -> None:
    twice.ledger.begin_erasure(
        "e1", "C9", records=1, signs=(), key_name="k", by="sam", now=NOW + timedelta(hours=1, minutes=30)
    )
    with pytest.raises(RollbackError, match="somebody has been erased since"):
        roll_back(twice, "first", NOW + timedelta(hours=3))
    assert roll_back(twice, "second", NOW + timedelta(hours=3)).former_id == "second"


def test_what_the_lake_has_forgotten_is_told(twice: Workspace) -> None:
    twice.lake.forget_everything_former(CUSTOMERS)
    with pytest.raises(RollbackError, match="no longer keeps"):
        roll_back(twice, None, NOW + timedelta(hours=3))


def test_a_table_that_was_not_published_then_is_empty_again(twice: Workspace) -> None:
    """A former release published no corrections: one can go back to what it published all the same."""
    versions = json.loads(twice.ledger.publications().item(-1, "lake_versions"))
    del versions[CORRECTIONS.name]
    twice.ledger.add_publication(
        "former release", lake_versions=json.dumps(versions), customers=2, now=NOW + timedelta(hours=3)
    )
    done = roll_back(twice, "former release", NOW + timedelta(hours=4))
    assert done.customers == 2
    assert read(twice.publication_url, "SELECT count(*) FROM corrections") == [(0,)]
