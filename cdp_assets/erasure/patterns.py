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
from urllib.parse import quote

import polars as pl


@dataclass(frozen=True)
class Patterns:
    """Spellings to search for, each with the texts that it spells: two that differ in case share most of them."""

    spellings: dict[str, set[str]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Patterns:
        """The spellings of these texts."""
        spelled: dict[str, set[str]] = {}
        for text in sorted(set(texts)):
            for spelling in _spellings(text):
                spelled.setdefault(spelling, set()).add(text)
        return cls(spelled)

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
        by_folded: dict[str, set[str]] = {}
        for spelling, texts in self.spellings.items():
            by_folded.setdefault(spelling.lower(), set()).update(texts)
        return set().union(*(by_folded.get(hit.lower(), ()) for hit in hits.drop_nulls().unique().to_list()))

    def held_by(self, values: pl.Series) -> pl.Series:
        """One flag per value: any of the texts stands in it."""
        if not self.spellings:
            return pl.repeat(False, len(values), eager=True)
        return values.str.contains_any(list(self.spellings), ascii_case_insensitive=True).fill_null(False)

    def occurrences_in(self, values: pl.Series) -> int:
        """How many of the values hold any of the texts."""
        return int(self.held_by(values).sum())


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
