"""The demo's story: one invented person in six systems, told from the workspace's own tables.

``truth/story.json`` (made with the sample) names her records and what must come of them; everything else that is told
is read from the lake: the records as they came in, the golden record that came out, and what simpler ways of putting
customers together would have made of the same records.

What does not belong here: running the pipeline, and the story itself (``evaluation/world/story.py``).
"""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdp_assets.steward.chains import Step
from cdp_assets.steward.connection import joining_chain
from cdp_assets.steward.connection_text import chain_table
from cdp_assets.steward.customer_text import one_line_address
from cdp_assets.steward.dossier import Dossier, dossier, record_versions
from cdp_assets.steward.evaluation_text import evaluation_text, measured, read_truth
from cdp_assets.steward.lookup import require_made
from cdp_assets.steward.plain_text import bullets, cell, facts, heading, paragraph, plural, table
from cdp_assets.tables import CUSTOMER_IDS, CUSTOMERS
from cdp_assets.workspace import Workspace

UNSENDABLE = ("dead", "retracted")

WITHDRAWN, GIVEN = "withdrawn", "given"


class StoryError(RuntimeError):
    """The story can not be told. Says what to do."""


@dataclass(frozen=True)
class Told:
    """The story as text, and what of it does not hold: empty when everything came out as it must.

    ``further``: what to look at next; ``is_of_somebody``: there is a story, not only figures.
    """

    text: str
    broken: tuple[str, ...]
    further: str = ""
    is_of_somebody: bool = False


@dataclass(frozen=True)
class _Story:
    """What ``truth/story.json`` says, and the records it speaks of, one row per step in order (step, says, record)."""

    person: str
    steps: list[dict[str, Any]]
    must_hold: dict[str, Any]

    @property
    def records(self) -> list[str]:
        return [step["record_id"] for step in self.steps]


def tell(workspace: Workspace, width: int) -> Told:
    """Tell the workspace's story; of a workspace without one, its figures. Raises before the first resolution."""
    lake = workspace.lake
    require_made(lake, CUSTOMER_IDS)
    story = _read(workspace)
    if story is None:
        return Told(_figures(workspace, width), (), _further(None, (), width))
    versions = record_versions(lake, story.records).filter("is_newest")
    says = {row["record_id"]: row for row in versions.to_dicts()}
    ids = lake.scan(CUSTOMER_IDS).filter(pl.col("record_id").is_in(story.records)).collect()
    if ids.is_empty():
        raise StoryError(
            "none of the story's records is resolved; run `cdp run`, and see `cdp status` for what was refused"
        )
    counted = ids.group_by("customer_id").len().sort("len", "customer_id", descending=[True, False])
    about = dossier(lake, workspace.ledger, counted["customer_id"][0])
    customer_of = dict(ids.select("record_id", "customer_id").rows())
    chain = _chain(workspace, story, customer_of, about.customer_id, says)
    broken = _broken(story, about, customer_of)
    sections = [
        _section(f"What six systems know of {story.person}", _going_in(story, says)),
        _section("What comes out: one customer", _golden(about, width)),
        _section("Every address, and what it is good for", _addresses(about, width)),
        _section("Segments", _segments(about, width)),
        _section("What joins the first record to the last address", chain_table(chain, width) if chain else ""),
        _section("What simpler ways would have made of the same records", _simpler_ways(story, says, about, width)),
        _section("The whole sample", _figures(workspace, width)),
        _section("Not as it must be", bullets(broken, width)),
    ]
    text = "\n\n".join(section for section in sections if section)
    return Told(text, broken, _further(about, chain, width), is_of_somebody=True)


def _read(workspace: Workspace) -> _Story | None:
    path = workspace.truth_file.parent / "story.json"
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return _Story(said["person"], said["steps"], said["must_hold"])
    except (ValueError, KeyError, TypeError):
        raise StoryError("truth/story.json is not what `cdp generate` writes; generate the workspace anew") from None


def _section(title: str, text: str) -> str:
    return f"{heading(title)}\n{text}" if text else ""


