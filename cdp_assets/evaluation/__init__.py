"""How good the result is: accuracy against known truth, and the seeded world that has one.

A side branch: it may read every stage, and no stage reads it.
"""
