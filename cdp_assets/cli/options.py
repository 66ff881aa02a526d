"""Options that several commands have, and the types of their values.

What does not belong here: the commands.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

Command: TypeAlias = Callable[..., argparse.ArgumentParser]
"""Adds a command: its name, the function that runs it, what it says of itself."""


def picture(to: argparse.ArgumentParser, when: str = "") -> None:
    """A file to draw a plan into; ``when`` it is drawn, where that is not always."""
    to.add_argument(
        "--picture", metavar="FILE", type=Path, help=f"also draw what would change{when}: an .svg or .png file"
    )


def everywhere(to: argparse.ArgumentParser, *, is_top: bool = False) -> None:
    """Options that stand before or after the command's name; the latter must not reset the former to a default."""
    to.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        default=None if is_top else argparse.SUPPRESS,
        help="the workspace to work on",
    )
    to.add_argument(
        "--traceback",
        action="store_true",
        default=False if is_top else argparse.SUPPRESS,
        help="on an error, show where it arose (may show customers' values)",
    )


def json(to: argparse.ArgumentParser) -> None:
    """``--json``."""
    to.add_argument("--json", action="store_true", help="print JSON instead of text")


def no_resolve(to: argparse.ArgumentParser) -> None:
    """``--no-resolve``."""
    to.add_argument("--no-resolve", action="store_true", help="leave the resolution to the sensor or the next run")


def two_records(to: argparse.ArgumentParser) -> None:
    """Two records, by their ids."""
    to.add_argument("record_l", metavar="RECORD", help="record id: SOURCE/KEY")
    to.add_argument("record_r", metavar="RECORD", help="record id: SOURCE/KEY")


def decision(to: argparse.ArgumentParser) -> None:
    """Why, and by whom."""
    to.add_argument("--reason", required=True, help="why; kept with the judgements")
    to.add_argument("--by", help="who decides (default: the name of this account)")


def day(text: str) -> datetime:
    """The last moment of a day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(
            hour=23, minute=59, second=59, microsecond=999_999, tzinfo=UTC
        )
    except ValueError:
        raise argparse.ArgumentTypeError("expected a day as YYYY-MM-DD") from None


def address(to: argparse.ArgumentParser, port: int) -> None:
    """Where to listen."""
    to.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    to.add_argument("--port", type=int, default=port, help=f"default: {port}")


def moment(text: str) -> datetime:
    """A day (all of it counts) or a moment, ISO 8601; UTC where it does not say otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "expected a day such as 2023-05-31, or a moment such as 2023-05-31T12:00"
        ) from None
    if len(text) == len("2023-05-31"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def positive(text: str) -> int:
    """A whole number from 1."""
    return _from(1, text)


def not_negative(text: str) -> int:
    """A whole number from 0."""
    return _from(0, text)


def _from(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}")
    return number
