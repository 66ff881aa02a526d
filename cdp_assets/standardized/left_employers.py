"""Who left an employer: the same person seen with a newer corporate address at another domain, and not with the old one since.

The same person, judged here before any linkage: one name (root of the given name, and family name), and one more thing in
common: the record itself in a later version, a phone, the date of birth, the street with number and postcode, or an
exact identifier. A namesake shares none of these. Only addresses that are one person's are looked at.

What does not belong here: whether two records are one customer (linkage); what became of the company (``gone_domains.py``).
"""

from __future__ import annotations

import polars as pl

MOST_ADDRESSES = 12
"""Nobody has more corporate addresses under one name and one thing in common; more are a family business or a test."""


def left_employers(carried: pl.DataFrame, versions: pl.DataFrame, corporate: pl.DataFrame) -> pl.DataFrame:
    """``email`` and ``left_at`` (first sighting of the newer address) of each address whose person has left.

    ``carried``: see ``email_lives.carried_addresses``, of ``versions``. ``corporate``: ``email`` and ``alive_at`` of
    corporate addresses of one person each.
    """
    theirs = _of_movers(carried.join(corporate.select("email"), on="email", how="semi"))
    if theirs.is_empty():
        return pl.DataFrame(schema={"email": pl.String(), "left_at": versions.schema["observed_at"]})
    spans = _with_something_in_common(theirs, versions)
    pairs = spans.join(spans.select("person", later="email", later_domain="domain", later_from="since"), on="person")
    return (
        pairs.filter((pl.col("domain") != pl.col("later_domain")) & (pl.col("later_from") > pl.col("since")))
        .join(corporate, on="email")
        .filter(pl.col("alive_at").is_null() | (pl.col("later_from") > pl.col("alive_at")))
        .group_by("email")
        .agg(pl.col("later_from").min().alias("left_at"))
    )


def _of_movers(carried: pl.DataFrame) -> pl.DataFrame:
    """Rows under names that are seen at two domains or more; nobody else can have moved."""
    named = carried.drop_nulls(["first_name_root", "last_name_norm"]).with_columns(
        name=pl.concat_str("first_name_root", pl.lit("|"), "last_name_norm")
    )
    names = named.select("name", "domain").unique().group_by("name").len().filter(pl.col("len") > 1)
    return named.join(names.select("name"), on="name", how="semi")


def _with_something_in_common(named: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """``person`` (a name and one thing), ``email``, ``domain`` and ``since``; persons seen at two domains or more."""
    rows = named.select("row").unique().sort("row")
    said = versions.select("phones", "date_of_birth", "addresses", "identifiers").rechunk()
    # Out of one piece: out of several, as files are read, it takes many times as long.
    said = said[rows.get_column("row")]
    said = said.with_columns(row=rows.get_column("row"))
    place = pl.col("addresses").list.first().struct
    one = pl.col("identifiers").struct
    things = [
        named.select("row", thing="record_id"),
        said.select("row", thing="phones").explode("thing"),
        said.select("row", thing=pl.col("date_of_birth").cast(pl.String)),
        said.select(
            "row",
            thing=pl.concat_str(*(place.field(part) for part in ("street_norm", "house_number", "postcode_norm"))),
        ),
        said.select("row", "identifiers")
        .explode("identifiers")
        .select("row", thing=pl.concat_str(one.field("type"), pl.lit("="), one.field("value"))),
    ]
    common = pl.concat(things).drop_nulls("thing").unique()
    spans = (
        named.select("row", "name", "email", "domain", "observed_at")
        .join(common, on="row")
        .group_by("name", "thing", "email", "domain")
        .agg(pl.col("observed_at").min().alias("since"))
    )
    counted = spans.group_by("name", "thing").agg(
        pl.len().alias("addresses"), pl.col("domain").n_unique().alias("domains")
    )
    movers = counted.filter((pl.col("domains") > 1) & (pl.col("addresses") <= MOST_ADDRESSES))
    numbered = movers.select("name", "thing").with_row_index("person")
    return spans.join(numbered, on=["name", "thing"]).select("person", "email", "domain", "since")
