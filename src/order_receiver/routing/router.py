"""Which targets an order goes to, by the rules of [[routes]]."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from order_receiver.contract.value import Value
from order_receiver.orders.canonical import OrderPart
from order_receiver.routing.route import NoRoute, target_of
from order_receiver.routing.rules import NOT_ASKED, Asked, Rule, RuleTrace, bundle_heads, lines_of
from order_receiver.settings.model import Application
from order_receiver.settings.routes import Route

Canonical: TypeAlias = Callable[[], OrderPart]
"""Makes the canonical form of an order; asked only where there are rules."""


class Part(Value, frozen=True):
    """What one target gets of an order: all of it, or the rows at these positions (see `orders.splitting`)."""

    target: str
    rows: tuple[int, ...] | None = None
    gives_number: bool = True
    """Norce gets this target's order number; true of exactly one part."""
    takes_payments: bool = True
    """The part has the order's payments, fees and discounts."""


@dataclass(frozen=True, slots=True)
class Routed:
    """Where an order goes: one part for each target, no target twice."""

    parts: tuple[Part, ...]
    _explain: Callable[[], Sequence[RuleTrace]] = field(repr=False, compare=False)

    @property
    def trace(self) -> Sequence[RuleTrace]:
        """Which rule matched, which did not, and why; made when it is asked for."""
        return self._explain()


class Router:
    """Asks the rules in order. Raises WrongCondition for one that cannot be understood."""

    def __init__(self, routes: Sequence[Route], targets: Collection[str]) -> None:
        self._rules = [Rule(route, index) for index, route in enumerate(routes)]
        self._targets = targets

    def route(self, application: Application, canonical: Canonical) -> Routed:
        """Say where an order goes. Without rules: to the application's target, or to the only one. Raises NoRoute."""
        if not self._rules:
            target, why = target_of(application, self._targets)
            return Routed((Part(target),), lambda: (RuleTrace("no rules", matched=True, why=why),))
        order = canonical()
        asked, left = self._ask(order)

        def explain() -> Sequence[RuleTrace]:
            return tuple(rule.explain(order, each) for rule, each in zip(self._rules, asked, strict=True))

        matched = [(rule, each) for rule, each in zip(self._rules, asked, strict=True) if each.matched]
        if left or not matched:
            raise _no_route(order, left if matched else (), explain())
        return Routed(_parts(matched, len(order.rows)), explain)

    def _ask(self, order: OrderPart) -> tuple[Sequence[Asked], Sequence[int]]:
        """What became of every rule, and the rows that none of them took."""
        asked: list[Asked] = []
        left: Sequence[int] = range(len(order.rows))
        heads = bundle_heads(order.rows)
        done = False
        for rule in self._rules:
            if done:
                asked.append(NOT_ASKED)
                continue
            found = rule.ask(order, left, heads)
            asked.append(found)
            if found.matched:
                left = () if rule.takes_rest else _without(left, found.taken)
                done = not left
        return asked, left


def _no_route(order: OrderPart, left: Sequence[int], trace: Sequence[RuleTrace]) -> NoRoute:
    what = f"takes {lines_of([order.rows[position] for position in left])} of this order" if left else "fits this order"
    told = " ".join(f"{each.rule[0].upper()}{each.rule[1:]}: {each.why}" for each in trace)
    return NoRoute(f"No rule of [[routes]] {what}. {told} {_ADVICE}", trace)


def _parts(matched: Sequence[tuple[Rule, Asked]], count: int) -> tuple[Part, ...]:
    """One part for each target of the rules that took something of an order of so many rows."""
    taken: dict[str, list[int]] = {}
    for rule, each in matched:
        for target in rule.route.to:
            taken.setdefault(target, []).extend(each.taken)
    routes = [rule.route for rule, _ in matched]
    number = next((route.number_from for route in routes if route.number_from), None) or _main_target(routes)
    payer = next((route.payments_to for route in routes if route.payments_to), None)
    return tuple([_part(target, rows, count, number, payer) for target, rows in taken.items()])


_ADVICE = "Correct the rules, or add a last one without `when` and `lines`; restart, then retry the order."


def _without(left: Sequence[int], taken: Sequence[int]) -> Sequence[int]:
    gone = set(taken)
    return [position for position in left if position not in gone]


def _main_target(routes: Sequence[Route]) -> str:
    """The first target of the rule that takes the rest of the order, or of the first rule where none does."""
    return next((route for route in routes if route.lines is None), routes[0]).to[0]


def _part(target: str, rows: Sequence[int], count: int, number: str, payer: str | None) -> Part:
    """A target that gets the whole order gets it with its payments, unless a rule names another one for them."""
    whole = len(rows) == count
    return Part(
        target,
        rows=None if whole else tuple(sorted(rows)),
        gives_number=target == number,
        takes_payments=target == (payer or number) or (whole and payer is None),
    )
