"""The support desk: tickets (who called about what) and the corrections that callers ask for, in one list.

A ticket without a correction is a contact record. A correction names the record it corrects by its system and key: the
address now (``change``), or an address that is not theirs (``remove``). A move corrects three fields: three items.
"""

from __future__ import annotations

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
from cdp_assets.evaluation.world.crm import Contacts
from cdp_assets.evaluation.world.draws import Floats, Ints, chances, gather, pick_evenly, stream, times_between
from cdp_assets.evaluation.world.homes import CASUAL
from cdp_assets.evaluation.world.moments import BEGIN, DAY, END, seconds, written, years
from cdp_assets.evaluation.world.phenomena import bit, tagged
from cdp_assets.evaluation.world.phones import PLAIN
from cdp_assets.evaluation.world.records import Delivery, File, email_truth, truth_of
from cdp_assets.evaluation.world.traces import Traces
from cdp_assets.evaluation.world.webinar import Attendances
from cdp_assets.evaluation.world.world import World

CORRECTS_SHARE = 0.22  # of people whose move the CRM missed, or whose dead address the webinar list has
TOPICS = ("Delivery", "Invoice", "Login", "Product question", "Return", "Warranty", "Complaint", "Change of details")
HABITS = NameHabits(nickname=0.13, mistyped=0.035, initial_only=0.012, swapped=0.006, capitals=0.12, middle_name=0.03,
                    suffix=0.3, letters="german")  # fmt: skip
FIX_COLUMNS = ("fix_system", "fix_record", "fix_field", "fix_value", "fix_action")


def deliver(
    world: World, traces: Traces, contacts: Contacts, attendances: Attendances, story: pl.DataFrame
) -> Delivery:
    """Return the desk's cases by year."""
    rng = stream(world.seed, "support")
    cases = pl.concat([_tickets(world, rng), _retractions(rng, attendances), _moves(world, rng, contacts)])
    cases = cases.sort("when", maintain_order=True).with_row_index("case").with_columns(pl.col("case").cast(pl.Int64))
    person, when = cases["person"].to_numpy(), cases["when"].to_numpy()
    rows, bits, emails, traces = _write(world, traces, person, when, chances(rng, cases.height, 32))
    rows = rows.with_columns(
        topic=where(
            cases["fix_action"].is_not_null().to_numpy(),
            pl.Series("", [TOPICS[-1]], dtype=pl.String).new_from_index(0, cases.height),
            gather(TOPICS[:-1], pick_evenly(len(TOPICS) - 1, rng.random(cases.height))),
        ),
        **{name: cases[name] for name in FIX_COLUMNS if name not in ("fix_field", "fix_value")},
        _person=pl.Series(person),
        _bits=pl.Series(bits | tagged(cases["fix_action"].is_not_null().to_numpy(), "correction")),
        _step=nulls(cases.height),
        _time=pl.Series(when),
        fix_field=cases["fix_field"],
        fix_value=cases["fix_value"],
    )
    of_story = story.with_columns(_bits=pl.lit(bit("story") | bit("correction"), dtype=pl.Int64)).select(rows.columns)
    rows = pl.concat([rows, of_story]).sort("_time", maintain_order=True)
    rows = rows.with_columns(case_no=(20_001 + pl.int_range(pl.len())).cast(pl.String))
    rows = _items(world, rows).select("case_no", "item", *_COLUMNS, "^_.*$")

    year = years(rows["_time"].to_numpy())
    files = [
        File(f"landing/support/cases-{number}.csv", rows.filter(pl.Series(year == number)).drop("^_.*$"))
        for number in range(2020, 2026)
    ]
    key = rows.select(pl.col("case_no") + "|" + pl.col("item")).to_series()
    truth = truth_of(key, rows["_person"].to_numpy(), rows["_bits"].to_numpy(), rows["_step"])
    return Delivery("support", files, truth, email_truth(emails), traces)


_COLUMNS = (
    "opened_on", "caller", "caller_mail", "callback_no", "street", "town", "post_code", "land", "topic", *FIX_COLUMNS,
)  # fmt: skip


def _cases(person: Ints, when: Ints, fixes: dict[str, pl.Series | None]) -> pl.DataFrame:
    empty = nulls(len(person))
    given = {name: fixes.get(name) for name in FIX_COLUMNS}
    return pl.DataFrame(
        {"person": person, "when": when, **{name: empty if s is None else s for name, s in given.items()}},
        schema_overrides={"person": pl.Int64, "when": pl.Int64},
    )


def _tickets(world: World, rng: np.random.Generator) -> pl.DataFrame:
    person = world.known_to["support"]
    return _cases(person, times_between(rng.random(len(person)), BEGIN + 366 * DAY, END - DAY), {})


