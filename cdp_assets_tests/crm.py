"""A CRM of people, as tests of whole runs deliver it: a workspace with its contract, and files of it that have landed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

COLUMNS = {
    "first_name": "First", "last_name": "Last", "email": "Email", "date_of_birth": "DOB", "street": "Street", "city": "City",
    "postcode": "Zip",
}  # fmt: skip
HEADER = ",".join(["id", *COLUMNS.values()])


def crm_contract(delivers: str = "changes", also: str = "", **more: str) -> str:
    """The contract of profiles that tell people apart. ``also``: a line of it; ``more``: further fields with their columns."""
    columns = ", ".join(f"{field}: {column}" for field, column in (COLUMNS | more).items())
    said = [
        "source: crm",
        "kind: profiles",
        'extract: {files: "*.csv"}',
        f"delivers: {delivers}",
        "key: id",
        "country: GB",
    ]
    return "\n".join([*said, *([also] if also else []), f"columns: {{{columns}}}", ""])


def crm_folders(home: Path, contract: str) -> Path:
    """The folders of a workspace with this contract; where the contract stands."""
    for folder in ("contracts", "policies", "landing/crm"):
        (home / folder).mkdir(parents=True)
    path = home / "contracts" / "crm.yaml"
    path.write_text(contract)
    return path


def land(home: Path, name: str, rows: Iterable[str], seconds_ago: int, header: str = HEADER) -> None:
    """A file that landed so long ago."""
    path = home / "landing" / "crm" / name
    path.write_text("\n".join([header, *rows]) + "\n")
    then = time.time() - seconds_ago
    os.utime(path, (then, then))
