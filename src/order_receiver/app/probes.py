"""Health and metrics: what machines ask the program about itself."""

from collections.abc import Mapping
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from order_receiver.app.assembly import Receiver
from order_receiver.store import DatabaseTrouble, Engine, circuits, queries, schema
from order_receiver.store.errors import StoreError
from order_receiver.store.store import now
from order_receiver.telemetry.metrics import CONTENT_TYPE, Backlog, TargetBacklog
from order_receiver.work.kinds import target_system


class Probes:
    """`/health/live`, `/health/ready`, `/metrics`."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def application(self) -> Starlette:
        """The routes, with problem details for everything else; a slash too many is not redirected."""
        application = Starlette(
            routes=[
                Route("/health/live", self._live),
                Route("/health/ready", self._ready),
                Route("/metrics", self._metrics),
            ],
            exception_handlers={404: _not_found, 405: _not_allowed},
        )
        application.router.redirect_slashes = False
        return application

    async def _live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def _ready(self, _: Request) -> Response:
        """Ready: not closing, the store takes writes, its schema is this program's."""
        trouble = await self._trouble()
        if trouble is None:
            return JSONResponse({"status": "ready"})
        return problem(503, "not ready", trouble)

    async def _trouble(self) -> str | None:
        if self._receiver.door.draining:
            return "The door is closing for a restart."
        try:
            await self._receiver.store.write(lambda session: None)
            await self._receiver.store.query(schema.require_current)
        except StoreError as error:
            return str(error)
        except DatabaseTrouble as error:
            return f"The store cannot be used: {error.orig}."
        return None

    async def _metrics(self, _: Request) -> Response:
        store = self._receiver.store
        try:
            counted = await store.query(queries.count)
            targets = await store.query(self._targets)
        except DatabaseTrouble as error:
            return problem(503, "store unavailable", f"The store cannot be used: {error.orig}")
        ages = _age(counted.oldest_waiting), _age(counted.oldest_unconfirmed)
        backlog = Backlog(counted.tasks, counted.holds, *ages, targets)
        return Response(self._receiver.metrics.render(backlog), media_type=CONTENT_TYPE)

    def _targets(self, engine: Engine) -> Mapping[str, TargetBacklog]:
        """The configured targets, whether a worker has seen them yet or not."""
        known = {circuit.system: circuit for circuit in circuits.list_circuits(engine)}
        waiting = circuits.waiting(engine)
        found = {}
        for name in self._receiver.configuration.settings.targets:
            system = target_system(name)
            circuit, line = known.get(system), waiting.get(system)
            tasks, age = (0, 0.0) if line is None else (line.tasks, _age(line.oldest))
            found[name] = TargetBacklog(circuit is not None and not circuit.flows, tasks, age)
        return found


def problem(status: int, title: str, detail: str) -> Response:
    """Problem details of RFC 9457."""
    body = {"type": f"urn:order-receiver:problem:{title.replace(' ', '-')}", "title": title, "status": status}
    return JSONResponse({**body, "detail": detail}, status, media_type="application/problem+json")


async def _not_found(request: Request, _: Exception) -> Response:
    return problem(404, "not found", f"Nothing is served at {request.url.path}. Orders go to the path in [door].")


async def _not_allowed(request: Request, _: Exception) -> Response:
    return problem(405, "method not allowed", f"{request.method} is not possible at {request.url.path}.")


def _age(since: datetime | None) -> float:
    return 0.0 if since is None else max((now() - since).total_seconds(), 0.0)
