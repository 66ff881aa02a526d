"""Small worlds in which everything happens that can happen to customers, one thing at a time, by chance.

A world is a couple that shares a home, a mailbox and a telephone, and somebody else; six systems that deliver what they know of
them; a steward; and a data protection officer. :meth:`World.step` does one thing and says what it was. What the world tells
the outside are lines to deliver, links between records, judgements, corrections and requests for erasure; it keeps its own
account of all of that, from which ``oracle.py`` says what must hold. Another run with the same seed does the same, also where
steps are left out: each step has its own chance.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)

PROFILE = ("id", "at", "first", "last", "born", "street", "zip", "country", "email", "email2", "phone")
EVENT = (
    "id", "at", "first", "last", "email", "email2", "consent", "purpose", "channel", "basis", "doi", "valid", "region",
    "activity", "of_source", "of_key", "of_field", "of_value", "word",
)  # fmt: skip
SOURCES = {
    "crm": PROFILE, "shop": PROFILE, "list": PROFILE, "news": EVENT, "prefs": EVENT, "support": EVENT,
}  # fmt: skip
"""``crm`` and ``prefs`` deliver snapshots, the others what is new."""

_PROFILE_FIELDS = (
    "{first_name: first, last_name: last, date_of_birth: born, street: street, postcode: zip, country: country, "
    "email: [email, email2], phone: phone}"
)
_EVENT_FIELDS = (
    "{first_name: first, last_name: last, email: [email, email2], consent: consent, purpose: purpose, channel: channel, "
    "lawful_basis: basis, double_opt_in: doi, validity_duration: valid, jurisdiction: region, activity: activity, "
    "corrected_source: of_source, corrected_key: of_key, corrected_field: of_field, corrected_value: of_value, correction: word}"
)
_DELIVERED = {
    "crm": ("profiles", "snapshot"), "shop": ("profiles", "changes"), "list": ("profiles", "changes"),
    "news": ("consents", "events"), "prefs": ("consents", "snapshot"), "support": ("corrections", "events"),
}  # fmt: skip
CONTRACTS = {
    source: f"source: {source}\nkind: {kind}\ndelivers: {delivers}\nkey: id\nobserved_at: at\nextract: {{files: '*.csv'}}\n"
    f"columns: {_PROFILE_FIELDS if kind == 'profiles' else _EVENT_FIELDS}\n"
    for source, (kind, delivers) in _DELIVERED.items()
}
SNAPSHOTS = ("crm", "prefs")

FIRST = ("Ines", "Tom", "Bea")
COUPLE = (0, 1)
COUNTRIES = ("US", "DE", "BR", "", "")
VALIDITIES: dict[str, int] = {"P30D": 30, "P1Y": 365, "unreadable": 0}

Line = dict[str, str]


@dataclass(frozen=True)
class Delivered:
    """A line as it was delivered: by which source, in which order of all, and when it says it was true."""

    source: str
    number: int
    line: Line

    @property
    def record_id(self) -> str:
        return f"{self.source}/{self.line['id']}"

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.line["at"])


@dataclass(frozen=True)
class Correction:
    """What a steward has corrected."""

    record_id: str
    field: str
    value: str
    word: str
    at: datetime


@dataclass
class World:
    """One world. ``kept``: lines delivered that count; ``standing``: lines that snapshots hold; ``due``: lines of this step.

    ``customers``: its records by customer, as the last resolution had them. ``merged``: former ids that lead to another.
    ``wanted``: a customer to be erased in this step.
    """

    seed: int
    number: int
    left_out: frozenset[int] = frozenset()
    standing: dict[str, dict[str, Line]] = field(default_factory=lambda: {source: {} for source in SNAPSHOTS})
    due: dict[str, list[Line]] = field(default_factory=dict)
    past: list[tuple[str, Line]] = field(default_factory=list)
    links: set[tuple[str, str]] = field(default_factory=set)
    corrections: list[Correction] = field(default_factory=list)
    customers: dict[str, list[str]] = field(default_factory=dict)
    people: dict[int, list[str]] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    wanted: str | None = None
    day: int = 0
    made: int = 0
    steps: int = 0
    done: list[str] = field(default_factory=list)
    chance: random.Random = field(default_factory=random.Random)

    def begin(self) -> None:
        """Everybody is known to the CRM and to the shop, and mostly as one."""
        self.chance = random.Random(f"{self.seed}/{self.number}")
        for who in range(3):
            lines = [self._profile_line(who, emails=self._emails_of(who, least=1)) for _ in range(2)]
            self._to_crm(lines[0])
            self._deliver("shop", lines[1])
            self._known_as(who, f"crm/{lines[0]['id']}")
            self._known_as(who, f"shop/{lines[1]['id']}")
        self.done.append("begin")

    def step(self) -> str:
        """Do one thing by chance; say which."""
        self.steps += 1
        self.wanted, self.due, self.decisions_due, self.corrections_due = None, {}, [], []
        self.chance = random.Random(f"{self.seed}/{self.number}/{self.steps}")
        self.day += self.chance.choice((0, 0, 1, 40, 200))
        if self.steps in self.left_out:
            self.done.append("nothing")
            return "nothing"
        name = self.chance.choice(THINGS)
        # After an erasure everything is clustered anew: in every other step nobody is erased, and only changes are clustered.
        if name == "erase" and self.steps % 2:
            name = "same"
        _DO[name](self)
        self.done.append(name)
        return name

    decisions_due: list[tuple[str, str, str]] = field(default_factory=list)
    """What a steward decides in this step: how, and two records; or a customer, and the records that leave it."""
    corrections_due: list[Correction] = field(default_factory=list)

    # -- what can happen ----------------------------------------------------------------------------------------------

    def _profile(self) -> None:
        who = self.chance.randrange(3)
        line = self._profile_line(who, emails=self._emails_of(who))
        source = self.chance.choice(("crm", "shop"))
        if source == "crm":
            self._to_crm(line)
        else:
            self._deliver("shop", line)
        self._known_as(who, f"{source}/{line['id']}")

    def _change(self) -> None:
        """A record of the CRM or the shop says something else from now on."""
        if self.chance.random() < 0.5 and self.standing["crm"]:
            key = self.chance.choice(sorted(self.standing["crm"]))
            self.standing["crm"][key] = self._changed(self.standing["crm"][key])
        elif shop := [line for source, line in self.past if source == "shop"]:
            self._deliver("shop", self._changed(self.chance.choice(shop)))

    def _repeat(self) -> None:
        """A source delivers again what it has delivered before, word for word."""
        again = [(source, line) for source, line in self.past if source not in SNAPSHOTS]
        for source, line in self.chance.sample(again, min(len(again), 3)):
            self._deliver(source, line)

    def _old_list(self) -> None:
        """Somebody's old list is imported: the same people under keys of its own, often less of each."""
        old = [line for source, line in self.past if source in ("crm", "shop")]
        for line in self.chance.sample(old, min(len(old), self.chance.randint(1, 4))):
            left_out = self.chance.choice(
                ((), (), ("born",), ("first", "last", "born"), ("first", "born", "zip"), ("email", "email2"))
            )
            self._deliver("list", {**line, **dict.fromkeys(left_out, ""), "id": self._key()})

    def _disappear(self) -> None:
        source = self.chance.choice(SNAPSHOTS)
        if self.standing[source]:
            del self.standing[source][self.chance.choice(sorted(self.standing[source]))]

    def _consent(self, state: str) -> None:
        who = self.chance.choice((0, 1, 2, None))
        emails = self._emails_of(who) if who is not None and self.chance.random() < 0.6 else self._any_emails()
        line = self._event_line(who, emails, late=self.chance.choice((0, 0, 0, 30, 400)))
        line["purpose"] = self.chance.choice(("marketing", "marketing", "marketing", "", "service"))
        if state == "unsubscribed":
            line["activity"] = self.chance.choice(("unsubscribed", "complained"))
        else:
            line |= {"consent": state, "channel": self.chance.choice(("email", "email", ""))}
        if state == "given" and self.chance.random() < 0.5:
            line |= {
                "doi": self.chance.choice(("confirmed", "pending", "")),
                "valid": self.chance.choice((*VALIDITIES, "", "", "")),
                "basis": self.chance.choice(("consent", "legitimate_interest", "", "")),
                "region": self.chance.choice(("US", "DE", "EU", "")),
            }
        source = self.chance.choice(("prefs", "news", "news"))
        if source == "prefs":
            self.standing["prefs"][line["id"]] = line
        else:
            self._deliver("news", line)
        if who is not None:
            self._known_as(who, f"{source}/{line['id']}")

    def _answer(self) -> None:
        """Who was asked answers: the same event, with another word."""
        asked = [
            line
            for source, line in self.past
            if source == "news" and (line["consent"] == "requested" or line["doi"] == "pending")
        ]
        if asked:
            word = self.chance.choice((("given", "confirmed"), ("withdrawn", "")))
            self._deliver("news", {**self.chance.choice(asked), "at": self._at(), "consent": word[0], "doi": word[1]})

    def _support(self) -> None:
        """Support has been told something of a record: an address is not theirs, or is; a title; "no more mail", perhaps."""
        if not (records := self.records):
            return
        source, _, key = self.chance.choice(records).partition("/")
        what, value = self._something_corrected()
        line = self._event_line(None, []) | {
            "of_source": source, "of_key": key, "of_field": what, "of_value": value, "word": self.chance.choice(("set", "retract")),
        }  # fmt: skip
        if self.chance.random() < 0.3:
            line |= {"consent": "withdrawn", "purpose": "marketing", "channel": "email"}
        self._deliver("support", line)

    def _correct(self) -> None:
        if self.records:
            what, value = self._something_corrected()
            word = self.chance.choice(("set", "retract"))
            self.corrections_due.append(Correction(self.chance.choice(self.records), what, value, word, self.now))

    def _link(self) -> None:
        if len(self.records) > 1:
            one, other = sorted(self.chance.sample(self.records, 2))
            self.links.add((one, other))

    def _link_customers(self) -> None:
        if len(self.customers) > 1:
            two = self.chance.sample(sorted(self.customers), 2)
            one, other = sorted(self.chance.choice(self.customers[customer]) for customer in two)
            self.links.add((one, other))

    def _unlink(self) -> None:
        if self.links:
            self.links.discard(self.chance.choice(sorted(self.links)))

    def _judge(self, word: str) -> None:
        if len(self.records) > 1:
            one, other = sorted(self.chance.sample(self.records, 2))
            self.decisions_due.append((word, one, other))

    def _part(self, how: str) -> None:
        """Split, pin or unpin a customer, told by its records."""
        if self.customers:
            several = [one for one, records in self.customers.items() if len(records) > 1]
            customer = self.chance.choice(sorted(several if several and how == "split" else self.customers))
            theirs = self.customers[customer]
            part = self.chance.sample(theirs, self.chance.randint(1, max(len(theirs) - 1, 1)))
            self.decisions_due.append((how, customer, "\n".join(sorted(part))))

    def _unmerge(self) -> None:
        if self.merged:
            self.decisions_due.append(("unmerge", self.chance.choice(sorted(self.merged)), ""))

    def _erase(self) -> None:
        if self.customers:
            self.wanted = self.chance.choice(sorted(self.customers))

    # -- its parts ----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(days=self.day)

    @property
    def records(self) -> list[str]:
        return sorted(record for records in self.customers.values() for record in records)

    def mail(self, name: str) -> str:
        return f"{name}@world{self.number}.example"

    def deliveries(self) -> dict[str, list[Line]]:
        """The lines of this step by source, snapshots in full."""
        found = {source: list(lines.values()) for source, lines in self.standing.items()}
        return {**found, **self.due}

    def forget(self, records: Iterable[str]) -> None:
        """What no customer has any more is of no use to a steward."""
        gone = set(records)
        for known in self.people.values():
            known[:] = [record for record in known if record not in gone]
        self.links = {pair for pair in self.links if not gone & set(pair)}
        self.corrections = [one for one in self.corrections if one.record_id not in gone]

    def _at(self, late: int = 0) -> str:
        return (BEGIN + timedelta(days=max(self.day - late, 0))).isoformat()

    def _key(self) -> str:
        self.made += 1
        return f"w{self.number}n{self.made}"

    def _all_emails(self) -> list[str]:
        return [self.mail(name) for name in ("ines", "ines.work", "tom", "bea", "family")]

    def _any_emails(self) -> list[str]:
        return self.chance.sample(self._all_emails(), self.chance.choice((0, 1, 1, 1, 2)))

    def _known_as(self, who: int, record_id: str) -> None:
        """Resolution finds most records of a person, by a link to another of theirs."""
        known = self.people.setdefault(who, [])
        if known and self.chance.random() < 0.7:
            one, other = sorted((self.chance.choice(known), record_id))
            self.links.add((one, other))
        known.append(record_id)

    def _emails_of(self, who: int, least: int = 0) -> list[str]:
        """Mostly their own, the couple's mailbox now and then, and seldom somebody else's."""
        own = (("ines", "ines.work", "family"), ("tom", "family"), ("bea",))[who]
        emails = self.chance.sample(own, min(len(own), self.chance.choice((least, 1, 1, 2))))
        if self.chance.random() < 0.1:
            emails = [*emails[:1], self.chance.choice(("ines", "tom", "bea"))]
        return [self.mail(name) for name in dict.fromkeys(emails)]

    def _last(self, who: int) -> str:
        letters, number = "", self.number * 2 + (who not in COUPLE) + 400
        while number:
            number, place = divmod(number, 20)
            letters += "bdfgklmnprstvzcjhwxq"[place] + "aeiou"[place % 5]
        return letters.capitalize()

    def _profile_line(self, who: int, emails: list[str]) -> Line:
        line = dict.fromkeys(PROFILE, "")
        born = date(1950, 1, 1) + timedelta(days=3 * self.number + who)
        home = f"{self.number + 1} {'Larch' if who in COUPLE else 'Mill'} Road"
        line |= {
            "id": self._key(),
            "at": self._at(),
            "first": FIRST[who],
            "last": self._last(who),
            "born": born.isoformat(),
        }
        country = self.chance.choice(COUNTRIES)
        if country:
            line |= {"street": home, "zip": f"{10000 + self.number * 2 + (who not in COUPLE)}", "country": country}
        if who in COUPLE and self.chance.random() < 0.5:
            line["phone"] = f"+4930{9000000 + self.number}"
        if self.chance.random() < 0.2:
            line["born"] = ""
        return line | dict(zip(("email", "email2"), emails, strict=False))

    def _event_line(self, who: int | None, emails: list[str], late: int = 0) -> Line:
        line = dict.fromkeys(EVENT, "") | {"id": self._key(), "at": self._at(late)}
        if who is not None and self.chance.random() < 0.5:
            line |= {"first": FIRST[who], "last": self._last(who)}
        return line | dict(zip(("email", "email2"), emails, strict=False))

    def _changed(self, line: Line) -> Line:
        who = FIRST.index(line["first"])
        new = self._profile_line(who, self._emails_of(who))
        return {**line, **{name: new[name] for name in ("at", "email", "email2", "phone")}}

    def _something_corrected(self) -> tuple[str, str]:
        if self.chance.random() < 0.3:
            return "job_title", self.chance.choice(("Clerk", "Baker"))
        return "email", self.chance.choice(self._all_emails())

    def _to_crm(self, line: Line) -> None:
        self.standing["crm"][line["id"]] = line

    def _deliver(self, source: str, line: Line) -> None:
        self.due.setdefault(source, []).append(line)


