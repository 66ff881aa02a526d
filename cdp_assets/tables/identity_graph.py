"""Contracts of the stage ``identity_graph``: clusters, customer ids and their history, the review queue, plans, audits."""

from __future__ import annotations

from cdp_assets.tables.contract import FLAG, INTEGER, MOMENT, NUMBER, TEXT, Column, Table, key_column

CLUSTERS = Table(
    "identity_graph/clusters",
    "record, with the cluster it belongs to in this resolution",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        Column("cluster_id", INTEGER, "cluster, valid in this resolution only", nullable=False),
        Column("weakest_probability", NUMBER, "least probable link on the strongest path that joins the record to its cluster; 1 when it stands alone", nullable=False),
    ),
    key=("record_id",),
)  # fmt: skip

OVERRULED_LINKS = Table(
    "identity_graph/overruled_links",
    "accepted link that the clusters do not follow, with the named rule that cut it",
    (
        Column("profile_id_l", INTEGER, "the smaller profile id", nullable=False),
        Column("profile_id_r", INTEGER, "the larger profile id", nullable=False),
        Column("match_weight", NUMBER, "match weight of the link", nullable=False),
        Column("match_probability", NUMBER, "probability that the two are one person", nullable=False),
        key_column(
            "rule",
            "JUDGED_DIFFERENT, PINNED, ONE_ROW_PER_PERSON, ONE_PER_PERSON, TWO_BIRTH_DATES, SINGLE_BEST_ROW, TOO_LARGE or WEAK_BRIDGE",
        ),
    ),
    key=("profile_id_l", "profile_id_r"),
)

CUSTOMER_IDS = Table(
    "identity_graph/customer_ids",
    "record, with the stable id of its customer",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        key_column("source", "source of the record"),
        Column("source_key", TEXT, "key of the record in its source", nullable=False, personal=True),
        key_column("customer_id", "stable customer id"),
        Column("is_current", FLAG, "the record still exists in its source", nullable=False),
    ),
    key=("record_id",),
)

MEMBERSHIPS = Table(
    "identity_graph/memberships",
    "record and time for which it was one customer's",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        key_column("customer_id", "stable customer id, as it was then"),
        Column("valid_from", MOMENT, "resolution that put it there", nullable=False),
        Column("valid_to", MOMENT, "resolution that took it away; null: it is still there"),
    ),
    key=("record_id", "valid_from"),
)

ID_LINEAGE = Table(
    "identity_graph/id_lineage",
    "customer id that was ever minted, with the id it resolves to now",
    (
        key_column("customer_id", "customer id, never reused"),
        Column(
            "current_customer_id", TEXT, "id that it resolves to; null when the customer is retired with no successor"
        ),
        key_column("state", "current, merged (into current_customer_id) or retired"),
        Column("minted_at", MOMENT, "when it was minted", nullable=False),
        Column("changed_at", MOMENT, "when its state last changed", nullable=False),
    ),
    key=("customer_id",),
)

IDENTITY_CHANGES = Table(
    "identity_graph/identity_changes",
    "change of a customer's identity: created, merged, split, retired or revived",
    (
        key_column("change_id", "hash of resolution, change and customers"),
        key_column("resolution_id", "resolution that made the change"),
        Column("changed_at", MOMENT, "when", nullable=False),
        key_column("change", "created, merged, split, retired or revived"),
        key_column("customer_id", "customer that lives on, or that was created or retired"),
        Column("other_customer_id", TEXT, "merged: the id that was retired; split: the customer it came from"),
        Column("records", INTEGER, "records that moved", nullable=False),
        key_column("cause", "new records, new evidence, judgement, model, deletion or erasure"),
        Column("because_of_l", TEXT, "record on one side of the strongest link that caused a merge", personal=True),
        Column("because_of_r", TEXT, "record on the other side", personal=True),
        Column("match_weight", NUMBER, "weight of that link"),
    ),
    key=("change_id",),
)

REVIEW_QUEUE = Table(
    "identity_graph/review_queue",
    "pair of customers, or a cluster, that a person should look at, worst first",
    (
        key_column("item_id", "hash of the two sides"),
        Column("rank", INTEGER, "1 is the first to look at", nullable=False),
        key_column("why", "near threshold, fragile bridge, conflict, large cluster or reopened judgement"),
        key_column("customer_id_l", "customer on one side"),
        Column("customer_id_r", TEXT, "customer on the other side; null when the item is one cluster"),
        Column("record_id_l", TEXT, "record whose link is in doubt", personal=True),
        Column("record_id_r", TEXT, "the other record of that link", personal=True),
        Column("match_probability", NUMBER, "probability that the two are one person"),
        Column("records", INTEGER, "records that a decision moves", nullable=False),
        Column(
            "expected_cost", NUMBER, "probability of a wrong decision times the records that it moves", nullable=False
        ),
    ),
    key=("item_id",),
)

