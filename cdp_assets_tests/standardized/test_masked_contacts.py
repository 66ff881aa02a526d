"""Contacts that were masked before they were delivered become none; what only looks like a mask stays."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.emails import part_emails, standardize_emails, why_no_email
from cdp_assets.standardized.masked_contacts import are_masked_emails, are_masked_phones
from cdp_assets.standardized.phones import part_phones, phone_extensions, standardize_phones, why_no_phone

MASKED_EMAILS = [
    # stars, bullets, blocks and dots, before the @, behind it, and in both
    "d***@gmail.com", "d*@gmail.com", "***@gmail.com", "D*****E@GMAIL.COM", "d***e@g***l.com", "dana@***.com", "*ana@acme.com",
    "d***+news@gmail.com", "dana+***@gmail.com", "d****.f***@acme.co.uk", "d•••@gmail.com", "m•••@g•••.com", "d●●●a@acme.com",
    "d∗∗∗@acme.com", "d＊＊＊@acme.com", "d█████@acme.com", "d○○@acme.com", "d··@acme.com", "d…@gmail.com", "d...@gmail.com",
    "dana@g...com", "dana@gmail.c…", "...na@acme.com", "d???@acme.com", "d###@acme.com", "##@acme.com",
    # in a text, with slips of the hand
    "Dana Fox <d***@acme.com>", "mailto:d***@acme.com", "d*** @acme.com", "d***(at)acme.com", "E-Mail: d•••@acme.com", "(d***@acme.com)",
    # x only where nothing but a mask is so
    "xxx@gmail.com", "XXXXX@acme.com", "xxxxxxxx@yahoo.com", "xxx.xxxx@acme.com", "jxxx@gmail.com", "jxxxxxxx@acme.com", "jxxxxn@acme.com",
    "xxxxxith@acme.com", "joxxxxxxth@acme.com", "jxxx.sxxxx@acme.com", "xxx+news@acme.com", "x.x.x@gmail.com", "xx x@acme.com", "ххх@acme.com",
    "dana@xxx.com", "dana@xxxxx.xxx", "dana@gxxxx.com", "dana@xxxxxx.co.uk",
]  # fmt: skip

WHOLE_EMAILS = [
    ("max@gmail.com", "max@gmail.com"), ("maxx@gmail.com", "maxx@gmail.com"), ("maxxx@gmail.com", "maxxx@gmail.com"),
    ("emmaxxx@hotmail.co.uk", "emmaxxx@hotmail.co.uk"), ("emmaxxxxx@hotmail.co.uk", "emmaxxxxx@hotmail.co.uk"),
    ("xxxemmaxxx@hotmail.com", "xxxemmaxxx@hotmail.com"), ("xx@acme.com", "xx@acme.com"), ("xavier.xx@acme.com", "xavier.xx@acme.com"),
    ("oxxxy@acme.com", "oxxxy@acme.com"), ("oxxxymiron@acme.com", "oxxxymiron@acme.com"), ("john.foxx@mexx.com", "john.foxx@mexx.com"),
    ("dana@acme.xxx", "dana@acme.xxx"), ("dana@xxx.lanl.gov", "dana@xxx.lanl.gov"), ("dana@foxxxy.com", "dana@foxxxy.com"),
    ("dana_acme.com#EXT#@tenant.example", "dana_acme.com#ext#@tenant.example"), ("dana#fox@acme.com", "dana#fox@acme.com"),
    ("o'neil@acme.ie", "o'neil@acme.ie"), ("dana__@acme.com", "dana__@acme.com"), ("dana--f@acme.com", "dana--f@acme.com"), ("dana..fox@acme.com", "dana.fox@acme.com"), ("dana@acme..com", "dana@acme.com"),
    ("*** Dana *** <dana@acme.com>", "dana@acme.com"), ("D*** F*** <dana@acme.com>", "dana@acme.com"),
    ("dana@xn--mnchen-3ya.de", "dana@xn--mnchen-3ya.de"), ("gal·la@acme.cat", "gal·la@acme.cat"),
]  # fmt: skip

MASKED_PHONES = [
    ("US", "212-***-1234"), ("US", "***-***-1234"), ("US", "(212) ***-1234"), ("US", "212-555-014*"), ("US", "212-5*5-0147"),
    ("US", "212555****"), ("US", "******0147"), ("US", "+1 212 *** **47"), ("US", "+1•••47"), ("US", "212•••0147"), ("US", "212 •• •• 147"),
    ("US", "212-●●●-0147"), ("US", "212-███-0147"), ("US", "212…0147"), ("US", "212...0147"), ("US", "...5550147"), ("US", "212-xxx-1234"),
    ("US", "212-XXX-1234"), ("US", "xxx-xxx-1234"), ("US", "XXXXXX1234"), ("US", "212555xxxx"), ("US", "212-555-01xx"), ("US", "212-555-014x"),
    ("US", "212-555-0147 ext 12*"), ("US", "212-x**-0147"), ("US", "tel***5550147"), ("US", "212-5x5-0147"), ("US", "2x25550147"), ("US", "212-x5x-0147"), ("US", "X X X 555 0147"), ("US", "212-###-1234"), ("US", "###-555-0147"),
    ("US", "212 # # # 1234"), ("US", "212-???-1234"), ("US", "212555##47"), ("US", "+XX 212 555 0147"), ("US", "tel. 212-***-1234"),
    ("RU", "+7 (912) 345-__-__"), ("RU", "+7 9хх ххх-12-34-56"), ("RU", "8 912 ХХХ-12-34"), ("FR", "06 ** ** ** 12 34"), ("FR", "06 12 xx xx 34"),
    ("DE", "030 123456*"), ("DE", "0171/***4568"), ("GB", "07*** ***456"), ("GB", "+44 7700 ×××456"), (None, "+48 601 *** 303"), (None, "601 *** 303"),
]  # fmt: skip

WHOLE_PHONES = [
    ("US", "212-555-0147 x123", "+12125550147", "123"), ("US", "212-555-0147x23", "+12125550147", "23"), ("US", "(212-555-0147 x23)", "+12125550147", "23"),
    ("US", "212 555 0147 #12", "+12125550147", "12"), ("US", "212 555 0147 X 4", "+12125550147", "4"), ("US", "212-555-0147 x", "+12125550147", None),
    ("US", "212-555-0147 ext. ***", "+12125550147", None), ("US", "212-555-0147 ext. xxx", "+12125550147", None), ("US", "2125550147#", "+12125550147", None),
    ("US", "fax 212 555 0147", "+12125550147", None), ("US", "Foxx 212 555 0147", "+12125550147", None), ("US", "212 555 0147 (Mexx)", "+12125550147", None),
    ("US", "212 555 0147 **mobile**", "+12125550147", None), ("US", "212 555 0147 *mobile", "+12125550147", None), ("US", "* 212 555 0147", "+12125550147", None),
    ("US", "• 212 555 0147", "+12125550147", None), ("US", "212•555•0147", "+12125550147", None), ("US", "212 · 555 · 0147", "+12125550147", None),
    ("US", "Tel... 212 555 0147", "+12125550147", None), ("US", "Tel.......212 555 0147", "+12125550147", None), ("US", "212..555..0147", "+12125550147", None),
    ("US", "212 - 555 - 0147", "+12125550147", None), ("US", "212_555_0147", "+12125550147", None), ("US", "212 555 0147?", "+12125550147", None),
    ("DE", "030 1234568 Apparat 12", "+49301234568", "12"), ("US", "212-555-0147;ext=007", "+12125550147", "007"),
]  # fmt: skip


@pytest.mark.parametrize("delivered", MASKED_EMAILS)
def test_a_masked_address_is_none_and_its_problem_says_so(delivered: str) -> None:
    texts = pl.Series([delivered])
    assert standardize_emails(texts).to_list() == [None]
    assert why_no_email(texts).to_list() == ["masked"]


@pytest.mark.parametrize(("delivered", "canonical"), WHOLE_EMAILS)
def test_an_address_that_only_looks_masked_stays(delivered: str, canonical: str) -> None:
    assert standardize_emails(pl.Series([delivered])).to_list() == [canonical]


@pytest.mark.parametrize(("region", "delivered"), MASKED_PHONES)
def test_a_masked_number_is_none_and_its_problem_says_so(region: str | None, delivered: str) -> None:
    texts = pl.Series([delivered])
    assert standardize_phones(texts, pl.Series([region], dtype=pl.String)).to_list() == [None]
    assert why_no_phone(texts).to_list() == ["masked"]


@pytest.mark.parametrize(("region", "delivered", "number", "extension"), WHOLE_PHONES)
def test_a_number_that_only_looks_masked_stays(
    region: str | None, delivered: str, number: str, extension: str | None
) -> None:
    texts = pl.Series([delivered])
    assert standardize_phones(texts, pl.Series([region], dtype=pl.String)).to_list() == [number]
    assert phone_extensions(texts).to_list() == [extension]


def test_texts_that_hold_nothing_keep_their_problems() -> None:
    assert why_no_email(pl.Series(["n/a", "xxx", "rubbish", "ann@"])).to_list() == [
        "placeholder", "placeholder", "unreadable", "unreadable",
    ]  # fmt: skip


def test_a_masked_contact_hides_no_whole_one_beside_it() -> None:
    phones = pl.Series(["212-***-1234; 212 555 0147", "***-***-1234 / 212 555 0147", "212-***-1234"])
    parts = part_phones(phones).to_list()
    assert parts == [["212-***-1234", "212 555 0147"], ["***-***-1234", "212 555 0147"], ["212-***-1234"]]
    emails = part_emails(pl.Series(["d***@acme.com; dana@acme.com"]))
    assert standardize_emails(emails.explode()).to_list() == [None, "dana@acme.com"]


def test_rows_keep_their_order_and_nulls() -> None:
    texts = pl.Series(["a@acme.com", None, "d***@acme.com", ""])
    assert are_masked_emails(texts).to_list() == [False, False, True, False]
    numbers = pl.Series(["212 555 0147", None, "212-***-1234", ""])
    assert are_masked_phones(numbers).to_list() == [False, False, True, False]
    assert are_masked_phones(pl.Series([], dtype=pl.String)).to_list() == []


@settings(max_examples=60, deadline=None)
@given(
    digits=st.from_regex(r"[2-9][0-9]{9}", fullmatch=True),
    hidden=st.sets(st.integers(0, 9), min_size=1, max_size=9),
    sign=st.sampled_from("*∗"),
    form=st.sampled_from(["{}{}{}-{}{}{}-{}{}{}{}", "({}{}{}) {}{}{} {}{}{}{}", "+1{}{}{}{}{}{}{}{}{}{}"]),
)
def test_a_number_with_any_digit_hidden_is_none(digits: str, hidden: set[int], sign: str, form: str) -> None:
    text = form.format(*(sign if place in hidden else digit for place, digit in enumerate(digits)))
    assert standardize_phones(pl.Series([text]), pl.Series(["US"])).to_list() == [None]


@settings(max_examples=60, deadline=None)
@given(local=st.from_regex(r"[a-z]{3,12}", fullmatch=True), data=st.data(), sign=st.sampled_from("*•●█∗＊…"))
def test_an_address_with_any_letter_hidden_is_none(local: str, data: st.DataObject, sign: str) -> None:
    place = data.draw(st.integers(0, len(local) - 1))
    for text in (
        f"{local[:place]}{sign}{local[place + 1 :]}@acme.com",
        f"dana@{local[:place]}{sign}{local[place + 1 :]}.com",
    ):
        assert standardize_emails(pl.Series([text])).to_list() == [None]
