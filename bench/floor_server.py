"""The floor: a raw ASGI application that reads the body and answers a constant, under uvicorn as it comes.

The same event loop and HTTP parser as the receiver's (uvloop, httptools), without its changes to the protocol. Run as
a process of its own: `python -m bench.floor_server`.
"""

import sys

import msgspec
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from order_receiver.contract.codes import StatusCode
from order_receiver.contract.response import order_response

BODY = msgspec.json.encode(order_response(StatusCode.OK, "The order is stored; its ERP number follows."))
HEADERS = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(BODY)).encode())]


async def floor(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer OK to everything."""
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def serve() -> None:
    """Listen on a free port and say which."""
    config = uvicorn.Config(
        floor, port=0, http="httptools", ws="none", lifespan="off", access_log=False, log_config=None
    )
    listener = config.bind_socket()
    listener.listen(config.backlog)
    line = msgspec.json.encode({"event": "door.open", "port": listener.getsockname()[1]}).decode()
    print(line, file=sys.stderr, flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    uvloop.run(serve())