PLANS = Table(
    "identity_graph/plans",
    "plan: what a proposed linkage model, or the next resolution, would do to the customers, worked out before it is done",
    (
        key_column("plan_id", "hash of the model version and of every change: the same plan has the same id"),
        key_column("subject", "a proposed model, the next resolution, or an erasure"),
        Column("planned_at", MOMENT, "when it was worked out", nullable=False),
        key_column("model_version", "model version that would score"),
        key_column("compared_with", "model version of the last resolution"),
        key_column("resolution_id", "resolution that it was compared with"),
        Column("profiles", INTEGER, "linkage profiles that were resolved in full", nullable=False),
        Column("links_before", INTEGER, "accepted links of the last resolution; null: a resolution had begun that was then refused"),
        Column("links_gained", INTEGER, "accepted links that would be new; null as links_before"),
        Column("links_lost", INTEGER, "accepted links that would be no more; null as links_before"),
        Column("customers_before", INTEGER, "customers of the last resolution", nullable=False),
        Column("customers_after", INTEGER, "customers that there would be", nullable=False),
        Column("merged", INTEGER, "customers that would go into another one: their ids would resolve to its", nullable=False),
        Column("split", INTEGER, "parts that would leave a customer", nullable=False),
        Column("created", INTEGER, "customers that would be new, with no former one behind them", nullable=False),
        Column("retired", INTEGER, "ids that would stand for nobody", nullable=False),
        Column("revived", INTEGER, "ids that would come back", nullable=False),
        Column("records_moved", INTEGER, "records that would go to another customer", nullable=False),
        Column("changed_customers", INTEGER, "customers that would lose or gain records by a merge or a split", nullable=False),
        Column("changed_share", NUMBER, "those, as a share of the customers before", nullable=False),
        key_column("outcome", "taken into use (by policy), waits for approval, the next resolution trains anew, or within the limits"),
    ),
    key=("plan_id",),
)  # fmt: skip

PLAN_CHANGES = Table(
    "identity_graph/plan_changes",
    "plan and change of a customer's identity that it would make, the most consequential first",
    (
        key_column("plan_id", "plan"),
        Column("rank", INTEGER, "1 moves the most records", nullable=False),
        key_column("change", "created, merged, split, retired or revived"),
        key_column("customer_id", "customer that would live on, be created or be retired"),
        Column("other_customer_id", TEXT, "merged: the id that would be retired; split: the customer it would leave"),
        Column("records", INTEGER, "records that would move", nullable=False),
        Column("match_weight", NUMBER, "weight of the strongest link behind a merge"),
    ),
    key=("plan_id", "rank"),
)

PLAN_MOVES = Table(
    "identity_graph/plan_moves",
    "plan and known record of a customer that it would change, with the customer that it would be",
    (
        key_column("plan_id", "plan"),
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        Column("customer_id", TEXT, "customer that it would belong to; null: it would be there no more"),
        Column(
            "weakest_probability", NUMBER, "how strongly it would be held there, as in clusters; null as customer_id"
        ),
    ),
    key=("plan_id", "record_id"),
)

RESOLUTION_AUDITS = Table(
    "identity_graph/resolution_audits",
    "audit of a resolution: a slice of the customers resolved anew in full, and compared with what the tables hold",
    (
        key_column("audit_id", "hash of resolution, model version and seed"),
        Column("audited_at", MOMENT, "when", nullable=False),
        key_column("seed", "what chose the slice: the day of the audit"),
        key_column("resolution_id", "resolution that was audited"),
        key_column("model_version", "model version in use"),
        Column("records", INTEGER, "records of the slice", nullable=False),
        Column("profiles", INTEGER, "linkage profiles of the slice", nullable=False),
        Column("pairs", INTEGER, "pairs of these profiles with any other, scored anew", nullable=False),
        Column("pairs_missing", INTEGER, "pairs that the tables lack", nullable=False),
        Column("pairs_too_many", INTEGER, "pairs that only the tables have", nullable=False),
        Column("pairs_scored_otherwise", INTEGER, "pairs with another weight, decision or reason", nullable=False),
        Column("records_elsewhere", INTEGER, "records that stand in another cluster", nullable=False),
        Column("records_held_otherwise", INTEGER, "records held in their cluster by another probability", nullable=False),
        Column("customers_torn", INTEGER, "clusters with several customer ids, or ids with several clusters", nullable=False),
    ),
    key=("audit_id",),
)  # fmt: skip
