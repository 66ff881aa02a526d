"""The page where a person looks a customer up, sees why, decides and corrects.

A side branch: it reads every stage and writes only to the ledger.
"""
