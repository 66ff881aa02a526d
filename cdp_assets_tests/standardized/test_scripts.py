from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.standardized.scripts import respelled, scripts_of
from cdp_assets.standardized.text import in_ascii

SCRIPTS = [
    ("Müller", None), ("O'Brien", None), ("Nguyễn", None), ("Işık", None), ("Þór", None),
    ("田中", "han"), ("田中ゆき", "han"), ("タロウ", "kana"), ("さくら", "kana"), ("김", "hangul"), ("Шевченко", "cyrillic"),
    ("Παππάς", "greek"), ("محمد", "arabic"), ("כהן", "hebrew"), ("สมชาย", "thai"), ("अमित", "devanagari"), ("Գոռ", "other"),
]  # fmt: skip

READ = [
    ("佐々木", "zuozuomu"), ("ショウタ", "shouta"), ("きょうこ", "kyouko"), ("ハットリ", "hattori"), ("いっせい", "issei"), ("タナカ", "tanaka"),
    ("Παπαγεωργίου", "papageorgiou"), ("Ευάγγελος", "evangelos"), ("김", "kim"), ("김민수", "gimminsu"), ("المصري", "al msry"),
    ("أحمد", "ahmd"), ("احمد", "ahmd"), ("إبراهيم", "abrahym"), ("مُحَمَّد", "mhmd"), ("عبد الله", "`bd allh"), ("Łukasz", "lukasz"), ("Müller", "muller"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "script"), SCRIPTS)
def test_a_name_keeps_in_mind_what_it_was_written_in(name: str, script: str | None) -> None:
    assert scripts_of(pl.Series([None, name])).to_list() == [None, script]


@pytest.mark.parametrize(("text", "read"), READ)
def test_other_letters_are_read_as_they_sound(text: str, read: str) -> None:
    assert in_ascii(pl.Series([text])).str.to_lowercase().to_list() == [read]


def test_what_needs_no_other_spelling_stays_as_it_is() -> None:
    texts = pl.Series(["Müller", None, "田中", "Шевченко", "plain"])
    assert respelled(texts).equals(texts)
