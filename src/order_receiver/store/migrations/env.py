"""How Alembic reaches the database: through the connection that `store.schema` hands it."""

from collections.abc import Collection, Mapping

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, delete, insert

from order_receiver.store.tables import metadata, schema_floor


def run() -> None:
    """Run each migration in a transaction of its own, or all in the one that the connection is in."""
    connection = context.config.attributes["connection"]
    if not isinstance(connection, Connection):
        raise TypeError("run migrations with `order-receiver db upgrade`")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=True,
        on_version_apply=note_floor,
    )
    with context.begin_transaction():
        context.run_migrations()


def note_floor(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[object], run_args: Mapping[str, object]
) -> None:
    """Write down the oldest revision whose programs can work with the schema, together with its new revision."""
    revision = context.script.get_revision(step.up_revision_id or "")
    floor: str | None = getattr(revision.module, "floor", None)
    if step.is_upgrade and floor is not None and ctx.connection is not None:
        ctx.connection.execute(delete(schema_floor))
        ctx.connection.execute(insert(schema_floor).values(revision=floor))


run()
