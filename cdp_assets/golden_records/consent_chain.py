"""The ledger's account of consent events: which import ended its chain with which hash, entry after entry, and what broke.

``consent_events.py`` chains the events of each import. Here the ends of those chains are entered in the ledger, one chain of
entries per source, in the order in which imports came to count. An entry is never changed; what may follow one is:

================= =====================================================================================================
reason            when
================= =====================================================================================================
imported          events of an import count for the first time
read again        the import was read again with another contract or other standards (another ``records_version``)
(anybody's words) a person released the import (:func:`release`): what is read of it next may differ, for that reason.
                  An erasure does so, with the reason ``erased``
================= =====================================================================================================

If the events of an import differ from its newest entry for any other reason, something was lost or altered: nothing is
entered, and :func:`breaks` says what. The lake and the ledger are two stores, so one can not be altered alone without a
difference. Hashes hold neither our own times nor import ids: the entries of a source depend on its deliveries alone.

What does not belong here: reading and writing (``consent_log.py``), what an event says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdp_assets.golden_records.consent_events import anchor, event_texts, next_hash

IMPORTED, READ_AGAIN, ERASED = "imported", "read again", "erased"

Entry = dict[str, Any]
"""One entry, by the names of the ledger's columns. ``head`` and ``events`` are null in the entry of a release."""

_HASHED = ("source", "number", "content_sha256", "records_version", "events", "head", "reason")
_IMPORT = ("source", "import_id")


@dataclass(frozen=True)
class Break:
    """One place where the chain does not hold: which source, import and line (as far as it is one), and what is wrong."""

    source: str
    import_id: str | None
    line: int | None
    problem: str

    def __str__(self) -> str:
        at_import = f", import {self.import_id}" if self.import_id else ""
        at_line = f", line {self.line}" if self.line is not None else ""
        return f"{self.source}{at_import}{at_line}: {self.problem}"


def entries_due(events: pl.DataFrame, imports: pl.DataFrame, entries: pl.DataFrame) -> list[Entry]:
    """The entries that the ledger lacks, in the order in which to append them.

    ``events``: ``golden_records/consent_events``. ``imports``: those in use, ``source``, ``import_id``, ``sequence``,
    ``content_sha256`` and ``records_version``. ``entries``: ``Ledger.consent_entries()``.
    """
    account = _Account(entries)
    ends, in_use = _ends(events), _in_use(imports)
    due: list[Entry] = []
    for now in imports.sort("source", "sequence").iter_rows(named=True):
        count, head = ends.get((now["source"], now["import_id"])) or (0, anchor(now["source"], now["content_sha256"]))
        before = account.readings.get((now["source"], now["import_id"]))
        reason = _reason(before, account, now, count, head)
        if reason is not None:
            due.append(account.append(now, events=count, head=head, reason=reason))
    for key, before in sorted(account.readings.items()):
        if before["events"] and key in account.releases and key not in in_use:
            gone = {**before, "head": anchor(before["source"], before["content_sha256"])}
            due.append(account.append(gone, events=0, head=gone["head"], reason=account.releases[key]))
    return due


def release(entries: pl.DataFrame, source: str, import_id: str, reason: str, by: str) -> Entry | None:
    """The entry that lets the events of an import differ when they are read next; None where it never had an event."""
    account = _Account(entries)
    before = account.readings.get((source, import_id))
    if before is None:
        return None
    return account.append(before, events=None, head=None, reason=reason, by=by)


def breaks(events: pl.DataFrame, imports: pl.DataFrame, entries: pl.DataFrame) -> list[Break]:
    """Everything that does not hold, entries first; empty when the whole chain holds. The arguments of :func:`entries_due`."""
    return [
        *_breaks_of_entries(entries),
        *_breaks_of_events(events, imports, entries),
        *_breaks_between(events, imports, entries),
    ]


class _Account:
    """The entries so far, and those that are being appended."""

    def __init__(self, entries: pl.DataFrame) -> None:
        self.last: dict[str, Entry] = {}
        self.readings: dict[tuple[str, str], Entry] = {}
        self.releases: dict[tuple[str, str], str] = {}
        for entry in entries.sort("source", "number").iter_rows(named=True):
            self._take(entry)

    def append(
        self, at: Mapping[str, Any], *, events: int | None, head: str | None, reason: str, by: str | None = None
    ) -> Entry:
        last = self.last.get(at["source"])
        entry: Entry = {
            **{name: at[name] for name in ("source", "import_id", "content_sha256", "records_version")},
            "number": last["number"] + 1 if last else 1,
            "events": events,
            "head": head,
            "reason": reason,
            "previous_hash": last["entry_hash"] if last else _beginning(at["source"]),
            "released_by": by,
        }
        entry["entry_hash"] = next_hash(entry["previous_hash"], _text(entry))
        self._take(entry)
        return entry

    def _take(self, entry: Entry) -> None:
        key = (entry["source"], entry["import_id"])
        self.last[entry["source"]] = entry
        if entry["head"] is None:
            self.releases[key] = entry["reason"]
        else:
            self.readings[key] = entry
            self.releases.pop(key, None)


