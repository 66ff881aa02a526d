"""Raw lines of one import to records in comparable form, and the lines that are none with the rule they broke.

Every line is exactly one of: record, rejected, duplicate. The rules are in ``line_rules.py``, what each field means in
the module of its standard; this one only brings them together.

``content_hash`` is of the mapped values as delivered (not of the key or of the observed time): it does not change
when a standard does. Lists (e-mails, phones, addresses, identifiers) are empty, never null.

What does not belong here: what became of a record over time (``versions.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cdp_assets import tables
from cdp_assets.sources.contracts import AddressSource, SourceContract, raw_column
from cdp_assets.standardized.addresses import ADDRESS_PARTS, standardize_addresses
from cdp_assets.standardized.companies import standardize_companies
from cdp_assets.standardized.dates import standardize_birth_dates, standardize_moments
from cdp_assets.standardized.emails import part_emails, standardize_emails
from cdp_assets.standardized.event_words import (
    corrected_fields,
    snake_case,
    standardize_activities,
    standardize_channels,
    standardize_consents,
    standardize_corrections,
)
from cdp_assets.standardized.identifiers import standardize_identifiers
from cdp_assets.standardized.line_rules import broken_rules, observed_times, rejections, repeated_lines
from cdp_assets.standardized.listed_values import found_values, listed
from cdp_assets.standardized.mapped_values import hashes, mapped_value, raw_text, said_text, source_keys
from cdp_assets.standardized.names import NAME_COLUMNS, standardize_names
from cdp_assets.standardized.phones import part_phones, standardize_phones
from cdp_assets.standardized.sex import standardize_sex
from cdp_assets.standardized.text import clean, without_placeholders

_CORRECTION_FIELDS = ("corrected_source", "corrected_key", "corrected_field", "corrected_value", "correction")

Standard = Callable[[pl.Series], pl.Series]
"""A standard of one column."""

Values = dict[str, list[pl.Series]]
"""Canonical field to its clean delivered texts, one series per source column."""


@dataclass(frozen=True)
class ImportMeta:
    """What is known of an import besides its lines."""

    import_id: str
    landed_at: datetime


@dataclass(frozen=True)
class Standardized:
    """``records`` fits ``tables.source_records(source)``, ``rejections`` ``tables.source_rejections(source)``.

    ``counts``: lines, records, rejected, duplicates (lines is their sum); ``<field>_unreadable``: texts that held no
    e-mail, phone or date of birth.
    """

    records: pl.DataFrame
    rejections: pl.DataFrame
    counts: dict[str, int]


def standardize(raw: pl.DataFrame, contract: SourceContract, import_meta: ImportMeta) -> Standardized:
    """The records of one import. ``raw`` fits ``tables.raw_imports(source)``; the order of its rows does not matter."""
    raw = raw.sort("_line")
    values = _values(raw, contract)
    lines = _lines(raw, values, contract, import_meta)
    kept = (lines.get_column("rule").is_null() & ~lines.get_column("is_duplicate")).alias("kept")
    good = lines.filter(kept)
    values = {field: [series.filter(kept) for series in sources] for field, sources in values.items()}
    records, unreadable = _records(good, values, contract, import_meta)
    rejected = lines.filter(pl.col("rule").is_not_null())
    table = tables.source_rejections(contract.source)
    refused = rejections(raw, rejected, contract.source, import_meta.import_id)
    counts = {
        "lines": raw.height,
        "records": records.height,
        "rejected": rejected.height,
        "duplicates": int(lines.get_column("is_duplicate").sum()),
        **unreadable,
    }
    return Standardized(records, table.conform(refused), counts)


def _values(raw: pl.DataFrame, contract: SourceContract) -> Values:
    """Mapped fields but addresses, whose parts are numbered (``street.0``), and identifiers (``identifier.<name>``)."""
    values: Values = {}
    for field in contract.fields:
        if field not in ADDRESS_PARTS:
            values[field] = [mapped_value(raw, source) for source in contract.field_sources(field)]
    for n, address in enumerate(contract.addresses):
        for part in ADDRESS_PARTS:
            source = getattr(address, part)
            if source is not None:
                values[f"{part}.{n}"] = [mapped_value(raw, source)]
    for name, identifier in contract.identifiers.items():
        values[f"identifier.{name}"] = [clean(raw_text(raw, identifier.raw_column))]
    return values


def _lines(raw: pl.DataFrame, values: Values, contract: SourceContract, meta: ImportMeta) -> pl.DataFrame:
    """One row per line, in the order of lines: key, time, content hash, rule that it broke, whether it is a duplicate."""
    lines = pl.DataFrame(
        {
            "line": raw.get_column("_line"),
            "problem": raw.get_column("_problem").cast(pl.String),
            "source_key": source_keys(raw, contract),
            "observed_at": _observed_at(raw, contract, meta),
            "content_hash": _content_hashes(values),
            **{name: _one(values, name, raw.height) for name in _CORRECTION_FIELDS},
        }
    )
    lines = broken_rules(lines, contract)
    good = repeated_lines(lines.filter(pl.col("rule").is_null()), contract)
    bad = lines.filter(pl.col("rule").is_not_null()).with_columns(is_duplicate=pl.lit(False))
    return pl.concat([good.select(bad.columns), bad]).sort("line")


def _observed_at(raw: pl.DataFrame, contract: SourceContract, meta: ImportMeta) -> pl.Series:
    if contract.observed_at is None:
        return pl.Series("observed_at", [meta.landed_at], dtype=tables.MOMENT).new_from_index(0, raw.height)
    said = without_placeholders(clean(raw_text(raw, raw_column(contract.observed_at))))
    read = standardize_moments(said, contract.date_format, contract.country, meta.landed_at.year)
    return observed_times(read, said, contract, meta.landed_at)


def _content_hashes(values: Values) -> pl.Series:
    named = {f"{field}.{n}": series for field, sources in sorted(values.items()) for n, series in enumerate(sources)}
    return hashes(said_text(named))


def _one(values: Values, field: str, height: int) -> pl.Series:
    """The first value that is filled of a field's columns; nulls where the contract does not map it."""
    sources = values.get(field)
    if not sources:
        return pl.Series(field, [None] * height, dtype=pl.String)
    frame = pl.DataFrame([series.alias(str(n)) for n, series in enumerate(sources)])
    return frame.select(pl.coalesce(pl.all()).alias(field)).to_series()


