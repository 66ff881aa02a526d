"""Telephone numbers that ring nowhere, as far as the numbering plans keep such numbers, and how systems write them.

Ranges that regulators keep free for fiction come first: US 555-01xx (NANPA), the rest of US 555; Ofcom's numbers for
drama; Bundesnetzagentur's "drama numbers"; Arcep's numbers for audiovisual works. Spain and Poland keep none, and a big
world needs more British, German and French numbers than are kept: those are valid in form only. The sample in ``data/``
uses nothing beyond the kept ranges in the countries that have some.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import Ints, assembled, stream
from cdp_assets.evaluation.world.lists import COUNTRY_CODES, us_area_codes

DIALLING_CODES = {"US": "1", "GB": "44", "DE": "49", "ES": "34", "PL": "48", "FR": "33"}
TRUNK_PREFIXES = {"US": "", "GB": "0", "DE": "0", "ES": "", "PL": "", "FR": "0"}

_US_AREAS = us_area_codes()
# (prefix, digits that follow) in the order of use; the first entries are kept free for fiction.
_GB_DRAMA = [(f"{area}4960", 3) for area in (113, 114, 115, 116, 117, 118, 121, 131, 141, 151, 161)]
RANGES: dict[str, list[tuple[str, int]]] = {
    "US": [*((f"{area}55501", 2) for area in _US_AREAS), *((f"{area}555{n}", 3) for n in range(2, 10) for area in _US_AREAS),
           *((f"{area}5550{n}", 2) for n in range(2, 10) for area in _US_AREAS)],
    "GB": [*_GB_DRAMA, ("1914980", 3), ("2079460", 3), ("2890180", 3), ("2920180", 3), ("7400", 6), ("7401", 6)],
    "DE": [("3023125", 3), ("6990009", 3), ("4066969", 3), ("2214710", 3), ("8999998", 3), ("17139200", 2), ("1517", 7)],
    "FR": [("19900", 4), ("26191", 4), ("35301", 4), ("46571", 4), ("53649", 4), ("698", 6)],
    "ES": [("6100", 5), ("6120", 5), ("613", 6)],
    "PL": [("5000", 5), ("5010", 5), ("503", 6)],
}  # fmt: skip
# How many of a country's ranges a small world stays within: those kept for fiction, where there are some.
FIRST_RANGES = {"US": len(_US_AREAS), "GB": 15, "DE": 6, "FR": 5, "ES": 1, "PL": 1}
KEPT_FOR_FICTION = {code: tuple(p for p, _ in RANGES[code][: FIRST_RANGES[code]]) for code in ("US", "GB", "DE", "FR")}

E164, NATIONAL, PLAIN, CASUAL = range(4)


def allot(country: Ints, seed: int) -> pl.Series:
    """Return a different national number (digits after the dialling code) for each row.

    ``country`` is the index into ``COUNTRY_CODES``. Numbers are dealt in random order from the first ranges as long as
    they suffice, so that a small world stays within the ranges kept for fiction. Raises ``ValueError`` when a country
    has fewer numbers than are asked for.
    """
    parts = []
    for index, code in enumerate(COUNTRY_CODES):
        here = np.flatnonzero(country == index)
        parts.append((here, _deal(code, len(here), stream(seed, f"phones {code}"))))
    return assembled(parts).alias("phone")


def _deal(code: str, count: int, rng: np.random.Generator) -> pl.Series:
    ranges = RANGES[code]
    # The last number of a range of two digits is never dealt: the US ones are the story's.
    capacity = np.array([10**digits - (digits == 2) for _, digits in ranges])
    ends = np.cumsum(capacity)
    if count > ends[-1]:
        raise ValueError(f"{code}: {count} telephone numbers asked for, {ends[-1]} known; add a range to RANGES")
    nth = rng.permutation(max(count, int(ends[FIRST_RANGES[code] - 1])))[:count]
    which = np.searchsorted(ends, nth, side="right")
    within = nth - (ends[which] - capacity[which])
    frame = pl.DataFrame(
        {
            "prefix": pl.Series([prefix for prefix, _ in ranges], dtype=pl.String).gather(pl.Series(which)),
            "digits": np.array([digits for _, digits in ranges])[which],
            "within": within,
        }
    )
    padded = pl.col("within").cast(pl.String).str.pad_start(7, "0").str.slice(7 - pl.col("digits"))
    return frame.select(pl.col("prefix") + padded).to_series()


def write(numbers: pl.Series, country: pl.Series, style: int) -> pl.Series:
    """Return the national ``numbers`` as a system writes them; ``country`` holds ISO codes, null numbers stay null."""
    frame = pl.DataFrame({"n": numbers, "country": country})
    n = pl.col("n")
    dialling = pl.col("country").replace_strict(DIALLING_CODES, default="")
    trunk = pl.col("country").replace_strict(TRUNK_PREFIXES, default="")
    e164 = pl.lit("+") + dialling + n
    is_us, is_gb, is_de = (pl.col("country") == code for code in ("US", "GB", "DE"))
    us_national = pl.lit("(") + n.str.slice(0, 3) + pl.lit(") ") + n.str.slice(3, 3) + pl.lit("-") + n.str.slice(6)
    us_casual = n.str.slice(0, 3) + pl.lit(".") + n.str.slice(3, 3) + pl.lit(".") + n.str.slice(6)
    gb_national = pl.lit("0") + n.str.slice(0, 3) + pl.lit(" ") + n.str.slice(3, 3) + pl.lit(" ") + n.str.slice(6)
    de_national = pl.lit("0") + n.str.slice(0, 3) + pl.lit("/") + n.str.slice(3)
    spaced = trunk + n.str.slice(0, 3) + pl.lit(" ") + n.str.slice(3, 3) + pl.lit(" ") + n.str.slice(6)
    national = (
        pl.when(is_us).then(us_national).when(is_gb).then(gb_national).when(is_de).then(de_national).otherwise(spaced)
    )
    casual = pl.when(is_us).then(us_casual).otherwise(pl.lit("00") + dialling + pl.lit(" ") + n)
    written = {E164: e164, NATIONAL: national, PLAIN: trunk + n, CASUAL: casual}[style]
    return frame.select(written.alias("phone")).to_series()
