"""Orders on their way to a system that the configuration does not name any more."""

from collections.abc import Collection
from functools import partial

import structlog

from order_receiver.orders.states import HoldReason
from order_receiver.store import changes, holding, lanes, queries
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import name_of
from order_receiver.work.kinds import NORCE
from order_receiver.work.worker import ACTOR

log = structlog.get_logger(__name__)


async def hold_unserved(store: Store, served: Collection[str]) -> int:
    """Hold orders whose next task nobody would ever take (a target was renamed or removed); how many.

    Reports to Norce wait without a hold while there is no [norce]: that is said at every start and by `check`.
    """
    found = await store.query(partial(queries.orders_waiting_elsewhere, served={*served, NORCE}))
    for order_id, system in found:
        await store.write(partial(_hold, order_id=order_id, system=system), urgent=True)
    if found:
        log.warning("worker.systems_not_served", systems=sorted({system for _, system in found}), orders=len(found))
    return len(found)


def _hold(session: Session, *, order_id: int, system: str) -> None:
    target = name_of(system)
    text = (
        f"The order is on its way to {target}, which is not configured any more. "
        f"Add [targets.{target}] again, restart, then retry the order."
    )
    if lanes.park_waiting(session, order_id, system, text):
        order = changes.order_row(session, order_id)
        holding.hold(session, order, HoldReason.PARKED, text, session.now, ACTOR, system=system)
