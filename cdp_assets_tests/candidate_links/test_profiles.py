from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import polars as pl

from cdp_assets.candidate_links.profiles import linkage_profiles
from cdp_assets.tables import PROBABLE_EMAILS, SHARED_IDENTIFIERS
from cdp_assets_tests.builders import frame as frame_of
from cdp_assets_tests.candidate_links.frames import address, versions

NONE_SHARED = SHARED_IDENTIFIERS.empty()
ANNA: dict[str, Any] = {"first_name_norm": "anna", "last_name_norm": "adler", "date_of_birth_text": "1980-05-17"}


def together(members: pl.DataFrame) -> set[frozenset[str]]:
    return {frozenset(ids) for ids in members.group_by("profile_id").agg("record_id")["record_id"].to_list()}


def test_records_that_say_the_same_share_a_profile() -> None:
    profiles, members = linkage_profiles(
        versions({"record_id": "crm/1", **ANNA}, {"record_id": "shop/9", **ANNA}), NONE_SHARED, set()
    )
    assert together(members) == {frozenset({"crm/1", "shop/9"})}
    assert profiles["records"].to_list() == [2]
    assert profiles["profile_id"][0] > 0


def test_a_bare_name_identifies_nobody() -> None:
    bare = {"first_name_norm": "john", "last_name_norm": "smith"}
    _, members = linkage_profiles(
        versions({"record_id": "crm/1", **bare}, {"record_id": "shop/9", **bare}), NONE_SHARED, set()
    )
    assert together(members) == {frozenset({"crm/1"}), frozenset({"shop/9"})}


def test_rows_of_a_register_never_share_a_profile() -> None:
    frame = versions({"record_id": "reg/1", **ANNA}, {"record_id": "reg/2", **ANNA})
    profiles, members = linkage_profiles(frame, NONE_SHARED, {"reg"})
    assert together(members) == {frozenset({"reg/1"}), frozenset({"reg/2"})}
    assert profiles["source"].to_list() == ["reg", "reg"]


def test_former_versions_and_every_address_have_profiles() -> None:
    old, new = address("mill lane", "1", "york", "y1"), address("high street", "2", "leeds", "l2")
    frame = versions(
        {"record_id": "crm/1", **ANNA, "addresses": [old], "version": 1},
        {"record_id": "crm/1", **ANNA, "addresses": [new, old], "version": 2},
    )
    profiles, members = linkage_profiles(frame, NONE_SHARED, set())
    assert sorted(profiles["street"].to_list()) == ["high street", "mill lane"]
    assert together(members) == {frozenset({"crm/1"})}


def test_crowd_and_role_values_do_not_identify() -> None:
    shared = pl.DataFrame(
        [
            ("email", "info@x.example", 9, 9, "role"),
            ("phone", "+4400", 99, 90, "crowd"),
            ("card", "7", 3, 1, "personal"),
        ],
        schema=SHARED_IDENTIFIERS.schema,
        orient="row",
    )
    frame = versions(
        {
            "record_id": "crm/1",
            **ANNA,
            "emails": ["info@x.example", "a@x.example"],
            "phones": ["+4400"],
            "identifiers": [{"type": "card", "value": "7"}],
        }
    )
    profiles, _ = linkage_profiles(frame, shared, set())
    row = profiles.row(0, named=True)
    assert (row["emails"], row["phones"], row["identifiers"]) == (["a@x.example"], [], ["card=7"])


def test_a_record_without_any_value_still_has_a_profile() -> None:
    _, members = linkage_profiles(versions({"record_id": "web/1"}, {"record_id": "web/2"}), NONE_SHARED, set())
    assert together(members) == {frozenset({"web/1"}), frozenset({"web/2"})}


def test_ids_depend_on_values_alone() -> None:
    rows = [{"record_id": f"crm/{at}", **ANNA, "phones": [f"+44{at % 3}", "+1"]} for at in range(6)]
    one, _ = linkage_profiles(versions(*rows), NONE_SHARED, set())
    rows = [{**row, "phones": row["phones"][::-1]} for row in reversed(rows)]
    other, _ = linkage_profiles(versions(*rows), NONE_SHARED, set())
    assert one.equals(other)
    assert len(one) == 3


def test_an_id_does_not_depend_on_which_columns_others_fill() -> None:
    said: list[dict[str, Any]] = [
        {},
        {"emails": ["anna@adler.eu"]},
        {"phones": ["+441"], "first_name_norm": "anna"},
        {**ANNA, "addresses": [address("mill lane", "1", "york", "y1")], "job_title": "Clerk"},
    ]
    rows = [{"record_id": f"crm/{at}", **values} for at, values in enumerate(said)]
    _, members = linkage_profiles(versions(*rows), NONE_SHARED, set())
    alone = [linkage_profiles(versions(row), NONE_SHARED, set())[1] for row in rows]
    assert members.sort("record_id").equals(pl.concat(alone))


