"""Companies: what they are called, how they form e-mail addresses, and which of them change that.

A company is a row number. Every domain is under ``.example``, which nobody can own (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.draws import (
    Ints,
    chances,
    falling_weights,
    gather,
    pick,
    pick_evenly,
    stream,
    times_between,
)
from cdp_assets.evaluation.world.lists import COUNTRY_CODES, COUNTRY_SHARES, company_words, country_lists
from cdp_assets.evaluation.world.moments import NEVER, seconds

PEOPLE_PER_COMPANY = 30
CHANGES_FORMAT_SHARE = 0.05
CHANGES_DOMAIN_SHARE = 0.05
SIZE_FALL = (0.75, 6.0)  # exponent and shift: a few large employers, many small ones
PATTERNS = ("first.last", "flast", "firstl", "f.last", "first_last", "last.first")
PATTERN_SHARES = (0.44, 0.26, 0.09, 0.09, 0.07, 0.05)
ROLES = {"US": "info", "GB": "office", "DE": "kontakt", "ES": "ventas", "PL": "sekretariat", "FR": "contact"}


@dataclass(frozen=True)
class Companies:
    """Companies (row number = company). A change concerns the address pattern or the name and domain, never both."""

    companies: pl.DataFrame
    changed_at: Ints  # epoch seconds, NEVER for most
    weights_by_country: dict[str, tuple[Ints, np.ndarray]]

    def column(self, name: str, company: Ints) -> pl.Series:
        """Return a column of ``companies`` for these companies; null where ``company`` is -1."""
        index = pl.Series(np.maximum(company, 0))
        values = self.companies.get_column(name).gather(index)
        return values.zip_with(pl.Series(company >= 0), pl.Series("", [None] * len(values), dtype=values.dtype))

    def is_after_change(self, company: Ints, when: Ints) -> np.ndarray:
        """Return whether the company had changed its pattern or name at that moment."""
        return np.asarray(when >= self.changed_at[np.maximum(company, 0)], dtype=np.bool_)


def found(people: int, seed: int) -> Companies:
    """Return enough companies for ``people``: at least 8 for each country, at least two changes of each kind."""
    counts = {code: max(8, round(people * share / PEOPLE_PER_COMPANY)) for code, share in COUNTRY_SHARES.items()}
    country = np.repeat(np.arange(len(COUNTRY_CODES)), list(counts.values()))
    total = len(country)
    rng = stream(seed, "companies")
    draw = chances(rng, total, 6)

    change = rng.random(total)
    changes_format = change < CHANGES_FORMAT_SHARE
    changes_domain = (change >= CHANGES_FORMAT_SHARE) & (change < CHANGES_FORMAT_SHARE + CHANGES_DOMAIN_SHARE)
    starts = np.cumsum([0, *counts.values()])[:-1]
    # The second and third largest employers of the first two countries change, so that every world shows both.
    changes_format[starts[:2] + 1], changes_domain[starts[:2] + 1] = True, False
    changes_format[starts[:2] + 2], changes_domain[starts[:2] + 2] = False, True
    changes = changes_format | changes_domain

    names, new_names = _names(rng, total, int(changes_domain.sum()))
    pattern = pick(np.array(PATTERN_SHARES), draw[:, 0])
    pattern[changes_format] = PATTERNS.index("flast")
    next_pattern = np.where(changes_format, PATTERNS.index("first.last"), pattern)
    legal = pl.concat(
        [
            gather(
                list(country_lists(code).legal_forms),
                pick_evenly(len(country_lists(code).legal_forms), draw[country == i, 1]),
            )
            for i, code in enumerate(COUNTRY_CODES)
        ]
    )
    domain = _domains(names)
    next_names = names.clone().scatter(pl.Series(np.flatnonzero(changes_domain)), new_names)
    frame = pl.DataFrame(
        {
            "country": gather(COUNTRY_CODES, country),
            "name": names,
            "next_name": next_names,
            "legal_form": legal,
            "domain": domain,
            "next_domain": _domains(next_names),
            "pattern": gather(PATTERNS, pattern),
            "next_pattern": gather(PATTERNS, next_pattern),
            "change": gather(["format", "domain", None], np.where(changes_format, 0, np.where(changes_domain, 1, 2))),
            "role": gather([ROLES[code] for code in COUNTRY_CODES], country),
        }
    )
    when = times_between(draw[:, 2], seconds(2020, 6), seconds(2024, 3))
    by_country = {
        code: (np.arange(starts[i], starts[i] + counts[code]), falling_weights(counts[code], *SIZE_FALL))
        for i, code in enumerate(COUNTRY_CODES)
    }
    return Companies(frame, np.where(changes, when, NEVER), by_country)


def _names(rng: np.random.Generator, total: int, renamed: int) -> tuple[pl.Series, pl.Series]:
    """Names of all companies and new names for those that rename, no two alike."""
    words = company_words()
    combinations = len(words["first"]) * len(words["second"]) * len(words["businesses"])
    chosen = rng.permutation(combinations)[: total + renamed]
    first, rest = np.divmod(chosen, len(words["second"]) * len(words["businesses"]))
    second, sector = np.divmod(rest, len(words["businesses"]))
    names = gather(words["first"], first) + gather(words["second"], second) + " " + gather(words["businesses"], sector)
    return names[:total], names[total:]


def _domains(names: pl.Series) -> pl.Series:
    return names.str.to_lowercase().str.replace(" ", "-", literal=True) + ".example"


def employ(companies: Companies, country: pl.Series, chance: np.ndarray) -> Ints:
    """Return an employer in each person's country, large ones more often."""
    employer = np.full(len(chance), -1, dtype=np.int64)
    codes = country.to_numpy()
    for code, (rows, weights) in companies.weights_by_country.items():
        here = codes == code
        employer[here] = rows[pick(weights, chance[here])]
    return employer


def job_titles(person: Ints, employer: Ints) -> pl.Series:
    """Return a title per person and employer, without a draw: the same wherever it is asked."""
    chance = ((person * 31 + (employer + 1) * 17) * 0.6180339887) % 1.0
    titles = company_words()["job_titles"]
    return gather(titles, pick_evenly(len(titles), np.asarray(chance, dtype=np.float64)))
