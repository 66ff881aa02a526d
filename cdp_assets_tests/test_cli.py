"""The command line: what each command prints, its exit code, and that stderr never holds a customer's value."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets import cli
from cdp_assets.cli import console, running
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.contracts_in_force import put_in_force
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.tables import REJECTED_ROWS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import (
    CUSTOMER_OF,
    DEAD_EMAIL,
    FORMER,
    INES,
    INEZ,
    LIVE_EMAIL,
    PERSONAL_VALUES,
    TOM,
    empty_workspace,
    small_workspace,
    with_trained_links,
)

pytestmark = pytest.mark.xdist_group("cli")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Cdp = Callable[..., Done]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return with_trained_links(small_workspace(tmp_path_factory.mktemp("cli") / "data"))


@pytest.fixture
def own(finished: Workspace, tmp_path: Path) -> Workspace:
    finished.ledger.close()
    shutil.copytree(finished.home, tmp_path / "data")
    return Workspace(tmp_path / "data")


@pytest.fixture
def fresh(tmp_path: Path) -> Workspace:
    return empty_workspace(tmp_path / "fresh")


@pytest.fixture
def cdp(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cdp:
    """Run a command in this process; the workspace is the first argument."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(workspace: Workspace, *arguments: str) -> Done:
        code = cli.main([*arguments, "--workspace", str(workspace.home)])
        told = capsys.readouterr()
        assert not [value for value in PERSONAL_VALUES if value in told.err], "a personal value on stderr"
        assert "Traceback" not in told.err
        return Done(code, told.out, told.err)

    return run


# -- the frame --------------------------------------------------------------------------------------------------------


