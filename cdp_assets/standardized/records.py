"""Raw lines of one import to records in comparable form, and the lines that are none with the rule they broke.

Every line is exactly one of: record, rejected, duplicate. The rules are in ``line_rules.py``, what each field means in
the module of its standard; this one only brings them together.

``content_hash`` is of the mapped values as delivered (not of the key or of the observed time): it does not change
when a standard does. Lists (e-mails, phones, addresses, identifiers, problems) are empty, never null.

What does not belong here: what became of a record over time (``versions.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cdp_assets import tables
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.vocabulary import EVENT_FIELDS
from cdp_assets.standardized.addresses import ADDRESS_PARTS, lost_address_parts, standardize_addresses
from cdp_assets.standardized.companies import standardize_companies
from cdp_assets.standardized.consent_words import (
    standardize_consents,
    standardize_double_opt_ins,
    standardize_jurisdictions,
    standardize_lawful_bases,
    standardize_validity,
)
from cdp_assets.standardized.dates import standardize_birth_dates
from cdp_assets.standardized.delivered_values import Values, content_texts, delivered_values, first_filled
from cdp_assets.standardized.emails import part_emails, standardize_emails, why_no_email
from cdp_assets.standardized.event_words import (
    corrected_fields,
    snake_case,
    standardize_activities,
    standardize_channels,
    standardize_corrections,
)
from cdp_assets.standardized.identifiers import standardize_identifiers
from cdp_assets.standardized.judged_lines import ImportMeta, JudgedLines, judge_lines
from cdp_assets.standardized.line_rules import rejections
from cdp_assets.standardized.listed_values import found_values, listed
from cdp_assets.standardized.mapped_values import hashes, key_texts, keys_of_texts
from cdp_assets.standardized.names import NAME_COLUMNS, standardize_names, why_no_name
from cdp_assets.standardized.phones import part_phones, phone_extensions, standardize_phones, why_no_phone
from cdp_assets.standardized.problems import (
    PLACEHOLDER,
    Why,
    always,
    found_as,
    lost,
    named,
    problems_of_rows,
)
from cdp_assets.standardized.sex import standardize_sex, why_no_sex
from cdp_assets.standardized.text import by_value, without_placeholders

__all__ = ["ImportMeta", "Standardized", "records_of", "records_version", "rejections_of", "standardize"]

STANDARDS_VERSION = 6
"""Raised with every change of a standard that changes records: imports that were read with an earlier one are stale."""


@dataclass(frozen=True)
class Standardized:
    """``records`` fits ``tables.source_records(source)``, ``rejections`` ``tables.source_rejections(source)``.

    ``counts``: lines, records, rejected, duplicates (lines is their sum); ``<field>_unreadable``: texts that held no
    e-mail, phone or date of birth.
    """

    records: pl.DataFrame
    rejections: pl.DataFrame
    counts: dict[str, int]


def records_version(contract: SourceContract) -> str:
    """What the records of an import depend on, besides its lines: the contract's part, and the standards."""
    return f"{contract.records_version}-{STANDARDS_VERSION}"


def standardize(raw: pl.DataFrame, contract: SourceContract, import_meta: ImportMeta) -> Standardized:
    """The records of one import. ``raw`` fits ``tables.raw_imports(source)``; the order of its rows does not matter."""
    raw = raw.sort("_line")
    judged = judge_lines(lambda _: [raw], contract, import_meta)
    records, unreadable = records_of(raw, judged, contract, import_meta)
    return Standardized(
        records,
        rejections_of(raw, judged, contract, import_meta),
        {**judged.counts, "records": records.height, **unreadable},
    )


