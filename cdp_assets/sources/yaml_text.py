"""YAML in which every scalar is the text that was written, with the line of every part.

YAML guesses: ``NO`` is false, ``007`` is 7, ``1e5`` a number, ``2024-01-05`` a date. Here nothing is guessed: scalars
are text, a key without a value is None, and a repeated key, an alias or a tag is refused rather than resolved.

What does not belong here: what the text means (``contracts.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import yaml

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple["str | int", ...]


class YamlProblemError(ValueError):
    """Text that is not YAML, or YAML that says something twice. Knows its line, says what to do."""

    def __init__(self, line: int, problem: str, advice: str) -> None:
        super().__init__(f"line {line}: {problem}; {advice}")
        self.line, self.problem, self.advice = line, problem, advice


@dataclass
class YamlText:
    """A parsed document: its value, and the line on which each part (a path of keys and positions) begins."""

    value: Value
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int:
        """Line of the part at ``path``, or of the nearest part around it that was written."""
        keys = tuple(part for part in path if isinstance(part, str))
        nearest = (path, *(keys[:end] for end in range(len(keys), -1, -1)))
        return next((self.lines[part] for part in nearest if part in self.lines), 1)


_DOCUMENTS = 256
"""So many are kept as parsed: each stage of a run asks for the same contracts and policies, and PyYAML takes a millisecond a line."""


@lru_cache(_DOCUMENTS)
def parse_yaml(text: str) -> YamlText:
    """Parse one YAML document, to be looked at only: the same text gives the same object. Raises :class:`YamlProblemError`."""
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            _refuse_what_would_be_resolved(event)
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise YamlProblemError(
            line, f"not readable as YAML ({problem.problem or 'syntax error'})", _SYNTAX_ADVICE
        ) from None
    except (yaml.YAMLError, RecursionError):
        raise YamlProblemError(1, "not readable as YAML", _SYNTAX_ADVICE) from None
    document = YamlText(None, {(): 1})
    if root is not None:
        document.value = _value(root, (), document.lines)
    return document


_SYNTAX_ADVICE = "check indentation (spaces, no tabs), colons and quotes near that line"


def _refuse_what_would_be_resolved(event: yaml.Event) -> None:
    line = event.start_mark.line + 1 if event.start_mark else 1
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise YamlProblemError(line, "anchors and aliases are not read", "write the value out at each place")
    if getattr(event, "tag", None):
        raise YamlProblemError(line, "tags (!…) are not read", "quote the value if it really begins with '!'")


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Value:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return None if node.style is None and node.value == "" else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, position), lines) for position, item in enumerate(node.value)]
    found: dict[str, Value] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlProblemError(line, "a key must be a plain word", "write `key: value`")
        key = str(key_node.value)
        if key in found:
            first = lines[(*path, key)]
            raise YamlProblemError(line, f"'{key}' is said twice (first on line {first})", "keep one of the two")
        lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), lines)
    return found
