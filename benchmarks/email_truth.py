"""What is said of e-mail addresses and companies, against the truth of invented worlds; and how long that takes.

    python benchmarks/email_truth.py [--people 20000] [--seed 5 --seed 7] [--world DIR] [--versions 1000000]

Runs the standardizing stage alone on each world (no Dagster): the landed files are read, standardized, put in versions and
described. Each section prints its figures against ``truth/``, one column per world. ``--world`` takes a generated workspace
instead (it is written to). ``--versions`` blows the first world up to so many record versions, every copy with names, domains,
phones and keys of its own, and prints the CPU seconds of each table.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

Figures = dict[str, str]
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
"""When everything lands; nothing is judged by it."""


@dataclass(frozen=True)
class World:
    """A standardized world. ``truth``: one row per canonical address: use, is_alive, died_at, meant (canonical)."""

    name: str
    home: Path
    versions: pl.DataFrame
    addresses: pl.DataFrame
    decay: pl.DataFrame
    domains: pl.DataFrame
    probable: pl.DataFrame
    truth: pl.DataFrame

    @property
    def judged(self) -> pl.DataFrame:
        """Addresses that the truth knows, side by side with it."""
        return self.addresses.join(self.truth, on="email")


def main() -> int:
    """Make the worlds, print every section; or the seconds of a large one."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        homes = [Path(home) for home in arguments.world] or [
            _generated(Path(scratch) / f"seed-{seed}", arguments.people, seed) for seed in arguments.seed
        ]
        worlds = [_world(home) for home in homes]
        if arguments.versions:
            _time(worlds[0].versions, arguments.versions)
            return 0
        for section in SECTIONS:
            _print_table(section, worlds)
    return 0


# -- a world ----------------------------------------------------------------------------------------------------------


def _generated(home: Path, people: int, seed: int) -> Path:
    from cdp_assets.evaluation.world import generate

    generate(people, seed, home)
    return home


def _world(home: Path) -> World:
    from cdp_assets.standardized.company_domains import company_domains
    from cdp_assets.standardized.email_addresses import email_tables
    from cdp_assets.standardized.probable_emails import probable_emails

    versions = _versions(home)
    made = email_tables(versions)
    domains = company_domains(versions, made.addresses)
    probable = probable_emails(versions, made.addresses, domains)
    return World(home.name, home, versions, made.addresses, made.decay, domains, probable, _truth(home))


def _versions(home: Path) -> pl.DataFrame:
    """The record versions of a workspace of which nothing was run yet."""
    from cdp_assets.evaluation.world import build_shop_database
    from cdp_assets.raw.deliveries import take_in
    from cdp_assets.sources.arrivals import land_extract, register_arrivals
    from cdp_assets.sources.contracts import load_contracts
    from cdp_assets.standardized.gathering import all_records, order_of_imports
    from cdp_assets.standardized.importing import standardize_import
    from cdp_assets.standardized.versions import record_versions
    from cdp_assets.workspace import Workspace

    if (home / "seed").is_dir():  # a generated world, whose shop is a database
        build_shop_database(home)
    workspace = Workspace(home)
    contracts, _ = load_contracts(workspace.contracts_dir)
    for contract in contracts:
        if contract.extract.is_fetched:
            land_extract(workspace, contract, MIDNIGHT, {}, lambda _line: None)
        register_arrivals(workspace, contract, MIDNIGHT, settle_seconds=0, quiet_seconds=0)
        for import_id in workspace.ledger.imports(contract.source)["import_id"]:
            take_in(workspace, contract, import_id, MIDNIGHT)
            standardize_import(workspace, contract, import_id, MIDNIGHT)
    imports = order_of_imports(workspace)
    records = all_records(workspace, contracts, imports)
    return record_versions(records, {contract.source: contract.delivers for contract in contracts}, imports)


def _truth(home: Path) -> pl.DataFrame:
    from cdp_assets.standardized.emails import standardize_emails

    delivered = pl.read_parquet(home / "truth" / "email_addresses.parquet")
    return (
        delivered.with_columns(
            standardize_emails(delivered["email"]), standardize_emails(delivered["mistyped_for"]).alias("meant")
        )
        .group_by("email")
        .agg(pl.col("use").min(), pl.col("is_alive").any(), pl.col("died_at").min(), pl.col("meant").min())
    )


