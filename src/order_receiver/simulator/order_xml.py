"""The XML forms in which .NET writes an OrderRequest: DataContractSerializer's, bare or in WCF's SOAP envelope.

Nothing is left out and nothing is reordered: a null is an element that says so. (norce: samples, bodies)
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from uuid import NAMESPACE_URL, uuid5

from order_receiver.contract.plan import Member, members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.xml_form import names

ADDRESSING = "http://www.w3.org/2005/08/addressing"

_ESCAPED = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_NULLS = f'xmlns:i="{names.XSI}"'


def write_xml(order: OrderRequest) -> bytes:
    """The order as UTF-8 XML without declaration. Raises `UnicodeEncodeError` for half a surrogate pair.

    Characters that XML 1.0 forbids go out as references such as `&#x1;`, as from WCF's writer.
    """
    inner = "".join(_members(order))
    return f'<OrderRequest xmlns="{names.ORDER}" {_NULLS}>{inner}</OrderRequest>'.encode()


def write_soap(order: OrderRequest, envelope: str, address: str | None = None) -> bytes:
    """The order as a call of CreateOrder in the envelope of this namespace.

    With `address`, the URL that is called, it has WS-Addressing headers. Otherwise as `write_xml`.
    """
    inner = "".join(_members(order))
    declared, header = ("", "") if address is None else _addressing(order, address)
    return (
        f'<s:Envelope xmlns:s="{envelope}"{declared}>{header}<s:Body>'
        f'<{names.OPERATION} xmlns="{names.ORDER}"><{names.REQUEST} {_NULLS}>{inner}</{names.REQUEST}>'
        f"</{names.OPERATION}></s:Body></s:Envelope>"
    ).encode()


def _addressing(order: OrderRequest, address: str) -> tuple[str, str]:
    """The declaration and the header of WS-Addressing 1.0; the same order has the same message id."""
    return f' xmlns:a="{ADDRESSING}"', (
        f'<s:Header><a:Action s:mustUnderstand="1">{names.ACTION}</a:Action>'
        f"<a:MessageID>urn:uuid:{uuid5(NAMESPACE_URL, f'{address} {order.ClientOrderRef}')}</a:MessageID>"
        f"<a:ReplyTo><a:Address>{ADDRESSING}/anonymous</a:Address></a:ReplyTo>"
        f'<a:To s:mustUnderstand="1">{_escape(address)}</a:To></s:Header>'
    )


def _members(message: Message) -> Iterator[str]:
    struct = type(message)
    prefix = "" if names.namespace(struct) == names.ORDER else "a:"
    for member in members(struct):
        value: object = getattr(message, member.name)
        if names.is_element(member) and (value is not None or names.is_placed(struct, member)):
            yield _element(prefix + member.name, member, value)


def _element(name: str, member: Member, value: object) -> str:
    if value is None:
        return f'<{name} i:nil="true" />'
    if isinstance(value, list):
        return _collection(name, member, value)
    inner = "".join(_members(value)) if isinstance(value, Message) else _text(value)
    return f"<{name}>{inner}</{name}>"


def _collection(name: str, member: Member, entries: list[object]) -> str:
    """A list declares the namespace of its entries' members where it is another one."""
    space = names.ORDER if member.struct is None else names.namespace(member.struct)
    start = name if space == names.ORDER else f'{name} xmlns:a="{space}"'
    if not entries:
        return f"<{start} />"
    inner = "".join(_element(names.entry_name(member), member, entry) for entry in entries)
    return f"<{start}>{inner}</{name}>"


def _text(value: object) -> str:
    match value:
        case str():
            return _escape(value)
        case bool():
            return "true" if value else "false"
        case IntEnum():
            return value.name
        case Decimal():
            return format(value, "f")
        case datetime():
            return _date(value)
        case _:
            return str(value)


def _date(moment: datetime) -> str:
    """As XmlConvert writes it: Z for UTC, no zeros at the end of a fraction."""
    local = moment.replace(tzinfo=None).isoformat()
    zone = moment.isoformat(timespec="seconds")[19:]
    return (local.rstrip("0") if "." in local else local) + ("Z" if moment.utcoffset() == timedelta() else zone)


def _escape(text: str) -> str:
    """As WCF's writer does, which also keeps a carriage return from being read as a line feed."""
    return _ESCAPED.sub(lambda match: _ENTITIES.get(match[0]) or f"&#x{ord(match[0]):X};", text)
