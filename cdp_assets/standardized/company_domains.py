"""What the data say of each corporate domain: the form of its addresses, when it changed, what became of it.

* **form**: the pattern (``address_patterns.py``) that most of its people's addresses have; none while few people show it.
* **change of form**: the moment that best separates first sightings of the former form from those of the present one
  (``cut_overs.py``). Only first sightings tell: a system goes on repeating an old address for years.
* **old became new**: people of one domain are seen later at one other domain, most with the same local part; hardly
  anyone is first seen at the old one after the cut, hardly anyone at the new one before it. Employees who leave
  scatter, and go to domains that were there before; they do not make a change.
* **gone**: another domain took its place, or the whole of it bounces or has fallen silent (``gone_domains.py``).

Free mail, relays, disposable and mistyped domains are no companies'; shared and role addresses are no person's.

What does not belong here: whose a predicted address is (``probable_emails.py``), what an address is by its text
(``email_domains.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.standardized.address_patterns import NAME_COLUMNS, PATTERNS, followed_patterns
from cdp_assets.standardized.cut_overs import Demands, cut_overs
from cdp_assets.standardized.email_domains import local_part
from cdp_assets.standardized.event_words import BOUNCED
from cdp_assets.tables import COMPANY_DOMAINS

VERSION_COLUMNS = [
    "record_id", *NAME_COLUMNS, "company_norm", "observed_at", "last_seen_at", "activity", "date_of_birth", "phones", "emails",
]  # fmt: skip
"""Columns of record versions that domains are learned from: nothing else needs to be read."""

ADDRESS_COLUMNS = ["email", "domain", "class", "is_shared", "suggestion", "domain_gone_at"]
"""The same of e-mail addresses."""

PATTERN_SUPPORT = 3
"""People who must show a form before it is the domain's: two may be brothers, or one person misspelt."""

PATTERN_SHARE = 0.5
"""Of the named people; below it the domain has no form of its own (free mail under an own domain, a school, an agency)."""

FORM_CHANGE = Demands(support=3, support_with_switchers=2, purity=0.8)
"""After a change some old accounts are kept and some people are named otherwise; four in five are a rule, and a gradual shift is not."""

DOMAIN_CHANGE = Demands(support=3, support_with_switchers=3, purity=0.9)
"""Nobody gets an address at a domain that is no more; what is left is late deliveries and namesakes."""

MOVERS = 2
"""People who must be seen first at the old domain and then at the new one."""

SAME_LOCAL_SHARE = 0.5
"""Of those, who keep their local part: mail is forwarded by it. A new employer forms it anew, but often alike."""

MOVED_TOGETHER_SHARE = 0.5
"""Of the old domain's people who are seen at any other one later, how many go to that one: employees scatter."""

MOST_DOMAINS_OF_A_PERSON = 6
"""A name and key at more corporate domains than this is several people's, or a placeholder."""

TOP_FORMS = 4
"""Forms of a domain among which a change is looked for, the most frequent ones."""


@dataclass(frozen=True)
class Companies:
    """``domains``: rows of ``standardized/company_domains``; ``forms``: ``domain``, ``pattern`` and ``first_seen_at`` of each
    named corporate address and form that it has (null: none), from which they were learned."""

    domains: pl.DataFrame
    forms: pl.DataFrame


