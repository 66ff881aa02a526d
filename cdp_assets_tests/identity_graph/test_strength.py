from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph.connected import connected_components
from cdp_assets.identity_graph.fingerprints import Fingerprints
from cdp_assets.identity_graph.strength import weakest_probability

ENDS = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda ends: ends[0] < ends[1])


def one_by_one(nodes: int, links: dict[tuple[int, int], float]) -> list[float]:
    """The plain way: link by link, the strongest first; what joins two parts holds the smaller one, or both."""
    part, held = {node: [node] for node in range(nodes)}, [1.0] * nodes
    for (a, b), probability in sorted(links.items(), key=lambda link: -link[1]):
        one, other = part[a], part[b]
        if one is not other:
            smaller = ([one] if len(one) <= len(other) else []) + ([other] if len(other) <= len(one) else [])
            for node in (node for side in smaller for node in side):
                held[node] = min(held[node], probability)
            together = one + other
            part |= dict.fromkeys(together, together)
    return held


@settings(deadline=None)
@given(st.sets(ENDS), st.randoms(use_true_random=False))
def test_parts_are_held_by_what_joins_them_strongest_first(ends: set[tuple[int, int]], random) -> None:  # type: ignore[no-untyped-def]
    probabilities = random.sample(range(1, 100), len(ends))  # no two alike: then there is one order
    links = {pair: one / 100 for pair, one in zip(sorted(ends), probabilities, strict=True)}
    rows = [(a, b, probability) for (a, b), probability in links.items()]
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64, "probability": pl.Float64}, orient="row")
    label = connected_components(8, frame.get_column("a"), frame.get_column("b"))
    keys = Fingerprints(pl.Series([str(node) for node in range(8)]))
    assert weakest_probability(label, frame, keys).to_list() == one_by_one(8, links)
    alone = pl.Series(range(8))
    assert weakest_probability(alone, frame, keys).to_list() == [1.0] * 8
