"""What was delivered and could not be kept: the words for it, and the column that says it of each record.

A problem is ``field:word``: a canonical field (or the name of an identifier) and one word of :data:`PROBLEMS`. It says
what became of a delivered text, never the text itself. A field that several columns feed may have one for each; a field
that the contract does not map, or that was left empty, has none. Most records have none at all, so problems are found by
masks over whole columns, and only the texts that were lost are looked at.

How programs write an empty cell (null, NaN, #N/A, a sign alone) is nothing delivered; what people write there (unknown,
n/a, brak danych) is a placeholder.

What does not belong here: whether a line is a record at all (``line_rules.py``); how a standard judges a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from cdp_assets import tables
from cdp_assets.standardized.text import VALUE, computed, without_placeholders, word_set

UNREADABLE, PLACEHOLDER, MASKED, IMPOSSIBLE, INCOMPLETE, TO_COME, UNKNOWN, MALFORMED = (
    "unreadable", "placeholder", "masked", "impossible", "incomplete", "to_come", "unknown", "malformed",
)  # fmt: skip

PROBLEMS: Mapping[str, str] = {
    UNREADABLE: "no value of the field is in the text",
    PLACEHOLDER: "the text stands where there is no value: unknown, Test Test, 555-5555, 1900-01-01",
    MASKED: "letters or digits of an address or number were hidden before it was delivered: d***@gmail.com, 212-***-1234",
    IMPOSSIBLE: "a date that no calendar has; its digits are kept as date_of_birth_text",
    INCOMPLETE: "a year, or a year and a month, without a day; kept as date_of_birth_text, as 1984-00-00",
    TO_COME: "a date of birth after the day of the import; its digits are kept as date_of_birth_text",
    UNKNOWN: "a country that has this name or code is not known; the source's own country holds instead",
    MALFORMED: "the country's postcodes are not written so; the value is kept all the same",
}
"""Word to what it means."""

PROBLEMS_OF_FIELD: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("full_name", "first_name", "middle_name", "last_name"), (PLACEHOLDER, UNREADABLE)),
    "sex": (UNREADABLE,),
    "email": (MASKED, PLACEHOLDER, UNREADABLE),
    "phone": (MASKED, PLACEHOLDER, UNREADABLE),
    "date_of_birth": (IMPOSSIBLE, INCOMPLETE, PLACEHOLDER, TO_COME, UNREADABLE),
    **dict.fromkeys(("street", "city", "region"), (PLACEHOLDER,)),
    "postcode": (MALFORMED, PLACEHOLDER),
    "country": (PLACEHOLDER, UNKNOWN),
    **dict.fromkeys(("company", "job_title"), (PLACEHOLDER,)),
}
"""Canonical field to the problems that it may have; every identifier may be a placeholder."""

EMPTY_CELLS = word_set("null (null) <null> [null] \\n none nan nil <na> #n/a #null! #ref! #value! #name? undefined")
"""How databases, spreadsheets and programs write a cell with nothing in it, in lower case."""

Why = Callable[[pl.Series], pl.Series]
"""A problem's word for each text that was lost."""

_SCHEMA = {"row": pl.UInt32(), "problem": pl.String()}


def lost(field: str, delivered: pl.Series, kept: pl.Series, why: Why) -> pl.DataFrame:
    """``row`` and ``problem`` of each row that delivers a text of which nothing was kept; ``why`` is asked for those only."""
    is_lost = delivered.is_not_null() & kept.is_null()
    return named(field, is_lost.arg_true(), delivered.filter(is_lost), why)


def named(field: str, rows: pl.Series, texts: pl.Series, why: Why) -> pl.DataFrame:
    """``row`` and ``problem`` of texts that were lost; those that say nothing at all are left out."""
    if texts.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    spoken = say_something(texts)
    words = pl.DataFrame({"row": rows.filter(spoken), "word": why(texts.filter(spoken))}).drop_nulls("word")
    return words.select(pl.col("row").cast(pl.UInt32), problem=pl.lit(f"{field}:") + pl.col("word"))


def say_something(texts: pl.Series) -> pl.Series:
    """Whether each text is more than a sign or a program's word for an empty cell."""
    is_empty = VALUE.str.to_lowercase().is_in(sorted(EMPTY_CELLS)) | ~VALUE.str.contains(r"[\p{L}\p{N}]")
    return computed(texts, ~is_empty).fill_null(False)


def found_where(field: str, word: str, mask: pl.Series) -> pl.DataFrame:
    """``row`` and ``problem`` of the rows of a mask."""
    rows = mask.fill_null(False).arg_true().cast(pl.UInt32)
    return pl.DataFrame({"row": rows}).with_columns(problem=pl.lit(f"{field}:{word}"))


def found_as(field: str, words: pl.Series) -> pl.DataFrame:
    """``row`` and ``problem`` of the rows for which the standard itself has said the word."""
    is_said = words.is_not_null()
    return pl.DataFrame({"row": is_said.arg_true().cast(pl.UInt32), "word": words.filter(is_said)}).select(
        "row", problem=pl.lit(f"{field}:") + pl.col("word")
    )


def always(word: str) -> Why:
    """The same word for every text."""
    return lambda texts: pl.repeat(word, len(texts), dtype=pl.String, eager=True)


def placeholder_or(word: str) -> Why:
    """``placeholder`` for texts that say 'no value', else ``word``."""

    def why(texts: pl.Series) -> pl.Series:
        said = without_placeholders(texts)
        return computed(said, pl.when(VALUE.is_null()).then(pl.lit(PLACEHOLDER)).otherwise(pl.lit(word)))

    return why


def problems_of_rows(found: Sequence[pl.DataFrame], height: int) -> pl.Series:
    """The sorted list of problems of each of ``height`` rows, each problem once."""
    nothing = pl.Series("problems", [[]], dtype=tables.TEXTS)
    rows = pl.concat([pl.DataFrame(schema=_SCHEMA), *found])
    if rows.is_empty():
        return nothing.new_from_index(0, height)
    lists = rows.unique().sort("row", "problem").group_by("row", maintain_order=True).agg("problem")
    every = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    joined = every.join(lists, on="row", how="left", maintain_order="left").get_column("problem")
    return joined.fill_null(pl.lit([], dtype=tables.TEXTS)).alias("problems") if height else nothing.clear()
