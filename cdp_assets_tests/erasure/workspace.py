"""A workspace in which people have been imported and resolved, made without a run: small enough to be erased in a second.

Ines Calder has three CRM records' worth of deliveries, a shop order and an unsplit line; Tom Calder lives with her: same
surname, street and landline. Bea Holm is somebody else. ``PERSON`` are values of Ines's alone, ``OTHERS`` are Tom's or shared.
"""

from __future__ import annotations

import gzip
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cdp_assets import tables
from cdp_assets.erasure.sieve import PutAsideErased
from cdp_assets.identity_graph.id_format import mint
from cdp_assets.published.publication import publish
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.standardized.email_addresses import email_tables
from cdp_assets.standardized.gathering import all_records, all_rejections, order_of_imports
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.standardized.sightings import sightings
from cdp_assets.standardized.versions import record_versions
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import frame

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LANDED = 1_717_200_000

INES, TOM, BEA = (mint(record, 0) for record in ("crm/101", "crm/102", "crm/103"))
FORMER = mint("shop/900", 0)

CUSTOMER_OF = {
    "crm/101": INES, "shop/9001": INES, "crm/102": TOM, "crm/103": BEA, "shop/9003": BEA,
}  # fmt: skip

PERSON = (
    "ines.calder@brightmail.example", "Ines.Calder@Brightmail.example", "ines@newplace.example", "Ines Calder",
    "LOY-556677", "+44 7700 900456", "+447700900456", "1984-03-07 note on Ines",
)  # fmt: skip
OTHERS = ("Tom Calder", "tom@calder.example", "0113 496 0123", "12 Larch Road", "Bea Holm")

CONTRACTS = {
    "crm": "source: crm\nkind: profiles\ndelivers: snapshot\nkey: id\nobserved_at: changed\ncountry: GB\n"
    "extract: {files: '*.csv*'}\ncolumns: {first_name: First, last_name: Last, email: Email, phone: [Mobile, Home], "
    "date_of_birth: Born, street: Street, city: City, postcode: Zip}\nidentifiers: {loyalty_id: Loyalty}\n",
    "shop": "source: shop\nkind: profiles\ndelivers: changes\nkey: no\nobserved_at: at\ncountry: GB\nafter_import: archive\n"
    "extract: {files: '*.jsonl'}\ncolumns: {full_name: who.name, email: who.email}\n",
}
HEADER = "id,First,Last,Email,Mobile,Home,Born,Street,City,Zip,Loyalty,Note,changed\n"
INES_ROW = (
    "101,Ines,Calder,Ines.Calder@Brightmail.example,+44 7700 900456,0113 496 0123,1984-03-07,12 Larch Road,Leeds,LS6 2AB,"
    'LOY-556677,"1984-03-07 note on Ines,\nin two lines",2024-01-05\n'
)
INES_MOVED = INES_ROW.replace("2024-01-05", "2024-02-05").replace("Ines.Calder@Brightmail", "ines@newplace", 1)
TOM_ROW = "102,Tom,Calder,tom@calder.example,,0113 496 0123,1980-01-02,12 Larch Road,Leeds,LS6 2AB,,,2024-01-05\n"
BEA_ROW = "103,Bea,Holm,bea@holm.example,,,1990-09-09,4 Mill Road,York,YO1 7AA,,,2024-01-05\n"
UNSPLIT = "101,Ines,Calder,ines.calder@brightmail.example,too short\n"
FIRST_FILE = HEADER + INES_ROW + TOM_ROW + BEA_ROW + UNSPLIT
SECOND_FILE = HEADER + TOM_ROW + INES_MOVED + BEA_ROW
SHOP_FILE = (
    '{"no": "9001", "who": {"name": "Ines Calder", "email": "ines.calder@brightmail.example"}, "at": "2024-03-01"}\n'
    '{"no": "9003", "who": {"name": "Bea Holm", "email": "bea@holm.example"}, "at": "2024-03-02"}\n'
)


def land(home: Path, name: str, content: bytes, minute: int = 0) -> Path:
    """Put a file into landing, as if it had come long ago."""
    path = home / "landing" / name
    path.write_bytes(content)
    os.utime(path, (LANDED + 60 * minute, LANDED + 60 * minute))
    return path


def contract_of(workspace: Workspace, source: str) -> SourceContract:
    return next(one for one in load_contracts(workspace.contracts_dir)[0] if one.source == source)


def import_landed(workspace: Workspace, source: str) -> list[str]:
    """Import what has landed as a run does, with erased people put aside; the new imports."""
    contract = contract_of(workspace, source)
    found = register_arrivals(workspace, contract, NOW, settle_seconds=0)
    for import_id in found.new:
        take_in(workspace, contract, import_id, NOW, put_aside=PutAsideErased(workspace))
        standardize_import(workspace, contract, import_id, NOW)
    return list(found.new)


