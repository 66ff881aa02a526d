"""How well each source fills each field, over its current records.

What does not belong here: whether a value is right.
"""

from __future__ import annotations

import polars as pl

from cdp_assets.tables import QUALITY_REPORT

SINGLE_FIELDS = {
    "full_name": "full_name", "first_name": "first_name_norm", "middle_name": "middle_name_norm",
    "last_name": "last_name_norm", "name_suffix": "suffix_norm", "sex": "sex", "date_of_birth": "date_of_birth",
    "company": "company_norm", "job_title": "job_title", "activity": "activity", "activity_subject": "activity_subject",
    "consent": "consent", "purpose": "purpose", "channel": "channel", "wording": "wording",
    "corrected_field": "corrected_field", "corrected_value": "corrected_value",
}  # fmt: skip
"""Canonical field to the column of records that says whether it is filled."""

LISTED_FIELDS = {"email": "emails", "phone": "phones"}
ADDRESS_FIELDS = {
    "street": "street_norm", "city": "city_norm", "region": "region_norm", "postcode": "postcode_norm", "country": "country",
}  # fmt: skip


def quality_report(versions: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/quality_report`` from ``standardized/record_versions``, sorted by key.

    One row for every source and canonical field, also for those that the source never fills, and one for each
    identifier that a source has ever filled.
    """
    current = versions.filter("is_current")
    counted = [_counted(current, field, pl.col(column)) for field, column in SINGLE_FIELDS.items()]
    counted += [_counted_lists(current, field, column) for field, column in LISTED_FIELDS.items()]
    counted += [
        _counted(current, field, pl.col("addresses").list.first().struct.field(column))
        for field, column in ADDRESS_FIELDS.items()
    ]
    counted.append(_counted_identifiers(current))
    report = pl.concat(counted).with_columns(completeness=pl.col("filled") / pl.col("records"))
    return QUALITY_REPORT.conform(report.select(QUALITY_REPORT.schema.keys()).sort("source", "field"))


_COUNTS = ("source", "field", "records", "filled", "distinct_values")


def _counted(current: pl.DataFrame, field: str, value: pl.Expr) -> pl.DataFrame:
    values = current.select("source", value=value.cast(pl.String))
    value = pl.col("value")
    return (
        values.group_by("source")
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            value.count().cast(pl.Int64).alias("filled"),
            value.drop_nulls().n_unique().cast(pl.Int64).alias("distinct_values"),
        )
        .with_columns(field=pl.lit(field))
        .select(_COUNTS)
    )


def _counted_lists(current: pl.DataFrame, field: str, column: str) -> pl.DataFrame:
    filled = _counted(current, field, pl.col(column).list.first())
    return (
        filled.drop("distinct_values")
        .join(_distinct(current.select("source", value=pl.col(column)).explode("value"), ["source"]), on="source")
        .select(_COUNTS)
    )


def _counted_identifiers(current: pl.DataFrame) -> pl.DataFrame:
    records = current.group_by("source").agg(pl.len().cast(pl.Int64).alias("records"))
    carried = current.select("record_id", "source", "identifiers").explode("identifiers").unnest("identifiers")
    carried = carried.drop_nulls("value").rename({"type": "field"})
    filled = carried.group_by("source", "field").agg(pl.col("record_id").n_unique().cast(pl.Int64).alias("filled"))
    return (
        filled.join(records, on="source")
        .join(_distinct(carried, ["source", "field"]), on=["source", "field"])
        .select(_COUNTS)
    )


def _distinct(values: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return values.group_by(by).agg(pl.col("value").drop_nulls().n_unique().cast(pl.Int64).alias("distinct_values"))
