"""Postal addresses of an order as Odoo keeps them: the partner itself or a contact of it, else a new contact."""

from collections.abc import Mapping

import msgspec

from order_receiver.orders.canonical import AddressPart, PartyPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.odoo.directory import Directory
from order_receiver.targets.odoo.encoding import Link, Text, linked
from order_receiver.targets.people import attention, care_of, folded

COUNTRY = "country_id/.id"


class Partner(msgspec.Struct, gc=False):
    """A customer in Odoo, or a contact of one, with its address."""

    id: int
    name: Text
    active: bool
    street: Text
    street2: Text
    zip: Text
    city: Text
    country_id: Link


async def address_cells(part: PartyPart, directory: Directory) -> dict[str, str]:
    """The address of a party, without a name.

    Raises PermanentFailure where the order has no address, or a country that Odoo does not know.
    """
    address = part.address
    if address is None:
        raise PermanentFailure("The order has a party without address, and Odoo has none for it either.")
    country = None if address.country is None else await directory.country(address.country)
    street, street2 = _streets(address)
    return {
        "street": street,
        "street2": street2,
        "zip": address.postal_code or "",
        "city": ", ".join(filter(None, (address.city, address.region))),
        COUNTRY: "" if country is None else str(country),
    }


def label(part: PartyPart, partner_name: str | None) -> str:
    """What an address says beside the partner's own name: another name, and the person where that is a company."""
    other = None if part.name is None or folded(part.name) == folded(partner_name) else part.name
    return ", ".join(filter(None, (other, attention(part))))


def same(partner: Partner, cells: Mapping[str, str]) -> bool:
    """Whether a partner has this address; case and blanks do not count."""
    found = {
        "street": partner.street or "",
        "street2": partner.street2 or "",
        "zip": partner.zip or "",
        "city": partner.city or "",
        COUNTRY: linked(partner.country_id) or "",
    }
    return all(folded(found[name]) == folded(cells[name]) for name in found)


def _streets(address: AddressPart) -> tuple[str, str]:
    """Odoo has two lines: the street, and whatever else there is."""
    lines = [line for line in (address.line1, care_of(address), address.line2, address.box) if line]
    return (lines[0], ", ".join(lines[1:])) if lines else ("", "")
