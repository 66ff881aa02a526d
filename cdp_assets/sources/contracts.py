"""Source contracts: what a source delivers, and which of its columns feed which canonical field.

A contract is a YAML file, ``contracts/<source>.yaml``. It is the public interface of the project: people write
contracts, not code. Every error says which file and line, what was expected there and what to do; a broken contract
never stops the others. Text stays as it is written (``NO``, ``007``, ``1e5``).

This module reads contracts and explains what is wrong with them, and hands out what else other stages need of them.
What does not belong here: what the parts are (``contract_model.py``), reading delivered files (``reading.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cdp_assets.sources.contract_checks import did_you_mean
from cdp_assets.sources.contract_model import (
    AddressSource,
    Extract,
    FieldSource,
    IdentifierSource,
    SourceContract,
    SqlExtract,
    raw_column,
)
from cdp_assets.sources.contract_schema import json_schema
from cdp_assets.sources.vocabulary import CANONICAL_FIELDS, EVENT_FIELDS, LIST_FIELDS, PROFILE_FIELDS, Delivers, Kind
from cdp_assets.sources.yaml_text import Path as YamlPath
from cdp_assets.sources.yaml_text import Value, YamlProblemError, YamlText, parse_yaml

__all__ = [
    "CANONICAL_FIELDS",
    "EVENT_FIELDS",
    "LIST_FIELDS",
    "PROFILE_FIELDS",
    "AddressSource",
    "ContractError",
    "ContractProblem",
    "Delivers",
    "Extract",
    "FieldSource",
    "IdentifierSource",
    "Kind",
    "SourceContract",
    "SqlExtract",
    "json_schema",
    "load_contract",
    "load_contracts",
    "raw_column",
]

LARGEST_CONTRACT_BYTES = 1_000_000
"""A contract is a page of text; a larger file was put into contracts/ by mistake."""


@dataclass(frozen=True)
class ContractProblem:
    """Why a contract was refused: where, what was expected, what to do next."""

    source: str
    file: str
    line: int
    problem: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.problem}; {self.advice}"


class ContractError(ValueError):
    """A contract that can not be used; ``problems`` says everything that is wrong with it."""

    def __init__(self, problems: Iterable[ContractProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def load_contract(path: Path) -> SourceContract:
    """Read one contract file. Raises :class:`ContractError` with every problem that was found in it."""
    try:
        document = _parse(path)
    except YamlProblemError as problem:
        raise ContractError([_problem(path, problem.line, problem.problem, problem.advice)]) from None
    if not isinstance(document.value, dict):
        raise ContractError(
            [
                _problem(
                    path, 1, "expected keys and values, such as `source: crm`", "draft one with `cdp source add FILE`"
                )
            ]
        )
    said = {key: value for key, value in document.value.items() if value is not None or key in ("columns", "key")}
    try:
        contract = SourceContract.model_validate(said)
    except ValidationError as refused:
        problems = [_explain(path, document, error) for error in refused.errors(include_url=False)]
        raise ContractError(sorted(problems, key=lambda problem: problem.line)) from None
    if contract.source != path.stem:
        what = f"the source's name and the file's differ: expected `source: {path.stem}`"
        advice = "rename the file or the source, so that both are the same"
        raise ContractError([_problem(path, document.line_of(("source",)), what, advice)])
    return contract


def one_row_sources(contracts: Iterable[SourceContract]) -> set[str]:
    """Sources of which two rows are never one customer, as their contracts say (``one_row_per_person``)."""
    return {contract.source for contract in contracts if contract.one_row_per_person}


def load_contracts(contracts_dir: Path) -> tuple[list[SourceContract], list[ContractProblem]]:
    """Read every contract of a workspace, in the order of source names: those that can be used, and what is wrong."""
    contracts: list[SourceContract] = []
    problems: list[ContractProblem] = []
    seen: set[str] = set()
    for path in sorted(contracts_dir.glob("*") if contracts_dir.is_dir() else [], key=lambda path: path.name):
        if path.suffix.lower() not in (".yaml", ".yml") or path.name.startswith("."):
            continue
        if path.stem in seen:
            problems.append(_problem(path, 1, "a second file describes this source", "keep one of the two files"))
            continue
        seen.add(path.stem)
        try:
            contracts.append(load_contract(path))
        except ContractError as refused:
            problems.extend(refused.problems)
    return contracts, problems


def _parse(path: Path) -> YamlText:
    advice = "put one YAML file per source into contracts/"
    try:
        if not path.is_file():
            raise YamlProblemError(1, "not a regular file", advice)
        if path.stat().st_size > LARGEST_CONTRACT_BYTES:
            raise YamlProblemError(1, f"larger than {LARGEST_CONTRACT_BYTES:,} bytes", advice)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise YamlProblemError(1, "not UTF-8 text", "save the file as UTF-8") from None
    except OSError as problem:
        raise YamlProblemError(
            1, f"not readable ({type(problem).__name__})", "check that the file exists and who may read it"
        ) from None
    return parse_yaml(text)


def _problem(path: Path, line: int, problem: str, advice: str) -> ContractProblem:
    return ContractProblem(path.stem, f"{path.parent.name}/{path.name}", line, problem, advice)


def _explain(path: Path, document: YamlText, error: ErrorDetails) -> ContractProblem:
    context: dict[str, Any] = error.get("ctx", {})
    where: YamlPath = (*(part for part in error["loc"] if part != "[key]"), *context.get("at", ()))
    said = ".".join(part for part in where if isinstance(part, str))
    line = document.line_of(where)
    kind = error["type"]
    if kind == "contract":
        return _problem(path, line, _at(said, context["problem"]), context["advice"])
    if kind == "extra_forbidden":
        known = _keys_of(where[:-1])
        what = f"'{said}' is not known{did_you_mean(str(where[-1]), known)}"
        return _problem(path, line, what, "expected one of: " + ", ".join(known))
    if kind == "missing":
        return _problem(path, line, f"'{said}' is missing", f"add `{where[-1]}: …`")
    if kind == "literal_error":
        meant = did_you_mean(_said_at(document.value, where), re.findall(r"'([^']*)'", context["expected"]))
        return _problem(path, line, f"{said}: not a value it can have{meant}", f"expected {context['expected']}")
    expected = _EXPECTED.get(kind, error["msg"][:1].lower() + error["msg"][1:])
    return _problem(path, line, _at(said, expected), "correct the value")


_EXPECTED: Mapping[str, str] = {
    "int_parsing": "expected a whole number",
    "bool_parsing": "expected true or false",
    "string_type": "expected text",
    "dict_type": "expected keys and values",
    "model_type": "expected keys and values",
    "model_attributes_type": "expected keys and values",
    "tuple_type": "expected a name or a list of names",
    "string_too_short": "expected text, found nothing",
    "string_pattern_mismatch": "expected a name of letters, digits and _",
}


def _at(said: str, problem: str) -> str:
    return f"{said}: {problem}" if said else problem


def _keys_of(where: YamlPath) -> list[str]:
    """Keys that a contract may have at a place."""
    if where[:1] == ("columns",):
        return list(FieldSource.model_fields)
    if where[:1] == ("identifiers",):
        return list(IdentifierSource.model_fields)
    if where[:2] == ("extract", "sql"):
        return list(SqlExtract.model_fields)
    return list(Extract.model_fields if where[:1] == ("extract",) else SourceContract.model_fields)


def _said_at(value: Value, where: YamlPath) -> str:
    for part in where:
        if isinstance(value, dict):
            value = value.get(str(part))
    return value if isinstance(value, str) else ""
