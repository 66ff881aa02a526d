"""What a person decides: on two records, on a whole customer, on a plan, on what readers see.

What does not belong here: what a command finds out (the stages, ``steward/``).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cdp_assets.cli import console, options
from cdp_assets.cli.console import FINE
from cdp_assets.cli.options import Command

if TYPE_CHECKING:
    from cdp_assets.workspace import Workspace


def add_to(command: Command) -> None:
    """Add ``judge``, ``split``, ``unmerge``, ``pin``, ``unpin``, ``plan``, ``apply``, ``rollback``."""
    judge = command("judge", _judge, "decide whether two records are one person; holds from the next resolution on")
    options.two_records(judge)
    judge.add_argument("judgement", choices=["same", "different", "undecided"])
    judge.add_argument("--reason", required=True, help="why; kept with the judgement")
    judge.add_argument("--by", help="who decides (default: the name of this account)")

    split = command("split", _split, "take a customer apart: say which of its records go together")
    split.add_argument("customer", metavar="CUSTOMER", help="customer id")
    split.add_argument(
        "--part",
        action="append",
        nargs="+",
        required=True,
        metavar="RECORD",
        help="records that are a customer of their own; repeatable; the records that no part names stay behind",
    )
    options.decision(split)

    parted = command("unmerge", _unmerge, "undo the merge of an id into another customer")
    parted.add_argument("customer", metavar="FORMER_ID", help="the id that was merged away")
    options.decision(parted)

    pin = command("pin", _pin, "keep a customer's records together and apart from all others, whatever links say")
    pin.add_argument("customer", metavar="CUSTOMER", help="customer id")
    options.decision(pin)

    unpin = command("unpin", _unpin, "let judgements and links decide on a pinned customer again")
    unpin.add_argument("customer", metavar="CUSTOMER", help="customer id")
    options.decision(unpin)

    plan = command("plan", _plan, "show what the next resolution would do to the customers, without doing it")
    options.picture(plan)
    options.json(plan)

    apply = command("apply", _apply, "approve a plan, so that the next resolution does it whatever the limits say")
    apply.add_argument("plan", metavar="PLAN", help="as `cdp plan` shows it, or how its id begins")
    apply.add_argument("--by", help="who decides (default: the name of this account)")

    rollback = command(
        "rollback", _rollback, "publish a former publication again, without what has ended or was erased since"
    )
    rollback.add_argument(
        "publication",
        nargs="?",
        metavar="PUBLICATION",
        help="its id, or how it begins (default: the one before the current)",
    )
    options.json(rollback)


def _judge(arguments: argparse.Namespace) -> int:
    from cdp_assets.judgements import ContradictoryJudgementError
    from cdp_assets.steward.decisions import judge

    workspace = console.workspace(arguments).require()
    try:
        judge(
            workspace,
            arguments.record_l,
            arguments.record_r,
            arguments.judgement,
            by=arguments.by or console.account(),
            reason=arguments.reason,
            now=console.now(),
        )
    except ContradictoryJudgementError as refused:
        # Record ids may be personal: they go to stdout, for the person who asked, and not to stderr, which is kept.
        print("Nothing was written. The chain: " + " – ".join(refused.chain))
        raise
    print(f"Judged {arguments.judgement}. It holds from the next resolution on; `cdp run` makes one now.")
    return FINE


def _split(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.partings import split_customer

    return _parted(
        arguments, lambda workspace, who: split_customer(workspace, arguments.customer, arguments.part, **who)
    )


def _unmerge(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.partings import unmerge

    return _parted(arguments, lambda workspace, who: unmerge(workspace, arguments.customer, **who))


def _pin(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.partings import pin_customer

    return _parted(arguments, lambda workspace, who: pin_customer(workspace, arguments.customer, **who))


def _unpin(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.partings import unpin_customer

    return _parted(arguments, lambda workspace, who: unpin_customer(workspace, arguments.customer, **who))


def _parted(arguments: argparse.Namespace, decide: Callable[[Workspace, dict[str, Any]], int]) -> int:
    """Take a decision on a whole customer, and say what was written."""
    from cdp_assets.judgements import ContradictoryJudgementError

    workspace = console.workspace(arguments).require()
    try:
        written = decide(
            workspace, {"by": arguments.by or console.account(), "reason": arguments.reason, "now": console.now()}
        )
    except ContradictoryJudgementError as refused:
        print("Nothing was written. The chain: " + " – ".join(refused.chain))
        raise
    print(f"{written} judgement{'s' if written > 1 else ''} written. They hold from the next resolution on; `cdp plan` shows what "
          "comes of them, `cdp run` does it.")  # fmt: skip
    return FINE


def _plan(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import plan
    from cdp_assets.steward.lookup import require_made
    from cdp_assets.steward.plan_text import next_plan, plan_text
    from cdp_assets.steward.status import workspace_status
    from cdp_assets.tables import CUSTOMER_IDS

    workspace = console.workspace(arguments).require()
    require_made(workspace.lake, CUSTOMER_IDS)
    problems = plan(workspace).problems
    found = next_plan(workspace.lake)
    if problems or found is None:
        raise console.CommandError(
            "; ".join(problems) or "nothing has been resolved yet; `cdp run` makes the first customers"
        )
    sources = workspace_status(workspace, console.now()).sources
    unread = [source.source for source in sources if source.waiting_files + source.waiting_imports]
    stale = [source.source for source in sources if source.stale_imports > source.not_read_again]
    console.draw(found, arguments.picture)
    if arguments.json:
        print(console.as_json({**found.as_json(), "not_read_yet": unread, "read_with_a_former_contract": stale}))
        return FINE
    print(plan_text(found, console.width()))
    if unread:
        print(
            f"\nNot in it: what has landed and is not read yet, of {', '.join(unread)}; `cdp run --no-resolve` reads it."
        )
    if stale:
        print(
            f"\nNot in it: what a changed contract makes of imports, of {', '.join(stale)}; `cdp backfill SOURCE --no-resolve` reads them "
            "again, and readers keep what they have until `cdp run`."
        )
    return FINE


def _apply(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.plan_approval import approve_plan

    workspace = console.workspace(arguments).require()
    print(approve_plan(workspace, arguments.plan, by=arguments.by or console.account(), now=console.now()))
    return FINE


def _rollback(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from cdp_assets.published.rollback import roll_back

    done = roll_back(console.workspace(arguments).require(), arguments.publication, console.now())
    if arguments.json:
        print(console.as_json({**asdict(done), "published_at": done.published_at.isoformat()}))
        return FINE
    print(
        f"Readers see publication {done.former_id} of {done.published_at:%Y-%m-%d %H:%M} UTC again: {done.customers:,} customers. "
        f"Consents that have ended since and did not come back: {done.consents_ended:,}. It lasts until the next publication "
        "(`cdp run`)."
    )
    return FINE
