"""Forms of addresses, in names of eight countries."""

from __future__ import annotations

from itertools import permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.address_patterns import NAME_COLUMNS, PATTERNS, followed_patterns, rendered
from cdp_assets.standardized.nicknames import first_name_roots

SCHEMA = {"local": pl.String(), **dict.fromkeys(NAME_COLUMNS, pl.String()), "pattern": pl.String()}


def named(*rows: tuple[str | None, str | None, str | None, str | None]) -> pl.DataFrame:
    """Rows of (local part or pattern, first, last, middle), as comparable names."""
    firsts = pl.Series([row[1] for row in rows], dtype=pl.String)
    return pl.DataFrame(
        {
            "local": [row[0] for row in rows],
            "first_name_norm": firsts,
            "first_name_root": first_name_roots(firsts),
            "middle_name_norm": [row[3] for row in rows],
            "last_name_norm": [row[2] for row in rows],
            "pattern": [row[0] for row in rows],
        },
        schema=SCHEMA,
    )


def patterns(local: str | None, first: str | None, last: str | None, middle: str | None = None) -> list[str]:
    return followed_patterns(named((local, first, last, middle))).get_column("pattern").to_list()


@pytest.mark.parametrize(
    ("local", "first", "last", "expected"),
    [
        # United States, Great Britain
        ("john.smith", "john", "smith", "first.last"),
        ("jsmith", "john", "smith", "flast"),
        ("j.smith", "john", "smith", "f.last"),
        ("johns", "john", "smith", "firstl"),
        ("john.s", "john", "smith", "first.l"),
        ("john_s", "john", "smith", "first_l"),
        ("john", "john", "smith", "first"),
        ("smith", "john", "smith", "last"),
        ("john_smith", "john", "smith", "first_last"),
        ("john-smith", "john", "smith", "first-last"),
        ("johnsmith", "john", "smith", "firstlast"),
        ("smith.john", "john", "smith", "last.first"),
        ("smith_john", "john", "smith", "last_first"),
        ("smith-john", "john", "smith", "last-first"),
        ("smithjohn", "john", "smith", "lastfirst"),
        ("smithj", "john", "smith", "lastf"),
        ("smith.j", "john", "smith", "last.f"),
        ("smith_j", "john", "smith", "last_f"),
        ("j_smith", "john", "smith", "f_last"),
        ("j-smith", "john", "smith", "f-last"),
        ("s.john", "john", "smith", "l.first"),
        ("sjohn", "john", "smith", "lfirst"),
        ("js", "john", "smith", "fl"),
        ("JSmith", "john", "smith", "flast"),
        ("bill.gates", "william", "gates", "first.last"),  # the nickname of a name
        ("william.gates", "bill", "gates", "first.last"),  # the name of a nickname
        ("liz.oneil", "elizabeth", "oneil", "first.last"),
        ("jsmithjones", "jane", "smith jones", "flast"),
        ("jane.smith-jones", "jane", "smith jones", "first.last"),
        ("jones.jane", "jane", "smith jones", "last.first"),
        # Germany, Austria
        ("a.mueller", "andrea", "muller", "f.last"),
        ("a.muller", "andrea", "mueller", "f.last"),
        ("joerg.schroeder", "jorg", "schroder", "first.last"),
        ("karl-heinz.weiss", "karl heinz", "weiss", "first.last"),
        ("khweiss", "karl heinz", "weiss", "flast"),
        ("karlheinz.weiss", "karl heinz", "weiss", "first.last"),
        ("vonderleyen.u", "ursula", "von der leyen", "last.f"),
        ("uleyen", "ursula", "von der leyen", "flast"),
        # Spain
        ("agarcia", "ana", "garcia lopez", "flast"),
        ("ana.garcialopez", "ana", "garcia lopez", "first.last"),
        ("ana.garcia.lopez", "ana", "garcia lopez", "first.last"),
        ("a.lopez", "ana", "garcia lopez", "f.last"),
        ("jl.delacruz", "jose luis", "de la cruz", "f.last"),
        ("joseluis.cruz", "jose luis", "de la cruz", "first.last"),
        ("luis.cruz", "jose luis", "de la cruz", "first.last"),
        ("paco.ruiz", "francisco", "ruiz", "first.last"),
        # Poland
        ("malgorzata.nowak", "gosia", "nowak", "first.last"),
        ("knowak", "krzysztof", "nowak", "flast"),
        ("nowak-kowalska.a", "anna", "nowak kowalska", "last.f"),
        # France
        ("jp.dupont", "jean pierre", "dupont", "f.last"),
        ("jean-pierre.dupont", "jean pierre", "dupont", "first.last"),
        ("mlebrun", "marie", "le brun", "flast"),
        # Italy, Netherlands, Portugal
        ("g.dangelo", "giulia", "dangelo", "f.last"),
        ("pieter.vandenberg", "pieter", "van den berg", "first.last"),
        ("pieter.van.den.berg", "pieter", "van den berg", "first.last"),
        ("p.berg", "pieter", "van den berg", "f.last"),
        ("joao.santos", "joao", "dos santos", "first.last"),
    ],
)
def test_the_commonest_form_that_an_address_has(local: str, first: str, last: str, expected: str) -> None:
    assert patterns(local, first, last)[0] == expected


