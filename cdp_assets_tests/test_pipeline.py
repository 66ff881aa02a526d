"""End to end, through Dagster: what the pipeline promises, on small workspaces and on the sample."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.automation import RunReport, audit_resolution, plan, run_pending
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.environment import workspace_from_environment
from cdp_assets.erasure.steps import Erased
from cdp_assets.golden_records.consent_log import chain_breaks
from cdp_assets.identity_graph.next_resolution import known_by_now, next_model
from cdp_assets.identity_graph.plan import resolved
from cdp_assets.identity_graph.resolution import previous_resolution
from cdp_assets.steward.story_goes_on import Doing, go_on, in_a_copy
from cdp_assets.tables import (
    CUSTOMER_IDS,
    CUSTOMERS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    LINKAGE_MODEL,
    LINKAGE_PROFILES,
    PLAN_CHANGES,
    PLAN_MOVES,
    PROFILE_MEMBERS,
    PROVENANCE,
    RECORD_VERSIONS,
    REJECTED_ROWS,
    SCORED_PAIRS,
    TABLES,
    raw_imports,
)
from cdp_assets.workspace import Workspace
from cdp_assets_tests.conftest import cdp, cdp_here, cdp_in_turn, lived_on

CRM = """
source: crm
kind: profiles
extract: {files: "*.csv"}
delivers: changes
key: id
observed_at: updated
country: GB
columns: {first_name: First, last_name: Last, email: Email, phone: Phone, date_of_birth: DOB, street: Street, city: City, postcode: Zip}
"""
WEBINAR = """
source: webinar
kind: activities
extract: {files: "*.csv"}
key: id
observed_at: at
columns: {full_name: Name, email: Email, activity: {value: attended}, activity_subject: Webinar}
"""
CRM_HEADER = "id,First,Last,Email,Phone,DOB,Street,City,Zip,updated\n"
ANA = "1,Ana,Whitlock,ana.whitlock@brightmail.example,+44 7700 900123,1984-03-07,12 Harbour Lane,Whitby,YO21 3PU,2024-01-05\n"
BEN = "2,Ben,Oduya,ben@oduya.example,+44 7700 900456,1979-11-30,4 Mill Road,Leeds,LS1 4AB,2024-01-05\n"


def workspace(home: Path) -> Workspace:
    for source, contract in (("crm", CRM), ("webinar", WEBINAR)):
        (home / "contracts").mkdir(parents=True, exist_ok=True)
        (home / "contracts" / f"{source}.yaml").write_text(contract)
        (home / "landing" / source).mkdir(parents=True, exist_ok=True)
    return workspace_from_environment(home)


def land(home: Path, name: str, text: str, seconds_ago: int = 120) -> Path:
    """Put a file into landing as if it had settled long ago."""
    import os
    import time

    path = home / "landing" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    then = time.time() - seconds_ago
    os.utime(path, (then, then))
    return path


def run(home: Path) -> RunReport:
    opened = workspace_from_environment(home)
    report = run_pending(opened, lambda _line: None)
    opened.ledger.close()
    return report


def customers_by_record(home: Path) -> dict[str, str]:
    ids = workspace_from_environment(home).lake.read(CUSTOMER_IDS)
    return dict(ids.select("record_id", "customer_id").rows())


@pytest.fixture
def home(tmp_path: Path, pictures_left_out: None) -> Path:
    workspace(tmp_path / "ws")
    return tmp_path / "ws"


GOES_ON = pytest.mark.xdist_group("goes_on")
"""What goes on from :func:`two_customers`; together on one worker, so that it is made once."""


@pytest.fixture(scope="session")
def two_customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after its first run: one file of the CRM, of Ana and of Ben. To be copied."""
    home = tmp_path_factory.mktemp("two_customers") / "ws"
    workspace(home)
    land(home, "crm/1.csv", CRM_HEADER + ANA + BEN, seconds_ago=900)
    report = run(home)
    assert (report.imports, report.problems, report.published) == (1, [], True)
    return home


@pytest.fixture
def after_two(two_customers: Path, tmp_path: Path, pictures_left_out: None) -> Path:
    """A copy to go on in."""
    return shutil.copytree(two_customers, tmp_path / "ws")


