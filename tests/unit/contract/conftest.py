"""Writing orders as JSON the way a sender would."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from order_receiver.contract.request import OrderRequest
from order_receiver.contract.scalars import Tree

ENCODER = msgspec.json.Encoder(decimal_format="number")


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