def test_versions_may_come_in_parts() -> None:
    homes = [address("mill lane", "1", "york", "y1"), address("a street of a long name", "2", "leeds", "l2")]
    rows: list[dict[str, Any]] = [
        {"record_id": "crm/1", **ANNA, "emails": ["b@x.example", "a.long.address@x.example"], "addresses": homes},
        {"record_id": "crm/2", **ANNA, "first_name": "Ющенко", "phones": ["+4400"], "job_title": " Clerk"},
        {"record_id": "shop/3", "emails": ["another.long.address@x.example"]},
        {"record_id": "shop/4", **ANNA, "first_name": "Zoë", "addresses": homes[::-1], "job_title": " "},
    ]
    whole = versions(*rows)
    parts = pl.concat([whole[:1], whole[1:3], whole[3:]], rechunk=False)
    made, again = (linkage_profiles(some, NONE_SHARED, set()) for some in (whole, parts))
    assert [frame.rows() for frame in made] == [frame.rows() for frame in again]
    assert sorted(made[0]["street"].drop_nulls()) == ["a street of a long name"] * 2 + ["mill lane"] * 2


def test_a_day_of_birth_is_told_where_its_text_is_not_kept() -> None:
    born = date(1980, 5, 17)
    frame = versions(
        {"record_id": "crm/1", "date_of_birth": born, "date_of_birth_text": "1980-02-30"},
        {"record_id": "crm/2", "date_of_birth": born},
        {"record_id": "crm/3"},
    ).with_columns(pl.col("date_of_birth").cast(pl.Date))
    profiles, members = linkage_profiles(frame, NONE_SHARED, set())
    told = members.join(profiles, on="profile_id").sort("record_id")
    assert told["date_of_birth"].to_list() == ["1980-02-30", "1980-05-17", None]


def test_no_versions_no_profiles() -> None:
    profiles, members = linkage_profiles(versions(), NONE_SHARED, set())
    assert profiles.is_empty()
    assert members.is_empty()


def test_a_further_address_that_says_no_place_has_no_profile() -> None:
    home, building = address("high street", "2", "leeds", "l2"), address("rose cottage", None, None, None)
    frame = versions({"record_id": "crm/1", **ANNA, "addresses": [home, building]})
    profiles, _ = linkage_profiles(frame, NONE_SHARED, set())
    assert profiles["street"].to_list() == ["high street"]
    alone, _ = linkage_profiles(versions({"record_id": "crm/1", **ANNA, "addresses": [building]}), NONE_SHARED, set())
    assert alone["street"].to_list() == ["rose cottage"]


# -- probable addresses -----------------------------------------------------------------------------------------------