# -- sections: each is a table of figures -----------------------------------------------------------------------------


def suggestions(world: World) -> Figures:
    """Mistyped domains"""
    is_slip = pl.col("meant").is_not_null() & (_domain("meant") != _domain("email"))
    is_suggested = pl.col("suggestion").is_not_null()
    is_right = (pl.col("suggestion") == pl.col("meant")).fill_null(False)
    agrees = pl.col("suggestion_agrees").fill_null(False)
    judged = world.judged
    slips = _count(judged, is_slip)
    promoted = _count(judged, agrees)
    return {
        "addresses with a mistyped domain": f"{slips:,}",
        "suggested right": _share(_count(judged, is_slip & is_right), slips),
        "suggested wrong": _share(_count(judged, is_slip & is_suggested & ~is_right), slips),
        "suggested where nothing was mistyped": _share(_count(judged, ~is_slip & is_suggested), judged.height - slips),
        "mean confidence": f"{judged['suggestion_confidence'].mean() or 0:.3f}",
        "with the second signal": f"{promoted:,}",
        "of these right": _share(_count(judged, agrees & is_right), promoted),
    }


def junk(world: World) -> Figures:
    """Who shares it"""
    judged = world.judged
    is_junk, is_said = pl.col("use") == "junk", pl.col("sharing") == "junk"
    is_role, is_office = pl.col("use") == "role", pl.col("sharing") == "role"
    own = pl.col("use").is_in(["private", "work", "household"])
    return {
        "junk found": _share(_count(judged, is_junk & is_said), _count(judged, is_junk)),
        "junk found by people alone": _share(
            _count(judged, is_junk & is_said & (pl.col("class") != "placeholder")),
            _count(judged, is_junk & (pl.col("class") != "placeholder")),
        ),
        "offices found": _share(_count(judged, is_role & is_office), _count(judged, is_role)),
        "people's own called junk": _share(_count(judged, own & is_said), _count(judged, own)),
        "people's own called an office": _share(_count(judged, own & is_office), _count(judged, own)),
        "households' found (of those that two people gave)": _share(
            _count(
                judged, (pl.col("use") == "household") & (pl.col("people") > 1) & (pl.col("sharing") == "household")
            ),
            _count(judged, (pl.col("use") == "household") & (pl.col("people") > 1)),
        ),
    }


def liveness(world: World) -> Figures:
    """Alive or not, of people's own addresses"""
    judged = world.judged.filter(pl.col("use").is_in(["private", "work", "household"]))
    said = pl.col("status").is_in(["active", "unverified"])
    alive, dead = judged.filter("is_alive"), judged.filter(~pl.col("is_alive"))
    typed = dead.filter(pl.col("meant").is_null())
    figures = {
        "alive and said so": _share(_count(alive, said), alive.height),
        "alive, called stale or dead": _share(_count(alive, ~said), alive.height),
        "dead or mistyped": f"{dead.height:,}",
        "of these called stale or dead": _share(_count(dead, ~said), dead.height),
        "or with a suggestion": _share(_count(dead, ~said | pl.col("suggestion").is_not_null()), dead.height),
        "once alive, now dead": f"{typed.height:,}",
        "of these called stale or dead ": _share(_count(typed, ~said), typed.height),
    }
    for reason in ("bounced", "left_employer", "domain_gone", "silent"):
        told = judged.filter(pl.col("status_reason") == reason)
        figures[f"{reason}: rightly not alive"] = _share(_count(told, ~pl.col("is_alive")), told.height)
    return figures


def calibration(world: World) -> Figures:
    """Chance of being alive: what was said, what is true"""
    judged = world.judged.filter(pl.col("use") != "role")
    edges = (0.0, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)
    figures = {}
    for low, high in itertools.pairwise(edges):
        inside = judged.filter((pl.col("alive_probability") >= low) & (pl.col("alive_probability") < high))
        if inside.height:
            means = inside.select(pl.col("alive_probability").mean(), pl.col("is_alive").mean()).row(0)
            figures[f"{low:.2f} to {min(high, 1.0):.2f}"] = f"{means[0]:.3f} / {means[1]:.3f} ({inside.height:,})"
    error = (pl.col("alive_probability") - pl.col("is_alive").cast(pl.Float64)) ** 2
    return {**figures, "Brier score": f"{judged.select(error.mean()).item():.4f}"}


