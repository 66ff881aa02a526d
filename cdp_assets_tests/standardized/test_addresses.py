import random
from functools import cache
from unicodedata import normalize

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.addresses import standardize_addresses
from cdp_assets.standardized.places import (
    comparable_cities,
    comparable_postcodes,
    comparable_regions,
    country_names,
    standardize_countries,
)
from cdp_assets.standardized.streets import street_parts

# country, street line -> street, house number, unit
STREETS = [
    ("US", "123 Main St", "main street", "123", None),
    ("US", "123 MAIN ST. APT 4B", "main street", "123", "4b"),
    ("US", "123 Main Street #4B", "main street", "123", "4b"),
    ("US", "1652 W Foster Ave", "west foster avenue", "1652", None),
    ("US", "1040 N. Keeler", "north keeler", "1040", None),
    ("US", "941 E. 132nd Street", "east 132nd street", "941", None),
    ("US", "12 1/2 Elm Rd", "elm road", "12", None),
    ("US", "056 Powell Ramp Suite 042", "powell ramp", "56", "42"),
    ("US", "USPS Store,4225 Chambers Park Suite 455", "chambers park", "4225", "455"),
    ("US", "c/o Emergency Mail Program, 27518 Frazier Isle", "frazier isle", "27518", None),
    ("US", "Suite 4, 12 Main St", "main street", "12", "4"),
    ("US", "P.O. Box 123", "po box", "123", None),
    ("US", "45 County Road 5", "county road 5", "45", None),
    ("US", "Highway 12", "highway 12", None, None),
    ("US", "132nd Street", "132nd street", None, None),
    ("US", "100 St. Mary's Dr", "saint marys drive", "100", None),
    ("US", "28", None, "28", None),
    ("GB", "Flat 2, 10 High Street", "high street", "10", "2"),
    ("GB", "12A High St", "high street", "12a", None),
    ("GB", "30 St Mary Axe", "saint mary axe", "30", None),
    ("GB", "The Old Rectory, Church Ln", "the old rectory", None, None),
    ("AU", "3/45 Smith St", "smith street", "45", "3"),
    ("AU", "Unit 3, 45 Smith Cres", "smith crescent", "45", "3"),
    ("AU", "195 dingo flats", "dingo flats", "195", None),
    ("AU", "GPO Box 99", "po box", "99", None),
    ("DE", "Hauptstr. 5a", "hauptstrasse", "5a", None),
    ("DE", "Hauptstraße 5 a", "hauptstrasse", "5a", None),
    ("DE", "Berliner Str. 12-14", "berliner strasse", "12-14", None),
    ("DE", "Musterstr.5", "musterstrasse", "5", None),
    ("DE", "Postfach 1234", "po box", "1234", None),
    ("ES", "C/ Mayor, 5, 3º B", "mayor", "5", "3b"),
    ("ES", "Calle Mayor 5 3ºB", "mayor", "5", "3b"),
    ("ES", "Avda. de la Constitución, nº 12", "avenida de la constitucion", "12", None),
    ("ES", "Plaza Mayor s/n", "plaza mayor", None, None),
    ("PL", "ul. Marszałkowska 10 m. 5", "marszalkowska", "10", "5"),
    ("PL", "Marszałkowska 10/5", "marszalkowska", "10", "5"),
    ("PL", "al. Jana Pawła II 22", "aleja jana pawla ii", "22", None),
    ("FR", "12 bis rue de la Paix", "rue de la paix", "12bis", None),
    ("FR", "12, av. Victor Hugo", "avenue victor hugo", "12", None),
    ("IT", "Via Roma, 12/A", "via roma", "12/a", None),
    ("PT", "R. Augusta 100", "rua augusta", "100", None),
    ("NL", "Kerkstraat 12-2", "kerkstraat", "12-2", None),
    ("CO", "Calle 45 # 12-30", "calle 45", "12-30", None),
    ("US", "PMB 12, 100 Main St", "main street", "100", "12"),
    ("US", "RR 2 Box 15", "rr", "2", "15"),
    ("US", "123 N. 5th St", "north 5th street", "123", None),
    ("GB", "Apartment 7, The Mill, 3 Canal Street", "canal street", "3", "7"),
    ("GB", "1st Floor, 10 Downing St", "downing street", "10", None),
    ("GB", "PO Box 1234", "po box", "1234", None),
    ("DE", "PF 10 20 30", "po box", "102030", None),
    ("DE", "Bahnhofstr. 7 // 3", "bahnhofstrasse", "7", "3"),
    ("DE", "Musterweg 5 c/o Meier", "musterweg", "5", None),
    ("DE", "Straße des 17. Juni 135", "strasse des 17 juni", "135", None),
    ("AT", "Mariahilfer Straße 12/3/5", "mariahilfer strasse", "12", "3-5"),
    ("AT", "Mariahilfer Str. 12/5", "mariahilfer strasse", "12", "5"),
    ("ES", "Apartado de Correos 123", "po box", "123", None),
    ("ES", "Apdo. 123", "po box", "123", None),
    ("ES", "Calle de Alcalá, 45", "alcala", "45", None),
    ("ES", "Pº de la Castellana, 100", "paseo de la castellana", "100", None),
    ("ES", "Avda. Diagonal 401, bajo", "avenida diagonal", "401", "bajo"),
    ("ES", "Mayor 5, C.P. 28013", "mayor", "5", None),
    ("PL", "skrytka pocztowa 12", "po box", "12", None),
    ("PL", "skr. poczt. 12", "po box", "12", None),
    ("PL", "os. Bohaterów 12/34", "osiedle bohaterow", "12", "34"),
    ("PL", "ul. Długa 5 lok. 3", "dluga", "5", "3"),
    ("FR", "BP 123", "po box", "123", None),
    ("FR", "B.P. 45", "po box", "45", None),
    ("FR", "Boîte postale 12", "po box", "12", None),
    ("FR", "CS 12345", "po box", "12345", None),
    ("FR", "12 ter, rue du Fg St-Honoré", "rue du faubourg st honore", "12ter", None),
    ("FR", "Bât. B, 12 rue des Lilas", "rue des lilas", "12", None),
    ("IT", "Casella Postale 12", "po box", "12", None),
    ("IT", "C.P. 123", "po box", "123", None),
    ("IT", "V.le Monza 45", "viale monza", "45", None),
    ("IT", "P.zza Duomo n. 1, int. 4", "piazza duomo", "1", "4"),
    ("IT", "via Roma snc", "via roma", None, None),
    ("NL", "Postbus 123", "po box", "123", None),
    ("NL", "Dorpsstr. 12", "dorpsstraat", "12", None),
    ("BR", "Rua Augusta nº 100 - Bloco B", "rua augusta", "100", "b"),
    ("IN", "12, MG Road", "mg road", "12", None),
    ("SE", "Storgatan 5 lgh 1201", "storgatan", "5", "1201"),
    (None, "Main Street, 12", "main street", "12", None),
    (None, "12 Main Street", "main street", "12", None),
]


