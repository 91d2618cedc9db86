"""Settings of routes: which orders, or which of their rows, go to which targets."""

from typing import Annotated

from msgspec import Meta

from order_receiver.settings.conditions import condition_fault, rows_fault
from order_receiver.settings.section import Section


class Route(Section, frozen=True, kw_only=True):
    """One rule. They are asked in order; what one takes, the next ones do not see."""

    to: Annotated[list[str], Meta(description="targets that get the order, or the rows that `lines` picks")]
    name: Annotated[str | None, Meta(description="what people call the rule; else it goes by its number")] = None
    when: Annotated[
        str | None,
        Meta(description="condition over the order; without it, every order", extra={"fault": condition_fault}),
    ] = None
    lines: Annotated[
        str | None,
        Meta(
            description="condition over one `row`: only those rows go to these targets, the others to the next rules",
            extra={"fault": rows_fault},
        ),
    ] = None
    number_from: Annotated[
        str | None, Meta(description="the target whose order number Norce gets; see how-to/route-orders.md")
    ] = None
    payments_to: Annotated[
        str | None,
        Meta(description="the target that gets payments, fees and discounts of a split order; default: number_from"),
    ] = None