def decay(world: World) -> Figures:
    """Yearly decay: estimated (95%), and of the truth over the lives that were seen"""
    figures = {}
    for name, use in (("corporate", "work"), ("personal", "private")):
        row = world.decay.row(by_predicate=pl.col("class") == name, named=True)
        lives = world.judged.filter((pl.col("use") == use) & pl.col("meant").is_null())
        until = pl.min_horizontal("died_at", pl.lit(world.versions["observed_at"].max()))
        years = ((until - pl.col("first_seen_at")) / pl.duration(days=365.25)).clip(lower_bound=0.0)
        after = pl.col("died_at").is_not_null() & (pl.col("died_at") > pl.col("first_seen_at"))
        deaths, lived = lives.select(after.sum().alias("deaths"), years.sum().alias("years")).row(0)
        said = f"{row['yearly_decay']:.2%} ({row['yearly_decay_from']:.2%} to {row['yearly_decay_to']:.2%})"
        figures[name] = f"{said} / {deaths / lived:.2%}"
    return figures


def company_changes(world: World) -> Figures:
    """Companies that changed: found, of those with so many people on the smaller side"""
    figures, truth = {}, _sides(world)
    for change in ("format", "domain"):
        told = truth.filter(pl.col("change") == change)
        for low, high in ((0, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 10**9)):
            size = f"{low} and more" if high > low + 100 else f"{low}" if low == high else f"{low} to {high}"
            some = told.filter(pl.col("people").is_between(low, high))
            figures[f"{change} changed, {size} people"] = _share(_count(some, pl.col("is_right")), some.height)
        found = told.filter("is_right")
        days = found.select((pl.col("told_on") - pl.col("changed_at").dt.date()).dt.total_days().abs().median()).item()
        figures[f"{change}: days off, median"] = "–" if days is None else f"{days:.0f}"
        said = world.domains.drop_nulls("pattern_changed_on" if change == "format" else "became")
        wrong = said.join(told.filter("is_right"), on="domain", how="anti").height
        figures[f"{change}: found wrongly"] = f"{wrong} of {said.height}"
    return figures


def probable(world: World) -> Figures:
    """Probable addresses that somebody carries: whose they are"""
    people = pl.read_parquet(world.home / "truth" / "records.parquet", columns=["record_id", "entity_id"])
    carriers = (
        world.versions.select("record_id", email="emails").explode("email").drop_nulls().join(people, on="record_id")
    ).select("email", carrier="entity_id")
    offered = world.probable.filter("is_carried").join(people, on="record_id").join(carriers, on="email")
    judged = offered.group_by("record_id", "email", "because").agg(
        (pl.col("entity_id") == pl.col("carrier")).any().alias("is_theirs")
    )
    return {
        reason: _share(_count(some, pl.col("is_theirs")), some.height)
        for (reason,), some in sorted(judged.partition_by("because", as_dict=True).items())
    }


def _sides(world: World) -> pl.DataFrame:
    """The changes of ``truth/company_changes.parquet`` with what was said of them, and the people seen on the smaller side."""
    truth = pl.read_parquet(world.home / "truth" / "company_changes.parquet")
    seen = (
        world.versions.select("first_name_root", "last_name_norm", "observed_at", email="emails")
        .explode("email")
        .group_by("email")
        .agg(pl.col("observed_at").min(), pl.struct("first_name_root", "last_name_norm").first().alias("person"))
        .with_columns(domain=_domain("email"))
    )
    before = truth.select("domain", "changed_at").join(seen, on="domain")
    after = truth.select("domain", "next_domain", "changed_at").join(seen, left_on="next_domain", right_on="domain")
    counts = [
        side.filter(when).group_by("domain").agg(pl.col("person").n_unique().alias(name))
        for side, when, name in (
            (before, pl.col("observed_at") < pl.col("changed_at"), "before"),
            (after, pl.col("observed_at") >= pl.col("changed_at"), "after"),
        )
    ]
    for count in counts:
        truth = truth.join(count, on="domain", how="left")
    said = world.domains.select("domain", "became", "became_on", "pattern_changed_on", "former_pattern", now="pattern")
    by_form = (pl.col("former_pattern") == pl.col("pattern")) & (pl.col("now") == pl.col("next_pattern"))
    by_domain = pl.col("became") == pl.col("next_domain")
    is_form = pl.col("change") == "format"
    return truth.join(said, on="domain", how="left").with_columns(
        people=pl.min_horizontal(pl.col("before", "after").fill_null(0)),
        is_right=pl.when(is_form).then(by_form).otherwise(by_domain).fill_null(False),
        told_on=pl.when(is_form).then("pattern_changed_on").otherwise("became_on"),
    )


