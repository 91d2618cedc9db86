"""Postal addresses of an order as Tryton keeps them: the party's own where it has the same, else a new one."""

import msgspec

from order_receiver.orders.canonical import AddressPart, PartyPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.people import attention, care_of, folded
from order_receiver.targets.tryton.directory import Directory
from order_receiver.targets.tryton.encoding import Values

COMPARED = ("party_name", "attn", "street", "postal_code", "city", "country")


class Address(msgspec.Struct, gc=False):
    """An address of a party in Tryton."""

    id: int
    party_name: str | None
    attn: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: int | None


async def address_values(part: PartyPart, party_name: str | None, directory: Directory) -> Values:
    """The address of a party; `party_name` is what the label says where it is not the party's own name.

    Raises PermanentFailure where the order has no address, or a country that Tryton does not know.
    """
    address = part.address
    if address is None:
        raise PermanentFailure("The order has a party without address, and Tryton has none for it either.")
    country = None if address.country is None else await directory.country(address.country)
    return {
        "party_name": None if part.name == party_name else part.name,
        "attn": attention(part),
        "street": "\n".join(_street(address)) or None,
        "postal_code": address.postal_code,
        "city": ", ".join(filter(None, (address.city, address.region))) or None,
        "country": country,
    }


def same(address: Address, values: Values) -> bool:
    """Whether an address of Tryton's says the same; case and blanks do not count."""
    return all(folded(getattr(address, name)) == folded(values[name]) for name in COMPARED)


def _street(address: AddressPart) -> list[str]:
    return [line for line in (care_of(address), address.line1, address.line2, address.box) if line]
