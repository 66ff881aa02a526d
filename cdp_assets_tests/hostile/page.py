"""The tables of ``docs/imports.md``, made from the cases, the constants and the table contracts.

``python -m cdp_assets_tests.hostile.page`` writes them into the page, between its comments; what stands around them is
written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cdp_assets import lake
from cdp_assets.raw import deliveries
from cdp_assets.sources import contract_model, headers, json_lines, landing, whole_lines
from cdp_assets.sources.compression import DEFAULT_LIMITS
from cdp_assets.sources.delivered_content import MOST_EXCEL_BYTES
from cdp_assets.tables import IMPORT_LOG
from cdp_assets_tests.hostile.cases import GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "imports.md"

_TABLE = re.compile(r"(<!-- (\w+): .*? -->\n).*?(<!-- end -->)", re.DOTALL)


def page_with_tables(page: str) -> str:
    """The page with its tables as they should be."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", page)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _outcomes() -> str:
    parts = []
    for group, cases in GROUPS.items():
        rows = [(case.what, f"{case.outcome}", case.becomes) for case in cases]
        parts.append(f"### {group}\n\n{_table(('what is delivered', 'outcome', ''), rows)}")
    return "\n".join(parts)


def _log() -> str:
    return _table(("column", "what it is"), [(f"`{column.name}`", column.meaning) for column in IMPORT_LOG.columns])


def _limits() -> str:
    rows = [
        ("a file has settled when it has not changed for", _seconds(landing.SETTLE_SECONDS)),
        ("a last line without its end counts when the file has not changed for", _seconds(landing.QUIET_SECONDS)),
        ("a half compressed, Parquet or Excel file is waited for", _seconds(landing.STALLED_SECONDS)),
        ("columns of a file", f"{headers.MOST_COLUMNS:,}"),
        ("a line, or a row over several lines", _megabytes(whole_lines.LONGEST_ROW)),
        ("objects and lists in one another, in JSON", f"{json_lines.MOST_LEVELS} levels"),
        ("a file, decompressed", _gigabytes(DEFAULT_LIMITS.max_bytes)),
        (
            f"how much larger than the compressed file, beyond {_megabytes(DEFAULT_LIMITS.free_bytes)}",
            f"{DEFAULT_LIMITS.max_ratio} times",
        ),
        ("an Excel workbook", _megabytes(MOST_EXCEL_BYTES)),
        (
            "records that a snapshot may lack of the one before it (`may_shrink_by`)",
            f"{contract_model.DEFAULT_SHRINKAGE:.0%}",
        ),
        ("text that is split at once", _megabytes(whole_lines.TEXT_AT_ONCE)),
        ("values of JSON lines that are held in memory before they go to a file", _megabytes(json_lines.IN_MEMORY)),
        ("rows in memory that become one file of the lake; twice that is held", _megabytes(lake.FILE_BYTES)),
        ("kept rows that are read at once", f"{deliveries.ROWS_AT_ONCE:,}"),
    ]
    return _table(("limit", "value"), rows)


def _seconds(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds > 60 else f"{seconds:g} seconds"


def _megabytes(size: int) -> str:
    return f"{size >> 20} MB"


def _gigabytes(size: int) -> str:
    return f"{size >> 30} GB"


TABLES: dict[str, Callable[[], str]] = {"outcomes": _outcomes, "log": _log, "limits": _limits}

if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
