"""Buyers, payers, recipients, addresses and AdditionalInfo of the canonical order."""

from collections.abc import Sequence

from order_receiver.contract.request import Address, ClientCustomer, CodeValue, Company, Person
from order_receiver.orders.canonical import AddressPart, CompanyPart, Info, PartyPart, PersonPart


def info_part(entries: Sequence[CodeValue] | None) -> Info | None:
    """Return values by Code2, or by Code where Code2 is missing; an entry without any code by `id:<Id>`."""
    if not entries:
        return None
    info: Info = {}
    for entry in entries:
        if entry.Value is not None:
            code = entry.key or f"id:{entry.Id}"
            earlier = info.get(code)
            info[code] = entry.Value if earlier is None else [*_as_list(earlier), entry.Value]
    return info or None


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def party_part(customer: ClientCustomer | None) -> PartyPart | None:
    """Return a party; a company's address is on its person. (norce: receiving-orders, customers)"""
    if customer is None or (customer.Company is None and customer.Person is None):
        return None
    company, person = customer.Company, customer.Person
    return PartyPart(
        code=_code(company, person),
        name=_name(company, person),
        company=None if company is None else _company(company),
        person=None if person is None else _person(person),
        address=_address(company, person),
    )


def _code(company: Company | None, person: Person | None) -> str | None:
    return (company and company.Code) or (person and (person.CompanyCode or person.CustomerCode)) or None


def _name(company: Company | None, person: Person | None) -> str | None:
    """What goes on a label: the company's name, else the person's."""
    if company is not None and company.Name:
        return company.Name
    if person is None:
        return None
    return " ".join(name for name in (person.FirstName, person.LastName) if name) or None


def _address(company: Company | None, person: Person | None) -> AddressPart | None:
    if person is not None and person.Address is not None:
        return address_part(person.Address)
    addresses = (company.Addresses if company is not None else None) or ()
    return address_part(addresses[0]) if addresses else None


def address_part(address: Address | None) -> AddressPart | None:
    """Return an address as the order has it."""
    if address is None:
        return None
    return AddressPart(
        care_of=address.CareOf or None,
        line1=address.Line1 or None,
        line2=address.Line2 or None,
        box=address.Box or None,
        postal_code=address.ZipCode or None,
        city=address.City or None,
        region=address.Region or None,
        country=address.Country or None,
        phone=address.ShippingPhoneNumber or None,
        gln=address.Gln or None,
    )


def _company(company: Company) -> CompanyPart:
    return CompanyPart(
        code=company.Code or None,
        name=company.Name or None,
        vat_no=company.VatNo or None,
        phone=company.Phone or None,
        email=company.Email or None,
        info=info_part(company.AdditionalInfo),
    )


def _person(person: Person) -> PersonPart:
    return PersonPart(
        code=person.CustomerCode or None,
        first_name=person.FirstName or None,
        last_name=person.LastName or None,
        title=person.JobTitle or None,
        email=person.Email or None,
        mobile=person.CellPhone or None,
        private_phone=person.PrivatePhone or None,
        work_phone=person.WorkPhone or None,
        personal_number=person.SSN or None,
        info=info_part(person.AdditionalInfo),
    )
