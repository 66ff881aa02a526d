"""The best value of each field: which of the delivered values survives, and by which rule.

A value never wins by accident. Candidates are compared in this order, and the first difference decides; its name is
the ``rule`` in provenance:

=================== ================================================================================================
``valid``           an impossible value (a birth after the record, a name of digits, a record whose ``problems`` say that its
                    country's postcodes are not written so) never beats a possible one
``still_delivered`` a record that has disappeared from its source speaks only when no other does
``current``         what a record says now, before what it used to say
``fullest_form``    a name before its initials (names only)
the policy's rules  ``most_trusted``, ``most_recent``, ``most_frequent``, ``longest``, ``first_seen``, in its order
``tie_break``       trust, then time, then the text, then the record id: the same way always
=================== ================================================================================================

Names and postal addresses survive as a whole: all parts come from one record. When that is settled, a record that says
the *same* name or address more fully (a middle name, a missing city) takes the place of the one that won.

What does not belong here: e-mail addresses and phones (a customer keeps all of them: ``emails.py``, ``phones.py``),
corrections (``corrections.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.candidate_links.lists import where
from cdp_assets.candidate_links.ordered import first_rows
from cdp_assets.golden_records.customer_versions import FORMER, GONE, CustomerVersions
from cdp_assets.golden_records.packed_order import Rows, begins_of
from cdp_assets.golden_records.policy import ADDRESS_PARTS, NAME_PARTS, Rule
from cdp_assets.golden_records.ranking import ONLY_VALUE, Key, deciding_rules, first_of_each, keys_of, rows_best_first
from cdp_assets.standardized.problems import MALFORMED

OLDEST_PERSON_YEARS = 120
"""Nobody has a documented age much above it: an older date of birth is a placeholder or a slip."""

DOUBTED_ADDRESS = f"postcode:{MALFORMED}"
"""The one problem of a value that is kept all the same (the others leave no value). It speaks of the record, so it counts
for each of the record's addresses."""

FULLEST_FORM = "fullest_form"

FULL_NAME, INITIAL_AND_NAME, ONE_NAME, UNSPLIT = 3, 2, 1, 0
"""How full a name is: given name spelled out and family name; initial and family name; one of them; text only."""

_VALID = Key("valid", "is_valid")
_STILL_DELIVERED = Key("still_delivered", "exists")
_CURRENT = Key("current", "standing")
_FULLEST = Key(FULLEST_FORM, "fullness")

QUALITY = (_VALID, _STILL_DELIVERED, _CURRENT, _FULLEST)
"""What comes before any rule of the policy."""


@dataclass(frozen=True)
class Candidates:
    """Delivered values of one field, or of one whole.

    ``frame``: one row per value delivered: ``customer``, ``row`` (of record_versions), ``record``, ``order``,
    ``standing``, ``trust``, ``observed_at``, the ``parts``, and

    - ``key``: two candidates with one key say the same;
    - ``is_valid``, ``fullness``: see the module;
    - ``form``: candidates with one ``same`` differ only in how fully they say it, more ``form`` is fuller;
    - ``comparable_<part>``, for parts of which two spellings are equal in a way that only standardization knows.

    ``same``: told of few, so by an expression over the frame.
    """

    parts: tuple[str, ...]
    frame: pl.DataFrame
    same: pl.Expr


@dataclass(frozen=True)
class Survivors:
    """What :func:`survivors` chose.

    ``frame``: one row per customer that has a candidate: ``customer``, ``row``, ``key``, the parts, ``rule``.
    ``rivals``: the candidates, best first, of customers among whose candidates there is more than one key.
    """

    parts: tuple[str, ...]
    frame: pl.DataFrame
    rivals: pl.DataFrame

    def cells(self, part: str) -> pl.DataFrame:
        """Cells of one part: ``customer``, ``value`` (text), ``row``, ``rule``, ``runners_up`` and the first of these,
        ``next_best``, with its ``next_best_row``."""
        cells = self.frame.select("customer", pl.col(part).cast(pl.String).alias("value"), "row", "rule")
        cells = cells.filter(pl.col("value").is_not_null())
        if self.rivals.is_empty():
            return cells.with_columns(
                runners_up=pl.lit(0, pl.Int64), next_best=pl.lit(None, pl.String), next_best_row=pl.lit(None, pl.UInt32)
            )
        customers, theirs = (one.get_column("customer").to_numpy() for one in (cells, self.rivals))
        place = first_rows(customers, 1 + max(customers.max(initial=0), theirs.max()))
        others = self.rivals.select(
            "customer", next_best=pl.col(part).cast(pl.String), next_best_row="row"
        ).with_columns(pl.Series("place", place[theirs]))
        others = others.filter(pl.col("next_best").is_not_null() & (pl.col("place") < cells.height))
        values = cells.get_column("value").gather(others.get_column("place"))
        others = others.filter(others.get_column("next_best") != values)
        first = first_of_each(others)
        counted = others.group_by("place").agg(pl.col("next_best").n_unique().cast(pl.Int64).alias("runners_up"))
        runners_up = np.zeros(cells.height, dtype=np.int64)
        runners_up[counted.get_column("place").to_numpy()] = counted.get_column("runners_up").to_numpy()
        of_each = pl.Series(first_rows(first.get_column("place").to_numpy(), cells.height))
        next_best = where(of_each, of_each < first.height)
        return cells.with_columns(
            pl.Series("runners_up", runners_up),
            first.get_column("next_best").gather(next_best),
            first.get_column("next_best_row").gather(next_best),
        )


