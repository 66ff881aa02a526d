import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.email_domains import (
    CLASSES as ALL_CLASSES,
)
from cdp_assets.standardized.email_domains import (
    OPEN_FROM_COMPANIES,
    describe_emails,
    open_domains,
)

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
    ("ann@x.com", "corporate"),
    # RFC 2142, each section
    ("abuse@acme.com", "role"),
    ("postmaster@acme.com", "role"),
    ("noc@acme.com", "role"),
    ("security@acme.com", "role"),
    ("hostmaster@acme.com", "role"),
    ("list-request@acme.com", "role"),
    ("owner-list@acme.com", "role"),
    # the same offices in other languages
    ("biuro@firma.pl", "role"),
    ("zamowienia@sklep.pl", "role"),
    ("kasiegowosc@firma.pl", "corporate"),
    ("vertrieb@firma.de", "role"),
    ("datenschutz@firma.de", "role"),
    ("pedidos@tienda.es", "role"),
    ("administracion@tienda.es", "role"),
    ("accueil@societe.fr", "role"),
    ("ressources.humaines@societe.fr", "role"),
    ("amministrazione@ditta.it", "role"),
    ("vendite@ditta.it", "role"),
    ("financeiro@empresa.pt", "role"),
    ("suporte@empresa.pt", "role"),
    ("klantenservice@bedrijf.nl", "role"),
    ("boekhouding@bedrijf.nl", "role"),
    # names that only look like functions
    ("office.manager.ann@acme.com", "corporate"),
    ("information@acme.com", "corporate"),
    ("ann.press@acme.com", "corporate"),
    ("salesman@acme.com", "corporate"),
]


@pytest.mark.parametrize(("email", "expected"), CLASSES)
def test_what_an_address_is(email: str, expected: str) -> None:
    assert describe_emails(pl.Series([email])).item(0, "class") == expected


def test_what_is_known_to_be_free_mail_is_personal() -> None:
    described = describe_emails(pl.Series(["ann@postbox.example", "info@postbox.example"]), {"postbox.example"})
    assert described.get_column("class").to_list() == ["personal", "role"]


def test_the_order_of_addresses_is_kept() -> None:
    described = describe_emails(pl.Series(["b@x.org", "a@x.org"]))
    assert described.select("email", "domain").rows() == [("b@x.org", "x.org"), ("a@x.org", "x.org")]


def employers(domain: str, *companies: str | None) -> list[tuple[str, str | None]]:
    return [(domain, company) for company in companies]


MANY = [f"company {n}" for n in range(OPEN_FROM_COMPANIES)]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (employers("post.example", *MANY), {"post.example"}),
        (employers("post.example", *MANY[:-1]), set()),
        (employers("acme.example", *MANY, *["acme"] * 8), set()),
        (employers("post.example", *MANY, None, None), {"post.example"}),
        (employers("gmail.com", *MANY), set()),
        (employers("post.example", *[None] * 50), set()),
        ([], set()),
    ],
)
def test_a_provider_that_no_list_knows_is_found_by_the_many_employers_of_its_people(
    rows: list[tuple[str, str | None]], found: set[str]
) -> None:
    frame = pl.DataFrame(rows, schema={"domain": pl.String, "company_norm": pl.String}, orient="row")
    assert open_domains(frame) == found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20).map(lambda text: f"{text}@{text[::-1]}.com"), max_size=6))
def test_every_address_has_one_of_the_classes(emails: list[str]) -> None:
    described = describe_emails(pl.Series(emails, dtype=pl.String))
    assert described.height == len(emails)
    assert set(described.get_column("class")) <= set(ALL_CLASSES)


def test_an_address_ends_with_its_domain_and_a_text_without_one_has_no_class_of_a_function() -> None:
    told = describe_emails(pl.Series(["info@desk@acme.example", "info@acme.example", "info", None]))
    assert told.get_column("domain").to_list() == ["acme.example", "acme.example", None, None]
    assert told.get_column("class").to_list()[:3] == ["corporate", "role", "corporate"]
