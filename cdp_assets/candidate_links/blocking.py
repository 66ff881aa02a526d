"""Which pairs are looked at: named blocking rules, each bounded, so that no junk value explodes a run.

A rule puts profiles that share a key into one block and pairs them. A block above the cap is refined by a further key; what
is still too large is left out and reported. Rules are tried strongest first; their pairs are bounded together.

What does not belong here: how a block becomes pairs (``pairing.py``), and how those are scored (``scoring.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import polars as pl

from cdp_assets.candidate_links import hash_order
from cdp_assets.candidate_links.keys import (
    KEYS,
    AnyOf,
    EachOf,
    Keys,
    all_of,
    beginning,
    first_of,
    in_either_order,
    names_in,
    of_letters,
)
from cdp_assets.candidate_links.ordered import in_order
from cdp_assets.candidate_links.pairing import Numbers, Pairs, lengths_of_runs, pairs_of_blocks, together
from cdp_assets.candidate_links.policy import LinkagePolicy

# Rules share the budget of candidate pairs; no single rule may take more than this part of it.
RULE_SHARE = 0.34
# With less than this part of the budget left, a rule would keep its smallest blocks only: it is not tried.
LEAST_SHARE = 0.01
# Any data set may spend this many pairs (seconds of scoring), however small it is: small data has no cheap keys.
MIN_PAIRS = 3_000_000
# Data of so many profiles (in largest blocks: 1,000 by default) compares all with all: a second of scoring.
BLOCKS_OF_SMALL_DATA = 2.5


@dataclass(frozen=True, eq=False)
class BlockingRule:
    """A rule: its name, what it joins, the comparisons it presupposes, and a profile's ``keys``.

    ``refined_by``: what parts a block that is too large; a column that says nothing is a part as well.
    """

    name: str
    joins: str
    agrees_on: tuple[str, ...]
    keys: Keys
    refined_by: tuple[str | pl.Expr, ...]
    only_where: str = ""  # the column that somebody must fill; or the rule finds nothing that others do not

    @property
    def joins_on_something(self) -> bool:
        return bool(self.agrees_on)

    def parts(self) -> tuple[pl.Expr, ...]:
        """What parts a block that is too large, as expressions."""
        return tuple(pl.col(part) if isinstance(part, str) else part for part in self.refined_by)

    def columns(self) -> set[str]:
        """The columns that it asks for: what its keys are made of, what parts its blocks, and what must be filled."""
        return self.keys.columns() | names_in(self.parts()) | ({self.only_where} if self.only_where else set())


_NAMES = ("first_name", "first_root", "last_name")


def _each_name_and(column: str) -> AnyOf:
    """A key of each name of two letters or more together with another column."""
    return AnyOf(*(all_of(of_letters(name, 2), column) for name in _NAMES), needed=column)


_PLACE = first_of("postcode", "city")
_BY_NAME = (beginning("last_name", 3), beginning("first_root", 2))
_INITIALS = (beginning("first_name", 1), beginning("last_name", 1))
PHONE_END = pl.col("phone_main").str.slice(-4)
PHONE_START = of_letters("phone_main", 5).str.head(-4)
"""Two parts of a phone number: where one digit is wrong, one of them is right."""
_BY_DOB = ("dob", _PLACE)
_BY_NAME_AND_DOB = (*_BY_NAME, first_of("dob", "postcode", "city"))
_BY_PLACE = ("street", "house_number", first_of("postcode", "city", "dob"))
_PAIR_OF_NAMES = in_either_order("first_root", "last_name")

BLOCKING_RULES: tuple[BlockingRule, ...] = (
    BlockingRule("SAME_IDENTIFIER", "an identifier in common", ("identifier",), EachOf("identifiers"), _BY_NAME),
    BlockingRule("SAME_EMAIL", "an e-mail address in common", ("email",), EachOf("emails"), _BY_NAME),
    BlockingRule(
        "SAME_PROBABLE_EMAIL",
        "an e-mail address that one carries and that is probably the other's",
        ("email",),
        EachOf("probable_keys"),
        _BY_NAME,
    ),
    BlockingRule("SAME_PHONE", "a phone number in common", ("phone",), EachOf("phones"), _BY_NAME),
    BlockingRule(
        "SAME_NAMES_AND_BIRTH_DATE",
        "both names, in either order, and the date of birth",
        ("first_name", "last_name", "date_of_birth"),
        AnyOf(all_of(_PAIR_OF_NAMES, "dob"), needed="dob"),
        (_PLACE,),
    ),
    BlockingRule(
        "ANY_NAME_AND_BIRTH_DATE",
        "one name, in either place, and the date of birth",
        ("first_name", "last_name", "date_of_birth"),
        _each_name_and("dob"),
        (_PLACE,),
    ),
    BlockingRule(
        "SWAPPED_NAMES",
        "both names, in either order",
        ("first_name", "last_name"),
        AnyOf(_PAIR_OF_NAMES),
        _BY_DOB,
    ),
    BlockingRule(
        "SAME_SOUNDS",
        "the sound of both names, in either order, where somebody's are written in other letters",
        ("first_name", "last_name"),
        AnyOf(in_either_order("first_sound", "last_sound")),
        _BY_DOB,
        only_where="last_name_script",
    ),
    BlockingRule(
        "ANY_NAME_AND_POSTCODE",
        "one name, in either place, and the postcode",
        ("first_name", "last_name", "address"),
        _each_name_and("postcode"),
        ("dob", "house_number"),
    ),
    BlockingRule(
        "ANY_NAME_AND_STREET",
        "one name, in either place, and the street",
        ("first_name", "last_name", "address"),
        _each_name_and("street"),
        ("house_number", "dob"),
    ),
    BlockingRule(
        "SAME_ADDRESS",
        "street, number and town",
        ("address",),
        AnyOf(all_of("street", "house_number", _PLACE)),
        _BY_NAME,
    ),
    BlockingRule(
        "SAME_EMAIL_NAME", "the part of an e-mail address before the @", ("email",), EachOf("email_locals"), _BY_NAME
    ),
    BlockingRule("SAME_PHONE_ENDING", "the last digits of a phone number", ("phone",), EachOf("phone_tails"), _BY_NAME),
    BlockingRule("SAME_COMPANY", "the company", ("company",), AnyOf(all_of("company")), _BY_NAME),
    BlockingRule(
        "SAME_BIRTH_DATE",
        "the date of birth",
        ("date_of_birth",),
        AnyOf(all_of("dob")),
        (first_of("postcode", "city", "street"),),
    ),
    BlockingRule(
        "ANY_NAME_AND_CITY",
        "one name, in either place, and the city",
        ("first_name", "last_name", "address"),
        _each_name_and("city"),
        (first_of("dob", "postcode"),),
    ),
    BlockingRule(
        "NAME_BEGINNINGS_AND_BIRTH_YEAR",
        "three letters of the last name, one of the first, and the year of birth",
        ("first_name", "last_name", "date_of_birth"),
        AnyOf(all_of(beginning("last_name", 3), beginning("first_name", 1), beginning("dob", 4))),
        (_PLACE, "dob_day"),
    ),
    BlockingRule(
        "NAME_BEGINNINGS_AND_POSTCODE",
        "two letters of the last name and the postcode",
        ("first_name", "last_name", "address"),
        AnyOf(all_of(beginning("last_name", 2), "postcode")),
        (beginning("first_name", 1), "dob"),
    ),
    BlockingRule(
        "BIRTH_DAY_AND_POSTCODE",
        "month and day of birth and the postcode or city",
        ("date_of_birth", "address"),
        AnyOf(all_of("dob_day", "postcode"), all_of("dob_day", "city")),
        _BY_NAME,
    ),
    BlockingRule(
        "NAME_BEGINNINGS_AND_BIRTH_DAY",
        "two letters of the last name and one of the first, or four of the last name, and month and day of birth",
        ("first_name", "last_name", "date_of_birth"),
        AnyOf(
            all_of(beginning("last_name", 2), beginning("first_name", 1), "dob_day"),
            all_of(of_letters("last_name", 4).str.slice(0, 4), "dob_day"),
            needed="dob_day",
        ),
        (_PLACE, beginning("dob", 3)),
    ),
    BlockingRule(
        "NAME_BEGINNINGS_AND_CITY",
        "two letters of the last name, one of the first, and the city",
        ("first_name", "last_name", "address"),
        AnyOf(all_of(beginning("last_name", 2), beginning("first_name", 1), "city"), needed="city"),
        _BY_NAME_AND_DOB,
    ),
    BlockingRule(
        "INITIALS_AND_PART_OF_PHONE",
        "both initials, and the last four digits of a phone number or those before",
        ("first_name", "last_name", "phone"),
        AnyOf(
            all_of(PHONE_END, *_INITIALS),
            all_of(*_INITIALS, PHONE_START),
            needed="phone_main",
        ),
        _BY_NAME_AND_DOB,
    ),
    BlockingRule(
        "COMPANY_BEGINNING_AND_PLACE",
        "the first word of the company and the postcode, street or city",
        ("company", "address"),
        AnyOf(
            all_of(pl.col("company_words").list.first(), "postcode"),
            all_of(pl.col("company_words").list.first(), "street"),
            all_of(pl.col("company").str.split(" ").list.first(), "house_number"),
        ),
        _BY_PLACE,
    ),
    BlockingRule(
        "NUMBER_AND_POSTCODE",
        "house number and postcode",
        ("address",),
        AnyOf(all_of("house_number", "postcode")),
        _BY_NAME_AND_DOB,
    ),
    BlockingRule(
        "SAME_STREET", "street and number", ("address",), AnyOf(all_of("street", "house_number")), _BY_NAME_AND_DOB
    ),
    BlockingRule(
        "NAME_BEGINNINGS",
        "three letters of each name",
        ("first_name", "last_name"),
        AnyOf(all_of(beginning("last_name", 3), beginning("first_name", 3))),
        _BY_DOB,
    ),
    BlockingRule(
        "SAME_LAST_NAME",
        "the last name, in either place",
        ("first_name", "last_name"),
        AnyOf(*(all_of(of_letters(name, 2)) for name in _NAMES)),
        _BY_DOB,
    ),
    BlockingRule("SAME_POSTCODE", "the postcode", ("address",), AnyOf(all_of("postcode")), _BY_NAME_AND_DOB),
    # Last: what it finds alone, nothing else found. Where two records agree on no key (two slips in each field), only this one finds them.
    BlockingRule(
        "ANY_PAIR",
        "nothing: small data can afford to compare all with all",
        (),
        AnyOf(all_of(pl.col("unique_id") * 0)),
        (),
    ),
)
RULES: dict[str, BlockingRule] = {rule.name: rule for rule in BLOCKING_RULES}

EXACT_KEYS = ("SAME_IDENTIFIER", "SAME_EMAIL", "SAME_PROBABLE_EMAIL", "SAME_PHONE")
"""Rules that join on what somebody owns: in use on all data."""


@dataclass(frozen=True)
class Caps:
    """How large a block of a rule may be: as it is (``cap``), and once it is refined (``finer_cap``).

    Part of a model version: with caps that follow the data, one record more would move pairs that it has nothing to do with. A
    cap of 0 says that the rule is not used.
    """

    cap: int
    finer_cap: int


@dataclass(frozen=True)
class RuleReport:
    """What a rule did: its caps, pairs made, blocks refined, and blocks, records and pairs left out because of the cap.

    ``sizes``: its blocks before any was refined, by size: of 2 records, of 3 to 4, of 5 to 8 and so on, twice as large each
    time. A cap of 0 says that the rule was not used, and ``why_not`` why.
    """

    rule: str
    cap: int
    finer_cap: int
    pairs: int
    refined_blocks: int
    dropped_blocks: int
    dropped_records: int
    dropped_pairs: int
    why_not: str = ""
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Blocks:
    """Candidate pairs (``id_l`` < ``id_r``, ``rules``: bit per rule that found the pair) and what each rule did."""

    pairs: pl.DataFrame
    reports: tuple[RuleReport, ...]


def candidate_pairs(comparable: pl.DataFrame, policy: LinkagePolicy) -> Blocks:
    """All pairs that some rule finds under the policy, and what each rule did.

    Pairs are bounded by ``max_pairs_per_profile`` (but any data set may spend :data:`MIN_PAIRS`); each rule gets what is left, at
    most :data:`RULE_SHARE` of the whole, and lowers its caps until its pairs fit. Deterministic: no sampling.
    """
    found: list[tuple[int, Pairs]] = []
    budget = _Budget.of(comparable, policy)
    profiles = keyed(comparable, BLOCKING_RULES)
    for bit, rule in enumerate(BLOCKING_RULES):
        if why_not := budget.why_not(rule, policy, profiles.filled):
            budget.reports.append(_unused(rule, why_not))
        elif (blocks := profiles.blocks(rule)) is not None:
            caps = caps_within(blocks, _largest_block(rule, policy), budget.of_next_rule)
            found.append((bit, pairs_of_blocks(blocks.admitted(caps))))
            budget.spend(_report(rule, blocks, caps, len(found[-1][1])))
    return Blocks(together(found, profiles.ids), tuple(budget.reports))


def pairs_within(
    comparable: pl.DataFrame, policy: LinkagePolicy, caps: Mapping[str, Caps], with_places: bool = False
) -> pl.DataFrame:
    """All pairs (``id_l`` < ``id_r``, ``rules``) that some rule finds under the caps of a model version, by rule.

    ``with_places``: and where both stand among the profiles in the order of their ids (``at_l``, ``at_r``).
    A pair depends on the blocks that its two profiles stand in and on nothing else.
    """
    found: list[tuple[int, Pairs]] = []
    rules = used_rules(caps, policy)
    profiles = keyed(comparable, (rule for _, rule, _ in rules))
    for bit, rule, bounds in rules:
        if (blocks := profiles.blocks(rule)) is not None:
            found.append((bit, pairs_of_blocks(blocks.admitted(bounds))))
    return together(found, profiles.ids, with_places)


class BlocksWorth(Protocol):
    """What is known of the worth of rules and blocks (``worth.py``)."""

    @property
    def without(self) -> Mapping[str, str]:
        """Rules to do without, with the reason."""
        ...

    def largest_block(self, rule: BlockingRule, members: pl.DataFrame, ids: Numbers, most: int) -> int:
        """The size above which the rule's blocks (``number``, ``key``, ``size``) are not worth their pairs; at most ``most``.

        ``ids`` are the profiles' ids in order, of which a number says the place.
        """
        ...

    def most_pairs(self, rule: BlockingRule, profiles: int) -> float:
        """How many pairs of so many profiles the rule may make."""
        ...


def planned(comparable: pl.DataFrame, policy: LinkagePolicy, worth: BlocksWorth) -> tuple[RuleReport, ...]:
    """Caps of every rule that is worth its pairs, as :func:`candidate_pairs` finds them, from block sizes alone.

    ``pairs`` of the reports count a pair once for each block that it stands in.
    """
    budget = _Budget.of(comparable, policy)
    profiles = keyed(comparable, (rule for rule in BLOCKING_RULES if rule.name not in worth.without))
    for rule in BLOCKING_RULES:
        if why_not := worth.without.get(rule.name) or budget.why_not(rule, policy, profiles.filled):
            budget.reports.append(_unused(rule, why_not))
        elif (blocks := profiles.blocks(rule)) is not None:
            largest = worth.largest_block(rule, blocks.members, profiles.ids, _largest_block(rule, policy))
            allowance = int(min(budget.of_next_rule, worth.most_pairs(rule, budget.profiles)))
            caps = caps_within(blocks, largest, allowance)
            budget.spend(_report(rule, blocks, caps, _pair_count(blocks.admitted(caps))))
    return tuple(budget.reports)


def report_within(comparable: pl.DataFrame, policy: LinkagePolicy, caps: Mapping[str, Caps]) -> tuple[RuleReport, ...]:
    """What each rule in use does under the caps of a model version; ``pairs`` as :func:`planned` counts them."""
    rules = used_rules(caps, policy)
    profiles = keyed(comparable, (rule for _, rule, _ in rules))
    sized = [(rule, bounds, profiles.blocks(rule)) for _, rule, bounds in rules]
    return tuple(
        _report(rule, blocks, bounds, _pair_count(blocks.admitted(bounds)))
        for rule, bounds, blocks in sized
        if blocks is not None
    )


@dataclass
class _Budget:
    """How many candidate pairs so many profiles may make, how many are left, and what the rules so far did with theirs."""

    profiles: int
    whole: int
    left: int
    reports: list[RuleReport]

    @classmethod
    def of(cls, comparable: pl.DataFrame, policy: LinkagePolicy) -> _Budget:
        whole = max(MIN_PAIRS, policy.max_pairs_per_profile * len(comparable))
        return cls(len(comparable), whole, whole, [])

    def why_not(self, rule: BlockingRule, policy: LinkagePolicy, filled: Collection[str]) -> str:
        """Why a rule is not tried; empty where it is. ``filled``: the columns that hold anything."""
        if self.left < self.whole * LEAST_SHARE:
            return SPENT
        if not rule.joins_on_something and self.profiles > _largest_block(rule, policy):
            return TOO_MANY
        if rule.only_where and rule.only_where not in filled:
            return ALL_LATIN
        return ""

    @property
    def of_next_rule(self) -> int:
        return min(self.left, int(self.whole * RULE_SHARE))

    def spend(self, report: RuleReport) -> None:
        self.left = max(self.left - report.pairs, 0)
        self.reports.append(report)


def _caps_of(rule: BlockingRule, caps: Mapping[str, Caps], policy: LinkagePolicy) -> Caps:
    """A rule that found no keys when the caps were made (nobody had a phone yet) is bounded by the policy alone."""
    return caps.get(rule.name, Caps(policy.max_block, policy.max_block))


def used_rules(caps: Mapping[str, Caps], policy: LinkagePolicy) -> list[tuple[int, BlockingRule, Caps]]:
    """The rules in use under a model's caps: bit, rule and caps of each."""
    bounded = [(bit, rule, _caps_of(rule, caps, policy)) for bit, rule in enumerate(BLOCKING_RULES)]
    return [(bit, rule, caps) for bit, rule, caps in bounded if caps.cap]


