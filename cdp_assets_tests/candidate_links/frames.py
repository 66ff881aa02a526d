"""Small frames for the tests of linkage: record versions, profiles, and a little town of people."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cdp_assets.tables import ADDRESS, LINKAGE_PROFILES, RECORD_VERSIONS

FIRST = [
    "anna",
    "bruno",
    "carla",
    "david",
    "emma",
    "frank",
    "greta",
    "hugo",
    "irene",
    "jonas",
    "karin",
    "lukas",
    "maria",
    "nils",
    "olga",
    "peter",
    "quinn",
    "rosa",
    "stefan",
    "tara",
]
LAST = [
    "adler",
    "becker",
    "conrad",
    "dietrich",
    "engel",
    "fischer",
    "graf",
    "hartmann",
    "imhof",
    "jansen",
    "keller",
    "lehmann",
    "maurer",
    "neumann",
    "otto",
]
STREETS = [
    "mill lane",
    "church road",
    "park street",
    "station road",
    "high street",
    "garden way",
    "river walk",
    "hill street",
]
TOWNS = ["oldham", "bristol", "leeds", "york"]


def address(street: str, number: str, city: str, postcode: str) -> dict[str, str | None]:
    return {
        "street": f"{number} {street}",
        "city": city,
        "region": None,
        "postcode": postcode,
        "country": "GB",
        "street_norm": street,
        "house_number": number,
        "unit": None,
        "city_norm": city,
        "region_norm": None,
        "postcode_norm": postcode,
    }


def versions(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of record versions; what a row leaves out is null, empty, or a plain default."""
    defaults: dict[str, Any] = {"emails": [], "phones": [], "addresses": [], "identifiers": [], "version": 1}
    filled = [{**defaults, "source": row["record_id"].split("/")[0], **row} for row in rows]
    for row in filled:
        row.setdefault("first_name_root", row.get("first_name_norm"))
    schema = dict(RECORD_VERSIONS.schema)
    schema["addresses"] = pl.List(ADDRESS)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in filled], schema=schema)


def profiles(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of linkage profiles, numbered from 1 where no id is given."""
    lists = {"emails": [], "probable_emails": [], "phones": [], "identifiers": []}
    filled = []
    for at, row in enumerate(rows, start=1):
        whole = {"profile_id": at, "records": 1, **lists, **row}
        whole.setdefault("first_name_root", whole.get("first_name"))
        filled.append({name: whole.get(name) for name in LINKAGE_PROFILES.schema})
    return pl.DataFrame(filled, schema=LINKAGE_PROFILES.schema)


def town(people: int = 60, seed: int = 7, leave_out: tuple[str, ...] = ()) -> tuple[pl.DataFrame, dict[int, int]]:
    """Profiles of ``people`` with one to three records each, some misspelt; and whose each profile is."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    whose: dict[int, int] = {}
    for person in range(people):
        first, last = str(rng.choice(FIRST)), f"{rng.choice(LAST)}{chr(97 + person % 26)}"
        born = f"{rng.integers(1940, 2000)}-{rng.integers(1, 13):02d}-{rng.integers(2, 28):02d}"
        home = (
            str(rng.choice(STREETS)),
            str(rng.integers(1, 200)),
            str(rng.choice(TOWNS)),
            f"p{rng.integers(100, 160)}",
        )
        mail = f"{first}.{last}{rng.integers(100)}@mail.example"
        for copy in range(1 + int(rng.integers(0, 3))):
            misspelt = last[:2] + last[3:] if copy and rng.random() < 0.3 else last
            row = {
                "profile_id": len(rows) + 1,
                "first_name": first,
                "last_name": misspelt,
                "date_of_birth": born if rng.random() < 0.9 else None,
                "emails": [mail] if rng.random() < 0.6 else [],
                "street": home[0],
                "house_number": home[1],
                "city": home[2],
                "postcode": home[3],
            }
            rows.append({name: value for name, value in row.items() if name not in leave_out})
            whose[len(rows)] = person
    return profiles(*rows), whose


def families(count: int = 150, seed: int = 3) -> list[list[dict[str, Any]]]:
    """Families of three under one name at one address, each member with another first and middle name and date of birth."""
    rng = np.random.default_rng(seed)
    found = []
    for family in range(count):
        last = "".join(rng.choice(list("abdefgklmnorstu"), 7))
        home = {
            "street": f"lane {last[::-1]}",
            "house_number": str(family + 1),
            "city": "york",
            "postcode": f"p{family}",
        }
        names = rng.choice(FIRST, 6, replace=False)
        found.append(
            [
                {
                    "first_name": str(names[at]),
                    "middle_name": str(names[3 + at]),
                    "last_name": last,
                    "date_of_birth": f"{rng.integers(1930, 2000)}-{rng.integers(1, 13):02d}-{rng.integers(2, 28):02d}",
                    **home,
                }
                for at in range(3)
            ]
        )
    return found


def scattered(number: int) -> str:
    """A number of a person or a family that says nothing of the next one."""
    return str((number + 1) * 48_271_003 % 90_000_049)
