"""Databases to publish to, frames to publish, and what a reader finds there."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from cdp_assets.published.publication import PublicationResult, publish
from cdp_assets.published.published_tables import PUBLISHED_TABLES
from cdp_assets.tables import (
    CONSENTS,
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    PROVENANCE,
    SEGMENT_MEMBERS,
    SUPPRESSIONS,
    Table,
)
from cdp_assets_tests.builders import frame

NOW = datetime(2024, 5, 1, 3, 0, 0, 250_000, tzinfo=UTC)
VERSIONS = {"golden_records/customers": 3}

SERVER = os.environ.get("CDP_TEST_POSTGRES_URL")
NO_SERVER = (
    "no PostgreSQL server: name one by CDP_TEST_POSTGRES_URL (postgresql://user:password@host/database) to run these"
)
ON_POSTGRES = pytest.param("postgresql", marks=() if SERVER else pytest.mark.skip(NO_SERVER))


@contextmanager
def postgres_schema() -> Iterator[str]:
    """The URL of a schema that only this test uses, on the server of CDP_TEST_POSTGRES_URL."""
    assert SERVER
    schema = f"test_{uuid.uuid4().hex[:12]}"
    execute(SERVER, f"CREATE SCHEMA {schema}")
    try:
        with_schema = sa.make_url(SERVER).update_query_dict({"options": f"-csearch_path={schema}"})
        yield with_schema.render_as_string(hide_password=False)
    finally:
        execute(SERVER, f"DROP SCHEMA {schema} CASCADE")


def require_role_maker(url: str) -> None:
    """Skip a test that makes roles where the server's user may not."""
    if not read(url, "SELECT 1 FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole)"):
        pytest.skip("the user of CDP_TEST_POSTGRES_URL may not create roles")


def sqlite_url(folder: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{folder / 'published.db'}"


def is_postgres(url: str) -> bool:
    return url.startswith("postgresql")


def engine(url: str) -> sa.Engine:
    """A reader's own way in."""
    parsed = sa.make_url(url)
    driver = "postgresql+psycopg" if is_postgres(url) else parsed.drivername
    return sa.create_engine(parsed.set(drivername=driver), poolclass=sa.NullPool)


def execute(url: str, *statements: str) -> None:
    """What somebody else does in the database."""
    with engine(url).begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def read(url: str, query: str) -> list[tuple[Any, ...]]:
    """What a reader finds; lists as lists, however the database keeps them."""
    with engine(url).connect() as connection:
        return [tuple(map(_plain, row)) for row in connection.execute(sa.text(query))]


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value


def customer(customer_id: str, **values: Any) -> dict[str, Any]:
    """A row of the customers table."""
    return {"customer_id": customer_id, "sources": ["crm"], "is_known": True, **values}


def customers_only(*rows: Mapping[str, Any]) -> dict[Table, pl.DataFrame]:
    """All frames of a publication of these customers, who have nothing but a record and an id each."""
    made = {published.lake_table: published.lake_table.empty() for published in PUBLISHED_TABLES}
    ids = [row["customer_id"] for row in rows]
    made[CUSTOMERS] = frame(CUSTOMERS, *rows)
    made[CUSTOMER_IDS] = frame(CUSTOMER_IDS, *({"record_id": f"crm/{id_}", "customer_id": id_} for id_ in ids))
    made[ID_LINEAGE] = frame(
        ID_LINEAGE, *({"customer_id": id_, "current_customer_id": id_, "state": "current"} for id_ in ids)
    )
    return made


def two_customers() -> dict[Table, pl.DataFrame]:
    """Ann, with everything, and Bo, with nothing: at least one row in every table."""
    made = customers_only(customer("C1", first_name="Ann", email="ann@new.example"), customer("C2", first_name="Bo"))
    emails = ({"email": "ann@former.example", "rank": 2}, {"email": "ann@new.example", "rank": 1, "is_sendable": True})
    segments = (
        {"segment": "vip", "is_included": True, "membership": "yes"},
        {"segment": "all", "is_included": True, "membership": "yes"},
        {"segment": "never_attended", "is_included": False, "membership": "maybe"},
    )
    made[GOLDEN_EMAILS] = frame(GOLDEN_EMAILS, *({"customer_id": "C1", **email} for email in emails))
    made[GOLDEN_PHONES] = frame(GOLDEN_PHONES, {"customer_id": "C1", "phone": "+14155550123"})
    made[CONSENTS] = frame(
        CONSENTS,
        {"customer_id": "C1", "channel": "post", "address": "", "purpose": "marketing", "state": "withdrawn"},
    )
    made[SUPPRESSIONS] = frame(
        SUPPRESSIONS,
        {"channel": "email", "address": "ann@former.example", "purpose": "marketing", "customer_id": ""},
        {"channel": "post", "address": "", "purpose": "marketing", "customer_id": "C1"},
    )
    made[PROVENANCE] = frame(PROVENANCE, {"customer_id": "C1", "field": "first_name", "value": "Ann"})
    made[CORRECTIONS] = frame(
        CORRECTIONS,
        {"customer_id": "C1", "field": "company", "correction": "set", "value": "Beta", "record_id": "crm/C1", "state": "contested", "contested_by": "Gamma", "contested_record_id": "web/1"},
    )  # fmt: skip
    lineage = (
        {"customer_id": "C0", "current_customer_id": "C1", "state": "merged"},
        {"customer_id": "C9", "current_customer_id": None, "state": "retired"},
    )
    made[ID_LINEAGE] = pl.concat([made[ID_LINEAGE], frame(ID_LINEAGE, *lineage)])
    made[IDENTITY_CHANGES] = frame(
        IDENTITY_CHANGES,
        {"change_id": "x", "change": "merged", "customer_id": "C1", "other_customer_id": "C0"},
        {"change_id": "y", "change": "retired", "customer_id": "C9"},
    )
    made[SEGMENT_MEMBERS] = frame(SEGMENT_MEMBERS, *({"customer_id": "C1", **member} for member in segments))
    return made


def publish_to(
    url: str, frames: Mapping[Table, pl.DataFrame], publication_id: str = "p1", now: datetime = NOW
) -> PublicationResult:
    return publish(frames, url, VERSIONS, publication_id, now)
