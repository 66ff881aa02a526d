"""Records of a former import, taken again for the lines that say the same: the next snapshot repeats nearly all of the last.

What a standard makes of a line depends on its mapped values and on the contract only. So a line whose mapped columns are,
text by text, those of the line with its key in the newest import of the source that was read before, with the same contract
and standards, has that line's standardized columns and content hash; its ids, its line and its times are its own. It is not
even cleaned: what is compared is what was delivered.
The lake is the only store: there is no copy of anybody's values to forget when they are erased.

Taken again is only what is proven equal:

* Lines are found by hashes of their keys, and then compared: no hash decides what is said of a person.
* The files of the former import must say themselves that they were made with this ``records_version``, and of the lines that
  are kept of it. The ledger says so of an import, but a run that was killed may have replaced its records before it could
  tell, or its lines before it could read them.
* A date of birth may depend on the day of landing (nobody is born after it; a year of two digits). A line is standardized
  anew where its text reads otherwise on the former import's day, or is no date.
* So is a line with an e-mail address or phone number that could not be read: it has to be counted.

Memory does not grow with the former import but by some 40 bytes a record: at most ``BLOCKS_HELD`` blocks of
its lines are held, and of its records. Where the lines of a batch are spread over more of them than it pays to read, as between
two large exports in random order, they are standardized anew: the result is the same.

What does not belong here: whether a line is a record (``judged_lines.py``), what it becomes (``records.py``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl
import polars.selectors as cs

from cdp_assets.lake import PartitionFile
from cdp_assets.ledger import IMPORTED
from cdp_assets.raw.deliveries import ROWS_AT_ONCE, KeptLines, kept_lines
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.dates import standardize_birth_dates
from cdp_assets.standardized.delivered_values import columns_read, delivered_values
from cdp_assets.standardized.judged_lines import ImportMeta, JudgedLines, hashes_of_keys
from cdp_assets.standardized.records import columns_of_import, never_filled, records_of, records_version
from cdp_assets.tables import source_records
from cdp_assets.workspace import Workspace

FEWEST_RECORDS = 5_000
"""A smaller import is standardized anew sooner than a former one is looked through."""

LEAST_SHARE = 0.05
"""Share of a block's rows that the batches which want any must want on average for it to be read: reading a row takes about a
twentieth of the time of standardizing a line. Also the share of an import's lines that must be known for it to be worth while."""

BLOCK_ROWS = 100_000
"""Rows of a former import that are read at a time."""

BLOCKS_HELD = 3
"""Blocks in memory, of the former lines and of the former records. Lines in the same order in both imports need two."""

BATCHES_AT_ONCE = 20
"""A batch leaves few lines to standardize, and every call of a standard has its price: they are gathered from so many batches,
of which some 130 bytes a line are held meanwhile, or until they are as many as a block's."""

RECORDS_VERSION, LINES_WRITTEN_AS = "records_version", "lines_written_as"
"""Under these names a file of records says what it was made with, and of which lines."""

_OWN = ("source", "source_key", "import_id", "line", "observed_at", "landed_at", "record_id")
"""Columns that a record does not owe to its mapped values."""

_LISTS = {"email": "emails_delivered", "phone": "phones_delivered"}


def made_of(kept: KeptLines, contract: SourceContract) -> dict[str, str]:
    """What the files of an import's records say of themselves."""
    return {RECORDS_VERSION: records_version(contract), LINES_WRITTEN_AS: kept.written_as}


