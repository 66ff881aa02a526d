"""How well each import fills each field, and how much of what it delivered could be read. Numbers only, no value.

The column ``problems`` of a record says what was delivered and could not be kept, as ``field:problem``. So a field of a
record is one of: filled, filled and yet with a problem (the second of two addresses was unreadable), not filled though
something was delivered, or not delivered. *Completeness* is of all records; *validity* of those that delivered something.

All imports are counted in one pass, not one after the other.

What does not belong here: whether a value that could be read is right (``quality_findings.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

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
FIELDS = (*SINGLE_FIELDS, *LISTED_FIELDS, *ADDRESS_FIELDS)
"""Fields that have a row for every import, also where it never fills them; each identifier has one besides."""

COLUMNS = (
    "source", "import_id", "landed_at", "record_id", *SINGLE_FIELDS.values(), *LISTED_FIELDS.values(), "addresses",
    "identifiers", "problems",
)  # fmt: skip
"""Columns of the records that the report is made from: nothing else needs to be read."""

_ROW, _GROUP = "_row", "_group"


def quality_report(records: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/quality_report``, sorted by key.

    ``records``: rows of ``standardized/<source>_records``, of all imports in use, with at least ``COLUMNS``. An import
    without any record has no row.
    """
    key = ["source", "import_id"]
    landed = records.group_by(key).agg(pl.col("landed_at").min())
    report = field_counts(records, key).join(landed, on=key, how="left")
    return QUALITY_REPORT.conform(report.select(QUALITY_REPORT.schema.keys()).sort(*key, "field"))


def newest_filled_shares(report: pl.DataFrame) -> pl.DataFrame:
    """``source`` and ``share``: filled cells of each source's newest import, of the fields that the source ever fills."""
    used = report.filter(pl.col("filled").sum().over("source", "field") > 0)
    newest = used.select("source", "landed_at", "import_id").unique().sort("source", "landed_at", "import_id")
    newest = newest.unique("source", keep="last", maintain_order=True)
    cells = used.join(newest, on=["source", "import_id"], how="semi")
    return cells.group_by("source").agg(share=pl.col("filled").sum() / pl.col("records").sum()).sort("source")


def field_counts(records: pl.DataFrame, by: Sequence[str], *, with_distinct: bool = True) -> pl.DataFrame:
    """Counts and shares of each field in each group of ``records``, those of one value of the columns ``by``.

    Columns: ``by``, those of ``standardized/quality_report`` from ``field`` on, and ``delivered``: records that delivered
    something for the field, readable or not. In no particular order. Without ``with_distinct``, which takes most of the time, distinct values are 0.
    """
    groups = records.group_by(by).agg(pl.len().cast(pl.Int64).alias("records")).sort(by).with_row_index(_GROUP)
    placed = records.join(groups.select(*by, _GROUP), on=by, how="left", maintain_order="left")
    values = placed.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias(_ROW),
        _GROUP,
        *(pl.col(column).alias(field) for field, column in SINGLE_FIELDS.items()),
        *(pl.col(column).list.first().alias(field) for field, column in LISTED_FIELDS.items()),
        *(
            pl.col("addresses").list.first().struct.field(column).alias(field)
            for field, column in ADDRESS_FIELDS.items()
        ),
    )
    carried = _carried_identifiers(placed, values)
    counted = [_counted_fields(values, with_distinct=with_distinct), _counted_identifiers(carried)]
    counts = pl.concat([*counted, _counted_lists(placed)] if with_distinct else counted)
    counts = counts.group_by(_GROUP, "field").agg(pl.col("filled").sum(), pl.col("distinct_values").sum())
    problems = _counted_problems(_problems(placed, values), values, carried)
    told = counts.join(problems, on=[_GROUP, "field"], how="full", coalesce=True).join(groups, on=_GROUP)
    return _with_shares(told.with_columns(pl.col(*_COUNTS).fill_null(0))).drop(_GROUP)


_COUNTS = ("filled", "distinct_values", "unreadable", "delivered_only", "top_problem_records")


def _with_shares(counts: pl.DataFrame) -> pl.DataFrame:
    filled, delivered = pl.col("filled"), pl.col("delivered")
    return (
        counts.with_columns(delivered=filled + pl.col("delivered_only"))
        .with_columns(
            completeness=filled / pl.col("records"),
            validity=pl.when(delivered > 0).then(1 - pl.col("unreadable") / delivered),
            distinctness=pl.when(filled > 0).then(pl.min_horizontal(pl.col("distinct_values") / filled, 1.0)),
        )
        .drop("delivered_only")
    )


