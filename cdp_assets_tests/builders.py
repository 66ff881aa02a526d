"""Frames and a small workspace for tests: name what matters, everything else is filled in by the table's contract.

``small_workspace`` is a finished workspace without a run: four customers in five sources, as the stages would have
left them. What tests say of it:

- Ines Calder (``INES``): five records; a dead company address, a live private one, a withdrawal under the dead one;
  web visits before she was known; an id that was merged into hers (``FORMER``).
- Tom Calder (``TOM``): same household, same landline, another person; a pair with Ines waits in the review queue.
- Inez Kalder (``INEZ``): perhaps Ines; a pair near the threshold waits in the review queue, worst first.
- Łucja Wiśniewska (``LUCJA``): one record, and one that has disappeared from its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets import tables
from cdp_assets.candidate_links.models import with_frequencies_of, with_version
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.profiles import linkage_profiles
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.shared import shared_identifiers
from cdp_assets.candidate_links.training import train
from cdp_assets.identity_graph.id_format import mint
from cdp_assets.ledger import Landed
from cdp_assets.tables import Table
from cdp_assets.workspace import Workspace

INES, TOM, INEZ, LUCJA, FORMER = (mint(record, 0) for record in ("crm/1", "crm/2", "crm/3", "crm/4", "shop/77"))

DEAD_EMAIL, LIVE_EMAIL = "ines.calder@orbitlabs.example", "ines@calder.example"
LANDLINE, MOBILE = "+441134960123", "+447700900456"

LONG_AGO = datetime(2020, 3, 11, 9, 30, tzinfo=UTC)
RESOLVED_AT = datetime(2024, 5, 1, 3, 0, tzinfo=UTC)

PERSONAL_VALUES = (
    "Ines",
    "Calder",
    "Kalder",
    "Inez",
    "Tom",
    "Łucja",
    "orbitlabs",
    "calder.example",
    "4960123",
    "900456",
)
"""No error, log line or URL may hold one of these."""


def day(text: str) -> datetime:
    """Midnight UTC of an ISO day."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def frame(table: Table, *rows: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of a table: columns that a row leaves out are null, or where null is not allowed a plain default."""
    unknown = {name for row in rows for name in row} - set(table.schema)
    assert not unknown, f"{table.name} has no columns {unknown}"
    filled = [
        {c.name: row.get(c.name, None if c.nullable else _default(c.dtype)) for c in table.columns} for row in rows
    ]
    return table.conform(pl.DataFrame(filled, schema=table.schema, orient="row"))


def _default(dtype: pl.DataType) -> Any:
    if isinstance(dtype, pl.Datetime):
        return LONG_AGO
    defaults: dict[type[pl.DataType], Any] = {
        pl.String: "x",
        pl.Int64: 1,
        pl.Float64: 1.0,
        pl.Boolean: False,
        pl.Date: date(2020, 1, 1),
        pl.List: [],
    }
    return defaults[type(dtype)]


def version(record_id: str, **values: Any) -> dict[str, Any]:
    """A current, newest version of a record, as a row of ``standardized/record_versions``."""
    source, key = record_id.split("/", 1)
    seen = values.get("observed_at", LONG_AGO)
    return {
        "record_id": record_id,
        "source": source,
        "source_key": key,
        "import_id": f"{seen:%Y%m%dT%H%M%SZ}-0123456789ab",
        "last_import_id": f"{seen:%Y%m%dT%H%M%SZ}-0123456789ab",
        "observed_at": seen,
        "landed_at": seen,
        "valid_from": seen,
        "last_seen_at": seen,
        "content_hash": f"hash of {record_id} {values.get('version', 1)}",
        "is_current": True,
        "is_newest": True,
        **values,
    }


def person(first: str, last: str) -> dict[str, Any]:
    """The name columns of a record."""
    return {
        "full_name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "first_name_norm": _plain(first),
        "first_name_root": _plain(first),
        "last_name_norm": _plain(last),
    }


def _plain(name: str) -> str:
    return name.lower().replace("ł", "l").replace("ś", "s")


