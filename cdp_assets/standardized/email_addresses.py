"""E-mail addresses as things of their own: what each is, who carries it, whether it is alive.

A dead address still identifies; it is never a send target. Everything is judged against the newest observation in the
data, never against the clock: the same data give the same answer tomorrow.

========== ==========================================================================================================
status     when
========== ==========================================================================================================
dead       a bounce was reported, and nobody at it has engaged since
active     somebody at it engaged within two years, or a record carried it within one
stale      neither seen nor engaged for two years
unverified else
========== ==========================================================================================================

People are counted by name, not by record: spellings of one name are one person, so that typing errors do not make an
address look shared. Shared are role and placeholder addresses, and addresses of people who are not one household.

What does not belong here: what an address is by its text (``email_domains.py``); consent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
from rapidfuzz.distance import JaroWinkler

from cdp_assets.standardized.email_domains import describe_emails
from cdp_assets.standardized.event_words import BOUNCED, ENGAGED_ACTIVITIES
from cdp_assets.tables import EMAIL_ADDRESSES

ACTIVE_WITHIN = timedelta(days=365)
ENGAGED_WITHIN = timedelta(days=730)
STALE_AFTER = timedelta(days=730)
"""Business addresses lose about a fifth a year, and a mailbox that is not opened for two years is mostly abandoned."""

SHARED_CLASSES = ("role", "placeholder")
LARGEST_HOUSEHOLD = 4
"""First names under one family name at one address, before it is more than a household."""

SHARED_BY_FAMILIES = 3
"""Couples and stepfamilies have two family names; three unrelated ones are not one household."""

SAME_NAME_SIMILARITY = 0.85
"""Jaro-Winkler similarity from which two spellings count as one name here; errors either way only shift a count."""

CROWD_OF_NAMES = 40
"""So many distinct names are a crowd; nobody compares their spellings."""

Name = tuple[str | None, str | None]
"""Root of the given name, and family name."""


def email_addresses(versions: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/email_addresses`` from ``standardized/record_versions``, sorted by address."""
    if versions.is_empty():
        return EMAIL_ADDRESSES.empty()
    carried = (
        versions.select(
            "record_id", "first_name_root", "last_name_norm", "observed_at", "last_seen_at", "activity", email="emails"
        )
        .explode("email")
        .drop_nulls("email")
    )
    counted = _dated(carried).join(_people(carried), on="email", how="left")
    described = describe_emails(counted.get_column("email")).drop("email")
    newest = versions.select(pl.max_horizontal(pl.col("observed_at").max(), pl.col("last_seen_at").max())).item()
    table = counted.hstack(described).with_columns(status=_status(pl.lit(newest)), is_shared=_is_shared())
    return EMAIL_ADDRESSES.conform(table.select(EMAIL_ADDRESSES.schema.keys()).sort("email"))


def _dated(carried: pl.DataFrame) -> pl.DataFrame:
    seen_at = pl.max_horizontal("observed_at", "last_seen_at")
    is_bounce = (pl.col("activity") == BOUNCED).fill_null(False)
    is_engaged = pl.col("activity").is_in(sorted(ENGAGED_ACTIVITIES)).fill_null(False)
    return carried.group_by("email").agg(
        pl.col("record_id").n_unique().cast(pl.Int64).alias("records"),
        pl.col("observed_at").min().alias("first_seen_at"),
        seen_at.max().alias("last_seen_at"),
        seen_at.filter(~is_bounce).max().alias("carried_at"),
        pl.col("observed_at").filter(is_bounce).max().alias("bounced_at"),
        seen_at.filter(is_engaged).max().alias("engaged_at"),
    )


def _status(newest: pl.Expr) -> pl.Expr:
    bounced, engaged, carried = pl.col("bounced_at"), pl.col("engaged_at"), pl.col("carried_at")
    is_dead = bounced.is_not_null() & (engaged.is_null() | (bounced >= engaged))
    is_active = (engaged >= newest - ENGAGED_WITHIN).fill_null(False) | (carried >= newest - ACTIVE_WITHIN).fill_null(
        False
    )
    is_stale = pl.max_horizontal("last_seen_at", engaged) < newest - STALE_AFTER
    return (
        pl.when(is_dead)
        .then(pl.lit("dead"))
        .when(is_active)
        .then(pl.lit("active"))
        .when(is_stale)
        .then(pl.lit("stale"))
        .otherwise(pl.lit("unverified"))
    )


def _is_shared() -> pl.Expr:
    people, families = pl.col("people"), pl.col("families")
    return (
        pl.col("class").is_in(SHARED_CLASSES)
        | (people > LARGEST_HOUSEHOLD)
        | ((families >= SHARED_BY_FAMILIES) & (people >= SHARED_BY_FAMILIES))
    )


def _people(carried: pl.DataFrame) -> pl.DataFrame:
    """``people`` and ``families`` of each address. Only addresses with several names need their spellings compared."""
    named = carried.select("email", "first_name_root", "last_name_norm").unique()
    has_name = pl.col("first_name_root").is_not_null() | pl.col("last_name_norm").is_not_null()
    counts = named.group_by("email").agg(
        has_name.sum().cast(pl.Int64).alias("names"),
        pl.col("last_name_norm").drop_nulls().n_unique().cast(pl.Int64).alias("last_names"),
    )
    several = counts.filter(pl.col("names").is_between(2, CROWD_OF_NAMES)).select("email")
    groups = (
        named.filter(has_name)
        .join(several, on="email", how="semi")
        .sort("first_name_root", "last_name_norm")
        .group_by("email")
        .agg("first_name_root", "last_name_norm")
    )
    compared = [
        (email, *_people_and_families(list(zip(firsts, lasts, strict=True))))
        for email, firsts, lasts in groups.iter_rows()
    ]
    schema = {"email": pl.String, "people": pl.Int64, "families": pl.Int64}
    told = pl.DataFrame(compared, schema=schema, orient="row")
    return counts.join(told, on="email", how="left").select(
        "email",
        people=pl.coalesce("people", "names"),
        families=pl.coalesce("families", "last_names"),
    )


def _people_and_families(names: Sequence[Name]) -> tuple[int, int]:
    """How many people and family names stand behind spellings; the fullest names are compared first."""
    fullest_first = sorted(
        names, key=lambda name: (-sum(len(part or "") > 1 for part in name), name[1] or "", name[0] or "")
    )
    people: list[Name] = []
    families: list[str] = []
    for name in fullest_first:
        if not any(_may_be_one(name, other) for other in people):
            people.append(name)
            if name[1] and not any(_is_like(name[1], family) for family in families):
                families.append(name[1])
    return len(people), len(families)


def _may_be_one(name: Name, other: Name) -> bool:
    """Both parts agree, straight or swapped; what is missing or an initial agrees with everything that begins so."""
    (first, last), (other_first, other_last) = name, other
    straight = _agrees(first, other_first) and _agrees(last, other_last)
    return straight or (_agrees(first, other_last) and _agrees(last, other_first) and bool(first and last))


def _agrees(part: str | None, other: str | None) -> bool:
    if not part or not other:
        return True
    if len(part) == 1 or len(other) == 1:
        return part[0] == other[0]
    return _is_like(part, other)


def _is_like(part: str, other: str) -> bool:
    return bool(JaroWinkler.similarity(part, other) >= SAME_NAME_SIMILARITY)
