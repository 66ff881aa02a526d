"""Street lines that hold a whole address, and those that do not."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.standardized.addresses import lost_address_parts, standardize_addresses

# country, line -> street, number, city, region, postcode, all comparable
WHOLE = [
    ("GB", "12 Mill Lane, Leeds LS1 4AB", "mill lane", "12", "leeds", None, "ls14ab"),
    ("GB", "12 Mill Lane, Leeds, LS1 4AB", "mill lane", "12", "leeds", None, "ls14ab"),
    ("GB", "12 Mill Lane, Headingley, Leeds, ls14ab", "mill lane", "12", "leeds", None, "ls14ab"),
    ("GB", "Flat 2, 10 High Street, Leeds, West Yorkshire, LS1 4AB, United Kingdom", "high street", "10", "leeds", "west yorkshire", "ls14ab"),
    ("GB", "12 Mill Lane, Leeds West Yorkshire LS1 4AB", "mill lane", "12", "leeds", "west yorkshire", "ls14ab"),
    ("GB", "12 Mill Lane, Edinburgh, Midlothian EH8 4BQ", "mill lane", "12", "edinburgh", "midlothian", "eh84bq"),
    ("GB", "12 Mill Lane, Abingdon, Oxon., OX14 1AA", "mill lane", "12", "abingdon", "oxon", "ox141aa"),
    ("GB", "12 Mill Lane, LS1 4AB, Leeds", "mill lane", "12", "leeds", None, "ls14ab"),
    ("GB", "12 Mill Lane, LS1 4AB", "mill lane", "12", None, None, "ls14ab"),
    ("GB", "The Old Rectory, Church Lane, Bath BA1 1AA", "the old rectory", None, "bath", None, "ba11aa"),
    ("GB", "The Old Rectory, Church Lane, BA1 1AA", "the old rectory", None, None, None, "ba11aa"),
    ("GB", "Rose Cottage, Church Lane, Bath, BA1 1AA", "rose cottage", None, "bath", None, "ba11aa"),
    ("GB", "12 Mill Lane\nLeeds\nLS1 4AB", "mill lane", "12", "leeds", None, "ls14ab"),
    ("US", "1600 Main St, Los Angeles, CA 90089", "main street", "1600", "los angeles", "ca", "90089"),
    ("US", "1600 Main St, Los Angeles CA 90089-1234, USA", "main street", "1600", "los angeles", "ca", "90089"),
    ("US", "1600 Main St, Los Angeles, California, 90089", "main street", "1600", "los angeles", "ca", "90089"),
    ("US", "1600 Main St, Los Angeles, 90089", "main street", "1600", "los angeles", None, "90089"),
    ("US", "1600 Main St, Los Angeles 90089", "main street", "1600", "los angeles", None, "90089"),
    ("US", "1600 Main St, Los Angeles 90089, CA", "main street", "1600", "los angeles", "ca", "90089"),
    ("US", "350 5th Ave, New York, NY 10118", "5th avenue", "350", "new york", "ny", "10118"),
    ("US", "350 5th Ave, New York 10118", "5th avenue", "350", "new york", None, "10118"),
    ("US", "350 5th Ave, New York, 10118", "5th avenue", "350", "new york", None, "10118"),
    ("US", "350 5th Ave, New York, New York, 10118", "5th avenue", "350", "new york", "ny", "10118"),
    ("US", "350 5th Ave, New York, New York 10118", "5th avenue", "350", "new york", "ny", "10118"),
    ("US", "350 5th Ave Apt 4B, Winston-Salem, N.C. 27101", "5th avenue", "350", "winston salem", "n c", "27101"),
    ("US", "9 Elm Rd, St. Louis, MO 63101, US", "elm road", "9", "saint louis", "mo", "63101"),
    ("US", "1 Peach St, Atlanta 30303, Georgia", "peach street", "1", "atlanta", "ga", "30303"),
    ("US", "1 Peach St, Atlanta, Georgia 30303, U.S.A.", "peach street", "1", "atlanta", "ga", "30303"),
    ("US", "Los Angeles, 90089", None, None, "los angeles", None, "90089"),
    ("US", "Los Angeles, CA 90089", None, None, "los angeles", "ca", "90089"),
    ("US", "PO Box 12, Springfield, West Virginia 26763", "po box", "12", "springfield", "wv", "26763"),
    ("CA", "20 King St W, Toronto, ON M5H 1C4", "king street west", "20", "toronto", "on", "m5h1c4"),
    ("CA", "20 King St W, Toronto ON M5H1C4, Canada", "king street west", "20", "toronto", "on", "m5h1c4"),
    ("CA", "7 Rue Laval, Québec, Québec G1R 4S9", "rue laval", "7", "quebec", "qc", "g1r4s9"),
    ("AU", "3/45 Smith St, Sydney NSW 2000", "smith street", "45", "sydney", "nsw", "2000"),
    ("AU", "Unit 3, 45 Smith St, Mount Gambier, South Australia 5290, Australia", "smith street", "45", "mount gambier", "sa", "5290"),
    ("AU", "45 Smith St, Darwin, NT, 0800", "smith street", "45", "darwin", "nt", "0800"),
    ("DE", "Hauptstr. 5, 10115 Berlin", "hauptstrasse", "5", "berlin", None, "10115"),
    ("DE", "Hauptstraße 5a, D-80331 München, Deutschland", "hauptstrasse", "5a", "munchen", None, "80331"),
    ("DE", "Hauptstr. 5, 10115, Berlin", "hauptstrasse", "5", "berlin", None, "10115"),
    ("DE", "60311 Frankfurt am Main, Zeil 7", "zeil", "7", "frankfurt am main", None, "60311"),
    ("DE", "10115 Berlin", None, None, "berlin", None, "10115"),
    ("AT", "Mariahilfer Straße 12/3/5, 1060 Wien", "mariahilfer strasse", "12", "wien", None, "1060"),
    ("FR", "10 rue de la Paix, 75002 Paris", "rue de la paix", "10", "paris", None, "75002"),
    ("FR", "12 bis, rue de la Paix, 75002 PARIS CEDEX 02, France", "rue de la paix", "12bis", "paris", None, "75002"),
    ("FR", "3 place Bellecour, 69002 Lyon 2e", "place bellecour", "3", "lyon", None, "69002"),
    ("NL", "Kerkstraat 12-2, 1012 AB Amsterdam", "kerkstraat", "12-2", "amsterdam", None, "1012ab"),
    ("NL", "Kerkstraat 12, 1012AB Amsterdam, Nederland", "kerkstraat", "12", "amsterdam", None, "1012ab"),
    ("NL", "Kerkstraat 12, 1012 DE Amsterdam", "kerkstraat", "12", "amsterdam", None, "1012de"),
    ("PL", "ul. Długa 5 m. 3, 00-950 Warszawa", "dluga", "5", "warszawa", None, "00950"),
    ("ES", "Calle Mayor 5, 3º B, 28013 Madrid", "mayor", "5", "madrid", None, "28013"),
    ("SE", "Storgatan 5, 111 22 Stockholm", "storgatan", "5", "stockholm", None, "11122"),
]  # fmt: skip

STREETS_ONLY = [
    ("US", "1600 Main St"), ("US", "1600 Main St, Apt 12345"), ("US", "Apt 4, Main Street 12345"), ("US", "Apt 4, Broadway 12345"),
    ("US", "Main Street, 12"), ("US", "12345 Main St, Building 4"), ("US", "Highway 12345"), ("US", "PO Box 90089"), ("US", "1600 Main St, PO Box 90089"),
    ("US", "12 Rue de la Paix, 75002 Paris, France"), ("US", "Los Angeles 90089"), ("US", "1600 Main St, Los Angeles, CA 00000"), ("US", "USPS Store,4225 Chambers Park Suite 455"),
    ("GB", "12 Mill Lane, Leeds"), ("GB", "12 Mill Lane, Leeds LS1"), ("GB", "Unit B12, 3 Mill Lane"), ("GB", "Hauptstr. 5, 10115 Berlin"),
    ("CA", "20 King St W, Toronto, ON"), ("CA", "1600 Main St, Los Angeles, CA 90089"), ("AU", "Unit 3, Highway 2000"), ("AU", "12 Smith St, Level 2000"),
    ("DE", "Hauptstr. 5, Berlin"), ("DE", "Hauptstr. 5, 1011 Berlin"), ("DE", "Zeil 7, 75002 Paris, France"), ("DE", "Postfach 10115"), ("DE", "Haus 4, Industriestr. 12345"),
    ("FR", "Bât. B, 12 rue des Lilas"), ("FR", "12 rue des Lilas, BP 12345"), ("FR", "12 rue des Lilas, 12345 rue Longue"), ("FR", "CS 12345"),
    ("NL", "Kerkstraat 12, 1012 Amsterdam"), ("NL", "Kerkstraat 12, 3731 DE BILT"), ("AT", "1060 Wien"), ("BR", "Rua Augusta 100, 01310-100 Sao Paulo"),
    (None, "Hauptstr. 5, 10115 Berlin"),
]  # fmt: skip


def address(country: str | None, line: str, **others: str) -> dict[str, str | None]:
    frame = pl.DataFrame({"street": [line], "country": [country], **{name: [text] for name, text in others.items()}})
    [made] = standardize_addresses(frame.with_columns(pl.col("country").cast(pl.String))).to_list()
    return dict(made)


@pytest.mark.parametrize(("country", "line", "street", "number", "city", "region", "postcode"), WHOLE)
def test_a_line_that_holds_it_all_is_taken_apart(
    country: str,
    line: str,
    street: str | None,
    number: str | None,
    city: str | None,
    region: str | None,
    postcode: str,
) -> None:
    made = address(country, line)
    found = [made[name] for name in ("street_norm", "house_number", "city_norm", "region_norm", "postcode_norm")]
    assert found == [street, number, city, region, postcode]


@pytest.mark.parametrize(("country", "line"), STREETS_ONLY)
def test_what_is_not_sure_stays_in_the_street(country: str | None, line: str) -> None:
    made = address(country, line)
    assert (made["street"], made["city"], made["postcode"]) == (line, None, None)


@pytest.mark.parametrize("other", [{"city": "York"}, {"postcode": "YO1 7HH"}])
def test_a_row_with_a_city_or_postcode_of_its_own_is_left_as_it_is(other: dict[str, str]) -> None:
    made = address("GB", "12 Mill Lane, Leeds LS1 4AB", **other)
    assert made["street"] == "12 Mill Lane, Leeds LS1 4AB"
    assert {made["city"], made["postcode"]} == {None, *other.values()}


def test_what_people_read_is_parted_as_it_was_written_and_a_region_of_its_own_stays() -> None:
    made = address("US", "1600 Main St., Los Angeles, CA 90089", region="California")
    shown = (made["street"], made["city"], made["region"], made["postcode"])
    assert shown == ("1600 Main St", "Los Angeles", "California", "90089")


def test_rows_keep_their_order_and_a_line_without_a_street_is_no_lost_street() -> None:
    frame = pl.DataFrame(
        {
            "street": ["12 Mill Lane", None, "10115 Berlin", "Hauptstr. 5, 10115 Berlin", "unknown"],
            "city": ["Leeds", "York", None, None, None],
        }
    )
    made = standardize_addresses(frame, "DE")
    cities = made.struct.field("city_norm").to_list()
    assert cities == ["leeds", "york", "berlin", "berlin", None]
    lost = [row for part in lost_address_parts(frame, made) for row in part.rows()]
    assert lost == [(4, "street:placeholder")]
