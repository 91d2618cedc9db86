"""Reading great messages apart from everything else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

GREAT = 131_072
"""Bytes from which a message is read apart: about a hundred rows, a few milliseconds."""


class Apart:
    """Runs what is quick for small messages at once, and for great ones in a thread, so that nobody waits for them.

    The thread is thrown away afterwards: libxml2 keeps every name that it meets for as long as the thread lives, which
    a message made up of names alone would use to fill the memory. (ADR 0024)
    """

    def __init__(self, at_once: int = 2) -> None:
        self._gate = asyncio.Semaphore(at_once)

    async def __call__(self, size: int, work: Callable[[], T]) -> T:
        """What `work` gives or raises; `size` is that of the message in bytes."""
        if size < GREAT:
            return work()
        async with self._gate:
            thread = ThreadPoolExecutor(1, thread_name_prefix="great message")
            try:
                return await asyncio.get_running_loop().run_in_executor(thread, work)
            finally:
                thread.shutdown(wait=False)
