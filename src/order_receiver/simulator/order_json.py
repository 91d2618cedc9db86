"""The JSON form in which .NET writes an OrderRequest: PascalCase, contract order, plain numbers."""

from decimal import Decimal

import msgspec

from order_receiver.contract.request import OrderRequest

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def write_json(order: OrderRequest) -> bytes:
    """The order as UTF-8 JSON; decimals keep their digits and never have an exponent. (norce: samples, bodies)"""
    return _ENCODER.encode(_plain(msgspec.to_builtins(order, builtin_types=(Decimal,))))


def read_json(body: bytes) -> OrderRequest:
    """Read back what `write_json` wrote. Raises `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(body, type=OrderRequest)


def _plain(value: object) -> object:
    """The same value with every decimal that `str` would write with an exponent spelt out."""
    if isinstance(value, Decimal):
        return msgspec.Raw(format(value, "f").encode()) if "E" in str(value) else value
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value
