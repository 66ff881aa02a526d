"""The steps of an erasure, in order, and how one that was interrupted goes on.

1. What is to be erased is written down (``erasures/<id>.work``, readable by this account only), and the person's signs are
   in the ledger: from here on nothing of them comes in.
2. Each step erases one store from what was written down, and is recorded when it is done. A step that is done twice
   changes nothing the second time, so it does not matter where a process was killed.
3. Every file is searched. The certificate is written, the list is removed, and the ledger says that the erasure is finished.

Nobody may import or resolve meanwhile: the caller sees to that (``automation.erase``).

What does not belong here: what the steps do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.erasure.certificate import certificate, search
from cdp_assets.erasure.landed import erase_landed, erase_later_deliveries
from cdp_assets.erasure.lines import erase_lines
from cdp_assets.erasure.loose import erase_loose
from cdp_assets.erasure.person import ToErase, erasure_id_of, to_erase
from cdp_assets.erasure.policy import ErasurePolicy, load_erasure_policy
from cdp_assets.erasure.secret import Sign, name_of, signer
from cdp_assets.erasure.sieve import erased_people
from cdp_assets.erasure.stored import erase_stored, forget_former
from cdp_assets.erasure.what_follows import inputs_of_a_resolution, nothing_else_waits
from cdp_assets.golden_records.consent_log import release_import
from cdp_assets.published.erasing import compact_published, erase_published
from cdp_assets.workspace import Workspace

STEPS = (
    "lines", "delivered files", "tables", "consent chain", "published", "decisions", "other files", "former versions", "free space",
)  # fmt: skip
"""In this order: first what everything is made from, so that nothing is made of it again; space last, when all is deleted."""

PROVE = "proof"

Report = Callable[[str], None]
Reached = Callable[[str], None]
"""Told the name of each moment at which a process may be killed."""


class UnknownErasureError(RuntimeError):
    """An erasure can not go on. Says what to do."""


@dataclass(frozen=True)
class Erased:
    """An erasure that is finished."""

    erasure_id: str
    customer_id: str
    certificate: Mapping[str, Any]
    path: Path


def erase(
    workspace: Workspace,
    customer_id: str,
    *,
    by: str,
    now: datetime,
    report: Report = lambda _: None,
    reached: Reached = lambda _: None,
) -> Erased:
    """Erase a customer (a current id) and prove it.

    Raises :class:`~cdp_assets.erasure.certificate.ErasureIncompleteError` when something is left; it goes on with
    :func:`go_on` when what was in the way is gone.
    """
    sign = signer(workspace, make=True)
    report("finding what is held about the person")
    work = to_erase(workspace, customer_id, erasure_id_of(customer_id, now), sign, by=by, now=now)
    work = replace(work, follows_nothing_else=nothing_else_waits(workspace))
    work.write(_worklist(workspace, work.erasure_id))
    reached("written down")
    return _carry_out(workspace, work, sign, now, report, reached)


def erase_all(
    workspace: Workspace, customer_ids: Sequence[str], *, by: str, now: datetime, report: Report = lambda _: None
) -> list[Erased]:
    """Finish every erasure that was interrupted, then erase these customers (current ids)."""
    done = [go_on(workspace, erasure_id, now=now, report=report) for erasure_id in unfinished(workspace)]
    erased = {one.customer_id for one in done}
    wanted = [customer_id for customer_id in customer_ids if customer_id not in erased]
    return [*done, *(erase(workspace, one, by=by, now=now, report=report) for one in wanted)]


def keep_out(workspace: Workspace) -> dict[str, int]:
    """Take people who were erased before out of files that have been delivered since; how many files, and lines of them."""
    policy = load_erasure_policy(workspace.policy_file("erasure"))
    return erase_later_deliveries(workspace, erased_people(workspace), policy)


def unfinished(workspace: Workspace) -> list[str]:
    """Ids of erasures that were begun and are not finished."""
    known = workspace.ledger.erasures().filter(pl.col("finished_at").is_null()).get_column("erasure_id")
    written = [path.stem for path in workspace.erasures_dir.glob("*.work")]
    return sorted({*known, *written})


def go_on(
    workspace: Workspace,
    erasure_id: str,
    *,
    now: datetime,
    report: Report = lambda _: None,
    reached: Reached = lambda _: None,
) -> Erased:
    """Finish an erasure that was interrupted. Raises as :func:`erase`, and :class:`UnknownErasureError`."""
    worklist, written = _worklist(workspace, erasure_id), certificate_file(workspace, erasure_id)
    sign = signer(workspace, make=True)
    if worklist.exists():
        # What has been imported or decided since it was interrupted is not the erasure's doing.
        work = replace(ToErase.read(worklist), follows_nothing_else=False)
        return _carry_out(workspace, work, sign, now, report, reached)
    if not written.exists():
        raise UnknownErasureError(
            f"erasure {erasure_id} can not go on: what is to be erased was written to erasures/{erasure_id}.work, and that file "
            "is not there. Put it back, or look the customer up and erase them again"
        )
    return _finished(workspace, json.loads(written.read_text(encoding="utf-8")), now)


def certificate_file(workspace: Workspace, erasure_id: str) -> Path:
    """Where the certificate of an erasure is."""
    return workspace.erasures_dir / f"{erasure_id}.json"


def _worklist(workspace: Workspace, erasure_id: str) -> Path:
    return workspace.erasures_dir / f"{erasure_id}.work"


def _carry_out(
    workspace: Workspace, work: ToErase, sign: Sign, now: datetime, report: Report, reached: Reached
) -> Erased:
    ledger, policy = workspace.ledger, load_erasure_policy(workspace.policy_file("erasure"))
    ledger.begin_erasure(
        work.erasure_id,
        work.customer_id,
        records=len(work.record_ids),
        signs=work.signs,
        key_name=name_of(sign),
        by=work.requested_by,
        now=datetime.fromisoformat(work.requested_at),
    )
    reached("begun")
    done = ledger.steps_of_erasure(work.erasure_id)
    if all(step in done for step in STEPS):
        done = {}  # something was left: another release may know how to erase it, and a step done twice does no harm
    for step in STEPS:
        if step not in done:
            report(f"erasing: {step}")
            counts = _DO[step](workspace, work, policy, now)
            reached(f"{step} done")
            ledger.finish_erasure_step(work.erasure_id, step, counts, now)
            reached(f"{step} recorded")
    report("searching every file for what is left")
    proof = search(workspace, work, policy, _worklist(workspace, work.erasure_id))
    reached("searched")
    made = certificate(
        work, proof, policy, ledger.steps_of_erasure(work.erasure_id), sign, now, inputs_of_a_resolution(workspace)
    )
    _write(certificate_file(workspace, work.erasure_id), made)
    reached("certificate written")
    _worklist(workspace, work.erasure_id).unlink()
    reached("list removed")
    return _finished(workspace, made, now)


def _finished(workspace: Workspace, made: Mapping[str, Any], now: datetime) -> Erased:
    erasure_id = str(made["erasure_id"])
    workspace.ledger.finish_erasure(erasure_id, json.dumps(made, sort_keys=True), now)
    return Erased(erasure_id, str(made["customer_id"]), made, certificate_file(workspace, erasure_id))


def _write(path: Path, made: Mapping[str, Any]) -> None:
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


# -- what each step does ----------------------------------------------------------------------------------------------

_Step = Callable[[Workspace, ToErase, ErasurePolicy, datetime], dict[str, int]]


def _published(workspace: Workspace, work: ToErase, policy: ErasurePolicy, now: datetime) -> dict[str, int]:
    return erase_published(workspace.publication_url, work.customer_ids, work.record_ids, work.values)


def _consent(workspace: Workspace, work: ToErase, policy: ErasurePolicy, now: datetime) -> dict[str, int]:
    """The chain of consent events may differ where lines of the person were: the ledger says since when and why."""
    released = [
        release_import(workspace, source, import_id, reason=f"erasure {work.erasure_id}", by=work.requested_by, now=now)
        for source, imports in sorted(work.lines.items())
        for import_id in sorted(imports)
    ]
    return {"imports released": sum(released)}


def _space(workspace: Workspace, work: ToErase, policy: ErasurePolicy, now: datetime) -> dict[str, int]:
    workspace.ledger.compact()
    compact_published(workspace.publication_url)
    return {}


_DO: Mapping[str, _Step] = {
    "lines": lambda workspace, work, policy, now: erase_lines(workspace, work),
    "delivered files": lambda workspace, work, policy, now: erase_landed(
        workspace, work, erased_people(workspace), policy
    ),
    "tables": lambda workspace, work, policy, now: erase_stored(workspace, work, now),
    "consent chain": _consent,
    "published": _published,
    "decisions": lambda workspace, work, policy, now: workspace.ledger.erase_decisions(work.record_ids, work.proof),
    "other files": lambda workspace, work, policy, now: erase_loose(workspace, work, policy),
    "former versions": lambda workspace, work, policy, now: forget_former(workspace),
    "free space": _space,
}
