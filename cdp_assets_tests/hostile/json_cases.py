"""JSON lines."""

from __future__ import annotations

import codecs
import json

from cdp_assets.sources.headers import MOST_COLUMNS
from cdp_assets.sources.json_lines import MOST_LEVELS
from cdp_assets_tests.hostile.case import IMPORTED, PERSON, REFUSED, REJECTED, Case

_GOOD_LINE = '{"id": "1", "name": "Ada", "email": "a@x.example"}'
_ARRAY = f'[{_GOOD_LINE}, {{"id": "2", "name": "{PERSON}"}}]'
_DIGITS = "1" * 400


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _bad_line(name: str, what: str, line: str, rule: str, becomes: str = "that line") -> Case:
    return Case(
        name,
        what,
        REJECTED,
        becomes,
        _lines(_GOOD_LINE, line),
        file="{}.jsonl",
        records=1,
        rejected={2: (rule, line)},
    )


def _object_of_many(number: int) -> str:
    return json.dumps({"id": str(number), **{f"{PERSON}{number}x{n}": 1 for n in range(100)}})


def _deep(brackets: int) -> str:
    return f'{{"id": "2", "name": "{PERSON}", "x": ' + "[" * brackets + "]" * brackets + "}"


def _deep_objects(levels: int) -> str:
    return f'{{"id": "2", "name": "{PERSON}", "x": ' + '{"y": ' * levels + "1" + "}" * levels + "}"


JSON = (
    Case(
        "json_array",
        "one JSON array instead of lines",
        REFUSED,
        "with what to deliver instead",
        _ARRAY.encode() + b"\n",
        file="{}.json",
        reason="write one object per line, not one array",
    ),
    Case(
        "pretty_json",
        "a document written over many lines",
        REFUSED,
        "the same",
        json.dumps(json.loads(_ARRAY), indent=2).encode() + b"\n",
        file="{}.json",
        reason="write one object per line",
    ),
    Case(
        "array_of_lines",
        "an array with one object per line",
        REJECTED,
        "the lines that are no object by themselves (a comma at the end)",
        _lines("[", f'{{"id": "2", "name": "{PERSON}"}},', _GOOD_LINE, "]"),
        file="{}.json",
        records=1,
        rejected={
            1: ("json_unreadable", "["),
            2: ("json_unreadable", f'{{"id": "2", "name": "{PERSON}"}},'),
            4: ("json_unreadable", "]"),
        },
    ),
    _bad_line(
        "json_keys_twice",
        "an object that says a key twice",
        f'{{"id": "2", "name": "{PERSON}", "id": "3"}}',
        "json_key_repeated",
    ),
    _bad_line(
        "json_paths_twice",
        "a dotted key beside the nested one of that path",
        f'{{"id": "2", "a.b": "{PERSON}", "a": {{"b": "x"}}}}',
        "json_key_repeated",
    ),
    _bad_line("json_no_key", "a key without a name", f'{{"id": "2", "": "{PERSON}"}}', "json_key_empty"),
    _bad_line("json_nan", "`NaN`, `Infinity`", f'{{"id": "2", "name": "{PERSON}", "email": NaN}}', "json_unreadable"),
    _bad_line("json_text", "a line that is no JSON", f"2,{PERSON}", "json_unreadable"),
    _bad_line("json_value", "a line that is JSON but no object", f'"{PERSON}"', "json_not_an_object"),
    _bad_line("json_half", "a half line", f'{{"id": "2", "name": "{PERSON}', "json_unreadable"),
    _bad_line(
        "json_surrogate",
        "half a character (`\\ud800`), or an escaped NUL",
        f'{{"id": "2", "name": "{PERSON}\\ud800"}}',
        "not_unicode",
    ),
    _bad_line("json_nul", "an escaped NUL", f'{{"id": "2", "name": "{PERSON}\\u0000"}}', "not_unicode"),
    _bad_line("json_deep", "100,000 brackets", _deep(100_000), "json_too_deep"),
    _bad_line("json_deep_objects", "100,000 objects, one in the other", _deep_objects(100_000), "json_too_deep"),
    _bad_line(
        "json_rather_deep_objects",
        f"more than {MOST_LEVELS} objects, one in the other",
        _deep_objects(MOST_LEVELS + 1),
        "json_too_deep",
    ),
    _bad_line("json_rather_deep", f"more than {MOST_LEVELS} brackets", _deep(MOST_LEVELS + 1), "json_too_deep"),
    Case(
        "json_numbers",
        "numbers of any size and spelling",
        IMPORTED,
        "exactly as they are written",
        _lines(
            f'{{"id": 1.0, "name": "Ada", "email": null, "a": 1e400, "b": {_DIGITS}, "c": -0, "d": [1.0, 1E5], "e": true}}'
        ),
        file="{}.jsonl",
        records=1,
        keys=["1.0"],
        cells={(1, "a"): "1e400", (1, "b"): _DIGITS, (1, "c"): "-0", (1, "d"): "[1.0,1E5]", (1, "e"): "true"},
    ),
    Case(
        "json_letters",
        "escapes, emoji and our own names as keys",
        IMPORTED,
        "exactly",
        _lines(
            f'{{"id": "\\u0031", "name": "\\ud83d\\ude00 {PERSON}", "email": "\\n", "_line": "x", "a;DROP TABLE": "y"}}'
        ),
        file="{}.jsonl",
        records=1,
        keys=["1"],
        cells={(1, "name"): f"😀 {PERSON}", (1, "email"): "\n", (1, "_line"): "x", (1, "a;DROP TABLE"): "y"},
    ),
    Case(
        "json_bom",
        "a byte order mark, blank lines, carriage returns",
        IMPORTED,
        "",
        codecs.BOM_UTF8 + f"{_GOOD_LINE}\r\n\r\n{_GOOD_LINE.replace('1', '2')}\r\n".encode(),
        file="{}.jsonl",
        records=2,
        blank=1,
        keys=["1", "2"],
    ),
    Case(
        "json_capitals",
        "keys that differ only in capitals",
        REFUSED,
        "with both places",
        _lines(_GOOD_LINE, f'{{"id": "2", "Name": "{PERSON}"}}'),
        file="{}.jsonl",
        reason="differs only in capitals",
    ),
    Case(
        "json_many_keys",
        f"more than {MOST_COLUMNS:,} distinct keys, as when ids are keys",
        REFUSED,
        "with the number",
        lambda: _lines(_GOOD_LINE, *map(_object_of_many, range(MOST_COLUMNS // 100 + 1))),
        file="{}.jsonl",
        reason=f"more than {MOST_COLUMNS:,} distinct keys",
    ),
)
