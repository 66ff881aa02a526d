"""How many people carry what a pair agrees on, against the plain way: look at all profiles for every pair."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import polars as pl

from cdp_assets.candidate_links.comparable import carriers, people_per_value
from cdp_assets.candidate_links.key_people import fewest_people
from cdp_assets.candidate_links.reach import Reach
from cdp_assets_tests.candidate_links.frames import profiles


def _some_profiles() -> pl.DataFrame:
    """Thirty profiles that share mailboxes and identifiers across names, with several, one or none each."""
    chance = random.Random(3)
    rows: list[dict[str, Any]] = []
    for _ in range(30):
        names = {"first_name": chance.choice(["anna", "hugo", None]), "last_name": chance.choice(["berg", "lee", None])}
        emails = sorted(
            chance.sample(["a@x.example", "b@x.example", "c@x.example", "d@x.example"], chance.randint(0, 2))
        )
        rows.append({**names, "emails": emails, "identifiers": [f"tax={chance.randint(1, 9)}"]})
    return profiles(*rows)


def _plainly(everybody: pl.DataFrame, pairs: pl.DataFrame, columns: list[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    for column in columns:
        people = dict(people_per_value(carriers(everybody, column)).rows())
        values = dict(everybody.select("profile_id", column).rows())
        for pair, left, right in pairs.rows():
            for value in set(values[left] or []) & set(values[right] or []):
                found[pair] = min(people[value], found.get(pair, people[value]))
    return found


def test_the_least_shared_value_in_common_counts() -> None:
    everybody = _some_profiles()
    pairs = pl.DataFrame(list(combinations(everybody["profile_id"], 2)), schema=["id_l", "id_r"], orient="row")
    pairs = pairs.with_row_index("pair")
    found = fewest_people(Reach(everybody), {"emails": pairs, "phones": pairs.clear(), "identifiers": pairs})
    assert dict(found.rows()) == _plainly(everybody, pairs, ["emails", "identifiers"])
    assert set(found["people"]) >= {1, 2}


def test_without_pairs_there_is_nothing_to_say() -> None:
    everybody = _some_profiles()
    pairs = pl.DataFrame(schema={"pair": pl.UInt32, "id_l": pl.Int64, "id_r": pl.Int64})
    assert fewest_people(Reach(everybody), {"emails": pairs}).is_empty()
