"""The only reader of the environment: where the workspace is, and which databases it uses.

=================== ==================================================== =========================================
variable            what it names                                        default
=================== ==================================================== =========================================
``CDP_HOME``        the workspace                                        ``data/``
``CDP_LAKE_URL``    the lake, a folder or an object-store URL            ``lake/`` in the workspace
``CDP_LEDGER_URL``  the ledger's database, a SQLAlchemy URL              SQLite, ``ledger.db`` in the workspace
``CDP_PUBLISH_URL`` the database that publications go to                 SQLite, ``published.db`` in the workspace
``CDP_ERASURE_KEY`` the secret that the signs of erased people hang on   made once, ``erasure.key`` in the workspace
=================== ==================================================== =========================================

Apart from ``resources.py`` so that a look-up on the command line does not load Dagster: that took 3.3 of 3.6 CPU seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cdp_assets.workspace import Workspace


def workspace_from_environment(home: Path | None = None) -> Workspace:
    """The workspace in ``home``, else where ``CDP_HOME`` says, else ``data/``."""
    return Workspace(
        home=Path(home or os.environ.get("CDP_HOME") or "data").expanduser().resolve(),
        lake_url=os.environ.get("CDP_LAKE_URL") or None,
        ledger_url=os.environ.get("CDP_LEDGER_URL") or None,
        publish_url=os.environ.get("CDP_PUBLISH_URL") or None,
        erasure_secret=os.environ.get("CDP_ERASURE_KEY") or None,
    )


def source_environment() -> Mapping[str, str]:
    """The environment, for contracts that name a database by ``url_env``."""
    return dict(os.environ)


def process_environment(workspace: Workspace, dagster_home: Path) -> dict[str, str]:
    """The environment of a child process that works on this workspace."""
    return {**os.environ, "CDP_HOME": str(workspace.home), "DAGSTER_HOME": str(dagster_home)}
