"""The floor: a raw ASGI application that reads the body and answers a constant, under the receiver's server settings.

Whatever does more than nothing is slower. Run as a process of its own: `python -m bench.floor_server`.
"""

import sys

import msgspec
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from order_receiver.app.serving import _config as server_settings
from order_receiver.contract.codes import StatusCode
from order_receiver.contract.response import order_response
from order_receiver.settings.model import Door

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
    config = server_settings(floor, Door(port=0), 1.0)
    listener = config.bind_socket()
    line = msgspec.json.encode({"event": "door.open", "port": listener.getsockname()[1]}).decode()
    print(line, file=sys.stderr, flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    uvloop.run(serve())
