"""E-mail addresses and phone numbers that somebody masked before they were delivered: ``d***@gmail.com``, ``212-***-1234``.

A masked contact is nobody's. Read as it stands it becomes an address that could be sent to, or a number that is another
person's (2121234), and everybody whose contact is masked alike becomes one. So the standards keep nothing of it
(``problems.py``: ``masked``); the delivered text stays in the raw table.

What hides letters of an address:

* ``*``, a bullet or a block, even one: RFC 5322 allows ``*`` before the @, and no provider gives such a mailbox out;
* two ``#`` or ``?`` in a row, which RFC 5322 allows, too. A single one stays: ``name_company.com#EXT#@tenant`` is how
  Microsoft Entra names guests, and one of them hides nothing;
* three dots in a row, or the sign for them. Two are a slip of the hand;
* ``x`` only where nothing but a mask is so: all of the part before the @ (``xxx@``), behind a first letter (``jxxx@``),
  with at most a last one behind it (``jxxxxn@``), or a run of five beside two or three letters (``xxxxxith@``). People who sign with
  kisses (``emmaxxx@``), and domains that end in ``.xxx``, stay. So do runs of ``_`` and ``-``: there are such mailboxes.

What hides digits of a number:

* ``*`` anywhere but beside a letter ('**mobile**'), as the bullet of a list ('* 212 …') and in a service code before the number
  ('*67 212 …', '*31#');
* two bullets, blocks, ``#``, ``?`` or ``_`` in a row, also with blanks or hyphens between them. One bullet is how designers part
  digits ('212 • 555 • 0147'), one ``#`` begins an extension or ends what is dialled;
* two ``x`` in a row that are no part of a word, also Cyrillic and Greek ones; one between digits, or glued behind the last. One
  before up to six digits at the end is an extension ('x123');
* three dots between digits or before the first.

An extension that is masked as a whole hides nothing of the number before it; of one in part, its digits would be read as the
number's.

What does not belong here: how this project masks what it shows (``masking.py``); values that stand where there is none
(placeholders, ``text.py`` and ``phones.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.standardized.text import VALUE, computed

_STARS = "*∗✱✲⁎⁕"
_BULLETS = "•●∙▪■█▓▒░▇◾⬛⬤◦○⚫※★☆"
"""Signs that stand for one hidden sign each and that NFKC leaves as they are; no address has one."""

_X = "[xхχ×]"
"""The letter in Latin, Cyrillic and Greek, lower case, and the sign of multiplication: on screen they are one."""

_EMAIL_SIGNS = ["##", "??", "...", "…", "xxx", "ххх", "χχχ", "×××", "··", *_STARS, *_BULLETS]
"""Without any of these a text in lower case holds no masked address."""

_ADDRESS = r"^.*<([^<>]*@[^<>]*)>"
_HIDES_LETTERS = rf"[{_STARS}{_BULLETS}…×]|#{{2,}}|\?{{2,}}|\.{{3,}}|·{{2,}}"

_ONE_WORD = rf"{_X}{{3,}}|[a-z0-9]{_X}{{3,}}|[a-z0-9]{_X}{{4,}}[a-z0-9]|{_X}{{5,}}[a-z0-9]{{1,3}}|[a-z0-9]{{2,3}}{_X}{{5,}}[a-z0-9]{{0,2}}"
_X_BEFORE_AT = rf"^(?:{_ONE_WORD})(?:[._-](?:{_ONE_WORD}|[a-z0-9]?{_X}{{2,}}))*(?:\+.*)?@"
_X_BEHIND_AT = rf"@(?:{_ONE_WORD})(?:\.[a-z]{{2,3}})?\.[a-z]{{2,}}$"
"""The domain's own label, not a host before it (``xxx.lanl.gov``) or its ending (``.xxx``)."""

_PHONE_SIGNS = ["##", "??", "__", "# #", "#-#", "...", "…", "x", "X", "х", "Х", "χ", "Χ", "×", "··", *_STARS, *_BULLETS]
"""Without any of these a text holds no masked number."""

