"""PostgreSQL, for any number of doors and workers on any number of machines."""

from order_receiver.store.postgresql.database import PostgresServer

__all__ = ["PostgresServer"]