def home_address(street: str = "12 Larch Road", city: str = "Leeds", postcode: str = "LS6 2AB") -> list[dict[str, Any]]:
    """One postal address, delivered and comparable."""
    number, _, name = street.partition(" ")
    return [
        {
            "street": street,
            "city": city,
            "region": None,
            "postcode": postcode,
            "country": "GB",
            "street_norm": name.lower(),
            "house_number": number,
            "unit": None,
            "city_norm": city.lower(),
            "region_norm": None,
            "postcode_norm": postcode.replace(" ", "").lower(),
        }
    ]


CONTRACTS = {
    "crm": "source: crm\nkind: profiles\ndelivers: snapshot\nkey: id\ntrust: 80\nextract:\n  files: '*.csv'\n"
    "columns:\n  first_name: First\n  last_name: Last\n  email: Email\n",
    "shop": "source: shop\nkind: profiles\nkey: no\nextract:\n  files: '*.csv'\ncolumns:\n  full_name: Name\n  email: Mail\n",
    "webinar": "source: webinar\nkind: activities\nextract:\n  files: '*.csv'\ncolumns:\n  full_name: Name\n"
    "  email: Mail\n  activity: {value: attended}\n",
    "newsletter": "source: newsletter\nkind: consents\nextract:\n  files: '*.csv'\ncolumns:\n  email: Mail\n"
    "  consent: {value: withdrawn}\n  purpose: {value: marketing}\n  channel: {value: email}\n",
    "web": "source: web\nkind: activities\nextract:\n  files: '*.csv'\ncolumns:\n  activity: Event\nidentifiers:\n"
    "  cookie_id: Cookie\n",
}


def empty_workspace(home: Path) -> Workspace:
    """A workspace with contracts, where nothing has run yet."""
    (home / "contracts").mkdir(parents=True)
    (home / "landing").mkdir()
    for source, text in CONTRACTS.items():
        (home / "contracts" / f"{source}.yaml").write_text(text, encoding="utf-8")
    return Workspace(home)


def small_workspace(home: Path) -> Workspace:
    """The finished workspace that this module's docstring describes."""
    workspace = empty_workspace(home)
    for table, rows in (_standardized() | _links() | _identities() | _golden()).items():
        workspace.lake.replace(table, rows)
    _fill_ledger(workspace)
    return workspace


def with_trained_links(workspace: Workspace) -> Workspace:
    """The same workspace with profiles, model and scored pairs as ``candidate_links`` itself makes them."""
    lake, policy = workspace.lake, LinkagePolicy()
    versions = lake.read(tables.RECORD_VERSIONS)
    shared = shared_identifiers(versions, lake.read(tables.EMAIL_ADDRESSES), {})
    profiles, members = linkage_profiles(versions, shared, set())
    model = train(profiles, policy)
    models = with_version(tables.LINKAGE_MODEL.empty(), model, RESOLVED_AT)
    frequencies = with_frequencies_of(tables.TERM_FREQUENCIES.empty(), models, model)
    for table, rows in (
        (tables.LINKAGE_PROFILES, profiles),
        (tables.PROFILE_MEMBERS, members),
        (tables.LINKAGE_MODEL, models),
        (tables.TERM_FREQUENCIES, frequencies),
        (tables.SCORED_PAIRS, score(profiles, model)),
    ):
        lake.replace(table, rows)
    return workspace


