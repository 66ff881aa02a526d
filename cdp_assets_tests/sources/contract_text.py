"""Contracts and landed files for the tests of this stage, as short as they can be."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.sources.contracts import SourceContract, load_contract

CRM = """
source: crm
kind: profiles
key: id
columns:
  full_name: name
  email: email
"""


def written(folder: Path, text: str, name: str = "crm.yaml") -> Path:
    """The contract's text in contracts/<name> below ``folder``."""
    path = folder / "contracts" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def crm(**parts: object) -> SourceContract:
    """A contract of profiles with the columns id, name and email, and whatever else is said."""
    return SourceContract.model_validate(
        {"source": "crm", "kind": "profiles", "key": "id", "columns": {"full_name": "name", "email": "email"}, **parts}
    )


def loaded(folder: Path, text: str, name: str = "crm.yaml") -> SourceContract:
    """The contract read from its text."""
    return load_contract(written(folder, text, name))
