from pathlib import Path

import polars as pl

from cdp_assets.sources.contracts import load_contract
from cdp_assets.standardized.gathering import all_records
from cdp_assets.tables import source_records
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import frame, version
from cdp_assets_tests.crm import crm_contract, crm_folders


def test_records_are_those_of_the_imports_that_are_asked_for(tmp_path: Path) -> None:
    contract = load_contract(crm_folders(tmp_path, crm_contract()))
    workspace, table = Workspace(tmp_path), source_records("crm")
    for import_id in ("one", "two"):
        said = {name: value for name, value in version(f"crm/{import_id}").items() if name in table.schema}
        workspace.lake.replace_partition(table, import_id, frame(table, {**said, "import_id": import_id}))

    def found(**imports: str) -> list[str]:
        asked = pl.DataFrame({"import_id": list(imports), "source": list(imports.values())})
        return all_records(workspace, [contract], asked).get_column("record_id").sort().to_list()

    assert found(one="crm", two="crm") == ["crm/one", "crm/two"]
    assert found(one="crm", three="crm") == ["crm/one"]
    assert found(one="shop", two="crm") == ["crm/two"]  # another source may have an import of the same name
    assert all_records(workspace, [], pl.DataFrame({"import_id": ["one"], "source": ["crm"]})).is_empty()