@cache
def all_streets() -> dict[tuple[str | None, str | None], dict[str, str | None]]:
    lines = [(country, line) for country, line, *_ in STREETS]
    frame = pl.DataFrame(lines, schema={"country": pl.String, "street": pl.String}, orient="row")
    return dict(zip(lines, standardize_addresses(frame).to_list(), strict=True))


@pytest.mark.parametrize(("country", "line", "street", "number", "unit"), STREETS)
def test_a_street_line_is_taken_apart(
    country: str | None, line: str, street: str | None, number: str | None, unit: str | None
) -> None:
    address = all_streets()[(country, line)]
    assert (address["street_norm"], address["house_number"], address["unit"]) == (street, number, unit)
    assert address["street"] == normalize("NFKC", line)


def test_plain_lines_are_taken_apart_as_the_others() -> None:
    """Plain lines are worked out as columns; the result is that of one by one."""
    draw = random.Random(3)
    names = ["Main St", "W Foster Ave", "Hauptstr.", "Calle Mayor", "ul. Polna", "St. John's Rd", "rue de la Paix", "S"]
    names += [
        "Avenue M",
        "C/ Sol",
        "Route",
        "County Road",
        "Box Hill Rd",
        "Court",
        "A St",
        "No Name",
        "Rd",
        "Dingo Flats",
        "Calle de Alcala",
        "V.le Monza",
        "Via Po n.",
        "Dorpsstr.",
        "RR",
    ]
    numbers, units = ["12", "12a", "5 b", "0012", "12-14", "3/4"], ["", "", " Apt 3", ", Suite 12B", " #4", " Unit C"]
    drawn = set()
    for _ in range(900):
        name, number = draw.choice(names), draw.choice(numbers)
        line = f"{number} {name}" if draw.random() < 0.5 else f"{name} {number}"
        drawn.add(
            (line + draw.choice(units), draw.choice(["US", "DE", "ES", "PL", "FR", "GB", "AU", "CO", "IT", "NL", "AT"]))
        )
    lines = sorted(drawn)
    frame = pl.DataFrame(lines, schema={"street": pl.String, "country": pl.String}, orient="row")
    together = [
        (address["street_norm"], address["house_number"], address["unit"])
        for address in standardize_addresses(frame).to_list()
    ]
    assert together == [street_parts(*line) for line in lines]


