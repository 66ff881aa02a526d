"""Which e-mails, phones and identifiers more than one record carries, and how far each still tells people apart.

A value that a whole office, a junk entry or a call centre puts on many people proves nothing about two of them. Counted
here by *people* (distinct names), never by records: a customer with nine records is one person.

What does not belong here: who shares an e-mail address: ``standardized/email_addresses`` judges that once, for all.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.among import Many
from cdp_assets.candidate_links.lists import Distinct, Flat
from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import numbered
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import SHARED_IDENTIFIERS

# A family, a couple with an ex and two children, or one person misspelt in half a dozen ways carries up to so many names;
# more than that is an office, a shop's counter or a placeholder.
CROWD_PEOPLE = 8
# Families (first letters of the family name, so that misspellings do not count) among those people. A name that
# is spelt in ten ways keeps its first letters; an office does not.
CROWD_FAMILIES = 4
SHARING_OF_EMAILS = {"junk": "crowd"}
"""The words here of what ``standardized/email_addresses`` says in its own; the others are the same."""

CROWD_SHARING = ("crowd", "role")

EMAIL, PHONE = "email", "phone"
"""Types of the values that are no identifiers of a contract."""

CARRYING_COLUMNS = ["record_id", "first_name_root", "last_name_norm", "emails", "phones", "identifiers"]
"""Columns of record versions that say who carries what."""

ADDRESS_COLUMNS = ["email", "people", "sharing"]
"""Columns of ``standardized/email_addresses`` that say who shares an address."""

Numbers = npt.NDArray[np.int64]
"""Numbers that stand for texts, or pairs of them: equal where these are."""

Marks = npt.NDArray[np.bool_]


def declared_caps(contracts: Iterable[SourceContract]) -> dict[str, int]:
    """How many people may share an identifier, by its kind, where a contract says so (``shared_by_at_most``)."""
    return {
        name: identifier.shared_by_at_most
        for contract in contracts
        for name, identifier in contract.identifiers.items()
        if identifier.shared_by_at_most is not None
    }


def identifier_values(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per record version and e-mail, phone or identifier: ``type``, ``value``, ``record_id`` and name columns."""
    names = ["record_id", "first_name_root", "last_name_norm"]
    parts = [
        versions.select(*names, pl.lit(EMAIL).alias("type"), pl.col("emails").alias("value")).explode("value"),
        versions.select(*names, pl.lit(PHONE).alias("type"), pl.col("phones").alias("value")).explode("value"),
        versions.select(*names, pl.col("identifiers").alias("one"))
        .explode("one")
        .select(*names, pl.col("one").struct.field("type"), pl.col("one").struct.field("value")),
    ]
    return pl.concat([part.select(*names, "type", "value") for part in parts]).filter(
        pl.col("value").is_not_null() & pl.col("type").is_not_null()
    )


def shared_identifiers(versions: pl.DataFrame, emails: pl.DataFrame, caps: dict[str, int]) -> pl.DataFrame:
    """Every value that more than one record carries, with how it is shared.

    ``versions`` is ``standardized/record_versions`` (all versions, :data:`CARRYING_COLUMNS`), ``emails`` is ``standardized/email_addresses``
    (:data:`ADDRESS_COLUMNS`), ``caps`` the contracts' ``shared_by_at_most`` per identifier: above that many people the value is a crowd's.
    Returns a frame of ``candidate_links/shared_identifiers``, sorted by key. Addresses of functions and junk are listed
    even when one record carries them: they never identify.
    """
    mailboxes = emails.select("email", people_of_address="people", judged=pl.col("sharing").replace(SHARING_OF_EMAILS))
    nobodys = mailboxes.filter(pl.col("judged").is_in(CROWD_SHARING)).get_column("email")
    declared = pl.DataFrame(
        {"type": list(caps), "cap": list(caps.values())}, schema={"type": pl.String, "cap": pl.Int64}
    )
    judged = _with_judgements(_counted(versions, nobodys), mailboxes).join(declared, on="type", how="left")
    crowd = ((pl.col("people") > CROWD_PEOPLE) & (pl.col("families") > CROWD_FAMILIES)) | (
        pl.col("cap").is_not_null() & (pl.col("people") > pl.col("cap"))
    )
    sharing = (
        pl.when(pl.col("judged").is_not_null())
        .then("judged")
        .when(crowd)
        .then(pl.lit("crowd"))
        .when(pl.col("people") > 1)
        .then(pl.lit("household"))
        .otherwise(pl.lit("personal"))
    )
    people = pl.coalesce("people_of_address", "people")
    told = judged.select("type", "value", "records", people.alias("people"), sharing.alias("sharing"))
    by_type = told.partition_by("type", as_dict=True)  # sorted each by itself: by two columns takes three times as long
    in_order = [by_type[of_type].sort("value") for of_type in sorted(by_type)]
    return SHARED_IDENTIFIERS.conform(pl.concat([told.clear(), *in_order]))


