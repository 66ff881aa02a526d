"""The values that a contract maps, out of the raw columns of a delivery: text as delivered, clean, nothing judged.

What does not belong here: what a value means (the standards) and whether its line is one to keep (``line_rules.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

import numpy as np
import polars as pl

from cdp_assets.sources.contracts import FieldSource, SourceContract, raw_column
from cdp_assets.standardized.text import VALUE, clean

OWN_COLUMNS = ("_import_id", "_file", "_line", "_problem", "_text")
"""Columns of raw imports that are ours, not the source's."""

KEY_SEPARATOR = "|"
HASH_LENGTH = 32
"""Hexadecimal digits of a hash: 128 bits tell any two texts apart."""

DIGEST = ("digest_1", "digest_2")

_LINE_BREAK = r"([^\s,;])[ \t]*[\r\n]+\s*"
"""Between two words a line break parts as a comma does: the lines of an address stay apart when blanks are tidied."""

_LIST_ITEM = re.compile(r"(.+?)\.(\d{1,4})(?:\.([^']+))?")
"""``emails.0`` or ``addresses.1.city``: an item of a list, and perhaps a field in it."""

_RECORD, _UNIT = "\x1e", "\x1f"  # clean texts hold no control characters, so these part them without doubt


def mapped_value(raw: pl.DataFrame, source: FieldSource) -> pl.Series:
    """The clean text of one column, translated as the contract says; of several, joined; or the contract's constant."""
    if source.value is not None:
        return pl.Series([source.value], dtype=pl.String).new_from_index(0, raw.height)
    lines_parted = VALUE.str.replace_all(_LINE_BREAK, "$1, ")
    parts = [clean(raw_text(raw, column), lines_parted) for column in source.raw_columns]
    values = parts[0] if len(parts) == 1 else _joined(parts)
    if source.values:
        return values.replace(list(source.values), list(source.values.values()))
    return values


def _joined(parts: list[pl.Series]) -> pl.Series:
    frame = pl.DataFrame([part.alias(str(n)) for n, part in enumerate(parts)])
    joined = frame.select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)).to_series()
    return joined.set(joined == "", None)


def with_lists(columns: Iterable[str]) -> list[str]:
    """Raw columns with those that :func:`raw_text` takes their items out of, each once."""
    lists = {column: _LIST_ITEM.fullmatch(column) for column in columns}
    return list(dict.fromkeys([*lists, *(found[1] for found in lists.values() if found)]))


def raw_text(raw: pl.DataFrame, column: str) -> pl.Series:
    """A raw column; nulls where the delivery has no such column (a contract may allow that).

    One item of a list (``emails.0``), which the contract has named only since the file was read, is taken out of the list
    that was kept.
    """
    values = pl.Series(column, [None], dtype=pl.String).new_from_index(0, raw.height)
    if column in raw.columns:
        values = raw.get_column(column).cast(pl.String)
    found = _LIST_ITEM.fullmatch(column)
    if found is None or found[1] not in raw.columns:
        return values
    items = raw.get_column(found[1]).cast(pl.String)
    is_list = items.str.starts_with("[").fill_null(False)
    if not is_list.any():
        return values
    path = f"$[{found[2]}]" + "".join(f"['{part}']" for part in (found[3] or "").split(".") if part)
    frame = pl.DataFrame({"value": values, "list": items.set(~is_list, None)})
    return frame.select(pl.coalesce("value", pl.col("list").str.json_path_match(path)).alias(column)).to_series()


def key_texts(raw: pl.DataFrame, contract: SourceContract) -> pl.Series:
    """The key of each line in its source: its parts joined by '|', with '|' and '\\' in a part escaped by '\\'.

    Null where a part is missing. A contract without a key is of events: the whole text of the line, of which
    :func:`keys_of_texts` makes a key.
    """
    if not contract.key:
        columns = sorted(name for name in raw.columns if name not in OWN_COLUMNS)
        return said_text({name: raw.get_column(name).cast(pl.String) for name in columns}).alias("source_key")
    parts = [raw_text(raw, raw_column(column)).str.strip_chars() for column in contract.key]
    names = [str(n) for n in range(len(parts))]
    frame = pl.DataFrame([part.alias(name) for part, name in zip(parts, names, strict=True)])
    filled: list[pl.Expr] = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in names]
    if len(parts) > 1:
        filled = [part.str.replace_all(r"([\\|])", r"\$1") for part in filled]
    return frame.select(pl.concat_str(filled, separator=KEY_SEPARATOR).alias("source_key")).to_series()


def keys_of_texts(texts: pl.Series, nth: pl.Series) -> pl.Series:
    """The keys of events without one: the hash of each line's text and the how-manieth line of the file with that text it
    is, from 1, so that an overlapping delivery gives the same keys again."""
    return (hashes(texts) + "-" + nth.cast(pl.String)).alias("source_key")


def said_text(values: Mapping[str, pl.Series], *, are_clean: bool = False) -> pl.Series:
    """One text per row that says which field has which value; what is null is not in it.

    ``are_clean``: no value holds a control character, so none has to be looked for.
    """
    if not values:
        raise ValueError("a contract that maps no column says nothing of a row")
    frame = pl.DataFrame([series.alias(name) for name, series in values.items()])
    texts = pl.all() if are_clean else pl.all().str.replace_all(f"[{_RECORD}{_UNIT}]", " ")
    frame = frame.select(texts)
    parts = [pl.lit(name + _UNIT) + pl.col(name) for name in frame.columns]
    return frame.select(pl.concat_str(parts, separator=_RECORD, ignore_nulls=True)).to_series()


def hashes(texts: pl.Series) -> pl.Series:
    """SHA-256 of each text, shortened to 128 bits; the same on every machine and version, unlike Polars' own."""
    return hashes_of_digests(digests(texts))


def digests(texts: pl.Series) -> pl.DataFrame:
    """The bits of :func:`hashes` as two numbers, which take a third of the room: ``digest_1`` and ``digest_2``."""
    whole = b"".join([sha256(text).digest() for text in texts.cast(pl.Binary).to_list()])
    numbers = np.frombuffer(whole, dtype=">u8").reshape(-1, 4)
    return pl.DataFrame({name: numbers[:, n].astype(np.uint64) for n, name in enumerate(DIGEST)})


def hashes_of_digests(numbers: pl.DataFrame) -> pl.Series:
    """:func:`hashes`, from their two numbers."""
    halves = numbers.select(DIGEST).to_numpy().astype(">u8").tobytes().hex()
    texts = [halves[start : start + HASH_LENGTH] for start in range(0, len(halves), HASH_LENGTH)]
    return pl.Series("hash", texts, dtype=pl.String)


def digests_of_hashes(hashes: pl.Series) -> pl.DataFrame:
    """The two numbers of each of :func:`hashes`."""
    numbers = np.frombuffer(bytes.fromhex("".join(hashes.to_list())), dtype=">u8").reshape(-1, 2)
    return pl.DataFrame({name: numbers[:, n].astype(np.uint64) for n, name in enumerate(DIGEST)})


def may_say_controls(contract: SourceContract) -> bool:
    """Whether the contract's own words, which nobody cleans, hold what parts the values of :func:`said_text`."""
    sources = [source for field in contract.fields for source in contract.field_sources(field)]
    said = [text for source in sources for text in (source.value or "", *(source.values or {}).values())]
    return any(sign in text for text in said for sign in (_RECORD, _UNIT))
