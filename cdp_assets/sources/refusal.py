"""The refusal of a delivered file as a whole.

What does not belong here: single lines that can not be read; they are kept, with the rule they broke (``Delivery``).
"""

from __future__ import annotations


class FileRefused(ValueError):  # noqa: N818 (what happened to the file; it is an outcome as much as an error)
    """A file that can not be read without guessing or losing something.

    ``rule`` names the rule it broke, ``reason`` says what was found and ``advice`` what to do next. None of them holds
    a value from the file or the file's name (names of files can be personal, too).
    """

    def __init__(self, rule: str, reason: str, advice: str) -> None:
        super().__init__(f"{reason}; {advice}")
        self.rule, self.reason, self.advice = rule, reason, advice
