"""The story that the demo tells: one invented person, six systems, and what each of them thinks it knows.

In 2020 she attends a webinar with her work address and signs up for offers. In 2021 she changes employers. In 2022 the old
list is imported again, mail to it bounces; she visits the web site, unknown, then downloads a white paper with her new
address and the same home address. She opts out under her private address. Support takes the dead address off the old
list; a year later the old list arrives once more.

Rows are in each source's own columns; the sources give them keys and put them among the others.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from cdp_assets.evaluation.world.moments import NEVER, seconds, written
from cdp_assets.evaluation.world.newsletter import WORDINGS
from cdp_assets.evaluation.world.records import EMAIL_COLUMNS, STORY_ENTITY, STORY_PERSON
from cdp_assets.evaluation.world.webinar import webinars

FIRST, LAST = "Maren", "Thornquist"
OLD_ADDRESS = "maren.thornquist@halvorsen-optics.example"
NEW_ADDRESS = "m.thornquist@cavendell-labs.example"
PRIVATE_ADDRESS = "maren_thornquist@gmail.com"  # a form that Gmail does not issue
OLD_EMPLOYER, NEW_EMPLOYER = "Halvorsen Optics Inc.", "Cavendell Labs"
STREET, STREET_SHORT, CITY, REGION, POSTCODE = "48 Quarry Lane", "48 Quarry Ln", "Burlington", "VT", "05401"
PHONE = "8025550199"  # the range kept for fiction; 0199 is dealt to nobody else
COOKIE = "GA1.2.4815162342"
LEFT_OLD_EMPLOYER = seconds(2021, 3)

CONTACT_KEY, CUSTOMER_KEY = "0035e009999999", "199999"

STEPS: dict[str, str] = {
    "attended_2020": "attends a webinar with her work address; the handbook goes to her home",
    "signed_up_2020": "signs up for offers with the same address",
    "attended_2020_again": "changes employers in 2021; in 2022 the old list is imported under new keys (and again in 2024)",
    "bounced_2022": "the mail to the old list comes back: the address is dead",
    "visited_1": "somebody with a cookie looks at the web site",
    "visited_2": "the same cookie, two days later",
    "visited_3": "the same cookie, a week later",
    "downloaded_2022": "downloads a white paper with her new work address and the same home address",
    "signed_up_2022": "signs up for offers with the new address",
    "visited_4": "comes back; the cookie is known now",
    "met_2022": "a sales representative enters her as a contact",
    "bought_2022": "opens an account in the shop with her private address",
    "opted_out_2023": "opts out of offers, under the private address",
    "corrected_2023": "tells support that the old address is not hers any more",
}


def _rows(rows: list[dict[str, Any]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.Null()]
    return frame.with_columns(pl.col(texts).cast(pl.String), _person=pl.lit(STORY_PERSON, dtype=pl.Int64))


def _step(name: str, when: int) -> dict[str, Any]:
    return {"_step": name, "_time": when}


def _stamp(when: int, form: str) -> str:
    return str(written(pl.Series([when]).to_numpy(), form)[0])


def contacts() -> pl.DataFrame:
    """Return the story's CRM contact."""
    when = seconds(2022, 10, 5, 9, 20)
    return _rows(
        [
            {
                "ContactId": CONTACT_KEY,
                "FirstName": FIRST,
                "MiddleName": None,
                "LastName": LAST,
                "Suffix": None,
                "Gender": "F",
                "Email": NEW_ADDRESS,
                "SecondaryEmail": None,
                "MobilePhone": "(802) 555-0199",
                "HomePhone": None,
                "Birthdate": None,
                "MailingStreet": STREET,
                "MailingCity": CITY,
                "MailingState": REGION,
                "MailingPostalCode": POSTCODE,
                "MailingCountry": "USA",
                "OtherStreet": None,
                "OtherCity": None,
                "OtherState": None,
                "OtherPostalCode": None,
                "OtherCountry": None,
                "AccountName": NEW_EMPLOYER,
                "Title": "Lab Manager",
                "LoyaltyNo": None,
                "LastModifiedDate": _stamp(when, "%Y-%m-%d %H:%M:%S"),
                **_step("met_2022", when),
            }
        ]
    )


def customers() -> pl.DataFrame:
    """Return the story's account in the shop."""
    when = seconds(2022, 11, 28, 19, 2)
    stamp = _stamp(when, "%Y-%m-%d %H:%M:%S")
    return _rows(
        [
            {
                "customer_id": CUSTOMER_KEY,
                "first_name": FIRST,
                "last_name": LAST,
                "email": PRIVATE_ADDRESS,
                "phone": f"+1{PHONE}",
                "birthday": None,
                "address_line": STREET_SHORT,
                "town": CITY,
                "county": REGION,
                "zip": POSTCODE,
                "country_code": "US",
                "loyalty_card": None,
                "created_at": stamp,
                "updated_at": stamp,
                **_step("bought_2022", when),
            }
        ]
    )


def attendances() -> pl.DataFrame:
    """Return the story's attendance; the webinar platform makes the old list's row from it."""
    webinar = webinars().filter(pl.col("webinar_id") == "W2020-05").row(0, named=True)
    when = int(webinar["begin"]) + 180
    return _rows(
        [
            {
                "Webinar ID": webinar["webinar_id"],
                "Webinar": webinar["title"],
                "Status": "Attended",
                "Joined At": _stamp(when, "%Y-%m-%d %H:%M"),
                "Attendee": f"{FIRST} {LAST}",
                "E-mail": OLD_ADDRESS,
                "Telephone": None,
                "Organisation": OLD_EMPLOYER,
                "Role": "Lab Technician",
                "Street": STREET.lower(),
                "Post Code": POSTCODE,
                "City": CITY,
                "Country": "US",
                "_dead_address": OLD_ADDRESS,
                "_died_at": LEFT_OLD_EMPLOYER,
                **_step("attended_2020", when),
            }
        ]
    )


