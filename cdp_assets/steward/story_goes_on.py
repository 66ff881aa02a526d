"""The demo's story goes on: she moves, somebody opts out, two people are taken for one, she asks to be forgotten.

What people would do on the command line is done here by the same functions, in a workspace that may be changed (the demo takes a
copy), and what came of it is read from the tables. Everything that is told is checked: :attr:`Told.broken` names what does not
hold. One resolution does: she has three corrections of three fates in one export of the CRM.

What does not belong here: the files that arrive meanwhile (``evaluation/world/next_deliveries.py``), the story until then
(``story.py``), running anything (the caller hands that in: this module knows no Dagster).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.erasure.plan import ErasurePlan, erasure_plan
from cdp_assets.erasure.steps import Erased
from cdp_assets.evaluation.world import next_deliveries as arrives
from cdp_assets.evaluation.world import story
from cdp_assets.golden_records.consent_log import chain_breaks
from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.suppressions import FOR_EVERYBODY
from cdp_assets.golden_records.three_way import CONTESTED, HOLDS, RETIRED
from cdp_assets.lake import Lake
from cdp_assets.sources.line_problems import ERASED_PERSON
from cdp_assets.steward.decisions import correct, judge
from cdp_assets.steward.lookup import customer_of_record
from cdp_assets.steward.plain_text import bullets, facts, heading, paragraph, plural, table
from cdp_assets.steward.review import CONTESTED_CORRECTION, open_items
from cdp_assets.steward.run_text import Ran, has_failed
from cdp_assets.steward.story import Told
from cdp_assets.tables import (
    CONSENT_EVENTS,
    CONSENTS,
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    RECORD_VERSIONS,
    SUPPRESSIONS,
    raw_imports,
)
from cdp_assets.workspace import Workspace

SHE_SAYS = (
    ("street", arrives.NEW_STREET, story.STREET, HOLDS),
    ("job_title", arrives.NEW_TITLE, arrives.NEW_TITLE, RETIRED),
    ("company", arrives.NEW_EMPLOYER, arrives.EXPORTED_EMPLOYER, CONTESTED),
)
"""Field, what she says, what the CRM exports after that, and what is to become of the correction."""

STEWARD, CLERK = "support desk", "a clerk"

FEWEST_RECORDS = 2
"""Of each of the two who are taken for one: enough to be somebody whom the reader can look up."""

HIS_VALUES = ("full_name", "email", "phone", "street", "city")


class StoryBrokeOffError(RuntimeError):
    """The story could not go on. Says what failed and what to do."""


@dataclass(frozen=True)
class Doing:
    """What the story needs done by Dagster: ``run`` imports what has landed and, if told so, resolves; ``erase`` erases a customer."""

    run: Callable[[Workspace, bool], Ran]
    erase: Callable[[Workspace, str], Erased]


@dataclass(frozen=True)
class _Couple:
    """One name at one address: ``willing`` may be written to for marketing, ``other`` has opted out."""

    willing: dict[str, Any]
    other: dict[str, Any]


NOT_WHOLE = (
    "The story goes on in a copy of the workspace. Lake or ledger are not in this one, and a copy would share them: run the demo without "
    "CDP_LAKE_URL and CDP_LEDGER_URL to read on."
)


def is_whole(workspace: Workspace) -> bool:
    """Whether a copy of its folder is a workspace of its own."""
    return workspace.lake_url is None and workspace.ledger_url is None


@contextmanager
def in_a_copy(workspace: Workspace, keep: Path | None) -> Iterator[Workspace]:
    """A copy of the workspace to live through the story in, at ``keep``, else at a place that is removed in the end.

    The sample stays as it was delivered: an erasure rewrites landed files, and those of the sample are committed. Lake and ledger
    must be in the workspace (:func:`is_whole`). Raises :class:`StoryBrokeOffError` for a folder that can not be kept.
    """
    workspace.ledger.close()  # what its journal holds goes into the file
    with tempfile.TemporaryDirectory(prefix="cdp-demo-") as folder:
        home = keep or Path(folder) / "data"
        if home.exists() or workspace.home in home.resolve().parents:
            raise StoryBrokeOffError(
                "the folder to keep the copy in is there already, or inside the workspace; name another"
            )
        copy = Workspace(Path(shutil.copytree(workspace.home, home)).resolve())
        try:
            yield copy
        finally:
            copy.ledger.close()


def go_on(workspace: Workspace, doing: Doing, now: datetime, width: int) -> Told:
    """Live through what comes next in ``workspace``, which is changed by it, and tell what came of it.

    ``workspace`` is the story's after a run. Raises :class:`StoryBrokeOffError` where a run fails, and
    :class:`~cdp_assets.evaluation.world.next_deliveries.NotTheStoryError` where her files are not there.
    """
    she, couple = customer_of_record(workspace.lake, arrives.CONTACT), _couple(workspace.lake)
    _decide(workspace, couple)
    arrives.land_next_export(workspace.landing_dir)
    arrives.land_opt_out_of_a_stranger(workspace.landing_dir)
    _run(workspace, doing, True)
    chapters = [_corrections(workspace, she, width), _consent(workspace, couple, width)]
    chapters.append(_erasure(workspace, doing, she, now, width))
    broken = tuple(problem for _, problems in chapters for problem in problems)
    sections = [text for text, _ in chapters]
    if broken:
        sections.append(f"{heading('Not as it must be')}\n{bullets(broken, width)}")
    return Told("\n\n".join(sections), broken)


def _decide(workspace: Workspace, couple: _Couple | None) -> None:
    called_at = datetime.fromisoformat(arrives.CALLED_AT)
    for field, value, _, _ in SHE_SAYS:
        correct(workspace, arrives.CONTACT, field, value, "set", by=STEWARD, now=called_at)
    if couple is not None:
        judge(
            workspace,
            couple.willing["record_id"],
            couple.other["record_id"],
            "same",
            by=CLERK,
            reason="one name at one address",
            now=called_at,
        )


def _run(workspace: Workspace, doing: Doing, resolve: bool) -> None:
    done = doing.run(workspace, resolve)
    if has_failed(done):
        raise StoryBrokeOffError("the story can not go on: " + "; ".join(done.problems))


# -- corrections ------------------------------------------------------------------------------------------------------


def _corrections(workspace: Workspace, she: str, width: int) -> tuple[str, list[str]]:
    lake = workspace.lake
    golden = _of_customer(lake, she)
    became = lake.scan(CORRECTIONS).filter((pl.col("customer_id") == she) & (pl.col("correction") == "set")).collect()
    states = dict(became.select("field", "state").rows())
    rows, broken = [], []
    for field, says, exported, wanted in SHE_SAYS:
        state, shown = states.get(field), golden[field]
        rows.append((field.replace("_", " "), says, exported, state, shown))
        if state != wanted or shown != says:
            broken.append(
                f"the correction of {field} is {state or 'lost'}, and the golden record does not say what she said"
            )
    queue = open_items(lake, workspace.ledger).filter(
        (pl.col("why") == CONTESTED_CORRECTION) & (pl.col("customer_id_l") == she)
    )
    if queue.height != 1:
        broken.append("the contested correction does not wait in the review queue")
    text = (
        "She calls support: she has moved, has another title, works elsewhere. Four days later the CRM exports her contact again. It repeats "
        "the old street, has caught up with the title, and has an employer that is neither; that one waits in the review queue."
    )
    columns = ("field", "support sets", "the CRM then says", "correction", "golden record")
    return f"{heading('She moves: corrections')}\n{paragraph(text, width)}\n\n{table(columns, rows, width)}", broken


def _of_customer(lake: Lake, customer_id: str) -> dict[str, Any]:
    rows = lake.scan(CUSTOMERS).filter(pl.col("customer_id") == customer_id).collect()
    return rows.row(0, named=True) if rows.height else dict.fromkeys(rows.columns)


# -- consent ----------------------------------------------------------------------------------------------------------


def _couple(lake: Lake) -> _Couple | None:
    """The first two of one name at one address of whom one may be written to and the other has opted out; None where there are none."""
    home = ["last_name", "street", "postcode"]
    people = lake.read(CUSTOMERS).filter(
        pl.all_horizontal(pl.col(*home, "full_name", "email").is_not_null()) & (pl.col("records") >= FEWEST_RECORDS)
    )
    first_records = (
        lake.read(CUSTOMER_IDS).filter("is_current").group_by("customer_id").agg(record_id=pl.col("record_id").min())
    )
    people = people.join(first_records, on="customer_id").select(
        "customer_id", "record_id", "full_name", "email", "may_email_marketing", *home
    )
    opted_out = lake.read(CONSENTS).filter(_of_marketing() & (pl.col("state") == "withdrawn")).select("customer_id")
    willing = people.filter("may_email_marketing")
    others = people.filter(~pl.col("may_email_marketing")).join(opted_out, on="customer_id", how="semi")
    pairs = willing.join(others, on=home, suffix="_other").filter(pl.col("email") != pl.col("email_other"))
    if pairs.is_empty():
        return None
    pair = pairs.sort("record_id", "record_id_other").row(0, named=True)
    names = ("customer_id", "record_id", "full_name", "email")
    return _Couple({name: pair[name] for name in names}, {name: pair[f"{name}_other"] for name in names})


def _of_marketing() -> pl.Expr:
    return (pl.col("channel") == "email") & (pl.col("purpose") == "marketing")


def _consent(workspace: Workspace, couple: _Couple | None, width: int) -> tuple[str, list[str]]:
    lake, broken = workspace.lake, []
    parts = [heading("Who may be written to: consent")]
    if couple is not None:
        told, problems = _taken_for_one(lake, couple)
        parts += [paragraph(told, width), ""]
        broken += problems
    for_everybody = lake.scan(SUPPRESSIONS).filter(
        _of_marketing() & (pl.col("address") == arrives.STRANGERS_ADDRESS) & (pl.col("customer_id") == FOR_EVERYBODY)
    )
    if for_everybody.collect().is_empty():
        broken.append("an opt-out under an address that nobody was known by is not in suppressions")
    breaks = chain_breaks(workspace)
    if breaks:
        broken.append(f"the chain of consent events is broken in {plural(len(breaks), 'place')}")
    events = lake.read(CONSENT_EVENTS, columns=["event_id"]).height
    rows: list[tuple[str, object]] = [
        (arrives.STRANGERS_ADDRESS, "opts out; nobody was known by it. In suppressions, for whoever carries it"),
        ("cdp consent verify", f"{plural(events, 'event')} in their chain: none lost, altered or slipped in"),
    ]
    parts.append(facts(rows, width))
    return "\n".join(parts), broken


def _taken_for_one(lake: Lake, couple: _Couple) -> tuple[str, list[str]]:
    willing, other = couple.willing, couple.other
    now_one = {customer_of_record(lake, who["record_id"]) for who in (willing, other)}
    contactable = lake.scan(CONSENTS).filter(
        _of_marketing() & pl.col("customer_id").is_in(sorted(now_one)) & pl.col("state").is_in(CONTACTABLE)
    )
    broken = []
    if len(now_one) != 1:
        broken.append("two records that were judged the same are two customers")
    if contactable.collect().height or any(_of_customer(lake, one)["may_email_marketing"] for one in now_one):
        broken.append("a merge with somebody who opted out has left an address that offers are sent to")
    told = (
        f"{willing['full_name']} may be sent offers at {willing['email']}; {other['full_name']}, of the same address, opted out. A clerk takes them "
        f"for one person (`cdp judge {willing['record_id']} {other['record_id']} same`). Offers go to neither from now on: a merge makes "
        "nobody more contactable. `cdp unmerge` would give each part its own events back."
    )
    return told, broken


# -- erasure ----------------------------------------------------------------------------------------------------------


def _erasure(workspace: Workspace, doing: Doing, she: str, now: datetime, width: int) -> tuple[str, list[str]]:
    lake, landing = workspace.lake, workspace.landing_dir
    name, list_of_old = _of_customer(lake, she)["full_name"], arrives.old_list(landing)
    his_before = _his(lake)
    plan = erasure_plan(workspace, she, now)
    erased = doing.erase(workspace, she)
    known = set(workspace.ledger.imports("webinar")["import_id"])
    arrives.land_old_list_once_more(landing, list_of_old)
    _run(workspace, doing, False)
    lines = (
        lake.scan(raw_imports("webinar"))
        .filter(~pl.col("_import_id").is_in(sorted(known)))
        .select("_problem")
        .collect()
    )
    left_out = lines.filter(pl.col("_problem") == ERASED_PERSON).height
    broken = _still_there(workspace, she, erased)
    if left_out != 1:
        broken.append(f"of the old list {plural(left_out, 'line was', 'lines were')} kept out, and one is hers")
    if _his(lake) != his_before or None in his_before:
        broken.append("her husband's golden record is not what it was")
    certificate, searched = erased.certificate, erased.certificate["searched"]
    rows: list[tuple[str, object]] = [
        ("--dry-run", f"would erase {_of_plan(plan)}; nothing is changed"),
        ("cdp erase", f"{certificate['occurrences']} occurrences of {searched['texts']} texts in {searched['files']['parquet']:,} Parquet files and all others, searched after decoding: the certificate"),
        ("the old list again", f"{plural(lines.height, 'line')}, found in somebody's mail and imported: {left_out}, hers, is kept out"),
        ("her household", f"{his_before[0]} stays, with their home and their telephone"),
    ]  # fmt: skip
    intro = f"{name} asks for it. Her husband lives with her, and the old list is still about."
    return f"{heading('She is forgotten: erasure')}\n{paragraph(intro, width)}\n\n{facts(rows, width)}", broken


def _his(lake: Lake) -> tuple[Any, ...]:
    ids = lake.scan(CUSTOMER_IDS).filter(pl.col("record_id") == arrives.HUSBAND).collect()
    him = _of_customer(lake, ids.item(0, "customer_id") if ids.height else "")
    return tuple(him[name] for name in HIS_VALUES)


def _of_plan(plan: ErasurePlan) -> str:
    lines = sum(count for where, _, count in plan.rows if where.startswith("raw/"))
    return f"{plural(len(plan.records), 'record')}, {plural(lines, 'delivered line')}, rows in {len(plan.rows)} places"


def _still_there(workspace: Workspace, she: str, erased: Erased) -> list[str]:
    lake, broken = workspace.lake, []
    if erased.certificate["occurrences"] or not erased.path.is_file():
        broken.append("the erasure is not proven")
    for of in (CUSTOMERS, CUSTOMER_IDS):
        if lake.scan(of).filter(pl.col("customer_id") == she).collect().height:
            broken.append(f"she is still in {of.name}")
    carries = pl.col("emails").list.contains(story.OLD_ADDRESS)
    if lake.scan(RECORD_VERSIONS).filter(carries).collect().height:
        broken.append("her old address came back with the old list")
    return broken
