"""The parts of a source contract, and what follows from them.

Choices that the YAML leaves open, made here once:

- Street, city, region, postcode and country may be lists, read side by side as postal addresses. A field with one
  column feeds the first address only: a previous street in the current city would be an address where nobody ever
  lived. A country and a constant (``{value: …}``) hold for all addresses.
- ``values`` translates what it lists; what it does not list stays as delivered, for the field's own standard to judge.
- A row of activities, consents or corrections may speak of all three (a bounce in a consent export); a row of
  profiles says what is true of a person, never what happened.
- Without a key, an event is identified by its text (``reading.py`` keeps lines apart; standardized makes the key).

What does not belong here: reading YAML and explaining what is wrong with it (``contracts.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from cdp_assets.sources import contract_checks as checks
from cdp_assets.sources.contract_checks import refused
from cdp_assets.sources.vocabulary import (
    ADDRESS_FIELDS,
    CANONICAL_FIELDS,
    DELIVERS_BY_KIND,
    EVENT_FIELDS,
    PROFILE_FIELDS,
    Delivers,
    Kind,
)

DEFAULT_TRUST = 50
"""The middle: a source that says nothing of itself neither beats nor loses to one that does."""

DEFAULT_SHRINKAGE = 0.5
"""Half of a source's records seldom leave on one day; half of an export is easily lost on its way."""

_SAYS_NOTHING_OF_ROWS = {
    "about", "after_import", "expected_every", "may_shrink_by", "on_missing_column", "one_row_per_person", "trust",
}  # fmt: skip
"""Parts of a contract that change no record: which files are refused, what happens to them, what is expected of them,
and what later stages make of the source."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


ColumnName: TypeAlias = Annotated[str, AfterValidator(checks.column_name)]


class FieldSource(_Part):
    """Where one value of a field comes from: a source column, perhaps with a translation of its values; several columns,
    joined by a blank where they are filled (a house number and a street); or a constant."""

    column: ColumnName | None = None
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=2)] | None = None
    value: str | None = Field(default=None, min_length=1)
    values: dict[str, str] | None = None

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The source's columns that it reads; none for a constant."""
        return (self.column,) if self.column is not None else self.columns or ()

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """Their names in ``raw/<source>_imports``."""
        return tuple(raw_column(name) for name in self.source_columns)

    @model_validator(mode="after")
    def _one_origin(self) -> FieldSource:
        if sum(origin is not None for origin in (self.column, self.columns, self.value)) != 1:
            raise refused(
                "expected either `column`, `columns` or `value`",
                "write `{column: Name}`, `{columns: [Number, Street]}` or `{value: text}`",
            )
        if self.values is not None and self.column is None:
            raise refused("`values` translates a column", "write `{column: Name, values: {delivered: canonical}}`")
        return self


class IdentifierSource(_Part):
    """An exact key that systems share, how many people may carry one value before it identifies nobody, and whether a person
    has one of it at a time: two records with two of them are then two people."""

    column: ColumnName
    shared_by_at_most: int | None = Field(default=None, ge=1)
    one_per_person: bool = False

    @property
    def raw_column(self) -> str:
        """The column's name in ``raw/<source>_imports``."""
        return raw_column(self.column)


class SqlExtract(_Part):
    """A table or query of a database, read through SQLAlchemy; ``url_env`` names the variable that holds the URL."""

    url: str | None = None
    url_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    table: str | None = Field(default=None, min_length=1)
    query: str | None = Field(default=None, min_length=1)
    cursor: ColumnName | None = None
    overlap: Annotated[str, AfterValidator(checks.overlap)] | None = None

    @model_validator(mode="after")
    def _one_place_and_one_selection(self) -> SqlExtract:
        if self.url is None and self.url_env is None:
            raise refused("expected `url_env` or `url`", "name the environment variable that holds the database URL")
        if (self.table is None) == (self.query is None):
            raise refused("expected either `table` or `query`", "write `table: contacts` or `query: select …`")
        if self.overlap is not None and self.cursor is None:
            raise refused("`overlap` needs a `cursor`", "name the column that grows with every change")
        return self


