"""What a workspace may decide about erasures.

``policies/erasure.yaml``, which is optional::

    delivered_files: rewrite     # or keep: they are somebody else's evidence, and are kept elsewhere under a rule of their own
    not_ours: [shop.db, seed]    # files and folders of the workspace that belong to others

``rewrite``: a delivered file that holds lines of the person and of others is written anew without theirs, byte for byte
else. One that can not be rewritten is removed, for the lines of others are kept in the lake; of a file that was refused, and
that its source has to deliver again, nothing is kept. ``keep``: delivered files stay as they are; a certificate says so, and
does not speak of them.

A database that a contract reads belongs to its source, and need not be named.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cdp_assets.sources.policy_file import read_policy


class ErasurePolicy(BaseModel):
    """See the module."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    delivered_files: Literal["rewrite", "keep"] = "rewrite"
    not_ours: tuple[str, ...] = ()


def load_erasure_policy(path: Path | None) -> ErasurePolicy:
    """The policy in ``path``, or the default. Raises :class:`~cdp_assets.sources.policy_file.PolicyError`."""
    return read_policy(path, ErasurePolicy)