@pytest.mark.slow
def test_files_that_land_become_customers_and_a_second_run_changes_nothing(home: Path) -> None:
    land(home, "crm/contacts.csv", CRM_HEADER + ANA + BEN)
    land(
        home,
        "webinar/2024.csv",
        "id,Name,Email,Webinar,at\nw1,Ana Whitlock,ana.whitlock@brightmail.example,Moorings,2024-02-01\n",
    )
    first = run(home)
    assert (first.imports, first.problems, first.published) == (2, [], True)
    ids = customers_by_record(home)
    assert ids["crm/1"] == ids["webinar/w1"] != ids["crm/2"]
    again = run(home)
    assert (again.imports, again.problems, again.published) == (0, [], False)
    assert customers_by_record(home) == ids


@pytest.mark.slow
@GOES_ON
def test_the_same_content_again_is_no_new_import(after_two: Path) -> None:
    home, text = after_two, CRM_HEADER + ANA + BEN
    land(home, "crm/renamed.csv", text)
    land(home, "crm/packed.csv.gz", text)
    land(home, "crm/marked.csv", "\ufeff" + text)
    report = run(home)
    assert (report.imports, report.problems) == (0, [])
    lake = workspace_from_environment(home).lake
    assert lake.read(raw_imports("crm")).height == 2
    assert lake.read(RECORD_VERSIONS).height == 2


@pytest.mark.slow
def test_what_is_delivered_is_kept_exactly_and_what_breaks_a_rule_is_kept_with_the_rule(home: Path) -> None:
    odd = "007,  Zoë ,O’Neill,=cmd|' /C calc'!A0,NO,1e5,\"5, Quay\nFlat 2\",Łódź,90-001,2024-01-05\n"
    no_key = ",Nobody,Known,x@y.example,,,,,,2024-01-05\n"
    ragged = "9,too,short\n"
    land(home, "crm/odd.csv", CRM_HEADER + odd + no_key + ragged)
    report = run(home)
    assert report.problems == []
    lake = workspace_from_environment(home).lake
    raw = lake.read(raw_imports("crm")).sort("_line")
    assert raw["First"][0] == "  Zoë "
    assert (raw["id"][0], raw["Phone"][0], raw["DOB"][0]) == ("007", "NO", "1e5")
    assert raw["Street"][0] == "5, Quay\nFlat 2"
    assert raw["_text"].drop_nulls().to_list() == [ragged.strip()]
    rejected = lake.read(REJECTED_ROWS)
    assert rejected.height == 2
    assert rejected["rule"].n_unique() == 2
    assert json.loads(rejected.filter(pl.col("field").is_not_null())["raw_values"][0])["First"] == "Nobody"
    assert set(customers_by_record(home)) == {"crm/007"}


@pytest.mark.slow
def test_one_bad_file_never_stops_the_others(home: Path) -> None:
    land(home, "crm/a-bad.csv", "id,Email,Email\n1,a@b.example,c@d.example\n")
    land(home, "crm/b-good.csv", CRM_HEADER + ANA)
    report = run(home)
    assert (report.imports, report.refused) == (2, 1)
    assert len(report.problems) == 1
    assert "refused" in report.problems[0]
    assert customers_by_record(home).keys() == {"crm/1"}


@pytest.mark.slow
@GOES_ON
def test_ids_stay_a_merge_keeps_the_older_and_an_old_id_resolves(after_two: Path) -> None:
    home = after_two
    before = customers_by_record(home)
    # A record that is nobody known yet, and then an update that shows it to be Ana.
    stranger = "3,A.,Whitlock,aw@newjob.example,,,,,,2024-03-01\n"
    land(home, "crm/2.csv", CRM_HEADER + stranger, seconds_ago=400)
    run(home)
    between = customers_by_record(home)
    assert between["crm/1"] == before["crm/1"]
    assert between["crm/3"] not in {before["crm/1"], before["crm/2"]}
    known = "3,Ana,Whitlock,ana.whitlock@brightmail.example,+44 7700 900123,1984-03-07,12 Harbour Lane,Whitby,YO21 3PU,2024-04-01\n"
    land(home, "crm/3.csv", CRM_HEADER + known, seconds_ago=200)
    report = run(home)
    after = customers_by_record(home)
    assert report.merges == 1
    assert after["crm/1"] == after["crm/3"] == before["crm/1"]
    assert after["crm/2"] == before["crm/2"]
    lake = workspace_from_environment(home).lake
    lineage = {row["customer_id"]: row for row in lake.read(ID_LINEAGE).to_dicts()}
    assert lineage[between["crm/3"]]["current_customer_id"] == before["crm/1"]
    changes = lake.read(IDENTITY_CHANGES).filter(pl.col("change") == "merged")
    assert changes.select("customer_id", "other_customer_id").rows() == [(before["crm/1"], between["crm/3"])]
    with sqlite3.connect(home / "published.db") as published:
        resolved = dict(published.execute("SELECT customer_id, current_customer_id FROM resolved_ids"))
    published.close()
    assert resolved[between["crm/3"]] == before["crm/1"]


