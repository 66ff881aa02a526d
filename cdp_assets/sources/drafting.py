"""A contract drafted from a file, for a person to read, correct and keep.

Headers are understood in five languages, values are looked at (never shown); each guess says that it is one. The draft is
a contract that can be used as it stands, unless nothing tells the rows of the file apart: then it asks for a key.

What does not belong here: deciding. Where a wrong guess would do harm (deleting what a snapshot no longer holds, joining
people by an identifier, reading an answer as a consent) the draft takes the careful side and says what to change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cdp_assets.sources import contract_checks as checks
from cdp_assets.sources.column_guesses import Columns
from cdp_assets.sources.contract_model import Extract, SourceContract, raw_column
from cdp_assets.sources.draft_yaml import Draft, draft_yaml, file_pattern
from cdp_assets.sources.field_guesses import guess_fields
from cdp_assets.sources.header_meaning import header_parts, identifier_of
from cdp_assets.sources.key_guesses import key_of_events, key_of_profiles
from cdp_assets.sources.kind_guesses import guess_kind
from cdp_assets.sources.line_problems import VALUE_WITHOUT_COLUMN
from cdp_assets.sources.list_guesses import with_items
from cdp_assets.sources.moment_guesses import guess_moments
from cdp_assets.sources.reading import Table, read_table
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.yaml_text import parse_yaml

ENCODINGS_TRIED = ("windows-1252", "latin-1", "utf-16-le", "utf-16-be")
"""What a file that is not UTF-8 usually is, the strictest first."""

DELIMITERS_TRIED = (",", ";", "\t", "|")

KEYS_ASKED_FOR = ("record_id", "row_id", "source_record_id", "id_of_this_row")
"""What a key is called that a file lacks: the first name that none of its columns has."""

ENOUGH_TO_TELL = 20
"""Filled values from which repetition is no accident."""

OFTEN_REPEATED = 0.1
"""Share of distinct values below which an identifier identifies groups, not people: one person seldom has ten rows."""


def draft_contract(path: Path, source: str | None = None) -> str:
    """YAML text of a contract for files like ``path``, with comments that mark the guesses.

    ``source`` defaults to a name made from the file's. The text loads with ``load_contract`` once it is saved as
    ``contracts/<source>.yaml``. Raises :class:`FileRefused` for a file that can not be read, has no header, or of which no
    contract can be made that loads (nothing in it is understood, and nothing tells its rows apart), and a ``ValueError`` for
    a ``source`` that can not be a source's name. Where no column is a key, the draft names one that the file lacks, so that
    nothing is imported before it is there.
    """
    path = path.resolve()
    name = checks.source_name(source) if source is not None else _source_name(path)
    extract, table = _read(path)
    if not table.header:
        raise FileRefused("empty", "it holds no row, so nothing can be told from it", "draft from a file that has some")
    _refuse_data_as_header(table.header)
    _refuse_nameless_column(table)
    draft, columns = Draft(name), _columns(table)
    guess_fields(draft, columns)
    guess_kind(draft, columns)
    guess_moments(draft, columns)
    _guess_key(draft, columns)
    _guess_identifiers(draft, columns)
    text = draft_yaml(draft, path, extract, table.header)
    SourceContract.model_validate(parse_yaml(text).value)
    return text


# -- reading ----------------------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[Extract, Table]:
    """The table, and what had to be assumed to read it."""
    extract = Extract(files=file_pattern(path))
    try:
        return extract, read_table(path, extract)
    except FileRefused as refused:
        if refused.rule in ("encoding", "nul_bytes"):
            extract = _with_encoding(path, extract)
        elif refused.rule != "delimiter_unclear":
            raise
    try:
        return extract, read_table(path, extract)
    except FileRefused as refused:
        if refused.rule != "delimiter_unclear":
            raise
    tried = [extract.model_copy(update={"delimiter": mark}) for mark in DELIMITERS_TRIED]
    return max(_readable(path, tried), key=_regularity)


def _with_encoding(path: Path, extract: Extract) -> Extract:
    for encoding in ENCODINGS_TRIED:
        tried = extract.model_copy(update={"encoding": checks.encoding(encoding)})
        try:
            read_table(path, tried)
        except FileRefused as refused:
            if refused.rule in ("encoding", "nul_bytes"):
                continue
        return tried
    raise FileRefused("encoding", "it is no text that can be told", "declare `extract: encoding`, or deliver UTF-8")


def _readable(path: Path, tried: Sequence[Extract]) -> list[tuple[Extract, Table]]:
    read: list[tuple[Extract, Table]] = []
    for extract in tried:
        try:
            read.append((extract, read_table(path, extract)))
        except FileRefused:
            continue
    if not read:
        raise FileRefused("delimiter_unclear", "no delimiter gives a header", "declare `extract: delimiter`")
    return read


def _regularity(candidate: tuple[Extract, Table]) -> tuple[float, int]:
    """How well a delimiter fits: sound rows first, then columns."""
    _, table = candidate
    sound = table.rows.get_column("_problem").null_count() / max(1, table.rows.height)
    return (sound if len(table.header) > 1 else 0.0, len(table.header))


def _columns(table: Table) -> Columns:
    readable = table.rows.filter(table.rows.get_column("_problem").is_null())
    rows = readable.select(raw_column(name) for name in table.header)
    return Columns(*with_items(table.header, rows)) if table.file_format == "jsonl" else Columns(table.header, rows)


def _refuse_data_as_header(header: Sequence[str]) -> None:
    """A header of values would put them into the contract."""
    if any(re.search(r"@.+\.|\d{5}|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$|^\d+$", name) for name in header):
        raise FileRefused(
            "header_missing", "its first line holds values instead of column names", "add a header, then draft again"
        )


def _refuse_nameless_column(table: Table) -> None:
    """A last column that has values and no name would cost every row that has one: better told before anything is imported."""
    problems = table.rows.get_column("_problem")
    nameless = int((problems == VALUE_WITHOUT_COLUMN).sum())
    if nameless > problems.null_count():
        raise FileRefused(
            "header_empty",
            f"{nameless:,} rows have a value in a column at the end that has no name",
            "give every column a name in the first line",
        )


# -- key and identifiers ----------------------------------------------------------------------------------------------


def _guess_key(draft: Draft, columns: Columns) -> None:
    if draft.kind != "profiles":
        found = key_of_events(columns)
        draft.key = list(found.columns) if found else []
        return
    found = key_of_profiles(columns, draft.used(), draft.mapped("email"))
    if found is None:
        draft.key = [next((name for name in KEYS_ASKED_FOR if name not in columns.header), KEYS_ASKED_FOR[-1])]
        draft.notes["key"] = (
            "CHECK: no column, and no few of them together, tell its rows apart: have the source number its rows, in a column "
            "of this name; files without it are refused"
        )
        return
    draft.key = list(found.columns)
    if len(found.columns) > 1 and not found.repeated and not set(found.columns) & set(draft.mapped()):
        draft.notes["key"] = "guess: no column alone identifies a row, these do together"
    elif len(found.columns) > 1:
        alike = f" ({found.repeated:,} rows are alike in them)" if found.repeated else ""
        draft.notes["key"] = (
            f"CHECK: no column identifies a row; these do together{alike}. Where one of them is corrected, its row becomes "
            "another record: better have the source number its rows"
        )
    elif found.repeated:
        draft.notes["key"] = f"CHECK: {found.repeated:,} rows of the file have no key of their own"


def _guess_identifiers(draft: Draft, columns: Columns) -> None:
    """Exact keys by their headers. Where nothing at all is recognised, the key: it joins nobody, and the draft loads."""
    repeated: list[str] = []
    for name in columns.header:
        guess = identifier_of(name)
        if guess is None or name in draft.used() or guess in draft.identifiers:
            continue
        look = columns.looks[name]
        is_often = look.filled * columns.height >= ENOUGH_TO_TELL and look.distinct < OFTEN_REPEATED
        if draft.kind == "profiles" and is_often:
            repeated.append(name)
        else:
            draft.identifiers[guess] = name
    if repeated:
        draft.notes["identifiers"] = f"values repeat too often to identify a person: {', '.join(map(repr, repeated))}"
    if draft.columns or draft.constants or draft.identifiers:
        return
    if len(draft.key) != 1 or draft.key[0] not in columns.header or draft.notes.get("key"):
        raise FileRefused(
            "nothing_recognised",
            "none of its columns is understood, and none identifies a row",
            "give columns plain names such as Email or Last name, or write the contract by hand",
        )
    draft.identifiers[f"{draft.source}_id"] = draft.key[0]


# -- the source's name ------------------------------------------------------------------------------------------------


def _source_name(path: Path) -> str:
    """A name of the source from the file's, without dates and numbers; names of people do not look like either."""
    stem = path.name.split(".", 1)[0]
    words = [part for part in header_parts(stem) if not part.isdecimal() and part not in _NOT_A_SOURCE]
    return "_".join(words)[:40].strip("_") or "source"


_NOT_A_SOURCE = frozenset({"export", "dump", "full", "delta", "final", "copy", "new", "latest", "t", "z"})
