"""Many worlds that go step by step, and everything that must hold after each step.

All worlds deliver in the same imports and are resolved together, which takes hardly longer than one; nothing of one concerns
another. What must hold is told by their own accounts (``oracle.py``).

What does not belong here: how a step is carried out (``pipeline.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets import tables
from cdp_assets.erasure.rewriting import without_lines
from cdp_assets.golden_records.consent_checks import (
    ONLY_COUNTED,
    addresses_without_consent,
    contactable_and_suppressed,
    lost_withdrawals,
    untraced_consents,
)
from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.judgements import judgements_in_force
from cdp_assets_tests.histories.memory_lake import MemoryLake
from cdp_assets_tests.histories.oracle import Account, Erased, Fact, facts_of, joined
from cdp_assets_tests.histories.pipeline import Pipeline, Resolved
from cdp_assets_tests.histories.world import SNAPSHOTS, SOURCES, SPEAKS_OF_CONSENT, Delivered, World

IDENTITY_ONLY = (
    "link",
    "link customers",
    "unlink",
    "same",
    "different",
    "undecided",
    "split",
    "pin",
    "unpin",
    "unmerge",
    "correct",
    "erase",
)
"""Steps that collect no new address, so that not even silence may allow more than before."""

Before = tuple[dict[str, str], set[tuple[str, ...]]]
"""Records' customers, and whom and what may be contacted."""


