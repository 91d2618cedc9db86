"""Settings of the adapter `http`: any REST or OData API by configuration."""

from collections.abc import Hashable, Mapping
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, field, json

from order_receiver.settings.section import Secret, Section
from order_receiver.settings.targets import http_rules as rules
from order_receiver.settings.targets.base import Target

Means: TypeAlias = Literal["success", "done", "permanent", "transient", "unknown"]
Count: TypeAlias = Annotated[int, Meta(ge=1)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0)]
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class BasicAuth(Section, tag_field="kind", tag="basic", frozen=True, kw_only=True):
    """User name and password with every call."""

    user: Annotated[str, Meta(description="user name; no colon in it")]
    password: Annotated[Secret, Meta(description="where the password is kept")]

    def __post_init__(self) -> None:
        rules.check_user(self.user)


class BearerAuth(Section, tag_field="kind", tag="bearer", frozen=True, kw_only=True):
    """A token that does not change."""

    token: Annotated[Secret, Meta(description="where the token is kept")]


class ApiKeyAuth(Section, tag_field="kind", tag="api_key", frozen=True, kw_only=True):
    """A key in a header of its own."""

    header: Annotated[str, Meta(description="name of the header, such as X-Api-Key")]
    key: Annotated[Secret, Meta(description="where the key is kept")]

    def __post_init__(self) -> None:
        rules.check_header_name(self.header)


class OAuth2Auth(Section, tag_field="kind", tag="oauth2", frozen=True, kw_only=True):
    """OAuth2 client credentials: a token is fetched, kept until shortly before its end, and renewed after a 401."""

    token_url: Annotated[str, Meta(description="address that gives tokens")]
    client_id: Annotated[str, Meta(description="id of this client")]
    client_secret: Annotated[Secret, Meta(description="where the client's secret is kept")]
    scope: Annotated[str | None, Meta(description="what the token is for")] = None
    client_in: Annotated[
        Literal["body", "header"], Meta(description="whether id and secret go in the form or as HTTP Basic")
    ] = "body"
    parameters: Annotated[dict[str, str], Meta(description="further fields of the form, such as resource")] = field(
        default_factory=dict
    )
    headers: Annotated[dict[str, str], Meta(description="further headers of the token request")] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        rules.check_token_request(self.token_url, self.headers)


class AnswerRule(Section, frozen=True, kw_only=True):
    """What an answer means; the first rule that fits counts, those of the call before those of the target."""

    status: Annotated[str, Meta(description="HTTP statuses and ranges, such as `409, 500-599`")] = "100-599"
    when: Annotated[str | None, Meta(description="expression that must be true as well; what is missing is not")] = None
    means: Annotated[Means, Meta(description="`done`: the ERP has the order already")]
    message: Annotated[str | None, Meta(description="expression that gives the ERP's words; else the body's")] = None
    wait: Annotated[Seconds | None, Meta(description="to wait, in seconds, where the answer has no Retry-After")] = None

    def __post_init__(self) -> None:
        rules.check_answer(self)


class Request(Section, frozen=True, kw_only=True):
    """One GET request that changes nothing."""

    path: Annotated[str | None, Meta(description="template of the path below base_url")] = None
    url: Annotated[
        str | None, Meta(description="instead of path, an expression that gives an address on the same host")
    ] = None
    query: Annotated[dict[str, str], Meta(description="templates of the query, by name")] = field(default_factory=dict)
    headers: Annotated[dict[str, str], Meta(description="templates of headers, by name")] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rules.check_request(self)


class Sending(Request, frozen=True, kw_only=True):
    """A request that may have a body."""

    body: Annotated[
        str | None,
        Meta(description="`document`: the mapped order as it is; else a template; left out: nothing is sent"),
    ] = None
    content_type: Annotated[str, Meta(description="of a body made by a template")] = "application/json"


class Find(Sending, frozen=True, kw_only=True):
    """Looks whether the ERP has it already, before a call is repeated."""

    method: Annotated[Literal["GET", "POST"], Meta(description="POST for a search that wants a body")] = "GET"
    items: Annotated[str, Meta(description="expression that gives the list of what was found")] = "body"
    only: Annotated[str | None, Meta(description="expression that must be true of each `record` that counts")] = None
    next: Annotated[str | None, Meta(description="expression that gives the address of the next page")] = None
    missing: Annotated[str, Meta(description="HTTP statuses that mean that nothing was found, such as `404`")] = ""
    save: Annotated[dict[str, str], Meta(description="the names that the call saves, as expressions on `record`")] = (
        field(default_factory=dict)
    )
    answers: Annotated[list[AnswerRule], Meta(description="what its answers mean")] = field(default_factory=list)

    def __post_init__(self) -> None:
        rules.check_find(self)


