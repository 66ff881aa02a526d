"""The command line, ``cdp``.

Exit codes: 0 fine, 1 an error that is explained in a line or two on stderr (what, where, what to do), 2 usage. Nothing
on stderr holds a customer's value: what was asked for is never repeated there, and of an error that nobody foresaw only
the kind and the place are told, for its text may quote anything.

Only the standard library is loaded here; each command loads what it needs, so that ``cdp --help`` is instant. What does
not belong here: what a command finds out (the stages, ``steward/``); this module asks, prints and returns a number.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from cdp_assets.automation import RereadReport, RunReport
    from cdp_assets.erasure.steps import Erased
    from cdp_assets.sources.contracts import SourceContract
    from cdp_assets.steward.plan_text import PlanFacts
    from cdp_assets.workspace import Workspace

FINE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

WIDTH_WITHOUT_A_TERMINAL = 100
"""Output into a file or a pipe is as wide as this, so that it is the same everywhere."""

UI_PORT, STEWARD_PORT = 3000, 3010


class CommandError(RuntimeError):
    """A command can not do what was asked. Says what, where and what to do, never a customer's value."""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = parser().parse_args(argv)
    with warnings.catch_warnings():
        if not sys.warnoptions:  # libraries' warnings are for who develops, and may quote a value
            warnings.simplefilter("ignore")
        return _run_command(arguments)