_MASKED_EXTENSION = rf"(?:extension|extn?|durchwahl|dw|apparat|poste|anexo|ramal|toestel|wewn?)[\s.:]*(?:[#?{_STARS}{_BULLETS}]+|{_X}+)\)?\s*$"
_NO_MASK = r"^\s*[*•●▪◦○·-]\s+|^\s*\*\d{2,3}[#*\s]"
"""Before a number: the bullet of a list, and service codes such as '*67 ' and '*31#'."""

_LETTER = r"[\p{L}--[xхχ]]"
_BESIDE_LETTERS = rf"(?:^|\s)\*+{_LETTER}|{_LETTER}\*+(?:\s|$)"
_BETWEEN = r"[\s().-]*"
_HIDES_DIGITS = "|".join(
    (
        f"[{_STARS}]",
        *(rf"{sign}{_BETWEEN}{sign}" for sign in (rf"[{_BULLETS}…]", "#", r"\?", "_")),
        "·{2,}",
        rf"(?:^|[^\p{{L}}]){_X}{_BETWEEN}{_X}(?:{_BETWEEN}{_X})*(?:[^\p{{L}}]|$)",
        rf"\d{_X}$",
        r"(?:^|\d)[\s)-]*(?:\.{3,}|…)[\s(-]*\d",
    )
)
_X_IN_NUMBER = rf"\d{_BETWEEN}{_X}\d[\d\s().-]*{_X}|\d{_X}\d[\d\s]*[().-]+\s*\d|\d{_X}\d{{7,}}"
"""One x between digits, where what follows is no extension: another x, more groups of digits, more than six of them."""


def are_masked_emails(texts: pl.Series) -> pl.Series:
    """Whether the address in each text is masked, before the @ or behind it; false for null."""
    lower = VALUE.str.to_lowercase()
    address = pl.coalesce(lower.str.extract(_ADDRESS), lower).str.strip_chars(" <>\"'()[]")
    is_masked = (
        address.str.contains(_HIDES_LETTERS)
        | address.str.contains(_X_BEFORE_AT)
        | _without_dots(address).str.contains(_X_BEFORE_AT)
        | address.str.contains(_X_BEHIND_AT)
    )
    return _true_for_some(texts, lower.str.contains_any(_EMAIL_SIGNS), is_masked)


def are_masked_phones(texts: pl.Series) -> pl.Series:
    """Whether digits of the number in each text are masked; false for null."""
    return _true_for_some(texts, VALUE.str.contains_any(_PHONE_SIGNS), hides_digits(VALUE))


def hides_digits(text: pl.Expr) -> pl.Expr:
    """:func:`are_masked_phones` of one expression; null for null."""
    bare = text.str.to_lowercase().str.replace(_MASKED_EXTENSION, "").str.replace(_NO_MASK, "")
    bare = bare.str.replace_all(_BESIDE_LETTERS, " ").str.strip_chars(" ")
    return bare.str.contains(_HIDES_DIGITS) | bare.str.contains(_X_IN_NUMBER)


def _without_dots(address: pl.Expr) -> pl.Expr:
    """The address with the dots before its @ taken off, as Gmail reads it: 'x.x.x@' is 'xxx@'."""
    return address.str.extract(r"^([^@]*)@").str.replace_all(".", "", literal=True) + address.str.extract(r"(@.*)$")


def _true_for_some(texts: pl.Series, may_be: pl.Expr, is_masked: pl.Expr) -> pl.Series:
    """``is_masked`` of the texts that ``may_be`` so; hardly any is, and the cheaper look tells which."""
    rows = computed(texts, may_be).fill_null(False).arg_true()
    marked = pl.repeat(False, len(texts), dtype=pl.Boolean, eager=True).alias(texts.name)
    if rows.is_empty():
        return marked
    return marked.scatter(rows, computed(texts.gather(rows), is_masked).fill_null(False))
