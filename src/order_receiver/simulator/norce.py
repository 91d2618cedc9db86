"""Simulated Norce as a web application: identity server, Connect, and pages to look at."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from order_receiver.contract.request import OrderRequest
from order_receiver.simulator.connect import Connect
from order_receiver.simulator.connect_faults import Fault, Faults
from order_receiver.simulator.identity import Identity, IdentityOptions
from order_receiver.simulator.page import order_json, render_page
from order_receiver.simulator.refusal import Refusal
from order_receiver.simulator.report import build_report, counts
from order_receiver.simulator.state import NorceState

IDENTITY_PATH = "/identity/1.0/connect/token"
CONNECT_PATH = "/commerce/connect/4.0/Order/{operation}"

DropConnection: TypeAlias = Callable[[Request], None]
"""Closes the connection of a request at once, without an answer."""


@dataclass(frozen=True, slots=True)
class NorceOptions:
    """How simulated Norce behaves. `port` 0 takes a free one; `faults` are those it starts with."""

    identity: IdentityOptions
    port: int = 0
    faults: tuple[Fault, ...] = ()
    host: str = "127.0.0.1"


class Norce:
    """One simulated Norce: its orders, its identity server and its faults."""

    def __init__(self, options: NorceOptions, state: NorceState, clock: Callable[[], float] = time.monotonic) -> None:
        self.state = state
        self.faults = Faults(options.faults)
        self.drop_connection: DropConnection = _cannot_drop
        """Set by the server that this application runs in."""
        self._identity = Identity(options.identity, clock)
        self._connect = Connect(state, self._identity)

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route(IDENTITY_PATH, self._token, methods=["POST"]),
                Route(CONNECT_PATH, self._call, methods=["POST"]),
                Route("/", self._page),
                Route("/summary.json", self._summary),
                Route("/orders.json", self._orders),
                Route("/orders/{reference:path}.json", self._order),
                Route("/orders", self._register, methods=["POST"]),
                Route("/faults", self._faults, methods=["GET", "POST", "DELETE"]),
            ]
        )

    async def _token(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        try:
            answer = self._identity.issue(address, await request.body(), request.headers.get("content-type", ""))
        except Refusal as refusal:
            self.state.calls[f"token {refusal.status}"] += 1
            error, _, description = str(refusal).partition(": ")
            return JSONResponse({"error": error, "error_description": description}, refusal.status, refusal.headers)
        self.state.calls["token 200"] += 1
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def _call(self, request: Request) -> Response:
        operation = request.path_params["operation"]
        body = await request.body()
        fault = self.faults.next(operation) or Fault()
        await asyncio.sleep(fault.delay)
        if fault.status is not None:
            return self._fail(operation, fault, fault.status)
        response = self._work(operation, request, body)
        if fault.drop:
            self.state.calls[f"{operation} connection dropped"] += 1
            self.drop_connection(request)
        return response

    def _work(self, operation: str, request: Request, body: bytes) -> Response:
        try:
            self._connect.call(operation, request.headers, body)
        except Refusal as refusal:
            return JSONResponse({"Message": str(refusal)}, refusal.status, refusal.headers)
        return Response(status_code=200)

    def _fail(self, operation: str, fault: Fault, status: int) -> Response:
        self.state.calls[f"{operation} {status}"] += 1
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return JSONResponse({"Message": f"Simulated fault: {HTTPStatus(status).phrase}."}, status, headers)

    async def _page(self, _: Request) -> Response:
        return HTMLResponse(render_page(self.state))

    async def _summary(self, _: Request) -> Response:
        report = build_report(self.state)
        return JSONResponse({"orders": counts(report), "calls": self.state.calls, "good": report.good})

    async def _orders(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "")
        newest = self.state.newest(int(limit) if limit.isascii() and limit.isdigit() else len(self.state))
        return JSONResponse([order_json(order) for order in newest])

    async def _order(self, request: Request) -> Response:
        reference = request.path_params["reference"]
        order = self.state.get(reference)
        if order is None:
            return JSONResponse({"Message": f"Norce knows no order {reference!r}."}, 404)
        return JSONResponse(order_json(order))

    async def _register(self, request: Request) -> Response:
        """An order that somebody else sends to the receiver, so that Connect knows it."""
        try:
            order = self.state.register(msgspec.json.decode(await request.body(), type=OrderRequest))
        except (ValueError, msgspec.MsgspecError) as error:
            return JSONResponse({"Message": str(error)}, 400)
        order.attempts = 1
        return JSONResponse(order_json(order), 201)

    async def _faults(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.faults.add(msgspec.json.decode(await request.body(), type=Fault))
            except msgspec.MsgspecError as error:
                return JSONResponse({"Message": str(error)}, 400)
        elif request.method == "DELETE":
            self.faults.clear()
        return JSONResponse([msgspec.to_builtins(fault) for fault in self.faults.pending()])


def _cannot_drop(_: Request) -> None:
    raise RuntimeError("Connections can be dropped only where `running_norce` serves the application.")