class Machine:
    """Worlds that go step by step, and everything that must hold after each step.

    ``numbers``: of the worlds; each goes as it does in any company, so one that fails can be run alone, with steps left out.
    """

    def __init__(
        self,
        home: Path,
        seed: int,
        policies: Sequence[ConsentPolicy],
        numbers: Collection[int],
        left_out: Collection[int] = (),
    ) -> None:
        self.pipeline = Pipeline(home, policies)
        self.worlds = [World(seed, number, frozenset(left_out)) for number in numbers]
        self.lines: dict[int, list[Delivered]] = {world.number: [] for world in self.worlds}
        self.erased: dict[int, list[Erased]] = {world.number: [] for world in self.worlds}
        self.gone_ids: dict[int, set[str]] = {world.number: set() for world in self.worlds}
        self.seen_ids: dict[str, int] = {}
        self.before: dict[tuple[int, int], Before] = {}
        self.allowed: dict[int, set[tuple[str, str]]] = {}
        self.tried: Counter[str] = Counter()

    def run(self, steps: int) -> None:
        """All steps of all worlds; raises :class:`WrongWorldError` at the first thing that does not hold."""
        for world in self.worlds:
            world.begin()
        self._step(in_full=True)
        for number in range(1, steps + 1):
            for world in self.worlds:
                self.tried[world.step()] += 1
            self._step(in_full=number % 4 == 0)
        self.pipeline.read_again()
        self._files_lose_what_the_tables_lost()

    # -- one step -----------------------------------------------------------------------------------------------------

    def _step(self, *, in_full: bool) -> None:
        erased = [world for world in self.worlds if world.wanted is not None]
        for world in erased:
            self._erase(world)
        for world in self.worlds:
            for how, one, other in world.decisions_due:
                is_said = self.pipeline.decide(how, one, other)
                self.tried[f"{how} {'said' if is_said else 'refused'}"] += 1
            for said in world.corrections_due:
                self.pipeline.workspace.ledger.add_correction(
                    said.record_id, said.field, said.value, said.word, corrected_by="ana", now=said.at
                )
                world.corrections.append(said)
        self._deliver()
        now = max(world.now for world in self.worlds)
        found = self.pipeline.resolve(
            [pair for world in self.worlds for pair in sorted(world.links)], now, in_full=in_full
        )
        if in_full:
            self.pipeline.is_the_same_in_full(found)
        self._judge(found, now)

    def _deliver(self) -> None:
        deliveries = [(world, world.deliveries()) for world in self.worlds]
        for source in SOURCES:
            lines = [(world, line) for world, due in deliveries for line in due.get(source, ())]
            if not lines:
                continue
            aside = self.pipeline.take_in(source, [line for _, line in lines])
            for (world, line), is_aside in zip(lines, aside, strict=True):
                one = Delivered(source, self.pipeline.number, line)
                is_theirs = any(person.is_theirs(one.record_id, line) for person in self.erased[world.number])
                self._require(
                    world, is_aside == is_theirs, f"a line of {source} was {'' if is_aside else 'not '}put aside"
                )
                self.tried["lines put aside"] += is_aside
                if not is_aside:
                    self.lines[world.number].append(one)
                if (source, line) not in world.past:
                    world.past.append((source, line))

    def _erase(self, world: World) -> None:
        customer = str(world.wanted)
        facts = facts_of(self.lines[world.number])
        records = set(world.customers[customer])
        while True:
            mine, others = _parted(facts, records)
            person = Erased.of(world.now, records, mine, others)
            more = {
                fact.record_id for fact in others
                if fact.corrects in records or person.is_theirs(None, fact.line)
            }  # fmt: skip
            if not more:
                break
            records |= more
        person.withheld = withheld_by(mine, others, world.customers, customer, self.allowed.get(world.number, set()))
        work = self.pipeline.erase(customer, world.now)
        self._require(world, set(work.record_ids) == records, "other records were erased than the person's")
        self.erased[world.number].append(person)
        self.lines[world.number] = [one for one in self.lines[world.number] if one.record_id not in records]
        self.gone_ids[world.number] |= set(work.customer_ids)
        world.forget(records)

    # -- what must hold -----------------------------------------------------------------------------------------------

    def _judge(self, found: Resolved, now: datetime) -> None:
        mine = {
            number: dict(rows) for number, rows in _rows_by_world(found.ids.select("record_id", "customer_id")).items()
        }
        accounts = {
            world.number: Account(
                facts_of(self.lines[world.number]), mine.get(world.number, {}), self._gone(world), world.corrections,
                self.erased[world.number], now,
            )
            for world in self.worlds
        }  # fmt: skip
        self._nothing_is_left()
        self._records_are_those_delivered(found, accounts)
        self._who_is_who(found, accounts)
        self._ids_stay(found, accounts)
        for place, policy in enumerate(self.pipeline.policies):
            self._checks_of_a_run_pass(found, place, policy)
            self._consent_follows(found, accounts, place, policy)
        self._golden_follows(found, accounts)
        for world in self.worlds:
            world.customers = {}
            for record, customer in sorted(accounts[world.number].owner.items()):
                world.customers.setdefault(customer, []).append(record)

    def _gone(self, world: World) -> set[str]:
        """Records that the newest snapshot of their source lacks."""
        newest = {one.record_id: one.number for one in self.lines[world.number] if one.source in SNAPSHOTS}
        return {record for record, last in newest.items() if last != self.pipeline.last[record.partition("/")[0]]}

    def _records_are_those_delivered(self, found: Resolved, accounts: dict[int, Account]) -> None:
        carried = _rows_by_world(found.versions.select("record_id", "emails").explode("emails").drop_nulls().unique())
        for world in self.worlds:
            account = accounts[world.number]
            told = {fact.record_id for fact in account.facts}
            self._require(
                world, set(account.owner) == told, "other records have customers than were delivered and not erased"
            )
            addresses = {(fact.record_id, address) for fact in account.facts for address in fact.emails}
            self._require(
                world, set(carried.get(world.number, [])) == addresses, "records carry other addresses than they said"
            )

    def _consent_follows(
        self, found: Resolved, accounts: dict[int, Account], place: int, policy: ConsentPolicy
    ) -> None:
        golden = found.golden[place]
        world_of = {customer: number for number, account in accounts.items() for customer in account.owner.values()}
        decided = golden.consents.filter((pl.col("channel") == "email") & (pl.col("purpose") == "marketing"))
        states = _by(decided.select("customer_id", "address", "state"), world_of)
        allowing = golden.consents.filter(pl.col("state").is_in(CONTACTABLE))
        allowed = _by(allowing.select("customer_id", "channel", "address", "purpose", "state"), world_of)
        sendable = golden.emails.filter(pl.col("is_sendable") & pl.col("marketing_consent").is_in(CONTACTABLE))
        targets = _by(sendable.select("customer_id", "email", "marketing_consent"), world_of)
        for_everybody = golden.suppressions.filter((pl.col("customer_id") == "") & (pl.col("purpose") == "marketing"))
        suppressed = set(for_everybody.get_column("address"))
        for world in self.worlds:
            account = accounts[world.number]
            expected = account.consents(policy)
            had = {(customer, address): state for customer, address, state in states.get(world.number, [])}
            wrong = [
                (one, had.get(one), expected.get(one))
                for one in sorted(had.keys() | expected.keys())
                if had.get(one) != expected.get(one)
            ]
            self._require(world, not wrong, f"consents are not what events say: {wrong[:3]}")
            if place == 0:
                self.allowed[world.number] = {one for one, state in expected.items() if state in CONTACTABLE}
            self._withdrawals_stand(world, account, expected, suppressed)
            contacts = {
                (("consent", channel, address, purpose), state)
                for _, channel, address, purpose, state in allowed.get(world.number, [])
            }
            contacts |= {(("sent to", email), state) for _, email, state in targets.get(world.number, [])}
            self._nobody_became_contactable(world, account.owner, contacts, place)

    def _who_is_who(self, found: Resolved, accounts: dict[int, Account]) -> None:
        """Together is what links, profiles or a steward join, and nothing else; what a steward said holds."""
        in_force = judgements_in_force(self.pipeline.workspace.ledger.judgements())
        said = _rows_by_world(in_force.select("record_id_l", "record_id_r", "judgement"))
        shared = _rows_by_world(found.members.select("record_id", "profile_id"))
        for world in self.worlds:
            mine, judgements = accounts[world.number].owner, said.get(world.number, [])
            same = [(one, other) for one, other, word in judgements if word in ("same", "pinned")]
            first: dict[int, str] = {}
            of_profile = [
                (record, first.setdefault(profile, record)) for record, profile in shared.get(world.number, [])
            ]
            group = joined(mine, same, of_profile, sorted(world.links))
            by_customer: dict[str, set[str]] = {}
            for record, customer in mine.items():
                by_customer.setdefault(customer, set()).add(group[record])
            is_joined = all(len(groups) == 1 for groups in by_customer.values())
            self._require(world, is_joined, "records are one customer that nothing joins")
            for one, other, word in judgements:
                self._require(world, one in mine and other in mine, "a judgement speaks of a record that is not there")
                if word in ("same", "pinned"):
                    self._require(world, mine[one] == mine[other], f"records judged {word} are two customers")
                if word == "different":
                    self._require(world, mine[one] != mine[other], "records judged different are one customer")
            pin = {other: one for one, other, word in judgements if word == "pinned"}
            of_pin = {mine[record]: one for record, one in pin.items()}
            strangers = [
                record
                for record, customer in mine.items()
                if customer in of_pin and pin.get(record) != of_pin[customer]
            ]
            self._require(world, not strangers, "a record joined a pinned customer")

    def _golden_follows(self, found: Resolved, accounts: dict[int, Account]) -> None:
        golden = found.golden[0]
        world_of = {customer: number for number, account in accounts.items() for customer in account.owner.values()}
        emails = _by(golden.emails.select("customer_id", "email", "status", "is_sendable"), world_of)
        cells = _by(golden.customers.select("customer_id", "email", "job_title"), world_of)
        for world in self.worlds:
            account = accounts[world.number]
            retracted = {customer: account.retracted(account.of(customer)) for customer in set(account.owner.values())}
            for customer, email, status, is_sendable in emails.get(world.number, []):
                is_retracted = email in retracted[customer]
                self._require(
                    world,
                    (status == "retracted") == is_retracted,
                    f"an address is {status}, and a correction says otherwise",
                )
                self._require(world, not (is_retracted and is_sendable), "a retracted address can be sent to")
            for customer, email, title in cells.get(world.number, []):
                self._require(world, email not in retracted[customer], "a retracted address is the golden one")
                titles = account.titles(account.of(customer))
                self._require(
                    world, title in titles if titles else title is None, "a title is not the one that was set"
                )

    def _withdrawals_stand(
        self, world: World, account: Account, states: dict[tuple[str, str], str], suppressed: set[str]
    ) -> None:
        """Said once more without the rule: a withdrawal ends what is older, for its person and under its address, erased or not."""
        allowed = {place for place, state in states.items() if state in CONTACTABLE}
        for fact in account.facts:
            if not fact.ends_marketing:
                continue
            for customer in {account.owner[fact.record_id], account.owner.get(fact.corrects or "", "")}:
                for place in allowed:
                    if place[0] == customer or place[1] in fact.emails:
                        newer = [
                            one
                            for one in account.of(place[0])
                            if one.said("consent") == "given" and place[1] in (one.emails or [""]) and one.at > fact.at
                        ]
                        self._require(world, bool(newer), "a withdrawal was lost")
            for address in fact.emails:
                self._require(
                    world,
                    address in suppressed or any(place[1] == address for place in allowed),
                    "a withdrawn address is in no list",
                )
        for person in self.erased[world.number]:
            for address in person.withheld | person.own:
                newer = [
                    fact
                    for fact in account.facts
                    if fact.said("consent") == "given" and address in fact.emails and fact.at > person.at
                ]
                is_allowed = any(place[1] == address for place in allowed)
                self._require(world, bool(newer) or not is_allowed, "an erased person's address may be contacted")
                is_carried = any(address in fact.emails for fact in account.facts)
                self._require(
                    world,
                    not is_carried or is_allowed or address in suppressed,
                    "an erased person's address is in no list",
                )

    def _ids_stay(self, found: Resolved, accounts: dict[int, Account]) -> None:
        """An id is its customer's for ever: nobody else's, and nobody's once they are erased."""
        lineage: dict[str, str | None] = dict(found.lineage.select("customer_id", "current_customer_id").iter_rows())
        for world in self.worlds:
            current = set(accounts[world.number].owner.values())
            for customer in current:
                is_new_or_theirs = self.seen_ids.setdefault(customer, world.number) == world.number
                self._require(world, is_new_or_theirs, "an id was given to somebody else")
                self._require(
                    world, customer not in self.gone_ids[world.number], "the id of an erased customer is in use"
                )
                self._require(world, lineage[customer] == customer, "an id in use is not its own")
            ever = [customer for customer, number in self.seen_ids.items() if number == world.number]
            for customer in ever:
                resolved = lineage[customer]
                is_right = (
                    resolved is None
                    if customer in self.gone_ids[world.number]
                    else resolved is None or resolved in current
                )
                self._require(world, is_right, "an id leads nowhere, or to somebody who is erased")
            world.merged = {customer for customer in ever if lineage[customer] not in (None, customer)}

    def _nobody_became_contactable(
        self, world: World, mine: Mapping[str, str], contacts: set[tuple[tuple[str, ...], str]], policy: int
    ) -> None:
        """Against the step before, whoever the customer is. What a split gives back, its own events give (``_consent_follows``)."""
        before = self.before.get((policy, world.number))
        self.before[policy, world.number] = (dict(mine), {contact for contact, _ in contacts})
        step = world.done[-1]
        # An erasure is made under the policy of its workspace, which is the first.
        if before is None or step in SPEAKS_OF_CONSENT or (step == "erase" and policy != 0):
            return
        was, had = before
        homes: dict[str, set[str]] = {}
        for record, customer in was.items():
            if record in mine:
                homes.setdefault(customer, set()).add(mine[record])
        is_split = any(len(customers) > 1 for customers in homes.values())
        self.tried[f"{step}: {'split' if is_split else 'whole'}"] += policy == 0
        if not is_split:
            counted = {contact for contact, state in contacts if state != "allowed" or step in IDENTITY_ONLY}
            self._require(world, counted <= had, f"{step} made somebody contactable: {sorted(counted - had)[:2]}")

    def _nothing_is_left(self) -> None:
        """No text that only erased people said stands in any table, raw lines and former people's rows included."""
        wanted: set[str] = set()
        for world in self.worlds:
            said = {text for one in self.lines[world.number] for text in one.line.values()} | {
                one.value for one in world.corrections
            }
            said |= {one.record_id for one in self.lines[world.number]}
            for person in self.erased[world.number]:
                wanted |= {
                    text for text in person.records | {one for one in person.own if "@" in one} if text not in said
                }
        if not wanted:
            return
        lake = self.pipeline.workspace.lake
        assert isinstance(lake, MemoryLake)
        for name, frame in [
            *lake.whole.items(),
            *((name, part) for name, parts in lake.parts.items() for part in parts.values()),
        ]:
            for column in frame.get_columns():
                for texts in _texts(column):
                    held = texts.filter(texts.is_in(list(wanted))).to_list()
                    if held:
                        worlds = [
                            world
                            for world in self.worlds
                            if any(f"world{world.number}." in one or f"/w{world.number}n" in one for one in held)
                        ]
                        self._require(worlds[0], False, f"{name}.{column.name} holds what an erased person said")

    def _checks_of_a_run_pass(self, found: Resolved, place: int, policy: ConsentPolicy) -> None:
        golden, marketing = found.golden[place], policy.marketing_purposes
        counted = {
            **untraced_consents(golden.consents, found.events, found.ids),
            **lost_withdrawals(golden.consents, found.events, found.versions, found.ids, marketing),
            "without_consent": addresses_without_consent(golden.emails, golden.consents, marketing),
            "suppressed": contactable_and_suppressed(golden.consents, golden.suppressions),
        }
        wrong = {name: count for name, count in counted.items() if count and name not in ONLY_COUNTED}
        self._require(self.worlds[0], not wrong, f"a blocking check of the run fails: {wrong}")

    def _files_lose_what_the_tables_lost(self) -> None:
        """Each delivered file without the lines that are erased in its table says what is left, and nothing of them."""
        pipeline = self.pipeline
        for (source, import_id), text in pipeline.texts.items():
            raw = pipeline.workspace.lake.read(tables.raw_imports(source), partition=import_id)
            erased = raw.filter(pl.col("_problem").is_not_null()).get_column("_line").to_list()
            path, target = pipeline.workspace.home / "delivered.csv", pipeline.workspace.home / "left.csv"
            path.write_text(text)
            assert without_lines(path, pipeline.contracts[source], erased, target)
            lines = text.split("\n")
            assert target.read_text() == "\n".join(line for number, line in enumerate(lines, 1) if number not in erased)

    def _require(self, world: World, holds: bool, what: str) -> None:
        if not holds:
            raise WrongWorldError(world, what)


