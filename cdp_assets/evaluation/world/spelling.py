"""How systems and people spell what they are told: typing errors, capitals, accents lost, nicknames, swapped names.

All functions are vectorised and decide by the chances passed in, never by drawing themselves: the same record written
again has the same mistakes.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import Flags, Floats

# What letters become where a system keeps ASCII only.
_PLAIN = {
    "á": "a", "à": "a", "â": "a", "ä": "a", "ã": "a", "å": "a", "ą": "a", "æ": "ae", "ç": "c", "ć": "c", "č": "c", "é": "e",
    "è": "e", "ê": "e", "ë": "e", "ę": "e", "ğ": "g", "í": "i", "ì": "i", "î": "i", "ï": "i", "ı": "i", "ł": "l", "ñ": "n",
    "ń": "n", "ó": "o", "ò": "o", "ô": "o", "ö": "o", "õ": "o", "ø": "o", "œ": "oe", "ś": "s", "ş": "s", "š": "s", "ß": "ss",
    "ú": "u", "ù": "u", "û": "u", "ü": "u", "ý": "y", "ÿ": "y", "ź": "z", "ż": "z", "ž": "z", "º": "", "’": "'",
}  # fmt: skip
_GERMAN = {**_PLAIN, "ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# Beside each key its right neighbour (the last one's left).
_NEIGHBOURS = {key: row[i + 1] if i + 1 < len(row) else row[i - 1] for row in KEYBOARD for i, key in enumerate(row)}


def _with_capitals(table: dict[str, str]) -> dict[str, str]:
    return {**table, **{k.upper(): v.capitalize() for k, v in table.items() if k.upper() != k and len(k.upper()) == 1}}


PLAIN, GERMAN = _with_capitals(_PLAIN), _with_capitals(_GERMAN)


def ascii_form(text: pl.Series, table: dict[str, str] = PLAIN) -> pl.Series:
    """Return ``text`` without accents and special letters; ``GERMAN`` writes ü as ue."""
    return text.str.replace_many(list(table), list(table.values()))


def mistype(text: pl.Series, hit: Flags, kind: Floats, place: Floats) -> pl.Series:
    """Return ``text`` with one typing error where ``hit``: letters swapped, one lost, doubled, or its neighbour's.

    ``kind`` and ``place`` are chances that say which error and where. The first letter stays, as it mostly does.
    """
    rows = np.flatnonzero(hit & (text.str.len_chars().fill_null(0).to_numpy() > 3))
    if not len(rows):
        return text
    index = pl.Series(rows)
    frame = pl.DataFrame({"s": text.gather(index), "kind": kind[rows], "place": place[rows]})
    s, length = pl.col("s"), pl.col("s").str.len_chars().cast(pl.Int64)
    frame = frame.with_columns(at=(1 + (pl.col("place") * (length - 2)).floor()).cast(pl.Int64))
    before, here, after = s.str.slice(0, pl.col("at")), s.str.slice(pl.col("at"), 1), s.str.slice(pl.col("at") + 1)
    neighbour = here.replace(_NEIGHBOURS)
    wrong = (
        pl.when(pl.col("kind") < 0.35)
        .then(before + after.str.slice(0, 1) + here + after.str.slice(1))
        .when(pl.col("kind") < 0.6)
        .then(before + after)
        .when(pl.col("kind") < 0.75)
        .then(before + here + here + after)
        .otherwise(before + neighbour + after)
    )
    result = text.clone()
    return result.scatter(index, frame.select(wrong.alias("s")).to_series())


def mistype_digit(text: pl.Series, hit: Flags, place: Floats) -> pl.Series:
    """Return ``text`` with one of its last two digits replaced by the next one (9 becomes 0) where ``hit``.

    Only these are free in every range kept for fiction: a mistyped number must not become somebody's.
    """
    rows = np.flatnonzero(hit & (text.str.len_chars().fill_null(0).to_numpy() > 2))
    if not len(rows):
        return text
    index = pl.Series(rows)
    frame = pl.DataFrame({"s": text.gather(index), "place": place[rows]})
    length = pl.col("s").str.len_chars().cast(pl.Int64)
    frame = frame.with_columns(at=(length - 1 - (pl.col("place") * 2).floor()).clip(lower_bound=0).cast(pl.Int64))
    here = pl.col("s").str.slice(pl.col("at"), 1)
    turned = here.replace({str(digit): str((digit + 1) % 10) for digit in range(10)})
    wrong = pl.col("s").str.slice(0, pl.col("at")) + turned + pl.col("s").str.slice(pl.col("at") + 1)
    return text.clone().scatter(index, frame.select(wrong.alias("s")).to_series())
