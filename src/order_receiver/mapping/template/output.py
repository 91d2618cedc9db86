"""Checking what a template gave: JSON must parse, XML must be well formed."""

import re
from xml.parsers import expat

import msgspec

DECLARED = re.compile(r"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
FINAL = True
BYTE = re.compile(r" \(byte (\d+)\)")


class BadOutput(Exception):
    """A document that nobody could read; `str()` names the place in the document."""


def encode(text: str, extension: str) -> bytes:
    """Encode and check a document. XML is in the encoding it declares, all else in UTF-8. Raises BadOutput."""
    if not text.strip():
        raise BadOutput("the template gave an empty document")
    if extension == "xml":
        return _checked_xml(_encoded(text, _declared_encoding(text)))
    content = _encoded(text, "utf-8")
    if extension == "json":
        _check_json(content)
    return content


def _declared_encoding(text: str) -> str:
    declared = DECLARED.match(text)
    return declared[1] if declared else "utf-8"


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except LookupError as error:
        raise BadOutput(f"nobody knows the encoding {encoding} that the XML declaration names") from error
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise BadOutput(f"the character {character!a} cannot be written in {encoding}") from error


def _check_json(content: bytes) -> None:
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        at = BYTE.search(reason)
        line = content.count(b"\n", 0, int(at[1])) + 1 if at else 1
        raise BadOutput(
            f"the document is not JSON, see its line {line}: {BYTE.sub('', reason)} "
            "(a value in {{ }} brings its own quotes; separators between list members are up to the template)"
        ) from error


def _checked_xml(content: bytes) -> bytes:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, FINAL)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise BadOutput(f"the document is not well-formed XML, see its line {error.lineno}: {reason}") from error
    return content


def _refuse_doctype(*_: object) -> None:
    raise BadOutput("the document has a DOCTYPE, which receivers rightly refuse; leave it out")
