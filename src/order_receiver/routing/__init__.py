"""Tells which target an order goes to."""

from order_receiver.routing.route import NoRoute, route

__all__ = ["NoRoute", "route"]
