"""Judgements, corrections and choices are appended."""

from __future__ import annotations

import pytest

from cdp_assets.ledger import Ledger, LedgerError
from cdp_assets_tests.ledger.builders import NOON


def test_judgements_are_appended_and_name_their_pair_in_one_order(ledger: Ledger) -> None:
    ledger.add_judgement("web/9", "crm/1", "same", judged_by="ana", now=NOON)
    ledger.add_judgement("crm/1", "web/9", "different", judged_by="bo", now=NOON, reason="another person")
    rows = ledger.judgements().select("record_id_l", "record_id_r", "judgement").rows()
    assert rows == [("crm/1", "web/9", "same"), ("crm/1", "web/9", "different")]
    with pytest.raises(LedgerError, match="two different records"):
        ledger.add_judgement("crm/1", "crm/1", "same", judged_by="ana", now=NOON)


def test_corrections_come_back_as_they_went_in(ledger: Ledger) -> None:
    ledger.add_correction("crm/1", "city", "Leeds", "set", corrected_by="ana", now=NOON)
    assert ledger.corrections().select("record_id", "field", "correction").rows() == [("crm/1", "city", "set")]


def test_the_newest_choice_of_a_kind_is_in_force_and_all_are_counted(ledger: Ledger) -> None:
    assert ledger.choice("linkage model") is None
    ledger.add_choice("linkage model", "v1", chosen_by="ada", now=NOON)
    ledger.add_choice("something else", "x", chosen_by=None, now=NOON)
    ledger.add_choice("linkage model", None, chosen_by="ben", now=NOON)
    newest = ledger.choice("linkage model")
    assert newest is not None
    assert (newest["subject"], newest["chosen_by"], newest["chosen_at"]) == (None, "ben", NOON)
    assert ledger.decisions()["choices"] == 3
