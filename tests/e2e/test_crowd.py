"""Senders by the thousand that never come to an end, and one that does."""

import asyncio
import base64
import resource
import socket

import pytest
from tests.e2e.conftest import PASSWORD, USER, Installation, order_body, until

from order_receiver.simulator.post import send_one

SENDERS = 2_000
HEAD = b"POST /orders HTTP/1.1\r\nHost: door\r\nContent-Type: application/json\r\n"


@pytest.fixture
def many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SENDERS + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"This system gives a process {hard} files at most, fewer than the {wanted} of this test.")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def test_thousands_of_slow_senders_stop_nobody_else(installation: Installation, many_files: None) -> None:
    """Half of them are in their heads for ever, half in their bodies, a byte at a time."""
    installation.configure()
    program = await installation.serve("--no-work")
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode())
    body = HEAD + b"Authorization: Basic " + credentials + b"\r\nContent-Length: 5000\r\n\r\n{"
    crowd: list[socket.socket] = []
    try:
        assert (await send_one(order_body("100000"), program.receiver())).http_status == 200
        for number in range(SENDERS):
            crowd.append(await asyncio.to_thread(socket.create_connection, ("127.0.0.1", program.port), 20))
            crowd[-1].sendall(body if number % 2 else HEAD)
        for reference in range(100_001, 100_021):
            assert (await send_one(order_body(str(reference)), program.receiver())).http_status == 200
            for sender in crowd[:: SENDERS // 100]:
                sender.sendall(b" " if crowd.index(sender) % 2 else b"X-A: b\r\n")
        await until(lambda: len(installation.rows("SELECT id FROM orders")) == 21, "every order is stored")
    finally:
        for sender in crowd:
            sender.close()
    assert await program.terminate() == 0
