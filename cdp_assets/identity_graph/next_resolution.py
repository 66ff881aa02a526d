"""What the next resolution would start from: everything that has been imported and decided by now, worked out in memory.

The stages' own functions, one after the other, as their assets call them; only nothing is written. What does not belong here: resolving it and
comparing it with what is (``plan.py``).
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from cdp_assets.candidate_links.labels import known_pairs, labelled_pairs
from cdp_assets.candidate_links.models import MODEL_CHOICE, model_choice, which_scores
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.profiles import linkage_profiles
from cdp_assets.candidate_links.shared import declared_caps, shared_identifiers
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.identity_graph.exclusive import one_per_person_kinds
from cdp_assets.identity_graph.plan import Known
from cdp_assets.identity_graph.resolution import record_facts
from cdp_assets.sources.contracts import load_contracts, one_row_sources
from cdp_assets.standardized.company_domains import companies
from cdp_assets.standardized.email_addresses import email_tables
from cdp_assets.standardized.gathering import all_records, order_of_imports
from cdp_assets.standardized.probable_emails import probable_emails
from cdp_assets.standardized.versions import record_versions
from cdp_assets.tables import LINKAGE_MODEL, TERM_FREQUENCIES
from cdp_assets.workspace import Workspace


def known_by_now(workspace: Workspace, imports: pl.DataFrame | None = None, without: Collection[str] = ()) -> Known:
    """Profiles, records and judgements as the next resolution will find them, of all imports that have been read.

    ``imports``: of these only; rows as :func:`~cdp_assets.standardized.gathering.order_of_imports` gives them.
    ``without``: records that would have been erased by then.
    """
    contracts, _ = load_contracts(workspace.contracts_dir)
    imports = order_of_imports(workspace) if imports is None else imports
    delivers = {contract.source: contract.delivers for contract in contracts}
    records = all_records(workspace, contracts, imports).filter(~pl.col("record_id").is_in(list(without)))
    versions = record_versions(records, delivers, imports)
    addresses = email_tables(versions).addresses
    probable = probable_emails(versions, addresses, companies(versions, addresses).domains)
    caps = declared_caps(contracts)
    one_row = frozenset(one_row_sources(contracts))
    profiles, members = linkage_profiles(
        versions, shared_identifiers(versions, addresses, caps), set(one_row), probable
    )
    return Known(
        profiles,
        members,
        record_facts(versions),
        workspace.ledger.judgements(),
        one_row,
        frozenset(one_per_person_kinds(contracts)),
    )


def next_model(workspace: Workspace, known: Known, policy: LinkagePolicy) -> TrainedModel:
    """The model that the next resolution will score with: the one in use, the one that was chosen, or one trained on ``known``."""
    scorer = which_scores(
        workspace.lake.read_or_empty(LINKAGE_MODEL),
        workspace.lake.read_or_empty(TERM_FREQUENCIES),
        known.profiles,
        policy,
        model_choice(workspace.ledger.choice(MODEL_CHOICE)),
    )
    if scorer.model is None or scorer.must_train is not None:
        answers = known_pairs(known.judgements, workspace.labels_file)
        return train(known.profiles, policy, labelled=labelled_pairs(answers, known.profile_members))
    return scorer.model