def _counted(versions: pl.DataFrame, nobodys: pl.Series) -> pl.DataFrame:
    """``type``, ``value``, and the ``records``, ``people`` and ``families`` that carry it, of each value that more than one record carries
    and of the e-mail addresses ``nobodys``.

    Texts are numbered once; all that is compared and counted are the numbers.
    """
    types, values, rows = _carried(versions)
    kind, text = _numbers(types), _numbers(values)
    carried, record = (
        text * len(types.texts) + kind,
        numbered(versions.get_column("record_id")).to_numpy().astype(np.int64)[rows],
    )
    is_nobodys = (types.column == EMAIL).to_numpy() & Many(values.texts).hold(nobodys).to_numpy()[text]
    listed = _each_once(carried[_is_of_another(carried, record) | is_nobodys])
    place = np.full(carried.max(initial=-1) + 1, -1)
    place[listed] = np.arange(len(listed))
    place = place[carried]
    among = np.flatnonzero(place >= 0)
    place, rows = place[among], rows[among]
    (has_name, person), (has_family, family) = ((knows[rows], of[rows]) for knows, of in _people(versions))
    return pl.DataFrame(
        {
            "type": types.texts.gather(listed % len(types.texts)),
            "value": values.texts.gather(listed // len(types.texts)),
            "records": _distinct(place, record[among], len(listed)),
            "people": _distinct(place[has_name], person[has_name], len(listed)),
            "families": _distinct(place[has_family], family[has_family], len(listed)),
        }
    )


def _carried(versions: pl.DataFrame) -> tuple[Distinct, Distinct, Numbers]:
    """The types and values of all e-mails, phones and identifiers, and the row that carries each."""
    emails, phones, identifiers = (Flat.of(versions.get_column(name)) for name in ("emails", "phones", "identifiers"))
    told = identifiers.values.struct
    types = [pl.repeat(name, len(of.values), eager=True) for name, of in ((EMAIL, emails), (PHONE, phones))]
    frame = pl.DataFrame(
        {
            "type": pl.concat([*types, told.field("type")], rechunk=True),
            "value": pl.concat([emails.values, phones.values, told.field("value")], rechunk=True),
            "row": np.concatenate([emails.rows(), phones.rows(), identifiers.rows()]),
        }
    ).drop_nulls()
    return Distinct.of(frame["type"]), Distinct.of(frame["value"]), frame.get_column("row").to_numpy()


def _people(versions: pl.DataFrame) -> tuple[tuple[Marks, Numbers], tuple[Marks, Numbers]]:
    """Whether each row tells a name, with the number of the name; and the same of its family."""
    first, last = (versions.get_column(name) for name in ("first_name_root", "last_name_norm"))
    has_last = last.is_not_null().to_numpy()
    firsts, lasts = (Distinct.of(part.fill_null("")) for part in (first, last))
    one, other = _numbers(firsts), _numbers(lasts)
    letter = _numbers(Distinct.of(pl.concat([firsts.texts, lasts.texts]).str.slice(0, 1)))
    letters = letter[one], letter[len(firsts.texts) + other]  # both, because names come swapped
    family = np.minimum(*letters) * len(letter) + np.maximum(*letters)
    name = one * len(lasts.texts) + other
    has_name = first.is_not_null().to_numpy() | has_last
    return (has_name, _numbers(Distinct.of(pl.Series(name)))), (has_last, _numbers(Distinct.of(pl.Series(family))))


def _numbers(texts: Distinct) -> Numbers:
    return texts.places.to_numpy().astype(np.int64)


def _is_of_another(groups: Numbers, members: Numbers) -> Marks:
    """Of each group's rows that have not all the same member, one at least."""
    any_one = np.empty(groups.max(initial=-1) + 1, dtype=np.int64)
    any_one[groups] = members  # the last one that is put there stays
    return np.asarray(any_one[groups] != members)


def _distinct(groups: Numbers, members: Numbers, count: int) -> Numbers:
    """How many members each group has, counted once each: of the groups ``0 … count - 1``."""
    of_members = members.max(initial=0) + 1
    return np.bincount(_each_once(groups * of_members + members) // of_members, minlength=count)


def _each_once(numbers: Numbers) -> Numbers:
    """``np.unique``, in a fifth of its time: it hashes what NumPy sorts faster."""
    ordered = np.sort(numbers)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]  # no number is negative


def _with_judgements(counted: pl.DataFrame, mailboxes: pl.DataFrame) -> pl.DataFrame:
    """Adds what is told of each e-mail address: ``people_of_address`` and ``judged``."""
    rows = rows_of(counted.get_column("value"), mailboxes.get_column("email"))
    told = mailboxes.get_columns()[1:]
    is_email = pl.lit(counted.get_column("type") == EMAIL)
    return counted.with_columns(pl.when(is_email).then(of.gather(rows)).alias(of.name) for of in told)