class Call(Sending, frozen=True, kw_only=True):
    """One call of the sequence that makes an order."""

    name: Annotated[str, Meta(description="its name in messages and in what is stored")]
    method: Annotated[Method, Meta(description="HTTP method")] = "POST"
    each: Annotated[str | None, Meta(description="expression that gives a list: one call for each `item` of it")] = None
    save: Annotated[dict[str, str], Meta(description="names and the expressions that give them from the answer")] = (
        field(default_factory=dict)
    )
    until: Annotated[str | None, Meta(description="of a GET: expression that must come true before going on")] = None
    tries: Annotated[int, Meta(ge=1, le=100, description="looks at once before the order waits for a retry")] = 5
    wait: Annotated[float, Meta(gt=0, le=60, description="seconds between these looks")] = 2.0
    repeatable: Annotated[bool, Meta(description="repeating it does no harm: the ERP itself takes care of that")] = (
        False
    )
    answers: Annotated[list[AnswerRule], Meta(description="what its answers mean")] = field(default_factory=list)
    find: Annotated[Find | None, Meta(description="looks for it before it is repeated")] = None

    def __post_init__(self) -> None:
        rules.check_call(self)

    @property
    def reads(self) -> bool:
        """It changes nothing."""
        return self.method == "GET"

    @property
    def harmless(self) -> bool:
        """It may be repeated without looking first."""
        return self.repeatable or self.method in rules.IDEMPOTENT


class News(Request, frozen=True, kw_only=True):
    """A look for what became of orders, for numbers that come later."""

    items: Annotated[str, Meta(description="expression that gives the list of orders")] = "body"
    next: Annotated[str | None, Meta(description="expression that gives the address of the next page")] = None
    key: Annotated[str | None, Meta(description="expression that gives the submission key of a `record`")] = None
    client_order_ref: Annotated[
        str | None, Meta(description="instead of key, an expression that gives the web order's reference")
    ] = None
    number: Annotated[str, Meta(description="expression that gives the order number; nothing where there is none yet")]
    refused: Annotated[str | None, Meta(description="expression that gives the reason of a refusal, or nothing")] = None
    source: Annotated[str, Meta(description="expression that gives the ERP's id of a `record`")]
    cursor: Annotated[
        str | None, Meta(description="expression that gives the time of a `record`; the latest is the next `cursor`")
    ] = None
    start: Annotated[str, Meta(description="what `cursor` is at the first look")] = ""
    answers: Annotated[list[AnswerRule], Meta(description="what its answers mean")] = field(default_factory=list)

    def __post_init__(self) -> None:
        rules.check_news(self)


class HttpTarget(Target, tag="http", frozen=True, kw_only=True):
    """An ERP with a REST or OData API."""

    base_url: Annotated[str, Meta(description="what every path is below; no other host is ever called")]
    auth: Annotated[
        BasicAuth | BearerAuth | ApiKeyAuth | OAuth2Auth | None, Meta(description="how calls prove who they are")
    ] = None
    headers: Annotated[dict[str, str], Meta(description="headers of every call")] = field(default_factory=dict)
    timeout: Annotated[float, Meta(gt=0, description="seconds for one call")] = 30.0
    connections: Annotated[int, Meta(ge=1, description="calls at once in one process")] = 8
    answer_limit: Annotated[int, Meta(ge=1024, description="bytes of one answer")] = 1_000_000
    reference: Annotated[str, Meta(description="template of what the ERP knows the order by")] = (
        "{{ client_order_ref }}"
    )
    reference_length: Annotated[
        Count | None, Meta(description="characters of the longest reference the ERP takes; it is never cut")
    ] = None
    settle: Annotated[
        float, Meta(ge=0, description="seconds between two looks that find nothing, before a call is repeated")
    ] = 30.0
    calls: Annotated[list[Call], Meta(description="what makes an order, in sequence")]
    answers: Annotated[list[AnswerRule], Meta(description="what answers mean, after the rules of each call")] = field(
        default_factory=list
    )
    news: Annotated[News | None, Meta(description="where numbers that come later are read")] = None
    check: Annotated[Request | None, Meta(description="what `order-receiver check` reads; else base_url itself")] = None

    def __post_init__(self) -> None:
        rules.check_target(self)

    def places(self) -> Mapping[str, Hashable]:
        """What its first call makes, under its reference, for whom the call proves to be."""
        first = self.calls[0]
        told = (self.headers, self.auth, self.reference, first.path, first.url, first.query, first.headers)
        return {"reference": ("http", self.base_url.rstrip("/"), json.encode(told, order="deterministic"))}

    @property
    def number_setting(self) -> str:
        return "" if self.news is not None or any("number" in call.save for call in self.calls) else "news"
