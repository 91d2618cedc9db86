"""Value tables at hand while a template or a function maps one order."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import structs

from order_receiver.mapping.model import MappingContext, MappingFailed, MissingValues
from order_receiver.mapping.tables.lookup import Lookup
from order_receiver.mapping.tables.table import Table


@contextmanager
def looking_up(context: MappingContext, tables: Mapping[str, Table]) -> Iterator[MappingContext]:
    """A context that answers from the tables. What was missing is told in the end, before any other failure.

    Raises MissingValues, and what comes of the mapping.
    """
    if not tables:
        yield context
        return
    lookup = Lookup(tables)
    try:
        yield structs.replace(context, lookup=lookup)
    except MappingFailed as error:
        if lookup.missing:
            raise MissingValues(lookup.missing) from error
        raise
    if lookup.missing:
        raise MissingValues(lookup.missing)
