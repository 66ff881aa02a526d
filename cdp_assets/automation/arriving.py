"""What has landed, and is complete, is registered; what waits although it is, is told of.

What does not belong here: how a file is told to be complete (``sources/arrivals.py``).
"""

import time
from collections.abc import Callable

from cdp_assets import resources
from cdp_assets.sources.arrivals import Arrivals, register_arrivals
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.tidying import is_due, tidy
from cdp_assets.workspace import Workspace

SETTLE_SECONDS = 2.0
"""A file that was written to within this time may still be growing."""

UNSETTLED_WAIT_SECONDS = 60.0
"""A re-resolution waits for files that are still arriving, but not for one that has stood unfinished this long."""


def look_for_arrivals(workspace: Workspace, contract: SourceContract, warn: Callable[[str], None]) -> bool:
    """Register what has landed; whether the folder could be read. One that can not never stops the other sources."""
    try:
        arrivals = register_arrivals(workspace, contract, resources.now(), settle_seconds=SETTLE_SECONDS)
        if arrivals.copies or is_due(workspace, contract):
            tidy(workspace, contract)
    except OSError as problem:
        warn(f"{contract.source}: its landing folder could not be read ({type(problem).__name__})")
        return False
    return True


def settled_arrivals(workspace: Workspace, contract: SourceContract) -> Arrivals:
    """Register what has landed; give files that are being written one more look when they have had time to settle.

    Whoever calls ``cdp run`` says that the files are there: one that has not changed in between is complete, though its
    last line has no end.
    """
    arrivals = register_arrivals(workspace, contract, resources.now(), settle_seconds=SETTLE_SECONDS)
    if arrivals.unfinished:
        time.sleep(SETTLE_SECONDS)
        arrivals = register_arrivals(
            workspace, contract, resources.now(), settle_seconds=SETTLE_SECONDS, quiet_seconds=SETTLE_SECONDS
        )
    return arrivals


def why_held(contract: SourceContract, choices: int, waiting: int) -> str:
    """That imports wait for a person's choice, and what to do."""
    return (
        f"{contract.source}: {waiting} import(s) wait, for its contract has changed in {choices} way(s) that a person has to "
        f"choose; `cdp contract check {contract.source}` explains, `cdp contract accept {contract.source}` goes on"
    )
