"""How a name sounds, roughly: its consonants, by class, so that a name written in other letters is known again.

No romanization is the only one: محمد is Mohammed, Muhammad and Mohamed, Ющенко is Yushchenko and Juschtschenko, 박 is Park and Bak. What
they share are the consonants: vowels are heard and spelt otherwise, voiced and unvoiced ones are confused, aspiration comes and goes. So
the sound of a name is coarser than its letters, and is compared only where two names were written in different ones.

What does not belong here: which level of agreement that is (``comparisons.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.lists import once, where
from cdp_assets.standardized.scripts import IDEOGRAPHS, WITHOUT_VOWELS

_CLASSES = (
    (r"^(?:al|el) ", ""),  # the Arabic article, which half the systems leave out
    (r" ", ""),
    (r"x", "ks"),
    (r"shch|sch|sh|zh|ts|tz|cz|z", "s"),
    (r"([kgcjtdpb])h", "$1"),
    (r"[cgjq]", "k"),
    (r"d", "t"),
    (r"[bvf]", "p"),
)
"""Letters and groups of them that stand for one class of sounds, in the order in which they are read."""

_CONSONANTS = "hklmnprst"
_VOWELS = r"[aeiouwy]"
_SILENT = r"h$"


def sounds(names: pl.Series, scripts: pl.Series) -> pl.Series:
    """The sound of each comparable name, by what it was written in; null where there are no consonants, or nothing tells.

    A doubled letter is one sound. A script without vowels never doubles: there, two of a kind have a vowel between them.
    """
    can_be_heard = (scripts != IDEOGRAPHS).fill_null(True)
    is_bare = scripts.is_in(WITHOUT_VOWELS).fill_null(False)
    heard = once(where(names, can_be_heard & ~is_bare), lambda text: _sound(text, _CONSONANTS))
    if not is_bare.any():
        return heard
    bare = once(where(names, is_bare), lambda text: _sound(text, "l"))
    return pl.DataFrame({"heard": heard, "bare": bare}).select(pl.coalesce("heard", "bare")).to_series()


def _sound(text: pl.Expr, doubled: str) -> pl.Expr:
    for letters, sound in _CLASSES:
        text = text.str.replace_all(letters, sound)
    for letter in doubled:
        text = text.str.replace_all(f"{letter}{{2,}}", letter)
    consonants = text.str.replace_all(_VOWELS, "").str.replace(_SILENT, "")
    return pl.when(consonants != "").then(consonants)
