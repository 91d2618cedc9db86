"""Who buys, pays and receives: customers of an ERP with an address each."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from order_receiver.orders.canonical import OrderPart, PartyPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.people import is_buyer


@dataclass(frozen=True, slots=True)
class Place:
    """A customer and the address of it that is meant, by their ids."""

    customer: int
    address: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where an order is sold, invoiced and shipped to."""

    buyer: Place
    payer: Place
    recipient: Place


class Customers(ABC):
    """Finds and makes the customers of one order; `made` is awaited after each call that may have made something."""

    def __init__(self, key: str, made: Callable[[], Awaitable[None]]) -> None:
        self._key = key
        self._made = made

    async def places(self, order: OrderPart) -> Places:
        """Raises PermanentFailure where an order names no buyer or no address, or where a person has to decide."""
        if order.buyer is None:
            raise PermanentFailure("The order names no buyer.")
        buyer = await self._place(order.buyer)
        payer = buyer if order.payer is None else await self._beside(order.payer, order.buyer, buyer)
        recipient = buyer if order.recipient is None else await self._beside(order.recipient, order.buyer, buyer)
        return Places(buyer, payer, recipient)

    @abstractmethod
    async def _place(self, part: PartyPart) -> Place:
        """A customer of its own, found or made."""

    @abstractmethod
    async def _other_place(self, place: Place, part: PartyPart) -> Place:
        """Another address of a customer, found or made."""

    async def _beside(self, part: PartyPart, buyer: PartyPart, place: Place) -> Place:
        """A payer or recipient: a customer of its own, or another address of the buyer's."""
        if not is_buyer(part, buyer):
            return await self._place(part)
        return place if part.address is None else await self._other_place(place, part)
