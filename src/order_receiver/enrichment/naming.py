"""The names by which templates and expressions of enrichments know an order."""

from order_receiver.orders.canonical import OrderPart

NO_EXTRA: dict[str, str] = {}


def names_of(order: OrderPart) -> dict[str, object]:
    """The fields of the canonical order; `extra` is always there."""
    fields: dict[str, object] = {name: getattr(order, name) for name in order.__struct_fields__}
    return {**fields, "extra": order.extra or NO_EXTRA}
