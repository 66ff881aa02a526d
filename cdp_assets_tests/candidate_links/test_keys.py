"""Keys that are numbers part profiles as texts would that are put together for each profile and rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
import pytest

from cdp_assets.candidate_links.blocking import BLOCKING_RULES, BlockingRule, keyed
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.keys import AnyOf, all_of, in_either_order
from cdp_assets_tests.candidate_links.test_reach import odd_town

Row = dict[str, Any]
Text = tuple[str | None, ...]


def text(row: Row, *parts: str | None) -> list[Text]:
    return [parts] if None not in parts else []


def either_way(row: Row, one: str, other: str, *further: str) -> list[Text]:
    names = sorted([row[one] or "", row[other] or ""]) if row[one] is not None and row[other] is not None else [None]
    return text(row, *names, *(row[name] for name in further))


def each_name(row: Row, *further: str) -> list[Text]:
    names = [row[name] for name in ("first_name", "first_root", "last_name")]
    return [key for name in names if name and len(name) > 1 for key in text(row, name, *(row[one] for one in further))]


def first(*values: str | None) -> str | None:
    return next((value for value in values if value is not None), None)


def begin(value: str | None, letters: int) -> str | None:
    return None if value is None else value[:letters]


def of_company(row: Row) -> list[Text]:
    word = first(*(row["company_words"] or []))
    start = None if row["company"] is None else row["company"].split(" ")[0]
    places = [(word, row["postcode"]), (word, row["street"]), (start, row["house_number"])]
    return [key for place in places for key in text(row, *place)]


def of_phone_parts(row: Row) -> list[Text]:
    phone, initials = row["phone_main"], (begin(row["first_name"], 1), begin(row["last_name"], 1))
    if phone is None:
        return []
    return [*text(row, phone[-4:], *initials), *([] if len(phone) < 5 else text(row, *initials, phone[:-4]))]


def values_of(column: str) -> Callable[[Row], list[Text]]:
    return lambda row: [(value,) for value in row[column] or []]


def place(row: Row) -> str | None:
    return first(row["postcode"], row["city"])


def by_name(row: Row) -> Text:
    return begin(row["last_name"], 3), begin(row["first_root"], 2)


def by_birth(row: Row) -> Text:
    return row["dob"], place(row)


def by_name_and_birth(row: Row) -> Text:
    return *by_name(row), first(row["dob"], row["postcode"], row["city"])


PLAIN: dict[str, tuple[Callable[[Row], Iterable[Text]], Callable[[Row], Text]]] = {
    "SAME_IDENTIFIER": (values_of("identifiers"), by_name),
    "SAME_EMAIL": (values_of("emails"), by_name),
    "SAME_PROBABLE_EMAIL": (values_of("probable_keys"), by_name),
    "SAME_PHONE": (values_of("phones"), by_name),
    "SAME_NAMES_AND_BIRTH_DATE": (lambda row: either_way(row, "first_root", "last_name", "dob"), lambda row: (place(row),)),
    "ANY_NAME_AND_BIRTH_DATE": (lambda row: each_name(row, "dob"), lambda row: (place(row),)),
    "SWAPPED_NAMES": (lambda row: either_way(row, "first_root", "last_name"), by_birth),
    "SAME_SOUNDS": (lambda row: either_way(row, "first_sound", "last_sound"), by_birth),
    "ANY_NAME_AND_POSTCODE": (lambda row: each_name(row, "postcode"), lambda row: (row["dob"], row["house_number"])),
    "ANY_NAME_AND_STREET": (lambda row: each_name(row, "street"), lambda row: (row["house_number"], row["dob"])),
    "SAME_ADDRESS": (lambda row: text(row, row["street"], row["house_number"], place(row)), by_name),
    "SAME_EMAIL_NAME": (values_of("email_locals"), by_name),
    "SAME_PHONE_ENDING": (values_of("phone_tails"), by_name),
    "SAME_COMPANY": (lambda row: text(row, row["company"]), by_name),
    "SAME_BIRTH_DATE": (lambda row: text(row, row["dob"]), lambda row: (first(row["postcode"], row["city"], row["street"]),)),
    "ANY_NAME_AND_CITY": (lambda row: each_name(row, "city"), lambda row: (first(row["dob"], row["postcode"]),)),
    "NAME_BEGINNINGS_AND_BIRTH_YEAR": (
        lambda row: text(row, begin(row["last_name"], 3), begin(row["first_name"], 1), begin(row["dob"], 4)),
        lambda row: (place(row), row["dob_day"]),
    ),
    "NAME_BEGINNINGS_AND_POSTCODE": (
        lambda row: text(row, begin(row["last_name"], 2), row["postcode"]),
        lambda row: (begin(row["first_name"], 1), row["dob"]),
    ),
    "BIRTH_DAY_AND_POSTCODE": (
        lambda row: [*text(row, row["dob_day"], row["postcode"]), *text(row, row["dob_day"], row["city"])], by_name
    ),
    "NAME_BEGINNINGS_AND_BIRTH_DAY": (
        lambda row: [
            *text(row, begin(row["last_name"], 2), begin(row["first_name"], 1), row["dob_day"]),
            *([] if len(row["last_name"] or "") < 4 else text(row, begin(row["last_name"], 4), row["dob_day"])),
        ],
        lambda row: (place(row), begin(row["dob"], 3)),
    ),
    "NAME_BEGINNINGS_AND_CITY": (
        lambda row: text(row, begin(row["last_name"], 2), begin(row["first_name"], 1), row["city"]), by_name_and_birth
    ),
    "NAME_BEGINNINGS": (lambda row: text(row, begin(row["last_name"], 3), begin(row["first_name"], 3)), by_birth),
    "INITIALS_AND_PART_OF_PHONE": (of_phone_parts, by_name_and_birth),
    "COMPANY_BEGINNING_AND_PLACE": (
        of_company, lambda row: (row["street"], row["house_number"], first(row["postcode"], row["city"], row["dob"]))
    ),
    "NUMBER_AND_POSTCODE": (lambda row: text(row, row["house_number"], row["postcode"]), by_name_and_birth),
    "SAME_STREET": (lambda row: text(row, row["street"], row["house_number"]), by_name_and_birth),
    "SAME_LAST_NAME": (each_name, by_birth),
    "SAME_POSTCODE": (lambda row: text(row, row["postcode"]), by_name_and_birth),
    "ANY_PAIR": (lambda row: [("",)], lambda row: ()),
}  # fmt: skip
"""Per rule the texts that are keys of a profile, and what parts its blocks."""


def blocks(keys: Iterable[tuple[int, Any]]) -> set[frozenset[int]]:
    members: dict[Any, set[int]] = {}
    for number, key in keys:
        members.setdefault(key, set()).add(number)
    return {frozenset(block) for block in members.values()}


def of_some_companies(people: pl.DataFrame) -> pl.DataFrame:
    """Postcodes that are house numbers, or cities, so that keys of one profile are alike; first names of one letter, in any script."""
    at = pl.int_range(pl.len())
    return people.with_columns(
        company=pl.when(at % 3 == 0).then(pl.lit("acme tools")).when(at % 3 == 1).then(pl.lit("tools")),
        postcode=pl.when(at % 4 == 0).then("house_number").when(at % 4 == 1).then("city").otherwise("postcode"),
        first_name=pl.when(at % 7 == 0).then(pl.lit("é")).otherwise("first_name"),
    )


@pytest.mark.parametrize("rule", BLOCKING_RULES, ids=lambda rule: rule.name)
def test_blocks_are_those_of_texts(rule: BlockingRule) -> None:
    keys_of, parts_of = PLAIN[rule.name]
    frame = comparable(of_some_companies(odd_town(1)))
    rows = frame.to_dicts()
    plain = [(number, key) for number, row in enumerate(rows) for key in dict.fromkeys(keys_of(row))]
    finer = [(number, (key, tuple(part or "" for part in parts_of(rows[number])))) for number, key in plain]
    known = keyed(frame, [rule])
    keys = known.keys(rule)
    assert sorted(keys["number"]) == sorted(number for number, _ in plain)
    assert blocks(keys.rows()) == blocks(plain)
    assert blocks(known.refined(rule, keys).rows()) == blocks(finer)


def test_a_number_tells_which_part_says_what_unless_either_may() -> None:
    frame = pl.DataFrame({"one": ["a", "b", None, "a"], "other": ["b", "a", "a", None]})
    told = frame.select(in_order=all_of("one", "other"), either=in_either_order("one", "other"))
    first, second, *missing = told.rows()
    assert first[0] != second[0]
    assert first[1] == second[1]
    assert missing == [(None, None)] * 2


def test_what_two_keys_of_a_profile_have_in_common_is_one_key() -> None:
    frame = pl.DataFrame({"one": ["a", "a", None], "other": ["a", "b", "b"]})
    keys = AnyOf(all_of("one"), all_of("other")).of(frame)
    assert sorted(keys["number"]) == [0, 1, 1, 2]
    assert keys["key"].n_unique() == 2
