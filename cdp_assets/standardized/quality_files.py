"""Reports in the workspace's ``reports/quality/``: one page per source, and an index.

Each file is written beside its place and put there in one step: a reader sees the report before or the one after.

What does not belong here: what a page says or how it looks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

INDEX = "index"

_SAFE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class UnsafeNameError(ValueError):
    """A name that is not fit for a file; contracts do not let one through."""


def reports_dir(home: Path) -> Path:
    """Where the reports of a workspace are."""
    return home / "reports" / "quality"


def report_file(home: Path, name: str) -> Path:
    """Where the report of a source, or the index, is. Raises :class:`UnsafeNameError`; the name is not repeated."""
    if not _SAFE_NAME.fullmatch(name):
        raise UnsafeNameError("a report is named after a source: a-z, 0-9 and _, beginning with a letter")
    return reports_dir(home) / f"{name}.html"


def write_pages(home: Path, pages: Mapping[str, str]) -> list[Path]:
    """Write pages (name to HTML), readable by this account only: masked or not, they speak of people."""
    targets = [report_file(home, name) for name in pages]
    reports_dir(home).mkdir(parents=True, exist_ok=True)
    for target, html in zip(targets, pages.values(), strict=True):
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(html)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return targets
