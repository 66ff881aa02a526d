"""Identity resolution for customer data: records in, one explained golden record per customer out.

::

    landing files, SQL          what arrives
        │  sources/             contracts say what a source delivers; complete files become imports, once each
        ▼
    raw/<source>_imports        every line exactly as delivered
        ▼
    standardized/               names, e-mails, phones, addresses in comparable form; versions; rejected rows
        ▼
    candidate_links/            which records might be one customer, and how sure that is (Splink on DuckDB)
        ▼
    identity_graph/             who is who: clusters, stable customer ids, every merge and split
        ▼
    golden_records/             one row per customer, each value with its source, all addresses, consent
        ▼
    segments/                   who is in, out, or maybe
        ▼
    published/                  what other systems read

``evaluation/`` measures the result against known truth; ``steward/`` is the page where a person looks and decides.

One name per stage: folder, asset-key prefix, UI group, lake schema, tests. In a stage only ``assets.py`` knows
Dagster; everything else is plain functions, frames in and frames out. A stage never imports a later one.
"""

from cdp_assets.allocator import keep_memory

__version__ = "0.1.0"

keep_memory()  # before anything here loads Polars
