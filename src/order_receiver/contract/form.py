"""The forms that a message can have on the wire."""

from enum import StrEnum


class Form(StrEnum):
    """How an order is written. What Norce calls REST is `JSON` or `XML`, REST (Legacy) is `XML`. (norce: wire form)"""

    JSON = "json"
    XML = "xml"
    SOAP11 = "soap11"
    SOAP12 = "soap12"

    @property
    def is_soap(self) -> bool:
        """The order stands in a SOAP envelope."""
        return self in (Form.SOAP11, Form.SOAP12)
