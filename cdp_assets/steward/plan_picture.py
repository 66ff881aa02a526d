"""The picture of a plan as a file. What does not belong here: what it shows (``identity_graph/pictures.py``)."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.drawing import png, svg
from cdp_assets.identity_graph.pictures import plan_chart
from cdp_assets.steward.plan_text import PlanFacts


class PictureError(ValueError):
    """A picture can not be written as it was asked for. Says what can be."""


def draw_plan(found: PlanFacts, path: Path) -> None:
    """Write the picture of a plan to ``path``. Raises :class:`PictureError` for a name that ends in neither ``.svg`` nor ``.png``."""
    kind = path.suffix.lower()
    if kind not in (".svg", ".png"):
        raise PictureError("a picture is written as .svg or .png; give the file a name that ends so")
    if not path.parent.is_dir():
        raise PictureError("the folder that the picture is to be written to does not exist; make it first")
    chart = plan_chart(found.plan, found.effects)
    path.write_bytes(png(chart) if kind == ".png" else svg(chart).encode())