SECTIONS: tuple[Callable[[World], Figures], ...] = (
    suggestions,
    junk,
    liveness,
    calibration,
    decay,
    company_changes,
    probable,
)
"""What is printed, in this order; the first line of a section's docstring is its title."""


def _domain(column: str) -> pl.Expr:
    return pl.col(column).str.extract(r"@([^@]*)$")


def _count(frame: pl.DataFrame, condition: pl.Expr) -> int:
    return int(frame.select(condition.fill_null(False).sum()).item())


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.2%})" if whole else "–"


def _print_table(section: Callable[[World], Figures], worlds: list[World]) -> None:
    columns = [section(world) for world in worlds]
    title = (section.__doc__ or section.__name__).splitlines()[0]
    print(f"\n| {title} | {' | '.join(world.name for world in worlds)} |")
    print("|---" * (len(worlds) + 1) + "|")
    for name in dict.fromkeys(name for figures in columns for name in figures):
        print(f"| {name.strip()} | {' | '.join(figures.get(name, '–') for figures in columns)} |")


# -- seconds ----------------------------------------------------------------------------------------------------------


def _time(versions: pl.DataFrame, wanted: int) -> None:
    from cdp_assets.standardized.email_addresses import email_tables
    from cdp_assets.standardized.sightings import sightings

    large = _blown_up(versions, wanted)
    print("| table | record versions | rows | CPU s | wall s |\n|---|---|---|---|---|")
    tables: tuple[tuple[str, Callable[[pl.DataFrame], pl.DataFrame]], ...] = (
        ("email_addresses, email_decay", lambda frame: email_tables(frame).addresses),
        ("sightings", sightings),
    )
    for name, make in tables:
        cpu, wall = time.process_time(), time.perf_counter()
        made = make(large)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(f"| {name} | {large.height:,} | {made.height:,} | {cpu:.1f} | {wall:.1f} |")


def _blown_up(versions: pl.DataFrame, wanted: int) -> pl.DataFrame:
    """Copies of a world side by side. Free mail keeps its domains; companies, names, phones, keys are each copy's own."""
    of_company = r"^([^@]*)@(.*)\.example$"
    copies = []
    for n in range(-(-wanted // versions.height)):
        mark = f"{chr(97 + n // 26)}{chr(97 + n % 26)}"
        copies.append(
            versions.with_columns(
                pl.col("record_id") + mark,
                pl.col("last_name_norm") + mark,
                pl.col("company_norm") + mark,
                pl.col("emails").list.eval(
                    pl.element()
                    .str.replace("@", f"{mark}@", literal=True)
                    .str.replace(of_company, f"$1@$2{mark}.example")
                ),
                pl.col("phones").list.eval(pl.element() + str(n)),
                pl.col("identifiers").list.eval(
                    pl.struct(pl.element().struct.field("type"), pl.element().struct.field("value") + mark)
                ),
            )
        )
    return pl.concat(copies).head(wanted)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, action="append", help="a world of this seed; may be repeated (5 and 7)")
    parser.add_argument("--world", action="append", default=[], help="a generated workspace; may be repeated")
    parser.add_argument("--versions", type=int, default=0, help="time a world blown up to so many record versions")
    parsed = parser.parse_args()
    parsed.seed = parsed.seed or [5, 7]
    return parsed


if __name__ == "__main__":
    sys.exit(main())