_DO: dict[str, Callable[[World], None]] = {
    "profile": World._profile,
    "change": World._change,
    "repeat": World._repeat,
    "old list": World._old_list,
    "gone": World._disappear,
    "given": lambda world: world._consent("given"),
    "withdrawn": lambda world: world._consent("withdrawn"),
    "unsubscribed": lambda world: world._consent("unsubscribed"),
    "expired": lambda world: world._consent("expired"),
    "requested": lambda world: world._consent("requested"),
    "answer": World._answer,
    "support": World._support,
    "correct": World._correct,
    "link": World._link,
    "link customers": World._link_customers,
    "unlink": World._unlink,
    "same": lambda world: world._judge("same"),
    "different": lambda world: world._judge("different"),
    "undecided": lambda world: world._judge("undecided"),
    "split": lambda world: world._part("split"),
    "pin": lambda world: world._part("pin"),
    "unpin": lambda world: world._part("unpin"),
    "unmerge": World._unmerge,
    "erase": World._erase,
    "time": lambda world: None,
}
THINGS = (
    *_DO, "erase", "given", "given", "given", "given", "withdrawn", "link customers", "link customers", "link customers", "old list", "old list",
    "correct", "support",
)  # fmt: skip
"""What may happen, the likelier ones several times."""

SPEAKS_OF_CONSENT = ("given", "withdrawn", "unsubscribed", "expired", "requested", "answer", "support", "repeat")
"""Steps that may bring an event of consent."""