def _standardized() -> dict[Table, pl.DataFrame]:
    ines = person("Ines", "Calder")
    at_home = home_address()
    versions = frame(
        tables.RECORD_VERSIONS,
        version(
            "crm/1", **ines, version=1, emails=[DEAD_EMAIL], emails_delivered=[DEAD_EMAIL], phones=[LANDLINE],
            addresses=at_home, company="Orbit Labs", observed_at=day("2020-06-01"), valid_to=day("2021-09-01"),
            is_current=False, is_newest=False,
        ),
        version(
            "crm/1", **ines, version=2, emails=[LIVE_EMAIL], emails_delivered=["Ines@Calder.example"], phones=[LANDLINE],
            addresses=at_home, company="Fernhill Foods", observed_at=day("2021-09-01"),
        ),
        version(
            "webinar/w1", **ines, emails=[DEAD_EMAIL], emails_delivered=[DEAD_EMAIL], activity="attended",
            activity_subject="Data quality in practice", observed_at=day("2020-03-11"),
        ),
        version(
            "shop/77", **ines, emails=[LIVE_EMAIL], emails_delivered=[LIVE_EMAIL], phones=[MOBILE], addresses=at_home,
            observed_at=day("2022-02-02"), identifiers=[{"type": "cookie_id", "value": "k1"}],
        ),
        version(
            "newsletter/n1", emails=[DEAD_EMAIL], emails_delivered=[DEAD_EMAIL], consent="withdrawn",
            purpose="marketing", channel="email", observed_at=day("2021-01-05"),
        ),
        version(
            "web/v1", activity="page_view", activity_subject="/pricing", observed_at=day("2022-01-30"),
            identifiers=[{"type": "cookie_id", "value": "k1"}],
        ),
        version("crm/2", **person("Tom", "Calder"), phones=[LANDLINE], addresses=at_home, observed_at=day("2020-06-01")),
        version("crm/3", **person("Inez", "Kalder"), addresses=home_address("12 Larch Rd"), observed_at=day("2023-04-04")),
        version("crm/4", **person("Łucja", "Wiśniewska"), observed_at=day("2023-05-05")),
        version(
            "shop/99", **person("Łucja", "Wiśniewska"), observed_at=day("2019-05-05"), is_current=False, is_deleted=True,
            valid_to=day("2020-01-01"),
        ),
    )  # fmt: skip
    addresses = frame(
        tables.EMAIL_ADDRESSES,
        {
            "email": DEAD_EMAIL, "domain": "orbitlabs.example", "class": "corporate", "sharing": "personal", "status": "dead",
            "status_reason": "left_employer", "left_at": day("2021-09-01"),
        },
        {
            "email": LIVE_EMAIL, "domain": "calder.example", "class": "corporate", "sharing": "personal",
            "status": "active", "status_reason": "carried",
        },
    )  # fmt: skip
    return {tables.RECORD_VERSIONS: versions, tables.EMAIL_ADDRESSES: addresses}


PROFILES = {
    "crm/1": (101, 102),
    "webinar/w1": (103,),
    "shop/77": (104,),
    "newsletter/n1": (105,),
    "web/v1": (106,),
    "crm/2": (107,),
    "crm/3": (108,),
    "crm/4": (109,),
    "shop/99": (109,),
}
"""Record to linkage profiles: crm/1 has two (it changed), crm/4 and shop/99 say the same and share one."""


def _links() -> dict[Table, pl.DataFrame]:
    def pair(left: int, right: int, weight: float, decision: str, reason: str, found_by: str) -> dict[str, Any]:
        return {
            "profile_id_l": left, "profile_id_r": right, "match_weight": weight, "household_bits": 0.0,
            "match_probability": 2**weight / (1 + 2**weight), "decision": decision, "reason": reason,
            "found_by": found_by, "model_version": "model-1",
        }  # fmt: skip

    scored = frame(
        tables.SCORED_PAIRS,
        pair(101, 103, 14.0, "accepted", "weight", "SAME_EMAIL"),
        pair(101, 105, 9.0, "accepted", "OWN_KEY", "SAME_EMAIL"),
        pair(102, 104, 17.5, "accepted", "weight", "SAME_EMAIL"),
        pair(104, 106, 6.0, "accepted", "OWN_KEY", "SAME_IDENTIFIER"),
        pair(101, 107, -1.5, "conflict", "HOUSEHOLD", "SAME_PHONE"),
        pair(102, 108, 1.2, "review", "weight", "SAME_ADDRESS"),
    )
    members = frame(
        tables.PROFILE_MEMBERS,
        *(
            {"profile_id": profile, "record_id": record}
            for record, profiles in PROFILES.items()
            for profile in profiles
        ),
    )
    model = frame(
        tables.LINKAGE_MODEL,
        {
            "model_version": "model-1", "trained_at": day("2024-04-01"), "trained_profiles": 9, "is_in_use": True,
            "fields": ["name", "email"], "settings": "{}", "notes": [], "accept_weight": 2.0, "review_weight": -4.0,
        },
    )  # fmt: skip
    return {tables.SCORED_PAIRS: scored, tables.PROFILE_MEMBERS: members, tables.LINKAGE_MODEL: model}


CUSTOMER_OF = {
    "crm/1": INES, "webinar/w1": INES, "shop/77": INES, "newsletter/n1": INES, "web/v1": INES,
    "crm/2": TOM, "crm/3": INEZ, "crm/4": LUCJA, "shop/99": LUCJA,
}  # fmt: skip

WEAKEST = {"web/v1": 0.985, "newsletter/n1": 0.998}


