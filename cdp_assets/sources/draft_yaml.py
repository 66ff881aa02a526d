"""A draft's text: the contract as YAML, with a comment behind each guess.

What does not belong here: guessing (``drafting.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.sources import contract_checks as checks
from cdp_assets.sources.contract_model import Extract
from cdp_assets.sources.file_format import COMPRESSED_ENDINGS
from cdp_assets.sources.header_meaning import may_say_consent
from cdp_assets.sources.vocabulary import CANONICAL_FIELDS, Kind

_MAY_BE_BIRTH = (
    "CHECK: its days are spread over decades, as those of birth are: map it if they are, write it as observed_at if they say when "
    "a row was true"
)

MOST_LISTED = 50
"""Columns that are named in one comment."""


@dataclass
class Draft:
    """The contract as it takes shape: source columns by field, with what to say of each.

    ``columns``: for each field its values, each of one column or of several that are joined. ``notes``: what to say of a column,
    or of ``key``, ``observed_at``, ``date_format``, ``identifiers`` and ``addresses``. ``unsaid_birth``: a column that may be the
    day of birth, and is not taken for it.
    """

    source: str
    kind: Kind = "profiles"
    key: list[str] = field(default_factory=list)
    observed_at: str | None = None
    columns: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)
    date_format: str | None = None
    unsaid_birth: str | None = None
    notes: dict[str, str] = field(default_factory=dict)

    def mapped(self, *fields: str) -> list[str]:
        """Source columns of some fields, or of all."""
        names = fields or tuple(self.columns)
        return [column for name in names for value in self.columns.get(name, ()) for column in value]

    def used(self) -> set[str]:
        """Source columns that the draft names."""
        moment = [self.observed_at] if self.observed_at else []
        return {*self.key, *self.mapped(), *self.identifiers.values(), *moment}


def draft_yaml(draft: Draft, path: Path, extract: Extract, header: Sequence[str]) -> str:
    """The contract's text. ``header``: all columns of the file at ``path``, so that what is not mapped is said."""
    return "\n".join(
        [
            "# Drafted from a file. Read it, correct it, keep it: a guess is marked as one.",
            f"source: {draft.source}",
            "about: ''  # what this source is, for people",
            _line("kind", draft.kind, "profiles | activities | consents | corrections"),
            *_extract_lines(extract),
            *_delivery_lines(draft),
            "trust: 50  # survivorship rank, 0-100: how good this source is compared to the others",
            "# one_row_per_person: true  # two rows of this source are never one customer",
            "# country: US  # default region of phones, addresses and dates",
            *_date_lines(draft),
            *_column_lines(draft),
            *_identifier_lines(draft),
            "on_new_column: keep  # keep | ignore | refuse",
            "on_missing_column: refuse  # refuse | null",
            *_unmapped_lines(draft, header),
            "",
        ]
    )


def file_pattern(path: Path) -> str:
    """The pattern of files like this one: by its ending, whatever it is compressed with."""
    name = path.name.lower()
    for ending in COMPRESSED_ENDINGS:
        name = name.removesuffix(ending)
    ending = Path(name).suffix
    return f"*{ending}" if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else "*"


def _extract_lines(extract: Extract) -> list[str]:
    lines = ["extract:", f'  files: "{extract.files}"  # under landing/<source>/; plain, .gz or .zst']
    if extract.encoding:
        lines.append(f"  encoding: {extract.encoding}  # guess: it is not UTF-8")
    if extract.delimiter:
        spelled = next(
            (word for word, mark in checks.DELIMITER_NAMES.items() if mark == extract.delimiter), extract.delimiter
        )
        lines.append(f"  delimiter: {spelled}  # guess: the header can be split in several ways")
    return lines


def _delivery_lines(draft: Draft) -> list[str]:
    delivers = "changes" if draft.kind == "profiles" else "events"
    meaning = "snapshot: each file is the whole list, and a missing row is a deletion | changes | events"
    lines = [_line("delivers", delivers, meaning)]
    if draft.key:
        written = _quoted(draft.key[0]) if len(draft.key) == 1 else _listed(draft.key)
        lines.append(_line("key", written, draft.notes.get("key", "guess: column(s) that identify a row")))
    else:
        lines.append("# key: event_id  # without one, a row is identified by its text")
    if draft.observed_at:
        lines.append(_line("observed_at", _quoted(draft.observed_at), "guess: when the source says it was true"))
    else:
        why = draft.notes.get("observed_at", "without one, the time at which the file landed")
        lines.append(f"# observed_at: updated_at  # {why}")
    return lines


