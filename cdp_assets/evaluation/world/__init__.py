"""A seeded world of people and the traces that they leave in six systems, with the truth about every record.

:func:`generate` writes a whole workspace: the sample in ``data/``, the accuracy and speed benchmarks, and the demo come
from it. The same number of people and the same seed give the same files.

The world is made first (``population``, ``homes``, ``phones``, ``companies``, ``mailboxes``: what is true, with dates), then
six systems write down what they see of it, each with its habits and mistakes (``crm``, ``shop``, ``newsletter``, ``webinar``,
``support``, ``web``). Everything is drawn in ``draws.py`` and vectorised: a million records take well under a minute.

Nothing here is a real person's: see the README of the workspace that it writes.
"""

from cdp_assets.evaluation.world.generate import SOURCES, Summary, WorkspaceInUseError, generate
from cdp_assets.evaluation.world.shop import build_shop_database

__all__ = ["SOURCES", "Summary", "WorkspaceInUseError", "build_shop_database", "generate"]
