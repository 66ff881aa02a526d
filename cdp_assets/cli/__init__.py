"""The command line, ``cdp``.

Exit codes: 0 fine, 1 an error that is explained in a line or two on stderr (what, where, what to do), 2 usage. Nothing
on stderr holds a customer's value: what was asked for is never repeated there, and of an error that nobody foresaw only
the kind and the place are told, for its text may quote anything.

Only the standard library is loaded here; each command loads what it needs, so that ``cdp --help`` is instant. What does
not belong here: what a command finds out (the stages, ``steward/``); these modules ask, print and return a number.

============== =======================================================================================================
``running``    demo, run, status
``deliveries`` sources, their contracts and imports, quality
``people``     what is known of a person, and their rights
``deciding``   judgements on records and customers, plans, going back
``models``     the linkage model
``results``    exports, accuracy, invented worlds
``serving``    Dagster, the steward's page
``options``    options that several commands have
``console``    the workspace meant, progress, width, exit codes
============== =======================================================================================================
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cdp_assets.cli import console, deciding, deliveries, models, options, people, results, running, serving
from cdp_assets.cli.console import FAILED, FINE, INTERRUPTED


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # To look for garbage once more before all is gone takes an eighth of a short command's time.
    atexit.register(gc.disable)
    arguments = parser().parse_args(argv)
    with warnings.catch_warnings():
        if not sys.warnoptions:  # libraries' warnings are for who develops, and may quote a value
            warnings.simplefilter("ignore")
        return _run_command(arguments)


def _run_command(arguments: argparse.Namespace) -> int:
    try:
        run: Callable[[argparse.Namespace], int] = arguments.run
        code = run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `cdp … | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception as problem:
        if arguments.traceback:
            raise
        print(f"cdp {arguments.command}: {_explained(problem)}", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Every command with its options. ``--workspace`` stands before or after the command's name."""
    top = argparse.ArgumentParser(
        prog="cdp",
        description="Identity resolution for customer data: records in, one explained golden record per customer out.",
        epilog="A workspace is a directory with contracts/ and landing/. The default is the one that CDP_HOME names, else data/.",
    )
    options.everywhere(top, is_top=True)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], says: str, **more: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says[0].upper() + says[1:] + ".", **more)
        options.everywhere(made)
        made.set_defaults(run=run)
        return made

    for theme in (running, deliveries, people, deciding, models, results, serving):
        theme.add_to(command)
    return top


def _explained(problem: Exception) -> str:
    """What our own errors say of themselves; of any other only the kind and the place, for it may quote a value."""
    if isinstance(problem, console.CommandError) or type(problem).__module__.partition(".")[0] == "cdp_assets":
        return str(problem)
    own = [frame for frame in traceback.extract_tb(problem.__traceback__) if "cdp_assets" in Path(frame.filename).parts]
    where = f" at {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    if isinstance(problem, ImportError):
        return f"{problem}{where}; install the project anew, so that everything it needs is there"
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.strerror}{where}; which file it was is not shown, --traceback names it"
    return (
        f"an unforeseen {type(problem).__name__}{where}. Its text is not shown because it may hold a customer's value; "
        "run the command again with --traceback to see it"
    )
