"""Segments of an EDIFACT message: lengths and characters checked against the field they come from."""

import re
from collections.abc import Iterator
from decimal import Decimal

from pydifact.segments import Segment

from order_receiver.contract.personal import shorten
from order_receiver.mapping.model import MappingFailed
from order_receiver.mapping.written import number

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
NEAR = 20
"""Characters of a text that are shown before and after one that does not fit."""

CHARSET = "iso8859-1"
"""What UNOC stands for."""

TEXT, TEXTS = 70, 5
"""Length and number of the texts in one FTX segment (C108)."""

FREE_TEXTS = 99
"""FTX segments that the order, and each row, may have."""

AMOUNT, QUANTITY = 18, 15
"""Digits of 5004, and of 6060 and 5118."""


class Message:
    """The segments so far, and which fields of the canonical order are in them."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.used: set[str] = set()

    def add(self, tag: str, *elements: str | list[str]) -> None:
        """Add a segment; empty elements and components at its end are left out."""
        kept = [_trimmed(element) for element in elements]
        while kept and not kept[-1]:
            kept.pop()
        self.segments.append(Segment(tag, *kept))

    def text(self, value: str | None, length: int, field: str) -> str:
        """A text of the order for one component; nothing for None. Raises MappingFailed."""
        if value is None:
            return ""
        _check(value, field)
        if len(value) > length:
            raise MappingFailed(f"the text has {len(value)} characters, and EDIFACT takes {length}", field=field)
        self.used.add(field)
        return value

    def parts(self, value: str | None, length: int, count: int, field: str) -> list[str]:
        """A text over as many components as it needs. Raises MappingFailed where it needs more than `count`."""
        self.text(value, length * count, field)
        return [] if value is None else list(_chunks(value, length))

    def number(self, value: Decimal, digits: int, field: str) -> str:
        """An exact number with a dot; sign and dot do not count as digits. Raises MappingFailed."""
        text = number(value, field)
        if sum(map(str.isdigit, text)) > digits and "." in text:
            text = text.rstrip("0").rstrip(".")
        if sum(map(str.isdigit, text)) > digits:
            raise MappingFailed(f"{text} has more than {digits} digits, and EDIFACT takes no more", field=field)
        self.used.add(field)
        return text

    def free_text(self, subject: str, value: str | None, field: str) -> None:
        """A text of any length: each of its lines begins an FTX segment, and goes on in the next when it is full."""
        if value is None:
            return
        for line in re.split("\r\n|\r|\n", value):
            _check(line, field)
            for full in _chunks(line, TEXT * TEXTS):
                self.add("FTX", subject, "", "", list(_chunks(full, TEXT)))
        self.used.add(field)

    def check_texts(self, start: int, field: str) -> None:
        """Raises MappingFailed where there are more FTX segments from `start` on than a group of ORDERS takes."""
        texts = sum(segment.tag == "FTX" for segment in self.segments[start:])
        if texts > FREE_TEXTS:
            raise MappingFailed(f"its texts need {texts} FTX segments, and ORDERS takes {FREE_TEXTS}", field=field)

    def named(self, field: str, value: str) -> None:
        """A field that ORDERS has no segment for, as FTX+ZZZ: its name, then its text."""
        _check(field, field)
        if len(field) > TEXT:
            raise MappingFailed(f"the name of the field has more than {TEXT} characters", field=field)
        lines = re.split("\r\n|\r|\n", value)
        room = TEXT * (TEXTS - 1)
        for line in lines:
            _check(line, field)
            for full in _chunks(line, room):
                self.add("FTX", "ZZZ", "", "", [field, *_chunks(full, TEXT)])


def _chunks(value: str, length: int) -> Iterator[str]:
    return (value[start : start + length] for start in range(0, len(value), length))


def _trimmed(element: str | list[str]) -> str | list[str]:
    if isinstance(element, str):
        return element
    while element and not element[-1]:
        element = element[:-1]
    return element


def _check(value: str, field: str) -> None:
    """EDIFACT has no control characters, and UNOC only those of ISO 8859-1."""
    found = CONTROL.search(value)
    if found:
        raise MappingFailed(f"the text has the control character {found[0]!a}; correct the order", field=field)
    try:
        value.encode(CHARSET)
    except UnicodeEncodeError as error:
        character, near = value[error.start], shorten(value[max(0, error.start - NEAR) : error.start + NEAR])
        raise MappingFailed(
            f"the character {shorten(character)} (U+{ord(character):04X}) in '{near}' is not in ISO 8859-1, "
            "which UNOC stands for; correct the order",
            field=field,
        ) from error