def company_domains(versions: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/company_domains``, sorted by domain: see :func:`companies`."""
    return companies(versions, addresses).domains


def companies(versions: pl.DataFrame, addresses: pl.DataFrame) -> Companies:
    """What the data say of each corporate domain, sorted by domain, and the sightings behind it.

    ``versions`` is ``standardized/record_versions``; ``addresses`` says of each address ``email``, ``domain``, ``class``,
    ``suggestion``, ``is_shared`` and ``domain_gone_at`` (``standardized/email_addresses``).
    """
    carried = corporate_sightings(versions, addresses)
    seen = _addresses(carried)
    forms = _forms(carried, seen)
    sighted = forms.select("domain", "pattern", "first_seen_at")
    if carried.is_empty():
        return Companies(COMPANY_DOMAINS.empty(), sighted)
    changed = _changes_of_form(forms)
    table = (
        seen.group_by("domain")
        .agg(
            pl.col("person").n_unique().cast(pl.Int64).alias("people"),
            pl.len().cast(pl.Int64).alias("addresses"),
            pl.col("first_seen_at").min(),
            pl.col("last_seen_at").max(),
        )
        .join(_companies(carried), on="domain", how="left")
        .join(_present_forms(forms, changed), on="domain", how="left")
        .join(changed, on="domain", how="left")
        .join(_successors(carried, seen), on="domain", how="left")
        .join(_gone(addresses), on="domain", how="left")
        .with_columns(
            pl.col("pattern_support", "former_support", "became_people").fill_null(0),
            gone_at=pl.coalesce("gone_at", pl.col("became_at")),
            pattern_changed_on=pl.col("changed_at").dt.date(),
            became_on=pl.col("became_at").dt.date(),
        )
    )
    return Companies(COMPANY_DOMAINS.conform(table.select(COMPANY_DOMAINS.schema.keys()).sort("domain")), sighted)


def corporate_sightings(versions: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    """One row per record version and personal corporate address: ``email``, ``domain``, ``local``, who, and when."""
    corporate = addresses.filter(
        (pl.col("class") == "corporate") & ~pl.col("is_shared") & pl.col("suggestion").is_null()
    )
    return (
        versions.select(
            "record_id",
            *NAME_COLUMNS,
            "company_norm",
            "observed_at",
            "last_seen_at",
            "activity",
            "date_of_birth",
            pl.col("phones").list.first().alias("phone"),
            pl.col("emails").alias("email"),
        )
        .explode("email")
        .join(corporate.select("email", "domain"), on="email", how="inner")
        .with_columns(
            local=local_part(),
            is_bounce=(pl.col("activity") == BOUNCED).fill_null(False),
        )
    )


def _addresses(carried: pl.DataFrame) -> pl.DataFrame:
    """One row per address: its person (the name that most of its records say; itself without one), first and last seen.

    A bounce is no sighting of a person, but an address that is only known from one is there all the same.
    """
    delivered = pl.col("observed_at").filter(~pl.col("is_bounce")).min()
    times = carried.group_by("email", "domain", "local").agg(
        pl.coalesce(delivered, pl.col("observed_at").min()).alias("first_seen_at"),
        pl.max_horizontal("observed_at", "last_seen_at").max().alias("last_seen_at"),
    )
    names = (
        carried.filter(pl.col("last_name_norm").is_not_null())
        .group_by("email", "first_name_root", "last_name_norm")
        .len()
        .sort("email", "len", "last_name_norm", "first_name_root", descending=[False, True, False, False])
        .unique("email", keep="first", maintain_order=True)
        .select("email", named=pl.concat_str(pl.col("first_name_root").fill_null(""), "last_name_norm", separator="|"))
    )
    joined = times.join(names, on="email", how="left")
    return joined.with_columns(person=pl.coalesce("named", "email"), is_named=pl.col("named").is_not_null())


def _forms(carried: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """One row per named address and form that it has in any of its carriers' names; null where it has none."""
    named = (
        carried.filter(pl.col("last_name_norm").is_not_null() & ~pl.col("is_bounce"))
        .select("email", "local", *NAME_COLUMNS)
        .unique()
        .sort("email", *NAME_COLUMNS)
    )
    followed = followed_patterns(named)
    patterns = (
        named.with_row_index("row").select("row", "email").join(followed, on="row").select("email", "pattern").unique()
    )
    kept = ["domain", "email", "person", "first_seen_at"]
    return seen.filter("is_named").select(kept).join(patterns, on="email", how="left")


def _rank() -> pl.Expr:
    """Place of the form in the list, for ties."""
    return pl.col("pattern").replace_strict(list(PATTERNS), list(range(len(PATTERNS))), return_dtype=pl.Int64)


def _supported(forms: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``pattern``, ``support`` (people), most supported first within each domain."""
    return (
        forms.drop_nulls("pattern")
        .group_by("domain", "pattern")
        .agg(pl.col("person").n_unique().cast(pl.Int64).alias("support"))
        .sort("domain", "support", _rank(), descending=[False, True, False])
    )


def _present_forms(forms: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``pattern``, ``pattern_support``, ``pattern_share``: of the time since the change, where there was one."""
    since = forms.join(changed.select("domain", "changed_at", new="next_pattern"), on="domain", how="left").filter(
        pl.col("changed_at").is_null() | (pl.col("first_seen_at") > pl.col("changed_at"))
    )
    people = since.group_by("domain").agg(pl.col("person").n_unique().alias("named_people"))
    expected = since.filter(pl.col("new").is_null() | (pl.col("pattern") == pl.col("new")))
    found = (
        _supported(expected)
        .unique("domain", keep="first", maintain_order=True)
        .join(people, on="domain")
        .join(changed.select("domain", is_changed=pl.lit(True)), on="domain", how="left")
    )
    share = pl.col("support") / pl.col("named_people")
    is_enough = (pl.col("support") >= PATTERN_SUPPORT) & (share >= PATTERN_SHARE)
    return found.filter(is_enough | pl.col("is_changed")).select(
        "domain", "pattern", pattern_support="support", pattern_share=share
    )


def _changes_of_form(forms: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``former_pattern``, ``former_support``, ``next_pattern``, ``changed_at`` of the domains that changed."""
    top = (
        _supported(forms)
        .filter(pl.col("support") >= FORM_CHANGE.support_with_switchers)
        .group_by("domain", maintain_order=True)
        .head(TOP_FORMS)
    )
    pairs = top.select("domain", former="pattern").join(top.select("domain", new="pattern"), on="domain")
    pairs = pairs.filter(pl.col("former") != pl.col("new"))
    sighted = forms.group_by("domain", "email", "person", "first_seen_at").agg(pl.col("pattern").drop_nulls())
    shown = sighted.join(pairs, on="domain").with_columns(
        has_former=pl.col("pattern").list.contains(pl.col("former")),
        has_new=pl.col("pattern").list.contains(pl.col("new")),
    )
    shown = shown.filter(pl.col("has_former") != pl.col("has_new"))
    by = ["domain", "former", "new"]
    events = shown.select(*by, "person", at="first_seen_at", is_after="has_new")
    best = (
        cut_overs(events, _switchers(events, by), by, FORM_CHANGE)
        .sort("domain", "evidence", "former", "new", descending=[False, True, False, False])
        .unique("domain", keep="first", maintain_order=True)
    )
    return best.select(
        "domain", former_pattern="former", former_support="before", next_pattern="new", changed_at="cut_at"
    )


def _switchers(events: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """``by``, ``switchers``: people seen first with the former kind and later with the new one, less those who went back."""
    of_person = events.group_by(*by, "person").agg(
        pl.col("at").filter(~pl.col("is_after")).min().alias("former_at"),
        pl.col("at").filter("is_after").min().alias("new_at"),
    )
    both = of_person.drop_nulls(["former_at", "new_at"])
    forward = (pl.col("former_at") < pl.col("new_at")).sum().cast(pl.Int64)
    back = (pl.col("former_at") > pl.col("new_at")).sum().cast(pl.Int64)
    return both.group_by(by).agg((forward - back).alias("switchers"))


def _successors(carried: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``became``, ``became_people``, ``became_at`` of the domains that another one replaced."""
    moves = _moves(carried, seen)
    leavers = moves.group_by("domain").agg(pl.col("person").n_unique().alias("leavers"))
    together = (
        moves.group_by("domain", "new_domain")
        .agg(
            pl.col("person").n_unique().cast(pl.Int64).alias("movers"),
            pl.col("person").filter("keeps_local").n_unique().alias("keepers"),
        )
        .join(leavers, on="domain")
        .filter(
            (pl.col("movers") >= MOVERS)
            & (pl.col("keepers") >= SAME_LOCAL_SHARE * pl.col("movers"))
            & (pl.col("movers") >= MOVED_TOGETHER_SHARE * pl.col("leavers"))
        )
    )
    pairs = together.select("domain", "new_domain")
    by = ["domain", "new_domain"]
    dated = seen.select("domain", at="first_seen_at")
    events = pl.concat(
        [
            pairs.join(dated, on="domain").select(*by, "at", is_after=pl.lit(False)),
            pairs.join(dated, left_on="new_domain", right_on="domain").select(*by, "at", is_after=pl.lit(True)),
        ]
    )
    found = cut_overs(events, together.select(*by, switchers="movers"), by, DOMAIN_CHANGE).join(together, on=by)
    best = found.sort("domain", "movers", "evidence", "new_domain", descending=[False, True, True, False])
    return best.unique("domain", keep="first", maintain_order=True).select(
        "domain", became="new_domain", became_people="movers", became_at="cut_at"
    )


def _moves(carried: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``new_domain``, ``person``, ``keeps_local``: people seen first at the one and later at the other.

    One person by a record that carried both, or the same name with the same birth date, phone, or local part.
    """
    times = seen.select("email", "person", "is_named", "first_seen_at")
    at = carried.join(times, on="email").select(
        "domain", "email", "local", "person", "is_named", "first_seen_at", "record_id", "date_of_birth", "phone"
    )
    named = pl.when("is_named").then(pl.col("person"))
    keys = [
        pl.format("r{}", "record_id"),
        pl.format("b{}|{}", named, pl.col("date_of_birth").cast(pl.String)),
        pl.format("p{}|{}", named, "phone"),
        pl.format("l{}|{}", named, "local"),
    ]
    plain = ["domain", "local", "person", "first_seen_at"]
    keyed = pl.concat([at.select(*plain, key.alias("key")) for key in keys]).drop_nulls("key").unique()
    domains = keyed.group_by("key").agg(pl.col("domain").n_unique().alias("domains"))
    several = domains.filter(pl.col("domains").is_between(2, MOST_DOMAINS_OF_A_PERSON)).select("key")
    keyed = keyed.join(several, on="key", how="semi")
    later = keyed.select("key", new_domain="domain", new_local="local", new_at="first_seen_at")
    moved = keyed.join(later, on="key").filter(
        (pl.col("domain") != pl.col("new_domain")) & (pl.col("first_seen_at") < pl.col("new_at"))
    )
    return moved.group_by("domain", "new_domain", "person").agg(
        (pl.col("local") == pl.col("new_local")).any().alias("keeps_local")
    )


def _companies(carried: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``company``: what most records at it name; of equals the first by name."""
    return (
        carried.drop_nulls("company_norm")
        .group_by("domain", "company_norm")
        .agg(pl.col("record_id").n_unique().alias("records"))
        .sort("domain", "records", "company_norm", descending=[False, True, False])
        .unique("domain", keep="first", maintain_order=True)
        .select("domain", company="company_norm")
    )


def _gone(addresses: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``gone_at``: what is said of every address of a domain that is gone as a whole (``gone_domains.py``)."""
    return (
        addresses.drop_nulls("domain_gone_at").group_by("domain").agg(pl.col("domain_gone_at").min().alias("gone_at"))
    )
