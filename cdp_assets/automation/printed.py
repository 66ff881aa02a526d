"""What is printed in the course of a run: Dagster keeps it in files, for its UI, and shows it all the same.

What does not belong here: what a command prints (``cli/``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dagster._core.execution import compute_logs

_SHOWS = "tail_to_stream"
"""The name by which Dagster's capture of output does; it offers no setting for it."""


@contextmanager
def shown_afterwards() -> Iterator[None]:
    """To show meanwhile what goes into the files of a run, Dagster starts a ``tail`` for each of the two, and a Python that watches over it:
    four processes a job, two dozen in a small run, and a twentieth of its CPU time. Ours print nothing but what went wrong; in here, it is
    shown when the run has ended."""
    before = getattr(compute_logs, _SHOWS)
    setattr(compute_logs, _SHOWS, _shown_afterwards)
    try:
        yield
    finally:
        setattr(compute_logs, _SHOWS, before)


@contextmanager
def _shown_afterwards(path: str, stream: TextIO) -> Iterator[tuple[None, None]]:
    """In the place of the ids of two processes: there are none."""
    try:
        yield None, None
    finally:
        if printed := Path(path).read_text(encoding="utf-8", errors="replace"):
            stream.write(printed)
            stream.flush()
