"""Domains that were probably mistyped: for each the domain that was meant, and how sure that is. Nothing is repaired.

A domain may be meant for one a slip of the hand away: a large provider's (also where no record shows it), or one at which
many people of the data have addresses while few have one at the odd domain. What is one letter away from a provider may
be somebody's own (ge.com is not me.com), so evidence is weighed for and against, in bits:

* the kind of slip (``SLIP_BITS``): an ending that no top-level domain has is all but proof, any other letter is not;
* who is meant: a large provider, another listed one, or one that only the data know (``PROVIDER_BITS``);
* how many addresses the odd domain has, against what slips of that many people would make (``SLIPS_PER_ADDRESS``);
* that mail reached somebody at it, or all of it bounced; that an address of it was in use for years.

A domain of the lists is real, and so is a provider's name under another country's ending (yahoo.fi).

What does not belong here: mistyped local parts; what a suggestion is used for.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from cdp_assets.sources.countries import COUNTRY_CODES
from cdp_assets.standardized.text import word_list, word_set

LARGE_PROVIDERS = ("gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com")
"""So many people have an address at them that most domains a slip away were meant for them."""

SUGGESTED_PROVIDERS = (
    *LARGE_PROVIDERS, "live.com", "protonmail.com", "comcast.net", "aol.com",
    "verizon.net", "sbcglobal.net", "bellsouth.net", "googlemail.com", "rocketmail.com", "btinternet.com", "hotmail.co.uk",
    "yahoo.co.uk", "live.co.uk", "virginmedia.com", "talktalk.net", "hotmail.fr", "orange.fr", "wanadoo.fr", "laposte.net",
    "hotmail.es", "yahoo.es", "telefonica.net", "hotmail.it", "libero.it", "virgilio.it", "yahoo.it", "hotmail.de",
    "yahoo.de", "t-online.de", "freenet.de", "interia.pl", "poczta.onet.pl", "gazeta.pl", "yahoo.com.br", "hotmail.com.br",
    "bigpond.com", "optusnet.com.au", "yahoo.com.au", "sympatico.ca", "rogers.com", "earthlink.net", "charter.net",
    "yahoo.fr", "yahoo.ca", "yahoo.co.in", "rediffmail.com", "yandex.ru", "rambler.ru", "seznam.cz", "bluewin.ch",
    "att.net", "outlook.es", "outlook.fr", "outlook.de", "yahoo.com.mx", "yahoo.com.ar", "onet.pl", "web.de", "gmx.de",
    "gmx.net",
)  # fmt: skip
"""Providers whose mistyped domains are worth a suggestion: large enough that a slip is likelier than an own domain."""

REAL_NEIGHBOURS = word_set(
    """
    ge.com me.com mail.com email.com ymail.com gmx.com gmx.net gmx.at gmx.ch gmx.us live.com live.ca live.nl
    live.be live.de live.fr live.it live.se live.no live.dk live.ie yahoo.cn yandex.ua yandex.by love.com
    give.com five.com dive.com lives.com liv.com alive.com olive.com line.com like.com live.org live.net att.com
    at.net web.me wed.de weg.de web.com web.dk web.pl one.pl net.pl net.de gmx.co.uk charter.com comcast.com
    verizon.com rogers.net orange.com orange.es orange.net orange.pl libero.com freenet.com outlook.in
    hotmail.net mail.de email.de mail.ru email.it mail.dk ail.com jmail.com kmail.com fmail.com bmail.com
    yahoo.pl yahoo.no yahoo.se yahoo.ie yahoo.in yahoo.co.id yahoo.co.jp yahoo.co.kr yahoo.co.nz interia.eu
    onet.eu gazeta.com virgilio.com aol.net aon.com aon.at cox.net fox.com aos.com aal.com gmac.com gail.com
    email.com gmai.org amail.com emai.com imail.com umail.com vmail.com xmail.com zmail.com rmail.com qmail.com
    hotmail.org rogers.org roger.com bigpond.net cloud.com icloud.net lcloud.com outlook.org overlook.com
    outlooks.com yahoos.com laposte.fr orange.co orange.be gmx.li gmx.eu wed.com wbe.de att.org atl.net ate.net
    earthlink.com charters.net charter.org virginmedia.co.uk talktalk.co.uk protonmail.ch protonmail.org
    """
)
"""Real domains within a slip of a provider's: never 'repaired'."""

