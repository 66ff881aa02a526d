"""A sample of pairs for a person to judge, written as a file and read back when the answers are in it.

The file shows what was compared and nothing of what the model thinks: who knows the answer expected of them is no judge. It holds
personal values; it goes where the person who asked says.

What does not belong here: which pairs are drawn (``candidate_links/sampling.py``) and what follows (``candidate_links/estimates.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from cdp_assets.candidate_links.hashing import of_pairs
from cdp_assets.candidate_links.labels import known_pairs as known_to_linkage
from cdp_assets.candidate_links.labels import labelled_pairs, read_labels
from cdp_assets.candidate_links.sampling import sample, with_strata
from cdp_assets.judgements import ContradictoryJudgementError, judgements_in_force
from cdp_assets.steward.decisions import judge
from cdp_assets.steward.lookup import LookupProblemError, require_made
from cdp_assets.tables import LINKAGE_PROFILES, PROFILE_MEMBERS, SCORED_PAIRS
from cdp_assets.workspace import Workspace

_ONE_VALUE = ("first_name", "middle_name", "last_name", "suffix", "sex", "date_of_birth", "company", "job_title")
_PLACE = ("house_number", "street", "postcode", "city")
_SEVERAL = ("emails", "phones", "identifiers")
WHY = "judged in a sample"


@dataclass(frozen=True)
class DrawnSample:
    """``to_judge``: the pairs of the sample that nobody has judged, with what was compared, in no telling order."""

    to_judge: pl.DataFrame
    drawn: int

    @property
    def judged(self) -> int:
        return self.drawn - self.to_judge.height


def draw(workspace: Workspace, size: int) -> DrawnSample:
    """Draw ``size`` scored pairs. The same data gives the same sample, and a larger one holds the smaller."""
    lake = workspace.lake
    for table in (SCORED_PAIRS, PROFILE_MEMBERS, LINKAGE_PROFILES):
        require_made(lake, table)
    members = lake.read(PROFILE_MEMBERS)
    drawn = sample(with_strata(lake.read(SCORED_PAIRS), members), members, size)
    known = labelled_pairs(known_pairs(workspace), members)
    open_ = drawn.join(known, left_on=["profile_id_l", "profile_id_r"], right_on=["id_l", "id_r"], how="anti")
    return DrawnSample(_shown(open_, lake.read(LINKAGE_PROFILES)), drawn.height)


def known_pairs(workspace: Workspace) -> pl.DataFrame:
    """Pairs of records whose answer is known: judgements, and the workspace's file of labelled pairs."""
    return known_to_linkage(workspace.ledger.judgements(), workspace.labels_file)


def _shown(drawn: pl.DataFrame, profiles: pl.DataFrame) -> pl.DataFrame:
    joined = [pl.col(name).list.join(" ").replace("", None) for name in _SEVERAL]
    place = pl.concat_str([pl.col(name).fill_null("") for name in _PLACE], separator=" ")
    place = place.str.replace_all(r" +", " ").str.strip_chars().replace("", None).alias("address")
    values = profiles.select("profile_id", *_ONE_VALUE, place, *joined)
    columns = [name for name in values.columns if name != "profile_id"]
    order = of_pairs(drawn.get_column("profile_id_l"), drawn.get_column("profile_id_r"))
    both = (
        drawn.with_columns(
            pl.Series("_order", order, dtype=pl.UInt64), pl.lit(None, dtype=pl.String).alias("judgement")
        )
        .join(values.rename({name: f"{name}_l" for name in values.columns}), on="profile_id_l")
        .join(values.rename({name: f"{name}_r" for name in values.columns}), on="profile_id_r")
        .sort("_order", "profile_id_l", "profile_id_r")
    )
    filled = [name for name in columns if both.get_column(f"{name}_l").count() + both.get_column(f"{name}_r").count()]
    sides = [f"{name}_{side}" for name in filled for side in ("l", "r")]
    return both.select("judgement", *sides, "record_id_l", "record_id_r")


@dataclass(frozen=True)
class JudgedFile:
    """What became of a file of judgements: how many were written, how many said nothing new, and the rows (from 1) that could not be."""

    written: int
    known: int
    contradicting: tuple[int, ...]
    unknown: tuple[int, ...]


def judge_file(
    workspace: Workspace, path: Path, *, by: str, now: datetime, told: Callable[[str], None] = lambda _: None
) -> JudgedFile:
    """Write every judgement of a file to the ledger; rows without one are passed over, and so are those in force already.

    Raises :class:`~cdp_assets.candidate_links.labels.LabelsError` for a file that can not be read; then nothing is written. Rows
    that contradict judgements in force, or whose records are gone, are told and not written.
    """
    rows = read_labels(path)
    sides = [pl.min_horizontal("record_id_l", "record_id_r"), pl.max_horizontal("record_id_l", "record_id_r")]
    in_force = judgements_in_force(workspace.ledger.judgements())
    pairs = in_force.select("record_id_l", "record_id_r", "judgement").iter_rows()
    said = {(left, right): word for left, right, word in pairs}
    written = known = 0
    contradicting, unknown = [], []
    for row, left, right, word in rows.select("row", sides[0].alias("l"), sides[1].alias("r"), "judgement").iter_rows():
        if said.get((left, right)) == word:
            known += 1
            continue
        try:
            judge(workspace, left, right, word, by=by, reason=WHY, now=now)
        except ContradictoryJudgementError:
            contradicting.append(row)
            continue
        except LookupProblemError:
            unknown.append(row)
            continue
        written += 1
        if written % 50 == 0:
            told(f"{written} of {rows.height} judgements written")
    return JudgedFile(written, known, tuple(contradicting), tuple(unknown))
