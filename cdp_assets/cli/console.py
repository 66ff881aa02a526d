"""What every command needs around it: the workspace that is meant, where its words go, and how it ends.

What does not belong here: options (``options.py``), the commands.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from cdp_assets.steward.plan_text import PlanFacts
    from cdp_assets.workspace import Workspace

FINE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

WIDTH_WITHOUT_A_TERMINAL = 100
"""Output into a file or a pipe is as wide as this, so that it is the same everywhere."""


class CommandError(RuntimeError):
    """A command can not do what was asked. Says what, where and what to do, never a customer's value."""


def draw(plan: PlanFacts, path: Path | None) -> None:
    """Draw a plan where a picture was asked for."""
    from cdp_assets.steward.plan_picture import PictureError, draw_plan

    if path is not None:
        try:
            draw_plan(plan, path)
        except PictureError as problem:
            raise CommandError(str(problem)) from None


def workspace(arguments: argparse.Namespace) -> Workspace:
    """The workspace that was named, else the one of the environment."""
    from cdp_assets.environment import workspace_from_environment

    return workspace_from_environment(arguments.workspace)


def replace(target: Path, write: Callable[[Path], object]) -> None:
    """Write beside the target and put it in place in one step: a reader sees the old file or the new one, whole."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(target)
    except OSError as problem:
        raise CommandError(f"{target} could not be written ({problem.strerror or type(problem).__name__})") from None
    finally:
        part.unlink(missing_ok=True)


def become(command: list[str], environment: dict[str, str]) -> NoReturn:
    """Go on as another program: its signals and its exit code are then ours."""
    os.execve(command[0], command, environment)


def progress(line: str) -> None:
    """What is being done goes to stderr: stdout holds the result."""
    print(f"  {line}", file=sys.stderr, flush=True)


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def account() -> str:
    """The name of the account that this runs under, as the system's own register of accounts has it."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "steward"


def width() -> int:
    """Columns of the terminal."""
    return shutil.get_terminal_size((WIDTH_WITHOUT_A_TERMINAL, 24)).columns


def shown(path: Path) -> str:
    """A path, below the current directory where it is."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def as_json(value: object) -> str:
    """A value as JSON, to be read by people too."""
    return json.dumps(value, ensure_ascii=False, indent=2)
