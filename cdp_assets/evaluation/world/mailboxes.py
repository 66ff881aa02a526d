"""E-mail addresses as things with a life of their own: whose they are, from when until when, and how they get mistyped.

A person has up to six addresses: a private one, a later private one, and for each of two employers one before and one
after the employer changed its address format or its name. Households and companies have shared ones.

Nobody's real address: work addresses and regional providers are under ``.example``. Addresses at the two real providers
(needed because linkage must know free mail from corporate mail) have a form those providers do not issue: an underscore
at Gmail, a hyphen at Yahoo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.evaluation.world.companies import Companies
from cdp_assets.evaluation.world.draws import (
    Flags,
    Floats,
    Ints,
    assembled,
    chances,
    flags,
    gather,
    pick,
    pick_evenly,
    stream,
    times_between,
)
from cdp_assets.evaluation.world.lists import COUNTRY_CODES, country_lists
from cdp_assets.evaluation.world.moments import END, NEVER, seconds
from cdp_assets.evaluation.world.population import Population
from cdp_assets.evaluation.world.spelling import ascii_form, mistype

EMPLOYED_SHARE = 0.72
CHANGES_JOB_SHARE = 0.34  # of the employed, within the years the systems remember
SECOND_PRIVATE_SHARE = 0.18
ABANDONED_SHARE = 0.45  # of first private addresses whose owner got a second one
HOUSEHOLD_MAILBOX_SHARE = 0.10  # of households of several people

PRIVATE, SECOND_PRIVATE, WORK, WORK_CHANGED, NEXT_WORK, NEXT_WORK_CHANGED = range(6)
KINDS = 6
SAME_PROVIDER = {"googlemail.com": "gmail.com"}
"""Domains under which a provider delivers to the same mailboxes as under another one."""

REAL_PROVIDERS = ("gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.es", "yahoo.fr")
# Half are domains that cannot exist, half such as typing errors do reach.
MISTYPED_DOMAINS = {
    "gmail.com": ["gmial.com", "gmail.con", "gmal.com", "gmail.cmo", "gamil.com", "gmail.comm"],
    "googlemail.com": ["googlemail.con", "goglemail.com"],
    "yahoo.com": ["yaho.com", "yahoo.con", "yahooo.com", "yahoo.cmo"],
    "yahoo.co.uk": ["yaho.co.uk", "yahoo.co.uj"],
    "yahoo.de": ["yaho.de", "yahoo.dee"],
    "yahoo.es": ["yaho.es", "yahoo.ess"],
    "yahoo.fr": ["yaho.fr", "yahoo.frr"],
}
JUNK = (
    "noemail@example.com",
    "none@none.example",
    "test@test.example",
    "na@example.com",
    "unknown@example.com",
    "no@email.example",
)
JUNK_WEIGHTS = (0.45, 0.2, 0.15, 0.1, 0.06, 0.04)
MISTYPED_DOMAIN_SHARE, MISTYPED_LOCAL_SHARE = 0.014, 0.008
EXTRA_DOT_SHARE, TAG_SHARE, CAPITALS_SHARE = 0.03, 0.015, 0.05


@dataclass(frozen=True)
class Mailboxes:
    """Addresses by person and kind (``person * KINDS + kind``), then one per household that shares one."""

    address: pl.Series
    died_at: Ints  # epoch seconds, NEVER while it lives
    employer: Ints
    next_employer: Ints
    changes_job_at: Ints
    second_private_from: Ints
    household_mailbox: Ints  # of each household: row of ``address``, -1 for none

    def employer_at(self, person: Ints, when: Ints) -> Ints:
        """Return the company that these persons work for at these moments, -1 for none."""
        return np.where(when < self.changes_job_at[person], self.employer[person], self.next_employer[person])

    def private_at(self, person: Ints, when: Ints) -> Ints:
        """Return the row of the private address that these persons use at these moments."""
        return person * KINDS + np.where(when < self.second_private_from[person], PRIVATE, SECOND_PRIVATE)

    def work_at(self, person: Ints, when: Ints, companies: Companies) -> Ints:
        """Return the row of the work address at these moments, -1 where there is none."""
        employer = self.employer_at(person, when)
        base = np.where(when < self.changes_job_at[person], WORK, NEXT_WORK)
        return np.where(employer < 0, -1, person * KINDS + base + companies.is_after_change(employer, when))


def open_mailboxes(population: Population, companies: Companies, employers: tuple[Ints, Ints], seed: int) -> Mailboxes:
    """Return every address that anyone in the world may have."""
    rng = stream(seed, "mailboxes")
    people = len(population)
    draw = chances(rng, people, 12)
    employed = draw[:, 0] < EMPLOYED_SHARE
    changes = employed & (draw[:, 1] < CHANGES_JOB_SHARE) & (employers[0] != employers[1])
    changes_job_at = np.where(changes, times_between(draw[:, 2], seconds(2019, 8), seconds(2025, 2)), NEVER)
    employer = np.where(employed, employers[0], -1)
    next_employer = np.where(changes, employers[1], -1)
    has_second = draw[:, 3] < SECOND_PRIVATE_SHARE
    second_from = np.where(has_second, times_between(draw[:, 4], seconds(2019, 6), seconds(2025)), NEVER)

    names = _name_parts(population)
    locals_, domains = [], []
    for second in (False, True):
        local, domain = _private(population, names, draw[:, 5 + second], draw[:, 7 + second], draw[:, 9 + second])
        locals_.append(local)
        domains.append(domain)
    for company in (employer, next_employer):
        for prefix in ("", "next_"):
            locals_.append(_work_local(names, companies.column(prefix + "pattern", company)))
            domains.append(companies.column(prefix + "domain", company))
    # Row person * KINDS + kind: interleave the six columns.
    order = pl.Series(np.arange(people * KINDS).reshape(KINDS, people).T.ravel())
    local, domain = pl.concat(locals_).gather(order), pl.concat(domains).gather(order)

    shared_local, shared_domain, household_mailbox = _household_mailboxes(population, rng, people * KINDS)
    address = without_doubles(pl.concat([local, shared_local]), pl.concat([domain, shared_domain]))
    died = _deaths(companies, employer, next_employer, changes_job_at, second_from, draw[:, 11])
    died_at = np.concatenate([died.ravel(), np.full(len(shared_local), NEVER)])
    return Mailboxes(address, died_at, employer, next_employer, changes_job_at, second_from, household_mailbox)


def _name_parts(population: Population) -> pl.DataFrame:
    """First name, last name and nickname as addresses spell them: ASCII letters only, one word each."""
    people = population.people
    born = people["born_on"].cast(pl.Int32).cast(pl.Date).dt.year().cast(pl.String)
    return pl.DataFrame(
        {
            "first": ascii_form(people["first_name"]).str.extract(r"^([A-Za-z']+)"),
            "last": ascii_form(people["last_name"]).str.replace(
                r"^(De La |De |St\. |Van |Le |Da |von der |von |Zur )", ""
            ),
            "nickname": ascii_form(people["nickname"].fill_null(people["first_name"])).str.extract(r"^([A-Za-z']+)"),
            "year": born.str.slice(2),
        }
    ).select(
        pl.col("first", "nickname").str.replace_all("'", "").str.to_lowercase(),
        pl.col("last").str.extract(r"^([A-Za-z'-]+)").str.replace_all("['-]", "").str.to_lowercase(),
        "year",
    )


def _private(
    population: Population, names: pl.DataFrame, provider: Floats, form: Floats, digits: Floats
) -> tuple[pl.Series, pl.Series]:
    country = population.people["country"].to_numpy()
    parts = []
    for code in COUNTRY_CODES:
        here = np.flatnonzero(country == code)
        shares = country_lists(code).providers
        parts.append((here, gather(list(shares), pick(np.array(list(shares.values())), provider[here]))))
    domains = assembled(parts)
    # The sign that the provider does not issue (see the module's docstring); elsewhere a dot.
    sign = (
        pl.when(pl.col("domain").is_in(["gmail.com", "googlemail.com"]))
        .then(pl.lit("_"))
        .when(pl.col("domain").str.starts_with("yahoo."))
        .then(pl.lit("-"))
        .otherwise(pl.lit("."))
    )
    first, last, nickname, year = (pl.col(name) for name in ("first", "last", "nickname", "year"))
    number = pl.Series("number", (digits * 980).astype(np.int64) + 11).cast(pl.String)
    which = pl.Series("which", pick(np.array([0.34, 0.14, 0.2, 0.1, 0.12, 0.1]), form))
    forms = [
        first + sign + last,
        first.str.slice(0, 1) + sign + last,
        first + sign + last + year,
        last + sign + first,
        nickname + sign + last,
        first + sign + last.str.slice(0, 1) + pl.col("number"),
    ]
    chosen = forms[0]
    for index, local in enumerate(forms[1:], start=1):
        chosen = pl.when(pl.col("which") == index).then(local).otherwise(chosen)
    return names.with_columns(domains.alias("domain"), number, which).select(chosen.alias("local")).to_series(), domains


def _work_local(names: pl.DataFrame, pattern: pl.Series) -> pl.Series:
    first, last, initial = pl.col("first"), pl.col("last"), pl.col("first").str.slice(0, 1)
    forms = {
        "first.last": first + "." + last,
        "flast": initial + last,
        "firstl": first + last.str.slice(0, 1),
        "f.last": initial + "." + last,
        "first_last": first + "_" + last,
        "last.first": last + "." + first,
    }
    chosen: pl.Expr = pl.lit(None, dtype=pl.String)
    for name, local in forms.items():
        chosen = pl.when(pl.col("pattern") == name).then(local).otherwise(chosen)
    return names.with_columns(pattern.alias("pattern")).select(chosen.alias("local")).to_series()


def _household_mailboxes(
    population: Population, rng: np.random.Generator, first_row: int
) -> tuple[pl.Series, pl.Series, Ints]:
    households, people = population.households, population.people
    shares = (households["size"].to_numpy() > 1) & (rng.random(households.height) < HOUSEHOLD_MAILBOX_SHARE)
    heads = np.flatnonzero(people["position"].to_numpy() == 0)[shares]
    rows = np.full(households.height, -1, dtype=np.int64)
    rows[shares] = first_row + np.arange(int(shares.sum()))
    last = ascii_form(people["last_name"].gather(pl.Series(heads))).str.to_lowercase().str.extract(r"([a-z]+)$")
    words = gather(["family_", "the_", "casa_", "home_"], pick_evenly(4, rng.random(len(heads))))
    return words + last, pl.Series("", ["gmail.com"] * len(heads), dtype=pl.String), rows


def without_doubles(local: pl.Series, domain: pl.Series) -> pl.Series:
    """Join local part and domain; the second john.smith of a domain is john.smith2, and so on.

    Of a provider with two domains for one mailbox, too: a mailbox of both people would be another world's truth.
    """
    frame = pl.DataFrame({"row": np.arange(len(local)), "local": local, "base": local, "domain": domain})
    frame = frame.with_columns(provider=pl.col("domain").replace(SAME_PROVIDER))
    while True:
        nth = pl.int_range(pl.len()).over("local", "provider", order_by="row")
        numbered = frame.with_columns(nth=nth)
        again = (pl.col("nth") > 0) & pl.col("local").is_not_null() & pl.col("domain").is_not_null()
        if not numbered.select(again.any()).item():
            return frame.select((pl.col("local") + "@" + pl.col("domain")).alias("address")).to_series()
        # A number that itself is taken is counted on in the next round.
        counted = pl.when(pl.col("local") == pl.col("base")).then(pl.col("nth") + 1).otherwise(pl.col("nth") * 100 + 7)
        frame = numbered.with_columns(
            local=pl.when(again).then(pl.col("local") + counted.cast(pl.String)).otherwise("local")
        ).drop("nth")


def _deaths(
    companies: Companies, employer: Ints, next_employer: Ints, changes_job_at: Ints, second_from: Ints, draw: Floats
) -> Ints:
    """When each address stopped being read; NEVER for those that live at the world's end."""
    people = len(employer)
    died = np.full((people, KINDS), NEVER, dtype=np.int64)
    abandons = (second_from != NEVER) & (draw < ABANDONED_SHARE)
    died[abandons, PRIVATE] = second_from[abandons]
    for company, before, after, leaves in (
        (employer, WORK, WORK_CHANGED, changes_job_at),
        (next_employer, NEXT_WORK, NEXT_WORK_CHANGED, np.full(people, NEVER)),
    ):
        changed = np.where(company >= 0, companies.changed_at[np.maximum(company, 0)], NEVER)
        died[:, before] = np.minimum(changed, leaves)
        died[:, after] = leaves
    return np.where(died >= END, NEVER, died)


