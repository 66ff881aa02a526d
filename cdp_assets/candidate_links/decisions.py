"""From scored pairs to decisions: the weight decides, and named rules overrule it where a weight can not know better.

A rule is a statement about levels of agreement that a person can check. Rules may hold a link back for review whatever its weight,
mark it as a conflict (which keeps the two apart until a person decides), or accept an exact personal key that a cautious model
would lose.

What does not belong here: weights and thresholds (``weights.py``, ``policy.py``), and clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import polars as pl

from cdp_assets.candidate_links.comparisons import BY_NAME, CROSSED, ELSEWHERE, KEY_LEVELS, NOTHING_TO_COMPARE

ACCEPTED, REVIEW, CONFLICT = "accepted", "review", "conflict"
BY_WEIGHT = "weight"


@dataclass(frozen=True)
class Rule:
    """A named rule: what it says, and the decision where it holds."""

    name: str
    says: str
    decision: str


FATHER_AND_SON = Rule(
    "FATHER_AND_SON", "generational suffixes differ and the dates of birth do not agree: two people", CONFLICT
)
NAMESAKES = Rule(
    "NAMESAKES",
    "same names at one address, but dates of birth that have nothing in common and no key: father and son, or alike",
    CONFLICT,
)
JUNIOR_OR_SENIOR = Rule(
    "JUNIOR_OR_SENIOR",
    "a suffix on one side says that there is another of this name, and no key or date of birth agrees",
    REVIEW,
)
MOVED_OR_NAMESAKE = Rule(
    "MOVED_OR_NAMESAKE",
    "same names, but another address and other e-mails, phones or identifiers, or next to no more than is asked for: "
    "somebody who changed everything, or two people",
    REVIEW,
)
HOUSEHOLD_MEMBERS = Rule(
    "HOUSEHOLD_MEMBERS",
    "first names and dates of birth both differ: what else agrees is the household's, not the person's",
    CONFLICT,
)
OTHER_SEX_AND_BIRTH = Rule(
    "OTHER_SEX_AND_BIRTH",
    "sex and date of birth both differ, and no key agrees: two people of much the same name",
    CONFLICT,
)
TWINS = Rule(
    "TWINS",
    "first names differ where family name, date of birth and address agree: twins, until a key of their own says otherwise",
    REVIEW,
)
TWO_KEYS = Rule(
    "TWO_KEYS", "an e-mail, phone or identifier agrees, but names and date of birth are another person's", CONFLICT
)
OTHER_NAMES = Rule(
    "OTHER_NAMES",
    "one e-mail, phone or identifier agrees, but neither name does, and no date of birth is told: whose it is now, or who share it",
    REVIEW,
)
PARTNERS = Rule(
    "PARTNERS",
    "first names differ and no date of birth or identifier agrees: a shared name, address, phone or mailbox is the household's",
    REVIEW,
)
COLLEAGUES = Rule(
    "COLLEAGUES",
    "an address that is only probably the same, dates of birth that differ, and neither key nor home: two of one name at one company",
    REVIEW,
)
OWN_KEY = Rule(
    "OWN_KEY",
    "an e-mail, phone or identifier that one person only carries agrees, and nothing contradicts it",
    ACCEPTED,
)
RULES: tuple[Rule, ...] = (
    FATHER_AND_SON,
    NAMESAKES,
    HOUSEHOLD_MEMBERS,
    OTHER_SEX_AND_BIRTH,
    TWO_KEYS,
    OTHER_NAMES,
    TWINS,
    PARTNERS,
    JUNIOR_OR_SENIOR,
    MOVED_OR_NAMESAKE,
    COLLEAGUES,
    OWN_KEY,
)


def at(frame: pl.DataFrame, comparison: str, *levels: str) -> pl.Expr:
    """True where ``comparison`` stands at one of ``levels``; false where the model does not compare it."""
    column = f"gamma_{comparison}"
    if column not in frame.columns:
        return pl.lit(False)
    return pl.col(column).is_in(BY_NAME[comparison].numbers_of(levels))


def is_told(frame: pl.DataFrame, comparison: str) -> pl.Expr:
    """True where both sides tell what ``comparison`` compares; false where the model does not compare it."""
    column = f"gamma_{comparison}"
    return pl.col(column) != NOTHING_TO_COMPARE if column in frame.columns else pl.lit(False)


def _any(*conditions: pl.Expr) -> pl.Expr:
    return reduce(lambda a, b: a | b, conditions)


NAMES_ALONE_BITS = 2.0
"""So much above the accept weight must a pair be that has the same names, nothing else in common, and another address. Of such links up to
this, in a million records of the generator, half are right, which is less than a link must be worth to be accepted. So are half of those of a few
bits more; but in other data, where people are told by little else, nearly all of them are."""

NAMESAKES_AT_HOME_BITS = 4.0
"""So much above the accept weight must a pair be whose names and home are the same and whose dates of birth have nothing in common, before the
data has shown how often a date is mistyped as a whole: in small data they are father and son as often as not. Where many matches have shown it, the
weight knows: of 358 such pairs in ten sets, 217 of them eight bits and more above it and 141 less than four, 98 in a hundred are right."""

NAMESAKES_AT_HOME_MATCHES = 100.0
"""So many matches that ``m`` was learned from count as much as that belief."""


def namesakes_at_home_bits(learned_from: float) -> float:
    """What is asked of them where ``m`` was learned from so many matches (``Parameters.learned_from``)."""
    return NAMESAKES_AT_HOME_BITS * NAMESAKES_AT_HOME_MATCHES / (NAMESAKES_AT_HOME_MATCHES + learned_from)


BORN_APART = ("different", "same year", "two digits off")
"""Levels of dates of birth that no slip of the pen explains."""


def has_own_key(compared: pl.DataFrame) -> pl.Expr:
    """True where a pair agrees on an e-mail, phone or identifier and nothing contradicts it: OWN_KEY, if one person only carries the key."""
    agrees = _any(*(at(compared, comparison, *levels) for comparison, levels in KEY_LEVELS.items()))
    contradicted = _any(
        at(compared, "first_name", "different", CROSSED),
        at(compared, "date_of_birth", *BORN_APART),
        at(compared, "suffix", "different"),
        at(compared, "identifier", "different"),
        at(compared, "last_name", "different") & ~at(compared, "first_name", "same"),
    )
    return agrees & ~contradicted


def decide(scored: pl.DataFrame, accept_weight: float, review_weight: float, learned_from: float = 0.0) -> pl.DataFrame:
    """Add ``decision`` and ``reason`` to pairs with ``match_weight``, ``gamma_*`` and ``is_one_persons`` columns.

    ``is_one_persons``: whether one person only (by name) carries a key that the pair agrees on. ``learned_from``: how many matches the
    model has learned from (``Parameters``). Pairs below the review weight are left out unless a rule accepts them.
    """
    first_differs = at(scored, "first_name", "different", CROSSED)
    last_differs = at(scored, "last_name", "different")
    born_same = at(scored, "date_of_birth", "same")
    born_near = at(
        scored, "date_of_birth", "day and month swapped", "one digit off", "years one digit apart, day unknown"
    )
    born_differs = at(scored, "date_of_birth", *BORN_APART)
    own_id = at(scored, "identifier", "same")
    other_id = at(scored, "identifier", "different")
    mail = at(scored, "email", "same", "one of several the same")
    call = at(scored, "phone", "same", "one of several the same")
    home = at(
        scored,
        "address",
        "same street, number and town",
        "same street and number",
        "street mistyped, same number and town",
    )
    last_same = at(scored, "last_name", "same", "one slip")
    suffix_differs = at(scored, "suffix", "different")
    shared_home = _any(home, mail, call)

    father = suffix_differs & ~born_same & ~own_id & (last_same | shared_home)
    named_same = at(scored, "first_name", "same") & at(scored, "last_name", "same")
    no_key = ~_any(own_id, mail, call)
    namesakes = named_same & no_key & home & at(scored, "date_of_birth", "different")
    junior = at(scored, "suffix", "told on one side only") & named_same & no_key & ~born_same
    elsewhere = at(scored, "address", *ELSEWHERE)
    light = pl.col("match_weight") < accept_weight + NAMES_ALONE_BITS
    moved = (
        named_same
        & no_key
        & ~_any(born_same, born_near)
        & elsewhere
        & _any(at(scored, "email", "different"), at(scored, "phone", "different"), other_id, light)
    )
    colleagues = at(scored, "email", "probably the same") & no_key & ~home & born_differs
    household = first_differs & born_differs & ~own_id & (shared_home | last_same)
    # Two keys, or a key and the address, are no coincidence: then it is the names that are wrong.
    one_key = pl.sum_horizontal(key.cast(pl.Int8) for key in (own_id, mail, call, home)) == 1
    key_alone = _any(own_id, mail, call) & one_key & first_differs & last_differs
    two_keys = key_alone & (born_differs | other_id)
    other_names = key_alone & ~is_told(scored, "date_of_birth")
    other_person = at(scored, "sex", "different") & born_differs & no_key
    twins = first_differs & last_same & born_same & shared_home & ~own_id
    partners = first_differs & ~born_same & ~born_near & ~own_id & shared_home
    own_key = has_own_key(scored) & pl.col("is_one_persons")

    heavy = pl.col("match_weight") >= accept_weight
    kept = pl.col("match_weight") >= review_weight
    # What a household explains is off the weight already (``weights.py``). Where a pair passes all the same, the data
    # shows few households and many misspelt names, and it is accepted; where it fails, these rules say why, and bar it.
    # Members of a household are barred however light the pair, or a record without a first name joins them.
    household = household & ~heavy & (kept | shared_home)
    namesakes = namesakes & (pl.col("match_weight") < accept_weight + namesakes_at_home_bits(learned_from))
    twins, partners = twins & ~heavy & kept, partners & ~heavy & kept
    father, two_keys = father & kept, two_keys & kept
    other_person, other_names = other_person & kept, other_names & kept
    junior, moved, colleagues = junior & kept, moved & kept, colleagues & kept
    # The first line that holds decides.
    lines = (
        (father, FATHER_AND_SON.decision, FATHER_AND_SON.name),
        (namesakes, NAMESAKES.decision, NAMESAKES.name),
        (household, HOUSEHOLD_MEMBERS.decision, HOUSEHOLD_MEMBERS.name),
        (other_person, OTHER_SEX_AND_BIRTH.decision, OTHER_SEX_AND_BIRTH.name),
        (two_keys, TWO_KEYS.decision, TWO_KEYS.name),
        (other_names, OTHER_NAMES.decision, OTHER_NAMES.name),
        (twins, TWINS.decision, TWINS.name),
        (partners, PARTNERS.decision, PARTNERS.name),
        (junior, JUNIOR_OR_SENIOR.decision, JUNIOR_OR_SENIOR.name),
        (moved, MOVED_OR_NAMESAKE.decision, MOVED_OR_NAMESAKE.name),
        (colleagues, COLLEAGUES.decision, COLLEAGUES.name),
        (heavy, ACCEPTED, BY_WEIGHT),
        (own_key, OWN_KEY.decision, OWN_KEY.name),
        (kept, REVIEW, BY_WEIGHT),
    )
    numbers = [pl.when(holds).then(pl.lit(at, dtype=pl.UInt32)) for at, (holds, _, _) in enumerate(lines)]
    decided = scored.with_columns(pl.coalesce(numbers).alias("line")).filter(pl.col("line").is_not_null())
    line = decided.get_column("line")
    return decided.drop("line").with_columns(
        pl.Series("decision", [decision for _, decision, _ in lines]).gather(line),
        pl.Series("reason", [reason for _, _, reason in lines]).gather(line),
    )