def _retractions(rng: np.random.Generator, attendances: Attendances) -> pl.DataFrame:
    """People who ask that their former work address be taken out of the webinar list."""
    dead = attendances.dead.filter(pl.col("person") >= 0).unique("person", keep="last", maintain_order=True)
    dead = dead.filter(pl.Series(rng.random(dead.height) < CORRECTS_SHARE))
    when = times_between(rng.random(dead.height), np.maximum(dead["died_at"].to_numpy(), seconds(2022, 4)) + DAY, END)
    return _cases(
        dead["person"].to_numpy(),
        np.minimum(when, END - DAY),
        {
            "fix_system": _constant("webinar", dead.height),
            "fix_record": dead["key"],
            "fix_field": _constant("email", dead.height),
            "fix_value": dead["address"],
            "fix_action": _constant("remove", dead.height),
        },
    )


def _moves(world: World, rng: np.random.Generator, contacts: Contacts) -> pl.DataFrame:
    """People whose move the CRM missed give their address; its three fields become three items later."""
    asks = contacts.missed_move & (rng.random(len(contacts.person)) < CORRECTS_SHARE)
    person = contacts.person[asks]
    when = times_between(rng.random(len(person)), np.maximum(world.homes.moved_at[person] + DAY, seconds(2020, 2)), END)
    return _cases(
        person,
        np.minimum(when, END - DAY),
        {
            "fix_system": _constant("crm", len(person)),
            "fix_record": contacts.key.filter(pl.Series(asks)),
            "fix_field": _constant(",".join(ADDRESS_FIELDS), len(person)),
            "fix_action": _constant("change", len(person)),
        },
    )


ADDRESS_FIELDS = ("street", "city", "postcode")


def _items(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    """Number the items of each case; a changed address becomes one item per field, with the field's value."""
    rows = rows.with_columns(pl.col("fix_field").str.split(",").alias("fix_field"))
    rows = rows.with_columns(pl.col("fix_field").fill_null(pl.lit([None], dtype=pl.List(pl.String))))
    rows = rows.explode("fix_field").with_columns(item=(pl.int_range(pl.len()).over("case_no") + 1).cast(pl.String))
    person = np.maximum(rows["_person"].to_numpy(), 0)
    home = world.homes.next_home[person]
    columns = {"street": "street_full", "city": "city", "postcode": "postcode"}
    value = pl.col("fix_value")
    for field, column in columns.items():
        is_it = (pl.col("fix_field") == field) & (pl.col("fix_action") == "change")
        value = pl.when(is_it).then(world.homes.column(column, home)).otherwise(value)
    return rows.with_columns(value.alias("fix_value"))


def _write(
    world: World, traces: Traces, person: Ints, when: Ints, chance: Floats
) -> tuple[pl.DataFrame, Ints, pl.DataFrame, Traces]:
    parts = np.split(chance, np.cumsum([NAME_CHANCES, EMAIL_CHANCES, PHONE_CHANCES]), axis=1)
    choice = parts[3]
    boxes = world.mailboxes
    names = write_names(world, person, when, parts[0], HABITS)
    work = boxes.work_at(person, when, world.companies)
    mailbox = np.where((choice[:, 0] < 0.3) & (work >= 0), work, boxes.private_at(person, when))
    mailbox = np.where(choice[:, 1] < 0.70, mailbox, -1)
    email = write_emails(world, person, mailbox, boxes.employer_at(person, when), parts[1], placeholder=0.01, role=0.01)
    says_address = choice[:, 2] < 0.4
    asked = traces.unrecognised(world, person, when, choice[:, 3], mailbox=email.mailbox, has_home=says_address)
    phone = write_phones(
        world, person, when, parts[2], PLAIN, mobile=0.7, landline=0.18, placeholder=0.004, asked=asked
    )
    # Who can be reached in no other way is asked for the address too.
    says_address |= asked | (email.email.is_null().to_numpy() & phone.phone.is_null().to_numpy())
    home = world.homes.at(person, when)
    address = write_addresses(world, home, CASUAL, says_address, person, when)
    rows = pl.DataFrame(
        {
            "opened_on": written(when, "%Y-%m-%d"),
            "caller": names.full(),
            "caller_mail": email.email,
            "callback_no": phone.phone,
            "street": address.street,
            "town": address.city,
            "post_code": address.postcode,
            "land": address.country,
        }
    )
    known = traces.with_records(
        world, person, when, mailbox=email.mailbox, has_mobile=phone.is_mobile, has_home=says_address
    )
    return rows, world.bits_of(person) | names.bits | email.bits | phone.bits | address.bits, email.truth, known


def _constant(text: str, count: int) -> pl.Series:
    return pl.Series("", [text], dtype=pl.String).new_from_index(0, count)
