"""Consent in force: per customer, channel, address and purpose, decided from dated events.

========================================== ==========================================================================
a customer's newest events                 in force
========================================== ==========================================================================
ann@a given 2020, withdrawn 2021           ann@a withdrawn, and every other address of hers: a withdrawal is the
                                           person's, also where it names one address or none
ann@a withdrawn 2021, ann@b given 2020     both withdrawn: the grant under ann@b is older than the wish to be left alone
ann@a withdrawn 2021, ann@b given 2022     ann@a withdrawn, ann@b given: its own later event allows ann@b and no other
ann@a given 2020, ann@b never spoken of    ann@a given, ann@b has no row: a grant allows the addresses that it names
ann@a given 2020, expired or asked anew    ann@a expired, or requested: the newest event under an address decides, and an
                                           expiry, unlike a withdrawal, is that of the address
========================================== ==========================================================================

In one sentence: an address is ``given`` when the newest event under it that is no withdrawal is a grant which the strictest
rule of its regions takes (``region_rules.py``: double opt-in, legal basis, age), and newer than every withdrawal of its
customer for that channel and purpose, and newer than every withdrawal that anybody made under that very address (a
household's or a role's mailbox: who withdraws it, withdraws it for all who carry it). On the same moment the stricter wins.

From that it follows that a merge can not widen anything: it adds events and regions to an address and never a grant to an
address that had none. And no withdrawal is lost: it needs no live record, no purpose (then it ends all of the
customer's purposes, and marketing), no channel (then it ends all channels), no address. A grant is taken as narrowly:
it counts for the addresses it names, and no longer when its record has disappeared from its source.

Where the policy uses opt-out, an address of which no event speaks is ``allowed`` for marketing if every record that carries it
says a region whose law asks for no consent, and so do all other regions of its customer.

What does not belong here: how an event is read (``consent_statements.py``), whether an address can be sent to (``emails.py``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.among import Many
from cdp_assets.golden_records.consent_statements import PERSON, region_of_record
from cdp_assets.golden_records.corrections import comparable
from cdp_assets.golden_records.customer_versions import GONE, CustomerVersions
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.region_rules import UNKNOWN
from cdp_assets.golden_records.strictest_rules import strictest_of_each
from cdp_assets.standardized.consent_words import EXPIRED, GIVEN, REQUESTED, WITHDRAWN

INSUFFICIENT = "insufficient"
"""Given on a legal basis that the region's rule does not take for consent."""

ALLOWED = "allowed"
"""Nobody asked, and the region's law does not ask it: contact is allowed until somebody objects."""

CONTACTABLE = (GIVEN, ALLOWED)
"""States in which an address may be contacted for the purpose."""

_VERDICTS = {GIVEN: 0, INSUFFICIENT: 1, EXPIRED: 2, REQUESTED: 3}
"""What a grant, an expiry or a request comes to; of two at the same moment the higher one counts."""

_PLACE = ["customer", "channel", "purpose"]

_TRACE = ("record_id", "import_id", "event_id")