def _records(
    lines: pl.DataFrame, values: Values, contract: SourceContract, meta: ImportMeta
) -> tuple[pl.DataFrame, dict[str, int]]:
    height = lines.height
    addresses, countries = _addresses(values, contract, height)
    names = standardize_names(
        pl.DataFrame([_one(values, name, height) for name in NAME_COLUMNS[:5]] + [countries.alias("country")])
    )
    emails = found_values(values.get("email", []), part_emails, lambda texts, _: standardize_emails(texts), height)
    phones = found_values(
        values.get("phone", []),
        part_phones,
        lambda texts, row: standardize_phones(texts, countries.gather(row)),
        height,
    )
    born_as_delivered = _one(values, "date_of_birth", height)
    born = standardize_birth_dates(born_as_delivered, contract.date_format, contract.country, meta.landed_at.date())
    frame = lines.select(
        pl.lit(contract.source).alias("source"),
        "source_key",
        pl.lit(meta.import_id).alias("import_id"),
        "line",
        "observed_at",
        pl.lit(meta.landed_at).cast(tables.MOMENT).alias("landed_at"),
        "content_hash",
    ).with_columns(record_id=pl.concat_str("source", "source_key", separator="/"))
    frame = frame.hstack(names).hstack(born).hstack(standardize_companies(_one(values, "company", height)))
    frame = frame.with_columns(
        _one_standardized(values, "sex", standardize_sex, height),
        emails.found.alias("emails"),
        emails.delivered.alias("emails_delivered"),
        phones.found.alias("phones"),
        phones.delivered.alias("phones_delivered"),
        addresses.alias("addresses"),
        without_placeholders(_one(values, "job_title", height)),
        _identifiers(values, contract, height).alias("identifiers"),
        *_event_columns(values, height),
    )
    unreadable = {
        "emails_unreadable": emails.unreadable,
        "phones_unreadable": phones.unreadable,
        "dates_of_birth_unreadable": int(
            (without_placeholders(born_as_delivered).is_not_null() & born.get_column("date_of_birth").is_null()).sum()
        ),
    }
    return tables.source_records(contract.source).conform(frame), unreadable


def _one_standardized(values: Values, field: str, standard: Standard, height: int) -> pl.Series:
    return standard(_one(values, field, height)).alias(field)


def _event_columns(values: Values, height: int) -> list[pl.Series]:
    def one(field: str) -> pl.Series:
        return _one(values, field, height)

    has_correction = one("corrected_field").is_not_null()
    correction = standardize_corrections(one("correction"))
    return [
        standardize_activities(one("activity")).alias("activity"),
        without_placeholders(one("activity_subject")),
        standardize_consents(one("consent")).alias("consent"),
        snake_case(one("purpose")).alias("purpose"),
        standardize_channels(one("channel")).alias("channel"),
        one("wording"),
        one("corrected_source"),
        one("corrected_key"),
        corrected_fields(one("corrected_field")).alias("corrected_field"),
        one("corrected_value"),
        correction.set(correction.is_null() & has_correction, "set").alias("correction"),
    ]


def _addresses(values: Values, contract: SourceContract, height: int) -> tuple[pl.Series, pl.Series]:
    """The list of address structs of each row, and the country that its names and phones are read in."""
    structs = [_address(values, n, address, contract, height) for n, address in enumerate(contract.addresses)]
    source_country = pl.Series("country", [contract.country], dtype=pl.String).new_from_index(0, height)
    if not structs:
        return pl.Series("addresses", [[]] * height, dtype=tables.ADDRESSES), source_country
    country = pl.DataFrame([struct.struct.field("country").alias(str(n)) for n, struct in enumerate(structs)])
    first = country.select(pl.coalesce(pl.all(), source_country)).to_series()
    return listed(structs, tables.ADDRESSES), first


def _address(values: Values, n: int, address: AddressSource, contract: SourceContract, height: int) -> pl.Series:
    parts = {part: _one(values, f"{part}.{n}", height).alias(part) for part in ADDRESS_PARTS}
    return standardize_addresses(pl.DataFrame(parts), contract.country)


def _identifiers(values: Values, contract: SourceContract, height: int) -> pl.Series:
    if not contract.identifiers:
        return pl.Series("identifiers", [[]] * height, dtype=tables.IDENTIFIERS)
    structs = [
        _identifier(name, standardize_identifiers(_one(values, f"identifier.{name}", height)))
        for name in contract.identifiers
    ]
    return listed(structs, tables.IDENTIFIERS)


def _identifier(name: str, values: pl.Series) -> pl.Series:
    struct = pl.struct(pl.lit(name).alias("type"), pl.col("value"))
    return values.alias("value").to_frame().select(pl.when(pl.col("value").is_not_null()).then(struct)).to_series()
