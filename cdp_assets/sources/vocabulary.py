"""The words of source contracts: kinds, canonical fields, and what people write for them.

What does not belong here: how a contract is checked (``contract_model.py``) or read (``contracts.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["profiles", "activities", "consents", "corrections"]
Delivers: TypeAlias = Literal["snapshot", "changes", "events"]

NAME_FIELDS = ("first_name", "middle_name", "last_name", "full_name", "name_suffix")
ADDRESS_FIELDS = ("street", "city", "region", "postcode", "country")
PROFILE_FIELDS = (
    *NAME_FIELDS,
    "sex",
    "email",
    "phone",
    "date_of_birth",
    *ADDRESS_FIELDS,
    "company",
    "job_title",
)
EVENT_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "profiles": (),
    "activities": ("activity", "activity_subject"),
    "consents": (
        "consent",
        "purpose",
        "channel",
        "wording",
        "lawful_basis",
        "jurisdiction",
        "collection_method",
        "validity_duration",
        "double_opt_in",
        "indicated_by",
    ),
    "corrections": ("corrected_source", "corrected_key", "corrected_field", "corrected_value", "correction"),
}
CANONICAL_FIELDS = (*PROFILE_FIELDS, *(name for names in EVENT_FIELDS.values() for name in names))
LIST_FIELDS = frozenset({"email", "phone", *ADDRESS_FIELDS})
"""Fields that a record may have several of. A list of columns for another field is read for the first that is filled."""

CORRECTION_NEEDS = ("corrected_source", "corrected_key", "corrected_field", "corrected_value")
"""Without these a row corrects nothing; it is a contact record like any other."""

Liveness: TypeAlias = Literal["alive", "dead", "nothing"]

ACTIVITIES: Mapping[str, Liveness] = {
    "sent": "nothing",  # we did something, its reader did not
    "delivered": "alive",  # the mailbox takes mail; nobody need have read it
    "opened": "alive",
    "clicked": "alive",
    "replied": "alive",
    "bounced": "dead",  # for good: a hard bounce
    "soft_bounced": "nothing",  # a full mailbox or a busy server
    "unsubscribed": "alive",  # somebody has read it
    "complained": "alive",
    "subscribed": "alive",
    "registered": "alive",
    "attended": "alive",
    "no_show": "nothing",
    "purchase": "alive",
    "returned": "alive",
    "donated": "alive",
    "downloaded": "alive",
    "form_submitted": "alive",
    "page_view": "nothing",  # whoever gave the address has come back, which is a sighting; the mailbox was not needed
    "logged_in": "alive",
    "ticket": "alive",  # a request to support
}
"""What a row of activities may report, and what it says of the address that it names: that it is alive, that it is dead, or
nothing. A contract's ``values`` translate a source's words to these. Any other word is the source's own: it is kept, for a
segment may ask for it, but says nothing of an address; ``cdp contract check`` lists such words."""

ALSO_KNOWN_AS: Mapping[str, str] = {
    "given_name": "first_name",
    "forename": "first_name",
    "surname": "last_name",
    "family_name": "last_name",
    "name": "full_name",
    "suffix": "name_suffix",
    "gender": "sex",
    "mail": "email",
    "e_mail": "email",
    "email_address": "email",
    "mobile": "phone",
    "telephone": "phone",
    "dob": "date_of_birth",
    "birthdate": "date_of_birth",
    "birthday": "date_of_birth",
    "address": "street",
    "street1": "street",
    "town": "city",
    "state": "region",
    "province": "region",
    "county": "region",
    "zip": "postcode",
    "zipcode": "postcode",
    "zip_code": "postcode",
    "postal_code": "postcode",
    "organisation": "company",
    "organization": "company",
    "employer": "company",
    "account": "company",
    "title": "job_title",
    "position": "job_title",
    "event": "activity",
    "subject": "activity_subject",
    "opt_in": "consent",
    "event_state": "consent",
    "privacy_notice": "wording",
    "legal_basis": "lawful_basis",
    "consent_country": "jurisdiction",
    "valid_until": "validity_duration",
    "doi": "double_opt_in",
    "given_by": "indicated_by",
    "entity_id": "indicated_by",
}
"""What people write for a canonical field; only to suggest the right word."""

DELIVERS_BY_KIND: Mapping[Kind, Delivers] = {
    "profiles": "changes",
    "activities": "events",
    "consents": "events",
    "corrections": "events",
}
"""What a kind delivers when the contract does not say. Never snapshot: a missing row must not delete by default."""
