"""Who is in a segment, out of it, or maybe: conditions judged in three values, because identity is only probable.

What a customer did is known by records, and that a record is the customer's by links. So "attended a webinar" is

========= ==========================================================================================================
``yes``   a record of the customer says so, and the link that holds it there is certain (``certain_probability``)
``maybe`` a record says so but its link is weaker, or only a candidate link (one that was not accepted) leads to
          another customer whose record says so
``no``    neither
========= ==========================================================================================================

``never`` is the opposite of ``has``, so a customer whose attendance is only probable is a ``maybe`` of it too, and
counts only where the segment says ``when_in_doubt: include``. It follows that with more candidate links a segment of
people who never did something can only get smaller.

What does not belong here: what conditions there are (``policy.py``), which links there are (earlier stages).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.segments.policy import (
    AllOf,
    AnyOf,
    Condition,
    Has,
    HasConsent,
    HasField,
    Not,
    Segment,
    SegmentsPolicy,
)
from cdp_assets.tables import SEGMENT_MEMBERS

NO, MAYBE, YES = 0, 1, 2
WORDS = ("no", "maybe", "yes")

_DOUBT_DIGITS = 6
"""Probabilities of the model are not meaningful beyond, and sums of floats differ there between machines."""


def members(
    policy: SegmentsPolicy,
    *,
    customers: pl.DataFrame,
    customer_ids: pl.DataFrame,
    clusters: pl.DataFrame,
    record_versions: pl.DataFrame,
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    consents: pl.DataFrame,
) -> pl.DataFrame:
    """Judge every customer for every segment of the policy: the rows of ``segments/members``.

    Every customer has a row in every segment, members or not. Without segments the table is empty. ``doubt`` is the
    probability that ``is_included`` says the wrong thing; ``why`` holds counts and probabilities, no personal value.
    The order of rows does not matter.
    """
    known = _Known(
        customers.sort("customer_id"), customer_ids, clusters, record_versions, scored_pairs, profile_members, consents
    )
    judged = [
        _members_of(name, segment, known, policy.certain_probability)
        for name, segment in sorted(policy.segments.items())
    ]
    return SEGMENT_MEMBERS.conform(pl.concat(judged) if judged else SEGMENT_MEMBERS.empty())


@dataclass(frozen=True)
class _Judged:
    """One condition judged for every customer, in the order of ``_Known.customers``.

    ``state``: NO, MAYBE or YES; ``probability``: that the condition is true; ``why``: the evidence.
    """

    state: npt.NDArray[np.int8]
    probability: npt.NDArray[np.float64]
    why: pl.Series


@dataclass(frozen=True)
class _Known:
    """The frames that conditions are judged by."""

    customers: pl.DataFrame
    customer_ids: pl.DataFrame
    clusters: pl.DataFrame
    record_versions: pl.DataFrame
    scored_pairs: pl.DataFrame
    profile_members: pl.DataFrame
    consents: pl.DataFrame

    @cached_property
    def numbers(self) -> pl.DataFrame:
        """``customer_id`` and its ``customer`` number."""
        return self.customers.select("customer_id").with_row_index("customer")

    @cached_property
    def activities(self) -> pl.DataFrame:
        """Versions that tell of an activity."""
        told = self.record_versions.select("record_id", "activity", "activity_subject", "observed_at")
        return told.filter(pl.col("activity").is_not_null())

    @cached_property
    def holders(self) -> pl.DataFrame:
        """``record_id``, its ``customer`` and the ``probability`` of the link that holds it there."""
        return (
            self.customer_ids.select("record_id", "customer_id")
            .join(self.numbers, on="customer_id")
            .join(self.clusters.select("record_id", probability="weakest_probability"), on="record_id", how="left")
            .with_columns(pl.col("probability").fill_null(1.0))
            .drop("customer_id")
        )

    @cached_property
    def candidates(self) -> pl.DataFrame:
        """Links that were not accepted: ``customer``, the ``other`` customer, highest ``probability``; both ways."""
        owners = self.profile_members.join(self.holders, on="record_id").select("profile_id", "customer").unique()
        pairs = (
            self.scored_pairs.select("profile_id_l", "profile_id_r", probability="match_probability")
            .join(owners.rename({"profile_id": "profile_id_l"}), on="profile_id_l")
            .join(owners.select(profile_id_r="profile_id", other="customer"), on="profile_id_r")
            .filter(pl.col("customer") != pl.col("other"))
            .select("customer", "other", "probability")
        )
        both_ways = pl.concat([pairs, pairs.select(customer="other", other="customer", probability="probability")])
        return both_ways.group_by("customer", "other").agg(pl.col("probability").max())


def _members_of(name: str, segment: Segment, known: _Known, certain: float) -> pl.DataFrame:
    judged = _judge(segment.where, known, certain)
    included = (judged.state == YES) | ((judged.state == MAYBE) & (segment.when_in_doubt == "include"))
    doubt = np.where(included, 1 - judged.probability, judged.probability).round(_DOUBT_DIGITS)
    return pl.DataFrame(
        {
            "segment": pl.repeat(name, known.customers.height, eager=True, dtype=pl.String),
            "customer_id": known.customers.get_column("customer_id"),
            "membership": pl.Series(judged.state).replace_strict(dict(enumerate(WORDS)), return_dtype=pl.String),
            "is_included": pl.Series(included),
            "why": judged.why,
            "doubt": pl.Series(doubt),
        }
    )


def _judge(condition: Condition, known: _Known, certain: float) -> _Judged:
    """Judge a condition. ``all`` is as sure as its least sure part and ``any`` as its surest, since evidence of one
    identity is not independent: the same doubtful link speaks in both."""
    match condition:
        case Has():
            return _has(condition, known, certain)
        case HasField():
            return _field(condition, known)
        case HasConsent():
            return _consent(condition, known)
        case Not(inner):
            judged = _judge(inner, known, certain)
            return _Judged((YES - judged.state).astype(np.int8), 1 - judged.probability, judged.why)
        case AllOf(parts) | AnyOf(parts):
            least_or_most = np.minimum if isinstance(condition, AllOf) else np.maximum
            each = [_judge(part, known, certain) for part in parts]
            whys = pl.DataFrame([judged.why.alias(str(number)) for number, judged in enumerate(each)])
            return _Judged(
                least_or_most.reduce([judged.state for judged in each]),
                least_or_most.reduce([judged.probability for judged in each]),
                whys.select(pl.concat_str(pl.all(), separator="; ").alias("why")).to_series(),
            )


def _has(condition: Has, known: _Known, certain: float) -> _Judged:
    evidence = known.activities.filter(_tells_of(condition)).select("record_id").unique()
    own = (
        known.holders.join(evidence, on="record_id", how="semi")
        .group_by("customer")
        .agg(pl.len().alias("records"), pl.col("probability").max())
    )
    linked = (
        known.candidates.join(own.select(other="customer", held="probability"), on="other")
        .with_columns(probability=pl.min_horizontal("probability", "held"))
        .group_by("customer")
        .agg(pl.len().alias("links"), pl.col("probability").max().alias("link"))
    )
    found = (
        known.numbers.join(own, on="customer", how="left", maintain_order="left")
        .join(linked, on="customer", how="left", maintain_order="left")
        .select(
            probability=pl.max_horizontal("probability", "link").fill_null(0.0),
            state=pl.when(pl.col("probability") >= certain)
            .then(YES)
            .when(pl.col("probability").is_not_null() | pl.col("link").is_not_null())
            .then(MAYBE)
            .otherwise(NO)
            .cast(pl.Int8),
            why=_why(condition.activity),
        )
    )
    return _Judged(
        found.get_column("state").to_numpy(), found.get_column("probability").to_numpy(), found.get_column("why")
    )


def _tells_of(condition: Has) -> pl.Expr:
    told = pl.col("activity") == condition.activity
    if condition.subject is not None:
        told &= pl.col("activity_subject").str.contains(_pattern(condition.subject)).fill_null(False)
    if condition.since is not None:
        told &= pl.col("observed_at") >= datetime.combine(condition.since, time(), UTC)
    if condition.until is not None:
        told &= pl.col("observed_at") < datetime.combine(condition.until, time(), UTC) + timedelta(days=1)
    return told


def _pattern(glob: str) -> str:
    """A glob as a pattern: ``*`` anything, ``?`` one character, all else itself; case does not matter."""
    signs = {"*": ".*", "?": "."}
    parts = [signs.get(sign) or (sign if sign.isalnum() or sign in " _" else rf"\x{{{ord(sign):x}}}") for sign in glob]
    return f"(?is)^{''.join(parts)}$"


def _why(activity: str) -> pl.Expr:
    """``1 record attended, weakest link 0.93; 1 candidate link at 0.71``, or ``no record attended``."""
    own = pl.format(
        f"{{}} {{}} {activity}, weakest link {{}}",
        pl.col("records"),
        _plural("records", "record"),
        _two_digits("probability"),
    )
    links = pl.format("{} {} at {}", pl.col("links"), _plural("links", "candidate link"), _two_digits("link"))
    told = pl.concat_str([own, links], separator="; ", ignore_nulls=True)
    return pl.when(told != "").then(told).otherwise(pl.lit(f"no record {activity}"))


def _plural(count: str, noun: str) -> pl.Expr:
    return pl.when(pl.col(count) == 1).then(pl.lit(noun)).otherwise(pl.lit(f"{noun}s"))


def _two_digits(probability: str) -> pl.Expr:
    """Rounded down: what is not certain does not read as if it were."""
    return ((pl.col(probability) * 100 + 1e-9).floor() / 100).cast(pl.String)


def _field(condition: HasField, known: _Known) -> _Judged:
    value = known.customers.get_column(condition.field).cast(pl.String).str.to_lowercase()
    is_so = value.is_in(list(condition.values)).fill_null(False)
    return _certain(is_so, f"{condition.field} is as asked for", f"{condition.field} is not as asked for")


def _consent(condition: HasConsent, known: _Known) -> _Judged:
    given = known.consents.filter(
        (pl.col("channel") == condition.channel)
        & (pl.col("purpose") == condition.purpose)
        & pl.col("state").is_in(CONTACTABLE)
    )
    is_so = known.customers.get_column("customer_id").is_in(given.get_column("customer_id").unique().implode())
    what = f"{condition.purpose} by {condition.channel}"
    return _certain(is_so, f"consent to {what} in force", f"no consent to {what}")


def _certain(is_so: pl.Series, yes: str, no: str) -> _Judged:
    flags = is_so.to_numpy()
    why = is_so.replace_strict({True: yes, False: no}, return_dtype=pl.String)
    return _Judged(np.where(flags, YES, NO).astype(np.int8), flags.astype(np.float64), why)
