"""Assets of stage 6: the golden record and everything that must agree with it."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.golden_records.as_decided import golden_records_as_decided
from cdp_assets.golden_records.consent_checks import (
    ONLY_COUNTED,
    addresses_without_consent,
    contactable_and_suppressed,
    lost_withdrawals,
    untraced_consents,
)
from cdp_assets.golden_records.consent_log import chain_breaks, enter, events_of, imports_in_use
from cdp_assets.golden_records.golden import COLUMNS_READ, GOLDEN_FIELDS
from cdp_assets.golden_records.policy import load_consent_policy
from cdp_assets.golden_records.provenance_checks import untraced_values
from cdp_assets.golden_records.suppressions import ERASED
from cdp_assets.golden_records.withheld import Withheld
from cdp_assets.resources import RESOLUTION_POOL, key_check, now, same_columns, stored, table_asset, table_spec
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.tables import (
    CLUSTERS,
    CONSENT_EVENTS,
    CONSENTS,
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    EMAIL_ADDRESSES,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    PROVENANCE,
    RECORD_VERSIONS,
    SUPPRESSIONS,
)
from cdp_assets.workspace import Workspace

_MADE_FROM = [*COLUMNS_READ]


@table_asset(
    CONSENT_EVENTS,
    deps=[RECORD_VERSIONS],
    pool=RESOLUTION_POOL,
    lineage=same_columns(CONSENT_EVENTS, [RECORD_VERSIONS]),
)
def consent_events(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per consent event as an import delivered it: given, withdrawn, expired or requested.

    Key: source, import, line. Nothing is left out and nothing is ever rewritten: the events of an import are a chain of hashes, and
    the ledger has the end of each chain, entry after entry. Columns are named as in ISO/IEC TS 27560. Read by
    `consents`, which decides what is in force, and by whoever has to show why somebody was contacted.
    """
    contracts, _ = load_contracts(workspace.contracts_dir)
    imports = imports_in_use(workspace)
    events = events_of(workspace, contracts, imports)
    states = dict(events["event_state"].value_counts().rows())
    made = stored(
        workspace,
        CONSENT_EVENTS,
        events,
        metadata={
            "imports_with_events": events["import_id"].n_unique(),
            **{f"events_{s}": n for s, n in states.items()},
        },
    )
    # Last, so that a run that is killed has entered nothing which is not there: the next one enters the same.
    enter(workspace, events, imports, now())
    return made


