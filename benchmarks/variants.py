"""Accuracy on kinds of data that the labelled sets do not have: fewer fields, other scripts, families, namesakes, skew, noise.

    python benchmarks/variants.py [--seed N …] [--kind NAME …] [--people N] [--errors [N]] [--data DIR]

Every kind is derived with a seed, from the people of the generated world or from a labelled set under ``--data``, delivered as files with
contracts, and read through them as a user's files are (one kind with contracts as ``cdp contract draft`` writes them). Resolved as the assets
do it, one step after the other, without golden records and publication. Each row: precision, recall and F1 (pairwise); the F1 at the best cut,
all weights being shifted by so many bits as the truth likes best (what the choice of a threshold loses, everything else being equal); and where
the true pairs are lost. The truth is read for scoring alone. Nothing in the project is fitted to a kind.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import accuracy as sets
import email_truth
import numpy as np
import polars as pl
import yaml
from variant_names import CZECH, DUTCH, HUNGARIAN, ICELANDIC, INDONESIAN, KANA, PORTUGUESE, SCRIPTS

PEOPLE = 400
SHIFTS = (-8.0, -4.0, -2.0, -1.0, 1.0, 2.0, 4.0, 8.0)
"""Bits by which all weights are shifted, to see what the best cut would have been."""
Row = dict[str, str | None]


@dataclass(frozen=True)
class Kind:
    """Delivered rows (``record_id``, ``entity``, ``source`` and columns), and what a contract says of them."""

    rows: list[Row]
    columns: Mapping[str, Any] = field(default_factory=dict)
    identifiers: Mapping[str, str] = field(default_factory=dict)
    registers: frozenset[str] = frozenset()
    country: str = "US"
    date_format: str = "%Y-%m-%d"
    is_drafted: bool = False


# -- people, and how systems write them down ---------------------------------------------------------------------------


def people(count: int, seed: int, countries: Iterable[str] = ("US", "GB")) -> list[Row]:
    """People of the generated world, of some countries, with an e-mail address of their own, phones, and up to two homes."""
    from cdp_assets.evaluation.world.phones import NATIONAL, write
    from cdp_assets.evaluation.world.truth import people_truth
    from cdp_assets.evaluation.world.world import make_world

    world = make_world(max(count * 8, 200), seed)
    everybody = np.arange(world.population.people.height)
    old = world.homes.at(everybody, np.full(len(everybody), 0))
    told = (
        people_truth(world)
        .head(len(everybody))
        .with_columns(
            pl.col("date_of_birth").dt.to_string("%Y-%m-%d"),
            write(world.mobile, world.population.people["country"], NATIONAL).alias("phone"),
            world.landline.gather(world.population.people["household"]).alias("landline"),
            world.homes.column("street_full", old).alias("old_street"),
            world.homes.column("city", old).alias("old_city"),
            world.homes.column("postcode", old).alias("old_postcode"),
            world.homes.column("street_abbreviated", old).alias("old_street_written"),
        )
        .filter(pl.col("country").is_in(list(countries)))
        .head(count)
    )
    chance = random.Random(f"mailboxes {seed}")
    found = [dict(row) for row in told.iter_rows(named=True)]
    for person in found:
        person["email"] = _mailbox(person["first_name"], person["last_name"], chance)
        person["entity"] = person.pop("entity_id")
    return found


def _mailbox(first: str, last: str, chance: random.Random) -> str:
    a, b = (_plain(text).replace(" ", "").replace("-", "").replace("'", "").lower() for text in (first, last))
    local = chance.choice(
        [
            f"{a}.{b}",
            f"{a[0]}{b}",
            f"{a}{chance.randint(1, 99)}",
            f"{b}{a[0]}{chance.randint(50, 99)}",
            f"{a}_{b}{chance.randint(1, 999)}",
        ]
    )
    return f"{local}@{chance.choice(['gmail.com', 'yahoo.com', 'outlook.com', 'web.de', 'icloud.com', 'mail.example'])}"


def _plain(text: str) -> str:
    from anyascii import anyascii

    return anyascii(text)


@dataclass(frozen=True)
class Writing:
    """How carelessly systems write: chances per field of a typing error, of nothing, and of another of the person's values."""

    typo: float = 0.06
    missing: float = 0.1
    other: float = 0.12
    nickname: float = 0.06
    typos: int = 1


CAREFUL = Writing(0.02, 0.05, 0.05, 0.03)
PLAIN_WRITING = Writing()
NOISY = Writing(0.75, 0.3, 0.15, 0.1, 2)


def typo(text: str, chance: random.Random) -> str:
    """One slip: letters swapped, one lost, doubled, or replaced; a digit becomes another digit."""
    at = chance.randrange(len(text)) if text else 0
    if not text or not text[at].isalnum():
        return text
    if text[at].isdigit():
        return text[:at] + chance.choice([d for d in "0123456789" if d != text[at]]) + text[at + 1 :]
    kind = chance.random()
    if kind < 0.3 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind < 0.55 and len(text) > 2:
        return text[:at] + text[at + 1 :]
    if kind < 0.7:
        return text[:at] + text[at] + text[at:]
    return text[:at] + chance.choice("abcdefghijklmnoprstuvwy") + text[at + 1 :]


def born_otherwise(text: str, chance: random.Random) -> str:
    """A date of birth keyed wrongly: day and month swapped, or a digit off, as far as it stays a date."""
    year, month, day = text.split("-")
    if chance.random() < 0.3 and int(day) <= 12:
        return f"{year}-{day}-{month}"
    for _ in range(20):
        candidate = typo(text, chance)
        try:
            return date.fromisoformat(candidate).isoformat()
        except ValueError:
            continue
    return text


FIELDS = ("first_name", "last_name", "date_of_birth", "sex", "email", "phone", "street", "city", "postcode")


def written(person: Mapping[str, Any], chance: random.Random, how: Writing, fields: Iterable[str] = FIELDS) -> Row:
    """One record of a person, with ``fields``."""
    row: Row = {"entity": person["entity"]}
    moved = chance.random() < how.other
    for name in fields:
        value = person[name]
        if name in ("street", "city", "postcode") and moved:
            value = person.get(f"old_{name}", value)
        if name == "first_name" and person.get("nickname") and chance.random() < how.nickname * 4:
            value = person["nickname"]
        if name == "first_name" and value and chance.random() < how.nickname / 2:
            value = value[0]
        if name == "last_name" and person.get("former_last_name") and chance.random() < 0.4:
            value = person["former_last_name"]
        if name == "email" and chance.random() < how.other:
            value = _mailbox(person["first_name"], person["last_name"], chance)
        if name == "phone" and chance.random() < how.other:
            value = person["landline"] or value
        if value and name != "sex":
            for _ in range(how.typos):
                if chance.random() < (how.typo / 2 if name in ("email", "phone", "postcode") else how.typo):
                    value = born_otherwise(value, chance) if name == "date_of_birth" else typo(value, chance)
        row[name] = None if chance.random() < how.missing else value
    return row


Sizes = Callable[[random.Random], int]


def _few(chance: random.Random) -> int:
    return chance.choices([1, 2, 3, 4, 6], [0.4, 0.3, 0.18, 0.09, 0.03])[0]


def recorded(
    who: Iterable[Mapping[str, Any]],
    seed: int,
    fields: Iterable[str] = FIELDS,
    how: Writing = PLAIN_WRITING,
    sizes: Sizes = _few,
    source: str = "records",
) -> list[Row]:
    """Records of each person, each written anew; without rows that say nothing."""
    chance = random.Random(f"records {seed} {source}")
    rows = [written(p, chance, how, tuple(fields)) | {"source": source} for p in who for _ in range(sizes(chance))]
    return [row for row in rows if any(row[name] for name in fields)]


def _mapped(*fields: str) -> dict[str, str]:
    return {name: name for name in fields}


def _kind(rows: list[Row], fields: Iterable[str], **more: Any) -> Kind:
    return Kind(rows, _mapped(*fields), **more)


# -- kinds --------------------------------------------------------------------------------------------------------------


def names_and_birth(seed: int, count: int, _data: Path) -> Kind:
    """Names and date of birth only"""
    fields = ("first_name", "last_name", "date_of_birth")
    return _kind(recorded(people(count, seed), seed, fields), fields)


def names_and_postcode(seed: int, count: int, _data: Path) -> Kind:
    """Names and postcode only"""
    fields = ("first_name", "last_name", "postcode")
    return _kind(recorded(people(count, seed), seed, fields), fields)


def names_and_email(seed: int, count: int, _data: Path) -> Kind:
    """Names and e-mail only"""
    fields = ("first_name", "last_name", "email")
    return _kind(recorded(people(count, seed), seed, fields), fields)


def no_names(seed: int, count: int, _data: Path) -> Kind:
    """Contacts and addresses, no names"""
    fields = ("email", "phone", "street", "city", "postcode")
    return _kind(recorded(people(count, seed), seed, fields), fields)