ALL_LATIN = "all names are written in Latin letters"
SPENT = "stronger rules had spent the budget of candidate pairs"
TOO_MANY = "there are too many records to compare all with all"


def _largest_block(rule: BlockingRule, policy: LinkagePolicy) -> int:
    return policy.max_block if rule.joins_on_something else int(policy.max_block * BLOCKS_OF_SMALL_DATA)


def _unused(rule: BlockingRule, why: str) -> RuleReport:
    return RuleReport(rule.name, 0, 0, 0, 0, 0, 0, 0, why_not=why)


@dataclass(frozen=True)
class Keyed:
    """Profiles in the order of their ids, whose blocking keys can be asked for.

    ``ids`` are their ids, of which a profile's ``number`` says the place; ``filled`` names the columns that hold anything.
    """

    ids: Numbers
    filled: frozenset[str]
    profiles: pl.DataFrame

    def keys(self, rule: BlockingRule) -> pl.DataFrame:
        """The keys of a rule: ``number``, ``key`` (a hash), each once."""
        return rule.keys.of(self.profiles) if self.filled & rule.keys.columns() else _NO_KEYS

    def refined(self, rule: BlockingRule, large: pl.DataFrame) -> pl.DataFrame:
        """The finer blocks of those members of blocks (``number``, ``key``) that are too large; ``key`` is the finer one's."""
        members = large.select("number", "key")
        if members.is_empty():
            return members
        numbers = members.get_column("number")
        told = members.with_columns(self.profiles.get_column(name)[numbers] for name in names_in(rule.parts()))
        return told.select("number", all_of("key", *(part.fill_null("") for part in rule.parts())).alias("key"))

    def blocks(self, rule: BlockingRule) -> RuleBlocks | None:
        """The blocks of a rule; None where nobody has a key."""
        keys = self.keys(rule)
        return None if keys.is_empty() else RuleBlocks.of(keys, lambda large: self.refined(rule, large))


