"""Which pairs are looked at: named blocking rules, each bounded, so that no junk value explodes a run.

A rule puts profiles that share a key into one block and pairs them. A block above the cap is refined by a further key; what
is still too large is left out and reported. Rules are tried strongest first; their pairs are bounded together.

What does not belong here: how the pairs are scored (``scoring.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from cdp_assets.candidate_links.comparable import COMPARABLE_SCHEMA
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.policy import LinkagePolicy

# Rules share the budget of candidate pairs; no single rule may take more than this part of it.
RULE_SHARE = 0.34
# With less than this part of the budget left, a rule would keep its smallest blocks only: it is not tried.
LEAST_SHARE = 0.01
# Any data set may spend this many pairs (seconds of scoring), however small it is: small data has no cheap keys.
MIN_PAIRS = 3_000_000
# Data of so many profiles (in largest blocks: 1,000 by default) compares all with all: a second of scoring.
BLOCKS_OF_SMALL_DATA = 2.5

_NAMES = "list_distinct(list_filter([first_name, first_root, last_name], lambda x: length(x) >= 2))"


@dataclass(frozen=True)
class BlockingRule:
    """A rule: its name, what it joins, the comparisons it presupposes, and SQL for the list of a profile's keys."""

    name: str
    joins: str
    agrees_on: tuple[str, ...]
    keys_sql: str
    refine_sql: str

    @property
    def joins_on_something(self) -> bool:
        return bool(self.agrees_on)


def _every(names: str, *others: str) -> str:
    """A key of each name together with the other columns; none where one of those is missing."""
    joined = " || '|' || ".join(others)
    return f"list_transform({names}, lambda x: x || '|' || {joined})"


_BY_NAME = "coalesce(substr(last_name, 1, 3), '') || '|' || coalesce(substr(first_root, 1, 2), '')"
_BY_DOB = "coalesce(dob, '') || '|' || coalesce(postcode, city, '')"
_BY_NAME_AND_DOB = f"{_BY_NAME} || '|' || coalesce(dob, postcode, city, '')"
_BY_PLACE = "coalesce(street, '') || '|' || coalesce(house_number, '') || '|' || coalesce(postcode, city, dob, '')"
_PAIR_OF_NAMES = (
    "list_transform([list_sort([coalesce(first_root, first_name), last_name])], lambda x: x[1] || '|' || x[2])"
)

