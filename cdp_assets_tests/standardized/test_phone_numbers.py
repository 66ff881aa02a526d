from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.lake import local_lake
from cdp_assets.standardized.phone_numbers import described_before, described_by_plan, numbering_plans, phone_numbers


def at(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def versions(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = tables.RECORD_VERSIONS.schema
    lines = [
        {
            **dict.fromkeys(schema),
            "record_id": f"crm/{n}",
            "observed_at": at(2024),
            "last_seen_at": at(2024),
            "phone_extensions": [None] * len(row["phones"]),
            **row,
        }
        for n, row in enumerate(rows)
    ]
    return pl.DataFrame(lines, schema=schema)


def carried(*people: tuple[str | None, str | None, str | None]) -> list[dict[str, Any]]:
    return [
        {"phones": ["+12125550147"], "first_name_root": first, "last_name_norm": last, "company_norm": company}
        for first, last, company in people
    ]


def test_a_number_has_one_row_over_records_and_versions() -> None:
    table = phone_numbers(
        versions(
            {"record_id": "crm/1", "phones": ["+442079460958"], "observed_at": at(2020)},
            {
                "record_id": "crm/1",
                "phones": ["+442079460958", "601202303"],
                "phone_extensions": ["12", None],
                "last_seen_at": at(2025),
            },
            {"record_id": "crm/2", "phones": ["+442079460958"], "phone_extensions": None},
            {"record_id": "crm/3", "phones": []},
        )
    )
    assert table.schema == tables.PHONE_NUMBERS.schema
    london, digits = table.to_dicts()
    assert (london["phone"], london["country"], london["type"], london["is_valid"]) == (
        "+442079460958", "GB", "fixed_line", True,
    )  # fmt: skip
    assert (london["records"], london["extensions"]) == (2, 1)
    assert (london["first_seen_at"], london["last_seen_at"]) == (at(2020), at(2025))
    assert (digits["phone"], digits["country"], digits["type"], digits["is_valid"]) == (
        "601202303", None, "unknown", False,
    )  # fmt: skip


STRANGERS = [(f"{letter}nna", f"{letter}ovak{letter}s", None) for letter in "bdfghk"]
COLLEAGUES = [(first, last, "acme") for first, last, _ in STRANGERS]


@pytest.mark.parametrize(
    ("people", "sharing"),
    [
        ([("ann", "lee", None)], "personal"),
        ([("ann", "lee", None), ("anne", "lee", None), ("a", "lee", None), (None, None, None)], "personal"),
        ([("ann", "lee", "acme"), ("ann", "lee", "acme")], "personal"),
        ([("ann", "lee", None), ("robert", "lee", None)], "household"),
        ([("ann", "lee", None), ("robert", "smith", None)], "household"),
        ([("ann", "lee", "acme"), ("robert", "lee", "acme")], "household"),
        ([("ann", "lee", "acme"), ("robert", "smith", "acme")], "office"),
        (COLLEAGUES, "office"),
        ([*COLLEAGUES[:3], *STRANGERS[3:]], "office"),
        ([*COLLEAGUES[:2], *STRANGERS[2:]], "junk"),
        (STRANGERS, "junk"),
        ([(first, last, f"company {n}") for n, (first, last, _) in enumerate(STRANGERS)], "junk"),
    ],
)
def test_who_shares_a_number(people: list[tuple[str | None, str | None, str | None]], sharing: str) -> None:
    assert phone_numbers(versions(*carried(*people))).get_column("sharing").to_list() == [sharing]


def test_a_number_with_several_extensions_is_an_offices() -> None:
    rows = [{"phones": ["+12125550147"], "phone_extensions": [extension]} for extension in ("1", "2")]
    [number] = phone_numbers(versions(*rows)).to_dicts()
    assert (number["sharing"], number["extensions"]) == ("office", 2)


@pytest.mark.parametrize(
    ("phone", "country", "kind", "is_valid"),
    [
        ("+447400123456", "GB", "mobile", True),
        ("+48601202303", "PL", "mobile", True),
        ("+48225554433", "PL", "fixed_line", True),
        ("+4917112345678", "DE", "mobile", True),
        ("+34612345679", "ES", "mobile", True),
        ("+33612345678", "FR", "mobile", True),
        ("+12125550147", "US", "fixed_line_or_mobile", True),
        ("+14165550147", "CA", "fixed_line_or_mobile", True),
        ("+18005550147", "US", "toll_free", True),
        ("+390236618300", "IT", "fixed_line", True),
        ("+11764573614", "US", "unknown", False),
        ("+80012345678", None, "toll_free", True),
        ("+999123456781", None, "unknown", False),
        ("8789925", None, "unknown", False),
    ],
)
def test_a_number_by_its_plan(phone: str, country: str | None, kind: str, is_valid: bool) -> None:
    assert described_by_plan(pl.Series([phone, None])).rows() == [(phone, country, kind, is_valid)]


def test_what_was_described_before_is_not_asked_again() -> None:
    before = pl.DataFrame(
        {"phone": ["+4917112345678", "+1"], "country": ["XK", None], "type": ["voip", "uan"], "is_valid": [False, True]}
    )
    told = described_by_plan(pl.Series(["+4917112345678", "+34612345679", "8789925", None]), before)
    assert sorted(told.rows()) == [
        ("+34612345679", "ES", "mobile", True),
        ("+4917112345678", "XK", "voip", False),
        ("8789925", None, "unknown", False),
    ]


def test_numbers_are_described_anew_by_another_release_of_the_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = local_lake(tmp_path)
    assert described_before(lake) is None
    rows = phone_numbers(versions({"phones": ["+48601202303"]}))
    lake.replace(tables.PHONE_NUMBERS, rows)
    assert described_before(lake) is None
    lake.replace(tables.PHONE_NUMBERS, rows, note=numbering_plans())
    described = described_before(lake)
    assert described is not None
    assert described.rows() == [("+48601202303", "PL", "mobile", True)]
    monkeypatch.setattr("phonenumbers.__version__", "another")
    assert described_before(lake) is None


def test_the_order_of_records_changes_nothing() -> None:
    rows = versions(*carried(*COLLEAGUES, *STRANGERS), {"phones": ["+48601202303"]})
    assert phone_numbers(rows.reverse()).equals(phone_numbers(rows))


def test_no_records_have_no_numbers() -> None:
    assert phone_numbers(tables.RECORD_VERSIONS.empty()).schema == tables.PHONE_NUMBERS.schema
