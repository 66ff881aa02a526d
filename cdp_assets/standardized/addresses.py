"""Postal addresses: what people read, and every part in comparable form, as one struct (``tables.ADDRESS``).

Where a row has neither city nor postcode, a street line that holds it all is taken apart (``one_line_addresses.py``).

What does not belong here: the tables of streets (``streets.py``) and of places (``places.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets import tables
from cdp_assets.standardized.one_line_addresses import with_parts_of_one_line
from cdp_assets.standardized.places import (
    are_malformed,
    comparable_cities,
    comparable_postcodes,
    comparable_regions,
    standardize_countries,
)
from cdp_assets.standardized.problems import (
    MALFORMED,
    PLACEHOLDER,
    UNKNOWN,
    always,
    found_where,
    lost,
    named,
    placeholder_or,
)
from cdp_assets.standardized.streets import (
    FLAT_COUNTRIES,
    FLOOR_COUNTRIES,
    MAY_MEAN_MORE,
    NOT_PLAIN,
    PLAIN_BEHIND,
    PLAIN_COMMA,
    PLAIN_FLAT,
    PLAIN_FLOOR,
    PLAIN_LEADING,
    PLAIN_TRAILING,
    PLAIN_UNIT,
    PLAIN_UNIT_WORDS,
    spelled_out,
    street_parts,
)
from cdp_assets.standardized.text import (
    VALUE,
    by_value,
    changed_where,
    clean,
    computed,
    in_ascii,
    none_when_empty,
    without_placeholders,
)

ADDRESS_PARTS = ("street", "city", "region", "postcode", "country")
"""Delivered columns of one address."""


_LINE_BREAK = r"[\s,]*(?:[\r\n]|\\r\\n|\\n)[\s,]*"
"""A line break, or one that an export has written out as backslash and n."""

FEW_FILLED = 0.5
"""Where fewer rows have anything of an address, as of second ones, only those are looked at."""


def standardize_addresses(frame: pl.DataFrame, country: str | None = None) -> pl.Series:
    """One address struct per row of a frame with any of ``ADDRESS_PARTS``; null where nothing of it is filled.

    ``country``: the source's own, where a row names none that is known. It alone makes no address.
    """
    is_filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    if 0 < is_filled.sum() < frame.height * FEW_FILLED:
        made = _standardized(frame.filter(is_filled), country)
        return made.gather((is_filled.cum_sum() - 1).set(~is_filled, None))
    return _standardized(frame, country)


def _standardized(frame: pl.DataFrame, country: str | None) -> pl.Series:
    parts = {name: _part(frame, name) for name in ADDRESS_PARTS}
    said = by_value(standardize_countries, parts["country"]).alias("country")
    countries = said.fill_null(country) if country else said
    parts |= with_parts_of_one_line(parts, countries)
    streets = _streets(parts["street"], countries)
    address = pl.DataFrame(
        {
            **{name: parts[name] for name in ("street", "city", "region", "postcode")},
            "country": countries,
            **{name: streets.get_column(name) for name in ("street_norm", "house_number", "unit")},
            "city_norm": by_value(comparable_cities, parts["city"]),
            "region_norm": by_value(comparable_regions, parts["region"], countries),
            "postcode_norm": by_value(comparable_postcodes, parts["postcode"], countries),
        }
    )
    told = [pl.col(name).is_not_null() for name in ("street", "city", "region", "postcode")]
    nothing = ~pl.any_horizontal([*told, pl.lit(said.is_not_null())])
    struct = pl.struct([pl.col(field.name) for field in tables.ADDRESS.fields])
    return (
        address.select(pl.when(nothing).then(None).otherwise(struct).alias("address")).to_series().cast(tables.ADDRESS)
    )


def lost_address_parts(frame: pl.DataFrame, addresses: pl.Series) -> list[pl.DataFrame]:
    """The problems (``problems.py``) of the parts in ``frame`` beside what :func:`standardize_addresses` made of them."""
    delivered = {name: _delivered(frame, name) for name in ADDRESS_PARTS}
    made = addresses.struct.unnest()
    kept = {"city": made["city"], "region": made["region"], "postcode": made["postcode_norm"]}
    # A postcode that was not delivered stood in the street line, and perhaps nothing else did.
    of_street = made["street"].fill_null(made["postcode"].set(delivered["postcode"].is_not_null(), None))
    found = [
        lost(name, delivered[name], what, always(PLACEHOLDER)) for name, what in {"street": of_street, **kept}.items()
    ]
    found.append(
        found_where("postcode", MALFORMED, are_malformed(made.get_column("postcode_norm"), made.get_column("country")))
    )
    distinct = delivered["country"].drop_nulls().unique()
    strange = distinct.filter(standardize_countries(distinct).is_null())
    is_strange = delivered["country"].is_in(strange.implode())
    rows, texts = is_strange.fill_null(False).arg_true(), delivered["country"].filter(is_strange)
    return [*found, named("country", rows, texts, placeholder_or(UNKNOWN))]


def _delivered(frame: pl.DataFrame, name: str) -> pl.Series:
    if name not in frame.columns:
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)
    return frame.get_column(name)


def _part(frame: pl.DataFrame, name: str) -> pl.Series:
    delivered = _delivered(frame, name)
    if name == "street":
        delivered = _on_one_line(delivered)
    return without_placeholders(clean(delivered), are_codes=name in ("region", "country"))


def _on_one_line(streets: pl.Series) -> pl.Series:
    """Lines of an address parted by commas: the break between a building's name and the street says as much as a comma."""
    has_breaks = computed(streets.cast(pl.String), VALUE.str.contains(_LINE_BREAK)).fill_null(False)
    trimmed = VALUE.str.replace(rf"^{_LINE_BREAK}", "").str.replace(rf"{_LINE_BREAK}$", "")
    return changed_where(streets, has_breaks, lambda odd: computed(odd, trimmed.str.replace_all(_LINE_BREAK, ", ")))


