from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.names import NAME_COLUMNS, standardize_names

DELIVERED = ("full_name", "first_name", "middle_name", "last_name", "name_suffix", "country")


def standardized(*rows: dict[str, str | None]) -> list[dict[str, str | None]]:
    frame = pl.DataFrame(
        [{name: row.get(name) for name in DELIVERED} for row in rows], schema=dict.fromkeys(DELIVERED, pl.String)
    )
    return standardize_names(frame).to_dicts()


# country, whole name as delivered -> given, middle, family name and suffix, comparable
WHOLE_NAMES = [
    ("US", "John Smith", "john", None, "smith", None),
    ("US", "SMITH, JOHN A.", "john", "a", "smith", None),
    ("US", "John Q. Public Jr.", "john", "q", "public", "jr"),
    ("US", "Smith Jr., John", "john", None, "smith", "jr"),
    ("US", "Smith, John, III", "john", None, "smith", "iii"),
    ("US", "Dr. Martin Luther King", "martin", "luther", "king", None),
    ("US", 'Robert "Bob" Jones', "robert", None, "jones", None),
    ("US", "Mary Ann Smith", "mary", "ann", "smith", None),
    ("US", "William Gates V", "william", None, "gates", "v"),
    ("US", "Smith, Mr. John", "john", None, "smith", None),
    ("US", "Cher", "cher", None, None, None),
    ("GB", "Sir Tom Bert Warren", "tom", "bert", "warren", None),
    ("GB", "the Right Hon. Gordon Brown", "gordon", None, "brown", None),
    ("GB", "Sean O’Brien", "sean", None, "obrien", None),
    ("GB", "Mr Smith", None, None, "smith", None),
    ("GB", "Jane Smith-Jones OBE", "jane", None, "smith jones", None),
    ("AU", "Priddle  ,  Jack", "jack", None, "priddle", None),
    ("DE", "Dr. Anna-Maria von der Leyen, PhD", "anna maria", None, "von der leyen", None),
    ("DE", "Herr Jürgen Müller", "jurgen", None, "muller", None),
    ("NL", "Ludwig van Beethoven", "ludwig", None, "van beethoven", None),
    ("FR", "DUPONT Jean", "jean", None, "dupont", None),
    ("FR", "Jean-Pierre DE LA FONTAINE", "jean pierre", None, "de la fontaine", None),
    ("FR", "Mme Élodie Lefèvre", "elodie", None, "lefevre", None),
    ("ES", "María José García López", "maria", "jose", "garcia lopez", None),
    ("ES", "José Luis García", "jose", "luis", "garcia", None),
    ("ES", "Sra. María de la Cruz Soto", "maria", None, "de la cruz soto", None),
    ("MX", "Juan García López", "juan", None, "garcia lopez", None),
    ("ES", "García López, Juan Carlos", "juan", "carlos", "garcia lopez", None),
    ("BR", "João da Silva Santos", "joao", None, "da silva santos", None),
    ("PL", "Pani Małgorzata Brzęczyszczykiewicz", "malgorzata", None, "brzeczyszczykiewicz", None),
    ("PL", "Jan Kowalski-Nowak", "jan", None, "kowalski nowak", None),
    ("RU", "Иван Иванович Петров", "ivan", "ivanovich", "petrov", None),
    ("CN", "王小明", "xiaoming", None, "wang", None),
    ("CN", "Wang Xiaoming", "xiaoming", None, "wang", None),
    ("CN", "Xiaoming Wang", "xiaoming", None, "wang", None),
    ("JP", "山田 太郎", "tailang", None, "shantian", None),
    ("KR", "김민준", "minjun", None, "kim", None),
    ("KR", "Kim Min-jun", "min jun", None, "kim", None),
    ("HU", "Nagy János", "janos", None, "nagy", None),
    ("US", "J.R.R. Tolkien", "j r r", None, "tolkien", None),
    ("US", "Mr. & Mrs. John Smith", "john", None, "smith", None),
    ("US", "McDonald, Ronald (Ron)", "ronald", None, "mcdonald", None),
    ("US", "Rev. Dr. Martin L. King, Jr.", "martin", "l", "king", "jr"),
    ("US", "VAN DYKE, DICK", "dick", None, "van dyke", None),
    ("US", "Jane Roe, M.D., MPH", "jane", None, "roe", None),
    ("GB", "Dame Judi Dench DBE", "judi", None, "dench", None),
    ("GB", "Cllr. Ann Lee", "ann", None, "lee", None),
    ("DE", "Prof. Dr. med. Hans-Peter Müller", "hans peter", None, "muller", None),
    ("DE", "Dr. rer. nat. Eva Groß", "eva", None, "gross", None),
    ("DE", "Hans Müller jun.", "hans", None, "muller", "jr"),
    ("DE", "Jun Müller", "jun", None, "muller", None),
    ("DE", "Familie Müller", None, None, "muller", None),
    ("AT", "Ing. Karl Huber", "karl", None, "huber", None),
    ("ES", "Dª. Ana Ruiz Gil", "ana", None, "ruiz gil", None),
    ("ES", "María del Carmen Pérez Gómez", "maria", "del carmen", "perez gomez", None),
    ("ES", "Miguel Ángel Ortega y Gasset", "miguel", "angel", "ortega y gasset", None),
    ("PL", "dr hab. Anna Nowak", "anna", None, "nowak", None),
    ("PL", "KOWALSKI Jan", "jan", None, "kowalski", None),
    ("PL", "Anna Kowalska", "anna", None, "kowalska", None),
    ("IT", "Sig.ra Maria De Luca", "maria", None, "de luca", None),
    ("IT", "Avv. Giovanni D'Angelo", "giovanni", None, "dangelo", None),
    ("NL", "Mevr. A.M. Jansen-de Boer", "a m", None, "jansen de boer", None),
    ("NL", "Anna Jansen-de Boer", "anna", None, "jansen de boer", None),
    ("BR", "Ana Paula Souza Filho", "ana", "paula", "souza", "jr"),
    ("BR", "José Silva Júnior", "jose", None, "silva", "jr"),
    ("RU", "Петрова Анна Сергеевна", "anna", "sergeevna", "petrova", None),
    ("RU", "Petrova Anna Sergeevna", "anna", "sergeevna", "petrova", None),
    ("US", "Anna Maria Sergeevna", "anna", "maria", "sergeevna", None),
    ("CN", "欧阳修", "xiu", None, "ouyang", None),
    ("JP", "YAMADA Taro", "taro", None, "yamada", None),
    ("VN", "Nguyễn Văn An", "van an", None, "nguyen", None),
    ("HU", "Dr. Szabó Anna", "anna", None, "szabo", None),
    ("IN", "Shri Rajesh Kumar", "rajesh", None, "kumar", None),
    (None, "John Doe", None, None, None, None),
    (None, "Max Mustermann", None, None, None, None),
    (None, "Vorname Nachname", None, None, None, None),
    (None, "Nombre Apellidos", None, None, None, None),
    (None, "Imię Nazwisko", None, None, None, None),
    (None, "Prénom Nom", None, None, None, None),
    (None, "Test Customer 2", None, None, None, None),
    (None, "N. N.", None, None, None, None),
    (None, "DO NOT USE", None, None, None, None),
    (None, "senza nome", None, None, None, None),
    (None, "Test User", None, None, None, None),
    (None, "N/A", None, None, None, None),
    (None, "unknown", None, None, None, None),
    (None, "xxx xxx", None, None, None, None),
    (None, "12345", None, None, None, None),
]


