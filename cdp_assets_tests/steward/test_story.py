"""The demo's story, told from the tables; what must hold and does not is said, not hidden."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.steward.story import StoryError, tell
from cdp_assets.tables import CUSTOMER_IDS, CUSTOMERS, GOLDEN_EMAILS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import CUSTOMER_OF, DEAD_EMAIL, INES, LIVE_EMAIL, TOM, empty_workspace

STORY: dict[str, Any] = {
    "person": "Ines Calder",
    "steps": [
        {"step": "attended", "says": "attends a webinar", "source": "webinar", "record_id": "webinar/w1"},
        {"step": "opted_out", "says": "opts out", "source": "newsletter", "record_id": "newsletter/n1"},
        {"step": "visited", "says": "looks at the web site", "source": "web", "record_id": "web/v1"},
        {"step": "bought", "says": "opens an account", "source": "shop", "record_id": "shop/77"},
    ],
    "must_hold": {
        "one_customer": True,
        "never_sendable": [DEAD_EMAIL],
        "may_email_marketing": False,
        "segments": {"attended_a_webinar": True, "never_attended_a_webinar": False},
    },
}


@pytest.fixture
def told(finished: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the finished workspace with a story and its truth."""
    finished.ledger.close()
    shutil.copytree(finished.home, tmp_path / "data")
    truth = tmp_path / "data" / "truth"
    truth.mkdir()
    (truth / "story.json").write_text(json.dumps(STORY), encoding="utf-8")
    pl.DataFrame({"record_id": list(CUSTOMER_OF), "entity_id": list(CUSTOMER_OF.values())}).write_parquet(
        truth / "records.parquet"
    )
    return Workspace(tmp_path / "data")


def change(workspace: Workspace, table: Any, **columns: pl.Expr) -> None:
    workspace.lake.replace(table, workspace.lake.read(table).with_columns(**columns))


def test_the_records_go_in_in_the_storys_order(told: Workspace) -> None:
    text = tell(told, 100).text
    steps = [text.index(step["says"]) for step in STORY["steps"]]
    assert steps == sorted(steps)
    assert "2020-03-11  webinar     attends a webinar" in text
    assert f"Ines Calder · {DEAD_EMAIL}" in text
    assert "cookie_id k1" in text


def test_the_golden_record_comes_out_with_each_values_source(told: Workspace) -> None:
    text = tell(told, 100).text
    assert f"customer {INES}, 5 records" in text
    assert f"email       {LIVE_EMAIL}  crm/1" in text
    assert f"{DEAD_EMAIL}  dead" in text
    assert "12 Larch Road, Leeds LS6 2AB, GB" in text


def test_the_chain_leads_from_the_first_record_to_another_address(told: Workspace) -> None:
    text = tell(told, 100).text
    chain = text[text.index("What joins the first record") :]
    assert chain.index("webinar/w1") < chain.index("crm/1") < chain.index("shop/77")


def test_what_simpler_ways_get_wrong_is_computed_from_the_records(told: Workspace) -> None:
    text = tell(told, 120).text
    simple = text[text.index("What simpler ways") : text.index("The whole sample")]
    lines = {line.split("  ")[0]: line for line in simple.splitlines()}
    assert "writes to an address that is dead" in lines[DEAD_EMAIL]
    assert "counts as never having attended" in lines[LIVE_EMAIL]
    assert "nobody knows whose it is" in lines["no address: an unknown visitor"]
    assert "leaves all 3 apart" in simple


def test_a_story_that_came_out_right_has_nothing_broken(told: Workspace) -> None:
    assert tell(told, 100).broken == ()
    assert "Not as it must be" not in tell(told, 100).text


def test_the_figures_and_the_accuracy_are_told(told: Workspace) -> None:
    text = tell(told, 100).text
    assert "9 from 5 sources" in text
    assert re.search(r"pairs of records +1\.0000 +1\.0000 +1\.0000", text)


def test_telling_it_twice_tells_the_same(told: Workspace) -> None:
    assert tell(told, 100) == tell(told, 100)


def test_what_must_hold_and_does_not_is_said(told: Workspace) -> None:
    split = pl.when(pl.col("record_id") == "web/v1").then(pl.lit(TOM)).otherwise("customer_id")
    change(told, CUSTOMER_IDS, customer_id=split)
    change(told, GOLDEN_EMAILS, is_sendable=pl.lit(True))
    change(told, CUSTOMERS, may_email_marketing=pl.lit(True))
    broken = tell(told, 100).broken
    assert broken == (
        "these records are not hers: web/v1",
        f"{DEAD_EMAIL} may be sent to",
        "marketing e-mail is allowed",
    )
    assert "Not as it must be" in tell(told, 100).text


def test_a_record_that_was_rejected_breaks_the_story(told: Workspace) -> None:
    rows = told.lake.read(CUSTOMER_IDS)
    told.lake.replace(CUSTOMER_IDS, rows.filter(pl.col("record_id") != "newsletter/n1"))
    assert tell(told, 100).broken == ("these records are not hers: newsletter/n1",)


def test_a_workspace_without_a_story_tells_its_figures(finished: Workspace) -> None:
    told = tell(finished, 100)
    assert told.broken == ()
    assert "9 from 5 sources" in told.text
    assert not told.is_of_somebody
    assert "cdp status" in told.further


def test_a_broken_story_file_says_what_to_do(told: Workspace) -> None:
    (told.home / "truth" / "story.json").write_text("[]", encoding="utf-8")
    with pytest.raises(StoryError, match="generate the workspace anew"):
        tell(told, 100)


def test_before_the_first_run_the_answer_is_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(LookupProblemError, match="cdp run"):
        tell(empty_workspace(tmp_path / "w"), 100)
