"""A mapped order: what a mapping makes and a target takes."""

from order_receiver.contract.value import Value


class Document(Value, frozen=True):
    """A mapped order, ready to be handed to an ERP. `extension` is the file ending without dot (json, xml, csv)."""

    content: bytes
    media_type: str
    extension: str