@cache
def all_whole_names() -> dict[tuple[str | None, str], dict[str, str | None]]:
    rows = [(case[0], str(case[1])) for case in WHOLE_NAMES]
    return dict(zip(rows, standardized(*({"country": row[0], "full_name": row[1]} for row in rows)), strict=True))


@pytest.mark.parametrize(("country", "delivered", "first", "middle", "last", "suffix"), WHOLE_NAMES)
def test_a_whole_name_is_split(
    country: str | None, delivered: str, first: str | None, middle: str | None, last: str | None, suffix: str | None
) -> None:
    name = all_whole_names()[(country, delivered)]
    found = (name["first_name_norm"], name["middle_name_norm"], name["last_name_norm"], name["suffix_norm"])
    assert found == (first, middle, last, suffix)


# delivered parts -> for people, comparable
PARTS = [
    ({"first_name": "JOHN", "last_name": "MCDONALD"}, ("John", "McDonald"), ("john", "mcdonald")),
    ({"first_name": "john", "last_name": "o'brien"}, ("John", "O'Brien"), ("john", "obrien")),
    ({"first_name": "DeShawn", "last_name": "MacDonald"}, ("DeShawn", "MacDonald"), ("deshawn", "macdonald")),
    ({"first_name": "JEAN-LUC", "last_name": "DE LA CRUZ"}, ("Jean-Luc", "de la Cruz"), ("jean luc", "de la cruz")),
    ({"first_name": "Łukasz", "last_name": "ŻÓŁĆ"}, ("Łukasz", "Żółć"), ("lukasz", "zolc")),
    ({"first_name": "  Ana\u200b ", "last_name": "Nu\u0301ñez"}, ("Ana", "Núñez"), ("ana", "nunez")),
    ({"first_name": "Ｊｏｈｎ", "last_name": "Ｌｅｅ"}, ("John", "Lee"), ("john", "lee")),
    ({"first_name": "Unk", "last_name": "Potter"}, (None, "Potter"), (None, "potter")),
    ({"first_name": "First Name", "last_name": "Last Name"}, (None, None), (None, None)),
    ({"first_name": "Mrs. Ann", "last_name": "Lee PhD"}, ("Ann", "Lee"), ("ann", "lee")),
    ({"first_name": "Don", "last_name": "Smith"}, ("Don", "Smith"), ("don", "smith")),
    ({"first_name": "J", "last_name": "Smith"}, ("J", "Smith"), ("j", "smith")),
    ({"first_name": "J. Edgar", "last_name": "Hoover"}, ("J. Edgar", "Hoover"), ("j edgar", "hoover")),
    ({"first_name": "Na", "last_name": "NA"}, ("Na", None), ("na", None)),
    ({"first_name": "Go9ugh", "last_name": "3rd"}, ("Go9ugh", None), ("gough", None)),
    ({"first_name": "John", "last_name": "Doe"}, (None, None), (None, None)),
    ({"first_name": "Test", "last_name": "Lee"}, (None, "Lee"), (None, "lee")),
    ({"first_name": "Guest", "last_name": "Customer"}, (None, None), (None, None)),
    ({"first_name": "NN", "last_name": "Kowalska"}, (None, "Kowalska"), (None, "kowalska")),
    (
        {"first_name": "MARÍA JOSÉ", "last_name": "GARCÍA-LÓPEZ"},
        ("María José", "García-López"),
        ("maria jose", "garcia lopez"),
    ),
    ({"first_name": "françois", "last_name": "d'estaing"}, ("François", "D'Estaing"), ("francois", "destaing")),
    ({"first_name": "Björn", "last_name": "Ångström"}, ("Björn", "Ångström"), ("bjorn", "angstrom")),
    ({"first_name": "Ｍａｒｉａ", "last_name": "de\u00a0Souza"}, ("Maria", "de Souza"), ("maria", "de souza")),
    ({"first_name": "Hans-Jürgen", "last_name": "Weiß"}, ("Hans-Jürgen", "Weiß"), ("hans jurgen", "weiss")),
    ({"first_name": "Ng", "last_name": "O"}, ("Ng", "O"), ("ng", "o")),
    ({"first_name": "سارة", "last_name": "حسن"}, ("سارة", "حسن"), ("sarh", "hsn")),
    ({"first_name": "太郎様", "last_name": "佐々木"}, ("太郎", "佐々木"), ("tailang", "zuozuomu")),
    ({"first_name": "ショウタ", "last_name": "服部さん"}, ("ショウタ", "服部"), ("shouta", "fubu")),
    ({"first_name": "محمد", "last_name": "المصري"}, ("محمد", "المصري"), ("mhmd", "al msry")),
    ({"first_name": "Dr. Eva", "last_name": "Groß, M.Sc."}, ("Eva", "Groß"), ("eva", "gross")),
    ({"first_name": "Ann 2", "last_name": "Lee*"}, ("Ann 2", "Lee"), ("ann", "lee")),
    ({"first_name": "J.R.", "last_name": "Ewing"}, ("J.R.", "Ewing"), ("j r", "ewing")),
    ({"first_name": "Madonna", "last_name": "."}, ("Madonna", None), ("madonna", None)),
    ({"first_name": "Mary Ann", "last_name": "Smith-Jones"}, ("Mary Ann", "Smith-Jones"), ("mary ann", "smith jones")),
    ({"first_name": "Ana", "last_name": "da silva"}, ("Ana", "da Silva"), ("ana", "da silva")),
    ({"first_name": "Ayşe", "last_name": "Yılmaz"}, ("Ayşe", "Yılmaz"), ("ayse", "yilmaz")),
    ({"first_name": "zoë", "last_name": "mcdonald"}, ("Zoë", "McDonald"), ("zoe", "mcdonald")),
    ({"first_name": "Jos\u00e9", "last_name": "Pe\u00f1a"}, ("José", "Peña"), ("jose", "pena")),
    ({"first_name": "Иван", "last_name": "Петров"}, ("Иван", "Петров"), ("ivan", "petrov")),
    ({"first_name": "太郎", "last_name": "山田"}, ("太郎", "山田"), ("tailang", "shantian")),
    ({"first_name": "XXX", "last_name": "Lee"}, (None, "Lee"), (None, "lee")),
    ({"first_name": "Frau", "last_name": "Müller"}, (None, "Müller"), (None, "muller")),
    ({"first_name": "von", "last_name": "Van"}, ("Von", "Van"), ("von", "van")),
]


