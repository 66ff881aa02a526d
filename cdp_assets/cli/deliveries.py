"""What sources deliver: contracts, imports that are to be read again or accepted, the quality of all of it.

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
    from cdp_assets.automation import RereadReport
    from cdp_assets.sources.contracts import SourceContract
    from cdp_assets.workspace import Workspace


def add_to(command: Command) -> None:
    """Add ``source``, ``contract``, ``backfill``, ``replay``, ``accept``, ``audit``."""
    source = command("source", _source_usage, "add a source, or have one start again")
    source_actions = source.add_subparsers(dest="action", metavar="ACTION")
    restart = source_actions.add_parser("restart", help="have the next extraction of a database read everything again")
    options.everywhere(restart)
    restart.set_defaults(run=_source_restart)
    restart.add_argument("source", metavar="SOURCE")
    add = source_actions.add_parser("add", help="draft the contract of a source from a file that it delivers")
    options.everywhere(add)
    add.set_defaults(run=_source_add)
    add.add_argument("file", type=Path, metavar="FILE", help="csv, tsv, jsonl, parquet or xlsx; plain, .gz or .zst")
    add.add_argument("--name", help="the source's name (default: made from the file's)")
    add.add_argument("--print", action="store_true", dest="print_only", help="print the contract instead of writing it")
    add.add_argument("--force", action="store_true", help="replace a contract of that name")

    contract = command("contract", _contract_usage, "check what a change of a source's contract means, and accept it")
    actions = contract.add_subparsers(dest="action", metavar="ACTION")
    check = actions.add_parser(
        "check", help="compare contracts with the newest files, and with what past imports were read with"
    )
    options.everywhere(check)
    options.json(check)
    check.set_defaults(run=_contract_check)
    check.add_argument("source", nargs="?", metavar="SOURCE", help="default: every source")
    accept_contract = actions.add_parser("accept", help="go on with a contract whose change a person has to choose")
    options.everywhere(accept_contract)
    accept_contract.set_defaults(run=_contract_accept)
    accept_contract.add_argument("source", metavar="SOURCE")
    accept_contract.add_argument("--by", help="who decides (default: the name of this account)")

    backfill = command(
        "backfill", _backfill, "read a source's imports again, as its contract now says, and resolve once"
    )
    backfill.add_argument("source", metavar="SOURCE")
    backfill.add_argument("--all", action="store_true", help="also imports that are not stale")
    options.no_resolve(backfill)

    replay = command("replay", _replay, "read imports again that were refused or of which lines were rejected")
    replay.add_argument("source", nargs="?", metavar="SOURCE", help="default: every source")
    options.no_resolve(replay)

    accept = command("accept", _accept, "accept an import that waits for a person: a snapshot that shrinks, or returns")
    accept.add_argument("source", metavar="SOURCE")
    accept.add_argument("import_id", metavar="IMPORT", help="as `cdp status` shows it")
    accept.add_argument("--by", help="who decides (default: the name of this account)")

    audit = command("audit", _audit, "audit the quality of every source now, and say where the reports are")
    audit.add_argument(
        "source", nargs="?", metavar="SOURCE", help="tell what was found in this one (default: all, in short)"
    )
    options.json(audit)


def _source_usage(arguments: argparse.Namespace) -> int:
    print("usage: cdp source add FILE [--name NAME] [--print] [--force] | cdp source restart SOURCE", file=sys.stderr)
    return USAGE


def _source_restart(arguments: argparse.Namespace) -> int:
    workspace = console.workspace(arguments).require()
    (contract,), _ = _contracts(workspace, arguments.source)
    if contract.extract.sql is None:
        raise console.CommandError(f"{contract.source} is not read from a database; its files are imported once each")
    workspace.ledger.forget_cursor(contract.source)
    print(f"{contract.source}: the next extraction reads everything again; rows that are known already bring nothing.")
    return FINE


def _source_add(arguments: argparse.Namespace) -> int:
    workspace = console.workspace(arguments)
    path: Path = arguments.file
    if not path.is_file():
        raise console.CommandError("there is no such file; name one that the source delivers")
    text, name = _draft(path, arguments.name)
    if arguments.print_only:
        print(text, end="")
        return FINE
    target = workspace.contracts_dir / f"{name}.yaml"
    if target.exists() and not arguments.force:
        raise console.CommandError(f"contracts/{name}.yaml exists; choose another --name, or replace it with --force")
    workspace.contracts_dir.mkdir(parents=True, exist_ok=True)
    (workspace.landing_dir / name).mkdir(parents=True, exist_ok=True)
    console.replace(target, lambda part: part.write_text(text, encoding="utf-8"))
    print(_NEXT_STEPS.format(contract=console.shown(target), landing=console.shown(workspace.landing_dir / name)))
    return FINE


_NEXT_STEPS = """\
Drafted {contract}. It is a guess: read it before the first import.
  1. Check what is marked as a guess: the key, observed_at, the date format, and which column feeds which field.
  2. Say how it delivers (snapshot, changes or events) and how far to trust it (0 to 100).
  3. Put files into {landing}/ and run `cdp run`; `cdp status` shows what became of them.
  4. Where `cdp ui` is running, reload the code location there (Deployment), so that the source's assets appear."""


