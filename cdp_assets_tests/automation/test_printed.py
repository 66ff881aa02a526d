"""What a run prints is kept with it and shown, and no process is started for that."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import pytest

from cdp_assets.automation.home import opened_instance
from cdp_assets.workspace import Workspace


@dg.op
def prints() -> None:
    print("on the one")
    print("and on the other: ü", file=sys.stderr)


@dg.job
def printing() -> None:
    prints()


def never(*_given: object, **_more: object) -> None:
    raise AssertionError("a process is started")


def test_what_a_run_prints_is_kept_and_shown_without_a_process(
    workspace: Workspace, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", never)
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with opened_instance(workspace, lambda _: None) as instance:
        done = printing.execute_in_process(instance=instance, run_config=quiet)
        (captured,) = [event for event in done.all_events if event.event_type_value == "LOGS_CAPTURED"]
        kept = instance.compute_log_manager.get_log_data(
            [done.run_id, "compute_logs", captured.logs_captured_data.file_key]
        )
    assert (kept.stdout, kept.stderr) == (b"on the one\n", "and on the other: ü\n".encode())
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("on the one\n", "and on the other: ü\n")
