"""Contracts of the addresses, numbers and identifiers that records carry: one row per value, whoever has it."""

from __future__ import annotations

from cdp_assets.tables.contract import DAY, FLAG, INTEGER, MOMENT, NUMBER, SEEN_BY, TEXT, Column, Table, key_column

EMAIL_ADDRESSES = Table(
    "standardized/email_addresses",
    "distinct e-mail address, over all records and versions",
    (
        Column("email", TEXT, "canonical address", nullable=False, personal=True),
        Column("domain", TEXT, "domain, ASCII", nullable=False),
        key_column("class", "personal (free mail), corporate, role, disposable, relay or placeholder"),
        key_column("sharing", "personal (one person), household (one family), role (a function or office) or junk (a placeholder, or many unrelated people)"),
        Column("suggestion", TEXT, "address with the domain that was probably meant; the delivered one is never replaced", personal=True),
        Column("suggestion_confidence", NUMBER, "probability that the suggestion was meant, 0 to 1"),
        Column("suggestion_agrees", FLAG, "a record of the same name carries the suggested address: the second signal that promotes it"),
        Column("records", INTEGER, "records that carry it", nullable=False),
        Column("people", INTEGER, "people among those records, judged by name", nullable=False),
        Column("families", INTEGER, "family names among those people", nullable=False),
        Column("is_shared", FLAG, "too many unrelated people carry it to identify one of them", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
        Column("seen_by", SEEN_BY, "last sighting by each source, sorted by source", nullable=False),
        Column("delivered_at", MOMENT, "last delivery that a mail system reported"),
        Column("bounced_at", MOMENT, "last bounce reported"),
        Column("engaged_at", MOMENT, "last open, click, attendance or purchase reported"),
        Column("left_at", MOMENT, "when its person was first seen with another employer's address"),
        Column("domain_gone_at", MOMENT, "when the whole domain fell silent or bounced"),
        Column("alive_probability", NUMBER, "probability that mail still reaches its person, by the decay of its class since the last sign of life", nullable=False),
        key_column("status", "active, unverified, stale or dead"),
        key_column("status_reason", "the evidence: bounced, domain_gone, left_employer, engaged, delivered, carried, silent, or unheard"),
    ),
    key=("email",),
)  # fmt: skip

EMAIL_DECAY = Table(
    "standardized/email_decay",
    "class of e-mail addresses, with how fast its addresses die, estimated from the data",
    (
        key_column("class", "personal, corporate, role, disposable, relay or placeholder"),
        Column("addresses", INTEGER, "addresses of the class", nullable=False),
        Column("deaths", INTEGER, "of those, addresses known to have died", nullable=False),
        Column("years_observed", NUMBER, "address-years from first sighting to the last sign of life or to death", nullable=False),
        Column("yearly_decay", NUMBER, "share of living addresses that die in a year, prior included", nullable=False),
        Column("yearly_decay_from", NUMBER, "lower end of its 95% interval", nullable=False),
        Column("yearly_decay_to", NUMBER, "upper end of its 95% interval", nullable=False),
        Column("prior_share", NUMBER, "weight of the prior in the estimate, 0 to 1", nullable=False),
    ),
    key=("class",),
)  # fmt: skip

PHONE_NUMBERS = Table(
    "standardized/phone_numbers",
    "distinct phone number, over all records and versions",
    (
        Column("phone", TEXT, "E.164, or national digits where no region is known", nullable=False, personal=True),
        Column("country", TEXT, "ISO 3166-1 alpha-2 of the numbering plan; null where it is not known"),
        key_column("type", "mobile, fixed_line, fixed_line_or_mobile, voip, toll_free, premium, shared_cost, pager, personal, uan, or unknown"),
        Column("is_valid", FLAG, "the numbering plan has such numbers", nullable=False),
        key_column("sharing", "personal (one person), household (one family), office (a company's) or junk (a placeholder, or many unrelated people)"),
        Column("records", INTEGER, "records that carry it", nullable=False),
        Column("people", INTEGER, "people among those records, judged by name", nullable=False),
        Column("extensions", INTEGER, "distinct extensions dialled behind it", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
    ),
    key=("phone",),
)  # fmt: skip

COMPANY_DOMAINS = Table(
    "standardized/company_domains",
    "corporate domain, with how its addresses are formed and what became of it",
    (
        Column("domain", TEXT, "domain, ASCII; many are named for a person", nullable=False, personal=True),
        Column("company", TEXT, "company that most of its people name, comparable", personal=True),
        Column("people", INTEGER, "people with an address at it, judged by name", nullable=False),
        Column("addresses", INTEGER, "personal addresses at it", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting of any of its addresses, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting of any of its addresses, source time", nullable=False),
        Column("pattern", TEXT, "form of its addresses now: first.last, flast …; null while too few people show it"),
        Column("pattern_support", INTEGER, "people whose address has that form", nullable=False),
        Column("pattern_share", NUMBER, "of the people whose address and name are both known in that time, 0 to 1"),
        Column("former_pattern", TEXT, "form of its addresses before it changed it"),
        Column("former_support", INTEGER, "people whose address had that form", nullable=False),
        Column("pattern_changed_on", DAY, "cut-over of the change of form"),
        Column("became", TEXT, "domain that replaced it", personal=True),
        Column("became_people", INTEGER, "people seen first here and then there", nullable=False),
        Column("became_on", DAY, "cut-over to that domain"),
        Column("gone_at", MOMENT, "when the whole domain fell silent or bounced; null while it lives"),
    ),
    key=("domain",),
)  # fmt: skip

PROBABLE_EMAILS = Table(
    "standardized/probable_emails",
    "record and an address that is probably its person's, though nobody delivered it: a second, weaker identifier",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        Column("email", TEXT, "canonical address", nullable=False, personal=True),
        key_column("because", "mistyped_domain, company_pattern, company_changed_pattern or company_changed_domain"),
        Column("derived_from", TEXT, "delivered address that it was derived from; null where it was predicted from name and company", personal=True),
        Column("confidence", NUMBER, "probability that it is the person's, 0 to 1", nullable=False),
        Column("is_carried", FLAG, "some record delivers this very address", nullable=False),
    ),
    key=("record_id", "email"),
)  # fmt: skip

SIGHTINGS = Table(
    "standardized/sightings",
    "record and identifier that it has carried, with when",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        key_column("source", "source of the record"),
        key_column("type", "email, phone or the name of an identifier"),
        Column("value", TEXT, "canonical value", nullable=False, personal=True),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
        Column("first_landed_at", MOMENT, "first sighting, our time", nullable=False),
        Column("last_landed_at", MOMENT, "last sighting, our time", nullable=False),
        Column("is_current", FLAG, "the record's current version carries it", nullable=False),
    ),
    key=("record_id", "type", "value"),
)
