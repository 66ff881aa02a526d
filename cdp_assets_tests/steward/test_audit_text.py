"""The newest audit as text: every source in a line, or one in full."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cdp_assets.steward.audit_text import NotAuditedError, audit_text, audits_text, newest_audits
from cdp_assets.tables import QUALITY_AUDITS, QUALITY_FINDINGS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import frame


@pytest.fixture
def audited(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    rows = [
        {"source": source, "audited_on": date(2024, 1, day), "measure": measure, "value": value}
        for source, day, measure, value in (
            ("crm", 1, "completeness", 0.5), ("crm", 8, "completeness", 0.75), ("crm", 8, "median_age_days", 12.0),
            ("shop", 1, "completeness", 0.25),
        )
    ]  # fmt: skip
    findings = [
        {"source": "crm", "finding": finding, "field": field, "found": found, "looked_at": 10, "share": found / 10}
        for finding, field, found in (
            ("stale_address", "email", 5), ("dead_address", "email", 1), ("role_address", "email", 0),
            ("repeats_another_record", "record", 2), ("repeats_another_record", "phone", 2),
            ("rejected_key_missing", "id", 3), ("not_kept_impossible", "date_of_birth", 4),
        )
    ]  # fmt: skip
    workspace.lake.replace(QUALITY_AUDITS, frame(QUALITY_AUDITS, *rows))
    workspace.lake.replace(QUALITY_FINDINGS, frame(QUALITY_FINDINGS, *findings))
    return workspace


def test_every_source_is_a_line_of_its_newest_audit(audited: Workspace) -> None:
    text = audits_text(audited, newest_audits(audited, None), 200)
    lines = [line.split() for line in text.splitlines()]
    assert lines[1][:4] == ["crm", "4", "1", "75.0%"]
    assert lines[2][:4] == ["shop", "0", "0", "25.0%"]
    assert text.endswith(f"Reports: {audited.home}/reports/quality/index.html")


def test_one_source_is_told_in_full_worst_first_and_each_finding_once(audited: Workspace) -> None:
    (crm,) = newest_audits(audited, "crm")
    text = audit_text(crm, 100)
    assert "crm, audited on 2024-01-08" in text
    assert "12 days" in text
    assert "5 findings" in text
    found = [line.split()[0] for line in text.splitlines() if line.startswith(("wrong", "doubtful", "to know"))]
    assert found == ["wrong"] * 4 + ["doubtful"]
    for words in ("date of birth: impossible, not kept", "key missing", "addresses that bounce"):
        assert words in text
    assert "addresses of a function" not in text, "nothing was found"
    assert "(by phone)" not in text, "it is counted in another finding already"


def test_a_source_without_an_audit_is_explained(audited: Workspace) -> None:
    with pytest.raises(NotAuditedError, match="no current record"):
        newest_audits(audited, "web")


def test_no_audit_at_all_is_no_error(audited: Workspace) -> None:
    assert "nothing to audit" in audits_text(audited, [], 100)
