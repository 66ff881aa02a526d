"""Rows, quotes and headers of CSV files."""

from __future__ import annotations

from cdp_assets.sources.headers import MOST_COLUMNS
from cdp_assets_tests.hostile.case import HEAD, IMPORTED, PERSON, REFUSED, REJECTED, ROW, Case, text

_BO = "2,Bo,b@x.example\n"
_LONG = f"{PERSON} " + "x" * (10 << 20)
_NOVEL = f"{PERSON}\n" + "line of a novel, with a comma\n" * 100_000
_WIDE = 5_000


def _wide(columns: int) -> bytes:
    head = HEAD.strip() + "".join(f",c{n}" for n in range(columns - 3))
    return f"{head}\n{ROW.strip()}{',v' * (columns - 3)}\n".encode()


def _stray_quote() -> bytes:
    """Few rows of much text: a quote that is open is looked for over the pieces in which a file is read."""
    lines = [f"{n},Bo{'o' * 5_000},b@x.example\n" for n in range(3_000)]
    lines[3] = f'3,Ada "{PERSON}" said,b@x.example\n'
    lines[4] = f'4,"Ada {PERSON},b@x.example\n'
    return text(*lines)


ROWS = (
    Case(
        "too_few",
        "a row of fewer fields than the header",
        REJECTED,
        "that row, kept whole: nothing is padded",
        text(ROW, f"2,{PERSON}\n", _BO),
        records=2,
        rejected={3: ("ragged_row", f"2,{PERSON}")},
    ),
    Case(
        "too_many",
        "a row of more fields",
        REJECTED,
        "that row, kept whole: nothing is cut",
        text(ROW, f'2,"Bo, the ""{PERSON}""",b@x.example, more \n', _BO),
        records=2,
        rejected={3: ("ragged_row", f'2,"Bo, the ""{PERSON}""",b@x.example, more ')},
    ),
    Case(
        "delimiter_inside",
        "a delimiter in text that is not quoted, as in a thousands separator",
        REJECTED,
        "that row: which field is two can not be told",
        text(f"1,{PERSON}, Ada,a@x.example\n", _BO),
        records=1,
        rejected={2: ("ragged_row", f"1,{PERSON}, Ada,a@x.example")},
    ),
    Case(
        "thousands",
        'the same, quoted (`"1,234"`)',
        IMPORTED,
        "exactly",
        text('"1,234","Ada, B","a@x.example"\n'),
        records=1,
        keys=["1,234"],
    ),
    Case(
        "blank_lines",
        "blank lines",
        IMPORTED,
        "they are no data, and counted apart; line numbers stay those of an editor",
        text("\n", ROW, "\n\n", _BO, "\n"),
        records=2,
        blank=4,
        cells={(3, "id"): "1", (6, "id"): "2"},
    ),
    Case(
        "lines_of_spaces",
        "lines of spaces, or of delimiters only",
        REJECTED,
        "those lines: they are no rows, and rows without a key",
        text("   \n", ",,\n", _BO),
        records=1,
        rejected={2: ("ragged_row", "   "), 3: ("key_missing", {"id": None, "name": None, "email": None})},
    ),
    Case(
        "trailing_delimiter",
        "a delimiter at the end of every row but not of the header",
        REJECTED,
        "all rows, until somebody corrects the export",
        text(ROW.replace("\n", ",\n"), _BO.replace("\n", ",\n")),
        rejected={2: ("ragged_row", ROW.strip() + ","), 3: ("ragged_row", _BO.strip() + ",")},
    ),
    Case(
        "trailing_delimiter_everywhere",
        "delimiters at the end of every line, or of the header alone, with nothing behind them",
        IMPORTED,
        "as if they were not there",
        text(ROW.replace("\n", ",\n"), _BO, head=HEAD.replace("\n", ",\n")),
        records=2,
    ),
    Case(
        "trailing_value",
        "the same, and a row that has a value there",
        REJECTED,
        "that row, kept whole: the header has no name for its value",
        text(ROW.replace("\n", ",\n"), _BO.replace("\n", f",{PERSON}\n"), head=HEAD.replace("\n", ",\n")),
        records=1,
        rejected={3: ("value_without_column", f"{_BO.strip()},{PERSON}")},
    ),
    Case(
        "trailing_short",
        "the same, and a row of one value less that ends so, too",
        REJECTED,
        "that row: which value it lacks can not be told",
        text(ROW.replace("\n", ",\n"), f"2,{PERSON},\n", head=HEAD.replace("\n", ",\n")),
        records=1,
        rejected={3: ("ragged_row", f"2,{PERSON},")},
    ),
    Case(
        "footer",
        "a footer such as `Total: 123`",
        REJECTED,
        "the footer",
        text(ROW, "Total: 123\n"),
        records=1,
        rejected={3: ("ragged_row", "Total: 123")},
    ),
    Case(
        "footer_that_fits",
        "a footer of as many fields as the header, or the header once more in the middle",
        IMPORTED,
        "as rows like any other: nothing tells that they are none",
        text(ROW, "Total,,123\n", HEAD, _BO),
        records=4,
        keys=["1", "Total", "id", "2"],
    ),
    Case(
        "only_rejected",
        "rows none of which can be read",
        REJECTED,
        "all of them; the import counts, with no record",
        text("1;x\n", f"2;{PERSON}\n"),
        rejected={2: ("ragged_row", "1;x"), 3: ("ragged_row", f"2;{PERSON}")},
    ),
    Case(
        "repeated_rows",
        "a row twice",
        IMPORTED,
        "once; the other is counted as a duplicate",
        text(ROW, _BO, ROW),
        records=2,
        duplicates=1,
    ),
)

