"""The ledger's schema, version by version (Alembic). Opening a ledger brings it to the newest."""
