"""The review of a contract: what values become under it and under the one in force, and how it reads."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.ledger import Landed, ReadFile
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.contract_changes import contract_as_said
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.reading import content_sha256
from cdp_assets.standardized.records import records_version
from cdp_assets.steward.contract_review import ContractReview, FieldCheck, review_contract
from cdp_assets.steward.contract_text import contract_text
from cdp_assets.tables import raw_imports
from cdp_assets.workspace import Workspace

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILE_NAME = "Calder export.csv"

SAID: dict[str, Any] = {
    "source": "crm",
    "kind": "profiles",
    "delivers": "changes",
    "key": "id",
    "observed_at": "seen",
    "date_format": "%d/%m/%Y",
    "country": "GB",
    "columns": {"full_name": "name", "email": "mail", "phone": "phone", "date_of_birth": "born", "city": "town"},
    "identifiers": {"card": "card"},
}
HEADER = "id,name,mail,phone,born,town,card,seen"


def contract(**parts: Any) -> SourceContract:
    columns = {**SAID["columns"], **parts.pop("columns", {})}
    said = {**SAID, **parts, "columns": {name: column for name, column in columns.items() if column is not None}}
    return SourceContract.model_validate(said)


def rows(count: int = 40) -> str:
    """Sound rows, each of another person."""
    return "".join(
        f"{n},Dana Calder,dana{n}@companyx.example,0113 496 {n:04},25/12/19{50 + n % 40},Leeds,C{n},25/12/2024\n"
        for n in range(count)
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "landing" / "crm").mkdir(parents=True)
    return Workspace(tmp_path)


def land(workspace: Workspace, text: str, name: str = FILE_NAME) -> Path:
    path = workspace.landing_dir / "crm" / name
    path.write_text(text)
    moment = (NOW - timedelta(hours=1)).timestamp()
    os.utime(path, (moment, moment))
    return path


def imported(workspace: Workspace, path: Path, by: SourceContract) -> str:
    """The file as an import that is in use, with the contract in force."""
    workspace.ledger.put_contract_in_force("crm", by.contract_version, contract_as_said(by), NOW)
    landed = Landed("crm", content_sha256(path), path.name, path.stat().st_size, NOW)
    import_id, _ = workspace.ledger.register(landed)
    take_in(workspace, by, import_id, NOW)
    workspace.ledger.mark_imported(
        "crm",
        import_id,
        counts={"lines": 40, "records": 40, "rejected": 0, "duplicates": 0},
        contract_version=by.contract_version,
        records_version=records_version(by),
        observed_until=None,
        now=NOW,
    )
    return import_id


def review(workspace: Workspace, by: SourceContract, **options: Any) -> ContractReview:
    return review_contract(workspace, by, NOW, **options)


def field(found: ContractReview, part: str) -> FieldCheck:
    assert found.values is not None
    return next(check for check in found.values.fields if check.part == part)


def test_a_contract_that_fits_needs_nothing(workspace: Workspace) -> None:
    imported(workspace, land(workspace, f"{HEADER}\n{rows()}"), contract())
    found = review(workspace, contract())
    assert (found.steps, found.needs_something, found.changes, found.looked_at) == ((), False, (), "files")
    for part in ("full_name", "email", "phone", "date_of_birth", "city"):
        assert field(found, f"columns.{part}").filled == 1
    assert field(found, "columns.email").unreadable == field(found, "observed_at").unreadable == 0
    assert field(found, "columns.city").unreadable is None
    text = contract_text(found, 100)
    assert "It is in force" in text
    assert "nothing: contract, deliveries and past imports fit each other" in text


def test_looking_registers_nothing_and_changes_nothing(workspace: Workspace) -> None:
    land(workspace, f"{HEADER}\n{rows()}")
    review(workspace, contract())
    assert workspace.ledger.imports().is_empty()
    assert workspace.ledger.contract_in_force("crm") is None
    assert not workspace.lake.exists(raw_imports("crm"))


def test_shares_are_of_rows_and_of_filled_values(workspace: Workspace) -> None:
    bad = "".join(f"b{n},,no mail,,31/13/1990,,,25/12/2024\n" for n in range(40))
    land(workspace, f"{HEADER}\n{rows(40)}{bad}")
    found = review(workspace, contract())
    assert [field(found, f"columns.{part}").filled for part in ("full_name", "email", "phone")] == [0.5, 1, 0.5]
    assert field(found, "columns.email").unreadable == 0.5
    assert field(found, "columns.date_of_birth").unreadable == 0.5
    assert field(found, "identifiers.card").filled == 0.5
    steps = " ".join(found.steps)
    assert "50% of the values of columns.email can not be read: map another column" in steps
    assert "columns.date_of_birth can not be read: declare `date_format`" in steps


def test_a_few_values_say_nothing(workspace: Workspace) -> None:
    land(workspace, f"{HEADER}\n1,,no mail,,,,,25/12/2024\n")
    found = review(workspace, contract())
    assert (field(found, "columns.email").unreadable, found.steps) == (1, ())


def test_a_change_shows_what_it_does_to_values(workspace: Workspace) -> None:
    imported(workspace, land(workspace, f"{HEADER}\n{rows()}"), contract())
    new = contract(
        date_format="%m/%d/%Y", country="US", columns={"full_name": "town", "job_title": "name", "city": None}
    )
    found = review(workspace, new)
    seen, born = field(found, "observed_at"), field(found, "columns.date_of_birth")
    assert (seen.unreadable, seen.former_unreadable) == (1, 0)
    assert born.former_unreadable == 0
    assert found.values is not None
    assert found.values.rejected == {"observed_at_unreadable": 40}
    assert found.values.former_rejected == {}
    assert (field(found, "columns.city").filled, field(found, "columns.city").former_filled) == (0, 1)
    assert (field(found, "columns.job_title").filled, field(found, "columns.job_title").former_filled) == (1, 0)
    text = contract_text(found, 100)
    assert "40 rows rejected by observed_at_unreadable (0 as in force)" in text
    assert "! observed_at" in text


def test_what_reads_less_than_before_is_pointed_out(workspace: Workspace) -> None:
    half = rows().replace("dana1", "").replace("@companyx.example,0113", "@companyx.example,0113")
    imported(workspace, land(workspace, f"{HEADER},mail2\n" + half.replace("\n", ",\n")), contract())
    found = review(workspace, contract(columns={"email": "mail2"}))
    assert any("reads more of columns.email" in step for step in found.steps)
    assert not any("columns.full_name" in step for step in found.steps)


def test_keys_that_are_missing_or_repeat_are_counted(workspace: Workspace) -> None:
    land(workspace, f"{HEADER}\n{rows()}" + ",x,,,,,,25/12/2024\n1,y,,,,,,25/12/2024\n1,z,,,,,,25/12/2024\n")
    found = review(workspace, contract(delivers="snapshot"))
    assert found.values is not None
    assert (found.values.keys_missing, found.values.keys_repeated) == (1, 2)
    assert found.values.rejected == {"key_repeated": 2, "key_missing": 1}
    assert any("repeat a key" in step for step in found.steps)
    assert not any("repeat a key" in step for step in review(workspace, contract()).steps)


def test_only_so_many_rows_are_read(workspace: Workspace) -> None:
    land(workspace, f"{HEADER}\n{rows(40)}")
    values = review(workspace, contract(), sample_rows=10).values
    assert values is not None
    assert values.rows == 10


def test_a_renamed_column_is_the_first_thing_to_do(workspace: Workspace) -> None:
    first = land(workspace, f"{HEADER}\n{rows()}", "1.csv")
    imported(workspace, first, contract())
    first.unlink()
    land(workspace, f"{HEADER.replace('mail', 'E-Mail')}\n{rows()}", "2.csv")
    found = review(workspace, contract())
    assert found.steps[0].startswith("Write 'E-Mail' instead of 'mail'")
    assert len(found.steps) == 1
    assert "~ mail  (columns.email)  seems to have become 'E-Mail'" in contract_text(found, 100)
    missing = review(workspace, contract(columns={"email": "another"}))
    assert any("has no 'another'" in step or "instead of 'another'" in step for step in missing.steps)
    allowed = review(workspace, contract(on_missing_column="null"))
    assert not [step for step in allowed.steps if step.startswith("Write")]


def test_choices_come_before_the_backfill(workspace: Workspace) -> None:
    imported(workspace, land(workspace, f"{HEADER}\n{rows()}"), contract())
    found = review(workspace, contract(key="card", identifiers={}))
    assert set(found.choices) == {"key", "identifiers.card"}
    assert [step.split()[0] for step in found.steps] == ["Choose:", "Then"]
    assert "cdp contract accept crm" in found.steps[0]
    assert "cdp backfill crm" in found.steps[1]
    text = contract_text(found, 100)
    assert "! key  (needs your choice)\n    - id\n    + card\n" in text
    assert "1 import was read with another contract" in text


def test_nothing_waits_before_the_first_import(workspace: Workspace) -> None:
    by = contract()
    workspace.ledger.put_contract_in_force("crm", by.contract_version, contract_as_said(by), NOW)
    found = review(workspace, contract(key="card"))
    assert (found.choices, found.needs_something) == ((), False)
    assert "nothing waits for your choice" in contract_text(found, 100)


def test_a_change_that_needs_nothing_needs_nothing(workspace: Workspace) -> None:
    imported(workspace, land(workspace, f"{HEADER}\n{rows()}"), contract())
    found = review(workspace, contract(trust=90))
    assert ([change.part for change in found.changes], found.needs_something) == (["trust"], False)
    assert "~ trust  (needs nothing)\n    - 50\n    + 90\n" in contract_text(found, 100)


def test_kept_lines_are_read_where_no_file_is_there(workspace: Workspace) -> None:
    path = land(workspace, f"{HEADER},odd\n" + rows().replace("\n", ",x\n"))
    imported(workspace, path, contract())
    path.unlink()
    found = review(workspace, contract(columns={"email": "name"}))
    assert found.looked_at == "imports"
    assert (field(found, "columns.email").unreadable, field(found, "columns.email").former_unreadable) == (1, 0)
    assert [new.column for new in found.columns.new] == ["mail", "odd"]
    assert "newest import, of which no file is there any more" in contract_text(found, 100)


def test_nothing_delivered_is_told_as_such(workspace: Workspace) -> None:
    found = review(workspace, contract())
    assert (found.looked_at, found.values, found.steps) == ("nothing", None, ())
    assert "Nothing has been imported with a contract yet" in contract_text(found, 100)


def test_a_file_that_can_not_be_read_is_something_to_do(workspace: Workspace) -> None:
    path = land(workspace, "")
    path.write_bytes(f"{HEADER}\n1,\xff\n".encode("latin-1"))
    os.utime(path, (NOW.timestamp() - 3600,) * 2)
    (step,) = review(workspace, contract()).steps
    assert step.startswith("A newest file can not be read: ")


def test_a_contract_in_force_that_nobody_can_read_is_a_choice(workspace: Workspace) -> None:
    imported(workspace, land(workspace, f"{HEADER}\n{rows()}"), contract())
    workspace.ledger.put_contract_in_force("crm", "other", "{}", NOW)
    found = review(workspace, contract())
    assert found.choices == ("contract",)
    assert found.values is not None


def test_refused_snapshots_that_wait_are_told(workspace: Workspace) -> None:
    by = contract(delivers="snapshot")
    path = land(workspace, f"{HEADER}\n{rows()}")
    import_id, _ = workspace.ledger.register(Landed("crm", content_sha256(path), path.name, 1, NOW))
    columns = json.dumps(HEADER.split(","))
    read = ReadFile(
        reading_version="v", file_format="csv", encoding=None, delimiter=None, columns=columns, new_columns=0,
        blank_lines=0, lines=1, unsplit=0, fingerprint="f",
    )  # fmt: skip
    workspace.ledger.mark_kept("crm", import_id, read)
    workspace.ledger.mark_refused("crm", import_id, problem="shrinks", contract_version="v")
    found = review(workspace, by)
    assert found.steps == ("1 refused snapshot waits for a person; `cdp status` says why and what to do",)
    assert "1 waits for a person to accept what would be deleted" in contract_text(found, 100)


@pytest.mark.parametrize("width", [60, 100])
def test_no_value_and_no_file_name_is_shown(workspace: Workspace, width: int) -> None:
    path = land(workspace, f"{HEADER}\n{rows()}")
    imported(workspace, path, contract())
    found = review(workspace, contract(key="card", columns={"email": "name"}, date_format="%Y"))
    said = contract_text(found, width) + json.dumps(found.as_json())
    assert not [word for word in ("Dana", "Calder", "companyx", "496", "Leeds", "1950") if word in said]
    assert max(map(len, contract_text(found, width).splitlines())) <= width


def test_a_file_without_a_header_shows_nothing_of_its_first_line(workspace: Workspace) -> None:
    land(workspace, rows())
    found = review(workspace, contract(delivers="snapshot", extract={"delimiter": ","}))
    said = contract_text(found, 100) + json.dumps(found.as_json())
    assert not [word for word in ("Dana", "Calder", "companyx", "Leeds") if word in said]


def test_the_json_is_plain_and_says_whether_something_is_to_do(workspace: Workspace) -> None:
    imported(workspace, land(workspace, f"{HEADER}\n{rows()}"), contract())
    said = json.loads(json.dumps(review(workspace, contract(key="card")).as_json()))
    assert said["needs_something"] is True
    assert said["changes"][0]["part"] == "key"
    assert said["backfill"]["stale"] == 1
    assert said["columns"]["columns"][0]["state"] == "present"


def test_the_sample_is_of_the_newest_import_only(workspace: Workspace) -> None:
    one = land(workspace, f"{HEADER}\n{rows(3)}", "1.csv")
    imported(workspace, one, contract())
    two = land(workspace, f"{HEADER}\n{rows(5)}", "2.csv")
    imported(workspace, two, contract())
    one.unlink()
    two.unlink()
    assert workspace.lake.scan(raw_imports("crm")).select(pl.len()).collect().item() == 8
    values = review(workspace, contract()).values
    assert values is not None
    assert values.rows == 5


# -- activities -------------------------------------------------------------------------------------------------------


def events(values: dict[str, str] | None = None) -> SourceContract:
    what: Any = {"column": "what", "values": values} if values else "what"
    return SourceContract.model_validate(
        {"source": "crm", "kind": "activities", "columns": {"activity": what, "email": "mail"}}
    )


def land_events(workspace: Workspace, *words: str) -> None:
    lines = [f"{word},dana{n}@companyx.example" for n, word in enumerate(words)]
    land(workspace, "\n".join(["what,mail", *lines]) + "\n")


def test_words_that_no_stage_knows_are_named(workspace: Workspace) -> None:
    land_events(workspace, "Email Open", "hard bounce", "Demo watched", "Demo watched", "rating", "x")
    found = review(workspace, events({"rating": "atended", "x": "no_show"}))
    assert found.values is not None
    assert found.values.own_words == {"demo_watched": 2, "atended": 1}
    assert (found.steps, found.values.more_own_words) == ((), 0)
    text = " ".join(contract_text(found, 100).split())
    assert "activity 'demo_watched' (in 2 rows) is the source's own word: segments may ask for it" in text
    assert "activity 'atended' (in 1 row) is the source's own word (did you mean 'attended'?)" in text


def test_a_word_of_the_contract_is_named_before_it_is_delivered(workspace: Workspace) -> None:
    land_events(workspace, "open")
    found = review(workspace, events({"w": "watched"}))
    assert found.values is not None
    assert found.values.own_words == {"watched": 0}
    assert "in no row of these" in contract_text(found, 300)


def test_a_column_of_free_text_is_only_counted(workspace: Workspace) -> None:
    land_events(workspace, *(f"canary {chr(97 + n)}" for n in range(13)))
    found = review(workspace, events())
    assert found.values is not None
    assert (found.values.own_words, found.values.more_own_words) == ({}, 13)
    text = contract_text(found, 300)
    assert "13 activities are words of the source's own" in text
    assert "canary" not in text + json.dumps(found.as_json())
