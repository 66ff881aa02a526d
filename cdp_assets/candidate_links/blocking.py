"""Which pairs are looked at: named blocking rules, each bounded, so that no junk value explodes a run.

A rule puts profiles that share a key into one block and pairs them. A block above the cap is refined by a further key; what
is still too large is left out and reported. Rules are tried strongest first; their pairs are bounded together.

What does not belong here: how the pairs are scored (``scoring.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.policy import LinkagePolicy

# Rules share the budget of candidate pairs; no single rule may take more than this part of it.
RULE_SHARE = 0.34
# With less than this part of the budget left, a rule would keep its smallest blocks only: it is not tried.
LEAST_SHARE = 0.01
# Any data set may spend this many pairs (seconds of scoring), however small it is: small data has no cheap keys.
MIN_PAIRS = 3_000_000

_NAMES = "list_distinct(list_filter([first_name, first_root, last_name], lambda x: length(x) >= 2))"


@dataclass(frozen=True)
class BlockingRule:
    """A rule: its name, what it joins, the comparisons it presupposes, and SQL for the list of a profile's keys."""

    name: str
    joins: str
    agrees_on: tuple[str, ...]
    keys_sql: str
    refine_sql: str


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
)
RULES: dict[str, BlockingRule] = {rule.name: rule for rule in BLOCKING_RULES}


@dataclass(frozen=True)
class RuleReport:
    """What a rule did: pairs made, blocks refined, and blocks, records and pairs left out because of the cap.

    ``sizes``: its blocks before any was refined, by size: of 2 records, of 3 to 4, of 5 to 8 and so on, twice as large each
    time. A cap of 0 says that the rule was not tried, because stronger rules had spent the budget of pairs.
    """

    rule: str
    cap: int
    pairs: int
    refined_blocks: int
    dropped_blocks: int
    dropped_records: int
    dropped_pairs: int
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Blocks:
    """Candidate pairs (``id_l`` < ``id_r``, ``rules``: bit per rule that found the pair) and what each rule did."""

    pairs: pl.DataFrame
    reports: tuple[RuleReport, ...]


def candidate_pairs(comparable: pl.DataFrame, engine: LinkageEngine, policy: LinkagePolicy) -> Blocks:
    """All pairs that some rule finds, under the policy's caps.

    Bounded by ``max_pairs_per_profile`` (but any data set may spend :data:`MIN_PAIRS`): each rule gets what is left, at most
    :data:`RULE_SHARE` of the whole, and lowers its cap until its pairs fit. Deterministic: no sampling.
    """
    budget = max(MIN_PAIRS, policy.max_pairs_per_profile * len(comparable))
    left = budget
    found: list[pl.DataFrame] = []
    reports: list[RuleReport] = []
    for bit, rule in enumerate(BLOCKING_RULES):
        if left < budget * LEAST_SHARE:
            reports.append(RuleReport(rule.name, 0, 0, 0, 0, 0, 0))
            continue
        if not _has_keys(rule, comparable):
            continue
        keys = engine.query(
            f"SELECT unique_id, hash(key) AS key, hash(key || '|' || ({rule.refine_sql})) AS finer"
            f" FROM (SELECT *, unnest({rule.keys_sql}) AS key FROM comparable) WHERE key IS NOT NULL",
            comparable=comparable,
        ).unique(["unique_id", "key"])
        if keys.is_empty():
            continue
        pairs, report = _pairs_of(rule, keys, engine, policy.max_block, min(left, int(budget * RULE_SHARE)))
        left = max(left - report.pairs, 0)
        reports.append(report)
        if not pairs.is_empty():
            found.append(pairs.with_columns(pl.lit(1 << bit, dtype=pl.Int64).alias("rule")))
    if not found:
        empty = pl.DataFrame(schema={"id_l": pl.Int64, "id_r": pl.Int64, "rules": pl.Int64})
        return Blocks(empty, tuple(reports))
    together = engine.query(
        "SELECT id_l, id_r, bit_or(rule)::BIGINT AS rules FROM found GROUP BY id_l, id_r ORDER BY id_l, id_r",
        found=pl.concat(found),
    )
    return Blocks(together, tuple(reports))


def _has_keys(rule: BlockingRule, comparable: pl.DataFrame) -> bool:
    """Whether any column that the rule's keys are made of is filled at all; a query that finds none costs as much as one that does."""
    named = set(re.findall(r"\w+", rule.keys_sql)) & set(comparable.columns)
    return any(comparable.get_column(name).null_count() < len(comparable) for name in named)


def _pairs_of(
    rule: BlockingRule, keys: pl.DataFrame, engine: LinkageEngine, max_block: int, budget: int
) -> tuple[pl.DataFrame, RuleReport]:
    """Pairs of one rule: blocks up to the cap, larger ones refined, what stays too large left out."""
    sized = keys.with_columns(pl.len().over("key").alias("size"))
    cap = _cap(sized, "key", max_block, budget)
    kept = sized.filter(pl.col("size") <= cap).select("unique_id", "key")
    large = sized.filter(pl.col("size") > cap)
    refined = (
        large.select("unique_id", pl.col("finer").alias("key"))
        .unique()
        .with_columns(pl.len().over("key").alias("size"))
    )
    spent = _pair_count(kept.group_by("key").len())
    finer_cap = _cap(refined, "key", max_block, max(budget - spent, 0))
    fine = refined.filter(pl.col("size") <= finer_cap).select("unique_id", "key")
    dropped = refined.filter(pl.col("size") > finer_cap)
    blocks = pl.concat([kept, fine])
    pairs = engine.query(
        "SELECT DISTINCT l.unique_id AS id_l, r.unique_id AS id_r FROM blocks l JOIN blocks r"
        " ON l.key = r.key AND l.unique_id < r.unique_id",
        blocks=blocks,
    )
    return pairs, RuleReport(
        rule=rule.name,
        cap=cap,
        pairs=len(pairs),
        refined_blocks=large.get_column("key").n_unique(),
        dropped_blocks=dropped.get_column("key").n_unique(),
        dropped_records=dropped.get_column("unique_id").n_unique(),
        dropped_pairs=_pair_count(dropped.group_by("key").len()),
        sizes=_sizes(sized),
    )


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
