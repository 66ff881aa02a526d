from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph.id_format import ALPHABET, LENGTH, as_written, in_order_of_ids, is_valid, mint, mint_all


def test_an_id_is_fourteen_characters_of_crockford_base_32() -> None:
    customer_id = mint("crm/1", 0)
    assert len(customer_id) == LENGTH == 14
    assert customer_id[0] == "C"
    assert set(customer_id) <= set(ALPHABET)


def test_the_same_seed_gives_the_same_id_for_ever() -> None:
    # Written down: an id that other systems hold must not change with a new version of this code.
    assert mint("crm/1", 0) == "C10W0Q8P27K73K"
    assert mint("crm/1", 1) == "CHW8G1N0FT6GRF"


def test_another_attempt_gives_another_id() -> None:
    assert len({mint("crm/1", attempt) for attempt in range(50)}) == 50


def test_minting_many_is_minting_each() -> None:
    seeds = [f"crm/{n}" for n in range(200)] + ["shop/é|\\2"]
    for attempt in (0, 3):
        assert mint_all(pl.Series(seeds), attempt).to_list() == [mint(seed, attempt) for seed in seeds]


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(1, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(seed: str, place: int, letter: str) -> None:
    customer_id = mint(seed, 0)
    mistyped = customer_id[:place] + letter + customer_id[place + 1 :]
    assert is_valid(mistyped) == (mistyped == customer_id)


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(1, LENGTH - 1), st.integers(1, LENGTH - 1))
def test_two_swapped_characters_are_noticed(seed: str, one: int, other: int) -> None:
    letters = list(mint(seed, 0))
    letters[one], letters[other] = letters[other], letters[one]
    assert is_valid("".join(letters)) == (letters[one] == letters[other])


@pytest.mark.parametrize("wrong", ["", "C", "X" + "0" * 13, "C" + "0" * 12, "C" + "U" * 13, "c" + "0" * 13])
def test_other_texts_are_not_ids(wrong: str) -> None:
    assert not is_valid(wrong)


def test_what_a_person_types_is_corrected() -> None:
    customer_id = mint("crm/1", 0)
    assert as_written(f" {customer_id[:5].lower()}-{customer_id[5:]} ") == customer_id
    assert as_written("C0000OOOO00IL0") == as_written("C0000000000110")
    assert as_written("crm/1") is None


def test_ids_are_put_in_the_order_of_their_texts() -> None:
    minted = [mint(f"crm/{n}", 0) for n in range(300)]
    ids = [*minted, minted[0][:-2] + "00", minted[0][:-1] + "Z", minted[0][:9] + "ZZZZZ"]  # that begin alike
    for texts in (minted, ids, [*ids, "C1"], []):  # whatever is no id is sorted, too
        frame = pl.DataFrame(
            {"customer_id": texts, "at": range(len(texts))}, schema={"customer_id": pl.String, "at": pl.Int64}
        )
        assert in_order_of_ids(frame).equals(frame.sort("customer_id"))