SHORTEST_FUZZY_NAME = 4
"""Below it ('me', 'aol', 'gmx', 'web') too many real domains are one letter away; only their endings are looked at."""

SHORTEST_OWN_NAME = 8
"""The same for domains that only the data know: companies with short names have neighbours of the same kind."""

TWO_SLIPS_FROM = 11
"""A provider's domain at least so long may be two slips away, when both begin alike."""

POPULAR_FROM = 20
"""Addresses at a domain, before others are taken for slips of it."""

SLIP_BITS = {
    "impossible_ending": 7.0, "impossible_far_ending": 5.0, "confusable_ending": 4.0, "transposed": 5.0, "doubled": 5.0, "missing": 4.5,
    "neighbour": 4.5, "other": 2.5, "two_slips": 2.5,
}  # fmt: skip
"""Evidence of each kind of slip. Transpositions, doubled and missed letters and the key beside the right one are most of
all slips in typing studies (Damerau 1964, Grudin 1983); any other letter is as often somebody's own name."""

PROVIDER_BITS = {"large": 0.5, "listed": 0.0, "seen": -3.0}
"""Prior: a stranger one slip from a large provider is likelier its slip than a stranger beside a company."""

SLIPS_PER_ADDRESS = 0.01
"""So many addresses of a domain, at most, are typed as one and the same wrong domain; all slips together are 1 to 2%."""

SLIPS_EXPECTED = 2
"""Addresses at an odd domain that need no explanation, however few addresses the data have at the one that was meant."""

CROWDING_BITS = 2.5
"""Evidence against, for each doubling of the odd domain's addresses beyond what slips explain."""

REACHED_BITS, BOUNCED_BITS, LIVED_BITS = -8.0, 2.0, -2.5
"""Mail was delivered to or opened at the odd domain (it exists, and somebody reads there); half of its addresses bounced;
one of its addresses was in use for ``LIVED_YEARS``."""

LIVED_YEARS = 2.0

LEAST_CONFIDENCE = 0.5
"""Below it the domain is likelier real, and nothing is suggested."""

_SPELLED_AS = {"googlemail.com": "gmail.com"}
"""A provider's domain of which no address is left in canonical form: its people are counted under the other."""

_CONFUSABLE_ENDINGS = {
    "co": "com", "cm": "com", "om": "com", "cam": "com", "ne": "net", "nt": "net", "og": "org", "rg": "org",
}  # fmt: skip
"""Endings that exist, or might, and are what is left of a commoner one."""

_OTHER_ENDINGS = word_set(
    """
    com net org edu gov mil int info biz name pro mobi aero asia cat coop jobs museum post tel travel xxx arpa eu uk su ac
    app dev new bet pet vet ong ngo one link live email mail free frl online shop store site tech club xyz top vip fun
    web win work world today group company cloud blog agency gmbh london berlin paris example test invalid localhost
    """
)
"""Endings that exist besides those of countries, as far as they are near a provider's or common; and reserved ones."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")


def mistyped_domains(seen: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``meant`` and ``confidence`` of each domain that was probably mistyped, sorted by domain.

    ``seen``: one row per domain with ``addresses`` (distinct ones at it), ``reached`` and ``bounced`` (of those, how many
    mail got through to, and was returned from) and ``years`` (longest time that one of them was in use).
    """
    if seen.is_empty():
        return _NOTHING
    popular = _popular(seen)
    odd = seen.filter(~pl.col("domain").is_in(sorted(_REAL | set(popular))))
    if odd.is_empty():
        return _NOTHING
    pairs = _near(odd.get_column("domain"), sorted(popular))
    kinds = [slip(domain, meant) for domain, meant in pairs.select("domain", "meant").iter_rows()]
    weighed = (
        pairs.with_columns(kind=pl.Series(kinds, dtype=pl.String))
        .drop_nulls("kind")
        .join(odd, on="domain", how="left")
        .join(_described(popular), on="meant", how="left")
        .with_columns(confidence=1 / (1 + 2.0 ** (-_bits())))
    )
    best = weighed.sort(["domain", "confidence", "meant_addresses", "meant"], descending=[False, True, True, False])
    return (
        best.unique("domain", keep="first", maintain_order=True)
        .filter(pl.col("confidence") >= LEAST_CONFIDENCE)
        .select("domain", "meant", "confidence")
    )


