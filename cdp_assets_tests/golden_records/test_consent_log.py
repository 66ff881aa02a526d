"""The consent log on a workspace: from files to events, entered in the ledger, verified, and told on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from cdp_assets import cli
from cdp_assets.golden_records import assets
from cdp_assets.golden_records.consent_log import chain_breaks, enter, events_of, imports_in_use
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.tables import CONSENT_EVENTS, CONSENTS, CUSTOMER_IDS, SUPPRESSIONS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import frame

NOW = datetime(2026, 1, 1, tzinfo=UTC)

CONTRACT = """
source: news
kind: consents
extract: {files: "*.csv"}
key: id
observed_at: at
columns:
  email: Mail
  consent: Status
  purpose: {value: marketing}
  channel: {value: email}
  lawful_basis: Basis
  jurisdiction: Land
  collection_method: Form
  validity_duration: Valid
  double_opt_in: Doi
  indicated_by: By
"""
HEADER = "id,at,Mail,Status,Basis,Land,Form,Valid,Doi,By\n"
FIRST = HEADER + (
    "1,2024-01-01,Ann@A.example,ja,Einwilligung,Germany,fair in Leeds,12 months,2024-01-02,Ann herself\n"
    "2,2024-02-01,bo@b.example,unsubscribed,,,,,,\n"
)
SECOND = HEADER + "3,2024-03-01,ann@a.example,expired,,,,,,\n"
LATE = HEADER + "0,2023-01-01,cy@c.example,abgemeldet,,,,,,\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "landing" / "news").mkdir(parents=True)
    opened = Workspace(tmp_path)
    write_contract(opened)
    yield opened
    opened.ledger.close()


def write_contract(workspace: Workspace, text: str = CONTRACT) -> SourceContract:
    (workspace.contracts_dir / "news.yaml").write_text(text, encoding="utf-8")
    (contract,), _ = load_contracts(workspace.contracts_dir)
    return contract


def land(workspace: Workspace, name: str, text: str) -> str:
    """Land and read a file; its import id."""
    (contract,), _ = load_contracts(workspace.contracts_dir)
    (workspace.landing_dir / "news" / name).write_text(text, encoding="utf-8")
    (import_id,) = register_arrivals(workspace, contract, NOW, settle_seconds=0).new
    take_in(workspace, contract, import_id, NOW)
    standardize_import(workspace, contract, import_id, NOW)
    return import_id


def resolve(workspace: Workspace) -> int:
    """What the asset does; how many entries it has made."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    imports = imports_in_use(workspace)
    events = events_of(workspace, contracts, imports)
    workspace.lake.replace(CONSENT_EVENTS, events)
    return enter(workspace, events, imports, NOW)


def events(workspace: Workspace) -> pl.DataFrame:
    return workspace.lake.read(CONSENT_EVENTS)