def _streets(streets: pl.Series, countries: pl.Series) -> pl.DataFrame:
    """street_norm, house_number and unit of each street line: plain lines as columns, the others one by one."""
    frame = pl.DataFrame({"street": streets, "country": countries})
    distinct = frame.drop_nulls("street").unique()
    distinct = distinct.with_columns(ascii=in_ascii(distinct.get_column("street")))
    lower = pl.col("ascii").str.to_lowercase()
    distinct = distinct.with_columns(line=lower)
    may_have_unit = distinct.get_column("line").str.contains_any(PLAIN_UNIT_WORDS)
    lines = distinct.filter(~may_have_unit).with_columns(unit=pl.lit(None, pl.String))
    unit = pl.col("line").str.extract_groups(PLAIN_UNIT).struct
    with_unit = distinct.filter(may_have_unit).with_columns(
        line=pl.coalesce(unit.field("1"), "line"), unit=unit.field("2")
    )
    lines = pl.concat([lines, with_unit])
    plain, others = _parted_by_shape(lines, pl.lit(True))
    line = pl.col("line")
    is_certain = line.str.contains(r"[a-z]{2}") & ~line.str.contains(MAY_MEAN_MORE)
    also_plain, others = _parted_by_shape(_made_plainer(others, lower), is_certain)
    table = pl.concat([_plain_streets(plain), _plain_streets(also_plain), _other_streets(others)])
    return frame.join(table, on=["street", "country"], how="left", nulls_equal=True, maintain_order="left")


def _parted_by_shape(lines: pl.DataFrame, may_be_plain: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines of the plainest shape, with their name and number, and the others."""
    line = pl.col("line")
    leading, trailing = pl.col("leading").struct, pl.col("trailing").struct
    read = (
        lines.with_columns(
            leading=line.str.extract_groups(PLAIN_LEADING), trailing=line.str.extract_groups(PLAIN_TRAILING)
        )
        .with_columns(
            name=pl.coalesce(leading.field("2"), trailing.field("1")),
            number=pl.coalesce(leading.field("1"), trailing.field("2")),
        )
        .drop("leading", "trailing")
    )
    is_plain = (
        pl.col("name").is_not_null()
        & ~line.str.contains(NOT_PLAIN)
        & ~pl.col("street").str.contains("[ºª°]")
        & pl.col("country").ne_missing("CO")
        & may_be_plain
    ).fill_null(False)
    are_plain = read.select(is_plain).to_series()
    return read.filter(are_plain), read.filter(~are_plain)


def _made_plainer(lines: pl.DataFrame, lower: pl.Expr) -> pl.DataFrame:
    """Lines whose unit, floor, flat or comma stands where :mod:`streets` would find it, too, without them."""
    floor = pl.when(pl.col("country").is_in(sorted(FLOOR_COUNTRIES))).then(lower.str.extract_groups(PLAIN_FLOOR))
    door = floor.struct.field("2") + floor.struct.field("3")
    without_unit = pl.coalesce(lower.str.extract(PLAIN_BEHIND, 1), floor.struct.field("1"), lower)
    lines = lines.with_columns(unit=pl.coalesce(lower.str.extract(PLAIN_BEHIND, 2), door), line=without_unit)
    has_flat = pl.col("country").is_in(FLAT_COUNTRIES) & pl.col("unit").is_null()
    flat = pl.when(has_flat).then(pl.col("line").str.extract(PLAIN_FLAT, 3))
    shorter = pl.when(has_flat).then(pl.col("line").str.replace(PLAIN_FLAT, "$1 $2")).otherwise("line")
    lines = lines.with_columns(unit=pl.coalesce("unit", flat), line=shorter)
    return lines.with_columns(line=pl.col("line").str.replace(PLAIN_COMMA, "$1 $2"))


_STREET_SCHEMA = {"street_norm": pl.String, "house_number": pl.String, "unit": pl.String}


def _plain_streets(lines: pl.DataFrame) -> pl.DataFrame:
    """Number and unit are found; only the distinct names are spelled out one by one."""
    names = lines.select("name", "country").unique()
    spelled = [spelled_out(name, country) for name, country in names.iter_rows()]
    names = names.with_columns(street_norm=pl.Series(spelled, dtype=pl.String))
    joined = lines.join(names, on=["name", "country"], how="left", nulls_equal=True)
    compact = [
        _compact(joined.get_column(name)).alias(to) for name, to in (("number", "house_number"), ("unit", "unit"))
    ]
    return joined.select("street", "country", "street_norm", *compact)


def _compact(numbers: pl.Series) -> pl.Series:
    """Without blanks, and without zeros in front: what :func:`streets.compact_number` gives for numbers of plain lines."""
    tidied = none_when_empty(VALUE.str.replace_all(" ", "").str.replace(r"^0+(.)", "$1"))
    return changed_where(numbers, numbers.str.contains(r"^0| |^$"), lambda some: computed(some, tidied))


def _other_streets(lines: pl.DataFrame) -> pl.DataFrame:
    lines = lines.select("street", "country")
    worked_out = [street_parts(street, country) for street, country in lines.iter_rows()]
    return lines.hstack(pl.DataFrame(worked_out, schema=_STREET_SCHEMA, orient="row"))
