"""What a change of a contract's settings means: for past imports, for records and their ids, for what comes next.

One function per part of a contract. A change needs a person's choice where it can take away what is known (records, ids,
values, withdrawals), can turn values into others without anybody noticing, or can not be undone. It needs a backfill
where past imports would become other records. Where it only concerns what comes next, it needs nothing.

What does not belong here: which column feeds which field (``mapping_change_rules.py``); putting a contract in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from cdp_assets.sources.contract_model import SourceContract, SqlExtract
from cdp_assets.sources.countries import MONTH_FIRST_COUNTRIES
from cdp_assets.sources.vocabulary import Delivers

Needs: TypeAlias = Literal["nothing", "backfill", "choice"]

_SEPARATORS = ("/", ".", "-", " ")


@dataclass(frozen=True)
class ContractChange:
    """One difference between two contracts of a source.

    ``part`` names it as the contract does (``columns.email``). ``was`` and ``becomes`` hold column names and settings,
    None where the contract says nothing. ``effect``: what it does, in one sentence. ``needs``: nothing, a backfill, or a
    person's choice, whose alternatives ``advice`` names.
    """

    part: str
    was: str | None
    becomes: str | None
    effect: str
    needs: Needs
    advice: str

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def setting_changes(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    """Changes of every part but columns and identifiers, in the order in which a contract says them."""
    yield from _kind(old, new)
    yield from _extract(old, new)
    yield from _delivers(old, new)
    yield from _key(old, new)
    yield from _observed_at(old, new)
    yield from _resolution_settings(old, new)
    yield from _dates(old, new)
    yield from _drift_settings(old, new)
    yield from _expectations(old, new)
    yield from _after_import(old, new)


# -- what a row is ----------------------------------------------------------------------------------------------------


def _kind(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    if old.kind != new.kind:
        yield ContractChange(
            "kind",
            old.kind,
            new.kind,
            f"Every row, also of past imports, is read as {new.kind} instead of {old.kind}: what it said as such leaves the "
            "golden records, consents and segments.",
            "choice",
            "Accept it and backfill, where the source was described wrongly so far; where it has begun to deliver something "
            "else, keep this contract and describe the new deliveries as a source of their own.",
        )


def _delivers(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    if old.delivers == new.delivers:
        if new.delivers == "snapshot" and _has_cursor(new) and not _has_cursor(old):
            yield _partial_snapshot(new)
        return
    yield ContractChange("delivers", old.delivers, new.delivers, *_of_delivers(old.delivers, new.delivers))
    if new.delivers == "snapshot" and _has_cursor(new):
        yield _partial_snapshot(new)


def _of_delivers(was: Delivers, becomes: Delivers) -> tuple[str, Needs, str]:
    if becomes == "snapshot":
        return (
            "Each delivery, also each past one, counts as the whole list: a record that is missing from the newest file "
            "becomes a deletion.",
            "choice",
            f"Accept it and backfill, where every file so far was a full export; else keep `delivers: {was}`, or describe "
            "the full exports as a source of their own.",
        )
    if was == "snapshot":
        return (
            "A missing row no longer deletes: records that are deleted because they were missing become current again.",
            "choice",
            "Accept it and backfill, where files have begun to hold only what changed and those records may return; where "
            "they must stay deleted keep `delivers: snapshot`, and describe the new files as a source of their own.",
        )
    return (
        "Rows are put in the order of their time either way; no record changes.",
        "backfill",
        "Backfill when it suits.",
    )


def _partial_snapshot(new: SourceContract) -> ContractChange:
    cursor = new.extract.sql.cursor if new.extract.sql else None
    return ContractChange(
        "extract.sql.cursor",
        None,
        cursor,
        "An extract holds only rows beyond the last one, and as a snapshot it would delete all the others.",
        "choice",
        "Leave `cursor` out, so that each extract is the whole table; or set `delivers: changes`. Accept it only if you know "
        "that each extract is whole.",
    )


def _key(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    if old.key != new.key:
        yield ContractChange(
            "key",
            ", ".join(old.key) or None,
            ", ".join(new.key) or None,
            "Every record gets another id, unless the new key has the same values: to the platform it is new, and judgements, "
            "corrections and customer ids refer to records that are no longer delivered.",
            "choice",
            "Accept it, where a column was only renamed and holds the same values (past imports that lack it keep their "
            "records); accept it and backfill, and judge and correct again, where ids are to be new; or keep this contract "
            "and describe deliveries with the new key as a source of their own.",
        )


def _observed_at(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    if old.observed_at != new.observed_at:
        becomes = f"'{new.observed_at}'" if new.observed_at else "the time of landing"
        yield ContractChange(
            "observed_at",
            old.observed_at,
            new.observed_at,
            f"The order of history is another: {becomes} decides which version of a record is the newest, also in past "
            "imports, and golden records may return to older values.",
            "choice",
            "Accept it and backfill, where the new time says better when a row was true, or is the old one renamed (past "
            "imports that lack it keep their records); else leave `observed_at` as it was.",
        )


# -- where rows come from ---------------------------------------------------------------------------------------------


def _extract(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    before, after = old.extract, new.extract
    if (before.sql is None) != (after.sql is None):
        yield ContractChange(
            "extract",
            "files" if before.sql is None else "sql",
            "files" if after.sql is None else "sql",
            "Deliveries come another way from now on; what has been imported stays as it is.",
            "nothing",
            "Check with the first delivery that keys and columns are the same as before.",
        )
    elif before.files != after.files:
        yield ContractChange(
            "extract.files",
            _shown_files(before.files),
            _shown_files(after.files),
            "Other files are looked for from now on; what has been imported stays, and the same content under another name is "
            "no new import.",
            "nothing",
            "Files that the new pattern leaves out are not imported; `cdp status` counts those that wait.",
        )
    yield from _reading(old, new)
    if before.sql is not None and after.sql is not None:
        yield from _database(before.sql, after.sql, new)


def _reading(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    for part in ("encoding", "delimiter", "sheet"):
        was, becomes = getattr(old.extract, part), getattr(new.extract, part)
        if was == becomes:
            continue
        effect = (
            "Files are read anew where they are still there; imports whose file is gone keep the lines that they have."
        )
        if new.key:
            yield ContractChange(f"extract.{part}", _mark(was), _mark(becomes), effect, "backfill", "Backfill.")
            continue
        yield ContractChange(
            f"extract.{part}",
            _mark(was),
            _mark(becomes),
            f"{effect} Without a key an event is known by its text, so events whose text is read otherwise get other ids.",
            "choice",
            "Accept it and backfill, where lines were read wrongly so far; else keep it, and describe the files that are "
            "written otherwise as a source of their own.",
        )


def _database(old: SqlExtract, new: SqlExtract, contract: SourceContract) -> Iterator[ContractChange]:
    again = " The database is read from its beginning once; rows that say what is known already change nothing."
    for part in ("table", "query"):
        was, becomes = getattr(old, part), getattr(new, part)
        if was != becomes:
            is_snapshot = contract.delivers == "snapshot"
            deleted = " Records that it does not select are deleted." if is_snapshot else ""
            yield ContractChange(
                f"extract.sql.{part}",
                _selection(part, was, "a query"),
                _selection(part, becomes, "another query" if was else "a query"),
                f"Other rows are selected.{deleted}{again}",
                "choice",
                "Accept it, where its rows are of the same things with the same keys; else describe the other rows as a source "
                "of their own.",
            )
    if old.cursor != new.cursor and not (contract.delivers == "snapshot" and old.cursor is None):
        becomes_less = "" if new.cursor else " Each extract reads the whole table."
        yield ContractChange(
            "extract.sql.cursor",
            old.cursor,
            new.cursor,
            "How far the database was read is remembered by the old column and says nothing of the new one."
            f"{becomes_less if new.cursor is None else again}",
            "nothing",
            "Name a column that grows with every change, or rows that change are missed.",
        )
    for part in ("url", "url_env"):
        was, becomes = shown_url(getattr(old, part)), shown_url(getattr(new, part))
        if was != becomes:
            yield ContractChange(
                f"extract.sql.{part}",
                was,
                becomes,
                f"Rows are read from there from now on.{again}",
                "nothing",
                "Check that it is the same data: keys that mean other people there would overwrite these.",
            )
    if old.overlap != new.overlap:
        effect = "Each extract reads so far back for rows that were committed late."
        yield ContractChange("extract.sql.overlap", old.overlap, new.overlap, effect, "nothing", "Nothing to do.")


def extraction_starts_again(old: SourceContract, new: SourceContract) -> bool:
    """Whether how far the database was read (the ledger's cursor) says nothing of what the new contract reads.

    Reading it from its beginning loses and doubles nothing; reading on from a position of something else may lose rows.
    """
    before, after = old.extract.sql, new.extract.sql
    if before is None or after is None:
        return before is not after
    return any(
        shown_url(getattr(before, part)) != shown_url(getattr(after, part))
        for part in ("url", "url_env", "table", "query", "cursor")
    )


# -- what values mean -------------------------------------------------------------------------------------------------


def _resolution_settings(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    next_time = "Holds from the next resolution on, for all imports."
    if old.trust != new.trust:
        direction = "rises" if new.trust > old.trust else "falls"
        yield ContractChange(
            "trust",
            str(old.trust),
            str(new.trust),
            f"This source's rank {direction}: golden records may take other sources' values. {next_time}",
            "nothing",
            "Nothing to do; `cdp run` resolves again.",
        )
    if old.one_row_per_person != new.one_row_per_person:
        effect = (
            "Two rows of this source are never one customer: customers that hold several of them are split."
            if new.one_row_per_person
            else "Two rows of this source may be one customer: customers may be merged."
        )
        yield ContractChange(
            "one_row_per_person",
            _flag(old.one_row_per_person),
            _flag(new.one_row_per_person),
            f"{effect} {next_time}",
            "nothing",
            "Nothing to do; look at the identity changes after the next resolution.",
        )


def _dates(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    has_dates = any("date_of_birth" in one.columns or one.observed_at is not None for one in (old, new))
    flips = has_dates and _flips_day_and_month(old, new)
    if old.country != new.country:
        read = "Phones, addresses and dates that name no country are read anew, as of this one."
        yield _of_dates("country", old.country, new.country, read, flips and old.date_format == new.date_format)
    if old.date_format != new.date_format:
        read = "Dates of birth and observed times are read anew; lines whose time can not be read are rejected."
        yield _of_dates("date_format", old.date_format, new.date_format, read, flips)


def _of_dates(part: str, was: str | None, becomes: str | None, effect: str, flips: bool) -> ContractChange:
    if not flips:
        return ContractChange(part, was, becomes, effect, "backfill", "Backfill.")
    return ContractChange(
        part,
        was,
        becomes,
        f"{effect} Day and month change places in dates such as 03/04/1990, and no rule can notice.",
        "choice",
        "Accept it and backfill, where dates were read the wrong way round so far. Where the source has begun to write them "
        "otherwise, keep this contract for the past files and describe the new ones as a source of their own.",
    )


def _flips_day_and_month(old: SourceContract, new: SourceContract) -> bool:
    """Whether a day that can be read either way is read the other way, in one of the forms in which days are written."""
    for separator in _SEPARATORS:
        was, becomes = _first_in(old, separator), _first_in(new, separator)
        if was is not None and becomes is not None and was != becomes:
            return True
    return False


def _first_in(contract: SourceContract, separator: str) -> Literal["day", "month"] | None:
    """What stands first in ``03/04/1990``: as the format says, else as the country writes; None where neither says."""
    written = re.sub(r"%-", "%", contract.date_format or "")
    numbers = re.search(r"%[dem](.)%[dem]", written)
    if "%D" in written and separator == "/":
        return "month"
    if numbers and numbers[1] == separator:
        return "month" if numbers[0].startswith("%m") else "day"
    if contract.country is None:
        return None
    return "month" if contract.country in MONTH_FIRST_COUNTRIES else "day"


# -- what files may lack and bring ------------------------------------------------------------------------------------


def _drift_settings(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    if old.on_new_column != new.on_new_column:
        yield ContractChange("on_new_column", old.on_new_column, new.on_new_column, *_of_new_columns(old, new))
    if old.on_missing_column != new.on_missing_column:
        is_null = new.on_missing_column == "null"
        emptied = " In a snapshot a column that got lost empties its field in every record." if is_null else ""
        yield ContractChange(
            "on_missing_column",
            old.on_missing_column,
            new.on_missing_column,
            (
                f"Files that lack a column of the contract are read, without its values.{emptied}"
                if is_null
                else "Files that lack a column of the contract are refused from now on; what has been imported stays."
            ),
            "nothing",
            "A backfill also reads what was refused for a missing column." if is_null else "Nothing to do.",
        )


def _of_new_columns(old: SourceContract, new: SourceContract) -> tuple[str, Needs, str]:
    if new.on_new_column == "ignore":
        return (
            "Columns that nobody maps are no longer kept: a backfill takes them out of the kept lines of past imports, too"
            + ("." if new.key else ", and events, which have no key and are known by their text, get other ids."),
            "choice",
            "Accept it, where they must not be kept; with the landed file gone they can not be had back. Keep `on_new_column: "
            "keep` otherwise: what is not mapped goes no further than raw.",
        )
    if new.on_new_column == "refuse":
        effect = (
            "Files with a column that the contract does not name are refused from now on; past imports that have one keep "
            "their records."
        )
        return effect, "backfill", "Map the columns that are wanted first; `cdp contract check` lists them."
    if old.on_new_column == "ignore":
        effect = "Columns that nobody maps are kept: files that are still there are read anew for them."
        if not new.key:
            return (
                f"{effect} Events, which have no key and are known by their text, get other ids.",
                "choice",
                "Accept it and backfill; or keep `ignore`, where those columns are not wanted.",
            )
        return effect, "backfill", "Backfill before landed files are archived or removed."
    return "Files with new columns are read; what was refused for them can be read now.", "backfill", "Backfill."


def _expectations(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    if old.expected_every != new.expected_every:
        effect = (
            f"A source that is silent for longer than {new.expected_every} is reported as late."
            if new.expected_every
            else "Nothing is expected any more, so nothing is reported as late."
        )
        yield ContractChange(
            "expected_every", old.expected_every, new.expected_every, effect, "nothing", "Nothing to do."
        )
    if old.may_shrink_by != new.may_shrink_by:
        effect = (
            "A snapshot may lack any number of the records before it: an export that was cut off deletes what it lacks."
            if new.may_shrink_by >= 1
            else f"A snapshot that lacks more than {new.may_shrink_by:.0%} of the records before it waits for a person."
        )
        advice = "Nothing to do."
        yield ContractChange(
            "may_shrink_by", f"{old.may_shrink_by:.0%}", f"{new.may_shrink_by:.0%}", effect, "nothing", advice
        )


def _after_import(old: SourceContract, new: SourceContract) -> Iterator[ContractChange]:
    if old.after_import == new.after_import:
        return
    if new.after_import == "remove":
        yield ContractChange(
            "after_import",
            old.after_import,
            new.after_import,
            "Landed files are deleted once they are imported, and that can not be undone: their lines stay in raw, but a file "
            "can never be read again, for example with another encoding.",
            "choice",
            "Accept it, where the files must not stay; `archive` moves them out of landing and keeps them; `keep` leaves them.",
        )
        return
    effect = (
        "Landed files are moved to the archive once they are imported."
        if new.after_import == "archive"
        else "Landed files stay where they are."
    )
    yield ContractChange("after_import", old.after_import, new.after_import, effect, "nothing", "Nothing to do.")


# -- how settings are shown -------------------------------------------------------------------------------------------


def shown_url(text: str | None) -> str | None:
    """A URL without user, password and options; any other text as it is."""
    if text is None or "://" not in text:
        return text
    scheme, _, rest = text.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _shown_files(pattern: str | None) -> str | None:
    """A pattern of files: a ``?`` in its last part is a wildcard, no option."""
    if pattern is None or "://" not in pattern:
        return pattern
    folder, _, name = pattern.rpartition("/")
    return f"{shown_url(folder)}/{name}"


def _selection(part: str, text: str | None, query: str) -> str | None:
    """A table's name; of a query only that there is one: its text may hold values."""
    return text if text is None or part == "table" else query


def _mark(text: str | None) -> str | None:
    return {"\t": "tab", " ": "space"}.get(text, text) if text is not None else None


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _has_cursor(contract: SourceContract) -> bool:
    return contract.extract.sql is not None and contract.extract.sql.cursor is not None