@pytest.mark.parametrize(
    ("local", "first", "last", "middle"),
    [
        ("info", "john", "smith", None),
        ("j.jones", "john", "smith", None),
        ("asmith", "john", "smith", None),
        ("jsmit", "john", "smith", None),
        ("john.smith.sales", "john", "smith", None),
        ("jsmith", None, "smith", None),
        ("john.smith", "j", "smith", None),  # an initial writes no name out
        ("john.smith", None, None, None),
        (None, "john", "smith", None),
        ("", "john", "smith", None),
        ("jqs", "john", "smith", None),
    ],
)
def test_no_form_is_seen_where_there_is_none(
    local: str | None, first: str | None, last: str | None, middle: str | None
) -> None:
    assert patterns(local, first, last, middle) == []


@pytest.mark.parametrize(
    ("local", "expected"),
    [("jqs", "fml"), ("jqsmith", "fmlast"), ("john.q.smith", "first.m.last"), ("j.q.smith", "f.m.last")],
)
def test_middle_initials(local: str, expected: str) -> None:
    assert patterns(local, "john", "smith", "quincy") == [expected]


@pytest.mark.parametrize("local", ["john.smith2", "john.smith02", "john.smith.2", "john.smith_2", "john.smith2+news"])
def test_digits_behind_a_name_are_a_namesakes(local: str) -> None:
    found = followed_patterns(named((local, "john", "smith", None)))
    assert found.rows() == [(0, "first.last", True)]


def test_an_initial_alone_shows_a_form_of_initials() -> None:
    assert patterns("j.smith", "j", "smith") == ["f.last"]


def test_rows_are_told_by_number_and_rows_without_a_form_are_left_out() -> None:
    found = followed_patterns(
        named(("x", "a", "b", None), ("asmith", "ann", "smith", None), ("ann", "ann", "lee", None))
    )
    assert found.rows() == [(1, "flast", False), (2, "first", False)]


@pytest.mark.parametrize(
    ("pattern", "first", "last", "middle", "expected"),
    [
        ("first.last", "john", "smith", None, ["john.smith"]),
        ("flast", "bill", "gates", None, ["bgates", "wgates"]),
        ("last.f", "pieter", "van den berg", None, ["berg.p", "vandenberg.p", "van-den-berg.p", "van.den.berg.p"]),
        ("fml", "john", "smith", "quincy", ["jqs"]),
        ("fml", "john", "smith", None, []),
        ("first.last", None, "smith", None, []),
        ("first.last", "j", "smith", None, []),
    ],
)
def test_a_name_in_a_form(
    pattern: str, first: str | None, last: str | None, middle: str | None, expected: list[str]
) -> None:
    assert rendered(named((pattern, first, last, middle))).get_column("local").to_list() == expected


WORDS = st.text("abcdefgoue", min_size=2, max_size=6)
NAMES = st.lists(WORDS, min_size=1, max_size=2).map(" ".join)


@settings(max_examples=30)  # each one writes and reads several spellings
@given(NAMES, NAMES, WORDS, st.sampled_from(list(PATTERNS)))
def test_what_is_written_in_a_form_has_that_form(first: str, last: str, middle: str, pattern: str) -> None:
    locals_ = rendered(named((pattern, first, last, middle))).get_column("local").to_list()
    assert locals_
    for local in locals_:
        assert pattern in patterns(local, first, last, middle)


@settings(max_examples=10)  # each one is read in up to six orders
@given(st.lists(st.tuples(WORDS, NAMES, NAMES), min_size=1, max_size=3))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, str, str]]) -> None:
    def by_content(ordered: tuple[tuple[str, str, str], ...]) -> set[tuple[tuple[str, str, str], str]]:
        found = followed_patterns(named(*((local, first, last, None) for local, first, last in ordered)))
        return {(ordered[row], pattern) for row, pattern, _ in found.rows()}

    assert len({frozenset(by_content(order)) for order in permutations(rows)}) == 1
