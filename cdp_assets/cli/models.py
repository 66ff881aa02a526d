"""The linkage model: shown, trained, chosen, and judged by people.

What does not belong here: what a command finds out (the stages, ``steward/``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cdp_assets.cli import console, options
from cdp_assets.cli.console import FAILED, FINE, USAGE
from cdp_assets.cli.options import Command


def add_to(command: Command) -> None:
    """Add ``model``."""
    model = command("model", _model_usage, "show, train and choose how records are linked: what each agreement proves")
    model_actions = model.add_subparsers(dest="action", metavar="ACTION")
    show = model_actions.add_parser(
        "show", help="the linkage model in use: comparisons, weights, blocking rules, thresholds, each with its reason"
    )
    options.everywhere(show)
    options.json(show)
    show.set_defaults(run=_model_show)
    show.add_argument("--version", metavar="V", help="another version that is kept, or how its name begins")
    train = model_actions.add_parser(
        "train", help="train a new version beside the one in use, and show what it would change"
    )
    options.everywhere(train)
    options.json(train)
    train.set_defaults(run=_model_train)
    use = model_actions.add_parser("use", help="take a version into use with the next resolution, and keep to it")
    options.everywhere(use)
    use.set_defaults(run=_model_use)
    which = use.add_mutually_exclusive_group(required=True)
    which.add_argument("version", nargs="?", metavar="VERSION", help="a version that is kept, or how its name begins")
    which.add_argument("--automatic", action="store_true", help="let the policy choose again (policies/linkage.yaml)")
    use.add_argument("--by", help="who decides (default: the name of this account)")

    drawn = model_actions.add_parser(
        "sample", help="draw pairs to judge, from which precision and recall are estimated"
    )
    options.everywhere(drawn)
    drawn.set_defaults(run=_model_sample)
    drawn.add_argument(
        "--size", type=options.positive, default=100, metavar="N", help="pairs of the sample (default: 100)"
    )
    drawn.add_argument("out", type=Path, metavar="OUT", help="a .csv file to fill in; replaced when it is complete")
    answers = model_actions.add_parser("judge", help="write the judgements that were filled into such a file")
    options.everywhere(answers)
    answers.set_defaults(run=_model_judge)
    answers.add_argument("file", type=Path, metavar="FILE", help="with record_id_l, record_id_r and judgement")
    answers.add_argument("--by", help="who decided (default: the name of this account)")


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

    workspace = console.workspace(arguments).require()
    require_made(workspace.lake, LINKAGE_PROFILES)
    problems = train(workspace).problems
    if problems:
        raise console.CommandError("; ".join(problems))
    stands = retraining(workspace)
    plan = plan_facts(workspace.lake, stands.proposed) if stands.proposed else None
    if arguments.json:
        print(
            console.as_json(
                {"in_use": stands.in_use, "proposed": stands.proposed, "plan": plan.as_json() if plan else None}
            )
        )
    elif stands.proposed is None:
        print(f"Training on today's data gives the version in use, {stands.in_use}: there is nothing to propose.")
    else:
        print(heading(f"Linkage model {stands.proposed}, proposed beside {stands.in_use}"))
        print(
            plan_text(plan, console.width())
            if plan
            else "Nothing has been resolved yet, so there is nothing to compare with."
        )
    return FINE


def _model_use(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.model_use import use_automatically, use_model

    workspace = console.workspace(arguments).require()
    by = arguments.by or console.account()
    if arguments.automatic:
        print(use_automatically(workspace, by=by, now=console.now()))
    else:
        print(use_model(workspace, arguments.version, by=by, now=console.now()))
    return FINE


def _model_sample(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.model_sample import draw

    out: Path = arguments.out
    if out.suffix != ".csv":
        raise console.CommandError("the file's name must end in .csv")
    if not out.parent.is_dir():
        raise console.CommandError("the directory to write into does not exist; make it first")
    drawn = draw(console.workspace(arguments).require(), arguments.size)
    console.replace(out, drawn.to_judge.write_csv)
    print(f"{drawn.drawn:,} pairs drawn, {drawn.judged:,} of them judged already; the others are in {out}.")
    print("Fill in the column judgement (same, different, undecided), then: cdp model judge FILE")
    return FINE


def _model_judge(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.model_sample import judge_file

    workspace = console.workspace(arguments).require()
    if not arguments.file.is_file():
        raise console.CommandError("there is no such file; `cdp model sample OUT.csv` makes one to fill in")
    done = judge_file(
        workspace, arguments.file, by=arguments.by or console.account(), now=console.now(), told=console.progress
    )
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

    workspace = console.workspace(arguments).require()
    policy = load_linkage_policy(workspace.policy_file("linkage"))
    found = model_facts(
        workspace.lake, policy, arguments.version, retraining(workspace).pinned_by, known_pairs(workspace)
    )
    print(console.as_json(model_as_json(found)) if arguments.json else model_text(found, console.width()))
    return FINE
