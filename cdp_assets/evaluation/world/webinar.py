"""The webinar platform: attendance lists since 2020, mostly with company addresses; one old list arrives again.

In 2022 another platform takes over and imports the 2020 lists under keys of its own, in two files; in 2024 the first of
them arrives once more.
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
    nulls,
    where,
    write_addresses,
    write_companies,
    write_emails,
    write_names,
    write_phones,
)
from cdp_assets.evaluation.world.draws import Floats, Ints, chances, gather, pick_evenly, stream
from cdp_assets.evaluation.world.homes import CASUAL
from cdp_assets.evaluation.world.moments import END, seconds, written, years
from cdp_assets.evaluation.world.phenomena import bit
from cdp_assets.evaluation.world.phones import CASUAL as CASUAL_PHONE
from cdp_assets.evaluation.world.records import Delivery, File, email_truth, truth_of
from cdp_assets.evaluation.world.traces import Traces
from cdp_assets.evaluation.world.world import World

TOPICS = (
    "Getting Started", "Spring Novelties", "Maintenance Made Simple", "Customer Stories", "Energy Savings in Practice",
    "New Regulations Explained", "Planning for Next Year", "Ask the Engineers", "Measuring Light",
)  # fmt: skip
MONTHS = (2, 3, 4, 5, 6, 9, 10, 11)
FIRST_YEAR, LAST_YEAR = 2020, 2025
SECOND_ATTENDANCE_SHARE, THIRD_ATTENDANCE_SHARE, NO_SHOW_SHARE = 0.34, 0.12, 0.24
WORK_ADDRESS_SHARE = 0.78
HABITS = NameHabits(nickname=0.09, mistyped=0.02, initial_only=0.01, swapped=0.006, capitals=0.03, lower_case=0.04,
                    middle_name=0.08, suffix=0.3)  # fmt: skip
OLD_LIST_FILES = ("2022-03-15-old-list-part-1", "2022-03-15-old-list-part-2", "2024-02-01-old-list-part-1-again")


def webinars() -> pl.DataFrame:
    """Return every webinar held: its id, title and begin."""
    held = [(year, month) for year in range(FIRST_YEAR, LAST_YEAR + 1) for month in MONTHS if (year, month) < (2025, 6)]
    return pl.DataFrame(
        {
            "webinar_id": [f"W{year}-{month:02}" for year, month in held],
            "title": [TOPICS[i % len(TOPICS)] + f" {year}" for i, (year, _) in enumerate(held)],
            "begin": [seconds(year, month, 10 + (year * month) % 18, 14) for year, month in held],
        }
    )


@dataclass(frozen=True)
class Attendances:
    """Attendances under a work address that has died since: key, person, address, died_at, is_old_list."""

    dead: pl.DataFrame


def deliver(world: World, traces: Traces, story: pl.DataFrame) -> tuple[Delivery, Attendances]:
    """Return the attendance lists by year and the old list in its three files."""
    rng = stream(world.seed, "webinar")
    known = world.known_to["webinar"]
    more = rng.random(len(known))
    person = np.concatenate([known, known[more < SECOND_ATTENDANCE_SHARE], known[more < THIRD_ATTENDANCE_SHARE]])
    held = webinars()
    which = pick_evenly(held.height, rng.random(len(person)))
    begin = held["begin"].to_numpy()[which]
    # One attendance of a person in a webinar; a second draw of the same is dropped.
    _, single = np.unique(person * held.height + which, return_index=True)
    person, which, begin = person[single], which[single], begin[single]
    joined = begin + rng.integers(-300, 1500, len(person))
    order = np.argsort(joined, kind="stable")
    person, which, joined = person[order], which[order], joined[order]

    chance = chances(rng, len(person), NAME_CHANCES + EMAIL_CHANCES + PHONE_CHANCES + 10)
    rows, bits, emails, traces = _write(world, traces, person, joined, chance)
    rows = rows.with_columns(
        pl.Series("Webinar ID", held["webinar_id"].gather(pl.Series(which))),
        pl.Series("Webinar", held["title"].gather(pl.Series(which))),
        _person=pl.Series(person),
        _bits=pl.Series(bits),
        _step=nulls(len(person)),
        _time=pl.Series(joined),
    )
    rows = _with_dead_addresses(rows, emails)
    of_story = story.with_columns(_bits=pl.lit(bit("story"), dtype=pl.Int64)).select(rows.columns)
    rows = _numbered(pl.concat([rows, of_story]).sort("_time", maintain_order=True))
    old = _old_list(rows)

    year = years(rows["_time"].to_numpy())
    files = [
        _file(f"{number}-12-31-attendance", rows.filter(pl.Series(year == number)))
        for number in range(FIRST_YEAR, LAST_YEAR + 1)
    ]
    half = old.filter(pl.col("_part") == 1)
    files += [
        _file(OLD_LIST_FILES[0], half),
        _file(OLD_LIST_FILES[1], old.filter(pl.col("_part") == 2)),
        _file(OLD_LIST_FILES[2], half.reverse()),
    ]
    everything = pl.concat([rows, old.drop("_part")])
    key = everything.select(pl.col("Webinar ID") + "|" + pl.col("Attendee No")).to_series()
    truth = truth_of(key, everything["_person"].to_numpy(), everything["_bits"].to_numpy(), everything["_step"])
    dead = everything.select(
        key.alias("key"),
        pl.col("_person").alias("person"),
        pl.col("_dead_address").alias("address"),
        pl.col("_died_at").alias("died_at"),
        pl.col("Webinar ID").str.starts_with("OLD-").alias("is_old_list"),
    ).filter(pl.col("address").is_not_null())
    return Delivery("webinar", files, truth, email_truth(emails), traces), Attendances(dead)


def _with_dead_addresses(rows: pl.DataFrame, emails: pl.DataFrame) -> pl.DataFrame:
    """Add the address and its end where an attendance has a work address that died."""
    died = emails.filter((pl.col("use") == "work") & ~pl.col("is_mistyped") & (pl.col("died_at") < END)).select(
        pl.col("row").cast(pl.Int64), pl.col("email").alias("_dead_address"), pl.col("died_at").alias("_died_at")
    )
    numbered = rows.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    return numbered.join(died, on="row", how="left", maintain_order="left").drop("row")


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Number the attendees of each webinar from 1, in the order in which they came."""
    nth = (pl.int_range(pl.len()).over("Webinar ID") + 1).cast(pl.String)
    return rows.with_columns(nth.alias("Attendee No")).select(*_COLUMNS, "^_.*$")