def _run_command(arguments: argparse.Namespace) -> int:
    try:
        run: Callable[[argparse.Namespace], int] = arguments.run
        code = run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `cdp … | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception as problem:
        if arguments.traceback:
            raise
        print(f"cdp {arguments.command}: {_explained(problem)}", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Every command with its options. ``--workspace`` stands before or after the command's name."""
    top = argparse.ArgumentParser(
        prog="cdp",
        description="Identity resolution for customer data: records in, one explained golden record per customer out.",
        epilog="A workspace is a directory with contracts/ and landing/. The default is the one that CDP_HOME names, else data/.",
    )
    _everywhere(top, is_top=True)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], says: str, **options: Any
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says[0].upper() + says[1:] + ".", **options)
        _everywhere(made)
        made.set_defaults(run=run)
        return made

    demo = command("demo", _demo, "run the sample workspace and tell the story of one customer in it")
    demo.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep the copy of the workspace in which the story goes on (default: remove it)",
    )
    run = command("run", _run, "run everything pending: new imports, then one resolution and publication")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--resolve-anyway", action="store_true", help="resolve and publish even when nothing is new")
    how.add_argument(
        "--full", action="store_true", help="the same, scoring and clustering everything, also what has not changed"
    )
    how.add_argument(
        "--no-resolve", action="store_true", help="only read what has landed; `cdp plan` tells what comes of it"
    )
    _json(command("status", _status, "show what has been delivered, what was made of it, and what is pending"))

    source = command("source", _source_usage, "add a source, or have one start again")
    source_actions = source.add_subparsers(dest="action", metavar="ACTION")
    restart = source_actions.add_parser("restart", help="have the next extraction of a database read everything again")
    _everywhere(restart)
    restart.set_defaults(run=_source_restart)
    restart.add_argument("source", metavar="SOURCE")
    add = source_actions.add_parser("add", help="draft the contract of a source from a file that it delivers")
    _everywhere(add)
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
    _everywhere(check)
    _json(check)
    check.set_defaults(run=_contract_check)
    check.add_argument("source", nargs="?", metavar="SOURCE", help="default: every source")
    accept_contract = actions.add_parser("accept", help="go on with a contract whose change a person has to choose")
    _everywhere(accept_contract)
    accept_contract.set_defaults(run=_contract_accept)
    accept_contract.add_argument("source", metavar="SOURCE")
    accept_contract.add_argument("--by", help="who decides (default: the name of this account)")

    backfill = command(
        "backfill", _backfill, "read a source's imports again, as its contract now says, and resolve once"
    )
    backfill.add_argument("source", metavar="SOURCE")
    backfill.add_argument("--all", action="store_true", help="also imports that are not stale")
    _no_resolve(backfill)
    replay = command("replay", _replay, "read imports again that were refused or of which lines were rejected")
    replay.add_argument("source", nargs="?", metavar="SOURCE", help="default: every source")
    _no_resolve(replay)
    accept = command("accept", _accept, "accept an import that waits for a person: a snapshot that shrinks, or returns")
    accept.add_argument("source", metavar="SOURCE")
    accept.add_argument("import_id", metavar="IMPORT", help="as `cdp status` shows it")
    accept.add_argument("--by", help="who decides (default: the name of this account)")

    audit = command("audit", _audit, "audit the quality of every source now, and say where the reports are")
    audit.add_argument(
        "source", nargs="?", metavar="SOURCE", help="tell what was found in this one (default: all, in short)"
    )
    _json(audit)

    customer = command("customer", _customer, "show everything known about a customer")
    customer.add_argument(
        "enquiry", metavar="WHO", help="customer id (old ones too), e-mail address, phone, record id or name"
    )
    customer.add_argument("--as-of", type=_moment, metavar="DATE", help="what was true then, by the sources' time")
    customer.add_argument(
        "--known-at", type=_moment, metavar="DATE", help="what we knew then: what had landed by that time"
    )
    _json(customer)

    consent = command(
        "consent", _consent_usage, "show who may be contacted and why, and verify the chain of consent events"
    )
    consent_actions = consent.add_subparsers(dest="action", metavar="ACTION")
    consent_show = consent_actions.add_parser(
        "show", help="every event about an address or customer, what is in force, and what must not be done"
    )
    _everywhere(consent_show)
    _json(consent_show)
    consent_show.set_defaults(run=_consent_show)
    consent_show.add_argument(
        "enquiry",
        metavar="WHO",
        help="e-mail address or phone (of a customer or of nobody), customer id, record or name",
    )
    verify = consent_actions.add_parser("verify", help="whether any consent event was lost, altered or slipped in")
    _everywhere(verify)
    _json(verify)
    verify.set_defaults(run=_consent_verify)
    release = consent_actions.add_parser(
        "release", help="let the events of an import differ from what the ledger has of them"
    )
    _everywhere(release)
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
    _picture(erase, " (with --dry-run)")
    erase.add_argument("--by", help="who decides (default: the name of this account)")
    _no_resolve(erase)
    _json(erase)

    access = command("access", _access, "write everything held about a person, as JSON and as a page to read")
    access.add_argument("enquiry", metavar="WHO", help="customer id (old ones too), e-mail address or record id")
    access.add_argument(
        "--output", type=Path, metavar="FOLDER", help="where to (default: exports/access in the workspace)"
    )

    why = command("why", _why, "show why two records are, or are not, one customer")
    _two_records(why)
    _json(why)

    judge = command("judge", _judge, "decide whether two records are one person; holds from the next resolution on")
    _two_records(judge)
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
    _decision(split)
    parted = command("unmerge", _unmerge, "undo the merge of an id into another customer")
    parted.add_argument("customer", metavar="FORMER_ID", help="the id that was merged away")
    _decision(parted)
    pin = command("pin", _pin, "keep a customer's records together and apart from all others, whatever links say")
    pin.add_argument("customer", metavar="CUSTOMER", help="customer id")
    _decision(pin)
    unpin = command("unpin", _unpin, "let judgements and links decide on a pinned customer again")
    unpin.add_argument("customer", metavar="CUSTOMER", help="customer id")
    _decision(unpin)

    resolve = command(
        "resolve", _resolve, "show which customer an id stands for now, and which records it had on a day"
    )
    resolve.add_argument("customer", metavar="ID", help="customer id, current or former")
    resolve.add_argument(
        "--on", type=_day, metavar="DAY", help="YYYY-MM-DD: the records that it had at the end of that day (UTC)"
    )
    _json(resolve)

    model = command("model", _model_usage, "show, train and choose how records are linked: what each agreement proves")
    model_actions = model.add_subparsers(dest="action", metavar="ACTION")
    show = model_actions.add_parser(
        "show", help="the linkage model in use: comparisons, weights, blocking rules, thresholds, each with its reason"
    )
    _everywhere(show)
    _json(show)
    show.set_defaults(run=_model_show)
    show.add_argument("--version", metavar="V", help="another version that is kept, or how its name begins")
    train = model_actions.add_parser(
        "train", help="train a new version beside the one in use, and show what it would change"
    )
    _everywhere(train)
    _json(train)
    train.set_defaults(run=_model_train)
    use = model_actions.add_parser("use", help="take a version into use with the next resolution, and keep to it")
    _everywhere(use)
    use.set_defaults(run=_model_use)
    which = use.add_mutually_exclusive_group(required=True)
    which.add_argument("version", nargs="?", metavar="VERSION", help="a version that is kept, or how its name begins")
    which.add_argument("--automatic", action="store_true", help="let the policy choose again (policies/linkage.yaml)")
    use.add_argument("--by", help="who decides (default: the name of this account)")

    plan = command("plan", _plan, "show what the next resolution would do to the customers, without doing it")
    _picture(plan)
    _json(plan)
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
    _json(rollback)

    drawn = model_actions.add_parser(
        "sample", help="draw pairs to judge, from which precision and recall are estimated"
    )
    _everywhere(drawn)
    drawn.set_defaults(run=_model_sample)
    drawn.add_argument("--size", type=_positive, default=100, metavar="N", help="pairs of the sample (default: 100)")
    drawn.add_argument("out", type=Path, metavar="OUT", help="a .csv file to fill in; replaced when it is complete")
    answers = model_actions.add_parser("judge", help="write the judgements that were filled into such a file")
    _everywhere(answers)
    answers.set_defaults(run=_model_judge)
    answers.add_argument("file", type=Path, metavar="FILE", help="with record_id_l, record_id_r and judgement")
    answers.add_argument("--by", help="who decided (default: the name of this account)")

    export = command("export", _export_usage, "write what other tools read")
    identities = export.add_subparsers(dest="action", metavar="WHAT").add_parser(
        "identities", help="every current record once, with its customer id"
    )
    _everywhere(identities)
    identities.set_defaults(run=_export_identities)
    identities.add_argument(
        "out", type=Path, metavar="OUT", help="a .parquet or .csv file; replaced when it is complete"
    )

    evaluate = command("evaluate", _evaluate, "measure the customers against known truth")
    evaluate.add_argument("truth", type=Path, metavar="TRUTH", help="parquet or csv with record_id and entity_id")
    _json(evaluate)

    generate = command("generate", _generate, "make a workspace of invented people, with its truth")
    generate.add_argument("--people", type=_positive, required=True, metavar="N", help="how many people")
    generate.add_argument(
        "--seed", type=_not_negative, required=True, metavar="S", help="the same seed makes the same files"
    )
    generate.add_argument("out", type=Path, metavar="OUT", help="a directory that is empty or not there yet")

    ui = command("ui", _ui, "open Dagster on the workspace")
    _address(ui, UI_PORT)
    steward = command("steward", _steward, "serve the page where a person looks customers up, decides and corrects")
    _address(steward, STEWARD_PORT)
    steward.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="name under which a proxy serves the page; repeatable",
    )
    steward.add_argument("--by", help="whom decisions are written down to (default: the name of this account)")
    return top


def _everywhere(to: argparse.ArgumentParser, *, is_top: bool = False) -> None:
    """Options that stand before or after the command's name; the latter must not reset the former to a default."""
    to.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        default=None if is_top else argparse.SUPPRESS,
        help="the workspace to work on",
    )
    to.add_argument(
        "--traceback",
        action="store_true",
        default=False if is_top else argparse.SUPPRESS,
        help="on an error, show where it arose (may show customers' values)",
    )


def _json(to: argparse.ArgumentParser) -> None:
    to.add_argument("--json", action="store_true", help="print JSON instead of text")


def _picture(to: argparse.ArgumentParser, when: str = "") -> None:
    to.add_argument(
        "--picture", metavar="FILE", type=Path, help=f"also draw what would change{when}: an .svg or .png file"
    )


def _no_resolve(to: argparse.ArgumentParser) -> None:
    to.add_argument("--no-resolve", action="store_true", help="leave the resolution to the sensor or the next run")


def _two_records(to: argparse.ArgumentParser) -> None:
    to.add_argument("record_l", metavar="RECORD", help="record id: SOURCE/KEY")
    to.add_argument("record_r", metavar="RECORD", help="record id: SOURCE/KEY")


def _decision(to: argparse.ArgumentParser) -> None:
    to.add_argument("--reason", required=True, help="why; kept with the judgements")
    to.add_argument("--by", help="who decides (default: the name of this account)")


def _day(text: str) -> datetime:
    """The last moment of a day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(
            hour=23, minute=59, second=59, microsecond=999_999, tzinfo=UTC
        )
    except ValueError:
        raise argparse.ArgumentTypeError("expected a day as YYYY-MM-DD") from None


def _address(to: argparse.ArgumentParser, port: int) -> None:
    to.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    to.add_argument("--port", type=int, default=port, help=f"default: {port}")


def _moment(text: str) -> datetime:
    """A day (all of it counts) or a moment, ISO 8601; UTC where it does not say otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "expected a day such as 2023-05-31, or a moment such as 2023-05-31T12:00"
        ) from None
    if len(text) == len("2023-05-31"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _positive(text: str) -> int:
    return _from(1, text)


def _not_negative(text: str) -> int:
    return _from(0, text)


def _from(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}")
    return number


# -- the commands -----------------------------------------------------------------------------------------------------


def _run(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.run_text import has_failed, run_text

    workspace = _workspace(arguments).require()
    done = _run_pending(
        workspace,
        resolve_anyway=arguments.resolve_anyway,
        resolve=not arguments.no_resolve,
        in_full=arguments.full,
    )
    print(run_text(done, _width(), resolves=not arguments.no_resolve))
    return FAILED if has_failed(done) else FINE


def _demo(arguments: argparse.Namespace) -> int:
    from cdp_assets.evaluation.world import build_shop_database
    from cdp_assets.steward.run_text import has_failed, run_text
    from cdp_assets.steward.story import tell

    workspace = _workspace(arguments).require()
    build_shop_database(workspace.home)
    done = _run_pending(workspace)
    if has_failed(done):
        print(run_text(done, _width()))
        return FAILED
    told = tell(workspace, _width())
    print(told.text, flush=True)
    broken = told.broken
    if told.is_of_somebody:
        broken += _goes_on(workspace, arguments.keep)
    print(f"\n{told.further}")
    return FAILED if broken else FINE


def _goes_on(workspace: Workspace, keep: Path | None) -> tuple[str, ...]:
    """What people decide after that, lived through in a copy; what of it does not hold."""
    from cdp_assets.automation import erase
    from cdp_assets.steward.plain_text import paragraph
    from cdp_assets.steward.story_goes_on import NOT_WHOLE, Doing, go_on, in_a_copy, is_whole

    if not is_whole(workspace):
        print(f"\n{paragraph(NOT_WHOLE, _width())}")
        return ()
    _progress("going on in a copy of the workspace")
    doing = Doing(
        run=lambda copy, resolve: _run_pending(copy, resolve=resolve),
        erase=lambda copy, customer: erase(copy, customer, by=_account(), report=_progress, resolve=False)[0][-1],
    )
    with in_a_copy(workspace, keep) as copy:
        told = go_on(copy, doing, _now(), _width())
    print(f"\n{told.text}", flush=True)
    return told.broken


def _run_pending(workspace: Workspace, **how: bool) -> RunReport:
    from cdp_assets.automation import run_pending

    return run_pending(workspace, _progress, **how)


def _status(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.status import status_text, workspace_status

    found = workspace_status(_workspace(arguments), _now())
    print(_as_json(found.as_json()) if arguments.json else status_text(found, _width()))
    return FINE


def _source_usage(arguments: argparse.Namespace) -> int:
    print("usage: cdp source add FILE [--name NAME] [--print] [--force] | cdp source restart SOURCE", file=sys.stderr)
    return USAGE


def _source_restart(arguments: argparse.Namespace) -> int:
    workspace = _workspace(arguments).require()
    (contract,), _ = _contracts(workspace, arguments.source)
    if contract.extract.sql is None:
        raise CommandError(f"{contract.source} is not read from a database; its files are imported once each")
    workspace.ledger.forget_cursor(contract.source)
    print(f"{contract.source}: the next extraction reads everything again; rows that are known already bring nothing.")
    return FINE


def _source_add(arguments: argparse.Namespace) -> int:
    workspace = _workspace(arguments)
    path: Path = arguments.file
    if not path.is_file():
        raise CommandError("there is no such file; name one that the source delivers")
    text, name = _draft(path, arguments.name)
    if arguments.print_only:
        print(text, end="")
        return FINE
    target = workspace.contracts_dir / f"{name}.yaml"
    if target.exists() and not arguments.force:
        raise CommandError(f"contracts/{name}.yaml exists; choose another --name, or replace it with --force")
    workspace.contracts_dir.mkdir(parents=True, exist_ok=True)
    (workspace.landing_dir / name).mkdir(parents=True, exist_ok=True)
    _replace(target, lambda part: part.write_text(text, encoding="utf-8"))
    print(_NEXT_STEPS.format(contract=_shown(target), landing=_shown(workspace.landing_dir / name)))
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
            raise CommandError(
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

    workspace = _workspace(arguments).require()
    contracts, problems = _contracts(workspace, arguments.source)
    reviews = [review_contract(workspace, contract, _now()) for contract in contracts]
    if arguments.json:
        print(_as_json({"problems": problems, "contracts": [review.as_json() for review in reviews]}))
    else:
        print("\n\n".join([*problems, *(contract_text(review, _width()) for review in reviews)]))
    return FAILED if problems or any(review.needs_something for review in reviews) else FINE


def _contract_accept(arguments: argparse.Namespace) -> int:
    from cdp_assets.sources.contract_changes import choices_needed
    from cdp_assets.sources.contracts_in_force import put_in_force

    workspace = _workspace(arguments).require()
    (contract,), _ = _contracts(workspace, arguments.source)
    choices = choices_needed(workspace.ledger, contract)
    if not choices:
        print(f"{contract.source}: its contract waits for nobody.")
        return FINE
    put_in_force(workspace.ledger, contract, _now(), accepted_by=arguments.by or _account())
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
        raise CommandError(
            refused[0] if refused else f"there is no contract of that source; there are {', '.join(_names(contracts))}"
        )
    return found, []


def _names(contracts: list[SourceContract]) -> list[str]:
    return sorted(contract.source for contract in contracts)


def _backfill(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import backfill

    workspace = _workspace(arguments).require()
    _contracts(workspace, arguments.source)
    return _told(
        backfill(workspace, arguments.source, _progress, everything=arguments.all, resolve=not arguments.no_resolve)
    )


def _replay(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import replay

    workspace = _workspace(arguments).require()
    if arguments.source is not None:
        _contracts(workspace, arguments.source)
    return _told(replay(workspace, arguments.source, _progress, resolve=not arguments.no_resolve))


def _told(done: RereadReport) -> int:
    from cdp_assets.steward.run_text import has_failed, reread_text

    print(reread_text(done, _width()))
    return FAILED if has_failed(done) else FINE


def _accept(arguments: argparse.Namespace) -> int:
    from cdp_assets.sources.acceptance import accept

    workspace = _workspace(arguments).require()
    (contract,), _ = _contracts(workspace, arguments.source)
    print(accept(workspace, contract, arguments.import_id, by=arguments.by or _account(), now=_now()))
    return FINE


def _audit(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import audit
    from cdp_assets.steward.audit_text import audit_text, audits_as_json, audits_text, newest_audits
    from cdp_assets.steward.lookup import require_made
    from cdp_assets.tables import EMAIL_ADDRESSES

    workspace = _workspace(arguments).require()
    if arguments.source is not None:
        _contracts(workspace, arguments.source)
    require_made(workspace.lake, EMAIL_ADDRESSES)
    problems = audit(workspace).problems
    if problems:
        raise CommandError("; ".join(problems))
    made = newest_audits(workspace, arguments.source)
    if arguments.json:
        print(_as_json(audits_as_json(made)))
    elif arguments.source is not None:
        print(audit_text(made[0], _width(), _shown))
    else:
        print(audits_text(workspace, made, _width(), _shown))
    return FINE


def _customer(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.customer_text import candidates_text, customer_text
    from cdp_assets.steward.dossier import dossier
    from cdp_assets.steward.lookup import find, is_customer_id, names_of

    workspace = _workspace(arguments).require()
    found = find(workspace.lake, arguments.enquiry)
    if found.total > 1:
        listed = {"kind": found.kind, "total": found.total, "customer_ids": list(found.customer_ids)}
        names = names_of(workspace.lake, found.customer_ids)
        print(_as_json(listed) if arguments.json else candidates_text(found, names, _width()))
        return FINE
    asked = arguments.enquiry if is_customer_id(arguments.enquiry) else found.customer_ids[0]
    if arguments.as_of or arguments.known_at:
        from cdp_assets.steward.customer_text import past_text
        from cdp_assets.steward.past import past

        now = _now()
        then = past(workspace, asked, as_of=arguments.as_of or now, known_at=arguments.known_at or now)
        print(_as_json(then.as_json()) if arguments.json else past_text(then, _width()))
        return FINE
    about = dossier(workspace.lake, workspace.ledger, asked)
    print(_as_json(about.as_json()) if arguments.json else customer_text(about, _width()))
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

    found = consent_facts(_workspace(arguments).require().lake, arguments.enquiry)
    print(_as_json(found.as_json()) if arguments.json else consent_text(found, _width()))
    return FINE


def _consent_verify(arguments: argparse.Namespace) -> int:
    from cdp_assets.golden_records.consent_log import chain_breaks
    from cdp_assets.steward.consent_text import chain_text
    from cdp_assets.tables import CONSENT_EVENTS

    workspace = _workspace(arguments).require()
    broken = chain_breaks(workspace)
    events = workspace.lake.read_or_empty(CONSENT_EVENTS).height
    entries = workspace.ledger.consent_entries().height
    if arguments.json:
        print(_as_json({"events": events, "entries": entries, "breaks": [vars(one) for one in broken]}))
    else:
        print(chain_text(broken, events, entries, _width()))
    return FAILED if broken else FINE


def _consent_release(arguments: argparse.Namespace) -> int:
    from cdp_assets.golden_records.consent_log import release_import

    workspace = _workspace(arguments).require()
    by = arguments.by or _account()
    if not release_import(workspace, arguments.source, arguments.import_id, reason=arguments.reason, by=by, now=_now()):
        raise CommandError(
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

    workspace = _workspace(arguments).require()
    if arguments.dry_run:
        if arguments.enquiry is None:
            raise CommandError("name a customer id or an e-mail address")
        plan = erasure_plan(workspace, _one_customer(workspace, arguments.enquiry), _now())
        if plan.follows:
            _draw(plan.follows, arguments.picture)
        print(_as_json(plan.as_json()) if arguments.json else plan_text(plan, _width()))
        return FINE
    if arguments.picture is not None:
        raise CommandError("--picture draws what would change, so it goes with --dry-run; nothing has been erased")
    by, is_open = arguments.by or _account(), bool(unfinished(workspace))
    done: list[Erased] = []
    if is_open:  # first of all: whom it is about can not be looked up any more
        done, _ = erase(workspace, None, by=by, report=_progress, resolve=False)
    customer_id = None
    try:
        customer_id = _one_customer(workspace, arguments.enquiry) if arguments.enquiry else None
    except LookupProblemError:
        if not is_open:
            raise
    more, outcome = erase(workspace, customer_id, by=by, report=_progress, resolve=not arguments.no_resolve)
    done = [*done, *more]
    if arguments.json:
        print(_as_json([dict(one.certificate) for one in done]))
    else:
        print(erased_text(done, outcome.delivered_since, _shown, _width(), outcome.followed))
    if outcome.problems:
        raise CommandError("the resolution that follows failed: " + "; ".join(outcome.problems))
    return FINE


def _one_customer(workspace: Workspace, enquiry: str) -> str:
    """The one customer, by their current id, that was asked for."""
    from cdp_assets.steward.lookup import find, is_customer_id, resolve_id

    if is_customer_id(enquiry):
        return resolve_id(workspace.lake, enquiry)
    found = find(workspace.lake, enquiry)
    if found.total > 1:
        raise CommandError(
            f"{found.total} customers have that {found.kind}; name one by its id (`cdp customer` lists them)"
        )
    return found.customer_ids[0]


def _access(arguments: argparse.Namespace) -> int:
    from cdp_assets.erasure.access import everything_held, write_access

    workspace = _workspace(arguments).require()
    customer_id = _one_customer(workspace, arguments.enquiry)
    folder: Path = arguments.output or workspace.exports_dir / "access"
    written = write_access(everything_held(workspace, customer_id, _now()), folder)
    print("\n".join(f"Written: {_shown(path)}" for path in written))
    return FINE


def _why(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.connection import connection
    from cdp_assets.steward.connection_text import connection_text

    found = connection(_workspace(arguments).require(), arguments.record_l, arguments.record_r)
    print(_as_json(found.as_json()) if arguments.json else connection_text(found, _width()))
    return FINE


def _judge(arguments: argparse.Namespace) -> int:
    from cdp_assets.judgements import ContradictoryJudgementError
    from cdp_assets.steward.decisions import judge

    workspace = _workspace(arguments).require()
    try:
        judge(
            workspace,
            arguments.record_l,
            arguments.record_r,
            arguments.judgement,
            by=arguments.by or _account(),
            reason=arguments.reason,
            now=_now(),
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

    workspace = _workspace(arguments).require()
    try:
        written = decide(workspace, {"by": arguments.by or _account(), "reason": arguments.reason, "now": _now()})
    except ContradictoryJudgementError as refused:
        print("Nothing was written. The chain: " + " – ".join(refused.chain))
        raise
    print(f"{written} judgement{'s' if written > 1 else ''} written. They hold from the next resolution on; `cdp plan` shows what "
          "comes of them, `cdp run` does it.")  # fmt: skip
    return FINE


def _resolve(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.resolved_ids import resolved_id, resolved_text

    found = resolved_id(_workspace(arguments).require().lake, arguments.customer, arguments.on)
    print(_as_json(found.as_json()) if arguments.json else resolved_text(found, _width()))
    return FINE


def _model_usage(arguments: argparse.Namespace) -> int:
    print(
        "usage: cdp model show [--version V] [--json] | train [--json] | use VERSION|--automatic"
        " | sample [--size N] OUT.csv | judge FILE [--by NAME]",
        file=sys.stderr,
    )
    return USAGE


def _model_train(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import train
    from cdp_assets.candidate_links.due import retraining
    from cdp_assets.steward.lookup import require_made
    from cdp_assets.steward.plain_text import heading
    from cdp_assets.steward.plan_text import plan_facts, plan_text
    from cdp_assets.tables import LINKAGE_PROFILES

    workspace = _workspace(arguments).require()
    require_made(workspace.lake, LINKAGE_PROFILES)
    problems = train(workspace).problems
    if problems:
        raise CommandError("; ".join(problems))
    stands = retraining(workspace)
    plan = plan_facts(workspace.lake, stands.proposed) if stands.proposed else None
    if arguments.json:
        print(
            _as_json({"in_use": stands.in_use, "proposed": stands.proposed, "plan": plan.as_json() if plan else None})
        )
    elif stands.proposed is None:
        print(f"Training on today's data gives the version in use, {stands.in_use}: there is nothing to propose.")
    else:
        print(heading(f"Linkage model {stands.proposed}, proposed beside {stands.in_use}"))
        print(
            plan_text(plan, _width()) if plan else "Nothing has been resolved yet, so there is nothing to compare with."
        )
    return FINE


def _model_use(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.model_use import use_automatically, use_model

    workspace = _workspace(arguments).require()
    by = arguments.by or _account()
    if arguments.automatic:
        print(use_automatically(workspace, by=by, now=_now()))
    else:
        print(use_model(workspace, arguments.version, by=by, now=_now()))
    return FINE


def _model_sample(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.model_sample import draw

    out: Path = arguments.out
    if out.suffix != ".csv":
        raise CommandError("the file's name must end in .csv")
    if not out.parent.is_dir():
        raise CommandError("the directory to write into does not exist; make it first")
    drawn = draw(_workspace(arguments).require(), arguments.size)
    _replace(out, drawn.to_judge.write_csv)
    print(f"{drawn.drawn:,} pairs drawn, {drawn.judged:,} of them judged already; the others are in {out}.")
    print("Fill in the column judgement (same, different, undecided), then: cdp model judge FILE")
    return FINE


def _model_judge(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.model_sample import judge_file

    workspace = _workspace(arguments).require()
    if not arguments.file.is_file():
        raise CommandError("there is no such file; `cdp model sample OUT.csv` makes one to fill in")
    done = judge_file(workspace, arguments.file, by=arguments.by or _account(), now=_now(), told=_progress)
    print(f"{done.written:,} judgements written, {done.known:,} were in force already.")
    for rows, because in (
        (done.contradicting, "judgements in force say otherwise; `cdp judge` shows the chain"),
        (done.unknown, "a record is not known any more; draw anew"),
    ):
        if rows:
            print(f"Not written: row {', '.join(str(row) for row in rows)} of the file, because {because}.")
    print("They hold, and the next model learns from them, from the next resolution on; `cdp run` makes one now.")
    return FAILED if done.contradicting or done.unknown else FINE


def _model_show(arguments: argparse.Namespace) -> int:
    from cdp_assets.candidate_links.due import retraining
    from cdp_assets.candidate_links.policy import load_linkage_policy
    from cdp_assets.steward.model_sample import known_pairs
    from cdp_assets.steward.model_text import model_as_json, model_facts, model_text

    workspace = _workspace(arguments).require()
    policy = load_linkage_policy(workspace.policy_file("linkage"))
    found = model_facts(
        workspace.lake, policy, arguments.version, retraining(workspace).pinned_by, known_pairs(workspace)
    )
    print(_as_json(model_as_json(found)) if arguments.json else model_text(found, _width()))
    return FINE


def _plan(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import plan
    from cdp_assets.steward.lookup import require_made
    from cdp_assets.steward.plan_text import next_plan, plan_text
    from cdp_assets.steward.status import workspace_status
    from cdp_assets.tables import CUSTOMER_IDS

    workspace = _workspace(arguments).require()
    require_made(workspace.lake, CUSTOMER_IDS)
    problems = plan(workspace).problems
    found = next_plan(workspace.lake)
    if problems or found is None:
        raise CommandError("; ".join(problems) or "nothing has been resolved yet; `cdp run` makes the first customers")
    sources = workspace_status(workspace, _now()).sources
    unread = [source.source for source in sources if source.waiting_files + source.waiting_imports]
    stale = [source.source for source in sources if source.stale_imports > source.not_read_again]
    _draw(found, arguments.picture)
    if arguments.json:
        print(_as_json({**found.as_json(), "not_read_yet": unread, "read_with_a_former_contract": stale}))
        return FINE
    print(plan_text(found, _width()))
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


def _draw(plan: PlanFacts, path: Path | None) -> None:
    """Draw a plan where a picture was asked for."""
    from cdp_assets.steward.plan_picture import PictureError, draw_plan

    if path is not None:
        try:
            draw_plan(plan, path)
        except PictureError as problem:
            raise CommandError(str(problem)) from None


def _apply(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.plan_approval import approve_plan

    workspace = _workspace(arguments).require()
    print(approve_plan(workspace, arguments.plan, by=arguments.by or _account(), now=_now()))
    return FINE


def _rollback(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from cdp_assets.published.rollback import roll_back

    done = roll_back(_workspace(arguments).require(), arguments.publication, _now())
    if arguments.json:
        print(_as_json({**asdict(done), "published_at": done.published_at.isoformat()}))
        return FINE
    print(
        f"Readers see publication {done.former_id} of {done.published_at:%Y-%m-%d %H:%M} UTC again: {done.customers:,} customers. "
        f"Consents that have ended since and did not come back: {done.consents_ended:,}. It lasts until the next publication "
        "(`cdp run`)."
    )
    return FINE


def _export_usage(arguments: argparse.Namespace) -> int:
    print("usage: cdp export identities OUT.parquet|OUT.csv", file=sys.stderr)
    return USAGE


def _export_identities(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.exports import current_identities

    out: Path = arguments.out
    if out.suffix not in (".parquet", ".csv"):
        raise CommandError("the file's name must end in .parquet or .csv")
    if not out.parent.is_dir():
        raise CommandError("the directory to write into does not exist; make it first")
    rows = current_identities(_workspace(arguments).require().lake)
    _replace(out, rows.write_parquet if out.suffix == ".parquet" else rows.write_csv)
    print(f"{rows.height:,} records of {rows['customer_id'].n_unique():,} customers written to {out}")
    return FINE


def _evaluate(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.evaluation_text import evaluation_text, measured, read_truth

    workspace = _workspace(arguments).require()
    measures = measured(workspace.lake, read_truth(arguments.truth))
    print(_as_json(measures) if arguments.json else evaluation_text(measures, _width()))
    return FINE


def _generate(arguments: argparse.Namespace) -> int:
    from cdp_assets.evaluation.world import build_shop_database, generate

    out: Path = arguments.out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CommandError(f"{out} is not an empty directory; name one that is empty or not there yet")
    try:
        made = generate(arguments.people, arguments.seed, out)
        build_shop_database(out)
    except ValueError as refused:  # of numbers, not of customers' values
        raise CommandError(str(refused)) from None
    each = ", ".join(f"{source} {count:,}" for source, count in made.records.items())
    print(
        f"{made.people:,} people in {made.households:,} households; {sum(made.records.values()):,} records ({each}) "
        f"in {sum(made.rows.values()):,} delivered rows; {made.files} files, {made.bytes / 1_000_000:,.1f} MB"
    )
    print(f"Run it: cdp run --workspace {out}")
    return FINE


def _ui(arguments: argparse.Namespace) -> int:
    from cdp_assets.automation import dagster_home
    from cdp_assets.environment import process_environment

    workspace = _workspace(arguments).require()
    # Dagster warns of its own betas in every one of its processes; who sets PYTHONWARNINGS sees them.
    environment = {"PYTHONWARNINGS": "ignore", **process_environment(workspace, dagster_home(workspace))}
    serve = [sys.executable, "-m", "dagster", "dev", "-m", "cdp_assets.definitions"]
    print(f"Dagster on {_shown(workspace.home)}: http://{arguments.host}:{arguments.port} (Ctrl-C ends it)", flush=True)
    _become([*serve, "--host", arguments.host, "--port", str(arguments.port)], environment)


def _steward(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.serving import serve

    workspace = _workspace(arguments).require()
    serve(
        workspace,
        host=arguments.host,
        port=arguments.port,
        other_hosts=arguments.allow_host,
        steward=arguments.by or _account(),
        tell=lambda text: print(text, flush=True),
    )
    return FINE


# -- around the commands ----------------------------------------------------------------------------------------------


def _workspace(arguments: argparse.Namespace) -> Workspace:
    """The workspace that was named, else the one of the environment."""
    from cdp_assets.environment import workspace_from_environment

    return workspace_from_environment(arguments.workspace)


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    """Write beside the target and put it in place in one step: a reader sees the old file or the new one, whole."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(target)
    except OSError as problem:
        raise CommandError(f"{target} could not be written ({problem.strerror or type(problem).__name__})") from None
    finally:
        part.unlink(missing_ok=True)


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    """Go on as another program: its signals and its exit code are then ours."""
    os.execve(command[0], command, environment)


def _progress(line: str) -> None:
    """What is being done goes to stderr: stdout holds the result."""
    print(f"  {line}", file=sys.stderr, flush=True)


def _now() -> datetime:
    return datetime.now(UTC)


def _account() -> str:
    """The name of the account that this runs under, as the system's own register of accounts has it."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "steward"


def _width() -> int:
    return shutil.get_terminal_size((WIDTH_WITHOUT_A_TERMINAL, 24)).columns


def _shown(path: Path) -> str:
    """A path, below the current directory where it is."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _explained(problem: Exception) -> str:
    """What our own errors say of themselves; of any other only the kind and the place, for it may quote a value."""
    if isinstance(problem, CommandError) or type(problem).__module__.partition(".")[0] == "cdp_assets":
        return str(problem)
    own = [frame for frame in traceback.extract_tb(problem.__traceback__) if "cdp_assets" in Path(frame.filename).parts]
    where = f" at {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    if isinstance(problem, ImportError):
        return f"{problem}{where}; install the project anew, so that everything it needs is there"
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.strerror}{where}; which file it was is not shown, --traceback names it"
    return (
        f"an unforeseen {type(problem).__name__}{where}. Its text is not shown because it may hold a customer's value; "
        "run the command again with --traceback to see it"
    )


if __name__ == "__main__":
    sys.exit(main())
