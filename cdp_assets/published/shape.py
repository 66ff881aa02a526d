"""The shape of the published tables: made the first time, altered when a newer version wants another.

What this package has made is written down in the table ``cdp_published_objects``, with the shape it was given. A table
that bears one of our names and is not written down belongs to somebody else: nothing is published over it.

==================================== ======================================================================
a newer version's                    is done so
==================================== ======================================================================
new column, new index                added
column that no longer exists         dropped or, while something of others needs it, kept and emptied
key or type that is another          the table is emptied and altered (SQLite: made anew), and filled again
view that is another                 replaced or, while views of others need it as it is, kept
==================================== ======================================================================

All of it is part of the publication's transaction. What does not belong here: rows (``difference.py``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cdp_assets.published.errors import PublicationError, explain
from cdp_assets.published.target import Target

OWN_OBJECTS = sa.Table(
    "cdp_published_objects",
    sa.MetaData(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("definition", sa.Text, nullable=False),
    comment="One row per table and view that cdp_assets has made here, with the shape it was given",
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class Shape:
    """Columns with their types, and the key, of a table that we made."""

    columns: dict[str, str]
    key: list[str]

    @classmethod
    def declared(cls, table: sa.Table, dialect: sa.Dialect) -> Shape:
        """The shape that a table is declared with."""
        types = {column.name: column.type.compile(dialect=dialect) for column in table.columns}
        return cls(types, [column.name for column in table.primary_key])

    @classmethod
    def written_down(cls, text: str) -> Shape:
        """The shape that :meth:`text` wrote down."""
        return cls(**json.loads(text))

    def text(self) -> str:
        """This shape, as it is written down."""
        return json.dumps({"columns": self.columns, "key": self.key})


class Shaper:
    """Shapes the target of one publication, inside its transaction."""

    def __init__(self, target: Target, connection: sa.Connection, views: Sequence[str]) -> None:
        self._target = target
        self._connection = connection
        self._views_of_ours = views
        self._grants: dict[str, list[str]] = {}
        if not self._exists(OWN_OBJECTS.name):
            OWN_OBJECTS.create(connection)
            target.describe(connection, OWN_OBJECTS)

    def is_there(self, table: sa.Table) -> bool:
        """Whether a table of this name is there, whoever's and of whatever shape."""
        return self._exists(table.name)

    def is_as_declared(self, table: sa.Table) -> bool:
        """Whether the table is there, and nothing of it would be altered."""
        written = self._written_down(table.name)
        return written is not None and self._exists(table.name) and self._has_shape(table, written)

    def make_or_alter(self, table: sa.Table) -> None:
        """Let the table be there with all declared columns, types and key. Obsolete columns stay for the moment."""
        exists, written = self._exists(table.name), self._written_down(table.name)
        if exists and written is None:
            raise self._somebody_elses(table.name)
        wanted = Shape.declared(table, self._connection.dialect)
        if not exists:
            table.create(self._connection)
            self._describe(table, wanted)
        elif written is not None and not self._has_shape(table, written):
            self._describe(table, self._altered(table, Shape.written_down(written), wanted))

    def make_missing_indexes(self, table: sa.Table) -> None:
        """Let all declared indexes be there. Call it when the table is filled: that is the quicker way round."""
        for index in sorted(table.indexes, key=lambda index: index.name or ""):
            index.create(self._connection, checkfirst=True)

    def drop_obsolete_columns(self, table: sa.Table) -> list[str]:
        """Drop columns that the table had in a former version; return a note on each that has to stay, empty."""
        shape = Shape.written_down(self._written_down(table.name) or "")
        obsolete = [name for name in shape.columns if name not in table.columns]
        kept = [name for name in obsolete if not self._drop_column(table, name)]
        for name in kept:
            self._connection.exec_driver_sql(f'UPDATE "{table.name}" SET "{name}" = NULL WHERE "{name}" IS NOT NULL')
        if kept != obsolete:
            left = {name: kind for name, kind in shape.columns.items() if name in table.columns or name in kept}
            self._write_down(table.name, Shape(left, shape.key).text())
        return [f"{table.name}.{name} is obsolete; it stays, empty, while something of others uses it" for name in kept]

    def make_or_replace_view(self, name: str, select: str) -> list[str]:
        """Let the view be there as ``select`` says; return a note when it has to stay as it is."""
        exists, written = self._exists(name), self._written_down(name)
        if exists and written is None:
            raise self._somebody_elses(name)
        if exists and written == select:
            return []
        if not self._target.replace_view(self._connection, name, select):
            if not self._drop_view(name):
                return [f"{name} keeps its former columns while views of others use it"]
            self._target.replace_view(self._connection, name, select)
        for grant in self._grants.pop(name, []):
            self._connection.exec_driver_sql(grant)
        self._write_down(name, select)
        return []

    def _has_shape(self, table: sa.Table, written: str) -> bool:
        """Whether a table that is there has the declared shape, by what is written down of it and by its columns."""
        declared = Shape.declared(table, self._connection.dialect)
        return Shape.written_down(written) == declared and not self._missing_columns(table)

    def _altered(self, table: sa.Table, former: Shape, wanted: Shape) -> Shape:
        """Alter the table and return the shape that it has then: the wanted one, with what is obsolete."""
        for name in self._missing_columns(table):
            self._connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN "{name}" {wanted.columns[name]}')
        retyped = [name for name, kind in wanted.columns.items() if former.columns.get(name, kind) != kind]
        obsolete = {name: kind for name, kind in former.columns.items() if name not in wanted.columns}
        if retyped or former.key != wanted.key:
            self._change_key_or_types(table, retyped, former.key)
            obsolete = {name: kind for name, kind in obsolete.items() if name in self._columns_there(table)}
        return Shape(wanted.columns | obsolete, wanted.key)

    def _columns_there(self, table: sa.Table) -> set[str]:
        inspector = sa.inspect(self._connection)
        return {column["name"] for column in inspector.get_columns(table.name, schema=inspector.default_schema_name)}

    def _missing_columns(self, table: sa.Table) -> list[str]:
        there = self._columns_there(table)
        return [column.name for column in table.columns if column.name not in there]

    def _change_key_or_types(self, table: sa.Table, retyped: list[str], former_key: list[str]) -> None:
        for view in self._views_of_ours:
            if self._exists(view) and self._written_down(view) is not None:
                self._drop_view(view)
        try:
            with self._connection.begin_nested():
                self._connection.execute(table.delete())
                self._target.change_key_or_types(self._connection, table, retyped, former_key)
            return
        except sa.exc.DBAPIError as error:
            problem = explain(error.orig or error)
        raise PublicationError(
            f"{table.name} has a new key or new column types in this version, and it could not be altered: {problem}. Most likely "
            "views or foreign keys of others use those columns: drop them, publish, and make them again; nothing was published"
        )

    def _drop_view(self, name: str) -> bool:
        """Drop our view, where nothing of others uses it; what was granted on it is granted again when it is made anew."""
        grants = self._target.grants(self._connection, name)
        try:
            with self._connection.begin_nested():
                self._connection.exec_driver_sql(f'DROP VIEW "{name}"')
        except sa.exc.DBAPIError:
            return False
        self._grants[name] = grants
        return True

    def _drop_column(self, table: sa.Table, name: str) -> bool:
        if self._target.is_needed_by_others(self._connection, table, name):
            return False
        try:
            with self._connection.begin_nested():
                self._connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DROP COLUMN "{name}"')
        except sa.exc.DBAPIError:
            return False
        return True

    def _exists(self, name: str) -> bool:
        inspector = sa.inspect(self._connection)
        return inspector.has_table(name, schema=inspector.default_schema_name)

    def _written_down(self, name: str) -> str | None:
        return self._connection.scalar(sa.select(OWN_OBJECTS.c.definition).where(OWN_OBJECTS.c.name == name))

    def _write_down(self, name: str, definition: str) -> None:
        self._connection.execute(OWN_OBJECTS.delete().where(OWN_OBJECTS.c.name == name))
        self._connection.execute(OWN_OBJECTS.insert().values(name=name, definition=definition))

    def _describe(self, table: sa.Table, shape: Shape) -> None:
        self._target.describe(self._connection, table)
        self._write_down(table.name, shape.text())

    def _somebody_elses(self, name: str) -> PublicationError:
        return PublicationError(
            f"{self._target.name} has a table or view {name} that cdp_assets did not make; it is left as it is and nothing "
            "was published. Publish into another database or, on PostgreSQL, another schema "
            "(?options=-csearch_path%3Dschema in the URL)"
        )