def _counted_fields(values: pl.DataFrame, *, with_distinct: bool) -> pl.DataFrame:
    """Filled and distinct values of the fields of which a record has one; of the lists only how many are filled."""
    single = [field for field in FIELDS if field not in LISTED_FIELDS] if with_distinct else []
    counts = values.group_by(_GROUP).agg(
        *(pl.col(field).count().cast(pl.Int64).alias(f"filled {field}") for field in FIELDS),
        *(_distinct(pl.col(field)).alias(f"distinct {field}") for field in single),
    )
    return pl.concat(
        counts.select(
            _GROUP,
            field=pl.lit(field),
            filled=f"filled {field}",
            distinct_values=f"distinct {field}" if field in single else pl.lit(0, dtype=pl.Int64),
        )
        for field in FIELDS
    )


def _distinct(value: pl.Expr) -> pl.Expr:
    return (value.n_unique().cast(pl.Int64) - (value.null_count() > 0).cast(pl.Int64)).cast(pl.Int64)


def _counted_lists(placed: pl.DataFrame) -> pl.DataFrame:
    """The distinct values of the fields of which a record may have several."""
    return pl.concat(
        placed.select(_GROUP, value=column)
        .explode("value")
        .group_by(_GROUP)
        .agg(_distinct(pl.col("value")).alias("distinct_values"))
        .select(_GROUP, field=pl.lit(field), filled=pl.lit(0, dtype=pl.Int64), distinct_values="distinct_values")
        for field, column in LISTED_FIELDS.items()
    )


def _carried_identifiers(placed: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Row, group, ``field`` (the identifier's name) and ``value``."""
    carried = placed.select(values.get_column(_ROW), _GROUP, "identifiers")
    carried = carried.filter(pl.col("identifiers").list.len() > 0).explode("identifiers").unnest("identifiers")
    return carried.drop_nulls("value").rename({"type": "field"})


def _counted_identifiers(carried: pl.DataFrame) -> pl.DataFrame:
    """Only imports that fill an identifier have a row for it."""
    return carried.group_by(_GROUP, "field").agg(
        pl.col(_ROW).n_unique().cast(pl.Int64).alias("filled"),
        pl.col("value").n_unique().cast(pl.Int64).alias("distinct_values"),
    )


def _problems(placed: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Row, group, ``field`` and ``problem``, each once. A problem that names no field is of the whole record."""
    told = placed.select(values.get_column(_ROW), _GROUP, "problems")
    told = told.filter(pl.col("problems").list.len() > 0).explode("problems").drop_nulls("problems")
    field, problem = pl.col("problems").str.extract(r"^([^:]*):"), pl.col("problems").str.extract(r"([^:]*)$")
    return told.select(_ROW, _GROUP, field=field.fill_null("record"), problem=problem).unique()


def _counted_problems(problems: pl.DataFrame, values: pl.DataFrame, carried: pl.DataFrame) -> pl.DataFrame:
    """Group, field, ``unreadable`` records, those that keep nothing of the field (``delivered_only``), top problem."""
    by = [_GROUP, "field"]
    rows = problems.unique([_ROW, "field"]).select(_ROW, *by)
    theirs = values[rows.get_column(_ROW).unique().sort()]  # a row's number is its place
    filled = pl.concat(
        [carried.select(_ROW, "field").join(theirs, on=_ROW, how="semi")]
        + [
            theirs.select(_ROW, field=pl.lit(field)).filter(theirs.get_column(field).is_not_null())
            for field in rows.get_column("field").unique().sort()
            if field in FIELDS
        ]
    )
    counted = rows.group_by(by).agg(pl.len().cast(pl.Int64).alias("unreadable"))
    empty = rows.join(filled, on=[_ROW, "field"], how="anti")
    delivered_only = empty.group_by(by).agg(pl.len().cast(pl.Int64).alias("delivered_only"))
    commonest = (
        problems.group_by(*by, "problem")
        .agg(pl.len().cast(pl.Int64).alias("top_problem_records"))
        .sort(*by, "top_problem_records", "problem", descending=[False, False, True, False])
        .unique(by, keep="first", maintain_order=True)
        .rename({"problem": "top_problem"})
    )
    return counted.join(delivered_only, on=by, how="left").join(commonest, on=by, how="left")
