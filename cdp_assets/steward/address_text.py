"""What is known of an e-mail address, in plain words: why it counts as alive or dead, who shares it, what was meant.

What does not belong here: how that is judged (``standardized/email_status.py``, ``email_sharing.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdp_assets.steward.plain_text import cell

_REASONS = {
    "bounced": "mail was returned on {bounced_at}",
    "domain_gone": "nothing has been heard of the whole domain since {domain_gone_at}",
    "left_employer": "seen with another employer's address on {left_at}",
    "engaged": "last opened, clicked, attended or bought on {engaged_at}",
    "delivered": "last delivered to on {delivered_at}",
    "carried": "a record carried it within a year",
    "silent": "no sign of life for so long that it is likelier dead than alive",
    "unheard": "no sign of life for a year or more",
}

_SHARED = {
    "household": "several people of one family share it",
    "role": "an office's mailbox, not one person's",
    "junk": "typed where no address was known",
}


def why(row: Mapping[str, Any]) -> str:
    """The evidence behind an address's status and sharing, as one line; empty where nothing is known."""
    dated = {
        name: cell(row.get(name)) for name in ("bounced_at", "domain_gone_at", "left_at", "engaged_at", "delivered_at")
    }
    said = [_REASONS[row["status_reason"]].format(**dated)] if row.get("status_reason") in _REASONS else []
    if row.get("sharing") in _SHARED:
        said.append(_SHARED[row["sharing"]])
    if row.get("suggestion"):
        said.append(f"probably {row['suggestion']} was meant")
    return "; ".join(said)
