"""A process that imports files which are hard on memory, one after the other, and says what each needed.

Run as ``python -m cdp_assets_tests.hostile.memory HOME``. Prints a JSON object: case to its outcome and the megabytes by
which the process has ever been larger than before the first one.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from cdp_assets.workspace import Workspace
from cdp_assets_tests.hostile.case import GOOD, REJECTED, Case
from cdp_assets_tests.hostile.cases import CASES
from cdp_assets_tests.hostile.delivered import Delivered, deliver

ROWS = 200_000


def _all_rejected(path: Path) -> None:
    """Many rows, none of which can be read, on the disk without ever being in memory."""
    with path.open("w") as file:
        file.write("id,name,email\n")
        for start in range(0, ROWS, 10_000):
            file.write("".join(f"row {number}\n" for number in range(start, start + 10_000)))


def _thrown_up(path: Path) -> None:
    """Bytes that expand to a gigabyte."""
    bomb = next(case for case in CASES if case.name == "gzip_bomb").put(path.parent, path.name).read_bytes()
    with path.open("ab") as file:
        for _ in range(12):
            file.write(bomb)


HARD = (
    Case("nothing", "", "", "", GOOD.replace(b"g1", b"g2")),
    *(case for case in CASES if case.name in ("a_million_columns", "zstd_bomb", "excel_bomb")),
    Case("large_gzip_bomb", "", "", "", _thrown_up, places=True),
    Case("all_rejected", "", REJECTED, "", _all_rejected, places=True),
)


def main(home: Path) -> None:
    """Import each and print what it needed."""
    (home / "contracts").mkdir(parents=True)
    workspace, found = Workspace(home), {}
    before = 0
    for case in HARD:
        delivered = deliver(workspace, case)
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        before = before or largest
        found[case.name] = [*_outcome(delivered), largest - before]
    print(json.dumps(found))


def _outcome(delivered: Delivered) -> tuple[str, int, int, int]:
    row = delivered.row
    assert row is not None
    return delivered.where, int(row["lines"] or 0), int(row["records"] or 0), int(row["rejected"] or 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
