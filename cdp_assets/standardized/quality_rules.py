"""What the audit looks for, each with its reason and what to do about it: the one place where a finding is defined.

A rule speaks of records, of addresses or of phone numbers, and of their facts (``quality_facts.py``). ``looked_at`` says
which of them could show it at all, so that a share has an honest denominator: a record without a date of birth is not
one with a good date of birth.

What does not belong here: gathering the facts, and counting (``quality_findings.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from cdp_assets.standardized.masking import Kind

Unit = Literal["records", "addresses", "numbers", "identifiers", "rows"]
Severity = Literal["wrong", "doubtful", "to know"]

SEVERITIES: tuple[Severity, ...] = ("wrong", "doubtful", "to know")
"""Worst first: what is wrong beyond doubt; what a person should look at; what is right more often than not."""

OLDEST_AGE_YEARS = 120
"""The oldest person on record lived 122 years, and nobody else more than 119."""

SLACK_OF_CLOCKS = timedelta(days=1)
"""A source without time zones is up to fourteen hours ahead of UTC; a day more is no zone."""

PLACEHOLDER_DAYS = (date(1, 1, 1), date(1753, 1, 1), date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1), date(1970, 1, 1), date(9999, 12, 31))  # fmt: skip
"""First and last days of calendars and systems: what they write for 'no time'."""

FAMILIES_OF_A_CROWD = 5
"""Family names, spellings included, behind one phone number: a household or a small office has fewer."""

DAYS_OF_A_YEAR = 365.2425


@dataclass(frozen=True)
class Shown:
    """A fact that an example shows, masked: what it is called, its column, and how it is masked."""

    label: str
    column: str
    kind: Kind


@dataclass(frozen=True)
class Rule:
    """One thing to look for. ``looked_at`` and ``found`` are Boolean expressions on the facts of the ``unit``; null is no."""

    name: str
    field: str
    unit: Unit
    severity: Severity
    says: str
    why: str
    advice: str
    looked_at: pl.Expr
    found: pl.Expr
    shown: tuple[Shown, ...] = ()


_ALWAYS = pl.lit(True)
_EMAIL = (Shown("address", "email", "email"),)
_PHONE = (Shown("number", "phone", "phone"),)
_BORN = (Shown("born", "date_of_birth", "date"),)
_NAME = (Shown("first name", "first_name", "text"), Shown("last name", "last_name", "text"))
_age_in_years = (
    pl.col("newest") - pl.col("date_of_birth").cast(pl.Datetime("us", "UTC"))
).dt.total_days() / DAYS_OF_A_YEAR
_has_birth_date = pl.col("date_of_birth").is_not_null()
_seen = pl.col("observed_at")

ADDRESS_RULES = (
    Rule(
        "placeholder_address", "email", "addresses", "wrong", "placeholder or junk addresses",
        "Somebody had to fill the field and had nothing: such an address identifies nobody, and many records carry it.",
        "Make the field optional where it is filled in, and refuse these texts there.",
        _ALWAYS, pl.col("class") == "placeholder", _EMAIL,
    ),
    Rule(
        "dead_address", "email", "addresses", "wrong", "addresses that bounce",
        "Mail comes back from them. They still identify their person; sending to them harms the sender's standing.",
        "Take them out of every list of this source; ask for a new one at the next contact.",
        _ALWAYS, pl.col("status") == "dead", _EMAIL,
    ),
    Rule(
        "mistyped_domain", "email", "addresses", "wrong", "addresses with a mistyped domain",
        "The domain is a slip of the hand away from a provider's, and is none itself.",
        "Offer the right spelling where the address is entered. The suggestion stands in `email_addresses`.",
        _ALWAYS, pl.col("suggestion").is_not_null(), (*_EMAIL, Shown("probably", "suggestion", "email")),
    ),
    Rule(
        "stale_address", "email", "addresses", "doubtful", "addresses without a sign of life",
        "Neither seen nor used for two years: most of them are no longer read.",
        "Ask for a sign of life before the next mailing, or leave them out.",
        _ALWAYS, pl.col("status") == "stale", _EMAIL,
    ),
    Rule(
        "disposable_address", "email", "addresses", "doubtful", "disposable addresses",
        "Made for one sign-up and gone within hours or days.",
        "Do not count them as reachable; confirm addresses by a link before they are taken in.",
        _ALWAYS, pl.col("class") == "disposable", _EMAIL,
    ),
    Rule(
        "shared_by_many", "email", "addresses", "doubtful", "addresses that unrelated people carry",
        "An address of many people is a desk's, a reseller's or a made-up one; it proves nothing of who somebody is.",
        "Find out who enters it: often it is the staff's own address, or an import's default.",
        _ALWAYS, pl.col("is_shared") & ~pl.col("class").is_in(["role", "placeholder"]), _EMAIL,
    ),
    Rule(
        "role_address", "email", "addresses", "to know", "addresses of a function (info, sales …)",
        "Read by whoever is on duty: of little use for a person, and consent given there is not one person's.",
        "Ask for a personal address beside it.",
        _ALWAYS, pl.col("class") == "role", _EMAIL,
    ),
)  # fmt: skip

PHONE_RULES = (
    Rule(
        "shared_by_many", "phone", "numbers", "doubtful", "numbers that unrelated people carry",
        f"{FAMILIES_OF_A_CROWD} family names or more stand behind one number: a switchboard, or what was typed to get past the form.",
        "Find out who enters it, and ask for a mobile number beside it.",
        _ALWAYS, pl.col("families") >= FAMILIES_OF_A_CROWD, _PHONE,
    ),
    Rule(
        "not_international", "phone", "numbers", "doubtful", "numbers that are not in E.164",
        "Neither the number nor its record says which country it is of, or it is too long or too short for that country.",
        "Deliver numbers with + and country code, or name the source's `country` in its contract.",
        _ALWAYS, ~pl.col("phone").str.starts_with("+"), _PHONE,
    ),
)  # fmt: skip

RECORD_RULES = (
    Rule(
        "born_in_the_future", "date_of_birth", "records", "wrong", "people who are not born yet",
        "The age is below 0, judged by the newest observation of all.",
        "Check the date format in the contract: day and month may be swapped, or the century guessed.",
        _has_birth_date, _age_in_years < 0, _BORN,
    ),
    Rule(
        "older_than_anybody", "date_of_birth", "records", "wrong", f"people older than {OLDEST_AGE_YEARS}",
        f"Nobody is: the age is above {OLDEST_AGE_YEARS}, judged by the newest observation of all.",
        "Check for two-digit years and for default dates in the form.",
        _has_birth_date, _age_in_years > OLDEST_AGE_YEARS, _BORN,
    ),
    Rule(
        "born_after_first_activity", "date_of_birth", "records", "wrong", "people born after they were first seen",
        "The source knew them before they were born.",
        "Check the date format in the contract, and whether a date of registration was mapped as date of birth.",
        _has_birth_date & pl.col("first_seen_at").is_not_null(),
        (pl.col("date_of_birth") > pl.col("first_seen_at").dt.date()) & (_age_in_years >= 0),
        (*_BORN, Shown("first seen", "first_seen_at", "date")),
    ),
    Rule(
        "date_of_birth_changed", "date_of_birth", "records", "doubtful", "keys whose date of birth changed",
        "A person has one: either it was corrected, or the source gave the key to somebody else.",
        "Ask whether the source re-uses keys. If it does, the key needs a second column in the contract.",
        pl.col("versions_with_birth_date") > 1, pl.col("birth_dates") > 1, _BORN,
    ),
    Rule(
        "city_not_of_postcode", "city", "records", "doubtful", "cities that are not where the postcode is",
        "The data themselves know the postcode: nearly all other homes in it are in another city.",
        "Often half of an address was updated. Deliver address parts together, from one form.",
        pl.col("usual_city").is_not_null() & pl.col("city").is_not_null(),
        (pl.col("city") != pl.col("usual_city")) & ~pl.col("city_is_close"),
        (Shown("postcode", "postcode", "text"), Shown("city", "city", "text"), Shown("usually", "usual_city", "text")),
    ),
    Rule(
        "city_misspelt", "city", "records", "to know", "cities spelt unlike the rest of their postcode",
        "A letter or two away from the city of nearly all other homes in the postcode.",
        "Choose the city from the postcode where it is entered.",
        pl.col("usual_city").is_not_null() & pl.col("city").is_not_null(),
        (pl.col("city") != pl.col("usual_city")) & pl.col("city_is_close"),
        (Shown("city", "city", "text"), Shown("usually", "usual_city", "text")),
    ),
    Rule(
        "region_not_of_postcode", "region", "records", "doubtful", "regions that are not where the postcode is",
        "Nearly all other homes in the postcode are in another region.",
        "Often half of an address was updated. Deliver address parts together, from one form.",
        pl.col("usual_region").is_not_null() & pl.col("region").is_not_null(),
        (pl.col("region") != pl.col("usual_region")) & ~pl.col("region_is_close"),
        (Shown("postcode", "postcode", "text"), Shown("region", "region", "text"), Shown("usually", "usual_region", "text")),
    ),
    Rule(
        "observed_in_the_future", "record", "records", "wrong", "records observed after they were delivered",
        f"The source gives a time more than {SLACK_OF_CLOCKS.days} day after the import landed; it would win over everything newer.",
        "Check the column and the date format of `observed_at` in the contract.",
        _ALWAYS, _seen > pl.col("landed_at") + SLACK_OF_CLOCKS, (Shown("observed", "observed_at", "date"),),
    ),
    Rule(
        "observed_at_a_placeholder", "record", "records", "wrong", "records observed on a calendar's first or last day",
        "What systems write for 'no time'. Every other record is newer, or none is.",
        "Map another column as `observed_at`, or none: then the time of the import counts.",
        _ALWAYS, _seen.dt.date().is_in(list(PLACEHOLDER_DAYS)), (Shown("observed", "observed_at", "date"),),
    ),
    Rule(
        "first_name_is_last_name", "last_name", "records", "doubtful", "first name and last name are the same",
        "Somebody filled one field into both. Few people are called so.",
        "Check the contract: one column may be mapped twice, or a full name belongs to `full_name`.",
        pl.col("first_name").is_not_null() & pl.col("last_name").is_not_null(),
        pl.col("first_name") == pl.col("last_name"), _NAME,
    ),
    Rule(
        "sex_unlike_first_name", "sex", "records", "to know", "sex unlike that of nearly all with the first name",
        "Often the field was left at its default, or a couple shares a record. Sometimes it is right.",
        "Do not overwrite it. Look whether the source fills sex with a default.",
        pl.col("usual_sex").is_not_null() & pl.col("sex").is_in(["f", "m"]), pl.col("sex") != pl.col("usual_sex"),
        (Shown("first name", "first_name", "text"),),
    ),
    Rule(
        "phone_of_another_country", "phone", "records", "to know", "phone and address in different countries",
        "People move and keep their number; a whole source that does so was given the wrong country.",
        "If it is most records, check `country` in the contract.",
        pl.col("phone_fits_country").is_not_null(), ~pl.col("phone_fits_country"),
        _PHONE,
    ),
    *(
        Rule(
            "repeats_another_record", field, "records", "wrong" if field == "record" else "doubtful",
            f"records that repeat another of the source ({says})",
            "Same full name and the same evidence under another key: one person, counted from the second record on.",
            "Merge them in the source; linkage joins them here, and every further one costs postage.",
            pl.col(f"repeats_{field}").is_not_null(), pl.col(f"repeats_{field}"), _NAME,
        )
        for field, says in (
            ("record", "by any evidence"), ("email", "by e-mail"), ("phone", "by phone"),
            ("date_of_birth", "by date of birth"), ("street", "by postal address"),
        )
    ),
)  # fmt: skip

IDENTIFIER_RULE = Rule(
    "identifier_of_several_people", "identifier", "identifiers", "wrong", "identifiers that several people carry",
    "Records share an identifier, and neither their first nor their last names agree, or their dates of birth differ.",
    "If the system gives such a key to several people, say `shared_by_at_most` in the contract.",
    pl.col("is_shared"), pl.col("contradicts"), (Shown("identifier", "value", "text"), *_NAME),
)  # fmt: skip

RULES = (*ADDRESS_RULES, *PHONE_RULES, *RECORD_RULES, IDENTIFIER_RULE)

NOT_KEPT = "not_kept_"
"""Begins the findings of values that were delivered and could not be kept; the problem's own name follows."""

