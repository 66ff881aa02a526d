"""Rows of erased people in a delivery, told before anything of them is kept.

Most rows are nobody's concern, and to understand a row whole is dear: so each batch is first asked cheap questions (the key,
canonical addresses, identifiers, the ends of numbers, dates of birth), all in columns; only rows that answer one of them
are read as records, and judged by the rule of ``signs.py``. A line that could not be split into columns is theirs when
an address of theirs alone stands in its text.

What does not belong here: what becomes of such rows (``raw/put_aside.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from cdp_assets.erasure import signs
from cdp_assets.erasure.secret import SecretError, Sign, name_of, signer
from cdp_assets.erasure.signs import ErasedPerson
from cdp_assets.golden_records.corrected_records import corrected_record
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.dates import standardize_birth_dates
from cdp_assets.standardized.delivered_values import delivered_values, first_filled
from cdp_assets.standardized.emails import part_emails, standardize_emails
from cdp_assets.standardized.identifiers import standardize_identifiers
from cdp_assets.standardized.mapped_values import hashes, key_texts
from cdp_assets.standardized.phones import part_phones
from cdp_assets.standardized.records import ImportMeta, standardize
from cdp_assets.workspace import Workspace

ADDRESSES_IN_TEXT = r"[^\s,;|<>\"'()\[\]{}:=]+@[^\s,;|<>\"'()\[\]{}:=]+"

_EXTENSION = r"(?i)(?:ext\.?|x|#)\s*\d{1,6}\s*$"

Texts = list[str | None]


@dataclass(frozen=True)
class Sieve:
    """Erased people, and the secret that their signs are made with."""

    people: Sequence[ErasedPerson]
    sign: Sign
    landed_at: datetime = field(default_factory=lambda: datetime(2100, 1, 1, tzinfo=UTC))

    def rows_of_erased(self, raw: pl.DataFrame, contract: SourceContract) -> pl.Series:
        """One flag per row of ``raw``, which fits ``tables.raw_imports(source)``: it is an erased person's."""
        flags = [False] * raw.height
        if not self.people or raw.is_empty():
            return pl.Series(flags, dtype=pl.Boolean)
        keys = record_values(raw, contract)
        for place in self._by_key(keys) | self._by_text(raw) | self._corrected(raw, contract):
            flags[place] = True
        candidates = sorted(self._candidates(raw, contract) - {n for n, flag in enumerate(flags) if flag})
        if candidates:
            for place in self._judged(raw, contract, candidates, keys):
                flags[place] = True
        return pl.Series(flags, dtype=pl.Boolean)

    def is_erased(self, row: signs.Row, key: str | None) -> bool:
        """Whether a record is an erased person's."""
        return any(signs.is_theirs(row, key, person, self.sign) for person in self.people)

    def _known(self, kind: str) -> Collection[str]:
        return {one for person in self.people for one in person.signs.get(kind, ())}

    def _hits(self, kind: str, texts: pl.Series) -> set[int]:
        """Places of texts whose sign is known; each distinct text is asked once."""
        known = self._known(kind)
        if not known:
            return set()
        distinct = texts.drop_nulls().unique().to_list()
        hit = [text for text in distinct if self.sign(kind, text) in known]
        return set(texts.is_in(hit).fill_null(False).arg_true().to_list()) if hit else set()

    def _by_key(self, keys: pl.Series) -> set[int]:
        return self._hits(signs.RECORD, keys)

    def _corrected(self, raw: pl.DataFrame, contract: SourceContract) -> set[int]:
        """Rows that correct an erased record: what they set is the person's, whoever delivers it."""
        if contract.kind != "corrections":
            return set()
        named = ("corrected_source", "corrected_key")
        values = delivered_values(raw, contract, named)
        texts = pl.DataFrame({field: first_filled(values, field, raw.height) for field in named})
        return self._hits(signs.RECORD, texts.select(corrected_record()).to_series())

    def _by_text(self, raw: pl.DataFrame) -> set[int]:
        own = {one for person in self.people for one in person.own}
        unsplit = raw.get_column("_text").is_not_null().arg_true().to_list()
        found = set()
        for place in unsplit:
            text = pl.Series([raw.item(place, "_text")]).str.extract_all(ADDRESSES_IN_TEXT).explode()
            emails = standardize_emails(text).drop_nulls().to_list()
            if any(self.sign(signs.EMAIL, email) in own for email in emails):
                found.add(place)
        return found

    def _candidates(self, raw: pl.DataFrame, contract: SourceContract) -> set[int]:
        """Rows that share a sign with an erased person."""
        values = delivered_values(raw, contract)
        found: set[int] = set()
        for texts in values.get("email", []):
            found |= self._listed_hits(signs.EMAIL, part_emails(texts), standardize_emails)
        for texts in values.get("phone", []):
            found |= self._listed_hits(signs.PHONE_END, part_phones(texts), _phone_ends)
        for texts in values.get("date_of_birth", []):
            born = standardize_birth_dates(texts, contract.date_format, contract.country, self.landed_at.date())
            found |= self._hits(signs.BORN, born.get_column("date_of_birth_text"))
        for name in contract.identifiers:
            value = standardize_identifiers(values[f"identifier.{name}"][0])
            found |= self._hits(signs.IDENTIFIER, f"{name}=" + value)
        return found

    def _listed_hits(self, kind: str, lists: pl.Series, read: Callable[[pl.Series], pl.Series]) -> set[int]:
        flat = lists.alias("text").to_frame().with_row_index("row").explode("text").drop_nulls()
        places = self._hits(kind, read(flat.get_column("text")))
        rows = flat.get_column("row")
        return {int(rows[place]) for place in places}

    def _judged(self, raw: pl.DataFrame, contract: SourceContract, candidates: list[int], keys: pl.Series) -> list[int]:
        """Those of the candidates that are erased people's, by their records.

        Read as events without a key or a time: then every line that could be split is a record, whatever rule it breaks.
        """
        lenient = contract.model_copy(
            update={"key": (), "delivers": "events", "observed_at": None, "kind": "activities"}
        )
        some = raw[candidates].with_columns(
            _line=pl.Series(candidates, dtype=pl.Int64), _problem=pl.lit(None, pl.String)
        )
        records = standardize(some, lenient, ImportMeta("sieve", self.landed_at)).records
        return [row["line"] for row in records.iter_rows(named=True) if self.is_erased(row, keys[row["line"]])]


