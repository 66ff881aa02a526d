"""When things run: jobs, schedules, sensors, and the same without the UI (``cdp run``).

================== =========================================================================
``jobs``           what can be run
``schedules``      what runs by the clock
``sensors``        what runs because something has arrived
``arriving``       files that land, and imports that wait
``partitions``     imports as partitions of their source
``runs_under_way`` what runs, and what only seems to
``home``           the workspace's Dagster instance; one process at a time
``storage``        its databases in SQLite, looked into with less ado
``printed``        what is printed in the course of a run
``running``        a job in this process, and the report of it
``resolving``      a resolution where there is something new
``pending``        ``cdp run``
``rereading``      ``cdp backfill``, ``cdp replay``
``single_jobs``    ``cdp model train``, ``cdp plan``, ``cdp audit``
``erasing``        ``cdp erase``
================== =========================================================================

Read from here what others use. The code location imports this folder, so what runs a job imports the code location only when
it is called.

What does not belong here: what an asset computes.
"""

from cdp_assets.automation.erasing import ErasureBusyError, ErasureReport, erase
from cdp_assets.automation.home import dagster_home
from cdp_assets.automation.jobs import RESOLVE, extract_job_name, ingest_job_name, jobs_for
from cdp_assets.automation.partitions import (
    add_partitions,
    contiguous,
    partitions_name,
    range_tags,
    tell_of_imports,
    waiting_imports,
)
from cdp_assets.automation.pending import run_pending
from cdp_assets.automation.rereading import RereadError, RereadReport, backfill, replay
from cdp_assets.automation.running import RunReport
from cdp_assets.automation.runs_under_way import PROCESS_TAG, is_importing, is_running, release_dead_runs
from cdp_assets.automation.schedules import schedules_for
from cdp_assets.automation.sensors import sensors_for
from cdp_assets.automation.single_jobs import audit, audit_resolution, plan, train

__all__ = [
    "PROCESS_TAG",
    "RESOLVE",
    "ErasureBusyError",
    "ErasureReport",
    "RereadError",
    "RereadReport",
    "RunReport",
    "add_partitions",
    "audit",
    "audit_resolution",
    "backfill",
    "contiguous",
    "dagster_home",
    "erase",
    "extract_job_name",
    "ingest_job_name",
    "is_importing",
    "is_running",
    "jobs_for",
    "partitions_name",
    "plan",
    "range_tags",
    "release_dead_runs",
    "replay",
    "run_pending",
    "schedules_for",
    "sensors_for",
    "tell_of_imports",
    "train",
    "waiting_imports",
]
