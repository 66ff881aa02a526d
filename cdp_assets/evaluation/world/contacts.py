"""What a system writes when it records a person at a moment: name, address, phone and e-mail, with that system's habits.

Shapes: every function takes arrays with one entry per record (who, when) and a matrix of chances with one row per
record; it returns series in that order, and the phenomena that it caused as bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import Flags, Floats, Ints, flags
from cdp_assets.evaluation.world.mailboxes import (
    KINDS,
    SECOND_PRIVATE,
    TYPING_CHANCES,
    junk,
    type_addresses,
)
from cdp_assets.evaluation.world.moments import END, NEVER
from cdp_assets.evaluation.world.phenomena import tagged
from cdp_assets.evaluation.world.phones import write
from cdp_assets.evaluation.world.spelling import GERMAN, PLAIN, ascii_form, mistype, mistype_digit
from cdp_assets.evaluation.world.world import World

NAME_CHANCES = 12
EMAIL_CHANCES = 4 + TYPING_CHANCES
PHONE_CHANCES = 3
MISTYPED_PHONE_SHARE = 0.01  # of phones that nobody asked for a second time
# Numbers that staff and web forms put where a number is required.
JUNK_PHONES = ("0000000000", "5555555555", "1234567890")


@dataclass(frozen=True)
class NameHabits:
    """How a system writes names: shares of records, and the letters it can keep."""

    nickname: float = 0.05
    mistyped: float = 0.02
    initial_only: float = 0.005
    swapped: float = 0.004
    capitals: float = 0.0
    lower_case: float = 0.0
    middle_name: float = 0.3
    suffix: float = 0.7
    letters: str = "all"  # all, plain (ü is u) or german (ü is ue)


@dataclass(frozen=True)
class WrittenNames:
    """Names as a system wrote them."""

    first: pl.Series
    middle: pl.Series
    last: pl.Series
    suffix: pl.Series
    bits: Ints

    def full(self) -> pl.Series:
        """Return first, middle and last name and suffix in one field."""
        parts = [self.first, self.middle, self.last, self.suffix]
        frame = pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
        return frame.select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True).alias("name")).to_series()


def nulls(count: int) -> pl.Series:
    """Return a text series of ``count`` nulls."""
    return pl.Series("", [None], dtype=pl.String).new_from_index(0, count)


def where(condition: Flags, yes: pl.Series, no: pl.Series | None = None) -> pl.Series:
    """Return ``yes`` where the condition holds, else ``no`` (default: null)."""
    return yes.zip_with(pl.Series(condition), nulls(len(yes)) if no is None else no)


def write_names(world: World, person: Ints, when: Ints, chance: Floats, habits: NameHabits) -> WrittenNames:
    """Return the persons' names at these moments, as a system with these habits writes them."""
    of = world.population
    first, last = of.column("first_name", person), of.column("last_name", person)
    former = of.column("former_last_name", person)
    is_former = (when < of.numbers("renamed_at", person)) & former.is_not_null().to_numpy()
    last = where(is_former, former, last)
    nickname = of.column("nickname", person)
    # Those who go by a nickname give it almost always where a system's people use nicknames, never in registers.
    uses_nickname = (chance[:, 0] < habits.nickname * 4) & nickname.is_not_null().to_numpy()
    first = where(uses_nickname, nickname, first)

    middle = of.column("middle_name", person)
    middle = where(chance[:, 1] < habits.middle_name, middle)
    middle = where(chance[:, 2] < 0.6, middle.str.slice(0, 1), middle)
    suffix = where(chance[:, 3] < habits.suffix, of.column("name_suffix", person))

    non_ascii = flags((first + last).str.contains(r"[^\x00-\x7F]"))
    if habits.letters != "all":
        table = GERMAN if habits.letters == "german" else PLAIN
        first, middle, last = (ascii_form(part, table) for part in (first, middle, last))

    wrong_first = chance[:, 4] < habits.mistyped / 2
    wrong_last = ~wrong_first & (chance[:, 4] < habits.mistyped)
    wrongly = mistype(first, wrong_first, chance[:, 5], chance[:, 6])
    wrongly_last = mistype(last, wrong_last, chance[:, 5], chance[:, 6])
    is_mistyped = flags(wrongly != first) | flags(wrongly_last != last)
    first, last = wrongly, wrongly_last

    initial = ~is_mistyped & (chance[:, 7] < habits.initial_only)
    first = where(initial, first.str.slice(0, 1) + ".", first)
    swapped = ~initial & (chance[:, 8] < habits.swapped)
    first, last = where(swapped, last, first), where(swapped, first, last)
    first, middle, last = (_cased(part, chance[:, 9], habits) for part in (first, middle, last))
    bits = (
        tagged(is_former, "former_surname")
        | tagged(uses_nickname, "nickname")
        | tagged(non_ascii, "non_ascii_name")
        | tagged(non_ascii & (habits.letters != "all"), "transliterated_name")
        | tagged(is_mistyped, "mistyped_name")
        | tagged(initial, "initial_only")
        | tagged(swapped, "swapped_name")
    )
    return WrittenNames(first, middle, last, suffix, bits)