_NO_KEYS = pl.DataFrame(schema=KEYS)


def keyed(comparable: pl.DataFrame, rules: Iterable[BlockingRule]) -> Keyed:
    """The profiles of ``comparable``, of which the keys of these rules can be asked for."""
    ordered = in_order(comparable, "unique_id")
    # Of columns in chunks that begin at other rows, every look at two of them would make new chunks.
    profiles = pl.DataFrame(
        [ordered.get_column(name) for name in sorted(key_columns(rules) & set(comparable.columns))]
    ).rechunk()
    filled = frozenset(column.name for column in profiles if column.null_count() < len(column))
    return Keyed(ordered.get_column("unique_id").to_numpy(), filled, profiles)


@dataclass(frozen=True)
class RuleBlocks:
    """Blocks of two profiles or more: ``members`` (``number``, ``key``, ``size`` of the block), those of a block side by side, and, in the
    same shape, the blocks that those above a cap are refined into (``finer``)."""

    members: pl.DataFrame
    finer: Callable[[int], pl.DataFrame]

    @classmethod
    def of(cls, keys: pl.DataFrame, refined: Callable[[pl.DataFrame], pl.DataFrame]) -> RuleBlocks:
        """The blocks that these keys make; ``refined`` gives the finer keys of members whose block is too large."""
        members = blocks_of(keys)
        return cls(members, cache(lambda cap: blocks_of(refined(members.filter(pl.col("size") > cap)))))

    def admitted(self, caps: Caps) -> pl.DataFrame:
        """Blocks that make pairs: those up to the cap as they are, larger ones refined, up to the finer cap."""
        fine = self.finer(caps.cap).filter(pl.col("size") <= caps.finer_cap)
        return pl.concat([self.members.filter(pl.col("size") <= caps.cap), fine])


