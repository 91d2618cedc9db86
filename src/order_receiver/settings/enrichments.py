"""Settings of enrichments: what is found out about an order before its rules and mappings are asked."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, field

from order_receiver.settings import enrichment_rules as rules
from order_receiver.settings.conditions import condition_fault
from order_receiver.settings.section import Section
from order_receiver.settings.targets.http import AnswerRule, ApiKeyAuth, BasicAuth, BearerAuth, OAuth2Auth, Sending


class Enrichment(Section, tag_field="kind", frozen=True, kw_only=True):
    """What every enrichment has. They are asked in order, and each sees what those before it have found."""

    name: Annotated[str, Meta(description="its name in messages and in the order's history")]
    when: Annotated[
        str | None,
        Meta(description="condition over the order; without it, every order", extra={"fault": condition_fault}),
    ] = None
    timeout: Annotated[float, Meta(gt=0, le=600, description="seconds for one order, its waiting included")] = 10.0
    concurrency: Annotated[int, Meta(ge=1, description="orders at once in one process")] = 8
    cache_seconds: Annotated[
        float, Meta(ge=0, description="seconds that what was found is kept in this process; 0 keeps nothing")
    ] = 0.0
    cache_key: Annotated[
        str | None, Meta(description="template over the order: orders with the same text share what was found")
    ] = None


class FunctionEnrichment(Enrichment, tag="function", frozen=True, kw_only=True):
    """A Python function, plain or async, that gets the canonical order and the context."""

    function: Annotated[str, Meta(description="import path (package.module:function); found beside receiver.toml too")]
    save: Annotated[list[str], Meta(description="names of the values that it gives")]

    def __post_init__(self) -> None:
        rules.check_function(self)


class HttpEnrichment(Enrichment, tag="http", frozen=True, kw_only=True):
    """A look-up by HTTP. Templates and expressions know the fields of the canonical order."""

    base_url: Annotated[str, Meta(description="what every path is below; no other host is ever called")]
    path: Annotated[str | None, Meta(description="template of the path below base_url")] = None
    url: Annotated[
        str | None, Meta(description="instead of path, an expression that gives an address on the same host")
    ] = None
    query: Annotated[dict[str, str], Meta(description="templates of the query, by name")] = field(default_factory=dict)
    headers: Annotated[dict[str, str], Meta(description="templates of headers, by name")] = field(default_factory=dict)
    method: Annotated[Literal["GET", "POST"], Meta(description="POST for a search that wants a body")] = "GET"
    body: Annotated[str | None, Meta(description="template; left out: nothing is sent")] = None
    content_type: Annotated[str, Meta(description="of the body")] = "application/json"
    auth: Annotated[
        BasicAuth | BearerAuth | ApiKeyAuth | OAuth2Auth | None, Meta(description="how calls prove who they are")
    ] = None
    answer_limit: Annotated[int, Meta(ge=1024, description="bytes of one answer")] = 1_000_000
    missing: Annotated[str, Meta(description="HTTP statuses that mean that nothing was found, such as `404`")] = ""
    answers: Annotated[list[AnswerRule], Meta(description="what other answers mean")] = field(default_factory=list)
    save: Annotated[dict[str, str], Meta(description="names and the expressions that give their values")]

    def __post_init__(self) -> None:
        rules.check_http(self)

    @property
    def request(self) -> Sending:
        """The one call. Raises Unfit where it cannot be read."""
        return Sending(
            path=self.path,
            url=self.url,
            query=self.query,
            headers=self.headers,
            body=self.body,
            content_type=self.content_type,
        )


AnyEnrichment: TypeAlias = FunctionEnrichment | HttpEnrichment
"""Every enrichment that receiver.toml can hold, told apart by `kind`."""