def _old_list(rows: pl.DataFrame) -> pl.DataFrame:
    """The 2020 attendances as the new platform imported them: its own webinar ids and numbers, the old contacts."""
    old = rows.filter(pl.Series(years(rows["_time"].to_numpy()) == FIRST_YEAR))
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    return old.with_columns(
        ("OLD-" + pl.col("Webinar ID").str.slice(1)).alias("Webinar ID"),
        (90_001 + 3 * number).cast(pl.String).alias("Attendee No"),
        (pl.col("_bits") | bit("old_list")).alias("_bits"),
        (pl.col("_step") + "_again").alias("_step"),
        # The story's attendance is in part 1, which arrives once more after it was corrected.
        pl.when((number < pl.len() // 2) | pl.col("_step").is_not_null()).then(1).otherwise(2).alias("_part"),
    )


def _file(name: str, rows: pl.DataFrame) -> File:
    return File(f"landing/webinar/{name}.csv", rows.drop("^_.*$"), separator=";")


_COLUMNS = (
    "Webinar ID", "Attendee No", "Webinar", "Status", "Joined At", "Attendee", "E-mail", "Telephone", "Organisation",
    "Role", "Street", "Post Code", "City", "Country",
)  # fmt: skip


def _write(
    world: World, traces: Traces, person: Ints, when: Ints, chance: Floats
) -> tuple[pl.DataFrame, Ints, pl.DataFrame, Traces]:
    parts = np.split(chance, np.cumsum([NAME_CHANCES, EMAIL_CHANCES, PHONE_CHANCES]), axis=1)
    choice = parts[3]
    names = write_names(world, person, when, parts[0], HABITS)
    boxes = world.mailboxes
    work = boxes.work_at(person, when, world.companies)
    mailbox = np.where((choice[:, 0] < WORK_ADDRESS_SHARE) & (work >= 0), work, boxes.private_at(person, when))
    employer = boxes.employer_at(person, when)
    email = write_emails(world, person, mailbox, employer, parts[1], placeholder=0.01, role=0.02)
    # The handbook comes by post: whoever wants it gives the home address.
    wants_handbook = choice[:, 1] < 0.62
    asked = traces.unrecognised(world, person, when, choice[:, 8], mailbox=email.mailbox, has_home=wants_handbook)
    wants_handbook |= asked
    phone = write_phones(
        world, person, when, parts[2], CASUAL_PHONE, mobile=0.32, landline=0.03, switchboard=0.1, placeholder=0.005,
        asked=asked,
    )  # fmt: skip
    address = write_addresses(world, world.homes.at(person, when), CASUAL, wants_handbook, person, when)
    city = where((choice[:, 2] < 0.8) & ~wants_handbook, world.homes.column("city", world.homes.at(person, when)))
    attended = choice[:, 3] >= NO_SHOW_SHARE
    rows = pl.DataFrame(
        {
            "Status": gather(["Attended", "No-show"], np.where(attended, 0, 1)),
            "Joined At": written(when, "%Y-%m-%d %H:%M"),
            "Attendee": names.full(),
            "E-mail": email.email,
            "Telephone": phone.phone,
            "Organisation": write_companies(world, person, when, choice[:, 4:6], known=0.85),
            "Role": where((choice[:, 6] < 0.4) & (employer >= 0), job_titles(person, employer)),
            "Street": address.street,
            "Post Code": address.postcode,
            "City": where(wants_handbook, address.city, city),
            "Country": where(choice[:, 7] < 0.9, world.population.column("country", person)),
        }
    )
    bits = world.bits_of(person) | names.bits | email.bits | phone.bits | address.bits
    known = traces.with_records(
        world, person, when, mailbox=email.mailbox, has_mobile=phone.is_mobile, has_home=wants_handbook
    )
    return rows, bits, email.truth, known
