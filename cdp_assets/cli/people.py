"""What is known of a person: look up, explain, write out, erase.

What does not belong here: what a command finds out (the stages, ``steward/``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.cli import console, options
from cdp_assets.cli.console import FAILED, FINE, USAGE
from cdp_assets.cli.options import Command

if TYPE_CHECKING:
    from cdp_assets.erasure.steps import Erased
    from cdp_assets.workspace import Workspace


def add_to(command: Command) -> None:
    """Add ``customer``, ``consent``, ``erase``, ``access``, ``why``, ``resolve``."""
    customer = command("customer", _customer, "show everything known about a customer")
    customer.add_argument(
        "enquiry", metavar="WHO", help="customer id (old ones too), e-mail address, phone, record id or name"
    )
    customer.add_argument(
        "--as-of", type=options.moment, metavar="DATE", help="what was true then, by the sources' time"
    )
    customer.add_argument(
        "--known-at", type=options.moment, metavar="DATE", help="what we knew then: what had landed by that time"
    )
    options.json(customer)

    consent = command(
        "consent", _consent_usage, "show who may be contacted and why, and verify the chain of consent events"
    )
    consent_actions = consent.add_subparsers(dest="action", metavar="ACTION")
    consent_show = consent_actions.add_parser(
        "show", help="every event about an address or customer, what is in force, and what must not be done"
    )
    options.everywhere(consent_show)
    options.json(consent_show)
    consent_show.set_defaults(run=_consent_show)
    consent_show.add_argument(
        "enquiry",
        metavar="WHO",
        help="e-mail address or phone (of a customer or of nobody), customer id, record or name",
    )
    verify = consent_actions.add_parser("verify", help="whether any consent event was lost, altered or slipped in")
    options.everywhere(verify)
    options.json(verify)
    verify.set_defaults(run=_consent_verify)
    release = consent_actions.add_parser(
        "release", help="let the events of an import differ from what the ledger has of them"
    )
    options.everywhere(release)
    release.set_defaults(run=_consent_release)
    release.add_argument("source", metavar="SOURCE")
    release.add_argument("import_id", metavar="IMPORT", help="as `cdp consent verify` names it")
    release.add_argument("--reason", required=True, help="why; kept in the ledger for good")
    release.add_argument("--by", help="who decides (default: the name of this account)")

    erase = command("erase", _erase, "erase a person everywhere, prove it, and keep them out from now on")
    erase.add_argument(
        "enquiry", nargs="?", metavar="WHO", help="customer id or e-mail address (default: finish what was interrupted)"
    )
    erase.add_argument("--dry-run", action="store_true", help="show what would be erased, masked; change nothing")
    options.picture(erase, " (with --dry-run)")
    erase.add_argument("--by", help="who decides (default: the name of this account)")
    options.no_resolve(erase)
    options.json(erase)

    access = command("access", _access, "write everything held about a person, as JSON and as a page to read")
    access.add_argument("enquiry", metavar="WHO", help="customer id (old ones too), e-mail address or record id")
    access.add_argument(
        "--output", type=Path, metavar="FOLDER", help="where to (default: exports/access in the workspace)"
    )

    why = command("why", _why, "show why two records are, or are not, one customer")
    options.two_records(why)
    options.json(why)

    resolve = command(
        "resolve", _resolve, "show which customer an id stands for now, and which records it had on a day"
    )
    resolve.add_argument("customer", metavar="ID", help="customer id, current or former")
    resolve.add_argument(
        "--on", type=options.day, metavar="DAY", help="YYYY-MM-DD: the records that it had at the end of that day (UTC)"
    )
    options.json(resolve)


def _customer(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.customer_text import candidates_text, customer_text
    from cdp_assets.steward.dossier import dossier
    from cdp_assets.steward.lookup import find, is_customer_id, names_of

    workspace = console.workspace(arguments).require()
    found = find(workspace.lake, arguments.enquiry)
    if found.total > 1:
        listed = {"kind": found.kind, "total": found.total, "customer_ids": list(found.customer_ids)}
        names = names_of(workspace.lake, found.customer_ids)
        print(console.as_json(listed) if arguments.json else candidates_text(found, names, console.width()))
        return FINE
    asked = arguments.enquiry if is_customer_id(arguments.enquiry) else found.customer_ids[0]
    if arguments.as_of or arguments.known_at:
        from cdp_assets.steward.customer_text import past_text
        from cdp_assets.steward.past import past

        now = console.now()
        then = past(workspace, asked, as_of=arguments.as_of or now, known_at=arguments.known_at or now)
        print(console.as_json(then.as_json()) if arguments.json else past_text(then, console.width()))
        return FINE
    about = dossier(workspace.lake, workspace.ledger, asked)
    print(console.as_json(about.as_json()) if arguments.json else customer_text(about, console.width()))
    return FINE


def _consent_usage(arguments: argparse.Namespace) -> int:
    print(
        "usage: cdp consent show WHO | cdp consent verify | cdp consent release SOURCE IMPORT --reason R",
        file=sys.stderr,
    )
    return USAGE


def _consent_show(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.consent_facts import consent_facts
    from cdp_assets.steward.consent_text import consent_text

    found = consent_facts(console.workspace(arguments).require().lake, arguments.enquiry)
    print(console.as_json(found.as_json()) if arguments.json else consent_text(found, console.width()))
    return FINE


def _consent_verify(arguments: argparse.Namespace) -> int:
    from cdp_assets.golden_records.consent_log import chain_breaks
    from cdp_assets.steward.consent_text import chain_text
    from cdp_assets.tables import CONSENT_EVENTS

    workspace = console.workspace(arguments).require()
    broken = chain_breaks(workspace)
    events = workspace.lake.read_or_empty(CONSENT_EVENTS).height
    entries = workspace.ledger.consent_entries().height
    if arguments.json:
        print(console.as_json({"events": events, "entries": entries, "breaks": [vars(one) for one in broken]}))
    else:
        print(chain_text(broken, events, entries, console.width()))
    return FAILED if broken else FINE


def _consent_release(arguments: argparse.Namespace) -> int:
    from cdp_assets.golden_records.consent_log import release_import

    workspace = console.workspace(arguments).require()
    by = arguments.by or console.account()
    if not release_import(
        workspace, arguments.source, arguments.import_id, reason=arguments.reason, by=by, now=console.now()
    ):
        raise console.CommandError(
            "the ledger has no consent events of that import; `cdp consent verify` names those whose events differ"
        )
    print("Released: what the next resolution finds in that import counts. `cdp run --resolve-anyway` makes one now.")
    return FINE


def _erase(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import erase
    from cdp_assets.erasure.erasure_text import erased_text, plan_text
    from cdp_assets.erasure.plan import erasure_plan
    from cdp_assets.erasure.steps import unfinished
    from cdp_assets.steward.lookup import LookupProblemError

    workspace = console.workspace(arguments).require()
    if arguments.dry_run:
        if arguments.enquiry is None:
            raise console.CommandError("name a customer id or an e-mail address")
        plan = erasure_plan(workspace, _one_customer(workspace, arguments.enquiry), console.now())
        if plan.follows:
            console.draw(plan.follows, arguments.picture)
        print(console.as_json(plan.as_json()) if arguments.json else plan_text(plan, console.width()))
        return FINE
    if arguments.picture is not None:
        raise console.CommandError(
            "--picture draws what would change, so it goes with --dry-run; nothing has been erased"
        )
    by, is_open = arguments.by or console.account(), bool(unfinished(workspace))
    done: list[Erased] = []
    if is_open:  # first of all: whom it is about can not be looked up any more
        done, _ = erase(workspace, None, by=by, report=console.progress, resolve=False)
    customer_id = None
    try:
        customer_id = _one_customer(workspace, arguments.enquiry) if arguments.enquiry else None
    except LookupProblemError:
        if not is_open:
            raise
    more, outcome = erase(workspace, customer_id, by=by, report=console.progress, resolve=not arguments.no_resolve)
    done = [*done, *more]
    if arguments.json:
        print(console.as_json([dict(one.certificate) for one in done]))
    else:
        print(erased_text(done, outcome.delivered_since, console.shown, console.width(), outcome.followed))
    if outcome.problems:
        raise console.CommandError("the resolution that follows failed: " + "; ".join(outcome.problems))
    return FINE


def _one_customer(workspace: Workspace, enquiry: str) -> str:
    """The one customer, by their current id, that was asked for."""
    from cdp_assets.steward.lookup import find, is_customer_id, resolve_id

    if is_customer_id(enquiry):
        return resolve_id(workspace.lake, enquiry)
    found = find(workspace.lake, enquiry)
    if found.total > 1:
        raise console.CommandError(
            f"{found.total} customers have that {found.kind}; name one by its id (`cdp customer` lists them)"
        )
    return found.customer_ids[0]


def _access(arguments: argparse.Namespace) -> int:
    from cdp_assets.erasure.access import everything_held, write_access

    workspace = console.workspace(arguments).require()
    customer_id = _one_customer(workspace, arguments.enquiry)
    folder: Path = arguments.output or workspace.exports_dir / "access"
    written = write_access(everything_held(workspace, customer_id, console.now()), folder)
    print("\n".join(f"Written: {console.shown(path)}" for path in written))
    return FINE


def _why(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.connection import connection
    from cdp_assets.steward.connection_text import connection_text

    found = connection(console.workspace(arguments).require(), arguments.record_l, arguments.record_r)
    print(console.as_json(found.as_json()) if arguments.json else connection_text(found, console.width()))
    return FINE


def _resolve(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.resolved_ids import resolved_id, resolved_text

    found = resolved_id(console.workspace(arguments).require().lake, arguments.customer, arguments.on)
    print(console.as_json(found.as_json()) if arguments.json else resolved_text(found, console.width()))
    return FINE
