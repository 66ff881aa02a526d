"""What segments a workspace has (``policies/segments.yaml``), and what this stage takes for certain.

::

    segments:
      never_attended_a_webinar:
        about: People to whom a first webinar would be news
        where: {never: attended}
        when_in_doubt: exclude        # include | exclude: what being wrong costs less; exclude when not said

A condition is one of:

===================================================== =============================================================
``{has: attended}``                                   an activity; with ``subject`` (a glob such as ``*data*``, case
                                                      does not matter), ``since`` and ``until`` (days, both included)
``{never: attended}``                                 the opposite, with the same limits
``{all: […]}``, ``{any: […]}``, ``{not: …}``           conditions together, one of them, the opposite of one
``{field: {country: US}}``                            columns of the golden record; a list means one of them
``{consent: {purpose: marketing, channel: email}}``   consent given and in force under at least one address
===================================================== =============================================================

What does not belong here: how a condition is judged for a customer (``members.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from cdp_assets.golden_records.policy import CHANNELS
from cdp_assets.sources.policy_file import expected_one_of, read_policy, refused
from cdp_assets.standardized.event_words import snake_case, standardize_activities
from cdp_assets.tables import CUSTOMERS

CERTAIN_PROBABILITY = 0.99
"""From this probability on, a link is taken for certain: one mistake in a hundred is below what sources themselves get
wrong about who did something."""

TESTABLE_FIELDS = tuple(
    column.name
    for column in CUSTOMERS.columns
    if column.dtype in (pl.String(), pl.Boolean()) and column.name != "customer_id"
)
"""Columns of the golden record that a condition may name: texts and flags."""


@dataclass(frozen=True)
class Has:
    """The customer did something. ``since`` and ``until`` are days (UTC), both included."""

    activity: str
    subject: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class HasField:
    """A column of the golden record is one of these texts (lower case); ``true`` and ``false`` for flags."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class HasConsent:
    """Consent for the purpose and channel is in force under at least one address."""

    purpose: str
    channel: str


@dataclass(frozen=True)
class AllOf:
    """Every one of these."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one of these."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The opposite. ``{never: X}`` is ``{not: {has: X}}``."""

    condition: Condition


Condition: TypeAlias = Has | HasField | HasConsent | AllOf | AnyOf | Not

_Where: TypeAlias = tuple[str | int, ...]


def condition_of(said: Any, at: _Where = ()) -> Condition:
    """Read one condition. Raises an error that says where (``at``), what was expected and what was probably meant."""
    if not isinstance(said, dict) or not said:
        raise refused(f"expected a condition: a key such as {', '.join(_READERS)}", at)
    heads = [key for key in said if key in _READERS]
    if not heads:
        unknown = next(iter(said))
        raise refused(expected_one_of("a condition", unknown, _READERS), (*at, unknown))
    if len(heads) > 1:
        raise refused(f"'{heads[0]}' and '{heads[1]}' are two conditions; write {{all: [...]}} around them", at)
    head = heads[0]
    limits = {key: value for key, value in said.items() if key != head}
    allowed = ("subject", "since", "until") if head in ("has", "never") else ()
    for key in limits:
        if key not in allowed:
            expected = (
                expected_one_of(f"a limit of '{head}'", key, allowed) if allowed else f"'{head}' takes no '{key}'"
            )
            raise refused(expected, (*at, key))
    return _READERS[head](said[head], limits, at)


def _has(activity: Any, limits: Mapping[str, Any], at: _Where) -> Condition:
    word = standardize_activities(pl.Series([activity if isinstance(activity, str) else None], dtype=pl.String)).item()
    if word is None:
        raise refused("expected an activity, such as attended", at)
    subject = limits.get("subject")
    if subject is not None and (not isinstance(subject, str) or not subject.strip()):
        raise refused("expected a text in which * stands for anything", (*at, "subject"))
    since, until = (_day(limits.get(name), (*at, name)) for name in ("since", "until"))
    if since and until and until < since:
        raise refused("ends before it begins: until is earlier than since", (*at, "until"))
    return Has(word, subject, since, until)


