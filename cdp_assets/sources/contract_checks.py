"""What single values of a source contract must be, each with what to write instead.

Each function takes the text that was written and returns it in its one form, or raises :func:`refused`.

What does not belong here: how values belong together (``contract_model.py``).
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Iterable, Mapping

from pydantic_core import PydanticCustomError

from cdp_assets.sources.countries import COUNTRY_CODES
from cdp_assets.sources.vocabulary import ALSO_KNOWN_AS, CANONICAL_FIELDS
from cdp_assets.sources.yaml_text import Path

LONGEST_SOURCE_NAME = 60
"""Source names become table, folder and asset names."""

DELIMITER_NAMES: Mapping[str, str] = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "colon": ":",
    "space": " ",
    "caret": "^",
    "tilde": "~",
}

RESERVED_IDENTIFIERS = frozenset({"email", "phone"})
"""Types of identifiers that columns already feed."""

_OVERLAP = re.compile(r"\d+( ?(second|minute|hour|day)s?)?")

_PERIOD = re.compile(r"(\d+) ?(minute|min|m|hour|h|day|d|week|w)s?")
_PERIOD_WORDS = {"hourly": "1 hour", "daily": "1 day", "weekly": "1 week"}
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_URL = re.compile(r"[a-z][a-z0-9+.-]*://.+")


def refused(problem: str, advice: str, at: Path = ()) -> PydanticCustomError:
    """The error of a value that a contract may not have: what is wrong, what to do, and where, below the value."""
    return PydanticCustomError("contract", "{problem}", {"problem": problem, "advice": advice, "at": at})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'kind'?)``, or nothing when no known word is near."""
    known = list(known)
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower()).strip("_")
    near = difflib.get_close_matches(plain, known, n=1, cutoff=0.6)
    alias = ALSO_KNOWN_AS.get(plain)
    meant = plain if plain in known else alias if alias in known else near[0] if near else None
    return f" (did you mean '{meant}'?)" if meant else ""


def column_name(text: str) -> str:
    """A source column's name: any text that is not blank."""
    if not text.strip():
        raise refused("expected a column name, found nothing", "name the source column as the file's header spells it")
    return text


def file_pattern(pattern: str) -> str:
    """A pattern of file names without folders; or the URL of a folder of files, with a pattern at its end."""
    if _URL.fullmatch(pattern):
        folder, _, last = pattern.rpartition("/")
        if not last or folder.endswith(("/", ":")) or any(mark in folder for mark in "*?["):
            raise refused(
                "expected a URL that ends in a pattern of file names, below a folder",
                "write for example s3://bucket/exports/*.csv",
            )
        return pattern
    if "/" in pattern or "\\" in pattern or not pattern.strip():
        raise refused(
            "expected a pattern of file names such as *.csv, without a folder",
            "files are looked for in landing/<source>/ itself; name only the files",
        )
    return pattern


def period(text: str) -> str:
    """How often something is expected, in one form: ``1 day``."""
    found = _PERIOD.fullmatch(_PERIOD_WORDS.get(text.strip().lower(), text.strip().lower()))
    if found is None or int(found[1]) == 0:
        raise refused("expected how often deliveries come", "write for example `1 hour`, `1 day`, `daily` or `2 weeks`")
    word = {"m": "minute", "h": "hour", "d": "day", "w": "week"}[found[2][0]]
    return f"{int(found[1])} {word}{'' if int(found[1]) == 1 else 's'}"


def period_seconds(text: str) -> int:
    """The seconds in a :func:`period`."""
    amount, word = text.split(" ")
    return int(amount) * _SECONDS[word[0]]


def share(written: object) -> object:
    """A share of one, which may be written as a percentage: ``30%``."""
    if isinstance(written, str) and written.strip().endswith("%"):
        try:
            return float(written.strip()[:-1]) / 100
        except ValueError:
            raise refused("expected a share", "write for example 0.3 or 30%") from None
    return written


def encoding(name: str) -> str:
    """The name of a text encoding, as Python spells it."""
    try:
        codec = codecs.lookup(name)
        b"a".decode("ascii").encode(codec.name).decode(codec.name)
    except (LookupError, ValueError):
        raise refused(
            "expected the name of a text encoding", "write for example utf-8, latin-1, windows-1252 or utf-16"
        ) from None
    return codec.name


def delimiter(text: str) -> str:
    """One character that parts columns; ``tab`` and the like may be spelled out."""
    delimiter = DELIMITER_NAMES.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n' or ord(delimiter) > 127:
        raise refused("expected one character that parts columns", "write for example ',', ';', tab or '|'")
    return delimiter


def overlap(text: str) -> str:
    """How far an incremental extraction reads back."""
    if not _OVERLAP.fullmatch(text):
        raise refused(
            "expected how far to read back", "write for example `15 minutes`, `2 hours`, `1 day`, or a number"
        )
    return text


def canonical_field(name: str) -> str:
    """A canonical field's name."""
    if name not in CANONICAL_FIELDS:
        meant = did_you_mean(name, CANONICAL_FIELDS)
        raise refused(
            f"'{name}' is not a canonical field{meant}",
            "map an exact key that systems share under identifiers; leave other columns out (raw keeps them)",
        )
    return name


def identifier_name(name: str) -> str:
    """The name of an identifier that systems share."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise refused("expected an identifier name of a-z, 0-9 and _", "write for example loyalty_id")
    if name in RESERVED_IDENTIFIERS:
        raise refused(f"'{name}' is a field, not an identifier", f"map it under columns: `{name}: …`")
    return name


def source_name(name: str) -> str:
    """A source's name, fit for tables and folders."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(name) > LONGEST_SOURCE_NAME:
        raise refused(
            f"expected a source name of a-z, 0-9 and _, beginning with a letter, at most {LONGEST_SOURCE_NAME} long",
            "rename the source and its file, for example crm",
        )
    return name


def country(code: str) -> str:
    """A country code, in capitals."""
    upper = code.strip().upper()
    if upper == "UK":  # reserved for the United Kingdom in ISO 3166, and what everybody writes
        return "GB"
    if upper not in COUNTRY_CODES:
        raise refused("expected a country of two letters (ISO 3166-1)", "write for example US, GB, DE or PL")
    return upper


def date_format(text: str) -> str:
    """A date format in strptime directives."""
    if "%" not in text:
        meant = _strptime_of(text)
        raise refused(
            "expected a date format of % directives",
            f'write date_format: "{meant}"' if meant else 'write for example date_format: "%d/%m/%Y"',
        )
    return text


def _strptime_of(text: str) -> str | None:
    """``DD/MM/YYYY`` in strptime's words, when that is what was meant."""
    meant = text
    for word, directive in (("YYYY", "%Y"), ("YY", "%y"), ("MM", "%m"), ("DD", "%d"), ("HH", "%H"), ("SS", "%S")):
        meant = re.sub(word, directive, meant, flags=re.IGNORECASE)
    return meant if "%" in meant and not re.search(r"(?<!%)[A-Za-z]", meant) else None
