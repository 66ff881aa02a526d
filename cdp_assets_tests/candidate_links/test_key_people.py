"""Whether one person only carries what a pair agrees on, against the plain way: look at all profiles for every pair."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links import key_people as module
from cdp_assets.candidate_links.comparable import carriers, comparable
from cdp_assets.candidate_links.key_people import of_several_people, one_person_carries, told_by_the_others
from cdp_assets.candidate_links.reach import Reach
from cdp_assets.standardized.scripts import IDEOGRAPHS
from cdp_assets_tests.candidate_links.frames import profiles
from cdp_assets_tests.candidate_links.people import people_per_value


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


def _plainly(everybody: pl.DataFrame, column: str) -> dict[tuple[int, int], bool]:
    """By two rows that have values of the list ``column`` in common, whether one of these is one person's."""
    people = dict(people_per_value(carriers(everybody, column)).rows())
    values = [set(some or []) for some in everybody.get_column(column).to_list()]
    common = {(one, other): values[one] & values[other] for one, other in combinations(range(len(values)), 2)}
    return {rows: any(people[value] <= 1 for value in some) for rows, some in common.items() if some}


@pytest.mark.parametrize("slots", [16, 0], ids=["a slot for each value", "one slot for all"])
def test_one_value_in_common_that_is_one_persons_is_enough(slots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLOTS_PER_CARRIER", slots)
    everybody = _some_profiles()
    expected = {column: _plainly(everybody, column) for column in ("emails", "identifiers")}
    rows = sorted(set().union(*expected.values()))
    agreeing = {column: np.array([pair in told for pair in rows]) for column, told in expected.items()}
    left, right = np.array(rows).T
    found = one_person_carries(Reach(everybody), left, right, agreeing | {"phones": np.zeros(len(rows), dtype=bool)})
    assert found.tolist() == [any(told.get(pair, False) for told in expected.values()) for pair in rows]
    assert set(found.tolist()) == {True, False}


@pytest.mark.parametrize("column", ["emails", "identifiers", "phones"])
def test_values_of_several_people_are_those_of_which_more_than_one_is_counted(column: str) -> None:
    carried = carriers(_some_profiles(), column)
    counted = people_per_value(carried).filter(pl.col("people") > 1).get_column("value")
    assert counted.is_empty() == (column == "phones")
    assert sorted(of_several_people(carried)) == sorted(counted)


def _told_plainly(everybody: pl.DataFrame, column: str) -> tuple[int, int]:
    """:func:`told_by_the_others`: leave out one carrier of a value after the other, and look at those left."""
    carried = carriers(everybody, column).filter(pl.col("first_name_root").is_not_null())
    carried = carried.with_columns(pl.coalesce("last_name", "first_name_root"))
    same = asked = 0
    for (_,), group in carried.group_by("value"):
        for at in range(len(group)):
            others = group.with_row_index("at").filter(pl.col("at") != at).drop("at")
            if len(others) and people_per_value(others).get_column("people").item() == 1:
                asked += 1
                same += people_per_value(group).get_column("people").item() == 1
    return same, asked


def test_each_carrier_of_a_value_is_asked_whether_it_is_the_one_person_that_the_others_are() -> None:
    everybody = _some_profiles()
    for column in ("identifiers", "phones"):
        expected = _told_plainly(everybody, column)
        assert told_by_the_others(comparable(everybody), column) == expected
        assert (0 < expected[0] < expected[1]) is (column == "identifiers")


def test_of_large_data_some_are_asked_beside_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"first_name": "anna", "last_name": "berg", "emails": [f"{at % 100}@mail.example"], "profile_id": at * 7919}
        for at in range(200)
    ]
    everybody = comparable(profiles(*rows))
    assert told_by_the_others(everybody, "emails") == (200, 200)
    monkeypatch.setattr(module, "MOST_ASKED", 60)
    same, asked = told_by_the_others(everybody, "emails")
    assert same == asked
    assert 30 < asked < 90


def test_names_in_letters_in_other_letters_and_in_ideographs_are_not_told_from_each_other() -> None:
    named = [
        {"first_name": first, "last_name": last, "last_name_script": script, "emails": emails}
        for first, last, script, emails in [
            ("anna", "berg", None, ["a@x.example"]),
            ("花子", "山田", IDEOGRAPHS, ["a@x.example"]),
            ("太郎", "佐藤", IDEOGRAPHS, ["b@x.example"]),
            ("花子", "山田", IDEOGRAPHS, ["b@x.example"]),
            (None, "lee", None, ["c@x.example"]),
            ("hugo", None, None, ["c@x.example"]),
            ("yulia", "hordiienko", None, ["d@x.example"]),
            ("iuliia", "gordienko", "cyrillic", ["d@x.example"]),
            ("olena", "bondar", "cyrillic", ["e@x.example"]),
            ("iuliia", "gordienko", "cyrillic", ["e@x.example"]),
        ]
    ]
    pairs = np.array([0, 2, 4, 6, 8])
    found = one_person_carries(Reach(profiles(*named)), pairs, pairs + 1, {"emails": np.ones(5, dtype=bool)})
    assert found.tolist() == [True, False, True, True, False]


def test_without_pairs_there_is_nothing_to_say() -> None:
    none = np.empty(0, dtype=np.int64)
    assert len(one_person_carries(Reach(_some_profiles()), none, none, {"emails": np.empty(0, dtype=bool)})) == 0
