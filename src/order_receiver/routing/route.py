"""Which target an order goes to where there are no rules."""

from collections.abc import Collection, Sequence

from order_receiver.contract.request import OrderRequest
from order_receiver.routing.rules import RuleTrace
from order_receiver.settings.model import Application


class NoRoute(Exception):
    """No target can be told for an order or some of its rows; `str()` says what to set in receiver.toml.

    `trace` says of every rule why it did not take it.
    """

    def __init__(self, message: str, trace: Sequence[RuleTrace] = ()) -> None:
        super().__init__(message)
        self.trace = trace


def route(order: OrderRequest, application: Application, targets: Collection[str]) -> str:
    """Return the name of the order's target: the application's, or the only one there is. Raises NoRoute."""
    del order
    return target_of(application, targets)[0]


def target_of(application: Application, targets: Collection[str]) -> tuple[str, str]:
    """The target of an application's orders, or the only one there is, and why it is that one. Raises NoRoute."""
    known = ", ".join(sorted(targets))
    if application.target is not None:
        if application.target in targets:
            return application.target, f"The application {application.name} names the target {application.target}."
        there = f"there are {known}" if known else "there is no target at all"
        raise NoRoute(
            f"The application {application.name} names the target {application.target}, but {there}. "
            f"Correct `target` of the application or add [targets.{application.target}]."
        )
    if len(targets) == 1:
        target = next(iter(targets))
        return target, f"There is one target only, {target}."
    if not targets:
        raise NoRoute('No target is configured. Add one, such as [targets.erp] with adapter = "folder".')
    raise NoRoute(
        f"The application {application.name} has no target, and there are several: {known}. "
        "Set `target` of the application to one of them, or write [[routes]]."
    )
