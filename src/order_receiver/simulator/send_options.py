"""What the simulated sender can be asked for, and what it tells of its work."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import Random

from order_receiver.contract.form import Form
from order_receiver.simulator.goods import Market
from order_receiver.simulator.post import Receiver


class Trouble(StrEnum):
    """What goes wrong with the first attempt of an order."""

    NONE = "none"
    DROP_ANSWER = "connection closed after the whole body, before the answer"
    CUT_BODY = "body cut off"
    TWICE_AT_ONCE = "sent twice at once"
    CHANGED = "answer lost, then sent with other content"
    BAD_CREDENTIALS = "wrong password"


@dataclass(frozen=True, slots=True)
class Troubles:
    """Shares of the orders, 0 to 1, that meet each trouble; together at most 1."""

    drop_answer: float = 0.0
    cut_body: float = 0.0
    twice_at_once: float = 0.0
    changed: float = 0.0
    wrong_password: float = 0.0

    def choose(self, rng: Random) -> Trouble:
        """The trouble of one order."""
        shares = (self.drop_answer, self.cut_body, self.twice_at_once, self.changed, self.wrong_password)
        kinds = (Trouble.NONE, *(kind for kind in Trouble if kind is not Trouble.NONE))
        return rng.choices(kinds, (max(0.0, 1 - sum(shares)), *shares))[0]


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What to send and how.

    `count` None goes on until cancelled. `rate` is orders a second, None as fast as `concurrency` (posts at once)
    allows. `time_factor` 600 makes Norce's 10 minutes one second. References count up from `first_reference`;
    `application_keys` take turns, and so do `forms`; an order is the same in each, and keeps its form whatever happens
    to it. `lines` None leaves the number of rows to chance. `now` gives the orders' time (aware); without it their seed
    does.
    """

    receiver: Receiver
    application_keys: tuple[str, ...]
    count: int | None = 100
    seed: int = 1
    rate: float | None = None
    concurrency: int = 8
    time_factor: float = 1.0
    first_reference: int = 100_001
    lines: int | None = None
    market: Market | None = None
    forms: tuple[Form, ...] = (Form.JSON,)
    troubles: Troubles = field(default_factory=Troubles)
    now: Callable[[], datetime] | None = None


class What(StrEnum):
    """What happened to an order at the sender."""

    TAKEN_OVER = "taken over"
    REFUSED = "refused"
    RETRY = "comes again"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One attempt and its outcome, for a live view. `detail` is a sentence."""

    reference: str
    attempt: int
    what: What
    detail: str
    trouble: Trouble = Trouble.NONE
    erp_order_no: str | None = None