def _draft(path: Path, name: str | None) -> tuple[str, str]:
    """A contract's text for files like this one, and the source's name."""
    from cdp_assets.sources.contract_checks import source_name
    from cdp_assets.sources.drafting import draft_contract
    from cdp_assets.sources.yaml_text import parse_yaml

    if name is not None:
        try:
            source_name(name)
        except ValueError:
            raise console.CommandError(
                "a source's name is lower-case letters, digits and _, and begins with a letter"
            ) from None
    text = draft_contract(path, name)
    said = parse_yaml(text).value
    return text, str(said["source"]) if isinstance(said, dict) else str(name)


def _contract_usage(arguments: argparse.Namespace) -> int:
    print("usage: cdp contract check [SOURCE] | cdp contract accept SOURCE", file=sys.stderr)
    return USAGE


def _contract_check(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.contract_review import review_contract
    from cdp_assets.steward.contract_text import contract_text

    workspace = console.workspace(arguments).require()
    contracts, problems = _contracts(workspace, arguments.source)
    reviews = [review_contract(workspace, contract, console.now()) for contract in contracts]
    if arguments.json:
        print(console.as_json({"problems": problems, "contracts": [review.as_json() for review in reviews]}))
    else:
        print("\n\n".join([*problems, *(contract_text(review, console.width()) for review in reviews)]))
    return FAILED if problems or any(review.needs_something for review in reviews) else FINE


def _contract_accept(arguments: argparse.Namespace) -> int:
    from cdp_assets.sources.contract_changes import choices_needed
    from cdp_assets.sources.contracts_in_force import put_in_force

    workspace = console.workspace(arguments).require()
    (contract,), _ = _contracts(workspace, arguments.source)
    choices = choices_needed(workspace.ledger, contract)
    if not choices:
        print(f"{contract.source}: its contract waits for nobody.")
        return FINE
    put_in_force(workspace.ledger, contract, console.now(), accepted_by=arguments.by or console.account())
    print(
        f"{contract.source}: {len(choices)} change(s) of its contract accepted. `cdp backfill {contract.source}` reads its "
        "former imports again; new ones are read with it from now on."
    )
    return FINE


def _contracts(workspace: Workspace, source: str | None) -> tuple[list[SourceContract], list[str]]:
    """The contracts asked for, and what is wrong with those that can not be read."""
    from cdp_assets.sources.contracts import load_contracts

    contracts, problems = load_contracts(workspace.contracts_dir)
    if source is None:
        return contracts, [str(problem) for problem in problems]
    refused = [str(problem) for problem in problems if problem.source == source]
    found = [contract for contract in contracts if contract.source == source]
    if not found:
        raise console.CommandError(
            refused[0] if refused else f"there is no contract of that source; there are {', '.join(_names(contracts))}"
        )
    return found, []


def _names(contracts: list[SourceContract]) -> list[str]:
    return sorted(contract.source for contract in contracts)


def _backfill(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import backfill

    workspace = console.workspace(arguments).require()
    _contracts(workspace, arguments.source)
    return _told(
        backfill(
            workspace, arguments.source, console.progress, everything=arguments.all, resolve=not arguments.no_resolve
        )
    )


def _replay(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import replay

    workspace = console.workspace(arguments).require()
    if arguments.source is not None:
        _contracts(workspace, arguments.source)
    return _told(replay(workspace, arguments.source, console.progress, resolve=not arguments.no_resolve))


def _told(done: RereadReport) -> int:
    from cdp_assets.steward.run_text import has_failed, reread_text

    print(reread_text(done, console.width()))
    return FAILED if has_failed(done) else FINE


def _accept(arguments: argparse.Namespace) -> int:
    from cdp_assets.sources.acceptance import accept

    workspace = console.workspace(arguments).require()
    (contract,), _ = _contracts(workspace, arguments.source)
    print(accept(workspace, contract, arguments.import_id, by=arguments.by or console.account(), now=console.now()))
    return FINE


def _audit(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import audit
    from cdp_assets.steward.audit_text import audit_text, audits_as_json, audits_text, newest_audits
    from cdp_assets.steward.lookup import require_made
    from cdp_assets.tables import EMAIL_ADDRESSES

    workspace = console.workspace(arguments).require()
    if arguments.source is not None:
        _contracts(workspace, arguments.source)
    require_made(workspace.lake, EMAIL_ADDRESSES)
    problems = audit(workspace).problems
    if problems:
        raise console.CommandError("; ".join(problems))
    made = newest_audits(workspace, arguments.source)
    if arguments.json:
        print(console.as_json(audits_as_json(made)))
    elif arguments.source is not None:
        print(audit_text(made[0], console.width(), console.shown))
    else:
        print(audits_text(workspace, made, console.width(), console.shown))
    return FINE