def build(home: Path) -> Workspace:
    """The workspace, imported, resolved and published. The fixture ``small_home`` has it made once, to be copied."""
    (home / "contracts").mkdir(parents=True)
    for source, text in CONTRACTS.items():
        (home / "contracts" / f"{source}.yaml").write_text(text)
        (home / "landing" / source).mkdir(parents=True)
    workspace = Workspace(home)
    land(home, "crm/contacts-1.csv", FIRST_FILE.encode())
    land(home, "crm/contacts-2.csv.gz", gzip.compress(SECOND_FILE.encode(), mtime=0), 1)
    land(home, "shop/orders.jsonl", SHOP_FILE.encode(), 2)
    for source in CONTRACTS:
        import_landed(workspace, source)
    archived = home / "archive" / "shop" / workspace.ledger.imports("shop")["import_id"][0]
    archived.mkdir(parents=True)
    (home / "landing" / "shop" / "orders.jsonl").rename(archived / "orders.jsonl")
    resolve(workspace)
    _decide(workspace)
    (home / "reports" / "quality").mkdir(parents=True)
    (home / "reports" / "quality" / "crm.html").write_text("<p>Ines Calder</p>")
    (home / "exports").mkdir()
    pl.DataFrame({"record_id": ["crm/101"], "email": [PERSON[0]]}).write_parquet(home / "exports" / "people.parquet")
    pl.DataFrame({"record_id": ["crm/102"]}).write_csv(home / "exports" / "tom.csv")
    (home / "truth").mkdir()
    truth = pl.DataFrame({"record_id": ["crm/101", "crm/102"], "entity_id": ["1", "2"]})
    truth.write_parquet(workspace.truth_file)
    return workspace


def copy(home: Path, to: Path) -> Workspace:
    """A workspace of one's own, from one whose ledger is closed."""
    return Workspace(Path(shutil.copytree(home, to)))


def resolve(workspace: Workspace) -> None:
    lake = workspace.lake
    contracts, _ = load_contracts(workspace.contracts_dir)
    imports = order_of_imports(workspace)
    delivers = {contract.source: contract.delivers for contract in contracts}
    versions = record_versions(all_records(workspace, contracts, imports), delivers, imports)
    emails = email_tables(versions)
    ids = frame(tables.CUSTOMER_IDS, *({"record_id": record, "source": record.split("/")[0], "source_key": record.split("/")[1], "customer_id": customer, "is_current": True} for record, customer in sorted(CUSTOMER_OF.items())))  # fmt: skip
    lineage = frame(
        tables.ID_LINEAGE,
        *({"customer_id": one, "current_customer_id": one, "state": "current"} for one in (INES, TOM, BEA)),
        {"customer_id": FORMER, "current_customer_id": INES, "state": "merged"},
    )
    changes = frame(
        tables.IDENTITY_CHANGES,
        {"change_id": "1", "change": "merged", "customer_id": INES, "other_customer_id": FORMER, "cause": "new evidence", "because_of_l": "crm/101", "because_of_r": "shop/9001"},
    )  # fmt: skip
    names = {INES: "Ines", TOM: "Tom", BEA: "Bea"}
    customers = frame(tables.CUSTOMERS, *({"customer_id": one, "first_name": first, "full_name": f"{first} Calder"} for one, first in names.items()))  # fmt: skip
    cells = frame(
        tables.PROVENANCE,
        {"customer_id": INES, "field": "email", "value": PERSON[0], "record_id": "crm/101", "source": "crm"},
        {"customer_id": TOM, "field": "email", "value": "tom@calder.example", "record_id": "crm/102", "source": "crm"},
    )
    addresses = frame(
        tables.GOLDEN_EMAILS,
        {"customer_id": INES, "email": PERSON[0], "delivered": PERSON[0]},
        {"customer_id": TOM, "email": "tom@calder.example", "delivered": "tom@calder.example"},
    )
    probable = frame(
        tables.PROBABLE_EMAILS,
        {"record_id": "crm/103", "email": "bea@newplace.example", "derived_from": "ines@newplace.example"},
    )
    stored = {
        tables.RECORD_VERSIONS: versions,
        tables.REJECTED_ROWS: all_rejections(workspace, contracts, imports),
        tables.EMAIL_ADDRESSES: emails.addresses,
        tables.SIGHTINGS: sightings(versions),
        tables.PROBABLE_EMAILS: probable,
        tables.ID_LINEAGE: lineage,
        tables.IDENTITY_CHANGES: changes,
        tables.CUSTOMERS: customers,
        tables.PROVENANCE: cells,
        tables.GOLDEN_EMAILS: addresses,
    }
    for table, rows in stored.items():
        lake.replace(table, rows.sample(fraction=1.0))  # a former version, to be forgotten
        lake.replace(table, rows)
    note = {"resolution_id": "r1", "imports_hash": "h", "model_version": "m"}
    note |= {"id_lineage": str(lake.version(tables.ID_LINEAGE)), "identity_changes": str(lake.version(tables.IDENTITY_CHANGES))}  # fmt: skip
    lake.replace(tables.CUSTOMER_IDS, ids, note=note)
    published = (
        tables.CUSTOMERS, tables.GOLDEN_EMAILS, tables.GOLDEN_PHONES, tables.CONSENTS, tables.PROVENANCE, tables.CORRECTIONS,
        tables.CUSTOMER_IDS, tables.ID_LINEAGE, tables.IDENTITY_CHANGES, tables.SEGMENT_MEMBERS, tables.SUPPRESSIONS,
    )  # fmt: skip
    publish({table: lake.read_or_empty(table) for table in published}, workspace.publication_url, {}, "p1", NOW)


def _decide(workspace: Workspace) -> None:
    ledger = workspace.ledger
    ledger.add_judgement("crm/101", "shop/9001", "same", judged_by="x", now=NOW, reason="Ines Calder called")
    ledger.add_judgement("crm/102", "crm/103", "different", judged_by="x", now=NOW, reason="Tom is not ines calder")
    ledger.add_correction("crm/101", "email", PERSON[0], "set", corrected_by="x", now=NOW)
    ledger.add_correction("crm/102", "email", PERSON[0], "retract", corrected_by="x", now=NOW)
    ledger.add_correction("crm/102", "city", "Leeds", "set", corrected_by="x", now=NOW)