def blocks_of(keys: pl.DataFrame) -> pl.DataFrame:
    """Keys that two profiles or more share, with the ``size`` of their block, the members of each block side by side."""
    rows, hashes = hash_order.in_order(keys.get_column("key").to_numpy())
    shared = np.flatnonzero(hash_order.have_equals(hashes))
    hashes, numbers = hashes[shared], keys.get_column("number").to_numpy()[rows[shared]]
    sizes = lengths_of_runs(hashes)
    members = {"number": numbers, "key": hashes, "size": np.repeat(sizes, sizes)}
    return pl.DataFrame(members, schema={**KEYS, "size": pl.Int64()})


def key_columns(rules: Iterable[BlockingRule]) -> set[str]:
    """Columns of ``comparable`` that these rules ask for."""
    return {name for rule in rules for name in rule.columns()}


def caps_within(blocks: RuleBlocks, max_block: int, budget: int) -> Caps:
    """The largest caps, at most ``max_block``, under which blocks make no more pairs than ``budget``."""
    cap = _cap(blocks.members, max_block, budget)
    spent = _pair_count(blocks.members.filter(pl.col("size") <= cap))
    return Caps(cap, _cap(blocks.finer(cap), max_block, max(budget - spent, 0)))


def _report(rule: BlockingRule, blocks: RuleBlocks, caps: Caps, pairs: int) -> RuleReport:
    refined = blocks.members.filter(pl.col("size") > caps.cap)
    dropped = blocks.finer(caps.cap).filter(pl.col("size") > caps.finer_cap)
    return RuleReport(
        rule=rule.name,
        cap=caps.cap,
        finer_cap=caps.finer_cap,
        pairs=pairs,
        refined_blocks=_block_count(refined),
        dropped_blocks=_block_count(dropped),
        dropped_records=dropped.get_column("number").n_unique(),
        dropped_pairs=_pair_count(dropped),
        sizes=_sizes(blocks.members),
    )


