"""Records that are taken again from a former import: exactly those that would be made again, and only while nothing else
has changed."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets import raw
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.standardized import former_records, records
from cdp_assets.standardized.delivered_values import columns_read, delivered_values
from cdp_assets.standardized.importing import Outcome, standardize_import
from cdp_assets.tables import raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace

CONTRACT = """
source: crm
kind: profiles
delivers: snapshot
may_shrink_by: 100%
key: id
observed_at: at
country: US
columns:
  full_name: Name
  email: [Mail, Mail2]
  phone: Phone
  date_of_birth: Born
  street: [Street, Street2]
  city: City
identifiers: {loyalty: Loy}
"""
HEADER = ["id", "at", "Name", "Mail", "Mail2", "Phone", "Born", "Street", "Street2", "City", "Loy"]


@pytest.fixture(autouse=True)
def small_imports_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(former_records, "FEWEST_RECORDS", 1)
    monkeypatch.setattr(former_records, "LEAST_SHARE", 0)


class Source:
    """A workspace with one source; each delivery lands on the day that its test says."""

    def __init__(self, home: Path, contract: str = CONTRACT) -> None:
        (home / "contracts").mkdir(parents=True)
        (home / "landing" / "crm").mkdir(parents=True)
        self.workspace = Workspace(home)
        self.says(contract)

    def says(self, contract: str) -> None:
        (self.workspace.contracts_dir / "crm.yaml").write_text(contract)
        (self.contract,), _ = load_contracts(self.workspace.contracts_dir)

    def deliver(self, rows: list[dict[str, str | None]], landed: datetime) -> tuple[str, Outcome]:
        path = self.workspace.landing_dir / "crm" / f"{landed:%Y%m%d}.csv"
        pl.DataFrame(rows, schema=dict.fromkeys(HEADER, pl.String)).write_csv(path)
        stamp = landed.timestamp()
        os.utime(path, (stamp, stamp))
        (import_id,) = register_arrivals(self.workspace, self.contract, landed, settle_seconds=0).new
        return import_id, self.read(import_id)

    def read(self, import_id: str) -> Outcome:
        now = datetime(2026, 6, 1, tzinfo=UTC)
        take_in(self.workspace, self.contract, import_id, now)
        return standardize_import(self.workspace, self.contract, import_id, now)

    def tables(self, import_id: str) -> list[pl.DataFrame]:
        lake = self.workspace.lake
        tables = (source_records("crm"), source_rejections("crm"))
        return [next(lake.scan_partition_batches(table, import_id, 10**6)) for table in tables]


def person(n: int, **said: str | None) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "id": str(n), "at": "2024-01-01", "Name": f"Ann Smith{n}", "Mail": f"ann{n}@x.example", "Phone": f"(212) 555-{n:04}",
        "Born": "1980-05-03", "Street": f"{n} High St", "City": "York", "Loy": f"LY-{n}",
    }  # fmt: skip
    return {**row, **said}


FIRST = datetime(2025, 5, 1, tzinfo=UTC)
LATER = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def crm(tmp_path: Path) -> Source:
    return Source(tmp_path)


def test_lines_that_say_the_same_are_taken_again(crm: Source) -> None:
    _, first = crm.deliver([person(n) for n in range(20)], FIRST)
    changed = [person(n, at="2025-05-20") for n in range(1, 18)] + [person(18, Name="Bob Jones"), person(30)]
    import_id, outcome = crm.deliver(changed, LATER)
    assert (first.counts["reused"], outcome.counts["reused"]) == (0, 17)
    (made, _) = crm.tables(import_id)
    assert made["source_key"].to_list() == [*map(str, range(1, 19)), "30"]
    assert set(made["observed_at"].dt.year()) == {2024, 2025}
    assert made["landed_at"].unique().to_list() == [LATER]
    assert made["import_id"].unique().to_list() == [import_id]


def test_the_order_of_the_lines_may_be_another(crm: Source) -> None:
    crm.deliver([person(n) for n in range(20)], FIRST)
    import_id, outcome = crm.deliver(
        [person(n) for n in (7, 3, 40, 19, 0, 11, 1, 41)] + [person(n, id="x") for n in (2, 2)], LATER
    )
    # Of the two last the second repeats the first, which has a key of its own.
    assert outcome.counts["reused"] == 6
    made, _ = crm.tables(import_id)
    assert made["source_key"].to_list() == ["7", "3", "40", "19", "0", "11", "1", "41", "x"]
    assert made["emails"].to_list()[:3] == [["ann7@x.example"], ["ann3@x.example"], ["ann40@x.example"]]


@pytest.mark.parametrize(
    "said",
    [
        {"Born": "2025-05-15"},  # to come on the first day, a possible birthday on the second
        {"Born": "03/04/25"},  # a year of two digits means the last one: the same in both years
        {"Born": "1980-02-30"},
        {"Phone": "n/a or nothing"},
        {"Mail2": "nobody"},
    ],
    ids=["born between", "two digits", "impossible", "no phone", "no e-mail"],
)
def test_what_may_be_read_otherwise_or_has_to_be_counted_is_read_again(
    crm: Source, tmp_path: Path, said: dict[str, str]
) -> None:
    rows = [person(1), person(2, **said)]
    alone = Source(tmp_path / "alone")
    crm.deliver(rows, FIRST)
    other = [person(1, at="2025-01-01"), rows[1]]
    import_id, outcome = crm.deliver(other, LATER)
    _, expected = alone.deliver(other, LATER)
    assert outcome.counts == {**expected.counts, "reused": 2 if said == {"Born": "03/04/25"} else 1}
    assert [a.equals(b) for a, b in zip(crm.tables(import_id), alone.tables(import_id), strict=True)] == [True, True]


@pytest.mark.parametrize(
    "contract",
    [
        CONTRACT.replace("country: US", "country: GB"),
        CONTRACT.replace("[Mail, Mail2]", "Mail"),
        CONTRACT.replace("delivers: snapshot", "delivers: events"),
    ],
    ids=["country", "columns", "events"],
)
def test_another_contract_takes_nothing_again(crm: Source, contract: str) -> None:
    rows = [person(n) for n in range(20)]
    crm.deliver(rows, FIRST)
    crm.says(contract)
    assert crm.deliver([*rows, person(21)], LATER)[1].counts["reused"] == 0


def test_other_standards_take_nothing_again(crm: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [person(n) for n in range(20)]
    first, _ = crm.deliver(rows, FIRST)
    monkeypatch.setattr(records, "STANDARDS_VERSION", 10**6)
    second, outcome = crm.deliver([*rows, person(21)], LATER)
    assert outcome.counts["reused"] == 0
    crm.read(first)
    assert crm.read(second).counts["reused"] == 20, "once the former import is read with them, too"


def test_a_file_that_was_replaced_unknown_to_the_ledger_is_not_believed(
    crm: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed between its commit and the ledger leaves records of another contract behind."""
    rows = [person(n) for n in range(20)]
    first, _ = crm.deliver(rows, FIRST)
    crm.says(CONTRACT.replace("country: US", "country: GB"))
    with monkeypatch.context() as killed:
        killed.setattr(type(crm.workspace.ledger), "mark_imported", _killed)
        with pytest.raises(KeyboardInterrupt):
            crm.read(first)
    crm.says(CONTRACT)
    assert crm.deliver([*rows, person(21)], LATER)[1].counts["reused"] == 0