def records_of(
    raw: pl.DataFrame, judged: JudgedLines, contract: SourceContract, import_meta: ImportMeta
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The records that some rows of an import become, and how many texts of theirs held no value of their field."""
    raw, lines = judged.kept_of(raw)
    values = delivered_values(raw, contract)
    content = hashes(content_texts(values, contract)).alias("content_hash")
    frame = columns_of_import(raw, lines, contract, import_meta).with_columns(content)
    return _records(frame, values, contract, import_meta)


def columns_of_import(
    raw: pl.DataFrame, lines: pl.DataFrame, contract: SourceContract, meta: ImportMeta
) -> pl.DataFrame:
    """What a record does not owe to its mapped values: its ids, its import, line and times.

    ``lines`` are the judged lines of the rows of ``raw``, side by side.
    """
    texts = key_texts(raw, contract)
    keys = texts if contract.key else keys_of_texts(texts, lines.get_column("nth"))
    return (
        lines.with_columns(source_key=keys)
        .select(
            pl.lit(contract.source).alias("source"),
            "source_key",
            pl.lit(meta.import_id).alias("import_id"),
            "line",
            "observed_at",
            pl.lit(meta.landed_at).cast(tables.MOMENT).alias("landed_at"),
        )
        .with_columns(record_id=pl.concat_str("source", "source_key", separator="/"))
    )


def rejections_of(
    raw: pl.DataFrame, judged: JudgedLines, contract: SourceContract, import_meta: ImportMeta
) -> pl.DataFrame:
    """The rejected lines among some rows of an import, with their rules; fits ``tables.source_rejections(source)``."""
    rejected = judged.of(raw).filter(pl.col("rule").is_not_null())
    refused = rejections(raw, rejected, contract.source, import_meta.import_id)
    return tables.source_rejections(contract.source).conform(refused)


def _records(
    frame: pl.DataFrame, values: Values, contract: SourceContract, meta: ImportMeta
) -> tuple[pl.DataFrame, dict[str, int]]:
    height = frame.height
    addresses, countries, lost_parts = _addresses(values, contract, height)
    delivered = {field: first_filled(values, field, height) for field in (*NAME_COLUMNS[:5], *_SINGLE_FIELDS)}
    names = standardize_names(
        pl.DataFrame([*(delivered[name] for name in NAME_COLUMNS[:5]), countries.alias("country")])
    )
    emails = found_values(values.get("email", []), part_emails, lambda texts, _: standardize_emails(texts), height)
    phones = found_values(
        values.get("phone", []),
        part_phones,
        lambda texts, row: standardize_phones(texts, countries.gather(row)),
        height,
        phone_extensions,
    )
    born = standardize_birth_dates(
        delivered["date_of_birth"], contract.date_format, contract.country, meta.landed_at.date()
    )
    identifiers, lost_identifiers = _identifiers(values, contract, height)
    frame = frame.hstack(names).hstack(born.drop("problem")).hstack(_companies(delivered["company"]))
    frame = frame.with_columns(
        by_value(standardize_sex, delivered["sex"]).alias("sex"),
        emails.found.alias("emails"),
        emails.delivered.alias("emails_delivered"),
        phones.found.alias("phones"),
        phones.delivered.alias("phones_delivered"),
        phones.beside.alias("phone_extensions"),
        addresses.alias("addresses"),
        without_placeholders(delivered["job_title"]),
        identifiers.alias("identifiers"),
        *_event_columns(values, contract, height),
    )
    found = [
        *_lost_fields(delivered, frame),
        found_as("date_of_birth", born.get_column("problem")),
        named("email", emails.lost["row"], emails.lost["text"], why_no_email),
        named("phone", phones.lost["row"], phones.lost["text"], why_no_phone),
        *lost_parts,
        *lost_identifiers,
    ]
    frame = frame.with_columns(problems_of_rows(found, height))
    unreadable = {
        "emails_unreadable": emails.unreadable,
        "phones_unreadable": phones.unreadable,
        "dates_of_birth_unreadable": int(
            (
                without_placeholders(delivered["date_of_birth"]).is_not_null()
                & born.get_column("date_of_birth").is_null()
            ).sum()
        ),
    }
    return tables.source_records(contract.source).conform(frame), unreadable


_SINGLE_FIELDS = ("sex", "date_of_birth", "company", "job_title")

_WHY_LOST: Mapping[str, Why] = {
    **dict.fromkeys(("full_name", "first_name", "middle_name", "last_name"), why_no_name),
    "sex": why_no_sex,
    **dict.fromkeys(("company", "job_title"), always(PLACEHOLDER)),
}
"""Fields of one text, and why nothing of it was kept. A suffix may be a degree, which is no problem."""


def _lost_fields(delivered: Mapping[str, pl.Series], frame: pl.DataFrame) -> list[pl.DataFrame]:
    return [lost(field, delivered[field], frame.get_column(field), why) for field, why in _WHY_LOST.items()]


def _companies(delivered: pl.Series) -> pl.DataFrame:
    return by_value(lambda texts: standardize_companies(texts).to_struct(), delivered).struct.unnest()


_EVENT_COLUMNS = tuple(field for fields in EVENT_FIELDS.values() for field in fields)


def never_filled(contract: SourceContract) -> tuple[str, ...]:
    """Columns that are null in every record of a source: those of events, where the contract maps none of their fields."""
    return () if any(field in _EVENT_COLUMNS for field in contract.fields) else _EVENT_COLUMNS


def _event_columns(values: Values, contract: SourceContract, height: int) -> list[pl.Series] | list[pl.Expr]:
    def one(field: str) -> pl.Series:
        return first_filled(values, field, height)

    if empty := never_filled(contract):
        return [pl.lit(None, dtype=pl.String).alias(field) for field in empty]
    has_correction = one("corrected_field").is_not_null()
    correction = standardize_corrections(one("correction"))
    return [
        standardize_activities(one("activity")).alias("activity"),
        without_placeholders(one("activity_subject")),
        standardize_consents(one("consent")).alias("consent"),
        snake_case(one("purpose")).alias("purpose"),
        standardize_channels(one("channel")).alias("channel"),
        one("wording"),
        standardize_lawful_bases(one("lawful_basis")).alias("lawful_basis"),
        standardize_jurisdictions(one("jurisdiction")).alias("jurisdiction"),
        without_placeholders(one("collection_method")),
        standardize_validity(one("validity_duration")).alias("validity_duration"),
        standardize_double_opt_ins(one("double_opt_in")).alias("double_opt_in"),
        without_placeholders(one("indicated_by")),
        one("corrected_source"),
        one("corrected_key"),
        corrected_fields(one("corrected_field")).alias("corrected_field"),
        one("corrected_value"),
        correction.set(correction.is_null() & has_correction, "set").alias("correction"),
    ]


def _addresses(
    values: Values, contract: SourceContract, height: int
) -> tuple[pl.Series, pl.Series, list[pl.DataFrame]]:
    """The list of address structs of each row, the country that its names and phones are read in, and the problems."""
    frames = [_address_parts(values, n, height) for n in range(len(contract.addresses))]
    structs = [standardize_addresses(frame, contract.country) for frame in frames]
    source_country = pl.Series("country", [contract.country], dtype=pl.String).new_from_index(0, height)
    if not structs:
        return pl.Series("addresses", [[]], dtype=tables.ADDRESSES).new_from_index(0, height), source_country, []
    country = pl.DataFrame([struct.struct.field("country").alias(str(n)) for n, struct in enumerate(structs)])
    first = country.select(pl.coalesce(pl.all(), source_country)).to_series()
    problems = [part for n, frame in enumerate(frames) for part in lost_address_parts(frame, structs[n])]
    return listed(structs, tables.ADDRESSES), first, problems


def _address_parts(values: Values, n: int, height: int) -> pl.DataFrame:
    return pl.DataFrame({part: first_filled(values, f"{part}.{n}", height).alias(part) for part in ADDRESS_PARTS})


def _identifiers(values: Values, contract: SourceContract, height: int) -> tuple[pl.Series, list[pl.DataFrame]]:
    if not contract.identifiers:
        return pl.Series("identifiers", [[]], dtype=tables.IDENTIFIERS).new_from_index(0, height), []
    delivered = {name: first_filled(values, f"identifier.{name}", height) for name in contract.identifiers}
    made = {name: standardize_identifiers(texts) for name, texts in delivered.items()}
    problems = [lost(name, delivered[name], made[name], always(PLACEHOLDER)) for name in made]
    return listed([_identifier(name, values) for name, values in made.items()], tables.IDENTIFIERS), problems


def _identifier(name: str, values: pl.Series) -> pl.Series:
    struct = pl.struct(pl.lit(name).alias("type"), pl.col("value"))
    return values.alias("value").to_frame().select(pl.when(pl.col("value").is_not_null()).then(struct)).to_series()