def _by_size(members: pl.DataFrame) -> pl.DataFrame:
    """How many blocks there are of each size; ``size`` stands on every member of a block."""
    of_size = np.bincount(members.get_column("size").to_numpy())
    sizes = np.flatnonzero(of_size)
    return pl.DataFrame({"size": sizes, "blocks": of_size[sizes] // sizes})


def _sizes(members: pl.DataFrame) -> tuple[int, ...]:
    """Blocks of 2, of 3 to 4, of 5 to 8 … records."""
    counts: list[int] = []
    for size, blocks in _by_size(members).iter_rows():
        at = (size - 1).bit_length() - 1
        counts += [0] * (at + 1 - len(counts))
        counts[at] += blocks
    return tuple(counts)


def _cap(members: pl.DataFrame, max_block: int, budget: int) -> int:
    """The largest block size, at most ``max_block``, at which all blocks up to it make no more pairs than ``budget``."""
    sizes = _by_size(members).with_columns(_PAIRS_OF_BLOCKS.cum_sum().alias("pairs"))
    fits = (pl.col("pairs") <= budget) & (pl.col("size") <= max_block)
    if sizes.filter(~fits).is_empty():
        return max_block
    return int(sizes.filter(fits).get_column("size").max() or 1)  # type: ignore[arg-type]


def _block_count(members: pl.DataFrame) -> int:
    return int(_by_size(members).get_column("blocks").sum())


def _pair_count(members: pl.DataFrame) -> int:
    return int(_by_size(members).select(_PAIRS_OF_BLOCKS.sum()).item())


_PAIRS_OF_BLOCKS = pl.col("size") * (pl.col("size") - 1) // 2 * pl.col("blocks")
