"""A process that gives up being root and imports a file that it may not read, and says what it found.

Run as ``python -m cdp_assets_tests.hostile.without_permission HOME``. Prints a JSON object.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from cdp_assets_tests.hostile.case import FILE_PERSON, LONG_AGO, PERSON, ROW, text
from cdp_assets_tests.hostile.delivered import settle
from cdp_assets_tests.hostile.test_moments import NAME, Folder

NOBODY = 65_534


def main(home: Path) -> None:
    """Let the file be forbidden, then allowed, then forbidden after it was registered; then the whole folder."""
    elsewhere = home.parent / "warm_up"
    elsewhere.mkdir()
    Folder(elsewhere).run()  # loads everything: nobody may not be able to read the libraries
    moving = Folder(home)
    if os.geteuid() == 0:
        for path in [home, *home.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    found = {}
    path = moving.folder / NAME
    path.chmod(0)
    found["forbidden"] = _run(moving)
    path.chmod(0o600)
    settle(path, LONG_AGO)
    found["allowed"] = _run(moving)
    later = moving.write(f"later {NAME}", text(ROW.replace("1,", "7,"), f"8,{PERSON},x\n"))
    moving.look()
    later.chmod(0)
    found["forbidden after the look"] = _run(moving)
    moving.folder.chmod(0)
    try:
        moving.look()
    except OSError as problem:
        found["forbidden folder"] = {"raised": type(problem).__name__}
    finally:
        moving.folder.chmod(0o700)
    print(json.dumps(found))


def _run(moving: Folder) -> dict[str, Any]:
    waiting = [item.why for item in moving.look().waiting]
    imports = moving.run().values()
    problems = [problem for _, problem in imports if problem]
    return {"states": [state for state, _ in imports], "waiting": waiting + problems}


if __name__ == "__main__":
    assert FILE_PERSON in NAME
    main(Path(sys.argv[1]))
