"""Making the profiles that a change touches gives what making all of them gives, whatever the change."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.profiles import ROW_OF_A_VERSION, linkage_profiles
from cdp_assets.candidate_links.reprofiling import Profiled, reprofile
from cdp_assets.tables import PROBABLE_EMAILS, SHARED_IDENTIFIERS
from cdp_assets_tests.builders import frame as frame_of
from cdp_assets_tests.candidate_links.frames import FIRST, LAST, address, versions

REGISTERS = {"reg"}
MAILS = [f"{name}@mail.example" for name in FIRST]
PHONES = [f"+44161000{n:04d}" for n in range(8)]
CARDS = [str(n) for n in range(8)]
HOMES = [address("mill lane", "1", "york", "y1"), address("high street", "2", "leeds", "l2")]


class World:
    """Records with versions, values that crowds share, and probable addresses, all of which change from step to step."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.versions: dict[tuple[str, str, int], dict[str, Any]] = {}
        self.crowds: set[tuple[str, str]] = set()
        self.probable: set[tuple[str, str, str | None]] = set()
        for _ in range(60):
            self.deliver("imp-0")

    def some(self, values: list[Any], most: int) -> list[Any]:
        return list(self.rng.choice(np.array(values, dtype=object), int(self.rng.integers(0, most + 1)), replace=False))

    def deliver(self, import_id: str) -> None:
        """A version of some record; few names and values, so that many records say the same."""
        source = str(self.rng.choice(["crm", "shop", "reg"]))
        record, line = f"{source}/{self.rng.integers(25)}", len(self.versions)
        self.versions[record, import_id, line] = {
            "first_name_norm": str(self.rng.choice(FIRST[:3])),
            "last_name_norm": str(self.rng.choice(LAST[:2])) if self.rng.random() < 0.8 else None,
            "company_norm": "acme" if self.rng.random() < 0.3 else None,
            "emails": self.some(MAILS[:6], 2),
            "phones": self.some(PHONES, 1),
            "identifiers": [{"type": "card", "value": value} for value in self.some(CARDS, 1)],
            "addresses": self.some(HOMES, 2),
        }

    def step(self, number: int) -> None:
        for key in [key for key in self.versions if self.rng.random() < 0.05]:
            del self.versions[key]
        for _ in range(int(self.rng.integers(0, 6))):
            self.deliver(f"imp-{number}")
        if self.rng.random() < 0.5:
            kinds = {"email": MAILS[:6], "phone": PHONES, "card": CARDS}
            kind = str(self.rng.choice(sorted(kinds)))
            self.crowds ^= {(kind, str(self.rng.choice(kinds[kind])))}
        if self.rng.random() < 0.5:
            record = f"{self.rng.choice(['crm', 'shop'])}/{self.rng.integers(25)}"
            derived_from = str(self.rng.choice(MAILS[:6])) if self.rng.random() < 0.6 else None
            self.probable ^= {(record, str(self.rng.choice(MAILS[:6])), derived_from)}

    def made_of(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Versions in any order, shared identifiers and probable addresses."""
        rows = [
            {"record_id": record, "import_id": import_id, "line": line, **says}
            for (record, import_id, line), says in self.versions.items()
        ]
        told = versions(*rows).sample(fraction=1.0, shuffle=True, seed=int(self.rng.integers(1_000)))
        shared = [{"type": kind, "value": value, "sharing": "crowd"} for kind, value in sorted(self.crowds)]
        offered = [
            {"record_id": record, "email": email, "derived_from": derived}
            for record, email, derived in sorted(self.probable, key=str)
        ]
        return told, frame_of(SHARED_IDENTIFIERS, *shared), frame_of(PROBABLE_EMAILS, *offered)


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_changes_ends_where_making_all_profiles_does(seed: int) -> None:
    world = World(seed)
    told, shared, probable = world.made_of()
    now = linkage_profiles(told, shared, REGISTERS, probable)
    for number in range(1, 9):
        former, rows = Profiled(*now, shared, probable), told.select(ROW_OF_A_VERSION)
        world.step(number)
        told, shared, probable = world.made_of()
        changed = come_or_gone(rows, told.select(ROW_OF_A_VERSION))["record_id"]
        again = reprofile(former, changed, told, shared, REGISTERS, probable)
        now = linkage_profiles(told, shared, REGISTERS, probable)
        assert again.profiles.equals(now[0])
        assert again.members.equals(now[1])


def test_where_nothing_has_changed_no_profile_is_made() -> None:
    told, shared, probable = World(1).made_of()
    profiles, members = linkage_profiles(told, shared, REGISTERS, probable)
    former = Profiled(profiles, members, shared, probable)
    again = reprofile(former, told["record_id"].clear(), told, shared, REGISTERS, probable)
    assert again.records == 0
    assert again.profiles.equals(profiles)
    assert again.members.equals(members)


def test_from_nothing_and_to_nothing() -> None:
    told, shared, probable = World(2).made_of()
    profiles, members = linkage_profiles(told, shared, REGISTERS, probable)
    nothing = linkage_profiles(told.clear(), shared, REGISTERS, probable)
    everybody = told["record_id"].unique()
    begun = reprofile(Profiled(*nothing, shared, probable), everybody, told, shared, REGISTERS, probable)
    ended = reprofile(
        Profiled(profiles, members, shared, probable), everybody, told.clear(), shared, REGISTERS, probable
    )
    assert begun.profiles.equals(profiles)
    assert ended.members.is_empty()
    assert ended.profiles.is_empty()


def test_the_order_of_former_rows_does_not_matter() -> None:
    told, shared, probable = World(3).made_of()
    profiles, members = linkage_profiles(told, shared, REGISTERS, probable)
    mixed = Profiled(profiles.sample(fraction=1.0, shuffle=True, seed=1), members.reverse(), shared, probable)
    again = reprofile(mixed, told["record_id"].head(3), told, shared, REGISTERS, probable)
    assert again.profiles.equals(profiles)
    assert again.members.equals(members)


def test_an_address_that_is_only_probable_may_become_a_crowds() -> None:
    told = versions(
        {"record_id": "crm/1", "emails": ["a@x.example"]}, {"record_id": "crm/2", "emails": ["c@x.example"]}
    )
    offered = frame_of(PROBABLE_EMAILS, {"record_id": "crm/1", "email": "b@x.example", "derived_from": "a@x.example"})
    none, crowd = (
        frame_of(SHARED_IDENTIFIERS, *({"type": "email", "value": value, "sharing": "crowd"} for value in values))
        for values in ([], ["b@x.example"])
    )
    for before, now in ((none, crowd), (crowd, none)):
        former = Profiled(*linkage_profiles(told, before, REGISTERS, offered), before, offered)
        again = reprofile(former, told["record_id"].clear(), told, now, REGISTERS, offered)
        assert again.profiles.equals(linkage_profiles(told, now, REGISTERS, offered)[0])
        assert again.records == 1