def _going_in(story: _Story, says: dict[str, dict[str, Any]]) -> str:
    """Two lines per record, in the story's order: when, where and what happened; then what the record says."""
    lines: list[str] = []
    sources = max(len(step["source"]) for step in story.steps)
    for step in story.steps:
        row = says.get(step["record_id"])
        when = cell(row["observed_at"]) if row else "rejected  "
        lines.append(f"{when}  {step['source']:<{sources}}  {step['says']}")
        if row:
            lines.append(f"    {_words_of(row)}")
    return "\n".join(lines)


def _words_of(row: dict[str, Any]) -> str:
    """Name, e-mail, address: what could identify somebody; else the cookie that came instead."""
    address = next(iter(row["addresses"] or ()), None)
    keys = [f"{key['type']} {key['value']}" for key in row["identifiers"] or ()]
    home = one_line_address({**address, "country": None}) if address else None
    parts = [row["full_name"], *(row["emails"] or ()), home]
    known = [cell(part) for part in parts if part]
    return " · ".join(known or [cell(key) for key in keys] or ["(nothing that identifies)"])


def _golden(about: Dossier, width: int) -> str:
    head = f"{about.name}, customer {about.customer_id}, {plural(about.records.height, 'record')} from {cell(about.summary['sources'])}"
    rows = [
        (row["field"].replace("_", " "), row["value"], row["record_id"], row["observed_at"], row["rule"])
        for row in about.values.to_dicts()
    ]
    return f"{paragraph(head, width)}\n\n{table(('field', 'value', 'from record', 'observed', 'rule'), rows, width)}"


def _addresses(about: Dossier, width: int) -> str:
    rows = [
        (
            row["email"],
            row["status"],
            row["is_sendable"],
            row["marketing_consent"],
            row["last_seen_at"],
            row["best_for"],
        )
        for row in about.emails.to_dicts()
    ]
    columns = ("e-mail address", "status", "send", "marketing", "last seen", "best for")
    post = [
        (one_line_address(row), "now" if row["is_current"] else "formerly") for row in about.postal_addresses.to_dicts()
    ]
    return f"{table(columns, rows, width, may_drop=['best for'])}\n\n{table(('postal address', ''), post, width)}"


def _segments(about: Dossier, width: int) -> str:
    rows = [(row["segment"], row["membership"], row["is_included"], row["why"]) for row in about.segments.to_dicts()]
    return table(("segment", "member", "counts", "why"), rows, width)


# -- what simpler ways would have made of the same records ------------------------------------------------------------


def _simpler_ways(story: _Story, says: dict[str, dict[str, Any]], about: Dossier, width: int) -> str:
    """One profile per e-mail address, with what each would get wrong; then merging on equal addresses."""
    profiles: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record_id in story.records:
        if row := says.get(record_id):
            profiles[(row["emails"] or ["no address: an unknown visitor"])[0]].append(row)
    rows = [
        (name, len(records), "attended" in _activities(records), _consent(records), _wrong(name, records, about))
        for name, records in profiles.items()
    ]
    columns = ("profile", "records", "attended", "marketing", "wrong, because")
    several = [row for row in says.values() if len(set(row["emails"] or ())) > 1]
    merged = (
        f"Merging on equal e-mail addresses joins {plural(len(several), 'record')} that carry two of them, no more."
        if several
        else f"Merging on equal e-mail addresses leaves all {len(profiles)} apart: no record carries two of the addresses."
    )
    joined = "Name and home address join them; the opt-out under one address then holds for all, and the visits before the download are hers."
    return f"{table(columns, rows, width)}\n\n{paragraph(f'{merged} {joined}', width)}"


def _activities(records: Sequence[dict[str, Any]]) -> set[str]:
    return {row["activity"] for row in records if row["activity"]}


def _consent(records: Sequence[dict[str, Any]]) -> str | None:
    """The newest consent event among these records, had nobody joined them to others."""
    events = sorted((row["observed_at"], row["consent"]) for row in records if row["consent"])
    return events[-1][1] if events else None


