"""Reading one policy file of a workspace: YAML text into a checked model, or an error that helps.

Policies are optional: no file, or an empty one, means the defaults. A mistake never half-applies: the whole file is
refused, with the file, the line, what was expected there, and the nearest word that would have been right.

What does not belong here: what a policy says (``policy.py`` of the stage that it is for).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from cdp_assets.sources.contract_checks import did_you_mean
from cdp_assets.sources.yaml_text import YamlProblemError, YamlText, parse_yaml

Model = TypeVar("Model", bound=BaseModel)


class PolicyError(ValueError):
    """A policy file that can not be used. Names file, line, what was expected and what to do; never a value."""


def read_policy(path: Path | None, model: type[Model]) -> Model:
    """Read ``path`` as ``model``; a path that is None, missing or an empty file gives the model's defaults.

    Raises :class:`PolicyError` with every problem of the file, one a line, in the order of the file.
    """
    if path is None or not path.exists():
        return model()
    document = _parsed(path)
    if document.value is None:
        return model()
    if not isinstance(document.value, dict):
        raise PolicyError(f"{_shown(path)}, line 1: expected {_keys_of(model)} with values below; see README.md")
    try:
        return model.model_validate({key: value for key, value in document.value.items() if value is not None})
    except ValidationError as refused:
        problems = sorted({_explained(document, error, model) for error in refused.errors(include_url=False)})
        raise PolicyError("\n".join(f"{_shown(path)}, line {line}: {said}" for line, said in problems)) from None


def refused(problem: str, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """The error of a value that a policy may not have; ``at`` is where, as a path below the value being checked."""
    return PydanticCustomError("policy", "{problem}", {"problem": problem, "at": at})


def expected_one_of(what: str, word: object, known: Iterable[str]) -> str:
    """``'emial' is not a field (did you mean 'email'?); expected one of email, phone``."""
    known = list(known)
    if not isinstance(word, str):
        return f"expected {what}: one of {', '.join(known)}"
    return f"'{word}' is not {what}{did_you_mean(word, known)}; expected one of {', '.join(known)}"


def _parsed(path: Path) -> YamlText:
    try:
        return parse_yaml(path.read_text(encoding="utf-8-sig"))
    except YamlProblemError as problem:
        raise PolicyError(f"{_shown(path)}, {problem}") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{_shown(path)}, line 1: not UTF-8 text; save the file as UTF-8") from None
    except OSError as problem:
        raise PolicyError(
            f"{_shown(path)}: not readable ({type(problem).__name__}); check that it is a file and who may read it"
        ) from None


def _explained(document: YamlText, error: ErrorDetails, model: type[BaseModel]) -> tuple[int, str]:
    """One of pydantic's errors as (line, sentence)."""
    context: dict[str, Any] = error.get("ctx", {})
    path = (*error["loc"], *context.get("at", ()))
    where = ".".join(str(part) for part in path)
    line = document.line_of(path)
    if error["type"] == "extra_forbidden":
        known = list(_model_at(model, error["loc"][:-1]).model_fields)
        return line, f"{where}: {expected_one_of('a key here', str(error['loc'][-1]), known)}"
    if error["type"] == "literal_error":
        return line, f"{where}: expected {context['expected']}"
    if error["type"] == "missing":
        return line, f"{where}: this key is needed here"
    return line, f"{where}: {error['msg']}"


def _model_at(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel]:
    """The model that describes the part of the document at ``path``; only plain and dict-valued fields are followed."""
    for part in path:
        found = model.model_fields.get(str(part))
        annotation = found.annotation if found else None
        inner = [annotation, *getattr(annotation, "__args__", ())]
        nested = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)]
        model = nested[0] if nested else model
    return model


def _keys_of(model: type[BaseModel]) -> str:
    return " or ".join(f"`{name}:`" for name in model.model_fields)


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
