"""The embedded database: one SQLite file on a local disk."""

from order_receiver.store.sqlite.connection import open_engine, refuse_network_file_system
from order_receiver.store.sqlite.database import SqliteFile

__all__ = ["SqliteFile", "open_engine", "refuse_network_file_system"]
