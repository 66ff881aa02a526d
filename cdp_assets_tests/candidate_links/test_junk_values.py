"""One e-mail address and one phone on 30% of all records: what they cost, what they prove, who is still found."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from cdp_assets.candidate_links import blocking
from cdp_assets.candidate_links.blocking import candidate_pairs
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.profiles import linkage_profiles
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.shared import shared_identifiers
from cdp_assets.candidate_links.training import train
from cdp_assets.standardized.email_addresses import email_tables
from cdp_assets.tables import PROFILE_MEMBERS
from cdp_assets_tests.candidate_links.frames import address, town, versions

ENGINE = DuckDBEngine(threads=1)
SEEN = datetime(2025, 7, 1, tzinfo=UTC)
MAILBOX, PHONE = "sales@shop.example", "+441174960000"
PEOPLE = 700
"""With some 1,400 records, of which 30% are a block larger than any that is allowed."""


SPOILT = pl.col("profile_id") % 10 < 3


@pytest.fixture(scope="module")
def whose() -> dict[int, int]:
    return town(PEOPLE, seed=21)[1]


@pytest.fixture(scope="module")
def clean() -> pl.DataFrame:
    return town(PEOPLE, seed=21)[0]


@pytest.fixture(scope="module")
def spoilt(clean: pl.DataFrame) -> pl.DataFrame:
    """The town's profiles with the two values on 30% of them, as if nobody had noticed whose they are."""
    return clean.with_columns(
        pl.when(SPOILT).then(pl.concat_list("emails", pl.lit(MAILBOX)).list.sort()).otherwise("emails").alias("emails"),
        pl.when(SPOILT).then(pl.lit([PHONE])).otherwise("phones").alias("phones"),
    )


def record_versions(profiles: pl.DataFrame) -> pl.DataFrame:
    """The profiles as records of a CRM."""
    rows: list[dict[str, Any]] = [
        {
            "record_id": f"crm/{row['profile_id']:04}",
            "observed_at": SEEN,
            "landed_at": SEEN,
            "last_seen_at": SEEN,
            "is_newest": True,
            "is_current": True,
            "first_name_norm": row["first_name"],
            "last_name_norm": row["last_name"],
            "date_of_birth": row["date_of_birth"] and date.fromisoformat(_padded(row["date_of_birth"])),
            "emails": row["emails"],
            "phones": row["phones"],
            "addresses": [address(row["street"], row["house_number"], row["city"], row["postcode"])],
        }
        for row in profiles.to_dicts()
    ]
    return versions(*rows)


def _padded(day: str) -> str:
    return "-".join(part.zfill(2) for part in day.split("-"))


def right_and_wrong(pairs: pl.DataFrame, whose: dict[int, int]) -> tuple[int, int]:
    """Accepted pairs of one person, and of two."""
    accepted = pairs.filter(pl.col("decision") == "accepted").select("profile_id_l", "profile_id_r").rows()
    right = sum(whose[one] == whose[other] for one, other in accepted)
    return right, len(accepted) - right


def test_they_are_a_crowds_and_stand_in_no_profile(spoilt: pl.DataFrame) -> None:
    records = record_versions(spoilt)
    shared = shared_identifiers(records, email_tables(records).addresses, {})
    assert set(shared.filter(pl.col("sharing").is_in(["crowd", "role"]))["value"]) == {MAILBOX, PHONE}
    profiles, members = linkage_profiles(records, shared, set())
    carried = pl.concat([profiles["emails"].explode(), profiles["phones"].explode()])
    assert not carried.is_in([MAILBOX, PHONE]).any()
    assert members["record_id"].n_unique() == records.height
    assert members.schema == PROFILE_MEMBERS.schema


def test_the_pairs_that_they_make_are_bounded(
    clean: pl.DataFrame, spoilt: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MIN_PAIRS", 0)
    policy = LinkagePolicy(max_block=100)
    without, blocks = (candidate_pairs(comparable(frame), policy) for frame in (clean, spoilt))
    sharing = spoilt.filter(SPOILT).height
    everybody = sharing * (sharing - 1) // 2
    assert everybody > 80_000
    reports = {report.rule: report for report in blocks.reports}
    for rule in ("SAME_EMAIL", "SAME_PHONE"):
        assert reports[rule].refined_blocks == 1
        assert reports[rule].pairs < everybody // 40
    assert blocks.pairs.height < without.pairs.height + everybody // 20
    assert blocks.pairs.height <= policy.max_pairs_per_profile * spoilt.height


def test_they_prove_nothing_and_everybody_is_still_found(
    clean: pl.DataFrame, spoilt: pl.DataFrame, whose: dict[int, int]
) -> None:
    found = {}
    for name, frame in (("clean", clean), ("spoilt", spoilt)):
        model = train(frame, LinkagePolicy(), ENGINE)
        found[name] = right_and_wrong(score(frame, model, ENGINE), whose)
    (right, wrong), (right_before, wrong_before) = found["spoilt"], found["clean"]
    assert right > 0.98 * right_before > 900
    assert wrong <= wrong_before
