"""The tables, once, for every database. Changing one means a migration beside it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


@lru_cache(maxsize=64)
def utc_text(moment: datetime) -> str:
    """A moment as the store keeps it; cached, as the rows of one operation share theirs. Raises ValueError.

    SQLite's driver calls this by itself for every datetime (see `sqlite`), which is quicker than converting before.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be stored")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime in UTC: of the database's own kind where it has one.

    SQLite keeps ISO 8601 text with microseconds and zone, so that text order is time order.
    """

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has a type for it."""
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else TIMESTAMP(timezone=True))

    def bind_processor(self, dialect: Dialect) -> None:
        """Nothing to do: the driver knows how to write a datetime."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None] | None:
        """Back to an aware datetime, where the driver does not give one."""
        return _moment if dialect.name == "sqlite" else None


Id = BigInteger().with_variant(Integer(), "sqlite")
"""Numbers of rows; in SQLite every integer has 64 bits, and only INTEGER counts up by itself."""


def words(length: int) -> TypeEngine[str]:
    """Text of about so many characters. SQLite does not count them, and PostgreSQL need not either."""
    return String(length).with_variant(Text(), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """The condition of an index that holds a part of its table only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

orders = Table(
    "orders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_key", words(500), nullable=False),
    Column("client_order_ref", words(500), nullable=False),
    Column("state", words(20), nullable=False),
    Column("hold", words(40)),
    Column("hold_text", Text),
    Column("waived", Text),
    Column("erp_order_no", words(50)),
    Column("received_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("client_order_ref", "application_key"),
    Index("ix_orders_hold", "hold", "id", **where("hold IS NOT NULL")),
    Index(
        "ix_orders_open",
        "received_at",
        **where("state IN ('received', 'submitted', 'placed')"),
    ),
    Index("ix_orders_state", "state", "received_at", **where("state <> 'confirmed'")),
)
"""One row an order, for life. `hold` is the reason code of its weightiest hold, `waived` the reasons that were
passed by."""
# Nothing needs ix_orders_open since revision 0003: a release after the one with 0003 may drop it. (ADR 0028)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False, index=True),
    Column("role", words(10), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("remote", words(100)),
    Column("media_type", Text),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What came over the wire, byte for byte: the `first` message of an order, and each `conflict` with it."""

holds = Table(
    "holds",
    metadata,
    Column("order_id", Id, ForeignKey("orders.id"), primary_key=True),
    Column("system", words(60), primary_key=True),
    Column("reason", words(40), nullable=False),
    Column("text", Text, nullable=False),
)
"""What keeps an order, one row for each system that cannot go on with it. Where `orders` shows no hold, a row of this
table and of `causes` counts for nothing; where it shows one and there is no row, that one is all there is."""

causes = Table(
    "causes",
    metadata,
    Column("order_id", Id, ForeignKey("orders.id"), primary_key=True),
    Column("cause", Text, primary_key=True),
    Column("system", words(60), nullable=False),
    Index("ix_causes_cause", "cause"),
)
"""What each held order waits for, where one reason to hold has many causes: `value:payment-methods:klarna`."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("received_at", UtcTime, nullable=False, index=True),
    Column("remote", words(100)),
    Column("media_type", Text),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
)
"""Messages that could not even be identified."""

history = Table(
    "history",
    metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", words(100), nullable=False),
    Column("event", words(40), nullable=False),
    Column("old", words(100)),
    Column("new", words(100)),
    Column("why", Text),
)
"""Every change of an order: who or what, when, from, to, why."""

tasks = Table(
    "tasks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", Id, ForeignKey("orders.id")),
    Column("system", words(60), nullable=False),
    Column("kind", words(30), nullable=False),
    Column("state", words(10), nullable=False),
    Column("due", UtcTime),
    Column("fence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("payload", Text),
    Column("reason", Text),
    Column("followed", Integer, nullable=False, server_default="0"),
    Column("lost", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_tasks_due", "system", "due", **where("due IS NOT NULL")),
    Index("ix_tasks_lane", "order_id", "system"),
    Index(
        "uq_tasks_singleton",
        "system",
        "kind",
        unique=True,
        **where("order_id IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""Work to be done; a finished task leaves its attempts behind and goes. Its id is never given again: a lease is id and
fence, and a late worker's lease must not fit another task.

A lane is (order, system): its tasks run one at a time, in sequence of id. `due` is when a worker may take the task:
the end of the lease while one holds it, empty while it is blocked behind another or parked for a person. `followed`
says that others wait behind it, `lost` that a worker had it once and was never heard of again.
"""

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", Id, index=True),
    Column("system", words(60), nullable=False),
    Column("kind", words(30), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("milliseconds", Numeric(12, 3, asdecimal=False), nullable=False),
    Column("outcome", words(20), nullable=False),
    Column("error", Text),
)
"""Each attempt at a task, with its duration and outcome."""

submissions = Table(
    "submissions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False),
    Column("target", words(60), nullable=False),
    Column("key", words(200), nullable=False),
    Column("media_type", words(100), nullable=False),
    Column("extension", words(20), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("gives_number", Integer, nullable=False, server_default="1"),
    Column("step", Text),
    Column("erp_order_no", words(50)),
    Column("erp_id", words(200)),
    Column("submitted_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("order_id", "target"),
    UniqueConstraint("target", "key"),
    sqlite_autoincrement=True,
)
"""One order into one target, with the document as it was mapped and the step of a half-made submission."""

cursors = Table(
    "cursors",
    metadata,
    Column("name", words(100), primary_key=True),
    Column("value", Text),
)
"""Where each poll of a target goes on."""

circuits = Table(
    "circuits",
    metadata,
    Column("system", words(60), primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("openings", Integer, nullable=False),
    Column("until", UtcTime),
    Column("probe", Id),
    Column("next_start", UtcTime),
    Column("paused_at", UtcTime),
    Column("paused_by", words(100)),
    Column("paused_why", Text),
)
"""What all workers know together about each target: failures in a row, how often the circuit opened since it was closed
last and `until` when it is open (empty: it is closed), the task that tries whether the target is back, when the rate
limit allows the next submission, and who paused it.
"""

tokens = Table(
    "tokens",
    metadata,
    Column("name", words(300), primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
"""Access tokens that the processes of one installation share. (norce: 3 token requests a minute an address)"""

schema_floor = Table(
    "schema_floor",
    metadata,
    Column("revision", words(32), primary_key=True),
)
"""The oldest revision whose programs can work with this schema: what lets an older one run beside a newer. One row."""
