"""How Odoo writes values in JSON: an empty field is `false`, a record is its id and its name."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = str | int | bool | Sequence["Json"] | Mapping[str, "Json"] | None
"""What goes to Odoo. No amount is among it: those go as text, in the cells of `load`."""

Text: TypeAlias = str | bool
"""A text field: `false` where it is empty."""
Link: TypeAlias = tuple[int, str] | bool
"""One record of another model: `false` where there is none."""


def linked(link: Link) -> int | None:
    """The id of a linked record."""
    return None if isinstance(link, bool) else link[0]
