from datetime import UTC, datetime
from typing import Any

import pytest

from cdp_assets.standardized.email_status import STATUS_OF
from cdp_assets.steward.address_text import why

THEN = datetime(2021, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"status_reason": "bounced", "bounced_at": THEN}, "mail was returned on 2021-09-01"),
        ({"status_reason": "left_employer", "left_at": THEN}, "seen with another employer's address on 2021-09-01"),
        (
            {"status_reason": "unheard", "sharing": "role"},
            "no sign of life for a year or more; an office's mailbox, not one person's",
        ),
        (
            {"status_reason": "unheard", "sharing": "personal", "suggestion": "ann@gmail.com"},
            "no sign of life for a year or more; probably ann@gmail.com was meant",
        ),
        ({"status_reason": None, "sharing": None, "suggestion": None}, ""),
        ({}, ""),
    ],
)
def test_the_evidence_behind_a_status_is_said_in_plain_words(row: dict[str, Any], text: str) -> None:
    assert why(row) == text


@pytest.mark.parametrize("reason", sorted(STATUS_OF))
def test_every_reason_has_its_words(reason: str) -> None:
    assert why({"status_reason": reason})
