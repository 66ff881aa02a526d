from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest
import zstandard

from cdp_assets.sources.compression import (
    CUT_SHORT,
    ExpansionLimits,
    compression_of,
    content_of,
    open_regular,
    seekable,
)
from cdp_assets.sources.refusal import FileRefused

TEXT = b"id,name\n" + b"".join(b"%d,n%d\n" % (n, n * 7919 % 1000) for n in range(20_000))
COMPRESSED = {"gzip": gzip.compress(TEXT), "zstd": zstandard.ZstdCompressor().compress(TEXT)}


def content(data: bytes, limits: ExpansionLimits | None = None) -> bytes:
    return b"".join(content_of(io.BytesIO(data), limits or ExpansionLimits()))


@pytest.mark.parametrize("kind", COMPRESSED)
def test_compression_is_told_by_the_first_bytes(kind: str) -> None:
    assert compression_of(COMPRESSED[kind][:4]) == kind
    assert content(COMPRESSED[kind]) == TEXT
    assert content(TEXT) == TEXT
    assert content(b"") == b""


@pytest.mark.parametrize("kind", COMPRESSED)
def test_members_written_one_after_the_other_are_one_content(kind: str) -> None:
    assert content(COMPRESSED[kind] * 3) == TEXT * 3


def test_zeros_after_gzip_data_are_padding() -> None:
    assert content(COMPRESSED["gzip"] + b"\0" * 3_000_000) == TEXT
    with pytest.raises(FileRefused, match="damaged"):
        content(COMPRESSED["gzip"] + b"garbage")


def test_empty_content_compressed_is_empty() -> None:
    assert content(gzip.compress(b"")) == b""
    assert content(zstandard.ZstdCompressor().compress(b"")) == b""


@pytest.mark.parametrize("kind", COMPRESSED)
@pytest.mark.parametrize("missing", [1, 4, 9, 1000])
def test_data_that_ends_too_early_is_told_apart(kind: str, missing: int) -> None:
    with pytest.raises(FileRefused) as refused:
        content(COMPRESSED[kind][:-missing])
    assert refused.value.rule == CUT_SHORT


@pytest.mark.parametrize("kind", COMPRESSED)
def test_damaged_data_is_refused(kind: str) -> None:
    data = bytearray(COMPRESSED[kind])
    data[len(data) // 2] ^= 0xFF
    data[len(data) // 2 + 1] ^= 0xFF
    with pytest.raises(FileRefused):
        content(bytes(data))


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_bomb_is_refused_before_it_goes_off(compress: object) -> None:
    bomb = compress(b"0" * 20_000_000)  # type: ignore[operator]
    pieces = content_of(io.BytesIO(bomb), ExpansionLimits(free_bytes=1_000_000, max_ratio=100))
    taken: list[int] = []
    with pytest.raises(FileRefused) as refused:
        taken.extend(len(piece) for piece in pieces)
    assert refused.value.rule == "expands_too_much"
    assert sum(taken) < 15_000_000


def test_a_size_that_is_too_large_is_refused_even_if_honest() -> None:
    with pytest.raises(FileRefused, match="split the delivery"):
        content(TEXT, ExpansionLimits(max_bytes=1000))


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    with open_regular(tmp_path / "file") as file:
        assert file.read() == b"x"
    for name in ("link", "pipe", "."):
        with pytest.raises(FileRefused), open_regular(tmp_path / name):
            pass
    with pytest.raises(FileNotFoundError), open_regular(tmp_path / "gone"):
        pass


@pytest.mark.parametrize("kind", ["plain", *COMPRESSED])
def test_content_can_be_read_at_any_place(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_bytes(COMPRESSED.get(kind, TEXT))
    with open_regular(tmp_path / "file") as file, seekable(file, folder=tmp_path) as content:
        content.seek(100)
        assert content.read(50) == TEXT[100:150]
        assert (content is file) == (kind == "plain")
        assert [path.name for path in tmp_path.iterdir()] == ["file"], "what is unpacked has no name"


def test_unpacking_stops_at_the_limits(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(gzip.compress(b"0" * 20_000_000))
    limits = ExpansionLimits(free_bytes=1_000_000, max_ratio=100)
    with (
        pytest.raises(FileRefused, match="times larger"),
        open_regular(tmp_path / "file") as file,
        seekable(file, limits),
    ):
        pass