@dataclass(frozen=True)
class Delivered:
    """Addresses as they were typed, and which of them are wrong."""

    typed: pl.Series
    has_wrong_domain: Flags
    has_wrong_local: Flags


# Columns of the matrix of chances that `type_addresses` reads, and the chance that makes none of its mistakes: for
# addresses that a system had already (an unsubscribe link, an account).
TYPING_CHANCES = 6
NOT_TYPED = 0.5


def type_addresses(address: pl.Series, chance: Floats) -> Delivered:
    """Return ``address`` as people type it: mostly right, sometimes with another domain, dot, tag, capital or letter."""
    filled = address.is_not_null().to_numpy()
    local, domain = address.str.extract(r"^([^@]+)@"), address.str.extract(r"@(.+)$")
    wrong_domain = filled & (chance[:, 0] < MISTYPED_DOMAIN_SHARE)
    wrong_domain &= flags(domain.is_in(list(MISTYPED_DOMAINS)))
    wrong_local = filled & ~wrong_domain & (chance[:, 1] < MISTYPED_LOCAL_SHARE)
    right = filled & ~wrong_domain & ~wrong_local

    new_domain = domain
    for provider, mistakes in MISTYPED_DOMAINS.items():
        hit = wrong_domain & flags(domain == provider)
        new_domain = gather(mistakes, pick_evenly(len(mistakes), chance[:, 2])).zip_with(pl.Series(hit), new_domain)
    new_local = mistype(local, wrong_local, chance[:, 2], chance[:, 3])
    # A mistake that changed nothing (a doubled letter beside its double, say) is none.
    wrong_local &= flags(new_local != local)

    is_gmail = flags(domain.is_in(["gmail.com", "googlemail.com"]))
    dotted = right & is_gmail & (chance[:, 4] < EXTRA_DOT_SHARE)
    tagged = right & is_gmail & (chance[:, 4] > 1 - TAG_SHARE)
    new_local = (new_local.str.slice(0, 2) + "." + new_local.str.slice(2)).zip_with(pl.Series(dotted), new_local)
    new_local = (new_local + "+news").zip_with(pl.Series(tagged), new_local)
    typed = new_local + "@" + new_domain
    capitals = filled & (chance[:, 5] < CAPITALS_SHARE)
    typed = (typed.str.slice(0, 1).str.to_uppercase() + typed.str.slice(1)).zip_with(pl.Series(capitals), typed)
    return Delivered(typed, wrong_domain, wrong_local)


def junk(chance: Floats) -> pl.Series:
    """Return placeholder addresses such as staff type when a field must not be empty."""
    return gather(JUNK, pick(np.array(JUNK_WEIGHTS), chance))
