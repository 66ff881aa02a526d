"""What a competent user of Splink 5 writes on the same standardized records: the scripts that linkage is measured against.

Both take one row per record, its newest version: Splink compares rows, and a record's former versions would be so many more
rows, each with its own comparisons, for a gain that its clustering by connected components does not make. The columns are
the standardized ones (canonical e-mail and phone, names, streets and postcodes in their normal form), the first of several
where a record has several, and the identifiers. Values that a profile of the columns shows to be junk are emptied.
Comparisons are the library's, with term frequencies where its guides put them. The model is trained as the guides say:
the share of matches by deterministic rules, ``u`` by random sampling, ``m`` by expectation maximisation on three blocks that
between them train every comparison. Links from :data:`CUT` make clusters.

The two scripts differ in their blocking rules alone.

What becomes of the wide one was looked into at 174,000 records (60,000 people): pairwise F1 .45, precision .46, recall .43. It is neither a giant
cluster (48 records at most) nor the share of matches (1.6e-5), and no cut from .5 to .999999 does better than .47:

* Of 193,000 proposed pairs of one person 87,000 weigh about -2 bits, because one side is an address without a name: the same address is
  15.6 bits, less than the 15.9 that the share of matches takes.
* Of 156,000 pairs above the cut 48,000 are of two people of one household, 45,000 of them proposed by surname and beginning of the postcode: surname, street,
  postcode and city count as four proofs (40 bits against 5 for first names that differ).
* 4,700 are of strangers, most proposed by beginnings of both names. They chain households together, and namesakes grow with the square of the people: with six
  times as many people about 36 times as many such links. At a million records connected components then join crowds: the largest cluster has 4,734
  records at the usual cut (F1 .05, precision .025), and 21 at .999999 (F1 .47).

Part of ``linkage.py``; not run by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl
from fresh_processes import Stages
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink import comparison_library as cl

from cdp_assets.evaluation.accuracy import accuracy

Rule = tuple[str, ...]

CUT = 0.95
"""Where Splink's guides cut."""

CUTS = (0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.9999, 0.999999)
"""Where the truth is asked which cut would have been best. Who has the truth needs no linkage: it is told as a bound."""

SAMPLED_PAIRS = 1e7
"""Random pairs for ``u``: "often adequate whilst testing", says Splink's reference. The cheaper is taken for the scripts, because the
accuracy was the same in the second decimal (100,000 and a million records)."""

SAMPLED_PAIRS_OF_A_FINAL_MODEL = 1e8
"""What its example has, and the least that its warning asks for ("1e8 or 1e9"): three to nine times the seconds of this stage."""

MOST_RECORDS_PER_VALUE = 50
"""An e-mail address or phone on more records than this is somebody's "none@example.com": a careful user empties it."""

NARROW: tuple[Rule, ...] = (
    ("email",),
    ("phone",),
    ("loyalty_no",),
    ("cookie_id",),
    ("first_name", "last_name", "postcode"),
    ("first_name", "last_name", "dob"),
    ("last_name", "street", "house_number"),
    ("dob", "postcode"),
)
"""Eight rules that join on what hardly two people share."""

WIDE: tuple[Rule, ...] = (
    ("email",),
    ("phone",),
    ("loyalty_no",),
    ("cookie_id",),
    ("substr(first_name, 1, 3)", "substr(last_name, 1, 4)"),
    ("last_name", "dob"),
    ("first_name", "dob"),
    ("substr(postcode, 1, 3)", "first_name"),
    ("substr(postcode, 1, 3)", "last_name"),
    ("substr(postcode, 1, 3)", "dob"),
    ("dob", "city"),
    ("substr(first_name, 1, 2)", "substr(last_name, 1, 2)", "substr(dob, 1, 4)"),
)
"""Twelve rules: four for the keys, and those of Splink's example of fifty thousand historical people."""

DETERMINISTIC: tuple[Rule, ...] = (
    ("email",),
    ("cookie_id",),
    ("phone", "first_name"),
    ("first_name", "last_name", "dob"),
)
"""Rules whose pairs are counted for the share of matches among all pairs …"""
DETERMINISTIC_RECALL = 0.7
"""… and the part of all matches that a user of the guides says they find. Here it comes within 1.4 times the truth."""