@pytest.mark.parametrize(("delivered", "shown", "comparable"), PARTS)
def test_parts_have_a_form_for_people_and_one_for_comparison(
    delivered: dict[str, str | None], shown: tuple[str | None, ...], comparable: tuple[str | None, ...]
) -> None:
    [name] = standardized(delivered)
    assert (name["first_name"], name["last_name"]) == shown
    assert (name["first_name_norm"], name["last_name_norm"]) == comparable


@pytest.mark.parametrize(
    ("delivered", "suffix"),
    [
        ({"last_name": "Smith Jr."}, "jr"),
        ({"last_name": "Smith, Sr"}, "sr"),
        ({"last_name": "Smith", "name_suffix": "III"}, "iii"),
        ({"last_name": "Smith", "name_suffix": "2nd"}, "ii"),
        ({"last_name": "Smith", "name_suffix": "Junior"}, "jr"),
        ({"first_name": "John III", "last_name": "Smith"}, "iii"),
        ({"first_name": "John V", "last_name": "Smith"}, None),
        ({"last_name": "Smith", "name_suffix": "PhD"}, None),
        ({"full_name": "Sr. Juan Pérez Gómez", "country": "ES"}, None),
    ],
)
def test_a_generational_suffix_has_its_own_column(delivered: dict[str, str | None], suffix: str | None) -> None:
    [name] = standardized(delivered)
    assert name["suffix_norm"] == suffix
    assert name["last_name_norm"] in ("smith", "perez gomez")


