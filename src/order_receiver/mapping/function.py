"""A mapping that is a Python function: the full form, for what a template cannot say."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping.model import MappingContext, MappingFailed, MappingUnusable
from order_receiver.mapping.numbers import NotPlain, encode_json
from order_receiver.mapping.template.values import WrongValue, jsonable
from order_receiver.orders.document import Document


class FunctionMapping:
    """Calls `function(order, context)`, which returns a dict (JSON), text, bytes or a Document.

    `spec` is `package.module:function`; modules beside the settings file are found. Raises MappingUnusable.
    """

    def __init__(self, spec: str, base: Path) -> None:
        module_name, _, name = spec.partition(":")
        module = _imported(module_name, base)
        self._spec = spec
        self._file = Path(module.__file__ or "").resolve()
        self._base = base.resolve()
        self._function = _function(module, name, spec)

    def map(self, order: OrderRequest, context: MappingContext) -> Document:
        """Call the function. Raises MappingFailed with file and line of its own code."""
        try:
            return as_document(self._function(order, context))
        except MappingFailed:
            raise
        except Exception as error:
            file, line = self._place(error)
            raise MappingFailed(_sentence(error, self._spec), file=file, line=line, field=_name(error)) from error

    def _place(self, error: Exception) -> tuple[str, int | None]:
        """Find the innermost line that lies in the folder of the mapping's module."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename).resolve()
            if path.is_relative_to(self._file.parent):
                return self._shown(path), frame.lineno
        return self._shown(self._file), None

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._base) if path.is_relative_to(self._base) else path)


def as_document(result: object) -> Document:
    """Turn what a function returned into a document. Raises WrongValue, NotPlain, TypeError."""
    if isinstance(result, Document):
        return result
    if isinstance(result, dict | list):
        return Document(encode_json(jsonable(result)), "application/json", "json")
    if isinstance(result, str):
        return Document(result.encode(), "text/plain; charset=utf-8", "txt")
    if isinstance(result, bytes):
        return Document(result, "application/octet-stream", "bin")
    raise WrongValue(
        f"the function returned a value of type {type(result).__name__}; return a dict, text, bytes or a Document"
    )


def _name(error: Exception) -> str | None:
    """The name that the code asked for in vain. What other exceptions call their name may come from the order."""
    return error.name if isinstance(error, AttributeError | NameError | ImportError) else None


def _sentence(error: Exception, spec: str) -> str:
    if isinstance(error, WrongValue | NotPlain):
        return str(error)
    return f"{spec} raised {type(error).__name__}: {error}"


def _imported(name: str, base: Path) -> ModuleType:
    folder = str(base.resolve())
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            near = get_close_matches(name, [path.stem for path in base.glob("*.py")], n=1)
            advice = f"did you mean {near[0]}?" if near else f"put it beside the settings in {base}, or install it."
            raise MappingUnusable(f"There is no module {name} for the mapping; {advice}") from error
        raise MappingUnusable(f"The mapping's module {name} needs {error.name}, which is not installed.") from error
    except Exception as error:
        line = error.lineno if isinstance(error, SyntaxError) else traceback.extract_tb(error.__traceback__)[-1].lineno
        raise MappingUnusable(
            f"The mapping's module {name} cannot be imported: {type(error).__name__} in line {line}: {error}"
        ) from error


def _function(module: ModuleType, name: str, spec: str) -> Callable[[OrderRequest, MappingContext], object]:
    function: object = getattr(module, name, None)
    if function is None:
        callables = [known for known, value in vars(module).items() if inspect.isfunction(value)]
        near = get_close_matches(name, callables, n=1)
        advice = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(callables)) or 'no function'}."
        raise MappingUnusable(f"The module {module.__name__} has no function {name}; {advice}")
    if not callable(function) or inspect.iscoroutinefunction(function):
        raise MappingUnusable(f"{spec} must be a plain function (no async) that takes the order and the context.")
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        raise MappingUnusable(f"{spec} must take two arguments, the order and the context.") from error
    return function
