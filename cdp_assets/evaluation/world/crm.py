"""The CRM: nightly contact exports, four of which are kept; contacts change, disappear, and are entered twice.

Its staff type names with care and let addresses grow old: a change reaches the CRM late or never.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.companies import job_titles
from cdp_assets.evaluation.world.contacts import (
    EMAIL_CHANCES,
    NAME_CHANCES,
    PHONE_CHANCES,
    NameHabits,
    where,
    write_addresses,
    write_birth_dates,
    write_companies,
    write_emails,
    write_names,
    write_phones,
)
from cdp_assets.evaluation.world.draws import Floats, Ints, chances, flags, gather, pick_evenly, stream, times_between
from cdp_assets.evaluation.world.homes import ABBREVIATED, FULL
from cdp_assets.evaluation.world.lists import COUNTRY_CODES, country_lists
from cdp_assets.evaluation.world.moments import BEGIN, DAY, END, NEVER, seconds, written
from cdp_assets.evaluation.world.phenomena import tagged
from cdp_assets.evaluation.world.phones import NATIONAL
from cdp_assets.evaluation.world.records import Delivery, File, email_truth, truth_of
from cdp_assets.evaluation.world.traces import Traces
from cdp_assets.evaluation.world.world import World

SNAPSHOTS = {
    "2022-06-30": seconds(2022, 7),
    "2023-06-30": seconds(2023, 7),
    "2024-06-30": seconds(2024, 7),
    "2025-06-30": seconds(2025, 7),
}
DUPLICATE_SHARE = 0.035  # contacts that somebody entered a second time
DELETED_SHARE = 0.05
LEARNS_SHARE = 0.65  # of changes in a person's life, within four months
WORK_ADDRESS_SHARE, SECOND_ADDRESS_SHARE, NO_ADDRESS_SHARE = 0.58, 0.22, 0.07
HABITS = NameHabits(nickname=0.04, mistyped=0.02, initial_only=0.008, swapped=0.004, capitals=0.02, middle_name=0.5)


@dataclass(frozen=True)
class Contacts:
    """What later sources need of the CRM's newest snapshot: its contacts, and whose address it has missed."""

    key: pl.Series
    person: Ints
    missed_move: np.ndarray


