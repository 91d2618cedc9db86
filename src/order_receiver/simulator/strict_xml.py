"""XML as .NET's text reader takes it: what that reader refuses is refused here. (norce: how answers are read)"""

import codecs
import re

from lxml import etree

TEXT_LIMIT = 8192
"""Characters of one text that .NET's reader takes by default."""
BLANKS = " \t\r\n"

_DECLARED = re.compile(r"<\?xml\s[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']")


def parse_strictly(body: bytes, charset: str | None = None) -> etree._Element:
    """The root of an answer, without comments. `charset` is what Content-Type names.

    Raises `ValueError` for an encoding other than UTF-8 or UTF-16, or one that is called by another name, a DOCTYPE,
    a processing instruction, a text over `TEXT_LIMIT`, and for anything that is not well-formed.
    """
    _check_encoding(body, charset)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"no well-formed XML: {error.msg}") from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise ValueError("it has a DOCTYPE")
    if tree.xpath("//processing-instruction()"):
        raise ValueError("it has a processing instruction")
    if any(len(text) > TEXT_LIMIT for text in root.itertext()):
        raise ValueError(f"a text is longer than {TEXT_LIMIT} characters")
    return root


def children(element: etree._Element) -> list[etree._Element]:
    """The elements in an element. Raises `ValueError` where there is text beside them."""
    inner = list(element)
    texts = (element.text, *(one.tail for one in inner))
    if any((text or "").strip(BLANKS) for text in texts):
        raise ValueError(f"there is text in {local_name(element)}")
    return inner


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname


def _check_encoding(body: bytes, charset: str | None) -> None:
    if not body:
        raise ValueError("it is empty")
    found = "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    declaration = _DECLARED.match(body.decode(found).removeprefix("\ufeff"))
    for called in (charset, declaration[1] if declaration else None):
        if called is not None and called.lower() != found:
            raise ValueError(f"it is called {called}, and is {found}")
