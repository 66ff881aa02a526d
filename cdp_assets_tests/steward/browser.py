"""A browser for tests: keeps cookies, fills the page's own forms, follows redirects when told to."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.types import ASGIApp


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Browser:
    """One visitor of an ASGI application, without a server and without a network."""

    app: ASGIApp
    host: str = "localhost:3010"
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self._send("GET", path, b"", headers)

    def post(self, path: str, fields: dict[str, str], *, token: bool = True, **headers: str) -> Answer:
        body = urlencode({**({"token": self.token} if token else {}), **fields}).encode()
        return self._send("POST", path, body, {"content-type": "application/x-www-form-urlencoded", **headers})

    def open(self) -> Browser:
        """Visit the first page, so that there is a cookie and a token."""
        self.get("/")
        return self

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        route, _, query = path.partition("?")
        sent = {"host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": route, "raw_path": route.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 3010),
        }  # fmt: skip
        answer = asyncio.run(_answered(self.app, scope, body))
        if cookie := re.match(r"([^=;]+)=([^;]*)", answer.headers.get("set-cookie", "")):
            self.cookies[cookie[1]] = cookie[2]
        if token := re.search(r'name="token" value="([0-9a-f]+)"', answer.text):
            self.token = token[1]
        return answer


async def _answered(app: ASGIApp, scope: dict[str, object], body: bytes) -> Answer:
    started: dict[str, object] = {}
    parts: list[bytes] = []
    sent = False

    async def receive() -> dict[str, object]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(message.get("body", b""))  # type: ignore[arg-type]

    await app(scope, receive, send)  # type: ignore[arg-type]
    headers = {name.decode(): value.decode() for name, value in started["headers"]}  # type: ignore[attr-defined]
    return Answer(int(str(started["status"])), headers, b"".join(parts).decode())
