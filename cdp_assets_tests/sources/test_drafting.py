from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cdp_assets.sources.contracts import SourceContract, load_contract
from cdp_assets.sources.drafting import draft_contract
from cdp_assets.sources.reading import FileRefused, read_delivery


def drafted(
    folder: Path, text: str, name: str = "crm_export_2024-01-31.csv", encoding: str = "utf-8"
) -> SourceContract:
    """The draft from a file of this text, loaded from where it would be saved; the file reads by it without complaint."""
    file = folder / name
    file.write_bytes(text.encode(encoding))
    contract = saved(folder, draft_contract(file))
    assert read_delivery(file, contract).frame["_problem"].null_count() > 0
    return contract


def saved(folder: Path, text: str) -> SourceContract:
    source = text.split("source: ", 1)[1].split("\n", 1)[0]
    path = folder / "contracts" / f"{source}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_contract(path)


def mapped(contract: SourceContract) -> dict[str, list[str | tuple[str, ...] | None]]:
    """Source columns by field; those that are joined as a tuple, a constant as None."""
    return {
        name: [source.columns or source.column for source in contract.field_sources(name)] for name in contract.fields
    }


ENGLISH = """Contact ID,First Name,Last Name,E-mail Address,Mobile,Home Phone,Date of birth,Mailing Street,Mailing City,Mailing Zip/Postal Code,Loyalty No,Last Modified Date,Score
c1,Ann,Lee,ann@companyx.example,+1 555 0100 123,555-010-0124,01/31/1980,1 Main St,Springfield,01234,L1,2024-01-01T10:00:00Z,5
c2,Bob,Ray,bob@companyx.example,,555-010-0125,12/24/1975,2 Main St,Springfield,01235,L2,2024-01-02T10:00:00Z,6
"""
GERMAN = """Kundennummer;Anrede;Vorname;Nachname;E-Mail;Telefon;Geburtsdatum;Straße;PLZ;Ort;Firma;geändert am
1;Frau;Anna;Öz;a@companyx.example;+49 30 1234567;03.02.1980;Weg 1;10115;Berlin;ACME;2024-01-01
2;Herr;Bernd;Li;b@companyx.example;+49 30 1234568;23.12.1975;Weg 2;10116;Berlin;;2024-01-02
"""
SPANISH = """id,Nombre,Apellidos,Correo electrónico,Teléfono,Fecha de nacimiento,Dirección,Código postal,Población,Provincia
1,Ana,Gil Paz,a@companyx.example,+34 600 000 001,03/02/1980,Calle Sol 1,28001,Madrid,Madrid
2,Luis,Ruiz,b@companyx.example,+34 600 000 002,23/12/1975,Calle Sol 2,28002,Madrid,Madrid
"""
POLISH = """id,Imię,Nazwisko,Adres e-mail,Numer telefonu,Data urodzenia,Ulica,Kod pocztowy,Miasto
1,Ewa,Żak,a@companyx.example,+48 600 000 001,1980-02-03,Długa 1,00-001,Łódź
2,Jan,Bąk,b@companyx.example,+48 600 000 002,1975-12-23,Długa 2,00-002,Łódź
"""
FRENCH = """identifiant,Prénom,Nom,Courriel,Téléphone portable,Date de naissance,Adresse,Code postal,Ville,Société
1,Zoé,Roy,a@companyx.example,+33 6 00 00 00 01,03/02/1980,1 rue X,75001,Paris,ACME
2,Luc,Blé,b@companyx.example,+33 6 00 00 00 02,23/12/1975,2 rue X,75002,Paris,
"""


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, SPANISH, POLISH, FRENCH], ids=["en", "de", "es", "pl", "fr"])
def test_headers_are_understood_in_five_languages(tmp_path: Path, text: str) -> None:
    fields = set(mapped(drafted(tmp_path, text)))
    assert {"first_name", "last_name", "email", "phone", "date_of_birth", "street", "city", "postcode"} <= fields
    assert "full_name" not in fields


def test_the_whole_draft_of_a_crm(tmp_path: Path) -> None:
    contract = drafted(tmp_path, ENGLISH)
    assert contract.source == "crm"
    assert (contract.kind, contract.delivers) == ("profiles", "changes"), "a draft never deletes"
    assert contract.key == ("Contact ID",)
    assert contract.observed_at == "Last Modified Date"
    assert contract.date_format == "%m/%d/%Y"
    assert contract.extract.files == "*.csv"
    assert mapped(contract)["phone"] == ["Mobile", "Home Phone"]
    assert contract.identifiers["loyalty_id"].column == "Loyalty No"


