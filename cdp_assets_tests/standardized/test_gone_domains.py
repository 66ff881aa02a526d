from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.email_lives import carried_addresses, email_lives
from cdp_assets.standardized.gone_domains import GONE_FROM_ADDRESSES, HEARD_MONTHS, gone_domains
from cdp_assets_tests.standardized.email_frames import at, event, versions

OTHERS = [f"p{n}@other.example" for n in range(9)]


def monthly(emails: list[str], start: datetime, months: int, **more: Any) -> list[dict[str, Any]]:
    return [
        event(
            emails[n % len(emails)],
            "page_view",
            start + timedelta(days=30 * n),
            record_id=f"web/{emails[0]}{n}",
            **more,
        )
        for n in range(months)
    ]


def gone(rows: list[dict[str, Any]], left: tuple[str, ...] = ()) -> dict[str, Any]:
    rows_of = carried_addresses(versions(*rows))
    own = email_lives(rows_of).with_columns(
        left_at=pl.when(pl.col("email").is_in(list(left))).then(pl.lit(at(2023), dtype=tables.MOMENT))
    )
    return dict(gone_domains(rows_of, own.select("email", "domain", "alive_at", "bounced_at", "left_at")).iter_rows())


THEIRS = [f"p{n}@old.example" for n in range(4)]
LIVING = monthly(OTHERS, at(2018), 84)
SILENT = monthly(THEIRS, at(2018), 36)
LAST = at(2018) + timedelta(days=30 * 35)


def test_a_company_that_was_heard_of_each_month_and_of_which_nobody_is_heard_any_more_is_gone() -> None:
    assert gone([*LIVING, *SILENT], left=(THEIRS[0], THEIRS[1])) == {"old.example": LAST}


def test_people_who_are_met_elsewhere_or_whose_mail_bounces_confirm_the_silence() -> None:
    assert gone([*LIVING, *SILENT]) == {}
    assert gone([*LIVING, *SILENT], left=(THEIRS[0],)) == {}
    bounces = [event(email, "bounced", at(2023)) for email in THEIRS[:2]]
    assert gone([*LIVING, *SILENT, *bounces]) == {"old.example": LAST}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (SILENT, "everything fell silent"),
        ([*LIVING, *monthly(THEIRS, at(2018), 80)], "a short silence"),
        ([*LIVING, *monthly(THEIRS, at(2018), HEARD_MONTHS - 1)], "no pace"),
        ([*LIVING, *[event(email, "page_view", at(2018, 3)) for email in THEIRS] * 9], "a list of one day"),
        ([*LIVING, *monthly(THEIRS[: GONE_FROM_ADDRESSES - 1], at(2018), 36)], "too few people"),
        ([*monthly(OTHERS, at(2018), 84), *monthly(THEIRS, at(2018), 36, source="list")], "its source ended"),
    ],
)
def test_silence_alone_buries_nobody(rows: list[dict[str, Any]], why: str) -> None:
    assert gone(rows, left=tuple(THEIRS[:3])) == {}, why


def test_a_source_that_slows_down_buries_nobody() -> None:
    slower = [*monthly(OTHERS, at(2018), 36), *monthly(OTHERS[:1], at(2021, 6), 1), *monthly(OTHERS[1:2], at(2024), 1)]
    assert gone([*slower, *SILENT], left=tuple(THEIRS[:3])) == {}


def test_a_domain_of_which_nearly_all_mail_bounced_is_gone() -> None:
    known = [{"emails": [email], "observed_at": at(2020)} for email in THEIRS]
    bounces = [event(email, "bounced", at(2021, n + 1)) for n, email in enumerate(THEIRS)]
    assert gone([*LIVING, *known, *bounces]) == {"old.example": at(2021, 4)}
    assert gone([*LIVING, *known, *bounces[:3]]) == {}
    assert gone([*LIVING, *known, *bounces, event(THEIRS[0], "opened", at(2022))]) == {}
    assert gone([*LIVING, *known[:2], *bounces[:2]]) == {}


def test_no_addresses_are_no_domains() -> None:
    assert gone([]) == {}
