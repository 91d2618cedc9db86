"""An ERP that takes orders as sales of a web shop: draft, quotation, confirmed."""

from collections.abc import Sequence

from yarl import URL

from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import TrytonTarget
from order_receiver.targets.adapter import CancelOutcome, Capabilities, SaveStep, Submitted
from order_receiver.targets.records import Erp
from order_receiver.targets.sales import SalesAdapter
from order_receiver.targets.tryton.client import Client
from order_receiver.targets.tryton.directory import Directory
from order_receiver.targets.tryton.errors import Refused
from order_receiver.targets.tryton.parties import Parties
from order_receiver.targets.tryton.sales import Sale, Sales
from order_receiver.targets.tryton.session import Account, Session

TAKEN = ("confirmed", "processing", "done")
"""States of a sale that Tryton has taken for good."""


class TrytonAdapter(SalesAdapter[Sale]):
    """Makes one sale for each submission key, which is its web_id: Tryton itself allows one for each shop.

    Every attempt begins by looking at the sale and goes on from its state, so it matters not where an earlier one
    died. A second attempt at the same moment loses: a second sale breaks the rule on web_id, and a second step finds
    the sale changed. Then it looks again.
    """

    def __init__(self, settings: TrytonTarget, password: str, name: str) -> None:
        super().__init__(Erp("Tryton", name))
        url = URL(settings.url) / settings.database / "rpc" / ""
        self._session = Session(Account(url, settings.user, password), settings.timeout)
        self._directory = Directory(Client(self._session), self._erp, settings.shop)
        self._sales = Sales(settings, self._directory)
        self._settings = settings

    def capabilities(self) -> Capabilities:
        return Capabilities(enforces_uniqueness=True, answers_number=True, cancels=True)

    async def cancel(self, key: str) -> CancelOutcome:
        """Cancel a sale that is not confirmed yet; after that Tryton wants shipment and invoice cancelled by hand.

        Where there is no sale, one may still come of a call that is on its way, so a person has to look.
        """
        sale = await self._look(key)
        if sale is None:
            return CancelOutcome.MANUAL
        if sale.state == "cancelled":
            return CancelOutcome.DONE
        if sale.state in TAKEN:
            return CancelOutcome.REFUSED if sale.state == "done" else CancelOutcome.MANUAL
        try:
            await self._sales.press(sale, "cancel")
        except Refused:
            return CancelOutcome.MANUAL
        sale = await self._look(key)
        return CancelOutcome.DONE if sale is not None and sale.state == "cancelled" else CancelOutcome.MANUAL

    async def check(self) -> None:
        """Log in and look up all that the settings name; changes nothing."""
        await self._directory.shop()
        await self._sales.check()

    async def close(self) -> None:
        await self._session.close()

    async def _submit(self, key: str, order: OrderPart, save: SaveStep) -> Submitted:
        sale = await self._look(key)
        if sale is None:
            sale = await self._create(key, order, save)
        if sale.state == "draft":
            await self._sales.compare(sale, order)
            sale = await self._advance(sale, "quote", key, save)
        if sale.state == "quotation":
            await self._sales.compare(sale, order)
            if await self._sales.add_payments(sale, order):
                await save({"sale": str(sale.id), "state": "paid"})
                sale = await self._present(key)
            sale = await self._advance(sale, "confirm", key, save)
        return self._submitted(sale)

    async def _create(self, key: str, order: OrderPart, save: SaveStep) -> Sale:
        """Make the draft; where another attempt was faster, take its one."""

        async def made() -> None:
            await save({"state": "party made"})

        places = await Parties(self._settings, self._directory, key, made).places(order)
        values = await self._sales.values(key, order, places)
        try:
            await self._sales.create(values)
        except Refused:
            if (sale := await self._look(key)) is None:
                raise
            return sale
        sale = await self._present(key)
        await save({"sale": str(sale.id), "state": sale.state})
        return sale

    async def _advance(self, sale: Sale, button: str, key: str, save: SaveStep) -> Sale:
        """Press a button and read what became of the sale: Tryton may refuse because another attempt was faster."""
        try:
            await self._sales.press(sale, button)
        except Refused:
            now = await self._look(key)
            if now is None or now.state == sale.state:
                raise
        else:
            now = await self._present(key)
        await save({"sale": str(now.id), "state": now.state})
        return now

    async def _found(self, key: str) -> Sequence[Sale]:
        return await self._sales.find(key)

    def _forget(self) -> None:
        self._directory.forget()

    def _submitted(self, sale: Sale) -> Submitted:
        """Raises PermanentFailure where a person in Tryton decided otherwise."""
        if sale.state not in TAKEN:
            raise PermanentFailure(
                f"The sale {sale.number or sale.id} is {sale.state} in Tryton, not confirmed. Set it back to draft "
                "there and retry the order, or cancel the order."
            )
        return self._taken(sale)