def test_lines_that_are_made_plain_are_taken_apart_as_they_were() -> None:
    """A comma before the number, and units, floors and flats behind it; also where a word may mean something else."""
    draw = random.Random(4)
    names = ["Calle Puerto", "Plaza Cruz", "Amselweg", "ul. Długa", "rue de l'Église", "Bei der Kirche", "Calle", "C B", "Av. O'Higgins", "Apt House Rd", "Via Scala", "Carretera", "Top Street", "Int Weg", "No Name"]  # fmt: skip
    behind = [
        "",
        ", Whg. 18",
        " appt 12",
        ", 2o B",
        ", 1a izq",
        "/7",
        "/7b",
        " Wohnung 4",
        ", Bajo",
        " m. 4",
        ", apt 4",
        ", 3",
        ", 4 B",
        " a",
    ]
    lines = sorted(
        {
            (
                f"{draw.choice(names)}{draw.choice([', ', ' ', ' - '])}{draw.choice(['12', '5a', '007'])}{draw.choice(behind)}",
                draw.choice(["ES", "DE", "PL", "FR", "PT", "CZ", "US"]),
            )
            for _ in range(1500)
        }
    )
    frame = pl.DataFrame(lines, schema={"street": pl.String, "country": pl.String}, orient="row")
    found = standardize_addresses(frame).struct.unnest().select("street_norm", "house_number", "unit").rows()
    assert found == [street_parts(*line) for line in lines]


COUNTRIES = [
    ("us", "US"), ("USA", "US"), ("U.S.A.", "US"), ("United States of America", "US"), ("Estados Unidos", "US"),
    ("GBR", "GB"), ("UK", "GB"), ("Great Britain", "GB"), ("England", "GB"), ("Wielka Brytania", "GB"),
    ("Deutschland", "DE"), ("Allemagne", "DE"), ("Niemcy", "DE"), ("D.E.U", None), ("Polska", "PL"), ("Polen", "PL"),
    ("España", "ES"), ("Spanien", "ES"), ("Frankreich", "FR"), ("Holland", "NL"), ("The Netherlands", "NL"),
    ("Česko", "CZ"), ("Czech Republic", "CZ"), ("Россия", "RU"), ("日本", "JP"), ("South Korea", "KR"), ("Österreich", "AT"),
    ("Schweiz", "CH"), ("Stany Zjednoczone", "US"), ("Verenigde Staten", "US"), ("États-Unis", "US"), ("Regno Unito", "GB"),
    ("Vereinigtes Königreich", "GB"), ("Pays-Bas", "NL"), ("Países Bajos", "NL"), ("Holandia", "NL"), ("Brasil", "BR"), ("Brasile", "BR"),
    ("Giappone", "JP"), ("Chiny", "CN"), ("Indie", "IN"), ("Włochy", "IT"), ("Italien", "IT"), ("Deutschland (DE)", None),
    ("Saint Helena, Ascension & Tristan da Cunha", "SH"), ("Atlantis", None), ("n/a", None), ("", None), ("NA", "NA"),
]  # fmt: skip


@pytest.mark.parametrize(("delivered", "code"), COUNTRIES)
def test_a_country_by_name_or_code(delivered: str, code: str | None) -> None:
    assert standardize_countries(pl.Series([delivered])).to_list() == [code]


def test_every_country_code_stands_for_itself() -> None:
    assert {code for name, code in country_names().items() if len(name) == 2 and name.upper() != code} <= {"GB", "PL"}


