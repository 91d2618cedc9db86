"""An enrichment that is a Python function."""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from functools import partial

from order_receiver.enrichment.model import EnrichmentFailed, Found, Question
from order_receiver.enrichment.threads import Threads
from order_receiver.enrichment.values import as_values
from order_receiver.mapping import MappingContext
from order_receiver.mapping.loading import UserFunction, kept_from_exit
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import CallFailed, TransientFailure
from order_receiver.settings.expressions.forms import WrongValue


class FunctionSource:
    """Calls `function(order, context)`: async ones on the event loop, others in a thread."""

    def __init__(self, name: str, function: UserFunction, save: Sequence[str], at_once: int) -> None:
        self._name = name
        self._function = function
        self._save = save
        self._at_once = asyncio.Semaphore(at_once)
        self._threads = Threads(at_once, f"enrichment {name}")

    def question(self, order: OrderPart, context: MappingContext) -> Question:
        """Two orders are never known to be the same question."""
        return Question(None, partial(self._ask, order, context))

    async def close(self) -> None:
        """Nothing is open."""

    async def _ask(self, order: OrderPart, context: MappingContext) -> Found:
        """Raises EnrichmentFailed with file and line, TransientFailure where another system did not answer."""
        try:
            return self._values(await self._called(order, context))
        except CallFailed:
            raise
        except OSError as error:
            place, kind = self._place(error), type(error).__name__
            raise TransientFailure(f"{self._function.spec} could not reach what it needs{place}: {kind}.") from error
        except Exception as error:
            said = str(error) if isinstance(error, WrongValue) else f"raised {type(error).__name__}: {error}"
            raise EnrichmentFailed(
                f"Enrichment {self._name}: {self._function.spec}{self._place(error)}: {said.rstrip('.')}."
            ) from error

    async def _called(self, order: OrderPart, context: MappingContext) -> object:
        if self._function.is_async:
            async with self._at_once:
                return await _awaited(self._function.call(order, context))
        return await _awaited(await self._threads.run(partial(self._function.call, order, context)))

    def _values(self, result: object) -> Found:
        if not isinstance(result, Mapping):
            raise WrongValue(f"it returned a value of type {type(result).__name__}; return a dict of values by name")
        unknown = [str(name) for name in result if name not in self._save]
        if unknown:
            raise WrongValue(f"it returned `{unknown[0]}`, which is not among the names in `save`")
        return as_values(result)

    def _place(self, error: Exception) -> str:
        file, line = self._function.place(error)
        return f" in {file}" + ("" if line is None else f", line {line}")


async def _awaited(result: object) -> object:
    """A plain function may give something to be awaited, too."""
    with kept_from_exit():
        return await result if inspect.isawaitable(result) else result
