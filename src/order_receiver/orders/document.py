"""A mapped order: what a mapping makes and a target takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """A mapped order, ready to be handed to an ERP. `extension` is the file ending without dot (json, xml, csv)."""

    content: bytes
    media_type: str
    extension: str
