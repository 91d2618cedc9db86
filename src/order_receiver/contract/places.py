"""Places in a message: a path of member names and list positions."""

Path = tuple[str | int, ...]
"""From the root inwards, such as `("Items", 0, "PartNo")`; the empty path is the whole message."""


def json_pointer(path: Path) -> str:
    """The path as JSON pointer (RFC 6901): `/Items/0/PartNo`; the whole message is the empty text."""
    return "".join(f"/{_escaped(part)}" for part in path)


def parse_pointer(pointer: str) -> tuple[str, ...]:
    """The parts of a JSON pointer, unescaped; list positions stay text."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _escaped(part: str | int) -> str:
    return part.replace("~", "~0").replace("/", "~1") if isinstance(part, str) else str(part)
