"""What the systems so far know about each person: which addresses, whether the mobile number, which home.

A record that shares none of it with the earlier ones could be anybody's, however good the linkage. In life a form or a
clerk asks for more when somebody is not recognised; here too, mostly (``ASKED_SHARE``). What is left can not be linked by
anyone, and bounds the recall that a perfect linkage reaches on this world.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.evaluation.world.draws import Flags, Floats, Ints
from cdp_assets.evaluation.world.world import World

ASKED_SHARE = 0.94


@dataclass(frozen=True)
class Traces:
    """Flags by address row, by person, and by person and home (before and after the move)."""

    mailbox: Flags
    mobile: Flags
    home: Flags
    person: Flags
    in_several: Flags

    def with_records(
        self, world: World, person: Ints, when: Ints, *, mailbox: Ints, has_mobile: Flags, has_home: Flags
    ) -> Traces:
        """Return the traces after these records; ``mailbox`` holds the addresses that were written rightly."""
        known = Traces(self.mailbox.copy(), self.mobile.copy(), self.home.copy(), self.person.copy(), self.in_several)
        known.mailbox[mailbox[mailbox >= 0]] = True
        known.mobile[person[has_mobile]] = True
        known.home[_home(world, person, when)[has_home]] = True
        known.person[person] = True
        return known

    def unrecognised(
        self, world: World, person: Ints, when: Ints, chance: Floats, *, mailbox: Ints, has_home: Flags
    ) -> Flags:
        """Return which records would share nothing with the person's earlier ones, and are asked for more.

        Several records of one person in the same source count as each other's earlier ones; so do those that two
        sources or more are going to make (``in_several``).
        """
        several = np.bincount(person, minlength=len(self.person)) > 1
        by_mailbox = (mailbox >= 0) & self.mailbox[np.maximum(mailbox, 0)]
        by_home = has_home & self.home[_home(world, person, when)]
        return (self.person | self.in_several | several)[person] & ~by_mailbox & ~by_home & (chance < ASKED_SHARE)


def no_traces(world: World) -> Traces:
    """Return the state before any system has recorded anybody."""
    people = len(world.population)
    counts = (len(world.mailboxes.address), people, 2 * people, people)
    mailbox, mobile, home, person = (np.zeros(count, dtype=np.bool_) for count in counts)
    sources = np.bincount(np.concatenate(list(world.known_to.values())), minlength=people)
    return Traces(mailbox, mobile, home, person, in_several=sources > 1)


def _home(world: World, person: Ints, when: Ints) -> Ints:
    return person * 2 + (when >= world.homes.moved_at[person])
