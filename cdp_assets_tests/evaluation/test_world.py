"""The generated workspace as its readers see it: the same every time, true, complete, nobody real."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from cdp_assets.evaluation.world import SOURCES, Summary, WorkspaceInUseError, build_shop_database, generate
from cdp_assets.evaluation.world.mailboxes import JUNK, MISTYPED_DOMAINS, REAL_PROVIDERS, without_doubles
from cdp_assets.evaluation.world.phenomena import PHENOMENA
from cdp_assets.evaluation.world.phones import KEPT_FOR_FICTION
from cdp_assets.raw.imports import raw_frame
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.sources.extraction import extract
from cdp_assets.sources.reading import read_delivery
from cdp_assets.standardized.emails import standardize_emails
from cdp_assets.standardized.records import ImportMeta, standardize

pytestmark = pytest.mark.xdist_group("world")
"""On one worker: the world is made and read once."""

SAMPLE = Path(__file__).parents[2] / "data"
SAMPLE_PEOPLE, SAMPLE_SEED = 2000, 7
MOST_BYTES = 3_000_000
MADE = ("contracts", "policies", "landing", "seed", "truth", "README.md")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    out = tmp_path_factory.mktemp("world")
    return out, generate(SAMPLE_PEOPLE, SAMPLE_SEED, out)


@pytest.fixture(scope="module")
def home(made: tuple[Path, Summary]) -> Path:
    return made[0]


@pytest.fixture(scope="module")
def truth(home: Path) -> pl.DataFrame:
    return pl.read_parquet(home / "truth" / "records.parquet")


@pytest.fixture(scope="module")
def delivered(home: Path) -> dict[str, list[dict[str, Any]]]:
    """Every delivered row of every source, as read by Python's own csv and json; the file's name under `_file`."""
    return {source: list(_rows(home, source)) for source in SOURCES}


def _text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")


def _rows(home: Path, source: str) -> Iterator[dict[str, Any]]:
    paths = [home / "seed" / "shop.csv.gz"] if source == "shop" else sorted((home / "landing" / source).iterdir())
    for path in paths:
        lines = _text(path).splitlines(keepends=True)
        if ".jsonl" in path.name:
            yield from ({**json.loads(line), "_file": path.name} for line in lines)
        else:
            reader = csv.DictReader(lines, delimiter=";" if source == "webinar" else ",")
            yield from ({**row, "_file": path.name} for row in reader)


def _keys(home: Path, source: str, rows: list[dict[str, Any]]) -> list[str]:
    key = yaml.safe_load((home / "contracts" / f"{source}.yaml").read_text())["key"]
    names = [key] if isinstance(key, str) else key
    return [source + "/" + "|".join(row[name] for name in names) for row in rows]


def _files(home: Path) -> dict[str, bytes]:
    found = (path for top in MADE for path in [home / top, *(home / top).rglob("*")] if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in found}


def _digest(home: Path) -> str:
    return hashlib.sha256(repr(sorted(_files(home).items())).encode()).hexdigest()


# -- the same every time ----------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_in_another_process_with_other_hashing_threads_and_day(
    tmp_path: Path,
) -> None:
    generate(150, 5, tmp_path / "here")
    script = "import sys, pathlib; from cdp_assets.evaluation.world import generate; generate(150, 5, pathlib.Path(sys.argv[1]))"
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "12345",
        "POLARS_MAX_THREADS": "1",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
    }
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "there")],
        check=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert _digest(tmp_path / "here") == _digest(tmp_path / "there")


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    generate(50, 5, tmp_path / "five")
    generate(50, 6, tmp_path / "six")
    five, six = _files(tmp_path / "five"), _files(tmp_path / "six")
    assert five["truth/people.parquet"] != six["truth/people.parquet"]
    assert five["contracts/crm.yaml"] == six["contracts/crm.yaml"]


def test_the_committed_sample_is_what_the_generator_makes(home: Path) -> None:
    new, committed = _files(home), _files(SAMPLE)
    # What the shop's extraction lands is made by runs.
    assert sorted(new) == sorted(name for name in committed if not name.startswith("landing/shop/"))
    for name in new:
        if name.endswith(".parquet"):  # the bytes depend on the version of Polars
            assert pl.read_parquet(home / name).equals(pl.read_parquet(SAMPLE / name)), name
        else:
            assert _text(home / name) == _text(SAMPLE / name), name


def test_the_sample_is_small(home: Path) -> None:
    assert sum(map(len, _files(home).values())) < MOST_BYTES


def test_the_summary_counts_what_was_written(
    made: tuple[Path, Summary], truth: pl.DataFrame, delivered: dict[str, list[dict[str, Any]]]
) -> None:
    home, summary = made
    assert summary.people == SAMPLE_PEOPLE
    assert summary.rows == {source: len(rows) for source, rows in delivered.items()}
    assert summary.records == dict(truth["source"].value_counts().iter_rows())
    assert summary.files == len(_files(home))
    assert summary.bytes == sum(map(len, _files(home).values()))
    assert (
        summary.unknown_visitors
        == truth.filter(pl.col("entity_id").str.starts_with("visitor-"))["entity_id"].n_unique()
    )
    told = str(summary)
    assert "2,000 people in" in told
    assert all(f"{count:,} records" in told for count in summary.records.values())


# -- where it may be written ------------------------------------------------------------------------------------------


def test_a_directory_with_files_is_not_written_over_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(WorkspaceInUseError, match="not empty"):
        generate(5, 1, tmp_path)
    (tmp_path / "landing" / "other").mkdir(parents=True)
    (tmp_path / "landing" / "other" / "a.csv").write_text("a\n1\n")
    (tmp_path / "landing" / "crm").mkdir()
    (tmp_path / "landing" / "crm" / "contacts-2001-01-01.csv").write_text("of a former world")
    generate(5, 1, tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "keep me"
    assert (tmp_path / "landing" / "other" / "a.csv").exists()
    assert not (tmp_path / "landing" / "crm" / "contacts-2001-01-01.csv").exists()


@pytest.mark.parametrize("made_by_runs", ["lake", "ledger.db"])
def test_a_workspace_that_has_been_run_is_never_written_over(tmp_path: Path, made_by_runs: str) -> None:
    (tmp_path / made_by_runs).mkdir()
    with pytest.raises(WorkspaceInUseError, match=re.escape(made_by_runs)):
        generate(5, 1, tmp_path, overwrite=True)


def test_numbers_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="people"):
        generate(0, 1, tmp_path)
    with pytest.raises(ValueError, match="seed"):
        generate(1, -1, tmp_path)


@pytest.mark.parametrize("people", [1, 2, 9])
def test_the_smallest_worlds_have_every_file_and_the_story(tmp_path: Path, people: int) -> None:
    summary = generate(people, 3, tmp_path)
    assert set(summary.records) == set(SOURCES)
    assert len(json.loads((tmp_path / "truth" / "story.json").read_text())["steps"]) == 14


# -- true -------------------------------------------------------------------------------------------------------------


def test_the_truth_covers_every_delivered_record_and_no_other(
    home: Path, truth: pl.DataFrame, delivered: dict[str, list[dict[str, Any]]]
) -> None:
    keys = {key for source, rows in delivered.items() for key in _keys(home, source, rows)}
    assert truth["record_id"].is_unique().all()
    assert set(truth["record_id"]) == keys
    assert truth["record_id"].str.starts_with(truth["source"] + "/").all()


def test_every_phenomenon_is_in_the_sample_and_none_is_unknown(truth: pl.DataFrame) -> None:
    assert set(truth["phenomena"].explode().drop_nulls()) == set(PHENOMENA)


def test_everybody_known_is_a_person_and_most_have_records_in_several_sources(home: Path, truth: pl.DataFrame) -> None:
    people = pl.read_parquet(home / "truth" / "people.parquet")
    known = truth.filter(~pl.col("entity_id").str.starts_with("visitor-"))
    assert people.height == SAMPLE_PEOPLE + 1
    assert set(known["entity_id"]) <= set(people["entity_id"])
    sources = known.group_by("entity_id").agg(pl.col("source").n_unique())["source"]
    assert (sources > 1).mean() > 0.4  # type: ignore[operator]


def test_an_address_of_ones_own_is_nobody_elses(home: Path) -> None:
    emails = pl.read_parquet(home / "truth" / "email_addresses.parquet")
    own = emails.filter(~pl.col("is_shared") & pl.col("mistyped_for").is_null())
    meant = own.select(pl.coalesce("spelling_of", "email").alias("meant"), "entity_id").unique()
    assert meant["meant"].is_unique().all()
    mailboxes = meant.with_columns(mailbox=standardize_emails(meant["meant"])).unique(["mailbox", "entity_id"])
    assert mailboxes["mailbox"].is_unique().all()


def test_a_mailbox_of_a_provider_with_two_domains_is_given_to_one_person() -> None:
    people = pl.Series(["leo_graham", "leo_graham", "leo_graham", "ann_lee"])
    given = without_doubles(people, pl.Series(["gmail.com", "googlemail.com", "yahoo.com", "googlemail.com"]))
    assert given.to_list() == [
        "leo_graham@gmail.com",
        "leo_graham2@googlemail.com",
        "leo_graham@yahoo.com",
        "ann_lee@googlemail.com",
    ]


def test_liveness_says_who_still_reads_an_address(home: Path) -> None:
    emails = pl.read_parquet(home / "truth" / "email_addresses.parquet")
    assert not emails.filter(pl.col("mistyped_for").is_not_null())["is_alive"].any()
    assert not emails.filter(pl.col("use") == "junk")["is_alive"].any()
    dead = emails.filter(pl.col("died_at").is_not_null())
    assert not dead["is_alive"].any()
    assert dead.filter(pl.col("use") == "work").height > 50
    assert dead["died_at"].max() < datetime(2025, 7, 1, tzinfo=UTC)  # type: ignore[operator]


def test_a_bounce_comes_from_an_address_that_does_not_live(
    home: Path, delivered: dict[str, list[dict[str, Any]]]
) -> None:
    emails = pl.read_parquet(home / "truth" / "email_addresses.parquet")
    lives = dict(emails.select("email", "is_alive").iter_rows())
    bounced = {row["user"]["email"].lower() for row in delivered["web"] if row["type"] == "BO"}
    opened = {row["user"]["email"].lower() for row in delivered["web"] if row["type"] == "OP"}
    assert bounced
    assert opened
    assert not any(lives[email] for email in bounced)
    assert all(lives[email] for email in opened)


def test_companies_change_the_form_of_their_addresses_or_their_name(home: Path) -> None:
    changes = pl.read_parquet(home / "truth" / "company_changes.parquet")
    by_format, by_name = changes.filter(change="format"), changes.filter(change="domain")
    assert by_format.height >= 2
    assert by_name.height >= 2
    assert (by_format["pattern"] == "flast").all()
    assert (by_format["next_pattern"] == "first.last").all()
    assert (by_format["domain"] == by_format["next_domain"]).all()
    assert (by_name["domain"] != by_name["next_domain"]).all()


def test_people_of_one_name_are_told_apart_in_truth(home: Path, truth: pl.DataFrame) -> None:
    people = pl.read_parquet(home / "truth" / "people.parquet").join(
        truth.explode("phenomena").group_by("entity_id").agg("phenomena"), on="entity_id"
    )
    has = pl.col("phenomena").list.contains
    sons = people.filter(has("father_and_son"), pl.col("name_suffix") == "Jr")
    fathers = people.filter(has("father_and_son"), pl.col("name_suffix") == "Sr")
    pairs = sons.join(fathers, on=["household_id", "first_name", "last_name"])
    assert pairs.height > 0
    assert (pairs["date_of_birth"] > pairs["date_of_birth_right"]).all()
    twins = people.filter(has("twin")).group_by("household_id", "date_of_birth", "last_name").agg("first_name")
    both = twins.filter(pl.col("first_name").list.len() == 2)
    assert both.height > 0
    namesakes = people.filter(has("namesake")).group_by("first_name", "last_name").agg("household_id")
    assert (namesakes["household_id"].list.n_unique() > 1).any()


def test_snapshots_change_and_lose_rows_and_truth_says_which(
    truth: pl.DataFrame, delivered: dict[str, list[dict[str, Any]]]
) -> None:
    shown: dict[str, dict[str, dict[str, Any]]] = {}
    for row in delivered["crm"]:
        shown.setdefault(row.pop("_file"), {})[row["ContactId"]] = row
    former, last = shown["contacts-2024-06-30.csv"], shown["contacts-2025-06-30.csv"]
    gone, changed = set(former) - set(last), {key for key in former.keys() & last.keys() if former[key] != last[key]}
    assert len(shown) == 4
    assert len(gone) > 5
    assert len(changed) > 20
    tags = dict(truth.filter(source="crm").select(pl.col("record_id").str.slice(4), "phenomena").iter_rows())
    assert all("deleted_from_snapshot" in tags[key] for key in gone)
    assert all("changed_in_snapshot" in tags[key] for key in changed)
    assert all(former[key]["LastModifiedDate"] < last[key]["LastModifiedDate"] for key in changed)


def test_every_time_lies_between_2019_and_the_end_of_june_2025(delivered: dict[str, list[dict[str, Any]]]) -> None:
    names = {"crm": "LastModifiedDate", "shop": "updated_at", "newsletter": "at", "webinar": "Joined At",
             "support": "opened_on", "web": "at"}  # fmt: skip
    times = sorted(row[names[source]][:10] for source, rows in delivered.items() for row in rows)
    assert times[0] >= "2019-01-01"
    assert times[-1] <= "2025-06-30"


def test_names_are_neither_all_alike_nor_all_different(home: Path) -> None:
    people = pl.read_parquet(home / "truth" / "people.parquet")
    for country, least in (("US", 300), ("GB", 150), ("DE", 80), ("PL", 60)):
        surnames = people.filter(country=country)["last_name"].value_counts(sort=True)
        assert surnames.height > least
        assert surnames["count"][0] / surnames["count"].sum() < 0.05


# -- the story --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(home: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((home / "truth" / "story.json").read_text(encoding="utf-8"))
    return told


def test_the_story_is_one_person_and_all_of_the_persons_records(story: dict[str, Any], truth: pl.DataFrame) -> None:
    told = {step["record_id"] for step in story["steps"]}
    assert set(truth.filter(entity_id=story["entity_id"])["record_id"]) == told
    assert {step["source"] for step in story["steps"]} == set(SOURCES)


def test_the_story_has_its_turns(home: Path, story: dict[str, Any], delivered: dict[str, list[dict[str, Any]]]) -> None:
    records = {
        key: row for source, rows in delivered.items() for key, row in zip(_keys(home, source, rows), rows, strict=True)
    }
    step = {entry["step"]: records[entry["record_id"]] for entry in story["steps"]}
    record_id = {entry["step"]: entry["record_id"] for entry in story["steps"]}
    old, new = story["old_address"], story["new_address"]
    # She attends in 2020 with the old address; the old list says so again, in 2022 and in 2024, under one new key.
    assert step["attended_2020"]["E-mail"] == step["attended_2020_again"]["E-mail"] == old
    assert step["attended_2020"]["Joined At"].startswith("2020-")
    again = [row for row in delivered["webinar"] if row["E-mail"] == old and row["Webinar ID"].startswith("OLD-")]
    assert [row["_file"][:4] for row in again] == ["2022", "2024"]
    # A cookie, unknown before the download; the download gives the new address and the same home.
    visits = [step[name] for name in ("visited_1", "visited_2", "visited_3", "downloaded_2022", "visited_4")]
    assert len({visit["cookie"] for visit in visits}) == 1
    assert [visit["user"] is None for visit in visits] == [True, True, True, False, True]
    assert [visit["at"] for visit in visits] == sorted(visit["at"] for visit in visits)
    download = step["downloaded_2022"]
    assert download["user"]["email"] == new != old
    assert download["form"]["postcode"] == step["attended_2020"]["Post Code"]
    assert download["form"]["street"].lower().startswith(step["attended_2020"]["Street"].removesuffix(" lane"))
    # The old address bounces; consent is given twice and withdrawn later, under a third address.
    assert step["bounced_2022"]["user"]["email"] == old
    assert step["bounced_2022"]["type"] == "BO"
    events = [step[name] for name in ("signed_up_2020", "signed_up_2022", "opted_out_2023")]
    assert [event["subscriber"]["email"] for event in events] == [old, new, story["private_address"]]
    assert [event["action"] for event in events] == ["subscribe", "subscribe", "unsubscribe"]
    # Support takes the old address off the old list's record, before that list arrives for the last time.
    fix = step["corrected_2023"]
    assert (fix["fix_action"], fix["fix_field"], fix["fix_value"]) == ("remove", "email", old)
    assert f"{fix['fix_system']}/{fix['fix_record']}" == record_id["attended_2020_again"]
    assert fix["opened_on"] < again[-1]["_file"][:10]


# -- nobody real ------------------------------------------------------------------------------------------------------


def test_every_address_is_reserved_or_of_a_form_that_the_provider_does_not_issue(home: Path) -> None:
    mistyped = {domain for domains in MISTYPED_DOMAINS.values() for domain in domains}
    found: set[tuple[str, str]] = set()
    for top in ("landing", "seed"):
        for path in (home / top).rglob("*.*"):
            found |= set(re.findall(r"([\w.+-]+)@([\w.-]+)", _text(path)))
    emails = pl.read_parquet(home / "truth" / "email_addresses.parquet")
    assert {f"{local}@{domain}".lower() for local, domain in found} == set(emails["email"])
    for local, domain in found:
        if domain.endswith(".example") or domain == "example.com":
            continue
        assert domain in {*REAL_PROVIDERS, *mistyped}, domain
        assert ("-" if domain.startswith("ya") else "_") in local, domain


def test_placeholder_addresses_are_under_reserved_names() -> None:
    assert all(address.endswith((".example", "@example.com")) for address in JUNK)


def test_the_samples_phones_stay_in_the_ranges_kept_for_fiction(delivered: dict[str, list[dict[str, Any]]]) -> None:
    numbers = [row["phone"] for row in delivered["shop"] if row["phone"]]
    codes = {"+1": "US", "+44": "GB", "+49": "DE", "+33": "FR"}
    checked = 0
    for number in numbers:
        code = next((code for code in codes if number.startswith(code)), None)
        if code is None:
            continue
        kept = tuple(code + prefix for prefix in KEPT_FOR_FICTION[codes[code]])
        checked += 1
        assert number.startswith(kept), code
    assert checked > 300


# -- the shop's database ----------------------------------------------------------------------------------------------


def _customers(database: Path) -> pl.DataFrame:
    with closing(sqlite3.connect(database)) as connection:
        cursor = connection.execute("SELECT * FROM customers ORDER BY customer_id")
        return pl.DataFrame(cursor.fetchall(), schema=[name[0] for name in cursor.description], orient="row")


def test_the_shops_database_holds_the_newest_version_of_each_account(tmp_path: Path) -> None:
    generate(200, 2, tmp_path)
    seed = pl.read_csv(tmp_path / "seed" / "shop.csv.gz", infer_schema=False)
    assert build_shop_database(tmp_path) == tmp_path / "shop.db"
    now = _customers(tmp_path / "shop.db")
    assert now.equals(seed.sort("updated_at").unique("customer_id", keep="last").sort("customer_id"))

    middle = datetime(2022, 6, 1, tzinfo=UTC)
    build_shop_database(tmp_path, until=middle)
    then = _customers(tmp_path / "shop.db")
    assert 0 < then.height < now.height
    assert then["updated_at"].max() <= "2022-06-01 00:00:00"  # type: ignore[operator]
    assert set(then["customer_id"]) < set(now["customer_id"])

    build_shop_database(tmp_path)
    assert _customers(tmp_path / "shop.db").equals(now)
    assert sorted(path.name for path in tmp_path.glob("shop.db*")) == ["shop.db"]


def test_without_a_seed_file_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="cdp generate"):
        build_shop_database(tmp_path)


# -- the configuration that comes with it -----------------------------------------------------------------------------


def test_every_contract_can_be_read_and_names_columns_that_are_delivered(
    home: Path, delivered: dict[str, list[dict[str, Any]]]
) -> None:
    contracts, problems = load_contracts(home / "contracts")
    assert not problems
    assert {contract.source for contract in contracts} == set(SOURCES)
    for contract in contracts:
        present: set[str] = set()
        for row in delivered[contract.source]:
            present |= set(row) | {f"{k}.{inner}" for k, v in row.items() if isinstance(v, dict) for inner in v}
        assert set(contract.source_columns) <= present, contract.source


@pytest.fixture(scope="module")
def standardized(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and rejected lines of the sample, read by the pipeline's own stages."""
    copy = tmp_path_factory.mktemp("read") / "home"
    shutil.copytree(home, copy)
    build_shop_database(copy)
    records, rejected = [], []
    for contract in load_contracts(copy / "contracts")[0]:
        if contract.extract.sql is not None:
            extract(contract, copy, None, {})
        for path in sorted((copy / "landing" / contract.source).iterdir()):
            raw = raw_frame(read_delivery(path, contract), path.name, path.name)
            result = standardize(raw, contract, ImportMeta(path.name, datetime(2026, 1, 1, tzinfo=UTC)))
            records.append(result.records)
            rejected.append(result.rejections)
    return pl.concat(records), pl.concat(rejected)


