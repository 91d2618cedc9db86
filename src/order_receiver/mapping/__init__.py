"""Turns orders into what a target takes: built in, by template, or by a Python function."""

from order_receiver.mapping.canonical.mapping import order_part
from order_receiver.mapping.model import Mapping, MappingContext, MappingFailed, MappingUnusable, MissingValues
from order_receiver.mapping.opening import open_mapping
from order_receiver.mapping.tables.opening import TablesUnusable, open_tables
from order_receiver.mapping.tables.table import NO_TABLES, ValueTables, solved

__all__ = [
    "NO_TABLES",
    "Mapping",
    "MappingContext",
    "MappingFailed",
    "MappingUnusable",
    "MissingValues",
    "TablesUnusable",
    "ValueTables",
    "open_mapping",
    "open_tables",
    "order_part",
    "solved",
]
