"""Parsing XML that anybody may have written: no DOCTYPE, no entities, nothing fetched, within libxml2's own limits.

Those limits stand as they are: 256 levels, 10 million bytes of one text. (ADR 0024)
"""

import re
import threading
from typing import TypeAlias

from lxml import etree

from order_receiver.contract.encoding import to_utf8
from order_receiver.contract.personal import shorten
from order_receiver.contract.reading import TOO_DEEP_ADVICE, Unreadable, unreadable
from order_receiver.contract.xml_form.names import ORDER


class _Own(threading.local):
    """Each thread's own parser: one that is shared would make threads wait for each other."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )


_own = _Own()

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no public name for what it gives

_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_LATE_DECLARATION = re.compile(rb"\A\s+<\?xml\s[^>]*\?>")
_CONTENT = re.compile(r"\n|: <!--|, line ")
"""Where in a parser's message its own words end: what follows may be the sender's text."""
_SURROGATES = re.compile(rb"&#x([dD][89abAB][0-9a-fA-F]{2});&#x([dD][c-fC-F][0-9a-fA-F]{2});")
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,16})|([0-9]{1,16}));")
_RAW = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_REPLACEMENT = b"\xef\xbf\xbd"
_DEFAULT_NAMESPACE = re.compile(
    rb"<(?:OrderRequest|CreateOrder)(?:\s+xmlns:\w+=\"[^\"<>]*\")*\s+(xmlns=\"" + re.escape(ORDER.encode()) + rb"\")"
)


def parse(body: bytes, charset: str | None = None) -> Element:
    """The root element; comments and processing instructions are left out.

    Elements are read by their local names, so the order namespace, where it is declared as .NET does, is left out: lxml
    makes a name with namespace anew each time it is asked, which would cost a fifth of all reading. (ADR 0024)
    `charset` is what Content-Type names. Characters that XML forbids (some senders write them as references) become
    U+FFFD. Raises Unreadable for anything that is no well-formed XML, and for every DOCTYPE.
    """
    if not body.startswith(b"<") or body[1:2] == b"\x00":
        return _parse_with_care(body, charset)
    _refuse_doctype(body)
    try:
        return _parsed(_without_namespace(body))
    except etree.XMLSyntaxError:
        return _parse_with_care(body, charset)


def _without_namespace(body: bytes) -> bytes:
    """In a CDATA section what looks like the declaration is text."""
    found = _DEFAULT_NAMESPACE.search(body)
    if found is None or body.find(b"<![CDATA[", 0, found.start()) >= 0:
        return body
    return body[: found.start(1)] + body[found.end(1) :]


def _parse_with_care(body: bytes, charset: str | None) -> Element:
    declaration = _DECLARATION.match(body.lstrip())
    text = to_utf8(body, charset, declaration[1].decode() if declaration is not None else None)
    if not text.strip():
        raise unreadable("empty", "the body is empty", "Send one order as XML.")
    text = _LATE_DECLARATION.sub(_lines_of, text)
    _refuse_doctype(text)
    try:
        return _parse_or_mend(text)
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None


def _lines_of(match: re.Match[bytes]) -> bytes:
    return b"\n" * match[0].count(b"\n")


def _parse_or_mend(text: bytes) -> Element:
    try:
        return _parsed(text)
    except etree.XMLSyntaxError:
        mended = _mended(text)
        if mended == text:
            raise
        return _parsed(mended)


def _parsed(text: bytes) -> Element:
    return etree.fromstring(text, _own.parser)


def _refuse_doctype(text: bytes) -> None:
    """Look through what stands before the root element; only there can a DOCTYPE be."""
    at = text.find(b"<")
    while at >= 0:
        if text.startswith(b"<!--", at):
            end = text.find(b"-->", at + 4)
        elif text.startswith(b"<?", at):
            end = text.find(b"?>", at + 2)
        elif text.startswith(b"<!", at):
            advice = "No order needs one, and much can be hidden in it; send the message without."
            raise unreadable("doctype", "it has a DOCTYPE", advice)
        else:
            return
        at = text.find(b"<", end) if end >= 0 else -1


def _mended(text: bytes) -> bytes:
    """The same text with characters that XML can hold: halves of a pair joined, all others replaced."""
    joined = _SURROGATES.sub(_pair, text)
    return _RAW.sub(_REPLACEMENT, _REFERENCE.sub(_allowed, joined))


def _pair(match: re.Match[bytes]) -> bytes:
    return (bytes.fromhex(match[1].decode()) + bytes.fromhex(match[2].decode())).decode("utf-16-be").encode()


def _allowed(match: re.Match[bytes]) -> bytes:
    code = int(match[1], 16) if match[1] is not None else int(match[2])
    if code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF:
        return match[0]
    return _REPLACEMENT


def _malformed(error: etree.XMLSyntaxError) -> Unreadable:
    line, column = error.position
    reason = shorten(_CONTENT.split((error.msg or "it ends too early"), maxsplit=1)[0])
    if "Excessive depth" in reason:
        return unreadable("too-deep", "it is nested far too deeply", TOO_DEEP_ADVICE)
    return unreadable("not-xml", f"{reason} at line {line}, column {column}", "Send well-formed XML.")
