"""What the kills came to, at the end of a test run, wherever its tests ran."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

KILLS, SECONDS = "kills", "cpu_seconds_of_an_undisturbed_run"

_IS_SHOWN = pytest.StashKey[bool]()


@dataclass(frozen=True)
class Kill:
    """One run that was to be killed: where, whether it was (or had ended before), and whether all ended as if not."""

    where: str
    is_named: bool
    was_killed: bool
    is_equal: bool


def note(record_property: Callable[[str, object], None], kills: Sequence[Kill], seconds: float) -> None:
    """Keep the figures with the test's report, which finds its way to whoever prints them: the kills, and the seconds of
    CPU time that an undisturbed run takes."""
    record_property(KILLS, [vars(kill) for kill in kills])
    record_property(SECONDS, seconds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print them, once."""
    reports = [
        report for found in terminalreporter.stats.values() for report in found if isinstance(report, pytest.TestReport)
    ]
    kills = [
        Kill(**kill)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == KILLS and isinstance(value, list)
        for kill in value
    ]
    if not kills or config.stash.get(_IS_SHOWN, False):
        return
    config.stash[_IS_SHOWN] = True
    terminalreporter.section("runs killed by kill -9, and run again")
    for line in summary(kills):
        terminalreporter.write_line(line)
    seconds = [float(str(value)) for report in reports for name, value in report.user_properties if name == SECONDS]
    terminalreporter.write_line(f"an undisturbed run takes {min(seconds):.1f} s of CPU time")


def summary(kills: Sequence[Kill]) -> list[str]:
    """The figures in lines of text."""
    told: list[str] = []
    for is_named, what in ((True, "at named write points"), (False, "at random moments")):
        these = [kill for kill in kills if kill.is_named == is_named]
        if these:
            killed, equal = sum(kill.was_killed for kill in these), sum(kill.is_equal for kill in these)
            told.append(
                f"{killed} killed {what}, {len(these) - killed} ended before; {equal} of {len(these)} equal to an undisturbed run"
            )
    return told + [f"NOT EQUAL after: {kill.where}" for kill in kills if not kill.is_equal]