class Extract(_Part):
    """How deliveries arrive: files that land, or a database that is read."""

    files: Annotated[str, AfterValidator(checks.file_pattern)] | None = None
    encoding: Annotated[str, AfterValidator(checks.encoding)] | None = None
    delimiter: Annotated[str, AfterValidator(checks.delimiter)] | None = None
    sheet: str | None = Field(default=None, min_length=1)
    sql: SqlExtract | None = None

    @property
    def folder_url(self) -> str | None:
        """The folder or bucket that files are fetched from; None where they land by themselves."""
        return self.files.rpartition("/")[0] if self.files and "://" in self.files else None

    @property
    def is_fetched(self) -> bool:
        """Whether what is delivered has to be asked for: in a database, or in a folder or bucket by its URL."""
        return self.sql is not None or self.folder_url is not None

    @property
    def file_pattern(self) -> str | None:
        """The pattern of file names, without the folder; None where a database is read."""
        return self.files.rpartition("/")[2] if self.files else None

    @model_validator(mode="before")
    @classmethod
    def _every_file_by_default(cls, written: Any) -> Any:
        if isinstance(written, dict) and "files" not in written and "sql" not in written:
            return {**written, "files": "*"}
        return written

    @model_validator(mode="after")
    def _one_way(self) -> Extract:
        if (self.files is None) == (self.sql is None):
            raise refused("expected either `files` or `sql`", 'write `files: "*.csv"` or `sql: {url_env: …, table: …}`')
        if self.sql is not None and (self.encoding or self.delimiter or self.sheet):
            raise refused("`encoding`, `delimiter` and `sheet` speak of files", "leave them out beside `sql`")
        return self


# -- what people may write, brought to one form -----------------------------------------------------------------------


def _as_field_sources(written: object) -> object:
    """A column name, a list of them, ``{value: …}`` or ``{column: …, values: …}``: always a list of sources."""
    items = written if isinstance(written, list) else [written]
    if not items:
        raise refused("expected a column name, found an empty list", "name a source column, or leave the field out")
    return [{"column": item} if isinstance(item, str) else _not_nothing(item) for item in items]


def _not_nothing(item: object) -> object:
    if item is None:
        raise refused("expected a column name, found nothing", "name a source column, or leave the field out")
    return item


def _as_identifier(written: object) -> object:
    return {"column": written} if isinstance(written, str) else _not_nothing(written)


def _as_list(written: object) -> object:
    return [written] if isinstance(written, str) else written


Columns: TypeAlias = Annotated[
    dict[
        Annotated[str, AfterValidator(checks.canonical_field)],
        Annotated[tuple[FieldSource, ...], BeforeValidator(_as_field_sources)],
    ],
    WithJsonSchema({"type": "object"}),
]
Identifiers: TypeAlias = Annotated[
    dict[
        Annotated[str, AfterValidator(checks.identifier_name)],
        Annotated[IdentifierSource, BeforeValidator(_as_identifier)],
    ],
    WithJsonSchema({"type": "object"}),
]
Key: TypeAlias = Annotated[tuple[ColumnName, ...], BeforeValidator(_as_list), WithJsonSchema({"type": "string"})]


@dataclass(frozen=True)
class AddressSource:
    """One postal address of a record: where each part comes from; None where the contract feeds no such part."""

    street: FieldSource | None = None
    city: FieldSource | None = None
    region: FieldSource | None = None
    postcode: FieldSource | None = None
    country: FieldSource | None = None


