"""Writing orders as JSON the way a sender would, and random orders that XML can hold."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest
from hypothesis.strategies import SearchStrategy

from order_receiver.contract.plan import members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.scalars import Tree

ENCODER = msgspec.json.Encoder(decimal_format="number")
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

T = TypeVar("T")


@pytest.fixture(scope="session")
def to_tree() -> Callable[[OrderRequest], dict[str, Tree]]:
    """An order as a plain tree: exact decimals, everything else as in JSON."""

    def convert(order: OrderRequest) -> dict[str, Tree]:
        tree: dict[str, Tree] = msgspec.to_builtins(order, builtin_types=(Decimal,))
        return tree

    return convert


@pytest.fixture(scope="session")
def to_json() -> Callable[[object], bytes]:
    """JSON bytes with amounts as numbers, all digits kept."""
    return ENCODER.encode


@pytest.fixture(scope="session")
def xml_orders(orders: SearchStrategy[OrderRequest]) -> SearchStrategy[OrderRequest]:
    """Any order whose texts and amounts XML can hold: all of Unicode but what it forbids, amounts without exponent."""
    return orders.map(as_xml_holds_it)


def as_xml_holds_it(value: T) -> T:
    if isinstance(value, Message):
        changes = {member.name: as_xml_holds_it(getattr(value, member.name)) for member in members(type(value))}
        return msgspec.structs.replace(value, **changes)
    held: object = value
    if isinstance(value, list):
        held = [as_xml_holds_it(entry) for entry in value]
    elif isinstance(value, str):
        held = FORBIDDEN.sub("\N{GREEK SMALL LETTER ALPHA}", value)
    elif isinstance(value, Decimal) and int(value.as_tuple().exponent) > 0:
        held = Decimal((value.as_tuple().sign, value.as_tuple().digits, 0))
    return held  # type: ignore[return-value]
