"""One row per customer: survivorship, all addresses, provenance, consent.

Stage 6 of 8. Chooses among delivered values and never makes one up.
"""