def suggested_domain(domain: str) -> str | None:
    """The domain that was probably meant by one that a single address has, judged by its text alone; or None."""
    found = mistyped_domains(pl.DataFrame({"domain": [domain], **{name: [0] for name in _EVIDENCE}}, schema=_SEEN))
    return found.item(0, "meant") if found.height else None


_EVIDENCE = ("addresses", "reached", "bounced", "years")
_SEEN = {
    "domain": pl.String(), "addresses": pl.Int64(), "reached": pl.Int64(), "bounced": pl.Int64(), "years": pl.Float64(),
}  # fmt: skip
_NOTHING = pl.DataFrame(schema={"domain": pl.String(), "meant": pl.String(), "confidence": pl.Float64()})
_REAL = word_list("free_mail_domains.txt") | REAL_NEIGHBOURS | set(SUGGESTED_PROVIDERS)


def _popular(seen: pl.DataFrame) -> dict[str, int]:
    """Domains that may have been meant, with how many addresses the data have at each."""
    named = seen.filter(
        (pl.col("addresses") >= POPULAR_FROM)
        & (pl.col("domain").str.extract(r"^(.*)\.[^.]+$").str.len_chars() >= SHORTEST_OWN_NAME)
        & pl.col("domain").str.extract(r"\.([^.]+)$").is_in(sorted(_endings()))
    )
    counts = dict(seen.filter(pl.col("domain").is_in(SUGGESTED_PROVIDERS)).select("domain", "addresses").iter_rows())
    for domain, canonical in _SPELLED_AS.items():
        counts[domain] = max(counts.get(domain, 0), counts.get(canonical, 0))
    listed = word_list("free_mail_domains.txt")
    rows = named.select("domain", "addresses").sort("domain").iter_rows()
    own = {domain: count for domain, count in rows if domain not in listed}
    own = {domain: count for domain, count in own.items() if not _is_dwarfed(domain, {**own, **counts})}
    return {**dict.fromkeys(SUGGESTED_PROVIDERS, 0), **counts, **own}


def _is_dwarfed(domain: str, counts: dict[str, int]) -> bool:
    """Whether its many addresses are still what slips of a far larger domain explain (gmial.com beside gmail.com)."""
    return any(
        counts[domain] <= SLIPS_PER_ADDRESS * count and other != domain and slip(domain, other) is not None
        for other, count in counts.items()
        if count * SLIPS_PER_ADDRESS >= counts[domain]
    )


def _described(popular: dict[str, int]) -> pl.DataFrame:
    def standing(domain: str) -> float:
        if domain in LARGE_PROVIDERS:
            return PROVIDER_BITS["large"]
        return PROVIDER_BITS["listed" if domain in SUGGESTED_PROVIDERS else "seen"]

    return pl.DataFrame(
        {
            "meant": list(popular),
            "meant_addresses": list(popular.values()),
            "standing": [standing(domain) for domain in popular],
        },
        schema={"meant": pl.String, "meant_addresses": pl.Int64, "standing": pl.Float64},
    )


def _bits() -> pl.Expr:
    """Evidence that the domain was mistyped, in bits; 0 is even odds."""
    explained = pl.max_horizontal(pl.lit(SLIPS_EXPECTED), SLIPS_PER_ADDRESS * pl.col("meant_addresses"))
    crowding = (pl.max_horizontal("addresses", pl.lit(1)) / explained).log(2).clip(lower_bound=0.0)
    is_possible = ~pl.col("kind").str.starts_with("impossible")
    return (
        pl.col("kind").replace_strict(SLIP_BITS, return_dtype=pl.Float64)
        + pl.col("standing")
        - CROWDING_BITS * crowding
        + pl.when(pl.col("reached") > 0).then(REACHED_BITS).otherwise(0.0)
        + pl.when((pl.col("bounced") > 0) & (pl.col("bounced") * 2 >= pl.col("addresses")))
        .then(BOUNCED_BITS)
        .otherwise(0.0)
        + pl.when((pl.col("years") >= LIVED_YEARS) & is_possible).then(LIVED_BITS).otherwise(0.0)
    )


