"""What protects the page: whom it answers, what a browser may do with it, and that forms come from itself.

The page has no login; it is for the person at this machine, or behind a proxy that has one. So it answers only requests
that name it by a name it knows (a foreign site can not reach it by DNS rebinding), and takes only forms that it made
itself (a token tied to a cookie that no other site can send). Nothing is kept in a cache, framed, or loaded from elsewhere.

What does not belong here: what the pages show (``page.py``).
"""

from __future__ import annotations

import hmac
import secrets
import sys
import traceback
from collections.abc import Collection, Mapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

LARGEST_FORM_BYTES = 65_536
"""A form of this page is a few lines of text."""

MOST_FORM_FIELDS = 250
"""A tick for each record of a customer; one with more records is taken apart by the command line."""

COOKIE = "cdp_steward"

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",  # personal values stay out of the browser's disk
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class RefusedFormError(RuntimeError):
    """A form was not made by this page, or is not one. Says what to do."""


class Protection:
    """The outermost layer: checks the Host header, adds the security headers, gives each browser its cookie.

    An error that nobody foresaw is answered with a page that says so; its text, which may quote a value, goes nowhere.
    """

    def __init__(self, app: ASGIApp, known_hosts: Collection[str]) -> None:
        self._app = app
        self._known_hosts = {name.lower() for name in known_hosts} | LOOPBACK_NAMES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            return  # no web sockets, no lifespan
        headers = Headers(scope=scope)
        if _host_name(headers.get("host", "")) not in self._known_hosts:
            refusal = (
                "This page does not answer to that name. Use http://localhost, or start it with --allow-host NAME.\n"
            )
            await PlainTextResponse(refusal, status_code=421)(scope, receive, send)
            return
        cookie = _cookie(headers.get("cookie", ""))
        session = cookie or secrets.token_urlsafe(24)
        scope["cdp_session"] = session
        started = False

        async def send_protected(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                told = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    told.setdefault(name, value)
                if cookie is None:
                    told.append("set-cookie", f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict")
            await send(message)

        try:
            await self._app(scope, receive, send_protected)
        except Exception as problem:
            _report(problem)
            if not started:
                text = "Something went wrong, and nothing was written. The window in which the page was started says where.\n"
                await PlainTextResponse(text, status_code=500)(scope, receive, send_protected)


class FormTokens:
    """Tokens that tie a form to the browser that it was made for. A new start of the page makes new ones."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def token(self, request: Request) -> str:
        """The token that a form for this browser carries."""
        return hmac.new(self._secret, str(request.scope["cdp_session"]).encode(), sha256).hexdigest()

    async def read(self, request: Request) -> Mapping[str, str]:
        """The fields of a posted form. Raises :class:`RefusedFormError` for one that this page did not make."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
            raise RefusedFormError("the form comes from another site; open the page itself and try again")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_FORM_BYTES:
                raise RefusedFormError("the form is too long; shorten the text and try again")
        try:
            fields = dict(
                parse_qsl(
                    body.decode("utf-8"),
                    strict_parsing=bool(body),
                    max_num_fields=MOST_FORM_FIELDS,
                    keep_blank_values=True,
                )
            )
        except ValueError:
            raise RefusedFormError("that is no form of this page; go back to it and try again") from None
        if not hmac.compare_digest(fields.get("token", ""), self.token(request)):
            raise RefusedFormError(
                "the form is from before the page was started anew; go back, reload it and try again"
            )
        return fields


def _host_name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case; empty where it is malformed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _cookie(header: str) -> str | None:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None and found.value else None


def _report(problem: Exception) -> None:
    """Kind and place of an unforeseen error; its text may quote a value."""
    own = [frame for frame in traceback.extract_tb(problem.__traceback__) if "cdp_assets" in Path(frame.filename).parts]
    where = f" at {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    sys.stderr.write(f"cdp steward: an unforeseen {type(problem).__name__}{where}\n")
