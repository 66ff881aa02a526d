"""Rows of a database as a file that lands: read through SQLAlchemy, in batches, in a fixed order, all as text.

An extraction is a delivery like any other: a zstd-compressed Parquet file in landing/<source>/, written under a hidden
name and renamed when it is whole (``placing.py``). The cursor is handed back, and counts from when the caller records it:
a crash before that extracts the same rows again, which are the same content and so no new import.

With a cursor, rows from the last extraction's cursor on are read, that value included: a row may be committed later with
a cursor that another has, too. The cursor therefore carries a digest of the rows that had it; as long as they are the same
they are left out. Rows that are committed late with a lower cursor are what an overlap is for. The cursor never moves back:
a table that no longer reaches it is reported.

What does not belong here: remembering cursors (the ledger), reading the environment (it is passed in).
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from cdp_assets.sources.contract_model import SourceContract, SqlExtract
from cdp_assets.sources.headers import check_header
from cdp_assets.sources.placing import (
    clear_unfinished,
    digest_of,
    last_number,
    number_of,
    placed_name,
    put_in_place,
    unfinished_file,
)
from cdp_assets.sources.reading import content_sha256
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.typed_tables import value_as_text

ROWS_AT_ONCE = 10_000
"""Rows fetched, turned into text and written at a time."""

REPORTED_ROWS = 100_000
"""Progress is told each time that about so many more rows have been written."""

KIND = "extract"

ENDING = ".parquet"

DRIVER_PACKAGES = {
    "MySQLdb": "mysqlclient (or write mysql+pymysql:// and install pymysql)",
    "pymysql": "pymysql",
    "mariadb": "mariadb",
    "psycopg2": "psycopg2 (or write postgresql+psycopg://, which is installed)",
    "pyodbc": "pyodbc",
    "oracledb": "oracledb",
    "cx_Oracle": "oracledb, and write oracle+oracledb://",
}
"""What to install for a driver's module; for others, the package that is called like it."""

Cursor = str | int | float | Decimal | date | datetime

_CURSOR_TYPES = {"text": str, "int": int, "float": float, "decimal": Decimal, "date": date, "datetime": datetime}


class ExtractionFailed(RuntimeError):  # noqa: N818 (what happened, as FileRefused)
    """A database or a store could not be read. Says what to do; never a value, a query, a file's name or a password.

    ``landed``: rows of ``sources/<source>_extracts`` for what had landed before.
    """

    landed: pl.DataFrame | None = None


@dataclass(frozen=True)
class Extraction:
    """What an extraction has landed.

    ``path`` is None when there was nothing to land: only warnings, or rows that are an import already. ``cursor`` is to be
    recorded once the caller has taken note of the file; None where the contract has no cursor. ``rows_without_cursor`` are
    only ever read by a first extraction, because nothing says when they changed. ``is_new`` is false when the file that is
    newest in landing has the same content. ``warnings`` are for a person, and hold no value.
    """

    path: Path | None
    rows: int
    cursor: str | None
    content_sha256: str | None
    rows_without_cursor: int
    is_new: bool
    warnings: tuple[str, ...] = ()


