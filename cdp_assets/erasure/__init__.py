"""Erasure (GDPR art. 17): everything held about a person goes, is proven to be gone, and stays out. And access (art. 15): the
same, written out for them to read.

A side branch beside ``evaluation`` and ``steward``: it knows every stage, no stage knows it. How the store of a stage is
rewritten belongs to that store (``lake.py``, ``ledger/``, ``published/erasing.py``); what of it is a person's, in which
order it goes and how that is proven belongs here.

============== =======================================================================================================
``steps``      the order, and how an erasure that was interrupted goes on
``person``     whose records they are, and all that follows: ``their_lines``, ``their_texts``
``signs``      the rule by which a row is an erased person's, and the keyed signs that it needs
``sieve``      the same rule at import: rows are put aside before their values are kept
``withheld``   what their withdrawals had ended, and stays ended
``lines``      lines in use: raw, records, rejections
``landed``     delivered files and the archive, by policy
``stored``     all other tables of the lake, and their former versions
``loose``      reports, exports, truth files
``scanning``   every file searched, after decoding
``certificate`` what was searched, in counts and hashes
``access``     what would be erased, as JSON and as a page
============== =======================================================================================================
"""
