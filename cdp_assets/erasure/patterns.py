"""Texts to search for, in every way in which a file may spell them.

A text is looked for as it is, in other case, composed and decomposed (Unicode NFC, NFD), and as JSON, HTML, XML and URLs escape it. One automaton
(Aho-Corasick) looks for all of them at once.

What does not belong here: how a file is taken apart (``scanning.py``).
"""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import polars as pl


@dataclass(frozen=True)
class Patterns:
    """Spellings to search for, ASCII letters in lower case, each with the texts that it spells: two that differ in case share most of them."""

    spellings: dict[str, set[str]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Patterns:
        """The spellings of these texts."""
        spelled: dict[str, set[str]] = {}
        for text in sorted(set(texts)):
            for spelling in _spellings(text):
                spelled.setdefault(_folded(spelling), set()).add(text)
        return cls(spelled)

    @cached_property
    def in_bytes(self) -> list[str]:
        """The spellings as bytes in UTF-8 and in Latin-1 look when each byte is read as one letter."""
        as_utf8 = {spelling.encode().decode("latin-1") for spelling in self.spellings}
        return sorted(as_utf8 | {one for one in self.spellings if all(ord(letter) < 256 for letter in one)})

    @property
    def numbers(self) -> list[int]:
        """Texts that are whole numbers."""
        return sorted({int(spelling) for spelling in self.spellings if spelling.isdecimal() and len(spelling) < 19})

    def are_within(self, letters: str) -> bool:
        """Whether any of the texts is written with these letters alone."""
        return any(set(spelling) <= set(letters) for spelling in self.spellings)

    @property
    def longest(self) -> int:
        """Characters of the longest spelling."""
        return max(map(len, self.spellings), default=0)

    def found_in(self, values: pl.Series) -> set[str]:
        """Those of the texts that stand in any of the values."""
        if not self.spellings or values.is_empty():
            return set()
        wanted = list(self.spellings)
        held = values.filter(values.str.contains_any(wanted, ascii_case_insensitive=True).fill_null(False))
        if held.is_empty():
            return set()
        hits = held.unique().str.extract_many(wanted, ascii_case_insensitive=True, overlapping=True).explode()
        spelled = (self.spellings.get(_folded(hit), set()) for hit in hits.drop_nulls().unique().to_list())
        return set().union(*spelled)

    def held_by(self, values: pl.Series) -> pl.Series:
        """One flag per value: any of the texts stands in it."""
        if not self.spellings:
            return pl.repeat(False, len(values), eager=True)
        return values.str.contains_any(list(self.spellings), ascii_case_insensitive=True).fill_null(False)

    def are_in_bytes(self, data: bytes) -> bool:
        """Whether any of the texts stands in bytes, in UTF-8 or Latin-1."""
        if not self.spellings:
            return False
        letters = pl.Series([data.decode("latin-1")])  # never fails, and is quick: every byte is a letter
        return bool(letters.str.contains_any(self.in_bytes, ascii_case_insensitive=True)[0])

    def occurrences_in(self, values: pl.Series) -> int:
        """How many of the values hold any of the texts."""
        return int(self.held_by(values).sum())


def _folded(text: str) -> str:
    """ASCII letters in lower case, as the search takes them: one spelling for all of these, which makes it quicker."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _spellings(text: str) -> Iterator[str]:
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")} | {text}
    for form in sorted({cased for one in forms for cased in (one, one.lower(), one.upper())}):
        yield form
        yield json.dumps(form)[1:-1]
        yield json.dumps(form).replace("/", "\\/")[1:-1]
        yield json.dumps(form, ensure_ascii=False)[1:-1]
        yield html.escape(form)
        yield html.escape(form, quote=False)
        yield quote(form, safe="")
        yield quote(form)
