"""Workspaces for tests: the committed sample, copied and run once for all tests that only look."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import settings

from cdp_assets.cli import main
from cdp_assets.ledger import Ledger
from cdp_assets.ledger.database import LedgerDatabase
from cdp_assets_tests.faults.figures import pytest_terminal_summary

try:
    from _pytest.nodeid import NodeId
except ImportError:  # before 9.2 there is none, and none is needed
    NodeId = None

__all__ = ["pytest_terminal_summary"]

# The same examples in every run: a build that fails must fail again for whoever looks into it. Searching on with new
# examples is a matter of `pytest --hypothesis-profile=default`.
settings.register_profile("same_examples", derandomize=True, deadline=None)
settings.load_profile("same_examples")

ROOT = Path(__file__).parent.parent

IN_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory. Dagster waits for the disk after each of some 2,500 commits per run of everything; the
workspaces of tests need not outlive the machine, and a run in memory takes a third of the time where the disk is busy."""
FREE_BYTES = 6 * 2**30
"""What must be free there: a whole run of the tests fills two gigabytes at most, and the machine needs its memory, too."""

if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free >= FREE_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def pytest_sessionstart() -> None:
    """Until all tests are collected nothing is looked through for garbage: what is imported and collected stays, and to look through it
    again and again while it grows took a third of the time."""
    gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Groups of tests that share something large go first, those that take longest before all; then what takes long by itself: the others
    fill what time is left on any worker. (So it is with ``--no-loadscope-reorder``; else pytest-xdist puts first what has most tests.)

    pytest-xdist 3.8 writes a test's group behind its name, in an attribute that pytest 9.2 does not read any more: a group
    would be spread over all workers, and each would make what it shares. So the name is given once more.
    """
    items.sort(key=_turn)
    if hasattr(config, "workerinput") and NodeId is not None:
        for item in items:
            group = item.get_closest_marker("xdist_group")
            if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
                item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")


LONGEST_GROUPS = ("demo", "faults-0", "faults-1")


def _turn(item: pytest.Item) -> tuple[int, bool]:
    group = item.get_closest_marker("xdist_group")
    name = group.args[0] if group else None
    place = LONGEST_GROUPS.index(name) if name in LONGEST_GROUPS else len(LONGEST_GROUPS) + (group is None)
    return place, item.get_closest_marker("slow") is None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """What tests leave is found as ever; the modules and seven thousand tests that are there for good are looked through no more."""
    gc.enable()
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # as the process ends: DuckDB complains of what is left of it then


MADE_BY_RUNS = shutil.ignore_patterns(
    "lake", "dagster", "exports", "reports", "erasures", "erasure.key", "*.db", "*.db-*", "shop_extracts"
)


@pytest.fixture(autouse=True)
def _no_storage_of_an_instance_that_is_gone() -> Iterator[None]:
    """Dagster remembers, for whoever loads definitions, the storage of the instance that was opened last. Where instances of tests are not
    closed in turn, that is one whose folder is no more."""
    if "dagster" not in sys.modules:
        yield
        return
    from dagster._core.storage.defs_state.base import set_defs_state_storage

    with set_defs_state_storage(None):
        yield


@pytest.fixture(autouse=True)
def _engines_of_dagster_are_made_once() -> Iterator[None]:
    """As ``cdp`` does it while it has an instance open; here through all of a test, which opens several or runs jobs by itself."""
    if "dagster" not in sys.modules:
        yield
        return
    from cdp_assets.automation.storage import engines_made_once, migrations_loaded_once

    with engines_made_once(), migrations_loaded_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _new_ledgers_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of one in which nothing stands: to migrate a new ledger through all versions is most of what a small test would take. It is opened
    as ever. The ledger's own tests migrate each (``ledger/conftest.py``), and so does what runs in a process of its own."""
    empty = tmp_path_factory.mktemp("empty_ledger") / "ledger.db"
    Ledger(f"sqlite:///{empty}").close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LedgerDatabase, "_migrate", _copied(empty.read_bytes()))
        yield


MIGRATE = LedgerDatabase._migrate


def _copied(empty: bytes) -> Callable[[LedgerDatabase], None]:
    def migrate(self: LedgerDatabase) -> None:
        url = self._engine.url
        path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        if path is not None and not path.exists():
            with suppress(OSError):  # then it is made as ever, and whatever is wrong comes to light
                _put(empty, path)
        MIGRATE(self)

    return migrate


def _put(content: bytes, path: Path) -> None:
    """All of it at once, and only where nothing is: several threads may open a new ledger."""
    with tempfile.NamedTemporaryFile(dir=path.parent) as aside:
        aside.write(content)
        aside.flush()
        Path(aside.name).chmod(0o644)
        os.link(aside.name, path)


def copy_sample(home: Path) -> Path:
    """The committed sample workspace, without anything that runs have made in the checkout."""
    shutil.copytree(ROOT / "data", home, ignore=MADE_BY_RUNS)
    shutil.rmtree(home / "landing" / "shop", ignore_errors=True)
    return home


def _environment(home: Path) -> dict[str, str]:
    return {"CDP_HOME": str(home), "NO_COLOR": "1", "COLUMNS": "100"}


def cdp(home: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command line as its user does: a process of its own."""
    return _process(home, "-m", "cdp_assets.cli", *arguments, check=check)


def cdp_in_turn(home: Path, *commands: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Several commands in one process, which need not load everything anew for each. Each must end well."""
    code = "import sys; from cdp_assets.cli import main; sys.exit(any([main(one) for one in COMMANDS]))"
    return _process(home, "-c", code.replace("COMMANDS", repr([list(one) for one in commands])), check=True)


def _process(home: Path, *arguments: str, check: bool) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **_environment(home)},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=check,
    )


def cdp_here(home: Path, *arguments: str) -> str:
    """The same in this process, which need not load everything anew; what was printed. Where processes are not what is tested."""
    printed = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.chdir(home.parent)
        for name, value in _environment(home).items():
            patch.setenv(name, value)
        code = main(list(arguments))
    assert code == 0, f"cdp {arguments[0]} ended with {code}: its words are in what this test printed on stderr"
    return printed.getvalue()


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of ``erasure/workspace.py``, for all who erase from it or look into its past; only looked at and copied."""
    from cdp_assets_tests.erasure import workspace as small

    workspace = small.build(tmp_path_factory.mktemp("small") / "ws")
    workspace.ledger.close()  # its log is in the database then, whenever copies are made
    return workspace.home


@pytest.fixture
def pictures_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is a tenth of what a small run takes. For runs at whose pictures nobody looks; the sample's are drawn."""
    import vl_convert

    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda *_, **__: "")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The sample workspace after `cdp demo`, and what the demo printed. Beside it the copy in which the story went on (:func:`lived_on`)."""
    home = copy_sample(tmp_path_factory.mktemp("sample") / "data")
    done = cdp(home, "demo", "--keep", str(lived_on(home)), check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return home, done.stdout


def lived_on(home: Path) -> Path:
    """Where the copy of a sample is kept that the demo's story went on in."""
    return home.with_name("lived-on")
