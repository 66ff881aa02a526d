from __future__ import annotations

import re

import polars as pl
import pytest

from cdp_assets.candidate_links.comparable import COMPARABLE_SCHEMA, before, comparable
from cdp_assets_tests.candidate_links.frames import profiles

PEOPLE = profiles(
    {"emails": ["anna.adler99@mail7.example", "zoë٣4müller@x.example"], "phones": ["+4411111", "+4520001112222"]},
    {"emails": ["info@x.example"], "probable_emails": ["zoë٣4müller@x.example"], "phones": ["+4620001112222"]},
    {"last_name": "garcia de la vega garcia", "company": "a bakery & sons of", "identifiers": ["card=1=2", "card=3"]},
    {"last_name": "li", "company": "x", "date_of_birth": "1980-02-30", "identifiers": ["card=1", "key=5"]},
    {"date_of_birth": "1980-01-01"},
    {"date_of_birth": "80-1-1"},
)


def column(name: str) -> list[object]:
    return comparable(PEOPLE).get_column(name).to_list()


def test_digits_are_those_of_the_first_address() -> None:
    assert column("email_digits") == ["997", "", None, None, None, None]
    told = profiles({"emails": ["zoë٣4müller5@x.example"]})
    assert comparable(told)["email_digits"].item() == re.sub("[^0-9]", "", told["emails"].item()[0]) == "45"


def test_what_stands_before_the_at_is_a_key_where_it_is_long_enough() -> None:
    assert column("email_locals") == [["anna.adler99", "zoë٣4müller"], None, None, None, None, None]
    assert column("email_numbered") == [["anna.adler99", "zoë٣4müller"], None, None, None, None, None]


@pytest.mark.parametrize("text", ["a@b", "müllör@b@c", "", "@b", "none", None])
def test_before_a_sign_is_the_first_part(text: str | None) -> None:
    texts = pl.Series([text], dtype=pl.String)
    assert before(texts, "@").item() == texts.str.split("@").list.first().item()


def test_keys_are_probable_addresses_and_own_ones_that_are_probably_somebodys() -> None:
    assert column("probable_keys") == [["zoë٣4müller@x.example"], ["zoë٣4müller@x.example"], None, None, None, None]
    known = pl.Series(["info@x.example"])
    keys = comparable(PEOPLE, probable=known)["probable_keys"].to_list()
    assert keys == [None, ["info@x.example", "zoë٣4müller@x.example"], None, None, None, None]


def test_words_are_distinct_and_counted_before_that() -> None:
    assert column("last_words") == [None, None, ["garcia", "vega"], None, None, None]
    assert comparable(profiles({"last_name": "lopez lopez"}))["last_words"].to_list() == [["lopez"]]
    assert column("company_words") == [None, None, ["bakery", "of", "sons"], None, None, None]


def test_ends_and_types_are_told_once() -> None:
    assert column("phone_tails") == [["1112222", "4411111"], ["1112222"], None, None, None, None]
    assert column("identifier_types") == [None, None, ["card"], ["card", "key"], None, None]


def test_a_date_of_birth_is_eight_digits() -> None:
    assert column("dob") == [None, None, None, "19800230", "19800101", None]
    assert column("dob_swapped") == [None, None, None, "19803002", "19800101", None]
    assert column("dob_day") == [None, None, None, "0230", None, None]


def test_only_what_is_asked_for_is_made_and_alike() -> None:
    whole = comparable(PEOPLE)
    assert whole.schema == COMPARABLE_SCHEMA
    for name in COMPARABLE_SCHEMA:
        asked = comparable(PEOPLE.reverse(), only=[name])
        assert asked.equals(whole.select(asked.columns))
    assert comparable(PEOPLE.clear()).equals(whole.clear())


def test_what_is_unasked_holds_nothing_and_the_rest_is_alike() -> None:
    whole, unasked = comparable(PEOPLE), ["first_sound", "last_words"]
    told = comparable(PEOPLE, unasked=unasked)
    assert told.schema == COMPARABLE_SCHEMA
    assert told.drop(unasked).equals(whole.drop(unasked))
    assert all(told[name].null_count() == len(told) for name in unasked)
    assert comparable(PEOPLE.clear(), unasked=unasked).schema == COMPARABLE_SCHEMA


def test_a_first_name_without_a_root_is_its_own() -> None:
    known, unknown = {"first_name": "bill", "first_name_root": "william"}, {"first_name": "zed"}
    assert comparable(profiles(known, unknown, {}))["first_root"].to_list() == ["william", "zed", None]
    assert comparable(profiles(known, {}))["first_root"].to_list() == ["william", None]


@pytest.mark.parametrize("first", range(len(PEOPLE) + 1))
@pytest.mark.parametrize("rows", range(3))
def test_a_part_of_a_frame_is_like_a_frame_of_its_own(first: int, rows: int) -> None:
    part = PEOPLE.slice(first, rows)
    assert comparable(part).equals(comparable(pl.DataFrame(part.to_dicts(), schema=part.schema)))
    whole = PEOPLE.vstack(part.with_columns(pl.col("profile_id") + 100))
    assert comparable(whole).height == len(PEOPLE) + len(part)