def _killed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_lines_that_were_written_anew_are_not_those_of_the_records(crm: Source) -> None:
    """A file that is read another way may have other lines, and nobody has made their records yet."""
    rows = [person(n) for n in range(20)]
    first, _ = crm.deliver(rows, FIRST)
    lines = pl.concat(raw.deliveries.raw_rows(crm.workspace, "crm", first))
    others = lines.with_columns(Name=pl.lit("Eve Adams"))
    crm.workspace.lake.replace_partition_in_batches(raw_imports("crm"), first, lines.schema, [others])
    later = [{**row, "Name": "Eve Adams"} for row in rows]
    import_id, outcome = crm.deliver([*later, person(21)], LATER)
    assert outcome.counts["reused"] == 0
    assert crm.tables(import_id)[0]["last_name"].to_list()[:20] == ["Adams"] * 20


def test_two_keys_of_one_hash_are_no_proof(crm: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are only found by hashes: a line that is held against another's record does not get what that one has."""
    rows = [person(n) for n in range(6)]
    crm.deliver(rows, FIRST)
    hashes = former_records.hashes_of_keys
    monkeypatch.setattr(former_records, "hashes_of_keys", lambda keys: hashes(keys.reverse()))
    import_id, outcome = crm.deliver([*rows, person(7)], LATER)
    assert outcome.counts["reused"] == 0
    assert crm.tables(import_id)[0]["emails"].to_list() == [[f"ann{n}@x.example"] for n in (*range(6), 7)]


@pytest.mark.parametrize("column", ["Name", "Mail2", "Street2", "Loy", "City"])
def test_every_mapped_column_is_compared(crm: Source, column: str) -> None:
    crm.deliver([person(1), person(2)], FIRST)
    import_id, outcome = crm.deliver([person(1), person(2, **{column: "b@y.example"})], LATER)
    assert outcome.counts["reused"] == 1
    assert "b@y.example" in str(crm.tables(import_id)[0].row(1)).lower()


def test_a_key_with_several_lines_is_taken_again_once(crm: Source) -> None:
    crm.says(CONTRACT.replace("delivers: snapshot", "delivers: changes"))
    both = [person(1, at="2024-01-01"), person(1, at="2024-02-01"), person(2)]
    crm.deliver(both, FIRST)
    import_id, outcome = crm.deliver([*both, person(3)], LATER)
    assert (outcome.counts["records"], outcome.counts["reused"]) == (4, 3)
    assert crm.tables(import_id)[0]["observed_at"].dt.month().to_list() == [1, 2, 1, 1]


def test_what_no_field_reads_may_change(crm: Source) -> None:
    crm.says(CONTRACT.replace("  city: City\n", ""))
    crm.deliver([person(1), person(2)], FIRST)
    assert crm.deliver([person(1, City="Leeds"), person(2, at="2025-05-20")], LATER)[1].counts["reused"] == 2


def test_the_values_of_a_contract_depend_on_the_columns_that_are_compared() -> None:
    (contract,) = [SourceContract.model_validate({
        "source": "crm", "kind": "profiles", "key": "id", "observed_at": "at", "identifiers": {"loyalty": "Loy"},
        "columns": {"email": ["mails.0", "mails.1"], "street": {"columns": ["No", "Street"]}, "country": {"value": "US"},
                    "sex": {"column": "Sex", "values": {"x": "f"}}, "city": "_City"},
    })]  # fmt: skip
    texts = {
        "id": "1",
        "at": "2024-01-01",
        "Loy": "L1",
        "mails": '["a@x.example","b@x.example"]',
        "No": "5",
        "Street": "Elm Rd",
    }
    row = pl.DataFrame({**texts, "Sex": "x", "__City": "York", "Other": "?"})
    read = columns_read(contract)
    assert set(row.columns) - set(read) == {"id", "at", "Other"}
    whole, some = (delivered_values(frame, contract) for frame in (row, row.select(set(row.columns) & set(read))))
    assert [[s.to_list() for s in whole[name]] for name in whole] == [
        [s.to_list() for s in some[name]] for name in whole
    ]
    assert [value for series in whole["email"] for value in series] == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize(("block", "at_once", "made"), [(100, 20, [6]), (3, 20, [3, 3]), (100, 2, [2, 2, 2])])
def test_new_lines_of_several_batches_are_standardized_together_and_keep_their_places(
    crm: Source, monkeypatch: pytest.MonkeyPatch, block: int, at_once: int, made: list[int]
) -> None:
    """Until they are as many as a block's, or of as many batches as are held."""
    crm.deliver([person(n) for n in range(12)], FIRST)
    standardized: list[int] = []

    def counted(raw: pl.DataFrame, *others: Any) -> Any:
        standardized.append(raw.height)
        return records.records_of(raw, *others)

    monkeypatch.setattr(raw.deliveries, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(former_records, "BLOCK_ROWS", block)
    monkeypatch.setattr(former_records, "BATCHES_AT_ONCE", at_once)
    monkeypatch.setattr(former_records, "records_of", counted)
    import_id, outcome = crm.deliver([person(n, **({"City": "Leeds"} if n % 2 else {})) for n in range(12)], LATER)
    assert (standardized, outcome.counts["reused"]) == (made, 6)
    (records_made, _) = crm.tables(import_id)
    assert records_made["source_key"].to_list() == [*map(str, range(12))]
    assert [row[0]["city"] for row in records_made["addresses"]] == ["York", "Leeds"] * 6
    assert [row[0]["street"] for row in records_made["addresses"]] == [f"{n} High St" for n in range(12)]


def test_small_imports_are_read_anew(crm: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [person(n) for n in range(20)]
    crm.deliver(rows, FIRST)
    monkeypatch.setattr(former_records, "FEWEST_RECORDS", 22)
    assert crm.deliver([*rows, person(21)], LATER)[1].counts["reused"] == 0


def test_lines_spread_too_thin_are_read_anew(crm: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    crm.deliver([person(n) for n in range(20)], FIRST)
    monkeypatch.setattr(former_records, "LEAST_SHARE", 0.2)
    assert crm.deliver([person(n) for n in (1, 2, 40, 41)] * 3, LATER)[1].counts["reused"] == 0


# -- with and without it ----------------------------------------------------------------------------------------------

_TEXTS = {
    "id": ["1", "2", "3", "4", "5", None],
    "at": ["2024-01-01", "2025-05-02", None],
    "Name": ["Ann Smith", "DR. BOB LEE JR", "n/a", None],
    "Mail": ["ann@x.example", "a@x.example; b@y.example", "nobody", "n/a", None],
    "Mail2": ["ann@x.example", "c@z.example", None],
    "Phone": ["(212) 555-0147", "212 555 0147 x2 or 212-555-0199", "none", "12", None],
    "Born": ["1980-05-03", "2025-05-15", "1980-02-30", "01/02/03", "31/12/26", "soon", None],
    "Street": ["12 High St", "5 Elm Rd, Apt 2", None],
    "Street2": ["Flat 2, 5 Elm Rd", None],
    "City": ["York", None],
    "Loy": ["LY-1", "99999", None],
}
_CONTRACTS = [
    *[CONTRACT] * 4,
    CONTRACT.replace("country: US", "country: GB"),
    CONTRACT.replace("[Mail, Mail2]", "Mail").replace(
        "street: [Street, Street2]", "street: {columns: [Street, Street2]}"
    ),
    CONTRACT + "extract: {files: '*.csv', encoding: utf-8}\n",
]
"""The first is in force more often than not; the last has files read anew."""


@st.composite
def _deliveries(draw: st.DrawFn) -> list[tuple[str, int, list[dict[str, str | None]]]]:
    """Contract, standards and rows of a few imports. Most rows stay from one to the next, some change, go, move or come."""

    def edited(row: dict[str, str | None]) -> dict[str, str | None]:
        name = draw(st.sampled_from(list(_TEXTS)))
        return {**row, name: draw(st.sampled_from(_TEXTS[name]))}

    rows = [edited(person(n)) if n % 2 else person(n) for n in range(8)]
    told = []
    for n in range(draw(st.integers(2, 3))):
        told.append((draw(st.sampled_from(_CONTRACTS)), draw(st.sampled_from([1, 1, 1, 2])), [*rows, person(100 + n)]))
        rows = [edited(row) if draw(st.integers(0, 2)) == 1 else row for row in rows if draw(st.integers(0, 7)) != 1]
        again = [{**row, "at": "2025-05-02"} for row in rows if draw(st.integers(0, 5)) == 1]
        rows = draw(st.sampled_from([rows, rows[::-1]])) + again + [edited(row) for row in rows[:1]]
    return told


_sequences = given(
    imports=_deliveries(),
    days=st.sampled_from([1, 20, 400]),
    delivers=st.sampled_from(["snapshot", "snapshot", "changes"]),
    at_once=st.sampled_from([2, 100]),
    block=st.sampled_from([1, 3, 100]),
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@_sequences
def test_a_sequence_of_imports_is_the_same_without_it(tmp_path_factory: pytest.TempPathFactory, **drawn: Any) -> None:
    """Few, for each takes three seconds; ``make long`` takes more."""
    _assert_it_is_the_same_without(tmp_path_factory, **drawn)


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@_sequences
def test_many_sequences_of_imports_are_the_same_without_it(
    tmp_path_factory: pytest.TempPathFactory, **drawn: Any
) -> None:
    _assert_it_is_the_same_without(tmp_path_factory, **drawn)


def _assert_it_is_the_same_without(
    tmp_path_factory: pytest.TempPathFactory,
    imports: list[tuple[str, int, list[dict[str, str | None]]]],
    days: int,
    delivers: str,
    at_once: int,
    block: int,
) -> None:
    with_it, without = (Source(tmp_path_factory.mktemp(name)) for name in ("with", "without"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw.deliveries, "ROWS_AT_ONCE", at_once)
        patch.setattr(former_records, "ROWS_AT_ONCE", at_once)
        patch.setattr(former_records, "BLOCK_ROWS", block)
        seen: list[str] = []
        for n, (contract, standards, rows) in enumerate(imports):
            patch.setattr(records, "STANDARDS_VERSION", standards)
            landed = FIRST + timedelta(days=n * days)
            outcomes = []
            for source, fewest in ((with_it, 1), (without, 10**9)):
                patch.setattr(former_records, "FEWEST_RECORDS", fewest)
                source.says(contract.replace("snapshot", delivers))
                import_id, outcome = source.deliver(rows, landed)
                # Former imports that the contract or the standards have made stale are sometimes read again, sometimes not.
                outcomes += [{**source.read(one).counts, "reused": 0} for one in seen if (n + len(rows)) % 2]
                outcomes.append({**outcome.counts, "reused": 0})
            assert outcomes[: len(outcomes) // 2] == outcomes[len(outcomes) // 2 :]
            seen.append(import_id)
            for one in seen:
                for made, wanted in zip(with_it.tables(one), without.tables(one), strict=True):
                    assert made.equals(wanted)
