"""What blocking looked at, what its caps left out, and an estimate of what that cost.

What does not belong here: the caps themselves (``blocking.py``) and pictures (``pictures.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from cdp_assets.candidate_links.blocking import RULES, Blocks
from cdp_assets.candidate_links.decisions import ACCEPTED

SCHEMA: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "cap": pl.Int64(),
    "paired_records": pl.Int64(),
    "blocks": pl.Int64(),
    "largest_at_most": pl.Int64(),
    "pairs": pl.Int64(),
    "pairs_alone": pl.Int64(),
    "links": pl.Int64(),
    "links_alone": pl.Int64(),
    "refined_blocks": pl.Int64(),
    "dropped_blocks": pl.Int64(),
    "dropped_records": pl.Int64(),
    "dropped_pairs": pl.Int64(),
    "estimated_links_lost": pl.Float64(),
}


class BlockReport(NamedTuple):
    """``rules``: one row per rule, with the columns of :data:`SCHEMA`. ``untried``: rules that the budget left no room for.

    ``estimated_recall_loss``: part of all links that the caps are estimated to have cost, 0 to 1.
    """

    rules: pl.DataFrame
    untried: tuple[str, ...]
    estimated_recall_loss: float


def block_report(blocks: Blocks, scored_pairs: pl.DataFrame) -> BlockReport:
    """Report on ``blocks``, whose pairs became ``scored_pairs`` (``candidate_links/scored_pairs``).

    ``links`` are accepted pairs that a rule found, ``links_alone`` those that no other rule found; ``largest_at_most`` bounds
    the size of its blocks before any was refined. A record that a cap leaves out loses the links that only this rule would
    have found: it is taken to have as many as a record that the rule paired has. That errs on the high side (a value that very
    many share tells less of two of its records, and records reach each other through a third), but rules that were not
    tried are not in it.
    """
    found = blocks.pairs.select("id_l", "id_r", "rules").join(
        scored_pairs.filter(pl.col("decision") == ACCEPTED).select("profile_id_l", "profile_id_r", is_link=True),
        left_on=["id_l", "id_r"],
        right_on=["profile_id_l", "profile_id_r"],
        how="left",
    )
    counts = found.group_by("rules").agg(pl.len().alias("pairs"), pl.col("is_link").sum().alias("links"))
    bits = {name: 1 << bit for bit, name in enumerate(RULES)}
    rows = []
    for report in blocks.reports:
        of_rule = counts.filter(pl.col("rules").and_(bits[report.rule]) != 0)
        alone = counts.filter(pl.col("rules") == bits[report.rule])
        links_alone = int(alone["links"].sum())
        paired = _paired(found.filter(pl.col("rules").and_(bits[report.rule]) != 0))
        rows.append(
            {
                "rule": report.rule,
                "cap": report.cap,
                "paired_records": paired,
                "blocks": sum(report.sizes),
                "largest_at_most": 2 ** len(report.sizes) if report.sizes else 0,
                "pairs": report.pairs,
                "pairs_alone": int(alone["pairs"].sum()),
                "links": int(of_rule["links"].sum()),
                "links_alone": links_alone,
                "refined_blocks": report.refined_blocks,
                "dropped_blocks": report.dropped_blocks,
                "dropped_records": report.dropped_records,
                "dropped_pairs": report.dropped_pairs,
                "estimated_links_lost": _lost(report.dropped_records, paired, links_alone),
            }
        )
    rules = pl.DataFrame(rows, schema=SCHEMA)
    lost, links = float(rules["estimated_links_lost"].sum()), int(counts["links"].sum())
    untried = tuple(report.rule for report in blocks.reports if not report.cap)
    return BlockReport(rules, untried, lost / (links + lost) if links + lost else 0.0)


def _paired(pairs: pl.DataFrame) -> int:
    """Profiles among the pairs of one rule."""
    return pl.concat([pairs.get_column("id_l"), pairs.get_column("id_r")]).n_unique()


def _lost(dropped: int, paired: int, links_alone: int) -> float:
    """Links of ``dropped`` records at the rate of those that the rule paired; 0 where it paired none: no rate is known."""
    return dropped * links_alone / paired if paired else 0.0
