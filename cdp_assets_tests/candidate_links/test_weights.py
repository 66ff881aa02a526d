"""What names that go together take off the weight of a pair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from cdp_assets.candidate_links.comparisons import BY_NAME
from cdp_assets.candidate_links.weights import ComparedPairs, namesake_bits, prior_parameters


@pytest.mark.parametrize(
    ("first", "last", "is_taken_off"),
    [("same", "same", True), ("same", "one slip", True), ("same", "different", False),
     ("other letters, read otherwise", "other letters, read otherwise", False), (None, "same", False)],
)  # fmt: skip
def test_namesakes_are_those_whose_names_agree_not_those_that_nobody_can_compare(
    first: str | None, last: str, is_taken_off: bool
) -> None:
    def gamma(name: str, level: str | None) -> npt.NDArray[np.int64]:
        names = [each.name for each in BY_NAME[name].scored]
        return np.array([-1 if level is None else len(names) - 1 - names.index(level)])

    gammas = {"first_name": gamma("first_name", first), "last_name": gamma("last_name", last)}
    pairs = ComparedPairs(pl.DataFrame({"id_l": [1], "id_r": [2]}), gammas, {})
    parameters = replace(prior_parameters([BY_NAME[name] for name in gammas], 1e-3, 1e-4), namesakes=4.0)
    assert namesake_bits(pairs, parameters).tolist() == [2.0 if is_taken_off else 0.0]
