from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets import tables
from cdp_assets.segments.members import members
from cdp_assets.segments.policy import SegmentsPolicy, condition_of
from cdp_assets.tables import Table
from cdp_assets_tests.builders import frame

WEBINAR_2020 = {
    "activity": "attended",
    "activity_subject": "Big Data 101",
    "observed_at": datetime(2020, 6, 30, 23, 59, tzinfo=UTC),
}


class World:
    """Customers, each with records (with the strength of the link that holds them), what they did, candidate links."""

    def __init__(self, customers: Mapping[str, Mapping[str, float]]) -> None:
        self.records = {record: (who, link) for who, held in customers.items() for record, link in held.items()}
        self.golden: dict[str, dict[str, Any]] = {who: {} for who in customers}
        self.did: list[tuple[str, dict[str, Any]]] = []
        self.pairs: list[tuple[str, str, float]] = []
        self.consents: list[dict[str, Any]] = []

    def frames(self) -> dict[str, pl.DataFrame]:
        profiles = {record: number for number, record in enumerate(sorted(self.records), start=1)}
        return {
            "customers": _frame(
                tables.CUSTOMERS, [{"customer_id": who, **values} for who, values in self.golden.items()]
            ),
            "customer_ids": _frame(
                tables.CUSTOMER_IDS,
                [{"record_id": record, "customer_id": who} for record, (who, _) in self.records.items()],
            ),
            "clusters": _frame(
                tables.CLUSTERS,
                [{"record_id": record, "weakest_probability": link} for record, (_, link) in self.records.items()],
            ),
            "record_versions": _frame(
                tables.RECORD_VERSIONS, [{"record_id": record, **activity} for record, activity in self.did]
            ),
            "scored_pairs": _frame(
                tables.SCORED_PAIRS,
                [
                    {
                        "profile_id_l": min(profiles[one], profiles[two]),
                        "profile_id_r": max(profiles[one], profiles[two]),
                        "match_probability": probability,
                    }
                    for one, two, probability in self.pairs
                ],
            ),
            "profile_members": _frame(
                tables.PROFILE_MEMBERS,
                [{"profile_id": number, "record_id": record} for record, number in profiles.items()],
            ),
            "consents": _frame(tables.CONSENTS, self.consents),
        }

    def members(
        self, where: dict[str, Any], when_in_doubt: str = "exclude", **policy: Any
    ) -> dict[str, dict[str, Any]]:
        """Rows of one segment by customer."""
        said = {"segments": {"one": {"where": where, "when_in_doubt": when_in_doubt}}, **policy}
        rows = members(SegmentsPolicy.model_validate(said), **self.frames())
        return {row["customer_id"]: row for row in rows.iter_rows(named=True)}

    def memberships(self, where: dict[str, Any], **options: Any) -> dict[str, str]:
        return {who: row["membership"] for who, row in self.members(where, **options).items()}


