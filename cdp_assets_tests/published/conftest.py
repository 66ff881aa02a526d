"""Every test that takes ``url`` runs against SQLite and, where a server is named, against PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets_tests.published.databases import ON_POSTGRES, postgres_schema, sqlite_url


@pytest.fixture(params=["sqlite", ON_POSTGRES])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
    else:
        with postgres_schema() as schema_url:
            yield schema_url


@pytest.fixture(params=[ON_POSTGRES])
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL schema, for what only PostgreSQL can do."""
    with postgres_schema() as schema_url:
        yield schema_url
