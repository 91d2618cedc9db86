"""Small things that the processes of one installation share: access tokens and poll cursors."""

from datetime import datetime

from sqlalchemy import bindparam, select

from order_receiver.store import tables
from order_receiver.store.session import Session
from order_receiver.store.statements import Statement, replacement

_token = Statement(
    select(tables.tokens.c.value, tables.tokens.c.expires_at).where(tables.tokens.c.name == bindparam("of_name"))
)
_keep_token = Statement(replacement(tables.tokens, "name", "value", "expires_at"))
_cursor = Statement(select(tables.cursors.c.value).where(tables.cursors.c.name == bindparam("of_name")))
_keep_cursor = Statement(replacement(tables.cursors, "name", "value"))


def load_token(session: Session, name: str) -> tuple[str, datetime] | None:
    """A token's value and end, if one was saved."""
    row = session.one(_token, of_name=name)
    return None if row is None else (row[0], row[1])


def save_token(session: Session, name: str, value: str, expires_at: datetime) -> None:
    """Keep a token for the other processes."""
    session.change(_keep_token, name=name, value=value, expires_at=expires_at)


def load_cursor(session: Session, name: str) -> str | None:
    """Where a poll goes on."""
    row = session.one(_cursor, of_name=name)
    found: str | None = row[0] if row else None
    return found


def save_cursor(session: Session, name: str, value: str | None) -> None:
    """Keep where a poll goes on."""
    session.change(_keep_cursor, name=name, value=value)
