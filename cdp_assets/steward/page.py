"""The page where a person looks a customer up, sees why, decides and corrects.

A few server-rendered pages over the functions of this package; no script, no request to anywhere else. Look-ups are
posted, so that no personal value stands in a URL; links carry customer ids and review items only. Everything that is
decided goes to the ledger and takes effect at the next resolution.

What does not belong here: finding things out (``lookup.py``, ``dossier.py``, ``connection.py``), writing decisions
(``decisions.py``), protecting the page (``protection.py``).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cdp_assets.identity_graph.partings import PartingError, pin_of
from cdp_assets.judgements import ContradictoryJudgementError, judgements_in_force
from cdp_assets.lake import MissingTableError
from cdp_assets.steward import page_words
from cdp_assets.steward.connection import connection
from cdp_assets.steward.decisions import DecisionError, correct, judge, record_that_says
from cdp_assets.steward.dossier import Dossier, dossier, record_versions
from cdp_assets.steward.lookup import LookupProblemError, find, names_of, resolve_id
from cdp_assets.steward.partings import pin_customer, split_customer, unmerge, unpin_customer
from cdp_assets.steward.protection import FormTokens, Protection, RefusedFormError
from cdp_assets.steward.review import CONTESTED_CORRECTION, open_items, review_item
from cdp_assets.steward.status import decisions_since
from cdp_assets.tables import CUSTOMER_IDS
from cdp_assets.workspace import Workspace

ITEMS_PER_PAGE = 25
ITEMS_ON_THE_FIRST_PAGE = 5

_HERE = Path(__file__).parent
_PLACE_TO_RETURN_TO = re.compile(r"/(customers/[0-9A-Z]{1,32}|review)?")


@dataclass
class _Pages:
    workspace: Workspace
    steward: str
    tokens: FormTokens = field(default_factory=FormTokens)

    def __post_init__(self) -> None:
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self.templates.filters |= page_words.FILTERS
        self.templates.globals["words"] = page_words

    # -- pages --------------------------------------------------------------------------------------------------------

    async def start(self, request: Request) -> Response:
        """Search, and the most urgent review items."""
        return await self._page(request, "start.html", lambda: self._start())

    async def found(self, request: Request) -> Response:
        """A posted enquiry: the one customer it means, or a list."""
        asked = (await self.tokens.read(request)).get("enquiry", "")
        result = await run_in_threadpool(find, self.workspace.lake, asked)
        if result.total == 1:
            return RedirectResponse(f"/customers/{result.customer_ids[0]}", status_code=303)
        names = await run_in_threadpool(names_of, self.workspace.lake, result.customer_ids)
        return await self._page(request, "found.html", lambda: {"found": result, "customers": names.to_dicts()})

    async def customer(self, request: Request) -> Response:
        """A customer's dossier; a former id leads to the current one."""
        asked = str(request.path_params["customer_id"])
        current = await run_in_threadpool(resolve_id, self.workspace.lake, asked)
        if current != asked:
            return RedirectResponse(f"/customers/{current}?former={asked}", status_code=307)
        return await self._page(request, "customer.html", lambda: self._customer(current))

    async def why(self, request: Request) -> Response:
        """Why two records are, or are not, one customer."""
        said = await self.tokens.read(request)
        pair = said.get("record_l", ""), said.get("record_r", "")
        return await self._page(request, "why.html", lambda: self._why(*pair))

    async def review(self, request: Request) -> Response:
        """The review queue, worst first."""
        number = request.query_params.get("page", "1")
        page = int(number) if number.isdecimal() and 0 < int(number) < 10_000 else 1
        return await self._page(request, "review.html", lambda: self._review(page))

    async def item(self, request: Request) -> Response:
        """One review item: both sides, the evidence, and the decision."""
        return await self._page(request, "item.html", lambda: self._item(str(request.path_params["item_id"])))

    async def style(self, request: Request) -> Response:
        """The style sheet."""
        return Response((_HERE / "style.css").read_text(encoding="utf-8"), media_type="text/css")

    # -- decisions ----------------------------------------------------------------------------------------------------

    async def judged(self, request: Request) -> Response:
        """A judgement on two records, to the ledger."""
        said = await self.tokens.read(request)
        await run_in_threadpool(
            judge,
            self.workspace,
            said.get("record_l", ""),
            said.get("record_r", ""),
            said.get("judgement", ""),
            by=self.steward,
            reason=said.get("reason"),
            now=datetime.now(UTC),
        )
        return _back(said, "judged")

    async def corrected(self, request: Request) -> Response:
        """A correction of a customer's value, to the ledger."""
        said = await self.tokens.read(request)
        await run_in_threadpool(self._correct, said)
        return _back(said, "corrected")

    async def split(self, request: Request) -> Response:
        """The records that were ticked, or the former id that was merged, become a customer of their own."""
        said = await self.tokens.read(request)
        await run_in_threadpool(self._split, said)
        return _back(said, "judged")

    async def pinned(self, request: Request) -> Response:
        """A customer is pinned, or let go."""
        said = await self.tokens.read(request)
        decide = unpin_customer if said.get("pin") == "no" else pin_customer
        await run_in_threadpool(lambda: decide(self.workspace, said.get("customer_id", ""), **self._who(said)))
        return _back(said, "judged")

    def _split(self, said: Mapping[str, str]) -> None:
        if said.get("former_id"):
            unmerge(self.workspace, said["former_id"], **self._who(said))
            return
        part = [name.removeprefix("part:") for name, value in said.items() if name.startswith("part:") and value]
        split_customer(self.workspace, said.get("customer_id", ""), [part], **self._who(said))

    def _who(self, said: Mapping[str, str]) -> dict[str, Any]:
        return {"by": self.steward, "reason": said.get("reason") or "decided on the page", "now": datetime.now(UTC)}

    def _correct(self, said: Mapping[str, str]) -> None:
        lake, name = self.workspace.lake, said.get("field", "")
        about = dossier(lake, self.workspace.ledger, said.get("customer_id", ""))
        records = about.records["record_id"].to_list()
        record = record_that_says(lake, records, name, said.get("current", ""))
        value = said.get("value", "") if said.get("correction") == "set" else said.get("current", "")
        correct(self.workspace, record, name, value, said.get("correction", ""), by=self.steward, now=datetime.now(UTC))

    # -- what the pages show ------------------------------------------------------------------------------------------

    def _start(self) -> dict[str, Any]:
        lake = self.workspace.lake
        if not lake.exists(CUSTOMER_IDS):
            return {"customers": 0, "records": 0, "items": [], "waiting": 0, "review_items": 0}
        ids = lake.scan(CUSTOMER_IDS).select(
            pl.col("customer_id").n_unique().alias("customers"), pl.len().alias("records")
        )
        counts = ids.collect().row(0, named=True)
        items = open_items(lake, self.workspace.ledger)
        return {
            **counts,
            "items": items.head(ITEMS_ON_THE_FIRST_PAGE).to_dicts(),
            "review_items": items.height,
            "waiting": self._waiting(),
        }

    def _customer(self, customer_id: str) -> dict[str, Any]:
        about = dossier(self.workspace.lake, self.workspace.ledger, customer_id)
        versions = record_versions(self.workspace.lake, about.records["record_id"].to_list())
        return {
            "about": about,
            "records": _with_versions(about, versions),
            "retracted": page_words.retracted(about.corrections),
            "waiting": self._waiting(),
            "is_pinned": bool(
                pin_of(judgements_in_force(self.workspace.ledger.judgements()), about.records["record_id"].to_list())
            ),
        }

    def _why(self, record_id_l: str, record_id_r: str) -> dict[str, Any]:
        found = connection(self.workspace, record_id_l, record_id_r)
        versions = record_versions(self.workspace.lake, [record_id_l, record_id_r]).filter("is_newest")
        return {"found": found, "says": {row["record_id"]: row for row in versions.to_dicts()}}

    def _review(self, page: int) -> dict[str, Any]:
        items = open_items(self.workspace.lake, self.workspace.ledger)
        pages = max(1, -(-items.height // ITEMS_PER_PAGE))
        page = min(page, pages)
        return {
            "items": items.slice((page - 1) * ITEMS_PER_PAGE, ITEMS_PER_PAGE).to_dicts(),
            "page": page, "pages": pages, "total": items.height, "waiting": self._waiting(),
        }  # fmt: skip

    def _item(self, item_id: str) -> dict[str, Any]:
        item = review_item(self.workspace.lake, self.workspace.ledger, item_id)
        sides = [
            dossier(self.workspace.lake, self.workspace.ledger, customer_id)
            for customer_id in (item["customer_id_l"], item["customer_id_r"])
            if customer_id
        ]
        has_pair = item["record_id_l"] and item["record_id_r"] and item["why"] != CONTESTED_CORRECTION
        found = connection(self.workspace, item["record_id_l"], item["record_id_r"]) if has_pair else None
        return {"item": item, "sides": sides, "found": found}

    def _waiting(self) -> int:
        """Decisions that the current resolution does not know yet."""
        last = self.workspace.ledger.last_resolution()
        return decisions_since(self.workspace.ledger, last["resolved_at"] if last else None)

    # -- around them --------------------------------------------------------------------------------------------------

    async def _page(
        self, request: Request, template: str, content: Callable[[], Mapping[str, Any]], status: int = 200
    ) -> HTMLResponse:
        return HTMLResponse(
            await run_in_threadpool(lambda: self._rendered(request, template, content())), status_code=status
        )

    def _rendered(self, request: Request, template: str, content: Mapping[str, Any]) -> str:
        done = page_words.DONE.get(request.query_params.get("done", ""))
        former = request.query_params.get("former", "")
        notice = done or (
            f"{former} is a former id of this customer." if re.fullmatch(r"[0-9A-Z]{1,32}", former) else None
        )
        return self.templates.get_template(template).render(
            token=self.tokens.token(request), steward=self.steward, notice=notice, **content
        )

    async def problem(self, request: Request, problem: Exception) -> Response:
        """The page for an error that is explained, with its status."""
        status = next(code for kind, code in _STATUS.items() if isinstance(problem, kind))
        chain = problem.chain if isinstance(problem, ContradictoryJudgementError) else ()
        return await self._page(request, "problem.html", lambda: {"problem": str(problem), "chain": chain}, status)

    async def unforeseen(self, request: Request, problem: Exception) -> Response:
        """The page for an error that nobody foresaw; ``Protection`` reports its kind and place."""
        said = "Something went wrong that nobody foresaw. The window in which the page was started says where."
        return await self._page(request, "problem.html", lambda: {"problem": said, "chain": ()}, 500)


_STATUS: dict[type[Exception], int] = {
    LookupProblemError: 404,
    MissingTableError: 404,
    DecisionError: 400,
    PartingError: 400,
    RefusedFormError: 403,
    ContradictoryJudgementError: 409,
}


def steward_app(workspace: Workspace, *, steward: str, known_hosts: list[str]) -> ASGIApp:
    """The page as an ASGI application. ``steward`` is whom decisions are written down to."""
    pages = _Pages(workspace, steward)
    app = Starlette(
        routes=[
            _get("/", pages.start),
            _get("/style.css", pages.style),
            _get("/customers/{customer_id}", pages.customer),
            _get("/review", pages.review),
            _get("/review/{item_id}", pages.item),
            _post("/find", pages.found),
            _post("/why", pages.why),
            _post("/judge", pages.judged),
            _post("/correct", pages.corrected),
            _post("/split", pages.split),
            _post("/pin", pages.pinned),
        ],
        exception_handlers={**dict.fromkeys(_STATUS, pages.problem), Exception: pages.unforeseen},
    )
    return Protection(app, known_hosts)


_Endpoint = Callable[[Request], Awaitable[Response]]


def _get(path: str, endpoint: _Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET"])


def _post(path: str, endpoint: _Endpoint) -> Route:
    return Route(path, endpoint, methods=["POST"])


def _back(said: Mapping[str, str], done: str) -> RedirectResponse:
    """Back to where the form stood, with a word on what was done."""
    place = said.get("back", "/")
    return RedirectResponse(f"{place if _PLACE_TO_RETURN_TO.fullmatch(place) else '/'}?done={done}", status_code=303)


def _with_versions(about: Dossier, versions: pl.DataFrame) -> list[dict[str, Any]]:
    """The customer's records, each with all its versions, newest first."""
    by_record: dict[str, list[dict[str, Any]]] = {}
    for row in versions.sort("version", descending=True).to_dicts():
        by_record.setdefault(row["record_id"], []).append(row)
    return [{**row, "all_versions": by_record.get(row["record_id"], [])} for row in about.records.to_dicts()]
