"""The words that the parsers look for, for a fuzzer that would not guess them."""

from collections.abc import Iterator

from order_receiver.contract.codes import FeeType, OrderType
from order_receiver.contract.plan import Kind, members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.soap_form.envelope import ADDRESSING
from order_receiver.contract.xml_form import names

_JSON = (
    *("null", "true", "false", "-0.0", "1E+28", "1e400", "2147483648", "NaN", '""', "[]", "{}"),
    *("\\ud83d\\ude00", "\\ud83d", "\\/Date(1)\\/"),
)
_XML = (
    *('i:nil="true"', f'xmlns:i="{names.XSI}"', f'xmlns="{names.ORDER}"', f'xmlns:a="{names.PROMOTION}"', 'xmlns=""'),
    *(f'xmlns:s="{names.SOAP11}"', f'xmlns:s="{names.SOAP12}"', *(f'xmlns:w="{one}"' for one in ADDRESSING)),
    *("<s:Envelope", "<s:Header>", "<s:Body>", "<w:MessageID>", "<w:Action>", 's:mustUnderstand="1"', "CreateOrder"),
    *("OrderRequest", "request", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE x[", "<!ENTITY x 'y'>", "<?x", "?>"),
    *('<?xml version="1.0" encoding="', "utf-16", "iso-8859-1", "&amp;", "&#xD;", "&#x1;", "&#xD83D;&#xDE00;"),
)
_BOTH = ("2026-11-20T08:15:30.1234567+01:00", "0001-01-01T00:00:00", "/Date(1734519600000+0100)/", "\ufeff")


def words(target: str) -> list[str]:
    """Names of the contract as this form writes them, and what else the form has of words."""
    named = sorted(set(_names(OrderRequest, xml=target == "xml")))
    if target == "xml":
        return [*named, *(f"<{word}>" for word in named), *(f"</{word}>" for word in named), *_XML, *_BOTH]
    return [*(f'"{word}"' for word in named), *_JSON, *_BOTH]


def dictionary(target: str) -> str:
    """The words as libFuzzer reads them, one a line."""
    return "".join(f'"{"".join(map(_escaped, word.encode()))}"\n' for word in words(target))


def _escaped(byte: int) -> str:
    one = chr(byte)
    return one if 0x20 <= byte < 0x7F and one not in '"\\' else f"\\x{byte:02X}"


def _names(struct: type[Message], *, xml: bool) -> Iterator[str]:
    yield from (one.name for one in (*OrderType, *FeeType))
    for member in members(struct):
        yield member.name
        if xml and member.kind in (Kind.LIST, Kind.TEXTS):
            yield names.entry_name(member)
        if member.struct is not None:
            yield from _names(member.struct, xml=xml)
