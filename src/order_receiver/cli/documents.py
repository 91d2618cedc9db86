"""Documents of targets, shown to people: decoded as they were encoded, and as lines that can be compared."""

import csv
import io
import json
import re
from collections.abc import Sequence
from contextlib import suppress

import msgspec
from lxml import etree

from order_receiver.contract.media import media_type as parse_media_type
from order_receiver.contract.personal import masked_message
from order_receiver.mapping.ubl.mapping import OWN
from order_receiver.orders.canonical import FORMAT

_DECLARED = re.compile(rb"""^<\?xml[^>]*?encoding=["']([\w.-]+)["']""")
_SEPARATORS = ";,\t|"
_EXTRA = "extra"
"""The member of the canonical order that holds what enrichments found."""


def shown(content: bytes, media_type: str | None = None) -> str:
    """A document as text, personal identity numbers masked; what cannot be decoded is replaced."""
    return masked_message(_decoded(content, media_type).encode())


def readable(content: bytes, media_type: str, *, extra: bool = True) -> Sequence[str]:
    """A document as lines: a member of JSON, an element of XML, a segment of EDIFACT or a cell of CSV on each.

    Without `extra`, what enrichments found is left out where a built-in mapping wrote it.
    """
    text = shown(content, media_type)
    if content.lstrip().startswith(b"<"):
        return _xml_lines(text, extra=extra)
    if content.startswith((b"UNA", b"UNB")):
        return _segments(text, extra=extra)
    if parse_media_type(media_type).name == "text/csv":
        return _cells(text, extra=extra)
    return _json_lines(text, extra=extra)


def _decoded(content: bytes, media_type: str | None) -> str:
    with suppress(LookupError):
        return content.decode(_charset(content, media_type), errors="replace")
    return content.decode(errors="replace")


def _charset(content: bytes, media_type: str | None) -> str:
    """As the media type or the document itself says; EDIFACT is in the one character set that we write it in."""
    declared = _DECLARED.match(content)
    if declared is not None:
        return declared[1].decode("ascii")
    named = parse_media_type(media_type).charset
    if named is not None:
        return "utf-8-sig" if named.lower() == "utf-8" else named
    return "iso8859-1" if content.startswith((b"UNA", b"UNB")) else json.detect_encoding(content)


def _json_lines(text: str, *, extra: bool) -> Sequence[str]:
    try:
        if not extra:
            text = _without_extra(text)
        return msgspec.json.format(text, indent=1).splitlines()
    except msgspec.DecodeError:
        return text.splitlines()


def _without_extra(text: str) -> str:
    """Only of a canonical order: elsewhere the name may stand for anything."""
    found = msgspec.json.decode(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return text
    members = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({name: value for name, value in members.items() if name != _EXTRA}).decode()


def _xml_lines(text: str, *, extra: bool) -> Sequence[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        root = etree.fromstring(re.sub(r"^\s*<\?xml.*?\?>", "", text, count=1).encode(), parser)
    except etree.XMLSyntaxError:
        return text.splitlines()
    if not extra:
        for value in root.findall(f".//{{{OWN}}}Value"):
            if value.get("field", "").startswith(f"{_EXTRA}."):
                _remove(value)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode").splitlines()


def _remove(element: etree._Element) -> None:
    """An element, and whatever holds nothing without it."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
        if not len(parent):
            _remove(parent)


def _segments(text: str, *, extra: bool) -> Sequence[str]:
    """Each with its terminator, which may be escaped by the release character; a UNA names both."""
    release, terminator = ("?", "'") if not text.startswith("UNA") else (text[6:7], text[8:9])
    pattern = f"(?:{re.escape(release)}.|[^{re.escape(terminator)}])*(?:{re.escape(terminator)}|$)"
    head, body = (text[:9], text[9:]) if text.startswith("UNA") else ("", text)
    found = [head, *(each.strip("\r\n") for each in re.findall(pattern, body, re.DOTALL))]
    kept = [each for each in found if each and (extra or not each.startswith(f"FTX+ZZZ+++{_EXTRA}."))]
    left = len([each for each in found if each]) - len(kept)
    return [_recounted(each, left) for each in kept] if left else kept


def _recounted(segment: str, left: int) -> str:
    """UNT says how many segments there are."""
    return re.sub(r"^UNT\+(\d+)", lambda match: f"UNT+{int(match[1]) - left}", segment)


def _cells(text: str, *, extra: bool) -> Sequence[str]:
    """`column: value`, with a line for each record before its own; empty cells are left out."""
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        header, *records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except (csv.Error, ValueError):
        return text.splitlines()
    if any(len(record) != len(header) for record in records) or not records:
        return text.splitlines()
    lines: list[str] = []
    for number, record in enumerate(records, 1):
        cells = [(column, cell) for column, cell in zip(header, record, strict=True) if cell]
        lines += [f"record {number}", *(f"  {column}: {cell}" for column, cell in cells if extra or column != _EXTRA)]
    return lines
