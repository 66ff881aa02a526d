"""One import on its way from kept lines to records: in batches as at once, refused when it shrinks, kept when it can not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets import raw
from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, REPEATED
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.acceptance import NothingToAccept, accept
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.standardized.importing import NotReadYet, Outcome, standardize_import
from cdp_assets.standardized.judged_lines import ImportMeta, Read, judge_lines
from cdp_assets.standardized.records import records_of, records_version, rejections_of, standardize
from cdp_assets.tables import raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
META = ImportMeta("20260501T120000Z-0123456789ab", NOW)
CONTRACT = "source: crm\nkind: profiles\ndelivers: snapshot\nkey: id\ncolumns: {email: Email, last_name: Name}\n"


class Source:
    """A workspace with one source, and its imports one after the other."""

    def __init__(self, home: Path, contract: str = CONTRACT) -> None:
        (home / "contracts").mkdir()
        (home / "landing" / "crm").mkdir(parents=True)
        self.workspace, self.landed = Workspace(home), 0
        self.says(contract)

    def says(self, contract: str) -> None:
        (self.workspace.contracts_dir / "crm.yaml").write_text(contract)
        (self.contract,), _ = load_contracts(self.workspace.contracts_dir)

    def land(self, *lines: str, header: str = "id,Email,Name", name: str | None = None) -> str:
        self.landed += 1
        path = self.workspace.landing_dir / "crm" / (name or f"{self.landed:03}.csv")
        path.write_text("\n".join([header, *lines, ""]))
        (import_id,) = register_arrivals(
            self.workspace, self.contract, NOW + timedelta(days=self.landed), settle_seconds=0
        ).new
        return import_id

    def read(self, import_id: str) -> Outcome:
        take_in(self.workspace, self.contract, import_id, NOW)
        return standardize_import(self.workspace, self.contract, import_id, NOW)

    def deliver(self, *lines: str, **options: Any) -> tuple[str, Outcome]:
        import_id = self.land(*lines, **options)
        return import_id, self.read(import_id)

    def row(self, import_id: str) -> Mapping[str, Any]:
        return self.workspace.ledger.import_row("crm", import_id)

    def records(self, import_id: str) -> list[str]:
        rows = self.workspace.lake.read(source_records("crm"), partition=import_id)
        return sorted(rows["source_key"])


@pytest.fixture
def crm(tmp_path: Path) -> Source:
    return Source(tmp_path)


def people(*numbers: int) -> list[str]:
    return [f"{n},person{n}@x.example,Smith" for n in numbers]


# -- the whole way ----------------------------------------------------------------------------------------------------


def test_every_line_is_accounted_for_in_the_ledger(crm: Source) -> None:
    import_id, outcome = crm.deliver(*people(1, 2), "1,person1@x.example,Smith", ",nokey@x.example,X", "ragged")
    row = crm.row(import_id)
    assert {name: row[name] for name in ("lines", "records", "rejected", "duplicates")} == {
        "lines": 5,
        "records": 2,
        "rejected": 2,
        "duplicates": 1,
    }
    assert (row["state"], row["imported_at"], row["records_version"]) == (IMPORTED, NOW, records_version(crm.contract))
    assert (row["encoding"], row["delimiter"], row["file_format"]) == ("utf-8", ",", "csv")
    rejected = crm.workspace.lake.read(source_rejections("crm"), partition=import_id).sort("line")
    assert rejected["rule"].to_list() == ["key_missing", "ragged_row"]
    assert outcome.counts["records"] == crm.workspace.lake.read(source_records("crm")).height


def test_an_import_in_batches_is_what_it_is_at_once(crm: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [*people(*range(40)), *people(3, 7), ",no@x.example,Key", *people(39), "a,b,c,d"]
    import_id, _ = crm.deliver(*lines)
    whole = _tables(crm, import_id)
    monkeypatch.setattr(raw.deliveries, "ROWS_AT_ONCE", 7)
    standardize_import(crm.workspace, crm.contract, import_id, NOW)
    assert _tables(crm, import_id) == whole


def _tables(crm: Source, import_id: str) -> list[Any]:
    lake = crm.workspace.lake
    return [
        lake.read(table, partition=import_id).sort("line").to_dicts()
        for table in (source_records("crm"), source_rejections("crm"))
    ]


_VALUE = st.sampled_from(["1", "2", "3", None])
_LINES = st.lists(st.tuples(_VALUE, st.sampled_from(["a@x.org", "b@x.org", None]), _VALUE), min_size=1, max_size=14)
_TIMES = {"1": "2024-01-01", "2": "2025-01-01", "3": "not a time", None: None}


@settings(max_examples=15)
@given(lines=_LINES, size=st.integers(1, 6), delivers=st.sampled_from(["snapshot", "changes"]), keyed=st.booleans())
def test_batches_of_any_size_are_judged_as_one(
    lines: list[tuple[str | None, str | None, str | None]], size: int, delivers: str, keyed: bool
) -> None:
    said: dict[str, Any] = {"source": "crm", "columns": {"email": "Email"}, "observed_at": "At"}
    said |= {"kind": "profiles", "key": "id", "delivers": delivers} if keyed else {"kind": "activities"}
    contract = SourceContract.model_validate(said)
    frame = pl.DataFrame(
        [
            (META.import_id, "f.csv", n, None, None, key, email, _TIMES[at])
            for n, (key, email, at) in enumerate(lines, 2)
        ],
        schema=[*raw_imports("crm").schema.items(), ("id", pl.String), ("Email", pl.String), ("At", pl.String)],
        orient="row",
    )
    whole = standardize(frame, contract, META)
    batches = list(frame.iter_slices(size))
    judged = judge_lines(lambda _: batches, contract, META)
    records = pl.concat([records_of(batch, judged, contract, META)[0] for batch in batches])
    rejected = pl.concat([rejections_of(batch, judged, contract, META) for batch in batches])
    assert records.equals(whole.records)
    assert rejected.equals(whole.rejections)
    assert {**judged.counts, "records": records.height}.items() <= whole.counts.items()


def test_what_lines_say_is_read_only_where_a_key_has_several() -> None:
    contract = SourceContract.model_validate(
        {"source": "crm", "kind": "profiles", "key": "id", "delivers": "snapshot", "columns": {"email": "Email"}}
    )
    asked: list[Collection[str] | None] = []

    def reading(*keys: str) -> Read:
        own = [(META.import_id, "f.csv", n, None, None, key, "a@x.org") for n, key in enumerate(keys, 2)]
        columns = [*raw_imports("crm").schema.items(), ("id", pl.String), ("Email", pl.String)]

        def read(wanted: Collection[str] | None) -> list[pl.DataFrame]:
            asked.append(wanted)
            return [pl.DataFrame(own, schema=columns, orient="row").select(wanted or pl.all())]

        return read

    assert judge_lines(reading("1", "2"), contract, META).counts["duplicates"] == 0
    assert asked == [["_line", "_problem", "id"]]
    assert judge_lines(reading("1", "2", "1"), contract, META).counts["duplicates"] == 1
    assert asked[1:] == [["_line", "_problem", "id"], ["_line", "Email"]]


def test_an_import_whose_file_was_not_read_is_not_taken_for_an_empty_one(crm: Source) -> None:
    import_id = crm.land(*people(1))
    with pytest.raises(NotReadYet, match="materialize raw/crm_imports first"):
        standardize_import(crm.workspace, crm.contract, import_id, NOW)
    assert crm.row(import_id)["state"] == LANDED


# -- snapshots that shrink --------------------------------------------------------------------------------------------


def test_a_snapshot_that_shrinks_too_much_waits_for_a_person(crm: Source) -> None:
    full, _ = crm.deliver(*people(*range(10)))
    half, outcome = crm.deliver(*people(0, 1, 2, 3))
    row = crm.row(half)
    assert (outcome.state, row["state"]) == ("refused", REFUSED)
    assert f"60% of the records of the snapshot before it (import {full})" in row["problem"]
    assert f"cdp accept crm {half}" in row["problem"]
    assert crm.records(half) == []
    crm.read(half)
    assert crm.row(half)["state"] == REFUSED, "asking again does not help"
    said = accept(crm.workspace, crm.contract, half, by="anna", now=NOW)
    assert (said.startswith("Accepted"), crm.row(half)["state"]) == (True, LANDED)
    crm.read(half)
    assert (crm.row(half)["state"], crm.row(half)["accepted_by"], len(crm.records(half))) == (IMPORTED, "anna", 4)


def test_the_contract_says_how_much_may_go(crm: Source) -> None:
    crm.deliver(*people(*range(10)))
    assert crm.deliver(*people(0, 1, 2, 3, 4))[1].state == "imported", "half may go by default"
    crm.says(CONTRACT + "may_shrink_by: 10%\n")
    refused, outcome = crm.deliver(*people(0, 1, 2, 3))
    assert outcome.state == "refused"
    crm.says(CONTRACT + "may_shrink_by: 0.2\n")
    assert crm.read(refused).state == "imported"


def test_other_keys_are_as_good_as_none(crm: Source) -> None:
    crm.deliver(*people(*range(10)))
    assert crm.deliver(*(f"0{line}" for line in people(*range(10))))[1].state == "refused"


def test_an_empty_snapshot_is_refused_and_says_so(crm: Source) -> None:
    crm.deliver(*people(1, 2))
    empty, outcome = crm.deliver()
    assert (outcome.state, "deletes nothing" in crm.row(empty)["problem"]) == ("refused", True)


def test_changes_may_be_as_small_as_they_are(tmp_path: Path) -> None:
    crm = Source(tmp_path, CONTRACT.replace("snapshot", "changes"))
    crm.deliver(*people(*range(10)))
    assert crm.deliver(*people(3))[1].state == "imported"


def test_a_late_small_snapshot_is_held_against_its_own_time(tmp_path: Path) -> None:
    crm = Source(tmp_path, CONTRACT + "observed_at: At\n")
    header = "id,Email,Name,At"

    def at(day: int, *numbers: int) -> list[str]:
        return [f"{line},2026-01-{day:02}" for line in people(*numbers)]

    crm.deliver(*at(1, 1, 2), header=header)
    crm.deliver(*at(20, *range(20)), header=header)
    late, outcome = crm.deliver(*at(10, 1, 2, 3), header=header)
    assert (outcome.state, len(crm.records(late))) == ("imported", 3)


def test_a_backfill_never_refuses_what_is_in_use(crm: Source) -> None:
    crm.deliver(*people(*range(10)))
    small, _ = crm.deliver(*people(*range(5)))
    crm.says(CONTRACT + "may_shrink_by: 1%\n")
    assert crm.read(small).state == "imported"


def test_only_what_waits_can_be_accepted(crm: Source, tmp_path: Path) -> None:
    broken = crm.land("1,2,3", header="id,Email,Email")
    crm.read(broken)
    with pytest.raises(NothingToAccept, match="can not be read"):
        accept(crm.workspace, crm.contract, broken, by="anna", now=NOW)


# -- a contract that changes ------------------------------------------------------------------------------------------


def test_a_new_meaning_is_read_from_the_kept_lines(crm: Source) -> None:
    import_id, _ = crm.deliver(*people(1))
    (crm.workspace.landing_dir / "crm" / "001.csv").unlink()
    crm.says(CONTRACT.replace("last_name: Name", "first_name: Name"))
    assert crm.read(import_id).state == "imported"
    [record] = crm.workspace.lake.read(source_records("crm"), partition=import_id).to_dicts()
    assert (record["first_name"], record["last_name"]) == ("Smith", None)
    assert crm.row(import_id)["records_version"] == records_version(crm.contract)


def test_a_missing_column_takes_no_records_away(crm: Source) -> None:
    import_id, _ = crm.deliver(*people(1, 2))
    crm.says(CONTRACT.replace("last_name: Name", "last_name: Name, phone: Mobile"))
    assert crm.read(import_id).state == "unchanged"
    row = crm.row(import_id)
    assert (row["state"], crm.records(import_id)) == (IMPORTED, ["1", "2"])
    assert "'Mobile' is not in the file" in row["problem"]
    assert row["records_version"] != records_version(crm.contract), "it stays stale, for everyone to see"
    crm.says(CONTRACT.replace("last_name: Name", "last_name: Name, phone: Mobile") + "on_missing_column: null\n")
    assert crm.read(import_id).state == "imported"
    assert crm.row(import_id)["problem"] is None


def test_an_item_of_a_list_is_taken_from_the_list_that_was_kept(tmp_path: Path) -> None:
    contract = "source: crm\nkind: profiles\nkey: id\ncolumns: {email: emails.0}\n"
    crm = Source(tmp_path, contract)
    import_id = crm.land(
        '{"id": 1, "emails": ["a@x.org", "b@x.org"]}', header='{"id": 2, "emails": []}', name="a.jsonl"
    )
    crm.read(import_id)
    crm.says(contract.replace("emails.0", "[emails.0, emails.1]"))
    crm.read(import_id)
    rows = crm.workspace.lake.read(source_records("crm"), partition=import_id).sort("source_key")
    assert rows["emails"].to_list() == [["a@x.org", "b@x.org"], []]


def test_a_repeated_import_has_no_records(crm: Source) -> None:
    crm.deliver(*people(1, 2))
    again, outcome = crm.deliver(*people(2, 1))
    assert (outcome.state, crm.row(again)["state"], crm.records(again)) == ("repeated", REPEATED, [])


def test_what_changes_no_record_makes_nothing_stale(crm: Source) -> None:
    before = records_version(crm.contract)
    crm.says(CONTRACT + "trust: 90\nexpected_every: 1 day\nafter_import: archive\nmay_shrink_by: 0.1\nabout: People\n")
    assert records_version(crm.contract) == before
    for change in ("country: US", 'date_format: "%d/%m/%Y"', "observed_at: At", "on_new_column: ignore"):
        crm.says(CONTRACT + change + "\n")
        assert records_version(crm.contract) != before, change
