"""What a nickname stands for: bill, will and wm are william; gosia is malgorzata; paco is francisco.

The list is the project's own (``lists/nicknames.tsv``): English, Spanish, Portuguese, Polish, German, Dutch, French,
Italian, Russian and spellings of Arabic names. A form stands for one root only, the commonest; that two names share a
root is weak evidence, and linkage weighs it so.

What does not belong here: deciding that two people are one.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from cdp_assets.standardized.text import list_lines, looked_up


def first_name_roots(first_names: pl.Series) -> pl.Series:
    """The root of each comparable given name: that of its first word ('bill joe' is 'william'); text to text."""
    words = first_names.str.split(" ").list.first()
    forms = nickname_roots()
    present = pl.Series(sorted(set(words.unique().drop_nulls().to_list()) & forms.keys()), dtype=pl.String)
    return looked_up(words, present, pl.Series([forms[word] for word in present.to_list()], dtype=pl.String))


@cache
def nickname_roots() -> dict[str, str]:
    """Nickname to root, from the list file."""
    roots: dict[str, str] = {}
    for line in list_lines("nicknames.tsv"):
        root, forms = line.split("\t")
        roots.update((form, root) for form in forms.split())
    return roots
