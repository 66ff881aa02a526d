"""Vega-Lite specifications as SVG and PNG, drawn without a browser or a network.

What does not belong here: what a picture shows (each stage's pictures).
"""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

Spec = dict[str, Any]

_SCALE = 2.0


def png(chart: Spec) -> bytes:
    """Draw a specification as PNG."""
    return bytes(vl_convert.vegalite_to_png(chart, vl_version=_vega_lite_version(), scale=_SCALE))


def svg(chart: Spec) -> str:
    """Draw a specification as SVG."""
    return str(vl_convert.vegalite_to_svg(chart, vl_version=_vega_lite_version()))


def _vega_lite_version() -> str:
    """The newest Vega-Lite that the renderer carries of the major version that altair writes."""
    major = alt.SCHEMA_VERSION.lstrip("v").split(".")[0]
    offered = [v for v in vl_convert.get_vegalite_versions() if v.split(".")[0] == major]
    return max(offered, key=lambda v: [int(part) for part in v.split(".")])
