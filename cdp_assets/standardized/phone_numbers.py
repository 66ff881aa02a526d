"""Phone numbers as things of their own: what each is by its numbering plan, and who carries it.

========= ===========================================================================================================
sharing   when
========= ===========================================================================================================
office    several extensions are dialled behind it, or people of several families carry it and half of its records name
          one company
junk      else, more people carry it than a household has: nobody's number, or a call centre's
household else, several people carry it
personal  else
========= ===========================================================================================================

People are counted by name, not by record (``people.py``). Country, type and validity come from ``phonenumbers``, asked
once for each distinct number, and not again for those that the last run has asked about: a number's plan is the same until
another release of the library knows better. A number need not be valid to identify, for retired and invented ones do.

What does not belong here: reading a number out of a text (``phones.py``); which number of a customer is best.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import phonenumbers
import polars as pl
from phonenumbers import PhoneNumberType

from cdp_assets.lake import Lake
from cdp_assets.sources.countries import COUNTRY_CODES
from cdp_assets.standardized.people import is_more_than_a_household, people_sharing
from cdp_assets.tables import PHONE_NUMBERS

OFFICE_SHARE = 0.5
"""Share of a number's records that name one company, from which it is that company's: its people are colleagues."""

LEAST_COLLEAGUES = 2
"""Records that must name that company; one alone has no colleague."""

TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "unknown",
    PhoneNumberType.UNKNOWN: "unknown",
}
"""libphonenumber's type to ours."""

VERSION_COLUMNS = ["record_id", "first_name_root", "last_name_norm", "company_norm", "observed_at", "last_seen_at", "phones", "phone_extensions"]  # fmt: skip
"""Columns of record versions that say who carries what."""

_PLAN = {"phone": pl.String(), "country": pl.String(), "type": pl.String(), "is_valid": pl.Boolean()}

PLAN_COLUMNS = list(_PLAN)
"""Columns of ``standardized/phone_numbers`` that depend on the number alone."""


def phone_numbers(versions: pl.DataFrame, described: pl.DataFrame | None = None) -> pl.DataFrame:
    """The rows of ``standardized/phone_numbers`` from ``standardized/record_versions`` (:data:`VERSION_COLUMNS`), sorted by number.

    ``described``: numbers with their plans, see :func:`described_by_plan`.
    """
    carried = _carried(versions)
    if carried.is_empty():
        return PHONE_NUMBERS.empty()
    seen = carried.group_by("phone").agg(
        pl.col("record_id").n_unique().cast(pl.Int64).alias("records"),
        pl.col("extension").drop_nulls().n_unique().cast(pl.Int64).alias("extensions"),
        pl.col("observed_at").min().alias("first_seen_at"),
        pl.max_horizontal("observed_at", "last_seen_at").max().alias("last_seen_at"),
    )
    table = (
        seen.join(people_sharing(carried, "phone"), on="phone", how="left")
        .join(_colleagues(carried), on="phone", how="left")
        .join(described_by_plan(seen.get_column("phone"), described), on="phone", how="left")
        .with_columns(sharing=_sharing())
    )
    return PHONE_NUMBERS.conform(table.select(PHONE_NUMBERS.schema.keys()).sort("phone"))


def _carried(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per version and number, with its extension where one was kept: imports of earlier standards have none."""
    told = versions.select(VERSION_COLUMNS).rename({"phones": "phone", "phone_extensions": "extension"})
    told = told.filter(pl.col("phone").list.len() > 0)
    are_beside = (pl.col("phone").list.len() == pl.col("extension").list.len()).fill_null(False)
    beside = told.filter(are_beside).explode("phone", "extension")
    alone = told.filter(~are_beside).drop("extension").explode("phone")
    return pl.concat([beside, alone.with_columns(extension=pl.lit(None, pl.String))])


def _colleagues(carried: pl.DataFrame) -> pl.DataFrame:
    """How many records of each number name its commonest company."""
    named = carried.drop_nulls("company_norm").select("phone", "record_id", "company_norm").unique()
    by_company = named.group_by("phone", "company_norm").agg(pl.len().cast(pl.Int64).alias("colleagues"))
    return by_company.group_by("phone").agg(pl.col("colleagues").max())


def _sharing() -> pl.Expr:
    colleagues = pl.col("colleagues").fill_null(0)
    are_colleagues = (colleagues >= LEAST_COLLEAGUES) & (colleagues >= OFFICE_SHARE * pl.col("records"))
    return (
        pl.when((pl.col("extensions") > 1) | ((pl.col("families") > 1) & are_colleagues))
        .then(pl.lit("office"))
        .when(is_more_than_a_household())
        .then(pl.lit("junk"))
        .when(pl.col("people") > 1)
        .then(pl.lit("household"))
        .otherwise(pl.lit("personal"))
    )


def described_by_plan(phones: pl.Series, described: pl.DataFrame | None = None) -> pl.DataFrame:
    """:data:`PLAN_COLUMNS` of each distinct number; digits without a plus are of no plan.

    ``described``: what this said of some numbers before, by the same :func:`numbering_plans`. It is said again of those that are asked for.
    """
    distinct = phones.drop_nulls().unique()
    if described is not None:
        told = described.select(PLAN_COLUMNS).filter(pl.col("phone").is_in(distinct.implode()))
        distinct = distinct.filter(~distinct.is_in(told.get_column("phone").implode()))
    else:
        told = pl.DataFrame(schema=_PLAN)
    has_plan = distinct.str.starts_with("+")
    rows = [(phone, *_by_library(phone)) for phone in distinct.filter(has_plan).to_list()]
    rows += [(phone, None, "unknown", False) for phone in distinct.filter(~has_plan).to_list()]
    return pl.concat([told, pl.DataFrame(rows, schema=_PLAN, orient="row")])


def numbering_plans() -> dict[str, str]:
    """What a commit notes of the plans by which numbers are described: the release of the library, and what is made of its answers here."""
    said = [phonenumbers.__version__, *sorted(COUNTRY_CODES)]
    digest = hashlib.sha256("\n".join(said).encode() + Path(__file__).read_bytes())
    return {"numbering_plans": digest.hexdigest()[:32]}


def described_before(lake: Lake) -> pl.DataFrame | None:
    """What the last run said of numbers, by the same :func:`numbering_plans`; None where there was none, or it knew other plans."""
    is_by_these = lake.committed_metadata(PHONE_NUMBERS).items() >= numbering_plans().items()
    return lake.read(PHONE_NUMBERS, columns=PLAN_COLUMNS) if is_by_these else None


def _by_library(phone: str) -> tuple[str | None, str, bool]:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None, "unknown", False
    region = phonenumbers.region_code_for_number(number)
    if region is None:  # the plan has no such number; its country is the main one of its code
        return _country(phonenumbers.region_code_for_country_code(number.country_code or 0)), "unknown", False
    kind = TYPES.get(phonenumbers.number_type(number), "unknown")
    return _country(region), kind, True


def _country(region: str) -> str | None:
    """A country of its own; '001' are numbers of no country, 'ZZ' of none that is known."""
    return region if region in COUNTRY_CODES else None
