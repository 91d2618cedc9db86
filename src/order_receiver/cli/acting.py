"""What a person does to orders from the terminal: one after the other, many in a commit."""

import asyncio
import getpass
from collections.abc import Callable, Sequence
from typing import TypeAlias

from order_receiver.app.assembly import Configuration
from order_receiver.store.errors import NoSuchOrder, NotPossible
from order_receiver.store.news import telling_of_work
from order_receiver.store.session import Operation, Session
from order_receiver.store.store import Store

Action: TypeAlias = Callable[[Session, int], str | None]
"""Does something to an order; returns why it was left alone, if it was. Raises NotPossible, NoSuchOrder."""

TOGETHER = 200
"""Orders that are written at once and share commits; the store takes 256 operations into one."""
TOLD = 3
"""Orders that were left alone and whose reasons are printed; the others are counted."""


async def act(configuration: Configuration, order_ids: Sequence[int], action: Action) -> list[str]:
    """Act on orders, many at once so that they share commits; why some were left alone, a sentence for each."""
    store = Store(configuration.database, migrate=False)
    left: list[str] = []
    try:
        for start in range(0, len(order_ids), TOGETHER):
            writes = [store.write(_on(action, order_id)) for order_id in order_ids[start : start + TOGETHER]]
            ended = await asyncio.gather(*writes, return_exceptions=True)
            left.extend(why for each in ended if (why := _left_alone(each)) is not None)
    finally:
        await store.close()
    return left


def actor() -> str:
    """Who is at the terminal."""
    try:
        return f"operator {getpass.getuser()}"
    except (KeyError, OSError):
        return "operator"


def tell_left(count: int, done: str, left: Sequence[str]) -> str:
    """How many went, how many did not, and why the first of those."""
    more = f" (and {len(left) - TOLD} more)" if len(left) > TOLD else ""
    return f"{orders(count)} {done}, {len(left)} not: {' '.join(left[:TOLD])}{more}"


def orders(count: int) -> str:
    """A number of orders in words."""
    return f"{count} {'order' if count == 1 else 'orders'}"


def _left_alone(ended: str | BaseException | None) -> str | None:
    """Why an order was left alone. Raises what is wrong with more than this order."""
    if isinstance(ended, NotPossible | NoSuchOrder):
        return str(ended)
    if isinstance(ended, BaseException):
        raise ended
    return ended


def _on(action: Action, order_id: int) -> Operation[str | None]:
    return telling_of_work(lambda session: action(session, order_id))
