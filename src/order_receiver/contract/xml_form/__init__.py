"""Orders written as XML, by DataContractSerializer or anyone else."""

from order_receiver.contract.xml_form.parser import Element, parse
from order_receiver.contract.xml_form.reader import glance_element, read_element

__all__ = ["Element", "glance_element", "parse", "read_element"]
