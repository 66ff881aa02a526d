"""Files in any order, again and again in other clothes: the same records, the same history, each event once.

From the landing folder to the versions of records, through files, lake and ledger; only Dagster is left out. What must hold
for the order not to matter stands in ``test_order_of_versions.py``, and here one thing more: events without a key that say the
very same are counted within one file, for nothing tells an event that is delivered again from one that happened twice.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contract
from cdp_assets.standardized.gathering import all_records, order_of_imports
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.standardized.versions import record_versions
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import day
from cdp_assets_tests.faults.small_workspace import LANDED_AT, csv, land
from cdp_assets_tests.faults.test_order_of_versions import (
    EPOCH,
    Fact,
    Import,
    Version,
    deliveries,
    history,
    said_by_record_and_day,
    snapshots,
    told,
)

NOW = day("2025-01-01")
CONTRACT = 'source: {source}\nkind: {kind}\nobserved_at: at\nextract: {{files: "*.csv"}}\ncolumns: {columns}\n'
PROFILES = CONTRACT.format(source="crm", kind="profiles", columns="{job_title: said}") + "key: id\nmay_shrink_by: 1\n"
VISITS = CONTRACT.format(source="crm", kind="activities", columns="{job_title: said}") + "delivers: events\nkey: id\n"
CONSENTS = CONTRACT.format(
    source="crm", kind="consents", columns="{email: id, consent: said, purpose: {value: ads}, channel: {value: email}}"
)

BOM = b"\xef\xbb\xbf"
SAME_CONTENT: Mapping[str, Callable[[bytes], bytes]] = {
    "as it was": lambda text: text,
    "with a byte order mark": lambda text: BOM + text,
    "gzipped": gzip.compress,
}
SAME_ROWS: Mapping[str, Callable[[bytes], bytes]] = {
    "with other line ends": lambda text: text.replace(b"\n", b"\r\n"),
    "in reverse": lambda text: b"".join([text.splitlines(keepends=True)[0], *text.splitlines(keepends=True)[:0:-1]]),
    "quoted": lambda text: b"".join(b'"' + line.replace(b",", b'","') + b'"\n' for line in text.splitlines()),
}
CLOTHES = {**SAME_CONTENT, **SAME_ROWS}

few = settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
"""An example takes half a second: too long to look for a smaller one by trying hundreds."""

Delivery = tuple[Import, str]
"""A file and how it is dressed."""


@st.composite
def delivered(draw: st.DrawFn, files: Sequence[Import]) -> list[Delivery]:
    """Each file once in plain clothes or others, and some of them again, later."""
    order = draw(st.permutations(files))
    again = draw(st.lists(st.sampled_from(files), max_size=3))
    return [(one, draw(st.sampled_from(sorted(CLOTHES)))) for one in [*order, *again]]


@contextmanager
def workspace(contract: str) -> Iterator[tuple[Workspace, SourceContract]]:
    home = Path(tempfile.mkdtemp())
    try:
        (home / "contracts").mkdir()
        (home / "landing" / "crm").mkdir(parents=True)
        (home / "contracts" / "crm.yaml").write_text(contract)
        opened = Workspace(home)
        yield opened, load_contract(home / "contracts" / "crm.yaml")
        opened.ledger.close()
    finally:
        shutil.rmtree(home)


def import_all(opened: Workspace, contract: SourceContract, arrived: Sequence[Delivery]) -> pl.DataFrame:
    """Land files one after the other, import them, and make the versions of all records."""
    for place, (one, clothes) in enumerate(arrived):
        text = csv(
            "id,at,said",
            [(key, f"{EPOCH + timedelta(days=observed):%Y-%m-%d}", said) for key, observed, said in one.rows],
        )
        ending = "csv.gz" if clothes == "gzipped" else "csv"
        land(opened.home, f"crm/{place}.{ending}", CLOTHES[clothes](text), LANDED_AT + 60 * place)
        register_arrivals(opened, contract, NOW, settle_seconds=0)
        for row in opened.ledger.imports().filter(pl.col("state") == LANDED).to_dicts():
            take_in(opened, contract, row["import_id"], NOW)
            standardize_import(opened, contract, row["import_id"], NOW)
    imports = order_of_imports(opened)
    return record_versions(all_records(opened, [contract], imports), {"crm": contract.delivers}, imports)


def assert_each_content_is_one_import(opened: Workspace, arrived: Sequence[Delivery]) -> None:
    """As many imports are in use as there are different sets of rows, and none was refused."""
    states = opened.ledger.imports()["state"].to_list()
    assert REFUSED not in states
    assert states.count(IMPORTED) == len({tuple(sorted(one.rows)) for one, _ in arrived})


def said(versions: pl.DataFrame) -> list[Version]:
    return told(versions.with_columns(full_name="job_title"))


@few
@given(st.data(), said_by_record_and_day, st.sampled_from([PROFILES + "delivers: changes\n", VISITS]))
def test_changes_and_events_with_a_key(
    data: st.DataObject, by_record_and_day: Mapping[tuple[str, int], str], contract: str
) -> None:
    facts = [(key, observed, content) for (key, observed), content in by_record_and_day.items()]
    arrived = data.draw(delivered(data.draw(deliveries(facts))))
    with workspace(contract) as (opened, read):
        versions = import_all(opened, read, arrived)
        assert_each_content_is_one_import(opened, arrived)
    assert said(versions) == history(facts)


@few
@given(st.data(), snapshots())
def test_snapshots(data: st.DataObject, made: list[Import]) -> None:
    arrived = data.draw(delivered(made))
    contract = PROFILES + "delivers: snapshot\n"
    with workspace(contract) as (opened, read):
        found = import_all(opened, read, arrived)
        assert_each_content_is_one_import(opened, arrived)
    with workspace(contract) as (opened, read):
        in_order = import_all(opened, read, [(one, "as it was") for one in made])
    of_the_data = [name for name in found.columns if name not in ("import_id", "last_import_id", "landed_at", "line")]
    assert found.select(of_the_data).equals(in_order.select(of_the_data))


one_event = st.tuples(
    st.sampled_from(["a@x.example", "b@x.example"]), st.integers(0, 3), st.sampled_from(["given", "withdrawn"])
)


@few
@given(st.data(), st.lists(st.lists(one_event, min_size=1, max_size=5), min_size=1, max_size=4))
def test_consents_without_a_key_are_never_doubled(data: st.DataObject, files: list[list[Fact]]) -> None:
    arrived = data.draw(delivered([Import(n, tuple(rows)) for n, rows in enumerate(files)]))
    with workspace(CONSENTS) as (opened, read):
        versions = import_all(opened, read, arrived)
        assert_each_content_is_one_import(opened, arrived)
    happened: Counter[Fact] = Counter()
    for rows in files:
        happened |= Counter(rows)  # as often as the one file says that says it most often
    found = Counter((row["emails"][0], (row["valid_from"] - EPOCH).days, row["consent"]) for row in versions.to_dicts())
    assert found == happened
    assert versions["is_current"].all()
