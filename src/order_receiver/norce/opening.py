"""The Norce client put together from its settings."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from order_receiver.norce.connect import Connect
from order_receiver.norce.hosts import base_url, scope
from order_receiver.norce.tokens import Client, Tokens, TokenShelf
from order_receiver.outgoing import open_session
from order_receiver.settings.model import Norce


@asynccontextmanager
async def open_connect(
    norce: Norce,
    secret: str,
    shelf: TokenShelf | None = None,
    *,
    allow_plain: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[Connect]:
    """Connect for as long as the context lasts; `secret` is what `norce.client_secret` stands for.

    Raises ValueError where the settings name no host that may be called.
    """
    url = base_url(norce, allow_plain=allow_plain)
    client = Client(url, scope(norce), norce.client_id, secret)
    async with open_session(norce.timeout, connections=norce.concurrency + 1) as session:
        tokens = Tokens(client, session, shelf, clock)
        yield Connect(url, tokens, session, norce.concurrency, clock)
