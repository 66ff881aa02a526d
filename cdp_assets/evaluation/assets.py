"""Asset of the side branch: how accurate the current resolution is, where the truth is known."""

from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.candidate_links.estimates import by_threshold
from cdp_assets.candidate_links.pictures import precision_and_recall_chart
from cdp_assets.drawing import svg
from cdp_assets.evaluation.accuracy import accuracy as measured
from cdp_assets.evaluation.pairs_by_truth import pairs_by_truth
from cdp_assets.resources import RESOLUTION_POOL, key_check, picture, stored, table_asset
from cdp_assets.tables import CUSTOMER_IDS, EVALUATION, LINKAGE_MODEL, PROFILE_MEMBERS, SCORED_PAIRS
from cdp_assets.workspace import Workspace


@table_asset(EVALUATION, deps=[CUSTOMER_IDS], pool=RESOLUTION_POOL)
def accuracy(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per measure of the current resolution against the workspace's truth file.

    Key: measure. Pairwise and B-cubed precision, recall and F1, counted from the contingency of truth and customers. A
    workspace without `truth/records.parquet` has no rows here.
    """
    if not workspace.truth_file.is_file():
        return stored(
            workspace, EVALUATION, EVALUATION.empty(), metadata={"truth": "none in this workspace", "labelled": 0}
        )
    truth = pl.read_parquet(workspace.truth_file, columns=["record_id", "entity_id"]).drop_nulls()
    predicted = workspace.lake.read(CUSTOMER_IDS).select("record_id", pl.col("customer_id").alias("cluster_id"))
    rows = measured(truth, predicted)
    pairs, unseen = pairs_by_truth(workspace.lake.read(SCORED_PAIRS), workspace.lake.read(PROFILE_MEMBERS), truth)
    metadata: dict[str, Any] = {"labelled": truth.height, **dict(rows.select("measure", "value").rows())}
    if pairs.height:
        models = workspace.lake.read(LINKAGE_MODEL, columns=["accept_weight", "is_in_use"])
        accept_weight = float(models.filter("is_in_use")["accept_weight"].item())
        chart = precision_and_recall_chart(by_threshold(pairs, unseen), accept_weight)
        metadata["by_threshold"] = picture(svg(chart), "precision and recall of links by threshold, against the truth")
    return stored(workspace, EVALUATION, rows, metadata=metadata)


keys = [key_check(EVALUATION)]
