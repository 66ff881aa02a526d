"""The secret that the signs of erased people hang on: without it a sign says nothing, and nobody can try values out.

From the environment (``CDP_ERASURE_KEY``, read in ``environment.py``), else from ``erasure.key`` in the workspace, which is
made once and readable by this account only. Keep a copy: with the secret the list of erased people is lost, and they come
back with the next delivery.

What does not belong here: what a sign is made of (``signs.py``).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cdp_assets.workspace import Workspace

KEY_FILE = "erasure.key"

SHORTEST_SECRET = 32
"""Signs of shorter secrets could be tried out."""

SIGN_DIGITS = 32
"""128 bits tell any two values apart."""

Sign = Callable[[str, str], str]
"""Gives the sign of a value of a kind."""


class SecretError(RuntimeError):
    """The secret is missing, too short, or another one. Says what to do, never the secret."""


def signer(workspace: Workspace, *, make: bool = False) -> Sign:
    """What makes signs with the workspace's secret; with ``make`` one is made where there is none.

    Raises :class:`SecretError`.
    """
    secret = _secret(workspace, make=make).encode()
    return lambda kind, value: hmac.digest(secret, f"{kind}\x1f{value}".encode(), hashlib.sha256).hex()[:SIGN_DIGITS]


def name_of(sign: Sign) -> str:
    """What tells one secret from another, and nothing of it."""
    return sign("name of the secret", "")


def _secret(workspace: Workspace, *, make: bool) -> str:
    path = workspace.home / KEY_FILE
    secret = workspace.erasure_secret
    if secret is None and make and not path.exists():
        _make(path)
    if secret is None:
        try:
            secret = path.read_text(encoding="ascii").strip()
        except OSError as problem:
            raise SecretError(
                f"{KEY_FILE} can not be read ({type(problem).__name__}): without it erased people would come back with the next "
                "import. Put its copy back, or name the secret by CDP_ERASURE_KEY"
            ) from None
    if len(secret) < SHORTEST_SECRET:
        raise SecretError(f"the secret of erasures has fewer than {SHORTEST_SECRET} characters; use a longer one")
    return secret


def _make(path: Path) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)  # whoever comes second takes the first one's
    except FileExistsError:
        pass
    finally:
        part.unlink()