def extract(
    contract: SourceContract,
    workspace_home: Path,
    since: str | None,
    environment: Mapping[str, str],
    *,
    report: Callable[[str], None] | None = None,
    known: Collection[str] = frozenset(),
    numbered_after: int = 0,
) -> Extraction | None:
    """Read the contract's table or query and land its rows; None when there is nothing new, and nothing to say.

    ``since`` is the cursor of the last extraction, as that returned it. ``report`` is told how many rows have been read, and
    the warnings. Content whose hash is ``known`` has been imported and is not landed again. ``numbered_after`` is the
    highest number of any file that ever landed for the source; those that are there are counted in any case. A SQLite path
    is relative to the workspace. Raises :class:`ExtractionFailed`.
    """
    selection = contract.extract.sql
    if selection is None:
        raise ExtractionFailed(f"{contract.source}: its contract names no database; add `extract: sql`")
    since = None if selection.cursor is None else since
    folder = workspace_home / "landing" / contract.source
    engine = _engine(contract.source, selection, workspace_home, environment)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        clear_unfinished(folder, KIND)
        with unfinished_file(folder, KIND) as unfinished:
            written = _write(engine, contract, selection, _since(contract.source, since), unfinished, report)
            doubts = _warnings(contract.source, selection, written, since)
            for warning in doubts if report is not None else ():
                report(warning)  # type: ignore[misc]
            cursor = _further(written.ties, since)
            if not written.rows or (not selection.overlap and since is not None and cursor == since):
                return Extraction(None, 0, cursor, None, 0, False, doubts) if doubts else None
            digest = content_sha256(unfinished)
            if digest in known:
                path, is_new = None, False
            else:
                path, is_new = _land(folder, unfinished, digest, numbered_after)
        return Extraction(path, written.rows, cursor, digest, written.rows_without_cursor, is_new, doubts)
    except sa.exc.SQLAlchemyError as problem:
        raise _failed(contract.source, problem) from None
    except FileRefused as refused:
        raise ExtractionFailed(f"{contract.source}: {refused}") from None
    except OSError as problem:
        raise ExtractionFailed(
            f"{contract.source}: its extract could not be written ({type(problem).__name__}); check the disk of landing/"
        ) from None
    except (pa.ArrowException, UnicodeError):
        raise ExtractionFailed(
            f"{contract.source}: its database handed out text that is no Unicode; mend the rows, or select around them"
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
    except ImportError as problem:
        module = (problem.name or "its driver").partition(".")[0]
        raise ExtractionFailed(
            f"{source}: the driver of its database is not installed ({module}); install "
            f"{DRIVER_PACKAGES.get(module, module)}"
        ) from None
    except (sa.exc.SQLAlchemyError, ValueError) as problem:
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
    connection: sa.Connection, contract: SourceContract, selection: SqlExtract, since: _Since | None
) -> sa.Select[Any]:
    """The rows to read, in an order that only the data decides: by cursor, then by key (or else by every column)."""
    source = contract.source
    names, rows = _columns(connection, selection)
    check_header(names)
    if selection.cursor is not None and selection.cursor not in names:
        raise ExtractionFailed(f"{source}: the cursor column '{selection.cursor}' is not in its table or query")
    columns = [rows.c[name] for name in names]
    has_key = bool(contract.key) and set(contract.key) <= set(names)
    # Without a key every column tells rows apart: as text, for there are types (json) that have no order.
    by_text = [sa.cast(column, sa.Text()) for column in columns]
    order: list[sa.ColumnElement[Any]] = [rows.c[name] for name in contract.key] if has_key else [*by_text]
    query = sa.select(*columns)
    if selection.cursor is None:
        return query.order_by(*order)
    cursor = rows.c[selection.cursor]
    if since is not None:
        query = query.where(cursor >= _before(source, since.value, selection.overlap))
    return query.order_by(cursor, *(column for column in order if column is not cursor))


def _columns(connection: sa.Connection, selection: SqlExtract) -> tuple[list[str], sa.FromClause]:
    """Column names, and the table or query with columns that no type of SQLAlchemy's reads anything into."""
    if selection.table is not None:
        schema, _, name = selection.table.rpartition(".")
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", sa.exc.SAWarning
            )  # of types that are unknown to it; only names are asked for
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


@dataclass(frozen=True)
class _Since:
    """The cursor that the last extraction came to, and a digest of the rows that had it."""

    value: Cursor
    ties: str


@dataclass
class _Ties:
    """The highest cursor so far, and a digest of the rows that have it, in any order."""

    value: Cursor | None = None
    digest: int = 0

    def add(self, rows: Sequence[Sequence[Any]], position: int) -> None:
        """Take in a batch of rows, which are in the order of the cursor; those without one may come first or last."""
        last = next((row[position] for row in reversed(rows) if row[position] is not None), None)
        if last is None:
            return
        if last != self.value:
            self.value, self.digest = last, 0
        for row in reversed(rows):
            if row[position] is None:
                continue
            if row[position] != last:
                break
            self.digest = (self.digest + _row_digest(row)) % 2**64

    @property
    def text(self) -> str:
        return f"{self.digest:016x}"


def _row_digest(row: Sequence[Any]) -> int:
    said = repr([value_as_text(value) for value in row]).encode("utf-8", "backslashreplace")
    return int.from_bytes(hashlib.sha256(said).digest()[:8])


def _cursor_text(ties: _Ties) -> str:
    """A cursor with its type, so that the next extraction compares like with like, and the digest: ``int@5c…:42``."""
    kind = next(name for name, python_type in _CURSOR_TYPES.items() if type(ties.value) is python_type)
    return f"{kind}@{ties.text}:{value_as_text(ties.value)}"


def _since(source: str, text: str | None) -> _Since | None:
    if text is None:
        return None
    kind, _, value = text.partition(":")
    kind, _, ties = kind.partition("@")
    readers: Mapping[str, Any] = {
        "text": str,
        "int": int,
        "float": float,
        "decimal": Decimal,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
    }
    try:
        return _Since(readers[kind](value), ties)
    except (KeyError, ValueError, ArithmeticError):
        raise ExtractionFailed(
            f"{source}: its recorded cursor is not readable; `cdp source restart {source}` extracts everything"
        ) from None


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


def _further(ties: _Ties, since: str | None) -> str | None:
    """The new cursor; the former one when an overlap gave only rows that lie before it."""
    if ties.value is None:
        return since
    former = _since("", since)
    return since if former is not None and _is_before(ties.value, former.value) else _cursor_text(ties)


def _is_before(cursor: Cursor, other: Cursor) -> bool:
    return type(cursor) is type(other) and cursor < other  # type: ignore[operator]