def test_the_pipeline_reads_every_line_into_the_records_that_the_truth_knows(
    standardized: tuple[pl.DataFrame, pl.DataFrame], truth: pl.DataFrame
) -> None:
    records, rejected = standardized
    assert rejected.group_by("source", "rule").len().rows() == []
    assert set(records["record_id"]) == set(truth["record_id"])
    assert set(records["consent"].drop_nulls()) == {"given", "withdrawn"}
    assert set(records["correction"].drop_nulls()) == {"set", "retract"}
    assert set(records["corrected_field"].drop_nulls()) == {"email", "street", "city", "postcode"}
    assert set(records["channel"].drop_nulls()) == {"email", "phone"}


def test_corrections_name_records_that_exist(
    standardized: tuple[pl.DataFrame, pl.DataFrame], truth: pl.DataFrame
) -> None:
    fixes = standardized[0].filter(pl.col("corrected_key").is_not_null())
    entity = truth.select("record_id", "entity_id")
    of_caller = fixes.join(entity, on="record_id")
    of_target = of_caller.with_columns(pl.col("corrected_source") + "/" + pl.col("corrected_key")).join(
        entity, left_on="corrected_source", right_on="record_id", how="left"
    )
    assert fixes.height > 10
    assert (of_target["entity_id"] == of_target["entity_id_right"]).all()


