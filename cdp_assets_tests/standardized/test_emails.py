from functools import cache

import polars as pl
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.emails import part_emails, standardize_emails

CASES = [
    # spelling
    ("John.Smith@Acme.com", "john.smith@acme.com"),
    ("  ann@acme.com ", "ann@acme.com"),
    ("ann\u200b@acme.com", "ann@acme.com"),
    ("<ann@acme.com>", "ann@acme.com"),
    ("Ann Lee <Ann.Lee@acme.example>", "ann.lee@acme.example"),
    ("mailto:ann@acme.co", "ann@acme.co"),
    ("E-Mail: ann@acme.co", "ann@acme.co"),
    ("ann@acme.com.", "ann@acme.com"),
    ("ann @acme.com", "ann@acme.com"),
    ("ann(at)acme.de", "ann@acme.de"),
    ("ann [at] acme.de", "ann@acme.de"),
    ("ann@acme,com", "ann@acme.com"),
    ("ann@acme..com", "ann@acme.com"),
    ("ann..lee@acme.com", "ann.lee@acme.com"),
    ("o'neil@acme.ie", "o'neil@acme.ie"),
    ("ann_lee-3@mail.acme.co.uk", "ann_lee-3@mail.acme.co.uk"),
    # domains in other scripts and invented ones
    ("jürgen@münchen.de", "jürgen@xn--mnchen-3ya.de"),
    ("ñandu@correo.es", "ñandu@correo.es"),
    ("łucja@poczta.pl", "łucja@poczta.pl"),
    ("j.smith@smith-jones.biz", "j.smith@smith-jones.biz"),
    ("ann@foo.test", "ann@foo.test"),
    ("ann@orbit.example", "ann@orbit.example"),
    # what the provider ignores
    ("John.Doe+news@GoogleMail.com", "johndoe@gmail.com"),
    ("j.o.h.n@gmail.com", "john@gmail.com"),
    ("john+x@outlook.com", "john@outlook.com"),
    ("john+x@icloud.com", "john@icloud.com"),
    ("john+x@proton.me", "john@proton.me"),
    ("john+x@fastmail.com", "john@fastmail.com"),
    ("shop@john.fastmail.com", "john@fastmail.com"),
    ("shop@John.Fastmail.FM", "john@fastmail.fm"),
    ("john+x@hey.com", "john@hey.com"),
    # what it keeps apart
    ("john.doe@outlook.com", "john.doe@outlook.com"),
    ("john+x@yahoo.com", "john+x@yahoo.com"),
    ("john-shopping@yahoo.com", "john-shopping@yahoo.com"),
    ("john.doe@icloud.com", "john.doe@icloud.com"),
    ("john.doe@proton.me", "john.doe@proton.me"),
    ("john@me.com", "john@me.com"),
    ("john.doe@fastmail.com", "john.doe@fastmail.com"),
    ("ann@www.fastmail.com", "ann@www.fastmail.com"),
    ("john+x@gmx.de", "john+x@gmx.de"),
    ("john+x@duck.com", "john+x@duck.com"),
    ("john+x@acme.com", "john+x@acme.com"),
    ("john+x@web.de", "john+x@web.de"),
    ("john@hotmail.com", "john@hotmail.com"),
    ("+x@gmail.com", "+x@gmail.com"),
    # no address
    ("none", None),
    ("", None),
    ("   ", None),
    ("n/a", None),
    ("ann@", None),
    ("@acme.com", None),
    ("ann@localhost", None),
    ("ann@com", None),
    ("a@b@acme.com", None),
    ("ann@-acme.com", None),
    ("ann@[10.0.0.1]", None),
    ("ann.acme.com", None),
    ("x" * 65 + "@acme.com", None),
]


@cache
def all_addresses() -> dict[str, str | None]:
    texts = [delivered for delivered, _ in CASES]
    return dict(zip(texts, standardize_emails(pl.Series(texts)).to_list(), strict=True))


@pytest.mark.parametrize(("delivered", "canonical"), CASES)
def test_the_address_in_a_text(delivered: str, canonical: str | None) -> None:
    assert all_addresses()[delivered] == canonical


def test_rows_keep_their_order_and_nulls() -> None:
    delivered = pl.Series(["B@acme.com", None, "none", "a@acme.com", "B@acme.com"])
    assert standardize_emails(delivered).to_list() == ["b@acme.com", None, None, "a@acme.com", "b@acme.com"]


def test_a_text_may_hold_several_addresses() -> None:
    delivered = pl.Series(["a@x.org; b@y.org", "Ann <a@x.org>, Bo <b@y.org>", "Ann Lee <a@x.org>", None, "none"])
    assert part_emails(delivered).to_list() == [
        ["a@x.org", "b@y.org"],
        ["<a@x.org>", "<b@y.org>"],
        ["Ann Lee <a@x.org>"],
        None,
        ["none"],
    ]


ADDRESS_TEXT = st.from_regex(r"[a-zA-Z0-9.+_' ]{0,12}@[a-zA-Z0-9.-]{0,12}(\.(com|de|pl))?", fullmatch=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(ADDRESS_TEXT, st.text(max_size=20)), min_size=1, max_size=8))
def test_standardizing_twice_changes_nothing_and_every_result_is_an_address(texts: list[str]) -> None:
    once = standardize_emails(pl.Series(texts, dtype=pl.String))
    assert standardize_emails(once).to_list() == once.to_list()
    for address in once.drop_nulls():
        validate_email(address, check_deliverability=False, globally_deliverable=False)


PLAIN = st.from_regex(r"[a-z0-9+_.-]{1,66}@[a-z0-9.-]{1,20}\.[a-z]{1,4}", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(PLAIN)
def test_what_passes_as_plain_is_what_the_validator_accepts(text: str) -> None:
    """Plain addresses skip the validator; it must not have refused one of them."""
    [found] = standardize_emails(pl.Series([text])).to_list()
    try:
        validate_email(text, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError:
        repaired = text.strip(".").replace(".@", "@").replace("@.", "@")
        assert found is None or found != text or repaired != text
    else:
        assert found is not None
