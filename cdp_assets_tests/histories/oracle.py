"""What must hold in a world, told from its own account: the lines that count, who has them, what was corrected, who was erased.

Written in plain Python, one address at a time, by the words of the documentation; it shares no code with what it judges but the
rules of regions, which are data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce

from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.region_rules import UNKNOWN, RegionRule, strictest
from cdp_assets_tests.histories.world import SNAPSHOTS, VALIDITIES, Correction, Delivered

Place = tuple[str, str]
"""A customer and an address; the empty address is the person, of whom no address is named."""


@dataclass(frozen=True)
class Fact:
    """What a record said from some moment on."""

    record_id: str
    at: datetime
    line: Mapping[str, str]
    is_newest: bool

    @property
    def emails(self) -> list[str]:
        return emails_of(self.line)

    @property
    def region(self) -> str:
        return self.said("region") or self.said("country") or UNKNOWN

    @property
    def corrects(self) -> str | None:
        return f"{self.said('of_source')}/{self.said('of_key')}" if self.said("of_key") else None

    def said(self, name: str) -> str:
        return self.line.get(name, "")

    @property
    def ends_marketing(self) -> bool:
        """An unsubscribe, a withdrawal, or an expiry that can only mean the person; of marketing or of everything."""
        if self.said("purpose") not in ("marketing", ""):
            return False
        if self.said("activity") or self.said("consent") == "withdrawn":
            return True
        return self.said("consent") == "expired" and not self.emails


def emails_of(line: Mapping[str, str]) -> list[str]:
    return [line[name] for name in ("email", "email2") if line[name]]


def facts_of(lines: Iterable[Delivered]) -> list[Fact]:
    """Each record's history by the time at which it was true; a line that repeats the one before it says nothing."""
    by_record: dict[str, list[Delivered]] = {}
    for one in lines:
        by_record.setdefault(one.record_id, []).append(one)
    facts = []
    for record_id, theirs in by_record.items():
        is_snapshot = theirs[0].source in SNAPSHOTS
        ordered = theirs if is_snapshot else sorted(theirs, key=lambda one: (one.at, one.number))
        said = [one for place, one in enumerate(ordered) if not place or _content(one) != _content(ordered[place - 1])]
        facts += [Fact(record_id, one.at, one.line, one is said[-1]) for one in said]
    return facts


def _content(one: Delivered) -> dict[str, str]:
    return {name: text for name, text in one.line.items() if name not in ("id", "at")}


@dataclass
class Erased:
    """A person who was erased: what they were known by; ``own`` are addresses and numbers that nobody else had. ``withheld``:
    addresses that may not be contacted by what was said until ``at``, for ``marketing`` or whatever."""

    at: datetime
    records: set[str]
    contacts: set[str]
    own: set[str]
    first: set[str]
    last: set[str]
    born: set[str]
    whole: set[tuple[str, ...]]
    withheld: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, at: datetime, records: set[str], mine: list[Fact], others: list[Fact]) -> Erased:
        contacts = {contact for fact in mine for contact in _contacts(fact.line)}
        named = {name: {fact.said(name) for fact in mine} - {""} for name in ("first", "last", "born")}
        return cls(
            at, set(records), contacts, contacts - {contact for fact in others for contact in _contacts(fact.line)},
            named["first"], named["last"], named["born"], {_whole(fact.line) for fact in mine} - {()},
        )  # fmt: skip

    def is_theirs(self, record_id: str | None, line: Mapping[str, str]) -> bool:
        """Whether a line is this person's, by the table of ``erasure/signs.py``."""
        if record_id in self.records or (
            line.get("of_key") and f"{line['of_source']}/{line['of_key']}" in self.records
        ):
            return True
        if _whole(line) in self.whole:
            return True
        contacts = _contacts(line)
        hits, own = contacts & self.contacts, contacts & self.own
        first, last, born = line["first"], line["last"], line.get("born", "")
        is_another = (
            (first and first not in self.first) or (last and not first and last not in self.last)
            or (born and self.born and born not in self.born)
        )  # fmt: skip
        if not hits or is_another:
            return False
        if first and last:
            return last in self.last or bool(own)
        if first or last or any("@" in one for one in own):
            return bool(own)
        return bool(own) and not emails_of(line)


