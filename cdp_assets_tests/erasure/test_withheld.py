"""What an erased person's words had ended does not begin again, and what is theirs goes though nothing had linked it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets_tests.histories.pipeline import Pipeline, Resolved
from cdp_assets_tests.histories.world import BEGIN, EVENT, PROFILE, Line

FAMILY, INES, TOM = "family@home.example", "ines@home.example", "tom@home.example"


def profile(key: str, first: str, **more: str) -> Line:
    return dict.fromkeys(PROFILE, "") | {"id": key, "at": _day(0), "first": first, "last": "Calder"} | more


def event(key: str, day: int, **more: str) -> Line:
    return dict.fromkeys(EVENT, "") | {"id": key, "at": _day(day)} | more


def consent(key: str, day: int, state: str, email: str, first: str) -> Line:
    name = {"first": first, "last": "Calder"}
    return event(key, day, consent=state, email=email, purpose="marketing", channel="email", **name)


def _day(number: int) -> str:
    return (BEGIN + timedelta(days=number)).isoformat()


NOW = BEGIN + timedelta(days=100)
LATER = BEGIN + timedelta(days=300)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "home", [ConsentPolicy()])


def resolved(pipeline: Pipeline, *links: tuple[str, str], now: datetime = NOW) -> Resolved:
    return pipeline.resolve(links, now, in_full=True)


def erase(pipeline: Pipeline, found: Resolved, record_id: str) -> set[str]:
    """Erase who has a record; which records that were."""
    customer = found.ids.filter(pl.col("record_id") == record_id).item(0, "customer_id")
    return set(pipeline.erase(customer, NOW).record_ids)


def contactable(found: Resolved) -> set[str]:
    rows = found.golden[0].consents.filter((pl.col("state") == "given") & (pl.col("purpose") == "marketing"))
    return set(rows["address"])


def test_a_shared_mailbox_stays_suppressed_when_who_unsubscribed_it_is_erased_until_somebody_consents_anew(
    pipeline: Pipeline,
) -> None:
    pipeline.take_in("crm", [profile("1", "Ines", email=INES, email2=FAMILY), profile("2", "Tom", email=FAMILY)])
    pipeline.take_in("news", [consent("3", 1, "given", FAMILY, "Tom"), consent("4", 2, "withdrawn", FAMILY, "Ines")])
    links = (("crm/2", "news/3"), ("crm/1", "news/4"))
    found = resolved(pipeline, *links)
    assert contactable(found) == set()
    assert erase(pipeline, found, "crm/1") == {"crm/1", "news/4"}
    after = resolved(pipeline, *links)
    assert contactable(after) == set()
    told = after.golden[0].suppressions.filter(pl.col("address") == FAMILY).select("customer_id", "purpose", "reason")
    assert set(told.rows()) == {("", "marketing", "erased")}
    pipeline.take_in("news", [consent("5", 200, "given", FAMILY, "Tom")])
    assert contactable(resolved(pipeline, *links, ("crm/2", "news/5"), now=LATER)) == {FAMILY}


def test_an_erasure_takes_no_consent_from_who_shares_a_mailbox_that_nobody_had_unsubscribed(pipeline: Pipeline) -> None:
    pipeline.take_in("crm", [profile("1", "Ines", email=INES, email2=FAMILY), profile("2", "Tom", email=FAMILY)])
    pipeline.take_in("news", [consent("3", 1, "given", FAMILY, "Tom")])
    found = resolved(pipeline, ("crm/2", "news/3"))
    erase(pipeline, found, "crm/1")
    assert contactable(resolved(pipeline, ("crm/2", "news/3"))) == {FAMILY}


def test_what_was_said_before_an_erasure_allows_nothing_under_the_persons_own_address_whoever_delivers_it(
    pipeline: Pipeline,
) -> None:
    pipeline.take_in("crm", [profile("1", "Ines", email=INES)])
    erase(pipeline, resolved(pipeline), "crm/1")
    pipeline.take_in("shop", [profile("9", "Bea", email=INES)])
    pipeline.take_in("news", [consent("3", 1, "given", INES, "Bea")])
    after = resolved(pipeline, ("shop/9", "news/3"))
    assert set(after.ids["record_id"]) == {"shop/9", "news/3"}
    assert contactable(after) == set()


def test_a_customer_who_loses_a_record_to_an_erasure_is_not_contactable_by_that(pipeline: Pipeline) -> None:
    """Somebody's unsubscribe stood with Tom by mistake; it goes with them, and covers his address still."""
    born = "1980-01-01"
    pipeline.take_in("crm", [profile("1", "Ines", email=INES, born=born), profile("2", "Tom", email=TOM)])
    pipeline.take_in("news", [consent("3", 1, "given", TOM, "Tom"), consent("4", 2, "withdrawn", INES, "Ines")])
    links = (("crm/2", "news/3"), ("crm/2", "news/4"))
    found = resolved(pipeline, *links)
    assert contactable(found) == set()
    assert erase(pipeline, found, "crm/1") == {"crm/1", "news/4"}
    assert contactable(resolved(pipeline, *links)) == set()


def test_what_corrects_a_record_of_theirs_goes_with_it(pipeline: Pipeline) -> None:
    told = {"of_source": "crm", "of_key": "1", "of_field": "email", "of_value": "ines@new.example", "word": "set"}
    pipeline.take_in("crm", [profile("1", "Ines", email=INES)])
    pipeline.take_in("support", [event("7", 1, **told)])
    assert erase(pipeline, resolved(pipeline), "crm/1") == {"crm/1", "support/7"}
    raw = pipeline.workspace.lake.read(tables.raw_imports("support"))
    assert raw.select("of_value", "of_key").row(0) == (None, None)


def test_a_record_that_was_not_linked_goes_when_it_would_be_put_aside_today(pipeline: Pipeline) -> None:
    pipeline.take_in("crm", [profile("1", "Ines", email=INES), profile("2", "Ines", email=INES, phone="+4930901820")])
    found = resolved(pipeline)
    customer = found.ids["customer_id"]
    assert customer.n_unique() == 2
    assert erase(pipeline, found, "crm/1") == {"crm/1", "crm/2"}
    assert pipeline.take_in("list", [profile("1", "Ines", email=INES), profile("2", "Tom", email=INES)]) == [
        True,
        False,
    ]
