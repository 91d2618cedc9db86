"""How Alembic reaches the database: through the connection that `store.schema` hands it."""

from alembic import context
from sqlalchemy import Connection

from order_receiver.store.tables import metadata


def run() -> None:
    """Run the migrations in one transaction on the connection that was handed over."""
    connection = context.config.attributes["connection"]
    if not isinstance(connection, Connection):
        raise TypeError("run migrations with `order-receiver db upgrade`")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run()
