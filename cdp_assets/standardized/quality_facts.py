"""What the audit's rules are judged by: facts of current records, of their addresses, phone numbers and identifiers.

A fact that needs more than its own record (the city that a postcode usually is in, the sex that a first name usually
has) is learned from the data of all sources, and only where support is overwhelming; elsewhere it is null, and the
record could not have shown the finding.

What does not belong here: what is a finding (``quality_rules.py``) and counting (``quality_findings.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
import polars as pl
from rapidfuzz.distance import JaroWinkler

from cdp_assets.standardized.quality_report import COLUMNS as COUNTED_COLUMNS

VERSION_COLUMNS = sorted(
    {*COUNTED_COLUMNS, "observed_at", "last_seen_at", "is_current", "suffix_norm", "first_name_root"}
)
"""Columns of record versions that facts are told from, and counted in: nothing else needs to be read."""

ADDRESS_COLUMNS = ["email", "class", "suggestion", "status", "is_shared", "last_seen_at", "engaged_at", "people"]
"""The same of e-mail addresses."""

USUAL_SUPPORT = 10
"""Homes in a postcode, people of a first name, from which the data are asked what is usual: with nine of ten agreeing, the
chance that a coin decided is below one in a hundred."""

USUAL_SHARE = 0.9
"""Share of them that must agree. Below it a postcode may have two post towns, a name two sexes."""

SAME_SPELLING = 0.85
"""Jaro-Winkler similarity from which two spellings are one name with a slip."""

SHORTEST_FIRST_NAME = 2
"""An initial is no full name: 'j smith' at one address may be John and Jane."""

_COUNTRY_CODES = {
    str(code): frozenset(regions) for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if code
}
_NAME = ["first_name", "last_name", "suffix"]
_SAME = ["source", "record_id", *_NAME, "has_namesake"]


@dataclass(frozen=True)
class Facts:
    """The facts of each unit, one row per record, per source and address, source and number, record and identifier.

    ``current``: the current rows of ``standardized/record_versions`` that they are of. All hold personal values.
    """

    current: pl.DataFrame
    records: pl.DataFrame
    addresses: pl.DataFrame
    numbers: pl.DataFrame
    identifiers: pl.DataFrame


def facts(versions: pl.DataFrame, email_addresses: pl.DataFrame) -> Facts:
    """The facts of ``standardized/record_versions`` and ``standardized/email_addresses``."""
    current = versions.filter("is_current")
    newest = versions.select(pl.max_horizontal(pl.col("observed_at").max(), pl.col("last_seen_at").max())).item()
    records = _plain(current).with_columns(newest=pl.lit(newest, dtype=pl.Datetime("us", "UTC")))
    records = _with_history(records, versions)
    addresses = _addresses(records, email_addresses)
    numbers = _numbers(records)
    records = _with_usual_place(records, "city")
    records = _with_usual_place(records, "region")
    records = _with_usual_sex(records)
    records = _with_phone_country(records)
    records = _with_repeats(records, email_addresses, numbers)
    return Facts(current, records, addresses, numbers, _identifiers(current))


def _plain(current: pl.DataFrame) -> pl.DataFrame:
    home = pl.col("addresses").list.first().struct
    is_event = pl.any_horizontal(pl.col("activity", "consent", "corrected_field").is_not_null())
    return current.select(
        "record_id",
        "source",
        "observed_at",
        "landed_at",
        "date_of_birth",
        "sex",
        "emails",
        "phones",
        pl.col("phones").list.first().alias("phone"),
        first_name="first_name_norm",
        last_name="last_name_norm",
        suffix=pl.col("suffix_norm").fill_null(""),
        root="first_name_root",
        is_event=is_event,
        country=home.field("country"),
        city=home.field("city_norm"),
        region=home.field("region_norm"),
        postcode=home.field("postcode_norm"),
        street=home.field("street_norm"),
        house=home.field("house_number"),
    )


def _with_history(records: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Adds what only a record's history tells: when it was first seen, and how many dates of birth it has had.

    Few records have a history: the others have been seen once, and tell what they tell now.
    """
    born = pl.col("date_of_birth")
    histories = (
        versions.filter(pl.col("record_id").is_duplicated())
        .group_by("record_id")
        .agg(
            pl.col("observed_at").min().alias("first_seen_at"),
            born.count().alias("versions_with_birth_date"),
            born.drop_nulls().n_unique().alias("birth_dates"),
        )
    )
    tells = born.is_not_null().cast(pl.UInt32)
    return records.join(histories, on="record_id", how="left", maintain_order="left").with_columns(
        pl.coalesce("first_seen_at", "observed_at").alias("first_seen_at"),
        pl.coalesce("versions_with_birth_date", tells).alias("versions_with_birth_date"),
        pl.coalesce("birth_dates", tells).alias("birth_dates"),
    )


