"""A plan of an erasure, and what one has done, as text.

What does not belong here: what is erased (``steps.py``), what is counted (``plan.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cdp_assets.erasure.plan import ErasurePlan
from cdp_assets.erasure.steps import Erased
from cdp_assets.steward.plain_text import facts, heading, paragraph, plural, table
from cdp_assets.steward.plan_text import plan_text as plan_text_of

NOTHING_RESOLVED = "No resolution is complete yet, so there is nothing that one after it would change."


def plan_text(plan: ErasurePlan, width: int) -> str:
    """What would be erased where, and the records, masked."""
    policy = {
        "rewrite": "Delivered files are written anew without these lines; one that can not be is removed.",
        "keep": "Delivered files stay as they are (policies/erasure.yaml), and the certificate does not speak of them.",
    }[plan.delivered_files]
    proof = (
        f"{plural(plan.searched_texts, 'text')} of this person alone would be searched for in every file; "
        f"{plan.shared_texts:,} that others have too, or that are too short to prove anything, would not."
    )
    return "\n\n".join(
        [
            heading(f"Erasing {plan.customer_id} would erase"),
            table(("where", "what", "rows"), [list(row) for row in plan.rows], width),
            heading("The records, masked"),
            table(("source", "name", "e-mail"), [list(row) for row in plan.records], width),
            plan_text_of(plan.follows, width) if plan.follows else NOTHING_RESOLVED,
            paragraph(f"{policy} {proof} Nothing has been changed.", width),
        ]
    )


def erased_text(
    done: list[Erased],
    delivered_since: int,
    shown: Callable[[Path], str],
    width: int,
    followed: Mapping[str, int] | None = None,
) -> str:
    """What was erased, and where the certificates are. ``delivered_since``: lines of people who were erased before.

    ``followed``: changes of customers by the resolution after it, by kind; None where none was made."""
    told = [_one(erased, shown, width) for erased in done]
    if delivered_since:
        lines = plural(delivered_since, "line")
        told.insert(
            0, paragraph(f"Taken out of files that were delivered since: {lines} of people erased before.", width)
        )
    if done and followed is not None:
        changes = ", ".join(f"{count:,} {kind}" for kind, count in followed.items()) or "every id stays"
        told.append(paragraph(f"The resolution that followed, of the customers who are left: {changes}.", width))
    return "\n\n".join(told) or "Nothing was left to be erased."


def _one(erased: Erased, shown: Callable[[Path], str], width: int) -> str:
    said = erased.certificate
    searched = said["searched"]
    rows: list[tuple[str, object]] = [
        ("erased", f"{plural(said['records'], 'record')}, {plural(said['delivered_lines'], 'delivered line')}"),
        ("searched", f"{plural(sum(searched['files'].values()), 'file')} for {plural(searched['texts'], 'text')}"),
        ("found", f"{said['occurrences']:,}"),
        ("in files of others", f"{said['not_searched']['occurrences_in_files_of_others']:,} (theirs to erase)"),
        ("certificate", shown(erased.path)),
    ]
    return f"{heading(f'Customer {erased.customer_id} is erased')}\n{facts(rows, width)}"
