"""E-mail addresses: the address that a text holds, in the one spelling that its provider sees.

``standardize_emails`` reads the address out of a text, checks its syntax (email-validator, no DNS) and writes it
canonically. Canonical: lower case, domain in ASCII (IDN), and what a provider ignores taken off:

=================================== ======================================================================================
at                                  is ignored
=================================== ======================================================================================
gmail.com, googlemail.com           dots, ``+tag``, and which of the two domains it is
fastmail.com, fastmail.fm           ``+tag``; ``anything@name.fastmail.com`` is ``name@fastmail.com``
the other ``_TAG_PROVIDERS``        ``+tag``
everywhere else                     nothing
=================================== ======================================================================================

What a provider keeps apart is never merged: dots everywhere but at Gmail, ``+tag`` at Yahoo, AOL, GMX, web.de and
companies, and Yahoo's disposable ``base-keyword``, which cannot be told from a name with a hyphen. Nor are the several
domains of one provider (outlook.com and hotmail.com are two people's; icloud.com, me.com and mac.com are one person's
only for old accounts). Invented domains are valid: there is no DNS here, and an address that reaches nobody still
identifies.

A slip of the hand that leaves one reading is read ('ann @mail.com', 'ann@gmail,com', 'mailto:…'). A text that holds
no address is none (null), and so is one that was masked ('d***@gmail.com', ``masked_contacts.py``); a mistyped domain is
not repaired here, only suggested (``email_domains.py``).

What does not belong here: what an address is, who shares it, whether it is alive (``email_domains.py``,
``email_addresses.py``).
"""

from __future__ import annotations

import polars as pl
from email_validator import EmailNotValidError, validate_email

from cdp_assets.standardized.masked_contacts import are_masked_emails
from cdp_assets.standardized.problems import MASKED, PLACEHOLDER, UNREADABLE
from cdp_assets.standardized.text import (
    VALUE,
    by_distinct,
    changed_where,
    clean,
    computed,
    looked_up,
    none_when_empty,
    parted,
    without_placeholders,
)

_PLAIN = (
    r"^[a-z0-9_][a-z0-9!#$%&*+/?^_~'-]{0,63}(?:\.[a-z0-9!#$%&*+/?^_~'-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$"
)
"""Addresses that email-validator accepts as they are; its opinion is asked on the others only."""

_LONGEST_LOCAL_PART = 64
_IN_BRACKETS = r"^.*<([^<>@]+@[^<>@]+)>.*$"
_LABEL = r"^(?:e-?mail|mailto|mail|smtp)\s*[:=]\s*"
_MASKED_AT = r"\s*[\[({]\s*(?:at|@|AT|ät)\s*[\])}]\s*"
_BORDER = " \t'\"`<>()[]{}.,;:|\\"

GMAIL_DOMAINS = ("gmail.com", "googlemail.com")
_TAG_PROVIDERS = (
    "outlook.com", "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.fr", "hotmail.es", "hotmail.it", "live.com",
    "live.co.uk", "live.de", "live.fr", "live.nl", "msn.com", "outlook.de", "outlook.fr", "outlook.es", "outlook.it",
    "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "protonmail.ch", "pm.me", "fastmail.com",
    "fastmail.fm", "yandex.ru", "yandex.com", "ya.ru", "zoho.com", "zohomail.com", "hey.com", "mailbox.org",
    "posteo.de", "posteo.net", "runbox.com", "pobox.com",
)  # fmt: skip
"""Providers that deliver ``name+tag`` to ``name`` (their help pages say so). One of which that is not sure is left out:
two spellings of one address are found by linkage, two people's addresses made one are never parted again."""


def standardize_emails(delivered: pl.Series) -> pl.Series:
    """The canonical address that each delivered text holds; null where it holds none, a masked one or several.

    Texts with several addresses are parted by :func:`part_emails` before. Idempotent.
    """
    texts = clean(delivered)
    read = _read(texts)
    return read.set(_hide_something(texts, read), None)


def why_no_email(texts: pl.Series) -> pl.Series:
    """The problem of texts in which :func:`standardize_emails` finds no address: none was written, it is masked, or none is read."""
    texts = clean(texts)
    frame = pl.DataFrame({"said": without_placeholders(texts), "is_masked": _hide_something(texts, _read(texts))})
    word = pl.when(pl.col("said").is_null()).then(pl.lit(PLACEHOLDER)).when("is_masked").then(pl.lit(MASKED))
    return frame.select(word.otherwise(pl.lit(UNREADABLE)).alias(texts.name)).to_series()


