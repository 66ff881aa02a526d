"""The web site and the mail gateway: page views by cookie, a few events that say who it was, and what became of mails.

Most visits are by a cookie only. A download, a login or a form names the visitor, and with them every visit of that
cookie. Some visitors never say who they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.contacts import (
    EMAIL_CHANCES,
    NAME_CHANCES,
    PHONE_CHANCES,
    NameHabits,
    nulls,
    where,
    write_addresses,
    write_companies,
    write_emails,
    write_names,
    write_phones,
)
from cdp_assets.evaluation.world.draws import (
    Flags,
    Floats,
    Ints,
    chances,
    gather,
    pick,
    pick_evenly,
    stream,
    times_between,
)
from cdp_assets.evaluation.world.homes import ABBREVIATED
from cdp_assets.evaluation.world.mailboxes import NOT_TYPED, TYPING_CHANCES
from cdp_assets.evaluation.world.moments import BEGIN, DAY, END, seconds, written
from cdp_assets.evaluation.world.newsletter import FAMILIAR_ADDRESS_SHARE, Subscriptions
from cdp_assets.evaluation.world.phenomena import bit, tagged
from cdp_assets.evaluation.world.phones import E164
from cdp_assets.evaluation.world.records import Delivery, File, email_truth, truth_of
from cdp_assets.evaluation.world.traces import Traces
from cdp_assets.evaluation.world.webinar import Attendances
from cdp_assets.evaluation.world.world import World

FILES = {"events-2019-2021": seconds(2022), "events-2022": seconds(2023), "events-2023": seconds(2024),
         "events-2024-2025": END + 400 * DAY}  # fmt: skip
UNKNOWN_VISITORS_PER_PERSON = 0.11
SECOND_DEVICE_SHARE, SHARED_DEVICE_SHARE = 0.25, 0.03
VISITS = (0.28, 0.30, 0.20, 0.13, 0.09)  # shares of cookies with 1 to 5 events
NAMED_AGAIN_SHARE = 0.12
PURCHASES_SHARE = 0.10  # of the shop's customers
OPENS_SHARE, BOUNCE_REPORTED_SHARE = 0.16, 0.5
OLD_LIST_MAILED_AT = seconds(2022, 3, 17, 8)  # two days after the old list was imported, everyone on it got a mail
PAGE_VIEW, DOWNLOAD, LOGIN, REGISTRATION, TICKET, PURCHASE, OPEN, CLICK, BOUNCE, DELIVERY = range(10)
TYPES = ("PV", "DL", "LG", "RG", "TK", "PU", "OP", "CL", "BO", "DV")
NAMING_SHARES = np.array([0.0, 0.55, 0.25, 0.12, 0.08])
PAGES = ("/", "/products", "/products/sensors", "/products/lamps", "/pricing", "/blog", "/blog/measuring-light", "/about",
         "/careers", "/support", "/white-papers", "/webinars")  # fmt: skip
PAPERS = (
    "White paper: Measuring Light",
    "White paper: Saving Energy",
    "White paper: Buying Guide",
    "Data sheet: Sensors",
)
MAILINGS = ("Spring offers", "Autumn offers", "New sensors", "Webinar invitation")
HABITS = NameHabits(nickname=0.10, mistyped=0.025, initial_only=0.012, swapped=0.008, capitals=0.02, lower_case=0.10,
                    middle_name=0.0, suffix=0.1)  # fmt: skip


@dataclass(frozen=True)
class Events:
    """Events before they are written: who (negative: unknown), when, with which cookie and address, of which type."""

    person: Ints
    when: Ints
    cookie: Ints  # -1 for none
    mailbox: Ints  # -1 for none; addresses already typed elsewhere are in `address`
    kind: Ints
    bits: Ints
    address: pl.Series | None = None


def deliver(
    world: World, traces: Traces, subscriptions: Subscriptions, attendances: Attendances, story: pl.DataFrame
) -> Delivery:
    """Return the event stream in four files."""
    rng = stream(world.seed, "web")
    visits, cookies = _visits(world, rng, traces.mailbox)
    strangers, cookies = _strangers(world, rng, cookies)
    shared, cookies = _shared_devices(world, rng, cookies)
    events = [
        visits,
        strangers,
        shared,
        _purchases(world, rng, traces.mailbox),
        *_mailings(rng, subscriptions),
        _old_list(rng, attendances),
    ]

    def joined(field: str) -> Ints:
        return np.concatenate([getattr(event, field) for event in events])

    person, when, mailbox = joined("person"), joined("when"), joined("mailbox")
    address = pl.concat([nulls(len(e.person)) if e.address is None else e.address for e in events])
    order = np.argsort(when, kind="stable")
    rows, bits, emails = _write(
        world, traces, person[order], when[order], joined("cookie")[order], mailbox[order], joined("kind")[order],
        address.gather(pl.Series(order)), rng,
    )  # fmt: skip
    rows = rows.with_columns(
        _person=pl.Series(person[order]),
        _bits=pl.Series(joined("bits")[order] | bits),
        _step=nulls(len(person)),
        _time=pl.Series(when[order]),
    )
    of_story = story.with_columns(_bits=pl.lit(bit("story"), dtype=pl.Int64)).select(rows.columns)
    rows = pl.concat([rows, of_story]).sort("_time", maintain_order=True)
    keys = pl.select(pl.lit("ev-") + pl.Series("n", 1 + np.arange(rows.height)).cast(pl.String).str.pad_start(8, "0"))
    rows = rows.insert_column(0, keys.to_series().alias("event_id"))

    files, start = [], 0
    for name, end in FILES.items():
        here = rows.filter((pl.col("_time") >= start) & (pl.col("_time") < end)).drop("^_.*$")
        files.append(File(f"landing/web/{name}.jsonl.gz", here))
        start = end
    truth = truth_of(rows["event_id"], rows["_person"].to_numpy(), rows["_bits"].to_numpy(), rows["_step"])
    return Delivery("web", files, truth, email_truth(emails), traces)


def _visits(world: World, rng: np.random.Generator, exposed: Flags) -> tuple[Events, int]:
    """Visits of people who at least once per cookie say who they are."""
    known = world.known_to["web"]
    owner = np.concatenate([known, known[rng.random(len(known)) < SECOND_DEVICE_SHARE]])
    cookie, when = _sequence(rng, len(owner))
    person = owner[cookie]
    count = np.bincount(cookie, minlength=len(owner))
    nth = np.arange(len(cookie)) - np.repeat(np.cumsum(count) - count, count)
    named = nth == pick_evenly_each(rng.random(len(owner)), count)[cookie]
    named |= rng.random(len(cookie)) < NAMED_AGAIN_SHARE
    kind = np.where(named, pick(NAMING_SHARES, rng.random(len(cookie))), PAGE_VIEW)
    has_account = np.isin(person, world.known_to["shop"])
    boxes = world.mailboxes
    has_account &= exposed[boxes.private_at(person, when)]
    kind = np.where((kind == LOGIN) & ~has_account, DOWNLOAD, kind)
    work, private = boxes.work_at(person, when, world.companies), boxes.private_at(person, when)
    prefers_work = (rng.random(len(owner))[cookie] < 0.5) & (work >= 0) & (kind != LOGIN)
    box, other = np.where(prefers_work, work, private), np.where(prefers_work, private, work)
    turns = (rng.random(len(cookie)) < FAMILIAR_ADDRESS_SHARE) & (other >= 0) & ~exposed[box]
    box = np.where(turns & exposed[np.maximum(other, 0)], other, box)
    bits = world.bits_of(person) | tagged(named, "known_visit") | tagged(~named, "unnamed_visit")
    return Events(person, when, cookie, np.where(named, box, -1), kind, bits), len(owner)


def _strangers(world: World, rng: np.random.Generator, first_cookie: int) -> tuple[Events, int]:
    """Visitors who never say who they are: each cookie is somebody."""
    count = round(len(world.population) * UNKNOWN_VISITORS_PER_PERSON)
    cookie, when = _sequence(rng, count)
    return (
        Events(
            -2 - cookie,  # -1 is the story's
            when,
            first_cookie + cookie,
            np.full(len(cookie), -1),
            np.full(len(cookie), PAGE_VIEW),
            np.full(len(cookie), bit("unknown_visitor")),
        ),
        first_cookie + count,
    )


def _shared_devices(world: World, rng: np.random.Generator, first_cookie: int) -> tuple[Events, int]:
    """Browsers that two people of a household use, each naming themselves: every event on them is known."""
    known = world.known_to["web"]
    candidates = known[(known + 1 < len(world.population))]
    household = world.population.numbers("household", candidates)
    shares = household == world.population.numbers("household", candidates + 1)
    one = candidates[shares & (rng.random(len(candidates)) < SHARED_DEVICE_SHARE)]
    start = times_between(rng.random(len(one)), seconds(2020), END - 60 * DAY)
    person = np.concatenate([one, one + 1])
    when = np.concatenate([start, start + (rng.random(len(one)) * 50 * DAY).astype(np.int64) + 600])
    cookie = first_cookie + np.tile(np.arange(len(one)), 2)
    bits = world.bits_of(person) | bit("shared_cookie") | bit("known_visit")
    mailbox = world.mailboxes.private_at(person, when)
    return Events(person, when, cookie, mailbox, np.full(len(person), DOWNLOAD), bits), first_cookie + len(one)


def _sequence(rng: np.random.Generator, cookies: int) -> tuple[Ints, Ints]:
    """One to five events per cookie, days apart: cookie and moment of each."""
    count = 1 + pick(np.array(VISITS), rng.random(cookies))
    cookie = np.repeat(np.arange(cookies), count)
    gap = (rng.random(len(cookie)) ** 2 * 12 * DAY).astype(np.int64) + 45
    passed = np.cumsum(gap)
    before = np.repeat(passed[np.cumsum(count) - count], count)
    start = times_between(rng.random(cookies), BEGIN, END - 65 * DAY)
    return cookie, start[cookie] + passed - before


def pick_evenly_each(chance: Floats, count: Ints) -> Ints:
    """Return for each chance an index below its own ``count``."""
    return np.minimum((chance * count).astype(np.int64), count - 1)


def _purchases(world: World, rng: np.random.Generator, exposed: Flags) -> Events:
    """Orders, reported by the shop's server: the account's address and card, no cookie."""
    customers = world.known_to["shop"]
    person = customers[rng.random(len(customers)) < PURCHASES_SHARE]
    when = times_between(rng.random(len(person)), seconds(2019, 6), END - DAY)
    mailbox = world.mailboxes.private_at(person, when)
    person, when, mailbox = (array[exposed[mailbox]] for array in (person, when, mailbox))
    none, kind = np.full(len(person), -1), np.full(len(person), PURCHASE)
    return Events(person, when, none, mailbox, kind, world.bits_of(person) | bit("known_visit"))


def _mailings(rng: np.random.Generator, subscriptions: Subscriptions) -> list[Events]:
    """What became of mails to subscribers: opened, clicked or delivered to the living, bounced by the dead."""
    person, address = subscriptions.person, subscriptions.address
    died = np.where(subscriptions.is_mistyped, subscriptions.since, subscriptions.died_at)
    lives = (died >= END) & (rng.random(len(person)) < OPENS_SHARE)
    bounced = (died < END) & (rng.random(len(person)) < BOUNCE_REPORTED_SHARE)
    events = []
    for chosen, kinds, start, tag in (
        (lives, np.array([OPEN, OPEN, CLICK, DELIVERY]), subscriptions.since + DAY, 0),
        (bounced, np.array([BOUNCE]), np.maximum(died, subscriptions.since) + DAY, bit("bounce")),
    ):
        rows = np.flatnonzero(chosen)
        begin = np.minimum(start[rows], END - DAY)
        when = times_between(rng.random(len(rows)), begin, np.minimum(begin + 500 * DAY, END))
        kind = kinds[pick_evenly(len(kinds), rng.random(len(rows)))]
        none = np.full(len(rows), -1)
        bits = np.full(len(rows), tag | bit("known_visit"))
        events.append(Events(person[rows], when, none, none, kind, bits, address.gather(pl.Series(rows))))
    return events


def _old_list(rng: np.random.Generator, attendances: Attendances) -> Events:
    """The mail to everyone on the imported old list, and the addresses it came back from."""
    dead = attendances.dead.filter(
        pl.col("is_old_list") & (pl.col("died_at") < OLD_LIST_MAILED_AT) & (pl.col("person") >= 0)
    ).unique("address", keep="first", maintain_order=True)
    dead = dead.filter(pl.Series(rng.random(dead.height) < 0.6))
    none = np.full(dead.height, -1)
    return Events(
        dead["person"].to_numpy(),
        OLD_LIST_MAILED_AT + rng.integers(5, 3000, dead.height),
        none,
        none,
        np.full(dead.height, BOUNCE),
        np.full(dead.height, bit("bounce") | bit("known_visit")),
        dead["address"],
    )


def _write(
    world: World,
    traces: Traces,
    person: Ints,
    when: Ints,
    cookie: Ints,
    mailbox: Ints,
    kind: Ints,
    address: pl.Series,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, Ints, pl.DataFrame]:
    count = len(person)
    somebody = np.maximum(person, 0)  # strangers are written as the first person and blanked below
    chance = chances(rng, count, NAME_CHANCES + EMAIL_CHANCES + PHONE_CHANCES + 8)
    parts = np.split(chance, np.cumsum([NAME_CHANCES, EMAIL_CHANCES, PHONE_CHANCES]), axis=1)
    choice = parts[3]
    is_form = np.isin(kind, (DOWNLOAD, REGISTRATION, TICKET))
    parts[1][~is_form, -TYPING_CHANCES:] = NOT_TYPED  # the account's address
    email = write_emails(world, somebody, mailbox, np.full(count, -1), parts[1], placeholder=0, role=0)
    written_email = where(address.is_not_null().to_numpy(), address, where(mailbox >= 0, email.email))

    names = write_names(world, somebody, when, parts[0], HABITS)
    # White papers come by post too; who gives an address that is new to the house is asked for it.
    says_address = is_form & (choice[:, 0] < 0.5)
    asked = is_form & traces.unrecognised(
        world, somebody, when, choice[:, 6], mailbox=email.mailbox, has_home=says_address
    )
    says_address |= asked
    postal = write_addresses(world, world.homes.at(somebody, when), ABBREVIATED, says_address, somebody, when)
    phone = write_phones(world, somebody, when, parts[2], E164, mobile=0.36, switchboard=0.03, asked=asked)
    company = write_companies(world, somebody, when, choice[:, 1:3], known=0.7)
    has_card = np.isin(kind, (LOGIN, PURCHASE)) & (choice[:, 3] < 0.85)

    number = pl.Series("n", rng.permutation(9 * (int(cookie.max(initial=0)) + 1))[np.maximum(cookie, 0)])
    cookies = pl.select(pl.lit("GA1.2.") + (number * 97 + 100_000_003).cast(pl.String)).to_series()
    subject = gather(PAGES, pick_evenly(len(PAGES), choice[:, 4]))
    for kinds, texts in (
        ((DOWNLOAD,), PAPERS), ((LOGIN,), ("/account",)), ((REGISTRATION,), ("/webinars",)), ((TICKET,), ("/support/contact",)),
        ((PURCHASE,), ("order",)), ((OPEN, CLICK, BOUNCE, DELIVERY), MAILINGS),
    ):  # fmt: skip
        subject = where(np.isin(kind, kinds), gather(texts, pick_evenly(len(texts), choice[:, 5])), subject)
    rows = pl.DataFrame(
        {
            "at": written(when, "%Y-%m-%dT%H:%M:%SZ"),
            "type": gather(TYPES, kind),
            "subject": subject,
            "cookie": where(cookie >= 0, cookies),
            "email": written_email,
            "loyalty_no": where(has_card, world.loyalty_no.gather(pl.Series(somebody))),
            "first_name": where(is_form, names.first),
            "last_name": where(is_form, names.last),
            "company": where(is_form, company),
            "phone": where(is_form, phone.phone),
            "street": postal.street,
            "city": postal.city,
            "postcode": postal.postcode,
            "country": postal.country,
            "_is_form": is_form,
        }
    )
    form = pl.struct("first_name", "last_name", "company", "phone", "street", "city", "postcode", "country")
    user = pl.struct("email", "loyalty_no")
    rows = rows.select(
        "at",
        "type",
        "subject",
        "cookie",
        pl.when(pl.col("email").is_not_null() | pl.col("loyalty_no").is_not_null()).then(user).alias("user"),
        pl.when("_is_form").then(form).alias("form"),
    )
    # Addresses taken from a subscription or the old list had their truth told there.
    bits = np.where(mailbox >= 0, email.bits & ~np.int64(bit("missing_email")), 0)
    bits |= np.where(is_form, names.bits | phone.bits, 0) | postal.bits
    return rows, bits, email.truth.filter(pl.Series(mailbox >= 0).gather(email.truth["row"]))
