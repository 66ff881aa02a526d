"""An audit of a workspace: reads what it is made from, and gives the history, the reports and what pictures show.

What does not belong here: the parts of an audit, each of which has its module; writing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from cdp_assets.standardized.gathering import imported_lines
from cdp_assets.standardized.quality_audit import Audit, audits
from cdp_assets.standardized.quality_decay import alive_by_age, decay
from cdp_assets.standardized.quality_facts import ADDRESS_COLUMNS, VERSION_COLUMNS, facts
from cdp_assets.standardized.quality_files import INDEX
from cdp_assets.standardized.quality_measures import quality_measures, with_audit
from cdp_assets.standardized.quality_page import audit_page, index_page
from cdp_assets.tables import EMAIL_ADDRESSES, QUALITY_AUDITS, QUALITY_FINDINGS, QUALITY_REPORT, RECORD_VERSIONS
from cdp_assets.workspace import Workspace


@dataclass(frozen=True)
class Audited:
    """``history``: the rows of ``standardized/quality_audits``; ``pages``: report name to HTML, with masked examples;
    ``report`` and ``alive``: numbers for pictures (``quality_report``, ``quality_decay.alive_by_age``)."""

    history: pl.DataFrame
    audits: list[Audit]
    pages: Mapping[str, str]
    report: pl.DataFrame
    alive: pl.DataFrame


def audit_workspace(workspace: Workspace, audited_on: date) -> Audited:
    """The audit of every source with current records, as of the tables in the lake."""
    lake = workspace.lake
    report, findings = lake.read(QUALITY_REPORT), lake.read(QUALITY_FINDINGS)
    versions = lake.read(RECORD_VERSIONS, columns=VERSION_COLUMNS)
    known = facts(versions, lake.read(EMAIL_ADDRESSES, columns=ADDRESS_COLUMNS))
    measures = quality_measures(known, findings, imported_lines(workspace))
    history = with_audit(lake.read_or_empty(QUALITY_AUDITS), measures, audited_on)
    decayed = decay(known)
    made = audits(known, report, findings, decayed, history, audited_on)
    pages = {audit.source: audit_page(audit) for audit in made} | {INDEX: index_page(made)}
    return Audited(history, made, pages, report, alive_by_age(decayed))
