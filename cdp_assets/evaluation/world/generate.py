"""Write a whole workspace: contracts, policies, what six sources delivered, and the truth about it."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import polars as pl

from cdp_assets.evaluation.world import crm, newsletter, shop, story, support, truth, web, webinar
from cdp_assets.evaluation.world.records import Delivery, File
from cdp_assets.evaluation.world.traces import no_traces
from cdp_assets.evaluation.world.world import World, make_world

SOURCES = ("crm", "shop", "newsletter", "webinar", "support", "web")
MOST_PEOPLE = 4_000_000  # beyond, telephone numbers and company names run out; makes some 11 million records
GZIP_LEVEL = 6
# What runs make: a workspace that has one of these is in use.
MADE_BY_RUNS = ("lake", "ledger.db", "published.db")


class WorkspaceInUseError(FileExistsError):
    """The directory holds what runs made, or another workspace's files; says what to do."""


@dataclass(frozen=True)
class Summary:
    """What was written. Counts only: a summary may be printed."""

    out: Path
    people: int
    households: int
    unknown_visitors: int
    records: dict[str, int]  # source to distinct records
    rows: dict[str, int]  # source to delivered rows: a record in four snapshots has four
    files: int
    bytes: int

    def __str__(self) -> str:
        """The counts in a few lines, for people."""
        sources = "\n".join(
            f"  {source:<10} {records:>11,} records in {self.rows[source]:>11,} rows"
            for source, records in self.records.items()
        )
        return (
            f"{self.people:,} people in {self.households:,} households and {self.unknown_visitors:,} unknown visitors: "
            f"{sum(self.records.values()):,} records\n{sources}\n"
            f"{self.files} files, {self.bytes / 1e6:,.1f} MB, in {self.out}"
        )


def generate(people: int, seed: int, out: Path, *, overwrite: bool = False) -> Summary:
    """Write the workspace of ``people`` persons and ``seed`` to ``out`` and say what was written.

    The same arguments give the same files, byte for byte, with the same versions of numpy and Polars. ``shop.db`` is not
    among them: :func:`build_shop_database` makes it. ``out`` must be new or empty, unless ``overwrite``: then contracts,
    policies, truth and the six sources' landing files are replaced, and other sources' files stay.

    Raises ``ValueError`` for a number of people below 1 or beyond ``MOST_PEOPLE``, :class:`WorkspaceInUseError` where
    ``out`` holds anything and ``overwrite`` is not said, or holds a lake or ledger of runs.
    """
    if not 1 <= people <= MOST_PEOPLE:
        raise ValueError(f"expected 1 to {MOST_PEOPLE:,} people, got {people:,}")
    if seed < 0:
        raise ValueError("expected a seed of 0 or more")
    _make_room(out, overwrite)
    world = make_world(people, seed)
    deliveries = _deliver(world)
    files = [file for delivery in deliveries for file in delivery.files]
    written = [_write(out / file.path, file) for file in files]
    written += _write_templates(out)
    written += _write_truth(out / "truth", world, deliveries)
    return Summary(
        out=out,
        people=people,
        households=world.population.households.height,
        unknown_visitors=round(people * web.UNKNOWN_VISITORS_PER_PERSON),
        records={delivery.source: delivery.truth.height for delivery in deliveries},
        rows={delivery.source: sum(file.rows.height for file in delivery.files) for delivery in deliveries},
        files=len(written),
        bytes=sum(path.stat().st_size for path in written),
    )


def _deliver(world: World) -> list[Delivery]:
    """Let the six sources record the world; later ones know what the earlier ones know."""
    from_crm, contacts = crm.deliver(world, no_traces(world), story.contacts())
    from_shop = shop.deliver(world, from_crm.traces, story.customers())
    from_webinar, attendances = webinar.deliver(world, from_shop.traces, story.attendances())
    from_newsletter, subscriptions = newsletter.deliver(world, from_webinar.traces, story.consents())
    old_list_key = from_webinar.truth.filter(pl.col("step") == "attended_2020_again")["key"].item()
    from_support = support.deliver(
        world, from_newsletter.traces, contacts, attendances, story.corrections(old_list_key)
    )
    from_web = web.deliver(world, from_support.traces, subscriptions, attendances, story.events())
    return [from_crm, from_shop, from_newsletter, from_webinar, from_support, from_web]


def _make_room(out: Path, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise WorkspaceInUseError(f"{out} is a file; name a directory")
    used = [name for name in MADE_BY_RUNS if (out / name).exists()]
    if used:
        raise WorkspaceInUseError(
            f"{out} holds what runs made ({', '.join(used)}); name another directory, or remove them"
        )
    if out.exists() and any(out.iterdir()) and not overwrite:
        raise WorkspaceInUseError(f"{out} is not empty; name a new directory")
    for made in ("truth", "seed", *(f"landing/{source}" for source in SOURCES)):
        shutil.rmtree(out / made, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)


def _write(path: Path, file: File) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_name(path.name.removesuffix(".gz"))
    if plain.suffix == ".jsonl":
        file.rows.write_ndjson(plain)
    else:
        file.rows.write_csv(plain, separator=file.separator)
    if path != plain:
        _compress(plain, path)
    return path


def _compress(plain: Path, path: Path) -> None:
    """Gzip ``plain`` into ``path``, without name and time in the header, so that the same rows give the same bytes."""
    with (
        plain.open("rb") as source,
        path.open("wb") as target,
        gzip.GzipFile("", "wb", GZIP_LEVEL, target, mtime=0) as zipped,
    ):
        shutil.copyfileobj(source, zipped, 1 << 20)
    plain.unlink()


def _write_templates(out: Path) -> list[Path]:
    """Copy contracts, policies and the workspace's README, which are the same for every world."""
    written: list[Path] = []

    def copy(source: Traversable, target: Path) -> None:
        if source.is_dir():
            for child in sorted(source.iterdir(), key=lambda entry: entry.name):
                copy(child, target / child.name)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        written.append(target)

    copy(resources.files(__package__).joinpath("workspace"), out)
    return written


def _write_truth(directory: Path, world: World, deliveries: list[Delivery]) -> list[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    records = truth.record_truth(deliveries)
    frames = {
        "records": records.drop("step"),
        "email_addresses": truth.email_truth(deliveries),
        "company_changes": truth.company_truth(world),
        "people": truth.people_truth(world),
    }
    written = []
    for name, frame in frames.items():
        written.append(directory / f"{name}.parquet")
        frame.write_parquet(written[-1], compression="zstd", compression_level=9)
    written.append(directory / "story.json")
    told = story.told(records.filter(pl.col("step").is_not_null()).select("step", "record_id", "source"))
    written[-1].write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return written