LINE_ENDS = (
    Case(
        "cr_only",
        "lines that end with a carriage return alone",
        IMPORTED,
        "like any other",
        text(ROW, _BO).replace(b"\n", b"\r"),
        records=2,
        keys=["1", "2"],
    ),
    Case(
        "crlf",
        "lines that end with both",
        IMPORTED,
        "without either in any value",
        text(ROW, _BO).replace(b"\n", b"\r\n"),
        records=2,
        cells={(3, "email"): "b@x.example"},
    ),
    Case(
        "mixed_ends",
        "all three in one file",
        IMPORTED,
        "line by line",
        HEAD.encode() + b"1,Ada,a@x.example\r2,Bo,b@x.example\r\n3,Cy,c@x.example\n",
        records=3,
        keys=["1", "2", "3"],
        cells={(2, "email"): "a@x.example", (3, "email"): "b@x.example"},
    ),
    Case(
        "ends_in_quotes",
        "line ends of any kind inside quotes",
        IMPORTED,
        "exactly, as part of the value",
        text(f'1,"Ada\r\n{PERSON}\rB\n",a@x.example\n', _BO),
        records=2,
        cells={(2, "name"): f"Ada\r\n{PERSON}\rB\n"},
    ),
)

QUOTES = (
    Case(
        "stray_quote",
        "a stray quote at the beginning of a field, early in a file of many lines",
        REJECTED,
        "that line alone; quotes further inside a field are letters like others",
        _stray_quote,
        records=2_999,
        cells={(5, "name"): f'Ada "{PERSON}" said', (7, "name"): "Bo" + "o" * 5_000},
        rejected={6: ("quote_not_closed", f'4,"Ada {PERSON},b@x.example')},
    ),
    Case(
        "text_behind_quote",
        "text behind a closing quote",
        REJECTED,
        "that row",
        text(f'1,"Ada" {PERSON},a@x.example\n', _BO),
        records=1,
        rejected={2: ("quote_misplaced", f'1,"Ada" {PERSON},a@x.example')},
    ),
    Case(
        "open_to_the_end",
        "a quote that is open at the end of the file",
        REJECTED,
        "that line",
        text(_BO, f'1,"Ada {PERSON},a@x.example\n'),
        records=1,
        rejected={3: ("quote_not_closed", f'1,"Ada {PERSON},a@x.example')},
    ),
    Case(
        "smart_quotes",
        "smart quotes (`“Ada, B”`)",
        REJECTED,
        "a row whose field they should have held together; elsewhere they are letters",
        text(f"1,“{PERSON}, Ada”,a@x.example\n", "2,“Bo”,b@x.example\n"),
        records=1,
        rejected={2: ("ragged_row", f"1,“{PERSON}, Ada”,a@x.example")},
        cells={(3, "name"): "“Bo”"},
    ),
    Case(
        "long_field",
        "a field of 10 MB",
        IMPORTED,
        "exactly",
        lambda: text(f"1,{_LONG},a@x.example\n", _BO),
        records=2,
        cells={(2, "name"): _LONG, (3, "name"): "Bo"},
    ),
    Case(
        "long_quoted",
        "a quoted field over 100,000 lines",
        IMPORTED,
        "exactly; the next row has the line number that an editor shows",
        lambda: text(f'1,"{_NOVEL}",a@x.example\n', _BO),
        records=2,
        cells={(2, "name"): _NOVEL, (100_004, "name"): "Bo"},
    ),
)

