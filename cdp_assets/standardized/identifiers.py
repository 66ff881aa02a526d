"""Identifiers: exact keys that systems share (a loyalty number, a cookie, a tax number).

Separators are how a number is written, not what it says; placeholders identify nobody. Nothing else is changed:
an identifier is equal or it is not.

What does not belong here: how far an identifier can be trusted (linkage counts who shares it).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.standardized.text import VALUE, clean, computed, without_placeholders

SHORTEST_REPEATED = 5
"""One digit repeated at least so often (99999) is a placeholder; '777' may be somebody's number."""

_SEPARATORS = r"[\s.\-/]+"
_NUMBER_WITH_SEPARATORS = r"^[0-9][0-9\s.\-/]*$"
_COUNTED = "01234567890123456789"
_SPOKEN = ("test", "dummy", "sample", "example", "00000000-0000-0000-0000-000000000000", "deleted", "anonymous")
_COUNTED_LENGTHS = range(6, 11)


def standardize_identifiers(delivered: pl.Series) -> pl.Series:
    """The comparable form of each identifier; null where it is a placeholder."""
    no_decimals = pl.when(VALUE.str.contains(r"^[0-9]+\.0$")).then(VALUE.str.strip_suffix(".0")).otherwise(VALUE)
    digits_or_text = (
        pl.when(VALUE.str.contains(_NUMBER_WITH_SEPARATORS))
        .then(VALUE.str.replace_all(_SEPARATORS, ""))
        .otherwise(VALUE.str.replace_all(" ", ""))
    )
    one_case = pl.when(VALUE.str.to_lowercase() == VALUE).then(VALUE.str.to_uppercase()).otherwise(VALUE)
    tidy = without_placeholders(clean(delivered))
    for step in (no_decimals, digits_or_text, one_case):
        tidy = computed(tidy, step)
    return computed(tidy, pl.when(_is_placeholder(VALUE)).then(None).otherwise(VALUE))


def _is_placeholder(column: pl.Expr) -> pl.Expr:
    counted = [_COUNTED[start : start + length] for length in _COUNTED_LENGTHS for start in (0, 1)]
    backwards = [text[::-1] for text in counted]
    repeated = pl.any_horizontal(
        [column.str.contains(rf"^{digit}{{{SHORTEST_REPEATED},}}$") for digit in "0123456789"]
    ) | column.str.contains(r"^[0\-]+$")
    return repeated | column.is_in(counted + backwards) | column.str.to_lowercase().is_in(_SPOKEN)
