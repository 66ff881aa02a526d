"""Small worlds in which consent is given, withdrawn, merged, split, corrected and erased, and what must then hold in each.

A world is three people, four addresses and a log. ``World.step`` does one thing that can happen, by chance; ``World.expected``
says what consent is then in force, one address at a time, by the rule as ``consents.py`` tells it in words. Many worlds are
judged in one resolution, since that takes hardly longer than one.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import polars as pl

from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.region_rules import UNKNOWN, RegionRule, strictest
from cdp_assets.golden_records.withheld import WITHHELD
from cdp_assets_tests.golden_records.builders import Resolution, moment, postal, record

BEGIN = moment("2020")
ADDRESSES = ("a", "b", "c", "d")
COUNTRIES = ("US", "DE", "BR", None, None)
VALIDITIES: dict[str, int] = {"P30D": 30, "P1Y": 365, "unreadable": 0}

POLICIES = {
    "default": ConsentPolicy(),
    "everything asked for": ConsentPolicy.model_validate(
        {"double_opt_in": "required", "expires_after": "1 year", "regions": {"US": {"double_opt_in": "honoured"}}}
    ),
    "opt-out used": ConsentPolicy.model_validate({"use_opt_out": True, "double_opt_in": "ignored"}),
}

ENTRIES: dict[str, Any] = {
    "source": pl.String, "number": pl.Int64, "import_id": pl.String, "content_sha256": pl.String, "records_version": pl.String,
    "events": pl.Int64, "head": pl.String, "reason": pl.String, "released_by": pl.String, "previous_hash": pl.String,
    "entry_hash": pl.String,
}  # fmt: skip
"""Columns of ``Ledger.consent_entries()``, but for the time."""


@dataclass
class World:
    """One world. ``rows``: record versions; ``owner``: record to person; ``day``: of its clock, from :data:`BEGIN`."""

    number: int
    chance: random.Random
    rows: list[dict[str, Any]] = field(default_factory=list)
    owner: dict[str, int | None] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    corrections: list[dict[str, Any]] = field(default_factory=list)
    withheld: dict[str, datetime] = field(default_factory=dict)
    suppressed: dict[str, set[str]] = field(default_factory=dict)
    """What the last resolution suppressed for everybody: record that withdrew to addresses."""
    erased_imports: list[tuple[str, str]] = field(default_factory=list)
    merged: tuple[int, int, frozenset[str], int] | None = None
    day: int = 0
    made: int = 0
    people: int = 3
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for who in range(3):
            self._record("crm", who, emails=[ADDRESSES[who]], country=self.chance.choice(COUNTRIES))

    # -- what can happen ----------------------------------------------------------------------------------------------

    def step(self) -> str:
        """Do one thing by chance; return its name."""
        self.day += self.chance.choice((0, 0, 1, 40, 200))
        names = ["profile", "given", "given", "given", "withdrawn", "unsubscribed", "expired", "requested", "gone"]
        name = self.chance.choice(
            [*names, "merge", "merge", "split", "undo", "correct", "correct_consent", "time", "erase"]
        )
        if name == "erase" and self.chance.random() < 0.6:
            name = "given"
        steps: dict[str, Callable[[], None]] = {
            "merge": self._merge, "split": self._split, "undo": self._undo, "correct": self._correct, "gone": self._disappear,
            "time": lambda: None, "erase": self._erase, "profile": self._profile, "correct_consent": self._correct_consent,
        }  # fmt: skip
        steps.get(name, lambda: self._event(name))()
        self.done.append(name)
        return name

    def _profile(self) -> None:
        emails = self.chance.sample(ADDRESSES, self.chance.randint(1, 2))
        self._record(
            self.chance.choice(("crm", "web")), self._somebody(), emails=emails, country=self.chance.choice(COUNTRIES)
        )

    def _event(self, state: str) -> None:
        emails = self.chance.sample(ADDRESSES, self.chance.choice((0, 1, 1, 1, 2)))
        more: dict[str, Any] = {"purpose": self.chance.choice(("marketing", "marketing", "marketing", None, "service"))}
        if state == "unsubscribed":
            more["activity"] = self.chance.choice(("unsubscribed", "complained"))
        else:
            more |= {"consent": state, "channel": self.chance.choice(("email", "email", None))}
        if state == "given" and self.chance.random() < 0.5:
            more |= {
                "double_opt_in": self.chance.choice(("confirmed", "pending", None)),
                "validity_duration": self.chance.choice((*VALIDITIES, None, None, None)),
                "lawful_basis": self.chance.choice(("consent", "legitimate_interest", None, None)),
                "jurisdiction": self.chance.choice(("US", "DE", "EU", None)),
            }
        who = self._somebody() if self.chance.random() < 0.9 else None
        late = self.chance.choice((0, 0, 0, 30, 400))
        self._record("news", who, emails=emails, late=late, **more)

    def _correct_consent(self) -> None:
        """Support is told "no more mail": a correction that speaks of a record, and withdraws."""
        if self.rows:
            corrected = self.chance.choice(self.rows)["record_id"]
            source, _, key = corrected.partition("/")
            who = self.chance.choice((self._somebody(), None))
            self._record(
                "support", who, emails=[], consent="withdrawn", purpose="marketing", channel="email", corrected_source=source,
                corrected_key=key, corrected_field="email", corrected_value=self.mail("a"), correction="retract",
            )  # fmt: skip

    def _merge(self) -> None:
        self.merged = None
        one, other = self._somebody(), self._somebody()
        moved = frozenset(self._records_of(other))
        if one != other and moved and self._records_of(one):
            self.merged = (one, other, moved, self.made)
            self._move(moved, one)

    def _undo(self) -> None:
        if self.merged is not None:
            one, other, moved, _ = self.merged
            self._move([r for r in moved if self.owner.get(r) == one], other)
            self.merged = None

    def _split(self) -> None:
        theirs = self._records_of(self._somebody())
        if len(theirs) > 1:
            self._move(self.chance.sample(theirs, self.chance.randint(1, len(theirs) - 1)), self.people)
            self.people += 1
            self.merged = None

    def _correct(self) -> None:
        mine = [row["record_id"] for row in self.rows if self.owner[row["record_id"]] is not None]
        if mine:
            word = self.chance.choice(("set", "retract"))
            self.corrections.append(
                {
                    "record_id": self.chance.choice(mine), "field": "email", "value": self.mail(self.chance.choice(ADDRESSES)),
                    "correction": word, "corrected_by": "ana", "corrected_at": self.now,
                }
            )  # fmt: skip

    def _disappear(self) -> None:
        if self.rows:
            self.gone.add(self.chance.choice(self.rows)["record_id"])

    def _erase(self) -> None:
        """Somebody's records go, with all events in them; what they had withdrawn for everybody is withheld from then on."""
        theirs = set(self._records_of(self._somebody()))
        for row in self.rows:
            if row["record_id"] in theirs:
                self.erased_imports.append((row["source"], row["import_id"]))
                self.withheld.update(dict.fromkeys(self.suppressed.get(row["record_id"], ()), self.now))
        self.rows = [row for row in self.rows if row["record_id"] not in theirs]
        self.owner = {record_id: who for record_id, who in self.owner.items() if record_id not in theirs}
        self.corrections = [row for row in self.corrections if row["record_id"] not in theirs]
        self.merged = None

    # -- its parts ----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(days=self.day)

    def mail(self, name: str) -> str:
        return f"{name}@world{self.number}.example"

    def customer(self, who: int) -> str:
        return f"C{self.number}.{who}"

    def _somebody(self) -> int:
        return self.chance.choice(sorted({who for who in self.owner.values() if who is not None}) or [0])

    def _records_of(self, who: int) -> list[str]:
        return sorted(record_id for record_id, owner in self.owner.items() if owner == who)

    def _move(self, records: Iterable[str], to: int) -> None:
        self.owner.update(dict.fromkeys(records, to))

    def _record(
        self,
        source: str,
        who: int | None,
        *,
        emails: Iterable[str],
        country: str | None = None,
        late: int = 0,
        **values: Any,
    ) -> None:
        self.made += 1
        at = BEGIN + timedelta(days=max(self.day - late, 0))
        row = record(
            f"{source}/{self.number}.{self.made}", "2020", email=[self.mail(name) for name in emails], **values
        )
        if country is not None:
            row["addresses"] = [postal("1 Oak Street", "Salem", "01970", country)]
        row |= {"observed_at": at, "valid_from": at, "last_seen_at": at, "import_id": f"{self.number}.{self.made}"}
        self.rows.append(row)
        self.owner[row["record_id"]] = who

    # -- what is in force, in words -----------------------------------------------------------------------------------

    def expected(self, policy: ConsentPolicy) -> dict[tuple[str, str], str]:
        """(customer, address) to the state of marketing by e-mail; pairs of which nothing is said are absent."""
        states: dict[tuple[str, str], str] = {}
        for who in sorted({who for who in self.owner.values() if who is not None}):
            mine = [row for row in self.rows if self.owner[row["record_id"]] == who]
            carried = {address for row in mine for address in row["emails"]}
            for address in ["", *sorted(carried)]:
                found = self._state(mine, address, policy, carried)
                if found is not None and not (
                    found[0] in ("given", "allowed") and self._is_blocked(mine, address, found[1])
                ):
                    states[self.customer(who), address] = found[0]
        return states

    def _is_blocked(self, mine: list[dict[str, Any]], address: str, since: datetime) -> bool:
        """Whether somebody who had withdrawn it was erased since, or somebody has said since that the address is not theirs."""
        ids = {row["record_id"] for row in mine}
        by_stewards = [
            row["corrected_at"]
            for row in self.corrections
            if row["record_id"] in ids and row["value"] == address and row["correction"] == "retract"
        ]
        by_sources = [
            row["observed_at"]
            for row in self.rows
            if f"{row['corrected_source']}/{row['corrected_key']}" in ids and row["corrected_value"] == address
        ]
        by_erasure = [self.withheld[address]] if address in self.withheld else []
        return any(since <= at for at in [*by_stewards, *by_sources, *by_erasure])

    def withdrawals(self, mine: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Withdrawals of marketing by e-mail that a person's records make, or that correct one of them."""
        ids = {row["record_id"] for row in mine}
        corrected = (f"{row['corrected_source']}/{row['corrected_key']}" for row in self.rows)
        spoken = [
            row for row, of in zip(self.rows, corrected, strict=True)
            if row["record_id"] in ids or (row["corrected_source"] is not None and of in ids)
        ]  # fmt: skip
        return [row for row in spoken if is_withdrawal(row)]

    def _state(self, mine: list[dict[str, Any]], address: str, policy: ConsentPolicy, carried: set[str]) -> str | None:
        own = self.withdrawals(mine)
        foreign = [row for row in self.rows if address and is_withdrawal(row) and address in row["emails"]]
        speaking = [row for row in mine if self._speaks(row, address)]
        judged = [(row["observed_at"], *self._verdict(row, mine, policy)) for row in speaking]
        newest = max(judged, default=None)
        ended = max((row["observed_at"] for row in [*own, *foreign]), default=None)
        is_concerned = (
            judged or foreign or any(self._is_named(row, address) for row in own) or (own and address in carried)
        )
        if not is_concerned:
            return self._silence(mine, address, policy)
        if newest is not None and (ended is None or newest[0] > ended):
            return newest[2], newest[0]
        assert ended is not None
        return "withdrawn", ended

    def _speaks(self, row: dict[str, Any], address: str) -> bool:
        """Whether a grant, a request or an expiry is about this address and marketing."""
        if row["activity"] is not None or row["consent"] not in ("given", "requested", "expired"):
            return False
        if row["consent"] == "given" and row["record_id"] in self.gone:
            return False
        purposes = ("marketing", None) if row["consent"] == "expired" else ("marketing",)
        return row["purpose"] in purposes and self._is_named(row, address) and not is_withdrawal(row)

    @staticmethod
    def _is_named(row: dict[str, Any], address: str) -> bool:
        return address in row["emails"] if address else not row["emails"]

    def _verdict(self, row: dict[str, Any], mine: list[dict[str, Any]], policy: ConsentPolicy) -> tuple[int, str]:
        rule = self._rule([region_of(row), *known_regions(mine)], policy)
        asked = {"ignored": 0, "honoured": 1, "required": 2}[rule.double_opt_in]
        least = {"pending": 1, None: 2, "confirmed": 3}[row["double_opt_in"]]
        if row["consent"] == "requested" or (row["consent"] == "given" and asked >= least):
            return 3, "requested"
        ends = []
        if row["validity_duration"] is not None:
            ends.append(row["observed_at"] + timedelta(days=VALIDITIES[row["validity_duration"]]))
        if rule.expires_after is not None:
            ends.append(row["observed_at"] + timedelta(days=rule.expires_after))
        if row["consent"] == "expired" or (ends and min(ends) <= self.judged_at):
            return 2, "expired"
        if row["lawful_basis"] in (None, "consent") or "email" in rule.opt_out_channels:
            return 0, "given"
        return 1, "insufficient"

    judged_at: datetime = BEGIN
    """The moment of the resolution that the world is judged in; worlds share one."""

    def _silence(self, mine: list[dict[str, Any]], address: str, policy: ConsentPolicy) -> tuple[str, datetime] | None:
        carriers = [row for row in mine if address and address in row["emails"]]
        standing = [row["observed_at"] for row in carriers if row["record_id"] not in self.gone]
        if not policy.use_opt_out or not standing:
            return None
        rule = self._rule([*(region_of(row) for row in carriers), *known_regions(mine)], policy)
        return ("allowed", min(standing)) if "email" in rule.opt_out_channels else None

    @staticmethod
    def _rule(regions: Iterable[str], policy: ConsentPolicy) -> RegionRule:
        rules = policy.region_rules
        unknown = strictest(rules.values())
        return reduce(RegionRule.and_also, [rules.get(region, unknown) for region in regions])


def is_withdrawal(row: dict[str, Any]) -> bool:
    """Whether a record ends marketing by e-mail: an unsubscribe, a withdrawal, or an expiry that can only mean the person."""
    if row["purpose"] not in ("marketing", None):
        return False
    if row["activity"] in ("unsubscribed", "complained"):
        return True
    return row["consent"] == "withdrawn" or (row["consent"] == "expired" and not row["emails"] and not row["phones"])


def region_of(row: dict[str, Any]) -> str:
    country = row["addresses"][0]["country"] if row["addresses"] else None
    return row["jurisdiction"] or country or UNKNOWN


def known_regions(mine: Iterable[dict[str, Any]]) -> set[str]:
    """Every region that a person's records say."""
    said = {region_of(row) for row in mine} | {address["country"] for row in mine for address in row["addresses"]}
    return {region for region in said if region and region != UNKNOWN}


def together(worlds: list[World], policy: ConsentPolicy) -> Resolution:
    """All worlds in one resolution, judged at the latest of their moments."""
    rows = [row for world in worlds for row in world.rows]
    customers: dict[str, list[str]] = {}
    for world in worlds:
        for record_id, who in sorted(world.owner.items()):
            if who is not None:
                customers.setdefault(world.customer(who), []).append(record_id)
    now = max(world.now for world in worlds)
    for world in worlds:
        world.judged_at = now
    withheld = [("email", address, "marketing", since) for world in worlds for address, since in world.withheld.items()]
    moments = pl.Datetime("us", "UTC")
    steward = [row for world in worlds for row in world.corrections]
    schema = {"record_id": pl.String, "field": pl.String, "value": pl.String, "correction": pl.String,
              "corrected_by": pl.String, "corrected_at": moments}  # fmt: skip
    return Resolution(
        rows,
        customers,
        gone=[record_id for world in worlds for record_id in world.gone & world.owner.keys()],
        steward=pl.DataFrame(steward, schema=schema),
        consent=policy,
        now=now,
        withheld=pl.DataFrame(withheld, schema=WITHHELD, orient="row"),
    )


def imports_of(worlds: list[World]) -> pl.DataFrame:
    """Every record is an import of its own, of a content that nothing else has."""
    rows = [
        (row["source"], row["import_id"], number, hashlib.sha256(row["record_id"].encode()).hexdigest(), "r1")
        for number, row in enumerate(row for world in worlds for row in world.rows)
    ]
    schema = {"source": pl.String, "import_id": pl.String, "sequence": pl.Int64, "content_sha256": pl.String,
              "records_version": pl.String}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
