import polars as pl
import pytest

from cdp_assets.standardized.companies import standardize_companies

CASES = [
    ("Acme Inc.", "acme"),
    ("ACME, INC", "acme"),
    ("The Acme Co., Inc.", "acme"),
    ("Acme Corporation", "acme"),
    ("Acme L.L.C.", "acme"),
    ("Smith & Sons Ltd", "smith and sons"),
    ("Smith + Sons Limited", "smith and sons"),
    ("Marks and Spencer plc", "marks and spencer"),
    ("Telstra Pty Ltd", "telstra"),
    ("Müller & Söhne GmbH", "muller and sohne"),
    ("Müller GmbH & Co. KG", "muller"),
    ("Siemens Aktiengesellschaft", "siemens"),
    ("Verein der Freunde e.V.", "verein der freunde"),
    ("Construcciones Pérez, S.L.", "construcciones perez"),
    ("Banco de España, S.A.", "banco de espana"),
    ("Grupo Bimbo, S.A.B. de C.V.", "grupo bimbo"),
    ("Boulangerie Dupont SARL", "boulangerie dupont"),
    ("L'Oréal S.A.", "loreal"),
    ("KGHM sp. z o.o.", "kghm"),
    ("Budimex spółka z ograniczoną odpowiedzialnością", "budimex"),
    ("Orlen S.A.", "orlen"),
    ("Rossi S.p.A.", "rossi"),
    ("Bianchi S.r.l.", "bianchi"),
    ("Petrobras Ltda", "petrobras"),
    ("Philips N.V.", "philips"),
    ("Jansen B.V.", "jansen"),
    ("Volvo AB", "volvo"),
    ("Nokia Oyj", "nokia"),
    ("Tiffany & Co.", "tiffany"),
    ("ООО Ромашка", "romashka"),
    ("AT&T", "at and t"),
    ("J. P. Morgan", "j p morgan"),
    ("3M Company", "3m"),
    ("Acme Ltd t/a The Bar", "acme"),
    ("Huber Ges.m.b.H.", "huber"),
    ("Stiftung Foo gGmbH", "stiftung foo"),
    ("Fa. Meier", "meier"),
    ("Meyer e.K.", "meyer"),
    ("Bosch GmbH & Co. KGaA", "bosch"),
    ("Pérez S. L.", "perez"),
    ("Pérez e Hijos, S.L.U.", "perez e hijos"),
    ("SARL Dupont", "dupont"),
    ("SAS Institute", "sas institute"),
    ("Dupont et Cie", "dupont"),
    ("Kowalski Sp. z o.o. Sp. k.", "kowalski"),
    ("Kowalski Sp. z o. o. S.K.A.", "kowalski"),
    ("P.P.H.U. Kowalski", "kowalski"),
    ("Firma Handlowa Kowalski", "kowalski"),
    ("Rossi S.n.c. di Mario Rossi & C.", "rossi"),
    ("Ditta Rossi", "rossi"),
    ("Silva S/A", "silva"),
    ("Silva, Lda", "silva"),
    ("Svensson Aktiebolag", "svensson"),
    ("Hansen A/S", "hansen"),
    ("Novák s.r.o.", "novak"),
    ("株式会社トヨタ", "toyota"),
    ("华为有限公司", "huawei"),
    ("Tata Pvt. Ltd.", "tata"),
    ("Rentnerin", None),
    ("ama de casa", None),
    ("emerytka", None),
    ("étudiant", None),
    ("Test company", None),
    ("Nazwa firmy", None),
    ("GmbH", "gmbh"),
    ("Self-employed", None),
    ("retired", None),
    ("n/a", None),
    ("-", None),
    ("", None),
]


@pytest.mark.parametrize(("delivered", "comparable"), CASES)
def test_a_company_without_its_legal_form(delivered: str, comparable: str | None) -> None:
    assert standardize_companies(pl.Series([delivered])).item(0, "company_norm") == comparable


def test_the_name_for_people_stays_as_delivered() -> None:
    found = standardize_companies(pl.Series(["  Müller  GmbH ", "n/a", None])).get_column("company")
    assert found.to_list() == ["Müller GmbH", None, None]


def test_a_comparable_name_compares_with_itself() -> None:
    once = standardize_companies(pl.Series([delivered for delivered, _ in CASES])).get_column("company_norm")
    again = standardize_companies(once).get_column("company_norm")
    assert again.to_list() == once.to_list()