def names_only(seed: int, count: int, _data: Path) -> Kind:
    """Names and city only"""
    fields = ("first_name", "last_name", "city")
    return _kind(recorded(people(count, seed), seed, fields), fields)


def masked_contacts(seed: int, count: int, _data: Path) -> Kind:
    """Contacts masked in one of two sources"""
    fields = ("first_name", "last_name", "email", "phone", "postcode", "date_of_birth")
    rows = recorded(people(count, seed), seed, fields, PLAIN_WRITING, _few, "shop")
    rows += [_masked(row) for row in recorded(people(count, seed), seed, fields, PLAIN_WRITING, _at_most_one, "agency")]
    return _kind(rows, fields)


def all_masked(seed: int, count: int, _data: Path) -> Kind:
    """Every contact masked"""
    fields = ("first_name", "last_name", "email", "phone", "postcode")
    return _kind([_masked(row) for row in recorded(people(count, seed), seed, fields)], fields)


def _masked(row: Row) -> Row:
    email, phone = row["email"], row["phone"]
    masked_mail = None if email is None else f"{email[0]}***@{email.split('@')[-1]}"
    return row | {"email": masked_mail, "phone": None if phone is None else f"***-***-{phone[-4:]}"}


def _at_most_one(chance: random.Random) -> int:
    return int(chance.random() < 0.6)


def _script(name: str) -> Callable[[int, int, Path], Kind]:
    def kind(seed: int, count: int, _data: Path) -> Kind:
        chance, script = random.Random(f"{name} {seed}"), SCRIPTS[name]
        rows: list[Row] = []
        for number in range(count):
            given, family = chance.choice(script.given), chance.choice(script.family)
            born = (date(1940, 1, 1) + timedelta(days=chance.randrange(22_000))).isoformat()
            phone = "".join(chance.choice("0123456789") if sign == "x" else sign for sign in script.mobile)
            mail = f"{given[0][0].lower()}{number}{chance.choice('abcdefgh')}@mail.example".replace(" ", "")
            for source, share in (("latin", 0.9), ("native", 0.9), ("latin", 0.3), ("native", 0.3)):
                if chance.random() > share:
                    continue
                first = chance.choice(given[0]) if source == "latin" else given[1]
                last = chance.choice(family[0]) if source == "latin" else family[1]
                rows.append(
                    {
                        "entity": str(number), "source": source,
                        "first_name": first, "last_name": last,
                        "date_of_birth": born_otherwise(born, chance) if chance.random() < 0.05 else born if chance.random() < 0.9 else None,
                        "phone": phone if chance.random() < 0.35 else None,
                        "email": mail if chance.random() < 0.35 else None,
                    }
                )  # fmt: skip
        return _kind(rows, ("first_name", "last_name", "date_of_birth", "phone", "email"), country=script.country)

    kind.__doc__ = f"One source in Latin letters, one in {name.capitalize()} script"
    return kind


def _three_systems(name: str) -> Callable[[int, int, Path], Kind]:
    """As :func:`_script`, with a third system that romanizes otherwise (or writes kana) and has given and family names in each other's place."""

    def kind(seed: int, count: int, _data: Path) -> Kind:
        chance, script = random.Random(f"three {name} {seed}"), SCRIPTS[name]
        rows: list[Row] = []
        for number in range(count):
            given, family = chance.choice(script.given), chance.choice(script.family)
            born = (date(1940, 1, 1) + timedelta(days=chance.randrange(22_000))).isoformat()
            person = {
                "phone": "".join(chance.choice("0123456789") if sign == "x" else sign for sign in script.mobile),
                "email": _mailbox(given[0][0], family[0][0], chance),
            }
            for source, share in (("native", 0.9), ("latin", 0.8), ("swapped", 0.6), ("native", 0.2)):
                if chance.random() > share:
                    continue
                first, last = _written_in(source, given, chance), _written_in(source, family, chance)
                if source == "swapped" and chance.random() < 0.7:
                    first, last = last, first
                rows.append(
                    {
                        "entity": str(number), "source": source, "first_name": first, "last_name": last,
                        "date_of_birth": born_otherwise(born, chance) if chance.random() < 0.05 else born if chance.random() < 0.8 else None,
                        **{key: value if chance.random() < 0.4 else None for key, value in person.items()},
                    }
                )  # fmt: skip
        return _kind(rows, ("first_name", "last_name", "date_of_birth", "phone", "email"), country=script.country)

    kind.__doc__ = (
        f"{name.capitalize()}: native, in Latin letters, and in a third system with names in each other's place"
    )
    return kind


def _written_in(source: str, spelt: tuple[tuple[str, ...], str], chance: random.Random) -> str:
    latin, native = spelt
    if source == "native":
        return native
    return KANA.get(native, latin[-1]) if source == "swapped" else chance.choice(latin)


TOWNS = [
    f"{first}{last}"
    for first in ("Alder", "Birken", "Clay", "Dorn", "Elm", "Fal", "Gars", "Hol")
    for last in ("by", "ford", "hausen", "mere", "wick")
]


def _whole_names(
    says: str, country: str, names: tuple[list[str], list[str]], ways: Callable[[str, str, random.Random], list[Row]]
) -> Callable[[int, int, Path], Kind]:
    """People of a country, whose names systems write down in ``ways`` of their own: columns of a record each."""

    def kind(seed: int, count: int, _data: Path) -> Kind:
        chance = random.Random(f"{says} {seed}")
        rows: list[Row] = []
        for number in range(count):
            given, family = chance.choice(names[0]), chance.choice(names[1])
            second = chance.choice(names[1])
            born = (date(1940, 1, 1) + timedelta(days=chance.randrange(22_000))).isoformat()
            city, mail = chance.choice(TOWNS), _mailbox(given, family.split(" ")[-1], chance)
            for way in ways(given, f"{family} {second}" if country in ("BR", "MX") else family, chance):
                if chance.random() < 0.75:
                    row = dict.fromkeys(("first_name", "last_name", "full_name")) | way
                    row |= {"entity": str(number), "source": way["source"], "city": city}
                    row["date_of_birth"] = born if chance.random() < 0.85 else None
                    row["email"] = mail if chance.random() < 0.3 else None
                    rows.append(row)
        return _kind(rows, ("full_name", "first_name", "last_name", "date_of_birth", "city", "email"), country=country)

    kind.__doc__ = says
    return kind


def _parts(source: str, first: str | None, last: str | None) -> Row:
    return {"source": source, "first_name": first, "last_name": last}


def _whole(source: str, name: str) -> Row:
    return {"source": source, "full_name": name}


def _hungarian(given: str, family: str, _chance: random.Random) -> list[Row]:
    return [
        _parts("bank", given, family),
        _whole("club", f"{family} {given}"),
        _whole("abroad", f"{_plain(given)} {_plain(family)}"),
    ]


def _dutch(given: str, family: str, chance: random.Random) -> list[Row]:
    short = (
        family.replace("van der ", "v.d. ")
        .replace("van den ", "v.d. ")
        .replace("van de ", "v.d. ")
        .replace("van ", "v. ")
    )
    return [
        _parts("bank", given, family), _whole("club", f"{given} {family[0].upper()}{family[1:]}"),
        _whole("tax", f"{family.split(' ')[-1]}, {given} {' '.join(family.split(' ')[:-1])}".strip()),
        _parts("shop", given[0] if chance.random() < 0.5 else given, short),
    ]  # fmt: skip


def _two_surnames(given: str, family: str, chance: random.Random) -> list[Row]:
    first, second = family.split(" ")
    return [
        _parts("bank", given, f"{first} {second}"), _parts("shop", given, chance.choice((first, second))), _whole("club", f"{given} {first} de {second}"),
        _whole("abroad", _plain(f"{given} {first} {second}").upper()), _parts("app", given.split(" ")[0], f"{first}-{second}"),
    ]  # fmt: skip


def _mononyms(given: str, family: str, chance: random.Random) -> list[Row]:
    if chance.random() < 0.4:
        return [
            _parts("bank", given, None),
            _parts("shop", None, given),
            _parts("visa", given, given),
            _whole("club", given),
        ]
    return [
        _parts("bank", given, family),
        _whole("club", f"{given} {family}"),
        _parts("shop", f"{given} {family}", None),
    ]


def _icelandic(given: str, family: str, _chance: random.Random) -> list[Row]:
    father = f"{family}sson" if not family.endswith("s") else f"{family}son"
    spelt = str.maketrans(
        {
            "þ": "th",
            "ð": "d",
            "Þ": "Th",
            "æ": "ae",
            "ö": "o",
            "á": "a",
            "é": "e",
            "í": "i",
            "ó": "o",
            "ú": "u",
            "ý": "y",
        }
    )
    return [
        _parts("bank", given, father),
        _parts("shop", given.translate(spelt), father.translate(spelt)),
        _whole("club", f"{given} {father}"),
    ]


