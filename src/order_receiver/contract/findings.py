"""Findings: what is odd or wrong in a message, told so that a person can act on it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`NOTE` is written down and passes; `PROBLEM` holds the order (or fails it, by setting)."""

    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a message.

    `where` is a JSON pointer (told to people as an XPath with its line where the message is XML), `rule` a code word
    of ours such as `not-a-number`, `seen` the value met, shortened and with personal data masked, `advice` one plain
    sentence saying what to do.
    """

    where: str
    rule: str
    seen: str
    advice: str
    severity: Severity = Severity.PROBLEM
