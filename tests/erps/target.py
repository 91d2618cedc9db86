"""An adapter as the tests use it: it takes canonical orders, and what it has stored can be looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tests.erps.orders import submission

from order_receiver.orders.canonical import OrderPart
from order_receiver.targets.adapter import Adapter, Step, Submitted

AnAdapter = TypeVar("AnAdapter", bound=Adapter)


@dataclass
class Target(Generic[AnAdapter]):
    """An adapter, and the steps it had stored."""

    adapter: AnAdapter
    steps: list[Step] = field(default_factory=list)

    async def submit(self, order: OrderPart) -> Submitted:
        return await self.adapter.submit(submission(order), self.save)

    async def save(self, step: Step) -> None:
        self.steps.append(step)


OpenTarget = Callable[..., Target[AnAdapter]]
