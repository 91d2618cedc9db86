"""What can be wrong with the store. The docstrings are the messages."""


class StoreError(Exception):
    """Base of the store's errors."""


class StoreUnavailable(StoreError):
    """The store cannot be written at the moment; nothing was taken over, so Norce comes again."""


class StoreOverloaded(StoreUnavailable):
    """More orders wait for the store than the queue limit allows; nothing was taken over, so Norce comes again."""


class SchemaTooNew(StoreError):
    """The database was written by a newer version of the order receiver; start that one, this one would damage it."""


class SchemaOutdated(StoreError):
    """The database is of an older version; run `order-receiver db upgrade` (after a backup), then start again."""


class UnsuitableFileSystem(StoreError):
    """The database file is on a network file system, where SQLite's locks cannot be trusted; use a local disk."""


class LeaseLost(StoreError):
    """Another worker has taken this task over since; what this one did is left to the other to find and finish."""


class NoSuchOrder(StoreError):
    """No order matches; `order-receiver orders list` shows what there is."""


class NotPossible(StoreError):
    """The order is not in a state in which this can be done."""
