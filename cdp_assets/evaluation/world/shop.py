"""The shop: customers' accounts in a database, kept up to date by the customers themselves.

The database file is not part of the sample (``*.db`` is git-ignored). The sample has the accounts' versions as
``seed/shop.csv.gz``; :func:`build_shop_database` makes ``shop.db`` from them, as it was at any moment.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.contacts import (
    EMAIL_CHANCES,
    NAME_CHANCES,
    PHONE_CHANCES,
    NameHabits,
    where,
    write_addresses,
    write_birth_dates,
    write_emails,
    write_names,
    write_phones,
)
from cdp_assets.evaluation.world.draws import Floats, Ints, chances, stream, times_between
from cdp_assets.evaluation.world.homes import ABBREVIATED
from cdp_assets.evaluation.world.moments import BEGIN, DAY, END, NEVER, written
from cdp_assets.evaluation.world.phenomena import tagged
from cdp_assets.evaluation.world.phones import E164
from cdp_assets.evaluation.world.records import Delivery, File, email_truth, truth_of
from cdp_assets.evaluation.world.traces import Traces
from cdp_assets.evaluation.world.world import World

SEED_FILE = "seed/shop.csv.gz"
DATABASE = "shop.db"
UPDATES_SHARE = 0.8  # of moves, marriages and new addresses that customers tell the shop of, within two months
NO_ADDRESS_SHARE = 0.02
HOUSEHOLD_MAILBOX_USE = 0.5
HABITS = NameHabits(nickname=0.03, mistyped=0.012, lower_case=0.04, swapped=0.004, middle_name=0.06, suffix=0.35)

_CREATE = """
CREATE TABLE customers (
    customer_id TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, phone TEXT, birthday TEXT,
    address_line TEXT, town TEXT, county TEXT, zip TEXT, country_code TEXT, loyalty_card TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
)
"""


def deliver(world: World, traces: Traces, story: pl.DataFrame) -> Delivery:
    """Return the versions of the shop's accounts; ``story`` holds the story's with `_person` and `_step`."""
    rng = stream(world.seed, "shop")
    person = world.known_to["shop"]
    created = times_between(rng.random(len(person)), BEGIN, END - 30 * DAY)
    order = np.argsort(created, kind="stable")
    person, created = person[order], created[order]
    chance = chances(rng, len(person), NAME_CHANCES + EMAIL_CHANCES + PHONE_CHANCES + 8)
    tells = chances(rng, len(person), 6)
    happened = np.stack(
        [
            world.homes.moved_at[person],
            world.population.numbers("renamed_at", person),
            world.mailboxes.second_private_from[person],
        ],
        axis=1,
    )
    told = (happened != NEVER) & (tells[:, :3] < UPDATES_SHARE)
    updated = np.where(told, np.where(told, happened, 0) + (tells[:, 3:] * 60 * DAY).astype(np.int64), NEVER)
    updated = np.where((updated > created[:, None]) & (updated < END), updated, NEVER)

    account = np.concatenate([np.arange(len(person)), *(np.flatnonzero(column != NEVER) for column in updated.T)])
    when = np.concatenate([created, *(column[column != NEVER] for column in updated.T)])
    order = np.lexsort((account, when))
    account, when = account[order], when[order]
    rows, bits, emails, traces = _write(world, traces, person[account], when, chance[account])
    keys = pl.Series("customer_id", 200_001 + np.arange(len(person))).cast(pl.String)
    rows = rows.insert_column(0, keys.gather(pl.Series(account)).alias("customer_id")).with_columns(
        created_at=written(created[account], "%Y-%m-%d %H:%M:%S"), updated_at=written(when, "%Y-%m-%d %H:%M:%S")
    )
    rows = pl.concat([rows, story.drop("_person", "_step", "_time")]).sort(
        "updated_at", "customer_id", maintain_order=True
    )

    all_bits = np.zeros(len(person), dtype=np.int64)
    np.bitwise_or.at(all_bits, account, bits)
    all_bits |= tagged(np.bincount(account, minlength=len(person)) > 1, "changed_in_shop")
    truth_story = truth_of(
        story["customer_id"],
        story["_person"].to_numpy(),
        tagged(np.ones(story.height, dtype=np.bool_), "story"),
        story["_step"],
    )
    truth = pl.concat([truth_of(keys, person, all_bits), truth_story])
    return Delivery("shop", [File(SEED_FILE, rows)], truth, email_truth(emails), traces)


def _write(
    world: World, traces: Traces, person: Ints, when: Ints, chance: Floats
) -> tuple[pl.DataFrame, Ints, pl.DataFrame, Traces]:
    parts = np.split(chance, np.cumsum([NAME_CHANCES, EMAIL_CHANCES, PHONE_CHANCES]), axis=1)
    names = write_names(world, person, when, parts[0], HABITS)
    choice = parts[3]
    household = world.mailboxes.household_mailbox[world.population.numbers("household", person)]
    mailbox = np.where(
        (household >= 0) & (choice[:, 0] < HOUSEHOLD_MAILBOX_USE), household, world.mailboxes.private_at(person, when)
    )
    mailbox = np.where(choice[:, 1] < NO_ADDRESS_SHARE, -1, mailbox)
    email = write_emails(world, person, mailbox, np.full(len(person), -1), parts[1], placeholder=0.006, role=0)
    has_home = choice[:, 2] < 0.965
    asked = traces.unrecognised(world, person, when, choice[:, 6], mailbox=email.mailbox, has_home=has_home)
    phone = write_phones(world, person, when, parts[2], E164, mobile=0.6, landline=0.13, placeholder=0.01, asked=asked)
    has_home |= asked
    address = write_addresses(world, world.homes.at(person, when), ABBREVIATED, has_home, person, when)
    born, born_bits = write_birth_dates(
        world, person, choice[:, 3:5], "%Y-%m-%d", known=0.36, wrong=0.012, placeholder=0.02
    )
    rows = pl.DataFrame(
        {
            "first_name": names.first,
            "last_name": pl.DataFrame({"l": names.last, "s": names.suffix})
            .select(pl.concat_str("l", "s", separator=" ", ignore_nulls=True))
            .to_series(),
            "email": email.email,
            "phone": phone.phone,
            "birthday": born,
            "address_line": address.street,
            "town": address.city,
            "county": address.region,
            "zip": address.postcode,
            "country_code": address.country,
            "loyalty_card": where(choice[:, 5] < 0.94, world.loyalty_no.gather(pl.Series(person))),
        }
    )
    bits = world.bits_of(person) | names.bits | email.bits | phone.bits | address.bits | born_bits
    known = traces.with_records(
        world, person, when, mailbox=email.mailbox, has_mobile=phone.is_mobile, has_home=has_home
    )
    return rows, bits, email.truth, known


def build_shop_database(workspace: Path, until: datetime | None = None) -> Path:
    """Make ``shop.db`` in ``workspace`` from its seed file, as it was ``until`` a moment (default: at the end).

    An earlier ``shop.db`` is replaced in one step. Raises ``FileNotFoundError`` where there is no seed file.
    """
    seed = workspace / SEED_FILE
    if not seed.is_file():
        raise FileNotFoundError(
            f"{seed} is missing; make a sample workspace with `cdp generate --people N --seed S OUT`"
        )
    accounts = pl.read_csv(seed, infer_schema=False)
    if until is not None:
        accounts = accounts.filter(pl.col("updated_at") <= f"{until:%Y-%m-%d %H:%M:%S}")
    accounts = accounts.sort("updated_at", maintain_order=True).unique("customer_id", keep="last").sort("customer_id")
    target = workspace / DATABASE
    building = target.with_name(f"{DATABASE}.building")
    building.unlink(missing_ok=True)
    with closing(sqlite3.connect(building)) as connection, connection:
        connection.execute(_CREATE)
        slots = ", ".join("?" for _ in accounts.columns)
        connection.executemany(
            f"INSERT INTO customers ({', '.join(accounts.columns)}) VALUES ({slots})", accounts.rows()
        )
        connection.execute("CREATE INDEX customers_by_update ON customers (updated_at, customer_id)")
    building.replace(target)
    return target
