"""Built records, addresses and lines for the tests of quality."""

from __future__ import annotations

from typing import Any

import polars as pl

from cdp_assets.standardized.quality_facts import Facts, facts
from cdp_assets.standardized.quality_findings import quality_findings
from cdp_assets.tables import ADDRESS, EMAIL_ADDRESSES, RECORD_VERSIONS, REJECTED_ROWS
from cdp_assets_tests.builders import frame, version

Row = dict[str, Any]


def record(key: str, **values: Any) -> Row:
    """A current record of the source ``crm``, unless the key names another."""
    lists: Row = {"emails": [], "phones": [], "addresses": [], "identifiers": [], "problems": []}
    return version(key if "/" in key else f"crm/{key}", **{**lists, **values})


def named(key: str, first: str, last: str, **values: Any) -> Row:
    """The same with a name."""
    return record(key, first_name_norm=first, first_name_root=first, last_name_norm=last, **values)


def home(
    street: str, house: str, postcode: str, city: str, region: str | None = None, country: str = "GB"
) -> list[Row]:
    """One postal address."""
    known = {
        "street_norm": street, "house_number": house, "postcode_norm": postcode, "city_norm": city, "region_norm": region,
        "country": country,
    }  # fmt: skip
    return [{**dict.fromkeys(field.name for field in ADDRESS.fields), **known}]


def address(email: str, **values: Any) -> Row:
    """An e-mail address: active and corporate unless said otherwise."""
    return {"email": email, "domain": email.rpartition("@")[2], "class": "corporate", "status": "active", **values}


def versions(*rows: Row) -> pl.DataFrame:
    """Rows of ``standardized/record_versions``."""
    return frame(RECORD_VERSIONS, *rows)


def facts_of(rows: list[Row], addresses: list[Row] | None = None) -> Facts:
    """The facts of records; each address that they carry is an ordinary one, unless given."""
    given = addresses or []
    known = {row["email"] for row in given}
    carried = {email for row in rows for email in row["emails"]} - known
    return facts(versions(*rows), frame(EMAIL_ADDRESSES, *given, *(address(email) for email in sorted(carried))))


def found(
    rows: list[Row], addresses: list[Row] | None = None, rejected: list[Row] | None = None, lines: int = 10
) -> dict[tuple[str, str], tuple[int, int]]:
    """(Finding, field) to (found, looked at) in the source ``crm``."""
    table = quality_findings(
        facts_of(rows, addresses),
        frame(REJECTED_ROWS, *(rejected or [])),
        pl.DataFrame({"source": ["crm"], "lines": [lines]}),
    )
    of_crm = table.filter(pl.col("source") == "crm")
    return {
        (row[0], row[1]): (row[2], row[3]) for row in of_crm.select("finding", "field", "found", "looked_at").rows()
    }
