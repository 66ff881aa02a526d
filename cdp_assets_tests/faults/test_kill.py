"""A run that is killed with ``kill -9``, at any moment, and run again ends as if nothing had happened.

All tables of the lake, the ledger and the published database, and all files, are compared with those of an undisturbed run;
what is not compared stands in ``state.py``. The points at which runs are killed are explained in ``write_points.py``.

In CI runs are killed 11 times: twice in a row, while importing and again while the next run makes good what the first has
left, or five times in a row at any moment. ``CDP_FAULTS=all`` kills once at each named write point and at 60 random moments.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cdp_assets_tests.faults import processes
from cdp_assets_tests.faults.conftest import IS_FULL, group
from cdp_assets_tests.faults.figures import Kill, note
from cdp_assets_tests.faults.small_workspace import build
from cdp_assets_tests.faults.state import State, differences, state_of

pytestmark = [pytest.mark.slow, pytest.mark.faults]

CHAINS = 3
"""CI: so many workspaces whose runs are killed twice at named points; one more, five times at random moments: 11 kills."""

SLICES = 20
"""The full suite's named points, in so many tests."""

RANDOM_MOMENTS = 60
SEED = 3

RESOLVING = "tell dagster PIPELINE_START resolve_customers #1"
"""The first write point of the second half: imports have ended."""

RecordProperty = Callable[[str, object], None]


@dataclass(frozen=True)
class Undisturbed:
    """What a run ends with that nobody disturbs, the write points that it passes, and its seconds of CPU time."""

    state: State
    points: tuple[str, ...]
    seconds: float

    def difference(self, home: Path) -> list[str]:
        return differences(state_of(home), self.state)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    home = build(tmp_path_factory.mktemp("undisturbed") / "ws")
    done = processes.run(home, is_watched=True)
    return Undisturbed(state_of(home), done.points, done.seconds)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield build(tmp_path / "ws")
    shutil.rmtree(tmp_path / "ws")


def in_groups(count: int, what: str) -> list[object]:
    """Numbers as parameters: the same ids in every process, parted in groups."""
    return [pytest.param(n, id=f"{what}-{n + 1:02}-of-{count}", marks=group(n)) for n in range(count)]


def spread(points: Sequence[str], nth: int, count: int) -> str:
    """The nth of ``count`` points that stand evenly among all."""
    return points[(2 * nth + 1) * len(points) // (2 * count)]


@pytest.mark.skipif(not IS_FULL, reason="CDP_FAULTS=all; the other tests would fail, too")
@group(0)
def test_two_undisturbed_runs_are_equal_and_pass_the_same_points(undisturbed: Undisturbed, home: Path) -> None:
    done = processes.run(home, is_watched=True)
    assert done.points == undisturbed.points
    assert len(set(done.points)) == len(done.points)
    assert undisturbed.difference(home) == []
    assert [problem for problem in done.problems if "was refused" not in problem] == []


@group(1)
def test_the_fork_server_has_only_imported(tmp_path: Path) -> None:
    """A copied process has one thread. Whoever else the server had would be missing in it: those that allocators start for
    themselves, and start again, are not missed; nor is the one by which Polars removes files that it has spilled."""
    own, *others = processes.threads_of_the_fork_server(tmp_path / "none")
    assert own.startswith("python")
    assert {name.rstrip("0123456789") for name in others} <= {"jemalloc_bg_thd", "polars-ooc-clea"}


@pytest.mark.skipif(IS_FULL, reason="the full suite kills at all of them")
@pytest.mark.parametrize("nth", in_groups(CHAINS, "twice"))
def test_killed_at_named_points(
    nth: int, undisturbed: Undisturbed, home: Path, record_property: RecordProperty
) -> None:
    begin = undisturbed.points.index(RESOLVING)
    points = [spread(undisturbed.points[:begin], nth, CHAINS), spread(undisturbed.points[begin:], nth, CHAINS)]
    for point in points:
        processes.run_and_kill_at(home, point)
    processes.run(home)
    found = undisturbed.difference(home)
    note(record_property, [Kill(point, True, True, not found) for point in points], undisturbed.seconds)
    assert found == [], f"killed at: {', then '.join(points)}"


@pytest.mark.skipif(IS_FULL, reason="the full suite has moments of its own")
@group(0)
def test_killed_five_times_at_random_moments(
    undisturbed: Undisturbed, home: Path, record_property: RecordProperty
) -> None:
    """While importing first, then while resolving; a run that goes on where one was killed is shorter."""
    draw = random.Random(f"{SEED} five times")
    bounds = ((0.0, 0.4), (0.4, 0.7), (0.2, 0.45), *[(0.0, 0.4)] * 2)
    shares = [draw.uniform(*bound) for bound in bounds]
    kills = [processes.run_and_kill_after(home, share * undisturbed.seconds) for share in shares]
    processes.run(home)
    found = undisturbed.difference(home)
    told = [
        Kill(f"{share:.0%} of a run", False, killed, not found) for share, killed in zip(shares, kills, strict=True)
    ]
    note(record_property, told, undisturbed.seconds)
    assert found == [], f"killed after: {', then '.join(kill.where for kill in told)}"


@pytest.mark.skipif(not IS_FULL, reason="CDP_FAULTS=all")
@pytest.mark.parametrize("nth", in_groups(SLICES, "points"))
def test_killed_at_every_named_point(
    nth: int, undisturbed: Undisturbed, tmp_path: Path, record_property: RecordProperty
) -> None:
    points = undisturbed.points[nth::SLICES]
    found: dict[str, list[str]] = {}
    for number, point in enumerate(points):
        home = build(tmp_path / f"ws{number}")
        processes.run_and_kill_at(home, point)
        processes.run(home)
        found[point] = undisturbed.difference(home)
        shutil.rmtree(home)
    note(record_property, [Kill(point, True, True, not found[point]) for point in points], undisturbed.seconds)
    assert {point: difference for point, difference in found.items() if difference} == {}


@pytest.mark.skipif(not IS_FULL, reason="CDP_FAULTS=all")
@pytest.mark.parametrize("nth", in_groups(RANDOM_MOMENTS, "moment"))
def test_killed_at_a_random_moment(
    nth: int, undisturbed: Undisturbed, home: Path, record_property: RecordProperty
) -> None:
    share = random.Random(f"{SEED} once {nth}").random()
    was_killed = processes.run_and_kill_after(home, share * undisturbed.seconds)
    processes.run(home)
    found = undisturbed.difference(home)
    note(record_property, [Kill(f"{share:.0%} of a run", False, was_killed, not found)], undisturbed.seconds)
    assert found == [], f"killed after {share:.0%} of a run"
