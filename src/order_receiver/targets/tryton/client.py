"""Tryton's models by their standard calls, with typed answers."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from order_receiver.targets.jsonrpc import read_result, read_results
from order_receiver.targets.tryton.encoding import Json, Values
from order_receiver.targets.tryton.session import Session

Record = TypeVar("Record", bound=msgspec.Struct)

Domain = Sequence[Json]
"""A search in Tryton's form: clauses of field, operator and value."""


class Client:
    """Calls within one company (None before it is known). All raise the failures of `Session.call`."""

    def __init__(self, session: Session, company: int | None = None) -> None:
        self._session = session
        self._context: Values = {} if company is None else {"company": company}

    def within(self, company: int) -> "Client":
        """The same session, within a company."""
        return Client(self._session, company)

    async def search(self, model: str, domain: Domain, kind: type[Record], limit: int | None = None) -> list[Record]:
        """Records as `kind`, whose members are the fields that are read."""
        parameters: Json = [domain, 0, limit, None, _fields(kind), self._context]
        found = await self._session.call(f"model.{model}.search_read", parameters, f"reading {model}", changes=False)
        return read_results(found, kind, _unlike(model))

    async def read(self, model: str, record: int, kind: type[Record]) -> Record:
        """One record by its id."""
        parameters: Json = [[record], _fields(kind), self._context]
        found = await self._session.call(f"model.{model}.read", parameters, f"reading {model}", changes=False)
        [one] = read_result(found, tuple[msgspec.Raw], _unlike(model), changes=False)
        return read_result(one, kind, _unlike(model), changes=False)

    async def fields(self, model: str, *names: str) -> set[str]:
        """Those of the fields that the model has, which tell the modules that are active."""
        parameters: Json = [names, 0, self._context]
        found = await self._session.call(f"model.{model}.fields_get", parameters, f"reading {model}", changes=False)
        return set(read_result(found, dict[str, msgspec.Raw], _unlike(model), changes=False))

    async def create(self, model: str, values: Values) -> int:
        """Make one record and return its id."""
        parameters: Json = [[values], self._context]
        made = await self._session.call(f"model.{model}.create", parameters, f"making a {model}", changes=True)
        return read_result(made, tuple[int], _unlike(model), changes=True)[0]

    async def write(self, model: str, record: int, values: Values, timestamp: str | None) -> None:
        """Change a record, if it is as it was when `timestamp` was read: then a second attempt does nothing.

        Raises TransientFailure where somebody changed it in between.
        """
        parameters: Json = [[record], values, self._unchanged(model, record, timestamp)]
        await self._session.call(f"model.{model}.write", parameters, f"changing a {model}", changes=True)

    async def press(self, model: str, button: str, record: int, timestamp: str | None) -> None:
        """Press a button of a record, such as `quote`, if the record is as it was, as with `write`."""
        parameters: Json = [[record], self._unchanged(model, record, timestamp)]
        await self._session.call(f"model.{model}.{button}", parameters, f"the step {button!r}", changes=True)

    def _unchanged(self, model: str, record: int, timestamp: str | None) -> Values:
        return {**self._context, "_timestamp": {f"{model},{record}": timestamp}}


def _fields(kind: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _unlike(model: str) -> str:
    return f"Tryton's answer about {model} is not as in 8.0"
