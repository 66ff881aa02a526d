"""That the histories can fail: code that is wrong in one way is found, each time.

Each mutant puts something wrong in the place of one function, as a careless change would, and worlds are run until one of them says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.erasure import lines, person, rewriting, withheld
from cdp_assets.golden_records import consent_statements, consents, golden, suppressions
from cdp_assets.golden_records.consent_statements import PERSON
from cdp_assets.identity_graph import reclustering, units
from cdp_assets.ledger import Ledger
from cdp_assets.sources import contracts
from cdp_assets_tests.histories.machine import Machine
from cdp_assets_tests.histories.test_histories import POLICIES, STEPS

pytestmark = pytest.mark.long

MOST_BATCHES, AT_ONCE = 4, 150

Change = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes the wrong function from the right one."""


def _before(change: Callable[..., tuple[Any, ...]]) -> Change:
    """The right function, given other arguments."""
    return lambda right: lambda *given, **named: right(*change(*given), **named)


def _after(change: Callable[[Any], Any]) -> Change:
    """What the right function gives, changed."""
    return lambda right: lambda *given, **named: change(right(*given, **named))


def _instead(result: Any) -> Change:
    return lambda right: lambda *given, **named: result


def _granted_for_all(known: Any, sighted: pl.DataFrame, said: pl.DataFrame, *more: Any) -> tuple[Any, ...]:
    """A grant of a customer counts for every address of theirs."""
    grants = said.filter((pl.col("state") == "given") & (pl.col("address") != PERSON))
    theirs = sighted.select("customer", channel="type", address="value").unique()
    widened = grants.drop("address").join(theirs, on=["customer", "channel"]).select(said.columns)
    return known, sighted, pl.concat([said, widened]).unique(), *more


def _delivered_again(right: Callable[..., Any]) -> Callable[..., Any]:
    """A retraction holds until the address is delivered again."""

    def wrong(known: Any, *more: Any) -> Any:
        found = right(known, *more)
        carried = known.with_values("emails").explode("emails").select("customer", "observed_at", comparable="emails")
        again = found.retractions.join(carried, on=["customer", "comparable"]).filter(
            pl.col("observed_at") > pl.col("corrected_at")
        )
        return replace(
            found, retractions=found.retractions.join(again, on=["customer", "field", "comparable"], how="anti")
        )

    return wrong


def _set_by_another_record(right: Callable[..., Any]) -> Callable[..., Any]:
    """Whoever sets an address undoes a retraction, also of another record."""

    def wrong(known: Any, steward: pl.DataFrame) -> Any:
        found = right(known, steward)
        scope = pl.col("corrected_source") + "/" + pl.col("corrected_key")
        by_sources = known.versions.filter((pl.col("corrected_field") == "email") & (pl.col("correction") == "set"))
        by_stewards = steward.filter((pl.col("field") == "email") & (pl.col("correction") == "set"))
        sets = pl.concat(
            [
                by_sources.select(record_id=scope, comparable="corrected_value"),
                by_stewards.select("record_id", comparable="value"),
            ]
        )
        members = known.with_values("record_id").select("customer", "record_id").unique()
        undone = sets.join(members, on="record_id")
        return replace(found, retractions=found.retractions.join(undone, on=["customer", "comparable"], how="anti"))

    return wrong


MUTANTS: dict[str, tuple[Any, str, Change]] = {
    "a merge unions consent": (golden, "consents", _before(_granted_for_all)),
    "a withdrawal that names no address is lost": (
        golden, "statements", _after(lambda said: said.filter((pl.col("state") != "withdrawn") | (pl.col("address") != PERSON))),
    ),
    "a split loses withdrawals under the address": (consents, "_with_purposes", _after(lambda found: found.filter("is_own"))),
    "a withdrawal and a grant of one moment allow": (
        consents, "_states", _before(lambda decided: (decided.with_columns(pl.col("grant_at") + timedelta(microseconds=1)),)),
    ),
    "a grant counts when its record is gone": (consent_statements, "GONE", lambda right: -1),  # type: ignore[dict-item, return-value]
    "withdrawn addresses of no customer are not listed": (suppressions, "_withdrawn_by_name", _after(lambda found: found.clear())),
    "a retracted address comes back when it is delivered again": (golden, "corrections_in_force", _delivered_again),
    "a correction of another record revives a retracted address": (golden, "corrections_in_force", _set_by_another_record),
    "what was granted under a retracted address counts": (consents, "_retracted", lambda right: lambda states, at: states.clear()),
    "different is forgotten": (units, "judged", _after(lambda found: found.clear())),
    "judgements are not seen when only changes are clustered": (reclustering, "touched_records", lambda right: lambda a, b, c, d, in_force: right(a, b, c, d, reclustering.judgements_in_force(a.judgements))),
    "an erasure forgets its signs": (Ledger, "erased_signs", _after(lambda found: found.clear())),
    "an erasure forgets what withdrawals ended": (withheld.WithheldOfErased, "__call__", _after(lambda found: found.clear())),
    "an erasure forgets whom it took a record from": (withheld, "_members_of_others", _after(lambda found: found.clear())),
    "an erasure leaves records that were not linked": (person, "_unlinked", _instead(set())),
    "an erasure leaves what corrects a record of theirs": (person, "_correcting", _instead(set())),
    "an erasure leaves values in raw lines": (lines, "without_values", lambda right: lambda rows, is_erased: rows),
    "an erasure leaves the ledger's decisions": (Ledger, "erase_decisions", _instead({})),
    "a delivered file keeps the line": (rewriting, "_without_places", lambda right: lambda text, *more: text),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_code_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "load_contract", functools.cache(contracts.load_contract))
    owner, attribute, change = MUTANTS[name]
    monkeypatch.setattr(owner, attribute, change(getattr(owner, attribute)))
    found = _found(tmp_path)
    assert found is not None, f"nothing was found in {MOST_BATCHES * AT_ONCE} sequences"
    print(name, "-", found.partition(";")[0])


def _found(home: Path) -> str | None:
    for seed in range(1, 1 + MOST_BATCHES):
        try:
            Machine(home / str(seed), seed, list(POLICIES.values()), range(AT_ONCE)).run(STEPS)
        except AssertionError as wrong:
            return str(wrong)
    return None
