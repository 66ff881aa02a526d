"""What is true: whose record is whose, which address lives, which company changed what, who the people are."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cdp_assets.evaluation.world import story
from cdp_assets.evaluation.world.moments import END, NEVER
from cdp_assets.evaluation.world.phenomena import as_lists
from cdp_assets.evaluation.world.records import STORY_ENTITY, Delivery, entity_ids
from cdp_assets.evaluation.world.world import World


def record_truth(deliveries: list[Delivery]) -> pl.DataFrame:
    """One row per record: record_id, entity_id, source, phenomena (a list of names), step (of the story, else null)."""
    parts = [
        delivery.truth.select(
            pl.lit(delivery.source + "/").add(pl.col("key")).alias("record_id"),
            "entity_id",
            pl.lit(delivery.source).alias("source"),
            as_lists(delivery.truth["bits"]),
            "step",
        )
        for delivery in deliveries
    ]
    return pl.concat(parts).sort("record_id")


def email_truth(deliveries: list[Delivery]) -> pl.DataFrame:
    """One row per delivered address (lower case) and person.

    ``use`` is private, work, household, role or junk; ``is_alive`` says whether mail to it reaches the person at the
    world's end; ``is_shared`` whether others use it too; ``mistyped_for`` is the address that was meant, where another
    was typed; ``spelling_of`` the one that it is a spelling of (Gmail's dots and tags).
    """
    everything = pl.concat([delivery.emails for delivery in deliveries] + [story.email_truth()])
    one = everything.group_by("email", "entity_id").agg(
        pl.col("intended").min(),
        pl.col("use").min(),
        pl.col("died_at").min(),
        pl.col("is_mistyped").min(),
    )
    nobody = pl.col("use").is_in(["junk", "role"])
    is_alive = (pl.col("died_at") >= END) & ~pl.col("is_mistyped") & (pl.col("use") != "junk")
    died_at = pl.when((pl.col("died_at") < END) & ~pl.col("is_mistyped")).then(
        pl.from_epoch(pl.when(pl.col("died_at") == NEVER).then(0).otherwise(pl.col("died_at")), time_unit="s")
    )
    differs = (pl.col("intended") != pl.col("email")).fill_null(False)
    return one.select(
        "email",
        "entity_id",
        "use",
        is_alive.alias("is_alive"),
        died_at.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("died_at"),
        (pl.col("use").is_in(["junk", "role", "household"])).alias("is_shared"),
        pl.when("is_mistyped").then("intended").alias("mistyped_for"),
        pl.when(differs & ~pl.col("is_mistyped") & ~nobody).then("intended").alias("spelling_of"),
    ).sort("email", "entity_id")


def company_truth(world: World) -> pl.DataFrame:
    """One row per company that changed the form of its addresses or its name: before, after, when."""
    companies = world.companies
    changed = np.flatnonzero(companies.changed_at != NEVER)
    when = pl.from_epoch(pl.Series("changed_at", companies.changed_at[changed]), time_unit="s")
    return (
        companies.companies.select(pl.all().gather(pl.Series(changed)))
        .select(
            "change",
            "name",
            "next_name",
            "domain",
            "next_domain",
            "pattern",
            "next_pattern",
            when.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("changed_at"),
        )
        .sort("domain")
    )


def people_truth(world: World) -> pl.DataFrame:
    """One row per person: names, birth, household, and where they live at the end. Web visitors have none."""
    people = world.population.people
    person = np.arange(people.height)
    home = world.homes.at(person, np.full(people.height, END))
    frame = people.select(
        entity_ids(pl.Series(person)),
        pl.format("household-{}", pl.col("household").cast(pl.String).str.pad_start(7, "0")).alias("household_id"),
        "first_name",
        "middle_name",
        "last_name",
        "former_last_name",
        "name_suffix",
        "nickname",
        pl.when("is_female").then(pl.lit("f")).otherwise(pl.lit("m")).alias("sex"),
        pl.col("born_on").cast(pl.Int32).cast(pl.Date).alias("date_of_birth"),
        world.homes.column("street_full", home).alias("street"),
        world.homes.column("city", home).alias("city"),
        world.homes.column("postcode", home).alias("postcode"),
        "country",
    )
    of_story: dict[str, Any] = {
        "entity_id": STORY_ENTITY,
        "household_id": "household-story",
        "first_name": story.FIRST,
        "last_name": story.LAST,
        "sex": "f",
        "street": story.STREET,
        "city": story.CITY,
        "postcode": story.POSTCODE,
        "country": "US",
    }
    return pl.concat([frame, pl.DataFrame([of_story], schema=frame.schema)])
