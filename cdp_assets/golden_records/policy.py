"""What a workspace may decide about golden records, and the decisions of this stage that it may not, with reasons.

``policies/survivorship.yaml`` says which of several values of a field is the golden one::

    fields:
      default: [most_trusted, most_recent]
      address: [most_recent]          # name and address survive as a whole
      date_of_birth: [most_frequent, most_trusted]

``policies/consent.yaml`` says what counts as marketing, and what silence means::

    default_state: unknown
    marketing_purposes: [marketing, newsletter]
    double_opt_in: honoured         # ignored | honoured (a pending one is no consent) | required (confirmed, or none)
    expires_after: 3 years          # a consent that nobody renewed; default: it stands until it ends
    use_opt_out: false              # true: where the law asks for no consent, silence is no obstacle
    regions:                        # overrules region_rules.py, region by region
      DE: {double_opt_in: required}
      US: {opt_out_channels: []}

Both files are optional. What does not belong here: how a rule is applied (``survivorship.py``, ``consents.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from cdp_assets.golden_records.region_rules import EU, OPT_IN, REGION_RULES, DoubleOptIn, RegionRule, days_of
from cdp_assets.sources.countries import COUNTRY_CODES
from cdp_assets.sources.policy_file import expected_one_of, read_policy, refused
from cdp_assets.standardized.event_words import snake_case

Rule: TypeAlias = Literal["most_trusted", "most_recent", "most_frequent", "longest", "first_seen"]
RULES: tuple[str, ...] = get_args(Rule)

NAME_PARTS = ("first_name", "middle_name", "last_name", "name_suffix", "full_name")
ADDRESS_PARTS = ("street", "city", "region", "postcode", "country")
WHOLES: Mapping[str, tuple[str, ...]] = {"name": NAME_PARTS, "address": ADDRESS_PARTS}
"""Fields that survive together: half of one address and half of another is nobody's address."""

SINGLES = ("sex", "date_of_birth", "company", "job_title")
SURVIVING = ("name", "address", *SINGLES, "email", "phone")
"""What a rule can be given for."""

WHOLE_OF_PART: Mapping[str, str] = {part: whole for whole, parts in WHOLES.items() for part in parts}

DEFAULT_RULES: Mapping[str, tuple[Rule, ...]] = {
    # Names hardly change, so who keeps them carefully counts more than who typed one last.
    "name": ("most_trusted", "most_recent"),
    # People move and change jobs: of two careful sources the newer statement is the true one.
    "address": ("most_recent", "most_trusted"),
    "company": ("most_recent", "most_trusted"),
    "job_title": ("most_recent", "most_trusted"),
    # These never change: a second opinion is worth more than a late one.
    "sex": ("most_trusted", "most_frequent"),
    "date_of_birth": ("most_trusted", "most_frequent"),
    # Among addresses that are equally good to send to, the one that was used last.
    "email": ("most_recent", "most_trusted"),
    "phone": ("most_recent", "most_trusted"),
}

DEFAULT_TRUST = 50
"""Trust of a source whose contract says none: the middle of 0-100."""

STEWARD = "steward"
"""Source named in provenance for a value that a steward set; no contract may claim more trust than a correction."""

UNSUBSCRIBING_ACTIVITIES = ("unsubscribed", "complained")
"""Activities that withdraw consent to marketing although they come as events and not as consents: an unsubscribe link,
and a spam complaint, which is the same wish said louder."""

CHANNELS = ("email", "phone", "post")

CHANNEL_WORDS: Mapping[str, str] = {
    "e-mail": "email",
    "e_mail": "email",
    "mail": "email",
    "sms": "phone",
    "telephone": "phone",
    "call": "phone",
    "postal": "post",
    "letter": "post",
}
"""What sources write for a channel."""

SENDABLE_CLASSES = ("personal", "corporate", "relay")
"""Classes of e-mail address that reach one person for long. A role address reaches whoever has the role, a disposable
one nobody after a day, a placeholder nobody at all. A relay forwards to one person who chose it."""

BEST_CLASSES = ("personal", "corporate")
"""Among sendable addresses those that the person reads directly come first."""