def _cased(text: pl.Series, chance: Floats, habits: NameHabits) -> pl.Series:
    text = where(chance < habits.capitals, text.str.to_uppercase(), text)
    return where(chance > 1 - habits.lower_case, text.str.to_lowercase(), text)


@dataclass(frozen=True)
class WrittenAddresses:
    """Postal addresses as a system wrote them."""

    street: pl.Series
    city: pl.Series
    region: pl.Series
    postcode: pl.Series
    country: pl.Series
    bits: Ints


def write_addresses(world: World, home: Ints, style: int, known: Flags, person: Ints, when: Ints) -> WrittenAddresses:
    """Return these homes' addresses in one of the styles of ``homes.py``; null where not ``known``."""
    names = ("full", "abbreviated", "casual")
    street, city, region, postcode, country = (
        where(known, world.homes.column(name, home))
        for name in (f"street_{names[style]}", "city", "region", "postcode", "country")
    )
    moved_since = known & (world.homes.moved_at[person] != NEVER) & (when < world.homes.moved_at[person])
    is_flat = known & (world.homes.is_flat[home] == 1)
    bits = tagged(moved_since, "former_address") | tagged(is_flat, "block_of_flats")
    return WrittenAddresses(street, city, region, postcode, country, bits)


@dataclass(frozen=True)
class WrittenPhones:
    """Phones as a system wrote them."""

    phone: pl.Series
    is_mobile: Flags
    bits: Ints


def write_phones(
    world: World,
    person: Ints,
    when: Ints,
    chance: Floats,
    style: int,
    *,
    mobile: float,
    landline: float = 0.0,
    switchboard: float = 0.0,
    placeholder: float = 0.0,
    asked: Flags | None = None,
) -> WrittenPhones:
    """Return one phone per record: mobile, household's landline, employer's switchboard or a placeholder, or none.

    Who is ``asked`` gives the mobile number.
    """
    of = world.population
    employer = world.mailboxes.employer_at(person, when)
    which = chance[:, 0] if asked is None else np.where(asked, 0.0, chance[:, 0])
    is_mobile = which < mobile
    is_landline = ~is_mobile & (which < mobile + landline)
    is_switchboard = ~is_mobile & ~is_landline & (which < mobile + landline + switchboard) & (employer >= 0)
    number = where(is_mobile, world.mobile.gather(pl.Series(person)))
    number = where(is_landline, world.landline.gather(pl.Series(of.numbers("household", person))), number)
    number = where(is_switchboard, world.switchboard.gather(pl.Series(np.maximum(employer, 0))), number)
    written = write(number, of.column("country", person), style)
    is_junk = chance[:, 1] < placeholder
    trusted = np.zeros(len(person), dtype=np.bool_) if asked is None else asked
    right, wrong = written, ~trusted & (chance[:, 1] > 1 - MISTYPED_PHONE_SHARE)
    written = mistype_digit(written, wrong, chance[:, 2])
    wrong = flags(written != right)
    junk_numbers = pl.Series("", JUNK_PHONES, dtype=pl.String).gather(
        pl.Series(np.minimum((chance[:, 2] * 3).astype(np.int64), 2))
    )
    bits = tagged((is_landline & of.flags("in_household", person)) | is_switchboard, "shared_phone")
    bits = np.where(is_junk, 0, bits) | tagged(is_junk, "junk_phone") | tagged(wrong, "mistyped_phone")
    return WrittenPhones(where(is_junk, junk_numbers, written), is_mobile & ~is_junk & ~wrong, bits)


@dataclass(frozen=True)
class WrittenEmails:
    """Addresses as a system wrote them, with what was meant and whose they are."""

    email: pl.Series
    truth: pl.DataFrame  # row, person, email (lower case), intended, use, died_at: one row per filled address
    mailbox: Ints  # row of the world's addresses where it was written rightly, else -1
    bits: Ints


