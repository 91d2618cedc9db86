"""The command `order-receiver`."""

from order_receiver.cli.main import main

__all__ = ["main"]
