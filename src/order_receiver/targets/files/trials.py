"""Trying a place: does everything work there that a handover needs?"""

from contextlib import suppress
from secrets import token_hex

from order_receiver.targets.files.handover import SENT
from order_receiver.targets.files.place import Place
from order_receiver.targets.files.trouble import transient

WORDS = b"A trial of the order receiver; it may be deleted.\n"


def try_place(place: Place) -> None:
    """Write, lock, sync, rename and remove a hidden file. Blocks. Raises TransientFailure with a plain sentence.

    The trial starts in `.sent` where that exists, so that a `.sent` on another file system, from where nothing can
    be renamed into the outbox, shows up here and not with the first order.
    """
    name = f".trial-{token_hex(8)}"
    try:
        start = f"{SENT}/{name}" if place.exists(SENT) else name
        try:
            with place.mark(start) as mark:
                mark.write(WORDS)
            place.rename(start, f"{name}.renamed")
            place.sync()
        finally:
            for each in (start, f"{name}.renamed"):
                with suppress(FileNotFoundError, NotADirectoryError, ConnectionError, TimeoutError):
                    place.remove(each)
    except OSError as error:
        raise transient("Writing into", place, error) from error
