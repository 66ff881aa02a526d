import polars as pl
import pytest

from cdp_assets.sources.vocabulary import ACTIVITIES
from cdp_assets.standardized.event_words import (
    ACTIVITY_WORDS,
    BOUNCED,
    DELIVERED,
    ENGAGED_ACTIVITIES,
    corrected_fields,
    standardize_activities,
    standardize_channels,
    standardize_corrections,
)


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("Attendance", "attended"), ("attended", "attended"), ("Hard Bounce", "bounced"), ("soft-bounce", "soft_bounced"),
        ("Email Opened", "opened"), ("click", "clicked"), ("Unsubscribe", "unsubscribed"), ("opt-out", "unsubscribed"),
        ("Sent", "sent"), ("Delivered", "delivered"), ("OPEN", "opened"), ("reply", "replied"), ("spam report", "complained"),
        ("No-show", "no_show"), ("did not attend", "no_show"), ("Refund", "returned"), ("Sign-up", "registered"), ("opt in", "subscribed"),
        ("Support Ticket", "ticket"), ("login", "logged_in"), ("visit", "page_view"), ("Download", "downloaded"), ("donation", "donated"),
        ("Form Submit", "form_submitted"), ("kliknięcie", "clicked"), ("otwarcie", "opened"), ("zakup", "purchase"), ("zwrot", "returned"),
        ("rebote", "bounced"), ("compra", "purchase"), ("baja", "unsubscribed"), ("geöffnet", "opened"), ("abgemeldet", "unsubscribed"),
        ("Bestellung", "purchase"), ("ouvert", "opened"), ("désabonné", "unsubscribed"), ("commande", "purchase"), ("rebond", "bounced"),
        ("Page View", "page_view"), ("ORDER", "purchase"), ("Watched the Demo", "watched_the_demo"), ("n/a", None), ("", None),
    ],
)  # fmt: skip
def test_an_activity_has_one_word(delivered: str, expected: str | None) -> None:
    assert standardize_activities(pl.Series([delivered])).to_list() == [expected]


def test_channels_and_corrections_have_fixed_words() -> None:
    assert standardize_channels(pl.Series(["E-Mail", "SMS", "Letter", "Fax", None])).to_list() == [
        "email", "phone", "post", "fax", None,
    ]  # fmt: skip
    assert standardize_corrections(pl.Series(["SET", "not theirs", "maybe", None])).to_list() == [
        "set",
        "retract",
        None,
        None,
    ]


def test_a_correction_names_a_canonical_field() -> None:
    assert corrected_fields(pl.Series(["email", "Last Name", "surname", "zip", "shoe size"])).to_list() == [
        "email", "last_name", "last_name", "postcode", None,
    ]  # fmt: skip


def test_every_known_activity_has_words_and_stands_for_itself() -> None:
    assert set(ACTIVITY_WORDS.values()) == set(ACTIVITIES)
    assert standardize_activities(pl.Series(list(ACTIVITIES))).to_list() == list(ACTIVITIES)


def test_what_activities_say_of_an_address() -> None:
    assert [word for word, says in ACTIVITIES.items() if says == "dead"] == [BOUNCED]
    assert {"opened", "clicked", "attended", "purchase"} < ENGAGED_ACTIVITIES
    assert not ENGAGED_ACTIVITIES & {"sent", "soft_bounced", "no_show", "page_view", "watched", BOUNCED, DELIVERED}
