"""What an erased person's withdrawals ended stays ended: their addresses are known again by keyed signs.

Withheld are, from the erasure on and until somebody consents anew (``golden_records/withheld.py``):

- addresses and numbers of their own, for every purpose;
- others that a withdrawal of theirs names, a couple's mailbox say, for the purposes that it ends;
- those of another customer, where a record of theirs stood with that customer, or corrected a record of it: for the purposes that
  this record's withdrawals end, and for all that was not allowed until now, since less is known of the customer afterwards (a region with a stricter
  rule, say).

An address has one sign that says it is withheld for something, and one for each purpose: most addresses are asked once.

What does not belong here: keeping the person's records out (``sieve.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import polars as pl

from cdp_assets.erasure import signs
from cdp_assets.erasure.secret import Sign, signer
from cdp_assets.golden_records.consent_statements import PERSON, statements
from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.corrected_records import corrected_record
from cdp_assets.golden_records.customer_versions import customer_versions
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.withheld import WITHHELD
from cdp_assets.lake import Lake
from cdp_assets.standardized.consent_words import WITHDRAWN
from cdp_assets.tables import CONSENTS, CUSTOMER_IDS, RECORD_VERSIONS
from cdp_assets.workspace import Workspace

SOMETHING, FOR = "withheld", "withheld for "
"""Kinds of signs: that an address is withheld, and for which purpose; a purpose is a word of the thing, not of the person."""

EVERYTHING = ""
"""Purpose of an address that is withheld for all."""

Place = tuple[str, str, str]
"""Channel, address, purpose."""

_CHANNELS = {signs.EMAIL: "email", signs.PHONE: "phone"}


def withheld_by(
    lake: Lake, rows: pl.DataFrame, own: Collection[tuple[str, str]], customer_id: str, policy: ConsentPolicy
) -> set[Place]:
    """What the erasure of a customer has to withhold.

    ``rows``: what the records that are erased ever said, in the columns of records. ``own``: kind and value of contacts
    that nobody else has.
    """
    said = statements(customer_versions(_as_versions(rows), CUSTOMER_IDS.empty(), {}), policy)
    said = said.filter(pl.col("state") == WITHDRAWN)
    found = {(_CHANNELS[kind], value, EVERYTHING) for kind, value in own if kind in _CHANNELS}
    found |= set(_rows(said.filter(pl.col("address") != PERSON)))
    spoken_of = _spoken_of(rows)
    others = _members_of_others(lake, spoken_of, customer_id)
    if others.is_empty():
        return found
    whose = spoken_of.join(others, left_on="of", right_on="record_id")
    ended = said.join(whose, on="record_id").select("customer_id", "channel", "purpose").unique()
    carried = _carried(lake, others)
    known = lake.read_or_empty(CONSENTS).join(others, on="customer_id", how="semi")
    is_allowed = pl.col("state").is_in(CONTACTABLE)
    marketing = pl.DataFrame({"purpose": policy.marketing_purposes}, schema={"purpose": pl.String})
    spoken = known.filter(~is_allowed & (pl.col("address") != PERSON))
    unallowed = carried.join(marketing, how="cross").join(
        known.filter(is_allowed), on=["customer_id", "channel", "address", "purpose"], how="anti"
    )
    found |= set(_rows(spoken)) | set(_rows(unallowed))
    return found | set(_rows(carried.join(ended, on=["customer_id", "channel"])))


def _spoken_of(rows: pl.DataFrame) -> pl.DataFrame:
    """``record_id`` and the record that it speaks ``of``: itself, and the one that it corrects."""
    pairs = [rows.select("record_id", of="record_id"), rows.select("record_id", of=corrected_record())]
    return pl.concat(pairs).drop_nulls().unique()


def _rows(places: pl.DataFrame) -> Iterator[Place]:
    for channel, address, purpose in places.select("channel", "address", "purpose").unique().iter_rows():
        yield channel, address, purpose or EVERYTHING


def _carried(lake: Lake, members: pl.DataFrame) -> pl.DataFrame:
    """``customer_id``, ``channel`` and ``address`` of all that the records of ``members`` ever carried."""
    versions = lake.scan(RECORD_VERSIONS).join(members.select("record_id").lazy(), on="record_id", how="semi").collect()
    by_channel = [
        versions.select("record_id", channel=pl.lit(channel), address=pl.col(f"{channel}s")).explode("address")
        for channel in _CHANNELS.values()
    ]
    return pl.concat(by_channel).drop_nulls().join(members, on="record_id")


def _members_of_others(lake: Lake, spoken_of: pl.DataFrame, customer_id: str) -> pl.DataFrame:
    """``record_id`` and ``customer_id`` of all records of the other customers that these records speak of."""
    ids = lake.scan(CUSTOMER_IDS).filter(pl.col("customer_id") != customer_id).select("record_id", "customer_id")
    theirs = ids.filter(pl.col("record_id").is_in(spoken_of.get_column("of").implode())).select("customer_id").unique()
    return ids.join(theirs, on="customer_id", how="semi").collect()


def _as_versions(rows: pl.DataFrame) -> pl.DataFrame:
    """Records as versions that each still count: a withdrawal does, whatever has been said since."""
    counting = {"version": pl.lit(1, pl.Int64), "is_current": pl.lit(True), "is_newest": pl.lit(True)}
    return rows.with_columns(**counting)


def signs_of_withheld(places: Collection[Place], sign: Sign) -> list[tuple[str, str, bool]]:
    """Kind, sign and no ownership, as the ledger keeps signs."""
    pairs = {(SOMETHING, channel, address) for channel, address, _ in places}
    pairs |= {(f"{FOR}{purpose}", channel, address) for channel, address, purpose in places}
    return sorted((kind, sign(kind, _said(channel, address)), False) for kind, channel, address in pairs)


def _said(channel: str, address: str) -> str:
    return f"{channel}|{address}"


@dataclass(frozen=True)
class WithheldOfErased:
    """:class:`~cdp_assets.golden_records.withheld.Withheld` of a workspace: of everybody who has been erased from it by now.

    Raises :class:`~cdp_assets.erasure.secret.SecretError` where there are signs, and no secret.
    """

    workspace: Workspace

    def __call__(self, addresses: pl.DataFrame) -> pl.DataFrame:
        known = self.workspace.ledger.erased_signs().filter(pl.col("kind").str.starts_with(SOMETHING))
        if known.is_empty():
            return pl.DataFrame(schema=WITHHELD)
        since = dict(self.workspace.ledger.erasures().select("erasure_id", "requested_at").iter_rows())
        sign = signer(self.workspace)
        newest: dict[tuple[str, str], object] = {}
        for kind, one, erasure_id in known.select("kind", "sign", "erasure_id").iter_rows():
            newest[kind, one] = max(since[erasure_id], newest.get((kind, one), since[erasure_id]))
        purposes = sorted({kind.removeprefix(FOR) for kind, _ in newest if kind.startswith(FOR)})
        distinct = addresses.select("channel", "address").unique().sort("channel", "address")

        def rows() -> Iterator[tuple[str, str, str | None, object]]:
            for channel, address in distinct.iter_rows():
                if (SOMETHING, sign(SOMETHING, _said(channel, address))) in newest:
                    for purpose in purposes:
                        at = newest.get((f"{FOR}{purpose}", sign(f"{FOR}{purpose}", _said(channel, address))))
                        if at is not None:
                            yield channel, address, purpose or None, at

        return pl.DataFrame(list(rows()), schema=WITHHELD, orient="row")
