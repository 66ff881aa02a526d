"""A person is erased from every store, others stay, and an erasure that is interrupted goes on where it was."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.erasure.certificate import SEARCHED_TEXT, ErasureIncompleteError
from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.plan import erasure_plan
from cdp_assets.erasure.scanning import scan
from cdp_assets.erasure.secret import KEY_FILE, SecretError, signer
from cdp_assets.erasure.sieve import erased_people
from cdp_assets.erasure.steps import STEPS, Erased, erase, go_on, keep_out, unfinished
from cdp_assets.erasure.what_follows import inputs_of_a_resolution, nothing_else_waits
from cdp_assets.lake import Lake
from cdp_assets.ledger import REPEATED, Ledger
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.sources.line_problems import ERASED_PERSON
from cdp_assets.standardized.gathering import line_balance
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.tables import raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace
from cdp_assets_tests.erasure import workspace as small
from cdp_assets_tests.erasure.workspace import BEA, FORMER, INES, NOW, OTHERS, PERSON, TOM

pytestmark = pytest.mark.xdist_group("erasure")


@pytest.fixture(scope="module")
def before(small_home: Path) -> Path:
    """The workspace before anybody was erased; only looked at and copied."""
    return small_home


@pytest.fixture(scope="module")
def done(before: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Erased]:
    """A copy in which Ines has been erased; only looked at."""
    workspace = copy(before, tmp_path_factory.mktemp("erased"))
    return workspace, erase(workspace, INES, by="a test", now=NOW)


def copy(home: Path, to: Path) -> Workspace:
    return small.copy(home, to / "ws")


def found(home: Path, *texts: str) -> int:
    return scan(home, Patterns.of(texts)).found.total()


def test_nothing_of_the_person_is_left_in_any_file_and_others_are_still_there(
    before: Path, done: tuple[Workspace, Erased]
) -> None:
    home = done[0].home
    assert all(found(before, text) for text in PERSON)
    assert found(home, *PERSON) == 0
    assert all(found(home, text) for text in OTHERS)


def test_the_household_keeps_records_addresses_and_ids(done: tuple[Workspace, Erased]) -> None:
    lake = done[0].lake
    assert set(lake.read(tables.CUSTOMER_IDS)["record_id"]) == {"crm/102", "crm/103", "shop/9003"}
    assert set(lake.read(tables.CUSTOMERS)["customer_id"]) == {TOM, BEA}
    versions = lake.read(tables.RECORD_VERSIONS).filter(pl.col("record_id") == "crm/102")
    assert versions["phones"].to_list() == [["+441134960123"]]
    suggested = lake.read(tables.PROBABLE_EMAILS)
    assert suggested.select("email", "derived_from").rows() == [("bea@newplace.example", None)]


def test_ids_of_the_person_resolve_to_nobody_and_are_kept(done: tuple[Workspace, Erased]) -> None:
    lineage = done[0].lake.read(tables.ID_LINEAGE)
    theirs = lineage.filter(pl.col("customer_id").is_in([INES, FORMER]))
    assert theirs.select("current_customer_id", "state").rows() == [(None, "retired")] * 2
    changes = done[0].lake.read(tables.IDENTITY_CHANGES)
    assert changes.select("change", "because_of_l", "because_of_r").rows() == [
        ("merged", None, None),
        ("retired", None, None),
    ]
    note = done[0].lake.committed_metadata(tables.CUSTOMER_IDS)
    assert int(note["id_lineage"]) == done[0].lake.version(tables.ID_LINEAGE)
    assert note["resolution_id"] == "r1"


def test_every_line_is_still_accounted_for(done: tuple[Workspace, Erased]) -> None:
    workspace = done[0]
    contracts, _ = load_contracts(workspace.contracts_dir)
    numbers = line_balance(workspace, contracts).numbers
    assert numbers["imports_that_do_not_add_up"] == 0
    assert numbers["rejected"] == 4
    rejected = workspace.lake.read(source_rejections("crm"))
    assert set(rejected["rule"]) == {ERASED_PERSON}
    assert not any(value for text in rejected["raw_values"] for value in json.loads(text).values())


def test_an_import_read_again_gives_what_the_erasure_left(done: tuple[Workspace, Erased], tmp_path: Path) -> None:
    workspace = copy(done[0].home, tmp_path)
    lake, contract = workspace.lake, small.contract_of(workspace, "crm")
    both = (source_records("crm"), source_rejections("crm"))
    left = [lake.read(table).sort("import_id", "line") for table in both]
    counted = workspace.ledger.imports("crm").select("lines", "records", "rejected", "duplicates", "observed_until")
    for import_id in workspace.ledger.imports("crm")["import_id"]:
        standardize_import(workspace, contract, import_id, NOW)
    assert all(lake.read(table).sort("import_id", "line").equals(rows) for table, rows in zip(both, left, strict=True))
    again = workspace.ledger.imports("crm").select("lines", "records", "rejected", "duplicates", "observed_until")
    assert again.equals(counted)


def test_delivered_files_lose_the_persons_lines_and_nothing_else(done: tuple[Workspace, Erased]) -> None:
    landing = done[0].home / "landing" / "crm"
    plain, packed = landing / "contacts-1.csv", landing / "contacts-2.csv.gz"
    assert plain.read_text() == small.HEADER + small.TOM_ROW + small.BEA_ROW
    assert gzip.decompress(packed.read_bytes()).decode() == small.HEADER + small.TOM_ROW + small.BEA_ROW
    (archived,) = (done[0].home / "archive").rglob("*.jsonl")
    assert archived.read_text() == small.SHOP_FILE.splitlines(keepends=True)[1]


def test_the_rewritten_files_are_still_their_imports(done: tuple[Workspace, Erased], tmp_path: Path) -> None:
    workspace = copy(done[0].home, tmp_path)
    assert small.import_landed(workspace, "crm") == []


def test_judgements_corrections_and_notes_of_the_person_go(done: tuple[Workspace, Erased]) -> None:
    ledger = done[0].ledger
    assert ledger.judgements()["reason"].to_list() == ["Tom is not [erased]"]
    assert ledger.corrections()["value"].to_list() == ["Leeds"]


def test_published_tables_lose_the_person_and_keep_resolving_ids(done: tuple[Workspace, Erased]) -> None:
    with closing(sqlite3.connect(done[0].home / "published.db")) as database:

        def column(query: str) -> list[object]:
            return [value for (value,) in database.execute(query)]

        assert set(column("SELECT customer_id FROM customers")) == {TOM, BEA}
        assert column("SELECT record_id FROM provenance") == ["crm/102"]
        assert set(column("SELECT current_customer_id FROM resolved_ids")) == {None, TOM, BEA}
        assert column("SELECT because_of_l FROM identity_changes") == [None]


def test_exports_reports_and_truth_of_others_stay(done: tuple[Workspace, Erased]) -> None:
    home = done[0].home
    assert [path.name for path in (home / "exports").iterdir()] == ["tom.csv"]
    assert list((home / "reports").rglob("*.html")) == []
    assert pl.read_parquet(home / "truth" / "records.parquet")["record_id"].to_list() == ["crm/102"]


def test_the_certificate_holds_counts_and_keyed_hashes_and_no_value(done: tuple[Workspace, Erased]) -> None:
    workspace, erased = done
    text = erased.path.read_text()
    assert not any(value.lower() in text.lower() for value in (*PERSON, "calder"))
    said = json.loads(text)
    assert said["occurrences"] == 0
    assert {"parquet", "sqlite", "gzip", "json"} <= set(said["searched"]["files"])
    sign = signer(workspace)
    for value in ("ines.calder@brightmail.example", "LOY-556677", "+447700900456", "Ines Calder"):
        assert sign(SEARCHED_TEXT, value) in said["searched"]["texts_signs"]
    for shared in ("12 Larch Road", "+441134960123", "Calder", "Ines", "Leeds"):
        assert sign(SEARCHED_TEXT, shared) not in said["searched"]["texts_signs"]
    assert erased.path.stat().st_mode & 0o777 == 0o600
    assert (workspace.home / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_no_former_version_of_a_table_can_be_read(done: tuple[Workspace, Erased]) -> None:
    lake = done[0].lake
    version = lake.version(tables.CUSTOMERS)
    assert version is not None
    log = done[0].home / "lake" / "golden_records" / "customers" / "_delta_log"
    assert {path.name for path in log.glob("*.json")} == {f"{version:020}.json"}
    assert lake.read(tables.CUSTOMERS, version=version).height == 2


# -- a plan -----------------------------------------------------------------------------------------------------------


def test_a_plan_counts_what_the_erasure_then_erases_and_changes_nothing(
    before: Path, done: tuple[Workspace, Erased], tmp_path: Path
) -> None:
    workspace = copy(before, tmp_path)
    contents = {
        path: path.read_bytes() for path in workspace.home.rglob("*") if path.is_file() and ".db" not in path.name
    }
    plan = erasure_plan(workspace, INES, NOW)
    rows = {where: count for where, what, count in plan.rows if what == "rows"}
    erased = done[1].certificate["erased"]
    assert {where: n for where, n in rows.items() if "database" not in where} == erased["tables"]
    assert {where.split(": ")[1]: n for where, n in rows.items() if "database" in where} == erased["published"]
    assert ("landing and archive", "lines of 3 file(s)", 4) in plan.rows
    assert not any(value.lower() in json.dumps(plan.as_json()).lower() for value in PERSON)
    assert {path: path.read_bytes() for path in contents} == contents
    assert found(workspace.home, *PERSON) == found(before, *PERSON)


# -- staying out ------------------------------------------------------------------------------------------------------


def test_the_original_file_again_brings_nobody_back_and_is_known_as_a_repetition(
    done: tuple[Workspace, Erased], tmp_path: Path
) -> None:
    workspace = copy(done[0].home, tmp_path)
    path = small.land(workspace.home, "crm/contacts-1-again.csv", small.FIRST_FILE.encode(), 9)
    (again,) = small.import_landed(workspace, "crm")
    row = workspace.ledger.import_row("crm", again)
    assert (row["state"], row["lines"], row["records"]) == (REPEATED, 4, 0)
    path.unlink()
    assert found(workspace.home, *PERSON) == 0


def test_rows_of_later_imports_are_put_aside_without_their_values_and_counted(
    done: tuple[Workspace, Erased], tmp_path: Path
) -> None:
    workspace = copy(done[0].home, tmp_path)
    dan = "104,Dan,Fox,dan@fox.example,,,,,,,,,2024-06-01\n"
    path = small.land(workspace.home, "crm/contacts-3.csv", (small.HEADER + small.INES_MOVED + small.TOM_ROW + small.BEA_ROW + dan).encode(), 9)  # fmt: skip
    (import_id,) = small.import_landed(workspace, "crm")
    row = workspace.ledger.import_row("crm", import_id)
    assert (row["lines"], row["records"], row["rejected"]) == (4, 3, 1)
    raw = workspace.lake.read(raw_imports("crm"), partition=import_id)
    assert raw.filter(pl.col("_problem") == ERASED_PERSON).select(pl.exclude("^_.*$")).null_count().row(0) == (1,) * 13
    rejected = workspace.lake.read(source_rejections("crm"), partition=import_id)
    assert rejected["rule"].to_list() == [ERASED_PERSON]
    path.unlink()
    assert found(workspace.home, *PERSON) == 0
    contracts, _ = load_contracts(workspace.contracts_dir)
    assert line_balance(workspace, contracts).numbers["imports_that_do_not_add_up"] == 0


def test_files_delivered_since_lose_them_too_once_they_are_imported(
    done: tuple[Workspace, Erased], tmp_path: Path
) -> None:
    workspace = copy(done[0].home, tmp_path)
    small.land(workspace.home, "crm/contacts-3.csv", (small.HEADER + small.BEA_ROW + small.INES_MOVED).encode(), 9)
    (import_id,) = small.import_landed(workspace, "crm")
    assert found(workspace.home, *PERSON) == 1
    assert keep_out(workspace) == {"files_rewritten": 1, "files_removed": 0, "lines": 1}
    assert found(workspace.home, *PERSON) == 0
    assert (workspace.home / "landing" / "crm" / "contacts-3.csv").read_text() == small.HEADER + small.BEA_ROW
    assert keep_out(workspace)["files_rewritten"] == 0
    assert small.import_landed(workspace, "crm") == []
    assert workspace.ledger.import_row("crm", import_id)["records"] == 1


def test_without_the_secret_nothing_is_imported_and_with_another_neither(
    done: tuple[Workspace, Erased], tmp_path: Path
) -> None:
    workspace = copy(done[0].home, tmp_path)
    (workspace.home / KEY_FILE).unlink()
    with pytest.raises(SecretError, match="Put its copy back"):
        erased_people(workspace)
    other = Workspace(workspace.home, erasure_secret="another secret, that is long enough")
    with pytest.raises(SecretError, match="another secret"):
        erased_people(other)


# -- interruptions ----------------------------------------------------------------------------------------------------


class Interrupted(Exception):  # noqa: N818
    """As a kill: nothing after it is done."""


def test_interrupted_at_every_moment_and_gone_on_it_ends_as_if_nothing_had_happened(
    before: Path, done: tuple[Workspace, Erased], tmp_path: Path
) -> None:
    workspace = copy(before, tmp_path)
    passed: list[str] = []

    def once(moment: str) -> None:
        if moment not in passed:
            passed.append(moment)
            raise Interrupted

    def interrupted(start: Callable[[], Erased]) -> Erased | None:
        try:
            return start()
        except Interrupted:
            return None

    ended = interrupted(lambda: erase(workspace, INES, by="a test", now=NOW, reached=once))
    while ended is None:
        (erasure_id,) = unfinished(workspace)
        ended = interrupted(lambda of=erasure_id: go_on(workspace, of, now=NOW, reached=once))  # type: ignore[misc]
    assert [moment for moment in passed if moment.endswith("done")] == [f"{step} done" for step in STEPS]
    assert len(passed) == 2 * len(STEPS) + 5
    assert unfinished(workspace) == []
    assert list((workspace.home / "erasures").glob("*.work")) == []
    assert found(workspace.home, *PERSON) == 0
    assert _state(workspace) == _state(done[0])


def test_interrupted_in_the_midst_of_a_step_it_goes_on(
    before: Path, done: tuple[Workspace, Erased], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before every third write to the lake or the ledger, the first time that it is reached."""
    workspace, written, limit = copy(before, tmp_path), 0, 3

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            nonlocal written, limit
            written += 1
            if written >= limit:
                written, limit = 0, limit + 3
                raise Interrupted
            return write(*arguments, **options)

        return counting

    for owner, name in ((Lake, "rewrite"), (Lake, "replace"), (Ledger, "_update_import"), (Ledger, "erase_decisions")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    attempts = 0
    while not (attempts and not unfinished(workspace)):
        attempts += 1
        assert attempts < 20
        try:
            if unfinished(workspace):
                go_on(workspace, unfinished(workspace)[0], now=NOW)
            else:
                erase(workspace, INES, by="a test", now=NOW)
        except Interrupted:
            continue
    assert attempts > 4
    assert found(workspace.home, *PERSON) == 0
    assert _state(workspace) == _state(done[0])


def _state(workspace: Workspace) -> dict[str, object]:
    lake, ledger = workspace.lake, workspace.ledger
    by_source = [
        make(source) for source in ("crm", "shop") for make in (raw_imports, source_records, source_rejections)
    ]
    stored = [table for table in (*tables.TABLES, *by_source) if lake.exists(table)]
    return {
        **{table.name: sorted(map(str, lake.read(table).rows())) for table in stored},
        "imports": ledger.imports().rows(),
        "judgements": ledger.judgements().rows(),
        "corrections": ledger.corrections().rows(),
        "landed": {str(path.relative_to(workspace.home)): path.read_bytes() for path in (workspace.home / "landing").rglob("*") if path.is_file()},
    }  # fmt: skip


# -- what is in the way -----------------------------------------------------------------------------------------------


def test_a_file_that_somebody_else_put_there_keeps_the_erasure_open_and_is_named_by_its_folder_only(
    before: Path, tmp_path: Path
) -> None:
    workspace = copy(before, tmp_path)
    known = inputs_of_a_resolution(workspace)
    workspace.ledger.add_resolution("r1", imports_hash=known, model_version="m", now=NOW)
    (workspace.home / "notes").mkdir()
    (workspace.home / "notes" / "calls.txt").write_text(f"call {PERSON[0]}")
    with pytest.raises(ErasureIncompleteError, match="notes: 1") as refused:
        erase(workspace, INES, by="a test", now=NOW)
    assert not any(value.lower() in str(refused.value).lower() for value in PERSON)
    (erasure_id,) = unfinished(workspace)
    (workspace.home / "policies").mkdir()
    (workspace.home / "policies" / "erasure.yaml").write_text("not_ours: [notes]\n")
    ended = go_on(workspace, erasure_id, now=NOW)
    assert ended.certificate["not_searched"]["occurrences_in_files_of_others"] == 1
    # Nothing else waited when it began; what has come since, while it was open, is not its doing.
    assert not ended.certificate["resolution"]["follows_nothing_else"]


def test_the_certificate_tells_whether_the_resolution_that_follows_owes_it_to_erasures_alone(
    before: Path, tmp_path: Path
) -> None:
    workspace = copy(before, tmp_path)
    known = inputs_of_a_resolution(workspace)
    workspace.ledger.add_resolution("r1", imports_hash=known, model_version="m", now=NOW)
    said = [erase(workspace, one, by="a test", now=NOW).certificate["resolution"] for one in (INES, BEA)]
    assert [one["follows_nothing_else"] for one in said] == [True, True]
    assert said[1]["inputs"] == inputs_of_a_resolution(workspace) != known
    assert nothing_else_waits(workspace)


def test_delivered_files_are_kept_by_policy_and_the_certificate_says_so(before: Path, tmp_path: Path) -> None:
    workspace = copy(before, tmp_path)
    (workspace.home / "policies").mkdir()
    (workspace.home / "policies" / "erasure.yaml").write_text("delivered_files: keep\n")
    ended = erase(workspace, INES, by="a test", now=NOW)
    assert ended.certificate["not_searched"]["delivered_files"] == "kept by policy"
    assert (workspace.home / "landing" / "crm" / "contacts-1.csv").read_text() == small.FIRST_FILE


def test_a_text_that_stands_in_the_midst_of_a_relatives_is_theirs_too(before: Path, tmp_path: Path) -> None:
    """The landline without its country's code: the relative's record has it with the code, so it is no proof of anything left."""
    workspace = copy(before, tmp_path)
    home = workspace.home
    ines = small.INES_ROW.replace("0113 496 0123", "441134960123").replace("2024-01-05", "2024-04-05")
    tom = small.TOM_ROW.replace("0113 496 0123", "+44 113 496 0123").replace("2024-01-05", "2024-04-05")
    small.land(home, "crm/contacts-3.csv", (small.HEADER + ines + tom + small.BEA_ROW).encode(), 3)
    small.import_landed(workspace, "crm")
    small.resolve(workspace)
    erased = erase(workspace, INES, by="a test", now=NOW)
    assert erased.certificate["occurrences"] == 0
    assert found(home, "441134960123"), "Tom keeps it"