def _identities() -> dict[Table, pl.DataFrame]:
    numbers = {customer: number for number, customer in enumerate(dict.fromkeys(CUSTOMER_OF.values()), 1)}
    ids = frame(
        tables.CUSTOMER_IDS,
        *(
            {
                "record_id": record, "source": record.split("/")[0], "source_key": record.split("/")[1],
                "customer_id": customer, "is_current": record != "shop/99",
            }
            for record, customer in CUSTOMER_OF.items()
        ),
    )  # fmt: skip
    clusters = frame(
        tables.CLUSTERS,
        *(
            {"record_id": record, "cluster_id": numbers[customer], "weakest_probability": WEAKEST.get(record, 1.0)}
            for record, customer in CUSTOMER_OF.items()
        ),
    )
    lineage = frame(
        tables.ID_LINEAGE,
        *(
            {"customer_id": c, "current_customer_id": c, "state": "current", "minted_at": LONG_AGO, "changed_at": LONG_AGO}
            for c in (INES, TOM, INEZ, LUCJA)
        ),
        {
            "customer_id": FORMER, "current_customer_id": INES, "state": "merged", "minted_at": day("2022-02-03"),
            "changed_at": RESOLVED_AT,
        },
    )  # fmt: skip
    changes = frame(
        tables.IDENTITY_CHANGES,
        {
            "change_id": "change-1", "resolution_id": "resolution-0", "changed_at": day("2022-02-03"), "change": "created",
            "customer_id": FORMER, "records": 1, "cause": "new records",
        },
        {
            "change_id": "change-2", "resolution_id": "resolution-1", "changed_at": RESOLVED_AT, "change": "merged",
            "customer_id": INES, "other_customer_id": FORMER, "records": 2, "cause": "new evidence",
            "because_of_l": "crm/1", "because_of_r": "shop/77", "match_weight": 17.5,
        },
    )  # fmt: skip
    queue = frame(
        tables.REVIEW_QUEUE,
        {
            "item_id": "item-1", "rank": 1, "why": "near threshold", "customer_id_l": INES, "customer_id_r": INEZ,
            "record_id_l": "crm/1", "record_id_r": "crm/3", "match_probability": 0.697, "records": 5, "expected_cost": 1.5,
        },
        {
            "item_id": "item-2", "rank": 2, "why": "conflict", "customer_id_l": INES, "customer_id_r": TOM,
            "record_id_l": "crm/1", "record_id_r": "crm/2", "match_probability": 0.261, "records": 5, "expected_cost": 0.3,
        },
    )  # fmt: skip
    return {
        tables.CUSTOMER_IDS: ids,
        tables.CLUSTERS: clusters,
        tables.ID_LINEAGE: lineage,
        tables.IDENTITY_CHANGES: changes,
        tables.REVIEW_QUEUE: queue,
    }