def record_values(raw: pl.DataFrame, contract: SourceContract) -> pl.Series:
    """What the sign of each row's record is made of; null where it has no key."""
    keys = key_texts(raw, contract)
    if not contract.key:
        keys = hashes(keys.fill_null(""))
    return pl.select(pl.lit(f"{contract.source}/") + pl.lit(keys)).to_series()


def _phone_ends(texts: pl.Series) -> pl.Series:
    bare = texts.str.replace(r"\.0$", "").str.replace(_EXTENSION, "").str.replace_all(r"[^0-9]", "")
    return bare.str.tail(signs.PHONE_END_DIGITS)


def erased_people(workspace: Workspace) -> Sieve:
    """The sieve of everybody who has been erased from this workspace.

    Raises :class:`~cdp_assets.erasure.secret.SecretError` when their signs were made with another secret: nothing is imported
    then, for they would come back.
    """
    rows = workspace.ledger.erased_signs()
    if rows.is_empty():
        return Sieve((), lambda kind, value: "")
    sign = signer(workspace)
    names = set(workspace.ledger.erasures().get_column("key_name"))
    if names != {name_of(sign)}:
        raise SecretError(
            "the signs of erased people were made with another secret than the one at hand, so that they would come back; put "
            "the former erasure.key back, or name it by CDP_ERASURE_KEY"
        )
    by_person = rows.partition_by("erasure_id", maintain_order=True)
    people = [signs.person_of(theirs.select("kind", "sign", "is_own").rows()) for theirs in by_person]
    return Sieve(people, sign)


@dataclass(frozen=True)
class PutAsideErased:
    """:class:`~cdp_assets.raw.put_aside.PutAside` of a workspace: asked anew for each delivery, as people are erased meanwhile."""

    workspace: Workspace

    def __call__(self, contract: SourceContract, rows: pl.DataFrame) -> pl.Series:
        return erased_people(self.workspace).rows_of_erased(rows, contract)