def _date_lines(draft: Draft) -> list[str]:
    note = draft.notes.get("date_format", "guess")
    if draft.date_format is not None:
        return [_line("date_format", json.dumps(draft.date_format), note)]
    return [f'# date_format: "%Y-%m-%d"  # {note}'] if "date_format" in draft.notes else []


def _column_lines(draft: Draft) -> list[str]:
    lines = ["columns:  # canonical field <- source column, or a list of them"]
    for name in CANONICAL_FIELDS:
        if name in draft.constants:
            lines.append(f"  {name}: {{value: {draft.constants[name]}}}  # guess: the same for every row")
        elif draft.columns.get(name):
            lines.append(_line(f"  {name}", _values(draft, name), _note(draft, name)))
        elif name == "date_of_birth" and draft.unsaid_birth is not None:
            lines.append(f"  # {_line(name, _quoted(draft.unsaid_birth), _MAY_BE_BIRTH)}")
    if len(lines) == 1:
        lines = ["columns: {}  # CHECK: nothing was recognised; map at least one field, such as email: Email"]
    if draft.kind == "consents":
        lines.append("  # consent: {column: …, values: {yes: given, no: withdrawn}}  # if it has other words for them")
    if "addresses" in draft.notes:
        lines.append(f"  # {draft.notes['addresses']}")
    return lines


def _values(draft: Draft, name: str) -> str:
    if name in draft.translations:
        said = ", ".join(f"{json.dumps(word)}: {means}" for word, means in draft.translations[name].items())
        return f"{{column: {_quoted(draft.columns[name][0][0])}, values: {{{said}}}}}"
    written = [
        _quoted(value[0]) if len(value) == 1 else f"{{columns: {_listed(value)}}}" for value in draft.columns[name]
    ]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _note(draft: Draft, name: str) -> str:
    notes = [draft.notes[column] for column in draft.mapped(name) if column in draft.notes]
    if notes:
        return f"guess: {notes[0]}"
    return "guess: joined by blanks" if any(len(value) > 1 for value in draft.columns[name]) else ""


def _identifier_lines(draft: Draft) -> list[str]:
    if draft.identifiers:
        lines = ["identifiers:  # guess: exact keys that systems share; remove what is not"]
        lines += [f"  {name}: {_quoted(column)}" for name, column in draft.identifiers.items()]
    else:
        lines = ["# identifiers:  # exact keys that systems share", "#   loyalty_id: LoyaltyNo"]
    return [*lines, f"# {draft.notes['identifiers']}"] if "identifiers" in draft.notes else lines


def _unmapped_lines(draft: Draft, header: Sequence[str]) -> list[str]:
    used = draft.used()
    lists = {name.rpartition(".")[0] for name in used} | {name.rpartition(".")[0].rpartition(".")[0] for name in used}
    unmapped = [name for name in header if name not in used | lists]
    lines: list[str] = []
    consents = [name for name in unmapped if may_say_consent(name)] if draft.kind == "profiles" else []
    if consents:
        lines.append(
            "# CHECK: these may say who agreed to be contacted, which profiles do not; read them by a second source of "
            f"kind consents: {', '.join(map(_quoted, consents[:MOST_LISTED]))}"
        )
    if unmapped:
        lines.append("# not mapped (raw keeps them): " + ", ".join(map(_quoted, unmapped[:MOST_LISTED])))
    return lines


def _line(key: str, value: str, comment: str) -> str:
    return f"{key}: {value}  # {comment}" if comment else f"{key}: {value}"


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"


def _quoted(name: str) -> str:
    """A column's name as YAML: plain where nothing could be read into it."""
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*", name) is not None
    is_word = name.lower() in ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
    return name if is_plain and not is_word else json.dumps(name, ensure_ascii=not name.isprintable())
