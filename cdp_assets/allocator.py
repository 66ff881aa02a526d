"""How long memory that frames have given back is kept for the next ones. Takes effect where it is imported before Polars.

Polars has its allocator (jemalloc) give memory back to the system within half a second. A resolution of a million records then asks for its two
gigabytes several times over, and a third of a million page faults more cost a tenth of its processor's time; kept for ten seconds, as
jemalloc does by itself, its peak is 5% higher (``benchmarks/linkage.py``). What somebody has set in the environment stands.

What does not belong here: how much memory DuckDB may take (``candidate_links/engine.py``).
"""

from __future__ import annotations

import os

OPTIONS = "_RJEM_MALLOC_CONF"
"""The variable that the jemalloc of Polars reads when it is loaded; elsewhere nobody does."""

KEPT_FOR_TEN_SECONDS = "dirty_decay_ms:10000,muzzy_decay_ms:0"


def keep_memory() -> None:
    """Set the options, unless some are set already."""
    os.environ.setdefault(OPTIONS, KEPT_FOR_TEN_SECONDS)
