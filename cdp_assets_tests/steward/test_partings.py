"""Decisions on a whole customer are checked, and written in one go or not at all."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from cdp_assets.identity_graph.memberships import with_resolution
from cdp_assets.identity_graph.partings import PartingError, pin_of
from cdp_assets.judgements import ContradictoryJudgementError, judgements_in_force
from cdp_assets.steward.decisions import DecisionError, evidence_hash, judge
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.steward.partings import pin_customer, records_of, split_customer, unmerge, unpin_customer
from cdp_assets.steward.resolved_ids import resolved_id, resolved_text
from cdp_assets.tables import CUSTOMER_IDS, MEMBERSHIPS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import FORMER, INES, INEZ, RESOLVED_AT, TOM

WHO = {"by": "kim", "reason": "she called", "now": RESOLVED_AT}
RECORDS = ["crm/1", "newsletter/n1", "shop/77", "web/v1", "webinar/w1"]


def judged(workspace: Workspace) -> set[tuple[str, str, str]]:
    return set(workspace.ledger.judgements().select("record_id_l", "record_id_r", "judgement").rows())


def remember(workspace: Workspace) -> None:
    """Memberships as two resolutions would have kept them: the shop's customer, merged into Ines by the second."""
    lake = workspace.lake
    ids = lake.read(CUSTOMER_IDS)
    was_former = pl.col("record_id").is_in(["shop/77", "web/v1"])
    before = ids.with_columns(
        pl.when(was_former).then(pl.lit(FORMER)).otherwise("customer_id").alias("customer_id")
    ).filter(pl.col("record_id") != "webinar/w1")
    held = with_resolution(MEMBERSHIPS.empty(), before, RESOLVED_AT - timedelta(days=9))
    lake.replace(MEMBERSHIPS, with_resolution(held, ids, RESOLVED_AT))
    lake.replace(CUSTOMER_IDS, ids, note={"memberships": str(lake.version(MEMBERSHIPS))})


def test_a_split_is_written_as_the_judgements_that_follow(own: Workspace) -> None:
    assert split_customer(own, INES, [["shop/77", "web/v1"]], **WHO) == 4
    assert judged(own) == {
        ("shop/77", "web/v1", "same"),
        *(
            (min("shop/77", record), max("shop/77", record), "different")
            for record in ("crm/1", "newsletter/n1", "webinar/w1")
        ),
    }
    kept = own.ledger.judgements()
    assert set(kept.select("judged_by", "reason", "judged_at").rows()) == {("kim", "she called", RESOLVED_AT)}
    assert kept["evidence_hash"].to_list() == [evidence_hash(own.lake, one, other) for one, other in kept.select("record_id_l", "record_id_r").rows()]  # fmt: skip


def test_a_former_id_names_the_customer_too(own: Workspace) -> None:
    assert records_of(own, FORMER) == records_of(own, INES) == RECORDS


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([["crm/2"]], "not this customer's"),
        ([RECORDS], "nothing to take apart"),
        ([["crm/1"], ["crm/1"]], "in two parts"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(own: Workspace, parts: list[list[str]], problem: str) -> None:
    with pytest.raises((DecisionError, PartingError), match=problem) as refused:
        split_customer(own, INES, parts, **WHO)
    assert "crm/" not in str(refused.value)
    assert own.ledger.judgements().is_empty()


def test_a_split_that_others_judgements_contradict_is_refused_with_the_chain(own: Workspace) -> None:
    for record in ("crm/1", "shop/77"):
        judge(own, record, "crm/3", "same", by="kim", reason=None, now=RESOLVED_AT)
    with pytest.raises(ContradictoryJudgementError) as refused:
        split_customer(own, INES, [["shop/77"]], **WHO)
    assert refused.value.chain == ("crm/1", "crm/3", "shop/77")
    assert own.ledger.judgements().height == 2


def test_a_merge_is_undone_to_what_the_two_customers_were(own: Workspace) -> None:
    remember(own)
    unmerge(own, FORMER, **WHO)
    assert judged(own) == {
        ("shop/77", "web/v1", "same"),
        ("crm/1", "newsletter/n1", "same"),
        ("crm/1", "shop/77", "different"),
    }
    with pytest.raises(DecisionError, match="holds already"):
        unmerge(own, FORMER, **WHO)


def test_what_was_not_merged_or_is_not_remembered_can_not_be_undone(own: Workspace) -> None:
    with pytest.raises(LookupProblemError, match="not merged"):
        unmerge(own, INES, **WHO)
    with pytest.raises(LookupProblemError, match="cdp split"):
        unmerge(own, FORMER, **WHO)


def test_nothing_joins_or_leaves_a_pinned_customer_until_it_is_unpinned(own: Workspace) -> None:
    assert pin_customer(own, INES, **WHO) == len(RECORDS)
    for left, right, word in (
        ("crm/1", "shop/77", "different"),
        ("crm/1", "crm/3", "same"),
        ("crm/1", "web/v1", "same"),
    ):
        with pytest.raises(DecisionError, match="cdp unpin"):
            judge(own, left, right, word, by="kim", reason=None, now=RESOLVED_AT)
    with pytest.raises(DecisionError, match="cdp unpin"):
        split_customer(own, INES, [["shop/77"]], **WHO)
    with pytest.raises(DecisionError, match="pinned already"):
        pin_customer(own, INES, **WHO)
    judge(own, "crm/1", "crm/3", "different", by="kim", reason=None, now=RESOLVED_AT)
    unpin_customer(own, INES, **WHO)
    assert not pin_of(judgements_in_force(own.ledger.judgements()), RECORDS)
    judge(own, "crm/1", "shop/77", "different", by="kim", reason=None, now=RESOLVED_AT)
    with pytest.raises(DecisionError, match="not pinned"):
        unpin_customer(own, INES, **WHO)


def test_a_customer_that_was_just_judged_to_be_another_too_can_not_be_pinned(own: Workspace) -> None:
    judge(own, "crm/1", "crm/3", "same", by="kim", reason=None, now=RESOLVED_AT)
    with pytest.raises(DecisionError, match="cdp run"):
        pin_customer(own, INEZ, **WHO)


def test_a_customer_of_one_record_is_pinned(own: Workspace) -> None:
    assert pin_customer(own, TOM, **WHO) == 1
    assert judged(own) == {("crm/2", "crm/2", "pinned")}


def test_an_id_tells_what_it_stands_for_and_what_it_was_on_a_day(own: Workspace) -> None:
    remember(own)
    now = resolved_id(own.lake, FORMER)
    assert (now.current_customer_id, now.state, now.records) == (INES, "merged", tuple(RECORDS))
    before = RESOLVED_AT - timedelta(days=1)
    assert resolved_id(own.lake, FORMER, before).records == ("shop/77", "web/v1")
    assert resolved_id(own.lake, INES, before).records == ("crm/1", "newsletter/n1")
    assert resolved_id(own.lake, FORMER, RESOLVED_AT).records == ()
    assert resolved_id(own.lake, INES, RESOLVED_AT).records == tuple(RECORDS)
    long_ago = resolved_id(own.lake, INES, RESOLVED_AT - timedelta(days=10))
    assert long_ago.records is None
    assert "is not known" in resolved_text(long_ago, 80)
    assert "shop/77" in resolved_text(now, 80)
    with pytest.raises(LookupProblemError, match="ever had that id"):
        resolved_id(own.lake, "CXXXXXXXXXXXXX")
