"""What becomes of a correction when its sources go on speaking: the three-way rule, on every import, in any order.

Judged by the time at which sources say a thing was true, never by the order in which imports arrived:

================================================== ========= ==========================================================
after a set, the sources                           state     golden is
================================================== ========= ==========================================================
say nothing newer                                  holds     the set value
repeat what was known when it was corrected        holds     the set value, however often, and whoever repeats it
bring a third value that was not known then        contested the set value, until a person has looked (``contested_by``)
say the set value, and it wins by itself           agreed    the set value, by the ordinary rules, from that source
say the set value *in the record corrected*        retired   by the ordinary rules: what that record says from then on, and
                                                             whatever is new, counts again. What was known when it was
                                                             corrected, and others repeat, never comes back
================================================== ========= ==========================================================

Names and postal addresses are judged as a whole: they are agreed to or retired when every corrected part is; a postal
address is a third value when it is another address, a name when the corrected part is another. A third value takes no
part while it waits, so half of it never mixes with half of the corrected one.

What does not belong here: which corrections are in force (``corrections.py``); addresses of which a customer keeps several
(``contact_points.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from cdp_assets.golden_records.corrections import NOTHING, Corrections, comparable
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import ADDRESS_PARTS, Rule
from cdp_assets.golden_records.survivorship import Candidates, Survivors, survivors

HOLDS, CONTESTED, AGREED, RETIRED, RETRACTED = "holds", "contested", "agreed", "retired", "retracted"

STATES: dict[str, pl.DataType] = {
    "customer": pl.UInt32(),
    "field": pl.String(),
    "state": pl.String(),
    "contested_by": pl.String(),
    "contested_row": pl.UInt32(),
}
"""State of each set: ``contested_row`` is the row of ``record_versions`` that says ``contested_by``."""


@dataclass(frozen=True)
class Settled:
    """What survives beside corrections: ``chosen`` by the ordinary rules, ``held`` (rows of the sets) to put in its place,
    and the ``states`` of all sets (:data:`STATES`)."""

    chosen: Survivors
    held: pl.DataFrame
    states: pl.DataFrame


def settle(candidates: Candidates, sets: pl.DataFrame, known: CustomerVersions, rules: Sequence[Rule]) -> Settled:
    """Choose among ``candidates`` under ``sets`` (:class:`~cdp_assets.golden_records.corrections.Corrections`)."""
    sets = sets.filter(pl.col("field").is_in(candidates.parts))
    if sets.is_empty():
        return Settled(survivors(candidates, rules), sets, pl.DataFrame(schema=STATES))
    sets = with_corrected_record(sets, known)
    statements = _statements(candidates, sets)
    caught_up = _caught_up(statements)
    statements = _with_news(statements, caught_up)
    retired = pl.col("caught_up_at").is_not_null()
    # Of a retired correction only this is left: what it corrected is not said again by others.
    repeats = statements.filter(retired & ~pl.col("is_new") & ~pl.col("agrees"))
    counting = _without(candidates, repeats)
    first = survivors(counting, rules)
    # An old value that is merely repeated hides no third one, however late it is repeated.
    repeated = statements.filter(
        ~pl.col("is_new") & ~pl.col("agrees") & (pl.col("observed_at") > pl.col("corrected_at"))
    )
    unrepeated = survivors(_without(_of_customers(candidates, sets), repeated), rules)
    spoken = statements.select("customer", "field", "row", "key", "is_same", "agrees", "is_new", "said")
    winner = (
        unrepeated.frame.select("customer", "row", "key")
        .join(spoken, on=["customer", "row", "key"])
        .sort("customer", "field", "said")
        .unique(["customer", "field"], keep="first", maintain_order=True)
    )
    judged = (
        sets.select("customer", "field")
        .join(caught_up.select("customer", "caught_up_at"), on="customer", how="left")
        .join(winner, on=["customer", "field"], how="left")
        .with_columns(state=_state())
    )
    contested = judged.filter(pl.col("state") == CONTESTED)
    news = statements.join(contested.select("customer", "field"), on=["customer", "field"], how="semi").filter("is_new")
    again = survivors(_without(_of_customers(counting, contested), news), rules)
    agreed = judged.filter(pl.col("state") == AGREED).join(contested, on="customer", how="anti")
    chosen = _with(_with(first, again, contested), unrepeated, agreed)
    states = judged.select(
        "customer",
        "field",
        "state",
        pl.when(pl.col("state") == CONTESTED).then("said").alias("contested_by"),
        pl.when(pl.col("state") == CONTESTED).then("row").cast(pl.UInt32).alias("contested_row"),
    )
    standing = states.filter(pl.col("state").is_in([HOLDS, CONTESTED])).select("customer", "field")
    said_now = chosen.frame.select("customer", "row", "key").join(spoken, on=["customer", "row", "key"])
    same = said_now.filter("is_same").select("customer", "field").unique()
    held = sets.join(standing, on=["customer", "field"], how="semi").join(same, on=["customer", "field"], how="anti")
    return Settled(chosen, held, states.sort("customer", "field"))


def without_retracted(candidates: Candidates, retractions: pl.DataFrame) -> Candidates:
    """``candidates`` less those of which a part was retracted."""
    frame = candidates.frame
    for part in candidates.parts:
        retracted = retractions.filter(pl.col("field") == part).select("customer", "comparable")
        if retracted.height:
            frame = (
                frame.with_columns(comparable_part(candidates, part).alias("comparable"))
                .join(retracted, on=["customer", "comparable"], how="anti", nulls_equal=False, maintain_order="left")
                .drop("comparable")
            )
    return replace(candidates, frame=frame)


def _state() -> pl.Expr:
    return (
        pl.when(pl.col("caught_up_at").is_not_null())
        .then(pl.lit(RETIRED))
        .when(pl.col("agrees").fill_null(False))
        .then(pl.lit(AGREED))
        .when(pl.col("is_new").fill_null(False))
        .then(pl.lit(CONTESTED))
        .otherwise(pl.lit(HOLDS))
    )


def with_corrected_record(sets: pl.DataFrame, known: CustomerVersions) -> pl.DataFrame:
    """``sets`` with ``corrected_record``: the rank of the record that each names; null where it names the customer."""
    named = known.with_values("record_id").select("customer", "record_id", corrected_record="record")
    ranks = named.join(sets.select("customer"), on="customer", how="semi").unique()
    return sets.join(ranks, left_on=["customer", "scope"], right_on=["customer", "record_id"], how="left")


def _statements(candidates: Candidates, sets: pl.DataFrame) -> pl.DataFrame:
    """One row per set and candidate of its customer, with what the candidate says of the set's part.

    ``is_same``: it says the set value of that part; ``agrees``: it does so of every part that is set; ``known_at``: when its
    customer was first known to have what it says.
    """
    theirs = candidates.frame.join(sets.select("customer"), on="customer", how="semi")
    by_part = [
        theirs.select(
            "customer",
            "row",
            "key",
            "record",
            "observed_at",
            field=pl.lit(part),
            said=pl.col(part).cast(pl.String),
            says=comparable_part(candidates, part).fill_null(NOTHING),
        )
        for part in sets.get_column("field").unique().sort()
    ]
    is_whole = candidates.parts == ADDRESS_PARTS
    return (
        pl.concat(by_part)
        .join(
            sets.select("customer", "field", "comparable", "corrected_at", "corrected_record"), on=["customer", "field"]
        )
        .with_columns(
            is_same=pl.col("says") == pl.col("comparable"), subject=pl.col("key") if is_whole else pl.col("says")
        )
        .with_columns(
            agrees=pl.col("is_same").all().over("customer", "row", "key"),
            known_at=pl.col("observed_at").min().over("customer", "field", "subject"),
        )
    )


def _caught_up(statements: pl.DataFrame) -> pl.DataFrame:
    """``customer``, ``corrected_record`` and ``caught_up_at`` of those whose corrected record says all that was set.

    It counts what the record said last when it was corrected, and whatever it said after. Where corrections of one whole
    name several records, any of them may catch up.
    """
    is_it = pl.col("corrected_record").is_null() | (pl.col("record") == pl.col("corrected_record"))
    own = statements.filter(is_it).with_columns(set_at=pl.col("corrected_at").max().over("customer"))
    before = pl.col("observed_at").filter(pl.col("observed_at") <= pl.col("set_at")).max().over("customer", "record")
    counts = (pl.col("observed_at") > pl.col("set_at")) | (pl.col("observed_at") == before)
    said_so = own.filter(counts & pl.col("agrees")).with_columns(
        at=pl.max_horizontal("observed_at", "set_at"), caught_up_record="record"
    )
    return (
        said_so.sort("customer", "at", "record")
        .unique("customer", keep="first", maintain_order=True)
        .select("customer", "caught_up_record", caught_up_at="at")
    )


def _with_news(statements: pl.DataFrame, caught_up: pl.DataFrame) -> pl.DataFrame:
    """``statements`` with ``is_new``: not what was set, not known when it was set; or said by the record that had caught up."""
    beside = statements.join(caught_up, on="customer", how="left")
    is_own_word = (pl.col("record") == pl.col("caught_up_record")) & (pl.col("observed_at") > pl.col("caught_up_at"))
    says_something = pl.col("says") != NOTHING
    is_new = (pl.col("known_at") > pl.col("corrected_at")) | is_own_word.fill_null(False)
    return beside.with_columns(is_new=is_new & ~pl.col("agrees") & says_something)


def _without(candidates: Candidates, statements: pl.DataFrame) -> Candidates:
    if statements.is_empty():
        return candidates
    rows = statements.select("customer", "row", "key").unique()
    left = candidates.frame.join(rows, on=["customer", "row", "key"], how="anti", maintain_order="left")
    return replace(candidates, frame=left)


def _of_customers(candidates: Candidates, customers: pl.DataFrame) -> Candidates:
    theirs = candidates.frame.join(customers.select("customer"), on="customer", how="semi", maintain_order="left")
    return replace(candidates, frame=theirs)


def _with(chosen: Survivors, others: Survivors, customers: pl.DataFrame) -> Survivors:
    """``chosen``, but of these customers what ``others`` have: what was left out there is no runner-up either."""
    if customers.is_empty():
        return chosen
    who = customers.get_column("customer").unique().implode()

    def put(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
        kept = one.filter(~pl.col("customer").is_in(who))
        return pl.concat([kept, other.filter(pl.col("customer").is_in(who))], how="diagonal")

    return Survivors(chosen.parts, put(chosen.frame, others.frame), put(chosen.rivals, others.rivals))


def comparable_part(candidates: Candidates, part: str) -> pl.Expr:
    """What a candidate says of ``part``, in the form in which two spellings are equal."""
    ready = f"comparable_{part}"
    if ready in candidates.frame.columns:
        return pl.col(ready)
    return comparable(pl.lit(part), pl.col(part).cast(pl.String))


def what_became(corrections: Corrections, states: pl.DataFrame, known: CustomerVersions) -> pl.DataFrame:
    """The rows of ``golden_records/corrections``: every correction in force, with its state."""
    sets = corrections.sets.join(states, on=["customer", "field"], how="left").with_columns(
        pl.col("state").fill_null(HOLDS), correction=pl.lit("set")
    )
    retracted = corrections.retractions.with_columns(state=pl.lit(RETRACTED), correction=pl.lit("retract"))
    every = pl.concat([sets, retracted], how="diagonal")
    by = known.at(every.get_column("contested_row"), "record_id", "observed_at")
    ids = known.customers.get_column("customer_id").gather(every.get_column("customer"))
    return every.select(
        ids,
        "field",
        "correction",
        "value",
        "corrected_at",
        "record_id",
        "source",
        "import_id",
        "state",
        "contested_by",
        by.get_column("record_id").alias("contested_record_id"),
        by.get_column("observed_at").alias("contested_at"),
    ).sort("customer_id", "field", "correction", "value")
