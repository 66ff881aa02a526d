"""Everything held about a person is written for them, with its sources, and nothing of anybody else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cdp_assets.cli import main
from cdp_assets.erasure.access import SOMEBODY_ELSE, Held, everything_held, write_access
from cdp_assets.erasure.access_page import access_page
from cdp_assets.workspace import Workspace
from cdp_assets_tests.erasure import workspace as small
from cdp_assets_tests.erasure.workspace import FORMER, INES, NOW, PERSON

pytestmark = pytest.mark.xdist_group("erasure")

OTHERS = ("Tom Calder", "tom@calder.example", "Bea Holm", "bea@holm", "crm/102", "crm/103")


@pytest.fixture(scope="module")
def workspace(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Only looked at."""
    made = small.copy(small_home, tmp_path_factory.mktemp("access") / "ws")
    made.ledger.add_judgement("crm/101", "crm/102", "different", judged_by="x", now=NOW, reason="two people")
    return made


@pytest.fixture(scope="module")
def held(workspace: Workspace) -> Held:
    return everything_held(workspace, INES, NOW)


def test_every_delivered_line_stands_there_as_delivered_and_as_understood(held: Held) -> None:
    delivered = held.said["delivered"]
    assert [(line["source"], line["line"]) for line in delivered] == [("crm", 2), ("crm", 6), ("crm", 3), ("shop", 1)]
    assert delivered[0]["as_delivered"]["Note"] == "1984-03-07 note on Ines,\nin two lines"
    assert delivered[0]["standardized"]["emails"] == ["ines.calder@brightmail.example"]
    assert "whole line" in delivered[1]["as_delivered"]
    assert delivered[1]["standardized"] is None
    assert delivered[3]["file"] == "orders.jsonl"


def test_versions_sightings_decisions_ids_and_publications_stand_there(held: Held) -> None:
    said = held.said
    assert said["former_ids"] == [FORMER]
    assert len(said["record_versions"]) == 3
    assert {"+447700900456", "LOY-556677"} <= {sighting["value"] for sighting in said["sightings"]}
    assert {judgement["reason"] for judgement in said["judgements"]} == {"Ines Calder called", "two people"}
    assert [correction["field"] for correction in said["corrections"]] == ["email"]
    assert said["published_to"]["database"] == "the SQLite database published.db"


def test_nothing_of_anybody_else_stands_there(held: Held) -> None:
    text = json.dumps(held.said, ensure_ascii=False)
    assert not [other for other in OTHERS if other.lower() in text.lower()]
    assert SOMEBODY_ELSE in text


class Requests(HTMLParser):
    """Everything that a browser would ask for, or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "img", "object", "embed", "form"):
            self.found.append(tag)
        self.found += [f"{name}={value}" for name, value in attrs if name in ("src", "href") and value != "data:,"]


def test_the_page_holds_the_same_asks_for_nothing_and_escapes_what_was_delivered(held: Held, tmp_path: Path) -> None:
    _, page = write_access(held, tmp_path)
    html = page.read_text()
    asked = Requests()
    asked.feed(html)
    assert asked.found == []
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert all(value.replace("+", "&#43;") in html or value in html for value in PERSON)
    hostile = Held(INES, {**held.said, "summary": {**held.said["summary"], "full_name": "<script>x</script>"}})
    assert "<script>" not in write_access(hostile, tmp_path)[1].read_text()


def test_files_are_for_this_account_only_and_named_by_the_id_only(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["access", PERSON[0], "--output", str(tmp_path), "--workspace", str(workspace.home)]
    assert main(asked) == 0
    folder = tmp_path / INES
    assert sorted(path.name for path in folder.iterdir()) == [f"{INES}.html", f"{INES}.json"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    said = capsys.readouterr()
    assert not re.search("ines|calder", said.out + said.err, re.IGNORECASE)
    assert json.loads((folder / f"{INES}.json").read_text())["customer_id"] == INES


def test_the_page_speaks_in_words_and_days_not_in_names_of_columns(held: Held) -> None:
    email = {"email": "ines@newplace.example", "status": "unverified", "status_reason": "never_seen", "marketing_consent": "given", "sources": ["crm"], "first_seen_at": "2024-01-05T10:11:12+00:00", "last_seen_at": None}  # fmt: skip
    value = {"field": "job_title", "value": "Lab_Manager", "source": "crm", "observed_at": "2024-01-05T00:00:00+00:00", "rule": "only_value"}  # fmt: skip
    html = access_page({**held.said, "golden_record": [value], "emails": [email]})
    for told in ("job title<", "Lab_Manager<", "the only one<", "never seen<", "2024-01-05<"):
        assert f">{told}/td>" in html, told
    assert "10:11" not in html
    assert not re.search(r">[a-z]+_[a-z]+</t[hd]>", html.partition("Records by source")[0])
