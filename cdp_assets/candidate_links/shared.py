"""Which e-mails, phones and identifiers more than one record carries, and how far each still tells people apart.

A value that a whole office, a junk entry or a call centre puts on many people proves nothing about two of them. Counted
here by *people* (distinct names), never by records: a customer with nine records is one person.

What does not belong here: who shares an e-mail address: ``standardized/email_addresses`` judges that once, for all.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import SHARED_IDENTIFIERS

# A family, a couple with an ex and two children, or one person misspelt in half a dozen ways carries up to so many names;
# more than that is an office, a shop's counter or a placeholder.
CROWD_PEOPLE = 8
# Families (first letters of the family name, so that misspellings do not count) among those people. A name that
# is spelt in ten ways keeps its first letters; an office does not.
CROWD_FAMILIES = 4
SHARING_OF_EMAILS = {"junk": "crowd"}
"""The words here of what ``standardized/email_addresses`` says in its own; the others are the same."""

CROWD_SHARING = ("crowd", "role")

CARRYING_COLUMNS = ["record_id", "first_name_root", "last_name_norm", "emails", "phones", "identifiers"]
"""Columns of record versions that say who carries what."""


def declared_caps(contracts: Iterable[SourceContract]) -> dict[str, int]:
    """How many people may share an identifier, by its kind, where a contract says so (``shared_by_at_most``)."""
    return {
        name: identifier.shared_by_at_most
        for contract in contracts
        for name, identifier in contract.identifiers.items()
        if identifier.shared_by_at_most is not None
    }


def identifier_values(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per record version and e-mail, phone or identifier: ``type``, ``value``, ``record_id`` and name columns."""
    names = ["record_id", "first_name_root", "last_name_norm"]
    parts = [
        versions.select(*names, pl.lit("email").alias("type"), pl.col("emails").alias("value")).explode("value"),
        versions.select(*names, pl.lit("phone").alias("type"), pl.col("phones").alias("value")).explode("value"),
        versions.select(*names, pl.col("identifiers").alias("one"))
        .explode("one")
        .select(*names, pl.col("one").struct.field("type"), pl.col("one").struct.field("value")),
    ]
    return pl.concat([part.select(*names, "type", "value") for part in parts]).filter(
        pl.col("value").is_not_null() & pl.col("type").is_not_null()
    )


def shared_identifiers(versions: pl.DataFrame, emails: pl.DataFrame, caps: dict[str, int]) -> pl.DataFrame:
    """Every value that more than one record carries, with how it is shared.

    ``versions`` is ``standardized/record_versions`` (all versions, :data:`CARRYING_COLUMNS`), ``emails`` is ``standardized/email_addresses``,
    ``caps`` the contracts' ``shared_by_at_most`` per identifier: above that many people the value is a crowd's.
    Returns a frame of ``candidate_links/shared_identifiers``, sorted by key. Addresses of functions and junk are listed
    even when one record carries them: they never identify.
    """
    values = identifier_values(versions)
    person = pl.when(pl.col("first_name_root").is_not_null() | pl.col("last_name_norm").is_not_null()).then(
        pl.concat_str(pl.col("first_name_root").fill_null(""), pl.col("last_name_norm").fill_null(""), separator="|")
    )
    letters = pl.concat_list(
        pl.col("first_name_root").str.slice(0, 1), pl.col("last_name_norm").str.slice(0, 1)
    )  # both, because names come swapped
    counted = (
        values.with_columns(
            person.alias("person"),
            pl.when(pl.col("last_name_norm").is_not_null())
            .then(letters.list.drop_nulls().list.sort().list.join(""))
            .alias("family"),
        )
        .group_by("type", "value")
        .agg(
            pl.col("record_id").n_unique().cast(pl.Int64).alias("records"),
            pl.col("person").drop_nulls().n_unique().cast(pl.Int64).alias("people"),
            pl.col("family").drop_nulls().n_unique().cast(pl.Int64).alias("families"),
            pl.col("last_name_norm").drop_nulls().n_unique().cast(pl.Int64).alias("last_names"),
        )
    )
    mailboxes = emails.select(
        pl.lit("email").alias("type"),
        pl.col("email").alias("value"),
        pl.col("people").alias("people_of_address"),
        pl.col("sharing").replace(SHARING_OF_EMAILS).alias("judged"),
    )
    declared = pl.DataFrame(
        {"type": list(caps), "cap": list(caps.values())}, schema={"type": pl.String, "cap": pl.Int64}
    )
    judged = counted.join(mailboxes, on=["type", "value"], how="left").join(declared, on="type", how="left")
    crowd = ((pl.col("people") > CROWD_PEOPLE) & (pl.col("families") > CROWD_FAMILIES)) | (
        pl.col("cap").is_not_null() & (pl.col("people") > pl.col("cap"))
    )
    is_nobodys = pl.col("judged").is_in(CROWD_SHARING).fill_null(False)
    return SHARED_IDENTIFIERS.conform(
        judged.filter((pl.col("records") > 1) | is_nobodys)
        .select(
            "type",
            "value",
            "records",
            pl.coalesce("people_of_address", "people").alias("people"),
            pl.when(pl.col("judged").is_not_null())
            .then("judged")
            .when(crowd)
            .then(pl.lit("crowd"))
            .when(pl.col("people") > 1)
            .then(pl.lit("household"))
            .otherwise(pl.lit("personal"))
            .alias("sharing"),
        )
        .sort("type", "value")
    )
