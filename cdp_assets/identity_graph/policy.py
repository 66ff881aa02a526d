"""The numbers that decide who is who, each with its reason.

Evidence is counted in bits; positive speaks for a merge. Measured values are F1 on the labelled sets and generated worlds
that the linkage was developed with; each holds in a wide range, and none was chosen for one set.
What does not belong here: which links are accepted (``candidate_links``) and a workspace's YAML settings.
"""

from __future__ import annotations

from dataclasses import dataclass

NEUTRAL_PROBABILITY = 0.2
"""Zero of an accepted link's evidence: what it weighs above this probability speaks for a merge.

Below any probability at which links are accepted, so that every accepted link says something. Measured on six labelled
sets and two generated worlds: at 0.05 households cling together by their weakest links, at 0.5 people whose values are
badly misspelt fall apart (a point of F1 either way); between 0.1 and 0.33 it hardly matters."""

STRONGEST_EVIDENCE_BITS = 60.0
"""A pair counts for no more than this: one identifier must not outvote everything else. At half of it well-described records are
all equally like one another, and which of two alike people a record joins is left to chance; nine labelled sets do not tell the
two apart otherwise."""

LINK_EVIDENCE_BITS = 0.5
"""An accepted link counts for at least this: it was accepted, so two records that nothing else concerns do merge."""

RULE_EVIDENCE_BITS = 5.0
"""A link that a named rule accepted counts for at least this, as one of p = .9: the rule knows better than the weight."""

HELD_BACK_EVIDENCE_BITS = -6.0
"""A pair that a named rule holds back (twins, partners): the rule sees two people, and what a link of ordinary weight says does not
outweigh it. Measured: at 0 whole households merge by one link (F1 5 points lower on a generated world), at -8 it is as here."""

CONFLICT_EVIDENCE_BITS = -20.0
"""A pair with strong evidence both ways outweighs any single link but the strongest, and gives way to several. Measured:
anything from -10 (better on people whose dates of birth are mistyped) to -40 (better on households) does."""

UNSEEN_PAIR_BITS = -1.5
"""Evidence of a pair that could have been compared (``descriptions.py``) and was never proposed or scored below review. Of
the pairs of one person, about a third end like that (2 ** -1.5), and of two people nearly all. Measured with two
different linkage models: best between -0.5 (few blocking rules) and -3 (many); at -0.25 one false link joins two crowds."""

UNSEEN_PAIRS_PER_RECORD = 24
"""No record is held against more than this many missing pairs: they are not independent, and a customer with a hundred spellings
is not better known than one with two dozen. Measured: F1 falls below 16, nothing is gained above 24."""

SINGLE_BEST_ROW_BITS = 2.0
"""A record belongs to that row of a register which it is four times as likely to be as any other. Measured on a master index with
rows that differ in one field on purpose: .92 without, .97 up to 2, .94 from 3 on (pairwise F1); no other set's result depends on it."""

CERTAIN_PROBABILITY = 0.9999
"""Links from here on are not worth a person's time."""


@dataclass(frozen=True)
class ClusterPolicy:
    """How candidate links become clusters.

    ``largest_cluster``: distinct linkage profiles (or records, if those are fewer) that one customer may have. Real people stay
    below 50 even in data with twenty spellings each; what is larger is a shared desk, a test account or a chain of errors.
    ``recut_step_bits``: how much more evidence a cluster above that bound must show, again and again until it fits.
    """

    neutral_probability: float = NEUTRAL_PROBABILITY
    strongest_evidence_bits: float = STRONGEST_EVIDENCE_BITS
    link_evidence_bits: float = LINK_EVIDENCE_BITS
    rule_evidence_bits: float = RULE_EVIDENCE_BITS
    held_back_evidence_bits: float = HELD_BACK_EVIDENCE_BITS
    conflict_evidence_bits: float = CONFLICT_EVIDENCE_BITS
    unseen_pair_bits: float = UNSEEN_PAIR_BITS
    unseen_pairs_per_record: int = UNSEEN_PAIRS_PER_RECORD
    single_best_row_bits: float = SINGLE_BEST_ROW_BITS
    largest_cluster: int = 200
    recut_step_bits: float = 2.0


@dataclass(frozen=True)
class ReviewPolicy:
    """What a person is asked to look at.

    ``longest_queue``: items kept, dearest first; nobody reads more. ``certain_probability``: links from here on are not shown.
    ``large_cluster``: distinct linkage profiles (or records, if those are fewer) from which a customer is shown for its size alone.
    ``reopened_doubt``: chance that a judgement no longer holds when one of its records says something else: people move and change names
    more often than a steward was wrong, so small, and a guess.
    ``large_cluster_doubt``: chance that such a customer is mixed even when no single link is weak. A guess on the safe side.
    """

    longest_queue: int = 10_000
    certain_probability: float = CERTAIN_PROBABILITY
    large_cluster: int = 100
    large_cluster_doubt: float = 0.05
    reopened_doubt: float = 0.1


DEFAULT_CLUSTERS = ClusterPolicy()
DEFAULT_REVIEW = ReviewPolicy()