POSTCODES = [
    ("US", "12345-6789", None), ("US", "60647-1234", "60647"), ("US", "606471234", "60647"), ("US", "5845", "05845"),
    ("US", "U29032", "29032"), ("US", "60647.0", "60647"), ("US", "00000", None), ("US", "99999", None),
    ("GB", "SW1A 1AA", "sw1a1aa"), ("GB", "s1 4wj", "s14wj"), ("CA", "K1A 0B6", "k1a0b6"), ("PL", "00-950", "00950"),
    ("PL", "PL-00-950", "00950"), ("DE", "D-10115", "10115"), ("DE", "1067", "01067"), ("FR", "F-75001", "75001"),
    ("ES", "8001", "08001"), ("AU", "800", "0800"), ("NL", "1012 AB", "1012ab"), ("JP", "100-0001", "1000001"),
    ("PT", "1000-205", "1000205"), ("SE", "111 22", "11122"), (None, "SW1A 1AA", "sw1a1aa"), (None, "5845", "5845"),
    ("IT", "I-00184", "00184"), ("IT", "184", "00184"), ("CH", "CH-8001", "8001"), ("AT", "A-1010", "1010"), ("BR", "01310-100", "01310100"),
    ("IN", "110 001", "110001"), ("CN", "100000", "100000"), ("IE", "D02 X285", "d02x285"), ("GB", "EC1A1BB", "ec1a1bb"),
    ("ES", "28.013", "28013"), ("FR", "75 008", "75008"), ("PL", "00950", "00950"), ("DE", "12345", None), ("US", "xxxxx", None),
    ("MX", "6600", "06600"), ("BE", "B-1000", "1000"), ("DK", "DK-2100", "2100"), ("KR", "04524", "04524"), ("RU", "101000", "101000"),
    ("GB", "SW1A-1AA", "sw1a1aa"), ("PT", "1000", "1000"), ("CZ", "110 00", "11000"),
]  # fmt: skip


@pytest.mark.parametrize(("country", "delivered", "expected"), POSTCODES)
def test_a_postcode_by_country(country: str | None, delivered: str, expected: str | None) -> None:
    found = comparable_postcodes(pl.Series([delivered]), pl.Series([country], dtype=pl.String))
    assert found.to_list() == [expected]


@pytest.mark.parametrize(
    ("country", "delivered", "expected"),
    [
        ("US", "Missouri", "mo"),
        ("US", "MO", "mo"),
        ("US", "N.C.", "n c"),
        ("AU", "New South Wales", "nsw"),
        ("CA", "Québec", "qc"),
        ("PL", "Mazowieckie", "mazowieckie"),
        ("DE", "Bayern", "bayern"),
        (None, "Tasmania", "tas"),
        ("GB", "Victoria", "victoria"),
    ],
)
def test_a_region(country: str | None, delivered: str, expected: str) -> None:
    found = comparable_regions(pl.Series([delivered]), pl.Series([country], dtype=pl.String))
    assert found.to_list() == [expected]


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("St. Louis", "saint louis"),
        ("Saint Louis", "saint louis"),
        ("Ft. Worth", "fort worth"),
        ("New York City", "new york"),
        ("NYC", "new york"),
        ("München", "munchen"),
        ("Munich", "munchen"),
        ("Muenchen", "munchen"),
        ("Cologne", "koln"),
        ("Warsaw", "warszawa"),
        ("Warszawa", "warszawa"),
        ("Łódź", "lodz"),
        ("PARIS CEDEX 12", "paris"),
        ("Paris 07", "paris"),
        ("75001 Paris", "paris"),
        ("Frankfurt a.M.", "frankfurt am main"),
        ("Stow-on-the-Wold", "stow on the wold"),
        ("Lyon 3e", "lyon"),
        ("Marseille 8ème", "marseille"),
        ("Wien", "wien"),
        ("Vienna", "wien"),
        ("Kraków", "krakow"),
        ("Cracow", "krakow"),
        ("Gdańsk", "gdansk"),
        ("Firenze", "firenze"),
        ("Florence", "firenze"),
        ("Roma", "roma"),
        ("Rome", "roma"),
        ("Lisbon", "lisboa"),
        ("Den Haag", "den haag"),
        ("The Hague", "den haag"),
        ("'s-Gravenhage", "den haag"),
        ("Bombay", "mumbai"),
        ("São Paulo", "sao paulo"),
        ("Ciudad de México", "mexico city"),
        ("Seville", "sevilla"),
        ("A Coruña", "a coruna"),
        ("Beijing", "beijing"),
        ("Peking", "beijing"),
        ("Sta. Cruz", "santa cruz"),
        ("Mt. Vernon", "mount vernon"),
    ],
)
def test_a_city_has_one_name(delivered: str, expected: str) -> None:
    assert comparable_cities(pl.Series([delivered])).to_list() == [expected]


def test_an_address_is_one_struct_or_nothing() -> None:
    frame = pl.DataFrame(
        {
            "street": ["12 High St", None, None, "n/a"],
            "city": ["Leeds", "St. Louis", None, "unknown"],
            "country": ["U.K.", "Atlantis", None, None],
        }
    )
    addresses = standardize_addresses(frame, "US")
    assert addresses.dtype == tables.ADDRESS
    british, unknown_country, nothing, placeholders = addresses.to_list()
    assert (british["country"], british["city_norm"], british["street"]) == ("GB", "leeds", "12 High St")
    assert (unknown_country["country"], unknown_country["city_norm"]) == ("US", "saint louis")
    assert nothing is None
    assert placeholders is None
