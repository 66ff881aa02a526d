"""Contracts of the stage ``candidate_links``: profiles, shared identifiers, the model, scored pairs."""

from __future__ import annotations

import polars as pl

from cdp_assets.tables.contract import FLAG, INTEGER, MOMENT, NUMBER, TEXT, TEXTS, Column, Table, key_column

# A linkage profile. Values of several e-mails, phones and identifiers stay side by side; a record with several postal
# addresses has one profile per address.
PROFILE_VALUES: tuple[Column, ...] = (
    Column("source", TEXT, "source, only where the contract says one_row_per_person; else null"),
    Column("first_name", TEXT, "given name, comparable", personal=True),
    Column("first_name_root", TEXT, "what a nickname stands for", personal=True),
    Column("middle_name", TEXT, "middle name, comparable", personal=True),
    Column("last_name", TEXT, "family name, comparable", personal=True),
    Column("first_name_script", TEXT, "what the given name was written in; null for Latin letters"),
    Column("last_name_script", TEXT, "what the family name was written in; null for Latin letters"),
    Column("suffix", TEXT, "generational suffix"),
    Column("sex", TEXT, "f, m or x"),
    Column("date_of_birth", TEXT, "yyyy-mm-dd, also of a day that cannot exist", personal=True),
    Column("emails", TEXTS, "canonical addresses that identify, sorted", personal=True),
    Column(
        "probable_emails",
        TEXTS,
        "addresses that are probably theirs, though not delivered with these values, sorted",
        personal=True,
    ),
    Column("phones", TEXTS, "numbers that identify, sorted", personal=True),
    Column("identifiers", TEXTS, "'type=value' of identifiers that identify, sorted", personal=True),
    Column("street", TEXT, "street, comparable", personal=True),
    Column("house_number", TEXT, "house number", personal=True),
    Column("city", TEXT, "city, comparable", personal=True),
    Column("region", TEXT, "region, comparable"),
    Column("postcode", TEXT, "postcode, comparable", personal=True),
    Column("country", TEXT, "ISO 3166-1 alpha-2"),
    Column("company", TEXT, "company, comparable", personal=True),
    Column("job_title", TEXT, "job title, comparable", personal=True),
)

LINKAGE_PROFILES = Table(
    "candidate_links/linkage_profiles",
    "linkage profile: the distinct compared values of one or more record versions",
    (
        Column("profile_id", INTEGER, "hash of the compared values", nullable=False),
        *PROFILE_VALUES,
        Column("records", INTEGER, "records that have or had these values", nullable=False),
        Column(
            "sources", TEXT, "sources of those records, sorted, with commas between; null: from before this was kept"
        ),
    ),
    key=("profile_id",),
)

PROFILE_MEMBERS = Table(
    "candidate_links/profile_members",
    "linkage profile and record that has or had its values",
    (
        Column("profile_id", INTEGER, "linkage profile", nullable=False),
        Column("record_id", TEXT, "record", nullable=False, personal=True),
    ),
    key=("profile_id", "record_id"),
)

SHARED_IDENTIFIERS = Table(
    "candidate_links/shared_identifiers",
    "e-mail, phone or identifier that more than one record carries, with how far to trust it",
    (
        key_column("type", "email, phone or the name of an identifier"),
        Column("value", TEXT, "canonical value", nullable=False, personal=True),
        Column("records", INTEGER, "records that carry it", nullable=False),
        Column("people", INTEGER, "distinct people among them, judged by name", nullable=False),
        key_column(
            "sharing", "personal (one person), household (one family name, several people), crowd (many people) or role"
        ),
    ),
    key=("type", "value"),
)

LINKAGE_MODEL = Table(
    "candidate_links/linkage_model",
    "trained version of the linkage model",
    (
        key_column("model_version", "hash of the settings and term frequencies"),
        Column("trained_at", MOMENT, "when it was trained", nullable=False),
        Column("trained_profiles", INTEGER, "linkage profiles that it was trained on", nullable=False),
        Column("fields", TEXTS, "fields that it compares", nullable=False),
        Column("settings", TEXT, "Splink settings with trained parameters, JSON", nullable=False),
        Column("accept_weight", NUMBER, "match weight from which a candidate link is accepted", nullable=False),
        Column("review_weight", NUMBER, "match weight from which a candidate link is kept for review", nullable=False),
        Column("notes", TEXTS, "what training had to leave to the prior, and why", nullable=False),
        Column("is_in_use", FLAG, "the version that scores", nullable=False),
        Column("is_proposed", FLAG, "it waits beside the version in use, to be taken into use or left; null: from before there were proposals"),
        Column("in_use_since", MOMENT, "when it was last taken into use; null: never, or before this was kept"),
    ),
    key=("model_version",),
)  # fmt: skip

TERM_FREQUENCIES = Table(
    "candidate_links/term_frequencies",
    "model version, field and value, with how common the value was",
    (
        key_column("model_version", "model version"),
        key_column("field", "compared field"),
        Column("value", TEXT, "value of the field", nullable=False, personal=True),
        Column("frequency", NUMBER, "share of the filled values", nullable=False),
    ),
    key=("model_version", "field", "value"),
)

SCORED_PAIRS = Table(
    "candidate_links/scored_pairs",
    "pair of linkage profiles whose match weight reaches the review threshold, or that a named rule decides",
    (
        Column("profile_id_l", INTEGER, "the smaller profile id", nullable=False),
        Column("profile_id_r", INTEGER, "the larger profile id", nullable=False),
        Column("match_weight", NUMBER, "log2 of the Bayes factor, prior included", nullable=False),
        Column(
            "household_bits",
            NUMBER,
            "bits that are off the match weight because two people of one household, or two colleagues, would agree as well: no reason to take a record for another row of a register",
            nullable=False,
        ),
        Column(
            "match_probability",
            NUMBER,
            "probability that the two are one person: that of the match weight; where OWN_KEY decides, at least how often a record with such a key is the one person whom all others with it are (from the model)",
            nullable=False,
        ),
        key_column("found_by", "first blocking rule that found the pair"),
        key_column("decision", "accepted, review or conflict (strong evidence both ways)"),
        key_column("reason", "why: weight, or the named rule that overruled it"),
        key_column("model_version", "model that scored it"),
    ),
    key=("profile_id_l", "profile_id_r"),
)

DRIFT = Table(
    "candidate_links/drift",
    "resolution and measure: how far the data has moved from what the linkage model in use was trained on",
    (
        key_column("resolution_id", "resolution whose profiles and pairs were measured"),
        Column("measured_at", MOMENT, "when", nullable=False),
        key_column("model_version", "model version in use"),
        Column("accept_weight", NUMBER, "match weight from which a candidate link was accepted", nullable=False),
        key_column("measure", "growth, fields_compared, frequencies_shift, unseen_share, filled_share, agreement_shift or near_threshold_share"),
        key_column("field", "field or comparison that it speaks of, or 'all'"),
        Column("value", NUMBER, "its value", nullable=False),
        Column("drift", NUMBER, "how far the value is from what the version was trained on, or was first measured with", nullable=False),
        Column("limit", NUMBER, "drift above this says that a new version is due (policies/linkage.yaml)", nullable=False),
        Column("is_beyond", FLAG, "the drift is above the limit", nullable=False),
        Column("shares", pl.List(NUMBER), "of agreement_shift: shares of the accepted pairs per level, best first"),
        key_column("says", "what that means"),
    ),
    key=("resolution_id", "measure", "field"),
)  # fmt: skip