NOT_KEPT_ADVICE = {
    "unreadable": "Look at what the column holds: another field may be mapped here, or the format is not declared.",
    "impossible": "Check the declared format; where it is right, the source lets impossible values in.",
    "incomplete": "A year identifies, if less than a day does, and is compared: nothing is lost. Where the source knows the day, map it.",
    "placeholder": "Make the field optional where it is entered, so that nobody has to make something up.",
    "masked": "Have the source deliver whole values: a masked one reaches nobody, and says of nobody who he is.",
}
NOT_KEPT_ADVICE_ELSE = "Compare the delivered text in the raw table with what the contract says of the column."

REJECTED = "rejected_"
"""Begins the findings of delivered lines that broke a rule; the rule's own name follows."""

REJECTED_ADVICE_ELSE = "Look at the lines in `rejected_rows`, mend the source or the contract, and run `cdp replay`."


_RULE_OF = {(rule.name, rule.field): rule for rule in RULES}


def rule_of(finding: str, field: str) -> Rule | None:
    """The rule of a finding; None for rejected lines and values that were not kept."""
    return IDENTIFIER_RULE if finding == IDENTIFIER_RULE.name else _RULE_OF.get((finding, field))


def severity_of(finding: str, field: str) -> Severity:
    """How bad it is; what could not be taken in or kept is wrong."""
    rule = rule_of(finding, field)
    return rule.severity if rule else "wrong"


def is_part(finding: str, field: str) -> bool:
    """Whether it is counted in another finding already: records repeated by one evidence, in those repeated by any."""
    return finding == "repeats_another_record" and field != "record"


def graded(findings: pl.DataFrame) -> pl.DataFrame:
    """``standardized/quality_findings`` with ``severity``, without findings that are part of another."""
    named = list(findings.select("finding", "field").iter_rows())
    severity = pl.Series("severity", [severity_of(*each) for each in named], dtype=pl.String)
    alone = pl.Series([not is_part(*each) for each in named], dtype=pl.Boolean)
    return findings.with_columns(severity).filter(alone)