def _czech(given: str, family: str, _chance: random.Random) -> list[Row]:
    is_hers = given[-1] in "ae" and given not in ("Jiří",)
    hers = family[:-1] + "á" if family.endswith("ý") else f"{family.removesuffix('a')}ová"
    own = hers if is_hers else family
    return [
        _parts("bank", given, own),
        _parts("shop", _plain(given), _plain(own)),
        _whole("abroad", f"{_plain(given)} {_plain(family)}"),
    ]


def spanish(seed: int, count: int, _data: Path) -> Kind:
    """Spanish: two surnames in one source, one in the other"""
    fields = ("first_name", "last_name", "date_of_birth", "phone", "city")
    who = people(count, seed, ("ES",))
    chance = random.Random(f"spanish {seed}")
    rows = recorded(who, seed, fields, CAREFUL, _few, "bank") + recorded(
        who, seed, fields, CAREFUL, _at_most_one, "club"
    )
    for row in rows:
        last = row["last_name"]
        if row["source"] == "club" and last:
            row["last_name"] = last.split(" ")[0] if chance.random() < 0.8 else last.replace(" ", "-")
    return _kind(rows, fields, country="ES")


def polish(seed: int, count: int, _data: Path) -> Kind:
    """Polish: surnames by sex, or in the masculine for all"""
    fields = ("first_name", "last_name", "date_of_birth", "phone", "city")
    who = people(count, seed, ("PL",))
    rows = recorded(who, seed, fields, CAREFUL, _few, "bank")
    other = recorded(who, seed, fields, CAREFUL, _at_most_one, "old_system")
    for row in other:
        if row["last_name"] and row["last_name"].endswith(("ska", "cka", "dzka")):
            row["last_name"] = row["last_name"][:-1] + "i"
        for name in ("first_name", "last_name", "city"):
            row[name] = _plain(row[name]) if row[name] else None
    return _kind(rows + other, fields, country="PL")