@pytest.mark.slow
@GOES_ON
def test_the_order_of_imports_does_not_matter(after_two: Path, tmp_path: Path) -> None:
    pieces = {
        "crm/1.csv": CRM_HEADER + ANA + BEN,
        "crm/2.csv": CRM_HEADER + BEN.replace("Leeds,LS1 4AB,2024-01-05", "York,YO1 7HH,2024-06-01"),
        "webinar/1.csv": "id,Name,Email,Webinar,at\nw1,Ana Whitlock,ana.whitlock@brightmail.example,Moorings,2024-02-01\n",
    }
    results = []
    workspace(tmp_path / "reversed")
    first, *others = pieces  # the first is what the two customers came from
    assert pieces[first] == (after_two / "landing" / first).read_text()
    for home, order in ((after_two, others), (tmp_path / "reversed", [*reversed(others), first])):
        for step, name in enumerate(order, start=3 - len(order)):
            land(home, name, pieces[name], seconds_ago=900 - 100 * step)
            run(home)
        lake = workspace_from_environment(home).lake
        golden = lake.read(CUSTOMERS).drop("customer_id", "weakest_probability").sort("last_name", "first_name")
        grouping = {
            frozenset(group)
            for group in lake.read(CUSTOMER_IDS).group_by("customer_id").agg("record_id")["record_id"].to_list()
        }
        results.append((golden.rows(), grouping))
    assert results[0] == results[1]


@pytest.mark.slow
def test_no_customers_value_reaches_dagsters_storage_or_a_log(home: Path) -> None:
    canaries = ("Quillfeather", "canary77", "Zanzibarstrasse", "07700900999")
    land(
        home,
        "crm/contacts.csv",
        CRM_HEADER
        + ANA
        + "8,Canary77,Quillfeather,canary77@quillfeather.example,07700900999,1990-01-02,9 Zanzibarstrasse,Hull,HU1 1AA,2024-01-05\n"
        + "9,Canary77,Quillfeather,canary77@quillfeather.example,07700900999,1990-01-02,9 Zanzibarstrasse,Hull,HU1 1AA,never\n",
    )
    done = cdp_in_turn(home, ["run"], ["audit", "crm"])
    reports = b"".join(path.read_bytes() for path in (home / "reports").rglob("*.html"))
    stored = b"".join(path.read_bytes() for path in (home / "dagster").rglob("*") if path.is_file())
    logs = b"".join(path.read_bytes() for path in (home / "lake").rglob("_delta_log/*"))
    said = (done.stdout + done.stderr).encode()
    assert reports
    for canary in canaries:
        for kept, where in ((stored, "dagster"), (logs, "the lake's log"), (said, "the output"), (reports, "a report")):
            assert canary.lower().encode() not in kept.lower(), f"{canary[:3]}… in {where}"