# -- which domains are near each other --------------------------------------------------------------------------------


def _near(odd: pl.Series, popular: list[str]) -> pl.DataFrame:
    """Pairs of ``domain`` and ``meant`` that are at most one slip apart, or two for providers; and a few more."""
    targets = pl.Series(popular, dtype=pl.String)
    one = _without_one_letter(odd, "domain").join(_without_one_letter(targets, "meant"), on="rest")
    pairs = one.select("domain", "meant").unique()
    providers = sorted(SUGGESTED_PROVIDERS)
    texts = odd.to_list()
    distances = process.cdist(texts, providers, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8, workers=1)
    rows, columns = np.nonzero(distances <= 2)
    two = pl.DataFrame(
        {"domain": [texts[at] for at in rows], "meant": [providers[at] for at in columns]}, schema=pairs.schema
    )
    return pl.concat([pairs, two]).unique().sort("domain", "meant")


def _without_one_letter(domains: pl.Series, name: str) -> pl.DataFrame:
    """Each domain with itself and all that is left when one letter is taken out: two domains one slip apart meet there
    (Mor and Fraenkel 1982)."""
    text, at = pl.col(name), pl.col("at")
    frame = domains.alias(name).to_frame().with_columns(at=pl.int_ranges(-1, text.str.len_chars())).explode("at")
    rest = pl.when(at < 0).then(text).otherwise(text.str.slice(0, at) + text.str.slice(at + 1))
    return frame.select(name, rest=rest).unique()


def slip(domain: str, meant: str) -> str | None:
    """The kind of slip that makes ``domain`` of ``meant`` (a key of ``SLIP_BITS``); None when it is none."""
    distance = OSA.distance(domain, meant, score_cutoff=2)
    if distance == 0 or distance > 2:
        return None
    (name, _, ending), (meant_name, _, meant_ending) = domain.rpartition("."), meant.rpartition(".")
    if name == meant_name:
        return _slip_of_ending(ending, meant_ending, distance)
    if distance == 2:
        is_long = len(meant) >= TWO_SLIPS_FROM and meant in SUGGESTED_PROVIDERS and domain[0] == meant[0]
        return "two_slips" if is_long else None
    if len(meant.split(".", 1)[0]) < SHORTEST_FUZZY_NAME or ending != meant_ending:
        return None
    return _slip_of_letters(name, meant_name)


def _slip_of_ending(ending: str, meant: str, distance: int) -> str | None:
    if _CONFUSABLE_ENDINGS.get(ending) == meant:
        return "confusable_ending"
    if ending in _endings():
        return None
    return "impossible_ending" if distance == 1 else "impossible_far_ending"


def _slip_of_letters(name: str, meant: str) -> str:
    """Of two names that are one slip apart."""
    at = next((n for n, (one, other) in enumerate(zip(name, meant, strict=False)) if one != other), len(meant))
    if len(name) < len(meant):
        return "missing"
    if len(name) > len(meant):
        is_repeated = at > 0 and name[min(at, len(name) - 1)] == name[min(at, len(name) - 1) - 1]
        return "doubled" if is_repeated else "other"
    if sorted(name) == sorted(meant):
        return "transposed"
    return "neighbour" if meant[at] in _beside().get(name[at], frozenset()) else "other"


@cache
def _endings() -> frozenset[str]:
    return frozenset(code.lower() for code in COUNTRY_CODES) | _OTHER_ENDINGS


@cache
def _beside() -> dict[str, frozenset[str]]:
    """Each sign with those on the keys around it (QWERTY; QWERTZ and AZERTY differ in few letters)."""
    places = {sign: (row, column) for row, keys in enumerate(_KEYS) for column, sign in enumerate(keys)}
    return {
        sign: frozenset(
            other
            for other, (row, column) in places.items()
            if other != sign and abs(row - at[0]) <= 1 and abs(column - at[1]) <= 1
        )
        for sign, at in places.items()
    }
