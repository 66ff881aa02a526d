"""Find customers by what a person has at hand: an id (old or new), an e-mail address, a phone, a record, a name.

Plain functions on the lake; nothing is changed, and no error or log line repeats what was asked for. Every value that
was ever delivered finds its customer, not only today's: a former address still identifies.

What does not belong here: what is known about a customer once found (``dossier.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from cdp_assets.identity_graph.id_format import LENGTH, PREFIX, as_written
from cdp_assets.lake import Lake
from cdp_assets.standardized.emails import standardize_emails
from cdp_assets.standardized.text import comparable_words
from cdp_assets.tables import (
    CUSTOMER_IDS,
    CUSTOMERS,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    ID_LINEAGE,
    RECORD_VERSIONS,
    Table,
)

MOST_CUSTOMERS_LISTED = 50
"""A list longer than this is not read but searched again with more words."""

FEWEST_PHONE_DIGITS = 6
"""Fewer digits are not a phone number; a number without its country code is found by its last digits."""

_LIKE_A_CUSTOMER_ID = re.compile(rf"{PREFIX}[0-9A-Z]{{{LENGTH - 2},{LENGTH}}}")
"""A customer id, or one with a character too many or too few."""

_PHONE = re.compile(r"[+(]?[\d][\d\s().\-/]*")


class LookupProblemError(RuntimeError):
    """Nobody was found, or nothing can be looked up yet. Says what to do, never what was asked for."""


@dataclass(frozen=True)
class Found:
    """Customers that an enquiry found, most records first, and what it was taken for.

    ``kind``: customer id, record, e-mail address, phone or name. ``total`` counts also those beyond the list's end.
    """

    kind: str
    customer_ids: tuple[str, ...]
    total: int


def resolve_id(lake: Lake, customer_id: str) -> str:
    """The current id that ``customer_id`` stands for. Raises where it was never minted, or its customer is gone."""
    require_made(lake, ID_LINEAGE)
    wanted = as_written(customer_id)
    if wanted is None:
        raise LookupProblemError(
            "that is no customer id: its check character does not fit, so look for a slip of the finger"
        )
    rows = lake.scan(ID_LINEAGE).filter(pl.col("customer_id") == wanted).collect()
    if rows.is_empty():
        raise LookupProblemError(
            "no customer of this workspace ever had that id; look the customer up by e-mail address or record id"
        )
    current: str | None = rows.item(0, "current_customer_id")
    if current is None:
        raise LookupProblemError(
            f"customer {wanted} is retired: its records are gone from their sources, and nobody took its place"
        )
    return current


def find(lake: Lake, enquiry: str) -> Found:
    """Customers that ``enquiry`` may mean. Raises :class:`LookupProblemError` when there is none."""
    text = enquiry.strip()
    require_made(lake, CUSTOMER_IDS)
    if not text:
        raise LookupProblemError(
            "nothing was asked for; give a customer id, an e-mail address, a phone, a record id or a name"
        )
    if "/" in text and (by_record := _of_record(lake, text)):
        return Found("record", (by_record,), 1)
    if "@" in text:
        return _found(lake, "e-mail address", _with_email(lake, text))
    if is_customer_id(text):
        return Found("customer id", (resolve_id(lake, text),), 1)
    if _PHONE.fullmatch(text) and len(_digits(text)) >= FEWEST_PHONE_DIGITS:
        return _found(lake, "phone", _with_phone(lake, text))
    if "/" in text:
        raise LookupProblemError(
            "no record has that id; a record id is SOURCE/KEY, as `cdp export identities` lists them"
        )
    return _found(lake, "name", _with_name(lake, text))


def is_customer_id(text: str) -> bool:
    """Whether the text is meant as a customer id, rightly written or with a slip."""
    word = text.strip().replace("-", "").upper()
    is_like_one = _LIKE_A_CUSTOMER_ID.fullmatch(word) is not None and any(sign.isdigit() for sign in word)
    return as_written(text) is not None or is_like_one


def customer_of_record(lake: Lake, record_id: str) -> str:
    """The customer that a record belongs to. Raises where no record has that id."""
    require_made(lake, CUSTOMER_IDS)
    customer = _of_record(lake, record_id)
    if customer is None:
        raise LookupProblemError(
            "one of the two is no record id; a record id is SOURCE/KEY, as `cdp export identities` lists them"
        )
    return customer


def require_made(lake: Lake, table: Table) -> None:
    """Raise :class:`LookupProblemError` where a table that an answer needs was never made."""
    if not lake.exists(table):
        raise LookupProblemError(
            "no customer has been resolved yet; run `cdp run` first (`cdp status` says what is pending)"
        )


def _of_record(lake: Lake, record_id: str) -> str | None:
    rows = lake.scan(CUSTOMER_IDS).filter(pl.col("record_id") == record_id).select("customer_id").collect()
    return None if rows.is_empty() else str(rows.item())


def _found(lake: Lake, kind: str, customers: pl.Series) -> Found:
    if customers.is_empty():
        raise LookupProblemError(f"no customer has that {kind}; `cdp status` says which sources have been read")
    counted = (
        lake.scan(CUSTOMER_IDS)
        .filter(pl.col("customer_id").is_in(customers.implode()))
        .group_by("customer_id")
        .len()
        .sort("len", "customer_id", descending=[True, False])
        .collect()
    )
    return Found(kind, tuple(counted["customer_id"].head(MOST_CUSTOMERS_LISTED)), counted.height)


def _with_email(lake: Lake, text: str) -> pl.Series:
    """By canonical address or as delivered, in golden records or in any version of a record."""
    canonical = standardize_emails(pl.Series([text]))[0] or text.lower()
    spellings = sorted({text.lower(), canonical})
    known = _customers(
        lake, GOLDEN_EMAILS, pl.col("email").is_in(spellings) | pl.col("delivered").str.to_lowercase().is_in(spellings)
    )
    return known if len(known) else _by_versions(lake, _has(pl.col("emails"), spellings))


def _with_phone(lake: Lake, text: str) -> pl.Series:
    digits = _digits(text).removeprefix("00").lstrip("0")
    if len(digits) < FEWEST_PHONE_DIGITS:
        return pl.Series("customer_id", [], dtype=pl.String)
    known = _customers(lake, GOLDEN_PHONES, pl.col("phone").str.replace_all(r"\D", "").str.ends_with(digits))
    if len(known):
        return known
    written = pl.element().str.replace_all(r"\D", "").str.ends_with(digits)
    return _by_versions(lake, pl.col("phones").list.eval(written).list.any())


def _with_name(lake: Lake, text: str) -> pl.Series:
    """Every word of the name as a whole word of the golden name, or of a former one, in comparable form."""
    said = comparable_words(pl.Series([text]))[0]
    if said is None:
        return pl.Series("customer_id", [], dtype=pl.String)
    whole = pl.concat_str(
        pl.lit(" "), pl.col("first_name_norm"), pl.col("middle_name_norm"), pl.col("last_name_norm"), pl.lit(" "),
        separator=" ", ignore_nulls=True,
    )  # fmt: skip
    return _by_versions(lake, pl.all_horizontal(whole.str.contains(f" {word} ", literal=True) for word in said.split()))


def _customers(lake: Lake, table: Table, condition: pl.Expr) -> pl.Series:
    if not lake.exists(table):
        return pl.Series("customer_id", [], dtype=pl.String)
    return lake.scan(table).filter(condition).select("customer_id").collect().to_series().unique().sort()


def _by_versions(lake: Lake, condition: pl.Expr) -> pl.Series:
    if not lake.exists(RECORD_VERSIONS):
        return pl.Series("customer_id", [], dtype=pl.String)
    records = lake.scan(RECORD_VERSIONS).filter(condition).select("record_id").unique()
    ids = lake.scan(CUSTOMER_IDS).select("record_id", "customer_id")
    return records.join(ids, on="record_id").select("customer_id").unique().sort("customer_id").collect().to_series()


def _has(values: pl.Expr, wanted: list[str]) -> pl.Expr:
    return pl.any_horizontal(values.list.contains(value) for value in wanted)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def names_of(lake: Lake, customer_ids: tuple[str, ...]) -> pl.DataFrame:
    """One row per customer for a list of results: id, full_name, city, records, last_seen_at; in the order asked for."""
    wanted = pl.DataFrame({"customer_id": list(customer_ids)}, schema={"customer_id": pl.String})
    if not lake.exists(CUSTOMERS):
        return wanted.with_columns(
            pl.lit(None, pl.String).alias("full_name"), pl.lit(None, pl.String).alias("city"),
            pl.lit(None, pl.Int64).alias("records"), pl.lit(None, pl.Datetime("us", "UTC")).alias("last_seen_at"),
        )  # fmt: skip
    rows = (
        lake.scan(CUSTOMERS)
        .filter(pl.col("customer_id").is_in(list(customer_ids)))
        .select("customer_id", "full_name", "city", "records", "last_seen_at")
        .collect()
    )
    return wanted.join(rows, on="customer_id", how="left", maintain_order="left")
