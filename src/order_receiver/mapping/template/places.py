"""Where in a template something went wrong: file, line and expression, dug out of the traceback."""

import re
import traceback
from dataclasses import dataclass
from pathlib import Path

from jinja2 import UndefinedError

from order_receiver.mapping.template import filters

EXPRESSION = re.compile(r"\{[{%]-?\s*(.*?)\s*-?[%}]\}")
MEMBER_OF_NONE = re.compile(r"'None' has no attribute '(\w+)'")
FLOAT = r"\d\.\d"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a template. `field` is the expression there that failed, as far as it can be told."""

    file: str | None
    line: int | None
    field: str | None


def place_of(error: BaseException, folder: Path, base: Path) -> Place:
    """Find the innermost frame of the template that raised `error`; the file is named relative to `base`."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder) and frame.filename.endswith(".j2")]
    if not own or own[-1].lineno is None:
        return Place(None, None, None)
    file, line = Path(own[-1].filename), own[-1].lineno
    shown = file.relative_to(base) if file.is_relative_to(base) else file
    return Place(str(shown), line, _field(file, line, _hints(error, frames)))


def _hints(error: BaseException, frames: traceback.StackSummary) -> list[str]:
    """Patterns that the failing expression must hold: the missing name, a float, or the filter that raised."""
    name = getattr(error, "name", None)
    words = [name] if isinstance(name, str) else []
    if isinstance(error, UndefinedError):
        words += re.findall(r"'(\w+)'", str(error))[::-1]
    words += [frame.name for frame in reversed(frames) if frame.filename == filters.__file__]
    floats = [FLOAT] if "float" in str(error) else []
    return floats + [rf"\b{re.escape(word)}\b" for word in words]


def _field(file: Path, line: int, hints: list[str]) -> str | None:
    lines = file.read_text("utf-8").splitlines()
    expressions: list[str] = EXPRESSION.findall(lines[line - 1]) if line <= len(lines) else []
    if len(expressions) > 1:
        for hint in hints:
            holding = [one for one in expressions if re.search(hint, one)]
            if holding:
                return holding[0]
    return expressions[0] if len(expressions) == 1 else None


def sentence(error: Exception) -> str:
    """Say what happened in words for whoever writes templates."""
    text = str(error)
    if isinstance(error, UndefinedError):
        member = MEMBER_OF_NONE.fullmatch(text)
        if member:
            return f"what {member[1]} is asked of is empty in this order; give a value with |default"
        return f"{text}; give a value with |default if it may be missing"
    if isinstance(error, TypeError) and "float" in text and "Decimal" in text:
        return 'a float is not exact and cannot be computed with an amount; write "0.25"|decimal instead of 0.25'
    return text or type(error).__name__
