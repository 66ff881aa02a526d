"""Each finding by a built frame: what shows it, what does not, and what could not have shown it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from cdp_assets.standardized.quality_facts import USUAL_SUPPORT
from cdp_assets.standardized.quality_findings import examples, kinds_found, quality_findings
from cdp_assets.standardized.quality_rules import FAMILIES_OF_A_CROWD, RULES, SEVERITIES
from cdp_assets.tables import QUALITY_FINDINGS, REJECTED_ROWS
from cdp_assets_tests.builders import day, frame
from cdp_assets_tests.standardized.quality_frames import Row, address, facts_of, found, home, named, record

NOBODY = (0, 0)


def looked(counts: dict[tuple[str, str], tuple[int, int]], finding: str, field: str) -> tuple[int, int]:
    """Found and looked at; a rule without anything to look at has no row."""
    return counts.get((finding, field), NOBODY)


@pytest.mark.parametrize(
    ("values", "finding"),
    [
        ({"class": "placeholder", "is_shared": True}, "placeholder_address"),
        ({"class": "disposable"}, "disposable_address"),
        ({"class": "role", "is_shared": True}, "role_address"),
        ({"suggestion": "a@gmail.com"}, "mistyped_domain"),
        ({"status": "dead"}, "dead_address"),
        ({"status": "stale"}, "stale_address"),
        ({"is_shared": True}, "shared_by_many"),
    ],
)
def test_addresses(values: Row, finding: str) -> None:
    rows = [record("1", emails=["a@x.org", "b@x.org"]), record("2", emails=["a@x.org"])]
    counts = found(rows, [address("a@x.org", **values)])
    shown = {name: count for (name, field), (count, _) in counts.items() if field == "email" and count}
    assert shown == {finding: 1}, "an address counts once, whoever carries it, and shows only this"
    assert looked(counts, finding, "email") == (1, 2)
    assert looked(found([record("1")]), finding, "email") == NOBODY


@pytest.mark.parametrize(
    ("born", "observed", "finding", "expected"),
    [
        (date(2030, 1, 1), "2024-01-01", "born_in_the_future", (1, 1)),
        (date(2024, 1, 1), "2024-01-01", "born_in_the_future", (0, 1)),
        (None, "2024-01-01", "born_in_the_future", NOBODY),
        (date(1903, 1, 1), "2024-01-01", "older_than_anybody", (1, 1)),
        (date(1904, 1, 5), "2024-01-01", "older_than_anybody", (0, 1)),
        (date(2023, 6, 1), "2023-05-31", "born_after_first_activity", (1, 1)),
        (date(2023, 6, 1), "2023-06-01", "born_after_first_activity", (0, 1)),
        (date(2030, 1, 1), "2023-06-01", "born_after_first_activity", (0, 1)),  # not born yet, and told so already
    ],
)
def test_dates_of_birth(born: date | None, observed: str, finding: str, expected: tuple[int, int]) -> None:
    rows = [record("1", date_of_birth=born, observed_at=day(observed)), record("2", observed_at=day("2024-01-01"))]
    assert looked(found(rows), finding, "date_of_birth") == expected


@pytest.mark.parametrize(
    ("births", "expected"),
    [
        ([date(1980, 1, 1), date(1981, 1, 1)], (1, 1)),
        ([date(1980, 1, 1), date(1980, 1, 1)], (0, 1)),
        ([date(1980, 1, 1), None], NOBODY),
        ([date(1980, 1, 1)], NOBODY),
    ],
)
def test_a_key_whose_date_of_birth_changed(births: list[date | None], expected: tuple[int, int]) -> None:
    rows = [
        record("1", date_of_birth=born, version=n, is_current=n == len(births), is_newest=n == len(births))
        for n, born in enumerate(births, 1)
    ]
    assert looked(found(rows), "date_of_birth_changed", "date_of_birth") == expected


def neighbours(count: int, city: str = "leeds", region: str = "yorkshire") -> list[Row]:
    return [record(f"n{n}", addresses=home("larch road", str(n), "ls6", city, region)) for n in range(count)]


@pytest.mark.parametrize(
    ("known", "city", "expected"),
    [
        (neighbours(30), "york", {"city_not_of_postcode": 1, "city_misspelt": 0}),
        (neighbours(30), "leds", {"city_not_of_postcode": 0, "city_misspelt": 1}),
        (neighbours(30), "leeds", {"city_not_of_postcode": 0, "city_misspelt": 0}),
        (neighbours(30), "leeds north", {"city_not_of_postcode": 0, "city_misspelt": 1}),
        (neighbours(USUAL_SUPPORT - 2), "york", {}),  # with this one home still too few to know
        (neighbours(20) + [record(f"y{n}", addresses=home("elm", str(n), "ls6", "york")) for n in range(4)], "york", {}),
        ([record(f"n{n}", addresses=home("larch road", "1", "ls6", "leeds")) for n in range(30)], "york", {}),  # one home
    ],
)  # fmt: skip
def test_cities_and_their_postcode(known: list[Row], city: str, expected: dict[str, int]) -> None:
    counts = found([*known, record("1", addresses=home("oak", "1", "ls6", city))])
    shown = {name: count for (name, field), (count, _) in counts.items() if field == "city"}
    assert shown == expected


def test_regions_and_their_postcode() -> None:
    odd = record("1", addresses=home("oak", "1", "ls6", "leeds", "kent"))
    assert looked(found([*neighbours(30), odd]), "region_not_of_postcode", "region") == (1, 31)
    assert looked(found([*neighbours(3), odd]), "region_not_of_postcode", "region") == NOBODY


def test_a_postcode_of_another_country_is_another_one() -> None:
    odd = record("1", addresses=home("oak", "1", "ls6", "york", country="IE"))
    assert looked(found([*neighbours(30), odd]), "city_not_of_postcode", "city") == (0, 30)


@pytest.mark.parametrize(
    ("phone", "country", "expected"),
    [
        ("+442079460123", "GB", (0, 1)), ("+442079460123", "IM", (0, 1)), ("+442079460123", "PL", (1, 1)),
        ("+48221234567", "PL", (0, 1)), ("+12025550123", "CA", (0, 1)), ("02079460123", "GB", NOBODY),
        ("+442079460123", None, NOBODY), (None, "GB", NOBODY),
    ],
)  # fmt: skip
def test_phone_and_address_in_different_countries(
    phone: str | None, country: str | None, expected: tuple[int, int]
) -> None:
    rows = [record("1", phones=[phone] if phone else [], addresses=home("a", "1", "x", "y", country=country))]  # type: ignore[arg-type]
    assert looked(found(rows), "phone_of_another_country", "phone") == expected


def test_numbers_that_are_not_in_e164() -> None:
    rows = [record("1", phones=["02079460123", "+442079460123"]), record("2", phones=["02079460123"])]
    assert looked(found(rows), "not_international", "phone") == (1, 2)


@pytest.mark.parametrize(("families", "expected"), [(FAMILIES_OF_A_CROWD, (1, 1)), (FAMILIES_OF_A_CROWD - 1, (0, 1))])
def test_numbers_that_unrelated_people_carry(families: int, expected: tuple[int, int]) -> None:
    rows = [named(str(n), "ann", f"family{n}", phones=["+442079460123"]) for n in range(families)]
    assert looked(found([*rows, *rows[:1]]), "shared_by_many", "phone") == expected


@pytest.mark.parametrize(
    ("observed", "landed", "finding", "expected"),
    [
        (day("2024-01-03"), day("2024-01-01"), "observed_in_the_future", (1, 1)),
        (day("2024-01-02"), day("2024-01-01"), "observed_in_the_future", (0, 1)),
        (day("1970-01-01") + timedelta(hours=5), day("2024-01-01"), "observed_at_a_placeholder", (1, 1)),
        (day("1970-01-02"), day("2024-01-01"), "observed_at_a_placeholder", (0, 1)),
    ],
)
def test_times_of_observation(observed: Any, landed: Any, finding: str, expected: tuple[int, int]) -> None:
    assert looked(found([record("1", observed_at=observed, landed_at=landed)]), finding, "record") == expected


def test_first_name_and_last_name_that_are_the_same() -> None:
    rows = [named("1", "thomas", "thomas"), named("2", "thomas", "wolfe"), record("3", last_name_norm="lee")]
    assert looked(found(rows), "first_name_is_last_name", "last_name") == (1, 2)


@pytest.mark.parametrize(
    ("women", "men", "expected"), [(20, 1, (1, 21)), (12, 4, NOBODY), (5, 1, NOBODY), (20, 0, (0, 20))]
)
def test_sex_unlike_the_first_name(women: int, men: int, expected: tuple[int, int]) -> None:
    rows = [named(str(n), "ann", f"l{n}", sex="f" if n < women else "m") for n in range(women + men)]
    assert looked(found(rows), "sex_unlike_first_name", "sex") == expected


BIRTH = date(1980, 5, 6)
SAME = {"emails": ["a@x.org"], "phones": ["+442079460123"], "date_of_birth": BIRTH, "addresses": home("oak", "1", "ls6", "leeds")}  # fmt: skip


@pytest.mark.parametrize("field", ["email", "phone", "date_of_birth", "street"])
def test_records_that_repeat_another_by_each_evidence(field: str) -> None:
    column = {"email": "emails", "phone": "phones", "date_of_birth": "date_of_birth", "street": "addresses"}[field]
    rows = [named(str(n), "ann", "lee", **{column: SAME[column]}) for n in range(3)]
    counts = found([*rows, named("9", "ann", "lee")])
    for other in ("email", "phone", "date_of_birth", "street", "record"):
        assert looked(counts, "repeats_another_record", other) == ((2, 3) if other in (field, "record") else NOBODY)


@pytest.mark.parametrize(
    "other",
    [
        {"first_name_norm": "bea"},
        {"last_name_norm": "lea"},
        {"suffix_norm": "jr"},
        {"first_name_norm": None},
        {"activity": "opened"},
        {"consent": "given"},
        {"record_id": "shop/2", "source": "shop"},
        {"is_current": False},
    ],
)
def test_records_that_do_not_repeat_another(other: Row) -> None:
    rows = [named("1", "ann", "lee", **SAME), {**named("2", "ann", "lee", **SAME), **other}]
    assert looked(found(rows), "repeats_another_record", "record")[0] == 0


def test_a_crowds_address_or_number_does_not_make_two_records_one() -> None:
    crowd = [named(f"c{n}", "tom", f"family{n}", phones=["+442079460123"]) for n in range(3)]
    rows = [named(str(n), "ann", "lee", emails=["a@x.org"], phones=["+442079460123"]) for n in range(2)]
    counts = found([*crowd, *rows], [address("a@x.org", is_shared=True)])
    assert looked(counts, "repeats_another_record", "record") == NOBODY


def card(value: str = "c1") -> list[Row]:
    return [{"type": "loyalty_id", "value": value}]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("ann", "lee", None), ("ben", "fox", None), (1, 2)),
        (("ann", "lee", None), ("ann", "fox", None), (0, 2)),  # married
        (("ann", "lee", None), ("lee", "ann", None), (0, 2)),  # swapped
        (("ann", "leighton", None), ("anne", "leigthon", None), (0, 2)),  # slips
        (("a", "leighton", None), ("anne", "fox", None), (0, 2)),  # an initial
        (("ann", "lee", BIRTH), ("ann", "lee", date(1981, 1, 1)), (1, 2)),
        (("ann", "lee", BIRTH), ("ann", "lee", None), (0, 2)),
    ],
)
def test_an_identifier_of_several_people(
    one: tuple[Any, ...], other: tuple[Any, ...], expected: tuple[int, int]
) -> None:
    rows = [
        named(str(n), first, last, date_of_birth=born, identifiers=card())
        for n, (first, last, born) in enumerate((one, other))
    ]
    alone = named("9", "zoe", "quince", identifiers=card("c2"))
    assert looked(found([*rows, alone]), "identifier_of_several_people", "loyalty_id") == expected


def test_values_that_were_not_kept() -> None:
    rows = [
        record("1", emails=["a@x.org"], problems=["email:unreadable"]),
        record("2", problems=["date_of_birth:impossible", "email:unreadable"]),
        record("3", date_of_birth=BIRTH),
        record("4", emails=["b@x.org"], problems=["email:masked"]),
    ]
    counts = found(rows)
    assert looked(counts, "not_kept_unreadable", "email") == (2, 3)
    assert looked(counts, "not_kept_masked", "email") == (1, 3)
    assert looked(counts, "not_kept_impossible", "date_of_birth") == (1, 2)


def test_rejected_lines_by_rule_and_field() -> None:
    broken: list[Row] = [
        {"source": "crm", "line": n, "rule": "key_missing", "field": "id", "advice": "give every line a key"}
        for n in (2, 3)
    ]
    counts = found(
        [record("1")], rejected=[*broken, {**broken[0], "line": 4, "rule": "too_long", "field": None}], lines=8
    )
    assert looked(counts, "rejected_key_missing", "id") == (2, 8)
    assert looked(counts, "rejected_too_long", "record") == (1, 8)


def test_what_was_looked_for_and_not_found_has_a_row() -> None:
    counts = found([record("1", emails=["a@x.org"])])
    assert looked(counts, "dead_address", "email") == (0, 1)
    assert ("born_in_the_future", "date_of_birth") not in counts


def test_the_order_of_records_does_not_matter_and_nobody_has_no_finding() -> None:
    rows = [named(str(n), "ann", "lee" if n % 2 else "fox", **SAME, identifiers=card()) for n in range(6)]
    assert found(rows) == found(rows[::-1])
    none = quality_findings(facts_of([]), REJECTED_ROWS.empty(), pl.DataFrame({"source": ["crm"], "lines": [0]}))
    assert none.equals(QUALITY_FINDINGS.empty())


def test_examples_are_masked_few_and_the_same_in_any_order() -> None:
    rows = [record(str(n), emails=[f"person{n}@example{n}.org"]) for n in range(9)]
    dead = [address(f"person{n}@example{n}.org", status="dead") for n in range(9)]
    shown = examples(facts_of(rows, dead), "crm")
    assert shown == {("dead_address", "email"): ["address p•••@e•••.org"]}
    assert examples(facts_of(rows[::-1], dead[::-1]), "crm") == shown
    assert examples(facts_of(rows, dead), "shop") == {}


def test_kinds_count_what_is_wrong_or_doubtful_once() -> None:
    rows = [named(str(n), "ann", "lee", **SAME) for n in range(2)]
    table = quality_findings(facts_of(rows), REJECTED_ROWS.empty(), pl.DataFrame({"source": ["crm"], "lines": [2]}))
    assert kinds_found(table).rows() == [("crm", 1)]


def test_every_rule_explains_itself() -> None:
    assert len({(rule.name, rule.field) for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.why.endswith(".")
        assert rule.advice.endswith(".")
        assert rule.severity in SEVERITIES
    assert frame(REJECTED_ROWS).is_empty()
