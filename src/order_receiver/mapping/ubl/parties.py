"""Parties and addresses in UBL."""

from order_receiver.mapping.ubl.elements import Node
from order_receiver.orders.canonical import AddressPart, CompanyPart, PartyPart, PersonPart
from order_receiver.settings.formats import UblFormat

GLN = "0088"
VAT = "VAT"


def write_customer(node: Node, name: str, party: PartyPart | None, field: str) -> None:
    """A buyer or payer: `name` is the element, such as BuyerCustomerParty."""
    customer = node.group(name)
    if party is not None:
        customer.text("SupplierAssignedAccountID", party.code, f"{field}.code")
        _party(customer.group("Party"), party, field)


def write_seller(node: Node, settings: UblFormat, application: str) -> None:
    """The seller, from the settings."""
    party = node.group("SellerSupplierParty", "Party")
    scheme = {} if settings.seller_scheme is None else {"schemeID": settings.seller_scheme}
    if settings.seller_scheme is not None:
        party.fixed("EndpointID", settings.seller_id, **scheme)
    party.group("PartyIdentification").fixed("ID", settings.seller_id, **scheme)
    if settings.seller_name is None:
        party.group("PartyName").text("Name", application, "application.name")
    else:
        party.group("PartyName").fixed("Name", settings.seller_name)


def write_recipient(node: Node, party: PartyPart, field: str) -> None:
    """The party that the goods go to."""
    group = node.group("DeliveryParty")
    group.group("PartyIdentification").text("ID", party.code, f"{field}.code")
    _party(group, party, field)


def _party(node: Node, party: PartyPart, field: str) -> None:
    company, person, address = party.company, party.person, party.address
    if address is not None:
        node.group("PartyIdentification").text("ID", address.gln, f"{field}.address.gln", schemeID=GLN)
    node.group("PartyName").text("Name", party.name, f"{field}.name")
    if address is not None:
        write_address(node.group("PostalAddress"), address, f"{field}.address")
    if company is not None:
        _company(node, company, f"{field}.company")
    if company is not None or address is not None:
        contact = node.group("Contact")
        if company is not None:
            contact.text("Telephone", company.phone, f"{field}.company.phone")
            contact.text("ElectronicMail", company.email, f"{field}.company.email")
        elif address is not None:
            contact.text("Telephone", address.phone, f"{field}.address.phone")
    if person is not None:
        _person(node.group("Person"), person, f"{field}.person")


def _company(node: Node, company: CompanyPart, field: str) -> None:
    tax = node.group("PartyTaxScheme")
    tax.text("CompanyID", company.vat_no, f"{field}.vat_no")
    if company.vat_no is not None:
        tax.group("TaxScheme").fixed("ID", VAT)
    legal = node.group("PartyLegalEntity")
    legal.text("RegistrationName", company.name, f"{field}.name")
    legal.text("CompanyID", company.code, f"{field}.code")


def _person(node: Node, person: PersonPart, field: str) -> None:
    node.text("ID", person.code, f"{field}.code")
    node.text("FirstName", person.first_name, f"{field}.first_name")
    node.text("FamilyName", person.last_name, f"{field}.last_name")
    node.text("JobTitle", person.title, f"{field}.title")
    contact = node.group("Contact")
    phones = (("mobile", person.mobile), ("work_phone", person.work_phone), ("private_phone", person.private_phone))
    name, phone = next(((name, phone) for name, phone in phones if phone is not None), ("mobile", None))
    contact.text("Telephone", phone, f"{field}.{name}")
    contact.text("ElectronicMail", person.email, f"{field}.email")


def write_address(node: Node, address: AddressPart, field: str) -> None:
    """A postal address."""
    node.text("Postbox", address.box, f"{field}.box")
    node.text("StreetName", address.line1, f"{field}.line1")
    node.text("AdditionalStreetName", address.line2, f"{field}.line2")
    node.text("CityName", address.city, f"{field}.city")
    node.text("PostalZone", address.postal_code, f"{field}.postal_code")
    node.text("CountrySubentity", address.region, f"{field}.region")
    node.group("AddressLine").text("Line", address.care_of, f"{field}.care_of")
    node.group("Country").text("IdentificationCode", address.country, f"{field}.country")
