"""Golden records as a workspace has decided them: the trust in its sources, its policies, its stewards' corrections, who is withheld.

What does not belong here: how they are made (``golden.py``), and reading what they are made of.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.golden_records.golden import GoldenRecords, golden_records
from cdp_assets.golden_records.policy import load_consent_policy, load_survivorship_policy
from cdp_assets.golden_records.withheld import Withheld, addresses_of
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.workspace import Workspace


def golden_records_as_decided(
    workspace: Workspace,
    versions: pl.DataFrame,
    customer_ids: pl.DataFrame,
    clusters: pl.DataFrame,
    email_addresses: pl.DataFrame,
    sightings: pl.DataFrame,
    phone_numbers: pl.DataFrame,
    *,
    withheld: Withheld,
    now: datetime,
    until: datetime | None = None,
) -> GoldenRecords:
    """:func:`~cdp_assets.golden_records.golden.golden_records` of these frames, by today's contracts and policies.

    ``withheld`` tells which addresses are. ``until``: what stewards corrected later, and what was withheld by something said later,
    does not count; None: all counts.
    """
    contracts, _ = load_contracts(workspace.contracts_dir)
    corrections, kept_out = workspace.ledger.corrections(), withheld(addresses_of(sightings))
    if until is not None:
        corrections, kept_out = (
            corrections.filter(pl.col("corrected_at") <= until),
            kept_out.filter(pl.col("since") <= until),
        )
    return golden_records(
        versions,
        customer_ids,
        clusters,
        email_addresses,
        sightings,
        phone_numbers,
        trust={contract.source: contract.trust for contract in contracts},
        steward_corrections=corrections,
        survivorship=load_survivorship_policy(workspace.policy_file("survivorship")),
        consent=load_consent_policy(workspace.policy_file("consent")),
        now=now,
        withheld=kept_out,
    )