def survivors(candidates: Candidates, rules: Sequence[Rule]) -> Survivors:
    """Choose one candidate per customer by quality, ``rules`` and tie-breaks, and name the rule that decided."""
    text = _joined(*(pl.col(part).cast(pl.String) for part in candidates.parts))
    frame = candidates.frame.with_columns(
        pl.col("standing").gt(GONE).alias("exists"), *_measures(rules, text)
    ).rechunk()
    keys = keys_of(QUALITY, rules)
    order = rows_best_first(frame, keys, text)
    winners = begins_of(frame.get_column("customer").gather(order))
    of_each = np.diff(np.append(winners, len(order)))
    best = np.repeat(winners, of_each)  # of the customer of each row
    said = frame.get_column("key").gather(order)
    others = np.flatnonzero((said != said.gather(best)).to_numpy())
    rivals = others[begins_of(best[others])]
    contested = np.searchsorted(winners, best[rivals])
    rule = pl.repeat(ONLY_VALUE, len(winners), dtype=pl.String, eager=True).scatter(
        contested, deciding_rules(frame, order[winners[contested]], order[rivals], keys, text)
    )
    fullest = _fullest_forms(candidates.same, frame, order, best, keys, text)
    replaced = np.searchsorted(winners, best[fullest])
    chosen = winners.copy()
    chosen[replaced] = fullest
    is_contested = np.zeros(len(winners), dtype=np.bool_)
    is_contested[contested] = True
    return Survivors(
        candidates.parts,
        frame.select("customer", "row", "key", *candidates.parts)[order[chosen]].with_columns(
            rule.scatter(replaced, FULLEST_FORM).alias("rule")
        ),
        frame[order[np.repeat(is_contested, of_each)]],
    )


def _measures(rules: Sequence[Rule], text: pl.Expr) -> list[pl.Expr]:
    """Columns that only some policies ask for."""
    measures = []
    if "most_frequent" in rules:
        measures.append(pl.col("record").n_unique().over("customer", "key").alias("times"))
    if "longest" in rules:
        measures.append(text.str.len_chars().alias("length"))
    return measures


def _fullest_forms(
    same: pl.Expr, frame: pl.DataFrame, order: Rows, best: Rows, keys: Sequence[Key], text: pl.Expr
) -> Rows:
    """Places in the order that take the winner's: such as say the chosen value more fully, and are as good in quality; one of a customer.

    ``best``: the place of the winner of each place's customer. ``same``, ``text``: as told by :class:`Candidates`.
    """
    form = frame.get_column("form").to_numpy()[order]
    fuller = np.flatnonzero(form > form[best])
    ours, theirs = (
        frame[order[places]].select(same.alias("same"), *(key.column for key in QUALITY))
        for places in (fuller, best[fuller])
    )
    is_same = (ours == theirs).select(pl.all_horizontal(pl.all())).to_series()
    fuller = fuller[is_same.fill_null(False).to_numpy()]
    beside = frame[order[fuller]]
    fullest = rows_best_first(beside, [Key(FULLEST_FORM, "form"), *keys], text)
    firsts = fullest[begins_of(beside.get_column("customer").gather(fullest))]
    return np.asarray(fuller[firsts])


# ---------------------------------------------------------------------------------------------------------------------
# Candidates of each field


def name_candidates(known: CustomerVersions) -> Candidates:
    """Names, as wholes: parts first_name, middle_name, last_name, name_suffix, full_name."""
    first, middle, last = (pl.col(f"{part}_name_norm") for part in ("first", "middle", "last"))
    frame = known.with_values(
        *NAME_PARTS, "first_name_norm", "middle_name_norm", "last_name_norm", "suffix_norm"
    ).filter(pl.any_horizontal(pl.col("first_name", "last_name", "full_name").is_not_null()))
    text = _joined(*NAME_PARTS)
    is_split = first.is_not_null() | last.is_not_null()
    fullness = (
        pl.when(first.str.len_chars().gt(1) & last.is_not_null())
        .then(FULL_NAME)
        .when(first.is_not_null() & last.is_not_null())
        .then(INITIAL_AND_NAME)
        .when(first.str.len_chars().gt(1) | last.str.len_chars().gt(1))
        .then(ONE_NAME)
        .otherwise(UNSPLIT)
    )
    form = (pl.when(middle.str.len_chars().gt(1)).then(4).when(middle.is_not_null()).then(2).otherwise(0)) + pl.col(
        "suffix_norm"
    ).is_not_null().cast(pl.Int32)
    return Candidates(
        NAME_PARTS,
        frame.select(
            *_COMMON,
            *NAME_PARTS,
            pl.when(is_split)
            .then(_joined("first_name_norm", "middle_name_norm", "last_name_norm", "suffix_norm"))
            .otherwise(text.str.to_lowercase())
            .alias("key"),
            (~text.str.contains(r"[0-9@]")).alias("is_valid"),
            fullness.cast(pl.UInt8).alias("fullness"),
            form.cast(pl.UInt8).alias("form"),
            "first_name_norm",
            "last_name_norm",
        ),
        _joined("first_name_norm", "last_name_norm"),
    )


