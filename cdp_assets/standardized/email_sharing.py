"""Who shares an e-mail address: one person, a family, an office, or nobody in particular. Linkage and the golden record
read this one judgement.

========= =============================================================================================================
sharing   when
========= =============================================================================================================
junk      a placeholder by its text; or a crowd of unrelated people carries it at a free-mail, relay or disposable domain,
          or names employers of which none stands out
role      a function's mailbox by its text; or a crowd carries it at a company's domain: an office's mailbox
household several people of one family or two carry it
personal  one person carries it, or nobody with a name does
========= =============================================================================================================

A crowd: people and families are counted by name, spellings of one name once (``people.py``). A couple and their children
from before have two or three family names; misspelt, swapped and married names add some. So many unrelated people
behind one mailbox are no household.

What does not belong here: what the address is by its text (``email_domains.py``); who shares a phone number.
"""

from __future__ import annotations

import polars as pl

from cdp_assets.standardized.email_domains import CORPORATE, PLACEHOLDER, ROLE

PERSON, HOUSEHOLD, OFFICE, JUNK = "personal", "household", "role", "junk"

SHARED_BY_MANY = (OFFICE, JUNK)
"""Kinds of sharing under which an address identifies none of its people, and is nobody's to be sent to."""

CROWD_FAMILIES = 4
"""Unrelated family names at one address from which it is a crowd's, when there are as many people. Three may be one person:
mangled, swapped and missing names make so many of one name in the labelled sets. On generated worlds no household's
address has three, and the smallest junk address fifteen."""

CROWD_PEOPLE = 8
"""More people than this are a crowd even under one or two family names: placeholders of a common name."""

OFFICE_TOP_SHARE = 0.5
"""People behind an office's mailbox name its company. Where employers are named and none by so many, the address is typed
by strangers where one must be given."""

OFFICE_JUDGED_FROM = 3
"""Employers' names that must be known before they speak against an office."""


def is_crowd() -> pl.Expr:
    """Whether the ``people`` and ``families`` of a row are too many and too unrelated to be a household."""
    people, families = pl.col("people"), pl.col("families")
    return (people > CROWD_PEOPLE) | (pl.min_horizontal(people, families) >= CROWD_FAMILIES)


def sharing() -> pl.Expr:
    """The kind of sharing of each row. Reads ``class``, ``people``, ``families``, and ``companies`` (records that name an
    employer) and ``top_company`` (of those, the ones that name the commonest)."""
    strangers = (pl.col("companies") >= OFFICE_JUDGED_FROM) & (
        pl.col("top_company") < OFFICE_TOP_SHARE * pl.col("companies")
    )
    return (
        pl.when(pl.col("class") == PLACEHOLDER)
        .then(pl.lit(JUNK))
        .when(pl.col("class") == ROLE)
        .then(pl.lit(OFFICE))
        .when(is_crowd() & ((pl.col("class") != CORPORATE) | strangers))
        .then(pl.lit(JUNK))
        .when(is_crowd())
        .then(pl.lit(OFFICE))
        .when(pl.col("people") > 1)
        .then(pl.lit(HOUSEHOLD))
        .otherwise(pl.lit(PERSON))
    )


def employers_named(carried: pl.DataFrame) -> pl.DataFrame:
    """``email``, ``companies`` and ``top_company`` of each address some record of which names an employer.

    ``carried``: ``email``, ``record_id`` and ``company_norm``, a row per record version and address.
    """
    named = carried.select("email", "record_id", "company_norm").drop_nulls().unique()
    counted = named.group_by("email", "company_norm").agg(pl.len().cast(pl.Int64).alias("n"))
    return counted.group_by("email").agg(companies=pl.col("n").sum(), top_company=pl.col("n").max())
