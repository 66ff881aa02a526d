"""Values that tools change, act on, or can not tell apart."""

from __future__ import annotations

from cdp_assets_tests.hostile.case import IMPORTED, PERSON, REJECTED, Case, text

_KEYS = (
    "007",
    "7",
    "7.0",
    "1e5",
    "100000",
    "1.0",
    "1",
    "NO",
    "false",
    "null",
    "N/A",
    "-",
    "0x1F",
    "1_000",
    "Infinity",
    "+7",
)
_FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "=HYPERLINK(x)")
_SQL = ("'; DROP TABLE imports; --", "1' OR '1'='1", "%s {0} :name ? $1", "a%'_\\")
_LETTERS = {
    "emoji": "👩‍👩‍👧 🏳️‍🌈",
    "right to left": "\u202eדנה\u202c",
    "zero width": "a\u200bb\u2060c\ufeffd",
    "combining": "e\u0301",
    "composed": "\u00e9",
    "homoglyph": "А1",  # the first letter is Cyrillic
    "latin": "A1",
    "full width": "１",
    "beyond": "𝒜𐍈",
}


def _of_keys(keys: tuple[str, ...]) -> bytes:
    return text(*(f'"{key}",{PERSON},k{n}@x.example\n' for n, key in enumerate(keys)))


VALUES = (
    Case(
        "numbers_as_keys",
        "keys such as `007`, `1e5`, `NO`, `1.0`, `null`, `N/A`",
        IMPORTED,
        "as the text that they are, each a key of its own",
        _of_keys(_KEYS),
        records=len(_KEYS),
        keys=_KEYS,
        cells={(2 + n, "id"): key for n, key in enumerate(_KEYS)},
    ),
    Case(
        "spaces_in_keys",
        "spaces around a key (`  1e5`)",
        IMPORTED,
        "raw keeps them, the key is without: exports pad their fields",
        text(f'" 1e5",{PERSON},a@x.example\n', f'" 8 ",{PERSON},b@x.example\n'),
        records=2,
        keys=["1e5", "8"],
        cells={(2, "id"): " 1e5", (3, "id"): " 8 "},
    ),
    Case(
        "empty_keys",
        "rows with an empty key, or one of spaces",
        REJECTED,
        "those rows",
        text(f",{PERSON},a@x.example\n", '"  ",Bo,b@x.example\n', "3,Cy,c@x.example\n"),
        records=1,
        rejected={
            2: ("key_missing", {"id": None, "name": PERSON, "email": "a@x.example"}),
            3: ("key_missing", {"id": "  ", "name": "Bo", "email": "b@x.example"}),
        },
    ),
    Case(
        "odd_letters_in_keys",
        "emoji, right-to-left, zero-width, combining and homoglyph characters in keys",
        IMPORTED,
        "exactly: two keys that look alike stay two",
        _of_keys(tuple(_LETTERS.values())),
        records=len(_LETTERS),
        keys=tuple(_LETTERS.values()),
    ),
    Case(
        "odd_letters",
        "the same in values",
        IMPORTED,
        "raw keeps them exactly; records have the comparable form",
        text(*(f"{n},{value} {PERSON},a{n}@x.example\n" for n, value in enumerate(_LETTERS.values()))),
        records=len(_LETTERS),
        cells={(2 + n, "name"): f"{value} {PERSON}" for n, value in enumerate(_LETTERS.values())},
    ),
    Case(
        "formulas",
        "CSV injection (`=cmd|…`, `+`, `-`, `@`)",
        IMPORTED,
        "exactly, and published as text: nothing is ever calculated",
        text(*(f'"{value}","{value}",f{n}@x.example\n' for n, value in enumerate(_FORMULAS))),
        records=len(_FORMULAS),
        cells={(2 + n, "name"): value for n, value in enumerate(_FORMULAS)},
    ),
    Case(
        "sql_values",
        "SQL and placeholders in keys and values",
        IMPORTED,
        "exactly",
        text(*(f'"{value}","{value} {PERSON}",s{n}@x.example\n' for n, value in enumerate(_SQL))),
        records=len(_SQL),
        keys=_SQL,
        cells={(2 + n, "name"): f"{value} {PERSON}" for n, value in enumerate(_SQL)},
    ),
    Case(
        "no_such_day",
        "days of birth such as `31/02`, `00/00/0000`, or Excel's `44927`",
        IMPORTED,
        "without a day of birth; raw keeps what was written, and the quality report counts it",
        text(
            f"1,{PERSON},a@x.example,31/02/1990\n",
            "2,Bo,b@x.example,00/00/0000\n",
            "3,Cy,c@x.example,1990-02-30\n",
            "4,Di,d@x.example,44927\n",
            head="id,name,email,born\n",
        ),
        contract={
            "columns": {"full_name": "name", "email": "email", "date_of_birth": "born"},
            "country": "GB",
            "on_missing_column": "null",
        },
        records=4,
        cells={(2, "born"): "31/02/1990"},
    ),
    Case(
        "no_such_moment",
        "the same where the contract's `observed_at` is",
        REJECTED,
        "those rows: read as new, they would overwrite what is newer",
        text(f"1,{PERSON},a@x.example,31/02/2024\n", "2,Bo,b@x.example,28/02/2024\n", head="id,name,email,at\n"),
        contract={"observed_at": "at", "country": "GB", "on_missing_column": "null"},
        records=1,
        rejected={
            2: (
                "observed_at_unreadable",
                {"id": "1", "name": PERSON, "email": "a@x.example", "at": "31/02/2024"},
            )
        },
    ),
)