def _golden() -> dict[Table, pl.DataFrame]:
    customers = frame(
        tables.CUSTOMERS,
        {
            "customer_id": INES, "first_name": "Ines", "last_name": "Calder", "full_name": "Ines Calder",
            "email": LIVE_EMAIL, "phone": MOBILE, "street": "12 Larch Road", "city": "Leeds", "postcode": "LS6 2AB",
            "country": "GB", "company": "Fernhill Foods", "is_known": True, "records": 5,
            "sources": ["crm", "newsletter", "shop", "web", "webinar"], "first_seen_at": LONG_AGO,
            "last_seen_at": day("2022-02-02"), "weakest_probability": 0.985,
        },
        {
            "customer_id": TOM, "first_name": "Tom", "last_name": "Calder", "full_name": "Tom Calder",
            "phone": LANDLINE, "is_known": True, "sources": ["crm"],
        },
        {
            "customer_id": INEZ, "first_name": "Inez", "last_name": "Kalder", "full_name": "Inez Kalder",
            "is_known": True, "sources": ["crm"],
        },
        {
            "customer_id": LUCJA, "first_name": "Łucja", "last_name": "Wiśniewska", "full_name": "Łucja Wiśniewska",
            "is_known": True, "records": 2, "sources": ["crm", "shop"],
        },
    )  # fmt: skip
    cells = (
        ("full_name", "Ines Calder", "crm/1", "most_trusted", 0),
        ("email", LIVE_EMAIL, "crm/1", "best_address", 1),
        ("phone", MOBILE, "shop/77", "most_recent", 1),
        ("street", "12 Larch Road", "crm/1", "most_trusted", 0),
        ("city", "Leeds", "crm/1", "most_trusted", 0),
        ("postcode", "LS6 2AB", "crm/1", "most_trusted", 0),
        ("company", "Fernhill Foods", "crm/1", "most_recent", 1),
    )
    provenance = frame(
        tables.PROVENANCE,
        *(
            {
                "customer_id": INES, "field": name, "value": value, "record_id": record, "source": record.split("/")[0],
                "import_id": "20210901T000000Z-0123456789ab", "observed_at": day("2021-09-01"), "rule": rule,
                "runners_up": others,
            }
            for name, value, record, rule, others in cells
        ),
    )  # fmt: skip
    emails = frame(
        tables.GOLDEN_EMAILS,
        {
            "customer_id": INES, "email": LIVE_EMAIL, "delivered": "Ines@Calder.example", "class": "corporate",
            "status": "active", "rank": 1, "is_sendable": True, "marketing_consent": "unknown", "best_for": ["service"],
            "sources": ["crm", "shop"], "first_seen_at": day("2021-09-01"), "last_seen_at": day("2022-02-02"),
        },
        {
            "customer_id": INES, "email": DEAD_EMAIL, "delivered": DEAD_EMAIL, "class": "corporate", "status": "dead",
            "rank": 2, "is_sendable": False, "marketing_consent": "withdrawn", "best_for": [],
            "sources": ["crm", "newsletter", "webinar"], "first_seen_at": LONG_AGO, "last_seen_at": day("2021-01-05"),
        },
    )  # fmt: skip
    phones = frame(
        tables.GOLDEN_PHONES,
        {"customer_id": INES, "phone": MOBILE, "rank": 1, "sources": ["shop"]},
        {"customer_id": INES, "phone": LANDLINE, "rank": 2, "is_shared": True, "sources": ["crm"]},
        {"customer_id": TOM, "phone": LANDLINE, "rank": 1, "is_shared": True, "sources": ["crm"]},
    )
    consents = frame(
        tables.CONSENTS,
        {
            "customer_id": INES, "channel": "email", "address": DEAD_EMAIL, "purpose": "marketing", "state": "withdrawn",
            "since": day("2021-01-05"), "record_id": "newsletter/n1", "events": 1,
        },
    )  # fmt: skip
    members = frame(
        tables.SEGMENT_MEMBERS,
        {
            "segment": "attended_a_webinar", "customer_id": INES, "membership": "yes", "is_included": True,
            "why": "1 record attended", "doubt": 0.001,
        },
        {
            "segment": "never_attended_a_webinar", "customer_id": INEZ, "membership": "maybe", "is_included": False,
            "why": "1 candidate link at 0.70", "doubt": 0.697,
        },
    )  # fmt: skip
    return {
        tables.CUSTOMERS: customers,
        tables.PROVENANCE: provenance,
        tables.GOLDEN_EMAILS: emails,
        tables.GOLDEN_PHONES: phones,
        tables.CONSENTS: consents,
        tables.SEGMENT_MEMBERS: members,
    }


def _fill_ledger(workspace: Workspace) -> None:
    ledger = workspace.ledger
    for number, source in enumerate(("crm", "crm", "shop", "webinar", "newsletter", "web")):
        landed = Landed(
            source, f"{number:064x}", f"{source}-{number}.csv", 1000, RESOLVED_AT - timedelta(days=9 - number)
        )
        import_id, _ = ledger.register(landed)
        if number == 1:
            problem = "crm-1.csv: the column Email is missing; add it to the export, or set on_missing_column: null"
            ledger.mark_refused(source, import_id, problem=problem, contract_version="v1")
        else:
            counts = {"lines": 3, "records": 2, "rejected": 1, "duplicates": 0}
            ledger.mark_imported(
                source,
                import_id,
                counts=counts,
                contract_version="v1",
                records_version="r1",
                observed_until=RESOLVED_AT - timedelta(days=9 - number),
                now=RESOLVED_AT,
            )
    ledger.add_resolution("resolution-1", imports_hash="hash", model_version="model-1", now=RESOLVED_AT)
    ledger.add_publication("publication-1", lake_versions="{}", customers=4, now=RESOLVED_AT)