@dg.asset_check(asset=["golden_records", "consent_events"], blocking=True, pool=RESOLUTION_POOL)
def every_consent_event_is_in_its_chain(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Each event follows the one before it, and the ledger has entered what is there: no event was lost, altered or slipped in.

    Where it fails, the result says which source, import and line, and what to do. Publication waits.
    """
    broken = chain_breaks(workspace)
    return dg.AssetCheckResult(
        passed=not broken,
        description="\n".join(str(one) for one in broken[:MOST_BREAKS_TOLD]) or None,
        metadata={
            "events": workspace.lake.read(CONSENT_EVENTS, columns=["event_id"]).height,
            "entries": workspace.ledger.consent_entries().height,
            "breaks": len(broken),
        },
    )


MOST_BREAKS_TOLD = 20
"""One altered entry breaks all that follow; the first ones say where it began."""


@dg.multi_asset(
    name="customers",
    pool=RESOLUTION_POOL,
    specs=[
        table_spec(
            CUSTOMERS,
            "One row per customer: the golden record.\n\nKey: customer_id. The best value of each field, never a made-up one; name and "
            "address survive as a whole. A dead, junk or shared address is never the one to send to. Read by "
            "segments and publication.",
            deps=_MADE_FROM,
            lineage=same_columns(CUSTOMERS, [RECORD_VERSIONS, CUSTOMER_IDS, CLUSTERS]),
        ),
        table_spec(
            PROVENANCE,
            "One row per cell of a golden record, with where it came from.\n\nKey: customer and field. The record, its import, the "
            "rule that chose it, and how many other values it was chosen over.",
            deps=_MADE_FROM,
            lineage=same_columns(PROVENANCE, [RECORD_VERSIONS, CUSTOMER_IDS]),
        ),
        table_spec(
            CORRECTIONS,
            "One row per correction in force, with what became of it.\n\nKey: customer, field, correction, value. It holds, is "
            "contested by a newer value (a person should look; it holds meanwhile), or has retired since its record says the same. "
            "Read by the review queue of the steward's page.",
            deps=_MADE_FROM,
        ),
        table_spec(
            GOLDEN_EMAILS,
            "One row per customer and e-mail address, dead and former ones included.\n\nKey: both. With status, rank, consent, and the "
            "purposes for which it is the best.",
            deps=_MADE_FROM,
            lineage=same_columns(GOLDEN_EMAILS, [EMAIL_ADDRESSES, CUSTOMER_IDS]),
        ),
        table_spec(
            GOLDEN_PHONES,
            "One row per customer and phone number, retracted and shared ones included.\n\nKey: both. With type, status, rank, "
            "consent, and the purposes for which it is the best.",
            deps=_MADE_FROM,
        ),
        table_spec(
            CONSENTS,
            "One row per customer, address and purpose, with the consent in force and the event that decides it.\n\nKey: customer, channel, "
            "address, purpose. A merge makes nobody more contactable, and no withdrawal is lost.",
            deps=[*_MADE_FROM, CONSENT_EVENTS],
        ),
        table_spec(
            SUPPRESSIONS,
            "One row per address that must not be contacted for a purpose, also of no customer.\n\nKey: channel, address, purpose, "
            "customer (empty: for everybody who carries the address). With the reason, since when, and the event. Hand it to whoever sends.",
            deps=[*_MADE_FROM, CONSENT_EVENTS],
        ),
    ],
)
def golden_assets(
    workspace: dg.ResourceParam[Workspace], withheld: dg.ResourceParam[Withheld]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Make all seven from one resolution: they must agree with each other."""
    frames = [workspace.lake.read(table, columns=[*columns]) for table, columns in COLUMNS_READ.items()]
    made = golden_records_as_decided(workspace, *frames, withheld=withheld, now=now())
    known = made.customers.filter(pl.col("is_known"))
    yield stored(
        workspace,
        CUSTOMERS,
        made.customers,
        metadata={
            "customers": made.customers.height,
            "known_customers": known.height,
            "anonymous_visitors": made.customers.height - known.height,
            "may_be_mailed_for_marketing": int(made.customers["may_email_marketing"].sum()),
        },
    )
    yield stored(
        workspace,
        PROVENANCE,
        made.provenance,
        metadata={
            "cells": made.provenance.height,
            "cells_with_runners_up": made.counts["contested_cells"],
            "cells_set_by_correction": made.counts["corrected_cells"],
            "corrections_that_could_not_be_applied": made.counts["corrections_ignored"],
        },
    )
    yield stored(
        workspace,
        CORRECTIONS,
        made.corrections,
        metadata={f"corrections_{s}": n for s, n in made.corrections["state"].value_counts().sort("state").rows()},
    )
    yield stored(
        workspace,
        GOLDEN_EMAILS,
        made.emails,
        metadata={
            "addresses": made.emails.height,
            "sendable": int(made.emails["is_sendable"].sum()),
            "dead": made.emails.filter(pl.col("status") == "dead").height,
            "retracted": made.counts["retracted_emails"],
        },
    )
    yield stored(
        workspace,
        GOLDEN_PHONES,
        made.phones,
        metadata={"phones": made.phones.height, "shared": int(made.phones["is_shared"].sum())},
    )
    yield stored(
        workspace,
        CONSENTS,
        made.consents,
        metadata={
            **{
                state: made.consents.filter(pl.col("state") == state).height
                for state in ("given", "withdrawn", "expired")
            },
            "events": int(made.consents["events"].sum()),
        },
    )
    yield stored(
        workspace,
        SUPPRESSIONS,
        made.suppressions,
        metadata={
            "addresses": made.suppressions.select("channel", "address").n_unique(),
            "for_everybody": made.suppressions.filter(pl.col("customer_id") == "").height,
            "kept_of_erased_people": made.suppressions.filter(pl.col("reason") == ERASED).height,
        },
    )


@dg.asset_check(asset=["golden_records", "customers"], blocking=True, pool=RESOLUTION_POOL)
def every_customer_has_one_golden_record(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """As many golden records as customers, and the same ones: nobody is lost on the way, nobody is made up."""
    customers = workspace.lake.read(CUSTOMER_IDS, columns=["customer_id"]).unique()
    golden = workspace.lake.read(CUSTOMERS, columns=["customer_id"])
    missing = customers.join(golden, on="customer_id", how="anti").height
    unknown = golden.join(customers, on="customer_id", how="anti").height
    repeated = golden.height - golden.n_unique()
    return dg.AssetCheckResult(
        passed=not (missing or unknown or repeated),
        metadata={"customers": customers.height, "missing": missing, "unknown": unknown, "repeated": repeated},
    )


@dg.asset_check(asset=["golden_records", "provenance"], blocking=True, pool=RESOLUTION_POOL)
def every_golden_value_comes_from_a_record(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Each filled cell has a row in provenance, and each row names a record of that very customer."""
    lake = workspace.lake
    found = untraced_values(
        lake.read(CUSTOMERS, columns=["customer_id", *GOLDEN_FIELDS]),
        lake.read(PROVENANCE, columns=["customer_id", "field", "record_id"]),
        lake.read(CUSTOMER_IDS, columns=["customer_id", "record_id"]),
    )
    return dg.AssetCheckResult(passed=not any(found[name] for name in found if name != "cells"), metadata=found)


@dg.asset_check(asset=["golden_records", "consents"], blocking=True, pool=RESOLUTION_POOL)
def every_contactable_address_traces_to_its_event(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Whoever may be contacted has said so: each consent in force leads to a dated event that gives it, under that very
    address, by a record of that very customer; where silence is allowed, to the record that the address was collected with."""
    lake, policy = workspace.lake, load_consent_policy(workspace.policy_file("consent"))
    consents = lake.read(CONSENTS)
    unsaid = addresses_without_consent(lake.read(GOLDEN_EMAILS), consents, policy.marketing_purposes)
    found = untraced_consents(consents, lake.read(CONSENT_EVENTS), lake.read(CUSTOMER_IDS))
    found["addresses_to_send_to_without_consent"] = unsaid
    return dg.AssetCheckResult(
        passed=not any(found[name] for name in found if name not in ONLY_COUNTED), metadata=found
    )


@dg.asset_check(asset=["golden_records", "consents"], blocking=True, pool=RESOLUTION_POOL)
def no_withdrawal_is_lost(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """No consent in force is as old as, or older than, a withdrawal of its customer or under its address: merges, splits and
    corrections made nobody contactable again. Counted from the events themselves, not from what `consents` was made of."""
    lake, policy = workspace.lake, load_consent_policy(workspace.policy_file("consent"))
    found = lost_withdrawals(
        lake.read(CONSENTS),
        lake.read(CONSENT_EVENTS),
        lake.read(RECORD_VERSIONS, columns=["record_id", "import_id", "line"]),
        lake.read(CUSTOMER_IDS),
        policy.marketing_purposes,
    )
    return dg.AssetCheckResult(
        passed=not any(found[name] for name in found if name not in ONLY_COUNTED), metadata=found
    )


@dg.asset_check(asset=["golden_records", "suppressions"], blocking=True, pool=RESOLUTION_POOL)
def nobody_who_may_be_contacted_is_suppressed(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """No address stands in both tables for one purpose and customer; so a sender may trust either of them."""
    both = contactable_and_suppressed(workspace.lake.read(CONSENTS), workspace.lake.read(SUPPRESSIONS))
    return dg.AssetCheckResult(passed=not both, metadata={"in_both": both})


keys = [
    key_check(table)
    for table in (
        CUSTOMERS,
        PROVENANCE,
        CORRECTIONS,
        GOLDEN_EMAILS,
        GOLDEN_PHONES,
        CONSENTS,
        CONSENT_EVENTS,
        SUPPRESSIONS,
    )
]