def _frame(table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return frame(table, *rows) if rows else table.empty()


def webinar(link: float = 1.0, **pairs: float) -> World:
    """A attended: a record held by ``link`` says so. B did not. ``pairs``: candidate links by the two record names."""
    world = World({"A": {"a1": 1.0, "a2": link}, "B": {"b1": 1.0}})
    world.did = [("a2", WEBINAR_2020)]
    world.pairs = [(name[:2], name[2:], probability) for name, probability in pairs.items()]
    return world


ATTENDED, NEVER = {"has": "attended"}, {"never": "attended"}


def test_evidence_on_a_certain_link_is_a_yes_and_none_is_a_no() -> None:
    assert webinar().memberships(ATTENDED) == {"A": "yes", "B": "no"}
    assert webinar().memberships(NEVER) == {"A": "no", "B": "yes"}


def test_evidence_on_a_weaker_link_is_a_maybe_either_way() -> None:
    world = webinar(link=0.93)
    assert world.memberships(ATTENDED)["A"] == "maybe"
    assert world.memberships(NEVER)["A"] == "maybe"


@pytest.mark.parametrize(("link", "expected"), [(0.99, "yes"), (0.9899, "maybe")])
def test_certain_begins_at_the_policys_probability(link: float, expected: str) -> None:
    assert webinar(link).memberships(ATTENDED)["A"] == expected
    assert webinar(link).memberships(ATTENDED, certain_probability=0.9)["A"] == "yes"


def test_the_surest_of_several_records_counts() -> None:
    world = webinar(link=0.93)
    world.did.append(("a1", WEBINAR_2020))
    row = world.members(ATTENDED)["A"]
    assert (row["membership"], row["why"]) == ("yes", "2 records attended, weakest link 1.0")


def test_a_candidate_link_to_somebody_who_did_is_a_maybe() -> None:
    for pair in ("b1a2", "b1a1", "a1b1"):
        world = webinar(**{pair: 0.71})
        row = world.members(NEVER)["B"]
        assert (row["membership"], row["is_included"]) == ("maybe", False)
        assert row["doubt"] == 0.29, "the exclusion is wrong if the two are not one person"
        assert row["why"] == "1 candidate link at 0.71"


def test_a_candidate_link_is_never_a_yes_however_probable() -> None:
    assert webinar(b1a2=0.9999).memberships(ATTENDED)["B"] == "maybe"


def test_a_candidate_link_is_as_sure_as_the_evidence_behind_it() -> None:
    assert webinar(link=0.6, b1a1=0.9).members(ATTENDED)["B"]["doubt"] == 0.6


def test_a_candidate_link_within_a_customer_says_nothing() -> None:
    assert webinar(a1a2=0.71).members(ATTENDED)["A"]["why"] == "1 record attended, weakest link 1.0"


def test_doubt_falls_where_the_segment_says() -> None:
    world = webinar(link=0.93)
    excluded, included = world.members(ATTENDED)["A"], world.members(ATTENDED, "include")["A"]
    assert (excluded["is_included"], excluded["doubt"]) == (False, 0.93)
    assert (included["is_included"], included["doubt"]) == (True, 0.07)


def test_why_tells_the_evidence_in_numbers() -> None:
    world = webinar(link=0.938, a1b1=0.7199)
    world.did.append(("b1", WEBINAR_2020))
    rows = world.members(ATTENDED)
    assert rows["A"]["why"] == "1 record attended, weakest link 0.93; 1 candidate link at 0.71"
    assert webinar().members(ATTENDED)["B"]["why"] == "no record attended"


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"subject": "*data*"}, "yes"),
        ({"subject": "big data 10?"}, "yes"),
        ({"subject": "data"}, "no"),
        ({"subject": "Big.Data*"}, "no"),
        ({"since": "2020-06-30"}, "yes"),
        ({"since": "2020-07-01"}, "no"),
        ({"until": "2020-06-30"}, "yes"),
        ({"until": "2020-06-29"}, "no"),
        ({"subject": "*data*", "since": "2021-01-01"}, "no"),
    ],
)
def test_limits_narrow_what_counts(limits: dict[str, str], expected: str) -> None:
    assert webinar().memberships({"has": "attended", **limits})["A"] == expected


def test_an_activity_without_a_subject_does_not_match_one() -> None:
    world = webinar()
    world.did = [("a1", {"activity": "attended"})]
    assert world.memberships({"has": "attended", "subject": "*"})["A"] == "no"


def test_another_activity_is_not_evidence() -> None:
    assert webinar().memberships({"has": "purchase"})["A"] == "no"


def test_fields_of_the_golden_record_are_certain() -> None:
    world = webinar()
    world.golden = {"A": {"country": "US", "is_known": True}, "B": {"country": None, "is_known": False}}
    assert world.memberships({"field": {"country": ["us", "GB"]}}) == {"A": "yes", "B": "no"}
    assert world.memberships({"field": {"is_known": "false"}}) == {"A": "no", "B": "yes"}
    assert world.members({"field": {"country": "US"}})["A"]["why"] == "country is as asked for"


def test_consent_in_force_under_one_address_is_consent() -> None:
    world = webinar()
    at = {"channel": "email", "purpose": "marketing"}
    world.consents = [
        {"customer_id": "A", "address": "a@a.example", "state": "given", **at},
        {"customer_id": "A", "address": "b@a.example", "state": "withdrawn", **at},
        {"customer_id": "B", "address": "b@b.example", "state": "withdrawn", **at},
    ]
    assert world.memberships({"consent": at}) == {"A": "yes", "B": "no"}
    assert world.memberships({"consent": {"purpose": "service"}}) == {"A": "no", "B": "no"}
    assert world.memberships({"consent": {"purpose": "marketing", "channel": "phone"}})["A"] == "no"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("given", "yes"), ("allowed", "yes"), ("requested", "no"), ("expired", "no"), ("insufficient", "no")],
)
def test_only_a_consent_that_allows_contact_counts(state: str, expected: str) -> None:
    world = World({"A": {"crm/1": 1.0}})
    world.consents = [
        {"customer_id": "A", "channel": "email", "address": "a@a.example", "purpose": "marketing", "state": state}
    ]
    assert world.memberships({"consent": {"purpose": "marketing", "channel": "email"}}) == {"A": expected}


VALUES = {"yes": {"has": "sure"}, "maybe": {"has": "likely"}, "no": {"has": "nothing"}}
PROBABILITY = {"yes": 1.0, "maybe": 0.8, "no": 0.0}


@pytest.fixture(scope="module")
def three_values() -> World:
    world = World({"A": {"a1": 1.0, "a2": 0.8}})
    world.did = [("a1", {"activity": "sure"}), ("a2", {"activity": "likely"})]
    return world


