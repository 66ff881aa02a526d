"""The parts of the world: draws, spelling, phones, homes, companies, addresses, phenomena."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cdp_assets.evaluation.world.companies import found
from cdp_assets.evaluation.world.contacts import NameHabits, write_birth_dates, write_names
from cdp_assets.evaluation.world.draws import assembled, falling_weights, pick, stream
from cdp_assets.evaluation.world.homes import settle
from cdp_assets.evaluation.world.lists import COUNTRY_CODES, country_lists, nicknames
from cdp_assets.evaluation.world.mailboxes import KINDS, WORK, WORK_CHANGED, type_addresses
from cdp_assets.evaluation.world.moments import NEVER, seconds
from cdp_assets.evaluation.world.phenomena import PHENOMENA, as_lists, bit, tagged
from cdp_assets.evaluation.world.phones import CASUAL, E164, FIRST_RANGES, NATIONAL, PLAIN, RANGES, allot, write
from cdp_assets.evaluation.world.population import populate
from cdp_assets.evaluation.world.spelling import GERMAN, ascii_form, mistype, mistype_digit
from cdp_assets.evaluation.world.traces import no_traces
from cdp_assets.evaluation.world.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(3000, 11)


def text(*values: str | None) -> pl.Series:
    return pl.Series("", values, dtype=pl.String)


# -- draws ------------------------------------------------------------------------------------------------------------


def test_streams_are_told_apart_by_subject_and_seed() -> None:
    first = stream(1, "homes").random(3).tolist()
    assert stream(1, "homes").random(3).tolist() == first
    assert stream(1, "names").random(3).tolist() != first
    assert stream(2, "homes").random(3).tolist() != first


def test_pick_gives_each_index_its_share() -> None:
    chance = (np.arange(1000) + 0.5) / 1000
    assert np.bincount(pick(np.array([0.2, 0.5, 0.3]), chance)).tolist() == [200, 500, 300]
    assert pick(np.array([1.0, 1.0]), np.array([0.999999999])).tolist() == [1]


def test_falling_weights_fall_and_sum_to_one() -> None:
    weights = falling_weights(100, 0.5, 3.0)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights) < 0).all()


def test_assembled_puts_each_part_into_its_rows() -> None:
    assert assembled([(np.array([2, 0]), text("c", "a")), (np.array([1]), text(None))]).to_list() == ["a", None, "c"]


# -- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", COUNTRY_CODES)
def test_every_country_has_names_enough_and_none_twice(code: str) -> None:
    lists = country_lists(code)
    assert len(lists.surnames) >= 150
    assert len(lists.rare_surnames) >= 2000
    assert min(len(lists.female), len(lists.male)) >= 80
    for names in (lists.surnames, lists.rare_surnames, lists.female, lists.male, lists.street_names):
        assert len(set(names)) == len(names)
    assert len(lists.places) >= 20


def test_nicknames_are_of_first_names_that_somebody_has() -> None:
    have = {
        name
        for code in COUNTRY_CODES
        for names in (country_lists(code).female, country_lists(code).male)
        for name in names
    }
    assert len(set(nicknames()) & have) > 100


# -- spelling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "wrong"), [(0.1, "Marai"), (0.5, "Mara"), (0.7, "Mariia"), (0.9, "Maroa")])
def test_mistype_swaps_loses_doubles_or_replaces_a_letter(kind: float, wrong: str) -> None:
    names = mistype(
        text("Maria", "Maria", None, "Al"), np.array([True, False, True, True]), np.full(4, kind), np.full(4, 0.99)
    )
    assert names.to_list() == [wrong, "Maria", None, "Al"]


def test_mistype_digit_turns_one_of_the_last_two() -> None:
    number = text("5550129", "5550129", "5550129")
    turned = mistype_digit(number, np.array([True, True, False]), np.array([0.0, 0.999, 0.0]))
    assert turned.to_list() == ["5550120", "5550139", "5550129"]


def test_ascii_form_drops_accents_or_writes_them_the_german_way() -> None:
    names = text("Müller", "ŁĘCKI", "Peña Íñigo", "Groß", "Ørsted")
    assert ascii_form(names).to_list() == ["Muller", "LECKI", "Pena Inigo", "Gross", "Orsted"]
    assert ascii_form(names, GERMAN).to_list()[0] == "Mueller"


# -- phones -----------------------------------------------------------------------------------------------------------


def test_numbers_are_dealt_once_and_the_kept_ranges_come_first() -> None:
    country = np.repeat(np.arange(len(COUNTRY_CODES)), 2000)
    numbers = allot(country, 4)
    assert pl.DataFrame({"c": country, "n": numbers}).is_unique().all()
    for index, code in enumerate(COUNTRY_CODES):
        first = tuple(prefix for prefix, _ in RANGES[code][: FIRST_RANGES[code]])
        assert numbers.filter(pl.Series(country == index)).str.contains(f"^({'|'.join(first)})").all(), code
    assert not numbers.filter(pl.Series(country == 0)).str.ends_with("0199").any()


def test_more_numbers_than_kept_ones_go_on_to_the_next_range() -> None:
    numbers = allot(np.full(16_000, COUNTRY_CODES.index("GB")), 4)
    assert numbers.is_unique().all()
    assert numbers.str.starts_with("7400").sum() == 1000


def test_more_numbers_than_there_are_is_an_error() -> None:
    with pytest.raises(ValueError, match="ES"):
        allot(np.full(1_300_000, COUNTRY_CODES.index("ES")), 4)


def test_systems_write_a_number_in_their_ways() -> None:
    number, country = text("2125550134", "1134960123", None), text("US", "GB", "US")
    assert write(number, country, E164).to_list() == ["+12125550134", "+441134960123", None]
    assert write(number, country, NATIONAL).to_list() == ["(212) 555-0134", "0113 496 0123", None]
    assert write(number, country, PLAIN).to_list() == ["2125550134", "01134960123", None]
    assert write(number, country, CASUAL).to_list() == ["212.555.0134", "0044 1134960123", None]


# -- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 2, 5, 1000])
def test_a_population_has_exactly_the_people_asked_for(people: int) -> None:
    population = populate(people, 1)
    assert len(population) == people
    sizes = population.people.group_by("household").len().sort("household")["len"]
    assert sizes.to_list() == population.households["size"].to_list()


def test_everybody_was_of_age_in_2019_and_children_are_younger_than_the_head(world: World) -> None:
    people = world.population.people
    assert people["born_on"].max() < seconds(2002) // 86_400  # type: ignore[operator]
    heads = people.filter(position=0).select("household", "born_on")
    children = people.filter(pl.col("position") > 1).join(heads, on="household")
    assert (children["born_on"] > children["born_on_right"] + 15 * 365).all()


def test_who_married_had_another_surname_before(world: World) -> None:
    people = world.population.people
    married = people.filter(pl.col("former_last_name").is_not_null())
    assert married.height > 5
    assert (married["renamed_at"] < NEVER).all()
    assert (married["former_last_name"] != married["last_name"]).mean() > 0.95  # type: ignore[operator]


def test_spaniards_have_two_surnames_and_polish_women_their_form(world: World) -> None:
    people = world.population.people
    spanish = people.filter(country="ES", is_namesake=False)["last_name"]
    assert (spanish.str.count_matches(" ") >= 1).all()
    polish = people.filter(country="PL", is_female=True, is_namesake=False)["last_name"]
    assert not polish.str.contains("(sk|ck)i$").any()
    assert polish.str.contains("(sk|ck)a$").any()


# -- homes ------------------------------------------------------------------------------------------------------------


def test_households_live_together_and_movers_have_two_homes(world: World) -> None:
    homes = settle(world.population, 11)
    household = world.population.people["household"].to_numpy()
    assert (homes.home == household).all()
    moved = homes.moved_at != NEVER
    assert 0.08 < moved.mean() < 0.25
    assert (homes.next_home[moved] != homes.home[moved]).all()
    assert (homes.next_home[~moved] == homes.home[~moved]).all()
    person = np.flatnonzero(moved)[:1]
    day = homes.moved_at[person]
    assert homes.at(person, day - 1).tolist() == homes.home[person].tolist()
    assert homes.at(person, day).tolist() == homes.next_home[person].tolist()


def test_flats_of_a_block_share_the_street_number_and_postcode(world: World) -> None:
    flats = world.homes.homes.with_columns(is_flat=pl.Series(world.homes.is_flat)).filter(is_flat=1, country="GB")
    street = flats.with_columns(house=pl.col("street_full").str.extract(r"^([^,]+)"))
    blocks = street.group_by("city", "postcode", "house").len()
    assert blocks["len"].max() == 8
    assert flats["street_full"].n_unique() > blocks.height


def test_postcodes_follow_their_city_and_no_pattern_is_left(world: World) -> None:
    homes = world.homes.homes
    assert not homes["postcode"].str.contains("[#@]").any()
    leeds = homes.filter(city="Leeds")["postcode"]
    assert leeds.str.contains(r"^LS\d \d[A-Z]{2}$").all()
    assert not homes["street_full"].str.contains("[{}]").any()


# -- companies and addresses ------------------------------------------------------------------------------------------


def test_no_two_companies_share_a_domain_before_or_after_a_change() -> None:
    companies = found(60_000, 3).companies
    domains = pl.concat([companies["domain"], companies.filter(change="domain")["next_domain"]])
    assert domains.is_unique().all()
    assert domains.str.ends_with(".example").all()


def test_a_work_address_follows_the_employer_and_its_changes(world: World) -> None:
    boxes, companies = world.mailboxes, world.companies
    changed = np.flatnonzero((boxes.employer >= 0) & (companies.changed_at[np.maximum(boxes.employer, 0)] != NEVER))
    stays = changed[boxes.changes_job_at[changed] == NEVER][:1]
    when = companies.changed_at[boxes.employer[stays]]
    assert boxes.work_at(stays, when - 1, companies).tolist() == (stays * KINDS + WORK).tolist()
    assert boxes.work_at(stays, when, companies).tolist() == (stays * KINDS + WORK_CHANGED).tolist()
    assert boxes.died_at[stays * KINDS + WORK].tolist() == when.tolist()
    before, after = (boxes.address[int(stays[0]) * KINDS + kind] for kind in (WORK, WORK_CHANGED))
    assert before != after


def test_nobody_shares_an_address_by_accident(world: World) -> None:
    assert world.mailboxes.address.drop_nulls().is_unique().all()


def test_typed_addresses_are_right_unless_the_chances_say_otherwise() -> None:
    chance = np.full((4, 6), 0.5)
    chance[1, 0] = chance[3, 0] = 0.0  # a wrong domain, where a provider has mistyped ones
    chance[2, 4] = 0.0  # another dot
    address = text("ann_lee@gmail.com", "ann_lee@gmail.com", "ann_lee@gmail.com", "ann@mill.example")
    typed = type_addresses(address, chance)
    assert typed.typed.to_list() == ["ann_lee@gmail.com", "ann_lee@gmail.cmo", "an.n_lee@gmail.com", "ann@mill.example"]
    assert typed.has_wrong_domain.tolist() == [False, True, False, False]
    assert not typed.has_wrong_local.any()


# -- records ----------------------------------------------------------------------------------------------------------


def test_the_same_chances_write_the_same_mistakes(world: World) -> None:
    person = np.arange(500)
    chance = stream(1, "test").random((500, 12))
    habits = NameHabits(mistyped=0.5)
    early = write_names(world, person, np.full(500, seconds(2025)), chance, habits)
    late = write_names(world, person, np.full(500, seconds(2025, 2)), chance, habits)
    assert early.full().equals(late.full())
    assert (early.bits & bit("mistyped_name") != 0).sum() > 100


def test_a_name_is_the_former_one_before_the_marriage(world: World) -> None:
    person = np.flatnonzero(world.population.people["former_last_name"].is_not_null().to_numpy())[:1]
    when = world.population.numbers("renamed_at", person)
    calm = np.full((1, 12), 0.5)
    habits = NameHabits(nickname=0, mistyped=0, initial_only=0, swapped=0, middle_name=0, suffix=0)
    before, after = (write_names(world, person, when - ago, calm, habits) for ago in (1, 0))
    assert before.last.to_list() == world.population.column("former_last_name", person).to_list()
    assert after.last.to_list() == world.population.column("last_name", person).to_list()
    assert before.bits[0] & bit("former_surname")
    assert not after.bits[0] & bit("former_surname")


def test_birth_dates_are_known_wrong_or_placeholders_as_the_chances_say(world: World) -> None:
    person = np.arange(3)
    chance = np.array([[0.9, 0.5], [0.1, 0.0], [0.1, 0.999]])
    written, bits = write_birth_dates(world, person, chance, "%Y-%m-%d", known=0.5, wrong=0.01, placeholder=0.01)
    born = world.population.people["born_on"][2]
    right = pl.Series([born]).cast(pl.Int32).cast(pl.Date).dt.strftime("%Y-%m-%d")[0]
    assert written.to_list()[:2] == [None, "1900-01-01"]
    assert written[2] not in (None, right)
    assert bits.tolist() == [0, bit("placeholder_birth_date"), bit("wrong_birth_date")]


def test_who_is_not_recognised_is_asked_for_more(world: World) -> None:
    person, when = np.array([5]), np.array([seconds(2024)])
    box = person * KINDS
    yes, none = np.array([True]), np.array([False])
    known = no_traces(world).with_records(world, person, when, mailbox=box, has_mobile=none, has_home=none)

    def asked(mailbox: int, has_home: bool = False) -> bool:
        home = np.array([has_home])
        return bool(
            known.unrecognised(world, person, when, np.array([0.0]), mailbox=np.array([mailbox]), has_home=home)[0]
        )

    assert not asked(int(box[0]))
    assert asked(int(box[0]) + 1)
    assert asked(-1, has_home=True)
    known = known.with_records(world, person, when, mailbox=box, has_mobile=none, has_home=yes)
    assert not asked(-1, has_home=True)


def test_phenomena_become_lists_in_a_fixed_order() -> None:
    bits = tagged(np.array([True, False, True]), "twin") | tagged(np.array([True, False, False]), "household")
    assert as_lists(pl.Series(bits)).to_list() == [["household", "twin"], [], ["twin"]]
    assert len(PHENOMENA) < 63
