"""Errors nobody thought of, told without what they say: their texts may quote an order."""

import traceback

FRAMES = 12


def trace(error: BaseException) -> dict[str, object]:
    """An error for a log line: its type, and where it came from, innermost last; never its text."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return {
        "error": type(error).__qualname__,
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