def test_a_lone_initial_behind_a_name_is_a_middle_initial() -> None:
    linda, dianie, both = standardized(
        {"first_name": "Linda U", "last_name": "Washington"},
        {"first_name": "Rios", "last_name": "Dianie G"},
        {"first_name": "Ann B", "middle_name": "Carol", "last_name": "Lee"},
    )
    assert (linda["first_name_norm"], linda["middle_name_norm"]) == ("linda", "u")
    assert (dianie["last_name_norm"], dianie["middle_name_norm"]) == ("dianie", "g")
    assert (both["first_name_norm"], both["middle_name_norm"]) == ("ann b", "carol")


def test_parts_fill_from_the_whole_name_without_repeating_each_other() -> None:
    filled, alone = standardized(
        {"full_name": "Sir Tom Bert Warren", "first_name": "sir", "last_name": "Warren"},
        {"full_name": "Lnight", "last_name": "Lnight"},
    )
    assert (filled["first_name"], filled["middle_name"], filled["last_name"]) == ("Tom", "Bert", "Warren")
    assert (alone["first_name"], alone["last_name"]) == (None, "Lnight")


def test_the_whole_name_is_kept_as_delivered_or_put_together() -> None:
    kept, joined, nothing = standardized(
        {"full_name": "Dr.  Ann Lee"},
        {"first_name": "ANN", "last_name": "LEE", "name_suffix": "jr"},
        {"full_name": "?"},
    )
    assert (kept["full_name"], joined["full_name"], nothing["full_name"]) == ("Dr. Ann Lee", "Ann Lee Jr", None)