def test_help_loads_nothing_but_the_standard_library() -> None:
    heavy = "dagster polars splink duckdb deltalake sqlalchemy starlette"
    script = (
        "import sys; from cdp_assets import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        f"sys.exit(', '.join(set('{heavy}'.split()) & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "COMMAND" in done.stdout


def test_the_workspace_stands_before_or_after_the_command(
    finished: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = []
    for arguments in (["--workspace", str(finished.home), "status"], ["status", "--workspace", str(finished.home)]):
        assert cli.main(arguments) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


def test_the_workspace_defaults_to_the_environments(
    finished: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDP_HOME", str(finished.home))
    assert cli.main(["status"]) == 0
    assert "webinar" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["unheard-of"], ["customer"], ["why", "crm/1"], ["judge", "a", "b", "maybe", "--reason", "x"], ["judge", "a", "b", "same"],
     ["resolve", "C1", "--on", "yesterday"], ["split", "C1", "--reason", "x"],
     ["generate", "--people", "0", "--seed", "1", "out"], ["generate", "out"]],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert "usage: cdp" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["source"], ["export"], ["consent"]])
def test_half_a_command_is_exit_code_2_with_its_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    assert "usage: cdp" in capsys.readouterr().err


def test_a_directory_that_is_no_workspace_is_explained(cdp: Cdp, tmp_path: Path) -> None:
    for command in (
        ["run"],
        ["demo"],
        ["status"],
        ["customer", "crm/1"],
        ["export", "identities", str(tmp_path / "o.csv")],
    ):
        done = cdp(Workspace(tmp_path / "nothing"), *command)
        assert done.code == 1
        assert "is not a workspace" in done.err
        assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [["customer", "crm/1"], ["why", "crm/1", "crm/2"], ["judge", "crm/1", "crm/2", "same", "--reason", "x"], ["export", "identities", "OUT"],
     ["evaluate", "TRUTH"], ["model", "show"], ["audit"], ["audit", "crm"], ["consent", "show", "crm/1"]],
)  # fmt: skip
def test_before_the_first_run_every_command_says_what_to_run(
    cdp: Cdp, fresh: Workspace, tmp_path: Path, command: list[str]
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("record_id,entity_id\ncrm/1,p1\n", encoding="utf-8")
    names = {"OUT": str(tmp_path / "out.csv"), "TRUTH": str(truth)}
    done = cdp(fresh, *(names.get(word, word) for word in command))
    assert (done.code, done.out) == (1, "")
    assert "run `cdp run`" in done.err


def test_an_unforeseen_error_tells_its_kind_and_place_only(
    cdp: Cdp, finished: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"could not parse {LIVE_EMAIL}")

    monkeypatch.setattr("cdp_assets.steward.lookup.find", fail)
    done = cdp(finished, "customer", "crm/1")
    assert done.code == 1
    assert "an unforeseen ValueError at test_cli.py" not in done.out
    assert "an unforeseen ValueError" in done.err
    assert "--traceback" in done.err


def test_the_traceback_is_there_for_who_asks(finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("here")

    monkeypatch.setattr("cdp_assets.steward.lookup.find", fail)
    with pytest.raises(ValueError, match="here"):
        cli.main(["customer", "crm/1", "--traceback", "--workspace", str(finished.home)])


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_status", interrupt)
    assert cli.main(["status"]) == 130


# -- run and demo -----------------------------------------------------------------------------------------------------


@dataclass
class Ran:
    imports: int = 2
    refused: int = 0
    repeated: int = 0
    records: int = 9
    customers: int = 4
    merges: int = 0
    splits: int = 0
    published: bool = True
    problems: list[str] = field(default_factory=list)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands in for the pipeline; ``asked`` holds how it was called, ``done`` what it reports."""
    import cdp_assets.automation

    seen: dict[str, Any] = {"asked": [], "resolves": [], "in_full": [], "done": Ran()}

    def run_pending(
        workspace: Workspace,
        report: Callable[[str], None],
        *,
        resolve_anyway: bool = False,
        resolve: bool = True,
        in_full: bool = False,
    ) -> Ran:
        seen["asked"].append(resolve_anyway)
        seen["in_full"].append(in_full)
        seen["resolves"].append(resolve)
        report("crm: importing 2 deliveries")
        return seen["done"]

    monkeypatch.setattr(cdp_assets.automation, "run_pending", run_pending)
    return seen


def test_run_prints_what_happened(cdp: Cdp, finished: Workspace, runs: dict[str, Any]) -> None:
    done = cdp(finished, "run")
    assert (done.code, runs["asked"]) == (0, [False])
    assert "customers  4" in done.out
    assert done.err == "  crm: importing 2 deliveries\n"


def test_run_fails_when_something_was_refused(cdp: Cdp, finished: Workspace, runs: dict[str, Any]) -> None:
    runs["done"] = Ran(refused=1, problems=["crm: import X was refused: a column is missing; add it"])
    done = cdp(finished, "run")
    assert done.code == 1
    assert "a column is missing; add it" in done.out


def test_run_resolves_anyway_when_asked(cdp: Cdp, own: Workspace, runs: dict[str, Any]) -> None:
    cdp(own, "run", "--resolve-anyway")
    cdp(own, "run")
    assert runs["asked"] == [True, False]


def test_run_makes_everything_anew_when_asked(cdp: Cdp, own: Workspace, runs: dict[str, Any]) -> None:
    cdp(own, "run", "--full")
    cdp(own, "run")
    assert runs["in_full"] == [True, False]


def test_run_only_reads_when_asked(cdp: Cdp, own: Workspace, runs: dict[str, Any]) -> None:
    runs["done"] = Ran(published=False)
    done = cdp(own, "run", "--no-resolve")
    assert (done.code, runs["resolves"]) == (0, [False])
    assert "no: only read; cdp plan, cdp run" in done.out


def test_demo_tells_the_same_story_again(
    cdp: Cdp, own: Workspace, runs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Path] = []
    monkeypatch.setattr("cdp_assets.evaluation.world.build_shop_database", built.append)
    first, second = cdp(own, "demo"), cdp(own, "demo")
    assert (first.code, built) == (0, [own.home, own.home])
    assert "9 from 5 sources" in first.out
    assert first.out == second.out


@pytest.mark.parametrize(("broken", "code"), [((), 0), (("she is still there",), 1)])
def test_demo_goes_on_in_a_copy_that_may_be_kept_and_fails_when_what_it_tells_does_not_hold(
    cdp: Cdp,
    own: Workspace,
    runs: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    broken: tuple[str, ...],
    code: int,
) -> None:
    from cdp_assets.steward.story import Told

    def go_on(copy: Workspace, *others: object) -> Told:
        (copy.landing_dir / "changed").mkdir()
        return Told("and she moved", broken)

    monkeypatch.setattr("cdp_assets.evaluation.world.build_shop_database", lambda home: None)
    monkeypatch.setattr("cdp_assets.steward.story.tell", lambda *a: Told("once", (), "further", is_of_somebody=True))
    monkeypatch.setattr("cdp_assets.steward.story_goes_on.go_on", go_on)
    done = cdp(own, "demo", "--keep", str(tmp_path / "kept"))
    assert (done.code, done.out) == (code, "once\n\nand she moved\n\nfurther\n")
    assert (tmp_path / "kept" / "landing" / "changed").is_dir()
    assert not (own.landing_dir / "changed").exists()
    again = cdp(own, "demo", "--keep", str(tmp_path / "kept"))
    assert again.code == 1
    assert "name another" in again.err
    monkeypatch.setenv("CDP_LEDGER_URL", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    shared = cdp(own, "demo")
    assert (shared.code, "moved" in shared.out) == (0, False), "a ledger that others share is not lived on in"
    assert "without CDP_LAKE_URL" in re.sub(r"\s+", " ", shared.out)


def test_demo_fails_when_the_run_does(
    cdp: Cdp, own: Workspace, runs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cdp_assets.evaluation.world.build_shop_database", lambda home: None)
    runs["done"] = Ran(problems=["something failed"])
    done = cdp(own, "demo")
    assert done.code == 1
    assert "something failed" in done.out


# -- looking ----------------------------------------------------------------------------------------------------------


def test_status_as_text_and_json(cdp: Cdp, finished: Workspace) -> None:
    done = cdp(finished, "status")
    assert done.code == 0
    assert "customers  4" in done.out
    assert json.loads(cdp(finished, "status", "--json").out)["customers"] == 4


@pytest.mark.parametrize("who", [INES, "ines@calder.example", DEAD_EMAIL, "crm/1", "ines calder"])
def test_customer_by_whatever_is_at_hand(cdp: Cdp, finished: Workspace, who: str) -> None:
    done = cdp(finished, "customer", who)
    assert done.code == 0
    assert f"customer {INES}" in done.out
    assert LIVE_EMAIL in done.out
    assert "asked for" not in done.out


def test_a_former_id_resolves_and_says_so(cdp: Cdp, finished: Workspace) -> None:
    assert f"{FORMER}, which is {INES} now" in cdp(finished, "customer", FORMER).out


def test_customer_as_json(cdp: Cdp, finished: Workspace) -> None:
    said = json.loads(cdp(finished, "customer", FORMER, "--json").out)
    assert (said["customer_id"], said["asked_for"]) == (INES, FORMER)
    assert said["values"][0]["field"] == "full_name"


def test_several_customers_are_listed(cdp: Cdp, finished: Workspace) -> None:
    done = cdp(finished, "customer", "calder")
    assert done.code == 0
    assert INES in done.out
    assert TOM in done.out
    assert json.loads(cdp(finished, "customer", "calder", "--json").out)["customer_ids"] == [INES, TOM]


@pytest.mark.parametrize(
    "who", ["nobody@calder.example", "crm/4711", "Ines Nobody", "+447700900456123", INES[:-1] + "x"]
)
def test_an_unknown_customer_is_refused_without_repeating_who(cdp: Cdp, finished: Workspace, who: str) -> None:
    done = cdp(finished, "customer", who)
    assert (done.code, done.out) == (1, "")
    assert who not in done.err
    assert len(done.err.splitlines()) == 1


def test_why_as_text_and_json(cdp: Cdp, finished: Workspace) -> None:
    done = cdp(finished, "why", "crm/1", "crm/3")
    assert done.code == 0
    assert f"Two customers: {INES} and {INEZ}." in done.out
    assert "one slip" in done.out
    assert json.loads(cdp(finished, "why", "crm/1", "crm/3", "--json").out)["is_one_customer"] is False


def test_why_of_an_unknown_record_is_refused(cdp: Cdp, finished: Workspace) -> None:
    done = cdp(finished, "why", "crm/1", "crm/calder")
    assert done.code == 1
    assert "no record id" in done.err


# -- deciding ---------------------------------------------------------------------------------------------------------


def test_a_judgement_is_written_down(cdp: Cdp, own: Workspace) -> None:
    done = cdp(own, "judge", "crm/1", "crm/3", "different", "--reason", "asked her", "--by", "kim")
    assert done.code == 0
    assert "next resolution" in done.out
    kept = Workspace(own.home).ledger.judgements().row(0, named=True)
    assert (kept["judgement"], kept["judged_by"], kept["reason"]) == ("different", "kim", "asked her")


def test_a_contradiction_names_its_chain_on_stdout_only(cdp: Cdp, own: Workspace) -> None:
    cdp(own, "judge", "crm/1", "crm/2", "same", "--reason", "x")
    cdp(own, "judge", "crm/2", "crm/3", "different", "--reason", "x")
    done = cdp(own, "judge", "crm/1", "crm/3", "same", "--reason", "x")
    assert done.code == 1
    assert "Nothing was written." in done.out
    assert "crm/2" in done.out
    assert "crm/2" not in done.err
    assert "contradicts" in done.err


def test_a_customer_is_taken_apart_pinned_and_let_go(cdp: Cdp, own: Workspace) -> None:
    done = cdp(own, "pin", INES, "--reason", "sorted out by hand")
    assert (done.code, done.out[:22]) == (0, "5 judgements written. ")
    refused = cdp(own, "split", INES, "--part", "shop/77", "web/v1", "--part", "webinar/w1", "--reason", "x")
    assert (refused.code, "cdp unpin" in refused.err) == (1, True)
    assert cdp(own, "unpin", INES, "--reason", "x").code == 0
    done = cdp(
        own, "split", INES, "--part", "shop/77", "web/v1", "--part", "webinar/w1", "--reason", "x", "--by", "kim"
    )
    assert (done.code, "`cdp plan` shows" in done.out) == (0, True)
    refused = cdp(own, "unmerge", TOM, "--reason", "x")
    assert (refused.code, "not merged" in refused.err) == (1, True)


def test_an_id_is_resolved_as_text_and_json(cdp: Cdp, finished: Workspace) -> None:
    assert INES in cdp(finished, "resolve", FORMER).out
    found = json.loads(cdp(finished, "resolve", FORMER, "--json", "--on", "2024-01-01").out)
    assert (found["current_customer_id"], found["asked_at"]) == (INES, "2024-01-01T23:59:59.999999+00:00")


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["identities.parquet", "identities.csv"])
def test_identities_are_exported_whole(cdp: Cdp, finished: Workspace, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    out.write_text("what was there before", encoding="utf-8")
    done = cdp(finished, "export", "identities", str(out))
    assert done.code == 0
    assert "8 records of 4 customers" in done.out
    rows = pl.read_parquet(out) if name.endswith("parquet") else pl.read_csv(out)
    assert rows.columns == ["source", "source_key", "record_id", "customer_id"]
    assert set(rows["record_id"]) == set(CUSTOMER_OF) - {"shop/99"}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [name], "no part file is left behind"


def test_an_export_that_fails_leaves_the_old_file(
    cdp: Cdp, finished: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    out = tmp_path / "identities.csv"
    out.write_text("what was there before", encoding="utf-8")
    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    done = cdp(finished, "export", "identities", str(out))
    assert done.code == 1
    assert "No space left on device" in done.err
    assert out.read_text(encoding="utf-8") == "what was there before"
    assert [path.name for path in tmp_path.iterdir()] == ["identities.csv"]


@pytest.mark.parametrize(
    ("out", "problem"), [("identities.txt", ".parquet or .csv"), ("nowhere/identities.csv", "does not exist")]
)
def test_a_place_that_can_not_be_written_is_refused(
    cdp: Cdp, finished: Workspace, tmp_path: Path, out: str, problem: str
) -> None:
    done = cdp(finished, "export", "identities", str(tmp_path / out))
    assert done.code == 1
    assert problem in done.err


def test_model_show_as_text_and_json(cdp: Cdp, finished: Workspace) -> None:
    assert "What each level proves" in cdp(finished, "model", "show").out
    told = json.loads(cdp(finished, "model", "show", "--json").out)
    assert told["is_in_use"]
    assert (
        cdp(finished, "model", "show", "--version", told["model_version"][:8], "--json").out
        == json.dumps(told, indent=2) + "\n"
    )
    unknown = cdp(finished, "model", "show", "--version", "none")
    assert (unknown.code, unknown.out) == (1, "")
    assert told["model_version"] in unknown.err
    assert told["quality"]["is_by_model"]
    assert cdp(finished, "model").code == 2


def test_model_use_takes_effect_with_the_next_resolution_and_can_be_taken_back(cdp: Cdp, own: Workspace) -> None:
    version = json.loads(cdp(own, "model", "show", "--json").out)["model_version"]
    used = cdp(own, "model", "use", version[:8], "--by", "ada")
    assert (used.code, used.err) == (0, "")
    assert used.out.startswith(f"{version} is in use, and stays so.")
    assert json.loads(cdp(own, "model", "show", "--json").out)["pinned_by"] == "ada"
    assert "in use, chosen by ada" in cdp(own, "model", "show").out
    assert "chooses the linkage model again" in cdp(own, "model", "use", "--automatic").out
    assert json.loads(cdp(own, "model", "show", "--json").out)["pinned_by"] is None
    unknown = cdp(own, "model", "use", "none")
    assert (unknown.code, unknown.out) == (1, "")
    assert version in unknown.err


@pytest.mark.parametrize("arguments", [("model", "use"), ("model", "use", "v", "--automatic"), ("apply",)])
def test_what_is_to_be_used_or_approved_has_to_be_named(
    cdp: Cdp, finished: Workspace, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cdp(finished, *arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize("arguments", [("plan",), ("model", "train")])
def test_before_the_first_resolution_there_is_nothing_to_plan_or_to_train_on(
    cdp: Cdp, fresh: Workspace, arguments: tuple[str, ...]
) -> None:
    done = cdp(fresh, *arguments)
    assert (done.code, done.out) == (1, "")
    assert "cdp run" in done.err


def test_an_unknown_plan_is_refused_with_what_to_do(cdp: Cdp, finished: Workspace) -> None:
    done = cdp(finished, "apply", "zzz")
    assert (done.code, done.out) == (1, "")
    assert "`cdp plan` makes one" in done.err


def test_a_sample_of_pairs_is_drawn_filled_in_and_judged_once(cdp: Cdp, own: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    drawn = cdp(own, "model", "sample", "--size", "3", str(file))
    assert drawn.code == 0
    assert "0 of them judged already" in drawn.out
    rows = pl.read_csv(file, infer_schema=False)
    assert rows.columns[0] == "judgement"
    assert not {"match_probability", "decision", "stratum"} & set(rows.columns)
    rows.with_columns(judgement=pl.lit("undecided")).write_csv(file)
    done = cdp(own, "model", "judge", str(file), "--by", "ada")
    assert (done.code, f"{rows.height} judgements written, 0 were in force" in done.out) == (0, True)
    assert own.ledger.judgements().filter(judged_by="ada", judgement="undecided").height == rows.height
    again = cdp(own, "model", "judge", str(file), "--by", "ada")
    assert f"0 judgements written, {rows.height} were in force already" in again.out
    assert cdp(own, "model", "sample", "--size", "3", str(file)).code == 0
    assert pl.read_csv(file, infer_schema=False).is_empty()


def test_judgements_that_can_not_be_written_are_told_by_row(cdp: Cdp, own: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("judgement,record_id_l,record_id_r\n,crm/1,crm/2\nsame,crm/none,crm/nobody\n")
    done = cdp(own, "model", "judge", str(file))
    assert done.code == 1
    assert "row 2 of the file, because a record is not known any more" in done.out
    assert cdp(own, "model", "judge", str(tmp_path / "none.csv")).code == 1
    assert cdp(own, "model", "sample", str(tmp_path / "pairs.txt")).code == 1


def test_evaluate_as_text_and_json(cdp: Cdp, finished: Workspace, tmp_path: Path) -> None:
    truth = tmp_path / "truth.parquet"
    pl.DataFrame({"record_id": list(CUSTOMER_OF), "entity_id": list(CUSTOMER_OF.values())}).write_parquet(truth)
    assert "B-cubed" in cdp(finished, "evaluate", str(truth)).out
    assert json.loads(cdp(finished, "evaluate", str(truth), "--json").out)["pairwise_f1"] == 1.0
    assert "no such truth file" in cdp(finished, "evaluate", str(tmp_path / "none.csv")).err


FILE = "ContactId,First Name,Surname,E-Mail\n1,Ines,Calder,ines@calder.example\n2,Tom,Calder,tom@calder.example\n"


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    path = tmp_path / "club_members.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_an_audit_says_what_was_found_and_where_the_reports_are(cdp: Cdp, own: Workspace) -> None:
    own.lake.replace(REJECTED_ROWS, REJECTED_ROWS.empty())
    one = cdp(own, "audit", "webinar")
    assert one.code == 0
    assert "addresses that bounce" in one.out
    assert f"Report: {own.home}/reports/quality/webinar.html" in one.out
    assert not [value for value in PERSONAL_VALUES if value in one.out]
    assert {path.name for path in (own.home / "reports" / "quality").iterdir()} >= {"index.html", "crm.html"}

    made = {audit["source"]: audit for audit in json.loads(cdp(own, "audit", "--json").out)}
    assert {finding["finding"] for finding in made["webinar"]["findings"]} >= {"dead_address"}
    assert all(audit["measures"]["records"] > 0 for audit in made.values())


def test_an_audit_of_an_unknown_source_is_refused(cdp: Cdp, finished: Workspace) -> None:
    done = cdp(finished, "audit", "till")
    assert (done.code, done.out) == (1, "")
    assert "there are" in done.err


def test_an_audit_that_fails_says_why(cdp: Cdp, finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    import cdp_assets.automation

    monkeypatch.setattr(cdp_assets.automation, "audit", lambda workspace: Ran(problems=["quality_audits: no room"]))
    done = cdp(finished, "audit")
    assert (done.code, done.err) == (1, "cdp audit: quality_audits: no room\n")


def test_a_drafted_contract_is_written_and_can_be_read(cdp: Cdp, fresh: Workspace, delivered: Path) -> None:
    from cdp_assets.sources.contracts import load_contract

    done = cdp(fresh, "source", "add", str(delivered), "--name", "club")
    assert done.code == 0
    for step in ("contracts/club.yaml", "landing/club", "cdp run", "reload the code location"):
        assert step in done.out
    contract = load_contract(fresh.contracts_dir / "club.yaml")
    assert (contract.source, contract.key) == ("club", ("ContactId",))
    assert (fresh.landing_dir / "club").is_dir()


def test_a_source_without_a_name_is_named_after_its_file(cdp: Cdp, fresh: Workspace, delivered: Path) -> None:
    assert cdp(fresh, "source", "add", str(delivered)).code == 0
    assert (fresh.contracts_dir / "club_members.yaml").is_file()


def test_a_contract_is_printed_without_writing_it(cdp: Cdp, fresh: Workspace, delivered: Path) -> None:
    done = cdp(fresh, "source", "add", str(delivered), "--name", "club", "--print")
    assert "source: club" in done.out
    assert not (fresh.contracts_dir / "club.yaml").exists()
    assert not [value for value in PERSONAL_VALUES if value in done.out], "a draft quotes no value of the file"


def test_a_contract_is_never_overwritten_unless_forced(cdp: Cdp, fresh: Workspace, delivered: Path) -> None:
    before = (fresh.contracts_dir / "crm.yaml").read_text(encoding="utf-8")
    done = cdp(fresh, "source", "add", str(delivered), "--name", "crm")
    assert done.code == 1
    assert "--force" in done.err
    assert (fresh.contracts_dir / "crm.yaml").read_text(encoding="utf-8") == before
    assert cdp(fresh, "source", "add", str(delivered), "--name", "crm", "--force").code == 0
    assert (fresh.contracts_dir / "crm.yaml").read_text(encoding="utf-8") != before


@pytest.mark.parametrize("name", ["Club", "../club", "1st", ""])
def test_a_name_that_can_not_be_a_source_is_refused(cdp: Cdp, fresh: Workspace, delivered: Path, name: str) -> None:
    before = set(fresh.home.rglob("*"))
    done = cdp(fresh, "source", "add", str(delivered), "--name", name)
    assert done.code == 1
    assert "lower-case letters" in done.err
    assert set(fresh.home.rglob("*")) == before


def test_a_file_that_is_not_there_or_not_readable_is_explained(cdp: Cdp, fresh: Workspace, tmp_path: Path) -> None:
    assert "no such file" in cdp(fresh, "source", "add", str(tmp_path / "none.csv")).err
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    assert cdp(fresh, "source", "add", str(tmp_path / "empty.csv")).code == 1


def test_a_first_source_makes_the_workspace(cdp: Cdp, tmp_path: Path, delivered: Path) -> None:
    assert cdp(Workspace(tmp_path / "new"), "source", "add", str(delivered)).code == 0
    assert (tmp_path / "new" / "contracts" / "club_members.yaml").is_file()


def test_generate_makes_a_workspace_once_with_everything_that_its_sources_read(
    cdp: Cdp, fresh: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "world"
    done = cdp(fresh, "generate", "--people", "50", "--seed", "7", str(out))
    assert done.code == 0
    assert done.out.startswith("50 people in ")
    assert f"cdp run --workspace {out}" in done.out
    contracts, problems = load_contracts(out / "contracts")
    assert (len(contracts), problems) == (6, [])
    for contract in contracts:
        assert contract.extract.sql is not None or any((out / "landing" / contract.source).iterdir())
    with closing(sqlite3.connect(out / "shop.db")) as shop:
        assert shop.execute("SELECT count(*) > 10 FROM customers").fetchone() == (1,)
    done = cdp(fresh, "generate", "--people", "50", "--seed", "7", str(fresh.home))
    assert done.code == 1
    assert "not an empty directory" in done.err


# -- serving ----------------------------------------------------------------------------------------------------------


def test_ui_becomes_dagster_on_the_workspace(cdp: Cdp, finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[Any] = []
    monkeypatch.setattr(console, "become", lambda command, environment: became.append((command, environment)))
    cdp(finished, "ui", "--port", "3333")
    command, environment = became[0]
    assert command[0] == sys.executable
    assert command[1:6] == ["-m", "dagster", "dev", "-m", "cdp_assets.definitions"]
    assert command[6:] == ["--host", "127.0.0.1", "--port", "3333"]
    assert environment["CDP_HOME"] == str(finished.home)
    assert environment["DAGSTER_HOME"] == str(finished.home / "dagster")


def test_the_options_that_ui_passes_on_exist() -> None:
    from dagster._cli.dev import dev_command

    known = {name for parameter in dev_command.params for name in parameter.opts}
    assert {"-m", "--host", "--port"} <= known


def test_steward_serves_on_this_machine_only(cdp: Cdp, finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr("cdp_assets.steward.serving.serve", lambda workspace, **options: served.update(options))
    assert cdp(finished, "steward", "--by", "kim").code == 0
    assert (served["host"], served["port"], served["steward"]) == ("127.0.0.1", 3010, "kim")


def test_a_port_in_use_is_explained(cdp: Cdp, finished: Workspace) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = cdp(finished, "steward", "--port", str(taken.getsockname()[1]))
    assert done.code == 1
    assert "choose another --port" in done.err


def test_too_many_people_are_refused(cdp: Cdp, fresh: Workspace, tmp_path: Path) -> None:
    done = cdp(fresh, "generate", "--people", "999999999", "--seed", "1", str(tmp_path / "world"))
    assert done.code == 1
    assert "people" in done.err
    assert "unforeseen" not in done.err


def test_a_file_that_may_not_be_read_is_explained_without_its_name(
    cdp: Cdp, finished: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "landing/crm/ines-calder.csv")

    monkeypatch.setattr("cdp_assets.steward.status.workspace_status", refuse)
    done = cdp(finished, "status")
    assert done.code == 1
    assert "Permission denied" in done.err


# -- contracts that change, imports that wait -------------------------------------------------------------------------

CONTRACT = "source: crm\nkind: profiles\ndelivers: snapshot\nkey: id\ncolumns: {email: Email}\n"


def crm(workspace: Workspace, contract: str = CONTRACT) -> SourceContract:
    (workspace.contracts_dir / "crm.yaml").write_text(contract)
    return next(one for one in load_contracts(workspace.contracts_dir)[0] if one.source == "crm")


def deliver(workspace: Workspace, contract: SourceContract, name: str, *keys: int) -> str:
    """Land and read a snapshot; its import id."""
    folder = workspace.landing_dir / "crm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("id,Email\n" + "".join(f"{key},p{key}@x.example\n" for key in keys))
    (import_id,) = register_arrivals(workspace, contract, datetime.now(UTC), settle_seconds=0).new
    put_in_force(workspace.ledger, contract, datetime.now(UTC))
    take_in(workspace, contract, import_id, datetime.now(UTC))
    standardize_import(workspace, contract, import_id, datetime.now(UTC))
    return import_id


def test_contract_check_ends_with_0_only_when_nothing_is_to_be_done(cdp: Cdp, fresh: Workspace) -> None:
    deliver(fresh, crm(fresh), "a.csv", 1, 2)
    assert cdp(fresh, "contract", "check", "crm").code == 0
    crm(fresh, CONTRACT.replace("email: Email", "email: Email, phone: Mobile"))
    changed = cdp(fresh, "contract", "check", "crm")
    assert (changed.code, "columns.phone" in changed.out) == (1, True)
    told = json.loads(cdp(fresh, "contract", "check", "--json").out)
    assert "crm" in [one["source"] for one in told["contracts"]]
    assert "there is no contract of that source" in cdp(fresh, "contract", "check", "crn").err
    assert cdp(fresh, "contract").code == 2


def test_a_change_that_needs_a_choice_is_accepted_by_name(cdp: Cdp, fresh: Workspace) -> None:
    deliver(fresh, crm(fresh), "a.csv", 1, 2)
    assert "waits for nobody" in cdp(fresh, "contract", "accept", "crm").out
    changed = crm(fresh, CONTRACT.replace("key: id", "key: Email"))
    assert "cdp contract accept crm" in " ".join(cdp(fresh, "contract", "check", "crm").out.split())
    accepted = cdp(fresh, "contract", "accept", "crm", "--by", "anna")
    assert (accepted.code, "1 change(s) of its contract accepted" in accepted.out) == (0, True)
    in_force = fresh.ledger.contract_in_force("crm")
    assert in_force is not None
    assert in_force[0] == changed.contract_version


def test_a_snapshot_that_shrinks_is_accepted_by_its_import(cdp: Cdp, fresh: Workspace) -> None:
    contract = crm(fresh)
    full = deliver(fresh, contract, "a.csv", *range(9))
    small = deliver(fresh, contract, "b.csv", 1)
    assert "not landed again" in cdp(fresh, "accept", "crm", full).err
    done = cdp(fresh, "accept", "crm", small, "--by", "anna")
    assert (done.code, done.out.startswith("Accepted.")) == (0, True)
    row = fresh.ledger.import_row("crm", small)
    assert (row["state"], row["accepted_by"]) == ("landed", "anna")
    assert "never registered" in cdp(fresh, "accept", "crm", "20240501T120000Z-ffffffffffff").err


def test_a_database_is_read_from_its_beginning_again(cdp: Cdp, fresh: Workspace) -> None:
    crm(fresh)
    assert "is not read from a database" in cdp(fresh, "source", "restart", "crm").err
    crm(fresh, CONTRACT + "extract: {sql: {url: 'sqlite:///shop.db', table: people, cursor: id}}\n")
    fresh.ledger.advance_cursor("crm", "int:7", datetime.now(UTC))
    assert cdp(fresh, "source", "restart", "crm").code == 0
    assert fresh.ledger.cursor("crm") is None


@pytest.mark.parametrize("command", ["backfill", "replay"])
def test_reading_again_says_what_it_did(
    cdp: Cdp, fresh: Workspace, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cdp_assets.automation

    crm(fresh)
    asked: list[object] = []

    def read_again(workspace: Workspace, source: str | None, report: Callable[[str], None], **options: object) -> Any:
        asked.append((source, options))
        return cdp_assets.automation.RereadReport(read_again=3, rejected_before=2)

    monkeypatch.setattr(cdp_assets.automation, command, read_again)
    done = cdp(fresh, command, "crm", "--no-resolve")
    assert (done.code, "3 imports" in done.out, "0 lines; 2 before" in done.out) == (0, True, True)
    expected = {"resolve": False} | ({"everything": False} if command == "backfill" else {})
    assert asked == [("crm", expected)]
    assert "there is no contract of that source; there are crm" in cdp(fresh, command, "shops").err
