"""A workspace that holds everything which can go wrong half-way, and resolves in a few seconds.

======= ========== ========= ==============================================================================================
source  kind       delivers  files
======= ========== ========= ==============================================================================================
crm     profiles   snapshot  two snapshots: one record changed, one gone, one new; a line without a key, one of too few values
support profiles   changes   three JSON-lines files, two of which overlap and one of which is an exact copy (gzipped)
web     consents   events    one file without keys that says one thing twice; one that repeats its end; one that is no table
shop    profiles   changes   no file: a SQLite table with a cursor
======= ========== ========= ==============================================================================================
"""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from cdp_assets_tests.faults.conftest import IS_FULL

CONTRACTS = {
    "crm": "source: crm\nkind: profiles\ndelivers: snapshot\nkey: id\nobserved_at: changed\ntrust: 80\ncountry: GB\n"
    'extract: {files: "*.csv"}\n'
    "columns: {first_name: First, last_name: Last, email: Email, street: Street, city: City, postcode: Zip}\n",
    "support": "source: support\nkind: profiles\ndelivers: changes\nkey: id\nobserved_at: at\ntrust: 30\ncountry: GB\n"
    "after_import: archive\n"
    'extract: {files: "*.jsonl"}\ncolumns: {full_name: who.name, email: who.email}\n',
    "web": "source: web\nkind: consents\ndelivers: events\nobserved_at: at\ntrust: 20\ncountry: GB\nafter_import: remove\n"
    'extract: {files: "*.csv"}\ncolumns: {email: mail, consent: said, purpose: {value: marketing}, channel: {value: email}}\n',
    "shop": "source: shop\nkind: profiles\ndelivers: changes\nkey: no\nobserved_at: changed\ntrust: 60\ncountry: GB\n"
    'extract: {sql: {url: "sqlite:///shop.db", table: customers, cursor: changed}}\n'
    "columns: {full_name: name, email: mail, street: street, city: city, postcode: zip}\n",
}
SEGMENTS = "segments:\n  may_get_mail:\n    about: People who said yes\n    where: {consent: {purpose: marketing, channel: email}}\n"

LANDED_AT = 1_717_200_000
"""When the first file landed (2024-06-01); each further one a minute later."""

PEOPLE = (
    ("Ana", "Whitlock", "12 Harbour Lane", "Whitby", "YO21 3PU"),
    ("Ben", "Oduya", "4 Mill Road", "Leeds", "LS1 4AB"),
    ("Cara", "Lindqvist", "9 Quay Street", "Bristol", "BS1 5TY"),
    ("Dmitri", "Arsenault", "31 Elm Grove", "York", "YO31 7TP"),
    ("Esme", "Farquhar", "77 Station Road", "Derby", "DE1 2AA"),
    ("Farid", "Haddad", "5 Church Close", "Exeter", "EX4 6DH"),
    ("Greta", "Nyström", "18 Castle Hill", "Lincoln", "LN1 3AA"),
    ("Hugo", "Barczyk", "2 Orchard Way", "Bath", "BA1 1LN"),
)


def mail(number: int) -> str:
    """The address that person ``number`` uses everywhere."""
    first, last, *_ = PEOPLE[number]
    return f"{first}.{last}@mail{number}.example".lower().replace("ö", "oe")


def build(home: Path) -> Path:
    """Make the workspace in ``home`` and return it. Twice the same, byte for byte."""
    (home / "contracts").mkdir(parents=True)
    (home / "policies").mkdir()
    for source, contract in CONTRACTS.items():
        (home / "contracts" / f"{source}.yaml").write_text(contract)
        (home / "landing" / source).mkdir(parents=True)
    (home / "policies" / "segments.yaml").write_text(SEGMENTS)
    for minute, (name, content) in enumerate(_files()):
        land(home, name, content, LANDED_AT + 60 * minute)
    _shop(home / "shop.db")
    return home


def land(home: Path, name: str, content: bytes, landed_at: float | None = None) -> Path:
    """Put ``<source>/<file>`` into landing, as if it had come long ago (or at ``landed_at``)."""
    path = home / "landing" / name
    path.write_bytes(content)
    then = time.time() - 3600 if landed_at is None else landed_at
    os.utime(path, (then, then))
    return path


