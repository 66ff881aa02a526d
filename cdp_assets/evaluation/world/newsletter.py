"""The newsletter platform: sign-ups and withdrawals, each an event with purpose, channel and wording, as JSON lines.

People sign up with whichever address they read, opt out under whichever one they got mail at, and tell little else.
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
    write_emails,
    write_names,
    write_phones,
)
from cdp_assets.evaluation.world.draws import Flags, Floats, Ints, chances, stream, times_between
from cdp_assets.evaluation.world.homes import FULL
from cdp_assets.evaluation.world.mailboxes import KINDS, NOT_TYPED, TYPING_CHANCES
from cdp_assets.evaluation.world.moments import BEGIN, DAY, END, seconds, written
from cdp_assets.evaluation.world.phenomena import tagged
from cdp_assets.evaluation.world.phones import E164
from cdp_assets.evaluation.world.records import Delivery, File, email_truth, truth_of
from cdp_assets.evaluation.world.traces import Traces
from cdp_assets.evaluation.world.world import World

FILES = {"events-2019-2021": seconds(2022), "events-2022-2023": seconds(2024), "events-2024-2025": END + DAY}
WORK_ADDRESS_SHARE, HOUSEHOLD_MAILBOX_USE = 0.30, 0.45
# Mostly people sign up with an address that some other system has too; this share of the others uses one of those.
FAMILIAR_ADDRESS_SHARE = 0.93
SIGNS_UP_AGAIN_SHARE, OPTS_OUT_SHARE, OPTS_OUT_ELSEWHERE_SHARE, TEXT_MESSAGES_SHARE = 0.09, 0.18, 0.50, 0.07
NEW_WORDING_FROM = seconds(2021, 9)
WORDINGS = (
    "offers-v1 (2018): You may send me offers.",
    "offers-v2 (2021): You may send me offers; I can stop it at any time.",
)
HABITS = NameHabits(nickname=0.08, mistyped=0.02, initial_only=0.01, swapped=0.003, lower_case=0.05, middle_name=0.1,
                    letters="plain")  # fmt: skip


@dataclass(frozen=True)
class Subscriptions:
    """Sign-ups by e-mail under a personal address, for the mailings that follow them."""

    person: Ints
    mailbox: Ints
    address: pl.Series
    since: Ints
    is_mistyped: Flags
    died_at: Ints  # of the address


def deliver(world: World, traces: Traces, story: pl.DataFrame) -> tuple[Delivery, Subscriptions]:
    """Return the platform's events, and the sign-ups that mails go out to."""
    exposed = traces.mailbox
    rng = stream(world.seed, "newsletter")
    first = world.known_to["newsletter"]
    first_at = times_between(rng.random(len(first)), BEGIN, END - 20 * DAY)
    box = _address_for(world, first, first_at, exposed, chances(rng, len(first), 4))

    again = np.flatnonzero(rng.random(len(first)) < SIGNS_UP_AGAIN_SHARE)
    again_at = times_between(rng.random(len(again)), first_at[again] + 10 * DAY, END)
    again_box = _address_for(world, first[again], again_at, exposed, chances(rng, len(again), 4))

    out = np.flatnonzero(rng.random(len(first)) < OPTS_OUT_SHARE)
    out_at = times_between(rng.random(len(out)), first_at[out] + 5 * DAY, END)
    other = np.where(
        box[out] % KINDS > 1,
        world.mailboxes.private_at(first[out], out_at),
        world.mailboxes.work_at(first[out], out_at, world.companies),
    )
    elsewhere = (rng.random(len(out)) < OPTS_OUT_ELSEWHERE_SHARE) & (other >= 0) & (other != box[out])
    elsewhere &= exposed[np.maximum(other, 0)]
    out_box = np.where(elsewhere, other, box[out])

    texts = np.flatnonzero(rng.random(len(first)) < TEXT_MESSAGES_SHARE)
    events = [
        # person, when, mailbox, withdraws, by text message, opted out elsewhere
        (first, first_at, box, False, False, np.zeros(len(first), dtype=np.bool_)),
        (first[again], again_at, again_box, False, False, np.zeros(len(again), dtype=np.bool_)),
        (first[out], out_at, out_box, True, False, elsewhere),
        (first[texts], first_at[texts] + 40, box[texts], False, True, np.zeros(len(texts), dtype=np.bool_)),
    ]
    person, when, mailbox = (np.concatenate([event[i] for event in events]) for i in (0, 1, 2))
    withdraws = np.concatenate([np.full(len(event[0]), event[3]) for event in events])
    by_text = np.concatenate([np.full(len(event[0]), event[4]) for event in events])
    is_elsewhere = np.concatenate([event[5] for event in events])
    order = np.argsort(when, kind="stable")
    person, when, mailbox = person[order], when[order], mailbox[order]
    withdraws, by_text, is_elsewhere = withdraws[order], by_text[order], is_elsewhere[order]

    chance = chances(rng, len(person), NAME_CHANCES + EMAIL_CHANCES + PHONE_CHANCES + 6)
    rows, bits, emails, traces = _write(world, traces, person, when, mailbox, withdraws, by_text, chance)
    bits |= tagged(withdraws, "opt_out") | tagged(is_elsewhere, "opt_out_elsewhere")
    rows = rows.with_columns(_person=person, _bits=bits, _step=nulls(len(person)), _time=when)
    of_story = story.with_columns(_bits=pl.lit(tagged(np.array([True]), "story")[0]))
    rows = pl.concat([rows, of_story.select(rows.columns)]).sort("_time", maintain_order=True)
    keys = pl.select(pl.lit("nl-") + pl.Series("n", 1 + np.arange(rows.height)).cast(pl.String).str.pad_start(7, "0"))
    rows = rows.insert_column(0, keys.to_series().alias("id"))

    files, start = [], 0
    for name, end in FILES.items():
        files.append(
            File(
                f"landing/newsletter/{name}.jsonl",
                rows.filter((pl.col("_time") >= start) & (pl.col("_time") < end)).drop("^_.*$"),
            )
        )
        start = end
    truth = truth_of(rows["id"], rows["_person"].to_numpy(), rows["_bits"].to_numpy(), rows["_step"])
    is_personal = ~withdraws & ~by_text & (mailbox < len(world.population) * KINDS)
    typed = emails.filter(pl.col("use").is_in(["private", "work"])).select("row", "email", "is_mistyped", "died_at")
    chosen = typed.filter(pl.Series(is_personal).gather(typed["row"]))
    kept = chosen["row"].to_numpy()
    subscriptions = Subscriptions(
        person[kept],
        mailbox[kept],
        chosen["email"],
        when[kept],
        chosen["is_mistyped"].to_numpy(),
        chosen["died_at"].to_numpy(),
    )
    return Delivery("newsletter", files, truth, email_truth(emails), traces), subscriptions


