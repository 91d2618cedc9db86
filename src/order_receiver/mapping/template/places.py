"""Where in a template something went wrong: file, line and expression, dug out of the traceback."""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, UndefinedError

from order_receiver.mapping.template import filters

QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
MEMBER_OF_NONE = re.compile(r"'None' has no attribute '(\w+)'")
FLOAT = r"\d\.\d"
ENDS = re.compile(r"else|end\w+")
WRAPPER = "checked"
"""The function that is around every filter of ours."""


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
    """Patterns that the failing expression must hold: a float, the missing name, or the filter that raised."""
    name = getattr(error, "name", None)
    words = [name] if isinstance(name, str) else []
    if isinstance(error, UndefinedError):
        words += [word for word in re.findall(r"'(\w+)'", str(error))[::-1] if word != "None"]
    called = [frame.name for frame in frames if frame.filename == filters.__file__ and frame.name != WRAPPER]
    words += called[:1]
    floats = [FLOAT] if "float" in str(error) else []
    return floats + [rf"\b{re.escape(word)}\b" for word in words]


def _field(file: Path, line: int, hints: list[str]) -> str | None:
    """The one expression of the line that can be meant, or None: a wrong name would be worse."""
    here = [one.text for one in _expressions(file.read_text("utf-8")) if one.first <= line <= one.last]
    if len(here) == 1:
        return here[0]
    for hint in hints:
        holding = [text for text in here if re.search(hint, text)]
        if holding:
            return holding[0] if len(holding) == 1 and re.search(hint, QUOTED.sub("", holding[0])) else None
    return None


@dataclass(frozen=True, slots=True)
class _Expression:
    """What stands between two brackets of a template, and the lines it goes over."""

    first: int
    last: int
    text: str


def _expressions(source: str) -> Iterator[_Expression]:
    """Every expression and statement of a template but those that only end something."""
    first, words = 0, ""
    for line, kind, word in Environment(autoescape=True).lex(source):
        if kind in ("variable_begin", "block_begin"):
            first, words = line, ""
        elif kind in ("variable_end", "block_end"):
            text = " ".join(words.split())
            if not ENDS.fullmatch(text):
                yield _Expression(first, line, text)
        else:
            words += word


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
