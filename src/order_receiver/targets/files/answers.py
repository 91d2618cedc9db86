"""Reading the ERP's answers: which order, and its number or why it was refused."""

from dataclasses import dataclass

import msgspec

from order_receiver.orders.identity import OrderKey, normal_application_key
from order_receiver.targets.adapter import Update, UpdateKind
from order_receiver.targets.files.place import Place
from order_receiver.targets.files.trouble import explain
from order_receiver.targets.keys import submission_key

LOOK_LIMIT = 200
"""Answer files read in one look."""
SIZE_LIMIT = 1_000_000
NUMBER_LIMIT = 50
"""Longest order number in characters that Norce takes. (norce: OrderResponse)"""
SETTLING_TIME = 10.0
"""Seconds since its last change in which a file that is no JSON counts as half written."""


class Answer(msgspec.Struct):
    """An answer file; other members are ignored. Numbers are taken as their text."""

    key: str | None = None
    client_order_ref: str | int | None = None
    application_key: str | None = None
    erp_order_no: str | int | None = None
    refused: str | None = None


class Unreadable(Exception):
    """An answer that says nothing usable; `str()` is a plain sentence."""


class NoJson(Unreadable):
    """It cannot be read at all, or not yet."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look into the inbox found. `unreadable` and `waiting` are pairs of file name and reason."""

    updates: list[Update]
    unreadable: list[tuple[str, str]]
    waiting: list[tuple[str, str]]
    """Files that could not be read this time, by a lock or a fault of the disk: they stay where they are."""
    more: bool


class Locked(Exception):
    """A file that cannot be read now; `str()` says why."""


_decoder = msgspec.json.Decoder(Answer)


def look(inbox: Place, waiting: int = 0) -> Look:
    """Read up to 200 answer files in the order of their names. Blocks. Raises OSError for the place itself.

    So many more as were `waiting` at the last look, which may be in front of all others.
    """
    limit = LOOK_LIMIT + waiting
    names = inbox.names(end=".json", most=limit + 1)
    found = Look(updates=[], unreadable=[], waiting=[], more=len(names) > limit)
    for name in names[:limit]:
        try:
            update = _read(inbox, name)
        except Locked as reason:
            found.waiting.append((name, str(reason)))
        except Unreadable as reason:
            found.unreadable.append((name, str(reason)))
        else:
            if update is not None:
                found.updates.append(update)
    return found


def _read(inbox: Place, name: str) -> Update | None:
    """None: not there any more, or the ERP is still writing it. Raises Unreadable, Locked."""
    try:
        read = inbox.read(name, SIZE_LIMIT + 1)
    except FileNotFoundError:
        return None
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise Locked(f"The file cannot be read: {explain(error)}.") from error
    try:
        return read_answer(decode(read.content), name)
    except NoJson:
        if read.settled < SETTLING_TIME:
            return None
        raise


def decode(content: bytes) -> Answer:
    """Read an answer in JSON. Raises Unreadable; NoJson where the rest may still be on its way."""
    if len(content) > SIZE_LIMIT:
        raise Unreadable(f"The file is over {SIZE_LIMIT} bytes; an answer is a few lines of JSON.")
    try:
        return _decoder.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoJson(f"The file is no answer in JSON (UTF-8): {error}.") from error


def read_answer(answer: Answer, source: str) -> Update:
    """Turn an answer into an update. Raises Unreadable with what is missing or too long."""
    key, reference = _order_named(answer)
    number = "" if answer.erp_order_no is None else str(answer.erp_order_no).strip()
    reason = (answer.refused or "").strip()
    if bool(number) == bool(reason):
        raise Unreadable('It must have one of "erp_order_no" (the number) and "refused" (the reason), and not both.')
    if len(number) > NUMBER_LIMIT:
        raise Unreadable(f'"erp_order_no" has {len(number)} characters; Norce takes {NUMBER_LIMIT}, and none is cut.')
    if not number.isprintable():
        raise Unreadable('"erp_order_no" has characters that cannot be printed.')
    return Update(
        submission_key=key,
        kind=UpdateKind.CONFIRMED if number else UpdateKind.REFUSED,
        source=source,
        erp_order_no=number or None,
        reason=reason or None,
        client_order_ref=reference,
    )


def _order_named(answer: Answer) -> tuple[str | None, str | None]:
    """Return submission key and reference; the key wins, else it is made from application key and reference."""
    reference = None if answer.client_order_ref is None else str(answer.client_order_ref).strip()
    if answer.key:
        return answer.key.strip(), reference or None
    if not reference:
        raise Unreadable('It must name the order: "key" as in the order file, or "client_order_ref".')
    application_key = normal_application_key(answer.application_key or "")
    if application_key:
        return submission_key(OrderKey(application_key, reference)), reference
    return None, reference
