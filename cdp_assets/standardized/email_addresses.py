"""E-mail addresses as things of their own: one row each, with what it is, who shares it, what was meant, whether it lives.

This module only brings together what others judge: the class by its text (``email_domains.py``), a domain that was
mistyped (``mistyped_domains.py``), who shares it (``email_sharing.py``), the dates of its life (``email_lives.py``), who
left (``left_employers.py``), domains that are gone (``gone_domains.py``), and what follows (``email_status.py``).

What does not belong here: which record is whose; consent.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.standardized.email_decay import email_decay, hazards
from cdp_assets.standardized.email_domains import CORPORATE, describe_emails, local_part, open_domains
from cdp_assets.standardized.email_lives import carried_addresses, email_lives
from cdp_assets.standardized.email_sharing import HOUSEHOLD, PERSON, SHARED_BY_MANY, employers_named, sharing
from cdp_assets.standardized.email_status import ACTIVE, DEAD, STALE, UNVERIFIED, with_status
from cdp_assets.standardized.emails import standardize_emails
from cdp_assets.standardized.gone_domains import gone_domains
from cdp_assets.standardized.left_employers import left_employers
from cdp_assets.standardized.mistyped_domains import mistyped_domains
from cdp_assets.standardized.people import people_sharing
from cdp_assets.standardized.text import word_list
from cdp_assets.tables import EMAIL_ADDRESSES, MOMENT

VERSION_COLUMNS = [
    "record_id", "source", "first_name_root", "last_name_norm", "company_norm", "observed_at", "last_seen_at", "activity",
    "emails", "phones", "date_of_birth", "addresses", "identifiers",
]  # fmt: skip
"""Columns of record versions that the addresses are made from: nothing else needs to be read."""

_YEAR = pl.duration(days=365.25)


@dataclass(frozen=True)
class EmailTables:
    """``addresses``: rows of ``standardized/email_addresses``; ``decay``: of ``standardized/email_decay``, by which their
    chances were judged."""

    addresses: pl.DataFrame
    decay: pl.DataFrame


def email_addresses(versions: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/email_addresses`` from ``standardized/record_versions``, sorted by address."""
    return email_tables(versions).addresses


def email_tables(versions: pl.DataFrame) -> EmailTables:
    """Both tables from ``standardized/record_versions``; the order of its rows does not matter."""
    carried = carried_addresses(versions)
    lives = email_lives(carried)
    suggested = _with_suggestions(lives, carried)
    classed = suggested.with_columns(_classes(suggested, carried))
    shared = (
        classed.join(people_sharing(carried, "email"), on="email", how="left")
        .join(employers_named(carried), on="email", how="left")
        .with_columns(pl.col("companies", "top_company").fill_null(0))
        .with_columns(sharing=sharing())
        .with_columns(is_shared=pl.col("sharing").is_in(SHARED_BY_MANY))
    )
    dated = _with_ends(shared, carried, versions)
    decay = email_decay(dated)
    newest = versions.select(pl.max_horizontal(pl.col("observed_at").max(), pl.col("last_seen_at").max())).item()
    judged = with_status(dated, hazards(decay), pl.lit(newest, dtype=MOMENT))
    return EmailTables(EMAIL_ADDRESSES.conform(judged.select(EMAIL_ADDRESSES.schema.keys()).sort("email")), decay)


def address_counts(addresses: pl.DataFrame) -> dict[str, int]:
    """How many addresses there are, by status and kind of sharing, and with a suggestion."""
    by = {name: dict(addresses.get_column(name).value_counts().iter_rows()) for name in ("status", "sharing")}
    return {
        "addresses": addresses.height,
        **{status: by["status"].get(status, 0) for status in (ACTIVE, UNVERIFIED, STALE, DEAD)},
        **{f"shared_{kind}": by["sharing"].get(kind, 0) for kind in (HOUSEHOLD, *SHARED_BY_MANY)},
        "with_a_suggestion": addresses.get_column("suggestion").count(),
        "suggestions_that_agree": int(addresses.get_column("suggestion_agrees").sum()),
    }


def _with_suggestions(lives: pl.DataFrame, carried: pl.DataFrame) -> pl.DataFrame:
    """Adds ``meant`` (a domain), ``suggestion``, ``suggestion_confidence`` and ``suggestion_agrees``."""
    used = lives.group_by("domain").agg(
        pl.len().cast(pl.Int64).alias("addresses"),
        pl.col("is_reached").sum().cast(pl.Int64).alias("reached"),
        pl.col("bounced_at").is_not_null().sum().cast(pl.Int64).alias("bounced"),
        ((pl.col("alive_at") - pl.col("first_seen_at")) / _YEAR).max().fill_null(0.0).alias("years"),
    )
    meant = mistyped_domains(used).rename({"confidence": "suggestion_confidence"})
    found = lives.join(meant, on="domain", how="left", maintain_order="left")
    found = found.with_columns(suggestion=local_part() + "@" + pl.col("meant"))
    found = found.with_columns(standardize_emails(found.get_column("suggestion")))
    agreeing = _agreeing(found, carried).with_columns(suggestion_agrees=pl.lit(True))
    agrees = pl.when(pl.col("suggestion").is_not_null()).then(pl.col("suggestion_agrees").fill_null(False))
    return found.join(agreeing, on="email", how="left", maintain_order="left").with_columns(suggestion_agrees=agrees)


def _agreeing(found: pl.DataFrame, carried: pl.DataFrame) -> pl.DataFrame:
    """Addresses whose suggestion a record of the same name carries."""
    name = ["first_name_root", "last_name_norm"]
    suggested = found.drop_nulls("suggestion").select("email", "suggestion")
    if suggested.is_empty():
        return suggested.select("email")
    either = pl.concat([suggested.select("email"), suggested.select(email="suggestion")])
    named = carried.select("email", *name).join(either, on="email", how="semi").drop_nulls().unique()
    theirs = suggested.join(named, on="email")
    return (
        theirs.join(named, left_on=["suggestion", *name], right_on=["email", *name], how="semi")
        .select("email")
        .unique()
    )


def _classes(suggested: pl.DataFrame, carried: pl.DataFrame) -> pl.Series:
    """The class of each address. Open at the domain that was meant is open at the mistyped one."""
    free_mail = open_domains(carried)
    listed = word_list("free_mail_domains.txt") | free_mail
    slips = suggested.filter(pl.col("meant").is_in(sorted(listed))).get_column("domain").unique().to_list()
    return describe_emails(suggested.get_column("email"), free_mail | set(slips)).get_column("class")


def _with_ends(addresses: pl.DataFrame, carried: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Adds ``left_at`` and ``domain_gone_at``, where nobody at the address engaged, nor was delivered to, since."""
    own = addresses.filter(
        (pl.col("class") == CORPORATE) & (pl.col("sharing") == PERSON) & pl.col("suggestion").is_null()
    )
    left = left_employers(carried, versions, own.select("email", "alive_at"))
    own = own.join(left, on="email", how="left")
    gone = gone_domains(carried, own.select("email", "domain", "alive_at", "bounced_at", "left_at"))
    is_corporate = pl.col("class") == CORPORATE
    return (
        addresses.join(left, on="email", how="left", maintain_order="left")
        .join(gone, on="domain", how="left", maintain_order="left")
        .with_columns(domain_gone_at=pl.when(is_corporate).then("domain_gone_at"))
    )