def test_no_value_of_the_file_is_in_the_draft(tmp_path: Path) -> None:
    for text in (ENGLISH, GERMAN, SPANISH, POLISH, FRENCH):
        file = tmp_path / "crm.csv"
        file.write_text(text, encoding="utf-8")
        draft = draft_contract(file)
        values = {value for line in text.splitlines()[1:] for value in line.replace(";", ",").split(",")}
        assert not [value for value in values if len(value) > 3 and value in draft]


def test_values_tell_what_headers_do_not(tmp_path: Path) -> None:
    text = "id,a,b,c,d\n" + "".join(
        f"{n},u{n}@companyx.example,+1 555 010 {n:04},x,AB1 2C{'DEF'[n % 3]}\n" for n in range(9)
    )
    contract = drafted(tmp_path, text)
    assert mapped(contract) == {"email": ["a"], "phone": ["b"], "postcode": ["d"]}
    file = next(tmp_path.glob("*.csv"))
    assert "guessed from its values" in draft_contract(file)
    assert "not mapped (raw keeps them): c" in draft_contract(file)


def test_a_header_that_its_values_belie_is_not_believed(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "id,email,address\n1,yes,a@companyx.example\n2,no,b@companyx.example\n")
    assert mapped(contract) == {"email": ["address"]}


def test_further_addresses_are_lists_and_further_lines_are_joined(tmp_path: Path) -> None:
    contract = drafted(
        tmp_path, "id,email,Street,Street 2,City,Other Street,Other City\n1,a@companyx.example,Way 1,Flat 2,X,Way 3,Y\n"
    )
    found = mapped(contract)
    assert (found["street"], found["city"]) == ([("Street", "Street 2"), "Other Street"], ["City", "Other City"])


