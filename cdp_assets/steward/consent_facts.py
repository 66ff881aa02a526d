"""What is known of somebody's consent: the events, what follows from them, and what must not be done.

It is for the person who asked, on their screen; no error repeats what was asked for. An address is looked up also where it is
no customer's: whoever withdrew and was never known has a right to be left alone, too.

What does not belong here: deciding anything (``golden_records``), how the facts look (``consent_text.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from cdp_assets.lake import Lake
from cdp_assets.standardized.emails import standardize_emails
from cdp_assets.steward.lookup import FEWEST_PHONE_DIGITS, LookupProblemError, find, require_made
from cdp_assets.tables import CONSENT_EVENTS, CONSENTS, CUSTOMER_IDS, SUPPRESSIONS, Table

_PHONE = re.compile(r"[+(]?\d[\d\s().\-/]*")


@dataclass(frozen=True)
class ConsentFacts:
    """``about``: e-mail address, phone or customer. ``events``, ``in_force`` and ``suppressed`` have the columns of their
    tables in ``golden_records``; events are oldest first and include those that decide, whomever they name."""

    about: str
    events: pl.DataFrame
    in_force: pl.DataFrame
    suppressed: pl.DataFrame

    def as_json(self) -> dict[str, Any]:
        """The facts as plain values: moments in ISO form, frames as lists of objects."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def consent_facts(lake: Lake, enquiry: str) -> ConsentFacts:
    """The facts about an e-mail address, a phone, or a customer (by id, record or name).

    Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` where nothing is known, or more than one customer is meant.
    """
    require_made(lake, CONSENTS)
    text = enquiry.strip()
    if "@" in text:
        spellings = sorted({text.lower(), standardize_emails(pl.Series([text]))[0] or text.lower()})
        named = pl.any_horizontal(pl.col("emails").list.contains(spelling) for spelling in spellings)
        return _known(lake, "e-mail address", named, pl.col("address").is_in(spellings))
    digits = re.sub(r"\D", "", text).removeprefix("00").lstrip("0")
    if _PHONE.fullmatch(text) and len(digits) >= FEWEST_PHONE_DIGITS:
        ends_so = pl.element().str.replace_all(r"\D", "").str.ends_with(digits)
        is_it = (pl.col("channel") == "phone") & pl.col("address").str.replace_all(r"\D", "").str.ends_with(digits)
        return _known(lake, "phone", pl.col("phones").list.eval(ends_so).list.any(), is_it)
    found = find(lake, text)
    if found.total > 1:
        raise LookupProblemError(
            f"{found.total} customers are meant; `cdp customer` lists them: ask again with an id or an address"
        )
    customer = pl.col("customer_id") == found.customer_ids[0]
    records = lake.scan(CUSTOMER_IDS).filter(customer).select("record_id").collect().to_series().implode()
    said = pl.col("record_id").is_in(records) | pl.col("corrected_record_id").is_in(records).fill_null(False)
    return _known(lake, "customer", said, customer)


def _known(lake: Lake, about: str, said: pl.Expr, concerns: pl.Expr) -> ConsentFacts:
    in_force, suppressed = _of(lake, CONSENTS, concerns), _of(lake, SUPPRESSIONS, concerns)
    deciding = pl.concat([in_force.select("event_id"), suppressed.select("event_id")]).to_series().drop_nulls()
    events = _of(lake, CONSENT_EVENTS, said | pl.col("event_id").is_in(deciding.implode()))
    if events.is_empty() and in_force.is_empty() and suppressed.is_empty():
        raise LookupProblemError(
            f"no consent event speaks of that {about}: nobody has given or withdrawn anything there that was delivered"
        )
    return ConsentFacts(
        about,
        events.sort("event_time", "source", "import_id", "line"),
        in_force.sort("purpose", "channel", "address", "customer_id"),
        suppressed.sort("purpose", "channel", "address", "customer_id"),
    )


def _of(lake: Lake, table: Table, condition: pl.Expr) -> pl.DataFrame:
    if not lake.exists(table):
        return table.empty()
    return lake.scan(table).filter(condition.fill_null(False)).collect()


def _plain(value: Any) -> Any:
    if not isinstance(value, pl.DataFrame):
        return value
    moments = [name for name, dtype in value.schema.items() if isinstance(dtype, pl.Datetime)]
    return value.with_columns(pl.col(moments).dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")).to_dicts()
