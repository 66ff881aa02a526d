"""Whatever happens, in whatever order: no merge, split or correction makes anyone contactable, and no withdrawal is lost.

A state machine over sequences of imports (profiles, grants, withdrawals, expiries, requests, late ones too), merges, splits,
undone merges, corrections, disappearances, erasures and the passing of time. ``make test`` runs some hundred sequences,
``make long`` 12,000. A failure names the seed; the same seed makes the same worlds.
"""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest

from cdp_assets.golden_records.consent_chain import ERASED, breaks, entries_due, release
from cdp_assets.golden_records.consent_checks import (
    addresses_without_consent,
    contactable_and_suppressed,
    lost_withdrawals,
    untraced_consents,
)
from cdp_assets.golden_records.consent_events import consent_events
from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets_tests.golden_records.builders import Resolution
from cdp_assets_tests.golden_records.consent_worlds import (
    ENTRIES,
    POLICIES,
    World,
    imports_of,
    is_withdrawal,
    together,
)

STEPS = 10
AT_ONCE = 100
LONG = 12_000


class Machine:
    """A hundred worlds that go step by step, and everything that must hold after each step."""

    def __init__(self, seed: int, policy: ConsentPolicy) -> None:
        self.policy = policy
        self.worlds = [World(number, random.Random(f"{seed}/{number}")) for number in range(AT_ONCE)]
        self.entries = pl.DataFrame(schema=ENTRIES)
        self.before: dict[int, set[tuple[Any, ...]]] = {}
        self.undone = self.erased = 0
        self.at_merge: dict[int, list[tuple[Any, ...]]] = {}
        self.rows_of: dict[int, list[tuple[Any, ...]]] = {}

    def run(self) -> None:
        """All steps of all sequences."""
        for step in range(STEPS + 1):
            names = [world.step() if step else "begin" for world in self.worlds]
            self.judge(names)

    def judge(self, names: list[str]) -> None:
        resolution = together(self.worlds, self.policy)
        made = resolution.golden()
        self._holds_as_the_rule_says(made.consents)
        self._nobody_became_contactable_by_identity(names, made.consents, made.emails)
        self._withdrawals_stand(made.consents, made.suppressions)
        self._chain_holds(resolution, made.consents)
        self._remember_suppressed(resolution, made.suppressions)
        assert addresses_without_consent(made.emails, made.consents, self.policy.marketing_purposes) == 0

    def _holds_as_the_rule_says(self, consents: pl.DataFrame) -> None:
        decided = consents.filter((pl.col("channel") == "email") & (pl.col("purpose") == "marketing"))
        found = {(row[0], row[1]): row[2] for row in decided.select("customer_id", "address", "state").iter_rows()}
        expected = {pair: state for world in self.worlds for pair, state in world.expected(self.policy).items()}
        wrong = {pair: (found.get(pair), expected.get(pair)) for pair in found.keys() | expected.keys()}
        wrong = {pair: both for pair, both in wrong.items() if both[0] != both[1]}
        assert not wrong, (sorted(wrong.items())[:3], self._story(next(iter(sorted(wrong)))[0]))

    def _nobody_became_contactable_by_identity(
        self, names: list[str], consents: pl.DataFrame, emails: pl.DataFrame
    ) -> None:
        """Against the step before. What a split gives back, its own events must give (``_holds_as_the_rule_says``); an undone
        merge gives back what was there before it, but for what has expired meanwhile."""
        allowing = consents.filter(pl.col("state").is_in(CONTACTABLE))
        sendable = emails.filter(pl.col("is_sendable") & pl.col("marketing_consent").is_in(CONTACTABLE))
        contactable = _by_world(allowing.select("customer_id", "channel", "address", "purpose"))
        targets = _by_world(sendable.select("customer_id", "email"))
        rows = _by_world(consents.select("customer_id", "channel", "address", "purpose", "events", "state"))
        for world, name in zip(self.worlds, names, strict=True):
            before, after = self.before.get(world.number), self._places(world, contactable, targets)
            if name in ("merge", "correct", "erase"):
                assert before is not None
                assert after <= before, (name, after - before, world.done)
            now = rows.get(world.number, [])
            if name == "merge" and world.merged is not None:
                self.at_merge[world.number] = self.rows_of[world.number]
            elif (at_merge := self.at_merge.pop(world.number, None)) is not None and name == "undo":
                assert [_aged(row) for row in now] == [_aged(row) for row in at_merge], world.done
                self.undone += 1
            self.before[world.number], self.rows_of[world.number] = after, now

    @staticmethod
    def _places(world: World, *found: dict[int, list[tuple[Any, ...]]]) -> set[tuple[Any, ...]]:
        """What may be contacted, and what would be sent to, whoever the customer is."""
        return {(number, *row[1:]) for number, rows in enumerate(found) for row in rows.get(world.number, [])}

    def _withdrawals_stand(self, consents: pl.DataFrame, suppressions: pl.DataFrame) -> None:
        allowing = consents.filter(pl.col("state").is_in(CONTACTABLE) & (pl.col("channel") == "email"))
        since = {
            (customer, address): at
            for customer, address, at in allowing.filter(pl.col("purpose") == "marketing")
            .select("customer_id", "address", "since")
            .iter_rows()
        }
        newest = {}
        for (_, address), at in since.items():
            newest[address] = max(at, newest.get(address, at))
        suppressed = suppressions.filter((pl.col("customer_id") == "") & (pl.col("purpose") == "marketing"))
        for_everybody = set(suppressed.get_column("address"))
        for world in self.worlds:
            for row in filter(is_withdrawal, world.rows):
                for address in row["emails"]:
                    is_consented = address in newest and newest[address] > row["observed_at"]
                    assert is_consented or address in for_everybody, (row["record_id"], self._story(world.customer(0)))
            for who in {who for who in world.owner.values() if who is not None}:
                mine = [row for row in world.rows if world.owner[row["record_id"]] == who]
                ended = max((row["observed_at"] for row in world.withdrawals(mine)), default=None)
                late = [
                    at
                    for (customer, _), at in since.items()
                    if customer == world.customer(who) and ended and at <= ended
                ]
                assert not late, self._story(world.customer(who))
            for address, erased_at in world.withheld.items():
                assert address in for_everybody or newest[address] > erased_at, self._story(world.customer(0))
        assert contactable_and_suppressed(consents, suppressions) == 0

    def _remember_suppressed(self, resolution: Resolution, suppressions: pl.DataFrame) -> None:
        """What an erasure would find that its person has withdrawn for everybody."""
        events = consent_events(resolution.versions, imports_of(self.worlds)).select("event_id", "record_id")
        for_everybody = suppressions.filter((pl.col("customer_id") == "") & (pl.col("purpose") == "marketing"))
        found: dict[str, set[str]] = {}
        for address, record_id in for_everybody.join(events, on="event_id").select("address", "record_id").iter_rows():
            found.setdefault(record_id, set()).add(address)
        for world in self.worlds:
            world.suppressed = found

    def _chain_holds(self, resolution: Resolution, consents: pl.DataFrame) -> None:
        """Every contactable address traces to its event; the chain is only ever appended to, and holds."""
        imports = imports_of(self.worlds)
        events = consent_events(resolution.versions, imports)
        ids = resolution.customer_ids
        traced = untraced_consents(consents, events, ids)
        lost = lost_withdrawals(consents, events, resolution.versions, ids, self.policy.marketing_purposes)
        for counts in (traced, lost):
            assert not {
                name: count
                for name, count in counts.items()
                if count and name not in ("contactable", "allowed_by_silence")
            }
        for world in self.worlds:
            self.erased += bool(world.erased_imports)
            for source, import_id in world.erased_imports:
                self._append([release(self.entries, source, import_id, ERASED, "ana")])
            world.erased_imports.clear()
        self._append(entries_due(events, imports, self.entries))
        assert not [str(one) for one in breaks(events, imports, self.entries)]

    def _append(self, due: list[Any]) -> None:
        rows = [{name: entry[name] for name in ENTRIES} for entry in due if entry is not None]
        self.entries = pl.concat([self.entries, pl.DataFrame(rows, schema=ENTRIES)])

    def _story(self, customer: str) -> list[str]:
        return self.worlds[_world_of(customer)].done


def _world_of(customer: str) -> int:
    return int(customer[1:].split(".")[0])


def _by_world(rows: pl.DataFrame) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows.sort(pl.all()).iter_rows():
        found.setdefault(_world_of(row[0]), []).append(row)
    return found


def _aged(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as it is once everything that can expire has expired."""
    return (*row[:-1], "expired" if row[-1] in ("given", "insufficient") else row[-1])


@pytest.mark.parametrize("policy", POLICIES)
def test_no_change_of_identity_makes_anyone_contactable_and_no_withdrawal_is_lost(policy: str) -> None:
    machine = Machine(1, POLICIES[policy])
    machine.run()
    assert machine.undone > 3, "no merge was undone: the sequences try too little"
    assert machine.erased > 3, "nobody was erased: the sequences try too little"


@pytest.mark.long
@pytest.mark.parametrize("policy", POLICIES)
def test_nor_in_any_of_twelve_thousand_sequences(policy: str) -> None:
    for seed in range(2, 2 + LONG // AT_ONCE // len(POLICIES)):
        Machine(seed, POLICIES[policy]).run()