def _contacts(line: Mapping[str, str]) -> set[str]:
    return {*emails_of(line), line.get("phone", "")} - {""}


def _whole(line: Mapping[str, str]) -> tuple[str, ...]:
    parts = (line["first"], line["last"], line.get("born", ""), line.get("zip", ""))
    return parts if all(parts) else ()


# -- consent ----------------------------------------------------------------------------------------------------------


@dataclass
class Account:
    """A world as it stands: ``facts``, ``owner`` of each record, records ``gone`` from a snapshot."""

    facts: list[Fact]
    owner: Mapping[str, str]
    gone: Collection[str]
    corrections: list[Correction]
    erased: list[Erased]
    judged_at: datetime
    policy: ConsentPolicy = field(default_factory=ConsentPolicy)

    def of(self, customer: str) -> list[Fact]:
        return [fact for fact in self.facts if self.owner[fact.record_id] == customer]

    def consents(self, policy: ConsentPolicy) -> dict[Place, str]:
        """The state of marketing by e-mail of every customer and address of which anything is said."""
        self.policy = policy
        states: dict[Place, str] = {}
        for customer in sorted(set(self.owner.values())):
            mine = self.of(customer)
            carried = {address for fact in mine for address in fact.emails}
            for address in ["", *sorted(carried)]:
                found = self._state(mine, address, carried)
                is_allowing = found is not None and found[0] in ("given", "allowed")
                if found is not None and not (is_allowing and self._is_blocked(mine, address, *found)):
                    states[customer, address] = found[0]
        return states

    def withdrawals(self, mine: list[Fact]) -> list[Fact]:
        """Withdrawals of marketing that a person's records make, or that correct one of them."""
        ids = {fact.record_id for fact in mine}
        return [fact for fact in self.facts if fact.ends_marketing and (fact.record_id in ids or fact.corrects in ids)]

    def retracted(self, mine: list[Fact]) -> set[str]:
        """Addresses of a customer of which the last word of some record's corrections is that they are not theirs."""
        last: dict[tuple[str, str], tuple[datetime, bool]] = {}
        for record, what, value, word, at in self._corrections(mine):
            if what == "email":
                last[record, value] = max(last.get((record, value), (at, False)), (at, word == "retract"))
        return {value for (_, value), (_, is_retraction) in last.items() if is_retraction}

    def titles(self, mine: list[Fact]) -> set[str]:
        """What a customer's title may be, of which no source says anything: the newest that was set and stands."""
        last: dict[tuple[str, str], tuple[datetime, bool]] = {}
        for record, what, value, word, at in self._corrections(mine):
            if what == "job_title":
                last[record, value] = max(last.get((record, value), (at, False)), (at, word == "retract"))
        retracted = {value for (_, value), (_, is_retraction) in last.items() if is_retraction}
        sets = {
            (at, value)
            for (_, value), (at, is_retraction) in last.items()
            if not is_retraction and value not in retracted
        }
        newest = max((at for at, _ in sets), default=None)
        return {value for at, value in sets if at == newest}

    def _corrections(self, mine: list[Fact]) -> list[tuple[str, str, str, str, datetime]]:
        ids = {fact.record_id for fact in mine}
        by_sources = [
            (f.corrects, f.said("of_field"), f.said("of_value"), f.said("word"), f.at)
            for f in self.facts
            if f.corrects in ids
        ]
        by_stewards = [(c.record_id, c.field, c.value, c.word, c.at) for c in self.corrections if c.record_id in ids]
        return [(str(record), *more) for record, *more in [*by_sources, *by_stewards]]  # type: ignore[misc]

    def _is_blocked(self, mine: list[Fact], address: str, state: str, since: datetime) -> bool:
        """Whether somebody has said since that the address is not theirs, or whose word ended it was erased since."""
        retractions = [
            at
            for _, what, value, word, at in self._corrections(mine)
            if (what, value, word) == ("email", address, "retract")
        ]
        erasures = [one.at for one in self.erased if address in one.withheld | one.own]
        return any(since <= at for at in [*retractions, *erasures]) or (state == "allowed" and bool(erasures))

    def _state(self, mine: list[Fact], address: str, carried: set[str]) -> tuple[str, datetime] | None:
        own = self.withdrawals(mine)
        foreign = [fact for fact in self.facts if address and fact.ends_marketing and address in fact.emails]
        judged = [(fact.at, *self._verdict(fact, mine)) for fact in mine if self._speaks(fact, address)]
        newest = max(judged, default=None)
        ended = max((fact.at for fact in [*own, *foreign]), default=None)
        is_named = any(_names(fact, address) for fact in own)
        if not (judged or foreign or is_named or (own and address in carried)):
            return self._silence(mine, address)
        if newest is not None and (ended is None or newest[0] > ended):
            return newest[2], newest[0]
        assert ended is not None
        return "withdrawn", ended

    def _speaks(self, fact: Fact, address: str) -> bool:
        """Whether a grant, a request or an expiry is about this address and marketing, and was not answered since."""
        state = fact.said("consent")
        if fact.said("activity") or state not in ("given", "requested", "expired") or fact.ends_marketing:
            return False
        if state == "given" and fact.record_id in self.gone:
            return False
        if not fact.is_newest and (state == "requested" or fact.said("doi") == "pending"):
            return False
        purposes = ("marketing", "") if state == "expired" else ("marketing",)
        return fact.said("purpose") in purposes and _names(fact, address)

    def _verdict(self, fact: Fact, mine: list[Fact]) -> tuple[int, str]:
        rule = self._rule([fact.region, *self._regions(mine)])
        asked = {"ignored": 0, "honoured": 1, "required": 2}[rule.double_opt_in]
        least = {"pending": 1, "": 2, "confirmed": 3}[fact.said("doi")]
        if fact.said("consent") == "requested" or (fact.said("consent") == "given" and asked >= least):
            return 3, "requested"
        ends = [fact.at + timedelta(days=VALIDITIES[fact.said("valid")])] if fact.said("valid") else []
        if rule.expires_after is not None:
            ends.append(fact.at + timedelta(days=rule.expires_after))
        if fact.said("consent") == "expired" or (ends and min(ends) <= self.judged_at):
            return 2, "expired"
        if fact.said("basis") in ("", "consent") or "email" in rule.opt_out_channels:
            return 0, "given"
        return 1, "insufficient"

    def _silence(self, mine: list[Fact], address: str) -> tuple[str, datetime] | None:
        carriers = [fact for fact in mine if address and address in fact.emails]
        standing = [fact.at for fact in carriers if fact.record_id not in self.gone]
        if not self.policy.use_opt_out or not standing:
            return None
        rule = self._rule([*(fact.region for fact in carriers), *self._regions(mine)])
        return ("allowed", min(standing)) if "email" in rule.opt_out_channels else None

    def _rule(self, regions: Iterable[str]) -> RegionRule:
        rules = self.policy.region_rules
        unknown = strictest(rules.values())
        return reduce(RegionRule.and_also, [rules.get(region, unknown) for region in regions])

    @staticmethod
    def _regions(mine: Iterable[Fact]) -> set[str]:
        return {fact.region for fact in mine} - {UNKNOWN}


def _names(fact: Fact, address: str) -> bool:
    return address in fact.emails if address else not fact.emails


# -- who is who -------------------------------------------------------------------------------------------------------


def joined(records: Iterable[str], *pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each record's group, when whatever a pair joins is together."""
    leader = {record: record for record in records}

    def lead(record: str) -> str:
        while leader[record] != record:
            record = leader[record]
        return record

    for one, other in (pair for some in pairs for pair in some):
        if one in leader and other in leader:
            leader[lead(one)] = lead(other)
    return {record: lead(record) for record in leader}
