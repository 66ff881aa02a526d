"""``cdp erase``: a look first, then the deed, then a resolution; and the job that does the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets import tables
from cdp_assets.cli import main
from cdp_assets.definitions import definitions_for
from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.scanning import scan
from cdp_assets_tests.erasure import workspace as small
from cdp_assets_tests.erasure.workspace import BEA, INES, PERSON, TOM


def test_a_dry_run_masks_and_the_deed_names_the_certificate_only(
    small_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], pictures_left_out: None
) -> None:
    home = small.copy(small_home, tmp_path / "ws").home
    there = ["--workspace", str(home)]
    assert main(["erase", PERSON[0], "--dry-run", *there]) == 0
    shown = capsys.readouterr()
    assert "Nothing has been changed." in shown.out
    assert "I••• C•••" in shown.out
    assert main(["erase", PERSON[0], "--no-resolve", "--json", *there]) == 0
    done = capsys.readouterr()
    (said,) = json.loads(done.out)
    assert said["customer_id"] == INES
    assert said["occurrences"] == 0
    assert not re.search("calder|brightmail|556677", shown.out + shown.err + done.out + done.err, re.IGNORECASE)
    assert main(["erase", PERSON[0], *there]) == 1
    refused = capsys.readouterr().err
    assert "no customer has that e-mail address" in refused
    assert PERSON[0] not in refused
    assert main(["erase", *there]) == 0
    assert capsys.readouterr().out.strip() == "Nothing was left to be erased."


@pytest.mark.slow
def test_the_job_erases_by_id_certifies_and_leaves_no_value_in_dagster_and_a_resolution_follows(
    small_home: Path, tmp_path: Path, pictures_left_out: None
) -> None:
    workspace = small.copy(small_home, tmp_path / "ws")
    home = workspace.home
    (home / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        job = definitions_for(workspace).resolve_job_def("erase_customers")
        chosen = {"ops": {"erasures": {"config": {"customer_ids": [INES]}}}}
        assert job.execute_in_process(instance=instance, run_config=chosen).success
        certificates = workspace.lake.read(tables.ERASURE_CERTIFICATES)
        assert certificates["occurrences"].sum() == 0
        assert certificates["files"].sum() > 20
        assert workspace.lake.read(tables.ERASURES)["customer_id"].to_list() == [INES]
        resolved = definitions_for(workspace).resolve_job_def("resolve_customers").execute_in_process(instance=instance)
        assert resolved.success
    assert scan(home, Patterns.of(PERSON)).found.total() == 0
    ids = workspace.lake.read(tables.CUSTOMER_IDS)
    assert set(ids["customer_id"]) == {TOM, BEA}
    lineage = workspace.lake.read(tables.ID_LINEAGE)
    assert lineage.filter(customer_id=INES)["current_customer_id"].to_list() == [None]
    rejected = workspace.lake.read(tables.REJECTED_ROWS)
    assert rejected["rule"].to_list() == ["erased_person"] * 4
