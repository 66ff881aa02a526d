"""Newer versions want other tables, and others have built on ours: neither may hurt the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from cdp_assets.published import publication
from cdp_assets.published.publication import CUSTOMER_360, PublicationError, PublicationResult
from cdp_assets.published.published_tables import PUBLISHED_TABLES, PublishedTable
from cdp_assets.tables import CONSENTS, IDENTITY_CHANGES, INTEGER, PROVENANCE, TEXT, TEXTS, Column
from cdp_assets_tests.builders import frame
from cdp_assets_tests.published.databases import (
    engine,
    execute,
    is_postgres,
    publish_to,
    read,
    require_role_maker,
    two_customers,
)

EXTRA = Column("region_rule", TEXT, "rule of the region that holds")


def another_version(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> PublishedTable:
    """From now on the published table ``name`` has another contract."""
    former = next(published for published in publication.PUBLISHED_TABLES if published.name == name)
    version = replace(former, lake_table=replace(former.lake_table, **changes))
    tables = tuple(version if published is former else published for published in publication.PUBLISHED_TABLES)
    monkeypatch.setattr(publication, "PUBLISHED_TABLES", tables)
    return version


def publish_version(
    url: str, version: PublishedTable, publication_id: str, rows: pl.DataFrame | None = None
) -> PublicationResult:
    """Publish two customers with another contract of one table: ``rows``, or what its columns have now."""
    frames = two_customers()
    former = next(published.lake_table for published in PUBLISHED_TABLES if published.name == version.name)
    known = frames.pop(former)
    names = [name for name in version.lake_table.schema if name in known.columns]
    frames[version.lake_table] = frame(version.lake_table, *known.select(names).to_dicts()) if rows is None else rows
    return publish_to(url, frames, publication_id)


def columns_of(url: str, table: str) -> list[str]:
    return [column["name"] for column in sa.inspect(engine(url)).get_columns(table)]


def without(table: tuple[Column, ...], *names: str) -> tuple[Column, ...]:
    return tuple(column for column in table if column.name not in names)


def retyped(table: tuple[Column, ...], name: str, dtype: pl.DataType) -> tuple[Column, ...]:
    return tuple(replace(column, dtype=dtype) if column.name == name else column for column in table)


# -- newer versions ----------------------------------------------------------------------------------------------------


def test_a_new_column_is_added_and_filled(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    version = another_version(monkeypatch, "consents", columns=(*CONSENTS.columns, EXTRA))
    frames = two_customers()
    rows = frames[CONSENTS].with_columns(region_rule=pl.lit("opt-in"))
    result = publish_version(url, version, "p2", rows)
    assert result.notes == ()
    assert read(url, "SELECT purpose, region_rule FROM consents") == [("marketing", "opt-in")]


def test_a_column_that_no_longer_exists_is_dropped(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    version = another_version(
        monkeypatch, "identity_changes", columns=without(IDENTITY_CHANGES.columns, "match_weight")
    )
    assert publish_version(url, version, "p2").notes == ()
    assert "match_weight" not in columns_of(url, "identity_changes")
    assert publish_version(url, version, "p3").rows["identity_changes"] == 2


def test_an_obsolete_column_that_a_view_needs_stays_empty_until_the_view_is_gone(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to(url, two_customers())
    execute(url, "CREATE VIEW their_causes AS SELECT customer_id, cause FROM identity_changes")
    version = another_version(monkeypatch, "identity_changes", columns=without(IDENTITY_CHANGES.columns, "cause"))
    result = publish_version(url, version, "p2")
    assert len(result.notes) == 1
    assert "identity_changes.cause is obsolete" in result.notes[0]
    assert read(url, "SELECT * FROM their_causes ORDER BY 1") == [("C1", None), ("C9", None)]
    assert publish_version(url, version, "p3").notes == result.notes
    execute(url, "DROP VIEW their_causes")
    assert publish_version(url, version, "p4").notes == ()
    assert "cause" not in columns_of(url, "identity_changes")


def test_an_obsolete_column_that_comes_back_is_filled_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    execute(url, "CREATE VIEW their_causes AS SELECT customer_id, cause FROM identity_changes")
    with monkeypatch.context() as patched:
        version = another_version(patched, "identity_changes", columns=without(IDENTITY_CHANGES.columns, "cause"))
        publish_version(url, version, "p2")
    assert publish_to(url, two_customers(), "p3").notes == ()
    assert read(url, "SELECT * FROM their_causes ORDER BY 1") == [("C1", "x"), ("C9", "x")]


@pytest.mark.parametrize(("dtype", "value"), [(INTEGER, 3), (TEXTS, ["a", "b"])], ids=["number", "list"])
def test_a_column_of_another_type_is_altered(
    url: str, monkeypatch: pytest.MonkeyPatch, dtype: pl.DataType, value: Any
) -> None:
    publish_to(url, two_customers())
    version = another_version(monkeypatch, "provenance", columns=retyped(PROVENANCE.columns, "rule", dtype))
    rows = frame(version.lake_table, {"customer_id": "C1", "field": "first_name", "value": "Ann", "rule": value})
    assert publish_version(url, version, "p2", rows).notes == ()
    assert read(url, "SELECT customer_id, value, rule FROM provenance") == [("C1", "Ann", value)]
    types = {column["name"]: str(column["type"]) for column in sa.inspect(engine(url)).get_columns("provenance")}
    lists = "ARRAY" if is_postgres(url) else "TEXT"
    assert types["rule"] == (lists if dtype == TEXTS else "BIGINT")


def test_another_key_is_made_the_primary_key(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    key = ("customer_id", "channel", "address", "purpose", "region_rule")
    columns = (*CONSENTS.columns, replace(EXTRA, nullable=False))
    version = another_version(monkeypatch, "consents", columns=columns, key=key)
    rows = frame(version.lake_table, *({"customer_id": "C1", "region_rule": rule} for rule in ("a", "b")))
    assert publish_version(url, version, "p2", rows).rows["consents"] == 2
    assert tuple(sa.inspect(engine(url)).get_pk_constraint("consents")["constrained_columns"]) == key
    assert publish_version(url, version, "p3", rows).changes["consents"].inserted == 0


def test_a_key_column_that_no_longer_exists_goes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    version = another_version(
        monkeypatch, "provenance", columns=without(PROVENANCE.columns, "field"), key=("customer_id", "value")
    )
    assert publish_version(url, version, "p2").notes == ()
    assert "field" not in columns_of(url, "provenance")


def test_indexes_are_there_after_another_key(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    key = ("address", "customer_id", "channel", "purpose")
    version = another_version(monkeypatch, "consents", key=key)
    publish_version(url, version, "p2")
    assert {index["name"] for index in sa.inspect(engine(url)).get_indexes("consents")} == {"cdp_consents_by_address"}


def test_another_key_under_an_unchanged_golden_record_keeps_the_view(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """customer_360 reads segment_members: it has to make way for the new key, and is there again afterwards."""
    publish_to(url, two_customers())
    members = next(published for published in PUBLISHED_TABLES if published.name == "segment_members").lake_table
    version = another_version(monkeypatch, "segment_members", columns=retyped(members.columns, "is_included", INTEGER))
    monkeypatch.setattr(publication, "_customer_360", lambda _: "SELECT customer_id FROM customers")
    rows = frame(version.lake_table, {"segment": "vip", "customer_id": "C1", "is_included": 1})
    assert publish_version(url, version, "p2", rows).notes == ()
    assert read(url, "SELECT customer_id FROM customer_360 ORDER BY 1") == [("C1",), ("C2",)]


# -- the view ----------------------------------------------------------------------------------------------------------


def another_view(monkeypatch: pytest.MonkeyPatch, select: str) -> None:
    monkeypatch.setattr(publication, "_customer_360", lambda _: select)


def test_a_view_that_is_another_is_replaced(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    another_view(monkeypatch, "SELECT first_name, customer_id FROM customers")
    assert publish_to(url, two_customers(), "p2").notes == ()
    assert read(url, "SELECT * FROM customer_360 ORDER BY 1") == [("Ann", "C1"), ("Bo", "C2")]


def test_views_of_others_on_the_view_stay_when_it_gains_a_column(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    another_view(monkeypatch, "SELECT customer_id FROM customers")
    publish_to(url, two_customers())
    execute(url, "CREATE VIEW theirs AS SELECT customer_id FROM customer_360")
    another_view(monkeypatch, "SELECT customer_id, first_name FROM customers")
    assert publish_to(url, two_customers(), "p2").notes == ()
    assert read(url, "SELECT first_name FROM customer_360 ORDER BY 1") == [("Ann",), ("Bo",)]
    assert read(url, "SELECT * FROM theirs ORDER BY 1") == [("C1",), ("C2",)]


def test_views_of_others_on_the_view_stay_when_it_loses_a_column(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL binds their view to ours, so ours stays as it was, and the publication says so and goes on."""
    publish_to(url, two_customers())
    execute(url, "CREATE VIEW theirs AS SELECT customer_id, first_name FROM customer_360")
    another_view(monkeypatch, "SELECT customer_id, first_name FROM customers")
    result = publish_to(url, two_customers(), "p2")
    assert read(url, "SELECT * FROM theirs ORDER BY 1") == [("C1", "Ann"), ("C2", "Bo")]
    kept = "customer_360 keeps its former columns while views of others use it"
    assert result.notes == ((kept,) if is_postgres(url) else ())
    execute(url, "DROP VIEW theirs")
    assert publish_to(url, two_customers(), "p3").notes == ()
    assert columns_of(url, CUSTOMER_360) == ["customer_id", "first_name"]


