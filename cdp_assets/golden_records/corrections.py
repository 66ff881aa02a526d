"""What people have corrected: "this is the value now" (set), and "this one is not theirs" (retract).

Corrections come from sources of kind corrections (a support system) and from stewards (the ledger). A correction is
evidence with a date. What a set value comes to when sources repeat the old one, catch up, or bring a third is the three-way
rule (``three_way.py``); a retracted value stays retracted however often it is delivered.

A retraction is undone only by a later ``set`` of the same value on the same record. Through another record it would
follow that merging two customers can bring a retracted address back. A retraction without a value takes away what the
record said until then. In provenance a set value leads to the record that was corrected, and to the source and import
that brought the correction.

What does not belong here: e-mail addresses and phones that are set or retracted (``emails.py``, ``phones.py`` apply
them, since a customer keeps several), what becomes of a set value later (``three_way.py``), the ordinary rules
(``survivorship.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.corrected_records import corrected_record
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import ADDRESS_PARTS, NAME_PARTS, SINGLES, STEWARD
from cdp_assets.golden_records.survivorship import Survivors
from cdp_assets.sources.vocabulary import ALSO_KNOWN_AS
from cdp_assets.standardized.addresses import standardize_addresses
from cdp_assets.standardized.companies import standardize_companies
from cdp_assets.standardized.emails import standardize_emails
from cdp_assets.standardized.names import standardize_names
from cdp_assets.standardized.phones import standardize_phones
from cdp_assets.standardized.places import standardize_countries
from cdp_assets.standardized.sex import standardize_sex

CORRECTION = "correction"
"""Rule in provenance of a value that was set."""

CORRECTABLE = (*NAME_PARTS, *ADDRESS_PARTS, *SINGLES, "email", "phone")

LEDGER = "ledger"
"""Import named in provenance for a value that a steward set."""

NOTHING = ""
"""Value of a part that is set to be empty: a whole name that was set has no middle name."""

_SAID = {
    "scope": pl.String(),
    "field": pl.String(),
    "value": pl.String(),
    "correction": pl.String(),
    "corrected_at": pl.Datetime("us", "UTC"),
    "record_id": pl.String(),
    "source": pl.String(),
    "import_id": pl.String(),
    "customer": pl.UInt32(),
}
"""A correction as it was said. ``scope``: the record, or customer id, that it speaks of; ``record_id``: the record that
it speaks of, or the first of the customer, so that provenance leads to a record of that customer; ``source`` and
``import_id``: who said so."""


@dataclass(frozen=True)
class Corrections:
    """Corrections in force.

    ``sets``: newest set per customer and field: ``customer``, ``scope``, ``field``, ``value``, ``comparable``, ``corrected_at``,
    ``record_id``, ``source``, ``import_id``. ``retractions``: one row per ``customer``, ``field`` and ``comparable``,
    with the newest retraction's other columns.
    ``retracted_at``: the same with the newest time, also of retractions that a later set has undone.
    ``ignored``: how many could not be applied (record, field, word or value not known).
    """

    sets: pl.DataFrame
    retractions: pl.DataFrame
    retracted_at: pl.DataFrame
    ignored: int

    def of(self, field: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Sets and retractions of one field."""
        return self.sets.filter(pl.col("field") == field), self.retractions.filter(pl.col("field") == field)


def corrections_in_force(known: CustomerVersions, steward_corrections: pl.DataFrame | None = None) -> Corrections:
    """Read the corrections of both kinds and settle which are in force.

    ``steward_corrections``: ``Ledger.corrections()``, or a frame of that shape with ``customer_id`` beside or in place
    of ``record_id`` (``corrected_record_id`` is read as ``record_id``).
    """
    said = pl.concat([_from_sources(known), _from_stewards(known, steward_corrections)]).with_row_index("number")
    readable = _readable(said, known)
    applied = readable.get_column("number").n_unique()
    # At the same moment a retraction outranks a set: an address wrongly left out costs less than one wrongly used.
    in_time = readable.sort("corrected_at", pl.col("correction") == "retract", "source", "import_id", "scope", "value")
    standing = in_time.unique(["customer", "scope", "field", "comparable"], keep="last", maintain_order=True)
    retractions = standing.filter(pl.col("correction") == "retract").unique(
        ["customer", "field", "comparable"], keep="last", maintain_order=True
    )
    sets = (
        standing.filter(pl.col("correction") == "set")
        .join(retractions, on=["customer", "field", "comparable"], how="anti", maintain_order="left")
        .unique(["customer", "field"], keep="last", maintain_order=True)
    )
    columns = ("customer", "scope", "field", "value", "comparable", "corrected_at", "record_id", "source", "import_id")
    ever_retracted = readable.filter(pl.col("correction") == "retract")
    retracted_at = ever_retracted.group_by("customer", "field", "comparable").agg(at=pl.col("corrected_at").max())
    return Corrections(
        sets.select(columns),
        retractions.select(columns).sort("customer", "field", "comparable"),
        retracted_at.sort("customer", "field", "comparable"),
        said.height - applied,
    )


