"""What a person asks and decides: on the command line and on the page.

A side branch: it reads every stage and writes only to the ledger. Plain functions find things out; ``*_text.py`` tell
them to a terminal, ``page.py`` with its templates to a browser.

========================= ==========================================================================================
``lookup``, ``dossier``   whom an enquiry means, and everything known about one customer
``connection``            why two records are, or are not, one customer (``chains``: over which links)
``decisions``, ``review`` judgements and corrections, and the queue of what wants one
``status``                where a workspace stands; ``run_text``: what a run did
``consent_facts``         events, state and suppressions of an address or customer, and whether their chain holds
``evaluation_text``       customers against known truth; ``exports``: identities for other tools
``story``                 the demo; ``story_goes_on``: what people decide after it, lived through in a copy
``page``                  the steward's page; ``protection``: whom it answers; ``serving``: on which port
``plain_text``            aligned text without harm
========================= ==========================================================================================

What does not belong here: computing anything that a stage should have computed.
"""