def test_a_view_that_cannot_work_is_an_error_not_a_note(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    another_view(monkeypatch, "SELECT no_such_column FROM customers")
    with pytest.raises(PublicationError, match=r"UndefinedColumn 42703|OperationalError SQLITE_ERROR"):
        publish_to(url, two_customers(), "p2")
    assert read(url, "SELECT count(*) FROM customer_360") == [(2,)]


# -- what others have there --------------------------------------------------------------------------------------------


def test_views_and_indexes_of_others_survive_publications(url: str) -> None:
    publish_to(url, two_customers())
    execute(
        url,
        "CREATE VIEW their_customers AS SELECT customer_id, first_name FROM customers",
        "CREATE VIEW their_segments AS SELECT customer_id, segments FROM customer_360",
        "CREATE INDEX their_index ON customers (last_name)",
    )
    publish_to(url, two_customers(), "p2")
    assert read(url, "SELECT * FROM their_customers ORDER BY 1") == [("C1", "Ann"), ("C2", "Bo")]
    assert read(url, "SELECT * FROM their_segments ORDER BY 1") == [("C1", ["all", "vip"]), ("C2", [])]
    assert "their_index" in {index["name"] for index in sa.inspect(engine(url)).get_indexes("customers")}


@pytest.mark.parametrize("name", ["customers", "publications", "segment_members", "customer_360"])
@pytest.mark.parametrize("kind", ["TABLE", "VIEW"])
def test_a_table_or_view_of_somebody_else_is_never_published_over(url: str, name: str, kind: str) -> None:
    execute(url, f"CREATE {kind} {name} AS SELECT 7 AS theirs")
    with pytest.raises(PublicationError, match=f"a table or view {name} that cdp_assets did not make"):
        publish_to(url, two_customers())
    assert read(url, f"SELECT * FROM {name}") == [(7,)]
    inspector = sa.inspect(engine(url))
    assert [*inspector.get_table_names(), *inspector.get_view_names()] == [name]


def test_a_table_of_ours_that_somebody_dropped_is_made_again(url: str) -> None:
    publish_to(url, two_customers())
    execute(url, "DROP VIEW customer_360", "DROP TABLE customer_phones")
    publish_to(url, two_customers(), "p2")
    assert read(url, "SELECT phones FROM customer_360 ORDER BY customer_id") == [(["+14155550123"],), ([],)]


def test_a_column_of_ours_that_somebody_dropped_is_made_and_filled_again(url: str) -> None:
    publish_to(url, two_customers())
    execute(url, "DROP VIEW customer_360", "ALTER TABLE customers DROP COLUMN first_name")
    publish_to(url, two_customers(), "p2")
    assert read(url, "SELECT first_name FROM customer_360 ORDER BY 1") == [("Ann",), ("Bo",)]


def test_a_column_that_somebody_added_is_left_alone(url: str) -> None:
    publish_to(url, two_customers())
    execute(url, "ALTER TABLE customers ADD COLUMN theirs integer", "UPDATE customers SET theirs = 7, first_name = ''")
    publish_to(url, two_customers(), "p2")
    assert read(url, "SELECT first_name, theirs FROM customers ORDER BY 1") == [("Ann", 7), ("Bo", 7)]


def test_a_table_of_others_with_the_name_of_a_staging_table_is_left_alone(url: str) -> None:
    execute(url, "CREATE TABLE staged_customers (theirs integer)", "INSERT INTO staged_customers VALUES (7)")
    publish_to(url, two_customers())
    assert read(url, "SELECT * FROM staged_customers") == [(7,)]


def test_what_hangs_on_a_table_whose_key_changes_is_not_dropped(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    if is_postgres(url):
        execute(url, "CREATE VIEW theirs AS SELECT rule FROM provenance")
        told = r"provenance has a new key or new column types .*views or foreign keys of others"
    else:
        execute(url, "CREATE INDEX theirs ON provenance (rule)")
        told = r"provenance has a new key or new column types.*\['theirs'\]; drop them, publish, and make them again"
    version = another_version(monkeypatch, "provenance", columns=retyped(PROVENANCE.columns, "rule", INTEGER))
    rows = frame(version.lake_table, {"customer_id": "C1", "field": "first_name", "value": "Ann", "rule": 3})
    with pytest.raises(PublicationError, match=told):
        publish_version(url, version, "p2", rows)
    assert read(url, "SELECT customer_id, rule FROM provenance") == [("C1", "x")]
    execute(url, "DROP VIEW theirs" if is_postgres(url) else "DROP INDEX theirs")
    assert publish_version(url, version, "p2", rows).rows["provenance"] == 1


# -- only PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.fixture
def role(postgres_url: str) -> Any:
    """A role that may read what it is granted."""
    require_role_maker(postgres_url)
    name = sa.make_url(postgres_url).query["options"].replace("-csearch_path=", "reader_of_")  # type: ignore[union-attr]
    execute(postgres_url, f"CREATE ROLE {name}")
    yield name
    execute(postgres_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def may_read(url: str, role: str, table: str) -> bool:
    return bool(read(url, f"SELECT has_table_privilege('{role}', '{table}', 'SELECT')")[0][0])


def test_grants_survive_publications_new_keys_and_new_views(
    postgres_url: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_url
    publish_to(url, two_customers())
    execute(url, f"GRANT SELECT ON consents TO {role}", f"GRANT SELECT ON customer_360 TO {role}")
    version = another_version(monkeypatch, "consents", key=("address", "customer_id", "channel", "purpose"))
    another_view(monkeypatch, "SELECT first_name FROM customers")
    assert publish_version(url, version, "p2").notes == ()
    assert columns_of(url, CUSTOMER_360) == ["first_name"]
    assert may_read(url, role, "consents")
    assert may_read(url, role, "customer_360")
    assert not may_read(url, role, "customers")


def test_a_schema_of_others_on_the_search_path_is_neither_taken_nor_touched(postgres_url: str) -> None:
    url = sa.make_url(postgres_url)
    schema = str(url.query["options"]).removeprefix("-csearch_path=")
    execute(postgres_url, f"CREATE SCHEMA {schema}_theirs", f"CREATE TABLE {schema}_theirs.customers (theirs integer)")
    try:
        both = url.update_query_dict({"options": f"-csearch_path={schema},{schema}_theirs"})
        publish_to(both.render_as_string(hide_password=False), two_customers())
        assert read(postgres_url, f"SELECT count(*) FROM {schema}.customers") == [(2,)]
        assert read(postgres_url, f"SELECT count(*) FROM {schema}_theirs.customers") == [(0,)]
    finally:
        execute(postgres_url, f"DROP SCHEMA {schema}_theirs CASCADE")


def test_lists_are_arrays_and_the_catalog_explains_tables_and_columns(postgres_url: str) -> None:
    publish_to(postgres_url, two_customers())
    assert read(postgres_url, "SELECT count(*) FROM customers WHERE 'crm' = ANY (sources)") == [(2,)]
    inspector = sa.inspect(engine(postgres_url))
    for published in PUBLISHED_TABLES:
        assert inspector.get_table_comment(published.name)["text"] == f"One row per {published.lake_table.one_row_per}"
        explained = {column["name"]: column["comment"] for column in inspector.get_columns(published.name)}
        assert explained == {column.name: column.meaning for column in published.lake_table.columns}


def test_a_foreign_key_of_others_that_stands_in_the_way_is_named_without_its_value(postgres_url: str) -> None:
    publish_to(postgres_url, two_customers())
    execute(
        postgres_url,
        "CREATE TABLE theirs (phone text, customer_id text, FOREIGN KEY (customer_id, phone) "
        "REFERENCES customer_phones (customer_id, phone))",
        "INSERT INTO theirs VALUES ('+14155550123', 'C1')",
    )
    frames = two_customers()
    phones = next(published.lake_table for published in PUBLISHED_TABLES if published.name == "customer_phones")
    frames[phones] = phones.empty()
    with pytest.raises(PublicationError, match=r"23503 .*foreign key that others have set") as refused:
        publish_to(postgres_url, frames, "p2")
    assert "4155550123" not in str(refused.value)
    assert read(postgres_url, "SELECT count(*) FROM customer_phones") == [(1,)]
