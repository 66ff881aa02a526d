"""Why two records are, or are not, one customer: as text for a terminal, and its sentences for the page.

What does not belong here: finding it out (``connection.py``).
"""

from __future__ import annotations

from cdp_assets.candidate_links.decisions import ACCEPTED, CONFLICT, REVIEW
from cdp_assets.candidate_links.explain import NOTHING
from cdp_assets.steward.chains import ACCEPTED_LINK, Step
from cdp_assets.steward.connection import CLUSTER_RULE_MEANS, RULE_MEANS, Connection
from cdp_assets.steward.plain_text import GAP, heading, paragraph, plural, probability, shortened, table, width_of

MOST_RULES_NAMED = 3

LEAST_VALUE_WIDTH = 12
"""Values are not cut shorter than this; a narrower terminal gets one block per line of evidence."""

BITS = "A bit is a doubling of the odds: for the match where positive, against it where negative."


def connection_text(found: Connection, width: int) -> str:
    """Now, the chain that joins them, and the evidence level by level."""
    parts = [f"{heading(f'{found.record_id_l} and {found.record_id_r}')}\n{paragraph(now(found), width)}"]
    if found.chain:
        parts.append(f"{heading('What joins them')}\n{chain_table(found.chain, width)}")
    parts.append(f"{heading('What the two say of each other')}\n{paragraph(verdict(found), width)}")
    if found.evidence:
        parts.append(f"{_evidence(found, width)}\n\n{BITS}")
    return "\n\n".join(parts)


def now(found: Connection) -> str:
    """Whether the two are one customer today."""
    said = f"{found.judgement} by {found.judged_by}" if found.judgement else ""
    judged = (
        f" A steward judged them: {said}{f' ({found.judgement_reason})' if found.judgement_reason else ''}."
        if said
        else ""
    )
    if found.is_one_customer:
        return f"One customer: {found.customer_id_l}.{judged}"
    return f"Two customers: {found.customer_id_l} and {found.customer_id_r}.{judged}"


def verdict(found: Connection) -> str:
    """What comparing the two records by themselves says, in a few sentences."""
    if found.says_the_same:
        return "They say the same: all that is compared is equal, so they stand in one linkage profile."
    if found.match_weight is None:
        return "Nothing could be compared: there is no trained model yet, or one of them says nothing. Run `cdp run`."
    weight = f"match weight {found.match_weight:+.2f} bits, probability {probability(found.match_probability)}"
    how = _HOW[found.was_scored].get(found.decision, "too little to be worth a look")
    rule = f" Rule {found.reason}: {RULE_MEANS[found.reason]}." if found.reason in RULE_MEANS else ""
    return f"{'Scored' if found.was_scored else 'Compared just now'}: {weight}: {how}.{rule} {_found_by(found)}{_no_link(found)}".strip()


_HOW = {
    True: {
        ACCEPTED: "accepted as a link",
        REVIEW: "not accepted, kept for a person to look at",
        CONFLICT: "a conflict, strong evidence both ways: kept apart until a person decides",
    },
    False: {
        ACCEPTED: "it would be accepted as a link",
        REVIEW: "it would not be accepted, but kept for a person to look at",
        CONFLICT: "it would be a conflict, strong evidence both ways: kept apart until a person decides",
    },
}


def _found_by(found: Connection) -> str:
    rules = ", ".join(found.found_by[:MOST_RULES_NAMED])
    if found.was_scored:
        return f"Found by blocking rule {rules}."
    if rules:
        more = len(found.found_by) - MOST_RULES_NAMED
        others = f" and {plural(more, 'other')}" if more > 0 else ""
        return f"The last run kept no such pair, though blocking rules bring the two together: {rules}{others}."
    return "No run compared them: no blocking rule brings the two together."


def _no_link(found: Connection) -> str:
    """Where the pair's own verdict and today's customers differ, what made the difference."""
    if found.decision == ACCEPTED and not found.is_one_customer:
        if found.judgement == "different":
            return " They are kept apart by the judgement."
        if found.overruled_by in CLUSTER_RULE_MEANS:
            return (
                f" Yet they are two customers, by rule {found.overruled_by}: {CLUSTER_RULE_MEANS[found.overruled_by]}."
            )
        return " Yet they are two customers: what else is known of both spoke against it, or the link is newer than the resolution."
    if found.decision != ACCEPTED and found.is_one_customer:
        return " Yet they are one customer: see what joins them." if found.chain else ""
    return ""


def chain_table(steps: tuple[Step, ...], width: int) -> str:
    """A chain step by step, from record to record."""
    rows = [
        (
            step.record_id_l,
            step.record_id_r,
            in_words(step),
            probability(step.probability),
            step.match_weight and f"{step.match_weight:+.1f}",
        )
        for step in steps
    ]
    return table(("record", "record", "because", "probability", "bits"), rows, width)


def in_words(step: Step) -> str:
    """Why one step holds."""
    if step.kind != ACCEPTED_LINK:
        return {"says the same": "they say the same", "judged the same": "a steward judged them the same"}[step.kind]
    rule = f", rule {step.reason}" if step.reason in RULE_MEANS else ""
    return f"accepted link, found by {step.found_by}{rule}"


def _evidence(found: Connection, width: int) -> str:
    """The lines that say something, values cut to the width; what could not be compared in one sentence."""
    lines = [row for row in found.evidence if row.level != NOTHING]
    total = ("match weight", "all together", f"{sum(row.weight for row in found.evidence):+.2f}")
    told = [(row.comparison.replace("_", " "), row.level, f"{row.weight:+.2f}") for row in lines] + [total]
    taken = sum(max(width_of(text) for text in column) for column in zip(*told, strict=True)) + 4 * len(GAP)
    room = max((width - taken) // 2, LEAST_VALUE_WIDTH)
    rows = [
        (*start, shortened(row.value_l, room), shortened(row.value_r, room))
        for start, row in zip(told[:-1], lines, strict=True)
    ]
    heads = ("compared", "agreement", "bits", shortened(found.record_id_l, room), shortened(found.record_id_r, room))
    text = table(heads, [*rows, (*total, "", "")], width)
    unsaid = [row.comparison.replace("_", " ") for row in found.evidence if row.level == NOTHING]
    return f"{text}\n\n{paragraph('Nothing to compare in: ' + ', '.join(unsaid) + '.', width)}" if unsaid else text
