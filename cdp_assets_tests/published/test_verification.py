"""A publication that does not agree with its contracts or with itself is not committed."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from cdp_assets.published import publication
from cdp_assets.published.publication import PublicationError
from cdp_assets.published.published_tables import PUBLISHED_TABLES, REFERENCES, Reference
from cdp_assets.tables import CUSTOMERS, GOLDEN_EMAILS, Table
from cdp_assets_tests.published.databases import (
    customer,
    customers_only,
    publish_to,
    read,
    sqlite_url,
    two_customers,
)

LAKE_TABLES: dict[str, Table] = {published.name: published.lake_table for published in PUBLISHED_TABLES}


def is_still_the_first_publication(url: str) -> bool:
    return read(url, "SELECT customer_id, publication_id FROM customer_360 ORDER BY 1") == [("C1", "p1"), ("C2", "p1")]


def with_a_stranger(reference: Reference) -> dict[Table, pl.DataFrame]:
    """Two customers, where the first row of the referring table names somebody who is nowhere else."""
    frames = two_customers()
    child = LAKE_TABLES[reference.child]
    is_first = pl.int_range(pl.len()) == 0
    stranger = pl.when(is_first).then(pl.lit("C404")).otherwise(reference.column).alias(reference.column)
    frames[child] = frames[child].with_columns(stranger)
    return frames


def test_what_is_referred_to_must_be_published_too(url: str) -> None:
    publish_to(url, two_customers())
    for reference in REFERENCES:
        with pytest.raises(PublicationError) as refused:
            publish_to(url, with_a_stranger(reference), "p2")
        told = f"1 of the values of {reference.child}.{reference.column} are not in {reference.parent}.{reference.parent_column}"
        assert told in str(refused.value)
        assert "C404" not in str(refused.value)
    assert is_still_the_first_publication(url)


def test_an_id_that_resolves_to_nobody_is_no_lost_reference(url: str) -> None:
    publish_to(url, two_customers())
    assert read(url, "SELECT customer_id FROM resolved_ids WHERE current_customer_id IS NULL") == [("C9",)]


def test_rows_that_get_lost_on_the_way_are_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_to(url, two_customers())
    bring_to = publication.bring_to

    def forgetful(connection: sa.Connection, table: sa.Table, staged: sa.Table) -> Any:
        connection.execute(staged.delete().where(staged.c[next(iter(staged.c.keys()))] == "C2"))
        return bring_to(connection, table, staged)

    monkeypatch.setattr(publication, "bring_to", forgetful)
    with pytest.raises(PublicationError, match="customers has 1 rows instead of 2"):
        publish_to(url, two_customers(), "p2")
    assert is_still_the_first_publication(url)


def test_what_is_referred_to_and_gets_lost_on_the_way_is_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rows as there should be, and one of them another's: no frame shows that."""
    publish_to(url, two_customers())
    bring_to = publication.bring_to

    def mistaken(connection: sa.Connection, table: sa.Table, staged: sa.Table) -> Any:
        if table.name == "customers":
            connection.execute(staged.update().where(staged.c.customer_id == "C2").values(customer_id="C404"))
        return bring_to(connection, table, staged)

    monkeypatch.setattr(publication, "bring_to", mistaken)
    with pytest.raises(
        PublicationError, match=r"1 of the values of customer_ids\.customer_id are not in customers\."
    ) as refused:
        publish_to(url, two_customers(), "p2")
    assert "C404" not in str(refused.value)
    assert is_still_the_first_publication(url)


def test_what_does_not_agree_is_refused_before_the_database_is_touched(tmp_path: Any) -> None:
    for reference in REFERENCES:
        with pytest.raises(PublicationError, match="does not agree with itself"):
            publish_to(sqlite_url(tmp_path), with_a_stranger(reference))
    assert list(tmp_path.iterdir()) == []


def test_two_rows_with_one_key_are_refused_before_the_database_is_touched(tmp_path: Any) -> None:
    frames = two_customers()
    frames[CUSTOMERS] = pl.concat([frames[CUSTOMERS], frames[CUSTOMERS].head(1)])
    told = r"customers can not be published: of 3 rows, 0 have no customer_id and 1 repeat that of another row; look into golden_records/customers"
    with pytest.raises(PublicationError, match=told) as refused:
        publish_to(sqlite_url(tmp_path), frames)
    assert "C1" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_row_without_its_key_is_refused(tmp_path: Any) -> None:
    frames = two_customers()
    frames[CUSTOMERS] = frames[CUSTOMERS].with_columns(customer_id=pl.lit(None, pl.String))
    with pytest.raises(PublicationError, match=r"customers can not be published: .*customer_id: 2 nulls"):
        publish_to(sqlite_url(tmp_path), frames)


def test_a_frame_that_does_not_fit_its_contract_is_refused(tmp_path: Any) -> None:
    frames = two_customers()
    frames[GOLDEN_EMAILS] = frames[GOLDEN_EMAILS].drop("rank")
    with pytest.raises(PublicationError, match=r"customer_emails can not be published: .*missing columns \['rank'\]"):
        publish_to(sqlite_url(tmp_path), frames)


def test_a_publication_needs_all_of_its_tables(tmp_path: Any) -> None:
    frames = two_customers()
    del frames[GOLDEN_EMAILS]
    with pytest.raises(PublicationError, match=r"needs all of its tables; \['golden_records/emails'\] were not given"):
        publish_to(sqlite_url(tmp_path), frames)


def test_keys_that_become_equal_in_the_database_are_refused_without_their_values(url: str) -> None:
    """The one way to get there: two texts that differ in a character that no database keeps."""
    publish_to(url, two_customers())
    rows = [customer("C\0"), customer("C\ufffd")]
    with pytest.raises(PublicationError) as refused:
        publish_to(url, customers_only(*rows), "p2")
    assert "C\ufffd" not in str(refused.value)
    assert is_still_the_first_publication(url)


def test_every_reference_names_columns_that_are_published() -> None:
    for reference in REFERENCES:
        assert reference.column in LAKE_TABLES[reference.child].schema
        assert reference.parent_column in LAKE_TABLES[reference.parent].schema


def test_everything_that_names_a_customer_is_checked() -> None:
    named = {
        (name, column)
        for name, table in LAKE_TABLES.items()
        for column in table.schema
        if column.endswith("customer_id") and table.key != (column,)
    }
    assert named <= {(reference.child, reference.column) for reference in REFERENCES}


def test_the_frames_themselves_are_left_as_they_were(tmp_path: Any) -> None:
    frames = two_customers()
    publish_to(sqlite_url(tmp_path), frames)
    assert all(rows.equals(two_customers()[table]) for table, rows in frames.items())
