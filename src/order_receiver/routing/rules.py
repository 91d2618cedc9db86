"""One rule of [[routes]], ready to be asked of orders."""

from collections.abc import Sequence

from order_receiver.contract.value import Value
from order_receiver.orders.canonical import OrderPart, RowPart
from order_receiver.settings.conditions import Condition, RowCondition, Verdict
from order_receiver.settings.routes import Route

MOST_LINES = 20
"""Line numbers that are told one by one."""


class RuleTrace(Value, frozen=True):
    """What became of one rule, for people: `why` is one or two sentences with the values seen."""

    rule: str
    matched: bool
    why: str


class Asked(Value, frozen=True):
    """What became of one rule: the rows it took of those that were left, by position. Not asked: `verdict` is None."""

    verdict: Verdict | None
    matched: bool = False
    """The rule took the order, or rows of it."""
    left: Sequence[int] = ()
    taken: Sequence[int] = ()


NOT_ASKED = Asked(None)


class Rule:
    """A rule with its conditions compiled. Raises WrongCondition."""

    def __init__(self, route: Route, index: int) -> None:
        self.route = route
        self.name = f"rule {index + 1}" + (f" ({route.name})" if route.name else "")
        self._when = None if route.when is None else Condition(route.when)
        self._lines = None if route.lines is None else RowCondition(route.lines)

    @property
    def takes_rest(self) -> bool:
        """Whether it takes all that is left, and not only some rows."""
        return self._lines is None

    def ask(self, order: OrderPart, left: Sequence[int], heads: Sequence[int]) -> Asked:
        """Ask it of an order of which the rows `left` have no target yet; `heads` has the row that decides for each."""
        verdict = Verdict.YES if self._when is None else self._when.judge(order)
        if verdict is not Verdict.YES:
            return Asked(verdict, left=left)
        lines = self._lines
        if lines is None:
            return Asked(verdict, matched=True, left=left, taken=left)
        fits = {head: lines.holds(order, order.rows[head]) for head in {heads[position] for position in left}}
        taken = [position for position in left if fits[heads[position]]]
        return Asked(verdict, matched=bool(taken), left=left, taken=taken)

    def explain(self, order: OrderPart, asked: Asked) -> RuleTrace:
        """Say what became of the rule."""
        return RuleTrace(self.name, asked.matched, " ".join(self._sentences(order, asked)))

    def _sentences(self, order: OrderPart, asked: Asked) -> list[str]:
        if asked.verdict is None:
            return ["Not asked: the rules before it took everything."]
        seen = "" if self._when is None else self._when.seen(order)
        if self._when is not None and asked.verdict is Verdict.CANNOT_BE_TOLD:
            return [f"It cannot be told, so the rule does not fit: {seen}."]
        if self._when is not None and asked.verdict is Verdict.NO:
            return [f"Does not fit: {seen}."]
        sentences = ["Fits every order."] if self._when is None else [f"Fits: {seen}."]
        if self._lines is not None:
            rows = [order.rows[position] for position in asked.taken or asked.left]
            takes = f"Takes {lines_of(rows)}" if asked.taken else "No row that is left fits"
            sentences.append(f"{takes}: {self._lines.seen(order, rows)}.")
        elif len(asked.left) < len(order.rows):
            sentences.append(f"Takes what is left: {lines_of([order.rows[position] for position in asked.left])}.")
        return sentences


def lines_of(rows: Sequence[RowPart]) -> str:
    """Rows as people know them: `lines 1, 2 and 3`."""
    numbers = [str(row.line) for row in rows[:MOST_LINES]]
    if len(rows) > MOST_LINES:
        numbers.append(f"{len(rows) - MOST_LINES} more")
    if len(numbers) < 2:
        return f"line {''.join(numbers)}"
    return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def bundle_heads(rows: Sequence[RowPart]) -> Sequence[int]:
    """For each row, by position, the row that decides for it: itself, or the one its bundle begins with.

    A parent that is not there makes a row stand by itself, and so does a ring of parents for all of its rows.
    """
    if not [row for row in rows if row.parent_line is not None]:
        return range(len(rows))
    first: dict[int, int] = {}
    for position, row in enumerate(rows):
        first.setdefault(row.line, position)
    return [_head(rows, first, position) for position in range(len(rows))]


def _head(rows: Sequence[RowPart], first: dict[int, int], position: int) -> int:
    way = [position]
    while (parent := rows[way[-1]].parent_line) is not None and parent in first:
        above = first[parent]
        if above in way:
            return min(way[way.index(above) :])
        way.append(above)
    return way[-1]
