from __future__ import annotations

import numpy as np
import polars as pl

from cdp_assets.identity_graph.fingerprints import Fingerprints, fingerprint, fingerprints, short_hashes


def test_one_and_many_agree() -> None:
    texts = ["crm/1", "", "crm/ü|\\1"]
    assert fingerprints(pl.Series(texts)).to_list() == [fingerprint(text) for text in texts]


def test_a_fingerprint_is_the_start_of_a_sha_256() -> None:
    assert fingerprint("abc") == 0xBA7816BF8F01CFE
    assert short_hashes(pl.Series(["abc"])).to_list() == ["ba7816bf8f01cfe"]


def test_no_texts_give_no_fingerprints() -> None:
    assert fingerprints(pl.Series([], dtype=pl.String)).to_list() == []


def test_a_fingerprint_that_is_asked_for_again_is_the_same() -> None:
    texts = ["crm/1", "crm/2", "crm/3"]
    some = Fingerprints(pl.Series(texts))
    for numbers in ([2], [0, 2, 2], [1, 0]):
        assert some.of(np.array(numbers)).tolist() == [fingerprint(texts[number]) for number in numbers]


def test_texts_that_are_hashed_in_pieces_keep_their_order() -> None:
    texts = [f"crm/{number}" for number in range(10_000)]
    assert fingerprints(pl.Series(texts)).to_list() == [fingerprint(text) for text in texts]