def test_a_line_becomes_an_event_with_all_that_it_says_of_the_consent(workspace: Workspace) -> None:
    land(workspace, "a.csv", FIRST)
    assert resolve(workspace) == 1
    given = events(workspace).row(0, named=True)
    wanted = {
        "record_id": "news/1", "event_state": "given", "purpose": "marketing", "channel": "email", "emails": ["ann@a.example"],
        "emails_delivered": ["Ann@A.example"], "lawful_basis": "consent", "jurisdiction": "DE", "collection_method": "fair in Leeds",
        "validity_duration": "P12M", "double_opt_in": "confirmed", "entity_id": "Ann herself", "line": 2,
        "event_time": datetime(2024, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    assert {name: given[name] for name in wanted} == wanted
    assert events(workspace).item(1, "event_state") == "withdrawn"


def test_a_second_resolution_enters_nothing_and_the_chain_holds(workspace: Workspace) -> None:
    land(workspace, "a.csv", FIRST)
    land(workspace, "b.csv", SECOND)
    assert [resolve(workspace), resolve(workspace)] == [2, 0]
    assert chain_breaks(workspace) == []


def test_imports_one_by_one_or_late_leave_the_same_events_as_all_at_once(workspace: Workspace, tmp_path: Path) -> None:
    for name, text in (("b.csv", SECOND), ("a.csv", FIRST), ("0.csv", LATE)):
        land(workspace, name, text)
        resolve(workspace)
    other = Workspace(tmp_path / "other")
    (other.home / "contracts").mkdir(parents=True)
    (other.home / "landing" / "news").mkdir(parents=True)
    write_contract(other)
    for name, text in (("0.csv", LATE), ("a.csv", FIRST), ("b.csv", SECOND)):
        land(other, name, text)
    resolve(other)
    ours = ("import_id", "recorded_at")
    assert events(workspace).drop(ours).sort("event_hash").equals(events(other).drop(ours).sort("event_hash"))
    assert chain_breaks(workspace) == chain_breaks(other) == []
    other.ledger.close()


def test_an_event_that_is_altered_in_the_lake_is_found(workspace: Workspace) -> None:
    land(workspace, "a.csv", FIRST)
    resolve(workspace)
    altered = pl.when(pl.col("event_state") == "withdrawn").then(pl.lit("given")).otherwise("event_state")
    workspace.lake.replace(CONSENT_EVENTS, events(workspace).with_columns(event_state=altered))
    (broken,) = chain_breaks(workspace)
    assert (broken.line, "says something else than its hash" in broken.problem) == (3, True)


def test_an_entry_that_is_altered_in_the_ledger_is_found(workspace: Workspace) -> None:
    land(workspace, "a.csv", FIRST)
    resolve(workspace)
    workspace.ledger.close()
    engine = sa.create_engine(f"sqlite:///{workspace.home / 'ledger.db'}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE consent_entries SET events = 1"))
    assert "entry 1 of the ledger's consent chain was altered" in str(chain_breaks(workspace)[0])


def test_an_import_that_falls_out_of_use_is_a_break_and_can_be_released(workspace: Workspace) -> None:
    import_id = land(workspace, "a.csv", FIRST)
    resolve(workspace)
    workspace.ledger.mark_refused("news", import_id, problem="a column is missing", contract_version="v")
    assert resolve(workspace) == 0
    assert "is not in use any more" in str(chain_breaks(workspace)[0])
    arguments = ["--workspace", str(workspace.home), "consent"]
    assert cli.main([*arguments, "verify"]) == 1
    assert cli.main([*arguments, "release", "news", import_id, "--reason", "a test list", "--by", "ana"]) == 0
    assert resolve(workspace) == 1
    assert chain_breaks(workspace) == []
    newest = workspace.ledger.consent_entries().row(-1, named=True)
    assert (newest["reason"], newest["events"]) == ("a test list", 0)


def test_reading_an_import_again_with_another_contract_is_entered_and_not_a_break(workspace: Workspace) -> None:
    import_id = land(workspace, "a.csv", FIRST)
    resolve(workspace)
    contract = write_contract(
        workspace, CONTRACT.replace("consent: Status", "consent: {column: Status, values: {ja: withdrawn}}")
    )
    take_in(workspace, contract, import_id, NOW)
    standardize_import(workspace, contract, import_id, NOW)
    assert resolve(workspace) == 1
    assert workspace.ledger.consent_entries().get_column("reason").to_list() == ["imported", "read again"]
    assert chain_breaks(workspace) == []


def test_an_unreadable_jurisdiction_or_validity_allows_less_and_is_no_error(workspace: Workspace) -> None:
    land(workspace, "a.csv", HEADER + "1,2024-01-01,a@a.example,yes,because,Narnia,,until then,maybe,\n")
    resolve(workspace)
    row = events(workspace).row(0, named=True)
    assert (row["jurisdiction"], row["validity_duration"], row["double_opt_in"]) == (None, "unreadable", "pending")
    assert row["lawful_basis"] == "because"


def test_the_asset_enters_what_it_stores_and_its_check_says_what_broke(workspace: Workspace) -> None:
    land(workspace, "a.csv", FIRST)
    made = assets.consent_events(workspace=workspace)
    assert made.metadata["events_given"] == 1
    assert workspace.ledger.consent_entries().height == 1
    assert assets.every_consent_event_is_in_its_chain(workspace=workspace).passed
    workspace.lake.replace(CONSENT_EVENTS, events(workspace).head(1))
    failed = assets.every_consent_event_is_in_its_chain(workspace=workspace)
    assert (failed.passed, failed.metadata["breaks"].value) == (False, 1)
    assert failed.description is not None
    assert "2 consent events in the ledger, and 1 now" in failed.description
    assets.consent_events(workspace=workspace)
    assert assets.every_consent_event_is_in_its_chain(workspace=workspace).passed, "made again from the kept lines"


# -- on the command line ----------------------------------------------------------------------------------------------


@pytest.fixture
def told(workspace: Workspace) -> Workspace:
    """A workspace in which Ann is a customer and Bo, who withdrew, is nobody's."""
    land(workspace, "a.csv", FIRST)
    resolve(workspace)
    ann, bo = events(workspace).get_column("event_id").to_list()
    workspace.lake.replace(
        CONSENTS,
        frame(
            CONSENTS,
            {"customer_id": "C1", "channel": "email", "address": "ann@a.example", "purpose": "marketing", "state": "given", "event_id": ann},
        ),
    )  # fmt: skip
    workspace.lake.replace(
        SUPPRESSIONS,
        frame(
            SUPPRESSIONS,
            {"channel": "email", "address": "bo@b.example", "purpose": "marketing", "customer_id": "", "reason": "withdrawn", "event_id": bo},
        ),
    )  # fmt: skip
    workspace.lake.replace(CUSTOMER_IDS, frame(CUSTOMER_IDS, {"record_id": "news/1", "customer_id": "C1"}))
    return workspace


def run(workspace: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["--workspace", str(workspace.home), "consent", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_show_tells_what_is_in_force_and_the_events_behind_it(
    told: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = run(told, capsys, "show", " ANN@a.example ")
    assert code == 0
    assert "In force" in out
    assert "given, double opt-in confirmed, valid P12M" in out
    assert "bo@b.example" not in out
    assert run(told, capsys, "show", "news/1")[1] == out


def test_show_finds_who_is_no_customer(told: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(told, capsys, "show", "bo@b.example", "--json")
    said = json.loads(out)
    assert (code, said["in_force"], said["suppressed"][0]["reason"]) == (0, [], "withdrawn")
    assert said["events"][0]["event_time"] == "2024-02-01T00:00:00.000000+00:00"


@pytest.mark.parametrize("who", ["zoe@z.example", "+44 7700 900123", "news/9"])
def test_show_of_somebody_unknown_does_not_repeat_who(
    told: Workspace, capsys: pytest.CaptureFixture[str], who: str
) -> None:
    code, out, err = run(told, capsys, "show", who)
    assert (code, out) == (1, "")
    assert who not in err
    assert "zoe" not in err


def test_verify_says_whether_the_chain_holds(told: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(told, capsys, "verify") == (0, "The chain holds: 2 consent events, 1 entry in the ledger.\n", "")
    told.lake.replace(CONSENT_EVENTS, events(told).head(1))
    code, out, _ = run(told, capsys, "verify")
    assert (code, "The chain is broken in 1 place" in out) == (1, True)
    assert json.loads(run(told, capsys, "verify", "--json")[1])["breaks"][0]["source"] == "news"


def test_release_of_an_import_without_events_is_refused(told: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(told, capsys, "release", "news", "unheard-of", "--reason", "x")
    assert (code, "cdp consent verify" in err) == (1, True)
    assert run(told, capsys)[0] == 2
