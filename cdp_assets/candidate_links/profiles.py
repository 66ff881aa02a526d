"""Linkage profiles: the distinct compared values of record versions, so that equal records are compared once.

All versions count: a former address still identifies. A version with several postal addresses gives one profile per
address; e-mails, phones and identifiers stay side by side in lists, without those that a crowd shares.

What does not belong here: how two profiles compare (``comparisons.py``) and columns derived for it (``comparable.py``).
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links import hash_order
from cdp_assets.candidate_links.lists import Distinct, Flat, joined, once, side_by_side, where
from cdp_assets.candidate_links.lookup import ROW
from cdp_assets.candidate_links.ordered import begins, numbered, rows_at
from cdp_assets.candidate_links.shared import CROWD_SHARING
from cdp_assets.candidate_links.source_pairs import SEPARATOR
from cdp_assets.standardized.scripts import scripts_of
from cdp_assets.tables import LINKAGE_PROFILES, PROFILE_MEMBERS, PROFILE_VALUES, TEXTS

_TEXTS = {
    "first_name": "first_name_norm",
    "first_name_root": "first_name_root",
    "middle_name": "middle_name_norm",
    "last_name": "last_name_norm",
    "suffix": "suffix_norm",
    "sex": "sex",
    "company": "company_norm",
}
_ADDRESS_PARTS = {
    "street": "street_norm",
    "house_number": "house_number",
    "city": "city_norm",
    "region": "region_norm",
    "postcode": "postcode_norm",
    "country": "country",
}
COMPARED_COLUMNS = [
    "record_id",
    "source",
    "first_name",
    "last_name",
    "first_name_norm",
    "first_name_root",
    "middle_name_norm",
    "last_name_norm",
    "suffix_norm",
    "sex",
    "date_of_birth",
    "date_of_birth_text",
    "emails",
    "phones",
    "identifiers",
    "company_norm",
    "job_title",
    "addresses",
]
"""Columns of record versions that profiles are made of; a table of a million rows has three times as many."""

ROW_OF_A_VERSION = ["record_id", "import_id", "line"]
"""Columns of record versions that name the row which a version began with: what it says, as long as imports are read alike."""

_LISTS = ("emails", "phones", "identifiers")
_SCRIPTS = ("first_name_script", "last_name_script")
_TOLD_WHERE_THERE = (*_SCRIPTS, "probable_emails")
"""Values that are part of a profile's text only where there are any."""
_LONG = (*_LISTS, "probable_emails", "record_id")
"""Columns of many different values, mostly longer than the twelve bytes that Polars keeps in the column itself."""
_SEPARATOR = "\x1f"  # unit separator: no delivered text keeps control characters
_INNER = "\x1e"
_NULL = "\x00"
_HASHED_AT_ONCE = 100_000
"""Rows whose values stand as one text in memory: of ten million, the texts would take more than the values; memory for so few is used again."""
# 63 bits of md5 (not a secret, a name): a positive BIGINT, the id type that Splink joins fastest.
# DuckDB's md5_number_lower is the same number, and takes twice as long.
_PROFILE_ID = "((md5_number(said) >> 64) & 9223372036854775807)::BIGINT"


