from __future__ import annotations

import polars as pl

from cdp_assets.identity_graph.fingerprints import fingerprint, fingerprints, short_hashes


def test_one_and_many_agree() -> None:
    texts = ["crm/1", "", "crm/ü|\\1"]
    assert fingerprints(pl.Series(texts)).to_list() == [fingerprint(text) for text in texts]


def test_a_fingerprint_is_the_start_of_a_sha_256() -> None:
    assert fingerprint("abc") == 0xBA7816BF8F01CFE
    assert short_hashes(pl.Series(["abc"])).to_list() == ["ba7816bf8f01cfe"]


def test_no_texts_give_no_fingerprints() -> None:
    assert fingerprints(pl.Series([], dtype=pl.String)).to_list() == []