def address_candidates(known: CustomerVersions) -> Candidates:
    """Postal addresses, as wholes. A record's further addresses rank with its former versions: it says so itself.

    Valid: a street with a city or a postcode, of a record without a problem of :data:`DOUBTED_ADDRESS`. A country alone, which web sources deliver by the million, is an address
    only when there is no other.
    """
    listed = known.with_values("addresses", _has_problem(DOUBTED_ADDRESS).alias("is_doubted")).filter(
        pl.col("addresses").list.len() > 0
    )
    position = pl.int_ranges(0, pl.col("addresses").list.len(), dtype=pl.UInt32).alias("position")
    frame = (
        listed.with_columns(position)
        .explode("addresses", "position")
        .filter(pl.col("addresses").is_not_null())
        .unnest("addresses")
        .filter(pl.any_horizontal(pl.col(*ADDRESS_PARTS).is_not_null()))
    )
    as_now = pl.when(pl.col("position") > 0).then(pl.min_horizontal("standing", pl.lit(FORMER, pl.UInt8)))
    frame = frame.with_columns(
        pl.coalesce("postcode_norm", "city_norm", pl.lit("")).alias("place"),
        _joined("street_norm", "house_number", "unit").alias("comparable_street"),
    )
    return Candidates(
        ADDRESS_PARTS,
        frame.select(
            *(name for name in _COMMON if name != "standing"),
            as_now.otherwise("standing").alias("standing"),
            *ADDRESS_PARTS,
            _joined("comparable_street", "place", "country").alias("key"),
            (
                pl.col("street").is_not_null()
                & pl.any_horizontal(pl.col("city", "postcode").is_not_null())
                & ~pl.col("is_doubted")
            ).alias("is_valid"),
            pl.lit(0, pl.UInt8).alias("fullness"),
            pl.sum_horizontal(pl.col(*ADDRESS_PARTS).is_not_null().cast(pl.UInt8)).cast(pl.UInt8).alias("form"),
            "comparable_street",
            "place",
        ),
        pl.concat_str("comparable_street", "place", separator="|"),
    )


def single_candidates(known: CustomerVersions, field: str) -> Candidates:
    """Values of a field that stands by itself: sex, date_of_birth, company or job_title."""
    key, is_valid = _SINGLES[field]()
    values = (field, "company_norm") if field == "company" else (field,)
    frame = known.with_values(*values).filter(pl.col(field).is_not_null())
    in_words = [key.alias("comparable_company")] if field == "company" else []
    return Candidates(
        (field,),
        frame.select(
            *_COMMON,
            field,
            key.alias("key"),
            is_valid.alias("is_valid"),
            pl.lit(0, pl.UInt8).alias("fullness"),
            pl.lit(0, pl.UInt8).alias("form"),
            *in_words,
        ),
        pl.lit(""),
    )


def _sex() -> tuple[pl.Expr, pl.Expr]:
    return pl.col("sex"), pl.col("sex").is_in(["f", "m", "x"])


def _date_of_birth() -> tuple[pl.Expr, pl.Expr]:
    seen = pl.col("observed_at").dt.date()
    born = pl.col("date_of_birth")
    return born.cast(pl.String), (born <= seen) & (born >= seen.dt.offset_by(f"-{OLDEST_PERSON_YEARS}y"))


def _company() -> tuple[pl.Expr, pl.Expr]:
    return pl.coalesce("company_norm", pl.col("company").str.to_lowercase()), _has_a_letter("company")


def _job_title() -> tuple[pl.Expr, pl.Expr]:
    return pl.col("job_title").str.to_lowercase(), _has_a_letter("job_title")


_SINGLES: Mapping[str, Callable[[], tuple[pl.Expr, pl.Expr]]] = {
    "sex": _sex,
    "date_of_birth": _date_of_birth,
    "company": _company,
    "job_title": _job_title,
}

_COMMON = ("customer", "row", "record", "order", "standing", "trust", "observed_at")


def _has_problem(problem: str) -> pl.Expr:
    return pl.col("problems").list.contains(problem).fill_null(False)


def _has_a_letter(column: str) -> pl.Expr:
    return pl.col(column).str.contains(r"\p{L}")


def _joined(*columns: pl.Expr | str) -> pl.Expr:
    return pl.concat_str([pl.coalesce(column, pl.lit("")) for column in columns], separator="|")