def _addresses(records: pl.DataFrame, email_addresses: pl.DataFrame) -> pl.DataFrame:
    carried = records.select("source", email="emails").explode("email").drop_nulls("email").unique()
    return carried.join(email_addresses.select(ADDRESS_COLUMNS), on="email", how="inner")


def _numbers(records: pl.DataFrame) -> pl.DataFrame:
    """Who shares a number is counted over all sources."""
    carried = records.select("source", "last_name", phone="phones").explode("phone").drop_nulls("phone")
    families = carried.select("phone", "last_name").drop_nulls().unique().group_by("phone").len("families")
    return (
        carried.select("source", "phone")
        .unique()
        .join(families, on="phone", how="left")
        .with_columns(pl.col("families").fill_null(0))
    )


def _with_usual_place(records: pl.DataFrame, part: str) -> pl.DataFrame:
    """Adds ``usual_<part>`` of the postcode, and ``<part>_is_close``: nearly spelt so, or one contains the other."""
    area = ["country", "postcode"]
    usual = f"usual_{part}"
    homes = records.select(*area, part, "street", "house").drop_nulls(["postcode", part, "street"]).unique()
    learned = _commonest(homes, area, part).rename({"usual": usual})
    joined = records.join(learned, on=area, how="left", nulls_equal=True, maintain_order="left")
    pairs = joined.select(part, usual).drop_nulls().unique().filter(pl.col(part) != pl.col(usual))
    is_close = [_is_close(one, other) for one, other in pairs.iter_rows()]
    pairs = pairs.with_columns(pl.Series(f"{part}_is_close", is_close, dtype=pl.Boolean))
    return joined.join(pairs, on=[part, usual], how="left", maintain_order="left")


def _commonest(counted: pl.DataFrame, by: list[str], of: str) -> pl.DataFrame:
    """``by`` and ``usual``: the value of nearly all rows of a group, where there are enough of them."""
    counts = counted.group_by(*by, of).len("rows")
    total = counts.group_by(by).agg(pl.col("rows").sum().alias("all_rows"))
    is_usual = (pl.col("all_rows") >= USUAL_SUPPORT) & (pl.col("rows") >= USUAL_SHARE * pl.col("all_rows"))
    return counts.join(total, on=by, nulls_equal=True).filter(is_usual).select(*by, usual=of)


def _is_close(one: str, other: str) -> bool:
    return one in other or other in one or bool(JaroWinkler.similarity(one, other) >= SAME_SPELLING)


def _with_usual_sex(records: pl.DataFrame) -> pl.DataFrame:
    people = records.select("first_name", "last_name", "sex").filter(pl.col("sex").is_in(["f", "m"])).drop_nulls()
    learned = _commonest(people.unique(), ["first_name"], "sex").rename({"usual": "usual_sex"})
    return records.join(learned, on="first_name", how="left", maintain_order="left")


def _with_phone_country(records: pl.DataFrame) -> pl.DataFrame:
    """Adds ``phone_fits_country``; null where the number or the address does not say its country."""
    start = pl.when(pl.col("phone").str.starts_with("+")).then(pl.col("phone").str.slice(1, 3)).alias("start")
    placed = records.with_columns(start)
    pairs = placed.select("country", "start").drop_nulls().unique()
    fits = [_fits(country, digits) for country, digits in pairs.iter_rows()]
    pairs = pairs.with_columns(pl.Series("phone_fits_country", fits, dtype=pl.Boolean))
    return placed.join(pairs, on=["country", "start"], how="left", maintain_order="left").drop("start")


def _fits(country: str, digits: str) -> bool | None:
    for length in (1, 2, 3):
        regions = _COUNTRY_CODES.get(digits[:length])
        if regions is not None:
            return country in regions
    return None


