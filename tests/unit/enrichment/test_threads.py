"""Plain functions in threads: what they give, and what becomes of those that hang."""

import asyncio
import subprocess
import sys
import threading

import pytest

from order_receiver.enrichment.threads import Threads


async def test_results_and_errors_come_back() -> None:
    threads = Threads(2, "test")
    assert await threads.run(lambda: threading.current_thread().daemon) is True
    with pytest.raises(ValueError, match="invalid literal"):
        await threads.run(lambda: int("x"))


@pytest.mark.parametrize("error", [SystemExit, StopIteration, KeyboardInterrupt])
async def test_what_no_future_can_hold_is_told(error: type[BaseException]) -> None:
    def leave() -> None:
        raise error

    with pytest.raises(RuntimeError, match=error.__name__):
        await Threads(1, "test").run(leave)


async def test_one_that_hangs_keeps_its_place() -> None:
    threads, go_on = Threads(1, "test"), threading.Event()
    hanging = asyncio.create_task(threads.run(go_on.wait))
    await asyncio.sleep(0)
    hanging.cancel()
    next_one = asyncio.create_task(threads.run(lambda: "next"))
    done, _ = await asyncio.wait([next_one], timeout=0.05)
    assert not done
    go_on.set()
    assert await next_one == "next"
    assert hanging.cancelled()


HANGING = """
import asyncio, threading
from order_receiver.enrichment.threads import Threads

async def main():
    try:
        async with asyncio.timeout(0.01):
            await Threads(1, "test").run(threading.Event().wait)
    except TimeoutError:
        print("gave up")

asyncio.run(main())
"""


def test_one_that_hangs_does_not_keep_the_program_from_ending() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("gave up\n", "")
