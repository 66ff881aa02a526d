"""Linkage profiles: the distinct compared values of record versions, so that equal records are compared once.

All versions count: a former address still identifies. A version with several postal addresses gives one profile per
address; e-mails, phones and identifiers stay side by side in lists, without those that a crowd shares.

What does not belong here: how two profiles compare (``comparisons.py``) and columns derived for it (``comparable.py``).
"""

from __future__ import annotations

import duckdb
import polars as pl

from cdp_assets.candidate_links.lists import tidied
from cdp_assets.candidate_links.shared import CROWD_SHARING
from cdp_assets.tables import LINKAGE_PROFILES, PROFILE_MEMBERS, PROFILE_VALUES

_ADDRESS_PARTS = {
    "street": "street_norm",
    "house_number": "house_number",
    "city": "city_norm",
    "region": "region_norm",
    "postcode": "postcode_norm",
    "country": "country",
}
_LISTS = ("emails", "phones", "identifiers")
_SEPARATOR = "\x1f"  # unit separator: no delivered text keeps control characters
_INNER = "\x1e"
# 63 bits of md5 (not a secret, a name): a positive BIGINT, the id type that Splink joins fastest.
_PROFILE_ID = "(md5_number_lower(said) & 9223372036854775807)::BIGINT"


def linkage_profiles(
    versions: pl.DataFrame, shared: pl.DataFrame, one_row_sources: set[str], probable: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Profiles of all record versions, and which records have them.

    ``versions`` is ``standardized/record_versions``, ``shared`` ``candidate_links/shared_identifiers``;
    ``one_row_sources`` are sources whose contract says ``one_row_per_person``; ``probable`` is
    ``standardized/probable_emails`` (None: none are known). Every record has at least one profile.

    A probable address goes with the versions of its record that carry the address it was derived from, or that say a
    name and a company where it was predicted from those. It is part of the compared values.

    Records share a profile only where its values identify a person; two records that say no more than "John Smith" stay
    two profiles and are compared like any others. So do two records of a one-row-per-person source.
    """
    said = _with_probable(_values(versions, one_row_sources), probable)
    said = _without_crowd(said, shared)
    said = said.with_columns(
        pl.when(_identifies() & pl.col("source").is_null())
        .then(pl.lit(""))
        .otherwise(pl.col("record_id"))
        .alias("alone"),
    )
    hashed = said.with_columns(_said())
    with duckdb.connect() as db:
        db.register("hashed", hashed.select("row", "said").to_arrow())
        ids = db.sql(f'SELECT "row", {_PROFILE_ID} AS profile_id FROM hashed').pl()
    said = said.join(ids, on="row", how="inner")
    members = said.select("profile_id", "record_id").unique().sort("profile_id", "record_id")
    counts = members.group_by("profile_id").agg(pl.len().cast(pl.Int64).alias("records"))
    profiles = (
        said.select("profile_id", *(column.name for column in PROFILE_VALUES))
        .unique(subset="profile_id", keep="any", maintain_order=False)  # equal id, equal values
        .join(counts, on="profile_id")
        .sort("profile_id")
    )
    return LINKAGE_PROFILES.conform(profiles), PROFILE_MEMBERS.conform(members)


def _values(versions: pl.DataFrame, one_row_sources: set[str]) -> pl.DataFrame:
    """One row per version and postal address, with the compared values under their profile names."""
    identifiers = pl.col("identifiers").list.eval(
        pl.concat_str(pl.element().struct.field("type"), pl.element().struct.field("value"), separator="=")
    )
    born = pl.coalesce(pl.col("date_of_birth_text"), pl.col("date_of_birth").dt.to_string("%Y-%m-%d"))
    plain = versions.select(
        "record_id",
        pl.when(pl.col("source").is_in(sorted(one_row_sources))).then(pl.col("source")).alias("source"),
        _text("first_name_norm").alias("first_name"),
        _text("first_name_root").alias("first_name_root"),
        _text("middle_name_norm").alias("middle_name"),
        _text("last_name_norm").alias("last_name"),
        _text("suffix_norm").alias("suffix"),
        _text("sex").alias("sex"),
        born.alias("date_of_birth"),
        tidied(pl.col("emails")).alias("emails"),
        tidied(pl.col("phones")).alias("phones"),
        tidied(identifiers).alias("identifiers"),
        _text("company_norm").alias("company"),
        pl.col("job_title").str.to_lowercase().str.strip_chars().replace("", None).alias("job_title"),
        pl.col("addresses").alias("address"),
    )
    plain = _comparable_addresses(plain)
    parts = [
        pl.col("address").struct.field(kept).replace("", None).alias(name) for name, kept in _ADDRESS_PARTS.items()
    ]
    return plain.with_columns(parts).drop("address").with_row_index("row")


def _with_probable(said: pl.DataFrame, probable: pl.DataFrame | None) -> pl.DataFrame:
    """Adds ``probable_emails``: those of the record that these values speak for, without those that they carry."""
    none = pl.lit([], dtype=pl.List(pl.String))
    if probable is None or probable.is_empty():
        return said.with_columns(none.alias("probable_emails"))
    asked = said.select("row", "record_id", "emails", "company", "last_name").join(
        probable.select("record_id", "email", "derived_from"), on="record_id", how="inner"
    )
    is_named = pl.col("company").is_not_null() & pl.col("last_name").is_not_null()
    speaks = (
        pl.when(pl.col("derived_from").is_null())
        .then(is_named)
        .otherwise(pl.col("emails").list.contains(pl.col("derived_from")))
    )
    fitting = asked.filter(speaks & ~pl.col("emails").list.contains(pl.col("email")))
    lists = fitting.group_by("row").agg(pl.col("email").unique().sort().alias("probable_emails"))
    return said.join(lists, on="row", how="left", maintain_order="left").with_columns(
        pl.col("probable_emails").fill_null(none)
    )


def _comparable_addresses(plain: pl.DataFrame) -> pl.DataFrame:
    """One row per version and address: the first, and each further one that says where it is; one row where there is none.

    A further address without town and postcode (a building's name in a second line) would be compared as "nothing to
    compare", and its profile would hide that the first addresses differ.
    """
    place = pl.col("address").struct
    says_where = place.field("city_norm").is_not_null() | place.field("postcode_norm").is_not_null()
    several = plain.filter(pl.col("address").list.len() > 1)
    further = several.with_columns(pl.col("address").list.slice(1)).explode("address").filter(says_where)
    return pl.concat([plain.with_columns(pl.col("address").list.first()), further])


def _text(name: str) -> pl.Expr:
    return pl.when(pl.col(name).str.len_chars() > 0).then(pl.col(name))


def _without_crowd(said: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """Leave out values that a crowd, a role or a placeholder shares: they say nothing of one person."""
    crowd = shared.filter(pl.col("sharing").is_in(CROWD_SHARING)).select("type", "value")
    for column, kind in (("emails", "email"), ("probable_emails", "email"), ("phones", "phone")):
        banned = crowd.filter(pl.col("type") == kind).get_column("value").to_list()
        said = said.with_columns(_minus(pl.col(column), banned))
    banned = (
        crowd.filter(~pl.col("type").is_in(["email", "phone"]))
        .select(pl.concat_str("type", "value", separator="="))
        .to_series()
        .to_list()
    )
    return said.with_columns(_minus(pl.col("identifiers"), banned))


def _minus(values: pl.Expr, banned: list[str]) -> pl.Expr:
    if not banned:
        return values
    return values.list.eval(pl.element().filter(~pl.element().is_in(banned)))


def _identifies() -> pl.Expr:
    """True where equal values mean one person: a whole name with something of its own, or an unshared address or key."""
    named = pl.col("first_name").is_not_null() & pl.col("last_name").is_not_null()
    placed = pl.any_horizontal(pl.col(name).is_not_null() for name in ("date_of_birth", "street", "postcode"))
    own = (pl.col("emails").list.len() > 0) | (pl.col("identifiers").list.len() > 0)
    called = (pl.col("phones").list.len() > 0) & (
        named | pl.all_horizontal(pl.col(n).is_null() for n in ("first_name", "last_name"))
    )
    listed = pl.col("company").is_not_null() & pl.col("street").is_not_null()  # organisations have no first name
    return own | called | (named & placed) | (listed & pl.col("first_name").is_null() & pl.col("last_name").is_null())


def _said() -> pl.Expr:
    """All values of a profile as one text; null and empty differ from any value."""
    parts = [
        pl.col(column.name).list.join(_INNER) if column.name in _LISTS else pl.col(column.name).fill_null("\x00")
        for column in PROFILE_VALUES
        if column.name != "probable_emails"
    ]
    delivered = pl.concat_str(*parts, pl.col("alone"), separator=_SEPARATOR)
    # Only where there are any: a profile keeps its id, whatever is learned of other companies.
    probable = pl.when(pl.col("probable_emails").list.len() > 0).then(
        pl.lit(_SEPARATOR) + pl.col("probable_emails").list.join(_INNER)
    )
    return (delivered + probable.fill_null("")).alias("said")