def test_segments_speak_of_activities_that_happen(home: Path, standardized: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    def words(condition: object) -> Iterator[str]:
        if isinstance(condition, list):
            for part in condition:
                yield from words(part)
        elif isinstance(condition, dict):
            for name, value in condition.items():
                if name in ("has", "never"):
                    yield value
                yield from words(value)

    happens = set(standardized[0]["activity"].drop_nulls())
    policy = yaml.safe_load((home / "policies" / "segments.yaml").read_text())["segments"]
    assert len(policy) == 5
    assert set(words(list(policy.values()))) <= happens
    assert all(segment["when_in_doubt"] in ("include", "exclude") for segment in policy.values())


# -- size -------------------------------------------------------------------------------------------------------------


def test_a_larger_world_keeps_numbers_and_addresses_apart(tmp_path: Path) -> None:
    summary = generate(20_000, 1, tmp_path)
    assert sum(summary.records.values()) > 2.5 * summary.people
    truth = pl.read_parquet(tmp_path / "truth" / "records.parquet")
    assert truth["record_id"].is_unique().all()
    emails = pl.read_parquet(tmp_path / "truth" / "email_addresses.parquet")
    own = emails.filter(~pl.col("is_shared") & pl.col("mistyped_for").is_null() & pl.col("spelling_of").is_null())
    assert own["email"].is_unique().all()
