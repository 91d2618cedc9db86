"""The door: takes one order request, decides what happened, answers by the policy."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from starlette.types import Receive, Scope, Send

from order_receiver.contract.forms import read
from order_receiver.contract.media import MediaType
from order_receiver.contract.reading import Limits, Unreadable
from order_receiver.contract.soap_form import EnvelopeRefused
from order_receiver.door.answers import Situation
from order_receiver.door.body import CUT_OFF, BodyReader, BodyRefused
from order_receiver.door.comparing import compare
from order_receiver.door.describing import described
from order_receiver.door.identifying import Identified, Unidentified, identify_body
from order_receiver.door.request import Call, Head, head_of
from order_receiver.door.responses import Outcome, send_document, send_outcome
from order_receiver.orders.states import HoldReason
from order_receiver.settings.credentials import Busy, Credentials
from order_receiver.settings.model import Application
from order_receiver.settings.model import Door as DoorSettings
from order_receiver.store import accepting
from order_receiver.store.errors import StoreOverloaded, StoreUnavailable
from order_receiver.store.lanes import RECEIVER
from order_receiver.store.store import Store, now
from order_receiver.store.values import Accepted, Arrival, Differing, Message, Repeated
from order_receiver.telemetry import Gathered, trace
from order_receiver.work.apart import Apart
from order_receiver.work.checking import DO_HOLD, obstacles, tell

log = structlog.get_logger(__name__)

DEFAULT_ZONE = ZoneInfo("Europe/Stockholm")

REFUSAL_PAUSE = 0.25
"""Seconds until an order that is one too many is refused: senders that come again at once would otherwise have the door
do nothing but refuse. (ADR 0027)"""


class Door:
    """An ASGI application for the order paths. It is the hot path: the store takes most of its time."""

    def __init__(
        self,
        store: Store,
        settings: DoorSettings,
        applications: Mapping[str, Application],
        credentials: Credentials,
        *,
        count: Callable[[str], None] = lambda situation: None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._applications = applications
        self._credentials = credentials
        self._count = count
        self._bodies = BodyReader(settings.body_limit, settings.read_timeout)
        self._limits = Limits(depth=settings.depth_limit, items=settings.item_limit)
        self._zones = {key: ZoneInfo(application.time_zone) for key, application in applications.items()}
        self._received = Gathered("order.received")
        self._apart = Apart()
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing that is received is dropped without an answer or a place in the store."""
        head = head_of(scope, behind_proxy=self._settings.behind_proxy)
        if head.method != "POST" and (document := described(scope, head, self._settings)) is not None:
            await send_document(send, document, head.method)
            return
        call = Call(head)
        try:
            outcome = await self._refuse_by_head(head) or await self._take(call, scope, receive)
        except BodyRefused as refused:
            outcome = Outcome(refused.situation, detail=str(self._settings.body_limit))
        except EnvelopeRefused as refused:
            call.reply = refused.reply
            outcome = Outcome(Situation.ENVELOPE_REFUSED, detail=str(refused), fault=refused.code)
            log.warning("door.envelope_refused", reason=str(refused), remote=head.client)
        except StoreOverloaded:
            outcome = Outcome(Situation.OVERLOADED)
        except StoreUnavailable:
            outcome = Outcome(Situation.STORE_UNAVAILABLE)
        except Exception as error:
            log.error("door.unexpected_error", **trace(error))
            outcome = Outcome(Situation.UNEXPECTED)
        if outcome.situation is Situation.OVERLOADED:
            await asyncio.sleep(REFUSAL_PAUSE)
        self._count(outcome.situation)
        await send_outcome(send, outcome, call.likely_reply, self._settings.retry_after)

    async def _refuse_by_head(self, head: Head) -> Outcome | None:
        """Everything that can be refused before a byte of the body is read."""
        if head.method != "POST":
            return Outcome(Situation.METHOD_NOT_ALLOWED)
        authorization = head.headers.get(b"authorization")
        if self._credentials.known(authorization) is None and (
            refused := await self._authenticate(authorization, head.client)
        ):
            return refused
        if self.draining or self._store.full:
            return Outcome(Situation.DRAINING if self.draining else Situation.OVERLOADED)
        if head.encoded:
            return Outcome(Situation.UNSUPPORTED_ENCODING)
        if (head.announced_length or 0) > self._settings.body_limit:
            return Outcome(Situation.BODY_TOO_LARGE, detail=str(self._settings.body_limit))
        known = head.media.is_json or head.media.is_xml or head.media.is_open
        return None if known else Outcome(Situation.UNSUPPORTED_MEDIA_TYPE)

    async def _authenticate(self, authorization: bytes | None, client: str | None) -> Outcome | None:
        """Check a pair that has not been verified yet."""
        if authorization is None:
            return Outcome(Situation.NO_CREDENTIALS)
        try:
            user = await self._credentials.verify(authorization)
        except Busy:
            return Outcome(Situation.OVERLOADED)
        if user is None:
            log.warning("door.wrong_credentials", remote=client)
            return Outcome(Situation.WRONG_CREDENTIALS)
        return None

    async def _take(self, call: Call, scope: Scope, receive: Receive) -> Outcome:
        head = call.head
        body = await self._bodies.read(receive)
        if CUT_OFF in scope.get("state", ()):
            return Outcome(Situation.BODY_CUT_OFF)
        message = Message(body, head.text(b"content-type"), now(), head.client, head.kept())
        call.body = body
        identify = partial(identify_body, body, head.media, self._limits, self._settings.default_application)
        found = await self._apart(len(body), identify)
        call.reply = found.reply
        if isinstance(found, Unidentified):
            return await self._quarantine(message, found.situation, found.reason)
        if found.rows > self._settings.item_limit:
            return Outcome(Situation.TOO_MANY_ROWS, detail=str(self._settings.item_limit))
        return await self._accept(message, head.media, found)

    async def _quarantine(self, message: Message, situation: Situation, reason: str) -> Outcome:
        number = await self._store.write(partial(accepting.put_in_quarantine, message=message, reason=reason))
        log.warning("door.quarantined", quarantine=f"Q{number}", situation=situation.value, remote=message.remote)
        return Outcome(situation, detail=reason, quarantine=f"Q{number}")

    async def _accept(self, message: Message, media: MediaType, found: Identified) -> Outcome:
        application = self._applications.get(found.key.application_key)
        situation, hold, text = Situation.STORED, None, None
        if application is None:
            situation, hold = Situation.UNKNOWN_APPLICATION, HoldReason.UNKNOWN_APPLICATION
            text = f"No application with key {found.key.application_key} is configured."
        elif application.on_findings == "fail" and (told := await self._told(message, media, application, found)):
            return await self._quarantine(message, Situation.FAILED_WITH_FINDINGS, told)
        elif found.do_hold:
            situation, hold = Situation.DO_HOLD, HoldReason.DO_HOLD
            text = DO_HOLD
        elif found.rows == 0:
            situation, hold, text = Situation.STORED_WITH_FINDINGS, HoldReason.FINDINGS, "The order has no rows."
        result = await self._store.write(partial(accepting.accept, arrival=Arrival(found.key, message, hold, text)))
        if not isinstance(result, Accepted):
            return await self._known(message, found, result)
        self._received.tell(order=found.key.client_order_ref, order_id=result.order_id, hold=hold)
        if hold is not None:
            return Outcome(situation, detail=text or "")
        self._store.announce_work(RECEIVER)
        return await self._stored(result.order_id, application.wait_milliseconds if application else 0)

    async def _told(
        self, message: Message, media: MediaType, application: Application, found: Identified
    ) -> str | None:
        """What stands in a new order's way, for applications that want such orders failed; a known one stands."""
        if await self._store.read(partial(accepting.is_known, key=found.key)):
            return None
        try:
            zone = self._zones[found.key.application_key]
            whole = partial(read, message.body, media, zone=zone, limits=self._limits)
            reading = await self._apart(len(message.body), whole)
        except Unreadable as error:
            return str(error)
        obstructing = obstacles(reading, application).all
        return tell(obstructing) if obstructing else None

    async def _stored(self, order_id: int, wait_milliseconds: int) -> Outcome:
        if wait_milliseconds == 0:
            return Outcome(Situation.STORED)
        number = await self._store.wait_for_number(order_id, wait_milliseconds / 1000)
        return Outcome(Situation.STORED if number is None else Situation.STORED_NUMBERED, number)

    async def _known(self, message: Message, found: Identified, result: Repeated | Differing) -> Outcome:
        """A key that was there already: a repeat, in whatever spelling, or a conflict."""
        number = result.erp_order_no
        if isinstance(result, Differing):
            zone = self._zones.get(found.key.application_key, DEFAULT_ZONE)
            both = partial(compare, result.first, message, zone, self._limits)
            differences = await self._apart(len(result.first.body) + len(message.body), both)
            if differences is not None:
                return await self._conflict(message, result, found, differences)
            await self._store.write(partial(accepting.note_repeat, order_id=result.order_id, at=message.received_at))
        log.info("order.repeated", order=found.key.client_order_ref, order_id=result.order_id)
        return Outcome(Situation.REPEATED if number is None else Situation.REPEATED_NUMBERED, number)

    async def _conflict(self, message: Message, result: Differing, found: Identified, differences: str) -> Outcome:
        number = result.erp_order_no
        await self._store.write(
            partial(accepting.note_conflict, order_id=result.order_id, message=message, differences=differences)
        )
        log.warning("order.conflict", order=found.key.client_order_ref, order_id=result.order_id)
        return Outcome(Situation.CONFLICT if number is None else Situation.CONFLICT_NUMBERED, number)