def deliver(world: World, traces: Traces, story: pl.DataFrame) -> tuple[Delivery, Contacts]:
    """Return the CRM's four snapshots; ``story`` holds the story's contacts with `_person`, `_step` and `_time`."""
    rng = stream(world.seed, "crm")
    known = world.known_to["crm"]
    twice = known[rng.random(len(known)) < DUPLICATE_SHARE]
    person = np.concatenate([known, twice])
    is_second = np.arange(len(person)) >= len(known)
    has_second = np.isin(person, twice)
    created = times_between(rng.random(len(person)), BEGIN, END - 60 * DAY)
    created[is_second] = times_between(rng.random(len(twice)), created[: len(known)][np.isin(known, twice)], END - DAY)
    order = np.argsort(created, kind="stable")
    person, created, is_second, has_second = person[order], created[order], is_second[order], has_second[order]
    chance = chances(rng, len(person), NAME_CHANCES + 2 * EMAIL_CHANCES + 2 * PHONE_CHANCES + 14)

    changes = _changes_learned(world, person, created, chances(rng, len(person), 10))
    shown = [_newest(created, changes, end) for end in SNAPSHOTS.values()]
    first_shown = np.select([created < end for end in SNAPSHOTS.values()], range(len(SNAPSHOTS)), len(SNAPSHOTS))
    removed = _removals(rng, first_shown)

    pieces = [
        (np.flatnonzero((first_shown <= number) & (number < removed)), moments) for number, moments in enumerate(shown)
    ]
    versions = np.concatenate([np.stack([rows, moments[rows]], axis=1) for rows, moments in pieces])
    distinct, place = np.unique(versions, axis=0, return_inverse=True)
    contact, when = distinct[:, 0], distinct[:, 1]
    rows, bits, emails, traces = _write(world, traces, person[contact], when, chance[contact])
    # Salesforce-like ids, in the order in which contacts were entered.
    keys = pl.select(
        pl.lit("0035e") + pl.Series("n", 10_000 + 7 * np.arange(len(person))).cast(pl.String).str.pad_start(9, "0")
    ).to_series()
    rows = rows.insert_column(0, keys.gather(pl.Series(contact)).alias("ContactId"))

    files, start, place = [], 0, place.ravel()
    for number, name in enumerate(SNAPSHOTS):
        count = len(pieces[number][0])
        here = rows.select(pl.all().gather(pl.Series(place[start : start + count])))
        of_story = story.filter(pl.col("_time") < SNAPSHOTS[name]).drop("_person", "_step", "_time")
        files.append(File(f"landing/crm/contacts-{name}.csv", pl.concat([here, of_story])))
        start += count

    all_bits = np.zeros(len(person), dtype=np.int64)
    np.bitwise_or.at(all_bits, contact, bits)
    all_bits |= tagged(has_second | is_second, "duplicate_in_source")
    all_bits |= tagged(np.bincount(contact, minlength=len(person)) > 1, "changed_in_snapshot")
    all_bits |= tagged(removed < len(SNAPSHOTS), "deleted_from_snapshot")
    delivered = np.unique(contact)
    truth = truth_of(keys.gather(pl.Series(delivered)), person[delivered], all_bits[delivered])
    truth_story = truth_of(
        story["ContactId"],
        story["_person"].to_numpy(),
        tagged(np.ones(story.height, dtype=np.bool_), "story"),
        story["_step"],
    )
    newest = pieces[-1][0]
    homes_shown = world.homes.at(person[newest], shown[-1][newest])
    contacts = Contacts(
        keys.gather(pl.Series(newest)),
        person[newest],
        homes_shown != world.homes.next_home[person[newest]],
    )
    return Delivery("crm", files, pl.concat([truth, truth_story]), email_truth(emails), traces), contacts


def _changes_learned(world: World, person: Ints, created: Ints, chance: Floats) -> Ints:
    """When the CRM was updated because of a change in the person's life; NEVER where it did not learn of it."""
    boxes = world.mailboxes
    employer = boxes.employer[person]
    of_company = np.where(employer >= 0, world.companies.changed_at[np.maximum(employer, 0)], NEVER)
    happened = np.stack(
        [
            world.homes.moved_at[person],
            boxes.changes_job_at[person],
            world.population.numbers("renamed_at", person),
            np.where(of_company < boxes.changes_job_at[person], of_company, NEVER),
            boxes.second_private_from[person],
        ],
        axis=1,
    )
    learns = (happened != NEVER) & (chance[:, :5] < LEARNS_SHARE)
    learned = np.where(learns, np.where(learns, happened, 0) + (chance[:, 5:] * 120 * DAY).astype(np.int64), NEVER)
    return np.where(learned > created[:, None], learned, NEVER)


def _newest(created: Ints, changes: Ints, end: int) -> Ints:
    """When each contact's row, as a snapshot at ``end`` shows it, was written."""
    newest: Ints = np.where(changes < end, changes, 0).max(axis=1)
    return np.maximum(created, newest)


def _removals(rng: np.random.Generator, first_shown: Ints) -> Ints:
    """The number of the first snapshot that a contact is missing from; every contact is shown at least once."""
    last = len(SNAPSHOTS)
    removed = first_shown + 1 + pick_evenly(last, rng.random(len(first_shown)))
    return np.where(rng.random(len(first_shown)) < DELETED_SHARE, np.minimum(removed, last), last)


