"""Tells which targets an order goes to, whole or in parts."""

from order_receiver.routing.route import NoRoute, route
from order_receiver.routing.router import Canonical, Part, Routed, Router
from order_receiver.routing.rules import RuleTrace

__all__ = ["Canonical", "NoRoute", "Part", "Routed", "Router", "RuleTrace", "route"]
