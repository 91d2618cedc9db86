"""A quick look at all amounts of a message: is every one of them an everyday number?"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache

from order_receiver.contract.plan import Kind, members, tuple_getter
from order_receiver.contract.request import Message

PLAIN_LENGTH = 28

_Compiled = tuple[Callable[[Message], tuple[Decimal | None, ...]] | None, tuple[str, ...]]


def amounts_are_plain(message: Message) -> bool:
    """Whether every amount is finite, short and written without exponent. False only means: look closely."""
    found: list[Decimal | None] = []
    _collect(message, found)
    texts = [str(amount) for amount in found if amount is not None]
    joined = "".join(texts)
    return max(map(len, texts), default=0) <= PLAIN_LENGTH and not any(mark in joined for mark in "ENI")


def _collect(message: Message, found: list[Decimal | None]) -> None:
    getter, nested = _compiled(type(message))
    if getter is not None:
        found.extend(getter(message))
    for name in nested:
        inner: list[Message] | Message | None = getattr(message, name)
        if isinstance(inner, list):
            for one in inner:
                _collect(one, found)
        elif inner is not None:
            _collect(inner, found)


@cache
def _compiled(struct: type[Message]) -> _Compiled:
    amounts = [member.name for member in members(struct) if member.kind is Kind.AMOUNT]
    objects = [(member.name, member.struct) for member in members(struct) if member.struct is not None]
    nested = tuple(name for name, inner in objects if _has_amounts(inner))
    return (tuple_getter(amounts) if amounts else None), nested


@cache
def _has_amounts(struct: type[Message]) -> bool:
    return any(
        member.kind is Kind.AMOUNT or (member.struct is not None and _has_amounts(member.struct))
        for member in members(struct)
    )