def comparable(field: pl.Expr, value: pl.Expr) -> pl.Expr:
    """A value in the form in which two spellings of it are equal: digits of a phone, else letters and digits."""
    return (
        pl.when(field == "phone")
        .then(value.str.replace_all(r"\D", ""))
        .when(field == "email")
        .then(value.str.to_lowercase())
        .otherwise(value.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", ""))
    )


def with_full_names(held: pl.DataFrame, names: Survivors) -> pl.DataFrame:
    """Set ``full_name`` wherever a part of it was set later than it, so that whole and parts say the same."""
    parts = NAME_PARTS[:-1]
    whole_at = held.filter(pl.col("field") == "full_name").select("customer", whole_at="corrected_at")
    newest_part = (
        held.filter(pl.col("field").is_in(parts))
        .sort("customer", "corrected_at", "field")
        .unique("customer", keep="last", maintain_order=True)
        .join(whole_at, on="customer", how="left")
        .filter(pl.col("whole_at").is_null() | (pl.col("corrected_at") > pl.col("whole_at")))
    )
    if newest_part.is_empty():
        return held
    as_set = held.filter(pl.col("field").is_in(parts)).pivot(
        on="field", index="customer", values="value", on_columns=list(parts)
    )
    survived = names.frame.select("customer", *(pl.col(part).alias(f"{part}_survived") for part in parts))
    spoken = [pl.coalesce(part, f"{part}_survived").replace(NOTHING, None) for part in parts]
    whole = as_set.join(survived, on="customer", how="left").select(
        "customer", value=pl.concat_str(spoken, separator=" ", ignore_nulls=True)
    )
    renamed = newest_part.drop("value").join(whole, on="customer").with_columns(field=pl.lit("full_name"))
    others = held.join(renamed.select("customer", "field"), on=["customer", "field"], how="anti", maintain_order="left")
    return pl.concat([others, renamed.select(held.columns)])


# ---------------------------------------------------------------------------------------------------------------------
# Reading what was said


def _from_sources(known: CustomerVersions) -> pl.DataFrame:
    named = ("corrected_field", "corrected_source", "corrected_key")
    said = known.versions.filter(pl.all_horizontal(pl.col(*named).is_not_null())).select(
        scope=corrected_record(),
        field=pl.col("corrected_field"),
        value=pl.col("corrected_value"),
        correction=pl.col("correction").fill_null("set"),
        corrected_at=pl.col("observed_at"),
        source="source",
        import_id="import_id",
    )
    whose = said.join(_customers_of(known, said.get_column("scope")), on="scope", how="left")
    return whose.with_columns(record_id="scope").select(list(_SAID))


def _from_stewards(known: CustomerVersions, corrections: pl.DataFrame | None) -> pl.DataFrame:
    if corrections is None or corrections.is_empty():
        return pl.DataFrame(schema=_SAID)
    if "corrected_record_id" in corrections.columns:
        corrections = corrections.rename({"corrected_record_id": "record_id"})
    missing = [name for name in ("record_id", "customer_id") if name not in corrections.columns]
    said = corrections.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    by_record = _customers_of(known, said.get_column("record_id")).rename({"scope": "record_id"})
    named = known.customers.join(said.select("customer_id"), on="customer_id", how="semi")
    by_customer = (
        known.with_values("record_id")
        .join(named, on="customer")
        .group_by("customer_id", "customer")
        .agg(first_record=pl.col("record_id").min())
        .rename({"customer": "of_customer"})
    )
    whose = said.join(by_record, on="record_id", how="left").join(by_customer, on="customer_id", how="left")
    return whose.select(
        pl.coalesce("record_id", "customer_id").alias("scope"),
        "field",
        "value",
        "correction",
        "corrected_at",
        pl.coalesce("record_id", "first_record").alias("record_id"),
        pl.lit(STEWARD).alias("source"),
        pl.lit(LEDGER).alias("import_id"),
        pl.coalesce("customer", "of_customer").alias("customer"),
    ).select(list(_SAID))


def _customers_of(known: CustomerVersions, record_ids: pl.Series) -> pl.DataFrame:
    named = record_ids.drop_nulls().unique().alias("scope").to_frame()
    members = known.with_values("record_id").select("customer", scope="record_id")
    return named.join(members, on="scope", how="inner").unique()


def _readable(said: pl.DataFrame, known: CustomerVersions) -> pl.DataFrame:
    """Those that can be applied: canonical fields, values as their source's records would have them, ``comparable``."""
    field = pl.col("field").str.strip_chars().str.to_lowercase()
    value = pl.col("value").str.strip_chars()
    said = said.with_columns(
        field.replace(dict(ALSO_KNOWN_AS)).alias("field"),
        pl.when(value != "").then(value).alias("value"),
        pl.col("correction").str.strip_chars().str.to_lowercase(),
    ).filter(
        pl.col("customer").is_not_null()
        & pl.col("field").is_in(CORRECTABLE)
        & pl.col("correction").is_in(["set", "retract"])
    )
    said = _with_values_of_their_records(said, known)
    if said.is_empty():
        return said.with_columns(comparable=pl.lit(None, pl.String))
    said = said.with_columns(_countries(said, known).alias("region"))
    read = [_read_values(part) for part in said.partition_by("field", maintain_order=True)]
    return pl.concat([*read, _parts_of_whole_names(said)]).filter(pl.col("value").is_not_null()).drop("region")


def _with_values_of_their_records(said: pl.DataFrame, known: CustomerVersions) -> pl.DataFrame:
    """Retractions without a value, as one of each value that their record had until then."""
    unnamed = said.filter(pl.col("value").is_null() & (pl.col("correction") == "retract"))
    named = said.filter(pl.col("value").is_not_null())
    if unnamed.is_empty():
        return named
    theirs = known.versions.join(unnamed.select(record_id="scope"), on="record_id", how="semi")
    filled = [named]
    for part in unnamed.partition_by("field", maintain_order=True):
        values = theirs.select("observed_at", scope="record_id", found=_values_of(part.item(0, "field")))
        until_then = (
            part.drop("value")
            .join(values.explode("found").drop_nulls("found"), on="scope")
            .filter(pl.col("observed_at") <= pl.col("corrected_at"))
        )
        filled.append(until_then.rename({"found": "value"}).select(said.columns).unique())
    return pl.concat(filled)


def _values_of(field: str) -> pl.Expr:
    """All values of a field in a record version, as a list of texts."""
    if field in ("email", "phone"):
        return pl.col(f"{field}s")
    if field in ADDRESS_PARTS:
        return pl.col("addresses").list.eval(pl.element().struct.field(field))
    return pl.concat_list(pl.col(field).cast(pl.String))


def _read_values(said: pl.DataFrame) -> pl.DataFrame:
    """``said`` of one field, values standardized as a delivered value is, with what makes two spellings equal."""
    field = str(said.item(0, "field"))
    value = _READERS[field](said) if field in _READERS else said.get_column("value")
    read = said.with_columns(value.alias("value"))
    if field in _COMPARABLE:
        return read.with_columns(_COMPARABLE[field](read).alias("comparable"))
    return read.with_columns(comparable(pl.lit(field), pl.col("value")).alias("comparable"))


_READERS: dict[str, Callable[[pl.DataFrame], pl.Series]] = {
    "email": lambda said: standardize_emails(said.get_column("value")),
    "phone": lambda said: standardize_phones(said.get_column("value"), said.get_column("region")),
    "sex": lambda said: standardize_sex(said.get_column("value")),
    "country": lambda said: standardize_countries(said.get_column("value")),
    "date_of_birth": lambda said: said.get_column("value").str.to_date("%Y-%m-%d", strict=False).cast(pl.String),
}


def _comparable_street(said: pl.DataFrame) -> pl.Series:
    streets = standardize_addresses(said.select(street="value", country="region")).struct.unnest()
    parts = [pl.col(name).fill_null("") for name in ("street_norm", "house_number", "unit")]
    return streets.select(pl.concat_str(parts, separator="|")).to_series()


def _comparable_company(said: pl.DataFrame) -> pl.Series:
    norm = standardize_companies(said.get_column("value")).get_column("company_norm")
    return norm.fill_null(said.get_column("value").str.to_lowercase())


_COMPARABLE: dict[str, Callable[[pl.DataFrame], pl.Series]] = {
    "street": _comparable_street,
    "company": _comparable_company,
}


def _parts_of_whole_names(said: pl.DataFrame) -> pl.DataFrame:
    """A whole name that is set, as sets of its parts: those that it does not have are set to be empty."""
    wholes = said.filter((pl.col("field") == "full_name") & (pl.col("correction") == "set"))
    parts = NAME_PARTS[:-1]
    split = standardize_names(wholes.select(full_name="value", country="region"))
    beside = wholes.drop("field", "value").hstack(split.select(parts))
    long = beside.unpivot(on=list(parts), index=wholes.drop("field", "value").columns, variable_name="field")
    return (
        long.with_columns(pl.col("value").fill_null(NOTHING))
        .with_columns(comparable(pl.col("field"), pl.col("value")).alias("comparable"))
        .select(*said.columns, "comparable")
    )


def _countries(said: pl.DataFrame, known: CustomerVersions) -> pl.Series:
    """The country that each customer's records name most often, to read numbers, streets and names in."""
    countries = (
        known.with_values("addresses")
        .join(said.select("customer"), on="customer", how="semi")
        .select("customer", pl.col("addresses").list.first().struct.field("country"))
        .drop_nulls()
        .group_by("customer", "country")
        .len()
        .sort("customer", "len", "country", descending=[False, True, False])
        .unique("customer", keep="first", maintain_order=True)
    )
    return said.join(countries, on="customer", how="left", maintain_order="left").get_column("country")
