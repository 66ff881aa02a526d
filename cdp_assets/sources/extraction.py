"""Rows of a database as a file that lands: read through SQLAlchemy, in batches, in a fixed order, all as text.

An extraction is a delivery like any other: a zstd-compressed Parquet file in landing/<source>/, written under a hidden
name and renamed when it is whole. With a cursor, only rows beyond the last extraction's cursor are read (and an overlap
before it, for rows that were committed late). The cursor is handed back, and counts from when the caller records it: a
crash in between extracts the same rows again, which are the same content and so no new import.

What does not belong here: remembering cursors (the ledger), reading the environment (it is passed in).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from cdp_assets.sources.contract_model import SourceContract, SqlExtract
from cdp_assets.sources.headers import check_header
from cdp_assets.sources.reading import content_sha256
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.typed_tables import value_as_text

ROWS_AT_ONCE = 10_000
"""Rows fetched, turned into text and written at a time."""

_SEQUENCE = re.compile(r"extract-(\d+)-([0-9a-f]+)\.parquet")

Cursor = str | int | float | Decimal | date | datetime

_CURSOR_TYPES = {"text": str, "int": int, "float": float, "decimal": Decimal, "date": date, "datetime": datetime}


class ExtractionFailed(RuntimeError):  # noqa: N818 (what happened, as FileRefused)
    """A database could not be read. Says what to do; never a value, a query or a password."""


@dataclass(frozen=True)
class Extraction:
    """What an extraction has landed.

    ``cursor`` is to be recorded once the caller has taken note of the file; None where the contract has no cursor.
    ``rows_without_cursor`` are only ever read by a first extraction, because nothing says when they changed. ``is_new`` is
    false when a file of the same content was there already.
    """

    path: Path
    rows: int
    cursor: str | None
    content_sha256: str
    rows_without_cursor: int
    is_new: bool


def extract(
    contract: SourceContract, workspace_home: Path, since: str | None, environment: Mapping[str, str]
) -> Extraction | None:
    """Read the contract's table or query and land its rows; None when there is nothing new.

    ``since`` is the cursor of the last extraction, as that returned it. A SQLite path is relative to the workspace. Raises
    :class:`ExtractionFailed`.
    """
    selection = contract.extract.sql
    if selection is None:
        raise ExtractionFailed(f"{contract.source}: its contract names no database; add `extract: sql`")
    folder = workspace_home / "landing" / contract.source
    folder.mkdir(parents=True, exist_ok=True)
    engine = _engine(contract.source, selection, workspace_home, environment)
    try:
        with _hidden_file(folder) as unfinished:
            written = _write(engine, contract, selection, since, unfinished)
            if not written.rows:
                return None
            digest = content_sha256(unfinished)
            path, is_new = _land(folder, unfinished, digest)
        cursor = _further(written.cursor, since)
        return Extraction(path, written.rows, cursor, digest, written.rows_without_cursor, is_new)
    except sa.exc.SQLAlchemyError as problem:
        raise _failed(contract.source, problem) from None
    except FileRefused as refused:
        raise ExtractionFailed(f"{contract.source}: {refused}") from None
    except OSError as problem:
        raise ExtractionFailed(
            f"{contract.source}: its extract could not be written ({type(problem).__name__}); check the disk of landing/"
        ) from None
    finally:
        engine.dispose()


# -- the database -----------------------------------------------------------------------------------------------------


def _engine(source: str, selection: SqlExtract, home: Path, environment: Mapping[str, str]) -> sa.Engine:
    url = (environment.get(selection.url_env) if selection.url_env else None) or selection.url
    if not url:
        raise ExtractionFailed(
            f"{source}: the environment variable {selection.url_env} is not set; set it to a database URL"
        )
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            parsed = parsed.set(database=str(_existing_database(source, parsed.database, home)))
        return sa.create_engine(parsed, hide_parameters=True)
    except (sa.exc.SQLAlchemyError, ImportError, ValueError) as problem:
        raise ExtractionFailed(
            f"{source}: its database URL can not be used ({type(problem).__name__}); expected "
            "dialect+driver://user:password@host/database, and the driver installed"
        ) from None


def _existing_database(source: str, database: str | None, home: Path) -> Path:
    """SQLite makes the file that it does not find; here that would be an empty database and a puzzled person."""
    path = home / (database or "")
    if not path.is_file():
        raise ExtractionFailed(f"{source}: there is no SQLite database at the path in its contract, relative to {home}")
    return path


def _failed(source: str, problem: sa.exc.SQLAlchemyError) -> ExtractionFailed:
    name = type(problem).__name__
    cause = type(problem.orig).__name__ if isinstance(problem, sa.exc.DBAPIError) and problem.orig else name
    advice = {
        "OperationalError": "check that the database is up, who may read it, and that the table exists",
        "ProgrammingError": "check the table, the query and the cursor column in the contract",
        "NoSuchTableError": "check the table's name in the contract (a schema goes before it: sales.contacts)",
    }.get(name, "check the database and the contract's table, query and cursor")
    return ExtractionFailed(f"{source}: its database refused ({cause}); {advice}")


def _query(
    connection: sa.Connection, contract: SourceContract, selection: SqlExtract, since: str | None
) -> sa.Select[Any]:
    """The rows to read, in an order that only the data decides: by cursor, then by key (or else by every column)."""
    source = contract.source
    names, rows = _columns(connection, selection)
    check_header(names)
    if selection.cursor is not None and selection.cursor not in names:
        raise ExtractionFailed(f"{source}: the cursor column '{selection.cursor}' is not in its table or query")
    columns = [rows.c[name] for name in names]
    has_key = bool(contract.key) and set(contract.key) <= set(names)
    order = [rows.c[name] for name in contract.key] if has_key else columns
    query = sa.select(*columns)
    if selection.cursor is None:
        return query.order_by(*order)
    cursor = rows.c[selection.cursor]
    if since is not None:
        query = query.where(cursor > _before(source, _cursor_value(source, since), selection.overlap))
    return query.order_by(cursor, *(column for column in order if column is not cursor))


def _columns(connection: sa.Connection, selection: SqlExtract) -> tuple[list[str], sa.FromClause]:
    """Column names, and the table or query with columns that no type of SQLAlchemy's reads anything into."""
    if selection.table is not None:
        schema, _, name = selection.table.rpartition(".")
        found = sa.inspect(connection).get_columns(name, schema=schema or None)
        names = [column["name"] for column in found]
        return names, sa.table(name, *map(sa.column, names), schema=schema or None)
    # Nothing is bound into the contract's query: a colon in it is a colon.
    text = sa.text((selection.query or "").strip().rstrip(";").replace(":", "\\:"))
    everything: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(_derived(text)).limit(0)
    with connection.execute(everything) as probe:
        names = list(probe.keys())
    return names, _derived(text, names)


