"""An ERP that takes orders as sales orders: quotation, confirmed."""

from collections.abc import Sequence

from yarl import URL

from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import OdooTarget
from order_receiver.targets.adapter import CancelOutcome, Capabilities, SaveStep, Submitted
from order_receiver.targets.odoo.client import Client
from order_receiver.targets.odoo.directory import Directory
from order_receiver.targets.odoo.errors import Overtaken, Refused
from order_receiver.targets.odoo.partners import Partners
from order_receiver.targets.odoo.sales import Sale, Sales
from order_receiver.targets.odoo.session import Account, Session
from order_receiver.targets.records import Erp
from order_receiver.targets.sales import SalesAdapter

OPEN = ("draft", "sent")
"""States of a sale that can be confirmed."""
TAKEN = ("sale", "done")
"""States of a sale that Odoo has taken for good; `done` is locked, up to Odoo 16."""


class OdooAdapter(SalesAdapter[Sale]):
    """Makes one sale for each submission key, which is its external id: Odoo itself allows one.

    Every attempt begins by looking at the sale and goes on from its state, so it matters not where an earlier one
    died. Of two attempts at the same moment one loses, without having made anything; then it looks again.
    """

    def __init__(self, settings: OdooTarget, password: str, name: str) -> None:
        super().__init__(Erp("Odoo", name))
        account = Account(URL(settings.url), settings.database, settings.user, password)
        self._session = Session(account, settings.timeout)
        self._directory = Directory(Client(self._session), self._erp, settings.company)
        self._sales = Sales(settings, self._directory)
        self._settings = settings

    def capabilities(self) -> Capabilities:
        return Capabilities(enforces_uniqueness=True, answers_number=True, cancels=True)

    async def cancel(self, key: str) -> CancelOutcome:
        """Cancel a sale of which nothing was delivered or invoiced; otherwise a person has to take goods back.

        Where there is no sale, one may still come of a call that is on its way, so a person has to look.
        """
        sale = await self._look(key)
        if sale is None:
            return CancelOutcome.MANUAL
        if sale.state == "cancel":
            return CancelOutcome.DONE
        if await self._sales.is_under_way(sale):
            return CancelOutcome.MANUAL
        try:
            await self._sales.cancel(sale)
        except Refused:
            return CancelOutcome.MANUAL
        sale = await self._look(key)
        return CancelOutcome.DONE if sale is not None and sale.state == "cancel" else CancelOutcome.MANUAL

    async def check(self) -> None:
        """Log in and look up all that the settings name; changes nothing."""
        await self._directory.check_version()
        await self._directory.names()
        await self._sales.check()

    async def close(self) -> None:
        await self._session.close()

    async def _submit(self, key: str, order: OrderPart, save: SaveStep) -> Submitted:
        sale = await self._look(key)
        if sale is None:
            sale = await self._create(key, order, save)
        if sale.state in OPEN:
            if await self._sales.settle(sale, order, key):
                await save({"sale": str(sale.id), "state": "rounded"})
                sale = await self._present(key)
            await self._sales.compare(sale, order)
            sale = await self._confirm(sale, key, save)
        return self._submitted(sale)

    async def _create(self, key: str, order: OrderPart, save: SaveStep) -> Sale:
        """Make the quotation; where another attempt was faster, take its one."""

        async def made() -> None:
            await save({"state": "partner made"})

        places = await Partners(self._settings, self._directory, key, made).places(order)
        try:
            await self._sales.create(key, order, places)
        except (Refused, Overtaken):
            if (sale := await self._look(key)) is None:
                raise
            return sale
        sale = await self._present(key)
        await save({"sale": str(sale.id), "state": sale.state})
        return sale

    async def _confirm(self, sale: Sale, key: str, save: SaveStep) -> Sale:
        """Confirm, and read what became of the sale: Odoo may refuse because another attempt was faster, or ask."""
        try:
            await self._sales.confirm(sale)
        except (Refused, Overtaken):
            now = await self._look(key)
            if now is None or now.state in OPEN:
                raise
        else:
            now = await self._present(key)
        await save({"sale": str(now.id), "state": now.state})
        if now.state in OPEN:
            raise PermanentFailure(
                f"Odoo did not confirm the sale {now.name}: it asks a person first, or a rule keeps it back. Confirm "
                "it there and retry the order, or switch off what asks."
            )
        return now

    async def _found(self, key: str) -> Sequence[Sale]:
        return await self._sales.find(key)

    def _forget(self) -> None:
        self._directory.forget()

    def _submitted(self, sale: Sale) -> Submitted:
        """Raises PermanentFailure where a person in Odoo decided otherwise."""
        if sale.state not in TAKEN:
            raise PermanentFailure(
                f"The sale {sale.name} is in the state {sale.state!r} in Odoo, not confirmed. Set it back to quotation "
                "there and retry the order, or cancel the order."
            )
        return self._taken(sale)
