"""What the law of a region asks before somebody may be contacted for marketing, as data; the stricter wherever two apply.

A rule says of each channel whether consent is needed first (opt-in, everywhere unless said) or contact is allowed until
somebody objects (``opt_out_channels``); what a pending double opt-in counts for; and how long a consent stands.

============== ================================================================================== ===================
region         source                                                                             opt-out channels
============== ================================================================================== ===================
EU, EEA states Directive 2002/58/EC (ePrivacy) art. 13(1), with the consent of Regulation         none
               (EU) 2016/679 (GDPR) art. 4(11) and 7
GB             Privacy and Electronic Communications Regulations 2003, reg. 21, 22                none
CH             Unfair Competition Act art. 3(1)(o)                                                none
CA             Canada's Anti-Spam Legislation, S.C. 2010, c. 23, s. 6                             none
AU             Spam Act 2003, s. 16                                                               none
NZ             Unsolicited Electronic Messages Act 2007, s. 9                                     none
JP             Act on Regulation of Transmission of Specified Electronic Mail, art. 3             none
US             CAN-SPAM Act, 15 U.S.C. 7704(a)(3) to (5); calls and texts: TCPA, 47 U.S.C. 227    email
SG             Spam Control Act 2007, s. 11; calls and texts: Do Not Call, PDPA part 9            email
============== ================================================================================== ===================

This is a reading for a computer, not legal advice; ``policies/consent.yaml`` overrules it region by region. By default no
region's opt-out is used at all (``use_opt_out: false``): everybody is asked first. An unknown region gets the strictest of
all rules, and a person who is or was in several regions the strictest of theirs, so that learning more of somebody (a
merge) never loosens a rule.

What does not belong here: how a rule is applied (``consents.py``), what a workspace overrules (``policy.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Literal, TypeAlias

import polars as pl

DoubleOptIn: TypeAlias = Literal["ignored", "honoured", "required"]
DOUBLE_OPT_IN: tuple[DoubleOptIn, ...] = ("ignored", "honoured", "required")
"""What a double opt-in counts for, the stricter later: a pending sign-up is a consent; is none; is none, and neither is one
of which nobody says that it was confirmed."""

UNKNOWN = "unknown"
"""Region of which nothing is known."""

EU = "EU"
EEA = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT",
    "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip

_DAYS_OF_TWELVE = {"day": 12, "week": 84, "month": 365, "year": 12 * 365}
"""Days in twelve of each. Leap days are left out: what expires, expires early rather than late."""

_PERIOD = re.compile(r"(\d{1,4}) ?(day|week|month|year)s?")


@dataclass(frozen=True)
class RegionRule:
    """One region's rule. ``expires_after`` in days; None: a consent stands until it ends."""

    opt_out_channels: frozenset[str] = frozenset()
    double_opt_in: DoubleOptIn = "honoured"
    expires_after: int | None = None

    def and_also(self, other: RegionRule) -> RegionRule:
        """What satisfies both: the stricter of each part."""
        limits = [days for days in (self.expires_after, other.expires_after) if days is not None]
        return RegionRule(
            self.opt_out_channels & other.opt_out_channels,
            max(self.double_opt_in, other.double_opt_in, key=DOUBLE_OPT_IN.index),
            min(limits, default=None),
        )


OPT_IN, OPT_OUT_FOR_EMAIL = RegionRule(), RegionRule(frozenset({"email"}))

REGION_RULES: Mapping[str, RegionRule] = {
    **dict.fromkeys((EU, *EEA, "GB", "CH", "CA", "AU", "NZ", "JP"), OPT_IN),
    **dict.fromkeys(("US", "SG"), OPT_OUT_FOR_EMAIL),
}
"""Regions whose law is known, by ISO 3166-1 alpha-2; the module's table says from where."""


def strictest(rules: Iterable[RegionRule]) -> RegionRule:
    """What satisfies all of them."""
    return reduce(RegionRule.and_also, rules)


def days_of(period: str) -> int | None:
    """Days in ``3 years``, ``24 months`` …; None where it is no such text."""
    found = _PERIOD.fullmatch(period.strip().lower())
    return _days(int(found[1]), found[2]) if found and int(found[1]) else None


def _days(amount: int, unit: str) -> int:
    return amount * _DAYS_OF_TWELVE[unit] // 12


def rule_frame(rules: Mapping[str, RegionRule]) -> pl.DataFrame:
    """The rules as rows: ``region``, ``opt_out_channels``, ``double_opt_in`` (its strictness, 0 to 2), ``expires_after``.

    The last row is that of :data:`UNKNOWN`: the strictest of them all.
    """
    whole = {**rules, UNKNOWN: strictest(rules.values())}
    return pl.DataFrame(
        {
            "region": list(whole),
            "opt_out_channels": [sorted(rule.opt_out_channels) for rule in whole.values()],
            "double_opt_in": [DOUBLE_OPT_IN.index(rule.double_opt_in) for rule in whole.values()],
            "expires_after": [rule.expires_after for rule in whole.values()],
        },
        schema={
            "region": pl.String,
            "opt_out_channels": pl.List(pl.String),
            "double_opt_in": pl.UInt8,
            "expires_after": pl.Int64,
        },
    )


def ends_of_validity(said: pl.Series, since: pl.Series) -> pl.Series:
    """The moment at which a consent given ``since`` expires by what its source says (``validity_duration`` of a record).

    The last day counts whole. What nobody can read has expired from the beginning. Null where nothing is said.
    """
    rows = said.is_not_null().arg_true()
    found = [_end(text, moment) for text, moment in zip(said.gather(rows), since.gather(rows), strict=True)]
    ends = pl.repeat(None, len(said), dtype=pl.Datetime("us", "UTC"), eager=True).alias("ends_at")
    return ends.scatter(rows, pl.Series(found, dtype=ends.dtype))


def _end(text: str, since: datetime) -> datetime:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        day = datetime.fromisoformat(text).replace(tzinfo=since.tzinfo)
        return _later(day, 1)
    parts = re.findall(r"(\d+)([YMWD])", text) if text.startswith("P") else []
    units = {"Y": "year", "M": "month", "W": "week", "D": "day"}
    return _later(since, sum(_days(int(amount), units[unit]) for amount, unit in parts)) if parts else since


def _later(moment: datetime, days: int) -> datetime:
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)
