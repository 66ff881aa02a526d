"""Back to a former publication, without what must not come back: an erased person, a consent that has ended since.

The tables are those of the former publication, from the lake's versions of that time, with this changed:

======================= ==============================================================================================
consents                one that allowed contact stays only where today's tables still allow it under the same address, to
                        today's customers that hold the former one's records, and no suppression of today speaks against
                        it; else today's state stands in its place, or no row where there is none
suppressions            today's, joined to the former ones: nothing that is suppressed today is forgotten
addresses, customers    consent, ``best_for`` and ``may_email_marketing`` follow from these consents
segments                whoever lost a consent is in no segment that asks for consent
======================= ==============================================================================================

Who is who, golden values and ids are as they were. It lasts until the next publication, which is made of today's tables
again: correct what was wrong before (a contract, a judgement, the model in use). An erasure removes all former versions,
so nothing older than the newest one can be gone back to.

What does not belong here: writing to the database (``publication.py``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.policy import ConsentPolicy, load_consent_policy
from cdp_assets.golden_records.purposes import best_for, marketing_consent
from cdp_assets.identity_graph.resolution import current_versions
from cdp_assets.lake import NO_LONGER_KEPT
from cdp_assets.published.publication import publish
from cdp_assets.published.published_tables import PUBLISHED_TABLES
from cdp_assets.segments.policy import (
    AllOf,
    AnyOf,
    Condition,
    HasConsent,
    HasField,
    Not,
    load_segments_policy,
)
from cdp_assets.tables import (
    CONSENTS,
    CUSTOMER_IDS,
    CUSTOMERS,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    PUBLICATIONS,
    SEGMENT_MEMBERS,
    SUPPRESSIONS,
    Table,
)
from cdp_assets.workspace import Workspace

_TABLES = tuple(published.lake_table for published in PUBLISHED_TABLES)

_PLACE = ["customer_id", "channel", "address", "purpose"]

WITHDRAWN_SINCE = "a consent has ended since this was first published"

ASKING_FIELDS = ("may_email_marketing",)
"""Columns of the golden record that follow from consent."""


class RollbackError(RuntimeError):
    """There is no going back to that publication. Says why and what to do."""


@dataclass(frozen=True)
class RolledBack:
    """What was published again: under which id, that of which former publication, with how many customers, and how many of
    its consents had ended since."""

    publication_id: str
    former_id: str
    published_at: datetime
    customers: int
    consents_ended: int


def roll_back(workspace: Workspace, wanted: str | None, now: datetime) -> RolledBack:
    """Publish a former publication again; None: the one before that which readers see.

    ``wanted`` is its id, or how it begins. Raises :class:`RollbackError`, and
    :class:`~cdp_assets.published.errors.PublicationError` where the database refuses; readers then keep what they had.
    """
    former = _former(workspace.ledger.publications(), wanted)
    _nobody_was_erased_since(workspace, former["published_at"])
    lake = workspace.lake
    versions: dict[str, int] = json.loads(former["lake_versions"])
    today = current_versions(lake, _TABLES)
    try:
        # A table that was not published then, by a former release, is empty.
        then = {
            table: lake.read(table, version=versions[table.name]) if table.name in versions else table.empty()
            for table in _TABLES
        }
    except NO_LONGER_KEPT:
        raise RollbackError(
            f"publication {former['publication_id']} can not be gone back to: the lake no longer keeps all of its tables (it "
            "keeps thirty days of versions); choose a newer one of published/publications"
        ) from None
    present = {table: lake.read(table, version=today[table.name]) for table in (CONSENTS, SUPPRESSIONS, CUSTOMER_IDS)}
    policy = load_consent_policy(workspace.policy_file("consent"))
    frames = taken_back(then, present, policy, segments_that_ask(workspace))
    publication_id = f"{former['publication_id']}@{now:%Y%m%dT%H%M%S}"
    publish(frames, workspace.publication_url, versions, publication_id, now)
    customers = frames[CUSTOMERS].height
    workspace.ledger.add_publication(
        publication_id, lake_versions=former["lake_versions"], customers=customers, now=now
    )
    history = workspace.ledger.publications().with_columns(is_current=pl.col("publication_id") == publication_id)
    lake.replace(PUBLICATIONS, history)
    ended = _contactable(then[CONSENTS]).height - _contactable(frames[CONSENTS]).height
    return RolledBack(publication_id, former["publication_id"], former["published_at"], customers, ended)


def _former(publications: pl.DataFrame, wanted: str | None) -> dict[str, Any]:
    if publications.is_empty():
        raise RollbackError("nothing has been published yet; `cdp run` does")
    if wanted is not None:
        found = publications.filter(pl.col("publication_id").str.starts_with(wanted))
        exact = found.filter(pl.col("publication_id") == wanted)
        found = exact if exact.height else found
        if found.height != 1:
            raise RollbackError(
                f"{found.height} publications have an id that begins so; see the table publications of the published database"
            )
        return found.row(0, named=True)
    shown = publications.item(-1, "lake_versions")
    first_so = publications.filter(pl.col("lake_versions") == shown).row(0, named=True)
    older = publications.filter(pl.col("published_at") < first_so["published_at"])
    if older.is_empty():
        raise RollbackError("there is no publication before the one that readers see")
    return older.row(-1, named=True)


def _nobody_was_erased_since(workspace: Workspace, published_at: datetime) -> None:
    erasures = workspace.ledger.erasures()
    if erasures.filter(pl.col("requested_at") >= published_at).height:
        raise RollbackError(
            "somebody has been erased since that publication, and what it was made of with them; choose a publication "
            "that is newer than the erasure"
        )


def segments_that_ask(workspace: Workspace) -> frozenset[str]:
    """Segments of the policy whose membership depends on consent."""
    policy = load_segments_policy(workspace.policy_file("segments"))
    return frozenset(name for name, segment in policy.segments.items() if _asks(segment.where))


def _asks(condition: Condition) -> bool:
    match condition:
        case HasConsent():
            return True
        case HasField(field=field):
            return field in ASKING_FIELDS
        case AllOf(conditions=several) | AnyOf(conditions=several):
            return any(_asks(one) for one in several)
        case Not(condition=one):
            return _asks(one)
    return False


def taken_back(
    then: Mapping[Table, pl.DataFrame],
    today: Mapping[Table, pl.DataFrame],
    policy: ConsentPolicy,
    asking_segments: Collection[str] = (),
) -> dict[Table, pl.DataFrame]:
    """The frames of a former publication as they may be published ``today``.

    ``then``: every published table as it was; ``today``: consents, suppressions and customer ids as they are.
    ``asking_segments``: those whose membership depends on consent.
    """
    people = (
        then[CUSTOMER_IDS]
        .select("record_id", "customer_id")
        .join(today[CUSTOMER_IDS].select("record_id", now_id="customer_id"), on="record_id")
        .select("customer_id", "now_id")
        .unique()
    )
    suppressed = _as_then(today[SUPPRESSIONS], people)
    consents = _consents(then[CONSENTS], _as_then(today[CONSENTS], people), suppressed)
    emails = _with_consents(then[GOLDEN_EMAILS], consents, "email", "is_sendable", policy)
    phones = _with_consents(then[GOLDEN_PHONES], consents, "phone", "is_callable", policy)
    mailed = emails.filter(pl.col("is_sendable") & pl.col("marketing_consent").is_in(CONTACTABLE)).select("customer_id")
    lost = _contactable(then[CONSENTS]).join(_contactable(consents), on=_PLACE, how="anti").select("customer_id")
    return {
        **then,
        CONSENTS: consents,
        SUPPRESSIONS: pl.concat([suppressed, then[SUPPRESSIONS].select(suppressed.columns)])
        .unique(list(SUPPRESSIONS.key), keep="first", maintain_order=True)
        .sort(SUPPRESSIONS.key),
        GOLDEN_EMAILS: emails,
        GOLDEN_PHONES: phones,
        CUSTOMERS: then[CUSTOMERS].with_columns(
            may_email_marketing=pl.col("may_email_marketing")
            & pl.col("customer_id").is_in(mailed["customer_id"].implode())
        ),
        SEGMENT_MEMBERS: _members(then[SEGMENT_MEMBERS], lost, asking_segments),
    }


def _contactable(consents: pl.DataFrame) -> pl.DataFrame:
    return consents.filter(pl.col("state").is_in(CONTACTABLE))


def _as_then(table: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Rows of today with the ids that their customers had then; rows for everybody as they are."""
    for_all = table.filter(pl.col("customer_id") == "")
    theirs = table.rename({"customer_id": "now_id"}).join(people, on="now_id").select(table.columns)
    return pl.concat([for_all, theirs])


