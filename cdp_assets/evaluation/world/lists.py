"""The lists that names and places are drawn from, one YAML file per country, common entries first.

The lists are our own and name no person: they pair common first names, common surnames and composed rare ones. Cities,
regions and postcode patterns are real, streets are of the kind every town has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

from cdp_assets.evaluation.world.draws import Floats, stream

# Six countries with six ways to write names, addresses, phones; the shares make the US the default of most systems.
COUNTRY_SHARES = {"US": 0.40, "GB": 0.20, "DE": 0.12, "ES": 0.12, "PL": 0.08, "FR": 0.08}
COUNTRY_CODES = tuple(COUNTRY_SHARES)


@dataclass(frozen=True)
class Place:
    """A city (or a part of one): its region, the pattern of its postcodes (# digit, @ letter) and its weight."""

    city: str
    region: str
    postcode: str
    weight: float


@dataclass(frozen=True)
class CountryLists:
    """What one country's people, streets and companies are called."""

    code: str
    surnames: list[str]
    surname_head_share: float
    rare_surnames: list[str]
    female: list[str]
    male: list[str]
    street_names: list[str]
    street_types: list[str]
    street_forms: list[str]
    unit_forms: list[str]
    spellings: dict[str, str]
    places: list[Place]
    country_names: list[str]
    legal_forms: dict[str, list[str]]
    providers: dict[str, float]

    @property
    def place_weights(self) -> Floats:
        return np.array([place.weight for place in self.places], dtype=np.float64)


def _read(name: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath("countries", name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _place(line: str) -> Place:
    city, region, postcode, weight = (part.strip() for part in line.rsplit(",", 3))
    return Place(city, region, postcode, float(weight))


def _rare_surnames(stems: list[str], links: list[str], endings: list[str], common: set[str]) -> list[str]:
    """Every stem with every link and ending, in an order that is fixed but mixed: the first are the less rare ones."""
    composed = sorted({stem + link + ending for stem in stems for link in links for ending in endings} - common)
    order = stream(0, "rare surnames").permutation(len(composed))
    return [composed[i] for i in order]


@cache
def country_lists(code: str) -> CountryLists:
    """Return the lists of the country with this ISO 3166-1 alpha-2 code."""
    said = _read(f"{code.lower()}.yaml")
    surnames = _split(said["surnames"])
    return CountryLists(
        code=code,
        surnames=surnames,
        surname_head_share=said["surname_head_share"],
        rare_surnames=_rare_surnames(
            _split(said["surname_stems"]), said["surname_links"], _split(said["surname_endings"]), set(surnames)
        ),
        female=_split(said["female"]),
        male=_split(said["male"]),
        street_names=_split(said["street_names"]),
        street_types=said["street_types"],
        street_forms=said["street_forms"],
        unit_forms=said["unit_forms"],
        spellings=said["spellings"],
        places=[_place(line) for line in said["places"].splitlines()],
        country_names=said["country_names"],
        legal_forms=said["legal_forms"],
        providers=said["providers"],
    )


@cache
def nicknames() -> dict[str, list[str]]:
    """Return first name to its familiar forms, most used first."""
    return _read("nicknames.yaml")


@cache
def company_words() -> dict[str, list[str]]:
    """Return the words that companies' names are made of (first, second, businesses), and job_titles."""
    return {name: _split(words) for name, words in _read("companies.yaml").items()}


@cache
def us_area_codes() -> list[str]:
    """Return telephone area codes of the United States."""
    return _split(_read("us.yaml")["area_codes"])
