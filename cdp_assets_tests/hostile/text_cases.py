"""Files that are empty, half-written, or text in an encoding of their own."""

from __future__ import annotations

import codecs

from cdp_assets.sources.landing import QUIET_SECONDS, SETTLE_SECONDS, STALLED_SECONDS
from cdp_assets_tests.hostile.case import (
    HEAD,
    IMPORTED,
    PEOPLE,
    PERSON,
    REFUSED,
    REJECTED,
    ROW,
    WAITS,
    Case,
    gzipped,
    parquet,
    sheet,
    text,
    zstd,
)

_GZIP = gzipped(text(ROW * 50))
_ZSTD = zstd(text(ROW * 50))
_PARQUET = parquet(PEOPLE)
_EXCEL = sheet(["id", "name", "email"], ["1", f"Ada {PERSON}", "a@x.example"])
_YOUNG = SETTLE_SECONDS + 3

HALF = (
    Case(
        "empty",
        "an empty file",
        IMPORTED,
        "with no line",
        b"",
    ),
    Case(
        "empty_snapshot",
        "an empty file, or only a header, from a source that `delivers: snapshot` and had records",
        REFUSED,
        "it would delete everything; a person may accept it",
        b"",
        contract={"delivers": "snapshot"},
        reason="deletes nothing",
        file="z {}.csv",
    ),
    Case(
        "only_line_ends",
        "nothing but line ends",
        IMPORTED,
        "with no line; blank lines are counted",
        b"\n\r\n\n",
        blank=3,
    ),
    Case("header_only", "a header and no row", IMPORTED, "with no line", HEAD.encode()),
    Case("header_without_end", "a header without a line end", IMPORTED, "with no line", HEAD.strip().encode()),
    Case(
        "growing",
        "a file that has just changed",
        WAITS,
        "until it has settled",
        text(ROW),
        age=0,
        reason="just changed",
    ),
    Case(
        "future",
        "a file whose time lies in the future",
        IMPORTED,
        "a clock that is wrong keeps nothing from being read",
        text(ROW),
        age=-86_400,
        records=1,
    ),
    Case(
        "no_last_end",
        "a last line without its end, after a quiet while",
        IMPORTED,
        "the last line counts like the others",
        text(ROW, "2,Bo,b@x.example"),
        age=QUIET_SECONDS + 1,
        keys=["1", "2"],
        records=2,
    ),
    Case(
        "no_last_end_yet",
        "a last line without its end, before that",
        WAITS,
        "somebody may still be writing the line",
        text(ROW, "2,Bo,b@x.exa"),
        age=QUIET_SECONDS - 1,
        reason="last line has no end",
    ),
    Case(
        "half_row",
        "a file that was cut off in the middle of a row, and stays so",
        REJECTED,
        "the half row",
        text(ROW, f"2,Bo {PERSON}"),
        records=1,
        rejected={3: ("ragged_row", f"2,Bo {PERSON}")},
    ),
    *(
        case
        for kind, whole, ending, waits, refusal in (
            ("gzip", _GZIP, "csv.gz", "gzip data ends too early", "gzip data ends too early"),
            ("zstd", _ZSTD, "csv.zst", "zstd data ends too early", "zstd data ends too early"),
            ("Parquet", _PARQUET, "parquet", "footer is missing", "not readable as Parquet"),
            ("Excel", _EXCEL, "xlsx", "directory is missing", "not readable as Excel"),
        )
        for case in (
            Case(
                f"half_{kind.lower()}_yet",
                f"half of a {kind} file",
                WAITS,
                "for its other half",
                whole[: len(whole) // 2],
                file="{}." + ending,
                age=_YOUNG,
                reason=waits,
            ),
            Case(
                f"half_{kind.lower()}",
                f"half of a {kind} file that has not changed for long",
                REFUSED,
                "as not whole",
                whole[: len(whole) // 2],
                file="{}." + ending,
                age=STALLED_SECONDS + 1,
                reason=refusal,
            ),
        )
    ),
)

_UMLAUT = f"1,Jürgen {PERSON},j@x.example\n"
_EURO = f"1,“{PERSON}” 5 €,j@x.example\n"
_JAPANESE = f"1,山田 {PERSON},j@x.example\n"
_CELLS = {(2, "name"): f"Jürgen {PERSON}"}


def _declared(name: str, encoding: str, what: str, line: str) -> Case:
    return Case(
        name,
        what,
        IMPORTED,
        "exactly, as what the contract says",
        (HEAD + line).encode(encoding),
        contract={"extract": {"files": "*", "encoding": encoding}},
        records=1,
        cells={(2, "name"): line.split(",")[1]},
    )


def _marked(name: str, what: str, mark: bytes, encoding: str) -> Case:
    return Case(
        name,
        what,
        IMPORTED,
        "as what its mark says",
        mark + (HEAD + _UMLAUT).encode(encoding),
        records=1,
        keys=["1"],
        cells=_CELLS,
    )


ENCODINGS = (
    _marked("bom", "UTF-8 with a byte order mark", codecs.BOM_UTF8, "utf-8"),
    _marked("utf16_le", "UTF-16 with a byte order mark", codecs.BOM_UTF16_LE, "utf-16-le"),
    _marked("utf16_be", "UTF-16, big endian, with a byte order mark", codecs.BOM_UTF16_BE, "utf-16-be"),
    _marked("utf32", "UTF-32 with a byte order mark", codecs.BOM_UTF32_LE, "utf-32-le"),
    Case(
        "utf16_no_bom",
        "UTF-16 without a mark",
        REFUSED,
        "with what to declare",
        (HEAD + ROW).encode("utf-16-le"),
        reason="encoding: utf-16-le",
    ),
    Case(
        "utf16_be_no_bom",
        "UTF-16, big endian, without a mark",
        REFUSED,
        "with what to declare",
        (HEAD + ROW).encode("utf-16-be"),
        reason="encoding: utf-16-be",
    ),
    Case(
        "utf16_declared",
        "UTF-16 without a mark, declared (files in UTF-8 beside it are refused then)",
        IMPORTED,
        "exactly",
        (HEAD + _UMLAUT).encode("utf-16-le"),
        contract={"extract": {"files": "*", "encoding": "utf-16-le"}},
        good=codecs.BOM_UTF8 + text("g1,Grace Hopper,g@x.example\n"),
        records=1,
        cells=_CELLS,
    ),
    Case(
        "utf32_no_bom",
        "UTF-32 without a mark",
        REFUSED,
        "as bytes that are no text",
        (HEAD + ROW).encode("utf-32-le"),
        reason="declare `extract: {encoding: utf-32-le}`",
    ),
    Case(
        "latin1",
        "Latin-1 that nobody declared",
        REFUSED,
        "with the line, and how to declare it",
        (HEAD + "0,Bo,b@x.example\n" + _UMLAUT).encode("latin-1"),
        reason="line 3 is not UTF-8 text; declare",
    ),
    _declared("latin1_declared", "latin-1", "Latin-1, declared", _UMLAUT),
    _declared("windows1252_declared", "cp1252", "Windows-1252, declared", _EURO),
    _declared("iso2022_declared", "iso2022_jp", "ISO-2022-JP, declared", _JAPANESE),
    Case(
        "iso2022",
        "ISO-2022-JP that nobody declared (it is ASCII with escape sequences)",
        REFUSED,
        "with the line, and how to declare it",
        (HEAD + _JAPANESE).encode("iso2022_jp"),
        reason="line 2 ",
    ),
    Case(
        "wrong_declared",
        "another encoding than the contract declares",
        REFUSED,
        "",
        (HEAD + _UMLAUT).encode("latin-1"),
        contract={"extract": {"files": "*", "encoding": "shift_jis"}},
        reason="not text in shift_jis",
    ),
    Case(
        "mixed_encodings",
        "UTF-8 on one line, Latin-1 on another",
        REFUSED,
        "with the line",
        (HEAD + _UMLAUT).encode() + _UMLAUT.encode("latin-1"),
        reason="line 3 is not UTF-8",
    ),
    Case(
        "twice_encoded",
        "UTF-8 that was encoded twice (`JÃ¼rgen`)",
        IMPORTED,
        "as it is: nobody can know that it was not meant",
        (HEAD + _UMLAUT).encode().decode("latin-1").encode(),
        records=1,
        cells={(2, "name"): f"Jürgen {PERSON}".encode().decode("latin-1")},
    ),
    Case(
        "half_character",
        "half a character at the end",
        REFUSED,
        "with the line",
        (HEAD + ROW).encode() + b"2,Bo \xc3",
        reason="line 3 is not UTF-8",
    ),
    Case(
        "nul",
        "NUL bytes",
        REFUSED,
        "with the line",
        text(ROW, f"2,{PERSON}\0,b@x.example\n"),
        reason="line 3 holds a NUL character",
    ),
    Case(
        "control_characters",
        "form feeds, vertical tabs and other control characters in values",
        IMPORTED,
        "exactly; they end no line",
        text(f"1,A\x0c{PERSON}\x0b\x1c\x85\u2028x,b@x.example\n"),
        records=1,
        cells={(2, "name"): f"A\x0c{PERSON}\x0b\x1c\x85\u2028x"},
    ),
    Case(
        "ctrl_z",
        "the end-of-file character of DOS on a last line",
        REJECTED,
        "that line",
        text(ROW, "\x1a"),
        records=1,
        rejected={3: ("ragged_row", "\x1a")},
    ),
    Case(
        "bom_inside",
        "two files with byte order marks, one behind the other",
        IMPORTED,
        "the second header is an ordinary row: its key is the word, with its mark",
        codecs.BOM_UTF8 + text(ROW) + codecs.BOM_UTF8 + text("2,Bo,b@x.example\n"),
        records=3,
        keys=["1", "\ufeffid", "2"],
    ),
)
