"""The report as a page: it says what was found, asks for nothing, and holds no value of a record."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.standardized.quality_audit import Audit, MeasureLine, audits
from cdp_assets.standardized.quality_decay import decay
from cdp_assets.standardized.quality_files import UnsafeNameError, report_file, write_pages
from cdp_assets.standardized.quality_findings import quality_findings
from cdp_assets.standardized.quality_measures import MEASURES, quality_measures, with_audit
from cdp_assets.standardized.quality_page import audit_page, change, index_page, measures_table, spark
from cdp_assets.standardized.quality_report import quality_report
from cdp_assets.tables import QUALITY_AUDITS, REJECTED_ROWS, source_records
from cdp_assets_tests.builders import day, frame
from cdp_assets_tests.standardized.quality_frames import Row, address, facts_of, home, named, record

TODAY = date(2024, 3, 4)
CANARIES = (
    "quetzalina", "zimmerblatt", "quetzalina.z@canaryhost.example", "canaryhost", "canarygmail", "+442079467771",
    "02079467772", "kanarienweg", "canarytown", "qz91xy", "canarycard77", "1931-07-19", "canarycorp", "canaryjob",
    "canarykey",
)  # fmt: skip


def canaries() -> list[Row]:
    """Records that show every kind of finding, with values that must not be seen again."""
    person = {
        "full_name": "Quetzalina Zimmerblatt", "emails": ["quetzalina.z@canaryhost.example"], "phones": ["+442079467771", "02079467772"],
        "emails_delivered": ["Quetzalina.Z@canaryhost.example"], "company": "canarycorp", "company_norm": "canarycorp",
        "job_title": "canaryjob", "date_of_birth": date(1931, 7, 19), "addresses": home("kanarienweg", "7", "qz91xy", "canarytown", "zimmerland"),
        "identifiers": [{"type": "card", "value": "canarycard77"}], "problems": ["email:unreadable"], "import_id": "1",
    }  # fmt: skip
    twins = [named(f"canarykey{n}", "quetzalina", "zimmerblatt", **person) for n in range(2)]
    late = {
        **person,
        "observed_at": day("1931-01-01"),
        "landed_at": day("1930-01-01"),
        "date_of_birth": date(1931, 7, 19),
    }
    odd = named(
        "canarykey8",
        "zimmerblatt",
        "zimmerblatt",
        **{**late, "addresses": home("kanarienweg", "8", "qz91xy", "elsewhere")},
    )
    other = named(
        "canarykey9", "bob", "fox", identifiers=person["identifiers"], observed_at=day("2024-01-01"), import_id="2"
    )
    near = [
        record(f"n{n}", addresses=home("kanarienweg", str(n), "qz91xy", "canarytown", "zimmerland")) for n in range(30)
    ]
    return [*twins, odd, other, *near]


def audit_of(rows: list[Row], addresses: list[Row], audited_before: int = 0) -> list[Audit]:
    facts = facts_of(rows, addresses)
    records = frame(
        source_records("any"), *({k: v for k, v in row.items() if k in source_records("any").schema} for row in rows)
    )
    report = quality_report(records)
    lines = pl.DataFrame({"source": ["crm"], "lines": [40]})
    broken = {
        "source": "crm",
        "line": 3,
        "rule": "key_missing",
        "field": "id",
        "advice": "give every line a key",
        "raw_values": '{"n": "quetzalina"}',
    }
    findings = quality_findings(facts, frame(REJECTED_ROWS, broken), lines)
    measures = quality_measures(facts, findings, lines)
    history = QUALITY_AUDITS.empty()
    for week in range(audited_before, -1, -1):
        history = with_audit(history, measures, TODAY - timedelta(weeks=week))
    return audits(facts, report, findings, decay(facts), history, TODAY)


@pytest.fixture(scope="module")
def audit() -> Audit:
    dead = address("quetzalina.z@canaryhost.example", status="dead", suggestion="quetzalina.z@canarygmail.com")
    (made,) = audit_of(canaries(), [dead], audited_before=3)
    return made


@pytest.fixture(scope="module")
def page(audit: Audit) -> str:
    return audit_page(audit)


def test_the_canaries_show_what_there_is_to_show(audit: Audit) -> None:
    shown = {line.finding for line in audit.findings}
    assert shown >= {
        "dead_address", "mistyped_domain", "repeats_another_record", "city_not_of_postcode", "first_name_is_last_name",
        "identifier_of_several_people", "not_international", "observed_in_the_future", "not_kept_unreadable",
        "born_after_first_activity",
    }  # fmt: skip
    assert [line.finding for line in audit.rejected] == ["rejected_key_missing"]
    assert sum(bool(line.examples) for line in audit.findings) >= 8


def test_a_page_holds_no_value_of_a_record(page: str) -> None:
    assert not [value for value in CANARIES if value.lower() in page.lower()]
    assert "q•••@c•••" in page


def test_a_page_asks_for_nothing_and_runs_nothing(page: str, audit: Audit) -> None:
    for html in (page, index_page([audit])):
        assert not re.search(r"https?://|<script|javascript:|\son\w+=|@import|url\((?!#)", html, re.IGNORECASE)
        assert "default-src 'none'" in html


class _Balance(HTMLParser):
    """Open elements, and the ids and links met."""

    VOID = frozenset({"meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href" and tag == "a"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_whole(page: str, audit: Audit) -> None:
    for html, links in ((page, ["index.html"]), (index_page([audit]), ["crm.html"])):
        read = _Balance()
        read.feed(html)
        assert read.open == []
        assert [link for link in read.links if link] == links
    assert page.count('role="img"') == 3, "fields by import, addresses by age, records by month"


def test_a_page_says_what_was_found(page: str, audit: Audit) -> None:
    for words in (
        "Addresses that bounce",
        "1 of 1 addresses",
        "give every line a key",
        "as at the last audit",
        "date of birth",
    ):
        assert words in page
    assert f"<strong>{audit.count_of('wrong')}</strong> findings wrong beyond doubt" in page


def test_findings_come_worst_first(audit: Audit) -> None:
    severities = [line.severity for line in audit.findings]
    assert severities == sorted(severities, key=["wrong", "doubtful", "to know"].index)


def test_the_same_data_make_the_same_page_in_any_order(audit: Audit, page: str) -> None:
    dead = address("quetzalina.z@canaryhost.example", status="dead", suggestion="quetzalina.z@canarygmail.com")
    (again,) = audit_of(canaries()[::-1], [dead], audited_before=3)
    assert audit_page(again) == page


def test_a_source_with_hardly_anything_has_a_page() -> None:
    (bare,) = audit_of([record("1", import_id="1")], [])
    html = audit_page(bare)
    assert "first audit" in html
    assert html.count('role="img"') == 1


def test_no_source_has_no_audit_and_an_index_all_the_same() -> None:
    assert audit_of([], []) == []
    assert "One report per source" in index_page([])


def test_the_table_of_measures_holds_a_row_per_source(audit: Audit) -> None:
    rows = measures_table([audit]).splitlines()
    assert len(rows) == 3
    assert rows[2].startswith("| `crm` |")
    assert len({row.count("|") for row in rows}) == 1


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("completeness", (0.5,), None),
        ("completeness", (0.5, 0.6), ("up from 50.0%", "better")),
        ("rejected_share", (0.5, 0.6), ("up from 50.0%", "worse")),
        ("rejected_share", (0.5, 0.4), ("down from 50.0%", "better")),
        ("records", (10.0, 20.0), ("up from 10", "same")),
        ("records", (10.0, 10.0), ("as at the last audit", "same")),
        ("completeness", (0.50001, 0.50002), ("as at the last audit", "same")),
    ],
)  # fmt: skip
def test_what_became_of_a_measure(measure: str, values: tuple[float, ...], expected: tuple[str, str] | None) -> None:
    named_so = next(known for known in MEASURES if known.name == measure)
    assert change(MeasureLine(named_so, values)) == expected


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0], [1.0, 5.0, 3.0], [1e9, 1e9 + 1]])
def test_a_line_stays_in_its_box(values: list[float]) -> None:
    points = re.findall(r"([\d.-]+),([\d.-]+)", re.findall(r'points="([^"]*)"', spark(values))[0])
    assert len(points) == len(values)
    assert all(0 <= float(x) <= 96 and 0 <= float(y) <= 22 for x, y in points)


def test_pages_are_replaced_whole_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    write_pages(tmp_path, {"crm": "old", "index": "old"})
    written = write_pages(tmp_path, {"crm": "new"})
    folder = tmp_path / "reports" / "quality"
    assert written == [folder / "crm.html"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"crm.html": "new", "index.html": "old"}
    assert (folder / "crm.html").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["../crm", "", "crm/x", "CRM", "crm.html", ".crm", "crm\n"])
def test_a_name_that_is_no_source_makes_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafeNameError):
        report_file(tmp_path, name)
    with pytest.raises(UnsafeNameError):
        write_pages(tmp_path, {"crm": "x", name: "x"})
    assert list(tmp_path.iterdir()) == []
