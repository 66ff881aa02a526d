"""Values as a report may show them: enough to recognise the kind of slip, too little to know whose it is.

Of each part (a word, a part of a domain) at most the first letter is left, of a phone number the first and the last two
digits, of a date the first. Parts of up to two letters are masked whole, and every mask is of one length, so that it does
not tell how long the value was. The ending of a domain (``com``, ``con``) stays when it has at most three letters: the
slip is often there, and millions share it.

What does not belong here: what is shown, and to whom (``quality_audit.py``).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal

Kind = Literal["email", "phone", "date", "text"]

HIDDEN = "•••"
SHORTEST_SHOWN = 3
"""Parts with fewer letters are masked whole: of 'Li' one letter is half of the name."""

SHORTEST_PHONE = 7
"""With fewer digits, three of them are too many."""

LONGEST_ENDING = 3

_BETWEEN_PARTS = re.compile(r"([\s.,;:/_+'’\-]+)")


def mask(value: object, kind: Kind) -> str:
    """The value as it may be shown; a missing one is the mask alone."""
    if value is None:
        return HIDDEN
    if kind == "date":
        return mask_date(value)
    return {"email": mask_email, "phone": mask_phone, "text": mask_text}[kind](str(value))


def mask_email(address: str) -> str:
    """``mia.fox@gmail.com`` as ``m•••@g•••.com``: what stands before the @ is one part."""
    local, at, domain = address.rpartition("@")
    if not at:
        return mask_text(address)
    name, dot, ending = domain.rpartition(".")
    keeps_ending = bool(dot) and len(ending) <= LONGEST_ENDING and ending.isascii() and ending.isalpha()
    host = ".".join(_part(part) for part in name.split(".")) + f".{ending}" if keeps_ending else _part(domain)
    return f"{_part(local)}@{host}"


def mask_phone(number: str) -> str:
    """``+15551230199`` as ``+1•••99``."""
    digits = [sign for sign in number if sign.isdigit()]
    if len(digits) < SHORTEST_PHONE:
        return HIDDEN
    plus = "+" if number.lstrip().startswith("+") else ""
    return f"{plus}{digits[0]}{HIDDEN}{digits[-2]}{digits[-1]}"


def mask_date(value: object) -> str:
    """``1985-03-12`` as ``1•••-••-••``: the millennium shows what is impossible, and nothing else."""
    text = value.isoformat() if isinstance(value, (date, datetime)) else str(value)
    return f"{text[0]}•••-••-••" if text[:4].isdigit() and len(text) >= 10 else HIDDEN


def mask_text(text: str) -> str:
    """``Mia Fox`` as ``M••• F•••``; signs between words become one space."""
    parts = [part for part in _BETWEEN_PARTS.sub(" ", text).split(" ") if part]
    return " ".join(_part(part) for part in parts) or HIDDEN


def _part(part: str) -> str:
    shown = len(part) >= SHORTEST_SHOWN and part[0].isalnum()
    return f"{part[0]}{HIDDEN}" if shown else HIDDEN
