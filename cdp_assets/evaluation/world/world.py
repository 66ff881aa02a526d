"""The world before any system has written it down: people, homes, phones, companies, e-mail addresses, all with dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.companies import Companies, employ, found
from cdp_assets.evaluation.world.draws import Flags, Ints, stream
from cdp_assets.evaluation.world.homes import Homes, settle
from cdp_assets.evaluation.world.lists import COUNTRY_CODES
from cdp_assets.evaluation.world.mailboxes import Mailboxes, open_mailboxes
from cdp_assets.evaluation.world.moments import NEVER
from cdp_assets.evaluation.world.phenomena import tagged
from cdp_assets.evaluation.world.phones import allot
from cdp_assets.evaluation.world.population import Population, populate

# How likely each system knows a person; whom none knows goes to one of the first three.
SOURCE_SHARES = {"crm": 0.42, "shop": 0.38, "newsletter": 0.34, "webinar": 0.22, "support": 0.08, "web": 0.20}

CARD_SHARE = 0.55


@dataclass(frozen=True)
class World:
    """Everything that is true, before any system writes it down."""

    seed: int
    population: Population
    homes: Homes
    companies: Companies
    mailboxes: Mailboxes
    mobile: pl.Series  # national digits, by person
    landline: pl.Series  # by household
    switchboard: pl.Series  # by company
    loyalty_no: pl.Series  # by person, null without a card
    known_to: dict[str, Ints]  # source to the persons it knows, ascending

    def bits_of(self, person: Ints) -> Ints:
        """Return the phenomena that hold for the persons themselves, whatever a record says of them."""
        of = self.population
        return (
            tagged(of.flags("in_household", person), "household")
            | tagged(of.flags("is_father_or_son", person), "father_and_son")
            | tagged(of.flags("is_twin", person), "twin")
            | tagged(of.flags("is_namesake", person), "namesake")
            | tagged(self.homes.moved_at[person] != NEVER, "moved")
            | tagged(self.mailboxes.changes_job_at[person] != NEVER, "job_changed")
        )


def make_world(people: int, seed: int) -> World:
    """Return the world of ``people`` persons that belongs to ``seed``."""
    population = populate(people, seed)
    homes = settle(population, seed)
    companies = found(people, seed)
    country = population.people["country"]
    rng = stream(seed, "employers")
    employers = (employ(companies, country, rng.random(people)), employ(companies, country, rng.random(people)))
    mailboxes = open_mailboxes(population, companies, employers, seed)
    mobile, landline, switchboard = _numbers(population, companies, seed)
    known_to = _acquaintances(people, seed)
    cards = _loyalty_cards(known_to["shop"], people, seed)
    return World(seed, population, homes, companies, mailboxes, mobile, landline, switchboard, cards, known_to)


def _numbers(population: Population, companies: Companies, seed: int) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Deal mobile numbers to people, landlines to households and switchboards to companies, all different."""
    index = {code: i for i, code in enumerate(COUNTRY_CODES)}
    parts = [
        population.people["country"].replace_strict(index, return_dtype=pl.Int64).to_numpy(),
        population.households["country"].to_numpy(),
        companies.companies["country"].replace_strict(index, return_dtype=pl.Int64).to_numpy(),
    ]
    numbers = allot(np.concatenate(parts), seed)
    people, households = len(parts[0]), len(parts[1])
    return numbers[:people], numbers[people : people + households], numbers[people + households :]


def _loyalty_cards(customers: Ints, people: int, seed: int) -> pl.Series:
    """Most customers of the shop have a loyalty card, each their own."""
    rng = stream(seed, "loyalty cards")
    holders = customers[rng.random(len(customers)) < CARD_SHARE]
    number = rng.permutation(people * 9)[: len(holders)]
    cards = pl.Series("", [None], dtype=pl.String).new_from_index(0, people)
    written = pl.lit("LY-") + pl.Series("n", number).cast(pl.String).str.pad_start(8, "0")
    return cards.scatter(pl.Series(holders), pl.select(written.alias("n")).to_series()) if len(holders) else cards


def _acquaintances(people: int, seed: int) -> dict[str, Ints]:
    rng = stream(seed, "sources")
    knows = {source: rng.random(people) < share for source, share in SOURCE_SHARES.items()}
    unknown: Flags = ~np.logical_or.reduce(list(knows.values()))
    fallback = rng.integers(0, 3, people)
    for index, source in enumerate(("crm", "shop", "newsletter")):
        knows[source] = knows[source] | (unknown & (fallback == index))
    return {source: np.flatnonzero(flags) for source, flags in knows.items()}