def _hide_something(texts: pl.Series, read: pl.Series) -> pl.Series:
    """Whether each clean text is a masked address as it stands, or becomes one where slips are taken for what they are."""
    return are_masked_emails(texts) | are_masked_emails(read)


def _read(texts: pl.Series) -> pl.Series:
    """The canonical address in each clean text, masked or not."""
    lower = computed(texts, VALUE.str.to_lowercase())
    odd = lower.filter(~_is_plain(lower)).drop_nulls().unique()
    spelled = looked_up(lower, odd, computed(odd, _without_slips(VALUE)))
    odd = spelled.filter(~_is_plain(spelled)).drop_nulls().unique()
    checked = looked_up(spelled, odd, by_distinct(odd, _validated, pl.String()))
    may_have_rules = checked.str.contains_any([*GMAIL_DOMAINS, *_TAG_PROVIDERS])
    return changed_where(checked, may_have_rules, lambda some: computed(some, _canonical(VALUE)))


def _is_plain(texts: pl.Series) -> pl.Series:
    fits = VALUE.str.contains(_PLAIN) & (VALUE.str.find("@", literal=True) <= _LONGEST_LOCAL_PART)
    return computed(texts, fits.fill_null(True))


def part_emails(delivered: pl.Series) -> pl.Series:
    """Each delivered text as a list of the texts that hold one address each ('a@x.com; b@y.com' holds two)."""
    parts = VALUE.str.replace_all(r"[;,|\s/]+", " ").str.strip_chars(" ").str.split(" ")
    holding = parts.list.eval(pl.element().filter(pl.element().str.contains("@", literal=True)))
    return parted(clean(delivered), VALUE.str.count_matches("@", literal=True) > 1, holding)


def _without_slips(text: pl.Expr) -> pl.Expr:
    """Wrapping and border signs off, blanks out, one sign for 'at' and for the dots of a domain."""
    bare = text.str.replace(_IN_BRACKETS, "$1")
    bare = bare.str.replace(_LABEL, "").str.replace(_MASKED_AT, "@")
    bare = bare.str.strip_chars(_BORDER).str.replace_all(r"\s+", "")
    domain = bare.str.extract(r"@([^@]*)$").str.replace_all(r"[.,;]+", ".")
    local = bare.str.extract(r"^(.*)@[^@]*$").str.strip_chars(".").str.replace_all(r"\.{2,}", ".")
    return none_when_empty(pl.when(domain.is_null()).then(None).otherwise(local + "@" + domain))


def _validated(address: str) -> str | None:
    """The address as email-validator writes it, domain in ASCII; None when it is not one. Domains need a dot."""
    try:
        parts = validate_email(address, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError:
        return None
    if not parts.ascii_domain or "." not in parts.ascii_domain.strip(".") or parts.ascii_domain.startswith("["):
        return None
    return f"{parts.local_part}@{parts.ascii_domain}".lower()


def _canonical(address: pl.Expr) -> pl.Expr:
    """What the provider ignores, taken off; an address of nothing but a tag stays as it is."""
    local = address.str.extract(r"^(.*)@[^@]*$")
    domain = address.str.extract(r"@([^@]*)$")
    untagged = local.str.replace(r"^([^+]+)\+.*$", "$1")
    undotted = untagged.str.replace_all(".", "", literal=True)
    owner = domain.str.extract(_FASTMAIL_SUBDOMAIN, 1)
    return (
        pl.when(domain.is_in(GMAIL_DOMAINS))
        .then(undotted + "@gmail.com")
        .when(domain.is_in(_TAG_PROVIDERS))
        .then(untagged + "@" + domain)
        .when(owner.is_not_null())
        .then(owner + "@" + domain.str.extract(_FASTMAIL_SUBDOMAIN, 2))
        .otherwise(address)
    )


_FASTMAIL_SUBDOMAIN = r"^([a-z0-9_-]{4,})\.(fastmail\.com|fastmail\.fm)$"
"""Whose address it is where Fastmail's domain has a name before it; shorter ones are hosts ('www')."""
