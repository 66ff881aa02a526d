"""Two forms of a delivered text: *clean* for people, *comparable* for linkage; and how per-value code is run.

Clean: NFKC, no invisible characters, one space between words, null instead of empty. Comparable: clean, then written
with ASCII letters (anyascii), lower case. Both are idempotent. Per-value Python runs on distinct values only, and expressions on
the few values that need them, where a cheaper look tells which (:func:`changed_where`), or on distinct ones, where those
are few (:func:`by_value`).

What does not belong here: anything that knows what a text means (a name, a street …); each standard has its module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
from anyascii import anyascii

from cdp_assets.standardized.scripts import respelled

_SIGN = r"[\x21-\x7eÀ-ÖØ-öø-ıĴ-ľŁ-ňŊ-ž]"
"""Signs that stand for themselves alone: printable ASCII, and the Latin letters of Europe that NFKC leaves as they are."""

_ORDINARY = rf"^{_SIGN}+(?: {_SIGN}+)*$"
_INVISIBLE = r"\p{Cf}"  # zero-width and bidirectional marks, soft hyphens: two texts that look alike must be alike
_GAP = r"[\p{Z}\p{Cc}]+"
_APOSTROPHES = r"['`]"

_NO_VALUE = """
    n/a n.a. n.a #n/a n\\a <na> n/k n.k. null (null) <null> none nil nan undefined unknown unkown unknwon unk unk. unkn
    uknown not_known not_available not_provided not_given not_applicable not_specified not_stated not_recorded
    no_data no_value missing blank empty (blank) (empty) (none) [none] tbd tba tbc dummy redacted withheld
    - -- --- . .. ... ? ?? ??? / // * ** *** # ## #ref! #value! #name?
    desconocido desconocida sin_datos sin_dato no_consta no_disponible ninguno ninguna s/d
    desconhecido desconhecida não_informado nao_informado
    brak brak_danych b/d b.d. nieznany nieznana nieznane nie_podano nie_dotyczy n/d n.d.
    unbekannt k.a. k._a. k.a keine_angabe keine_angaben ohne_angabe entfällt
    inconnu inconnue non_renseigné non_renseigne néant aucun
    sconosciuto sconosciuta non_disponibile nessuno onbekend geen n.v.t. nvt okänd saknas ukendt
    неизвестно нет нет_данных 不明 無 無し 未知 なし 없음
