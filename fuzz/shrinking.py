"""Cutting a message down to what breaks a rule."""

from collections.abc import Callable, Iterator

from fuzz.examination import examine
from fuzz.mutation import TOKEN


def shrink(body: bytes, fault: Callable[[bytes], str | None]) -> bytes | None:
    """The message without all that can go while it has the same fault; None where it has none."""
    found = fault(body)
    if found is None:
        return None
    for cut in (_tokens, _bytes):
        body = _without(body, cut, lambda smaller: fault(smaller) == found)
    return body


def fault_of(target: str, body: bytes) -> str | None:
    """What is wrong when the bytes are examined, if anything is."""
    try:
        examine(target, body)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _tokens(body: bytes) -> list[bytes]:
    found: list[bytes] = TOKEN.findall(body)
    return found


def _bytes(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


def _without(body: bytes, cut: Callable[[bytes], list[bytes]], stays: Callable[[bytes], bool]) -> bytes:
    """Leave out ever shorter runs of parts, as long as the fault stays."""
    parts = cut(body)
    size = len(parts)
    while size := size // 2:
        for at in _places(parts, size):
            smaller = parts[:at] + parts[at + size :]
            if stays(b"".join(smaller)):
                parts = smaller
    return b"".join(parts)


def _places(parts: list[bytes], size: int) -> Iterator[int]:
    """From the end, so that what is left out does not move what comes."""
    return iter(range(max(len(parts) - size, 0), -1, -max(size // 2, 1)))
