"""Submissions: one order into one target, with the document as it was mapped."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import String, bindparam, func, select, update

from order_receiver.store import tables
from order_receiver.store.changes import ORDER_COLUMNS, order_from
from order_receiver.store.session import Session
from order_receiver.store.statements import Deferrable, Rank, Row, Statement, insertion
from order_receiver.store.values import OrderRow, SubmissionRow

_s = tables.submissions.c
_ROW = (
    *(_s.order_id, _s.target, _s.key, _s.document, _s.media_type, _s.extension),
    *(_s.step, _s.erp_order_no, _s.erp_id, _s.gives_number),
)
_this = (_s.order_id == bindparam("of_order"), _s.target == bindparam("of_target"))

_insert = Deferrable(
    insertion(
        tables.submissions,
        "order_id",
        "target",
        "key",
        "media_type",
        "extension",
        "document",
        "gives_number",
        "created_at",
    ),
    Rank.SUBMISSION,
)
_by_order = Statement(select(*_ROW).where(*_this))
_with_order = Statement(
    select(*ORDER_COLUMNS, *_ROW).join(tables.orders, tables.orders.c.id == _s.order_id).where(*_this)
)
_by_key = Statement(select(*_ROW).where(_s.target == bindparam("of_target"), _s.key == bindparam("of_key")))
_by_reference = Statement(
    select(*_ROW)
    .join(tables.orders, tables.orders.c.id == _s.order_id)
    .where(tables.orders.c.client_order_ref == bindparam("of_reference"), _s.target == bindparam("of_target"))
    .limit(2)
)
_save_step = Statement(update(tables.submissions).where(*_this).values(step=bindparam("to_step")))
_submitted = Deferrable(
    update(tables.submissions)
    .where(*_this)
    .values(
        submitted_at=bindparam("at"),
        erp_order_no=func.coalesce(_s.erp_order_no, bindparam("number", type_=String)),
        erp_id=bindparam("id_there"),
    ),
    Rank.SUBMISSION,
)
_numbered = Statement(update(tables.submissions).where(*_this).values(erp_order_no=bindparam("number")))
_steps = msgspec.json.Decoder(dict[str, str])


def add(
    session: Session,
    order_id: int,
    target: str,
    key: str,
    document: tuple[bytes, str, str],
    at: datetime,
    *,
    gives_number: bool = True,
) -> SubmissionRow:
    """Add a submission; `document` is content, media type and file ending. One of an order's gives its number."""
    content, media_type, extension = document
    session.defer(
        _insert,
        about=order_id,
        order_id=order_id,
        target=target,
        key=key,
        document=content,
        gives_number=int(gives_number),
        media_type=media_type,
        extension=extension,
        created_at=at,
    )
    return _submission((order_id, target, key, content, media_type, extension, None, None, None, gives_number))


def of_order(session: Session, order_id: int, target: str) -> SubmissionRow | None:
    """The submission of an order into a target."""
    row = session.one(_by_order, of_order=order_id, of_target=target)
    return None if row is None else _submission(row)


def with_order(session: Session, order_id: int, target: str) -> tuple[OrderRow, SubmissionRow] | None:
    """The submission of an order into a target, and the order."""
    row = session.one(_with_order, of_order=order_id, of_target=target)
    if row is None:
        return None
    return order_from(row[: len(ORDER_COLUMNS)]), _submission(row[len(ORDER_COLUMNS) :])


def by_key(session: Session, target: str, key: str) -> SubmissionRow | None:
    """The submission that a target knows under a key."""
    row = session.one(_by_key, of_target=target, of_key=key)
    return None if row is None else _submission(row)


def by_reference(session: Session, target: str, reference: str) -> list[SubmissionRow]:
    """Submissions of orders with a client order ref; at most two, as more than one is not a match."""
    return [_submission(row) for row in session.all(_by_reference, of_target=target, of_reference=reference)]


def save_step(session: Session, row: SubmissionRow, step: Mapping[str, str]) -> None:
    """Keep how far a submission has come."""
    session.change(_save_step, of_order=row.order_id, of_target=row.target, to_step=msgspec.json.encode(step).decode())


def mark_submitted(session: Session, row: SubmissionRow, at: datetime, number: str | None, erp_id: str | None) -> None:
    """The target has the order."""
    this = {"of_order": row.order_id, "of_target": row.target}
    session.defer(_submitted, None, about=row.order_id, **this, at=at, number=number, id_there=erp_id)


def mark_numbered(session: Session, row: SubmissionRow, number: str) -> None:
    """The target's order number is known."""
    session.change(_numbered, of_order=row.order_id, of_target=row.target, number=number)


def _submission(row: Row) -> SubmissionRow:
    order_id, target, key, document, media_type, extension, step, number, erp_id, gives_number = row
    return SubmissionRow(
        order_id=order_id,
        target=target,
        key=key,
        document=document,
        media_type=media_type,
        extension=extension,
        step=_steps.decode(step) if step else {},
        erp_order_no=number,
        erp_id=erp_id,
        gives_number=bool(gives_number),
    )
