"""Settings of the adapter `sql`."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from msgspec import Meta, field

from order_receiver.settings.addresses import is_loopback
from order_receiver.settings.section import Secret, Section
from order_receiver.settings.targets.base import Target


class StagingColumns(Section, frozen=True, kw_only=True):
    """The columns of the staging table. Those left out are not used."""

    key: Annotated[str, Meta(description="text of 120 characters, unique: the submission key")] = "order_key"
    document: Annotated[str, Meta(description="the mapped order: text, JSON, XML or bytes")] = "document"
    reference: Annotated[str | None, Meta(description="the web order's reference (ClientOrderRef)")] = None
    media_type: Annotated[str | None, Meta(description="of the document, such as application/json")] = None
    created: Annotated[str | None, Meta(description="when the row was written, UTC")] = None
    number: Annotated[
        str | None, Meta(description="the ERP's order number, which the ERP writes; none: it never comes")
    ] = None
    refused: Annotated[str | None, Meta(description="why the ERP does not take the order, which the ERP writes")] = None
    changed: Annotated[
        str | None,
        Meta(description="time in UTC or ever growing whole number, which the ERP renews with `number` and `refused`"),
    ] = None
    problem: Annotated[
        str | None, Meta(description="why an answer of the ERP could not be used, which this program writes")
    ] = None

    def __post_init__(self) -> None:
        if (self.number is None) != (self.changed is None):
            raise ValueError("has `number` without `changed` or the other way round: numbers are found by `changed`")
        if self.refused is not None and self.number is None:
            raise ValueError("has `refused` without `number` and `changed`, by which answers are found")


class SqlTarget(Target, tag="sql", frozen=True, kw_only=True):
    """An ERP that takes orders from a staging table in its own database and answers in columns of it."""

    url: Annotated[
        str, Meta(description="of the database in SQLAlchemy's form, such as `postgresql://user@host/erp`; no password")
    ]
    password: Annotated[Secret | None, Meta(description="of the database user")] = None
    table: Annotated[str, Meta(description="the staging table, with its schema in front where needed: `web.orders`")]
    columns: Annotated[StagingColumns, Meta(description="which column holds what")] = field(
        default_factory=StagingColumns
    )
    overlap: Annotated[
        int,
        Meta(
            ge=0,
            description="how far each look for answers goes back: a count where `changed` is a number, else seconds, "
            "over an hour where the ERP writes local time",
        ),
    ] = 3900
    timeout: Annotated[float, Meta(gt=0, description="seconds for one piece of work in the database")] = 30.0

    def __post_init__(self) -> None:
        try:
            password = urlsplit(self.url).password
        except ValueError:
            raise ValueError("has a `url` that is none") from None
        if password is not None:
            raise ValueError("has a password in its `url`: name where it is kept in `password`")

    def places(self) -> Mapping[str, Hashable]:
        """Its table, whoever logs in to the database and by whichever driver."""
        parts = urlsplit(self.url)
        server = parts.netloc.rpartition("@")[2].lower()
        asked = "" if server else parts.query
        return {"table": (parts.scheme.partition("+")[0], server, parts.path, asked, self.table)}

    @property
    def number_setting(self) -> str:
        return "columns.number" if self.columns.number is None else ""


def leaves_this_machine(url: str) -> bool:
    """True where the URL of a database names another machine: as its host, or in what is asked after it."""
    return not all(is_loopback(host) or host.startswith("/") for host in _hosts(url))


def tls_fault(url: str) -> str | None:
    """Why orders and the password would reach another machine without verified TLS, as the end of a sentence.

    None where they would not, or where we do not know the driver's words for it.
    """
    if not leaves_this_machine(url):
        return None
    kind, _, driver = urlsplit(url).scheme.partition("+")
    asked = {key: values[-1].lower() for key, values in parse_qs(urlsplit(url).query).items()}
    if kind == "postgresql":
        mode = asked.get("sslmode", "verify-full" if driver in ("", "psycopg") else "prefer")
        return None if mode in ("verify-full", "verify-ca") else f"with sslmode={mode}, which verifies no certificate"
    if driver == "pymysql" and asked.get("ssl_disabled", "false") not in ("", "0", "false"):
        return "with ssl_disabled, so without TLS"
    return "by pymssql, which verifies no certificate" if driver == "pymssql" else None


def _hosts(url: str) -> Iterator[str]:
    """Every host that a driver may take from the URL; drivers of PostgreSQL take several, and from the query too."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    named = [parts.hostname or "", *asked.get("host", []), *asked.get("hostaddr", [])]
    for host in ",".join(named).split(","):
        if host:
            yield host.partition(":")[0] if host.count(":") == 1 else host
