"""OrderResponse as XML, in the one shape that every known .NET reader takes whole.

Members in contract order and in the order namespace, no declaration, no white space between them; characters that XML
cannot hold are left out. (norce: response, the answer that every reader takes)
"""

import re
from xml.sax.saxutils import escape

from order_receiver.contract.response import OrderResponse
from order_receiver.contract.xml_form.names import ORDER, XSI

MEDIA_TYPE = b"application/xml; charset=utf-8"
NAMESPACES = f'xmlns="{ORDER}" xmlns:i="{XSI}"'

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def response_xml(response: OrderResponse) -> bytes:
    """The answer of REST (Legacy) and of REST as XML."""
    return f"<OrderResponse {NAMESPACES}>{members_xml(response)}</OrderResponse>".encode()


def members_xml(response: OrderResponse) -> str:
    """The four members, for whatever element holds them. A number that XML cannot hold whole is not told at all."""
    number = response.ErpOrderNo
    if number is not None and _FORBIDDEN.search(number) is not None:
        number = None
    return (
        f"<StatusCode>{text_xml(response.StatusCode)}</StatusCode>"
        f"{_nullable('Description', response.Description)}"
        f"<HasErpOrderNo>{'true' if number else 'false'}</HasErpOrderNo>"
        f"{_nullable('ErpOrderNo', number)}"
    )


def text_xml(text: str) -> str:
    """Text as it may stand in an element."""
    return escape(_FORBIDDEN.sub("", text), {"\r": "&#xD;"})


def _nullable(name: str, text: str | None) -> str:
    return f'<{name} i:nil="true"/>' if text is None else f"<{name}>{text_xml(text)}</{name}>"