class WrongWorldError(AssertionError):
    """Something does not hold in one world."""

    def __init__(self, world: World, what: str) -> None:
        super().__init__(f"{what}; seed {world.seed}, world {world.number}: {', '.join(world.done)}")
        self.world, self.what = world, what


def shortest(fails: Callable[[Collection[int]], str | None], steps: int) -> list[int]:
    """The steps that may be left out of a world and it still fails: one at a time, from the end."""
    left_out: list[int] = []
    for step in range(steps, 0, -1):
        if fails([*left_out, step]) is not None:
            left_out.append(step)
    return left_out


def withheld_by(
    mine: list[Fact], others: list[Fact], customers: dict[str, list[str]], customer: str, allowed: set[tuple[str, str]]
) -> set[str]:
    """Addresses that a withdrawal of an erased person keeps from being contacted: those that it names, and, where a record of
    theirs stood with somebody else's or corrected one of these, all that these carry; and what these carry and was not ``allowed`` before."""
    addresses: set[str] = set()
    for fact in mine:
        addresses |= set(fact.emails if fact.ends_marketing else ())
        for of, members in customers.items():
            if of != customer and {fact.record_id, fact.corrects} & set(members):
                carried = {address for one in [*mine, *others] if one.record_id in members for address in one.emails}
                addresses |= {address for address in carried if fact.ends_marketing or (of, address) not in allowed}
    return addresses


def _parted(facts: list[Fact], records: set[str]) -> tuple[list[Fact], list[Fact]]:
    return [fact for fact in facts if fact.record_id in records], [
        fact for fact in facts if fact.record_id not in records
    ]


def _world_of(record_id: str) -> int:
    return int(record_id.partition("/w")[2].partition("n")[0])


def _rows_by_world(rows: pl.DataFrame) -> dict[int, list[Any]]:
    """Rows by the world of the record in their first column."""
    found: dict[int, list[Any]] = {}
    for row in rows.iter_rows():
        found.setdefault(_world_of(row[0]), []).append(row)
    return found


def _by(rows: pl.DataFrame, world_of: dict[str, int]) -> dict[int, list[Any]]:
    """Rows by the world of the customer in their first column."""
    found: dict[int, list[Any]] = {}
    for row in rows.iter_rows():
        found.setdefault(world_of[row[0]], []).append(row)
    return found


def _texts(column: pl.Series) -> list[pl.Series]:
    if isinstance(column.dtype, pl.List):
        return _texts(column.explode())
    if isinstance(column.dtype, pl.Struct):
        return [leaf for part in column.dtype.fields for leaf in _texts(column.struct.field(part.name))]
    return [column] if column.dtype == pl.String else []
