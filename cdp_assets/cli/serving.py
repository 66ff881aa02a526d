"""What serves until it is stopped: Dagster, and the steward's page.

What does not belong here: what a command finds out (the stages, ``steward/``).
"""

from __future__ import annotations

import argparse
import sys

from cdp_assets.cli import console, options
from cdp_assets.cli.console import FINE
from cdp_assets.cli.options import Command

UI_PORT, STEWARD_PORT = 3000, 3010


def add_to(command: Command) -> None:
    """Add ``ui``, ``steward``."""
    ui = command("ui", _ui, "open Dagster on the workspace")
    options.address(ui, UI_PORT)

    steward = command("steward", _steward, "serve the page where a person looks customers up, decides and corrects")
    options.address(steward, STEWARD_PORT)
    steward.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="name under which a proxy serves the page; repeatable",
    )
    steward.add_argument("--by", help="whom decisions are written down to (default: the name of this account)")


def _ui(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import dagster_home
    from cdp_assets.environment import process_environment

    workspace = console.workspace(arguments).require()
    # Dagster warns of its own betas in every one of its processes; who sets PYTHONWARNINGS sees them.
    environment = {"PYTHONWARNINGS": "ignore", **process_environment(workspace, dagster_home(workspace))}
    serve = [sys.executable, "-m", "dagster", "dev", "-m", "cdp_assets.definitions"]
    print(
        f"Dagster on {console.shown(workspace.home)}: http://{arguments.host}:{arguments.port} (Ctrl-C ends it)",
        flush=True,
    )
    console.become([*serve, "--host", arguments.host, "--port", str(arguments.port)], environment)


def _steward(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.serving import serve

    workspace = console.workspace(arguments).require()
    serve(
        workspace,
        host=arguments.host,
        port=arguments.port,
        other_hosts=arguments.allow_host,
        steward=arguments.by or console.account(),
        tell=lambda text: print(text, flush=True),
    )
    return FINE