def _with_repeats(records: pl.DataFrame, email_addresses: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Adds ``repeats_<field>`` and ``repeats_record``: true from the second record of one person in a source on.

    Null where the record could not show it: an event, no full name, no such value, or one that a crowd shares. The
    record with the smallest id counts as the first. By any evidence at least one is not the first in each of its groups;
    where records hang together only in a chain, the count is a lower bound.
    """
    full = pl.col("first_name").str.len_chars() >= SHORTEST_FIRST_NAME
    people = records.filter(~pl.col("is_event") & full & pl.col("last_name").is_not_null())
    people = people.with_columns(has_namesake=pl.len().over("source", *_NAME) > 1)
    crowds = email_addresses.filter(pl.col("is_shared") | (pl.col("class") == "placeholder")).select(value="email")
    offices = numbers.filter(pl.col("families") > 2).select(value="phone").unique()
    place = pl.concat_str("street", "house", "postcode", separator="|")
    evidence = {
        "email": _listed(people, "emails").join(crowds, on="value", how="anti"),
        "phone": _listed(people, "phones").join(offices, on="value", how="anti"),
        "date_of_birth": people.select(*_SAME, value="date_of_birth").drop_nulls("value"),
        "street": people.select(*_SAME, value=place).drop_nulls("value"),
    }
    told = records
    for field, rows in evidence.items():
        told = told.join(_repeated(rows, f"repeats_{field}"), on="record_id", how="left", maintain_order="left")
    each = pl.col(*(f"repeats_{field}" for field in evidence))
    could = pl.any_horizontal(each.is_not_null())
    return told.with_columns(repeats_record=pl.when(could).then(pl.any_horizontal(each.fill_null(False))))


def _listed(people: pl.DataFrame, column: str) -> pl.DataFrame:
    return people.select(*_SAME, value=column).explode("value").drop_nulls("value")


def _repeated(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """``record_id`` and whether a record with a smaller id is of the same source, full name and value."""
    same = ["source", *_NAME, "value"]
    groups = (
        rows.filter("has_namesake")
        .group_by(same)
        .agg(pl.col("record_id").min().alias("first_id"), pl.len().alias("rows"))
    )
    several = groups.filter(pl.col("rows") > 1).drop("rows")
    later = rows.join(several, on=same, how="inner").filter(pl.col("record_id") != pl.col("first_id"))
    looked_at = rows.select("record_id").unique()
    marked = later.select("record_id", pl.lit(True).alias(name)).unique()
    return looked_at.join(marked, on="record_id", how="left").with_columns(pl.col(name).fill_null(False))


def _identifiers(current: pl.DataFrame) -> pl.DataFrame:
    """``source``, ``field`` (the identifier's name), ``value``, names; ``is_shared``: another record of any source carries
    it; ``contradicts``: that record's person is somebody else, judged against the commonest name and date of birth."""
    same = ["field", "value"]
    carried = (
        current.select(
            "record_id", "source", "date_of_birth", "identifiers", first_name="first_name_norm", last_name="last_name_norm"
        )
        .explode("identifiers")
        .unnest("identifiers")
        .drop_nulls("value")
        .rename({"type": "field"})
        .unique(["record_id", *same], keep="any")
    )  # fmt: skip
    counts = carried.group_by(same).len("records")
    carried = carried.join(counts, on=same).with_columns(is_shared=pl.col("records") > 1)
    shared = carried.filter("is_shared")
    names = shared.drop_nulls(["first_name", "last_name"])
    usual_name = _top(names, same, ["first_name", "last_name"])
    usual_birth = _top(shared.drop_nulls("date_of_birth"), same, ["date_of_birth"])
    carried = carried.join(usual_name, on=same, how="left").join(usual_birth, on=same, how="left")
    other_birth = (pl.col("is_shared") & (pl.col("date_of_birth") != pl.col("top_date_of_birth"))).fill_null(False)
    parts = ["first_name", "last_name", "top_first_name", "top_last_name"]
    pairs = carried.filter("is_shared").select(parts).drop_nulls().unique()
    pairs = pairs.filter(
        (pl.col("first_name") != pl.col("top_first_name")) & (pl.col("last_name") != pl.col("top_last_name"))
    )
    other = [_are_two(*row) for row in pairs.iter_rows()]
    pairs = pairs.with_columns(pl.Series("other_name", other, dtype=pl.Boolean))
    carried = carried.join(pairs, on=parts, how="left")
    return carried.with_columns(contradicts=other_birth | pl.col("other_name").fill_null(False))


def _top(rows: pl.DataFrame, by: list[str], of: list[str]) -> pl.DataFrame:
    """``by`` and the commonest values of ``of``, named ``top_…``; of equally common ones the first in order."""
    counts = rows.group_by(*by, *of).len("rows").sort(*by, "rows", *of, descending=[*([False] * len(by)), True, *([False] * len(of))])  # fmt: skip
    return counts.unique(by, keep="first", maintain_order=True).select(*by, *(pl.col(c).alias(f"top_{c}") for c in of))


def _are_two(first: str, last: str, other_first: str, other_last: str) -> bool:
    """Neither part agrees, straight or swapped; an initial agrees with every name that begins so."""
    straight = _agrees(first, other_first) or _agrees(last, other_last)
    return not (straight or _agrees(first, other_last) or _agrees(last, other_first))


def _agrees(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    return bool(JaroWinkler.similarity(one, other) >= SAME_SPELLING)
