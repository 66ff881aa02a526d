"""The house keeps its shape: who may know Dagster, who may import whom, who may read the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import cdp_assets

PACKAGE = Path(cdp_assets.__file__).parent
ROOT = PACKAGE.parent

STAGES = (
    "sources",
    "raw",
    "standardized",
    "candidate_links",
    "identity_graph",
    "golden_records",
    "segments",
    "published",
)
FOUNDATION = {
    "allocator",
    "tables",
    "drawing",
    "judgements",
    "lake",
    "ledger",
    "workspace",
    "environment",
    "migrations",
    "processes",
}
SIDE_BRANCHES = {"evaluation", "steward", "erasure"}
KNOWS_DAGSTER = {"assets.py", "definitions.py", "resources.py"}
ALL_MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Each module that a file imports, and whether the import runs when the file is loaded."""
    tree = parsed(path)
    at_load = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in at_load
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            yield node.module, id(node) in at_load
            for alias in node.names:
                yield f"{node.module}.{alias.name}", id(node) in at_load


def own_part(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "cdp_assets" and len(parts) > 1 else None


def part_of(path: Path) -> str:
    """The part of the package that a file belongs to, be that one module or a folder of them."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ALL_MODULES, ids=name)
def test_only_the_named_modules_and_automation_import_dagster(path: Path) -> None:
    if path.name in KNOWS_DAGSTER or part_of(path) == "automation":
        return
    assert not [module for module, _ in imports_of(path) if module.split(".")[0].startswith("dagster")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_never_imports_a_later_one(stage: str) -> None:
    later = set(STAGES[STAGES.index(stage) + 1 :]) | SIDE_BRANCHES | {"automation", "definitions", "cli"}
    for path in (PACKAGE / stage).rglob("*.py"):
        found = {own_part(module) for module, _ in imports_of(path)} & later
        assert not found, f"{name(path)} imports {found}"


def test_every_part_of_the_foundation_is_there() -> None:
    assert {part_of(path) for path in ALL_MODULES} >= FOUNDATION


@pytest.mark.parametrize("path", [path for path in ALL_MODULES if part_of(path) in FOUNDATION], ids=name)
def test_the_foundation_imports_no_stage(path: Path) -> None:
    found = {own_part(module) for module, _ in imports_of(path)} - {None}
    assert found <= FOUNDATION


@pytest.mark.parametrize("stage", STAGES)
def test_only_assets_modules_meet_dagster_inside_a_stage(stage: str) -> None:
    """What a stage computes can be used with Dagster absent: it never imports resources.py, which knows Dagster."""
    for path in (PACKAGE / stage).rglob("*.py"):
        if path.name != "assets.py":
            assert "resources" not in {own_part(module) for module, _ in imports_of(path)}, name(path)


@pytest.mark.parametrize("path", ALL_MODULES, ids=name)
def test_only_environment_reads_the_environment(path: Path) -> None:
    if path in {PACKAGE / "environment.py", PACKAGE / "allocator.py"}:  # the latter sets, before anything is loaded
        return
    tree = parsed(path)
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {module for module, _ in imports_of(path)}
    assert not used & {"environ", "getenv"}
    assert not imported & {"os.environ", "os.getenv"}


@pytest.mark.parametrize("path", ALL_MODULES, ids=name)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "v2"}
    assert not [name(path) for path in ALL_MODULES if path.stem in empty or path.parent.name in empty]


@pytest.mark.parametrize("stage", [*STAGES, "evaluation", "erasure"])
def test_one_name_per_stage_folder_assets_and_tests(stage: str) -> None:
    assert (PACKAGE / stage / "assets.py").is_file()
    assert list((ROOT / "cdp_assets_tests" / stage).glob("test_*.py"))


def test_the_command_line_loads_neither_dagster_nor_the_engines() -> None:
    heavy = {"dagster", "polars", "splink", "duckdb", "deltalake", "sqlalchemy"}
    for path in (PACKAGE / "cli").glob("*.py"):
        loaded = {module.split(".")[0] for module, at_load in imports_of(path) if at_load}
        assert not loaded & heavy, name(path)


def test_nothing_names_a_package_registry_or_a_path_of_somebodys_machine() -> None:
    """Committed text must work for everybody, wherever they install from and whatever their home is called."""
    hosts = [".".join(("pypi", "org")), ".".join(("files", "pythonhosted", "org")), "registry." + "npmjs.org"]
    homes = ["/" + "work" + "/", "/" + "root" + "/", "/" + "tmp" + "/lab"]
    suffixes = {".py", ".md", ".toml", ".yaml", ".yml", ".lock", ".sql", ".txt", ".json", ""}
    for path in [
        *ROOT.glob("*"),
        *PACKAGE.rglob("*"),
        *(ROOT / "cdp_assets_tests").rglob("*"),
        *(ROOT / "benchmarks").rglob("*"),
    ]:
        if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [word for word in (*hosts, *homes) if word in text], name(path)