def test_a_nickname_has_the_root_of_the_name_that_it_stands_for() -> None:
    bill, gosia, unknown = standardized({"first_name": "Bill Joe"}, {"first_name": "Gosia"}, {"first_name": "Zzyx Q"})
    assert (bill["first_name_root"], bill["first_name_norm"]) == ("william", "bill joe")
    assert gosia["first_name_root"] == "malgorzata"
    assert unknown["first_name_root"] == "zzyx"


def test_rows_keep_their_order_and_an_empty_frame_its_columns() -> None:
    names = standardized({"full_name": "B C"}, {}, {"full_name": "A C"}, {"full_name": "B C"})
    assert [name["first_name"] for name in names] == ["B", None, "A", "B"]
    assert (
        tuple(standardize_names(pl.DataFrame({"full_name": []}, schema={"full_name": pl.String})).columns)
        == NAME_COLUMNS
    )


PIECES = [*"abcJSVmnoł'’.,-() \u200b0é王", "Jr ", " III", "Dr. ", "von ", "de la ", "MC", "unk"]
NAME_TEXT = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(NAME_TEXT, NAME_TEXT, NAME_TEXT, st.sampled_from([None, "ES", "CN", "US"])), min_size=1, max_size=6
    )
)
def test_standardizing_parts_twice_changes_nothing(rows: list[tuple[str, str, str, str | None]]) -> None:
    frame = pl.DataFrame(
        rows, schema=dict.fromkeys(("first_name", "middle_name", "last_name", "country"), pl.String), orient="row"
    )
    once = standardize_names(frame)
    again = standardize_names(
        once.select("first_name", "middle_name", "last_name", "name_suffix").with_columns(frame["country"])
    )
    columns = [name for name in NAME_COLUMNS if name != "full_name"]
    assert again.select(columns).to_dicts() == once.select(columns).to_dicts()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_no_text_is_too_strange_for_a_name(texts: list[str]) -> None:
    names = standardized(*({"full_name": text, "first_name": text, "country": "ES"} for text in texts))
    for name in names:
        for column in ("first_name_norm", "middle_name_norm", "last_name_norm"):
            value = name[column]
            assert value is None or all(sign in "abcdefghijklmnopqrstuvwxyz " for sign in value)
            assert value != ""