"""
NO_VALUE_WORDS = frozenset(word.replace("_", " ") for word in _NO_VALUE.split()) | {"_", "__"}
"""What people and systems write where there is no value, in lower case; runs of x come on top."""

_UPPER_CASE_NO_VALUE = frozenset({"NA", "NA.", "NULL", "NAN", "NAP", "UNK"})
"""Only in capitals: 'Na' and 'Nan' are names."""

_REPEATED_X = r"^(?i)x{2,}$"


VALUE = pl.col("value")
"""The one column that :func:`computed` expressions speak of."""

# Made once: to make a list of two hundred words a part of an expression takes longer than to hold a few texts against it.
_SAYS_NOTHING = VALUE.str.to_lowercase().is_in(sorted(NO_VALUE_WORDS)) | VALUE.str.contains(_REPEATED_X)
_SAYS_NOTHING_IN_CAPITALS = VALUE.is_in(sorted(_UPPER_CASE_NO_VALUE))


def computed(values: pl.Series, expression: pl.Expr) -> pl.Series:
    """The result of an expression on ``VALUE`` over one series; the series keeps its name."""
    return values.alias("value").to_frame().select(expression.alias("value")).to_series().alias(values.name)


def clean(values: pl.Series, first: pl.Expr = VALUE) -> pl.Series:
    """The text for people: NFKC, trimmed, one space between words, nothing invisible; null when nothing is left.

    ``first`` is done before, and only to texts that are not of ordinary signs with single spaces.
    """
    values = values.cast(pl.String)
    if _are_null(values):
        return values
    tidied = first.str.normalize("NFKC").str.replace_all(_INVISIBLE, "").str.replace_all(_GAP, " ").str.strip_chars(" ")
    is_odd = ~values.str.contains(_ORDINARY)
    return changed_where(values, is_odd, lambda odd: computed(odd, none_when_empty(tidied)))


def _are_null(values: pl.Series) -> bool:
    """Whether there is no text at all, as in columns that a source does not have: nothing need be done to them."""
    return values.dtype == pl.String and values.null_count() == len(values)


def changed_where(values: pl.Series, some: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """``values`` with ``change`` made to those for which ``some`` is true; it is called once, with all of them."""
    rows = some.arg_true()
    if rows.is_empty():
        return values
    return values.clone().scatter(rows, change(values.gather(rows)))


def none_when_empty(text: pl.Expr) -> pl.Expr:
    """Null instead of an empty text."""
    return pl.when(text != "").then(text)


def without_placeholders(values: pl.Series, *, are_codes: bool = False) -> pl.Series:
    """Clean texts with null for each that says 'no value' (n/a, unknown, brak, k. A., xxx …).

    Where values may be short codes, 'NA' is one of them (Naples, Namibia).
    """
    if _are_null(values):
        return values
    nothing = _SAYS_NOTHING if are_codes else _SAYS_NOTHING | _SAYS_NOTHING_IN_CAPITALS
    return computed(values, pl.when(nothing).then(None).otherwise(VALUE))


def in_ascii(values: pl.Series) -> pl.Series:
    """The texts in ASCII letters: 'Łukasz' is 'Lukasz', 'Αθήνα' is 'Athina'; signs without a reading vanish."""
    if _are_null(values):
        return values
    is_foreign = computed(values, VALUE.str.len_bytes() != VALUE.str.len_chars())
    return changed_where(values, is_foreign, _read_in_ascii)


class _AsciiSigns(dict[int, str]):
    """Code point to its ASCII reading, looked up when it is first met. anyascii reads sign by sign, so a table of signs
    does what it does, and ``str.translate`` does it twenty times as fast."""

    def __missing__(self, code: int) -> str:
        self[code] = anyascii(chr(code))
        return self[code]


_ASCII_SIGNS = _AsciiSigns()


def _read_in_ascii(foreign: pl.Series) -> pl.Series:
    read = [text.translate(_ASCII_SIGNS) for text in respelled(foreign).to_list()]
    return pl.Series(foreign.name, read, dtype=pl.String)


def comparable_words(values: pl.Series, keep: str = "a-z0-9") -> pl.Series:
    """Comparable form: ASCII, lower case, words of the kept characters joined by one space; null when none is left.

    Apostrophes join (o'brien is obrien), everything else that is not kept parts (garcia-lopez is garcia lopez).
    """
    if _are_null(values):
        return values
    words = (
        VALUE.str.to_lowercase()
        .str.replace_all(_APOSTROPHES, "")
        .str.replace_all(rf"[^{keep}]+", " ")
        .str.strip_chars(" ")
    )
    return computed(in_ascii(values), none_when_empty(words))


def looked_up(values: pl.Series, distinct: pl.Series, results: pl.Series) -> pl.Series:
    """``values`` with each one of ``distinct`` replaced by its result; what is not among them stays as it is."""
    if distinct.is_empty():
        return values
    return values.replace_strict(distinct, results, default=values, return_dtype=results.dtype)


def by_distinct(values: pl.Series, function: Callable[[str], Any], dtype: pl.DataType) -> pl.Series:
    """``function`` of each value, called once per distinct one; null stays null."""
    distinct = values.drop_nulls().unique()
    results = pl.Series([function(text) for text in distinct.to_list()], dtype=dtype)
    if distinct.is_empty():
        return pl.Series(values.name, [None], dtype=dtype).new_from_index(0, len(values))
    left = values.alias("value").to_frame()
    right = pl.DataFrame({"value": distinct, "result": results})
    return left.join(right, on="value", how="left", maintain_order="left").get_column("result").alias(values.name)


def by_value(standard: Callable[..., pl.Series], *columns: pl.Series) -> pl.Series:
    """``standard`` of the columns, row by row, run on their distinct rows only; for columns in which few values repeat often.

    ``standard`` takes as many series as there are columns and looks at each row alone.
    """
    frame = pl.DataFrame([column.alias(str(n)) for n, column in enumerate(columns)])
    distinct = frame.unique()
    table = distinct.with_columns(standard(*distinct.get_columns()).alias("result"))
    found = frame.join(table, on=frame.columns, how="left", nulls_equal=True, maintain_order="left")
    return found.get_column("result")


def word_set(text: str) -> frozenset[str]:
    """The words of a text, parted by white space: how this stage writes its lists."""
    return frozenset(text.split())


def parted(texts: pl.Series, holds_several: pl.Expr, parts: pl.Expr) -> pl.Series:
    """Each clean text as a list: of its ``parts`` where it ``holds_several`` and they are not null, else of itself; null
    stays null."""
    several = texts.filter(computed(texts, holds_several).fill_null(False)).unique()
    alone = computed(texts, pl.when(VALUE.is_not_null()).then(pl.concat_list(VALUE)))
    if several.is_empty():
        return alone
    table = pl.DataFrame({"text": several, "parts": several.alias("value").to_frame().select(parts).to_series()})
    found = pl.DataFrame({"text": texts, "alone": alone}).join(table, on="text", how="left", maintain_order="left")
    return found.select(pl.coalesce("parts", "alone").alias(texts.name)).to_series()


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of a list file of this package: parted by white space, ``#`` begins a comment line."""
    return frozenset(word for line in list_lines(name) for word in line.split())


def list_lines(name: str) -> Iterable[str]:
    """The lines of a list file of this package, without comment lines and empty ones."""
    text = files("cdp_assets.standardized").joinpath("lists", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