def _reason(before: Entry | None, account: _Account, now: Mapping[str, Any], count: int, head: str) -> str | None:
    """Why an entry is due; None where none is, or where none is allowed."""
    if before is None:
        return IMPORTED if count else None
    if before["records_version"] != now["records_version"]:
        return READ_AGAIN
    is_same = (before["events"], before["head"]) == (count, head)
    return None if is_same else account.releases.get((now["source"], now["import_id"]))


def _beginning(source: str) -> str:
    return next_hash("", source)


def _text(entry: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}={'' if entry[name] is None else entry[name]}" for name in _HASHED)


def _ends(events: pl.DataFrame) -> dict[tuple[str, str], tuple[int, str]]:
    """Import to how many events it has, and the hash of its last one."""
    ends = (
        events.sort(*_IMPORT, "line")
        .group_by(_IMPORT, maintain_order=True)
        .agg(pl.len().alias("events"), pl.col("event_hash").last())
    )
    return {(source, import_id): (count, head) for source, import_id, count, head in ends.iter_rows()}


def _in_use(imports: pl.DataFrame) -> set[tuple[str, str]]:
    return {(source, import_id) for source, import_id in imports.select(_IMPORT).iter_rows()}


def _breaks_of_entries(entries: pl.DataFrame) -> Iterator[Break]:
    for rows in entries.sort("source", "number").partition_by("source", maintain_order=True):
        source = rows.item(0, "source")
        previous = _beginning(source)
        for number, entry in enumerate(rows.iter_rows(named=True), start=1):
            if entry["number"] != number:
                yield Break(source, None, None, f"entry {number} of the ledger's consent chain is missing; {_RESTORE}")
                break
            if entry["previous_hash"] != previous or entry["entry_hash"] != next_hash(previous, _text(entry)):
                said = f"entry {number} of the ledger's consent chain was altered, or one before it; {_RESTORE}"
                yield Break(source, entry["import_id"], None, said)
                break
            previous = entry["entry_hash"]


def _breaks_of_events(events: pl.DataFrame, imports: pl.DataFrame, entries: pl.DataFrame) -> Iterator[Break]:
    """The first event of each import that is not what its hash says, or does not follow the one before it."""
    named = [frame.select(*_IMPORT, "content_sha256").iter_rows() for frame in (entries, imports)]
    contents = {(source, import_id): content for rows in named for source, import_id, content in rows}
    ordered = events.sort(*_IMPORT, "line", "event_id")
    rows = ordered.select(*_IMPORT, "line", "previous_hash", "event_hash").iter_rows()
    chain: tuple[str, str] | None = None
    previous, is_broken = "", False
    for (source, import_id, line, previous_hash, event_hash), text in zip(rows, event_texts(ordered), strict=True):
        if (source, import_id) != chain:
            chain, is_broken = (source, import_id), False
            previous = anchor(source, contents.get(chain, ""))
        if not is_broken and previous_hash != previous:
            is_broken = True
            yield Break(
                source, import_id, line, f"the event does not follow the one before it: one is missing; {_REMAKE}"
            )
        elif not is_broken and next_hash(previous_hash, text) != event_hash:
            is_broken = True
            yield Break(source, import_id, line, f"the event says something else than its hash; {_REMAKE}")
        previous = event_hash


def _breaks_between(events: pl.DataFrame, imports: pl.DataFrame, entries: pl.DataFrame) -> Iterator[Break]:
    """Imports whose events are not those that the ledger has entered."""
    account = _Account(entries)
    ends, in_use = _ends(events), _in_use(imports)
    for key in sorted(account.readings.keys() | ends.keys()):
        entered, found = account.readings.get(key), ends.get(key, (0, None))
        if key in account.releases:
            continue
        if entered is None:
            yield Break(*key, None, f"{_events(found[0])} that the ledger does not know; {_REMAKE}")
        elif not entered["events"] and not found[0]:
            continue
        elif entered["events"] != found[0]:
            said = f"{_events(entered['events'])} in the ledger, and {found[0]:,} now, though nobody read it again"
            use = "" if key in in_use else ": the import is not in use any more"
            yield Break(*key, None, f"{said}{use}; {_DECIDE}")
        elif entered["head"] != found[1]:
            yield Break(*key, None, f"{_events(found[0])}, of which one at least was altered since; {_DECIDE}")


def _events(count: int) -> str:
    return f"{count:,} consent {'event' if count == 1 else 'events'}"


_RESTORE = "restore the ledger from a backup of the time before"
_REMAKE = "make the table again from the kept lines: `cdp run --resolve-anyway`"
_DECIDE = (
    "`cdp replay` reads the import again where it was refused; where the change is meant, `cdp consent release SOURCE IMPORT "
    "--reason …` lets it count"
)
