"""Which columns of a delivered file stand behind which columns of its records: the contract's mapping, spelled out."""

from __future__ import annotations

from collections.abc import Mapping

from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.problems import PROBLEMS_OF_FIELD

COLUMNS_OF_FIELD: Mapping[str, tuple[str, ...]] = {
    "first_name": ("first_name", "first_name_norm", "first_name_root", "full_name"),
    "middle_name": ("middle_name", "middle_name_norm", "full_name"),
    "last_name": ("last_name", "last_name_norm", "full_name"),
    "name_suffix": ("name_suffix", "suffix_norm", "full_name"),
    "full_name": (
        "full_name",
        "first_name",
        "first_name_norm",
        "first_name_root",
        "middle_name",
        "middle_name_norm",
        "last_name",
        "last_name_norm",
        "name_suffix",
        "suffix_norm",
    ),
    "sex": ("sex",),
    "email": ("emails", "emails_delivered"),
    "phone": ("phones", "phones_delivered", "phone_extensions"),
    "date_of_birth": ("date_of_birth", "date_of_birth_text"),
    "street": ("addresses",),
    "city": ("addresses",),
    "region": ("addresses",),
    "postcode": ("addresses",),
    "country": ("addresses",),
    "company": ("company", "company_norm"),
    "job_title": ("job_title",),
    "activity": ("activity",),
    "activity_subject": ("activity_subject",),
    "consent": ("consent",),
    "purpose": ("purpose",),
    "channel": ("channel",),
    "wording": ("wording",),
    "lawful_basis": ("lawful_basis",),
    "jurisdiction": ("jurisdiction",),
    "collection_method": ("collection_method",),
    "validity_duration": ("validity_duration",),
    "double_opt_in": ("double_opt_in",),
    "indicated_by": ("indicated_by",),
    "corrected_source": ("corrected_source",),
    "corrected_key": ("corrected_key",),
    "corrected_field": ("corrected_field",),
    "corrected_value": ("corrected_value",),
    "correction": ("correction",),
}
"""Columns of a record that each canonical field feeds; ``problems`` speaks of all that may have one."""


def columns_behind(contract: SourceContract) -> dict[str, list[str]]:
    """Column of ``standardized/<source>_records`` → columns of ``raw/<source>_imports`` that feed it."""
    behind: dict[str, set[str]] = {}
    for field in contract.fields:
        raw = {column for source in contract.field_sources(field) for column in source.raw_columns}
        told = ("problems",) if field in PROBLEMS_OF_FIELD else ()
        for column in (*COLUMNS_OF_FIELD[field], *told):
            behind.setdefault(column, set()).update(raw)
    for identifier in contract.identifiers.values():
        for column in ("identifiers", "problems"):
            behind.setdefault(column, set()).add(identifier.raw_column)
    return {column: sorted(names) for column, names in sorted(behind.items()) if names}
