"""Whatever the order in which imports arrive, and however often: the versions of records are the same.

What must hold for that, and is all that must hold:

- *changes, events*: a source does not say two different things of one record at the same observed time. Where it does, the
  one that arrived last counts as the newer one, and in one file the later line; a test of its own holds that.
- *snapshots*: a later snapshot holds a row whose observed time is newer than all before it, and one that was in each
  earlier snapshot with an older time. (An export that says when it was made says both.) Where nothing in a snapshot is newer than in
  the one before, only the order of arrival can tell which of them is the later one.

On frames alone, so that many sequences can be tried; ``test_order_of_deliveries.py`` takes some through files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.versions import record_versions
from cdp_assets.tables import source_records
from cdp_assets_tests.builders import day, frame

EPOCH = day("2024-01-01")
LANDED = day("2025-01-01")
KEYS, CONTENTS = ("a", "b", "c"), ("x", "y", "z")

Fact = tuple[str, int, str]
"""A record's key, the day on which the source said so, and what it said."""

Version = tuple[str, str, datetime, datetime | None, datetime, bool]
"""Key, content, valid from, valid to, last seen, current."""

many = settings(max_examples=60, deadline=None)


def at(number: int) -> datetime:
    return EPOCH + timedelta(days=number)


@dataclass(frozen=True)
class Import:
    """One import: its number in the order of what it says (it gives it a name), and its rows in the order of lines."""

    number: int
    rows: tuple[Fact, ...]


def versions(arrived: Sequence[Import], delivers: str) -> pl.DataFrame:
    """What the pipeline makes of imports in the order of their arrival."""
    records = frame(
        source_records("crm"),
        *(
            {
                "record_id": f"crm/{key}",
                "source": "crm",
                "source_key": key,
                "import_id": f"import-{one.number}",
                "line": line,
                "observed_at": at(observed),
                "landed_at": LANDED + timedelta(hours=place),
                "content_hash": said,
                "full_name": said,
            }
            for place, one in enumerate(arrived)
            for line, (key, observed, said) in enumerate(one.rows, start=2)
        ),
    )
    imports = pl.DataFrame(
        [(f"import-{one.number}", "crm", place) for place, one in enumerate(arrived, start=1)],
        schema={"import_id": pl.String, "source": pl.String, "sequence": pl.Int64},
        orient="row",
    )
    return record_versions(records.sample(fraction=1, shuffle=True, seed=1), {"crm": delivers}, imports)


def told(made: pl.DataFrame) -> list[Version]:
    """All but which import said so and when it landed."""
    assert made["version"].to_list() == [
        n for _, group in groupby(made["record_id"]) for n, _ in enumerate(group, start=1)
    ]
    return made.select("source_key", "full_name", "valid_from", "valid_to", "last_seen_at", "is_current").rows()


def history(facts: Iterable[Fact]) -> list[Version]:
    """What versions should be, said in other words: facts in their order, runs of one content joined."""
    said: list[Version] = []
    for key, of_key in groupby(sorted(facts, key=lambda fact: fact[:1]), key=lambda fact: fact[0]):
        runs = [list(run) for _, run in groupby(sorted(of_key, key=lambda fact: fact[1]), key=lambda fact: fact[2])]
        for run, following in zip(runs, [*runs[1:], None], strict=True):
            ends = at(following[0][1]) if following else None
            said.append((key, run[0][2], at(run[0][1]), ends, at(run[-1][1]), following is None))
    return said


@st.composite
def deliveries(draw: st.DrawFn, facts: Sequence[Fact]) -> list[Import]:
    """Files that together hold all facts, some of them several times, in any order of lines and of arrival."""
    count = draw(st.integers(1, 4))
    where = [draw(st.sets(st.integers(0, count - 1), min_size=1)) for _ in facts]
    files = [
        tuple(draw(st.permutations([fact for fact, files in zip(facts, where, strict=True) if n in files])))
        for n in range(count)
    ]
    return draw(st.permutations([Import(n, rows) for n, rows in enumerate(files) if rows]))


said_by_record_and_day = st.dictionaries(
    st.tuples(st.sampled_from(KEYS), st.integers(0, 9)), st.sampled_from(CONTENTS), min_size=1, max_size=12
)


@many
@given(st.data(), said_by_record_and_day, st.sampled_from(["changes", "events"]))
def test_changes_in_any_order_and_overlap(data: st.DataObject, said: Mapping[tuple[str, int], str], how: str) -> None:
    facts = [(key, observed, content) for (key, observed), content in said.items()]
    arrived = data.draw(deliveries(facts))
    assert told(versions(arrived, how)) == history(facts)


@many
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.sampled_from(CONTENTS)), min_size=1, max_size=4
        ),
        min_size=1,
        max_size=4,
    )
)
def test_at_the_same_time_the_last_to_arrive_is_the_newer_one(files: list[list[Fact]]) -> None:
    arrived = [Import(9 - n, tuple(rows)) for n, rows in enumerate(files)]  # names say nothing of the order
    in_order_of_arrival = [fact for rows in files for fact in rows]
    assert told(versions(arrived, "changes")) == history(in_order_of_arrival)


@st.composite
def snapshots(draw: st.DrawFn) -> list[Import]:
    """Snapshots in the order in which they were made; each holds the export's own row, of the time when it was made."""
    present: dict[str, tuple[int, str]] = {}
    made: list[Import] = []
    for number in range(draw(st.integers(1, 4))):
        moment = 10 * number + 5
        for key in KEYS:
            match draw(st.sampled_from(("as before", "changed", "gone"))):
                case "changed":
                    present[key] = (draw(st.integers(moment - 9, moment)), draw(st.sampled_from(CONTENTS)))
                case "gone":
                    present.pop(key, None)
        rows = [("export", moment, "x"), *((key, observed, said) for key, (observed, said) in present.items())]
        made.append(Import(number, tuple(draw(st.permutations(rows)))))
    return made


@many
@given(st.data(), snapshots())
def test_snapshots_in_any_order(data: st.DataObject, made: list[Import]) -> None:
    arrived = data.draw(st.permutations(made))
    found, in_order = versions(arrived, "snapshot"), versions(made, "snapshot")
    assert found.drop("landed_at").equals(in_order.drop("landed_at"))
    newest = {key: said for key, _, said in made[-1].rows}
    current = found.filter("is_current")
    assert dict(current.select("source_key", "full_name").rows()) == newest
    gone = {key for one in made for key, *_ in one.rows} - newest.keys()
    assert set(found.filter("is_deleted")["source_key"]) == gone


def test_where_nothing_in_a_snapshot_is_newer_the_last_to_arrive_counts() -> None:
    both, one = Import(1, (("a", 1, "x"), ("b", 1, "x"))), Import(2, (("a", 1, "x"),))
    assert versions([both, one], "snapshot").filter("is_current")["source_key"].to_list() == ["a"]
    assert versions([one, both], "snapshot").filter("is_current")["source_key"].to_list() == ["a", "b"]
