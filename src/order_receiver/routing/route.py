"""Which target an order goes to."""

from collections.abc import Collection

from order_receiver.contract.request import OrderRequest
from order_receiver.settings.model import Application


class NoRoute(Exception):
    """No target can be told for an order; `str()` says what to set in receiver.toml."""


def route(order: OrderRequest, application: Application, targets: Collection[str]) -> str:
    """Return the name of the order's target: the application's, or the only one there is. Raises NoRoute.

    The order itself does not count yet; rules that look into it will.
    """
    del order
    known = ", ".join(sorted(targets))
    if application.target is not None:
        if application.target in targets:
            return application.target
        there = f"there are {known}" if known else "there is no target at all"
        raise NoRoute(
            f"The application {application.name} names the target {application.target}, but {there}. "
            f"Correct `target` of the application or add [targets.{application.target}]."
        )
    if len(targets) == 1:
        return next(iter(targets))
    if not targets:
        raise NoRoute('No target is configured. Add one, such as [targets.erp] with adapter = "folder".')
    raise NoRoute(
        f"The application {application.name} has no target, and there are several: {known}. "
        "Set `target` of the application to one of them."
    )
