"""What the ledger forgets of a person, and what it remembers of the files that were rewritten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cdp_assets.ledger import ERASED_TEXT, Landed, Ledger

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VALUE = "ines@calder.example"


def ledger(folder: Path) -> Ledger:
    return Ledger(f"sqlite:///{folder / 'ledger.db'}")


def test_former_contracts_that_name_the_person_are_kept_without_the_name(tmp_path: Path) -> None:
    opened = ledger(tmp_path)
    opened.put_contract_in_force("crm", "v1", '{"about": "ask Ines@Calder.example"}', NOW)
    assert opened.erase_decisions([], [VALUE])["notes"] == 1
    assert opened.contract_in_force("crm") == ("v1", f'{{"about": "ask {ERASED_TEXT}"}}')
    assert opened.erase_decisions([], [VALUE])["notes"] == 0


def test_nothing_deleted_is_left_in_the_file_after_compacting(tmp_path: Path) -> None:
    opened = ledger(tmp_path)
    opened.add_correction("crm/1", "email", VALUE, "set", corrected_by="x", now=NOW)
    opened.erase_decisions(["crm/1"], [])
    opened.compact()
    assert not [path.name for path in tmp_path.iterdir() if VALUE.encode() in path.read_bytes()]


def test_two_files_that_differed_in_the_erased_line_only_stay_two_imports(tmp_path: Path) -> None:
    opened = ledger(tmp_path)
    first, second = (opened.register(Landed("crm", sha * 64, f"{sha}.csv", 10, NOW))[0] for sha in "ab")
    for import_id in (first, second, second):
        opened.replace_content("crm", import_id, "c" * 64, 5)
    contents = opened.imports("crm")["content_sha256"].to_list()
    assert contents == ["c" * 64, f"{'c' * 64}@{second}"]
    assert opened.register(Landed("crm", "c" * 64, "again.csv", 5, NOW)) == (first, False)


def test_an_erasure_that_is_begun_twice_is_one_and_its_steps_are_kept(tmp_path: Path) -> None:
    opened = ledger(tmp_path)
    for by in ("first", "second"):
        opened.begin_erasure("e1", "C1", records=2, signs=[("email", "s1", True)], key_name="k", by=by, now=NOW)
    opened.finish_erasure_step("e1", "lines", {"lines": 2}, NOW)
    opened.finish_erasure_step("e1", "lines", {"lines": 0}, NOW)
    assert opened.erasures()["requested_by"].to_list() == ["first"]
    assert opened.erased_signs().rows() == [("e1", "s1", "email", True)]
    assert opened.steps_of_erasure("e1") == {"lines": {"lines": 0}}
    opened.finish_erasure("e1", "{}", NOW)
    assert opened.erasures()["finished_at"].to_list() == [NOW]
