import polars as pl
import pytest

from cdp_assets.standardized.email_domains import describe_emails, suggested_domain
from cdp_assets.standardized.text import word_list

CLASSES = [
    ("ann@acme.com", "corporate"),
    ("ann@orbit.example", "corporate"),
    ("ann@gmail.com", "personal"),
    ("ann@web.de", "personal"),
    ("ann@wp.pl", "personal"),
    ("ann@orange.fr", "personal"),
    ("ann@libero.it", "personal"),
    ("ann@btinternet.com", "personal"),
    ("ann@telefonica.net", "personal"),
    ("ann@bigpond.com", "personal"),
    ("info@acme.com", "role"),
    ("info@gmail.com", "role"),
    ("no-reply@acme.com", "role"),
    ("sales2@acme.com", "role"),
    ("kontakt@firma.pl", "role"),
    ("sekretariat@szkola.pl", "role"),
    ("rechnung@firma.de", "role"),
    ("buchhaltung@firma.de", "role"),
    ("atencionalcliente@tienda.es", "role"),
    ("ventas@tienda.es", "role"),
    ("comptabilite@societe.fr", "role"),
    ("segreteria@scuola.it", "role"),
    ("ann@mailinator.com", "disposable"),
    ("info@mailinator.com", "disposable"),
    ("ann@x1.yopmail.com", "disposable"),
    ("q7x@privaterelay.appleid.com", "relay"),
    ("q7x@mozmail.com", "relay"),
    ("info@duck.com", "relay"),
    ("test@acme.com", "placeholder"),
    ("no.email@acme.com", "placeholder"),
    ("noemail@gmail.com", "placeholder"),
    ("ann@none.com", "placeholder"),
    ("xxx@acme.com", "placeholder"),
    ("ann@test.com", "placeholder"),
    ("brakmaila@wp.pl", "placeholder"),
    ("keine@web.de", "placeholder"),
    ("ann@gmial.com", "personal"),
    ("ann@x.com", "corporate"),
]


@pytest.mark.parametrize(("email", "expected"), CLASSES)
def test_what_an_address_is(email: str, expected: str) -> None:
    assert describe_emails(pl.Series([email])).item(0, "class") == expected


SUGGESTIONS = [
    ("gmial.com", "gmail.com"),
    ("gmal.com", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("gamil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("gmail.con", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("gmail.cmo", "gmail.com"),
    ("hotmal.com", "hotmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotmail.co.u", "hotmail.co.uk"),
    ("yaho.com", "yahoo.com"),
    ("yahooo.com", "yahoo.com"),
    ("outlok.com", "outlook.com"),
    ("outllook.com", "outlook.com"),
    ("iclod.com", "icloud.com"),
    ("protonmial.com", "protonmail.com"),
    ("btinternet.con", "btinternet.com"),
    ("comcast.nte", "comcast.net"),
    ("t-onlin.de", "t-online.de"),
    ("interia.p", "interia.pl"),
    ("wandoo.fr", "wanadoo.fr"),
]
REAL = [
    "ge.com",
    "me.com",
    "mail.com",
    "email.com",
    "ymail.com",
    "gmx.at",
    "live.de",
    "acme.com",
    "love.com",
    "orange.es",
]
REAL += ["yahoo.ie", "gmail.com", "web.com", "wp.pl", "smith-jones.biz", "onet.eu", "firma.pl"]


@pytest.mark.parametrize(("domain", "meant"), SUGGESTIONS)
def test_a_mistyped_provider_is_suggested(domain: str, meant: str) -> None:
    described = describe_emails(pl.Series([f"ann@{domain}"])).row(0, named=True)
    assert described["suggestion"] == f"ann@{meant}"
    assert described["email"] == f"ann@{domain}"


@pytest.mark.parametrize("domain", REAL)
def test_a_real_domain_is_never_repaired(domain: str) -> None:
    assert suggested_domain(domain) is None


def test_no_free_mail_domain_is_taken_for_another() -> None:
    assert [domain for domain in word_list("free_mail_domains.txt") if suggested_domain(domain)] == []


def test_the_order_of_addresses_is_kept() -> None:
    described = describe_emails(pl.Series(["b@x.org", "a@x.org"]))
    assert described.select("email", "domain").rows() == [("b@x.org", "x.org"), ("a@x.org", "x.org")]
