"""Whether one person only carries the e-mail, phone or identifier that a pair agrees on: what OWN_KEY (``decisions.py``) asks; and how often one that
only one person was seen to carry is that person's.

Rows of profiles, values and first letters of names stand as numbers here, and names are only compared: to join a hundred thousand pairs by texts
and to count the names behind each value takes twice as long.

What does not belong here: of which pairs it is asked (``scoring.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.among import rows_of_hashes_among
from cdp_assets.candidate_links.comparable import LETTERINGS, lettering
from cdp_assets.candidate_links.hashing import are_drawn, mixed
from cdp_assets.candidate_links.lists import Flat
from cdp_assets.candidate_links.reach import Reach

_SLOTS_PER_CARRIER = 16
"""So many that hardly any two values share one."""

MOST_ASKED = 50_000
"""About so many profiles are asked: a share of one in a hundred is known to a tenth of itself."""

Rows = npt.NDArray[np.int64]
Holds = npt.NDArray[np.bool_]


def one_person_carries(reach: Reach, left: Rows, right: Rows, agreeing: Mapping[str, Holds]) -> Holds:
    """Whether each two rows (``left``, ``right``) have a value in common that one person only, by name, carries.

    ``agreeing``: by list column of the profiles, which of these have one of its values in common.
    """
    found = np.zeros(len(left), dtype=np.bool_)
    for column, agree in agreeing.items():
        if agree.any():
            some = np.flatnonzero(agree)
            of, values = _in_common(reach.flat(column), left[some], right[some])
            found[some[of[_are_one_persons(reach, column, values)]]] = True
    return found


def _in_common(flat: Flat, left: Rows, right: Rows) -> tuple[Rows, Rows]:
    """The values that two rows have in common: which two of those given, and the place of the value among the ``flat`` ones."""
    lengths, others = flat.lengths[left], flat.lengths[right]
    several = np.flatnonzero((lengths > 1) | (others > 1))
    single = np.flatnonzero((lengths == 1) & (others == 1))  # and so the one that they have in common
    # Every value of the one row beside every value of the other.
    each = lengths[several] * others[several]
    of = np.repeat(several, each)
    number = np.arange(len(of)) - np.repeat(np.cumsum(each) - each, each)
    at_left, at_right = flat.bounds[left[of]] + number // others[of], flat.bounds[right[of]] + number % others[of]
    same = (flat.values.gather(at_left) == flat.values.gather(at_right)).to_numpy()
    return np.concatenate([single, of[same]]), np.concatenate([flat.bounds[left[single]], at_left[same]])


def _are_one_persons(reach: Reach, column: str, places: Rows) -> Holds:
    """Whether each of these values (by ``places`` among all of the list ``column``) is one person's."""
    numbers = reach.numbers(column, lambda: reach.values(column))
    carried = rows_of_hashes_among(numbers, numbers[places])
    rows = reach.flat(column).rows_of(carried)
    names = initials(reach.at(rows, "first_name_root", "last_name", "last_name_script"), "first_name_root")
    some = _may_be_several(names, numbers[carried])
    people = names.filter(pl.Series(some)).with_columns(reach.values(column).gather(carried[some]).alias("value"))
    shared = _of_several(people)
    return ~reach.values(column).gather(places).is_in(shared.implode()).to_numpy()


def of_several_people(carried: pl.DataFrame) -> pl.Series:
    """The values that several people carry, by name, of those that are ``carried`` (:func:`comparable.carriers`), each once."""
    shared = carried.filter(pl.col("value").is_duplicated())
    return _of_several(initials(shared, "first_name_root").with_columns(shared.get_column("value")))


def _of_several(people: pl.DataFrame) -> pl.Series:
    """Each ``value`` that several of ``people`` (:func:`initials`) carry."""
    return people.group_by("value").agg(are_several().alias("several")).filter("several").get_column("value")


def _may_be_several(names: pl.DataFrame, numbers: npt.NDArray[np.uint64]) -> Holds:
    """Whether each of these names (:func:`initials`), which carry values of these ``numbers``, may be one of several people's with one value.

    Each is compared with one other of its value, and of what few other values share a slot with it: nothing is sorted or grouped.
    """
    begin, both = (names.select(pl.coalesce(pl.col(f"^{part}_.*$"))).to_series() for part in ("begin", "both"))
    whole = begin.is_not_null().arg_true().to_numpy()
    bits = (_SLOTS_PER_CARRIER * len(numbers)).bit_length()
    slot = (numbers >> np.uint64(64 - bits)).view(np.int64)
    of, other = slot[whole], np.zeros(int(slot.max(initial=0)) + 1, dtype=np.uint32)
    other[of] = whole
    several = np.ones(len(other), dtype=np.bool_)
    for letters in (part.fill_null(0).to_numpy() for part in (begin, both)):
        differ = np.zeros(len(other), dtype=np.bool_)
        differ[of[letters[whole] != letters[other[of]]]] = True
        several &= differ
    return np.asarray(several[slot])


