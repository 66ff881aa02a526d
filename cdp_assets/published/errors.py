"""What can go wrong with a publication, told without a customer's value and without a password.

Database drivers put rows into their messages (``Key (customer_id)=(…) already exists``, ``COPY … line 3: "…"``) and may
put a connection string there; none of their text is passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

_ADVICE = {
    # PostgreSQL, by SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
    "28P01": "the password was refused; check the URL's user and password",
    "28000": "the user may not log in; check the URL's user and the server's pg_hba.conf",
    "3D000": "there is no such database; create it, or correct the URL",
    "3F000": "there is no schema to publish into; create one, or name one with ?options=-csearch_path%3Dschema",
    "42501": "the user may not write there; grant it CREATE on the schema (and published tables must be its own), or name another with ?options=-csearch_path%3Dschema",
    "55P03": "another session held a lock for too long; publish again when its transaction has ended",
    "57014": "the server cancelled the statement (its time limit, or an administrator); raise statement_timeout for this user",
    "53100": "the server's disk is full",
    "23503": "a foreign key that others have set on our tables holds a row that is to go; declare it ON DELETE CASCADE or SET NULL",
    "53300": "the server has no connection left",
    # SQLite, by name: https://www.sqlite.org/rescode.html
    "SQLITE_BUSY": "another process is writing to it; publish again when that has ended",
    "SQLITE_BUSY_SNAPSHOT": "another process is writing to it; publish again when that has ended",
    "SQLITE_LOCKED": "another process is writing to it; publish again when that has ended",
    "SQLITE_CANTOPEN": "the file can not be opened; check that its folder exists and may be written to",
    "SQLITE_READONLY": "the file may not be written to; change its permissions",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_NOTADB": "the file is not a SQLite database; move it away, or name another in the URL",
    "SQLITE_CORRUPT": "the file is damaged; move it away and publish again (the lake has everything)",
}


class PublicationError(RuntimeError):
    """Nothing was published; readers keep the former publication. Names tables, counts and what to do, never a value."""


@contextmanager
def told_without_values(doing: str, target: str) -> Iterator[None]:
    """Turn what a database or its driver raises into a :class:`PublicationError` that says what was being done, and where."""
    problem = None
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        problem = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig is not None else error
    if problem is not None:  # raised out here, so that the driver's own error is not chained to it
        raise PublicationError(f"{doing} in {target} failed: {explain(problem)}; nothing was published")


def explain(problem: BaseException) -> str:
    """A driver's error in our words: its kind, its code, and what is known to help."""
    code = getattr(problem, "sqlstate", None) or getattr(problem, "sqlite_errorname", None)
    name = type(problem).__name__
    told = f"{name} {code}" if code else name
    advice = _ADVICE.get(code or "")
    if advice is None and name == "OperationalError" and code is None:
        advice = (
            "the database can not be reached; check that it runs and that the URL names its host, port and database"
        )
    return f"{told} ({advice})" if advice else told
