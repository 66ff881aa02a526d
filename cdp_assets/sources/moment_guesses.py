"""When a row was true, and how days are written: one format for days of birth and times alike, as contracts have one.

A time that is not read costs a row, a day of birth only itself: where one format can not read both, the draft leaves the time out
and says so.

What does not belong here: what values look like (``column_guesses.py``).
"""

from __future__ import annotations

from cdp_assets.sources.birth_guesses import may_be_birth
from cdp_assets.sources.column_guesses import MOST_OF_THEM, Columns, written_shares
from cdp_assets.sources.draft_yaml import Draft
from cdp_assets.sources.header_meaning import header_parts, is_of_something_else, rank_of
from cdp_assets.sources.header_words import OBSERVED_AT_WORDS

OF_THE_ROW = frozenset(
    "meta metadata attributes properties fields data record contact customer user profile person audit system".split()  # noqa: SIM905
)
"""Groups of nested data that say when the row itself was true; a ``subscription.created_at`` is that of something else."""

READS_MOST = 0.5
"""Share of days that a format must read to be written down where no format reads nearly all."""


def guess_moments(draft: Draft, columns: Columns) -> None:
    """Set ``observed_at`` and ``date_format``; a format that joined columns gave stays.

    A date that may rather be the day of birth is neither taken for that nor for a moment: read wrongly as either, it would do
    harm to every row.
    """
    draft.unsaid_birth = next((name for name in columns.header if may_be_birth(draft, columns, name)), None)
    draft.observed_at = _observed_at(draft, columns)
    born = next((value[0] for value in draft.columns.get("date_of_birth", ()) if len(value) == 1), None)
    joined = draft.date_format
    if born is not None and joined is None:
        _set_format(draft, columns, born)
    if draft.observed_at is None:
        if draft.unsaid_birth is not None and draft.date_format is None:
            _set_format(draft, columns, draft.unsaid_birth)  # for whoever maps it
        return
    look = columns.looks[draft.observed_at]
    if look.iso_moment >= MOST_OF_THEM or not look.date_formats:
        return
    if draft.date_format is None:
        _set_format(draft, columns, draft.observed_at)
    elif draft.date_format not in look.date_formats:
        both = columns.looks[born].date_formats if born is not None else ()
        common = [written for written in look.date_formats if written in both]
        if common:
            draft.date_format = common[0]
        else:
            draft.notes["observed_at"] = (
                f"CHECK: '{draft.observed_at}' may be it, but is written otherwise than days of birth "
                f"({look.date_formats[0]}), and a contract has one format"
            )
            draft.observed_at = None


def _observed_at(draft: Draft, columns: Columns) -> str | None:
    used = {*draft.used(), draft.unsaid_birth}
    ranked = [
        (is_of_something_else(name), columns.looks[name].filled < MOST_OF_THEM, rank, position, name)
        for position, name in enumerate(columns.header)
        if (rank := _rank(name)) is not None and name not in used and _are_moments(columns, name)
    ]
    return min(ranked)[-1] if ranked else None


def _rank(name: str) -> int | None:
    """How early a header is one of a moment; ``meta.updated_at`` comes after all that say it plainly."""
    head, _, last = name.rpartition(".")
    rank = rank_of(name, OBSERVED_AT_WORDS)
    if rank is None and head and OF_THE_ROW.issuperset(header_parts(head)):
        rank = rank_of(last, OBSERVED_AT_WORDS)
        return None if rank is None else len(OBSERVED_AT_WORDS) + rank
    return rank


def _are_moments(columns: Columns, name: str) -> bool:
    look = columns.looks[name]
    return look.filled == 0 or bool(look.date_formats) or (look.moment >= MOST_OF_THEM and not look.days_written)


def _set_format(draft: Draft, columns: Columns, name: str) -> None:
    """The format of a column's days, with what else would read them, or in which ways they are written."""
    look = columns.looks[name]
    if look.iso_moment >= MOST_OF_THEM:
        return
    if look.date_formats:
        first, *others = look.date_formats
        draft.date_format = first
        draft.notes["date_format"] = f"CHECK: {', '.join(others)} would read it, too" if others else "guess"
    elif look.days_written:
        best, share = look.days_written[0]
        draft.date_format = best if share >= READS_MOST else None
        draft.notes["date_format"] = (
            f"CHECK: days are written in several ways ({written_shares(look.days_written)}); what the format does not "
            "read is read in the order of `country`, or where there is only one way to read it"
        )
