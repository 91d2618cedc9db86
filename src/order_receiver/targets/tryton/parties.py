"""Who buys, pays and receives: parties of Tryton with an address each, found by code or e-mail, or made.

Every party that is made has a code that says whose it is, and Tryton lets no code be there twice: an attempt that
died, or a second one at the same moment, makes no second party. Known parties are not changed, but get new addresses.
"""

from collections.abc import Awaitable, Callable

import msgspec

from order_receiver.orders.canonical import PartyPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import TrytonTarget
from order_receiver.targets.people import email_of, own_mark, person_name
from order_receiver.targets.places import Customers, Place
from order_receiver.targets.tryton.addresses import Address, address_values, same
from order_receiver.targets.tryton.client import Domain
from order_receiver.targets.tryton.directory import Directory
from order_receiver.targets.tryton.encoding import Values, create
from order_receiver.targets.tryton.errors import Refused

CODE_LENGTH = 16
"""Characters of the hash in the code of a party that the order has no code for."""


class Party(msgspec.Struct, gc=False):
    """A party in Tryton."""

    id: int
    name: str | None
    active: bool | int
    """SQLite has no truth values: 1 or 0 there."""
    addresses: list[int]


class Parties(Customers):
    """Finds and makes the parties of one order."""

    def __init__(self, settings: TrytonTarget, directory: Directory, key: str, made: Callable[[], Awaitable[None]]):
        super().__init__(key, made)
        self._settings = settings
        self._directory = directory

    async def _place(self, part: PartyPart) -> Place:
        found = await self._find(part)
        if found is None:
            found = await self._make(part)
        if part.address is None and found.addresses:
            return Place(found.id, found.addresses[0])
        return Place(found.id, await self._address(found, part))

    async def _other_place(self, place: Place, part: PartyPart) -> Place:
        party = await self._by([["id", "=", place.customer]])
        return place if party is None else Place(party.id, await self._address(party, part))

    async def _find(self, part: PartyPart) -> Party | None:
        email = email_of(part)
        if part.code is None and email is not None and self._settings.match_email:
            has_it: Domain = [["type", "=", "email"], ["value", "in", sorted({email, email.lower()})]]
            if (found := await self._by([["contact_mechanisms", "where", has_it]])) is not None:
                return found
        return await self._by([["code", "=", self._code(part)]])

    async def _by(self, domain: Domain) -> Party | None:
        client = await self._directory.client()
        found = await client.search("party.party", [*domain, ["active", "in", [True, False]]], Party, 3)
        usable = [party for party in found if party.active]
        if len(usable) > 1:
            raise PermanentFailure(
                f"Tryton has several parties with the e-mail address of the customer, such as those with the ids "
                f"{usable[0].id} and {usable[1].id}. Merge them there, or set match_email = false for this target."
            )
        if found and not usable:
            raise PermanentFailure(
                f"The customer is the party with the id {found[0].id}, which is deactivated in Tryton."
            )
        return usable[0] if usable else None

    async def _make(self, part: PartyPart) -> Party:
        """Make a party with its address; one that appears at the same moment is taken instead."""
        code = self._code(part)
        if not self._settings.create_parties:
            raise PermanentFailure(
                f"Tryton knows no party with the code {code!r}. Make it there, or set create_parties = true."
            )
        values = await self._values(part, code)
        try:
            await (await self._directory.client()).create("party.party", values)
        except Refused:
            found = await self._by([["code", "=", code]])
            if found is None:
                raise
            return found
        await self._made()
        made = await self._by([["code", "=", code]])
        if made is None:
            raise PermanentFailure(f"Tryton made the party {code!r} and does not show it to the user of this target.")
        return made

    async def _values(self, part: PartyPart, code: str) -> Values:
        values: Values = {"name": part.name, "code": code}
        address = await address_values(part, part.name, self._directory)
        values["addresses"] = create([address])
        if ways := _ways(part):
            values["contact_mechanisms"] = create(ways)
        vat_no = part.company.vat_no if part.company is not None else None
        if vat_no is not None and self._settings.vat_identifier:
            values["identifiers"] = create([{"type": self._settings.vat_identifier, "code": vat_no}])
        return values

    async def _address(self, party: Party, part: PartyPart) -> int:
        client = await self._directory.client()
        values = await address_values(part, party.name, self._directory)
        known = await client.search("party.address", [["party", "=", party.id]], Address)
        for address in known:
            if same(address, values):
                return address.id
        made = await client.create("party.address", {**values, "party": party.id})
        await self._made()
        return made

    def _code(self, part: PartyPart) -> str:
        """The customer's code, or one of our own: by e-mail address, else for this order and name alone."""
        if part.code is not None:
            return part.code
        mark = own_mark(part, self._key, CODE_LENGTH, by_email=self._settings.match_email)
        return f"WEB-{mark.upper()}"


def _ways(part: PartyPart) -> list[Values]:
    """How to reach a party; in a company the person's ways have its name."""
    ways: list[Values] = []
    if part.company is not None:
        ways += [{"type": "email", "value": part.company.email}, {"type": "phone", "value": part.company.phone}]
    if part.person is not None:
        name = person_name(part) if part.company is not None else None
        ways += [
            {"type": "email", "value": part.person.email, "name": name},
            {"type": "mobile", "value": part.person.mobile, "name": name},
            {"type": "phone", "value": part.person.private_phone, "name": name},
            {"type": "phone", "value": part.person.work_phone, "name": name},
        ]
    first: dict[object, Values] = {}
    for way in ways:
        if way["value"] is not None:
            first.setdefault(way["value"], way)
    return list(first.values())
