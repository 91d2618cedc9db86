"""Who buys, pays and receives: partners of Odoo with an address each, found by reference or e-mail, or made.

Every partner that is made has an external id that says whose it is: an attempt that died, or a second one at the same
moment, makes no second partner. Known partners are not changed, but get new addresses, which are contacts of theirs of
the type `other`: Odoo takes those for no other sale by itself.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from order_receiver.orders.canonical import PartyPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import OdooTarget
from order_receiver.targets.odoo.addresses import Partner, address_cells, label, same
from order_receiver.targets.odoo.client import Domain
from order_receiver.targets.odoo.directory import Directory, Names
from order_receiver.targets.odoo.errors import Overtaken
from order_receiver.targets.odoo.tables import table_of
from order_receiver.targets.people import attention, email_of, own_mark
from order_receiver.targets.places import Customers, Place

MODEL = "res.partner"
MARK_LENGTH = 32
"""Characters of the hash in an external id."""


class Partners(Customers):
    """Finds and makes the partners of one order."""

    def __init__(self, settings: OdooTarget, directory: Directory, key: str, made: Callable[[], Awaitable[None]]):
        super().__init__(key, made)
        self._settings = settings
        self._directory = directory

    async def _place(self, part: PartyPart) -> Place:
        partner = await self._find(part) or await self._make(part)
        if part.address is None:
            return Place(partner.id, partner.id)
        return Place(partner.id, await self._address(partner, part))

    async def _other_place(self, place: Place, part: PartyPart) -> Place:
        partner = await self._by([["id", "=", place.customer]])
        return place if partner is None else Place(partner.id, await self._address(partner, part))

    async def _find(self, part: PartyPart) -> Partner | None:
        if part.code is not None:
            return await self._by([["ref", "=", part.code]])
        email = email_of(part)
        if email is None or not self._settings.match_email:
            return None
        field = (await self._directory.names()).email
        return await self._by([[field, "in", sorted({email, email.lower()})], ["parent_id", "=", False]])

    async def _by(self, domain: Domain) -> Partner | None:
        client = await self._directory.client()
        company = (await self._directory.company()).id
        domain = [*domain, ["company_id", "in", [False, company]]]
        found = await client.search(MODEL, domain, Partner, 3, archived=True)
        usable = [partner for partner in found if partner.active]
        if len(usable) > 1:
            raise PermanentFailure(
                f"Odoo has several contacts with the customer's reference or e-mail address, such as those with the "
                f"ids {usable[0].id} and {usable[1].id}. Merge them there, or correct one of them."
            )
        if found and not usable:
            raise PermanentFailure(f"The customer is the contact with the id {found[0].id}, which is archived in Odoo.")
        return usable[0] if usable else None

    async def _make(self, part: PartyPart) -> Partner:
        """Make a partner with its address, or take the one that was made before: `load` does either."""
        known = "no code" if part.code is None else f"the code {part.code!r}"
        if not self._settings.create_partners:
            raise PermanentFailure(
                f"Odoo knows no contact for the customer, who has {known}: make it there with that as its Reference, "
                "or set create_partners = true."
            )
        names = await self._directory.names()
        cells = {**_who(part, names, self._settings), **await address_cells(part, self._directory)}
        partner = await self._load(f"customer_{self._mark(part)}", cells)
        made = await self._by([["id", "=", partner]])
        if made is None:
            raise PermanentFailure(
                f"The customer, who has {known}, is the contact with the id {partner}, and Odoo does not show it to "
                "the user of this target in this company."
            )
        return made

    async def _address(self, partner: Partner, part: PartyPart) -> int:
        client = await self._directory.client()
        name = partner.name if isinstance(partner.name, str) else None
        address, called = await address_cells(part, self._directory), label(part, name)
        if not called and same(partner, address):
            return partner.id
        known = await client.search(MODEL, [["parent_id", "=", partner.id]], Partner)
        called = called or part.name or ""
        for contact in known:
            if contact.name == called and same(contact, address):
                return contact.id
        cells = {"parent_id/.id": str(partner.id), "type": "other", "name": called, **_contact(part), **address}
        mark = sha256("\n".join(cells.values()).encode()).hexdigest()[:MARK_LENGTH]
        return await self._load(f"address_{mark}", cells)

    async def _load(self, name: str, cells: dict[str, str]) -> int:
        client = await self._directory.client()
        table = table_of(f"{self._settings.namespace}.{name}", cells)
        try:
            made = await client.load(MODEL, table)
        except Overtaken:
            made = await client.load(MODEL, table)
        await self._made()
        return made

    def _mark(self, part: PartyPart) -> str:
        if part.code is not None:
            return sha256(f"code {part.code}".encode()).hexdigest()[:MARK_LENGTH]
        return own_mark(part, self._key, MARK_LENGTH, by_email=self._settings.match_email)


def _who(part: PartyPart, names: Names, settings: OdooTarget) -> dict[str, str]:
    """A new customer without its address."""
    company, person = part.company, part.person
    vat_no = company.vat_no if company is not None and settings.vat_numbers else None
    phones = [company.phone] if company is not None else []
    mobile = None
    if person is not None and company is None:
        phones, mobile = [person.private_phone, person.work_phone], person.mobile
    if not names.mobile:
        phones, mobile = [*phones, mobile], None
    cells = {
        "name": part.name or "",
        "ref": part.code or "",
        "is_company": "0" if company is None else "1",
        "email": email_of(part) or "",
        "phone": next(filter(None, phones), ""),
        "vat": vat_no or "",
    }
    return {**cells, "mobile": mobile or ""} if names.mobile else cells


def _contact(part: PartyPart) -> dict[str, str]:
    """How to reach whom an address names: the person in a company, and whoever the carrier may call."""
    person = part.person if attention(part) is not None else None
    phone = part.address.phone if part.address is not None else None
    if person is None:
        return {"email": "", "phone": phone or ""}
    return {"email": person.email or "", "phone": phone or person.mobile or person.work_phone or ""}
