"""What joins two records: the chain whose weakest link is strongest."""

from __future__ import annotations

import polars as pl

from cdp_assets.steward.chains import ACCEPTED_LINK, JUDGED_SAME, SAME_VALUES, Step, strongest_chain

MEMBERS = {"profile_id": pl.Int64, "record_id": pl.String}
JUDGED = {"record_id_l": pl.String, "record_id_r": pl.String}


def members(*rows: tuple[int, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=MEMBERS, orient="row")


def accepted(*rows: tuple[int, int, float]) -> pl.DataFrame:
    schema = {
        "profile_id_l": pl.Int64, "profile_id_r": pl.Int64, "match_probability": pl.Float64, "match_weight": pl.Float64,
        "found_by": pl.String, "reason": pl.String,
    }  # fmt: skip
    return pl.DataFrame([(*row, 10.0, "SAME_EMAIL", "weight") for row in rows], schema=schema, orient="row")


def judged(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=JUDGED, orient="row")


def told(steps: tuple[Step, ...]) -> list[tuple[str, str, str]]:
    return [(step.record_id_l, step.record_id_r, step.kind) for step in steps]


def test_records_of_one_profile_say_the_same() -> None:
    chain = strongest_chain("a", "b", members((1, "a"), (1, "b")), accepted(), judged())
    assert told(chain) == [("a", "b", SAME_VALUES)]


def test_a_link_between_profiles_joins_their_records() -> None:
    chain = strongest_chain("a", "b", members((1, "a"), (2, "b")), accepted((1, 2, 0.9)), judged())
    assert chain == (Step("a", "b", ACCEPTED_LINK, 0.9, 10.0, "SAME_EMAIL", "weight"),)


def test_two_versions_of_a_record_need_no_step_between_them() -> None:
    """b changed its address: profile 2 was linked to a, profile 3 is linked to c."""
    rows = members((1, "a"), (2, "b"), (3, "b"), (4, "c"))
    chain = strongest_chain("a", "c", rows, accepted((1, 2, 0.9), (3, 4, 0.8)), judged())
    assert told(chain) == [("a", "b", ACCEPTED_LINK), ("b", "c", ACCEPTED_LINK)]


def test_a_strong_detour_is_preferred_to_a_weak_direct_link() -> None:
    rows = members((1, "a"), (2, "b"), (3, "c"))
    chain = strongest_chain("a", "c", rows, accepted((1, 3, 0.7), (1, 2, 0.95), (2, 3, 0.9)), judged())
    assert [step.record_id_r for step in chain] == ["b", "c"]
    assert min(step.probability for step in chain) == 0.9


def test_of_equally_strong_chains_the_shorter_one_is_told() -> None:
    rows = members((1, "a"), (2, "b"), (3, "c"))
    chain = strongest_chain("a", "c", rows, accepted((1, 3, 0.9), (1, 2, 0.95), (2, 3, 0.95), (2, 3, 0.9)), judged())
    assert min(step.probability for step in chain) == 0.95
    chain = strongest_chain("a", "c", rows, accepted((1, 3, 0.9), (1, 2, 0.9), (2, 3, 0.9)), judged())
    assert told(chain) == [("a", "c", ACCEPTED_LINK)]


def test_a_profile_that_is_only_passed_through_lends_its_first_record() -> None:
    rows = members((1, "a"), (2, "m2"), (2, "m1"), (3, "c"))
    chain = strongest_chain("a", "c", rows, accepted((1, 2, 0.9), (2, 3, 0.9)), judged())
    assert told(chain) == [("a", "m1", ACCEPTED_LINK), ("m1", "c", ACCEPTED_LINK)]


def test_a_judgement_joins_for_certain() -> None:
    rows = members((1, "a"), (2, "b"))
    chain = strongest_chain("b", "a", rows, accepted((1, 2, 0.6)), judged(("a", "b")))
    assert told(chain) == [("b", "a", JUDGED_SAME)]
    assert chain[0].probability == 1.0


def test_records_that_nothing_joins_have_no_chain() -> None:
    assert strongest_chain("a", "b", members((1, "a"), (2, "b")), accepted(), judged()) == ()


def test_the_chain_does_not_depend_on_the_order_of_rows() -> None:
    rows, links = (
        members((1, "a"), (2, "b"), (3, "c"), (4, "d")),
        accepted((1, 2, 0.9), (2, 4, 0.9), (1, 3, 0.9), (3, 4, 0.9)),
    )
    assert strongest_chain("a", "d", rows, links, judged()) == strongest_chain(
        "a", "d", rows.reverse(), links.reverse(), judged()
    )


def test_many_records_of_one_profile_are_no_burden() -> None:
    rows = members(*((1, f"visit-{n:05d}") for n in range(5_000)), (2, "z"))
    chain = strongest_chain("visit-04711", "z", rows, accepted((1, 2, 0.9)), judged())
    assert told(chain) == [("visit-04711", "z", ACCEPTED_LINK)]
