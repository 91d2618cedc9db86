"""Indices of tables that are big, and in use while they are made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import PendingRollbackError

from order_receiver.store.tables import where

_valid = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")


def add_index(name: str, table: str, columns: Sequence[str], *, condition: str) -> None:
    """Add an index to a table that others write to. A migration that does it does nothing else.

    PostgreSQL makes it beside the writers, outside of any transaction. Where that was interrupted an index is left
    that is of no use; it goes, and is made again. SQLite keeps writers waiting while it reads the table once.
    """
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table, columns, **where(condition))
        return
    with _outside_of_transactions():
        # It waits for every older transaction, and keeps nobody from writing meanwhile.
        op.execute("SET lock_timeout = 0")
        if op.get_bind().execute(_valid, {"name": name}).scalar() is False:
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True, **where(condition))
        op.execute("SET lock_timeout TO DEFAULT")


@contextmanager
def _outside_of_transactions() -> Iterator[None]:
    """Raises what went wrong: where the connection was lost, Alembic would rather tell that it cannot commit there."""
    try:
        with op.get_context().autocommit_block():
            yield
    except PendingRollbackError as error:
        raise error.__context__ or error from None