def test_unclear_days_are_marked_for_a_person(tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    file.write_text("id,dob\n1,03/04/1980\n2,05/06/1981\n")
    draft = draft_contract(file)
    assert 'date_format: "%d/%m/%Y"  # CHECK: %m/%d/%Y would read it, too' in draft


def test_iso_days_need_no_format(tmp_path: Path) -> None:
    assert drafted(tmp_path, POLISH).date_format is None


@pytest.mark.parametrize(
    ("header", "kind", "constant"),
    [
        ("id,email,webinar,attended_at", "activities", "attended"),
        ("id,cookie_id,page_url,timestamp", "activities", "page_view"),
        ("id,email,event_type,timestamp", "activities", None),
        ("id,email,opt_in,timestamp", "consents", None),
    ],
)
def test_kinds_are_guessed_from_what_a_row_says(tmp_path: Path, header: str, kind: str, constant: str | None) -> None:
    row = "1,a@companyx.example,x,2024-01-01" if "email" in header else "1,ck1,x,2024-01-01"
    contract = drafted(tmp_path, f"{header}\n{row}\n")
    assert (contract.kind, contract.delivers) == (kind, "events")
    if constant:
        assert contract.field_sources("activity")[0].value == constant


def test_a_key_that_is_none_is_marked(tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    file.write_text("id,name\n1,x\n1,y\n1,z\n")
    assert "CHECK: 2 rows" in draft_contract(file)


def test_a_better_key_than_the_one_with_the_name_is_found(tmp_path: Path) -> None:
    assert drafted(tmp_path, "id,name,contact_id\n,x,1\n,y,2\n").key == ("contact_id",)


def test_a_file_of_which_nothing_is_understood_still_gives_a_contract(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "foo,bar\n1,x\n2,y\n")
    assert contract.key == ("foo",)
    assert contract.identifiers["crm_id"].column == "foo"


def test_encoding_and_delimiter_that_had_to_be_guessed_are_said(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "id;Name, first;E-Mail\n1;Müller, A;a@companyx.example\n", encoding="latin-1")
    assert contract.extract.delimiter == ";"
    assert contract.extract.encoding == "cp1252"
    contract = drafted(tmp_path, "id,name\n1,x\n", encoding="utf-16-le")
    assert contract.extract.encoding == "utf-16-le"


@pytest.mark.parametrize("ending", ["csv.gz", "jsonl", "parquet"])
def test_the_pattern_is_the_files_ending(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"x.{ending}"
    file.write_text('{"id": 1, "email": "a@companyx.example"}\n' if ending == "jsonl" else "id,email\n1,x\n")
    assert saved(tmp_path, draft_contract(file)).extract.files == f"*.{ending.split('.')[0]}"


def test_odd_headers_survive_yaml(tmp_path: Path) -> None:
    contract = drafted(tmp_path, 'no,"E-mail: ""main"" #1",Straße\n1,a@companyx.example,x\n')
    assert contract.key == ("no",)
    assert mapped(contract) == {"email": ['E-mail: "main" #1'], "street": ["Straße"]}


@pytest.mark.parametrize("text", ["17,Dana,dana@companyx.example\n", "Dana,1980-02-03\n", "Dana,90210-1234\n"])
def test_a_file_without_header_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "crm.csv"
    file.write_text(text)
    with pytest.raises(FileRefused, match="add a header") as refused:
        draft_contract(file)
    assert "ana" not in str(refused.value)


def test_an_empty_file_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("")
    with pytest.raises(FileRefused, match="holds no row"):
        draft_contract(tmp_path / "crm.csv")


def test_a_source_may_be_named(tmp_path: Path) -> None:
    file = tmp_path / "2024.csv"
    file.write_text("id,email\n1,x\n")
    assert "source: shop\n" in draft_contract(file, "shop")
    assert "source: source\n" in draft_contract(file)
    with pytest.raises(ValueError, match="source name"):
        draft_contract(file, "My Shop")


def text_of_draft(folder: Path, text: str, name: str = "crm.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return draft_contract(folder / name)


def test_days_written_in_several_ways_are_told_with_their_shares(tmp_path: Path) -> None:
    days = ["12/11/1978", "3/15/1990", "8/20/1991", "1/2/1980", "2/28/1979", "19-Feb-91", "1993-09-14", "unknown"]
    draft = text_of_draft(tmp_path, "id,dob\n" + "".join(f"{n},{day}\n" for n, day in enumerate(days)))
    assert 'date_format: "%m/%d/%Y"  # CHECK: days are written in several ways (%m/%d/%Y 62%, ' in draft
    assert "%d-%b-%y 12%" in draft
    assert "none of these 12%" in draft
    draft = text_of_draft(tmp_path, "id,dob\n1,03/15/1990\n2,1993-09-14\n3,19-Feb-91\n4,1.2.90\n")
    assert '\n# date_format: "%Y-%m-%d"  # CHECK: days are written in several ways' in draft, "no format reads most"


def test_days_of_birth_in_a_parish_register_are_days(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "id,name,born\n1,Ann Lee,28/02/1857\n2,Bo Ray,15/11/1861\n")
    assert (mapped(contract)["date_of_birth"], contract.date_format) == (["born"], "%d/%m/%Y")
    parts = drafted(tmp_path, "id,name,birth_day,birth_month,birth_year\n1,Ann Lee,28,2,1857\n2,Bo Ray,15,11,1861\n")
    assert mapped(parts)["date_of_birth"] == [("birth_day", "birth_month", "birth_year")]


def test_a_time_of_day_behind_a_date_does_not_hide_its_format(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "id,email,updated\n1,a@companyx.example,02/28/2024 10:15 AM\n2,,03/01/2024 11:00 PM\n")
    assert (contract.observed_at, contract.date_format) == ("updated", "%m/%d/%Y")


def test_a_time_that_the_format_of_birthdays_can_not_read_costs_no_rows(tmp_path: Path) -> None:
    draft = text_of_draft(tmp_path, "id,dob,updated\n1,31/01/1980,02/28/2024\n2,24/12/1975,03/30/2024\n")
    assert 'date_format: "%d/%m/%Y"' in draft
    assert "\n# observed_at: updated_at  # CHECK: 'updated' may be it, but is written otherwise" in draft


def test_a_day_of_birth_in_parts_is_joined_and_read(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "id,Geburtstag,Geburtsmonat,Geburtsjahr\n1,3,2,1980\n2,23,12,1975\n")
    assert mapped(contract)["date_of_birth"] == [("Geburtstag", "Geburtsmonat", "Geburtsjahr")]
    assert contract.date_format == "%d %m %Y"
    contract = drafted(
        tmp_path, "id,name,birth_day,birth_month,birth_year\n1,Ann Lee,3,Feb,1980\n2,Bo Ray,23,Dec,1975\n"
    )
    assert mapped(contract)["date_of_birth"] == [("birth_day", "birth_month", "birth_year")]
    assert contract.date_format == "%d %b %Y"


def test_a_month_may_be_short_and_a_year_may_be_all_that_is_told(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "id,DOB_DAY,DOB_MON,DOB_YEAR\n1,3,2,1980\n2,23,12,1975\n")
    assert mapped(contract)["date_of_birth"] == [("DOB_DAY", "DOB_MON", "DOB_YEAR")]
    contract = drafted(tmp_path, "id,name,birthyear\n1,Ann Lee,1980\n2,Bo Ray,1975\n")
    assert mapped(contract)["date_of_birth"] == ["birthyear"]
    contract = drafted(tmp_path, "id,name,birthyear,dob\n1,Ann Lee,1980,1980-02-03\n2,Bo Ray,1975,1975-12-23\n")
    assert mapped(contract)["date_of_birth"] == ["dob"]


def people(header: str, days: Sequence[str]) -> str:
    return f"id,name,{header}\n" + "".join(f"{n},Ann Lee,{day}\n" for n, day in enumerate(days))


def test_a_day_in_plain_parts_is_of_birth_by_its_years_and_marked(tmp_path: Path) -> None:
    born = [f"{n % 28 + 1},{n % 12 + 1},{1930 + n}" for n in range(75)]
    draft = text_of_draft(tmp_path, people("day,month,year", born))
    assert "date_of_birth: {columns: [day, month, year]}  # guess: CHECK that it is one: only its years say so" in draft
    for other in (
        [f"{n % 28 + 1},{n % 12 + 1},{2004 + n % 21}" for n in range(200)],
        [f"{n % 28 + 1},{n % 12 + 1},{1985 + n % 8}" for n in range(200)],
        ["1,1,1900"] * 150 + [f"{n % 28 + 1},{n % 12 + 1},{2015 + n % 10}" for n in range(50)],
        [f"{n % 28 + 1},{n % 12 + 1},{40 + n % 50}" for n in range(50)],
    ):
        assert "date_of_birth" not in mapped(drafted(tmp_path, people("day,month,year", other)))
    assert "date_of_birth" not in mapped(drafted(tmp_path, people("day,month,year,tag", [f"{day},1" for day in born])))


def test_a_date_that_may_be_of_birth_is_no_moment_and_is_pointed_out(tmp_path: Path) -> None:
    born = [f"{n % 28 + 1:02}/{n % 12 + 1:02}/{1930 + n}" for n in range(75)]
    draft = text_of_draft(tmp_path, people("date", born))
    assert "\n  # date_of_birth: date  # CHECK: its days are spread over decades" in draft
    assert "\n# observed_at: updated_at  # without one" in draft
    assert '\ndate_format: "%d/%m/%Y"' in draft
    assert saved(tmp_path, draft).observed_at is None
    lately = [f"{n % 28 + 1:02}/{n % 12 + 1:02}/{2004 + n % 21}" for n in range(75)]
    for text in (people("date", lately), people("created", born), people("date", [f"{day} 10:15" for day in born])):
        draft = text_of_draft(tmp_path, text)
        assert saved(tmp_path, draft).observed_at in ("date", "created")
        assert "CHECK: its days" not in draft
    events = people("event_type,date", [f"visit,{day}" for day in born])
    assert drafted(tmp_path, events).observed_at == "date"


def test_columns_called_like_parts_of_a_day_must_make_one(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "id,email,by,bm,bd\n1,a@companyx.example,Ann,x,y\n2,b@companyx.example,Bo,x,z\n")
    assert mapped(contract) == {"email": ["email"]}


def test_what_repeats_is_neither_key_nor_identifier(tmp_path: Path) -> None:
    draft = text_of_draft(tmp_path, "colour,city\nred,X\nred,X\nblue,Y\nblue,Y\n")
    assert "key: record_id  # CHECK: no column" in draft
    assert "\nidentifiers:" not in draft
    assert saved(tmp_path, draft).key == ("record_id",), "it loads, and no file without the key is imported"


def test_columns_that_tell_rows_apart_together_are_the_key(tmp_path: Path) -> None:
    people = [(first, last, born) for first in ("Ann", "Bo", "Cy") for last in ("Lee", "Ray") for born in (1970, 1980)]
    rows = "".join(f"{first},{last},{born}-01-31,X\n" for first, last, born in people)
    draft = text_of_draft(tmp_path, "first_name,last_name,birthdate,city\n" + rows)
    contract = saved(tmp_path, draft)
    assert contract.key == ("first_name", "last_name", "birthdate")
    assert "CHECK: no column identifies a row; these do together" in draft


def test_what_is_not_understood_and_has_no_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="give columns plain names"):
        text_of_draft(tmp_path, "foo,bar\n1,x\n1,x\n")


def test_an_identifier_that_groups_have_is_none(tmp_path: Path) -> None:
    text = "id,email,loyalty_id\n" + "".join(f"{n},u{n}@companyx.example,{n % 2}\n" for n in range(40))
    draft = text_of_draft(tmp_path, text)
    assert not saved(tmp_path, draft).identifiers
    assert "repeat too often to identify a person: 'loyalty_id'" in draft


def test_a_value_of_somebody_else_is_not_the_persons(tmp_path: Path) -> None:
    text = "id,email,Account Owner,created by,lat,amount,client ip\n" + "".join(
        f"{n},u{n}@companyx.example,o{n}@companyx.example,c{n}@companyx.example,51.50735{n},1234567.5{n},192.0.2.10{n}\n"
        for n in range(9)
    )
    assert mapped(drafted(tmp_path, text)) == {"email": ["email"]}


def test_an_answer_about_consent_in_a_list_of_people_is_pointed_out(tmp_path: Path) -> None:
    header = "id,first_name,last_name,email,opt_in,updated_at\n"
    draft = text_of_draft(tmp_path, header + "1,Ann,Lee,a@companyx.example,yes,2024-01-01\n")
    assert saved(tmp_path, draft).kind == "profiles"
    assert "kind consents: opt_in\n" in draft


def test_an_address_that_lacks_a_part_gets_none_of_another(tmp_path: Path) -> None:
    header = "id,Home Street,Home City,Work Street,Work City,Work Zip,Old City\n"
    found = mapped(drafted(tmp_path, header + "1,Way 1,Aa,Way 2,Bb,12345,Cc\n"))
    assert found["street"] == ["Home Street", "Work Street"]
    assert found["city"] == ["Home City", "Work City"]
    assert "postcode" not in found, "it would be read as the home's"


def test_a_street_that_holds_its_number_is_not_given_another(tmp_path: Path) -> None:
    header = "id,address,house_number,street_name,city\n"
    found = mapped(drafted(tmp_path, header + "1,1 Alder Way,1,Alder Way,X\n2,22 Birch Rd,22,Birch Rd,Y\n"))
    assert found["street"] == ["address"]


def test_whole_names_stay_where_parts_are_missing(tmp_path: Path) -> None:
    header = "id,first_name,last_name,name\n"
    assert "full_name" not in mapped(drafted(tmp_path, header + "1,Ann,Lee,Ann Lee\n2,Bo,Ray,Bo Ray\n"))
    assert mapped(drafted(tmp_path, header + "1,Ann,Lee,\n2,,,Bo Ray\n"))["full_name"] == ["name"]


def test_items_of_lists_in_json_are_columns(tmp_path: Path) -> None:
    lines = [
        '{"id": "a1", "emails": ["a@companyx.example", "b@companyx.example"], "tags": ["x"], "meta": {"updated_at": "2024-01-01"}, '
        '"addresses": [{"line1": "Way 1", "city": "X", "type": "home"}, {"line1": "Way 2", "city": "Y", "type": "work"}]}',
        '{"id": "a2", "emails": ["c@companyx.example"], "tags": [], "meta": {"updated_at": "2024-01-02"}, "addresses": []}',
    ]
    contract = drafted(tmp_path, "\n".join(lines), name="crm.jsonl")
    assert contract.observed_at == "meta.updated_at"
    assert mapped(contract) == {
        "email": ["emails.0", "emails.1"],
        "street": ["addresses.0.line1", "addresses.1.line1"],
        "city": ["addresses.0.city", "addresses.1.city"],
    }
    assert "not mapped (raw keeps them): tags\n" in draft_contract(tmp_path / "crm.jsonl")


def test_a_form_of_address_is_no_position(tmp_path: Path) -> None:
    header = "id,name,title\n"
    assert "job_title" not in mapped(drafted(tmp_path, header + "1,Ann Lee,Mrs\n2,Bo Ray,Dr.\n"))
    assert mapped(drafted(tmp_path, header + "1,Ann Lee,Head of Sales\n2,Bo Ray,Buyer\n"))["job_title"] == ["title"]


def test_the_key_of_a_person_is_no_key_of_what_he_did(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "customer_id,email,webinar,attended_at\n1,a@companyx.example,x,2024-01-01\n")
    assert (contract.kind, contract.key) == ("activities", ())
