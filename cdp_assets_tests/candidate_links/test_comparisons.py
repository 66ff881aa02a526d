from __future__ import annotations

from typing import Any

import polars as pl
import polars.selectors as cs
import pytest

from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import BY_NAME, COMPARISONS, choose_comparisons
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.levels import levels
from cdp_assets.candidate_links.priors import PRIORS
from cdp_assets_tests.candidate_links.frames import profiles

HOME = {"street": "mill lane", "house_number": "4", "city": "york", "postcode": "yo1"}

# comparison, left values, right values, level reached
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str | None]] = [
    ("first_name", {"first_name": "anna"}, {"first_name": "anna"}, "same"),
    ("first_name", {"first_name": "robert", "first_name_root": "robert"}, {"first_name": "bob", "first_name_root": "robert"}, "same nickname or first word"),
    ("first_name", {"first_name": "anna", "last_name": "adler"}, {"first_name": "adler", "last_name": "anna"}, "first and last name swapped"),
    ("first_name", {"first_name": "katharine", "last_name": "adler"}, {"first_name": "adlr", "last_name": "katherine"}, "first and last name swapped"),
    ("first_name", {"last_name": "anna"}, {"first_name": "anna", "last_name": "adler"}, "stands in the other's last name"),
    # One of a family, written the other way round: the family's name is told once, and not again as last names that differ.
    ("first_name", {"first_name": "anna", "last_name": "adler"}, {"first_name": "adler", "last_name": "hugo"}, "crossed, other names differ"),
    ("last_name", {"first_name": "anna", "last_name": "adler"}, {"first_name": "adler", "last_name": "hugo"}, None),
    ("last_name", {"first_name": "anna", "last_name": "adler"}, {"first_name": "hugo", "last_name": "anna"}, None),
    ("first_name", {"first_name": "a"}, {"first_name": "anna"}, "initial or beginning"),
    ("first_name", {"first_name": "katharine"}, {"first_name": "katherine"}, "one slip"),
    ("first_name", {"first_name": "anna"}, {"first_name": "hugo"}, "different"),
    ("first_name", {"first_name": "anna"}, {}, None),
    ("first_name", {"first_name": "muhammad"}, {"first_name": "mhmd", "first_name_script": "arabic"}, "sounds the same in other letters"),
    ("first_name", {"first_name": "muhammad"}, {"first_name": "mahmoud"}, "different"),
    ("first_name", {"first_name": "guo hua"}, {"first_name": "guohua", "first_name_script": "han"}, "sounds the same in other letters"),
    ("first_name", {"first_name": "taro"}, {"first_name": "tailang", "first_name_script": "han"}, "other letters, read otherwise"),
    ("first_name", {"first_name": "huazi", "first_name_script": "han"}, {"first_name": "tailang", "first_name_script": "han"}, "different"),
    ("first_name", {"first_name": "yosef"}, {"first_name": "yvsf", "first_name_script": "hebrew"}, "alike"),
    ("first_name", {"first_name": "hana", "last_name": "cohen"}, {"first_name": "khhn", "last_name": "hnh", "first_name_script": "hebrew", "last_name_script": "hebrew"}, "first and last name swapped"),
    ("last_name", {"last_name": "el masry"}, {"last_name": "al msry", "last_name_script": "arabic"}, "sounds the same in other letters"),
    ("last_name", {"last_name": "tanaka"}, {"last_name": "tianzhong", "last_name_script": "han"}, "other letters, read otherwise"),
    ("last_name", {"first_name": "anna", "last_name": "adler"}, {"first_name": "adler", "last_name": "anna"}, None),
    ("last_name", {"last_name": "garcia lopez"}, {"last_name": "garcia"}, "part of a double name"),
    ("last_name", {"last_name": "meyer vogt"}, {"last_name": "vogt meyer"}, "part of a double name"),
    ("first_name", {"first_name": "jose maria", "first_name_root": "jose"}, {"first_name": "jose manuel", "first_name_root": "jose"}, "same first of two names, other second"),
    ("first_name", {"first_name": "jose maria", "first_name_root": "jose"}, {"first_name": "jose", "first_name_root": "jose"}, "same nickname or first word"),
    ("first_name", {"first_name": "jose maria", "first_name_root": "jose"}, {"first_name": "jose m", "first_name_root": "jose"}, "same nickname or first word"),
    ("last_name", {"last_name": "hartmann"}, {"last_name": "hartman"}, "one slip"),
    ("last_name", {"last_name": "ramos garcia"}, {"last_name": "ramos gallego"}, "alike"),
    ("last_name", {"last_name": "hein"}, {"last_name": "heinrich"}, "alike"),
    # Her maiden name has become her middle name, or he goes by his second one: told once, and not again as middle names that differ.
    ("last_name", {"last_name": "moor", "middle_name": "rose"}, {"last_name": "fell", "middle_name": "moor"}, "among the other's middle names"),
    ("last_name", {"last_name": "fell", "middle_name": "rose moor"}, {"last_name": "moor"}, "among the other's middle names"),
    ("last_name", {"last_name": "moor"}, {"last_name": "fell", "middle_name": "moorcroft"}, "different"),
    ("last_name", {"last_name": "m"}, {"last_name": "fell", "middle_name": "m"}, "different"),
    ("last_name", {"last_name": "moor"}, {"last_name": "moor fell", "middle_name": "moor"}, "part of a double name"),
    ("first_name", {"first_name": "rose"}, {"first_name": "anna", "middle_name": "mary rose"}, "among the other's middle names"),
    ("first_name", {"first_name": "ann", "middle_name": "rose"}, {"first_name": "ann", "middle_name": "ann"}, "same"),
    ("middle_name", {"last_name": "moor", "middle_name": "rose"}, {"last_name": "fell", "middle_name": "moor"}, None),
    ("middle_name", {"first_name": "rose", "middle_name": "kay"}, {"first_name": "anna", "middle_name": "rose"}, None),
    ("middle_name", {"first_name": "anna", "last_name": "moor", "middle_name": "rose"}, {"first_name": "anna", "last_name": "fell", "middle_name": "kay"}, "different"),
    ("middle_name", {"first_name": "anna", "last_name": "moor", "middle_name": "moor"}, {"first_name": "anna", "last_name": "moor", "middle_name": "kay"}, "different"),
    ("suffix", {"suffix": "jr"}, {}, "told on one side only"),
    ("suffix", {"suffix": "jr"}, {"suffix": "sr"}, "different"),
    ("suffix", {}, {}, None),
    ("last_name", {"last_name": "adler"}, {"last_name": "vogt"}, "different"),
    ("date_of_birth", {"date_of_birth": "1980-03-05"}, {"date_of_birth": "1980-05-03"}, "day and month swapped"),
    ("date_of_birth", {"date_of_birth": "1980-03-05"}, {"date_of_birth": "1980-03-06"}, "one digit off"),
    ("date_of_birth", {"date_of_birth": "1980-03-05"}, {"date_of_birth": "1991-03-05"}, "two of year, month and day agree"),
    ("date_of_birth", {"date_of_birth": "1980-01-01"}, {"date_of_birth": "1991-01-01"}, "two digits off"),
    ("date_of_birth", {"date_of_birth": "1850-01-01"}, {"date_of_birth": "1856-01-01"}, "years one digit apart, day unknown"),
    ("date_of_birth", {"date_of_birth": "1980-00-00"}, {"date_of_birth": "1980-11-29"}, "same year, day unknown"),
    ("date_of_birth", {"date_of_birth": "1980-01-01"}, {"date_of_birth": "1980-11-29"}, "same year, day unknown"),
    ("date_of_birth", {"date_of_birth": "1980-00-00"}, {"date_of_birth": "1980-00-00"}, "same"),
    ("date_of_birth", {"date_of_birth": "1980-00-00"}, {"date_of_birth": "1991-11-29"}, "different"),
    ("date_of_birth", {"date_of_birth": "1980-03-05"}, {"date_of_birth": "1980-11-29"}, "same year"),
    ("date_of_birth", {"date_of_birth": "1980-03-05"}, {"date_of_birth": "1967-11-29"}, "different"),
    ("email", {"emails": ["a@x.example", "b@x.example"]}, {"emails": ["b@x.example", "c@x.example"]}, "one of several the same"),
    ("email", {"emails": ["dana77@old.example"]}, {"emails": ["dana77@new.example"]}, "same name and number at another domain"),
    ("email", {"emails": ["dana.k@old.example"]}, {"emails": ["dana.k@new.example"]}, "same name at another domain"),
    ("email", {"emails": ["dana.k@old.example"], "first_name": "dana", "last_name": "k"}, {"emails": ["dana.k@new.example"], "first_name": "dana", "last_name": "k"}, None),
    ("email", {"emails": ["dana.klein@old.example"]}, {"emails": ["dana.klien@old.example"]}, "mistyped"),
    ("email", {"emails": ["j_brooks@mail.example"]}, {"emails": ["a_brooks@mail.example"]}, "alike"),
    # Alike, for they have a name in common, if not to the letter: it is compared already.
    ("email", {"emails": ["robert.kent@acme.example"], "first_name": "robert", "first_name_root": "robert", "last_name": "kent"}, {"emails": ["robert.kelly@acme.example"], "first_name": "bob", "first_name_root": "robert", "last_name": "kelly"}, None),
    ("email", {"emails": ["katharine.kent@acme.example"], "first_name": "katharine", "last_name": "kent"}, {"emails": ["katherine.fell@acme.example"], "first_name": "katherine", "last_name": "fell"}, None),
    ("email", {"emails": ["j.brockman@acme.example"], "first_name": "john", "last_name": "brockman"}, {"emails": ["t.brockmann@acme.example"], "first_name": "tara", "last_name": "brockmann"}, None),
    ("email", {"emails": ["support-desk@acme.example"], "first_name": "john", "last_name": "brockman"}, {"emails": ["support-desk2@acme.example"], "first_name": "tara", "last_name": "fell"}, "alike"),
    ("email", {"emails": ["jens.holler@old.example"], "first_name": "jens", "last_name": "holler"}, {"emails": ["jens.holler@new.example"], "first_name": "holler", "last_name": "jens"}, None),
    ("email", {"emails": ["j.smith12@x.example"], "last_name": "smith"}, {"emails": ["j.smith13@x.example"], "last_name": "smith"}, None),
    # Each formed from its own name: what differs is the names.
    ("email", {"emails": ["ann_lee@mail.example"], "first_name": "ann", "last_name": "lee"}, {"emails": ["anna_lee@mail.example"], "first_name": "anna maria", "last_name": "lee"}, None),
    ("email", {"emails": ["annam@acme.example"], "first_name": "anna", "last_name": "moor"}, {"emails": ["annaf@acme.example"], "first_name": "anna", "last_name": "fell"}, None),
    ("email", {"emails": ["a.moor@acme.example"], "first_name": "anna", "last_name": "moor"}, {"emails": ["a.mohr@acme.example"], "first_name": "anna", "last_name": "mohr"}, None),
    ("email", {"emails": ["anna_lee@mail.example"], "first_name": "anna", "last_name": "lee"}, {"emails": ["ana_lee@mail.example"], "first_name": "anna", "last_name": "lee"}, "mistyped"),
    ("email", {"emails": ["anna_lee@mail.example"], "first_name": "anna", "last_name": "lee"}, {"emails": ["ana_lee@mail.example"], "last_name": "moor"}, "mistyped"),
    # They share the name, and so the local part, misspelt or not.
    ("email", {"emails": ["anna.moor@old.example"], "first_name": "anna", "last_name": "mooor"}, {"emails": ["anna.moor@new.example"], "first_name": "anna", "last_name": "moor"}, None),
    ("email", {"emails": ["anna.moor@old.example"], "first_name": "anna", "last_name": "moor"}, {"emails": ["anna.moor@new.example"], "first_name": "anna", "last_name": "moor fell"}, None),
    ("email", {"emails": ["anna.moor@old.example"], "first_name": "anna", "last_name": "fell"}, {"emails": ["anna.moor@new.example"], "first_name": "anna", "last_name": "moor"}, "same name at another domain"),
    ("email", {"emails": ["alee@acme.example"], "probable_emails": ["ann.lee@acme.example"]}, {"emails": ["ann.lee@acme.example"]}, "probably the same"),
    ("email", {"emails": ["ann.lee@acme.example"]}, {"emails": ["alee@acme.example"], "probable_emails": ["ann.lee@acme.example"]}, "probably the same"),
    ("email", {"probable_emails": ["ann.lee@acme.example"], "company": "acme"}, {"emails": ["ann.lee@acme.example"]}, "probably the same"),
    ("email", {"emails": ["ann@old.example"], "probable_emails": ["ann@new.example"]}, {"emails": ["ann@new.example"]}, "probably the same"),
    ("email", {"emails": ["ann@gmial.com"], "probable_emails": ["ann@gmail.com"], "company": "acme"}, {"emails": ["ann@gmail.com"], "company": "acme"}, None),
    ("email", {"emails": ["annie@gmial.com"], "probable_emails": ["annie@gmail.com"], "company": "acme"}, {"emails": ["annie@gmail.com"], "company": "acme"}, "probably the same"),
    ("email", {"emails": ["a@x.example", "b@x.example"], "probable_emails": ["c@x.example"]}, {"emails": ["b@x.example", "c@x.example"]}, "one of several the same"),
    ("email", {"emails": ["a@x.example"], "probable_emails": ["b@x.example"]}, {"emails": ["a@x.example"], "probable_emails": ["b@x.example"]}, "same"),
    # It says again what name and company say.
    ("email", {"probable_emails": ["ann.lee@acme.example"], "company": "acme"}, {"emails": ["ann.lee@acme.example"], "company": "acme"}, None),
    ("email", {"probable_emails": ["ann.lee@acme.example"]}, {"probable_emails": ["ann.lee@acme.example"]}, None),  # nobody delivers it
    ("email", {"emails": ["a@x.example"], "probable_emails": ["q@w.example"]}, {"emails": ["kz@v.example"]}, "different"),
    ("phone", {"phones": ["+441111", "+442222222"]}, {"phones": ["+442222222"]}, "one of several the same"),
    ("phone", {"phones": ["+13125551234"]}, {"phones": ["5551234"]}, "same but for its code"),
    ("phone", {"phones": ["+13125551234"]}, {"phones": ["+13125551284"]}, "one digit off"),
    ("identifier", {"identifiers": ["card=7", "ssn=1"]}, {"identifiers": ["card=7", "ssn=2"]}, "same"),
    ("identifier", {"identifiers": ["card=7"]}, {"identifiers": ["ssn=7"]}, None),
    ("identifier", {"identifiers": ["card=123456"]}, {"identifiers": ["card=123457"]}, "one character off"),
    ("identifier", {"identifiers": ["card=123456"]}, {"identifiers": ["card=998877"]}, "different"),
    ("address", HOME, HOME, "same street, number and town"),
    ("address", HOME, {**HOME, "house_number": "9"}, "same street and town, other number"),
    ("address", HOME, {**HOME, "city": "leeds", "postcode": "ls1"}, "same street and number"),
    ("address", HOME, {**HOME, "street": "mil lane"}, "street mistyped, same number and town"),
    ("address", HOME, {"city": "york"}, "same city"),
    ("address", HOME, {"city": "york", "postcode": "yo199"}, "same city, other postcode"),
    ("address", HOME, {"street": "park street", "house_number": "77", "city": "bath", "postcode": "ba22"}, "different"),
    ("address", HOME, {"first_name": "anna"}, None),
    ("suffix", {"suffix": "jr"}, {"suffix": "sr"}, "different"),
    ("sex", {"sex": "f", "first_name": "kim"}, {"sex": "f", "first_name": "kim"}, None),
    ("sex", {"sex": "f", "first_name": "kim"}, {"sex": "m", "first_name": "kim"}, "different"),
    ("company", {"company": "acme trading"}, {"company": "acme tradings"}, "mistyped"),
    ("company", {"company": "north river child care"}, {"company": "river north child care center"}, "most words in common"),
]  # fmt: skip


