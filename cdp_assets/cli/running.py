"""Run what is pending, tell the demo's story, and say where a workspace stands.

What does not belong here: what a command finds out (the stages, ``steward/``).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.cli import console, options
from cdp_assets.cli.console import FAILED, FINE
from cdp_assets.cli.options import Command

if TYPE_CHECKING:
    from cdp_assets.automation import RunReport
    from cdp_assets.workspace import Workspace


def add_to(command: Command) -> None:
    """Add ``demo``, ``run``, ``status``."""
    demo = command("demo", _demo, "run the sample workspace and tell the story of one customer in it")
    demo.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep the copy of the workspace in which the story goes on (default: remove it)",
    )

    run = command("run", _run, "run everything pending: new imports, then one resolution and publication")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--resolve-anyway", action="store_true", help="resolve and publish even when nothing is new")
    how.add_argument(
        "--full", action="store_true", help="the same, scoring and clustering everything, also what has not changed"
    )
    how.add_argument(
        "--no-resolve", action="store_true", help="only read what has landed; `cdp plan` tells what comes of it"
    )

    options.json(command("status", _status, "show what has been delivered, what was made of it, and what is pending"))


def _run(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.run_text import has_failed, run_text

    workspace = console.workspace(arguments).require()
    done = _run_pending(
        workspace,
        resolve_anyway=arguments.resolve_anyway,
        resolve=not arguments.no_resolve,
        in_full=arguments.full,
    )
    print(run_text(done, console.width(), resolves=not arguments.no_resolve))
    return FAILED if has_failed(done) else FINE


def _demo(arguments: argparse.Namespace) -> int:
    from cdp_assets.evaluation.world import build_shop_database
    from cdp_assets.steward.run_text import has_failed, run_text
    from cdp_assets.steward.story import tell

    workspace = console.workspace(arguments).require()
    build_shop_database(workspace.home)
    done = _run_pending(workspace)
    if has_failed(done):
        print(run_text(done, console.width()))
        return FAILED
    told = tell(workspace, console.width())
    print(told.text, flush=True)
    broken = told.broken
    if told.is_of_somebody:
        broken += _goes_on(workspace, arguments.keep)
    print(f"\n{told.further}")
    return FAILED if broken else FINE


def _goes_on(workspace: Workspace, keep: Path | None) -> tuple[str, ...]:
    """What people decide after that, lived through in a copy; what of it does not hold."""
    from cdp_assets.automation import erase
    from cdp_assets.steward.plain_text import paragraph
    from cdp_assets.steward.story_goes_on import NOT_WHOLE, Doing, go_on, in_a_copy, is_whole

    if not is_whole(workspace):
        print(f"\n{paragraph(NOT_WHOLE, console.width())}")
        return ()
    console.progress("going on in a copy of the workspace")
    doing = Doing(
        run=lambda copy, resolve: _run_pending(copy, resolve=resolve),
        erase=lambda copy, customer: erase(
            copy, customer, by=console.account(), report=console.progress, resolve=False
        )[0][-1],
    )
    with in_a_copy(workspace, keep) as copy:
        told = go_on(copy, doing, console.now(), console.width())
    print(f"\n{told.text}", flush=True)
    return told.broken


def _run_pending(workspace: Workspace, **how: bool) -> RunReport:
    from cdp_assets.automation import run_pending

    return run_pending(workspace, console.progress, **how)


def _status(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.status import status_text, workspace_status

    found = workspace_status(console.workspace(arguments), console.now())
    print(console.as_json(found.as_json()) if arguments.json else status_text(found, console.width()))
    return FINE
