"""How a name sounds, roughly: its consonants, by class, so that a name written in other letters is known again.

No romanization is the only one: محمد is Mohammed, Muhammad and Mohamed, Ющенко is Yushchenko and Juschtschenko, 박 is Park and Bak. What
they share are the consonants: vowels are heard and spelt otherwise, voiced and unvoiced ones are confused, aspiration comes and goes. So
the sound of a name is coarser than its letters, and is compared only where two names were written in different ones.

What does not belong here: which level of agreement that is (``comparisons.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.lists import Distinct, once, where
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


def sounds(names: Distinct, scripts: pl.Series) -> pl.Series:
    """The sound of each comparable name, by what it was written in; null where there are no consonants, or nothing tells.

    A doubled letter is one sound. A script without vowels never doubles: there, two of a kind have a vowel between them.
    """
    heard = names.each(lambda distinct: _sound(distinct, _CONSONANTS))
    if scripts.null_count() == len(scripts):
        return heard
    can_be_heard = (scripts != IDEOGRAPHS).fill_null(True)
    is_bare = scripts.is_in(WITHOUT_VOWELS).fill_null(False)
    heard = where(heard, can_be_heard & ~is_bare)
    if not is_bare.any():
        return heard
    bare = once(where(names.column, is_bare), lambda distinct: _sound(distinct, "l"))
    return pl.DataFrame({"heard": heard, "bare": bare}).select(pl.coalesce("heard", "bare")).to_series()


def _sound(names: pl.Series, doubled: str) -> pl.Series:
    for letters, sound in _CLASSES:
        names = names.str.replace_all(letters, sound)
    consonants = _single(names, doubled).str.replace_all(_VOWELS, "").str.replace(_SILENT, "")
    return where(consonants, consonants != "")


def _single(texts: pl.Series, letters: str) -> pl.Series:
    """Each of the ``letters`` once where it is doubled: in one pass, in which the groups of the other letters are empty."""
    doubled = "|".join(f"({letter}){letter}+" for letter in letters)
    return texts.str.replace_all(doubled, "".join(f"${{{group}}}" for group in range(1, len(letters) + 1)))
