"""Sex as delivered, in the words and codes of several languages, to f, m or x.

What does not belong here: guessing it from a name or a title.
"""

from __future__ import annotations

import polars as pl

from cdp_assets.standardized.problems import UNREADABLE
from cdp_assets.standardized.text import VALUE, clean, comparable_words, computed, looked_up, without_placeholders

_WORDS = {
    "f": "f female fem femal woman girl w weiblich frau mujer femenino hembra kobieta k zenska zenski feminin femme "
    "feminino mulher donna femmina vrouw v vrouwelijk kvinna kvinde kvinne zhenskii zhenskiy nu zhena miss mrs ms she her",
    "m": "m male man boy masc maennlich mannlich mann herr hombre masculino varon h mezczyzna meski masculin homme "
    "masculino homem uomo maschio mannelijk mand muzhskoi muzhskoy nan mr he him",
    "x": "x d divers diverse nonbinary non binary nb enby other third intersex i inter no binario niebinarna non binaire",
}
_PHRASES = {"non binary": "x", "no binario": "x", "non binaire": "x", "gender diverse": "x", "third gender": "x"}

SEX_WORDS = {word: sex for sex, said in _WORDS.items() for word in said.split() if word not in ("non", "no")} | _PHRASES
"""Comparable word to sex. 'h' is hombre and homme, 'k' kobieta, 'w' weiblich, 'v' vrouw, 'd' divers."""

SEX_CODES = {"1": "m", "2": "f"}
"""ISO/IEC 5218; 0 and 9 say that it is not known."""


UNSAID = frozenset({
    "0", "9", "u", "ns", "nr", "unspecified", "undisclosed", "undetermined", "prefer not to say", "no answer", "not disclosed",
    "prefiero no decirlo", "nicht angegeben", "non specifie", "non precise", "nie chce podawac", "preferisco non dirlo",
})  # fmt: skip
"""Said of nobody's sex: ISO/IEC 5218's 'not known' and 'not applicable', and what forms offer beside the sexes."""


def standardize_sex(delivered: pl.Series) -> pl.Series:
    """f, m or x for each delivered text; null where it says nothing of it."""
    words = comparable_words(clean(delivered))
    known = SEX_WORDS | SEX_CODES
    nothing = ~words.is_in(sorted(known))
    codes = pl.Series(sorted(known), dtype=pl.String)
    found = looked_up(words, codes, pl.Series([known[word] for word in codes.to_list()], dtype=pl.String))
    return found.set(nothing.fill_null(True), None)


def why_no_sex(texts: pl.Series) -> pl.Series:
    """The problem of texts that :func:`standardize_sex` does not read: none where they say that it is not known."""
    words = comparable_words(without_placeholders(clean(texts)))
    is_unsaid = VALUE.is_null() | VALUE.is_in(sorted(UNSAID))
    return computed(words, pl.when(~is_unsaid).then(pl.lit(UNREADABLE)))
