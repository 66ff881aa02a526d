"""What letters a text is written in, and how to write it before it is read letter by letter.

``anyascii`` reads sign by sign. Some writings say one sound with several signs (Greek ου, Japanese ショ), repeat a sign by another (々), leave
the article joined to the word (Arabic) or have readings that no passport shows (Korean Gim): :func:`respelled` mends that. Ideographs are
read in Chinese only: 田中 is Tanaka in Japan, and nothing in it says so. So linkage asks :func:`scripts_of` what a name was written in, and
does not take two readings for two names.

What does not belong here: comparing names (``candidate_links/``).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl
from anyascii import anyascii

IDEOGRAPHS = "han"
"""Signs that say what a name means, not how it sounds."""

WITHOUT_VOWELS = ("arabic", "hebrew")
"""Scripts that leave out short vowels and write a doubled consonant once."""

_SCRIPTS = {
    IDEOGRAPHS: r"\p{Han}",  # first: a name of both is one whose reading is not told
    "kana": r"[\p{Hiragana}\p{Katakana}]",
    "hangul": r"\p{Hangul}",
    "cyrillic": r"\p{Cyrillic}",
    "greek": r"\p{Greek}",
    "arabic": r"\p{Arabic}",
    "hebrew": r"\p{Hebrew}",
    "thai": r"\p{Thai}",
    "devanagari": r"\p{Devanagari}",
}
_OTHER = "other"
_NOT_LATIN = r"[\p{L}--\p{Latin}]"
_ANY = "|".join((_NOT_LATIN, *_SCRIPTS.values()))
"""What says that some script of these is used; hardly a name with accents or umlauts has any of it."""


def scripts_of(names: pl.Series) -> pl.Series:
    """The script of each name as it was written; null for Latin letters, and where there is no name."""
    found = pl.Series(names.name, [None], dtype=pl.String).new_from_index(0, len(names))
    is_accented = names.str.len_bytes() > names.str.len_chars()
    told, rows = names.filter(is_accented), is_accented.arg_true()
    is_other = told.str.contains(_ANY)
    if not is_other.any():
        return found
    name = pl.col("name")
    script = pl.coalesce(
        *(pl.when(name.str.contains(signs)).then(pl.lit(script)) for script, signs in _SCRIPTS.items()),
        pl.when(name.str.contains(_NOT_LATIN)).then(pl.lit(_OTHER)),
    )
    return found.scatter(rows.filter(is_other), told.filter(is_other).to_frame("name").select(script).to_series())


HONORIFIC = r"(\S)[ -]?(?:様|さま|さん|殿|先生|女士|小姐|님|씨)$"
"""The 'Mr' or 'Ms' that East Asian letters put behind a name, with the last sign of the name."""

_GLIDE_VOWELS = dict(zip("ャュョゃゅょ", "auoauo", strict=True))
_GLIDE_READINGS = {
    kana: reading
    for letters in ("シジチキギニヒビピミリ", "しじちきぎにひびぴみり")
    for kana, reading in zip(letters, ["sh", "j", "ch", "ky", "gy", "ny", "hy", "by", "py", "my", "ry"], strict=True)
}
_GLIDES = re.compile(f"([{''.join(_GLIDE_READINGS)}])([{''.join(_GLIDE_VOWELS)}])")
_DOUBLED = re.compile(r"[ッっ](.)")

_GREEK = (("γγ", "ng"), ("γχ", "nch"), ("γξ", "nx"), ("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("ηυ", "iv"))
"""Two letters for one sound, as the standard ELOT 743 writes them."""

_ALEFS = str.maketrans(
    dict.fromkeys("أإآٱا", "a")
    | {"ء": None, "ک": "k", "ی": "y"}
    | dict.fromkeys(map(chr, range(0x64B, 0x653)))
    | {"ـ": None}
)
"""An alef is a vowel, with or without hamza; marks of short vowels and the stroke that lengthens a word are left out mostly."""
_ARTICLE = re.compile(r"(?<!\S)ال(?!له(?!\S))(?=\S{2})")

_KOREAN_SURNAMES = {
    "이": "Lee", "김": "Kim", "박": "Park", "최": "Choi", "정": "Jung", "조": "Cho", "임": "Lim", "유": "Yoo", "노": "Noh", "권": "Kwon",
    "구": "Koo", "우": "Woo", "강": "Kang", "윤": "Yoon", "신": "Shin", "고": "Ko", "문": "Moon", "오": "Oh", "곽": "Kwak", "길": "Kil",
    "국": "Kook", "손": "Son", "안": "Ahn", "허": "Heo", "주": "Joo",
}  # fmt: skip
"""Family names as most passports show them, where that is not what the official romanization makes of the letters."""


def _kana(text: str) -> str:
    text = _GLIDES.sub(lambda two: _GLIDE_READINGS[two[1]] + _GLIDE_VOWELS[two[2]], text)
    return _DOUBLED.sub(lambda two: anyascii(two[1])[:1] + two[1], text)


def _greek(text: str) -> str:
    plain = text.lower().translate(_WITHOUT_ACCENTS)
    for letters, sound in _GREEK:
        plain = plain.replace(letters, sound)
    return plain


_WITHOUT_ACCENTS = str.maketrans("άέήίόύώ", "αεηιουω")


def _arabic(text: str) -> str:
    return _ARTICLE.sub("al ", text).translate(_ALEFS)


_RESPELLED: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"々", lambda text: re.sub(r"(.)々", r"\1\1", text)),
    (r"[ャュョゃゅょッっ]", _kana),
    (r"\p{Greek}", _greek),
    (r"\p{Arabic}", _arabic),
    (r"^\p{Hangul}$", lambda text: _KOREAN_SURNAMES.get(text, text)),
)
_MAY_BE_RESPELLED = r"[々ャュョゃゅょッっ\p{Greek}\p{Arabic}]|^\p{Hangul}$"


def respelled(texts: pl.Series) -> pl.Series:
    """Texts written so that reading them sign by sign says how they sound; most stay as they are."""
    rows = texts.str.contains(_MAY_BE_RESPELLED).arg_true()
    if rows.is_empty():
        return texts
    some = texts.gather(rows)
    for signs, respell in _RESPELLED:
        at = some.str.contains(signs).arg_true()
        if not at.is_empty():
            some = some.scatter(at, pl.Series([respell(text) for text in some.gather(at).to_list()], dtype=pl.String))
    return texts.clone().scatter(rows, some)