@dataclass
class Blocks:
    """The rows of some data files, with those of ``columns`` that they have, to be read in blocks of ``BLOCK_ROWS``."""

    files: Sequence[PartitionFile]
    columns: Collection[str]
    _held: OrderedDict[int, pl.DataFrame] = field(default_factory=OrderedDict)

    @cached_property
    def begins(self) -> list[tuple[int, int]]:
        """The file of each block, and its first row in it."""
        return [(n, row) for n, file in enumerate(self.files) for row in range(0, file.height, BLOCK_ROWS)]

    def rows(self, number: int) -> pl.DataFrame:
        """All rows of a block; the one that was asked for longest ago is let go."""
        if number not in self._held:
            while len(self._held) >= BLOCKS_HELD:
                self._held.popitem(last=False)
            (file, row), columns = self.begins[number], set(self.columns)
            rows = self.files[file].rows
            rows = rows.select(name for name in rows.collect_schema().names() if name in columns)
            # In one piece: Polars takes rows out of several pieces many times slower, above all those with lists.
            self._held[number] = rows.slice(row, BLOCK_ROWS).collect().rechunk()
        self._held.move_to_end(number)
        return self._held[number]

    def numbered(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """``columns`` of each file, with the number of the ``block`` in which a row is, and the ``row`` in it."""
        first, row = 0, pl.int_range(pl.len(), dtype=pl.UInt32)
        for file in self.files:
            block = (row // BLOCK_ROWS + first).cast(pl.UInt32)
            yield file.rows.select(*columns, block=block, row=row % BLOCK_ROWS).collect()
            first += -(-file.height // BLOCK_ROWS)

    def worth_reading(self, wanted: pl.DataFrame, block: str) -> pl.DataFrame:
        """The rows of ``wanted`` (``line``, and the number of a block) whose block it pays to read."""
        batches = (pl.col("line") // ROWS_AT_ONCE).n_unique()
        asked = wanted.group_by(block).agg(rows=pl.len(), batches=batches)
        height = pl.lit(pl.Series([min(self.files[n].height - row, BLOCK_ROWS) for n, row in self.begins]))
        pays = pl.col("rows") >= LEAST_SHARE * pl.col("batches") * height.gather(pl.col(block))
        return wanted.join(asked.filter(pays), on=block, how="semi")


@dataclass(frozen=True)
class Batch:
    """Some kept lines: what their records do not owe to mapped values (``own``), where the former records are that say the rest
    (``place``, and ``block`` and ``row`` of it), and the lines that have none: their ``places``, and their raw rows."""

    own: pl.DataFrame
    known: pl.DataFrame
    places: pl.Series
    anew: pl.DataFrame


@dataclass
class FormerRecords:
    """The records of one former import, its lines, and the day it landed.

    ``places``: ``line`` of this import, ``line_block`` and ``line_row`` of the former line with its key, ``block`` and ``row`` of
    that line's record; sorted by ``line``. ``lists`` are those columns of the ``records`` that have to be looked at to prove one.
    """

    contract: SourceContract
    places: pl.DataFrame
    lines: Blocks
    lists: Blocks
    records: Blocks
    landed_on: date
    _birth_dates: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"text": pl.String, "is_same": pl.Boolean})
    )

    def looked_up(self, raw: pl.DataFrame, lines: pl.DataFrame, meta: ImportMeta) -> Batch:
        """Some kept lines, held against the former ones."""
        found = lines.select("line").with_row_index("place").join(self.places, on="line", how="inner")
        known = self._proven(self._saying_the_same(raw, found), self._told(raw, meta))
        is_new = pl.repeat(True, raw.height, dtype=pl.Boolean, eager=True).scatter(known.get_column("place"), False)
        own = columns_of_import(raw, lines, self.contract, meta)
        return Batch(own, known, is_new.arg_true(), raw.filter(is_new))

    def made_again(self, batch: Batch, anew: pl.DataFrame) -> pl.DataFrame:
        """The records of a batch, given the standardized columns of those of its lines that had none."""
        parts, places = [anew], [batch.places]
        for block, rows in _by_block(batch.known, "block"):
            parts.append(self.records.rows(block)[rows.get_column("row")])
            places.append(rows.get_column("place"))
        order = pl.concat(places).arg_sort()
        standardized = [
            # In one piece, as blocks are. One column at a time: what is let go is what the next one is put in.
            pl.concat([part.get_column(name) for part in parts]).rechunk().gather(order)
            for name in self.records.columns
        ]
        nothing = [pl.lit(None, pl.String).alias(name) for name in never_filled(self.contract)]
        records = batch.own.hstack(standardized).with_columns(nothing)
        return source_records(self.contract.source).conform(records)

    def _saying_the_same(self, raw: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
        """Those of the lines found that say, in every mapped column, what the former line with their key says."""
        said, same = raw.select(cs.by_name(self.lines.columns, require_all=False)).rechunk(), [found.clear()]
        for block, rows in _by_block(found, "line_block"):
            is_same = _are_equal(said, rows.get_column("place"), self.lines.rows(block), rows.get_column("line_row"))
            same.append(rows.filter(is_same))
        return pl.concat(same)

    def _proven(self, found: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
        """Those of the lines found whose records are what they would become again."""
        is_read = [
            pl.col(text).is_null() | pl.col(_LISTS[text.split(".")[0]]).list.contains(pl.col(text))
            for text in told.columns
            if text != "is_born_the_same"
        ]
        proven = [found.clear()]
        for block, rows in _by_block(found, "block"):
            both = self.lists.rows(block)[rows.get_column("row")].hstack(told[rows.get_column("place")])
            proven.append(rows.filter(both.select(pl.all_horizontal("is_born_the_same", *is_read)).to_series()))
        return pl.concat(proven).select("place", "block", "row")

    def _told(self, raw: pl.DataFrame, meta: ImportMeta) -> pl.DataFrame:
        """Of each line: its texts of e-mails and phones (``email.0`` …), and ``is_born_the_same``."""
        values = delivered_values(raw, self.contract, ("date_of_birth", *_LISTS))
        texts = [column.alias(f"{name}.{n}") for name in _LISTS for n, column in enumerate(values.get(name, []))]
        born = [self._read_the_same(column, meta) for column in values.get("date_of_birth", [])]
        same = pl.all_horizontal(pl.lit(True), *(pl.lit(column) for column in born)).alias("is_born_the_same")
        return pl.DataFrame({"is_born_the_same": pl.repeat(True, raw.height, eager=True)}).with_columns(same, *texts)

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


def _by_block(rows: pl.DataFrame, name: str) -> Iterator[tuple[int, pl.DataFrame]]:
    """The numbers of the blocks that some rows are in, and the rows that are in each."""
    for block in rows.get_column(name).unique().sort():
        yield block, rows.filter(pl.col(name) == block)


def _are_equal(now: pl.DataFrame, places: pl.Series, then: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """Whether the texts at some places of one frame are those at the rows of another."""
    is_equal = pl.repeat(True, len(places), dtype=pl.Boolean, eager=True)
    for column in dict.fromkeys([*now.columns, *then.columns]):
        is_equal &= _texts(now, column, places).eq_missing(_texts(then, column, rows))
    return is_equal


def _texts(frame: pl.DataFrame, column: str, rows: pl.Series) -> pl.Series:
    """Some rows of a column, which is null where the frame lacks it."""
    if column not in frame.columns:
        return pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    return frame.get_column(column).gather(rows)


def former_records(
    workspace: Workspace, contract: SourceContract, registered: Mapping[str, Any], judged: JudgedLines
) -> FormerRecords | None:
    """The records of the import that was read before this one, where it pays to take some of them again.

    Events hardly repeat each other, and are left out, as are lines without a key.
    """
    if contract.delivers == "events" or not contract.key or judged.kept.height < FEWEST_RECORDS:
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
    import_id = read.sort("sequence")["import_id"][-1]
    records = workspace.lake.partition_files(source_records(contract.source), import_id)
    kept = kept_lines(workspace, contract.source, import_id)
    said = made_of(kept, contract)
    if not records or any(file.note.get(name) != value for file in records for name, value in said.items()):
        return None
    alike = (*_OWN, *never_filled(contract))
    standardized = [name for name in source_records(contract.source).schema if name not in alike]
    lines, whole = Blocks(kept.partition.files, columns_read(contract)), Blocks(records, standardized)
    places = _places(judged, lines, whole)
    if places.height < LEAST_SHARE * judged.kept.height:
        return None
    (landed_at,) = records[0].rows.select(pl.col("landed_at").first()).collect().row(0)
    return FormerRecords(contract, places, lines, Blocks(records, _LISTS.values()), whole, landed_at.date())


def _places(judged: JudgedLines, lines: Blocks, records: Blocks) -> pl.DataFrame:
    """Where the former lines with the keys of this import's are, and their records; of several with one key the last."""
    own = judged.kept.select("line", "key_1")
    former = pl.concat(
        [
            rows.select(
                _line="line", key_1=hashes_of_keys(rows.get_column("source_key"))["key_1"], block="block", row="row"
            )
            for rows in records.numbered(["source_key", "line"])
        ]
    ).filter(pl.col("key_1").is_last_distinct())
    kept = pl.concat(lines.numbered(["_line"])).rename({"block": "line_block", "row": "line_row"})
    # Both were written in this order; what is known to be sorted is joined in no time.
    former = former.sort("_line").join(kept.sort("_line"), on="_line")
    places = own.join(former, on="key_1").drop("key_1", "_line")
    return records.worth_reading(lines.worth_reading(places, "line_block"), "block").sort("line")


def records_with_former(
    batches: Iterator[pl.DataFrame],
    judged: JudgedLines,
    contract: SourceContract,
    meta: ImportMeta,
    former: FormerRecords | None,
) -> Iterator[tuple[pl.DataFrame, dict[str, int]]]:
    """What :func:`~cdp_assets.standardized.records.records_of` gives, row for row, of each batch of raw rows; counts also say
    how many are ``reused``."""
    if former is None:
        for raw in batches:
            records, counts = records_of(raw, judged, contract, meta)
            yield records, {**counts, "reused": 0}
        return
    looked_up = (former.looked_up(*judged.kept_of(raw), meta) for raw in batches)
    for some in _with_lines_for_a_block(looked_up):
        made, counts = records_of(pl.concat([batch.anew for batch in some]), judged, contract, meta)
        begin = 0
        for batch in some:
            anew = made.slice(begin, batch.anew.height)
            yield former.made_again(batch, anew), {**counts, "reused": batch.known.height}
            begin, counts = begin + anew.height, {}


def _with_lines_for_a_block(batches: Iterator[Batch]) -> Iterator[list[Batch]]:
    """So many batches at a time that their lines without records are about a block's."""
    some: list[Batch] = []
    for batch in batches:
        some.append(batch)
        if len(some) == BATCHES_AT_ONCE or sum(batch.anew.height for batch in some) >= BLOCK_ROWS:
            yield some
            some = []
    if some:
        yield some
