"""The phenomena that a record can show, as bits of one integer while the world is made and as a list in the truth."""

from __future__ import annotations

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import Flags, Ints

# Name and meaning; the order is the bit.
PHENOMENA: dict[str, str] = {
    "household": "the person lives with others whom the systems know: shared surname, street, landline",
    "father_and_son": "father and son of one name (Sr and Jr)",
    "twin": "twins: one date of birth, surname and address",
    "namesake": "someone else in the same city has the same name",
    "block_of_flats": "the address differs from the neighbours' in the unit only",
    "moved": "the person moved within the years that the systems remember",
    "former_address": "the record carries the postal address from before a move",
    "job_changed": "the person changed employers within those years",
    "former_work_email": "the record carries a work address that is dead by the end",
    "company_changed_format": "the work address's company changed the form of its addresses",
    "company_changed_name": "the work address's company changed its name and domain",
    "private_email": "the record carries a private address",
    "work_email": "the record carries a work address",
    "junk_email": "the address is a placeholder that staff typed into a required field",
    "role_email": "the address is a company's, not a person's (info@, office@)",
    "household_email": "the address is a mailbox that the household shares",
    "mistyped_email": "the address has a typing error before the @",
    "mistyped_domain": "the address has a mistyped domain",
    "missing_email": "a record about a person without an address",
    "shared_phone": "the phone is the household's landline or the employer's switchboard",
    "junk_phone": "the phone is a placeholder",
    "mistyped_phone": "one of the last two digits of the phone is wrong",
    "mistyped_name": "a typing error in the first or last name",
    "nickname": "the record says the nickname",
    "initial_only": "the record has an initial for the first name",
    "swapped_name": "first and last name are swapped",
    "former_surname": "the record has the surname from before a marriage",
    "non_ascii_name": "the name has letters outside ASCII",
    "transliterated_name": "the system wrote such a name in ASCII",
    "wrong_birth_date": "date of birth with day and month swapped or one digit off",
    "placeholder_birth_date": "date of birth that stands for none",
    "duplicate_in_source": "the source has another record of the same person entered by mistake",
    "changed_in_snapshot": "the record differs between snapshots",
    "deleted_from_snapshot": "the record is missing from a later snapshot",
    "changed_in_shop": "the customer changed the account after opening it",
    "old_list": "an old attendance, imported again years later under a new key",
    "opt_out": "a withdrawal of consent",
    "opt_out_elsewhere": "a withdrawal given under another address than the sign-up",
    "correction": "a support agent's correction",
    "known_visit": "a web event that says who the visitor is",
    "unnamed_visit": "a web event with a cookie only, of a visitor who is known from another event",
    "unknown_visitor": "a web event with a cookie that never became known",
    "shared_cookie": "two people of a household use one browser",
    "bounce": "a mail to the address came back",
    "story": "the story that the demo tells",
}
_BITS = {name: 1 << bit for bit, name in enumerate(PHENOMENA)}


def tagged(flags: Flags, phenomenon: str) -> Ints:
    """Return the phenomenon's bit where ``flags``, else 0."""
    return np.where(flags, np.int64(_BITS[phenomenon]), np.int64(0))


def bit(phenomenon: str) -> int:
    """Return the phenomenon's bit."""
    return _BITS[phenomenon]


def as_lists(bits: pl.Series) -> pl.Series:
    """Return the phenomena of each row as a list of names, in the order of ``PHENOMENA``."""
    distinct = bits.unique().sort()
    lists = [[name for name, value in _BITS.items() if number & value] for number in distinct.to_list()]
    table = pl.DataFrame({"bits": distinct, "phenomena": pl.Series(lists, dtype=pl.List(pl.String))})
    rows = pl.DataFrame({"bits": bits})
    return rows.join(table, on="bits", how="left", maintain_order="left").get_column("phenomena")
