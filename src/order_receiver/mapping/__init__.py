"""Turns orders into what a target takes: built in, by template, or by a Python function."""

from order_receiver.mapping.model import Mapping, MappingContext, MappingFailed, MappingUnusable
from order_receiver.mapping.opening import open_mapping

__all__ = ["Mapping", "MappingContext", "MappingFailed", "MappingUnusable", "open_mapping"]
