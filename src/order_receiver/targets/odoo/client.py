"""Odoo's models by their standard calls, with typed answers."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from order_receiver.targets.jsonrpc import read_result, read_results
from order_receiver.targets.odoo.encoding import Json
from order_receiver.targets.odoo.errors import Message, load_failure
from order_receiver.targets.odoo.session import Session
from order_receiver.targets.odoo.tables import Table

Record = TypeVar("Record", bound=msgspec.Struct)

Domain = Sequence[Json]
"""A search in Odoo's form: clauses of field, operator and value."""


class Field(msgspec.Struct, gc=False):
    """A field of a model: its type, such as `html`; of a number its digits in all and its decimals, if it has both."""

    type: str
    digits: tuple[int, ...] | int | bool | None = None


class Loaded(msgspec.Struct, gc=False):
    """The answer of `load`: ids, or `false` where nothing was made; messages say why."""

    ids: list[int] | bool
    messages: list[Message] = msgspec.field(default_factory=list)


class Client:
    """Calls within one company (None before it is known). All raise the failures of `Session.call`."""

    def __init__(self, session: Session, company: int | None = None) -> None:
        self._session = session
        self._context: dict[str, Json] = {} if company is None else {"allowed_company_ids": [company]}

    def within(self, company: int) -> "Client":
        """The same session, within a company."""
        return Client(self._session, company)

    async def user_id(self) -> int:
        return await self._session.user_id()

    async def version(self) -> str:
        """The series that Odoo is of, such as `17.0`."""
        return await self._session.version()

    async def search(
        self, model: str, domain: Domain, kind: type[Record], limit: int | None = None, *, archived: bool = False
    ) -> list[Record]:
        """Records as `kind`, whose members are the fields that are read; archived ones only where asked for."""
        fields: list[Json] = [field.encode_name for field in msgspec.structs.fields(kind)]
        context: dict[str, Json] = {**self._context, "active_test": False} if archived else self._context
        options: dict[str, Json] = {"fields": fields, "context": context, "order": "id"}
        if limit is not None:
            options["limit"] = limit
        found = await self._session.call(
            model, "search_read", [list(domain)], options, f"reading {model}", changes=False
        )
        return read_results(found, kind, _unlike(model))

    async def fields(self, model: str) -> dict[str, Field]:
        """The fields of a model, which tell the version and the modules that are installed."""
        options: dict[str, Json] = {"attributes": ["type", "digits"], "context": self._context}
        found = await self._session.call(model, "fields_get", [], options, f"reading {model}", changes=False)
        return read_result(found, dict[str, Field], _unlike(model), changes=False)

    async def load(self, model: str, table: Table) -> int:
        """Make the record of an external id, if there is none yet, and return its id either way.

        A record that is there is left as it is: that is what `noupdate` says. Raises Overtaken where another call
        makes the same at this moment.
        """
        context: dict[str, Json] = {**self._context, "mode": "update", "noupdate": True}
        what = f"making a {model}"
        found = await self._session.call(model, "load", table.arguments, {"context": context}, what, changes=True)
        loaded = read_result(found, Loaded, _unlike(model), changes=True)
        if isinstance(loaded.ids, bool) or not loaded.ids:
            raise load_failure(loaded.messages, what)
        return loaded.ids[0]

    async def press(self, model: str, button: str, record: int, **context: bool) -> None:
        """Press a button of a record, such as `action_confirm`.

        What it returns says nothing: it may be a question to a person. The record has to be read again.
        """
        options: dict[str, Json] = {"context": {**self._context, **context}}
        await self._session.call(model, button, [[record]], options, f"the step {button!r}", changes=True)


def _unlike(model: str) -> str:
    return f"Odoo's answer about {model} is not as in 14 to 18"
