"""A workspace: the directory with contracts, policies and landing files, and where its lake and databases are.

Any directory with ``contracts/`` and ``landing/`` is a workspace; another workspace is another deployment. This module
reads no environment (``resources.py`` does, and says where a workspace is) and knows no stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cdp_assets.lake import Lake, local_lake
from cdp_assets.ledger import Ledger


class WorkspaceError(ValueError):
    """The directory is not a workspace. Says what is missing and what to do."""


@dataclass(frozen=True)
class Workspace:
    """Where everything of one deployment is. URLs left empty mean the embedded default inside ``home``."""

    home: Path
    lake_url: str | None = None
    ledger_url: str | None = field(default=None, repr=False)
    publish_url: str | None = field(default=None, repr=False)
    erasure_secret: str | None = field(default=None, repr=False)

    @property
    def contracts_dir(self) -> Path:
        return self.home / "contracts"

    @property
    def landing_dir(self) -> Path:
        return self.home / "landing"

    @property
    def erasures_dir(self) -> Path:
        """Certificates of erasures, and what is still to be erased of one that goes on."""
        return self.home / "erasures"

    @property
    def exports_dir(self) -> Path:
        """What has been written out for people and other tools."""
        return self.home / "exports"

    @property
    def archive_dir(self) -> Path:
        """Where landed files go once they are imported, for sources whose contract says so: <source>/<import>/<name>."""
        return self.home / "archive"

    @property
    def truth_file(self) -> Path:
        """Known truth (record_id, entity_id), where somebody has it; most workspaces do not."""
        return self.home / "truth" / "records.parquet"

    @property
    def labels_file(self) -> Path | None:
        """Labelled pairs of records (record_id_l, record_id_r, judgement) that linkage may learn from, where somebody has them."""
        found = (self.home / "labels" / name for name in ("pairs.parquet", "pairs.csv"))
        return next((path for path in found if path.is_file()), None)

    def policy_file(self, name: str) -> Path | None:
        """``policies/<name>.yaml`` when the workspace has one, else None: the defaults hold."""
        path = self.home / "policies" / f"{name}.yaml"
        return path if path.is_file() else None

    @cached_property
    def lake(self) -> Lake:
        """The lake: ``lake_url``, else ``lake/`` in the workspace."""
        return Lake(self.lake_url) if self.lake_url else local_lake(self.home / "lake")

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger: ``ledger_url``, else ``ledger.db`` in the workspace."""
        return Ledger(self.ledger_url or f"sqlite:///{(self.home / 'ledger.db').resolve()}")

    @property
    def publication_url(self) -> str:
        """Where publications go: ``publish_url``, else ``published.db`` in the workspace."""
        return self.publish_url or f"sqlite:///{(self.home / 'published.db').resolve()}"

    def require(self) -> Workspace:
        """Return self; raise :class:`WorkspaceError` when the directory has no ``contracts/``."""
        if not self.contracts_dir.is_dir():
            raise WorkspaceError(
                f"{self.home} is not a workspace: it has no contracts/ directory. Name one with --workspace or CDP_HOME, "
                "draft a contract with `cdp source add FILE`, or make a sample with `cdp generate --people 200 --seed 1 DIR`"
            )
        return self
