"""Rules that a single line can break before it is even split into columns. Such a line is kept, whole, as text."""

from __future__ import annotations

from collections.abc import Mapping

RAGGED_ROW = "ragged_row"
VALUE_WITHOUT_COLUMN = "value_without_column"
QUOTE_NOT_CLOSED = "quote_not_closed"
QUOTE_MISPLACED = "quote_misplaced"
JSON_UNREADABLE = "json_unreadable"
JSON_NOT_AN_OBJECT = "json_not_an_object"
JSON_KEY_REPEATED = "json_key_repeated"
JSON_KEY_EMPTY = "json_key_empty"
JSON_TOO_DEEP = "json_too_deep"
NOT_UNICODE = "not_unicode"
ERASED_PERSON = "erased_person"
"""The line is of a person who was erased: its values were never kept, or have been erased."""

LINE_PROBLEMS: Mapping[str, str] = {
    RAGGED_ROW: "it has more or fewer columns than the header: quote values that hold the delimiter, and deliver it again",
    VALUE_WITHOUT_COLUMN: (
        "it has a value in a column that the header does not name: name that column in the first line, or quote values that "
        "hold the delimiter, and deliver it again"
    ),
    QUOTE_NOT_CLOSED: "a quoted value is never closed: write a quote inside a value twice, and deliver it again",
    QUOTE_MISPLACED: "text follows a closing quote: write a quote inside a value twice, and deliver it again",
    JSON_UNREADABLE: "it is not JSON: deliver one JSON object per line",
    JSON_NOT_AN_OBJECT: "it is JSON but not an object: deliver one JSON object per line",
    JSON_KEY_REPEATED: "an object says a key twice, so one of its values would be lost: give each key once",
    JSON_KEY_EMPTY: "an object has a key without a name: give every key a name",
    JSON_TOO_DEEP: "it holds objects or lists in one another, more levels than are read: deliver flatter objects",
    ERASED_PERSON: "its person was erased: nothing of it is kept; have the source erase it, too",
    NOT_UNICODE: "it holds a NUL or half a character: correct the escapes in it, and deliver it again",
}
"""Rule to what is wrong and what to do about it."""