HEADERS = (
    Case(
        "sep_hint",
        "a first line `sep=;`, as Excel writes it",
        IMPORTED,
        "split at what it says",
        b"sep=;\nid;name;email\n1;Ada, B;a@x.example\n",
        records=1,
        cells={(3, "name"): "Ada, B"},
    ),
    Case(
        "unclear_delimiter",
        "a header that two delimiters could split",
        REFUSED,
        "with how to declare one",
        b"a;b,c;d\n" + PERSON.encode() + b";1,2;3\n",
        reason="can be split in 2 ways",
    ),
    Case(
        "other_delimiter",
        "a delimiter that is not `,` `;` tab or `|`, not declared",
        REFUSED,
        "with how to declare it",
        f"id^name^email\n1^{PERSON}^a\n".encode(),
        reason="declare the delimiter",
    ),
    Case(
        "comments",
        "lines of comment before the header",
        REFUSED,
        "with what to look at",
        text(ROW, head=f"# exported for {PERSON}\n" + HEAD),
        reason="declare the delimiter",
    ),
    Case(
        "title",
        "a title and an empty row of delimiters before the header",
        REFUSED,
        "for columns without names",
        text(ROW, head=f"{PERSON},,\n,,\n" + HEAD),
        reason="column 2, 3 has no name",
    ),
    Case(
        "no_header",
        "no header: the first line is a customer",
        REFUSED,
        "with what to look at, and nothing of the line is shown",
        ROW.encode() + _BO.encode(),
        reason="check that the first line is a header",
    ),
    Case(
        "same_names",
        "two columns of one name",
        REFUSED,
        "with both places",
        text(f"1,{PERSON},a,b\n", head="id,name,email,email\n"),
        reason="columns 3 and 4 have the same name",
    ),
    Case(
        "same_but_capitals",
        "two columns whose names differ only in capitals or in spaces around them",
        REFUSED,
        "with both places: the lake, and every warehouse behind it, can not tell them apart",
        text(f"1,{PERSON},a,b\n", head="id,name,email, EMAIL\n"),
        reason="columns 3 and 4 have the same name, or one that differs only in capitals",
    ),
    Case(
        "nameless",
        "a column without a name before one that has a name",
        REFUSED,
        "with its place",
        text(f"1,{PERSON},x,a\n", head="id,name,,email\n"),
        reason="column 3 has no name",
    ),
    Case(
        "open_header",
        "a quote in the header that is never closed",
        REFUSED,
        "",
        f'id,"name,email\n1,{PERSON},a\n'.encode(),
        reason="quote that is never closed",
    ),
    Case(
        "wide",
        f"{_WIDE:,} columns",
        IMPORTED,
        "each of them",
        lambda: _wide(_WIDE),
        records=1,
        cells={(2, "name"): f"Ada {PERSON}", (2, f"c{_WIDE - 4}"): "v"},
    ),
    Case(
        "too_wide",
        f"more than {MOST_COLUMNS:,} columns",
        REFUSED,
        "with the number",
        lambda: _wide(MOST_COLUMNS + 1),
        reason=f"it has {MOST_COLUMNS + 1:,} columns, at most {MOST_COLUMNS:,} are read",
    ),
    Case(
        "a_million_columns",
        "a million columns",
        REFUSED,
        "before anything is made of them",
        lambda: _wide(1_000_000),
        reason="1,000,000 columns",
    ),
    Case(
        "our_names",
        "columns that are called as ours are (`_line`, `_import_id`)",
        IMPORTED,
        "each beside ours, with one underscore more",
        text("1,Ada,a@x.example,L,I,T\n", head="id,name,email,_line,_import_id,_text\n"),
        records=1,
        cells={(2, "_line"): "L", (2, "_import_id"): "I", (2, "_text"): "T"},
    ),
    Case(
        "sql_columns",
        "SQL, quotes, dots, braces and line ends in names of columns",
        IMPORTED,
        "as names",
        text(
            "1,Ada,a@x.example,w,x,y,z\n", head='id,name,email,"a""; DROP TABLE imports; --","b.c{}()=`",\'d\',"e\nf"\n'
        ),
        records=1,
        cells={(3, 'a"; DROP TABLE imports; --'): "w", (3, "b.c{}()=`"): "x", (3, "'d'"): "y", (3, "e\nf"): "z"},
    ),
    Case(
        "odd_columns",
        "emoji, right-to-left, zero-width and very long names of columns",
        IMPORTED,
        "as names; spaces around them are not part of them",
        text("1,Ada,a@x.example,v,w,x,y\n", head="id, name ,email,😀,\u202eeman,a\u200bb," + "n" * 300 + "\n"),
        records=1,
        cells={(2, "😀"): "v", (2, "\u202eeman"): "w", (2, "a\u200bb"): "x", (2, "n" * 300): "y"},
    ),
)
