"""Records of a former import, taken again for the lines that say the same: the next snapshot repeats nearly all of the last.

What a standard makes of a line depends on its mapped values and on the contract only, and ``content_hash`` tells
whether two lines have the same. So a line whose hash stands in the newest import of the source that was read before,
with the same contract and standards, has that record's standardized columns; its ids, its line and its times are its own.
The lake is the only store: there is no copy of anybody's values to forget when they are erased.

Taken again is only what is proven equal:

* The files of the former import must say themselves that they were made with this ``records_version``. The ledger says so
  of an import, but a run that was killed may have replaced its records before it could tell.
* A date of birth may depend on the day of landing (nobody is born after it; a year of two digits). A line is standardized
  anew where its text reads otherwise on the former import's day, or is no date.
* So is a line with an e-mail address or phone number that could not be read: it has to be counted.

Memory does not grow with the former import but by some 30 bytes a record: at most ``FILES_HELD`` of its files are held. Where the
lines of a batch are spread over more of them than it pays to read, as between two exports in random order, they are
standardized anew: the result is the same.

What does not belong here: whether a line is a record (``judged_lines.py``), what it becomes (``records.py``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any

import polars as pl

from cdp_assets.lake import PartitionFile
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.dates import standardize_birth_dates
from cdp_assets.standardized.delivered_values import delivered_values
from cdp_assets.standardized.judged_lines import ImportMeta, JudgedLines
from cdp_assets.standardized.mapped_values import DIGEST, digests_of_hashes
from cdp_assets.standardized.nested_rows import rows_of
from cdp_assets.standardized.records import columns_of_import, records_of, records_version
from cdp_assets.tables import source_records
from cdp_assets.workspace import Workspace

FEWEST_RECORDS = 5_000
"""A smaller import is standardized anew sooner than a former one is looked through."""

LEAST_SHARE = 0.05
"""Share of a file's rows that a batch must want for the file to be read: reading a row takes about a twentieth of the time
of standardizing a line. Also the share of an import's lines that must be known for it to be worth while at all."""

FILES_HELD = 2
"""Files of the former import in memory. Lines in the same order in both imports need one, and two where a file ends."""

RECORDS_VERSION = "records_version"
"""Under this name a file of records says what it was made with."""

_OWN = ("source", "source_key", "import_id", "line", "observed_at", "landed_at", "content_hash", "record_id")
"""Columns that a record does not owe to its mapped values."""

_LISTS = {"email": "emails_delivered", "phone": "phones_delivered"}