def german(seed: int, count: int, _data: Path) -> Kind:
    """German: ü, ue and u for the same letter"""
    fields = ("first_name", "last_name", "date_of_birth", "street", "city")
    who = people(count, seed, ("DE",))
    chance = random.Random(f"german {seed}")
    rows = recorded(who, seed, fields, CAREFUL, _few, "bank") + recorded(
        who, seed, fields, CAREFUL, _at_most_one, "club"
    )
    plain, spelt = (
        str.maketrans("äöüÄÖÜ", "aouAOU"),
        {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"},
    )
    for row in rows:
        how = chance.random()
        for name in ("first_name", "last_name", "street", "city"):
            value = row[name]
            if value and how < 0.35:
                row[name] = value.translate(plain).replace("ß", "ss")
            elif value and how < 0.7:
                row[name] = value.translate(str.maketrans(spelt))
    return _kind(rows, fields, country="DE")


def families(seed: int, count: int, _data: Path) -> Kind:
    """Families: one address, mailbox and landline; twins; father and son of one name"""
    chance = random.Random(f"families {seed}")
    base = people(count, seed)
    heads = iter(chance.sample(base, len(base)))  # each heads one family, or two of them would be the same people
    family: list[dict[str, Any]] = []
    while len(family) < count:
        head = dict(next(heads))
        mailbox, number = (
            f"family.{_plain(head['last_name']).lower().replace(' ', '')}{len(family)}@mail.example",
            len(family),
        )
        born = date.fromisoformat(head["date_of_birth"])
        members = [
            (head["first_name"], born),
            (chance.choice(base)["first_name"], born + timedelta(days=chance.randint(-2000, 2000))),
        ]
        child = born + timedelta(days=chance.randint(8000, 14000))
        members.append((head["first_name"] if chance.random() < 0.1 else chance.choice(base)["first_name"], child))
        if chance.random() < 0.5:
            members.append(
                (chance.choice(base)["first_name"], child if chance.random() < 0.6 else child + timedelta(days=900))
            )
        for nth, (first, day) in enumerate(members):
            own = _mailbox(first, head["last_name"], chance)
            family.append(
                head | {"entity": f"{number}-{nth}", "first_name": first, "date_of_birth": day.isoformat(), "nickname": None, "former_last_name": None,
                        "email": mailbox if chance.random() < 0.6 else own, "phone": head["landline"] if chance.random() < 0.6 else chance.choice(base)["phone"]}
            )  # fmt: skip
    rows = recorded(family, seed, FIELDS, replace(CAREFUL, other=0.0), _few)
    return _kind(rows, FIELDS)


def _member(row: Row) -> tuple[int, int]:
    """Whose record of :func:`families` it is: the number of the family, and which of its members."""
    family, member = map(int, str(row["entity"]).split("-"))
    return family, member


def _numbered(name: str, own: Callable[[int, int], str]) -> Callable[[int, int, Path], Kind]:
    """The same families, and on nine of ten records a number: ``own`` of a family's number and which member it is."""

    def kind(seed: int, count: int, data: Path) -> Kind:
        of_families = families(seed, count, data)
        chance = random.Random(f"{name} {seed}")
        for row in of_families.rows:
            number = own(*_member(row))
            row["number"] = (
                None if chance.random() < 0.1 else typo(number, chance) if chance.random() < 0.02 else number
            )
        return replace(of_families, identifiers={"number": "number"})

    return kind


def _scattered(number: int) -> int:
    """A number of eight digits that says nothing of the next one."""
    return (number + 1) * 48_271_003 % 90_000_049 + 10_000_000


family_account = _numbered("account", lambda family, _: str(_scattered(family)))
family_account.__doc__ = "The same families, each with one account number for all"
numbers_that_follow = _numbered("follow", lambda family, member: f"{_scattered(family)}{member + 1}")
numbers_that_follow.__doc__ = "The same families, whose members' numbers follow each other"


def register_and_forms(seed: int, count: int, data: Path) -> Kind:
    """Families: a register that tells names and numbers, and forms, of which one in twenty has the number of another member"""
    of_own = _numbered("own", lambda family, member: str(_scattered(8 * family + member)))(seed, count, data)
    chance = random.Random(f"forms {seed}")
    rows, seen = [], set[str | None]()
    for row in of_own.rows:
        if row["entity"] not in seen:
            seen.add(row["entity"])
            told = {name: row[name] for name in ("entity", "first_name", "last_name", "sex", "number")}
            rows.append(dict.fromkeys(FIELDS) | told | {"source": "register"})
        form = dict(row, source="forms")
        if chance.random() < 0.05:
            family, member = _member(row)
            form["number"] = str(_scattered(8 * family + (member + 1) % 3))
        rows.append(form)
    return replace(of_own, rows=rows)


def policies(seed: int, count: int, data: Path) -> Kind:
    """Policies: a family's number, when who is insured was born, their sex and last name; no first names"""
    fields = ("date_of_birth", "sex", "last_name", "postcode")
    of_family = family_account(seed, count, data)
    rows = [{name: row[name] for name in ("entity", "source", *fields, "number")} for row in of_family.rows]
    return replace(of_family, rows=rows, columns=_mapped(*fields))


def families_the_other_way_round(seed: int, count: int, data: Path) -> Kind:
    """Families: in three of ten records first and last name stand in each other's place"""
    of_families, chance = families(seed, count, data), random.Random(f"round {seed}")
    rows = [
        row | {"first_name": row["last_name"], "last_name": row["first_name"]} if chance.random() < 0.3 else row
        for row in of_families.rows
    ]
    return replace(of_families, rows=rows)


def streets_and_towns(seed: int, count: int, data: Path) -> Kind:
    """Families with one number each: one source tells names and towns, another streets and postcodes"""
    of_family = family_account(seed, count, data)
    told = {"names": ("first_name", "last_name", "sex", "city"), "streets": ("phone", "street", "postcode")}
    chance = random.Random(f"streets {seed}")
    rows = []
    for row in of_family.rows:
        source = "names" if chance.random() < 0.7 else "streets"
        known = dict.fromkeys(FIELDS) | {name: row[name] for name in (*told[source], "entity", "number")}
        rows.append(known | {"source": source})
    return replace(of_family, rows=rows)


def couples_with_one_card(seed: int, count: int, data: Path) -> Kind:
    """Couples who share a home and a card, without dates of birth"""
    of_families = families_without_birth(seed, count, data)
    told = [(*_member(row), row) for row in of_families.rows]
    rows = [row | {"card": str(_scattered(family))} for family, member, row in told if member < 2]
    return replace(of_families, rows=rows, identifiers={"card": "card"})


def families_without_birth(seed: int, count: int, data: Path) -> Kind:
    """The same families without dates of birth"""
    kind = families(seed, count, data)
    fields = tuple(name for name in FIELDS if name != "date_of_birth")
    return _kind([{k: v for k, v in row.items() if k != "date_of_birth"} for row in kind.rows], fields)


def registers(seed: int, count: int, _data: Path) -> Kind:
    """Four sources, each with one row per person"""
    who = people(count, seed)
    shown = {"tax": FIELDS, "health": ("first_name", "last_name", "date_of_birth", "sex", "postcode"), "library": ("first_name", "last_name", "street", "city", "email"), "gym": ("first_name", "last_name", "phone", "email")}  # fmt: skip
    rows = [
        dict.fromkeys(FIELDS) | row
        for source, fields in shown.items()
        for row in recorded(who, seed, fields, PLAIN_WRITING, _at_most_one, source)
    ]
    return _kind(rows, FIELDS, registers=frozenset(shown))


def noisy(seed: int, count: int, _data: Path) -> Kind:
    """Two typing errors in most fields, three in ten missing"""
    return _kind(recorded(people(count, seed), seed, FIELDS, NOISY), FIELDS)


def tiny(seed: int, _count: int, _data: Path) -> Kind:
    """Sixty records"""
    return _kind(recorded(people(28, seed), seed), FIELDS)


def tiny_names_and_birth(seed: int, _count: int, _data: Path) -> Kind:
    """A hundred and fifty records of names and date of birth"""
    fields = ("first_name", "last_name", "date_of_birth")
    return _kind(recorded(people(70, seed), seed, fields), fields)


def singletons(seed: int, count: int, _data: Path) -> Kind:
    """Nineteen of twenty people have one record"""
    sizes = lambda chance: 2 if chance.random() < 0.05 else 1  # noqa: E731
    return _kind(recorded(people(count * 2, seed), seed, FIELDS, PLAIN_WRITING, sizes), FIELDS)


def nobody_twice(seed: int, count: int, _data: Path) -> Kind:
    """Nobody has two records, but for three people"""
    who = people(count * 2, seed)
    rows = recorded(who, seed, FIELDS, PLAIN_WRITING, lambda _: 1) + recorded(
        who[:3], seed + 1, FIELDS, CAREFUL, lambda _: 1
    )
    return _kind(rows, FIELDS)


def crowded(seed: int, count: int, _data: Path) -> Kind:
    """Ten to thirty records of each person"""
    return _kind(recorded(people(count // 8, seed), seed, FIELDS, PLAIN_WRITING, lambda c: c.randint(10, 30)), FIELDS)


def birth_year(seed: int, count: int, _data: Path) -> Kind:
    """The year of birth only"""
    fields = ("first_name", "last_name", "date_of_birth", "postcode", "sex")
    rows = recorded(people(count, seed), seed, fields)
    for row in rows:
        row["date_of_birth"] = row["date_of_birth"][:4] if row["date_of_birth"] else None
    return _kind(rows, fields, date_format="%Y")


def namesakes(seed: int, count: int, _data: Path) -> Kind:
    """Forty surnames and thirty first names for everybody, in three towns"""
    chance = random.Random(f"namesakes {seed}")
    who = people(count, seed, ("US",))
    firsts, lasts = _spread(who, "first_name")[:30], _spread(who, "last_name")[:40]
    towns = [(p["city"], p["postcode"]) for p in who[:3]]
    for person in who:
        person["first_name"], person["last_name"] = chance.choice(firsts), chance.choice(lasts)
        person["city"], person["postcode"] = chance.choice(towns)
        person |= {
            "old_city": person["city"],
            "old_postcode": person["postcode"],
            "nickname": None,
            "former_last_name": None,
        }
        person["email"] = _mailbox(person["first_name"], person["last_name"], chance)
    return _kind(recorded(who, seed), FIELDS)


def _spread(who: list[Row], name: str) -> list[Any]:
    return list(dict.fromkeys(person[name] for person in who))


_WORDS = "Alder Birch Summit River Harbor Northern Pacific Liberty Granite Cedar Beacon Falcon Union Apex Delta Orion Keystone Prairie"
_TRADES = "Logistics Medical Software Foods Energy Insurance Plumbing Consulting Motors Dental Textiles Roofing Media Farms Partners"


def organisations(seed: int, count: int, _data: Path) -> Kind:
    """Organisations: legal forms, abbreviations, branches at several addresses"""
    chance = random.Random(f"organisations {seed}")
    first = _WORDS.split()
    second = _TRADES.split()
    places = people(count * 2, seed, ("US",))
    rows: list[Row] = []
    for number in range(count):
        name = (
            f"{chance.choice(first)} {chance.choice(second)}"
            if chance.random() < 0.7
            else f"{chance.choice(first)} {chance.choice(first)} {chance.choice(second)}"
        )
        place = places[number]
        for _ in range(_few(chance)):
            form = chance.choice(["", " Inc", ", Inc.", " LLC", " Corp.", " Incorporated", " Company"])
            said = name if chance.random() < 0.85 else typo(name, chance)
            rows.append(
                {
                    "entity": str(number), "source": "records", "company": said.upper() + form if chance.random() < 0.3 else said + form,
                    "street": place["street"] if chance.random() < 0.7 else place["old_street_written"], "city": place["city"],
                    "postcode": place["postcode"] if chance.random() < 0.85 else None, "phone": place["phone"] if chance.random() < 0.5 else None,
                }
            )  # fmt: skip
    return _kind(rows, ("company", "street", "city", "postcode", "phone"))


def shouted(seed: int, count: int, _data: Path) -> Kind:
    """One source in capitals without accents, of five countries; contracts as drafted"""
    fields = ("first_name", "last_name", "date_of_birth", "street", "city", "postcode", "country")
    who = people(count, seed, ("DE", "ES", "FR", "PL", "GB"))
    rows = recorded(who, seed, fields, PLAIN_WRITING, _few, "shop") + recorded(
        who, seed, fields, PLAIN_WRITING, _at_most_one, "mainframe"
    )
    for row in rows:
        if row["source"] == "mainframe":
            row |= {name: _plain(row[name]).upper() for name in fields if row[name]}
    return _kind(rows, fields, is_drafted=True)


def phone_styles(seed: int, count: int, _data: Path) -> Kind:
    """Phones: local in one source, international in the other; names and phones only"""
    fields = ("first_name", "last_name", "phone")
    who = people(count, seed, ("GB",))
    rows = recorded(who, seed, fields, PLAIN_WRITING, _few, "local") + recorded(
        who, seed, fields, PLAIN_WRITING, _at_most_one, "abroad"
    )
    for row in rows:
        if row["source"] == "abroad" and row["phone"]:
            digits = "".join(sign for sign in row["phone"] if sign.isdigit()).removeprefix("0")
            row["phone"] = f"0044 {digits}" if len(digits) % 2 else f"+44 (0){digits[:4]} {digits[4:]}"
    return _kind(rows, fields, country="GB")


def former_addresses(seed: int, count: int, _data: Path) -> Kind:
    """Records with three to five former addresses, in any order"""
    chance = random.Random(f"former {seed}")
    who, places = people(count, seed, ("US",)), people(count * 6, seed + 5000, ("US",))
    names = ("first_name", "last_name", "phone")
    rows: list[Row] = []
    parts = ("street", "city", "postcode")
    for number, person in enumerate(who):
        homes = [places[number * 5 + nth] for nth in range(chance.randint(3, 5))]
        for _ in range(_few(chance)):
            row = written(person, chance, PLAIN_WRITING, names) | {"source": "records"}
            known = chance.sample(homes, chance.randint(2, len(homes)))
            for nth in range(5):
                row |= {f"{part}{nth}": known[nth][part] if nth < len(known) else None for part in parts}
            rows.append(row)
    return Kind(rows, _mapped(*names) | {part: [f"{part}{nth}" for nth in range(5)] for part in parts})


def odd_columns(seed: int, count: int, _data: Path) -> Kind:
    """A constant city, an empty phone, a date of birth that is 1900-01-01 for half, the e-mail in two columns"""
    fields = ("first_name", "last_name", "date_of_birth", "email")
    rows = recorded(people(count, seed), seed, fields)
    chance = random.Random(f"odd {seed}")
    for row in rows:
        row |= {"city": "Springfield", "phone": None, "company": "n/a", "email2": row["email"]}
        if chance.random() < 0.5:
            row["date_of_birth"] = "1900-01-01"
    return Kind(
        rows,
        _mapped("first_name", "last_name", "date_of_birth", "city", "phone", "company")
        | {"email": ["email", "email2"]},
    )


def copied_columns(seed: int, count: int, _data: Path) -> Kind:
    """A whole name beside its parts, and the postcode as the city"""
    fields = ("first_name", "last_name", "postcode", "phone")
    rows = recorded(people(count, seed), seed, fields)
    for row in rows:
        row |= {"name": " ".join(filter(None, (row["first_name"], row["last_name"]))) or None, "city": row["postcode"]}
    return Kind(rows, _mapped(*fields, "city") | {"full_name": "name"})


def one_identifier(seed: int, count: int, _data: Path) -> Kind:
    """A customer number, missing for a third, and names"""
    fields = ("first_name", "last_name")
    rows = recorded(people(count, seed), seed, fields)
    chance = random.Random(f"numbers {seed}")
    numbers = {entity: f"C{chance.randint(10**6, 10**7)}" for entity in sorted({str(row["entity"]) for row in rows})}
    for row in rows:
        row["number"] = (
            None
            if chance.random() < 0.33
            else typo(numbers[str(row["entity"])], chance)
            if chance.random() < 0.03
            else numbers[str(row["entity"])]
        )
    return _kind(rows, fields, identifiers={"customer_number": "number"})


def web_leads(seed: int, count: int, _data: Path) -> Kind:
    """Leads: first name and e-mail, or phone alone, or company"""
    chance = random.Random(f"leads {seed}")
    fields = ("first_name", "last_name", "email", "phone")
    rows = recorded(people(count, seed), seed, fields, CAREFUL)
    for row in rows:
        for name in chance.choice(
            [("last_name", "phone"), ("first_name", "last_name", "email"), ("email",), ("last_name",), ()]
        ):
            row[name] = None
    return _kind(
        [row for row in rows if row["email"] or row["phone"] or (row["first_name"] and row["last_name"])], fields
    )


def patients(seed: int, count: int, _data: Path) -> Kind:
    """Patients of two clinics: names, date of birth, sex, postcode"""
    fields = ("first_name", "last_name", "date_of_birth", "sex", "postcode")
    who = people(count, seed)
    rows = recorded(who, seed, fields, CAREFUL, _few, "clinic")
    return _kind(rows + recorded(who, seed, fields, PLAIN_WRITING, _at_most_one, "laboratory"), fields)


def voters(seed: int, count: int, _data: Path) -> Kind:
    """Voter files: LAST, FIRST in capitals, year of birth, home; one row per person in each of three years"""
    fields = ("name", "date_of_birth", "street", "city", "postcode")
    who, rows = people(count, seed, ("US",)), []
    for year in ("y2016", "y2020", "y2024"):
        for row in recorded(who, seed, FIELDS, CAREFUL, _at_most_one, year):
            names = [row["last_name"], row["first_name"]]
            born = row["date_of_birth"]
            rows.append(
                row | {"name": ", ".join(filter(None, names)).upper() or None, "date_of_birth": born[:4] if born else None}
            )  # fmt: skip
    columns = _mapped("date_of_birth", "street", "city", "postcode") | {"full_name": "name"}
    kept = [{name: row[name] for name in ("entity", "source", *fields)} for row in rows]
    return Kind(kept, columns, registers=frozenset({"y2016", "y2020", "y2024"}), date_format="%Y")


def _work_mail(person: Mapping[str, Any], company: str) -> str:
    """The address that a company gives to somebody."""
    local = f"{_plain(person['first_name'])}.{_plain(person['last_name'])}".replace(" ", "").lower()
    return f"{local}@{company.replace(' ', '').lower()}.example"


def business_contacts(seed: int, count: int, _data: Path) -> Kind:
    """Business contacts: names, company, title and work mail; a fifth has changed employers"""
    chance = random.Random(f"business {seed}")
    first, second = _WORDS.split(), _TRADES.split()
    companies = [f"{chance.choice(first)} {chance.choice(second)}" for _ in range(max(count // 8, 5))]
    titles = [
        "CEO",
        "Sales Manager",
        "Buyer",
        "IT Director",
        "Engineer",
        "Marketing Manager",
        "Accountant",
        "Consultant",
    ]
    fields = ("first_name", "last_name", "email", "company", "job_title")
    rows: list[Row] = []
    for person in people(count, seed):
        jobs = [(chance.choice(companies), chance.choice(titles)) for _ in range(2 if chance.random() < 0.2 else 1)]
        for _ in range(_few(chance)):
            company, title = chance.choice(jobs)
            row = written(person, chance, CAREFUL, ("first_name", "last_name"))
            mail = _work_mail(person, company)
            form = chance.choice(["", "", " Inc", " LLC"])
            row |= {
                "email": mail if chance.random() < 0.6 else None,
                "company": company + form if chance.random() < 0.85 else None,
            }
            rows.append(row | {"source": "records", "job_title": title if chance.random() < 0.7 else None})
    return _kind(rows, fields)


def company_account(seed: int, count: int, data: Path) -> Kind:
    """The same contacts, and the account of their company, which its contract takes for a person's"""
    business = business_contacts(seed, count, data)
    chance = random.Random(f"accounts {seed}")
    for row in business.rows:
        company = str(row["company"] or "").removesuffix(" Inc").removesuffix(" LLC")
        known = company and chance.random() > 0.1
        row["account"] = str(_scattered(sum(map(ord, company)))) if known else None
    return replace(business, identifiers={"account": "account"})


def _offices(seed: int, count: int) -> list[dict[str, Any]]:
    """Companies with a switchboard, an address and an account; and people who work at them, a tenth at two."""
    chance = random.Random(f"offices {seed}")
    first, second = _WORDS.split(), _TRADES.split()
    names = chance.sample([f"{one} {other}" for one in first for other in second], max(count // 8, 5))
    places = people(len(names), seed + 1)
    offices = [
        {name: place[name] for name in ("street", "city", "postcode", "phone")}
        | {"company": company, "account": str(_scattered(at))}
        for at, (company, place) in enumerate(zip(names, places, strict=True))
    ]
    return [
        person | {"offices": [chance.choice(offices) for _ in range(2 if chance.random() < 0.1 else 1)]}
        for person in people(count, seed)
    ]


def _at_work(
    who: Iterable[Mapping[str, Any]], seed: int, source: str, fields: Iterable[str], how: Writing
) -> list[Row]:
    """Records of people with what their company gave them, the company written with its form or without, and mail of theirs at its domain."""
    chance = random.Random(f"at work {seed} {source}")
    rows = []
    for person in who:
        for _ in range(_few(chance)):
            office = chance.choice(person["offices"])
            told = office | {
                "company": office["company"] + chance.choice(["", "", " Inc", " LLC"]),
                "email": _work_mail(person, office["company"]),
            }
            place = {f"old_{name}": office[name] for name in ("street", "city", "postcode")}
            rows.append(written(person | told | place | {"landline": None}, chance, how, fields) | {"source": source})
    return rows


def colleagues(seed: int, count: int, _data: Path) -> Kind:
    """Business contacts with the telephone and the address of their company, and nothing of their own but names"""
    fields = ("first_name", "last_name", "company", "phone", "street", "city", "postcode")
    return _kind(_at_work(_offices(seed, count), seed, "records", fields, PLAIN_WRITING), fields)


def two_crms(seed: int, count: int, _data: Path) -> Kind:
    """Two lists of business contacts: the accounts of companies in one; mail, the switchboard and the company's address in the other"""
    who = _offices(seed, count)
    accounts = ("first_name", "last_name", "company", "account")
    contacts = ("first_name", "last_name", "company", "email", "phone", "street", "city", "postcode")
    rows = [
        *_at_work(who, seed, "accounts", accounts, PLAIN_WRITING),
        *_at_work(who, seed, "contacts", contacts, Writing(missing=0.25)),
    ]
    everything = dict.fromkeys((*accounts, *contacts))
    return Kind([everything | row for row in rows], _mapped(*contacts), {"account": "account"})


def one_line(seed: int, count: int, _data: Path) -> Kind:
    """Names and addresses in parts in one source, a whole name and one address line in the other"""
    who = people(count, seed, ("US",))
    rows: list[Row] = [
        row | {"name": None, "line": None} for row in recorded(who, seed, _HOME, PLAIN_WRITING, _few, "shop")
    ]
    for row in recorded(who, seed, _HOME, PLAIN_WRITING, _at_most_one, "club"):
        whole = " ".join(filter(None, (row["first_name"], row["last_name"]))) or None
        line = ", ".join(filter(None, (row["street"], row["city"], row["postcode"]))) or None
        rows.append(dict.fromkeys(_HOME) | {"entity": row["entity"], "source": "club", "name": whole, "line": line})
    columns: dict[str, Any] = _mapped("first_name", "last_name", "city", "postcode")
    return Kind(rows, columns | {"full_name": "name", "street": {"columns": ["street", "line"]}})


_HOME = ("first_name", "last_name", "street", "city", "postcode")


def lent_mailboxes(seed: int, count: int, _data: Path) -> Kind:
    """Families at home who write from their friends' mailboxes: names, addresses, and an e-mail that is one of three others'"""
    chance = random.Random(f"lent {seed}")
    fields = (*_HOME, "email")
    who = people(count, seed)
    rows = []
    for person in who:
        lenders = chance.sample(who, chance.choice([1, 2, 3]))
        for _ in range(_few(chance)):
            lent = {"email": chance.choice(lenders)["email"]}
            rows.append(written(person | lent, chance, CAREFUL, fields) | {"source": "records"})
    return _kind(rows, fields)


def brokers(seed: int, count: int, _data: Path) -> Kind:
    """Clients of brokers, whose e-mail and phone stand in seven of ten contracts; clients' own are in the other source"""
    chance = random.Random(f"brokers {seed}")
    who = people(count, seed)
    agents = chance.sample(who, max(len(who) // 12, 2))
    for person in who:
        person["broker"] = chance.choice(agents)
    fields = ("first_name", "last_name", "date_of_birth", "email", "phone", "postcode")
    rows = []
    for person in who:
        for _ in range(_few(chance)):
            asked = person["broker"] if chance.random() < 0.7 else person
            theirs = {name: asked[name] for name in ("email", "phone", "landline")}
            rows.append(written(person | theirs, chance, Writing(missing=0.2), fields) | {"source": "contracts"})
    rows += recorded(who, seed, fields, Writing(missing=0.3), _at_most_one, "portal")
    return _kind(rows, fields)


def pupils(seed: int, count: int, data: Path) -> Kind:
    """A school: pupils with the mailbox and the phone of a parent, and the parents; most dates of birth are told"""
    chance = random.Random(f"pupils {seed}")
    fields = ("first_name", "last_name", "date_of_birth", "email", "phone", "postcode")
    parents: dict[int, list[Row]] = {}
    rows = []
    for row in families(seed, count, data).rows:
        family, member = _member(row)
        if member < 2:
            parents.setdefault(family, []).append(row)
        elif parents.get(family):
            row |= {name: chance.choice(parents[family])[name] for name in ("email", "phone")}
        rows.append({name: row[name] for name in ("entity", "source", *fields)})
    for row in rows:
        row["date_of_birth"] = None if chance.random() < 0.3 else row["date_of_birth"]
    return _kind(rows, fields)


def donors(seed: int, count: int, _data: Path) -> Kind:
    """Donors: couples written as Mr & Mrs, titles, home and some e-mails; partners beside them"""
    chance = random.Random(f"donors {seed}")
    rows: list[Row] = []
    everyone = people(count, seed, ("US", "GB"))
    for nth, person in enumerate(everyone):
        partner = {
            **person,
            "first_name": everyone[nth - count // 2]["first_name"],
            "entity": f"{person['entity']}b",
            "nickname": None,
        }
        partner["email"] = _mailbox(partner["first_name"], partner["last_name"], chance)
        for giver in [person, partner] if chance.random() < 0.4 else [person]:
            for _ in range(_few(chance)):
                row = written(giver, chance, CAREFUL, (*_HOME, "email"))
                title = chance.choice(["", "Mr & Mrs ", "", "Dr "]) if giver is person else chance.choice(["", "Mrs "])
                name = " ".join(filter(None, (row["first_name"], row["last_name"]))) or None
                row["email"] = row["email"] if chance.random() < 0.4 else None
                rows.append(row | {"source": "records", "name": name and title + name})
    kept = ("entity", "source", "name", "street", "city", "postcode", "email")
    columns = _mapped("street", "city", "postcode", "email") | {"full_name": "name"}
    return Kind([{name: row[name] for name in kept} for row in rows], columns)


def students(seed: int, count: int, _data: Path) -> Kind:
    """Students: one school's address, town and switchboard for all, born within four years"""
    chance = random.Random(f"students {seed}")
    who = people(count, seed)
    for person in who:
        born = date(2004, 9, 1) + timedelta(days=chance.randrange(1460))
        person |= {
            "date_of_birth": born.isoformat(),
            "street": "1 School Lane",
            "city": "Oxford",
            "postcode": "OX1 4AA",
            "phone": "01865 270000",
            "landline": None,
        }
        person |= {
            "old_street": "1 School Lane",
            "old_city": "Oxford",
            "old_postcode": "OX1 4AA",
            "former_last_name": None,
        }
        local = f"{_plain(person['first_name'])[0]}{_plain(person['last_name'])}{chance.randint(1, 99)}".replace(
            " ", ""
        ).lower()
        person["email"] = f"{local}@school.example"
    return _kind(recorded(who, seed, FIELDS, replace(PLAIN_WRITING, other=0.0)), FIELDS, country="GB")


def flats(seed: int, count: int, _data: Path) -> Kind:
    """Tenants of one block of flats: one street, number and postcode for all; no flat is told"""
    chance = random.Random(f"flats {seed}")
    who = people(count, seed)
    for person in who:
        home = {"street": "12 Tower Road", "city": "Leeds", "postcode": "LS2 8AA"}
        person |= home | {f"old_{name}": value for name, value in home.items()} | {"former_last_name": None}
        person["landline"] = None
        person["phone"] = person["phone"] if chance.random() < 0.9 else "0113 496 0000"
    return _kind(recorded(who, seed, FIELDS, replace(PLAIN_WRITING, other=0.0)), FIELDS, country="GB")


def village(seed: int, count: int, _data: Path) -> Kind:
    """A village: one postcode, six streets, twelve surnames"""
    chance = random.Random(f"village {seed}")
    who = people(count, seed)
    surnames = [person["last_name"] for person in who[:12]]
    for person in who:
        home = {
            "street": f"{chance.randint(1, 40)} {chance.choice(('Church', 'Mill', 'High', 'Station', 'Green', 'Park'))} Lane",
            "city": "Ashby",
            "postcode": "LE65 1AA",
        }
        person |= home | {f"old_{name}": value for name, value in home.items()}
        person |= {"last_name": chance.choice(surnames), "former_last_name": None}
        person["email"] = _mailbox(person["first_name"], person["last_name"], chance)
    return _kind(recorded(who, seed, FIELDS, replace(PLAIN_WRITING, other=0.0)), FIELDS, country="GB")


def employees(seed: int, count: int, _data: Path) -> Kind:
    """Staff of two employers: company, its address and switchboard, work mail; no date of birth"""
    chance = random.Random(f"employees {seed}")
    who = people(count, seed)
    fields = ("first_name", "last_name", "email", "phone", "street", "city", "postcode", "company")
    for person in who:
        firm = chance.choice(("alpha", "beta"))
        home = {
            "street": "1 Works Way" if firm == "alpha" else "200 Dock Street",
            "city": "Hull",
            "postcode": "HU1 1AA",
        }
        person |= home | {f"old_{name}": value for name, value in home.items()}
        person |= {"company": f"{firm.title()} Ltd", "former_last_name": None, "landline": None}
        local = f"{_plain(person['first_name'])}.{_plain(person['last_name'])}".replace(" ", "").lower()
        person["email"] = f"{local}@{firm}.example"
        person["phone"] = person["phone"] if chance.random() < 0.5 else "01482 300000"
    return _kind(recorded(who, seed, fields, replace(PLAIN_WRITING, other=0.0)), fields, country="GB")


def few_with_many_records(seed: int, count: int, _data: Path) -> Kind:
    """Names and phone: most people have a record or two, a few have dozens"""
    fields = ("first_name", "last_name", "phone")

    def records(chance: random.Random) -> int:
        return min(60, int(chance.paretovariate(0.9)))

    return _kind(recorded(people(count, seed), seed, fields, PLAIN_WRITING, records), fields)


def guests(seed: int, count: int, _data: Path) -> Kind:
    """Guest orders: phone and postcode, a first name for half of them"""
    fields = ("first_name", "phone", "postcode")
    rows = recorded(people(count, seed), seed, fields)
    chance = random.Random(f"guests {seed}")
    for row in rows:
        row["first_name"] = row["first_name"] if chance.random() < 0.5 else None
    return _kind([row for row in rows if any(row[name] for name in fields)], fields)


def three_sources(seed: int, count: int, _data: Path) -> Kind:
    """Three sources with fields of their own: contacts, invoices, web accounts"""
    shown = {
        "crm": ("first_name", "last_name", "email", "phone"),
        "billing": ("first_name", "last_name", "street", "postcode", "phone"),
        "web": ("first_name", "email", "city", "postcode"),
    }
    who = people(count, seed)
    rows = [
        dict.fromkeys(FIELDS) | row
        for source, fields in shown.items()
        for row in recorded(who, seed, fields, PLAIN_WRITING, lambda c: c.choice([0, 1, 1, 2]), source)
    ]
    return _kind(rows, FIELDS)


def decades(seed: int, count: int, _data: Path) -> Kind:
    """Twenty years: three or four homes, other phones and mailboxes in each, marriages; half without date of birth"""
    chance = random.Random(f"decades {seed}")
    who, places = people(count, seed, ("US",)), people(count * 4, seed + 7000, ("US",))
    married = [person["last_name"] for person in who]
    rows: list[Row] = []
    for nth, person in enumerate(who):
        last, born, has_birth = person["last_name"], person["date_of_birth"], chance.random() < 0.5
        email, phone = person["email"], person["phone"]
        for period in range(chance.randint(2, 4)):
            place = places[nth * 4 + period]
            if period and chance.random() < 0.2:
                last = chance.choice(married)
            if chance.random() < 0.5:
                email = _mailbox(person["first_name"], last, chance)
            if chance.random() < 0.4:
                phone = place["phone"]
            now = person | {"last_name": last, "former_last_name": None, "email": email, "phone": phone}
            now |= {name: place[name] for name in ("street", "city", "postcode")} | {"date_of_birth": born}
            for _ in range(chance.choice([1, 1, 2])):
                row = written(now, chance, replace(CAREFUL, other=0.0)) | {"source": "records"}
                rows.append(row if has_birth else row | {"date_of_birth": None})
    return _kind(rows, FIELDS)


def crowded_names(seed: int, count: int, _data: Path) -> Kind:
    """Twenty records of each person: names and postcode"""
    fields = ("first_name", "last_name", "postcode")
    return _kind(recorded(people(count // 8, seed), seed, fields, PLAIN_WRITING, lambda _: 20), fields)


def one_percent(seed: int, count: int, _data: Path) -> Kind:
    """One person in a hundred twice: names, date of birth and postcode"""
    fields = ("first_name", "last_name", "date_of_birth", "postcode")
    sizes = lambda chance: 2 if chance.random() < 0.01 else 1  # noqa: E731
    return _kind(recorded(people(count * 3, seed), seed, fields, PLAIN_WRITING, sizes), fields)


def tiny_contacts(seed: int, _count: int, _data: Path) -> Kind:
    """Sixty records of names, e-mail and postcode"""
    fields = ("first_name", "last_name", "email", "postcode")
    return _kind(recorded(people(28, seed), seed, fields), fields)


def five_thousand(seed: int, count: int, _data: Path) -> Kind:
    """Five thousand records (at 400 people): names, postcode and e-mail"""
    fields = ("first_name", "last_name", "email", "postcode")
    return _kind(recorded(people(count * 6, seed), seed, fields), fields)


def sloppy(seed: int, count: int, _data: Path) -> Kind:
    """A typing error in four of ten fields, a quarter missing"""
    return _kind(recorded(people(count, seed), seed, FIELDS, replace(PLAIN_WRITING, typo=0.4, missing=0.25)), FIELDS)


def sloppy_patients(seed: int, count: int, _data: Path) -> Kind:
    """A typing error in four of ten fields: names, date of birth, postcode"""
    fields = ("first_name", "last_name", "date_of_birth", "postcode")
    return _kind(recorded(people(count, seed), seed, fields, replace(PLAIN_WRITING, typo=0.4)), fields)


def masked_styles(seed: int, count: int, _data: Path) -> Kind:
    """Three sources: contacts whole, masked with stars, masked with crosses and dots"""
    fields = ("first_name", "last_name", "email", "phone", "city")
    who = people(count, seed)
    rows = recorded(who, seed, fields, PLAIN_WRITING, _at_most_one, "whole")
    rows += [_masked(row) for row in recorded(who, seed, fields, PLAIN_WRITING, _at_most_one, "stars")]
    for row in recorded(who, seed, fields, PLAIN_WRITING, _at_most_one, "crosses"):
        email, phone = row["email"], row["phone"]
        local, _, domain = (email or "").partition("@")
        masked = f"{local[:2]}••••{local[-1:]}@{domain[:1]}••••.{domain.split('.')[-1]}" if email else None
        rows.append(row | {"email": masked, "phone": phone and f"XXX-XXX-X{phone[-3:]}"})
    return _kind(rows, fields)


def _of_set(
    name: str, keeps: Mapping[str, Any], says: str, country: str = "US", entities: int = 500
) -> Callable[[int, int, Path], Kind]:
    """A labelled set with some of its columns, and as many of its entities as the seed draws."""

    def kind(seed: int, _count: int, data: Path) -> Kind:
        if not (data / name).is_dir():
            raise FileNotFoundError(f"{data / name} is not there; name the folder of labelled sets with --data")
        truth = pl.read_parquet(data / name / "truth.parquet", columns=["record_id", "entity_id"]).drop_nulls()
        drawn = truth["entity_id"].unique().sort().sample(min(entities, truth["entity_id"].n_unique()), seed=seed)
        wanted = sorted({column for item in keeps.values() for column in ([item] if isinstance(item, str) else item)})
        records = (
            pl.read_parquet(data / name / "records.parquet")
            .join(truth, on="record_id")
            .filter(pl.col("entity_id").is_in(drawn.implode()))
        )
        rows = records.select("source", *wanted, pl.col("entity_id").cast(pl.String).alias("entity")).to_dicts()
        return Kind(rows, keeps, country=country, date_format=sets.SETS[name].date_format)

    kind.__doc__ = says
    return kind


def club_beside_shop(seed: int, count: int, data: Path) -> Kind:
    """A club of families beside a shop eight times as large, of other people, sloppily written: one model for both"""
    fields = ("first_name", "last_name", "date_of_birth", "city", "email")
    shop = recorded(people(count * 4, seed), seed, fields, replace(PLAIN_WRITING, typo=0.3, missing=0.2))
    club = families(seed + 1, max(count // 2, 20), data).rows
    rows = [{**row, "source": "shop"} for row in shop]
    rows += [{**row, "source": "club", "entity": f"club {row['entity']}"} for row in club]
    return _kind(rows, FIELDS)


KINDS: dict[str, Callable[[int, int, Path], Kind]] = {
    "names_birth": names_and_birth,
    "names_postcode": names_and_postcode,
    "names_email": names_and_email,
    "names_city": names_only,
    "no_names": no_names,
    "masked_in_one": masked_contacts,
    "all_masked": all_masked,
    **{name: _script(name) for name in SCRIPTS},
    **{f"{name}_3": _three_systems(name) for name in SCRIPTS},
    "hungarian": _whole_names("Hungarian: family name first, last, and without accents", "HU", HUNGARIAN, _hungarian),
    "dutch": _whole_names("Dutch: particles before, behind, and shortened", "NL", DUTCH, _dutch),
    "portuguese": _whole_names("Brazilian: two surnames, or either", "BR", PORTUGUESE, _two_surnames),
    "indonesian": _whole_names("Indonesian: one name, in either place, in both", "ID", (INDONESIAN, INDONESIAN), _mononyms),
    "icelandic": _whole_names("Icelandic: fathers' names, with and without þ and ð", "IS", ICELANDIC, _icelandic),
    "czech": _whole_names("Czech: surnames by sex, or in the masculine for all", "CZ", CZECH, _czech),
    "spanish": spanish,
    "polish": polish,
    "german": german,
    "families": families,
    "families_no_birth": families_without_birth,
    "family_account": family_account,
    "numbers_that_follow": numbers_that_follow,
    "register_and_forms": register_and_forms,
    "couples_one_card": couples_with_one_card,
    "policies": policies,
    "other_way_round": families_the_other_way_round,
    "streets_and_towns": streets_and_towns,
    "registers": registers,
    "noisy": noisy,
    "tiny": tiny,
    "tiny_names_birth": tiny_names_and_birth,
    "singletons": singletons,
    "nobody_twice": nobody_twice,
    "crowded": crowded,
    "birth_year": birth_year,
    "namesakes": namesakes,
    "organisations": organisations,
    "shouted": shouted,
    "phone_styles": phone_styles,
    "former_addresses": former_addresses,
    "odd_columns": odd_columns,
    "copied_columns": copied_columns,
    "one_identifier": one_identifier,
    "web_leads": web_leads,
    "patients": patients,
    "voters": voters,
    "business": business_contacts,
    "company_account": company_account,
    "colleagues": colleagues,
    "two_crms": two_crms,
    "lent_mailboxes": lent_mailboxes,
    "brokers": brokers,
    "pupils": pupils,
    "one_line": one_line,
    "donors": donors,
    "students": students,
    "flats": flats,
    "village": village,
    "employees": employees,
    "few_with_many": few_with_many_records,
    "guests": guests,
    "three_sources": three_sources,
    "decades": decades,
    "crowded_names": crowded_names,
    "one_percent": one_percent,
    "tiny_contacts": tiny_contacts,
    "five_thousand": five_thousand,
    "sloppy": sloppy,
    "sloppy_patients": sloppy_patients,
    "masked_styles": masked_styles,
    "club_beside_shop": club_beside_shop,
    "febrl_names_birth": _of_set("febrl4", {"first_name": "given_name", "last_name": "surname", "date_of_birth": "date_of_birth"}, "febrl4: names and date of birth only", "AU"),
    "febrl_names_postcode": _of_set("febrl4", {"first_name": "given_name", "last_name": "surname", "postcode": "postcode"}, "febrl4: names and postcode only", "AU"),
    "febrl_addresses": _of_set("febrl4", {"street": "address_1", "city": "suburb", "postcode": "postcode", "date_of_birth": "date_of_birth"}, "febrl4: addresses and date of birth, no names", "AU"),
    "fake_names_email": _of_set("splink_fake_1000", {"first_name": "first_name", "last_name": "surname", "email": "email"}, "fake_1000: names and e-mail only", "GB"),
    "historical_names_birth": _of_set("splink_historical_50k", {"full_name": "full_name", "date_of_birth": "dob"}, "historical: whole names and date of birth", "GB", 120),
    "cdc_without_ssn": _of_set("cdc_nbs_linker", {"first_name": "FIRST", "last_name": "LAST", "date_of_birth": "BIRTHDATE", "sex": "GENDER", "postcode": "ZIP"}, "cdc: without the social security number, unregistered"),
}  # fmt: skip


# -- read and resolved ----------------------------------------------------------------------------------------------------


def write_workspace(home: Path, kind: Kind, seed: int) -> pl.DataFrame:
    """Contracts and landing files of a kind, in an order that says nothing; returns its truth."""
    from cdp_assets.sources.drafting import draft_contract

    rows = [dict(row) for row in kind.rows]
    random.Random(f"order {seed}").shuffle(rows)
    for number, row in enumerate(rows):
        row["record_id"] = f"r{number:06d}"
    (home / "contracts").mkdir(parents=True)
    records = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.all().cast(pl.String))
    for source in records["source"].unique().sort():
        landing, path = home / "landing" / source, home / "contracts" / f"{source}.yaml"
        landing.mkdir(parents=True)
        records.filter(pl.col("source") == source).drop("source", "entity").write_csv(landing / "records.csv")
        contract = {
            "source": source,
            "kind": "profiles",
            "extract": {"files": "*.csv"},
            "delivers": "changes",
            "key": "record_id",
            "country": kind.country,
            "date_format": kind.date_format,
            "columns": dict(kind.columns),
            "identifiers": dict(kind.identifiers),
            "one_row_per_person": source in kind.registers,
        }
        drafted = draft_contract(landing / "records.csv", source) if kind.is_drafted else None
        path.write_text(drafted or yaml.safe_dump(contract, sort_keys=False))
    return records.select(
        pl.concat_str("source", pl.lit("/"), "record_id").alias("record_id"), pl.col("entity").alias("entity_id")
    )


def measure(name: str, home: Path, truth: pl.DataFrame, shifts: Iterable[float], patterns: int) -> dict[str, Any]:
    """Resolve a workspace under the default policy, and with all weights shifted by so many bits; compare with the truth."""
    from cdp_assets.candidate_links import scoring
    from cdp_assets.candidate_links.policy import LinkagePolicy
    from cdp_assets.candidate_links.profiles import linkage_profiles
    from cdp_assets.candidate_links.shared import shared_identifiers
    from cdp_assets.candidate_links.training import train
    from cdp_assets.evaluation.accuracy import accuracy
    from cdp_assets.evaluation.errors import Resolution, errors
    from cdp_assets.identity_graph.clusters import clusters
    from cdp_assets.judgements import no_judgements
    from cdp_assets.sources.contracts import load_contracts
    from cdp_assets.standardized.company_domains import company_domains
    from cdp_assets.standardized.email_addresses import email_tables
    from cdp_assets.standardized.probable_emails import probable_emails

    started = time.process_time()
    contracts, problems = load_contracts(home / "contracts")
    if problems:
        raise RuntimeError(f"{name}: {problems[0]}")
    versions = email_truth._versions(home)
    addresses = email_tables(versions).addresses
    probable = probable_emails(versions, addresses, company_domains(versions, addresses))
    one_row = {contract.source for contract in contracts if contract.one_row_per_person}
    profiles, members = linkage_profiles(versions, shared_identifiers(versions, addresses, {}), one_row, probable)
    model = train(profiles, LinkagePolicy())
    records = versions.select("record_id", "source").unique()

    def clustered(shift: float) -> tuple[pl.DataFrame, pl.DataFrame]:
        calibration = replace(model.calibration, shift=model.calibration.shift + shift)
        content = model.content | {"calibration": calibration.as_dict()}
        shifted = replace(model, settings=json.dumps(content, sort_keys=True)) if shift else model
        scored = scoring.score(profiles, shifted)
        return scored, clusters(scored, members, records, no_judgements(), one_row, profiles=profiles)

    scored, found = clustered(0.0)
    seconds = time.process_time() - started
    told = {shift: _f1(accuracy(truth, clustered(shift)[1].select("record_id", "cluster_id"))) for shift in shifts}
    measured = dict(accuracy(truth, found.select("record_id", "cluster_id")).rows())
    told[0.0] = measured.get("pairwise_f1", 0.0)
    best = max(told, key=lambda shift: (told[shift], -abs(shift)))
    wrong = errors(truth, Resolution(profiles, members, scored, found, model))
    if patterns:
        _print_errors(wrong, patterns)
        print(*(f"  note: {note}" for note in model.notes), sep="\n")
    lost = dict(wrong.filter(pl.col("error") == "missed").group_by("step").agg(pl.col("pairs").sum()).rows())
    return {
        "kind": name, "records": truth.height, "seconds": seconds, "best": told[best], "shift": best, "lost": lost, **measured,
    }  # fmt: skip


def _f1(measures: pl.DataFrame) -> float:
    return float(dict(measures.rows()).get("pairwise_f1", 0.0))


def _print_errors(found: pl.DataFrame, patterns: int) -> None:
    steps = (
        found.group_by("error", "step")
        .agg(pl.col("pairs").sum())
        .sort("error", "pairs", "step", descending=[True, True, False])
    )
    for error, step, pairs in steps.iter_rows():
        print(f"  {error:<6} {pairs:>6,}  {step}")
        for levels, count in found.filter(error=error, step=step).head(patterns).select("levels", "pairs").iter_rows():
            print(f"         {count:>6,}    {levels}")


def _line(row: Mapping[str, Any]) -> str:
    lost, missed = row["lost"], max(sum(row["lost"].values()), 1)
    never, cut = lost.get("never proposed by blocking", 0), lost.get("accepted, and cut by clustering", 0)
    light = sum(lost.get(step, 0) for step in ("below the review weight", "below the accept weight"))
    held = sum(lost.values()) - never - cut - light
    shares = " / ".join(f"{share / missed:.0%}" for share in (never, light, held, cut))
    return (
        f"| {row['kind']} | {row['records']:,} | {row.get('pairwise_precision', 0):.3f} | {row['pairwise_recall']:.3f} | {row.get('pairwise_f1', 0):.3f} "
        f"| {row['best']:.3f} ({row['shift']:+.0f}) | {int(row['missed_pairs']):,}: {shares} | {int(row['false_pairs']):,} | {row['largest_cluster']:.0f} | {row['seconds']:.0f} |"
    )


HEAD = """| kind | records | precision | recall | F1 | best cut (bits) | missed: never proposed / too light / held back / cut | false | largest | CPU s |
|---|---|---|---|---|---|---|---|---|---|"""


def main() -> int:
    """Run the kinds and print a table per seed."""
    arguments = _arguments()
    shifts = SHIFTS if arguments.best else ()
    failed = 0
    for seed in arguments.seed:
        print(f"\nseed {seed}\n\n{HEAD}", flush=True)
        for name in arguments.kind:
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    kind = KINDS[name](seed, arguments.people, arguments.data)
                    truth = write_workspace(Path(scratch) / name, kind, seed)
                    print(_line(measure(name, Path(scratch) / name, truth, shifts, arguments.errors)), flush=True)
                except FileNotFoundError as error:
                    print(f"{name}: {error}; skipped", file=sys.stderr)
                except Exception as error:  # every other kind is still worth its row
                    failed += 1
                    print(f"| {name} | failed: {type(error).__name__}: {str(error)[:200]} |", flush=True)
                    if arguments.errors:
                        raise
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=sorted(KINDS), help="only this kind; may be repeated")
    parser.add_argument("--seed", type=int, action="append", help="seed of people and mistakes (1); may be repeated")
    parser.add_argument("--people", type=int, default=PEOPLE, help="people of a kind")
    parser.add_argument("--data", type=Path, default=sets.ROOT.parent / "shared" / "data")
    parser.add_argument("--errors", type=int, nargs="?", const=5, default=0, metavar="N", help="print mistakes by kind")
    parser.add_argument("--no-best", dest="best", action="store_false", help="do not look for the best cut")
    parsed = parser.parse_args()
    parsed.kind, parsed.seed = parsed.kind or list(KINDS), parsed.seed or [1]
    return parsed


if __name__ == "__main__":
    sys.exit(main())
