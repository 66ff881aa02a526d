"""All hostile files and a few good ones in one landing folder, and one `cdp run`: one bad file never stops the others."""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.automation import RunReport, run_pending
from cdp_assets.ledger import LANDED
from cdp_assets.tables import IMPORT_LOG, raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace
from cdp_assets_tests.hostile.case import FILE_PERSON, IMPORTED, LONG_AGO, PERSON, REFUSED, WAITS, Case, text
from cdp_assets_tests.hostile.cases import CASES
from cdp_assets_tests.hostile.delivered import contract_of, settle

pytestmark = [pytest.mark.xdist_group("hostile_all"), pytest.mark.long]

ALSO = {"formulas", "sql_values", "sql_columns", "our_names", "newline", "bidi", "long_name", "shell_name", "dots"}
"""Of the files that are imported, all of whose rows are good, those that would do most harm."""

TOGETHER = [
    case
    for case in CASES
    if not (case.contract or case.shown_by or case.between) and (case.outcome != IMPORTED or case.name in ALSO)
]

GOOD_FILES = 5


@dataclass
class Run:
    """The workspace after the run, what the run reported, and what it printed."""

    workspace: Workspace
    report: RunReport
    printed: str


@pytest.fixture(scope="session")  # between two of these tests a worker may run others
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    home = tmp_path_factory.mktemp("all_at_once") / "home"
    (home / "contracts").mkdir(parents=True)
    workspace = Workspace(home)
    folder = workspace.landing_dir / contract_of(workspace, Case("all", "", "", "", b"")).source
    folder.mkdir(parents=True)
    for number in range(GOOD_FILES):
        name = ("", "M", "of", "z", "~")[number]
        (folder / f"{name} good {number}.csv").write_bytes(text(f"g{number},Grace Hopper,g{number}@navy.example\n"))
    for number, case in enumerate(TOGETHER):
        _put(case, folder, number)
    for path in folder.iterdir():
        settle(path, LONG_AGO)
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), _logging_to(said):
        report = run_pending(workspace, said.write)
    yield Run(workspace, report, said.getvalue())
    workspace.ledger.close()


@contextmanager
def _logging_to(said: io.StringIO) -> Iterator[None]:
    handler = logging.StreamHandler(said)
    loggers = [logging.getLogger(name) for name in (None, "dagster", "cdp_assets")]
    for logger in loggers:
        logger.addHandler(handler)
    yield
    for logger in loggers:
        logger.removeHandler(handler)


def _put(case: Case, folder: Path, number: int) -> None:
    """Under its name, unless that is another's; no two of the same content, for that would be one import."""
    path = case.put(folder)
    content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    if content.startswith(b"id,name,email\n") and b"\r" not in content:
        with path.open("ab") as file:
            file.write(f"u{number},Una Unique,u{number}@x.example\n".encode())


def test_every_good_file_is_imported(run: Run) -> None:
    imports = run.workspace.ledger.imports()
    good = imports.filter(pl.col("location").str.contains("good", literal=True))
    assert good["state"].to_list() == ["imported"] * GOOD_FILES
    assert good["records"].to_list() == [1] * GOOD_FILES


def test_every_file_has_an_outcome_and_every_line_is_accounted_for(run: Run) -> None:
    imports = run.workspace.ledger.imports()
    assert imports.filter(pl.col("state") == LANDED).is_empty()
    refused = imports.filter(pl.col("state") == "refused")
    half = [case for case in TOGETHER if case.outcome == WAITS]
    assert refused.height >= sum(case.outcome == REFUSED for case in TOGETHER) - len(half)
    assert (refused["problem"].str.len_chars() > 20).all()
    read = imports.filter(pl.col("state") != "refused")
    assert (read["lines"] == read["records"] + read["rejected"] + read["duplicates"]).all()
    assert read["rejected"].sum() == run.workspace.lake.read(source_rejections("of_all")).height
    in_use = read.filter(pl.col("state") == "imported")
    assert in_use["records"].sum() == run.workspace.lake.read(source_records("of_all")).height
    assert run.workspace.lake.read(IMPORT_LOG).height == imports.height
    assert run.report.refused == refused.height


def test_the_resolution_is_made_and_published(run: Run) -> None:
    assert run.report.published
    assert all("was refused: " in problem for problem in run.report.problems)
    assert len(run.report.problems) == run.report.refused


def test_formulas_are_published_as_text(run: Run) -> None:
    with sqlite3.connect(run.workspace.home / "published.db") as database:
        found = database.execute("SELECT full_name, typeof(full_name) FROM customers WHERE full_name LIKE '%calc%'")
        rows = found.fetchall()
    database.close()
    assert rows
    assert {kind for _, kind in rows} == {"text"}


def test_no_name_of_a_customer_or_a_file_is_said_anywhere(run: Run) -> None:
    problems = "\n".join(run.workspace.ledger.imports()["problem"].drop_nulls())
    assert "of_all" in run.printed
    assert not _names_in((run.printed + problems + "\n".join(run.report.problems)).encode())
    storage = [path for path in (run.workspace.home / "dagster").rglob("*") if path.is_file()]
    assert any(b"of_all_imports" in path.read_bytes() for path in storage), "it is where Dagster keeps what it is told"
    assert not [path.name for path in storage if _names_in(path.read_bytes())]
    assert _names_in(str(run.workspace.lake.read(raw_imports("of_all")).rows()).encode()), (
        "the names were there to be said"
    )


def _names_in(said: bytes) -> bool:
    return any(name.lower().encode() in said.lower() for name in (PERSON, FILE_PERSON))