def _write(
    world: World, traces: Traces, person: Ints, when: Ints, chance: Floats
) -> tuple[pl.DataFrame, Ints, pl.DataFrame, Traces]:
    at = 0

    def take(columns: int) -> Floats:
        nonlocal at
        at += columns
        return chance[:, at - columns : at]

    boxes, of = world.mailboxes, world.population
    names = write_names(world, person, when, take(NAME_CHANCES), HABITS)
    choice = take(3)
    work, private = boxes.work_at(person, when, world.companies), boxes.private_at(person, when)
    uses_work = (choice[:, 0] < WORK_ADDRESS_SHARE) & (work >= 0)
    main = np.where(choice[:, 1] < NO_ADDRESS_SHARE, -1, np.where(uses_work, work, private))
    second = np.where((choice[:, 2] < SECOND_ADDRESS_SHARE) & (main >= 0), np.where(uses_work, private, work), -1)
    employer = boxes.employer_at(person, when)
    email = write_emails(world, person, main, employer, take(EMAIL_CHANCES), placeholder=0.015, role=0.015)
    other = write_emails(world, person, second, np.full(len(person), -1), take(EMAIL_CHANCES), placeholder=0, role=0)
    mobile = write_phones(world, person, when, take(PHONE_CHANCES), NATIONAL, mobile=0.80, placeholder=0.01)
    home = write_phones(world, person, when, take(PHONE_CHANCES), NATIONAL, mobile=0.0, landline=0.32, switchboard=0.08)
    choice = take(8)
    has_address = choice[:, 0] < 0.88
    living = world.homes.at(person, when)
    address = write_addresses(world, living, FULL, has_address, person, when)
    moved_before = (living == world.homes.next_home[person]) & (world.homes.moved_at[person] != NEVER)
    keeps_former = has_address & moved_before & (choice[:, 1] < 0.35)
    former = write_addresses(world, world.homes.home[person], ABBREVIATED, keeps_former, person, when)
    born, born_bits = write_birth_dates(world, person, take(2), "%m/%d/%Y", known=0.5, wrong=0.015, placeholder=0.012)
    is_female = of.flags("is_female", person)
    gender = where(choice[:, 2] < 0.7, gather(["F", "M"], np.where(is_female, 0, 1)))
    title = where(choice[:, 3] < 0.6, job_titles(person, employer))
    region = where(flags(address.country == "US") | (choice[:, 4] < 0.35), address.region)
    rows = pl.DataFrame(
        {
            "FirstName": names.first,
            "MiddleName": names.middle,
            "LastName": names.last,
            "Suffix": names.suffix,
            "Gender": gender,
            "Email": email.email,
            "SecondaryEmail": other.email,
            "MobilePhone": mobile.phone,
            "HomePhone": home.phone,
            "Birthdate": born,
            "MailingStreet": address.street,
            "MailingCity": address.city,
            "MailingState": region,
            "MailingPostalCode": address.postcode,
            "MailingCountry": _country_names(address.country, choice[:, 5]),
            "OtherStreet": former.street,
            "OtherCity": former.city,
            "OtherState": where(flags(former.country == "US"), former.region),
            "OtherPostalCode": former.postcode,
            "OtherCountry": _country_names(former.country, choice[:, 5]),
            "AccountName": write_companies(world, person, when, choice[:, 6:8], known=0.9),
            "Title": where(employer >= 0, title),
            "LoyaltyNo": where(choice[:, 2] > 0.45, world.loyalty_no.gather(pl.Series(person))),
            "LastModifiedDate": written(when, "%Y-%m-%d %H:%M:%S"),
        }
    )
    bits = world.bits_of(person) | names.bits | address.bits | mobile.bits | home.bits | born_bits
    bits |= email.bits | np.where(second >= 0, other.bits, 0)
    bits |= tagged(keeps_former, "former_address")
    known = traces.with_records(
        world, person, when, mailbox=email.mailbox, has_mobile=mobile.is_mobile, has_home=has_address
    )
    return rows, bits, pl.concat([email.truth, other.truth]), known


def _country_names(code: pl.Series, chance: Floats) -> pl.Series:
    """Countries as people write them."""
    result = code
    for known in COUNTRY_CODES:
        names = country_lists(known).country_names
        written_as = gather(names, pick_evenly(len(names), chance))
        result = where(flags(code == known), written_as, result)
    return result
