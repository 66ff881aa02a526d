"""All hostile deliveries, in the order of the page ``docs/imports.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdp_assets_tests.hostile.case import Case
from cdp_assets_tests.hostile.compressed_cases import COMPRESSED, NO_TABLES
from cdp_assets_tests.hostile.file_cases import KINDS, MOMENTS, NAMES, TROUBLE
from cdp_assets_tests.hostile.json_cases import JSON
from cdp_assets_tests.hostile.row_cases import HEADERS, LINE_ENDS, QUOTES, ROWS
from cdp_assets_tests.hostile.text_cases import ENCODINGS, HALF
from cdp_assets_tests.hostile.typed_cases import EXCEL, PARQUET
from cdp_assets_tests.hostile.value_cases import VALUES

GROUPS: Mapping[str, Sequence[Case]] = {
    "Empty and half-written": HALF,
    "Encodings": ENCODINGS,
    "Line ends": LINE_ENDS,
    "Rows": ROWS,
    "Quotes and long fields": QUOTES,
    "Headers and columns": HEADERS,
    "Values": VALUES,
    "Compression and archives": COMPRESSED,
    "What is no table": NO_TABLES,
    "Parquet": PARQUET,
    "Excel": EXCEL,
    "JSON lines": JSON,
    "Names of files": NAMES,
    "Kinds of files": KINDS,
    "Files that move": MOMENTS,
    "Trouble": TROUBLE,
}

CASES = tuple(case for group in GROUPS.values() for case in group)