def test_each_case_reaches_its_level() -> None:
    rows, pairs = [], []
    for _, left, right, _ in CASES:
        rows += [left, right]
        pairs.append((len(rows) - 1, len(rows)))
    frame = comparable(profiles(*rows))
    asked = pl.DataFrame(pairs, schema={"id_l": pl.Int64, "id_r": pl.Int64}, orient="row")
    found = levels(frame, asked, list(COMPARISONS), DuckDBEngine(threads=1))
    reached = []
    for at, (name, _, _, _) in enumerate(CASES):
        level = BY_NAME[name].level_of(found[f"gamma_{name}"][at])
        reached.append(None if level is None else level.name)
    wrong = [(case, got) for case, got in zip(CASES, reached, strict=True) if case[3] != got]
    assert wrong == []


def test_levels_do_not_depend_on_the_side() -> None:
    rows, pairs = [], []
    for _, left, right, _ in CASES:
        rows += [left, right]
        pairs.append((len(rows) - 1, len(rows)))
    frame = comparable(profiles(*rows))
    one, other = (
        levels(frame, pl.DataFrame(asked, schema=["id_l", "id_r"], orient="row"), list(COMPARISONS), DuckDBEngine())
        for asked in (pairs, [(right, left) for left, right in pairs])
    )
    gammas = cs.starts_with("gamma_")
    assert one.select(gammas).equals(other.select(gammas))


def test_every_level_has_a_prior_and_the_priors_are_shares() -> None:
    for comparison in COMPARISONS:
        assert {level.name for level in comparison.scored} == set(PRIORS[comparison.name])
        for side in ("m", "u"):
            total = sum(getattr(prior, side) for prior in PRIORS[comparison.name].values())
            assert total == pytest.approx(1.0, abs=0.03), (comparison.name, side)


def test_exact_levels_speak_for_a_match_in_the_priors() -> None:
    exact = [prior for levels in PRIORS.values() for prior in levels.values() if prior.exact]
    assert exact
    assert all(prior.m > prior.u for prior in exact)


def test_comparisons_follow_the_filled_fields() -> None:
    frame = comparable(
        profiles(*({"first_name": f"n{at}", "date_of_birth": f"1980-02-{at + 10}", "sex": "f"} for at in range(9)))
    )
    chosen = {choice.comparison.name: choice for choice in choose_comparisons(frame)}
    assert {name for name, choice in chosen.items() if choice.is_used} == {"first_name", "date_of_birth"}
    assert "same value everywhere" in chosen["sex"].reason
    assert "0%" in chosen["email"].reason