def _warnings(source: str, selection: SqlExtract, written: _Written, since: str | None) -> tuple[str, ...]:
    """What a person should know though nothing failed."""
    former = _since(source, since)
    doubts = []
    if former is not None and (written.ties.value is None or _is_before(written.ties.value, former.value)):
        doubts.append(
            f"{source}: no row reaches the cursor that was reached before: its newest rows were deleted, or its table was "
            "emptied or restored. Rows that are written now with lower cursors are not seen; if it was restored, "
            f"`cdp source restart {source}` extracts everything once more (what is known already adds nothing)"
        )
    if written.rows_without_cursor:
        doubts.append(
            f"{source}: {written.rows_without_cursor:,} rows have nothing in the cursor column '{selection.cursor}': they are "
            "read by the first extraction only; choose a column that is always filled, or a query that fills it"
        )
    return tuple(doubts)


# -- the file ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Written:
    """``rows`` that were written; ``ties`` of all that were read; ``rows_without_cursor`` among them."""

    rows: int
    rows_without_cursor: int
    ties: _Ties = field(default_factory=_Ties)


_Rows = Sequence[Sequence[Any]]


def _write(
    engine: sa.Engine,
    contract: SourceContract,
    selection: SqlExtract,
    since: _Since | None,
    path: Path,
    report: Callable[[str], None] | None,
) -> _Written:
    written = without = 0
    ties = _Ties()
    with engine.connect() as connection:
        query = _query(connection, contract, selection, since)
        connection = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE)
        with connection.execute(query) as streamed:
            names = list(streamed.keys())
            schema = pa.schema([pa.field(name, pa.string()) for name in names])
            batches: Iterable[_Rows] = streamed.partitions(ROWS_AT_ONCE)
            if selection.cursor is not None:
                position = names.index(selection.cursor)
                batches = _watched(batches, position, ties, contract.source)
                if since is not None and not selection.overlap:
                    batches = _without_known_ties(batches, position, since)
            with pq.ParquetWriter(path, schema, compression="zstd") as writer:
                for batch in batches:
                    columns = list(zip(*batch, strict=True))
                    arrays = [_text_array(values) for values in columns]
                    writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                    if selection.cursor is not None:
                        without += sum(value is None for value in columns[position])
                    if report is not None and written // REPORTED_ROWS != (written + len(batch)) // REPORTED_ROWS:
                        report(f"{contract.source}: {written + len(batch):,} rows read from its database")
                    written += len(batch)
    return _Written(written, without, ties)


def _watched(batches: Iterable[_Rows], position: int, ties: _Ties, source: str) -> Iterator[_Rows]:
    """The same batches; ``ties`` follows them."""
    kinds: set[type] = set()
    for batch in batches:
        values = [row[position] for row in batch if row[position] is not None]
        kinds |= {type(value) for value in values}
        if len(kinds) > 1 or not kinds <= set(_CURSOR_TYPES.values()) or any(value != value for value in values[-1:]):
            raise ExtractionFailed(
                f"{source}: its cursor column holds values of several types, or of one that does not grow; "
                "use a time or a number"
            )
        ties.add(batch, position)
        yield batch


def _without_known_ties(batches: Iterable[_Rows], position: int, since: _Since) -> Iterator[_Rows]:
    """The batches, without the rows at their beginning that have the remembered cursor, when these are as remembered.

    They are held back until that shows, but never more of them than fit into memory: a table of which millions of rows have
    one cursor repeats them, which adds nothing.
    """
    held: list[Sequence[Any]] = []
    remaining = iter(batches)
    rest: _Rows = ()
    for batch in remaining:
        count = next((n for n, row in enumerate(batch) if row[position] != since.value), len(batch))
        held += batch[:count]
        rest = batch[count:]
        if rest or len(held) > ROWS_AT_ONCE:
            break
    ties = _Ties()
    ties.add(held, position)
    if held and (ties.text != since.ties or len(held) > ROWS_AT_ONCE):
        yield held
    if rest:
        yield rest
    yield from remaining


def _text_array(values: Sequence[Any]) -> pa.Array:
    types = {type(value) for value in values} - {type(None)}
    if types <= {str}:
        return pa.array(values, pa.string())
    if types == {int}:
        return pa.array(values).cast(pa.string()) if _fit(values) else pa.array(map(value_as_text, values), pa.string())
    return pa.array([value_as_text(value) for value in values], pa.string())


def _fit(values: Sequence[int | None]) -> bool:
    return all(value is None or -(2**63) <= value < 2**63 for value in values)


def _land(folder: Path, unfinished: Path, digest: str, numbered_after: int) -> tuple[Path, bool]:
    """Give the whole file its name: the next number, so that extracts count in the order they were made.

    The same content as the newest one's is the same file. The content of an older one is not: a table that is again what it
    once was says so by a new file.
    """
    made = sorted((number_of(path.name), path.name) for path in folder.iterdir() if number_of(path.name))
    if made and digest_of(made[-1][1]) == digest[:12]:
        return folder / made[-1][1], False
    number = max(numbered_after, last_number(name for _, name in made)) + 1
    path = folder / placed_name(KIND, number, digest, ENDING)
    put_in_place(unfinished, path)
    return path, True
