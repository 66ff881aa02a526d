"""Which records might be one customer: profiles, model, training, scoring, evidence.

Stage 4 of 8. Splink on DuckDB behind a small seam. Says how sure a link is; who belongs together is decided next.
"""