@pytest.mark.parametrize("one", VALUES)
@pytest.mark.parametrize("two", VALUES)
def test_all_and_any_in_three_values(three_values: World, one: str, two: str) -> None:
    order = ["no", "maybe", "yes"]
    everything = three_values.members({"all": [VALUES[one], VALUES[two]]}, "include")["A"]
    anything = three_values.members({"any": [VALUES[one], VALUES[two]]}, "include")["A"]
    assert everything["membership"] == min(one, two, key=order.index)
    assert anything["membership"] == max(one, two, key=order.index)
    for row, probability in ((everything, min), (anything, max)):
        true = probability(PROBABILITY[one], PROBABILITY[two])
        assert row["doubt"] == pytest.approx(1 - true if row["is_included"] else true)
    assert "; " in everything["why"]


@pytest.mark.parametrize(("value", "expected"), [("yes", "no"), ("maybe", "maybe"), ("no", "yes")])
def test_not_in_three_values(three_values: World, value: str, expected: str) -> None:
    assert three_values.memberships({"not": VALUES[value]}) == {"A": expected}


def test_every_segment_has_a_row_for_every_customer_in_order() -> None:
    policy = SegmentsPolicy.model_validate({"segments": {"two": {"where": NEVER}, "one": {"where": ATTENDED}}})
    rows = members(policy, **webinar().frames())
    assert list(rows.select("segment", "customer_id").iter_rows()) == [
        ("one", "A"),
        ("one", "B"),
        ("two", "A"),
        ("two", "B"),
    ]


def test_without_segments_the_table_is_empty() -> None:
    assert members(SegmentsPolicy(), **webinar().frames()).equals(tables.SEGMENT_MEMBERS.empty())


def test_never_is_the_opposite_of_has() -> None:
    assert condition_of({"never": "attended"}) == condition_of({"not": {"has": "attended"}})


# -- properties --------------------------------------------------------------------------------------------------------

RECORDS = [f"r{number}" for number in range(7)]
LINKS = st.lists(
    st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS), st.sampled_from([0.3, 0.5, 0.8, 0.95, 0.999])),
    max_size=9,
)


def _resolved(links: list[tuple[str, str, float]], accept: float, did: set[str], review: float = 0.0) -> World:
    """Customers are what links of at least ``accept`` join; links of at least ``review`` are kept as pairs."""
    group = {record: record for record in RECORDS}
    strength = dict.fromkeys(RECORDS, 1.0)
    for one, two, probability in sorted(links, key=lambda link: -link[2]):
        if probability >= accept and group[one] != group[two]:
            old, new = sorted((group[one], group[two]), reverse=True)
            for record in RECORDS:
                if group[record] in (old, new):
                    strength[record] = min(strength[record], probability)
                    group[record] = new
    customers: dict[str, dict[str, float]] = {}
    for record in RECORDS:
        customers.setdefault(group[record], {})[record] = strength[record]
    world = World(customers)
    world.did = [(record, WEBINAR_2020) for record in sorted(did)]
    world.pairs = [(one, two, p) for (one, two), p in _strongest(links).items() if p >= review]
    return world


def _strongest(links: list[tuple[str, str, float]]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for one, two, probability in links:
        if one != two:
            pair = (min(one, two), max(one, two))
            found[pair] = max(probability, found.get(pair, 0.0))
    return found


def _records_included(world: World, where: dict[str, Any], **policy: Any) -> set[str]:
    included = {who for who, row in world.members(where, **policy).items() if row["is_included"]}
    return {record for record, (who, _) in world.records.items() if who in included}


@settings(max_examples=40, deadline=None)
@given(LINKS, st.sets(st.sampled_from(RECORDS), max_size=3))
def test_never_on_looser_links_is_a_part_of_never_on_tighter_ones(
    links: list[tuple[str, str, float]], did: set[str]
) -> None:
    loose, tight = (_records_included(_resolved(links, accept, did), NEVER) for accept in (0.5, 0.95))
    assert loose <= tight
    assert not loose & did
    assert not tight & did
    more_pairs, fewer_pairs = (_records_included(_resolved(links, 0.95, did, review), NEVER) for review in (0.3, 0.8))
    assert more_pairs <= fewer_pairs
    world = _resolved(links, 0.5, did)
    assert _records_included(world, NEVER, certain_probability=0.6) == _records_included(world, NEVER)


@settings(max_examples=15, deadline=None)
@given(LINKS, st.sets(st.sampled_from(RECORDS), max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(links: list[tuple[str, str, float]], did: set[str], order: Any) -> None:
    policy = SegmentsPolicy.model_validate({"segments": {"one": {"where": {"any": [ATTENDED, NEVER]}}}})
    frames = _resolved(links, 0.9, did).frames()
    shuffled = {name: found[order.sample(range(found.height), found.height)] for name, found in frames.items()}
    assert members(policy, **frames).equals(members(policy, **shuffled))
