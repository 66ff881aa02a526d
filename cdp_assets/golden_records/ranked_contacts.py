"""What e-mail addresses and phones have in common when they are put in order: which is golden, and what became of those that were set.

What does not belong here: what makes one better than another (``emails.py``, ``phones.py``), gathering them (``contact_points.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from cdp_assets.candidate_links.lists import where
from cdp_assets.golden_records.contact_points import ContactPoints
from cdp_assets.golden_records.corrections import CORRECTION, Corrections
from cdp_assets.golden_records.packed_order import begins_of
from cdp_assets.golden_records.policy import ConsentPolicy, Rule
from cdp_assets.golden_records.purposes import best_for, consent_order, marketing_consent
from cdp_assets.golden_records.ranking import (
    ONLY_VALUE,
    Key,
    deciding_rules,
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
    ranked = in_order(judged, keys)
    begins = begins_of(ranked.get_column("customer"))
    before = np.repeat(begins, np.diff(np.append(begins, ranked.height)))
    ranked = ranked.with_columns(
        pl.Series("rank", np.arange(1, ranked.height + 1) - before, dtype=pl.Int64),
        value=kind.name,
        is_usable=kind.usable,
    )
    table = ranked.with_columns(best_for(ranked, consents, kind.name, policy))
    is_usable = pl.col(kind.usable)
    return RankedContacts(
        table.select("customer", *kind.columns),
        golden_cells(ranked, is_usable, keys),
        states_of_sets(ranked, corrections.of(kind.name)[0], is_usable, points.carriers),
    )


def golden_cells(ranked: pl.DataFrame, is_eligible: pl.Expr, keys: Sequence[Key]) -> pl.DataFrame:
    """The golden address or number of each customer: the first that ``is_eligible``.

    ``ranked``: the frame of :class:`ContactPoints` in order. Returns cells: ``customer``, ``value``, ``row`` (of the
    best version that carries it), ``rule`` (``correction`` where a correction chose it, or is all that names it),
    ``runners_up``, the first of these (``next_best``) and the version that carries it (``next_best_row``).
    """
    theirs = ranked.filter(~pl.col("is_retracted")) if ranked.get_column("is_retracted").any() else ranked
    customer = theirs.get_column("customer").to_numpy()
    begins = begins_of(customer)
    eligible = np.flatnonzero(theirs.select(is_eligible).to_series().to_numpy())
    best = eligible[begins_of(customer[eligible])]
    runs = np.searchsorted(begins, best, side="right") - 1
    runners_up = np.diff(np.append(begins, len(customer)))[runs] - 1
    is_contested = runners_up > 0
    rivals = begins[runs] + (begins[runs] == best)  # the first of the others
    contested, rival = np.flatnonzero(is_contested), rivals[is_contested]
    rule = pl.repeat(ONLY_VALUE, len(best), dtype=pl.String, eager=True).scatter(
        contested, deciding_rules(theirs, best[contested], rival, keys)
    )
    of_rivals = where(pl.Series(rivals), pl.Series(is_contested))
    is_from_people = pl.col("is_set") | pl.col("row").is_null()
    return (
        theirs.select("customer", "value", "is_set", row="best_row")[best]
        .with_columns(
            pl.when(is_from_people).then(pl.lit(CORRECTION)).otherwise(pl.lit(rule)).alias("rule"),
            pl.Series("runners_up", runners_up.astype(np.int64)),
            theirs.get_column("best_row").gather(of_rivals).alias("next_best_row"),
            theirs.get_column("value").gather(of_rivals).alias("next_best"),
        )
        .drop("is_set")
    )


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
    rows = carriers.join(rivals.select("point"), on="point", how="semi").sort("observed_at", "order")
    rows = rows.unique("point", keep="first", maintain_order=True)
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