def probable(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    """Rows of (record, probable address, address that it was derived from)."""
    return frame_of(
        PROBABLE_EMAILS,
        *({"record_id": record, "email": email, "derived_from": derived} for record, email, derived in rows),
    )


def test_a_probable_address_goes_with_the_values_that_it_was_derived_from() -> None:
    frame = versions(
        {"record_id": "crm/1", **ANNA, "emails": ["aadler@x.example"]},
        {"record_id": "crm/1", **ANNA, "version": 2, "emails": ["anna@mail.example"]},
        {"record_id": "crm/2", **ANNA, "emails": [], "company_norm": "acme"},
    )
    offered = probable(
        ("crm/1", "anna.adler@x.example", "aadler@x.example"), ("crm/2", "anna.adler@acme.example", None)
    )
    profiles, _ = linkage_profiles(frame, NONE_SHARED, set(), offered)
    found = {tuple(row[0]): row[1] for row in profiles.select("emails", "probable_emails").iter_rows()}
    assert found == {
        ("aadler@x.example",): ["anna.adler@x.example"],
        ("anna@mail.example",): [],
        (): ["anna.adler@acme.example"],
    }


def test_an_address_that_a_crowd_shares_is_not_probable_either() -> None:
    frame = versions({"record_id": "crm/1", **ANNA, "emails": ["a@x.example"]})
    shared = frame_of(SHARED_IDENTIFIERS, {"type": "email", "value": "b@x.example", "sharing": "crowd"})
    profiles, _ = linkage_profiles(frame, shared, set(), probable(("crm/1", "b@x.example", "a@x.example")))
    assert profiles["probable_emails"].to_list() == [[]]


def test_records_of_equal_values_stay_one_profile_and_others_keep_their_id() -> None:
    frame = versions(
        {"record_id": "crm/1", **ANNA, "emails": ["a@x.example"]},
        {"record_id": "shop/1", **ANNA, "emails": ["a@x.example"]},
        {"record_id": "crm/2", **ANNA, "emails": ["c@x.example"]},
    )
    offered = probable(("crm/1", "b@x.example", "a@x.example"), ("shop/1", "b@x.example", "a@x.example"))
    with_them, members = linkage_profiles(frame, NONE_SHARED, set(), offered)
    without, _ = linkage_profiles(frame, NONE_SHARED, set())
    assert sorted(with_them["records"].to_list()) == [1, 2]
    assert set(with_them["profile_id"]) & set(without["profile_id"]) == {
        members.filter(pl.col("record_id") == "crm/2")["profile_id"].item()
    }


def test_a_profile_has_the_same_id_in_every_release() -> None:
    whole = {**ANNA, "emails": ["b@x.example", "a@x.example"], "phones": ["+4400"]}
    whole |= {"identifiers": [{"type": "card", "value": "7"}], "addresses": [address("mill lane", "1", "york", "y1")]}
    frame = versions({"record_id": "crm/1", **whole}, {"record_id": "crm/2", "first_name_norm": "anna"})
    _, members = linkage_profiles(frame, NONE_SHARED, set())
    assert members.rows() == [(3853581358074597131, "crm/2"), (7177285131511062197, "crm/1")]


def test_what_a_name_was_written_in_is_part_of_a_profile_only_where_it_is_not_latin() -> None:
    said = versions(
        {
            "record_id": "a",
            "first_name_norm": "tailang",
            "last_name_norm": "tianzhong",
            "date_of_birth_text": "1980-03-05",
        }
    )
    latin, _ = linkage_profiles(
        said.with_columns(first_name=pl.lit("Tailang"), last_name=pl.lit("Tianzhong")), NONE_SHARED, set()
    )
    drawn, _ = linkage_profiles(
        said.with_columns(first_name=pl.lit("太郎"), last_name=pl.lit("田中")), NONE_SHARED, set()
    )
    assert latin.select("first_name_script", "last_name_script").row(0) == (None, None)
    assert drawn.select("first_name_script", "last_name_script").row(0) == ("han", "han")
    assert latin["profile_id"].item() != drawn["profile_id"].item()


def test_an_id_is_the_md5_of_the_values_and_of_the_record_where_they_identify_nobody() -> None:
    home, further = address("mill lane", "1", "york", "y1"), address("park street", "2", "leeds", None)
    mail, made = ["b@x.example", None, "a@x.example", "b@x.example"], ["anna.adler@x.example", "a.adler@x.example"]
    frame = versions(
        {"record_id": "crm/1", **ANNA, "emails": mail, "phones": ["+2", "+1"], "addresses": [home, further]},
        {"record_id": "crm/2", "first_name": "太郎", "first_name_norm": "tailang", "last_name": "Ющенко", "sex": ""},
        {"record_id": "reg/3", **ANNA, "last_name": "Ющенко", "job_title": " Clerk ", "emails": ["info@x.example"]},
        {"record_id": "web/4", "identifiers": [{"type": "card", "value": "7"}, {"type": "card", "value": "0"}]},
    )
    shared = frame_of(SHARED_IDENTIFIERS, {"type": "email", "value": "info@x.example", "sharing": "role"})
    offered = probable(*(("crm/1", email, "a@x.example") for email in made))
    profiles, members = linkage_profiles(frame, shared, {"reg"}, offered)
    assert len(profiles) == 5
    whose = members.join(profiles, on="profile_id")
    assert [row["profile_id"] for row in whose.iter_rows(named=True)] == [
        _id(row) for row in whose.iter_rows(named=True)
    ]
    assert profiles.sort("street")["probable_emails"].to_list()[-2:] == [sorted(made)] * 2


def _id(row: dict[str, Any]) -> int:
    """Of a profile with the ``record_id`` of a member."""
    said = [
        row["source"],
        *(row[name] for name in ("first_name", "first_name_root", "middle_name", "last_name", "suffix")),
    ]
    said += [
        row["sex"],
        row["date_of_birth"],
        *("\x1e".join(row[name]) for name in ("emails", "phones", "identifiers")),
    ]
    said += [row[name] for name in ("street", "house_number", "city", "region", "postcode", "country", "company")]
    identifies = (
        row["emails"] or row["identifiers"] or (row["first_name"] and row["last_name"] and row["date_of_birth"])
    )
    last = [row["job_title"], "" if identifies and row["source"] is None else row["record_id"]]
    more = ["\x1e".join(row["probable_emails"]), row["first_name_script"], row["last_name_script"]]
    text = "\x1f".join("\x00" if value is None else value for value in [*said, *last]) + "".join(
        f"\x1f{value}" for value in more if value
    )
    return int.from_bytes(hashlib.md5(text.encode()).digest()[8:], "little") & 0x7FFFFFFFFFFFFFFF