def _as_texts(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _rule_list(value: Any) -> tuple[str, ...]:
    rules = _as_texts(value)
    if not isinstance(rules, (list, tuple)) or not rules:
        raise refused(f"expected a list of rules: {', '.join(RULES)}")
    for position, rule in enumerate(rules):
        if rule not in RULES:
            raise refused(expected_one_of("a rule", rule, RULES), (position,))
        if rule in rules[:position]:
            raise refused(f"'{rule}' stands twice in the list", (position,))
    return tuple(rules)


RuleList: TypeAlias = Annotated[tuple[Rule, ...], BeforeValidator(_rule_list)]


class SurvivorshipPolicy(BaseModel):
    """Rules per field, tried in order until one tells two values apart.

    A ``default`` in the file stands for every field that the file does not name; without one the built-in rules of
    ``DEFAULT_RULES`` do. A part of a name or address may be named in place of the whole.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    fields: dict[str, RuleList] = Field(default_factory=dict)

    @field_validator("fields")
    @classmethod
    def _fields_are_known(cls, fields: dict[str, tuple[Rule, ...]]) -> dict[str, tuple[Rule, ...]]:
        settled: dict[str, tuple[Rule, ...]] = {}
        for name, rules in fields.items():
            whole = WHOLE_OF_PART.get(name, name)
            if whole not in SURVIVING and whole != "default":
                raise refused(expected_one_of("a field", name, ("default", *SURVIVING)), (name,))
            if settled.setdefault(whole, rules) != rules:
                raise refused(f"{whole} survives as a whole, and its parts are given different rules", (name,))
        return settled

    def rules_for(self, field: str) -> tuple[Rule, ...]:
        """The rules of ``field`` (one of ``SURVIVING``), in order."""
        return self.fields.get(field) or self.fields.get("default") or DEFAULT_RULES[field]


def _purposes(value: Any) -> tuple[str, ...]:
    purposes = _as_texts(value)
    if not isinstance(purposes, (list, tuple)) or any(not isinstance(p, str) or not p.strip() for p in purposes):
        raise refused("expected a list of purposes, such as [marketing, newsletter]")
    return tuple(dict.fromkeys(snake_case(pl.Series(purposes, dtype=pl.String)).drop_nulls().to_list()))


Purposes: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_purposes)]


def _as_days(value: Any) -> int | None:
    days = days_of(value) if isinstance(value, str) else None
    if days is None:
        raise refused("expected a period, such as 90 days, 24 months or 3 years")
    return days


Days: TypeAlias = Annotated[int, BeforeValidator(_as_days)]


def _channel_list(value: Any) -> tuple[str, ...]:
    channels = _as_texts(value)
    if not isinstance(channels, (list, tuple)):
        raise refused(f"expected a list of channels: {', '.join(CHANNELS)}")
    for position, channel in enumerate(channels):
        if channel not in CHANNELS:
            raise refused(expected_one_of("a channel", channel, CHANNELS), (position,))
    return tuple(channels)


class RegionChoice(BaseModel):
    """What a workspace says of a region; what it does not say stays as ``region_rules.py`` has it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    opt_out_channels: Annotated[tuple[str, ...], BeforeValidator(_channel_list)] | None = None
    double_opt_in: DoubleOptIn | None = None
    expires_after: Days | None = None


class ConsentPolicy(BaseModel):
    """What counts as marketing, what silence means, and what a region asks for.

    ``default_state``: state of an address of which no event speaks. ``unknown`` or, for systems that mail everybody who
    is not withdrawn, ``withdrawn``. Never ``given``: consent is an event with a date, it is not assumed.
    ``marketing_purposes``: purposes that need consent given under the very address that is sent to.
    ``service_purposes``: purposes of a contract with the customer (receipts, tickets), which need none but which a
    withdrawal can still end.
    ``double_opt_in``, ``expires_after``: what holds in every region; a region may say otherwise, and only by name.
    ``use_opt_out``: whether silence allows marketing where the law does (:mod:`~cdp_assets.golden_records.region_rules`).
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    default_state: Literal["unknown", "withdrawn"] = "unknown"
    marketing_purposes: Purposes = ("marketing",)
    service_purposes: Purposes = ("service", "billing")
    double_opt_in: DoubleOptIn = "honoured"
    expires_after: Days | None = None
    use_opt_out: bool = False
    regions: dict[str, RegionChoice] = Field(default_factory=dict)

    @property
    def region_rules(self) -> dict[str, RegionRule]:
        """The rule of each region, as this policy has it."""
        return {
            region: self._rule(REGION_RULES.get(region, OPT_IN), self.regions.get(region, RegionChoice()))
            for region in sorted({*REGION_RULES, *self.regions})
        }

    def _rule(self, law: RegionRule, said: RegionChoice) -> RegionRule:
        channels = law.opt_out_channels if said.opt_out_channels is None else frozenset(said.opt_out_channels)
        return RegionRule(
            channels if self.use_opt_out else frozenset(),
            said.double_opt_in or self.double_opt_in,
            said.expires_after or self.expires_after,
        )

    @field_validator("regions")
    @classmethod
    def _regions_are_countries(cls, regions: dict[str, RegionChoice]) -> dict[str, RegionChoice]:
        for region in regions:
            if region not in COUNTRY_CODES and region != EU:
                raise refused("expected a region: a country's two letters (ISO 3166-1), or EU", (region,))
        return regions

    @field_validator("default_state", mode="before")
    @classmethod
    def _silence_is_not_consent(cls, value: Any) -> Any:
        if value == "given":
            raise refused("silence is not consent: expected unknown or withdrawn; deliver grants as kind consents")
        return value

    @model_validator(mode="after")
    def _purposes_are_parted(self) -> ConsentPolicy:
        both = [purpose for purpose in self.marketing_purposes if purpose in self.service_purposes]
        if both:
            raise refused(
                f"'{both[0]}' is a service purpose as well, and a purpose needs consent or it does not; list it once",
                ("marketing_purposes",),
            )
        return self


def load_survivorship_policy(path: Path | None) -> SurvivorshipPolicy:
    """``policies/survivorship.yaml``, or the defaults when there is none. Raises ``PolicyError``."""
    return read_policy(path, SurvivorshipPolicy)


def load_consent_policy(path: Path | None) -> ConsentPolicy:
    """``policies/consent.yaml``, or the defaults when there is none. Raises ``PolicyError``."""
    return read_policy(path, ConsentPolicy)
