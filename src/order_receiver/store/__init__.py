"""The store: orders, their messages, tasks and history, in one database that is also the queue."""

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError as DatabaseTrouble

__all__ = ["DatabaseTrouble", "Engine"]
