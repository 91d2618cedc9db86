"""Names and namespaces of the XML form, as DataContractSerializer writes them.

The messages themselves say what their members are called; here is only what XML adds. (norce: contract, XML rules)
"""

from collections.abc import Mapping

from order_receiver.contract.plan import Kind, Member
from order_receiver.contract.request import Address, CodeValue, Message, OrderItem, Person, PriceListItem, Promotion

ORDER = "Enferno.Services.StormConnect.Contracts.Order"
"""Namespace of every element but the members of a Promotion. It has no scheme, and is no URI."""
PROMOTION = "Enferno.Services.Contracts.StormConnect.Order"
"""Namespace of a Promotion's members: the same words in another order."""
ENTITY = "Enferno.Services.Contracts.Message"
"""Namespace of the empty base type of messages that carry ExtensionData; seen in schemas only."""
ORDER_TYPES = "http://schemas.datacontract.org/2004/07/Enferno.Services.StormConnect.Contracts.Common"
"""Namespace of the enum OrderTypes; seen in schemas only."""
XSI = "http://www.w3.org/2001/XMLSchema-instance"

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

OPERATION = "CreateOrder"
REQUEST = "request"
"""The operation's one parameter, whose children are the members of OrderRequest."""
SERVICE = "OrderNotificationService"
ACTION = f"{ORDER}/{SERVICE}/{OPERATION}"
"""SOAPAction of a request; the answer's is the same with `Response` behind it."""

_ENTRIES: Mapping[type[Message], str] = {CodeValue: "Value", PriceListItem: "Pricelist"}
_COLLECTIONS: Mapping[type[Message], str] = {
    Address: "Addresses",
    OrderItem: "OrderItems",
}


def namespace(struct: type[Message]) -> str:
    """The namespace of a message's members."""
    return PROMOTION if struct is Promotion else ORDER


def contract_name(struct: type[Message]) -> str:
    """The name of a message's data contract, which is seen in schemas only; a Person's is Customer."""
    return "Customer" if struct is Person else struct.__name__


def entry_name(member: Member) -> str:
    """The element of one entry of a list: `Value` for all AdditionalInfo, `OrderItem` for Items."""
    if member.struct is not None:
        return _ENTRIES.get(member.struct, member.struct.__name__)
    return member.name.removesuffix("s")


def collection_name(member: Member) -> str:
    """The name of a list's data contract, which is seen in schemas only."""
    if member.struct is not None:
        return _COLLECTIONS.get(member.struct, f"{member.struct.__name__}s")
    return f"{entry_name(member)}List"


def has_base(struct: type[Message]) -> bool:
    """Whether the data contract derives from Entity, as those with ExtensionData do."""
    return "ExtensionData" in struct.__struct_fields__


def is_placed(struct: type[Message], member: Member) -> bool:
    """Whether the public contract gives the member a place; where not, it is written last, and only when it is set."""
    return (struct, member.name) not in {(OrderItem, "UnitPriceOriginalVat"), (PriceListItem, "UnitPriceVat")}


def is_element(member: Member) -> bool:
    """Whether the member is written in XML at all; ExtensionData is not."""
    return member.kind is not Kind.IGNORED