TRAINED_ON: tuple[Rule, ...] = (("email",), ("first_name", "last_name"), ("phone",))
"""Blocks of expectation maximisation."""

_COUNTED = "SELECT count(*) AS pairs FROM blocked"


@dataclass(frozen=True)
class Script:
    """A script that has run: the pairs it looked at, the cluster of each record, and its trained linker."""

    candidate_pairs: int
    clusters: pl.DataFrame
    linker: Any


def rows_of(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per record, as a Splink user has it."""
    address = pl.col("addresses").list.first().struct

    def identifier(kind: str) -> pl.Expr:
        of_kind = pl.col("identifiers").list.filter(pl.element().struct.field("type") == kind)
        return of_kind.list.first().struct.field("value").alias(kind)

    rows = versions.filter("is_newest").select(
        pl.col("record_id").alias("unique_id"),
        pl.col("first_name_norm").alias("first_name"),
        pl.col("last_name_norm").alias("last_name"),
        pl.col("date_of_birth").dt.to_string("%Y-%m-%d").alias("dob"),
        pl.col("emails").list.first().alias("email"),
        pl.col("phones").list.first().alias("phone"),
        address.field("street_norm").alias("street"),
        address.field("house_number").alias("house_number"),
        address.field("city_norm").alias("city"),
        address.field("postcode_norm").alias("postcode"),
        pl.col("company_norm").alias("company"),
        identifier("loyalty_no"),
        identifier("cookie_id"),
    )
    is_believed = [pl.len().over(name) <= MOST_RECORDS_PER_VALUE for name in ("email", "phone")]
    return rows.with_columns(
        pl.when(believed).then(pl.col(name)).alias(name)
        for believed, name in zip(is_believed, ("email", "phone"), strict=True)
    )


def run(rows: pl.DataFrame, rules: Iterable[Rule], stages: Stages, sampled_pairs: float = SAMPLED_PAIRS) -> Script:
    """Train, score and cluster; each step is a stage."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("last_name"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.EmailComparison("email"),
            cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("street", [0.9]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("company", [0.9]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("loyalty_no"),
            cl.ExactMatch("cookie_id"),
        ],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        retain_matching_columns=False,
    )
    with stages("reading rows"):
        api = DuckDBAPI(connection=duckdb.connect())
        linker = Linker(api.register(rows.to_arrow(), table_name="records"), settings, log_level=None)
    with stages("share of matches"):
        linker.training.estimate_probability_two_random_records_match(
            [block_on(*rule) for rule in DETERMINISTIC], recall=DETERMINISTIC_RECALL
        )
    with stages("u estimation"):
        linker.training.estimate_u_using_random_sampling(max_pairs=sampled_pairs)
    with stages("EM"):
        for rule in TRAINED_ON:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    with stages("blocking"):
        blocked = linker.inference.compute_blocked_pairs_for_predict()
    with stages("scoring"):
        predicted = linker.inference.predict(threshold_match_probability=CUT)
    with stages("clustering"):
        clusters = _clustered(linker, predicted, CUT)
    return Script(blocked.as_duckdbpyrelation().query("blocked", _COUNTED).fetchall()[0][0], clusters, linker)


def best_cut(script: Script, truth: pl.DataFrame) -> tuple[float, pl.DataFrame]:
    """The cut of :data:`CUTS` whose clusters come nearest to the truth by pairwise F1, and those clusters."""
    predicted = script.linker.inference.predict(threshold_match_probability=CUTS[0])
    found = {cut: _clustered(script.linker, predicted, cut) for cut in CUTS}
    best = max(found, key=lambda cut: dict(accuracy(truth, found[cut]).rows()).get("pairwise_f1", 0.0))
    return best, found[best]


def _clustered(linker: Any, predicted: Any, cut: float) -> pl.DataFrame:
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=cut)
    clusters: pl.DataFrame = clustered.as_duckdbpyrelation().select("unique_id AS record_id, cluster_id").pl()
    return clusters