def _derived(text: sa.TextClause, names: Sequence[str] = ()) -> sa.FromClause:
    return text.columns(*map(sa.column, names)).subquery("delivered")


# -- cursors ----------------------------------------------------------------------------------------------------------


def _cursor_text(value: Cursor) -> str:
    """A cursor with its type, so that the next extraction compares like with like: ``int:42``."""
    kind = next(name for name, python_type in _CURSOR_TYPES.items() if type(value) is python_type)
    return f"{kind}:{value_as_text(value)}"


def _cursor_value(source: str, text: str) -> Cursor:
    kind, _, value = text.partition(":")
    readers: Mapping[str, Any] = {
        "text": str,
        "int": int,
        "float": float,
        "decimal": Decimal,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
    }
    try:
        cursor: Cursor = readers[kind](value)
    except (KeyError, ValueError, ArithmeticError):
        raise ExtractionFailed(
            f"{source}: its recorded cursor is not readable; clear it to extract everything"
        ) from None
    return cursor


def _before(source: str, cursor: Cursor, overlap: str | None) -> Cursor:
    """The cursor, moved back by the overlap. A time in a text column keeps the way it is written."""
    if overlap is None:
        return cursor
    amount, unit = re.fullmatch(r"(\d+) ?([a-z]*?)s?", overlap).groups()  # type: ignore[union-attr]
    if not unit:
        if isinstance(cursor, int | float | Decimal):
            return cursor - int(amount)
    else:
        back = timedelta(**{f"{unit}s": int(amount)})
        if isinstance(cursor, date):
            return cursor - back
        if isinstance(cursor, str) and (earlier := _earlier_text(cursor, back)):
            return earlier
    raise ExtractionFailed(
        f"{source}: an overlap of '{overlap}' does not fit its cursor; use a number for numbers and a time for times"
    )


