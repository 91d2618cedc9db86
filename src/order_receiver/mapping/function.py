"""A mapping that is a Python function: the full form, for what a template cannot say."""

from copy import copy
from pathlib import Path

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping.asking import looking_up
from order_receiver.mapping.loading import CannotLoad, UserFunction
from order_receiver.mapping.model import MappingContext, MappingFailed, MappingUnusable
from order_receiver.mapping.numbers import NotPlain, encode_json
from order_receiver.mapping.tables.lookup import NoSuchValue
from order_receiver.mapping.tables.table import NO_TABLES, ValueTables
from order_receiver.mapping.template.values import NotExact, WrongValue, jsonable
from order_receiver.orders.document import Document


class FunctionMapping:
    """Calls `function(order, context)`, which returns a dict (JSON), text, bytes or a Document.

    `spec` is `package.module:function`; modules beside the settings file are found. Raises MappingUnusable.
    """

    def __init__(self, spec: str, base: Path, tables: ValueTables = NO_TABLES) -> None:
        try:
            self._function = UserFunction(spec, base, user="mapping")
        except CannotLoad as error:
            raise MappingUnusable(str(error)) from error
        self.tables = tables.tables

    def with_tables(self, tables: ValueTables) -> "FunctionMapping":
        other = copy(self)
        other.tables = tables.tables
        return other

    def map(self, order: OrderRequest, context: MappingContext) -> Document:
        """Call the function. Raises MissingValues, and MappingFailed with file and line of its own code."""
        with looking_up(context, self.tables) as asking:
            return self._called(order, asking)

    def _called(self, order: OrderRequest, context: MappingContext) -> Document:
        try:
            return as_document(self._function.call(order, context))
        except MappingFailed:
            raise
        except Exception as error:
            file, line = self._function.place(error)
            raise MappingFailed(
                _sentence(error, self._function.spec), file=file, line=line, field=_name(error)
            ) from error


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
    if isinstance(error, NotExact):
        return f'{error.value!r} is a float and not exact; return Decimal("{error.value!r}") instead'
    if isinstance(error, WrongValue | NotPlain | NoSuchValue):
        return str(error)
    return f"{spec} raised {type(error).__name__}: {error}"
