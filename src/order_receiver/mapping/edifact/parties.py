"""Parties: NAD with their references and contacts."""

from order_receiver.mapping.edifact.segments import Message
from order_receiver.mapping.model import MappingFailed
from order_receiver.orders.canonical import AddressPart, PartyPart

NAME, STREETS, CITY, REGION, POSTAL_CODE, COUNTRY, IDENTITY = 35, 3, 35, 9, 9, 3, 17
CONTACT, CHANNEL = 35, 512
GLN, GIVEN_BY_SELLER = "9", "91"
MAIL, PHONE = "EM", "TE"


def write_party(message: Message, function: str, party: PartyPart, field: str) -> None:
    """NAD, RFF for VAT and customer number, CTA and COM for person and company."""
    address = party.address or AddressPart()
    gln = message.text(address.gln, IDENTITY, f"{field}.address.gln")
    code = message.text(party.code, IDENTITY if not gln else NAME, f"{field}.code")
    identity = [gln, "", GLN] if gln else [code, "", GIVEN_BY_SELLER] if code else []
    name = message.parts(party.name, NAME, 5, f"{field}.name")
    message.add(
        "NAD", function, identity, "", name, _streets(message, address, f"{field}.address"),
        message.text(address.city, CITY, f"{field}.address.city"),
        message.text(address.region, REGION, f"{field}.address.region"),
        message.text(address.postal_code, POSTAL_CODE, f"{field}.address.postal_code"),
        message.text(address.country, COUNTRY, f"{field}.address.country"),
    )  # fmt: skip
    if gln and code:
        message.add("RFF", ["IT", code])
    if party.company is not None and party.company.vat_no is not None:
        message.add("RFF", ["VA", message.text(party.company.vat_no, NAME, f"{field}.company.vat_no")])
    _contacts(message, party, field)


def _streets(message: Message, address: AddressPart, field: str) -> list[str]:
    streets: list[str] = []
    for name in ("care_of", "line1", "line2", "box"):
        streets += message.parts(getattr(address, name), NAME, STREETS, f"{field}.{name}")
    if len(streets) > STREETS:
        raise MappingFailed(
            f"care_of, line1, line2 and box need {len(streets)} lines of {NAME} characters, and EDIFACT has {STREETS}",
            field=field,
        )
    return streets


def _contacts(message: Message, party: PartyPart, field: str) -> None:
    person, company, address = party.person, party.company, party.address
    if person is not None:
        place = f"{field}.person"
        names = " ".join(name for name in (person.first_name, person.last_name) if name)
        name = message.text(names or None, CONTACT, f"{place}.last_name")
        message.used.update((f"{place}.first_name", f"{place}.last_name") if len(names) else ())
        phones = (("mobile", person.mobile), ("work_phone", person.work_phone), ("private_phone", person.private_phone))
        _contact(message, "OC", name, [("email", person.email, MAIL), *((n, p, PHONE) for n, p in phones)], place)
    if company is not None:
        channels = [("email", company.email, MAIL), ("phone", company.phone, PHONE)]
        _contact(message, "IC", "", channels, f"{field}.company")
    if address is not None:
        _contact(message, "DL", "", [("phone", address.phone, PHONE)], f"{field}.address")


def _contact(
    message: Message, function: str, name: str, channels: list[tuple[str, str | None, str]], field: str
) -> None:
    known = [(member, value, channel) for member, value, channel in channels if value is not None]
    if not (name or known):
        return
    message.add("CTA", function, ["", name])
    for member, value, channel in known:
        message.add("COM", [message.text(value, CHANNEL, f"{field}.{member}"), channel])
