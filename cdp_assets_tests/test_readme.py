"""Every command and every output in the README is real.

A fenced ``console`` block holds commands (lines that begin with ``$``) and what they print. All of them run here, in
order, on a copy of the sample workspace, and must print what the README says. What can not be the same twice (import
ids hold the time of landing) is replaced on both sides. ``make`` targets are looked up in the Makefile; those that set
things up are not run again, and ``make demo`` stands for the ``cdp demo`` that it runs.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from cdp_assets_tests.conftest import ROOT, cdp_here, copy_sample

README = ROOT / "README.md"
NOT_RUN = {"make ui", "make test", "make lock", "cdp ui", "cdp steward"}
"""They set up a machine or serve until they are stopped; other tests cover what they start."""


@dataclass(frozen=True)
class Shown:
    line: int
    command: str
    output: str


def shown_commands() -> list[Shown]:
    found: list[Shown] = []
    block: list[str] | None = None
    start = 0
    for number, text in enumerate(README.read_text(encoding="utf-8").splitlines(), start=1):
        if text == "```console":
            block, start = [], number
        elif text == "```" and block is not None:
            found.extend(_commands(block, start))
            block = None
        elif block is not None:
            block.append(text)
    return found


def _commands(block: list[str], start: int) -> list[Shown]:
    found: list[Shown] = []
    for offset, text in enumerate(block, start=1):
        if text.startswith("$ "):
            found.append(Shown(start + offset, text[2:].strip(), ""))
        elif found:
            last = found[-1]
            found[-1] = Shown(last.line, last.command, f"{last.output}{text}\n")
    return found


def comparable(text: str) -> str:
    """Without what can not be the same twice: moments of landing, ages, the width of columns that show them."""
    text = re.sub(
        r"\d{4}-\d\d-\d\d \d\d:\d\d +\d+ (second|minute|hour|day|week|month|year)s?\b", "<moment> <age>", text
    )
    text = re.sub(r"(?<=\S) {2,}", "  ", text)
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{12}", "<import>", text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "<model>", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?(?= landed|$)", "<moment>", text, flags=re.MULTILINE)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, demo: tuple[Path, str]) -> tuple[Path, str]:
    """A directory as the README's reader has it: a checkout's data/ after make demo."""
    import shutil

    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(demo[0], folder / "data")
    return folder / "data", demo[1]


def test_the_readme_shows_the_two_commands() -> None:
    commands = [shown.command for shown in shown_commands()]
    assert "make demo" in commands
    assert "make test" in commands


@pytest.mark.xdist_group("demo")
def test_every_shown_command_prints_what_the_readme_says(reader: tuple[Path, str]) -> None:
    home, demo_output = reader
    for shown in shown_commands():
        if shown.command in NOT_RUN:
            continue
        if shown.command == "make demo":
            printed = demo_output
        else:
            words = shlex.split(shown.command)
            assert words[0] == "cdp", f"README line {shown.line}: only cdp and make commands are shown"
            printed = cdp_here(home, *words[1:])
        if shown.output:
            assert comparable(printed) == comparable(shown.output), f"README line {shown.line}: {shown.command}"


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^\$ )make ([a-z][a-z-]*)", text, flags=re.MULTILINE))
    assert {"demo", "test", "ui"} <= named <= targets


def test_every_command_of_the_command_line_is_in_the_readme() -> None:
    from cdp_assets.cli import parser

    text = README.read_text(encoding="utf-8")
    actions = [action for action in parser()._actions if action.dest == "command"]
    for name in actions[0].choices or ():
        assert f"cdp {name}" in text, name


def test_every_file_that_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_the_environment_variables_in_the_readme_are_the_ones_that_are_read() -> None:
    source = (ROOT / "cdp_assets" / "environment.py").read_text()
    read = set(re.findall(r'environ\.get\("(CDP_[A-Z_]+)"', source))
    named = set(re.findall(r"`(CDP_[A-Z_]+)`", README.read_text(encoding="utf-8")))
    assert read <= named


def test_the_sample_that_the_readme_speaks_of_is_small(tmp_path: Path) -> None:
    home = copy_sample(tmp_path / "data")
    assert sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) < 3_000_000
