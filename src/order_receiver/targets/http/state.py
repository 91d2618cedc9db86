"""How far a submission has come: what is stored after each call, and what expressions can name."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import msgspec

from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.expressions import ExpressionFailed
from order_receiver.settings.expressions.forms import as_json, as_text
from order_receiver.targets.adapter import Step

NUMBER_LIMIT = 50
"""Longest order number in characters that Norce takes. (norce: OrderResponse)"""

_saved = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)


@dataclass(slots=True)
class State:
    """`after` is the last call that is done, `items` how many items of the call after it are done.

    `looked` is when a look found nothing before the call that is next.
    """

    after: str | None = None
    items: int = 0
    saved: dict[str, object] = field(default_factory=dict)
    looked: datetime | None = None

    @classmethod
    def read(cls, step: Step) -> "State":
        """Raises PermanentFailure for a step that is none of ours."""
        try:
            looked = step.get("looked")
            return cls(
                after=step.get("after"),
                items=int(step.get("items", "0")),
                saved=_saved.decode(step.get("saved", "{}")),
                looked=None if looked is None else datetime.fromisoformat(looked),
            )
        except (ValueError, msgspec.DecodeError):
            raise PermanentFailure(
                "What was stored about this submission was not written by the adapter `http`. "
                "Find out in the ERP how far the order came."
            ) from None

    def step(self) -> Step:
        step = {"saved": as_json(self.saved)}
        if self.after is not None:
            step["after"] = self.after
        if self.items:
            step["items"] = str(self.items)
        if self.looked is not None:
            step["looked"] = self.looked.isoformat()
        return step


def text_of(value: object, what: str) -> str | None:
    """A number or id as text; None and empty text are none. Raises ExpressionFailed for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | None):
        raise ExpressionFailed(f"{what} is neither text nor a whole number")
    return as_text(value).strip() or None


def number_of(value: object) -> str | None:
    """An order number that Norce takes. Raises ExpressionFailed."""
    number = text_of(value, "the order number")
    if number is not None and len(number) > NUMBER_LIMIT:
        raise ExpressionFailed(
            f"the order number has {len(number)} characters; Norce takes {NUMBER_LIMIT}, and none is cut"
        )
    if number is not None and not number.isprintable():
        raise ExpressionFailed("the order number has characters that cannot be printed")
    return number
