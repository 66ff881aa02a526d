"""Serving the steward's page on a port of this machine.

What does not belong here: the pages (``page.py``).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

import uvicorn

from cdp_assets.steward.page import steward_app
from cdp_assets.workspace import Workspace


class ServingError(RuntimeError):
    """The page can not be served there. Says what to do."""


def serve(
    workspace: Workspace, *, host: str, port: int, other_hosts: Sequence[str], steward: str, tell: Callable[[str], None]
) -> None:
    """Serve until Ctrl-C. ``steward`` is whom decisions are written down to. Raises :class:`ServingError`."""
    app = steward_app(workspace, steward=steward, known_hosts=[host, *other_hosts])
    with _listening(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        tell(
            f"The steward's page: http://{shown}:{listening.getsockname()[1]} (decisions by {steward}; Ctrl-C ends it)"
        )
        if not _is_loopback(host):
            tell("It has no login: whoever reaches this address reads and decides. Put a proxy with a login before it.")
        # No access log: it would tell who was looked at, and when.
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((host, port))
            made.listen()
        except BaseException:
            made.close()
            raise
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or "there is no such port"
        raise ServingError(
            f"can not listen on {host}, port {port}: {reason}; choose another --port or --host"
        ) from None
    return made


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
