"""The calls that make one order, one after the other, with what they gave stored after each.

| died               | stored          | the next attempt |
| ------------------ | --------------- | ---------------- |
| before a call      | the call before | looks, finds nothing, looks again after `settle`, makes it |
| within or after it | the call before | looks, finds it (more than one is an alarm); or repeats what may be repeated |
| after storing it   | the call itself | goes on with the next call |
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from order_receiver.orders.document import Document
from order_receiver.orders.outcomes import NotYet, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.expressions import ExpressionFailed, expression
from order_receiver.settings.targets.http import Call, Find
from order_receiver.targets.adapter import SaveStep
from order_receiver.targets.http.calls import Caller, Values
from order_receiver.targets.http.errors import unexpected
from order_receiver.targets.http.exchange import Answer, Prepared
from order_receiver.targets.http.finding import find, records
from order_receiver.targets.http.state import State


@dataclass(slots=True)
class Run:
    """One attempt at one order.

    `look`: the call that is next may have been made by an earlier attempt. Where one is found, those after it are
    looked for too (steps may have been lost with the database), but without waiting: a call is made only after the one
    before it was stored, so that none of them is under way.
    """

    caller: Caller
    settle: float
    clock: Callable[[], datetime]
    document: Document
    known: Values
    save: SaveStep
    state: State
    look: bool

    async def make(self, calls: Sequence[Call]) -> Mapping[str, object]:
        """Make the calls that are left; return all that was saved. Raises the three failures."""
        for call in self._left(calls):
            for index, item in self._items(call):
                values = {**self.known, "saved": self.state.saved}
                if call.each is not None:
                    values |= {"item": item, "index": index}
                await self._once(call, values)
                if call.each is not None:
                    self.state.items = index + 1
                    await self._store(call)
            self.state.after, self.state.items = call.name, 0
            await self._store(call)
        return self.state.saved

    def _left(self, calls: Sequence[Call]) -> Sequence[Call]:
        if self.state.after is None:
            return calls
        names = [call.name for call in calls]
        if self.state.after not in names:
            raise PermanentFailure(
                f"The last call that was made for this order is {self.state.after}, and the settings have no such "
                "call any more. Give it its name back, or finish the order in the ERP by hand."
            )
        return calls[names.index(self.state.after) + 1 :]

    def _items(self, call: Call) -> list[tuple[int, object]]:
        if call.each is None:
            return [(0, None)]
        try:
            items = records(call.each, {**self.known, "saved": self.state.saved})
        except ExpressionFailed as error:
            raise PermanentFailure(f"The call {call.name} cannot be made for this order: each: {error}.") from error
        return list(enumerate(items))[self.state.items :]

    async def _store(self, call: Call) -> None:
        """What a GET gave can be read again."""
        if not call.reads:
            await self.save(self.state.step())

    async def _once(self, call: Call, values: Values) -> None:
        if self.look and call.find is not None and await self._found(call, call.find, values):
            return
        if self.look and not call.harmless:
            await self._settled(call)
        self.look = self.look and call.reads
        prepared = self.caller.prepare(
            call, values, call.name, method=call.method, changes=not call.reads, document=self.document
        )
        answer = await (self._until(call, prepared, values) if call.until else self._ask(call, prepared, values))
        if answer is None:
            await self._must_be_found(call, values)
        else:
            self._take(call, answer, values)

    async def _found(self, call: Call, settings: Find, values: Values) -> bool:
        """Whether the ERP has what the call would make; then what it would give is saved."""
        found = await find(self.caller, settings, values, f"{call.name}.find", self.document)
        if len(found) > 1:
            raise PermanentFailure(alarm(call.name, found))
        if found:
            self.state.saved.update(found[0])
            self.state.looked = None
            self.settle = 0.0
        return bool(found)

    async def _settled(self, call: Call) -> None:
        """Found nothing: the ERP may still be working on a call that nobody waits for any more. Look once more, later.

        Raises NotYet until `settle` seconds have passed between two looks.
        """
        if self.settle <= 0:
            return
        now = self.clock()
        if self.state.looked is None:
            self.state.looked = now
            await self.save(self.state.step())
        waited = (now - self.state.looked).total_seconds()
        if waited < self.settle:
            raise NotYet(
                f"{call.name} was perhaps made before and is not found in the ERP, which may still be working on it: "
                f"it is looked for again in {self.settle - waited:.0f} s before it is made.",
                self.settle - waited,
            )
        self.state.looked = None
        await self.save(self.state.step())

    async def _ask(self, call: Call, prepared: Prepared, values: Values) -> Answer | None:
        """The answer; None where it says that the ERP has it already. Raises the three failures."""
        answer = await self.caller.send(prepared)
        verdict = self.caller.judge(prepared, answer, call.answers, values)
        if verdict.failure is not None:
            raise verdict.failure
        if not (verdict.by_rule or call.reads) and (what := unexpected(answer, call.save.values())):
            raise UnknownOutcome(
                f"{prepared.url.host} answered {call.name} with HTTP {answer.status} and {what}, so nobody knows "
                "whether it took effect. Where success looks like that, say so with a rule in `answers` of the call."
            )
        return None if verdict.means == "done" and call.find is not None else answer

    async def _until(self, call: Call, prepared: Prepared, values: Values) -> Answer | None:
        for left in range(call.tries - 1, -1, -1):
            answer = await self._ask(call, prepared, values)
            if answer is None or expression(call.until or "").holds({**values, **answer.values}):
                return answer
            if left:
                await asyncio.sleep(call.wait)
        raise NotYet(f"{prepared.url.host} has not finished yet: `until` of {call.name} is not true.")

    async def _must_be_found(self, call: Call, values: Values) -> None:
        if call.find is not None and not await self._found(call, call.find, values):
            raise UnknownOutcome(f"The ERP says that it has {call.name} already, but it is not found there.")

    def _take(self, call: Call, answer: Answer, values: Values) -> None:
        known = {**values, **answer.values}
        for name, source in call.save.items():
            try:
                self.state.saved[name] = expression(source).value(known)
            except ExpressionFailed as error:
                sentence = f"The answer to {call.name} is not as the settings say: save.{name}: {error}."
                raise (TransientFailure(sentence) if call.reads else UnknownOutcome(sentence)) from error


def alarm(name: str, found: Sequence[Mapping[str, object]]) -> str:
    """Two where there must be one: a person has to say which one counts."""
    named = "; ".join(", ".join(f"{key} {value}" for key, value in each.items()) for each in found[:5] if each)
    said = f"The ERP has {len(found)} for {name} where there must be one{': ' if named else ''}{named}."
    return f"{said} Find out which one counts, cancel the others there, then retry the order."
