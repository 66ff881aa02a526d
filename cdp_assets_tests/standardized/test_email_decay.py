from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets import tables
from cdp_assets.standardized.email_decay import PRIOR_DECAY, PRIOR_YEARS, death, decay_numbers, email_decay, hazards
from cdp_assets.standardized.email_domains import CLASSES
from cdp_assets_tests.standardized.email_frames import at

SCHEMA = {
    "class": pl.String(), "sharing": pl.String(), "suggestion": pl.String(),
    **dict.fromkeys(("first_seen_at", "alive_at", "bounced_at", "engaged_at", "delivered_at", "left_at", "domain_gone_at"), tables.MOMENT),
}  # fmt: skip


def addresses(*rows: dict[str, Any]) -> pl.DataFrame:
    common = {
        **dict.fromkeys(SCHEMA),
        "class": "corporate",
        "sharing": "personal",
        "first_seen_at": at(2020),
        "alive_at": at(2022),
    }
    return pl.DataFrame([{**common, **row} for row in rows], schema=SCHEMA)


def of(decay: pl.DataFrame, name: str) -> dict[str, Any]:
    return decay.row(by_predicate=pl.col("class") == name, named=True)


def test_every_class_has_a_row_and_what_nobody_has_is_the_prior() -> None:
    decay = email_decay(addresses())
    assert decay.get_column("class").to_list() == sorted(CLASSES)
    for row in decay.iter_rows(named=True):
        assert row["yearly_decay"] == pytest.approx(PRIOR_DECAY[row["class"]])
        assert (row["addresses"], row["deaths"], row["prior_share"]) == (0, 0, 1.0)
    assert decay_numbers(decay) == {}


def test_much_data_outweigh_the_prior_and_the_rate_is_deaths_by_years() -> None:
    living = [{"alive_at": at(2024)}] * 1800
    dead = [{"bounced_at": at(2022)}] * 200
    found = of(email_decay(addresses(*living, *dead)), "corporate")
    years = 1800 * 4 + 200 * 2
    assert found["years_observed"] == pytest.approx(years, rel=1e-3)
    assert (found["addresses"], found["deaths"]) == (2000, 200)
    assert found["yearly_decay"] == pytest.approx(1 - math.exp(-200 / years), rel=0.12)
    assert found["yearly_decay_from"] < found["yearly_decay"] < found["yearly_decay_to"]
    assert found["prior_share"] == pytest.approx(PRIOR_YEARS / (PRIOR_YEARS + years), rel=1e-3)


def test_the_interval_is_the_gammas() -> None:
    """Exact 95% quantiles of chi-square with 20 degrees of freedom are 9.591 and 34.170."""
    from cdp_assets.standardized.email_decay import _chi_square

    assert _chi_square(20, -1.959964) == pytest.approx(9.591, abs=0.02)
    assert _chi_square(20, 1.959964) == pytest.approx(34.170, abs=0.02)


@pytest.mark.parametrize(
    ("row", "died_at"),
    [
        ({}, None),
        ({"bounced_at": at(2021)}, at(2021)),
        ({"bounced_at": at(2021), "engaged_at": at(2020)}, at(2021)),
        ({"bounced_at": at(2021), "engaged_at": at(2022)}, None),
        ({"bounced_at": at(2021), "delivered_at": at(2022)}, None),
        ({"left_at": at(2023)}, at(2023)),
        ({"left_at": at(2023), "bounced_at": at(2022)}, at(2022)),
        ({"domain_gone_at": at(2021), "left_at": at(2023)}, at(2021)),
    ],
)
def test_a_death_is_what_was_observed(row: dict[str, Any], died_at: Any) -> None:
    assert addresses(row).select(death()).item() == died_at


def test_mistyped_addresses_and_junk_have_no_life_to_measure() -> None:
    rows = addresses({"suggestion": "a@b.com", "bounced_at": at(2021)}, {"sharing": "junk", "bounced_at": at(2021)})
    assert of(email_decay(rows), "corporate")["deaths"] == 0


def test_an_address_that_was_only_ever_returned_has_lived_no_time() -> None:
    found = of(
        email_decay(addresses({"alive_at": None, "first_seen_at": at(2021), "bounced_at": at(2021)})), "corporate"
    )
    assert (found["deaths"], found["years_observed"]) == (1, 0.0)


def test_hazards_and_shares_are_the_same_rates() -> None:
    decay = email_decay(addresses({}))
    assert hazards(decay)["personal"] == pytest.approx(-math.log(1 - PRIOR_DECAY["personal"]))
    assert list(decay_numbers(decay)) == ["yearly_decay_corporate"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50))
def test_more_deaths_in_the_same_lives_are_a_faster_decay(living: int, dead: int) -> None:
    rows = [{}] * living + [{"bounced_at": at(2022)}] * dead
    more = [*rows, {"bounced_at": at(2022)}]
    fewer = [*rows, {}]
    one, other = (of(email_decay(addresses(*lives)), "corporate")["yearly_decay"] for lives in (more, fewer))
    assert 0 < other < one < 1
