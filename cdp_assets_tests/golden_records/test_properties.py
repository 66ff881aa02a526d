"""What must hold for every set of records: checked on many small worlds at once, each with three people."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.golden_records.golden import golden_records
from cdp_assets_tests.golden_records.builders import (
    TRUST,
    Resolution,
    correction,
    former,
    newer,
    postal,
    record,
    said,
)

PEOPLE = (0, 1, 2)
YEARS = [str(year) for year in range(2018, 2024)]
ADDRESSES = ("a", "b", "c", "d")
SHARED = "d"
"""An address that everybody in a world carries from the beginning."""


@dataclass(frozen=True)
class Event:
    """Something that happens in a world: to whom, when, under which addresses."""

    who: int | None
    year: str
    addresses: tuple[str, ...]
    what: str
    purpose: str | None
    channel: str | None
    is_gone: bool


def events(*kinds: str) -> st.SearchStrategy[list[Event]]:
    event = st.builds(
        Event,
        st.sampled_from([*PEOPLE, None]),
        st.sampled_from(YEARS),
        st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True).map(tuple),
        st.sampled_from(kinds),
        st.sampled_from(["marketing", "marketing", "service", None]),
        st.sampled_from(["email", "email", "phone", None]),
        st.booleans(),
    )
    return st.lists(event, max_size=7)


CONSENT_KINDS = ("given", "given", "withdrawn", "unsubscribed", "profile")
ALL_KINDS = (*CONSENT_KINDS, "retract", "set", "name", "address", "birth")


def _stories(seed: int) -> list[list[Event]]:
    """A hundred worlds at once. From a seed, because shrinking a hundred worlds event by event takes minutes."""
    chance = random.Random(seed)
    return [_story(chance) for _ in range(100)]


def _story(chance: random.Random) -> list[Event]:
    """Few kinds of events on few addresses, so that they meet: a grant, a retraction and a set of one address."""
    some_kinds = chance.sample(sorted(set(ALL_KINDS)), 4)
    kinds, addresses = chance.choice([some_kinds, ["given", "retract", "set"]]), chance.sample(ADDRESSES, 2)
    return [
        Event(
            who=chance.choice([*PEOPLE, None]),
            year=chance.choice(YEARS),
            addresses=tuple(chance.sample(addresses, chance.randint(0, 2))),
            what=chance.choice(kinds),
            purpose=chance.choice(["marketing", "marketing", "service", None]),
            channel=chance.choice(["email", "email", "phone", None]),
            is_gone=chance.random() < 0.2,
        )
        for _ in range(chance.randint(2, 8))
    ]


MANY_WORLDS = st.integers(0, 10**9).map(_stories)


def _mail(world: int, name: str) -> str:
    return f"{name}@world{world}.example"


def _rows(world: int, number: int, event: Event) -> dict[str, Any]:
    record_id = f"{('crm', 'web', 'shop')[number % 3]}/{world}.{number}"
    email = [_mail(world, name) for name in event.addresses]
    known = f"crm/{world}.p{event.who or 0}"
    match event.what:
        case "given" | "withdrawn":
            return said(record_id, event.year, event.what, email=email, purpose=event.purpose, channel=event.channel)
        case "unsubscribed":
            return record(record_id, event.year, email=email, activity="unsubscribed", purpose=event.purpose)
        case "retract" | "set":
            address = _mail(world, (*event.addresses, "a")[0])
            return correction(record_id, event.year, known, "email", address, event.what)
        case "name":
            return record(record_id, event.year, first_name=f"F{number}", last_name="Lane", email=email)
        case "address":
            return record(record_id, event.year, address=postal(f"{number} Oak Street", "Salem", "01970"))
        case "birth":
            return record(
                record_id, event.year, date_of_birth=date(1950 + number, 1, 1), sex="f", company=f"Co {number}"
            )
        case _:
            return record(record_id, event.year, email=email)


def worlds(stories: list[list[Event]], merged: bool = False) -> Resolution:
    """All worlds in one resolution; ``merged``: persons 0 and 1 of each world are one customer."""
    rows: list[dict[str, Any]] = []
    customers: dict[str, list[str]] = {}
    gone: list[str] = []
    for world, story in enumerate(stories):
        for who in PEOPLE:
            start = record(f"crm/{world}.p{who}", "2017", email=[_mail(world, ADDRESSES[who]), _mail(world, SHARED)])
            changed = newer(record(f"crm/{world}.p{who}", "2018", email=_mail(world, ADDRESSES[who]), first_name="Al"))
            rows += [former(start), changed]
            customers.setdefault(_customer(world, who, merged), []).append(f"crm/{world}.p{who}")
        for number, event in enumerate(story):
            row = _rows(world, number, event)
            rows.append(row)
            if event.who is not None:
                customers[_customer(world, event.who, merged)].append(row["record_id"])
                if event.is_gone:
                    gone.append(row["record_id"])
    return Resolution(rows, customers, gone=gone)


def _customer(world: int, who: int, merged: bool) -> str:
    return f"C{world}.{0 if merged and who == 1 else who}"


def contactable(resolution: Resolution) -> set[tuple[str, str]]:
    """(customer, address) that may be sent marketing to."""
    emails = resolution.golden().emails.filter(pl.col("is_sendable") & (pl.col("marketing_consent") == "given"))
    return set(emails.select("customer_id", "email").iter_rows())


@settings(max_examples=6, deadline=None)
@given(MANY_WORLDS)
def test_a_merge_never_makes_anyone_more_contactable(stories: list[list[Event]]) -> None:
    apart, together = contactable(worlds(stories)), contactable(worlds(stories, merged=True))
    before = {(f"{customer[:-2]}.0" if customer.endswith(".1") else customer, email) for customer, email in apart}
    widened = sorted(together - before)
    assert not widened, stories[int(widened[0][0][1:].split(".")[0])]
    assert {pair for pair in together if pair[0].endswith(".2")} == {pair for pair in apart if pair[0].endswith(".2")}


@settings(max_examples=30, deadline=None)
@given(st.lists(events(*CONSENT_KINDS), min_size=1, max_size=25))
def test_consent_is_what_the_rule_in_one_sentence_says(stories: list[list[Event]]) -> None:
    """Nothing lost, nothing made up: compared with the rule written out for one address at a time."""
    resolution = worlds(stories)
    decided = resolution.consents().filter((pl.col("channel") == "email") & (pl.col("purpose") == "marketing"))
    found = {(r["customer_id"], r["address"]): r["state"] for r in decided.iter_rows(named=True)}
    expected: dict[tuple[str, str], str] = {}
    for world, story in enumerate(stories):
        for who in PEOPLE:
            mine = [event for event in story if event.who == who]
            carried = {ADDRESSES[who], SHARED} | {name for event in mine for name in event.addresses}
            for name in ["", *ADDRESSES]:
                state = _state(story, mine, name, carried)
                if state is not None:
                    address = _mail(world, name) if name else ""
                    expected[f"C{world}.{who}", address] = state
    assert found == expected


def _is_grant(event: Event) -> bool:
    by_mail = event.channel in ("email", None)
    return event.what == "given" and event.purpose == "marketing" and by_mail and not event.is_gone


def _is_withdrawal(event: Event) -> bool:
    if event.what == "unsubscribed":
        return event.purpose in ("marketing", None)
    return event.what == "withdrawn" and event.purpose in ("marketing", None) and event.channel in ("email", None)


def _names(event: Event, name: str) -> bool:
    return name in event.addresses if name else not event.addresses


def _state(story: list[Event], mine: list[Event], name: str, carried: set[str]) -> str | None:
    grants = [event.year for event in mine if _is_grant(event) and _names(event, name)]
    own = [event for event in mine if _is_withdrawal(event)]
    foreign = [
        event for event in story if _is_withdrawal(event) and name and name in event.addresses and name in carried
    ]
    ended = [event.year for event in [*own, *foreign]]
    is_spoken_of = grants or any(_names(event, name) for event in own) or foreign or (own and name in carried)
    if not is_spoken_of:
        return None
    return "given" if grants and max(grants) > max(ended, default="") else "withdrawn"


@settings(max_examples=3, deadline=None)
@given(MANY_WORLDS, st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(stories: list[list[Event]], seed: int) -> None:
    resolution = worlds(stories)
    frames = [
        resolution.versions,
        resolution.customer_ids,
        resolution.clusters,
        resolution.email_addresses,
        resolution.sightings,
        resolution.phone_numbers,
    ]
    shuffled = [_shuffled(frame, seed + number) for number, frame in enumerate(frames)]
    once, again = resolution.golden(), golden_records(*shuffled, trust=TRUST, now=resolution.now)
    for name in ("customers", "provenance", "emails", "phones", "consents", "suppressions", "corrections"):
        assert getattr(once, name).equals(getattr(again, name)), name


def _shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    order = list(range(frame.height))
    random.Random(seed).shuffle(order)
    return frame[order]


@settings(max_examples=3, deadline=None)
@given(MANY_WORLDS)
def test_every_golden_value_is_in_the_record_that_provenance_names(stories: list[list[Event]]) -> None:
    resolution = worlds(stories)
    made = resolution.golden()
    members = resolution.customer_ids.select("customer_id", "record_id")
    assert made.provenance.join(members, on=["customer_id", "record_id"], how="anti").is_empty()
    delivered: dict[str, set[tuple[str, str]]] = {}
    for row in resolution.rows:
        values = {name: {str(row[name])} for name in row if isinstance(row[name], (str, date))}
        values["email"], values["phone"] = set(row["emails"]), set(row["phones"])
        for address in row["addresses"]:
            for part, value in address.items():
                values.setdefault(part, set()).add(str(value))
        for field, texts in values.items():
            delivered.setdefault(row["record_id"], set()).update((field, text) for text in texts)
    for cell in made.provenance.filter(pl.col("rule") != "correction").iter_rows(named=True):
        assert (cell["field"], cell["value"]) in delivered[cell["record_id"]]
