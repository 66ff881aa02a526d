"""What the story's systems deliver next, when the demo goes on: files that land in a copy of the sample.

In July 2025 she calls support: she has moved, has another title and works elsewhere. The CRM's next export repeats her old street,
has caught up with the title, and brings an employer that is neither; it also has the husband who lives with her. The
newsletter platform passes on an opt-out of somebody whom nobody knows. When she has been erased, the old list is found once more.

What does not belong here: the story until then (``story.py``), what people decide about it (``steward/story_goes_on.py``).
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from cdp_assets.evaluation.world.story import (
    CITY,
    CONTACT_KEY,
    LAST,
    OLD_ADDRESS,
    POSTCODE,
    REGION,
    STREET,
)

CONTACT = f"crm/{CONTACT_KEY}"

CALLED_AT = "2025-07-10T10:20:00+00:00"
"""When she told support; source time, like everything in the sample."""

NEW_STREET, NEW_TITLE, NEW_EMPLOYER = "7 Ferry Street", "Head of Metrology", "Lakeward Instruments"

EXPORTED_EMPLOYER = "Norvane Photonics"

HUSBAND_KEY, HUSBAND_FIRST, HUSBAND_ADDRESS = "0035e009999998", "Jonas", "jonas_thornquist@gmail.com"
HUSBAND = f"crm/{HUSBAND_KEY}"

STRANGERS_ADDRESS = "nobody.knows.me@postbox.example"

_EXPORTED_AT = "2025-07-14 08:05:00"

_OPT_OUT = {
    "id": "nl-9999999",
    "at": "2025-07-12T06:40:00+00:00",
    "action": "unsubscribe",
    "list": "marketing",
    "medium": "email",
    "wording": None,
    "subscriber": {"email": STRANGERS_ADDRESS, "name": None, "phone": None, "country": None, "postcode": None},
}


class NotTheStoryError(RuntimeError):
    """The files of the story are not in the workspace. Says what to do."""


def land_next_export(landing: Path) -> Path:
    """Land the CRM's next export: the newest one with her contact changed, and her husband's added."""
    newest = max((landing / "crm").glob("contacts-*.csv"), default=None)
    rows = list(csv.DictReader(io.StringIO(newest.read_text(encoding="utf-8")))) if newest else []
    hers = next((row for row in rows if row["ContactId"] == CONTACT_KEY), None)
    if hers is None:
        raise NotTheStoryError("her contact is in no export under landing/crm; generate the workspace anew")
    hers |= {"Title": NEW_TITLE, "AccountName": EXPORTED_EMPLOYER, "LastModifiedDate": _EXPORTED_AT}
    his = {
        "ContactId": HUSBAND_KEY,
        "FirstName": HUSBAND_FIRST,
        "LastName": LAST,
        "Gender": "M",
        "Email": HUSBAND_ADDRESS,
        "HomePhone": hers["MobilePhone"],
        "Birthdate": "03/19/1984",
        "MailingStreet": STREET,
        "MailingCity": CITY,
        "MailingState": REGION,
        "MailingPostalCode": POSTCODE,
        "MailingCountry": "USA",
        "LastModifiedDate": _EXPORTED_AT,
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(hers), lineterminator="\n")
    writer.writeheader()
    writer.writerows([*rows, his])
    return _land(landing / "crm" / "contacts-2025-07-31.csv", text.getvalue())


def land_opt_out_of_a_stranger(landing: Path) -> Path:
    """Land an opt-out under an address that no record has."""
    return _land(landing / "newsletter" / "events-2025-07.jsonl", json.dumps(_OPT_OUT) + "\n")


def old_list(landing: Path) -> str:
    """The text of the old list that she is on, the one that landed last: to be kept until she is erased."""
    lists = sorted((landing / "webinar").glob("*-old-list-*.csv"), reverse=True)
    found = next((text for path in lists if OLD_ADDRESS in (text := path.read_text(encoding="utf-8"))), None)
    if found is None:
        raise NotTheStoryError("she is on no old list under landing/webinar; generate the workspace anew")
    return found


def land_old_list_once_more(landing: Path, text: str) -> Path:
    """Land :func:`old_list` again, without its last line: the very same rows would be known as a repetition, and not be read."""
    shorter = text.rstrip("\n").rpartition("\n")[0]
    return _land(landing / "webinar" / "2025-07-31-old-list-found-again.csv", f"{shorter}\n")


def _land(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
