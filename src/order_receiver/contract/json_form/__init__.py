"""Orders written as JSON."""

from order_receiver.contract.json_form.glance import glance
from order_receiver.contract.json_form.reader import read

__all__ = ["glance", "read"]