def _wrong(name: str, records: Sequence[dict[str, Any]], about: Dossier) -> str:
    status = dict(about.emails.select("email", "status").rows()).get(name)
    faults: list[str] = []
    if "attended" in _activities(about.records.to_dicts()) and "attended" not in _activities(records):
        faults.append("counts as never having attended")
    if _consent(records) == GIVEN and not about.summary["may_email_marketing"]:
        faults.append("sends offers although she opted out")
    if status in UNSENDABLE:
        faults.append(f"writes to an address that is {status}")
    if not any(row["full_name"] for row in records):
        faults.append("nobody knows whose it is")
    return "; ".join(faults) or NOTHING_WRONG


NOTHING_WRONG = "knows only its own part"


# -- what must hold, what joins, and the figures ----------------------------------------------------------------------


def _broken(story: _Story, about: Dossier, customer_of: dict[str, str]) -> tuple[str, ...]:
    """What the story says must come out, and did not."""
    must, broken = story.must_hold, []
    missing = [record for record in story.records if record not in customer_of]
    apart = [record for record, customer in customer_of.items() if customer != about.customer_id]
    if must.get("one_customer") and (apart or missing):
        broken.append(f"these records are not hers: {', '.join(sorted(apart + missing))}")
    sendable = set(about.emails.filter("is_sendable")["email"])
    broken += [f"{address} may be sent to" for address in must.get("never_sendable", ()) if address in sendable]
    if "may_email_marketing" in must and about.summary.get("may_email_marketing") != must["may_email_marketing"]:
        broken.append(f"marketing e-mail is {'allowed' if about.summary.get('may_email_marketing') else 'not allowed'}")
    included = dict(about.segments.select("segment", "is_included").rows())
    broken += [
        f"segment {segment} {'leaves her out' if wanted else 'counts her in'}"
        for segment, wanted in must.get("segments", {}).items()
        if included.get(segment, False) != wanted
    ]
    return tuple(broken)


def _chain(
    workspace: Workspace, story: _Story, customer_of: dict[str, str], customer_id: str, says: dict[str, dict[str, Any]]
) -> tuple[Step, ...]:
    """From her first record to the newest that carries another address than it."""
    hers = [
        record
        for record in story.records
        if customer_of.get(record) == customer_id and says.get(record, {}).get("emails")
    ]
    first = hers[0] if hers else None
    others = [record for record in hers if first and says[record]["emails"] != says[first]["emails"]]
    if first is None or not others:
        return ()
    last = max(others, key=lambda record: (says[record]["observed_at"], record))
    return joining_chain(workspace, first, last, customer_id)


def _figures(workspace: Workspace, width: int) -> str:
    ids = workspace.lake.read(CUSTOMER_IDS, columns=["customer_id", "source"])
    rows: list[tuple[str, object]] = [
        ("records", f"{ids.height:,} from {ids['source'].n_unique()} sources"),
        ("customers", ids["customer_id"].n_unique()),
    ]
    if workspace.lake.exists(CUSTOMERS):
        known = int(workspace.lake.read(CUSTOMERS, columns=["is_known"])["is_known"].sum())
        rows.append(("known", f"{known:,}; the others are visitors who never said who they are"))
    text = facts(rows, width)
    if not workspace.truth_file.is_file():
        return text
    return f"{text}\n\n{evaluation_text(measured(workspace.lake, read_truth(workspace.truth_file)), width)}"


def _further(about: Dossier | None, chain: tuple[Step, ...], width: int) -> str:
    commands: list[tuple[str, object]] = []
    if about is not None:
        commands.append((f"cdp customer {about.customer_id}", "everything known about her"))
    if chain:
        ends = " ".join(shlex.quote(record) for record in (chain[0].record_id_l, chain[-1].record_id_r))
        commands.append((f"cdp why {ends}", "the evidence, level by level"))
    if about is not None:
        commands.append(
            ("cdp demo --keep FOLDER", "keeps the copy of the workspace in which the story went on, to look around in")
        )
    commands += [
        ("cdp status", "what each source delivered, and what is pending"),
        ("cdp steward", "the page to look customers up, decide, correct"),
        ("make ui", "Dagster on this workspace"),
    ]
    return f"{heading('Look further')}\n{facts(commands, width)}"
