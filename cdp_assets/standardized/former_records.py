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
from typing import Any

import polars as pl

from cdp_assets.lake import PartitionFile
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.dates import standardize_birth_dates
from cdp_assets.standardized.delivered_values import delivered_values
from cdp_assets.standardized.judged_lines import ImportMeta, JudgedLines
from cdp_assets.standardized.mapped_values import DIGEST, digests_of_hashes
from cdp_assets.standardized.records import columns_of_import, records_of, records_version
from cdp_assets.tables import source_records
from cdp_assets.workspace import Workspace

FEWEST_RECORDS = 5_000
"""A smaller import is standardized anew sooner than a former one is looked through."""

LEAST_SHARE = 0.1
"""Share of a file's rows that a batch must want for the file to be read: reading a row takes about a tenth of the time
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

    def known(self, raw: pl.DataFrame, lines: pl.DataFrame, meta: ImportMeta) -> pl.DataFrame:
        """The standardized columns of those of some kept lines that can be taken again, with their ``place`` among them."""
        found = (
            lines.select(*DIGEST)
            .with_row_index("place")
            .join(self.places, on=DIGEST, how="inner", maintain_order="left")
        )
        parts = [
            self._file(number).select(pl.all().gather(rows.get_column("row"))).hstack([rows.get_column("place")])
            for (number,), rows in found.group_by("file", maintain_order=True)
            if isinstance(number, int) and rows.height >= LEAST_SHARE * self.files[number].height
        ]
        if not parts:
            return self._nothing()
        records = pl.concat(parts).sort("place")
        return records.filter(self._are_proven(raw.select(pl.all().gather(records.get_column("place"))), records, meta))

    def _nothing(self) -> pl.DataFrame:
        columns = {name: dtype for name, dtype in source_records("any").schema.items() if name not in _OWN}
        return pl.DataFrame(schema={**columns, "place": pl.UInt32})

    def _file(self, number: int) -> pl.DataFrame:
        if number not in self._held:
            while len(self._held) >= FILES_HELD:
                self._held.popitem(last=False)
            self._held[number] = self.files[number].rows.select(pl.exclude(_OWN)).collect()
        self._held.move_to_end(number)
        return self._held[number]

    def _are_proven(self, raw: pl.DataFrame, records: pl.DataFrame, meta: ImportMeta) -> pl.Series:
        """Whether each record is what its line, a row of ``raw``, would become again, with nothing to count in it."""
        values = delivered_values(raw, self.contract, ("date_of_birth", *_LISTS))
        proofs = [pl.lit(True)]
        for name, column in _LISTS.items():
            for n, texts in enumerate(values.get(name, [])):
                text = f"{name}.{n}"
                records = records.with_columns(texts.alias(text))
                proofs.append(pl.col(text).is_null() | pl.col(column).list.contains(pl.col(text)))
        for n, texts in enumerate(values.get("date_of_birth", [])):
            records = records.with_columns(self._read_the_same(texts, meta).alias(f"born.{n}"))
            proofs.append(pl.col(f"born.{n}"))
        return records.select(pl.all_horizontal(proofs).fill_null(False).alias("is_proven")).to_series()

    def _read_the_same(self, texts: pl.Series, meta: ImportMeta) -> pl.Series:
        """Whether each text is the same date of birth on both days of landing; true of null. Asked once of each text."""
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
    is_known = pl.int_range(raw.height, dtype=pl.UInt32, eager=True).is_in(known.get_column("place").implode())
    anew, counts = records_of(raw.filter(~is_known), judged, contract, meta)
    own = columns_of_import(raw.filter(is_known), lines.filter(is_known), contract, meta)
    again = source_records(contract.source).conform(own.hstack(known.drop("place")))
    order = pl.concat([(~is_known).arg_true(), is_known.arg_true()]).arg_sort()
    return pl.concat([anew, again]).select(pl.all().gather(order)), {**counts, "reused": again.height}