def write_emails(
    world: World, person: Ints, mailbox: Ints, employer: Ints, chance: Floats, *, placeholder: float, role: float
) -> WrittenEmails:
    """Return one e-mail address per record; ``mailbox`` is a row of the world's addresses, -1 for none.

    Some are replaced by a placeholder and, where an ``employer`` is given (-1 for none), by the company's own address.
    """
    boxes = world.mailboxes
    address = where(mailbox >= 0, boxes.address.gather(pl.Series(np.maximum(mailbox, 0))))
    is_role = (chance[:, 0] < role) & (employer >= 0)
    roles = world.companies.column("role", employer) + "@" + world.companies.column("domain", employer)
    is_junk = ~is_role & (chance[:, 1] < placeholder)
    is_household = (mailbox >= len(world.population) * KINDS) & ~is_role & ~is_junk
    own = ~is_role & ~is_junk
    typed = type_addresses(address, chance[:, 4:])
    email = where(is_role, roles, where(is_junk, junk(chance[:, 2]), typed.typed))

    kind = np.where(mailbox >= 0, mailbox % KINDS, 0)
    is_work = own & (mailbox >= 0) & ~is_household & (kind > SECOND_PRIVATE)
    is_private = own & (mailbox >= 0) & ~is_household & ~is_work
    died = np.where(mailbox >= 0, boxes.died_at[np.maximum(mailbox, 0)], NEVER)
    change = world.companies.column("change", np.where(is_work, _employer_of(world, person, kind), -1))
    bits = (
        tagged(is_role, "role_email")
        | tagged(is_junk, "junk_email")
        | tagged(is_household, "household_email")
        | tagged(is_work, "work_email")
        | tagged(is_private, "private_email")
        | tagged(is_work & (died < END), "former_work_email")
        | tagged(flags(change == "format"), "company_changed_format")
        | tagged(flags(change == "domain"), "company_changed_name")
        | tagged(own & typed.has_wrong_domain, "mistyped_domain")
        | tagged(own & typed.has_wrong_local, "mistyped_email")
        | tagged(email.is_null().to_numpy(), "missing_email")
    )
    use = np.select([is_role, is_junk, is_household, is_work], ["role", "junk", "household", "work"], default="private")
    truth = pl.DataFrame(
        {
            "row": np.arange(len(person)),
            "person": person,
            "email": email.str.to_lowercase(),
            "intended": where(own, address),
            "use": pl.Series(use, dtype=pl.String),
            "died_at": np.where(own, died, NEVER),
            "is_mistyped": own & (typed.has_wrong_domain | typed.has_wrong_local),
        }
    ).filter(pl.col("email").is_not_null())
    rightly = own & (mailbox >= 0) & ~typed.has_wrong_domain & ~typed.has_wrong_local
    return WrittenEmails(email, truth, np.where(rightly & ~is_household, mailbox, -1), bits)


def _employer_of(world: World, person: Ints, kind: Ints) -> Ints:
    boxes = world.mailboxes
    return np.where(kind >= 4, boxes.next_employer[person], boxes.employer[person])


def write_birth_dates(
    world: World, person: Ints, chance: Floats, form: str, *, known: float, wrong: float, placeholder: float
) -> tuple[pl.Series, Ints]:
    """Return dates of birth in a strftime ``form``: some unknown, some wrong, some 1 January 1900; and bits.

    A wrong one has day and month swapped where that gives another date, else the year one off.
    """
    born = world.population.numbers("born_on", person)
    frame = pl.DataFrame({"d": born}).select(pl.col("d").cast(pl.Int32).cast(pl.Date))
    day, month, year = pl.col("d").dt.day(), pl.col("d").dt.month(), pl.col("d").dt.year()
    swapped = pl.date(year, pl.min_horizontal(day, 12), month)
    off = pl.when((day <= 12) & (day != month)).then(swapped).otherwise(pl.col("d").dt.offset_by("1y"))
    is_known = chance[:, 0] < known
    is_placeholder = is_known & (chance[:, 1] < placeholder)
    is_wrong = is_known & (chance[:, 1] > 1 - wrong)
    frame = frame.with_columns(wrong=pl.Series(is_wrong), none=pl.Series(is_placeholder))
    written = frame.select(
        pl.when("none").then(pl.date(1900, 1, 1)).when("wrong").then(off).otherwise("d").dt.strftime(form)
    ).to_series()
    return where(is_known, written), tagged(is_wrong, "wrong_birth_date") | tagged(
        is_placeholder, "placeholder_birth_date"
    )


def write_companies(world: World, person: Ints, when: Ints, chance: Floats, known: float) -> pl.Series:
    """Return employers' names as people write them: with the legal form, another form of it, or none."""
    employer = world.mailboxes.employer_at(person, when)
    employer = np.where(chance[:, 0] < known, employer, -1)
    after = world.companies.is_after_change(employer, when)
    name = where(after, world.companies.column("next_name", employer), world.companies.column("name", employer))
    legal = world.companies.column("legal_form", employer)
    with_form = name + " " + legal
    return where(chance[:, 1] < 0.55, with_form, where(chance[:, 1] < 0.62, name.str.to_uppercase(), name))
