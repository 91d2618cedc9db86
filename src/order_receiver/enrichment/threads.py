"""Plain functions of users, which may block, in threads of their own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread


class Threads:
    """Runs functions in threads, at most `at_once` of them.

    Nobody can end a thread. One that is not waited for any more keeps its place until its function returns, so that
    functions that hang cannot pile up; and it is a daemon, so that they cannot keep the program from ending.
    """

    def __init__(self, at_once: int, name: str) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._name = name

    async def run(self, function: Callable[[], object]) -> object:
        """What the function gives or raises. Raises OSError where the system gives no thread."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        result: asyncio.Future[object] = loop.create_future()
        try:
            Thread(target=self._call, args=(loop, result, function), name=self._name, daemon=True).start()
        except RuntimeError as error:
            self._places.release()
            raise OSError("the system gives no thread") from error
        return await result

    def _call(
        self, loop: asyncio.AbstractEventLoop, result: asyncio.Future[object], function: Callable[[], object]
    ) -> None:
        try:
            tell = partial(_give, result, function())
        except BaseException as error:
            tell = partial(_fail, result, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(self._ended, tell)

    def _ended(self, tell: Callable[[], None]) -> None:
        self._places.release()
        tell()


def _give(result: asyncio.Future[object], value: object) -> None:
    if not result.done():
        result.set_result(value)


def _fail(result: asyncio.Future[object], error: BaseException) -> None:
    """SystemExit and its like end no thread that anybody waits for; StopIteration cannot be given to a future."""
    if not result.done():
        ordinary = isinstance(error, Exception) and not isinstance(error, StopIteration)
        result.set_exception(error if ordinary else RuntimeError(f"it raised {type(error).__name__}"))