def linkage_profiles(
    versions: pl.DataFrame, shared: pl.DataFrame, one_row_sources: set[str], probable: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Profiles of all record versions, and which records have them.

    ``versions`` is ``standardized/record_versions`` (:data:`COMPARED_COLUMNS` of it), ``shared`` ``candidate_links/shared_identifiers``;
    ``one_row_sources`` are sources whose contract says ``one_row_per_person``; ``probable`` is
    ``standardized/probable_emails`` (None: none are known). Every record has at least one profile.

    A probable address goes with the versions of its record that carry the address it was derived from, or that say a
    name and a company where it was predicted from those. It is part of the compared values.

    Records share a profile only where its values identify a person; two records that say no more than "John Smith" stay
    two profiles and are compared like any others. So do two records of a one-row-per-person source.
    """
    said = _values(_per_address(versions), one_row_sources)
    said = _without_crowd(_with_probable(said, probable), shared)
    held = _held(said)
    runs = held.get_column("profile_id").rle().struct.unnest()
    first = runs.get_column("len").cum_sum() - runs.get_column("len")
    rows = held.get_column("row").gather(first)  # equal id, equal values: any row tells them
    values = (_of_rows(said.get_column(column.name), rows) for column in PROFILE_VALUES)
    told = runs.select(pl.col("value").alias("profile_id"), pl.col("len").alias("records"))
    sources = sources_of(
        said.get_column("told_by"), runs.get_column("len").to_numpy(), held.get_column("row").to_numpy()
    )
    profiles = pl.DataFrame([*told, *values, sources])
    members = held.select("profile_id", _of_rows(said.get_column("record_id"), held.get_column("row")))
    return LINKAGE_PROFILES.conform(profiles), PROFILE_MEMBERS.conform(members)


def sources_of(told_by: pl.Series, lengths: npt.NDArray[Any], rows: npt.NDArray[Any]) -> pl.Series:
    """``sources``: those that one group of ``rows`` after the other, of these ``lengths``, is told by, each once and in order, joined by commas."""
    held = Distinct.of(told_by)
    names, count = held.texts.sort(), max(len(held.texts), 1)
    places = names.search_sorted(held.texts).to_numpy().astype(np.int64)[held.places.to_numpy()[rows]]
    of_several = np.flatnonzero(lengths > 1)
    group = np.repeat(np.arange(len(of_several)), lengths[of_several])
    groups, told = np.divmod(np.unique(group * count + places[np.repeat(lengths > 1, lengths)]), count)
    lists = Flat.of_lengths(names.gather(told), np.bincount(groups, minlength=len(of_several))).lists()
    firsts = names.gather(places[np.cumsum(lengths) - lengths])
    return firsts.scatter(of_several, joined(lists, SEPARATOR)).alias("sources")


def _of_rows(column: pl.Series, rows: pl.Series) -> pl.Series:
    """The values of these ``rows``, in whatever order, of a column in several chunks; long texts side by side in memory.

    One column after the other, so that the memory of one is used again for the next.
    """
    if column.null_count() == len(column):
        return pl.repeat(None, len(rows), dtype=column.dtype, eager=True).alias(column.name)
    found = column.rechunk().gather(rows)
    return side_by_side(found) if column.name in _LONG else found


def _held(said: pl.DataFrame) -> pl.DataFrame:
    """Each profile and record that has or had its values, once and in order: ``profile_id``, and a ``row`` of ``said``."""
    records, ids = said.get_column("record").to_numpy(), _profile_ids(said).to_numpy().view(np.uint64)
    by_record = np.argsort(records, kind="stable")  # they are in order but for further addresses
    order, ids = hash_order.in_order(ids[by_record])
    rows = by_record[order]
    told = {"profile_id": ids.view(np.int64), "record": records[rows], "row": rows}
    held = pl.DataFrame(told, schema_overrides={"row": ROW})  # or every column would be asked for rows in another type
    return held.filter(begins("profile_id", "record")).select("profile_id", "row")


def _profile_ids(said: pl.DataFrame) -> pl.Series:
    """The profile of each row."""
    found = [pl.Series("profile_id", [], dtype=pl.Int64)]
    with duckdb.connect() as db:
        for rows in said.iter_slices(_HASHED_AT_ONCE):
            db.register("said", _said(rows).to_arrow(compat_level=pl.CompatLevel.newest()))
            ids: pl.DataFrame = db.sql(f"SELECT {_PROFILE_ID} AS profile_id FROM said").pl()  # in the order of rows
            found.append(ids.get_column("profile_id"))
    return pl.concat(found, rechunk=True)


def _per_address(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per version and address: the first, and each further one that says where it is; one row where there is none.

    A further address without town and postcode (a building's name in a second line) would be compared as "nothing to
    compare", and its profile would hide that the first addresses differ. Columns: those of versions that are compared, ``record``
    (:func:`ordered.numbered`) and an address's parts under their profile names; they stand in the chunks that they came in.
    """
    flat = Flat.of(versions.get_column("addresses"))
    parts = flat.values.struct.unnest().select(pl.col(kept).alias(name) for name, kept in _ADDRESS_PARTS.items())
    rows, places = (pl.Series(numbers) for numbers in flat.further())
    says_where = parts.select("city", "postcode")[places].select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    rows, places = rows.filter(says_where), places.filter(says_where)
    told = pl.concat([where(pl.Series(flat.bounds[:-1]), pl.Series(flat.lengths > 0)), places]).cast(ROW)
    record = numbered(versions.get_column("record_id"))
    others = versions.select(name for name in COMPARED_COLUMNS if name != "addresses")
    return pl.concat([others, rows_at(others, rows.to_numpy())]).with_columns(
        pl.concat([record, record.gather(rows)], rechunk=True).alias("record"),
        *(_filled(part).gather(told) for part in parts),
    )


def _values(rows: pl.DataFrame, one_row_sources: set[str]) -> pl.DataFrame:
    """The compared values of rows of :func:`_per_address` under their profile names."""
    return rows.select(
        "record_id",
        "record",
        pl.when(pl.col("source").is_in(sorted(one_row_sources))).then(pl.col("source")).alias("source"),
        pl.col("source").alias("told_by"),
        *(_filled(rows.get_column(kept)).alias(name) for name, kept in _TEXTS.items()),
        scripts_of(rows.get_column("first_name")).alias("first_name_script"),
        scripts_of(rows.get_column("last_name")).alias("last_name_script"),
        _born(rows.get_column("date_of_birth_text"), rows.get_column("date_of_birth")).alias("date_of_birth"),
        _tidy(rows.get_column("emails")),
        _tidy(rows.get_column("phones")),
        _tidy_identifiers(rows.get_column("identifiers")),
        *_ADDRESS_PARTS,
        _filled(once(rows.get_column("job_title"), _lower)).alias("job_title"),
    )


def _lower(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase().str.strip_chars()


def _born(texts: pl.Series, days: pl.Series) -> pl.Series:
    """Dates of birth as they were delivered, or the day where that is not kept; mostly it is."""
    untold = (texts.is_null() & days.is_not_null()).arg_true()
    return texts if untold.is_empty() else texts.rechunk().scatter(untold, days.gather(untold).dt.to_string("%Y-%m-%d"))


def _filled(texts: pl.Series) -> pl.Series:
    """Null where a text is empty; mostly none is, and nothing is copied."""
    is_empty = texts.str.len_bytes() == 0
    return where(texts, ~is_empty) if is_empty.any() else texts


def _tidy(lists: pl.Series) -> pl.Series:
    flat = Flat.of(lists)
    tidy = flat.tidy()
    return lists if tidy is flat and not lists.null_count() else tidy.lists()


def _tidy_identifiers(identifiers: pl.Series) -> pl.Series:
    """As texts, "type=value"."""
    flat = Flat.of(identifiers)
    texts = flat.values.struct.unnest().select(pl.concat_str("type", "value", separator="=")).to_series()
    return Flat(texts, flat.bounds).tidy().lists().alias(identifiers.name)


def _with_probable(said: pl.DataFrame, probable: pl.DataFrame | None) -> pl.DataFrame:
    """Adds ``probable_emails``: those of the record that these values speak for, without those that they carry."""
    if probable is None or probable.is_empty():
        return said.with_columns(pl.lit([], dtype=TEXTS).alias("probable_emails"))
    rows = pl.int_range(len(said), eager=True).alias("row")
    asked = pl.DataFrame([said.get_column("record_id"), rows])
    asked = asked.join(probable.select("record_id", "email", "derived_from"), on="record_id", how="inner")
    asked = asked.with_columns(
        said.get_column(name).gather(asked.get_column("row")) for name in ("emails", "company", "last_name")
    )
    is_named = pl.col("company").is_not_null() & pl.col("last_name").is_not_null()
    speaks = (
        pl.when(pl.col("derived_from").is_null())
        .then(is_named)
        .otherwise(pl.col("emails").list.contains(pl.col("derived_from")))
    )
    fitting = asked.filter(speaks & ~pl.col("emails").list.contains(pl.col("email"))).sort("row")
    lengths = np.bincount(fitting.get_column("row").to_numpy(), minlength=len(said))
    lists = Flat.of_lengths(fitting.get_column("email"), lengths).tidy().lists()
    return said.with_columns(lists.alias("probable_emails"))


def _without_crowd(said: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """Leave out values that a crowd, a role or a placeholder shares: they say nothing of one person."""
    crowd = shared.filter(pl.col("sharing").is_in(CROWD_SHARING)).select("type", "value")
    of = {kind: crowd.filter(pl.col("type") == kind).get_column("value") for kind in ("email", "phone")}
    keys = (
        crowd.filter(~pl.col("type").is_in(list(of))).select(pl.concat_str("type", "value", separator="=")).to_series()
    )
    banned = {"emails": of["email"], "probable_emails": of["email"], "phones": of["phone"], "identifiers": keys}
    return said.with_columns(_without(said.get_column(name), values) for name, values in banned.items())


def _without(lists: pl.Series, banned: pl.Series) -> pl.Series:
    flat = Flat.of(lists)
    is_banned = flat.values.is_in(banned.implode())
    return flat.only(~is_banned).lists() if is_banned.any() else lists


def _identifies() -> pl.Expr:
    """True where equal values mean one person: a whole name with something of its own, or an unshared address or key."""
    named = pl.col("first_name").is_not_null() & pl.col("last_name").is_not_null()
    placed = pl.any_horizontal(pl.col(name).is_not_null() for name in ("date_of_birth", "street", "postcode"))
    own = (pl.col("emails").list.len() > 0) | (pl.col("identifiers").list.len() > 0)
    called = (pl.col("phones").list.len() > 0) & (
        named | pl.all_horizontal(pl.col(n).is_null() for n in ("first_name", "last_name"))
    )
    listed = pl.col("company").is_not_null() & pl.col("street").is_not_null()  # organisations have no first name
    return own | called | (named & placed) | (listed & pl.col("first_name").is_null() & pl.col("last_name").is_null())


def _said(rows: pl.DataFrame) -> pl.DataFrame:
    """All values of a profile as one text, ``said``; null and empty differ from any value.

    Columns side by side that say nothing in any of these rows stand in it as one: rows follow each other by source, and hardly a
    source tells every column.
    """
    parts: list[pl.Expr | pl.Series] = []
    always = [rows.get_column(column.name) for column in PROFILE_VALUES if column.name not in _TOLD_WHERE_THERE]
    for says_nothing, columns in groupby(always, lambda column: column.null_count() == len(column)):
        if says_nothing:
            parts.append(pl.lit(_SEPARATOR.join(_NULL for _ in columns)))
        else:
            parts += [_text(column) for column in columns]
    return rows.select(pl.concat_str(*parts, _said_last(rows), separator=_SEPARATOR).alias("said"))


def _text(column: pl.Series) -> pl.Expr | pl.Series:
    return joined(column, _INNER) if column.name in _LISTS else pl.col(column.name).fill_null(_NULL)


def _said_last(rows: pl.DataFrame) -> pl.Series:
    """Whose the values are where they identify nobody, and what is told only where there is any.

    So a profile keeps its id, whatever is learned of other companies or scripts.
    """
    is_alone = ~_identifies() | pl.col("source").is_not_null()
    last = rows.select(pl.when(is_alone).then("record_id").otherwise(pl.lit("")).alias("last")).to_series()
    probable = rows.get_column("probable_emails")
    there = (probable.list.len() > 0).arg_true()
    last = _followed(last, there, joined(probable.gather(there), _INNER))
    for name in _SCRIPTS:
        there = rows.get_column(name).is_not_null().arg_true()
        last = _followed(last, there, rows.get_column(name).gather(there))
    return last


def _followed(texts: pl.Series, at: pl.Series, by: pl.Series) -> pl.Series:
    return texts if at.is_empty() else texts.scatter(at, texts.gather(at) + _SEPARATOR + by)
