"""News that processes tell one another; polling is the net under it."""

from order_receiver.store.postgresql.bell import CHANNEL
from order_receiver.store.session import Operation, Result, Session

WORK, NUMBER = "work", "number"
"""The kinds of news."""
EVERY_SYSTEM = ""
"""Work for whoever has some."""


def telling_of_work(operation: Operation[Result], system: str = EVERY_SYSTEM) -> Operation[Result]:
    """The operation, and the news of its work with its commit: for a command, which ends before its bell would ring.

    Where the database cannot tell, others look often.
    """

    def told(session: Session) -> Result:
        result = operation(session)
        if session.shared:
            session.raw("SELECT pg_notify(%s, %s)", (CHANNEL, f"{WORK}:{system}"))
        return result

    return told