def _address_for(world: World, person: Ints, when: Ints, exposed: Flags, chance: Floats) -> Ints:
    """Which address somebody gives: the household's, the work or the private one; mostly one known elsewhere too."""
    boxes = world.mailboxes
    work, private = boxes.work_at(person, when, world.companies), boxes.private_at(person, when)
    prefers_work = (chance[:, 0] < WORK_ADDRESS_SHARE) & (work >= 0)
    box = np.where(prefers_work, work, private)
    other = np.where(prefers_work, private, work)
    changes = ~exposed[box] & (other >= 0) & exposed[np.maximum(other, 0)] & (chance[:, 1] < FAMILIAR_ADDRESS_SHARE)
    box = np.where(changes, other, box)
    household = boxes.household_mailbox[world.population.numbers("household", person)]
    return np.where((household >= 0) & (chance[:, 2] < HOUSEHOLD_MAILBOX_USE), household, box)


def _write(
    world: World,
    traces: Traces,
    person: Ints,
    when: Ints,
    mailbox: Ints,
    withdraws: Flags,
    by_text: Flags,
    chance: Floats,
) -> tuple[pl.DataFrame, Ints, pl.DataFrame, Traces]:
    parts = np.split(chance, np.cumsum([NAME_CHANCES, EMAIL_CHANCES, PHONE_CHANCES]), axis=1)
    names = write_names(world, person, when, parts[0], HABITS)
    parts[1][withdraws, -TYPING_CHANCES:] = NOT_TYPED  # by the link in a mail
    email = write_emails(world, person, mailbox, np.full(len(person), -1), parts[1], placeholder=0, role=0)
    mobile = write_phones(world, person, when, parts[2], E164, mobile=1.0)
    choice = parts[3]
    # The form asks for more where the address is new to the house or a family's, so that the mail reaches the right one.
    none = np.zeros(len(person), dtype=np.bool_)
    asked = ~withdraws & traces.unrecognised(world, person, when, choice[:, 3], mailbox=email.mailbox, has_home=none)
    is_household = mailbox >= len(world.population) * KINDS
    says_name = ~withdraws & ((choice[:, 0] < 0.55) | asked | is_household)
    says_place = ~withdraws & ((choice[:, 1] < 0.35) | asked | is_household)
    says_phone = by_text | asked
    address = write_addresses(world, world.homes.at(person, when), FULL, says_place, person, when)
    rows = pl.DataFrame(
        {
            "at": written(when, "%Y-%m-%dT%H:%M:%S+00:00"),
            "action": where(withdraws, pl.Series("", ["unsubscribe"] * len(person), dtype=pl.String),
                            pl.Series("", ["subscribe"] * len(person), dtype=pl.String)),
            "list": where(choice[:, 2] < 0.85, pl.Series("", ["marketing"] * len(person), dtype=pl.String),
                          pl.Series("", ["events"] * len(person), dtype=pl.String)),
            "medium": where(by_text, pl.Series("", ["sms"] * len(person), dtype=pl.String),
                            pl.Series("", ["email"] * len(person), dtype=pl.String)),
            "wording": where(~withdraws, where(when < NEW_WORDING_FROM,
                                               pl.Series("", [WORDINGS[0]] * len(person), dtype=pl.String),
                                               pl.Series("", [WORDINGS[1]] * len(person), dtype=pl.String))),
            "email": email.email,
            "name": where(says_name, names.full()),
            "phone": where(says_phone, mobile.phone),
            "country": address.country,
            "postcode": address.postcode,
        }
    ).select("at", "action", "list", "medium", "wording",
             pl.struct("email", "name", "phone", "country", "postcode").alias("subscriber"))  # fmt: skip
    bits = world.bits_of(person) | email.bits
    bits |= np.where(says_name, names.bits, 0) | np.where(says_place, address.bits, 0)
    # A postcode tells less than an address: it is no trace.
    known = traces.with_records(world, person, when, mailbox=email.mailbox, has_mobile=says_phone, has_home=none)
    return rows, bits, email.truth, known
