from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.lists import Distinct
from cdp_assets.candidate_links.sounds import sounds
from cdp_assets.standardized.scripts import scripts_of
from cdp_assets.standardized.text import comparable_words
from cdp_assets_tests.candidate_links.frames import profiles

SAME = [
    ("محمد", ["Mohammed", "Muhammad", "Mohamed"]), ("خالد", ["Khaled", "Khalid"]), ("عبدالله", ["Abdullah", "Abdallah"]), ("حنان", ["Hanan"]),
    ("المصري", ["Al-Masri", "El Masry", "Masri"]), ("حجازي", ["Hijazi", "Hegazy"]), ("قاسم", ["Qasim", "Kassem"]), ("כהן", ["Cohen", "Kohen"]),
    ("משה", ["Moshe"]), ("אברהם", ["Avraham", "Abraham"]), ("Ющенко", ["Yushchenko", "Iushchenko"]), ("Євген", ["Ievgen", "Evgen"]),
    ("タナカ", ["Tanaka"]), ("サトウ", ["Sato", "Satou", "Satoh"]), ("정", ["Jung", "Jeong", "Chung"]), ("민수", ["Min-soo", "Minsu"]),
    ("สมชาย", ["Somchai"]), ("शर्मा", ["Sharma"]), ("लक्ष्मी", ["Lakshmi"]), ("Γεώργιος", ["Georgios"]),
]  # fmt: skip
OTHER = [("محمد", "Mahmud Ali"), ("خالد", "Walid"), ("サトウ", "Suzuki"), ("Шевченко", "Kovalenko"), ("כהן", "Levi")]


def sound_of(name: str) -> str | None:
    written = pl.Series([name])
    return sounds(Distinct.of(comparable_words(written, keep="a-z")), scripts_of(written)).item()


@pytest.mark.parametrize(("native", "romanized"), SAME)
def test_romanizations_of_one_name_sound_the_same(native: str, romanized: list[str]) -> None:
    assert {sound_of(name) for name in romanized} == {sound_of(native)} != {None}


@pytest.mark.parametrize(("native", "romanized"), OTHER)
def test_other_names_do_not(native: str, romanized: str) -> None:
    assert sound_of(native) != sound_of(romanized)


def test_ideographs_have_no_sound_that_is_known_and_vowels_alone_none() -> None:
    assert sound_of("田中") is None
    assert sound_of("Aoi") is None


def test_how_a_name_sounds_does_not_depend_on_who_else_is_there() -> None:
    """Or the pairs of a part of the data would not be those that all data has."""
    rows: list[dict[str, Any]] = [
        {
            "first_name": "iurii",
            "last_name": "petrenko",
            "first_name_script": "cyrillic",
            "last_name_script": "cyrillic",
        },
        {"first_name": "yuri", "last_name": "petrenko"},
        {"first_name": "jane", "last_name": "gaber"},
    ]
    frame = profiles(*rows)
    latin = frame.filter(pl.col("last_name_script").is_null())
    alone, among = comparable(latin), comparable(frame)
    assert alone.equals(among.join(alone.select("unique_id"), on="unique_id", how="semi", maintain_order="left"))
    assert alone.get_column("last_sound").null_count() == 0