def csv(header: str, rows: Iterable[Sequence[str]]) -> bytes:
    """Lines of a CSV file."""
    return "".join(f"{line}\n" for line in (header, *(",".join(row) for row in rows))).encode()


def _crm_row(number: int, changed: str, street: str | None = None) -> tuple[str, ...]:
    first, last, home, city, postcode = PEOPLE[number]
    return (f"c{number}", first, last, mail(number), street or home, city, postcode, changed)


def _files() -> Iterable[tuple[str, bytes]]:
    crm = "id,First,Last,Email,Street,City,Zip,changed"
    yield (
        "crm/contacts-1.csv",
        csv(
            crm,
            [
                *(_crm_row(number, "2024-01-05") for number in range(6)),
                ("", "Nobody", "Known", "x@y.example", "", "", "", "2024-01-05"),
                ("c9", "too", "short"),
            ],
        ),
    )
    yield (
        "crm/contacts-2.csv",
        csv(
            crm,
            [
                _crm_row(0, "2024-03-01", "40 New Street"),
                *(_crm_row(number, "2024-01-05") for number in (1, 2, 3, 5)),  # 4 is gone
                _crm_row(6, "2024-03-01"),
            ],
        ),
    )
    cases = [_case(n, number, f"2024-02-{n + 1:02}") for n, number in enumerate((0, 1, 2, 3, 5, 7))]
    cases += [_case(n, n, f"2024-02-{n + 7:02}", f"new.{mail(n)}") for n in (0, 1)]  # what two of them say now
    yield "support/cases-1.jsonl", "".join(cases[:5]).encode()
    yield "support/cases-2.jsonl", "".join(cases[3:]).encode()
    yield "support/cases-2-again.jsonl.gz", gzip.compress("".join(cases[3:]).encode(), mtime=0)
    said = [(mail(n % 8), ("given", "withdrawn")[n % 3 == 2], f"2024-03-{n + 1:02}") for n in range(9)]
    yield "web/consents-1.csv", csv("mail,said,at", [*said[:6], said[5]])
    yield "web/consents-2.csv", csv("mail,said,at", said[5:])
    yield "web/consents-3-bad.csv", b"mail,mail\n" + mail(0).encode() + b",given\n"


def _case(case: int, number: int, at: str, email: str | None = None) -> str:
    first, last, *_ = PEOPLE[number]
    said = {"id": f"s{case}", "who": {"name": f"{first} {last}", "email": email or mail(number)}, "at": at}
    return f"{json.dumps(said)}\n"


def _shop(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE customers (no TEXT, name TEXT, mail TEXT, street TEXT, city TEXT, zip TEXT, changed TEXT)"
        )
        rows = [
            (f"k{n}", f"{first} {last}", mail(n), street, city, postcode, f"2024-04-{n + 1:02}T08:00:00")
            for n, (first, last, street, city, postcode) in enumerate(PEOPLE)
        ]
        database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    database.close()


MANY = 10 if IS_FULL else 5
"""Files of each of the two sources in :func:`build_many`; fewer than the full suite's are enough to be imported at once."""


def build_many(home: Path) -> Path:
    """Another one, of many small files: customers who change, and what they say of mail."""
    (home / "contracts").mkdir(parents=True)
    for source in ("support", "web"):
        (home / "contracts" / f"{source}.yaml").write_text(CONTRACTS[source])
        (home / "landing" / source).mkdir(parents=True)
    for n in range(MANY):
        person, day = n % len(PEOPLE), f"2024-03-{n + 1:02}"
        cases = _case(person, person, day, f"v{n}.{mail(person)}") + _case(100 + n, person, day)
        land(home, f"support/cases-{n}.jsonl", cases.encode(), LANDED_AT + 60 * n)
        said = [(mail(person), "given", day), (mail(person), "withdrawn", "2024-05-01")]
        land(home, f"web/consents-{n}.csv", csv("mail,said,at", said), LANDED_AT + 60 * n)
    return home
