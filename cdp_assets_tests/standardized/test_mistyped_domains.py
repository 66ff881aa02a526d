from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.mistyped_domains import (
    LEAST_CONFIDENCE,
    REAL_NEIGHBOURS,
    SLIP_BITS,
    SUGGESTED_PROVIDERS,
    mistyped_domains,
    slip,
    suggested_domain,
)
from cdp_assets.standardized.text import word_list

SCHEMA = {
    "domain": pl.String(), "addresses": pl.Int64(), "reached": pl.Int64(), "bounced": pl.Int64(), "years": pl.Float64(),
}  # fmt: skip


def seen(*rows: dict[str, Any]) -> pl.DataFrame:
    common = {"addresses": 1, "reached": 0, "bounced": 0, "years": 0.0}
    return pl.DataFrame([{**common, **row} for row in rows], schema=SCHEMA)


def found(*rows: dict[str, Any]) -> dict[str, tuple[str, float]]:
    return {domain: (meant, confidence) for domain, meant, confidence in mistyped_domains(seen(*rows)).iter_rows()}


SUGGESTIONS = [
    ("gmial.com", "gmail.com"),
    ("gmal.com", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("gamil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("gmaik.com", "gmail.com"),
    ("ggmail.com", "gmail.com"),
    ("gmail.con", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("gmail.om", "gmail.com"),
    ("gmail.cmo", "gmail.com"),
    ("gmail.comm", "gmail.com"),
    ("gmail.c", "gmail.com"),
    ("goglemail.com", "googlemail.com"),
    ("hotmal.com", "hotmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotnail.com", "hotmail.com"),
    ("hotmail.co.u", "hotmail.co.uk"),
    ("yaho.com", "yahoo.com"),
    ("yahooo.com", "yahoo.com"),
    ("yahpo.com", "yahoo.com"),
    ("yaho.co.uk", "yahoo.co.uk"),
    ("yahoo.co.uj", "yahoo.co.uk"),
    ("yahoo.dee", "yahoo.de"),
    ("yahoo.ess", "yahoo.es"),
    ("outlok.com", "outlook.com"),
    ("outllook.com", "outlook.com"),
    ("iclod.com", "icloud.com"),
    ("icluod.com", "icloud.com"),
    ("protonmial.com", "protonmail.com"),
    ("aol.con", "aol.com"),
    ("btinternet.con", "btinternet.com"),
    ("btintrnet.con", "btinternet.com"),
    ("comcast.nte", "comcast.net"),
    ("t-onlin.de", "t-online.de"),
    ("web.ed", "web.de"),
    ("gmx.nett", "gmx.net"),
    ("interia.p", "interia.pl"),
    ("wandoo.fr", "wanadoo.fr"),
    ("lapsote.net", "laposte.net"),
    ("telefoncia.net", "telefonica.net"),
    ("virgiilio.it", "virgilio.it"),
]

REAL = [
    "ge.com", "me.com", "mail.com", "email.com", "ymail.com", "gmx.at", "live.de", "acme.com", "love.com", "orange.es",
    "yahoo.ie", "yahoo.fi", "gmail.com", "gmail.net", "gmail.it", "web.com", "wp.pl", "smith-jones.biz", "onet.eu",
    "firma.pl", "outlook.at", "hotmail.fi", "hotmail.rs", "cox.net", "fox.com", "aon.com", "wed.de", "mx.com", "gmx.co",
    "hotmail.biz", "overlook.com", "rotmail.example", "gmail-news.com", "mygmail.com", "yahoogroups.com", "att.com",
    "orange.ch", "libero.org", "rogers.info", "freenet.ch", "x.com", "o2.pl", "a.b.c.gmail.example",
]  # fmt: skip


@pytest.mark.parametrize(("domain", "meant"), SUGGESTIONS)
def test_a_mistyped_provider_is_suggested(domain: str, meant: str) -> None:
    assert suggested_domain(domain) == meant


@pytest.mark.parametrize("domain", REAL)
def test_a_real_domain_is_never_repaired(domain: str) -> None:
    assert suggested_domain(domain) is None


def test_no_listed_domain_and_no_real_neighbour_is_taken_for_another() -> None:
    real = sorted(REAL_NEIGHBOURS | word_list("free_mail_domains.txt") | word_list("relay_domains.txt"))
    used = [{"domain": "gmail.com", "addresses": 100_000}, {"domain": "me.com", "addresses": 10_000}]
    rows = [{"domain": domain, "bounced": 1} for domain in real if domain not in ("gmail.com", "me.com")]
    assert mistyped_domains(seen(*used, *rows)).is_empty()


@pytest.mark.parametrize(
    ("domain", "meant", "kind"),
    [
        ("gmail.con", "gmail.com", "impossible_ending"),
        ("gmail.c", "gmail.com", "impossible_far_ending"),
        ("gmail.co", "gmail.com", "confusable_ending"),
        ("gmail.net", "gmail.com", None),
        ("gmial.com", "gmail.com", "transposed"),
        ("gmaill.com", "gmail.com", "doubled"),
        ("ggmail.com", "gmail.com", "doubled"),
        ("yahooo.com", "yahoo.com", "doubled"),
        ("gmal.com", "gmail.com", "missing"),
        ("gnail.com", "gmail.com", "neighbour"),
        ("gxail.com", "gmail.com", "other"),
        ("gmaixl.com", "gmail.com", "other"),
        ("hotmmial.com", "hotmail.com", "two_slips"),
        ("gmmial.com", "gmail.com", None),
        ("gmail.com", "gmail.com", None),
        ("acme.com", "gmail.com", None),
        ("ge.com", "me.com", None),
        ("gmail.coms", "yahoo.com", None),
    ],
)
def test_slips_are_told_by_kind(domain: str, meant: str, kind: str | None) -> None:
    assert slip(domain, meant) == kind
    assert kind is None or kind in SLIP_BITS


def test_an_impossible_ending_is_surer_than_a_letter_and_a_large_provider_surer_than_another() -> None:
    by_domain = found({"domain": "gmail.con"}, {"domain": "gmal.com"}, {"domain": "gxail.com"}, {"domain": "wandoo.fr"})
    sure = {domain: confidence for domain, (_, confidence) in by_domain.items()}
    assert 1 > sure["gmail.con"] > sure["gmal.com"] > sure["gxail.com"] > LEAST_CONFIDENCE
    assert sure["gmal.com"] > sure["wandoo.fr"]


LARGE = {"domain": "northgate-foods.example", "addresses": 400}


@pytest.mark.parametrize(
    ("odd", "is_suggested"),
    [
        ({"domain": "nortgate-foods.example"}, True),
        ({"domain": "northgate-fodos.example"}, True),
        ({"domain": "northgate-foodp.example"}, False),
        ({"domain": "nortgate-foods.example", "addresses": 2}, True),
        ({"domain": "nortgate-foods.example", "addresses": 12}, False),
        ({"domain": "nortgate-foods.example", "reached": 1}, False),
        ({"domain": "nortgate-foods.example", "years": 5.0}, False),
        ({"domain": "nortgate-foods.example", "years": 5.0, "bounced": 1}, True),
        ({"domain": "southgate-foods.example"}, False),
    ],
)
def test_a_domain_that_many_people_of_the_data_use_is_meant_by_few_strangers_beside_it(
    odd: dict[str, Any], is_suggested: bool
) -> None:
    assert (found(LARGE, odd).get(odd["domain"], (None,))[0] == LARGE["domain"]) == is_suggested


def test_a_domain_of_few_people_is_meant_by_nobody() -> None:
    assert found({**LARGE, "addresses": 19}, {"domain": "nortgate-foods.example"}) == {}


@pytest.mark.parametrize(
    ("odd", "is_suggested"),
    [
        ({"addresses": 40}, True),
        ({"addresses": 900}, False),
        ({"addresses": 40, "reached": 3}, False),
        ({"addresses": 40, "years": 4.0}, True),
    ],
)
def test_many_addresses_are_slips_only_of_very_many(odd: dict[str, Any], is_suggested: bool) -> None:
    """40 of 10,000 people mistype Gmail in one way; 900 do not, and mail reaches nobody at a domain that is not there."""
    rows = ({"domain": "gmail.com", "addresses": 10_000}, {"domain": "gmial.com", **odd})
    assert ("gmial.com" in found(*rows)) == is_suggested


def test_slips_of_googlemail_are_counted_against_gmail_under_which_its_people_stand() -> None:
    rows = ({"domain": "gmail.com", "addresses": 10_000}, {"domain": "goglemail.com", "addresses": 9})
    assert found(*rows)["goglemail.com"][0] == "googlemail.com"


def test_nothing_seen_is_nothing_suggested() -> None:
    assert mistyped_domains(seen()).is_empty()
    assert mistyped_domains(seen({"domain": "gmail.com"})).is_empty()


DOMAIN = st.one_of(
    st.sampled_from(SUGGESTED_PROVIDERS),
    st.from_regex(r"[a-z0-9-]{1,12}\.(com|con|de|pl|co\.uk|x)", fullmatch=True),
    st.sampled_from(["gmial.com", "yahoo.con", "acme.com", "gamil.com", "hotmal.com", "münchen.de", "_.com", "a"]),
)
ROW = st.fixed_dictionaries(
    {
        "domain": DOMAIN,
        "addresses": st.integers(1, 3000),
        "reached": st.integers(0, 3),
        "bounced": st.integers(0, 3),
        "years": st.floats(0, 9),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=8, unique_by=lambda row: row["domain"]), st.randoms(use_true_random=False))
def test_never_raises_and_the_order_of_domains_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    once = mistyped_domains(seen(*rows))
    random.shuffle(rows)
    assert mistyped_domains(seen(*rows)).equals(once)
    assert once.get_column("confidence").is_between(LEAST_CONFIDENCE, 1).all()
    assert not set(once.get_column("domain")) & (word_list("free_mail_domains.txt") | REAL_NEIGHBOURS)