class SourceContract(_Part):
    """What one source delivers. See the module for what its parts mean and ``README.md`` for an example."""

    source: Annotated[str, AfterValidator(checks.source_name)] = Field(description="Name; also the file's name")
    about: str | None = Field(default=None, description="For people: what this source is")
    kind: Kind = Field(description="What a row is: a person's profile, or an event about a person")
    extract: Extract = Field(default=Extract(files="*"), description="Files that land, or a database that is read")
    delivers: Delivers = Field(
        default="changes",
        description="snapshot: a missing row is a deletion; changes: upserts; events: append only",
    )
    key: Key = Field(default=(), description="Column(s) that identify a row in its source")
    observed_at: ColumnName | None = Field(
        default=None, description="Column that says when it was true; default: when the file landed"
    )
    trust: int = Field(default=DEFAULT_TRUST, ge=0, le=100, description="Survivorship rank, 0 to 100")
    one_row_per_person: bool = Field(
        default=False, description="true: two rows of this source are never one customer (a deduplicated register)"
    )
    country: Annotated[str, AfterValidator(checks.country)] | None = Field(
        default=None, description="Default region of phones, addresses and dates, ISO 3166-1 alpha-2"
    )
    date_format: Annotated[str, AfterValidator(checks.date_format)] | None = Field(
        default=None, description='How dates are written, in strptime directives: "%d/%m/%Y"'
    )
    columns: Columns = Field(default={}, description="Canonical field <- source column, or a list of them")
    identifiers: Identifiers = Field(default={}, description="Exact keys shared between systems")
    on_new_column: Literal["keep", "ignore", "refuse"] = Field(
        default="keep", description="What to do with a column that the contract does not name"
    )
    on_missing_column: Literal["refuse", "null"] = Field(
        default="refuse", description="What to do when a column that the contract names is missing"
    )

    expected_every: Annotated[str, AfterValidator(checks.period)] | None = Field(
        default=None, description='How often a delivery is expected: "1 day", "hourly"; later than that is reported'
    )
    may_shrink_by: Annotated[float, BeforeValidator(checks.share)] = Field(
        default=DEFAULT_SHRINKAGE,
        ge=0,
        le=1,
        description="Snapshots: a share of the records; one that lacks more of them is refused until someone accepts it",
    )
    after_import: Literal["keep", "archive", "remove"] = Field(
        default="keep", description="What becomes of a landed file once it has been imported"
    )

    @model_validator(mode="before")
    @classmethod
    def _default_by_kind(cls, written: Any) -> Any:
        if not isinstance(written, dict) or not isinstance(kind := written.get("kind"), str):
            return written
        by_kind: Mapping[Any, Delivers] = DELIVERS_BY_KIND
        if kind in by_kind:
            written = {"delivers": by_kind[kind], **written}
        columns = written.get("columns", {})
        if kind == "activities" and isinstance(columns, dict) and isinstance(written.get("source"), str):
            # An export of one kind of event seldom has a column that says so: the source's name is what happened.
            written = {
                **written,
                "columns": {**columns, "activity": columns.get("activity") or {"value": written["source"]}},
            }
        return written

    @model_validator(mode="after")
    def _says_something(self) -> SourceContract:
        if self.kind == "profiles" and not self.key:
            raise refused(
                "profiles need a `key`",
                "name the column(s) that identify a row in its source: `key: contact_id`",
                ("kind",),
            )
        if len(set(self.key)) != len(self.key):
            raise refused("`key` names a column twice", "name each column once", ("key",))
        if not self.columns and not self.identifiers:
            raise refused(
                "neither `columns` nor `identifiers` maps anything",
                "map at least one field, for example `email: Email`",
            )
        for name, sources in self.columns.items():
            self._check_field(name, sources)
        return self

    def _check_field(self, name: str, sources: tuple[FieldSource, ...]) -> None:
        if self.kind == "profiles" and name not in PROFILE_FIELDS:
            kind = next(kind for kind, names in EVENT_FIELDS.items() if name in names)
            raise refused(
                f"'{name}' says what happened, and rows of profiles say what is true",
                f"write a contract of kind {kind} for it",
                ("columns", name),
            )

    # -- what follows from it -----------------------------------------------------------------------------------------

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Canonical fields that the contract maps, in canonical order."""
        return tuple(name for name in CANONICAL_FIELDS if name in self.columns)

    def field_sources(self, field: str) -> tuple[FieldSource, ...]:
        """Where the values of a canonical field come from, first the main one; empty when it is not mapped."""
        return self.columns.get(field, ())

    @cached_property
    def addresses(self) -> tuple[AddressSource, ...]:
        """Postal addresses side by side, first the current one; see the module for fields with a single column."""
        count = max((len(self.field_sources(name)) for name in ADDRESS_FIELDS), default=0)
        parts = {name: self._side_by_side(name, count) for name in ADDRESS_FIELDS}
        return tuple(AddressSource(**{name: sources[n] for name, sources in parts.items()}) for n in range(count))

    def _side_by_side(self, name: str, count: int) -> list[FieldSource | None]:
        sources = self.field_sources(name)
        if len(sources) == 1 and (name == "country" or sources[0].value is not None):
            return [sources[0]] * count
        return [*sources, *[None] * (count - len(sources))]

    @cached_property
    def source_columns(self) -> tuple[str, ...]:
        """Source columns that the contract names, each once, in the order of key, observed_at, columns, identifiers."""
        names = [
            *self.key,
            *([self.observed_at] if self.observed_at else []),
            *(name for sources in self.columns.values() for source in sources for name in source.source_columns),
            *(identifier.column for identifier in self.identifiers.values()),
        ]
        return tuple(dict.fromkeys(names))

    @cached_property
    def contract_version(self) -> str:
        """Hash of what the contract says: not of comments, ``about``, or the order in which it says it."""
        said = self.model_dump(mode="json", exclude={"about"})
        for identifier in said["identifiers"].values():
            if not identifier["one_per_person"]:
                del identifier["one_per_person"]  # so that contracts written before it keep their version
        return _hash(said)

    @cached_property
    def records_version(self) -> str:
        """Hash of what decides which records a delivered line becomes; imports read with another one are stale."""
        said = self.model_dump(mode="json", exclude=_SAYS_NOTHING_OF_ROWS | {"extract"})
        for identifier in said["identifiers"].values():
            del identifier["shared_by_at_most"], identifier["one_per_person"]
        return _hash({**said, "reading": self.reading_version})

    @cached_property
    def reading_version(self) -> str:
        """Hash of what decides how a file is read into columns; which of them mean something is for later."""
        extract = {name: getattr(self.extract, name) for name in ("encoding", "delimiter", "sheet")}
        return _hash({**extract, "on_new_column": self.on_new_column})

    @property
    def expected_seconds(self) -> int | None:
        """How often a delivery is expected, in seconds."""
        return None if self.expected_every is None else checks.period_seconds(self.expected_every)


def _hash(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def raw_column(source_column: str) -> str:
    """The name that a source column has in ``raw/<source>_imports``, where ``_`` begins the columns that we add."""
    return f"_{source_column}" if source_column.startswith("_") else source_column