@dataclass
class FormerRecords:
    """The records of one former import: ``places`` (digest_1, digest_2, file, row), its files, and the day it landed."""

    contract: SourceContract
    places: pl.DataFrame
    files: Sequence[PartitionFile]
    landed_on: date
    _held: OrderedDict[int, pl.DataFrame] = field(default_factory=OrderedDict)
    _birth_dates: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"text": pl.String, "is_same": pl.Boolean})
    )

    def known(
        self, raw: pl.DataFrame, lines: pl.DataFrame, meta: ImportMeta
    ) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
        """Which of some kept lines have a record to take again: pieces of the former import's files, each with ``place``
        (of the line among these) and ``row`` (of its record in the piece)."""
        found = lines.select(*DIGEST).with_row_index("place").join(self.places, on=DIGEST, how="inner")
        told = self._told(raw, meta)
        known = []
        for number, file in enumerate(self.files):
            rows = found.filter(pl.col("file") == number).sort("place")
            pays = number in self._held or rows.height >= LEAST_SHARE * file.height
            if rows.height and pays:
                known.append(self._proven(number, rows.select("place", "row"), told))
        return known

    def _proven(self, number: int, rows: pl.DataFrame, told: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The piece of a file and those of its ``rows`` that are what their lines would become again."""
        first, last = rows.select(first=pl.col("row").min(), last=pl.col("row").max()).row(0)
        piece = self._file(number).slice(first, last - first + 1)
        rows = rows.with_columns(pl.col("row") - first)
        lists = piece.select(pl.col(*_LISTS.values()).gather(rows.get_column("row")))
        both = lists.hstack(told.select(pl.all().gather(rows.get_column("place"))))
        is_read = [
            pl.col(text).is_null() | pl.col(_LISTS[text.split(".")[0]]).list.contains(pl.col(text))
            for text in told.columns
            if text != "is_born_the_same"
        ]
        return piece, rows.filter(both.select(pl.all_horizontal("is_born_the_same", *is_read)).to_series())

    def _told(self, raw: pl.DataFrame, meta: ImportMeta) -> pl.DataFrame:
        """Of each line: its texts of e-mails and phones (``email.0`` …), and ``is_born_the_same``."""
        values = delivered_values(raw, self.contract, ("date_of_birth", *_LISTS))
        texts = [column.alias(f"{name}.{n}") for name in _LISTS for n, column in enumerate(values.get(name, []))]
        born = [self._read_the_same(column, meta) for column in values.get("date_of_birth", [])]
        same = pl.all_horizontal(pl.lit(True), *(pl.lit(column) for column in born)).alias("is_born_the_same")
        return pl.DataFrame({"is_born_the_same": pl.repeat(True, raw.height, eager=True)}).with_columns(same, *texts)

    def _file(self, number: int) -> pl.DataFrame:
        if number not in self._held:
            while len(self._held) >= FILES_HELD:
                self._held.popitem(last=False)
            self._held[number] = self.files[number].rows.select(pl.exclude(_OWN)).collect()
        self._held.move_to_end(number)
        return self._held[number]

    def _read_the_same(self, texts: pl.Series, meta: ImportMeta) -> pl.Series:
        """Whether each text is the same date of birth on both days of landing, and is one; true of null. Asked once a text."""
        known = self._birth_dates
        new = texts.drop_nulls().unique().alias("text").to_frame().join(known, on="text", how="anti").to_series()
        if not new.is_empty():
            now, then = (
                standardize_birth_dates(new, self.contract.date_format, self.contract.country, day)
                for day in (meta.landed_at.date(), self.landed_on)
            )
            same = pl.all_horizontal(now.get_column(name).eq_missing(then.get_column(name)) for name in now.columns)
            is_same = pl.select(same & now.get_column("date_of_birth").is_not_null()).to_series()
            known = self._birth_dates = pl.concat([known, pl.DataFrame({"text": new, "is_same": is_same})])
        found = texts.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")
        return found.select(pl.col("is_same") | pl.col("text").is_null()).to_series()


def former_records(
    workspace: Workspace, contract: SourceContract, registered: Mapping[str, Any], judged: JudgedLines
) -> FormerRecords | None:
    """The records of the import that was read before this one, where it pays to take some of them again.

    Events hardly repeat each other, and are left out.
    """
    if contract.delivers == "events" or judged.kept.height < FEWEST_RECORDS:
        return None
    version = records_version(contract)
    read = workspace.ledger.imports(contract.source).filter(
        (pl.col("state") == IMPORTED)
        & (pl.col("records") > 0)
        & (pl.col("records_version") == version)
        & (pl.col("sequence") < registered["sequence"])
    )
    if read.is_empty():
        return None
    table, import_id = source_records(contract.source), read.sort("sequence")["import_id"][-1]
    files = workspace.lake.partition_files(table, import_id)
    if not files or any(file.note.get(RECORDS_VERSION) != version for file in files):
        return None
    places = pl.concat([_places(file, number) for number, file in enumerate(files)]).unique(DIGEST, keep="any")
    if judged.kept.join(places, on=DIGEST, how="semi").height < LEAST_SHARE * judged.kept.height:
        return None
    (landed_at,) = files[0].rows.select(pl.col("landed_at").first()).collect().row(0)
    return FormerRecords(contract, places, files, landed_at.date())


def _places(file: PartitionFile, number: int) -> pl.DataFrame:
    hashes = file.rows.select("content_hash").collect().to_series()
    return digests_of_hashes(hashes).with_columns(
        file=pl.lit(number, pl.UInt32), row=pl.int_range(pl.len(), dtype=pl.UInt32)
    )


def records_with_former(
    raw: pl.DataFrame, judged: JudgedLines, contract: SourceContract, meta: ImportMeta, former: FormerRecords | None
) -> tuple[pl.DataFrame, dict[str, int]]:
    """What :func:`~cdp_assets.standardized.records.records_of` gives, row for row; counts also say how many are ``reused``."""
    if former is None:
        records, counts = records_of(raw, judged, contract, meta)
        return records, {**counts, "reused": 0}
    raw, lines = judged.kept_of(raw)
    known = former.known(raw, lines, meta)
    is_anew = pl.repeat(True, raw.height, dtype=pl.Boolean, eager=True)
    for _, rows in known:
        is_anew = is_anew.scatter(rows.get_column("place"), False)
    anew, counts = records_of(raw.filter(is_anew), judged, contract, meta)
    of_anew = pl.DataFrame({"place": is_anew.arg_true()}).with_row_index("row").select("place", "row")
    standardized = _interleaved([*known, (anew.drop(_OWN), of_anew)])
    own = columns_of_import(raw, lines, contract, meta)
    records = source_records(contract.source).conform(own.hstack(standardized))
    return records, {**counts, "reused": raw.height - anew.height}


def _interleaved(parts: Sequence[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """The wanted rows of several frames in the order of their places."""
    begins = [0, *accumulate(frame.height for frame, _ in parts)]
    wanted = pl.concat(
        [
            rows.select(pl.col("place", "row").cast(pl.UInt32)).with_columns(pl.col("row") + begin)
            for (_, rows), begin in zip(parts, begins, strict=False)
        ]
    )
    columns = parts[-1][0].columns
    together = pl.concat([frame.select(columns) for frame, _ in parts])
    return rows_of(together, wanted.sort("place").get_column("row"))