def _never(activity: Any, limits: Mapping[str, Any], at: _Where) -> Condition:
    return Not(_has(activity, limits, at))


def _several(conditions: Any, at: _Where) -> tuple[Condition, ...]:
    if not isinstance(conditions, list) or not conditions:
        raise refused("expected a list of conditions", at)
    return tuple(condition_of(condition, (*at, position)) for position, condition in enumerate(conditions))


def _all(conditions: Any, _: Mapping[str, Any], at: _Where) -> Condition:
    return AllOf(_several(conditions, (*at, "all")))


def _any(conditions: Any, _: Mapping[str, Any], at: _Where) -> Condition:
    return AnyOf(_several(conditions, (*at, "any")))


def _not(condition: Any, _: Mapping[str, Any], at: _Where) -> Condition:
    return Not(condition_of(condition, (*at, "not")))


def _field(said: Any, _: Mapping[str, Any], at: _Where) -> Condition:
    at = (*at, "field")
    if not isinstance(said, dict) or not said:
        raise refused("expected columns and values, such as {country: US}", at)
    return _together([_one_field(name, values, (*at, name)) for name, values in said.items()])


def _one_field(name: str, values: Any, at: _Where) -> Condition:
    if name not in TESTABLE_FIELDS:
        raise refused(expected_one_of("a column that can be asked for", name, TESTABLE_FIELDS), at)
    texts = values if isinstance(values, list) else [values]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise refused("expected a value, or a list of values", at)
    texts = [text.strip().lower() for text in texts]
    if CUSTOMERS.schema[name] == pl.Boolean() and not set(texts) <= {"true", "false"}:
        raise refused("expected true or false", at)
    return HasField(name, tuple(texts))


def _together(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))


def _consent(said: Any, _: Mapping[str, Any], at: _Where) -> Condition:
    at = (*at, "consent")
    if not isinstance(said, dict):
        raise refused("expected {purpose: marketing, channel: email}", at)
    for key in said:
        if key not in ("purpose", "channel"):
            raise refused(expected_one_of("a part of a consent", key, ("purpose", "channel")), (*at, key))
    purpose, channel = said.get("purpose"), said.get("channel", "email")
    word = snake_case(pl.Series([purpose if isinstance(purpose, str) else None], dtype=pl.String)).item()
    if word is None:
        raise refused("expected a purpose, such as marketing", (*at, "purpose"))
    if channel not in CHANNELS:
        raise refused(expected_one_of("a channel", channel, CHANNELS), (*at, "channel"))
    return HasConsent(word, channel)


_READERS: Mapping[str, Callable[[Any, Mapping[str, Any], _Where], Condition]] = {
    "has": _has,
    "never": _never,
    "all": _all,
    "any": _any,
    "not": _not,
    "field": _field,
    "consent": _consent,
}


def _day(said: Any, at: _Where) -> date | None:
    if said is None:
        return None
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        raise refused("expected a day, such as 2024-01-31", at) from None


class Segment(BaseModel):
    """One segment: who is in it, and what to do with those of whom that is only probable."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    about: str = ""
    where: Annotated[Condition, BeforeValidator(condition_of)]
    when_in_doubt: Literal["include", "exclude"] = "exclude"


class SegmentsPolicy(BaseModel):
    """The segments of a workspace, none by default, and how probable a link must be to count as certain."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    segments: dict[str, Segment] = Field(default_factory=dict)
    certain_probability: Annotated[float, Field(gt=0.5, le=1.0)] = CERTAIN_PROBABILITY

    @field_validator("segments")
    @classmethod
    def _names_are_words(cls, segments: dict[str, Segment]) -> dict[str, Segment]:
        for name in segments:
            if not name.replace("_", "a").isalnum() or not name[0].isalpha() or name != name.lower():
                raise refused("expected a segment name of a-z, 0-9 and _, beginning with a letter", (name,))
        return segments


def load_segments_policy(path: Path | None) -> SegmentsPolicy:
    """``policies/segments.yaml``, or no segment at all when there is none. Raises ``PolicyError``."""
    return read_policy(path, SegmentsPolicy)