def consents(
    known: CustomerVersions,
    sighted: pl.DataFrame,
    said: pl.DataFrame,
    policy: ConsentPolicy,
    now: datetime,
    retracted_at: pl.DataFrame | None = None,
    withheld: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Decide the consent in force: the rows of ``golden_records/consents``, with ``customer`` in place of its id.

    ``sighted``: :meth:`CustomerVersions.sighted`, which says what customers carry an address, now or formerly. ``said``:
    :func:`~cdp_assets.golden_records.consent_statements.statements` of the same ``known``. ``now``: the moment at which an expiry is judged. ``retracted_at``: that of :class:`~cdp_assets.golden_records.corrections.Corrections`: a
    grant under an address that was not theirs was not theirs either, also where the address is set to be theirs again; it
    has no row unless it is newer. ``withheld``: as in ``withheld.py``; what was said until then, and silence, allow
    nothing. Besides the table's columns there is ``is_complaint``.
    """
    withdrawn = said.filter(pl.col("state") == WITHDRAWN)
    carried = _carried(sighted, withdrawn)
    regions = _regions_of_customers(known, said, policy)
    speaking = _with_purposes_of_customer(
        said.filter((pl.col("state") != WITHDRAWN) & pl.col("customer").is_not_null()), policy
    )
    judged = _judged(speaking, regions, policy, now)
    withdrawals = _with_purposes(withdrawn, carried, judged, policy)
    own = withdrawals.filter(pl.col("is_own"))
    concerned = pl.concat(
        [
            judged.select(*_PLACE, "address"),
            withdrawals.select(*_PLACE, "address"),
            own.select(_PLACE).unique().join(carried, on=["customer", "channel"]).select(*_PLACE, "address"),
        ]
    ).unique()
    decided = (
        concerned.join(_newest(judged, [*_PLACE, "address"], "grant", _OF_GRANTS), on=[*_PLACE, "address"], how="left")
        .join(_newest(own, _PLACE, "own"), on=_PLACE, how="left")
        .join(
            _newest(withdrawals.filter(~pl.col("is_own")), [*_PLACE, "address"], "foreign"),
            on=[*_PLACE, "address"],
            how="left",
        )
    )
    states = _states(decided)
    if policy.use_opt_out:
        states = pl.concat([states, _allowed(known, sighted, states, policy)])
    for blocked in (_retracted(states, retracted_at), _withheld(states, withheld)):
        states = states.join(blocked, on=[*_PLACE, "address"], how="anti")
    return states.sort("customer", "channel", "address", "purpose")


def _retracted(states: pl.DataFrame, retracted_at: pl.DataFrame | None) -> pl.DataFrame:
    """Rows that allow contact by what was said until their customer's address was retracted."""
    if retracted_at is None:
        return states.clear()
    retracted = retracted_at.rename({"field": "channel"})
    theirs = states.filter(pl.col("state").is_in(CONTACTABLE)).join(retracted, on=["customer", "channel"], how="semi")
    spelled = theirs.with_columns(comparable(pl.col("channel"), pl.col("address")).alias("comparable"))
    return spelled.join(retracted, on=["customer", "channel", "comparable"]).filter(pl.col("since") <= pl.col("at"))


def _withheld(states: pl.DataFrame, withheld: pl.DataFrame | None) -> pl.DataFrame:
    """Rows that allow contact by what was said until somebody was erased, or by silence."""
    if withheld is None:
        return states.clear()
    allowing = states.filter(pl.col("state").is_in(CONTACTABLE)).join(
        withheld.rename({"purpose": "withheld_for", "since": "withheld_since"}), on=["channel", "address"]
    )
    is_meant = pl.col("withheld_for").is_null() | (pl.col("withheld_for") == pl.col("purpose"))
    is_older = (pl.col("state") == ALLOWED) | (pl.col("since") <= pl.col("withheld_since"))
    return allowing.filter(is_meant & is_older).select(states.columns)


def _carried(sighted: pl.DataFrame, withdrawals: pl.DataFrame) -> pl.DataFrame:
    """``customer``, ``channel`` and ``address`` of those that withdrawals may concern: who withdrew, and what they named."""
    is_theirs = sighted.get_column("customer").is_in(withdrawals.get_column("customer").drop_nulls().unique().implode())
    is_named = Many(sighted.get_column("value")).hold(withdrawals.get_column("address").unique())
    return sighted.filter(is_theirs | is_named).select("customer", channel="type", address="value").unique()


# -- withdrawals ------------------------------------------------------------------------------------------------------


def _with_purposes(
    withdrawals: pl.DataFrame, carried: pl.DataFrame, grants: pl.DataFrame, policy: ConsentPolicy
) -> pl.DataFrame:
    """Withdrawals of every customer they concern (``is_own``: the customer's own), one row per purpose they end."""
    own = withdrawals.filter(pl.col("customer").is_not_null()).with_columns(pl.lit(True).alias("is_own"))
    by_address = withdrawals.filter(pl.col("address") != PERSON).rename({"customer": "made_by"})
    others = (
        by_address.join(carried, on=["channel", "address"])
        .filter(pl.col("made_by").ne_missing(pl.col("customer")))
        .with_columns(pl.lit(False).alias("is_own"))
        .select(own.columns)
    )
    ended = pl.concat([own, others])
    spoken_of = pl.concat([grants.select("customer", "purpose"), ended.select("customer", "purpose")]).drop_nulls()
    return _for_every_purpose(ended, spoken_of, policy)


def _with_purposes_of_customer(speaking: pl.DataFrame, policy: ConsentPolicy) -> pl.DataFrame:
    """Expiries without a purpose, once for each purpose that their customer's other events speak of, and for marketing."""
    return _for_every_purpose(speaking, speaking.select("customer", "purpose").drop_nulls(), policy)


def _for_every_purpose(events: pl.DataFrame, spoken_of: pl.DataFrame, policy: ConsentPolicy) -> pl.DataFrame:
    unlimited = events.filter(pl.col("purpose").is_null())
    marketing = pl.DataFrame({"purpose": list(policy.marketing_purposes)}, schema={"purpose": pl.String()})
    everything = pl.concat([spoken_of, unlimited.select("customer").unique().join(marketing, how="cross")]).unique()
    return pl.concat(
        [
            events.filter(pl.col("purpose").is_not_null()),
            unlimited.drop("purpose").join(everything, on="customer").select(events.columns),
        ]
    )


# -- grants and the rules of their regions ----------------------------------------------------------------------------


def _regions_of_customers(known: CustomerVersions, said: pl.DataFrame, policy: ConsentPolicy) -> pl.DataFrame:
    """``customer`` and ``region``: every region that a record of theirs says, now or formerly, where it is known.

    Of customers of whom a grant speaks; of all where silence may allow something.
    """
    wanted = said.filter(pl.col("state") == GIVEN).select("customer").unique()
    placed = known.with_values("jurisdiction", "addresses")
    if not policy.use_opt_out:
        placed = placed.join(wanted, on="customer", how="semi")
    countries = placed.select("customer", region=pl.col("addresses").list.eval(pl.element().struct.field("country")))
    every = pl.concat([placed.select("customer", region="jurisdiction"), countries.explode("region")])
    return every.filter(pl.col("region").is_not_null() & (pl.col("region") != UNKNOWN)).unique()


def _judged(speaking: pl.DataFrame, regions: pl.DataFrame, policy: ConsentPolicy, now: datetime) -> pl.DataFrame:
    """Grants, expiries and requests with their ``verdict``, the ``regions`` whose rule was asked, and ``expires_at``."""
    events = speaking.with_row_index("number")
    own = events.select("number", "channel", "region")
    others = events.select("number", "channel", "customer").join(regions, on="customer").select(own.columns)
    ruled = events.join(strictest_of_each(pl.concat([own, others]), ["number"], policy), on="number", how="left")
    by_policy = pl.col("observed_at") + pl.duration(days="expires_after")
    ruled = ruled.with_columns(expires_at=pl.min_horizontal("ends_at", by_policy))
    is_unconfirmed = (
        pl.when(pl.col("double_opt_in") == "pending")
        .then(pl.col("asked_double_opt_in") >= 1)
        .otherwise((pl.col("asked_double_opt_in") >= 2) & pl.col("double_opt_in").is_null())
    )
    is_asked_only = (pl.col("state") == REQUESTED) | ((pl.col("state") == GIVEN) & is_unconfirmed)
    has_expired = (pl.col("state") == EXPIRED) | (pl.col("expires_at") <= now).fill_null(False)
    is_consent = pl.col("lawful_basis").is_null() | (pl.col("lawful_basis") == "consent") | pl.col("is_opt_out")
    verdict = (
        pl.when(is_asked_only)
        .then(pl.lit(REQUESTED))
        .when(has_expired)
        .then(pl.lit(EXPIRED))
        .when(is_consent)
        .then(pl.lit(GIVEN))
        .otherwise(pl.lit(INSUFFICIENT))
    )
    return ruled.with_columns(verdict=verdict).with_columns(
        strictness=pl.col("verdict").replace_strict(_VERDICTS, return_dtype=pl.UInt8)
    )


# -- which event decides ----------------------------------------------------------------------------------------------

_OF_GRANTS = ("verdict", "strictness", "regions", "lawful_basis", "expires_at")


def _newest(events: pl.DataFrame, by: list[str], name: str, more: tuple[str, ...] = ()) -> pl.DataFrame:
    """The newest event of each group, the strictest of those at the same moment, and how many there were."""
    counted = events.group_by(by).agg(pl.struct("observed_at", "order").n_unique().alias(f"{name}_events"))
    strictest_first = ["strictness"] if "strictness" in more else []
    newest = (
        events.sort(
            "observed_at", *strictest_first, "order", descending=[True, *(True for _ in strictest_first), False]
        )
        .unique(by, keep="first", maintain_order=True)
        .select(
            *by,
            pl.col("observed_at").alias(f"{name}_at"),
            *(pl.col(column).alias(f"{name}_{column}") for column in (*_TRACE, "is_complaint")),
            *more,
        )
    )
    return newest.join(counted, on=by)


def _states(decided: pl.DataFrame) -> pl.DataFrame:
    by_others = pl.col("foreign_at").gt(pl.col("own_at")).fill_null(pl.col("own_at").is_null())
    ended_at = pl.max_horizontal("own_at", "foreign_at")
    stands = pl.col("grant_at").is_not_null() & (ended_at.is_null() | (pl.col("grant_at") > ended_at))

    def of_the_decisive(what: str) -> pl.Expr:
        withdrawal = pl.when(by_others).then(f"foreign_{what}").otherwise(f"own_{what}")
        return pl.when(stands).then(f"grant_{what}").otherwise(withdrawal)

    events = pl.sum_horizontal(pl.col("grant_events", "own_events", "foreign_events").fill_null(0)).cast(pl.Int64)
    return decided.select(
        "customer",
        "channel",
        "address",
        "purpose",
        pl.when(stands).then("verdict").otherwise(pl.lit(WITHDRAWN)).alias("state"),
        of_the_decisive("at").alias("since"),
        *(of_the_decisive(name).alias(name) for name in _TRACE),
        events.alias("events"),
        *(pl.when(stands).then(name).alias(as_name) for name, as_name in _ONLY_OF_GRANTS),
        of_the_decisive("is_complaint").alias("is_complaint"),
    )


_ONLY_OF_GRANTS = (("regions", "jurisdiction"), ("lawful_basis", "lawful_basis"), ("expires_at", "expires_at"))


# -- silence ----------------------------------------------------------------------------------------------------------


def _allowed(
    known: CustomerVersions, sighted: pl.DataFrame, states: pl.DataFrame, policy: ConsentPolicy
) -> pl.DataFrame:
    """Rows for addresses of which no event speaks, where the law of every region of theirs asks for no consent.

    The row leads to the first record that carries the address and still stands: where it was collected.
    """
    carriers = pl.concat(
        [
            known.with_values(
                "record_id", "import_id", region_of_record().alias("region"), pl.col(f"{kind}s").alias("address")
            )
            .with_columns(channel=pl.lit(kind))
            .explode("address")
            .drop_nulls("address")
            for kind in ("email", "phone")
        ]
    )
    place = ["customer", "channel", "address"]
    own = carriers.select(*place, "region")
    others = own.select(place).unique().join(_regions_of_customers(known, states.clear(), policy), on="customer")
    ruled = strictest_of_each(pl.concat([own, others.select(own.columns)]), place, policy).filter("is_opt_out")
    collected = (
        carriers.filter(pl.col("standing") > GONE)
        .sort("observed_at", "order", descending=[False, True])
        .unique(place, keep="first", maintain_order=True)
    )
    marketing = pl.DataFrame({"purpose": list(policy.marketing_purposes)}, schema={"purpose": pl.String()})
    seen = sighted.select("customer", channel="type", address="value").unique()
    silent = (
        collected.join(ruled, on=place)
        .join(seen, on=place, how="semi")
        .join(marketing, how="cross")
        .join(states, on=[*place, "purpose"], how="anti")
    )
    return silent.select(
        "customer",
        "channel",
        "address",
        "purpose",
        pl.lit(ALLOWED).alias("state"),
        pl.col("observed_at").alias("since"),
        "record_id",
        "import_id",
        pl.lit(None, pl.String).alias("event_id"),
        pl.lit(0, pl.Int64).alias("events"),
        pl.col("regions").alias("jurisdiction"),
        pl.lit(None, pl.String).alias("lawful_basis"),
        pl.lit(None, pl.Datetime("us", "UTC")).alias("expires_at"),
        pl.lit(False).alias("is_complaint"),
    )