BLOCKING_RULES: tuple[BlockingRule, ...] = (
    BlockingRule("SAME_IDENTIFIER", "an identifier in common", ("identifier",), "identifiers", _BY_NAME),
    BlockingRule("SAME_EMAIL", "an e-mail address in common", ("email",), "emails", _BY_NAME),
    BlockingRule(
        "SAME_PROBABLE_EMAIL",
        "an e-mail address that one carries and that is probably the other's",
        ("email",),
        "probable_keys",
        _BY_NAME,
    ),
    BlockingRule("SAME_PHONE", "a phone number in common", ("phone",), "phones", _BY_NAME),
    BlockingRule(
        "SAME_NAMES_AND_BIRTH_DATE",
        "both names, in either order, and the date of birth",
        ("first_name", "last_name", "date_of_birth"),
        f"list_transform({_PAIR_OF_NAMES}, lambda x: x || '|' || dob)",
        "coalesce(postcode, city, '')",
    ),
    BlockingRule(
        "ANY_NAME_AND_BIRTH_DATE",
        "one name, in either place, and the date of birth",
        ("first_name", "last_name", "date_of_birth"),
        _every(_NAMES, "dob"),
        "coalesce(postcode, city, '')",
    ),
    BlockingRule(
        "SWAPPED_NAMES",
        "both names, in either order",
        ("first_name", "last_name"),
        _PAIR_OF_NAMES,
        _BY_DOB,
    ),
    BlockingRule(
        "ANY_NAME_AND_POSTCODE",
        "one name, in either place, and the postcode",
        ("first_name", "last_name", "address"),
        _every(_NAMES, "postcode"),
        "coalesce(dob, '') || '|' || coalesce(house_number, '')",
    ),
    BlockingRule(
        "ANY_NAME_AND_STREET",
        "one name, in either place, and the street",
        ("first_name", "last_name", "address"),
        _every(_NAMES, "street"),
        "coalesce(house_number, '') || '|' || coalesce(dob, '')",
    ),
    BlockingRule(
        "SAME_ADDRESS",
        "street, number and town",
        ("address",),
        "[street || '|' || house_number || '|' || coalesce(postcode, city)]",
        _BY_NAME,
    ),
    BlockingRule("SAME_EMAIL_NAME", "the part of an e-mail address before the @", ("email",), "email_locals", _BY_NAME),
    BlockingRule("SAME_PHONE_ENDING", "the last digits of a phone number", ("phone",), "phone_tails", _BY_NAME),
    BlockingRule("SAME_COMPANY", "the company", ("company",), "[company]", _BY_NAME),
    BlockingRule(
        "SAME_BIRTH_DATE", "the date of birth", ("date_of_birth",), "[dob]", "coalesce(postcode, city, street, '')"
    ),
    BlockingRule(
        "ANY_NAME_AND_CITY",
        "one name, in either place, and the city",
        ("first_name", "last_name", "address"),
        _every(_NAMES, "city"),
        "coalesce(dob, postcode, '')",
    ),
    BlockingRule(
        "NAME_BEGINNINGS_AND_BIRTH_YEAR",
        "three letters of the last name, one of the first, and the year of birth",
        ("first_name", "last_name", "date_of_birth"),
        "[substr(last_name, 1, 3) || '|' || substr(first_name, 1, 1) || '|' || substr(dob, 1, 4)]",
        "coalesce(postcode, city, '') || '|' || coalesce(dob_day, '')",
    ),
    BlockingRule(
        "NAME_BEGINNINGS_AND_POSTCODE",
        "two letters of the last name and the postcode",
        ("first_name", "last_name", "address"),
        "[substr(last_name, 1, 2) || '|' || postcode]",
        "coalesce(substr(first_name, 1, 1), '') || '|' || coalesce(dob, '')",
    ),
    BlockingRule(
        "BIRTH_DAY_AND_POSTCODE",
        "month and day of birth and the postcode or city",
        ("date_of_birth", "address"),
        "[dob_day || '|' || postcode, dob_day || '|' || city]",
        _BY_NAME,
    ),
    BlockingRule(
        "COMPANY_BEGINNING_AND_PLACE",
        "the first word of the company and the postcode, street or city",
        ("company", "address"),
        "[company_words[1] || '|' || postcode, company_words[1] || '|' || street, split_part(company, ' ', 1) || '|' || house_number]",
        _BY_PLACE,
    ),
    BlockingRule(
        "NUMBER_AND_POSTCODE",
        "house number and postcode",
        ("address",),
        "[house_number || '|' || postcode]",
        _BY_NAME_AND_DOB,
    ),
    BlockingRule("SAME_STREET", "street and number", ("address",), "[street || '|' || house_number]", _BY_NAME_AND_DOB),
    BlockingRule("SAME_LAST_NAME", "the last name, in either place", ("first_name", "last_name"), _NAMES, _BY_DOB),
    BlockingRule("SAME_POSTCODE", "the postcode", ("address",), "[postcode]", _BY_NAME_AND_DOB),
    # Last: what it finds alone, nothing else found. Where two records agree on no key (two slips in each field), only this one finds them.
    BlockingRule("ANY_PAIR", "nothing: small data can afford to compare all with all", (), "[0 * unique_id]", "NULL"),
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


NO_PAIRS = pl.DataFrame(schema={"id_l": pl.Int64, "id_r": pl.Int64, "rules": pl.Int64})


def candidate_pairs(
    comparable: pl.DataFrame,
    engine: LinkageEngine,
    policy: LinkagePolicy,
    caps: Mapping[str, Caps] | None = None,
) -> Blocks:
    """All pairs that some rule finds.

    With ``caps`` (those of a model version, by rule) a pair depends on the blocks that its two profiles stand in and on
    nothing else. Without them they are found under the policy: bounded by ``max_pairs_per_profile`` (but any data set may spend
    :data:`MIN_PAIRS`), each rule gets what is left, at most :data:`RULE_SHARE` of the whole, and lowers its caps until its pairs
    fit. Deterministic: no sampling.
    """
    budget = max(MIN_PAIRS, policy.max_pairs_per_profile * len(comparable))
    left = budget
    found: list[pl.DataFrame] = []
    reports: list[RuleReport] = []
    with engine.holding(comparable=comparable) as held:
        for bit, rule in enumerate(BLOCKING_RULES):
            why_not = "" if caps is not None else _why_not(rule, len(comparable), left / budget, policy)
            if why_not:
                reports.append(_unused(rule, why_not))
                continue
            if (caps is not None and not _caps_of(rule, caps, policy).cap) or not _has_keys(rule, comparable):
                continue
            keys = block_keys(rule, held)
            if keys.is_empty():
                continue
            sized = _sized(keys, "key")
            bounds = (
                caps_within(sized, _largest_block(rule, policy), min(left, int(budget * RULE_SHARE)))
                if caps is None
                else _caps_of(rule, caps, policy)
            )
            pairs, report = _pairs_of(rule, sized, engine, bounds)
            left = max(left - report.pairs, 0)
            reports.append(report)
            if not pairs.is_empty():
                found.append(pairs.with_columns(pl.lit(1 << bit, dtype=pl.Int64).alias("rule")))
    return Blocks(together(found, engine), tuple(reports))


def _caps_of(rule: BlockingRule, caps: Mapping[str, Caps], policy: LinkagePolicy) -> Caps:
    """A rule that found no keys when the caps were made (nobody had a phone yet) is bounded by the policy alone."""
    return caps.get(rule.name, Caps(policy.max_block, policy.max_block))


def used_rules(caps: Mapping[str, Caps], policy: LinkagePolicy) -> list[tuple[int, BlockingRule, Caps]]:
    """The rules in use under a model's caps: bit, rule and caps of each."""
    bounded = [(bit, rule, _caps_of(rule, caps, policy)) for bit, rule in enumerate(BLOCKING_RULES)]
    return [(bit, rule, caps) for bit, rule, caps in bounded if caps.cap]


SPENT = "stronger rules had spent the budget of candidate pairs"
TOO_MANY = "there are too many records to compare all with all"


def _largest_block(rule: BlockingRule, policy: LinkagePolicy) -> int:
    return policy.max_block if rule.joins_on_something else int(policy.max_block * BLOCKS_OF_SMALL_DATA)


def _why_not(rule: BlockingRule, profiles: int, left: float, policy: LinkagePolicy) -> str:
    """Why a rule is not tried on so many profiles with this part of the budget left; empty where it is."""
    if left < LEAST_SHARE:
        return SPENT
    if not rule.joins_on_something and profiles > _largest_block(rule, policy):
        return TOO_MANY
    return ""


def _unused(rule: BlockingRule, why: str) -> RuleReport:
    return RuleReport(rule.name, 0, 0, 0, 0, 0, 0, 0, why_not=why)


def block_keys(rule: BlockingRule, held: LinkageEngine) -> pl.DataFrame:
    """The keys of a rule over the table ``comparable`` that the engine holds: ``unique_id``, ``key``, ``finer`` (hashes), each once."""
    keys = held.query(
        f"SELECT unique_id, hash(key) AS key, hash(key || '|' || ({rule.refine_sql})) AS finer"
        f" FROM (SELECT *, unnest({rule.keys_sql}) AS key FROM comparable) WHERE key IS NOT NULL"
    )
    return keys.unique(["unique_id", "key"])


def together(found: list[pl.DataFrame], engine: LinkageEngine) -> pl.DataFrame:
    """Pairs of several rules (``id_l``, ``id_r``, ``rule``) as one row per pair with the bits of all rules, sorted."""
    if not found:
        return NO_PAIRS
    return engine.query(
        "SELECT id_l, id_r, bit_or(rule)::BIGINT AS rules FROM found GROUP BY id_l, id_r ORDER BY id_l, id_r",
        found=pl.concat(found),
    )


def key_columns(rules: Iterable[BlockingRule]) -> set[str]:
    """Columns of ``comparable`` that the keys of these rules are made of."""
    words = (re.findall(r"\w+", rule.keys_sql + " " + rule.refine_sql) for rule in rules)
    return set(COMPARABLE_SCHEMA) & {word for found in words for word in found}


def _has_keys(rule: BlockingRule, comparable: pl.DataFrame) -> bool:
    """Whether any column that the rule's keys are made of is filled at all; a query that finds none costs as much as one that does."""
    named = set(re.findall(r"\w+", rule.keys_sql)) & set(comparable.columns)
    return any(comparable.get_column(name).null_count() < len(comparable) for name in named)


def caps_within(sized: pl.DataFrame, max_block: int, budget: int) -> Caps:
    """The largest caps, at most ``max_block``, under which blocks (keys with ``size``) make no more pairs than ``budget``."""
    cap = _cap(sized, "key", max_block, budget)
    spent = _pair_count(sized.filter(pl.col("size") <= cap).group_by("key").len())
    refined = _sized(_refined(sized.filter(pl.col("size") > cap)), "key")
    return Caps(cap, _cap(refined, "key", max_block, max(budget - spent, 0)))


def _sized(keys: pl.DataFrame, key: str) -> pl.DataFrame:
    return keys.with_columns(pl.len().over(key).alias("size"))


def _refined(large: pl.DataFrame) -> pl.DataFrame:
    return large.select("unique_id", pl.col("finer").alias("key")).unique()


def admitted_blocks(sized: pl.DataFrame, caps: Caps) -> pl.DataFrame:
    """Blocks that make pairs, as ``unique_id`` and ``key``: those up to the cap as they are, larger ones refined, up to the finer cap."""
    fine = _sized(_refined(sized.filter(pl.col("size") > caps.cap)), "key")
    return pl.concat(
        [
            sized.filter(pl.col("size").is_between(2, caps.cap)).select("unique_id", "key"),
            fine.filter(pl.col("size").is_between(2, caps.finer_cap)).select("unique_id", "key"),
        ]
    )


def _pairs_of(
    rule: BlockingRule, sized: pl.DataFrame, engine: LinkageEngine, caps: Caps
) -> tuple[pl.DataFrame, RuleReport]:
    """Pairs of one rule: blocks up to the cap, larger ones refined, what stays too large left out."""
    pairs = engine.query(
        "SELECT DISTINCT l.unique_id AS id_l, r.unique_id AS id_r FROM blocks l JOIN blocks r"
        " ON l.key = r.key AND l.unique_id < r.unique_id",
        blocks=admitted_blocks(sized, caps),
    )
    return pairs, _report(rule, sized, caps, len(pairs))


def _report(rule: BlockingRule, sized: pl.DataFrame, caps: Caps, pairs: int) -> RuleReport:
    large = sized.filter(pl.col("size") > caps.cap)
    dropped = _sized(_refined(large), "key").filter(pl.col("size") > caps.finer_cap)
    return RuleReport(
        rule=rule.name,
        cap=caps.cap,
        finer_cap=caps.finer_cap,
        pairs=pairs,
        refined_blocks=large.get_column("key").n_unique(),
        dropped_blocks=dropped.get_column("key").n_unique(),
        dropped_records=dropped.get_column("unique_id").n_unique(),
        dropped_pairs=_pair_count(dropped.group_by("key").len()),
        sizes=_sizes(sized),
    )


def planned(
    comparable: pl.DataFrame, engine: LinkageEngine, policy: LinkagePolicy, without: Mapping[str, str]
) -> tuple[RuleReport, ...]:
    """Caps of every rule but ``without`` (rule to why not), as :func:`candidate_pairs` finds them, from block sizes alone.

    ``pairs`` of the reports count a pair once for each block that it stands in.
    """
    budget = max(MIN_PAIRS, policy.max_pairs_per_profile * len(comparable))
    left = budget
    reports: list[RuleReport] = []
    with engine.holding(comparable=comparable) as held:
        for rule in BLOCKING_RULES:
            if why_not := without.get(rule.name) or _why_not(rule, len(comparable), left / budget, policy):
                reports.append(_unused(rule, why_not))
            elif _has_keys(rule, comparable) and not (keys := block_keys(rule, held)).is_empty():
                sized = _sized(keys, "key")
                caps = caps_within(sized, policy.max_block, min(left, int(budget * RULE_SHARE)))
                pairs = _pair_count(admitted_blocks(sized, caps).group_by("key").len())
                left = max(left - pairs, 0)
                reports.append(_report(rule, sized, caps, pairs))
    return tuple(reports)


def _sizes(sized: pl.DataFrame) -> tuple[int, ...]:
    """Blocks of 2, of 3 to 4, of 5 to 8 … records; ``size`` stands on every row of a block."""
    rows = sized.filter(pl.col("size") > 1).group_by("size").len("rows").sort("size")
    counts: list[int] = []
    for size, found in rows.iter_rows():
        at = (size - 1).bit_length() - 1
        counts += [0] * (at + 1 - len(counts))
        counts[at] += found // size
    return tuple(counts)


def _cap(sized: pl.DataFrame, key: str, max_block: int, budget: int) -> int:
    """The largest block size, at most ``max_block``, at which all blocks up to it make no more pairs than ``budget``."""
    if sized.is_empty():
        return max_block
    sizes = (
        sized.group_by("size")
        .agg(pl.col(key).n_unique().alias("blocks"))
        .sort("size")
        .with_columns((pl.col("size") * (pl.col("size") - 1) // 2 * pl.col("blocks")).cum_sum().alias("pairs"))
    )
    fits = sizes.filter((pl.col("pairs") <= budget) & (pl.col("size") <= max_block))
    too_large = sizes.filter((pl.col("pairs") > budget) | (pl.col("size") > max_block))
    if too_large.is_empty():
        return max_block
    return int(fits.get_column("size").max() or 1)  # type: ignore[arg-type]


def _pair_count(blocks: pl.DataFrame) -> int:
    if blocks.is_empty():
        return 0
    return int(blocks.select((pl.col("len").cast(pl.Int64) * (pl.col("len").cast(pl.Int64) - 1) // 2).sum()).item())
