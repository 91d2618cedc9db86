"""From settings and values to a call: address, headers and body, and the one place that sends it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote, unquote

import aiohttp
import msgspec
from yarl import URL

from order_receiver.contract.value import Value
from order_receiver.orders.document import Document
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.outgoing import open_session
from order_receiver.settings.expressions import ExpressionFailed, expression, template
from order_receiver.settings.expressions.forms import form_of
from order_receiver.settings.targets.http import AnswerRule, Request, Sending
from order_receiver.settings.targets.http_rules import DOCUMENT
from order_receiver.targets.http.auth import Auth
from order_receiver.targets.http.errors import Verdict, judge
from order_receiver.targets.http.exchange import Answer, Prepared, send

Values = Mapping[str, object]
"""What expressions can name."""

_IN_PATH = "/:@!$&'()*+,;=~%"
_IN_QUERY = "/:@!$'()*,;~?"


class Host(Value, frozen=True):
    """The one host that calls go to, and what holds for all of them. Seconds and bytes are of one call."""

    base_url: str
    timeout: float
    at_once: int
    answer_limit: int
    headers: Mapping[str, str] = MappingProxyType({})
    answers: Sequence[AnswerRule] = ()
    quoted: bool = True
    """Its own words about a failure may be told; not so where they may repeat what is personal."""


class Caller:
    """Sends calls to the one configured host. The session is opened with the first call."""

    def __init__(self, host: Host, auth: Auth, clock: Callable[[], datetime]) -> None:
        self._host = host
        self._base = URL(host.base_url.rstrip("/") + "/")
        self._auth = auth
        self._clock = clock
        self._at_once = asyncio.Semaphore(host.at_once)
        self._opened: aiohttp.ClientSession | None = None

    @property
    def base(self) -> str:
        """The address that every path is below."""
        return str(self._base)

    def prepare(
        self,
        request: Request,
        values: Values,
        name: str,
        *,
        method: str = "GET",
        changes: bool = False,
        document: Document | None = None,
    ) -> Prepared:
        """Fill the templates of a request in. Raises PermanentFailure naming the setting that cannot be filled."""
        at = name
        try:
            at = f"{name}.url" if request.url else f"{name}.path"
            url = self._address(request, values)
            at = f"{name}.query"
            url = _with_query(url, {key: template(text, "text").text(values) for key, text in request.query.items()})
            at = f"{name}.headers"
            headers = {key: template(text, "text").text(values) for key, text in request.headers.items()}
            at = f"{name}.body"
            media_type, body = _body(request, values, document)
        except ExpressionFailed as error:
            raise PermanentFailure(f"The call {name} cannot be made for this order: {at}: {error}.") from error
        if media_type:
            headers = {"Content-Type": media_type, **headers}
        return Prepared(name, method, url, {**self._host.headers, **headers}, body, changes)

    def follow(self, prepared: Prepared, address: str) -> Prepared:
        """The same call to an address that an answer gave. Raises PermanentFailure where that is another host."""
        return replace(prepared, url=self._same_origin(prepared.url, address))

    async def send(self, prepared: Prepared) -> Answer:
        """Send with credentials; a refused token is renewed once. Raises TransientFailure, UnknownOutcome."""
        proof = await self._auth.headers(self._session())
        answer = await self._send(prepared, proof)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._auth.refuse(proof):
            answer = await self._send(prepared, await self._auth.headers(self._session()))
        return answer

    async def prove(self) -> None:
        """Get the credentials that a call needs. Raises TransientFailure."""
        await self._auth.headers(self._session())

    def judge(self, prepared: Prepared, answer: Answer, rules: Sequence[AnswerRule], values: Values) -> Verdict:
        """What an answer means: the rules of the call, those of the target, the status."""
        every = [*rules, *self._host.answers]
        return judge(prepared, answer, every, values, self._auth.secrets, quoted=self._host.quoted)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _send(self, prepared: Prepared, proof: Mapping[str, str]) -> Answer:
        call = replace(prepared, headers={**prepared.headers, **proof})
        async with self._at_once:
            return await send(self._session(), call, limit=self._host.answer_limit, clock=self._clock)

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = open_session(self._host.timeout)
        return self._opened

    def _address(self, request: Request, values: Values) -> URL:
        if request.url is not None:
            address = expression(request.url).value(values)
            if not isinstance(address, str):
                raise ExpressionFailed("it is no address")
            return self._same_origin(self._base, address)
        path = quote(template(request.path or "", "segment").text(values).lstrip("/"), safe=_IN_PATH)
        if any(unquote(part) in (".", "..") for part in path.split("/")):
            raise ExpressionFailed("it leads out of base_url")
        return URL(str(self._base) + path, encoded=True)

    def _same_origin(self, here: URL, address: str) -> URL:
        try:
            url = here.join(URL(address))
            same = url.origin() == self._base.origin() and not url.user
        except ValueError:
            raise PermanentFailure(f"{self._base.host} gave an address that is none.") from None
        if not same:
            raise PermanentFailure(
                f"{self._base.host} gave an address on another host, {url.host}; only {self._base.origin()} is called."
            )
        return url.with_fragment(None)


def _with_query(url: URL, query: Mapping[str, str]) -> URL:
    """Blanks become %20: not every OData server reads `+` so."""
    if not query:
        return url
    pairs = "&".join(f"{quote(name, safe=_IN_QUERY)}={quote(text, safe=_IN_QUERY)}" for name, text in query.items())
    return URL(f"{url}{'&' if url.raw_query_string else '?'}{pairs}", encoded=True)


def _body(request: Request, values: Values, document: Document | None) -> tuple[str, bytes | None]:
    """Media type and content."""
    if not isinstance(request, Sending) or request.body is None:
        return "", None
    if request.body == DOCUMENT:
        if document is None:
            raise ExpressionFailed("there is no document here")
        return document.media_type, document.content
    form = form_of(request.content_type)
    content = template(request.body, form).text(values).encode()
    if form == "json":
        try:
            msgspec.json.decode(content)
        except msgspec.DecodeError:
            raise ExpressionFailed("it is not JSON; a value in {{ }} brings its own quotes") from None
    return request.content_type, content
