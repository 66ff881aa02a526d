"""The workspace's Dagster instance, and turns: one process at a time.

What does not belong here: what is done with it (``running.py``).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from cdp_assets.automation.printed import shown_afterwards
from cdp_assets.automation.runs_under_way import release_dead_runs
from cdp_assets.automation.storage import (
    ask_for_the_schema_once,
    databases_kept_open,
    engines_made_once,
    migrations_loaded_once,
)
from cdp_assets.sources.placing import locked
from cdp_assets.workspace import Workspace


def dagster_home(workspace: Workspace) -> Path:
    """The workspace's Dagster instance: ``dagster/`` with the project's dagster.yaml, made when missing.

    It is made aside, with its databases, and put in place in one step. Dagster makes them piece by piece: two processes
    that did so at once in one place left databases that could never be opened again.
    """
    home = workspace.home / "dagster"
    if not home.exists():
        with one_at_a_time(workspace.home, lambda: None):
            if not home.exists():
                _make_dagster_home(home)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        shutil.copyfile(_shipped_configuration(), configuration)
    return home


def _make_dagster_home(home: Path) -> None:
    aside = home.with_name(".dagster-unfinished")
    shutil.rmtree(aside, ignore_errors=True)  # what a killed process has left
    aside.mkdir()
    shutil.copyfile(_shipped_configuration(), aside / "dagster.yaml")
    with migrations_loaded_once(), engines_made_once(), dg.DagsterInstance.from_config(str(aside)) as instance:
        instance.get_runs_count()
        instance.get_dynamic_partitions("")  # the index of events is made when it is first asked
        instance.all_instigator_state()
    aside.rename(home)


def _shipped_configuration() -> Path:
    """The project's dagster.yaml: a link in a checkout, a copy in an installed wheel."""
    return Path(__file__).parent.parent / "dagster.yaml"


@contextmanager
def one_at_a_time(folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """One process of this machine at a time; ``wait`` is called when it is another's turn. The system ends a turn with its process,
    however that ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not locked(descriptor, wait=False):
            wait()
            locked(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def opened_instance(
    workspace: Workspace, report: Callable[[str], None], *, files_are_read: bool = False
) -> Iterator[dg.DagsterInstance]:
    """The workspace's Dagster instance, in which no killed run stands in the way; ``report`` is told of each that did.

    ``files_are_read``: this process reads the files of the instance's databases by itself, meanwhile.
    """
    home = dagster_home(workspace)
    looked_into = engines_made_once if files_are_read else databases_kept_open
    with (
        migrations_loaded_once(),
        looked_into(),
        shown_afterwards(),
        dg.DagsterInstance.from_config(str(home)) as instance,
    ):
        ask_for_the_schema_once(instance)
        for dead in release_dead_runs(instance):
            report(dead)
        yield instance