@pytest.mark.slow
@GOES_ON
def test_a_failed_golden_table_publishes_nothing(after_two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdp_assets.golden_records import as_decided

    home = after_two
    with sqlite3.connect(home / "published.db") as published:
        before = published.execute("SELECT count(*) FROM customers").fetchone()
    published.close()
    real = as_decided.golden_records

    def losing_one(*frames: pl.DataFrame, **options: object) -> object:
        made = real(*frames, **options)  # type: ignore[arg-type]
        object.__setattr__(made, "customers", made.customers.head(1))
        return made

    monkeypatch.setattr(as_decided, "golden_records", losing_one)
    land(home, "crm/2.csv", CRM_HEADER + "7,Cy,Vance,cy@vance.example,,,,,,2024-05-01\n")
    report = run(home)
    assert any("every_customer_has_one_golden_record" in problem for problem in report.problems)
    with sqlite3.connect(home / "published.db") as published:
        assert published.execute("SELECT count(*) FROM customers").fetchone() == before
    published.close()


# -- the sample workspace ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_the_sample_runs_again_without_harm(demo: tuple[Path, str], tmp_path: Path) -> None:
    home = Path(shutil.copytree(demo[0], tmp_path / "data"))
    ids, landed = customers_by_record(home), files_of(home / "landing")
    cdp_here(home, "run")
    assert customers_by_record(home) == ids
    assert files_of(home / "landing") == landed, "the sample is as it was delivered"


@pytest.mark.long
@pytest.mark.xdist_group("demo")
def test_the_demo_runs_again_without_harm_and_tells_the_same(demo: tuple[Path, str], tmp_path: Path) -> None:
    """All of the story once more, which takes half a minute."""
    home, output = demo
    shutil.copytree(home, tmp_path / "data")
    ids, landed = customers_by_record(tmp_path / "data"), files_of(tmp_path / "data" / "landing")
    again = cdp(tmp_path / "data", "demo")
    assert customers_by_record(tmp_path / "data") == ids
    assert files_of(tmp_path / "data" / "landing") == landed, "the sample is as it was delivered"
    assert again.stdout == output


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_the_demo_goes_on_through_corrections_consent_and_erasure(demo: tuple[Path, str]) -> None:
    output = demo[1]
    for told in (
        r"street +7 Ferry Street +48 Quarry Lane +holds +7 Ferry Street\n",
        r"job title +Head of Metrology +Head of Metrology +retired +Head of Metrology\n",
        r"company +Lakeward Instruments +Norvane Photonics +contested +Lakeward Instruments\n",
        r"A\s+clerk\s+takes\s+them\s+for\s+one\s+person",
        r"cdp consent verify +1,\d{3} events in their chain: none lost",
        r"cdp erase +0 occurrences of \d+ texts in \d+ Parquet files and all others",
        r"the old list again +\d+ lines, found in somebody's mail and imported: 1, hers, is kept out",
        r"her household +Jonas Thornquist stays",
    ):
        assert re.search(told, output), told


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_what_does_not_come_about_in_the_story_is_said(demo: tuple[Path, str], tmp_path: Path) -> None:
    """Nothing is run and nobody erased: every fact that the story tells is missed."""
    opened = workspace_from_environment(Path(shutil.copytree(demo[0], tmp_path / "data")))
    nothing = Erased(
        "e", "c", {"occurrences": 1, "searched": {"texts": 0, "files": {"parquet": 0}}}, tmp_path / "no certificate"
    )
    doing = Doing(run=lambda workspace, resolve: RunReport(), erase=lambda workspace, customer: nothing)
    opened.ledger.close()
    with in_a_copy(opened, None) as copied:
        broken = "\n".join(go_on(copied, doing, datetime(2026, 1, 1, tzinfo=UTC), 100).broken)
    for missed in (
        "correction of street is lost",
        "correction of job_title is lost",
        "correction of company is lost",
        "does not wait in the review queue",
        "two customers",
        "offers are sent to",
        "not in suppressions",
        "not proven",
        "still in golden_records/customers",
        "her old address",
        "0 lines were kept out",
        "her husband's",
    ):
        assert missed in broken, missed


@pytest.fixture(scope="session")
def audited(demo: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy in which the story went on, with Maren erased: resolved once more, and after what no resolution makes."""
    home = shutil.copytree(lived_on(demo[0]), tmp_path_factory.mktemp("audited") / "data")
    cdp_here(home, "run")
    cdp_here(home, "audit")
    opened = workspace_from_environment(home)
    for done in (audit_resolution(opened), plan(opened)):
        assert not done.problems
    customers = opened.lake.read(CUSTOMERS)
    assert not customers.filter(pl.col("full_name") == "Maren Thornquist").height
    assert customers.filter(pl.col("full_name") == "Jonas Thornquist").height == 1
    assert not chain_breaks(opened)
    opened.ledger.close()
    return home


MAY_BE_EMPTY = (REJECTED_ROWS, PLAN_CHANGES, PLAN_MOVES)
"""All rows may be in order, and a resolution of nothing new changes nothing."""


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_every_table_of_the_sample_is_filled_and_fits_its_contract(audited: Path) -> None:
    lake = workspace_from_environment(audited).lake
    for table in TABLES:
        assert lake.exists(table), table.name
        assert table.conform(lake.read(table)).height > 0 or table in MAY_BE_EMPTY, table.name


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_where_nothing_is_new_the_next_resolution_starts_from_what_the_last_one_did_and_changes_nothing(
    demo: tuple[Path, str],
) -> None:
    opened = workspace_from_environment(demo[0])
    lake, known = opened.lake, known_by_now(opened)
    for table, frame in ((LINKAGE_PROFILES, known.profiles), (PROFILE_MEMBERS, known.profile_members)):
        assert frame.sort(table.key).equals(lake.read(table).sort(table.key))
    model = next_model(opened, known, LinkagePolicy())
    assert [model.model_version] == lake.read(LINKAGE_MODEL).filter("is_in_use")["model_version"].to_list()
    would_be = resolved(known, model, previous_resolution(lake), datetime(2030, 1, 1, tzinfo=UTC))
    assert would_be.changes.is_empty()
    assert would_be.scored_pairs.equals(lake.read(SCORED_PAIRS))
    opened.ledger.close()


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_the_sample_is_resolved_well_and_no_customer_is_made_of_two_households(demo: tuple[Path, str]) -> None:
    home = demo[0]
    truth = pl.read_parquet(home / "truth" / "records.parquet", columns=["record_id", "entity_id"])
    ids = workspace_from_environment(home).lake.read(CUSTOMER_IDS)
    assert truth["record_id"].is_in(ids["record_id"].implode()).all()
    people = pl.read_parquet(home / "truth" / "people.parquet", columns=["entity_id", "household_id"])
    households = (
        ids.join(truth, on="record_id")
        .join(people, on="entity_id")
        .group_by("customer_id")
        .agg(pl.n_unique("household_id"))
    )
    assert households.height > 1_000
    assert (households["household_id"] == 1).all()
    measured = json.loads(cdp_here(home, "evaluate", str(home / "truth" / "records.parquet"), "--json"))
    assert measured["pairwise_f1"] > 0.9


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_every_golden_value_of_the_sample_is_what_its_record_said(demo: tuple[Path, str]) -> None:
    """Traceable for real: the value stands in a version of the record that provenance names."""
    lake = workspace_from_environment(demo[0]).lake
    versions = lake.read(RECORD_VERSIONS)
    provenance = lake.read(PROVENANCE).filter(pl.col("rule") != "correction")
    for field, column in (("last_name", "last_name"), ("first_name", "first_name"), ("company", "company")):
        said = versions.select("record_id", pl.col(column).alias("value")).drop_nulls().unique()
        cells = provenance.filter(pl.col("field") == field).select("record_id", "value")
        assert cells.height > 0
        assert cells.join(said, on=["record_id", "value"], how="anti").height == 0


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_every_asset_of_the_sample_reports_at_least_three_numbers_and_no_value(audited: Path) -> None:
    import dagster as dg

    from cdp_assets.automation import dagster_home
    from cdp_assets.definitions import definitions_for

    opened = workspace_from_environment(audited)
    golden = opened.lake.read(CUSTOMERS)
    personal = set(golden["email"].drop_nulls()) | set(
        golden["full_name"].drop_nulls().filter(golden["full_name"].drop_nulls().str.len_chars() > 8)
    )
    with dg.DagsterInstance.from_config(str(dagster_home(opened))) as instance:
        for spec in definitions_for(opened).resolve_all_asset_specs():
            event = instance.get_latest_materialization_event(spec.key)
            name = spec.key.to_user_string()
            assert event is not None, f"{name} was never materialized"
            assert event.asset_materialization is not None
            metadata = event.asset_materialization.metadata
            numbers = [key for key, value in metadata.items() if isinstance(value.value, int | float)]
            assert len(numbers) >= 3, f"{name} reports {numbers}"
            text = " ".join(str(value.value) for value in metadata.values())
            assert not [value for value in personal if value in text], name