def _consents(then: pl.DataFrame, today: pl.DataFrame, suppressed: pl.DataFrame) -> pl.DataFrame:
    allowed = _contactable(then)
    by_all = suppressed.filter(pl.col("customer_id") == "").select(_PLACE[1:])
    by_person = suppressed.filter((pl.col("customer_id") != "") & (pl.col("address") == ""))
    kept = (
        allowed.join(_contactable(today).select(_PLACE).unique(), on=_PLACE, how="semi")
        .join(by_all, on=_PLACE[1:], how="anti")
        .join(suppressed.select(_PLACE), on=_PLACE, how="anti")
        .join(
            by_person.select("customer_id", "channel", "purpose"), on=["customer_id", "channel", "purpose"], how="anti"
        )
    )
    ended = allowed.join(kept, on=_PLACE, how="anti").select(_PLACE)
    instead = (
        today.filter(~pl.col("state").is_in(CONTACTABLE))
        .join(ended, on=_PLACE, how="semi")
        .sort("since", "state", "event_id", descending=[True, False, False])
        .unique(_PLACE, keep="first", maintain_order=True)
    )
    others = then.filter(~pl.col("state").is_in(CONTACTABLE))
    return pl.concat([others, kept, instead.select(then.columns)]).sort(_PLACE)


def _with_consents(
    table: pl.DataFrame, consents: pl.DataFrame, channel: str, usable: str, policy: ConsentPolicy
) -> pl.DataFrame:
    by_customer = consents.rename({"customer_id": "customer"})
    ranked = table.sort("customer_id", "rank").with_columns(customer="customer_id", value=channel, is_usable=usable)
    consented = marketing_consent(by_customer, channel, policy).rename({"marketing_consent": "consented"})
    beside = ranked.join(consented, on=["customer", "value"], how="left", maintain_order="left")
    return beside.with_columns(
        pl.coalesce("consented", pl.lit(policy.default_state)).alias("marketing_consent"),
        best_for(ranked, by_customer, channel, policy),
    ).select(table.columns)


def _members(members: pl.DataFrame, lost: pl.DataFrame, asking: Collection[str]) -> pl.DataFrame:
    concerned = pl.col("segment").is_in(sorted(asking)) & pl.col("customer_id").is_in(lost["customer_id"].implode())
    return members.with_columns(
        pl.when(concerned).then(pl.lit("no")).otherwise("membership").alias("membership"),
        (pl.col("is_included") & ~concerned).alias("is_included"),
        pl.when(concerned).then(pl.lit(WITHDRAWN_SINCE)).otherwise("why").alias("why"),
    )
