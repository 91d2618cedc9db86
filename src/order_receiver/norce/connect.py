"""Norce Connect 4.0: reports about orders. (norce: outgoing calls)"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp
import msgspec
from yarl import URL

from order_receiver.contract.outgoing import SendOrderStatusRequest
from order_receiver.contract.response import ERP_ORDER_NO_LENGTH
from order_receiver.norce.answers import Answer, failure
from order_receiver.norce.exchange import post
from order_receiver.norce.hosts import CONNECT_PATH
from order_receiver.norce.tokens import CREDENTIALS_PAUSE, Tokens
from order_receiver.orders.outcomes import PermanentFailure, TransientFailure

_ENCODER = msgspec.json.Encoder()


class Connect:
    """Calls to the one configured host, at most `concurrency` of them at once."""

    def __init__(
        self,
        base_url: str,
        tokens: Tokens,
        session: aiohttp.ClientSession,
        concurrency: int = 4,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._status_url = URL(f"{base_url}{CONNECT_PATH}Order/SendOrderStatus")
        self._tokens = tokens
        self._session = session
        self._at_once = asyncio.Semaphore(concurrency)
        self._clock = clock

    async def send_order_status(self, request: SendOrderStatusRequest, application_id: int | None) -> None:
        """Tell Norce an order's status; repeating it changes nothing. (norce: SendOrderStatus)

        Raises PermanentFailure, TransientFailure, UnknownOutcome.
        """
        if request.ClientOrderRef is None and not request.ErpOrderNo:
            raise PermanentFailure(
                "SendOrderStatus needs ClientOrderRef (an int32) or ErpOrderNo; the order has neither."
            )
        if len(request.ErpOrderNo or "") > ERP_ORDER_NO_LENGTH:
            raise PermanentFailure(f"The order number is longer than the {ERP_ORDER_NO_LENGTH} characters Norce takes.")
        await self._call(self._status_url, _ENCODER.encode(request), application_id)

    async def check(self) -> None:
        """Get a token, which proves host, client id, secret and scope; raises TransientFailure."""
        await self._tokens.token()

    async def _call(self, url: URL, body: bytes, application_id: int | None) -> None:
        async with self._at_once:
            token = await self._tokens.token()
            answer = await self._send(url, body, application_id, token)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._tokens.drop(token)
                renewed = await self._tokens.token()
                if renewed != token:
                    token = renewed
                    answer = await self._send(url, body, application_id, token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.keep()
            what = f"Norce takes no token of ours for {url.name} (HTTP 401), not even a fresh one."
            advice = "Check in Norce Admin that the client may use this application and environment."
            raise TransientFailure(f"{what} {advice}", CREDENTIALS_PAUSE)
        if not answer.succeeded:
            raise failure(answer, url.name, (token,))

    async def _send(self, url: URL, body: bytes, application_id: int | None, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if application_id is not None:
            headers["application-id"] = str(application_id)
        return await post(self._session, url, body, headers, clock=self._clock)
