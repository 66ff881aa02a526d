"""What a table was made from, so that the next run makes anew only what has changed since.

A commit notes the versions of the tables that it was made from, and a ``basis``: everything else that the result depends on (the
model, thresholds, and the code itself). Where the basis differs, or a former version is no longer kept, nothing is known, and
the table is made in full. What does not belong here: what is done with a former state (``increments.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import polars as pl

from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.lake import NO_LONGER_KEPT, Lake
from cdp_assets.tables import Table

BASIS = "basis"


def note(lake: Lake, basis: str, inputs: Iterable[Table]) -> dict[str, str]:
    """What a commit notes of itself: its basis, and the present version of every input. Read the inputs at these versions."""
    return {BASIS: basis} | version_noted(lake, *inputs)


def version_noted(lake: Lake, *tables: Table) -> dict[str, str]:
    """The present versions of tables, as a commit notes them."""
    return {table.name: str(lake.version(table)) for table in tables}


def made_from(
    lake: Lake, made: Table, basis: str, inputs: Mapping[Table, list[str] | None]
) -> dict[str, pl.DataFrame] | None:
    """The table ``made`` and, at the versions that it was made from, its ``inputs`` (with the columns wanted), by table name.

    None where it was never made, was made on another basis, or an input's version is not kept any more.
    """
    noted = lake.committed_metadata(made)
    if noted.get(BASIS) != basis or any(table.name not in noted for table in inputs):
        return None
    try:
        frames = {
            table.name: lake.read(table, version=int(noted[table.name]), columns=columns)
            for table, columns in inputs.items()
        }
    except NO_LONGER_KEPT:
        return None
    return {made.name: lake.read(made), **frames}


def scoring_basis(model: TrainedModel) -> str:
    """Of scored pairs: the model version, the thresholds that policy asks for, and the code of this stage."""
    return basis_of(model.model_version, repr(model.accept_weight), repr(model.review_weight), code_of(__file__))


def basis_of(*parts: str) -> str:
    """One text for all that a result depends on beside the tables that it is made from."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@cache
def code_of(module_file: str) -> str:
    """A digest of the source files in the folder of a module: another release decides by other rules."""
    digest = hashlib.sha256()
    for source in sorted(Path(module_file).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()
