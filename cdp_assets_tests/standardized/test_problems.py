"""Delivered value → the problem that its record has, over whole records."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import polars as pl
import pytest

from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.vocabulary import PROFILE_FIELDS
from cdp_assets.standardized.problems import PROBLEMS, PROBLEMS_OF_FIELD, problems_of_rows
from cdp_assets.standardized.records import ImportMeta, Standardized, standardize

META = ImportMeta("20240601T120000Z-0123456789ab", datetime(2024, 6, 1, tzinfo=UTC))
FIELDS = (
    "full_name", "first_name", "middle_name", "last_name", "sex", "email", "phone", "date_of_birth", "street", "city",
    "region", "postcode", "country", "company", "job_title",
)  # fmt: skip


def records(rows: list[dict[str, str | None]], **said: Any) -> Standardized:
    contract = SourceContract.model_validate(
        {
            "source": "crm", "kind": "profiles", "key": "id", "country": "US", "columns": {name: name for name in FIELDS},
            "identifiers": {"loyalty_id": "loyalty_id"}, **said,
        }
    )  # fmt: skip
    schema = {"_line": pl.Int64(), "_problem": pl.String(), "_text": pl.String(), "id": pl.String()}
    schema |= dict.fromkeys((*FIELDS, "loyalty_id"), pl.String())
    lines = [{**dict.fromkeys(schema), "_line": n, "id": str(n), **row} for n, row in enumerate(rows, 2)]
    own = [pl.lit(META.import_id).alias("_import_id"), pl.lit("f.csv").alias("_file")]
    return standardize(pl.DataFrame(lines, schema=schema).with_columns(own), contract, META)


CASES: list[tuple[dict[str, str | None], list[str]]] = [
    ({"email": "ann@example.org", "phone": "212 555 0147", "first_name": "Ann", "postcode": "60647"}, []),
    ({"email": "rubbish"}, ["email:unreadable"]),
    ({"email": "ann@"}, ["email:unreadable"]),
    ({"email": "n/a"}, ["email:placeholder"]),
    ({"email": "keine Angabe"}, ["email:placeholder"]),
    ({"email": "d***@example.org"}, ["email:masked"]),
    ({"email": "d***@example.org; ann@example.org"}, ["email:masked"]),
    ({"email": "NULL"}, []),
    ({"email": "-"}, []),
    ({"email": "nan", "phone": "None", "company": "#N/A", "date_of_birth": "null"}, []),
    ({"email": "ann@example.org; rubbish@"}, ["email:unreadable"]),
    ({"phone": "12345"}, ["phone:unreadable"]),
    ({"phone": "call me"}, ["phone:unreadable"]),
    ({"phone": "555-555-5555"}, ["phone:placeholder"]),
    ({"phone": "000 000 0000"}, ["phone:placeholder"]),
    ({"phone": "unknown"}, ["phone:placeholder"]),
    ({"phone": "212-***-1234"}, ["phone:masked"]),
    ({"phone": "212 xxx 1234 / 212 555 0147"}, ["phone:masked"]),
    ({"phone": "***-***-****"}, []),
    ({"date_of_birth": "last spring"}, ["date_of_birth:unreadable"]),
    ({"date_of_birth": "1980-02-30"}, ["date_of_birth:impossible"]),
    ({"date_of_birth": "1980"}, ["date_of_birth:incomplete"]),
    ({"date_of_birth": "1980-02-00"}, ["date_of_birth:incomplete"]),
    ({"date_of_birth": "1900-01-01"}, ["date_of_birth:placeholder"]),
    ({"date_of_birth": "01/01/1970"}, ["date_of_birth:placeholder"]),
    ({"date_of_birth": "0000-00-00"}, ["date_of_birth:placeholder"]),
    ({"date_of_birth": "2031-02-20"}, ["date_of_birth:to_come"]),
    ({"sex": "q"}, ["sex:unreadable"]),
    ({"sex": "0"}, []),
    ({"sex": "unknown"}, []),
    ({"sex": "prefer not to say"}, []),
    ({"country": "Atlantis", "city": "Leeds"}, ["country:unknown"]),
    ({"country": "Atlantis"}, ["country:unknown"]),
    ({"country": "Deutschland", "postcode": "10115"}, []),
    ({"country": "unbekannt"}, ["country:placeholder"]),
    ({"postcode": "99999"}, ["postcode:placeholder"]),
    ({"postcode": "unknown"}, ["postcode:placeholder"]),
    ({"postcode": "606"}, []),
    ({"postcode": "60"}, ["postcode:malformed"]),
    ({"postcode": "6064712"}, ["postcode:malformed"]),
    ({"postcode": "SW1A 1AA"}, ["postcode:malformed"]),
    ({"country": "GB", "postcode": "SW1A 1AA"}, []),
    ({"country": "GB", "postcode": "SW1A"}, ["postcode:malformed"]),
    ({"country": "NL", "postcode": "1012 AB"}, []),
    ({"country": "NL", "postcode": "1012"}, []),
    ({"country": "CA", "postcode": "K1A 0B"}, ["postcode:malformed"]),
    ({"country": "Polska", "postcode": "00-950"}, []),
    ({"country": "SA", "postcode": "1"}, []),
    ({"street": "unknown", "city": "n/a"}, ["city:placeholder", "street:placeholder"]),
    ({"first_name": "Test", "last_name": "Lee"}, ["first_name:placeholder"]),
    ({"first_name": "12345", "last_name": "Lee"}, ["first_name:unreadable"]),
    ({"first_name": "Mr", "last_name": "Lee"}, ["first_name:unreadable"]),
    ({"first_name": "Ann", "last_name": "N/A"}, ["last_name:placeholder"]),
    ({"first_name": "Ann", "middle_name": "NMN"}, ["middle_name:placeholder"]),
    ({"full_name": "Test User"}, ["full_name:placeholder"]),
    ({"full_name": "xxx xxx"}, ["full_name:placeholder"]),
    ({"full_name": "Mr Smith"}, []),
    ({"company": "Test company"}, ["company:placeholder"]),
    ({"company": "Nazwa firmy"}, ["company:placeholder"]),
    ({"company": "self-employed"}, []),
    ({"job_title": "n/a"}, ["job_title:placeholder"]),
    ({"loyalty_id": "00000"}, ["loyalty_id:placeholder"]),
    ({"loyalty_id": "L-1"}, []),
    (
        {"first_name": "unknown", "email": "x", "phone": "1"},
        ["email:unreadable", "first_name:placeholder", "phone:unreadable"],
    ),
]  # fmt: skip


@cache
def all_problems() -> list[list[str]]:
    found: list[list[str]] = records([row for row, _ in CASES]).records.get_column("problems").to_list()
    return found


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number][0]))
def test_a_record_says_what_it_could_not_keep(number: int) -> None:
    assert all_problems()[number] == CASES[number][1]


def test_every_problem_has_a_word_that_is_explained() -> None:
    seen = {tuple(problem.split(":")) for problems in all_problems() for problem in problems}
    known = {(field, word) for field, words in PROBLEMS_OF_FIELD.items() for word in words}
    assert {word for _, word in seen} == set(PROBLEMS)
    assert seen - known == {("loyalty_id", "placeholder")}
    assert set(PROBLEMS_OF_FIELD) < set(PROFILE_FIELDS)


def test_two_columns_of_one_field_may_have_two_problems_and_one_alike_is_said_once() -> None:
    said = {"columns": {"email": ["first_name", "last_name", "email"], "street": ["street", "city"]}}
    [record] = records(
        [{"first_name": "rubbish", "last_name": "nonsense", "email": "n/a", "street": "unknown", "city": "n/a"}], **said
    ).records.to_dicts()
    assert record["problems"] == ["email:placeholder", "email:unreadable", "street:placeholder"]


def test_extensions_stand_beside_their_numbers() -> None:
    said = {"columns": {"phone": ["first_name", "last_name", "phone"]}}
    rows: list[dict[str, str | None]] = [
        {"first_name": "212 555 0147 x23", "last_name": "12", "phone": "212 555 0148"},
        {"first_name": "212-555-0147", "phone": "212 555 0147 ext. 007"},
        {},
    ]
    made = records(rows, **said).records
    assert made.get_column("phones").to_list() == [["+12125550147", "+12125550148"], ["+12125550147"], []]
    assert made.get_column("phone_extensions").to_list() == [["23", None], ["007"], []]


def test_no_rows_have_no_problems() -> None:
    assert problems_of_rows([], 0).to_list() == []
    assert problems_of_rows([], 2).to_list() == [[], []]
