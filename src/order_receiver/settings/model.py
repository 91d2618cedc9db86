"""Every setting, as Structs: the source of validation, of the reference page and of the file that `init` writes.

Times are seconds unless the name says otherwise. Secrets are never written here: they are references to the
environment or to a file, or hashes.
"""

from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, field

from order_receiver.settings.enrichments import FunctionEnrichment, HttpEnrichment
from order_receiver.settings.places import Written
from order_receiver.settings.routes import Route
from order_receiver.settings.section import Secret, Section
from order_receiver.settings.targets import AnyTarget

Int32 = Annotated[int, Meta(ge=1, le=2_147_483_647)]


class Credential(Section, frozen=True, kw_only=True):
    """One pair that Norce may use at the door. Several may live at once, so that a password can be rotated."""

    user: Annotated[str, Meta(description="user name; no colon in it")]
    password_hash: Annotated[str, Meta(description="made by `order-receiver credentials hash`")]


class Door(Section, frozen=True, kw_only=True):
    """Where Norce posts orders."""

    host: Annotated[str, Meta(description="address to listen on; 0.0.0.0 is every address of the machine")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8080
    path: Annotated[str, Meta(description="base path; /json, /CreateOrder and /webhooks below it are served too")] = (
        "/orders"
    )
    behind_proxy: Annotated[bool, Meta(description="a proxy in front ends TLS; its X-Forwarded-For is believed")] = (
        False
    )
    tls_certificate: Annotated[str | None, Meta(description="PEM file; with tls_key, the door speaks HTTPS itself")] = (
        None
    )
    tls_key: Annotated[str | None, Meta(description="PEM file of the certificate's private key")] = None
    body_limit: Annotated[int, Meta(ge=1024, description="bytes of one message")] = 5_000_000
    depth_limit: Annotated[int, Meta(ge=8, le=200, description="nesting depth of a message")] = 64
    item_limit: Annotated[int, Meta(ge=1, description="rows of one order")] = 5_000
    public_url: Annotated[
        str | None,
        Meta(description="address of the order path as senders see it, for ?wsdl; without it that of the request"),
    ] = None
    read_timeout: Annotated[
        float, Meta(gt=0, description="seconds a sender may take for one head, and for one body")
    ] = 30.0
    queue_limit: Annotated[int, Meta(ge=1, description="orders waiting for the store before the door answers 503")] = (
        1_000
    )
    retry_after: Annotated[int, Meta(ge=1, description="seconds named in Retry-After with 503")] = 60
    default_application: Annotated[
        str | None, Meta(description="application key of messages that carry none; without it they go to quarantine")
    ] = None
    credentials: Annotated[
        list[Credential], Meta(description="pairs that are let in; without one, every message is answered 401")
    ] = field(default_factory=list)


class Application(Section, frozen=True, kw_only=True):
    """One Norce shop."""

    key: Annotated[str, Meta(description="ApplicationKey, the GUID in the order's Header")]
    name: Annotated[str, Meta(description="what people call it")]
    id: Annotated[
        Int32 | None, Meta(description="Norce's integer application id, sent as the application-id header")
    ] = None
    target: Annotated[
        str | None, Meta(description="target of its orders; may be left out where there is only one, or [[routes]]")
    ] = None
    time_zone: Annotated[str, Meta(description="zone of a SubmitDate that names none")] = "Europe/Stockholm"
    wait_milliseconds: Annotated[int, Meta(ge=0, le=4000, description="how long the door waits for the ERP number")] = 0
    on_findings: Annotated[
        Literal["hold", "fail"],
        Meta(description="an order with problems: stored and held, or refused for good with Failed"),
    ] = "hold"
    on_difference: Annotated[
        Literal["hold", "pass"], Meta(description="payments and rows differ by more than the allowance")
    ] = "hold"
    rounding_allowance: Annotated[Decimal, Meta(description="in the order's currency")] = Decimal("1.00")


class Store(Section, frozen=True, kw_only=True):
    """Where orders live."""

    path: Annotated[str, Meta(description="SQLite file; relative to the configuration file")] = "var/orders.db"
    url: Annotated[
        str | None,
        Meta(description="instead of path, a PostgreSQL database: postgresql://user@host/orders, without password"),
    ] = None
    password: Annotated[
        Secret | None, Meta(description="of the PostgreSQL user; without it libpq's own places are looked at (.pgpass)")
    ] = None
    migrate_on_start: Annotated[
        bool, Meta(description="`serve` and `work` bring the schema up to date by themselves")
    ] = True


class Work(Section, frozen=True, kw_only=True):
    """How tasks are worked off."""

    concurrency: Annotated[int, Meta(ge=1, description="tasks at once in one system")] = 16
    lease: Annotated[float, Meta(ge=1, description="seconds a worker owns a task without a sign of life")] = 60.0
    grace: Annotated[float, Meta(ge=0, description="seconds to finish what is held after SIGTERM")] = 10.0
    poll: Annotated[float, Meta(gt=0, description="seconds between looks for work left by other processes")] = 1.0
    retry_base: Annotated[float, Meta(gt=0, description="seconds; the first retry waits up to this long")] = 2.0
    retry_cap: Annotated[
        float, Meta(gt=0, description="seconds; no wait is longer, but Retry-After may ask for it")
    ] = 3600.0
    attempts_limit: Annotated[int, Meta(ge=1, description="attempts before a task is parked")] = 20


class Norce(Section, frozen=True, kw_only=True):
    """Norce Connect, where reports go. Either the parts of the host name or, for a simulator, `base_url`."""

    slug: Annotated[str | None, Meta(description="first word of the host name, before .api-")] = None
    region: Annotated[str, Meta(description="region in the host name")] = "se"
    environment: Annotated[
        Literal["playground", "stage", "production"], Meta(description="decides the host name and the scope")
    ] = "playground"
    scope: Annotated[str | None, Meta(description="default: playground, stage or prod, as the environment asks")] = None
    base_url: Annotated[str | None, Meta(description="instead of slug and region, such as http://127.0.0.1:9000")] = (
        None
    )
    client_id: Annotated[str, Meta(description="from Norce Admin: Settings, Users, OAUTH")]
    client_secret: Annotated[Secret, Meta(description="where the secret is kept; never the secret itself")]
    concurrency: Annotated[int, Meta(ge=1, description="calls at once")] = 4
    timeout: Annotated[float, Meta(gt=0, description="seconds for one call")] = 30.0
    account_id: Annotated[Int32 | None, Meta(description="Norce account shown as the one who updated")] = None

    def __post_init__(self) -> None:
        if (self.slug is None) == (self.base_url is None):
            raise ValueError("names exactly one host: either `slug` (with `region` and `environment`) or `base_url`")


class Log(Section, frozen=True, kw_only=True):
    """Structured logs on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="the least grave kind of line that is written")
    ] = "info"
    format: Annotated[Literal["json", "console"], Meta(description="console is for people at a terminal")] = "json"


class Settings(Section, frozen=True, kw_only=True, dict=True):
    """receiver.toml: one file, and environment variables over it (ORDER_RECEIVER__DOOR__PORT=9090)."""

    @cached_property
    def written(self) -> Written:
        """Where the settings stand; of those that were not read from a file nothing is known."""
        return Written()

    mode: Annotated[Literal["production", "development"], Meta(description="production refuses unsafe settings")] = (
        "production"
    )
    time_zone: Annotated[str, Meta(description="zone of times shown to people; the store keeps UTC")] = (
        "Europe/Stockholm"
    )
    door: Annotated[Door, Meta(description="where Norce posts orders")] = field(default_factory=Door)
    applications: Annotated[list[Application], Meta(description="the Norce shops whose orders are taken")] = field(
        default_factory=list
    )
    store: Annotated[Store, Meta(description="where orders live")] = field(default_factory=Store)
    work: Annotated[Work, Meta(description="how tasks are worked off")] = field(default_factory=Work)
    targets: Annotated[dict[str, AnyTarget], Meta(description="the ERPs, each under a name of your choice")] = field(
        default_factory=dict
    )
    enrichments: Annotated[
        list[FunctionEnrichment | HttpEnrichment],
        Meta(description="what is found out about an order, in order, before its rules and mappings are asked"),
    ] = field(default_factory=list)
    routes: Annotated[
        list[Route], Meta(description="rules, in order, that say which target an order, or its rows, goes to")
    ] = field(default_factory=list)
    norce: Annotated[Norce | None, Meta(description="where reports go; without it, no number is reported")] = None
    log: Annotated[Log, Meta(description="structured logs on standard error")] = field(default_factory=Log)
