"""How an answer has to be written, so that who asked can read it."""

from order_receiver.contract.form import Form
from order_receiver.contract.value import Value


class Reply(Value, frozen=True):
    """The form of an answer; for SOAP with WS-Addressing also the namespace of that and the message answered to."""

    form: Form
    addressing: str | None = None
    message_id: str | None = None


JSON_REPLY = Reply(Form.JSON)
XML_REPLY = Reply(Form.XML)
