"""What a run did, in a few lines; problems with what to do, and the exit code that follows."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cdp_assets.steward.run_text import has_failed, reread_text, run_text


@dataclass
class Ran:
    imports: int = 3
    refused: int = 0
    repeated: int = 0
    records: int = 1200
    customers: int = 800
    merges: int = 2
    splits: int = 1
    published: bool = True
    problems: list[str] = field(default_factory=list)


def test_a_good_run_is_a_few_aligned_lines() -> None:
    assert run_text(Ran(), 80).splitlines() == [
        "imports    3",
        "records    1,200",
        "customers  800",
        "changes    2 merged, 1 split",
        "published  yes",
    ]


def test_a_run_without_anything_new_says_so() -> None:
    assert "published  no: nothing new" in run_text(Ran(imports=0, published=False), 80)


def test_problems_are_listed_with_the_way_on() -> None:
    text = run_text(Ran(refused=1, published=False, problems=["crm: import X was refused: a column is missing"]), 80)
    assert "imports    3, 1 refused" in text
    assert "• crm: import X was refused" in text
    assert "cdp status" in text
    assert "nothing new" not in text


@pytest.mark.parametrize(("ran", "failed"), [(Ran(), False), (Ran(refused=1), True), (Ran(problems=["x"]), True)])
def test_what_was_refused_or_went_wrong_is_a_failure(ran: Ran, failed: bool) -> None:
    assert has_failed(ran) is failed


@dataclass
class ReadAgain(Ran):
    read_again: int = 500
    unchanged: int = 0
    rejected_before: int = 12
    rejected_after: int = 3


def test_imports_that_repeat_others_are_told() -> None:
    assert (
        run_text(Ran(repeated=2, refused=1), 80).splitlines()[0]
        == "imports    3, 1 refused, 2 with the rows of another"
    )


def test_what_was_read_again_is_told_with_what_it_changed() -> None:
    lines = reread_text(ReadAgain(), 80).splitlines()
    assert lines[:2] == ["read again  500 imports", "rejected    3 lines; 12 before"]
    kept = reread_text(ReadAgain(unchanged=4, problems=["crm: 4 import(s) keep their former records: why"]), 80)
    assert "kept as they were  4 imports" in kept
    assert "crm: 4 import(s) keep their former records: why" in kept
