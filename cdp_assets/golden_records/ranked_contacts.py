"""What e-mail addresses and phones have in common when they are put in order: which is golden, and what became of those that were set.

What does not belong here: what makes one better than another (``emails.py``, ``phones.py``), gathering them (``contact_points.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from cdp_assets.golden_records.contact_points import ContactPoints
from cdp_assets.golden_records.corrections import CORRECTION, Corrections
from cdp_assets.golden_records.policy import ConsentPolicy, Rule
from cdp_assets.golden_records.purposes import best_for, consent_order, marketing_consent
from cdp_assets.golden_records.ranking import (
    ONLY_VALUE,
    TIE_KEYS,
    Key,
    deciding_rule,
    first_of_each,
    in_order,
    keys_of,
)
from cdp_assets.golden_records.three_way import CONTESTED, HOLDS, RETIRED, STATES
from cdp_assets.tables import Table

RETRACTED = "retracted"
"""Status of one that a correction says is not theirs."""

SET = Key(CORRECTION, "correction_order")
"""Criterion: a correction says that this is the one; once its record says so itself, that it and what is newer come before
what was known when it was corrected."""

MAIN = Key("main_one", "position", descending=False)
"""Last criterion: a record that carries several names its main one first."""


@dataclass(frozen=True)
class ContactKind:
    """One kind of contact, and its ``table``. ``usable``: the flag of those that may be golden; ``order``: criteria before the
    policy's rules."""

    name: Literal["email", "phone"]
    table: Table
    usable: str
    order: tuple[Key, ...]

    @property
    def columns(self) -> list[str]:
        """The columns of its table, but the customer's id."""
        return [name for name in self.table.schema if name != "customer_id"]


@dataclass(frozen=True)
class RankedContacts:
    """``table``: the rows of ``golden_records/emails`` or ``phones`` with ``customer`` for its id; ``cells``: golden ``email`` or
    ``phone``; ``states``: what became of those that were set (:data:`~cdp_assets.golden_records.three_way.STATES`)."""

    table: pl.DataFrame
    cells: pl.DataFrame
    states: pl.DataFrame


def ranked_contacts(
    kind: ContactKind,
    points: ContactPoints,
    judged: pl.DataFrame,
    consents: pl.DataFrame,
    corrections: Corrections,
    rules: tuple[Rule, ...],
    policy: ConsentPolicy,
) -> RankedContacts:
    """All addresses or numbers of all customers in the order in which one would use them, and which of them is golden.

    ``judged``: the frame of ``points``, ``value`` named as the kind, with its flag ``usable`` and what ``order`` asks for.
    Criteria may ask for ``consent_order`` too, which is told here: given for marketing before unknown before withdrawn.
    """
    consented = marketing_consent(consents, kind.name, policy).rename({"value": kind.name})
    judged = judged.join(consented, on=["customer", kind.name], how="left").with_columns(
        pl.col("marketing_consent").fill_null(policy.default_state)
    )
    judged = judged.with_columns(consent_order(pl.col("marketing_consent")).alias("consent_order"))
    keys = keys_of(kind.order, rules, last=[MAIN])
    ranked = in_order(judged, keys).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("customer").alias("rank"),
        value=kind.name,
        is_usable=kind.usable,
    )
    table = ranked.with_columns(best_for(ranked, consents, kind.name, policy))
    is_usable = pl.col(kind.usable)
    return RankedContacts(
        table.select("customer", *kind.columns),
        golden_cells(ranked, is_usable, points.carriers, keys),
        states_of_sets(ranked, corrections.of(kind.name)[0], is_usable, points.carriers),
    )


def golden_cells(
    ranked: pl.DataFrame, is_eligible: pl.Expr, carriers: pl.DataFrame, keys: Sequence[Key]
) -> pl.DataFrame:
    """The golden address or number of each customer: the first that ``is_eligible``.

    ``ranked``: the frame of :class:`ContactPoints` in order. Returns cells: ``customer``, ``value``, ``row`` (of the
    best version that carries it), ``rule`` (``correction`` where a correction chose it, or is all that names it),
    ``runners_up``, the first of these (``next_best``) and the version that carries it (``next_best_row``).
    """
    theirs = ranked.filter(~pl.col("is_retracted"))
    best = first_of_each(theirs.filter(is_eligible))
    others = theirs.join(best, on=["customer", "point"], how="anti", nulls_equal=True, maintain_order="left")
    rivals = first_of_each(others)
    counted = others.group_by("customer").agg(pl.len().cast(pl.Int64).alias("runners_up"))
    rule = pl.when(pl.col("runners_up") == 0).then(pl.lit(ONLY_VALUE)).otherwise(deciding_rule(keys))
    cells = (
        best.join(rivals, on="customer", how="left", suffix="_rival")
        .join(counted, on="customer", how="left")
        .with_columns(pl.col("runners_up").fill_null(0))
        .with_columns(rule.alias("rule"))
    )
    evidence = _best_carriers(carriers, cells.get_column("point"))
    of_rival = _best_carriers(carriers, cells.get_column("point_rival")).rename({"row": "next_best_row"})
    is_from_people = pl.col("is_set") | pl.col("row").is_null()
    return (
        cells.join(evidence, on="customer", how="left")
        .join(of_rival, on="customer", how="left")
        .with_columns(pl.when(is_from_people).then(pl.lit(CORRECTION)).otherwise("rule").alias("rule"))
        .select("customer", "value", "row", "rule", "runners_up", "next_best_row", next_best="value_rival")
    )


def _best_carriers(carriers: pl.DataFrame, points: pl.Series) -> pl.DataFrame:
    """``customer`` and ``row``: the best record version that carries each of these points, one point of each customer."""
    wanted = points.drop_nulls().rename("point").to_frame()
    keys = [Key("current", "standing"), *(key for key in TIE_KEYS if key.column != "text")]
    carrying = carriers.join(wanted, on="point", how="semi").select("customer", "row", *(key.column for key in keys))
    return first_of_each(in_order(carrying, keys)).select("customer", "row")


def states_of_sets(
    ranked: pl.DataFrame, sets: pl.DataFrame, is_eligible: pl.Expr, carriers: pl.DataFrame
) -> pl.DataFrame:
    """What became of the sets of one kind, as :data:`~cdp_assets.golden_records.three_way.STATES`.

    ``ranked``: as for :func:`golden_cells`. A set is contested by the best newer address that could take its place.
    """
    if sets.is_empty():
        return pl.DataFrame(schema=STATES)
    theirs = ranked.join(sets.select("customer"), on="customer", how="semi", maintain_order="left")
    retired = theirs.filter("is_retired").select("customer", is_retired=pl.lit(True)).unique()
    rivals = first_of_each(theirs.filter(pl.col("is_new") & is_eligible & ~pl.col("is_retired")))
    rows = carriers.sort("observed_at", "order").unique("point", keep="first", maintain_order=True)
    by = rivals.select("customer", "point", contested_by="value").join(
        rows.select("point", contested_row="row"), on="point", how="left"
    )
    judged = (
        sets.select("customer", "field").join(retired, on="customer", how="left").join(by, on="customer", how="left")
    )
    state = (
        pl.when(pl.col("is_retired").fill_null(False))
        .then(pl.lit(RETIRED))
        .when(pl.col("contested_by").is_not_null())
        .then(pl.lit(CONTESTED))
        .otherwise(pl.lit(HOLDS))
    )
    return judged.with_columns(state=state).select(pl.col(name).cast(dtype) for name, dtype in STATES.items())
