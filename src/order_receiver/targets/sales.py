"""Adapters that make one sale for each submission key in an ERP, and bring it on from whatever state it is in."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from order_receiver.contract.response import ERP_ORDER_NO_LENGTH
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import CallFailed, NotYet, PermanentFailure
from order_receiver.targets.adapter import ErpOrder, Poll, SaveStep, Submission, Submitted, Update
from order_receiver.targets.records import Erp


class AnySale(Protocol):
    """A sale in an ERP."""

    @property
    def id(self) -> int: ...
    @property
    def order_no(self) -> str | None: ...


Sale = TypeVar("Sale", bound=AnySale)

_DECODER = msgspec.json.Decoder(OrderPart)


class SalesAdapter(ABC, Generic[Sale]):
    """The ERP gives its numbers at once, so there is nothing that comes later."""

    def __init__(self, erp: Erp) -> None:
        self._erp = erp

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        """Bring the sale to where the ERP has taken it, and return its number.

        Raises PermanentFailure, TransientFailure, UnknownOutcome.
        """
        try:
            order = _DECODER.decode(submission.document.content)
        except msgspec.DecodeError as error:
            raise PermanentFailure(
                f"The document is no canonical order: {error}. Leave `mapping` out for this target, or correct it."
            ) from error
        try:
            return await self._submit(submission.key, order, save)
        except CallFailed:
            self._forget()
            raise

    async def find(self, key: str) -> Sequence[ErpOrder]:
        """Raises the failures of the calls."""
        return [ErpOrder(erp_order_no=sale.order_no, erp_id=str(sale.id)) for sale in await self._found(key)]

    async def poll(self, cursor: str | None) -> Poll:
        """Nothing."""
        return Poll(updates=())

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """Nothing to put aside."""

    async def set_aside(self, update: Update, reason: str) -> None:
        """Nothing to put aside."""

    @abstractmethod
    async def _submit(self, key: str, order: OrderPart, save: SaveStep) -> Submitted:
        """Look at the sale and go on from there."""

    @abstractmethod
    async def _found(self, key: str) -> Sequence[Sale]:
        """All sales under a submission key."""

    @abstractmethod
    def _forget(self) -> None:
        """Drop what is remembered of the ERP: it may be what made a call fail."""

    async def _look(self, key: str) -> Sale | None:
        """The sale, if there is one. Raises PermanentFailure where there are several."""
        found = await self._found(key)
        if len(found) > 1:
            ids = ", ".join(str(sale.id) for sale in found)
            raise PermanentFailure(
                f"{self._erp.name} has several sales for this order, with the ids {ids}; there must be one."
            )
        return found[0] if found else None

    async def _present(self, key: str) -> Sale:
        """The sale, which was there a moment ago. Raises NotYet where it was deleted."""
        if (sale := await self._look(key)) is None:
            raise NotYet(f"The sale is not in {self._erp.name} (any more): somebody deleted it just now.")
        return sale

    def _taken(self, sale: Sale) -> Submitted:
        """What to tell of a sale that the ERP has taken. Raises PermanentFailure for a number too long for Norce."""
        number = sale.order_no
        if number is not None and len(number) > ERP_ORDER_NO_LENGTH:
            raise PermanentFailure(
                f"The sale's number has {len(number)} characters and Norce takes {ERP_ORDER_NO_LENGTH}; none is cut. "
                f"Shorten the sequence of sales in {self._erp.name}."
            )
        return Submitted(erp_order_no=number, erp_id=str(sale.id))
