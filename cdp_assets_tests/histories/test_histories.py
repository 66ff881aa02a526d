"""Whatever happens to customers, in whatever order: nobody becomes contactable by it, no withdrawal is lost, who is erased stays out.

Sequences of imports (new, changed, repeated, gone records, old lists; consents of every kind), links that come and go, judgements,
splits, undone merges, pins, corrections, withdrawals and erasures, through the real functions, against an oracle. ``make test`` runs
some, ``make long`` ten thousand and shows that wrong code is found (``test_mutants.py``). A failure names its seed and world, with
the steps that it takes; the same seed does the same.
"""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.sources import contracts
from cdp_assets_tests.histories.machine import Machine, WrongWorldError, shortest

POLICIES = {
    "default": ConsentPolicy(),
    "everything asked for": ConsentPolicy.model_validate(
        {"double_opt_in": "required", "expires_after": "1 year", "regions": {"US": {"double_opt_in": "honoured"}}}
    ),
    "opt-out used": ConsentPolicy.model_validate({"use_opt_out": True, "double_opt_in": "ignored"}),
}

STEPS = 8
AT_ONCE = 400
LONG = 10_000


@pytest.fixture(autouse=True)
def _contracts_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They do not change, and an erasure asks for them several times."""
    monkeypatch.setattr(contracts, "load_contract", functools.cache(contracts.load_contract))


def tried(home: Path, seed: int, names: Collection[str], worlds: Collection[int], steps: int = STEPS) -> Counter[str]:
    """Run worlds under some of the policies; how often what was tried. Of a world that fails, the shortest story is told."""
    policies = [POLICIES[name] for name in names]

    def fails(number: int, left_out: Collection[int]) -> str | None:
        with TemporaryDirectory(dir=home) as folder:
            try:
                Machine(Path(folder) / "alone", seed, policies, [number], left_out).run(steps)
            except WrongWorldError as wrong:
                return str(wrong)
        return None

    machine = Machine(home / f"worlds-{seed}", seed, policies, worlds)
    try:
        machine.run(steps)
    except WrongWorldError as wrong:
        number = wrong.world.number
        left_out = shortest(lambda some: fails(number, some), steps)
        raise AssertionError(f"{wrong}; alone, without steps {left_out}: {fails(number, left_out)}") from wrong
    return machine.tried


def test_nothing_that_happens_to_customers_makes_one_contactable_loses_a_withdrawal_or_brings_an_erased_one_back(
    tmp_path: Path,
) -> None:
    what = tried(tmp_path, 1, POLICIES, range(50), steps=6)
    rare = ("erase", "split said", "unmerge said", "pin said", "lines put aside")
    assert not [name for name in rare if not what[name]], "the sequences try too little"


@pytest.mark.long
def test_nor_does_anything_in_ten_thousand_sequences(tmp_path: Path) -> None:
    names, what = list(POLICIES), Counter[str]()
    for seed in range(2, 2 + LONG // AT_ONCE):
        what += tried(tmp_path, seed, [names[seed % len(names)]], range(AT_ONCE))
        shutil.rmtree(tmp_path / f"worlds-{seed}")
        print(seed, dict(sorted(what.items())), flush=True)
    assert what["erase"] > LONG // 10