def consents() -> pl.DataFrame:
    """Return the story's two sign-ups and its withdrawal."""

    def event(step: str, when: int, action: str, email: str, wording: str | None, name: str | None) -> dict[str, Any]:
        return {
            "at": _stamp(when, "%Y-%m-%dT%H:%M:%S+00:00"),
            "action": action,
            "list": "marketing",
            "medium": "email",
            "wording": wording,
            "subscriber": {"email": email, "name": name, "phone": None, "country": None, "postcode": None},
            **_step(step, when),
        }

    rows = [
        event("signed_up_2020", seconds(2020, 5, 29, 15, 31), "subscribe", OLD_ADDRESS, WORDINGS[0], f"{FIRST} {LAST}"),
        event("signed_up_2022", seconds(2022, 9, 21, 10, 16), "subscribe", NEW_ADDRESS, WORDINGS[1], f"{FIRST} {LAST}"),
        event("opted_out_2023", seconds(2023, 1, 16, 7, 45), "unsubscribe", PRIVATE_ADDRESS, None, None),
    ]
    subscriber = pl.Struct({name: pl.String() for name in ("email", "name", "phone", "country", "postcode")})
    return _rows(rows).with_columns(pl.col("subscriber").cast(subscriber))


FORM_FIELDS = ("first_name", "last_name", "company", "phone", "street", "city", "postcode", "country")


def events() -> pl.DataFrame:
    """Return the story's events on the web: a bounce, visits by cookie, and the download that names the cookie."""
    details = (FIRST, LAST, NEW_EMPLOYER, None, STREET_SHORT, CITY, POSTCODE, "US")
    form = dict(zip(FORM_FIELDS, details, strict=True))

    def event(
        step: str, when: int, kind: str, subject: str, *, email: str | None = None, named: bool = False
    ) -> dict[str, Any]:
        return {
            "at": _stamp(when, "%Y-%m-%dT%H:%M:%SZ"),
            "type": kind,
            "subject": subject,
            "cookie": None if kind == "BO" else COOKIE,
            "user": None if email is None else {"email": email, "loyalty_no": None},
            "form": form if named else None,
            **_step(step, when),
        }

    paper = "White paper: Measuring Light"
    rows = [
        event("bounced_2022", seconds(2022, 3, 17, 8, 31), "BO", "Spring offers", email=OLD_ADDRESS),
        event("visited_1", seconds(2022, 9, 12, 20, 4), "PV", "/blog/measuring-light"),
        event("visited_2", seconds(2022, 9, 14, 12, 50), "PV", "/products/sensors"),
        event("visited_3", seconds(2022, 9, 21, 10, 11), "PV", "/white-papers"),
        event("downloaded_2022", seconds(2022, 9, 21, 10, 15), "DL", paper, email=NEW_ADDRESS, named=True),
        event("visited_4", seconds(2022, 10, 2, 18, 22), "PV", "/pricing"),
    ]
    return _rows(rows).with_columns(
        pl.col("user").cast(pl.Struct({"email": pl.String(), "loyalty_no": pl.String()})),
        pl.col("form").cast(pl.Struct({name: pl.String() for name in FORM_FIELDS})),
    )


def corrections(old_list_key: str) -> pl.DataFrame:
    """Return the story's case: the address on the old list is to be taken out."""
    when = seconds(2023, 5, 9, 11, 30)
    return _rows(
        [
            {
                "opened_on": _stamp(when, "%Y-%m-%d"),
                "caller": f"{FIRST} {LAST}",
                "caller_mail": NEW_ADDRESS,
                "callback_no": PHONE,
                "street": None,
                "town": None,
                "post_code": None,
                "land": "US",
                "topic": "Change of details",
                "fix_system": "webinar",
                "fix_record": old_list_key,
                "fix_field": "email",
                "fix_value": OLD_ADDRESS,
                "fix_action": "remove",
                **_step("corrected_2023", when),
            }
        ]
    )


def email_truth() -> pl.DataFrame:
    """Return the truth about the story's addresses, in the shape of ``records.EMAIL_COLUMNS``."""
    addresses = [
        (OLD_ADDRESS, "work", LEFT_OLD_EMPLOYER),
        (NEW_ADDRESS, "work", NEVER),
        (PRIVATE_ADDRESS, "private", NEVER),
    ]
    rows = [(STORY_ENTITY, email, email, use, died_at, False) for email, use, died_at in addresses]
    return pl.DataFrame(rows, schema=EMAIL_COLUMNS, orient="row")


def told(records: pl.DataFrame) -> dict[str, Any]:
    """Return the story as data: its steps in order with the records that they left, and what must come of it.

    ``records`` has the columns step, record_id and source of the story's records.
    """
    found = {row["step"]: row for row in records.iter_rows(named=True)}
    return {
        "entity_id": STORY_ENTITY,
        "person": f"{FIRST} {LAST}",
        "old_address": OLD_ADDRESS,
        "new_address": NEW_ADDRESS,
        "private_address": PRIVATE_ADDRESS,
        "cookie_id": COOKIE,
        "steps": [
            {"step": step, "says": says, "source": found[step]["source"], "record_id": found[step]["record_id"]}
            for step, says in STEPS.items()
        ],
        "must_hold": {
            "one_customer": True,
            "never_sendable": [OLD_ADDRESS],
            "may_email_marketing": False,
            "segments": {"attended_a_webinar": True, "never_attended_a_webinar": False, "may_get_us_offers": False},
        },
    }
