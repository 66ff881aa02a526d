"""What an e-mail address is, judged by its text: disposable, relay, role, placeholder, personal or corporate.

Earlier classes win: ``info@mailinator.com`` is disposable. ``personal`` is a mailbox at a free-mail or access provider,
``corporate`` every other one, a mistyped provider's apart. For a domain that looks like a mistyped provider's a suggestion is given, never a repair:
the delivered domain may be somebody's own (ge.com is not me.com).

What does not belong here: what the data say of an address: who shares it, whether it is alive (``email_addresses.py``).
"""

from __future__ import annotations

from functools import cache

import polars as pl
from rapidfuzz.distance import OSA

from cdp_assets.standardized.text import by_distinct, word_list, word_set

SUGGESTED_PROVIDERS = (
    "gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "live.com", "protonmail.com", "comcast.net",
    "verizon.net", "sbcglobal.net", "bellsouth.net", "googlemail.com", "rocketmail.com", "btinternet.com", "hotmail.co.uk",
    "yahoo.co.uk", "live.co.uk", "virginmedia.com", "talktalk.net", "hotmail.fr", "orange.fr", "wanadoo.fr", "laposte.net",
    "hotmail.es", "yahoo.es", "telefonica.net", "hotmail.it", "libero.it", "virgilio.it", "yahoo.it", "hotmail.de",
    "yahoo.de", "t-online.de", "freenet.de", "interia.pl", "poczta.onet.pl", "gazeta.pl", "yahoo.com.br", "hotmail.com.br",
    "bigpond.com", "optusnet.com.au", "yahoo.com.au", "sympatico.ca", "rogers.com", "earthlink.net", "charter.net",
    "yahoo.fr", "yahoo.ca", "yahoo.co.in", "rediffmail.com", "yandex.ru", "rambler.ru", "seznam.cz", "bluewin.ch",
    "att.net", "outlook.es", "outlook.fr", "outlook.de", "yahoo.com.mx", "yahoo.com.ar", "onet.pl", "web.de", "gmx.de",
)  # fmt: skip
"""Providers whose mistyped domains are worth a suggestion: large enough that a slip is likelier than an own domain."""

SHORTEST_FUZZY_NAME = 4
"""Below it ('me', 'aol', 'gmx', 'web') too many real domains are one letter away."""

TWO_SLIPS_FROM = 11
"""Domains at least so long may be two slips away."""

REAL_NEIGHBOURS = word_set(
    """
    ge.com me.com mail.com email.com ymail.com gmx.com gmx.net gmx.at gmx.ch gmx.us live.com live.ca live.nl
    live.be live.de live.fr live.it live.se live.no live.dk live.ie yahoo.cn yandex.ua yandex.by love.com
    give.com five.com dive.com lives.com liv.com alive.com olive.com line.com like.com live.org live.net att.com
    at.net web.me wed.de weg.de web.com web.dk web.pl one.pl net.pl net.de gmx.co.uk charter.com comcast.com
    verizon.com rogers.net orange.com orange.es orange.net orange.pl libero.com freenet.com outlook.in
    hotmail.net mail.de email.de mail.ru email.it mail.dk ail.com jmail.com kmail.com fmail.com bmail.com
    yahoo.pl yahoo.no yahoo.se yahoo.ie yahoo.in yahoo.co.id yahoo.co.jp yahoo.co.kr yahoo.co.nz interia.eu
    onet.eu gazeta.com virgilio.com
    """
)
"""Real domains within a slip of a provider's: never 'repaired'."""

_MISTYPED_ENDINGS = {
    "con": "com", "cm": "com", "om": "com", "cim": "com", "comm": "com", "cpm": "com", "vom": "com", "xom": "com",
    "ocm": "com", "cmo": "com", "coml": "com", "co": "com", "c": "com", "comn": "com", "coom": "com", "ccom": "com",
    "come": "com", "cop": "com", "nte": "net", "ner": "net", "nett": "net", "ne": "net", "ent": "net", "met": "net",
}  # fmt: skip


def describe_emails(emails: pl.Series) -> pl.DataFrame:
    """``email``, ``domain``, ``class`` and ``suggestion`` of each canonical address, in the order given."""
    address = pl.col("email")
    frame = (
        emails.alias("email")
        .to_frame()
        .with_columns(domain=address.str.extract(r"@([^@]*)$"), local=address.str.extract(r"^(.*)@[^@]*$"))
    )
    frame = frame.with_columns(meant=by_distinct(frame.get_column("domain"), suggested_domain, pl.String()))
    frame = frame.with_columns(_class_of(pl.col("local"), pl.col("domain"), pl.col("meant")).alias("class"))
    suggestion = pl.when(pl.col("meant").is_not_null()).then(pl.col("local") + "@" + pl.col("meant"))
    return frame.select("email", "domain", "class", suggestion.alias("suggestion"))


def _class_of(local: pl.Expr, domain: pl.Expr, meant: pl.Expr) -> pl.Expr:
    def among(text: pl.Expr, name: str) -> pl.Expr:
        return text.is_in(sorted(word_list(name)))

    untagged = local.str.replace(r"\+.*$", "")
    bare = untagged.str.replace_all(r"[._\-]", "")
    function = untagged.str.replace(r"[._\-]?\d{1,3}$", "")
    parent = domain.str.extract(r"([^.]+\.[^.]+)$")
    placeholder = (
        bare.is_in(sorted(word_list("placeholder_mailboxes.txt")))
        | among(domain, "placeholder_domains.txt")
        | bare.str.contains(r"^(?:x{2,}|0+|9{3,})$")
        | domain.str.contains(r"^(?:no|none|na|null|nomail|noemail|test|x{2,})\.[a-z]+$|\.invalid$")
    )
    return (
        pl.when(among(domain, "disposable_domains.txt") | among(parent, "disposable_domains.txt"))
        .then(pl.lit("disposable"))
        .when(among(domain, "relay_domains.txt") | among(parent, "relay_domains.txt"))
        .then(pl.lit("relay"))
        .when(among(untagged, "role_words.txt") | among(bare, "role_words.txt") | among(function, "role_words.txt"))
        .then(pl.lit("role"))
        .when(placeholder)
        .then(pl.lit("placeholder"))
        .when(among(domain, "free_mail_domains.txt") | meant.is_not_null())
        .then(pl.lit("personal"))
        .otherwise(pl.lit("corporate"))
    )


@cache
def suggested_domain(domain: str) -> str | None:
    """The provider's domain that a mistyped one was probably meant to be, or None."""
    if domain in word_list("free_mail_domains.txt") or domain in REAL_NEIGHBOURS:
        return None
    name, _, ending = domain.rpartition(".")
    repaired = f"{name}.{_MISTYPED_ENDINGS.get(ending, ending)}"
    if repaired != domain and repaired in SUGGESTED_PROVIDERS:
        return repaired
    best = min(
        ((OSA.distance(domain, provider), provider) for provider in SUGGESTED_PROVIDERS if _is_comparable(provider)),
        default=None,
    )
    if best is None or best[0] == 0:
        return None
    slips = 2 if len(best[1]) >= TWO_SLIPS_FROM and domain[0] == best[1][0] else 1
    return best[1] if best[0] <= slips else None


def _is_comparable(provider: str) -> bool:
    return len(provider.split(".", 1)[0]) >= SHORTEST_FUZZY_NAME
