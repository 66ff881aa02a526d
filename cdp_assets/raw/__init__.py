"""Every line exactly as delivered: one table per source, one partition per import.

Stage 2 of 8. The system of record: whatever is computed later can be computed again from here.
"""
