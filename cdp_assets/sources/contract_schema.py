"""JSON Schema of a source contract, for editors that complete and check YAML while it is written.

What does not belong here: the checks themselves (``contract_model.py``); a contract is judged there, never by this.
"""

from __future__ import annotations

from typing import Any

from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.vocabulary import ACTIVITIES, CANONICAL_FIELDS

_COLUMN: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "description": "A source column, as the file's header spells it",
}
_TEXT = {"type": ["string", "number", "boolean"]}
"""Editors guess types where contracts do not: ``{value: 1}`` is the text 1."""

_CONSTANT = {
    "type": "object",
    "description": "The same text for every row",
    "properties": {"value": _TEXT},
    "required": ["value"],
    "additionalProperties": False,
}
_TRANSLATED = {
    "type": "object",
    "description": "A source column, and what its values mean; values that are not listed stay as delivered",
    "properties": {"column": _COLUMN, "values": {"type": "object", "additionalProperties": _TEXT}},
    "required": ["column"],
    "additionalProperties": False,
}
_JOINED = {
    "type": "object",
    "description": "Several source columns, joined by a blank where they are filled",
    "properties": {"columns": {"type": "array", "minItems": 2, "items": _COLUMN}},
    "required": ["columns"],
    "additionalProperties": False,
}
_ACTIVITY = {
    "anyOf": [
        {"enum": list(ACTIVITIES), "description": "A word that every stage knows, and what it says of an address"},
        {**_TEXT, "description": "A word of the source's own, which segments may ask for"},
    ]
}
_IDENTIFIER = {
    "type": "object",
    "description": "A source column, how many people may carry one value before it identifies nobody, and whether a person has one",
    "properties": {
        "column": _COLUMN,
        "shared_by_at_most": {"type": "integer", "minimum": 1},
        "one_per_person": {
            "type": "boolean",
            "description": "true: a person has one at a time; records with two of them are never one customer",
        },
    },
    "required": ["column"],
    "additionalProperties": False,
}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of one contract file."""
    schema = SourceContract.model_json_schema()
    properties = schema["properties"]
    one = [{"$ref": f"#/$defs/{form}"} for form in ("column", "constant", "translated", "joined")]
    field = {"anyOf": [*one, {"type": "array", "minItems": 1, "items": {"anyOf": one}}]}
    properties["key"] |= _one_or_more(_COLUMN)
    fields = {**dict.fromkeys(CANONICAL_FIELDS, field), "activity": _activity_field()}
    properties["columns"] |= {"properties": fields, "additionalProperties": False}
    properties["identifiers"] |= {
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/column"}, _IDENTIFIER]},
    }
    properties["may_shrink_by"] |= {"type": ["number", "string"], "pattern": r"^\d+(\.\d+)?%?$"}
    # Editors read a plain `null` as nothing at all; here it is a word.
    properties["on_missing_column"] |= {"enum": ["refuse", "null", None], "type": ["string", "null"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Source contract",
        "$defs": {
            **schema["$defs"],
            "column": _COLUMN,
            "constant": _CONSTANT,
            "translated": _TRANSLATED,
            "joined": _JOINED,
        },
    }


def _activity_field() -> dict[str, Any]:
    """As any field, but what values become is suggested."""
    constant = {**_CONSTANT, "properties": {"value": _ACTIVITY}}
    values = {"type": "object", "additionalProperties": _ACTIVITY}
    translated = {**_TRANSLATED, "properties": {"column": _COLUMN, "values": values}}
    one = [{"$ref": "#/$defs/column"}, constant, translated, {"$ref": "#/$defs/joined"}]
    return {"anyOf": [*one, {"type": "array", "minItems": 1, "items": {"anyOf": one}}]}


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["string", "array"], "minItems": 1, "minLength": 1, "items": item}