def told_by_the_others(frame: pl.DataFrame, column: str) -> tuple[int, int]:
    """Of the records of a comparable ``frame`` which say who they are and carry a value of this ``column`` that all others carry as one person, by name:
    how many are that person's, and how many there are.

    Each is asked as a record would be that does not say who it is; of large data, some are.
    """
    flat = Flat.of(frame.get_column(column))
    numbers = flat.values.hash().to_numpy()
    is_asked = are_drawn(mixed(frame.get_column("unique_id").to_numpy()), MOST_ASKED / max(len(frame), 1))
    places = rows_of_hashes_among(numbers, numbers[np.repeat(is_asked, flat.lengths)])
    rows = flat.rows_of(places)
    # A family name that nobody tells is none that differs.
    named = frame.select("first_root", pl.coalesce("last_name", "first_root"), "last_name_script")[rows]
    people = initials(named, "first_root").with_columns(
        pl.Series("value", numbers[places]), pl.Series("is_asked", is_asked[rows])
    )
    same = asked = 0
    for kind in LETTERINGS:
        whole = people.select("value", "is_asked", begin=f"begin_{kind}", both=f"both_{kind}").drop_nulls()
        told = whole.filter(pl.col("value").is_duplicated()).select(
            "is_asked",
            are_all_one=pl.any_horizontal(_kinds(part) == 1 for part in ("begin", "both")),
            others_are_one=pl.any_horizontal(
                (_kinds(part) == 2) & (pl.len().over("value", part) == 1) for part in ("begin", "both")
            ),
        )
        of_one = told.filter("is_asked", pl.col("are_all_one") | pl.col("others_are_one"))
        asked += of_one.height
        same += int(of_one.get_column("are_all_one").sum())
    return same, asked


def _kinds(part: str) -> pl.Expr:
    """How many different ones there are of this part of names with the same value."""
    return pl.col(part).n_unique().over("value")


def initials(frame: pl.DataFrame, first_name: str) -> pl.DataFrame:
    """The first letters of each profile's names as numbers, equal for equal ones: of the first name (``begin_…``) and of both in any order
    (``both_…``), null where a name is missing; each once for each of :data:`comparable.LETTERINGS`."""
    first, last = (frame.get_column(name).str.slice(0, 1) for name in (first_name, "last_name"))
    letters = pl.Enum(pl.concat([first, last]).drop_nulls().unique())
    numbers = (
        part.cast(letters).to_physical().cast(pl.Int64).alias(name) for name, part in (("begin", first), ("end", last))
    )
    begin, end = pl.col("begin"), pl.col("end")
    both = pl.min_horizontal(begin, end) * 2**32 + pl.max_horizontal(begin, end)
    is_whole = begin.is_not_null() & end.is_not_null()
    written = lettering(pl.col("last_name_script"))
    return pl.DataFrame([*numbers, frame.get_column("last_name_script")]).select(
        pl.when(is_whole & (written == kind)).then(number).alias(f"{name}_{kind}")
        for kind in LETTERINGS
        for name, number in (("begin", begin), ("both", both))
    )


def are_several() -> pl.Expr:
    """Whether names with these :func:`initials` are more than one person, judged by first letters so that misspelt names stay one person (an
    aggregation): of those of one of :data:`comparable.LETTERINGS`, neither do all first names begin alike, nor do all names have the
    same two initials. So told, nothing is counted.

    Names of one first initial are one person (who has married, or left out one of two family names), and so are names of the
    same two initials in either order (swapped). Names without a part do not count. Nor can names in Latin letters, in others, and in
    ideographs be told from each other, for they may begin otherwise.
    """
    return pl.any_horizontal(
        pl.all_horizontal(
            (pl.col(f"{name}_{kind}").min() != pl.col(f"{name}_{kind}").max()).fill_null(False)
            for name in ("begin", "both")
        )
        for kind in LETTERINGS
    )
