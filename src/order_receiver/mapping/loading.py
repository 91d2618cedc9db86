"""Python functions that users bring: found beside the settings file or installed, and told by file and line."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType


class CannotLoad(Exception):
    """A function that the settings name cannot be used; `str()` says what to do."""


@contextmanager
def kept_from_exit() -> Iterator[None]:
    """Code of users cannot end the program, as `sys.exit()` would: that is an error of theirs, with its own place."""
    try:
        yield
    except SystemExit as error:
        failed = RuntimeError(f"it raised {type(error).__name__}")
        raise failed.with_traceback(error.__traceback__) from error


class UserFunction:
    """A function `package.module:function` of two arguments, the order and the context. Raises CannotLoad.

    `user` is the word for what needs it. Modules are looked for from `base` too, the folder of the settings file.
    """

    def __init__(self, spec: str, base: Path, *, user: str, may_be_async: bool = False) -> None:
        module_name, _, name = spec.partition(":")
        module = _imported(module_name, base, user)
        self.spec = spec
        self._function = _function(module, name, spec, may_be_async=may_be_async)
        self._file = Path(module.__file__ or "").resolve()
        self._base = base.resolve()

    @property
    def is_async(self) -> bool:
        """Calling it gives something to be awaited."""
        return inspect.iscoroutinefunction(self._function)

    def call(self, order: object, context: object) -> object:
        """Call it; one that is async gives what is to be awaited. Raises whatever it raises, but no SystemExit."""
        with kept_from_exit():
            return self._function(order, context)

    def place(self, error: Exception) -> tuple[str, int | None]:
        """File and line where it raised: the innermost line that lies in the folder of its module."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename).resolve()
            if path.is_relative_to(self._file.parent):
                return self._shown(path), frame.lineno
        return self._shown(self._file), None

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._base) if path.is_relative_to(self._base) else path)


def _imported(name: str, base: Path, user: str) -> ModuleType:
    folder = str(base.resolve())
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        with kept_from_exit():
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            near = get_close_matches(name, [path.stem for path in base.glob("*.py")], n=1)
            advice = f"did you mean {near[0]}?" if near else f"put it beside the settings in {base}, or install it."
            raise CannotLoad(f"There is no module {name} for the {user}; {advice}") from error
        raise CannotLoad(f"The {user}'s module {name} needs {error.name}, which is not installed.") from error
    except Exception as error:
        line = error.lineno if isinstance(error, SyntaxError) else traceback.extract_tb(error.__traceback__)[-1].lineno
        raise CannotLoad(
            f"The {user}'s module {name} cannot be imported: {type(error).__name__} in line {line}: {error}"
        ) from error


def _function(module: ModuleType, name: str, spec: str, *, may_be_async: bool) -> Callable[..., object]:
    function: object = getattr(module, name, None)
    if function is None:
        callables = [known for known, value in vars(module).items() if inspect.isfunction(value)]
        near = get_close_matches(name, callables, n=1)
        advice = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(callables)) or 'no function'}."
        raise CannotLoad(f"The module {module.__name__} has no function {name}; {advice}")
    if not callable(function) or (inspect.iscoroutinefunction(function) and not may_be_async):
        plain = "a function" if may_be_async else "a plain function (no async)"
        raise CannotLoad(f"{spec} must be {plain} that takes the order and the context.")
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        raise CannotLoad(f"{spec} must take two arguments, the order and the context.") from error
    return function