def _earlier_text(text: str, back: timedelta) -> str | None:
    try:
        moment = datetime.fromisoformat(text) - back
    except ValueError:
        return None
    if len(text) == len("2024-01-31"):
        return moment.date().isoformat()
    fraction = re.search(r"\.(\d+)", text)
    written = moment.isoformat(sep=text[10], timespec="microseconds" if fraction else "seconds")
    if fraction:
        written = re.sub(r"\.(\d+)", lambda found: f".{found[1][: len(fraction[1])]}", written)
    return written.replace("+00:00", "Z") if text.endswith("Z") else written


def _further(cursor: Cursor | None, since: str | None) -> str | None:
    """The new cursor; the former one when an overlap gave only rows that lie before it."""
    if cursor is None:
        return since
    former = None if since is None else _cursor_value("", since)
    if former is not None and type(former) is type(cursor) and former > cursor:  # type: ignore[operator]
        return since
    return _cursor_text(cursor)


# -- the file ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Written:
    rows: int
    cursor: Cursor | None
    rows_without_cursor: int


@contextmanager
def _hidden_file(folder: Path) -> Iterator[Path]:
    """A name of its own that landing ignores; the file is gone afterwards, unless it was renamed or we were killed."""
    descriptor, name = tempfile.mkstemp(prefix=".extract-", suffix=".parquet.tmp", dir=folder)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _write(
    engine: sa.Engine, contract: SourceContract, selection: SqlExtract, since: str | None, path: Path
) -> _Written:
    rows = without = 0
    highest: Cursor | None = None
    with engine.connect() as connection:
        query = _query(connection, contract, selection, since)
        streamed = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(query)
        names = list(streamed.keys())
        schema = pa.schema([pa.field(name, pa.string()) for name in names])
        position = names.index(selection.cursor) if selection.cursor is not None else None
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in streamed.partitions(ROWS_AT_ONCE):
                columns = list(zip(*batch, strict=True))
                writer.write_table(pa.Table.from_arrays([_text_array(values) for values in columns], schema=schema))
                rows += len(batch)
                if position is not None:
                    cursors = [value for value in columns[position] if value is not None]
                    without += len(batch) - len(cursors)
                    highest = _highest(contract.source, cursors, highest)
    return _Written(rows, highest, without)


def _text_array(values: Sequence[Any]) -> pa.Array:
    types = {type(value) for value in values} - {type(None)}
    if types <= {str}:
        return pa.array(values, pa.string())
    if types == {int}:
        return pa.array(values).cast(pa.string()) if _fit(values) else pa.array(map(value_as_text, values), pa.string())
    return pa.array([value_as_text(value) for value in values], pa.string())


def _fit(values: Sequence[int | None]) -> bool:
    return all(value is None or -(2**63) <= value < 2**63 for value in values)


def _highest(source: str, cursors: Sequence[Any], highest: Cursor | None) -> Cursor | None:
    found = [value for value in (*cursors, highest) if value is not None]
    if any(type(value) not in _CURSOR_TYPES.values() for value in found) or len({type(value) for value in found}) > 1:
        raise ExtractionFailed(f"{source}: its cursor column holds values of several types; use a time or a number")
    return max(found) if found else None


def _land(folder: Path, unfinished: Path, digest: str) -> tuple[Path, bool]:
    """Give the whole file its name: the next number, so that extracts count in the order they were made."""
    made = [(int(found[1]), path) for path in folder.iterdir() if (found := _SEQUENCE.fullmatch(path.name))]
    same = [path for _, path in made if _SEQUENCE.fullmatch(path.name)[2] == digest[:12]]  # type: ignore[index]
    if same:
        return same[-1], False
    path = folder / f"extract-{max((number for number, _ in made), default=0) + 1:06}-{digest[:12]}.parquet"
    with unfinished.open("rb+") as written:
        os.fsync(written.fileno())
    unfinished.chmod(0o644)  # as any file that lands; temporary files are private
    unfinished.replace(path)
    return path, True
