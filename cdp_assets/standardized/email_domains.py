"""What an e-mail address is, judged by its text: disposable, relay, role, placeholder, personal or corporate.

Earlier classes win: ``info@mailinator.com`` is disposable. ``personal`` is a mailbox at a free-mail or access provider,
``corporate`` every other one. Providers that no list knows are found in the data: people of many employers have
addresses at them (:func:`open_domains`).

What does not belong here: what the data say of an address: who shares it (``email_sharing.py``), whether it is alive
(``email_lives.py``); domains that were mistyped (``mistyped_domains.py``).
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from cdp_assets.standardized.text import word_list

PERSONAL, CORPORATE, ROLE, DISPOSABLE, RELAY, PLACEHOLDER = CLASSES = (
    "personal", "corporate", "role", "disposable", "relay", "placeholder",
)  # fmt: skip

OPEN_FROM_COMPANIES = 8
"""Employers that people with addresses at one domain name, before the domain can be nobody's own. A group of companies
under one domain has fewer, or one that most of them name."""

OPEN_TOP_SHARE = 0.3
"""At an employer's domain most people name the employer, whatever they call it; at a provider's no employer stands out."""


def describe_emails(emails: pl.Series, free_mail: Collection[str] = ()) -> pl.DataFrame:
    """``email``, ``domain`` and ``class`` of each canonical address, in the order given.

    ``free_mail``: domains that count as free mail besides those of the list.
    """
    frame = emails.alias("email").to_frame().with_columns(domain=pl.col("email").str.extract(r"@([^@]*)$"))
    frame = frame.with_columns(local=local_part())
    classes = _class_of(pl.col("local"), pl.col("domain"), sorted(free_mail))
    return frame.select("email", "domain", classes.alias("class"))


def local_part() -> pl.Expr:
    """What stands before the ``domain`` of an ``email``. A fifth of the time of a pattern that takes all up to the last @."""
    return pl.col("email").str.strip_suffix("@" + pl.col("domain"))


def open_domains(carried: pl.DataFrame) -> frozenset[str]:
    """Domains at which people of many employers have their addresses: providers that the list does not know.

    ``carried``: ``domain`` and ``company_norm``, a row per record version and address.
    """
    named = carried.select("domain", "company_norm").drop_nulls()
    listed = word_list("free_mail_domains.txt")
    counted = named.group_by("domain", "company_norm").len().group_by("domain").agg(
        pl.len().alias("companies"), (pl.col("len").max() / pl.col("len").sum()).alias("top_share")
    )  # fmt: skip
    is_open = (pl.col("companies") >= OPEN_FROM_COMPANIES) & (pl.col("top_share") < OPEN_TOP_SHARE)
    return frozenset(counted.filter(is_open)["domain"]) - listed


def _class_of(local: pl.Expr, domain: pl.Expr, free_mail: list[str]) -> pl.Expr:
    def among(text: pl.Expr, name: str) -> pl.Expr:
        return text.is_in(sorted(word_list(name)))

    untagged = local.str.replace(r"\+.*$", "")
    bare = untagged.str.replace_all(r"[._\-]", "")
    function = untagged.str.replace(r"[._\-]?\d{1,3}$", "")
    is_role = (
        among(untagged, "role_words.txt")
        | among(bare, "role_words.txt")
        | among(function, "role_words.txt")
        | untagged.str.contains(_LIST_OWNER)
    )
    parent = domain.str.extract(r"([^.]+\.[^.]+)$")
    is_placeholder = (
        bare.is_in(sorted(word_list("placeholder_mailboxes.txt")))
        | among(domain, "placeholder_domains.txt")
        | bare.str.contains(r"^(?:x{2,}|0+|9{3,})$")
        | domain.str.contains(r"^(?:no|none|na|null|nomail|noemail|test|x{2,})\.[a-z]+$|\.invalid$")
    )
    return (
        pl.when(among(domain, "disposable_domains.txt") | among(parent, "disposable_domains.txt"))
        .then(pl.lit(DISPOSABLE))
        .when(among(domain, "relay_domains.txt") | among(parent, "relay_domains.txt"))
        .then(pl.lit(RELAY))
        .when(is_role)
        .then(pl.lit(ROLE))
        .when(is_placeholder)
        .then(pl.lit(PLACEHOLDER))
        .when(among(domain, "free_mail_domains.txt") | domain.is_in(free_mail))
        .then(pl.lit(PERSONAL))
        .otherwise(pl.lit(CORPORATE))
    )


_LIST_OWNER = r"^(?:owner-.+|.+-(?:request|owner|bounces))$"
"""RFC 2142, section 6: ``list-request`` is who looks after a mailing list; list software adds owner and bounces."""
