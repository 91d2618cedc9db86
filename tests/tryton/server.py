"""Tryton's server as a subprocess, and a plain look at what is in it."""

import base64
import ctypes
import json
import signal
import socket
import sqlite3
import subprocess
import time
from decimal import Decimal
from pathlib import Path
from urllib.request import Request, urlopen

from tests.tryton.database import CONFIGURATION, DATABASE, PASSWORD, Installation

PATIENCE = 60.0
SET_DEATH_SIGNAL = 1


class Tryton:
    """One server with a database of its own in `folder`; it ends with this process, however that ends."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        installation.copy_database(folder)
        configuration = folder / "trytond.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=self.port))
        with (folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [installation.programs / "trytond", "-c", configuration, "-d", DATABASE, "-v"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, before there are threads
            )
        self._wait()
        self._authorization: str | None = None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def read(self, model: str, domain: list[object], *fields: str) -> list[dict[str, object]]:
        """Records as Tryton answers them, amounts as Decimal."""
        found = self.call(f"model.{model}.search_read", domain, 0, None, None, fields, {})
        assert isinstance(found, list)
        return found

    def call(self, method: str, *parameters: object) -> object:
        if self._authorization is None:
            self._authorization = ""
            found = self.call("common.db.login", "admin", {"password": PASSWORD})
            assert isinstance(found, list)
            token = f"admin:{found[0]}:{found[1]}".encode()
            self._authorization = f"Session {base64.b64encode(token).decode()}"
        headers = {"Content-Type": "application/json", "Authorization": self._authorization}
        body = json.dumps({"id": 1, "method": method, "params": parameters}).encode()
        if not self._authorization:
            del headers["Authorization"]
        with urlopen(Request(f"{self.url}/{DATABASE}/rpc/", body, headers)) as answer:
            said = json.loads(answer.read(), object_hook=_value)
        assert "error" not in said, said
        return said["result"]

    def end_sessions(self) -> None:
        """What time does to sessions."""
        connection = sqlite3.connect(self.folder / f"{DATABASE}.sqlite", timeout=30)
        with connection:
            connection.execute("DELETE FROM ir_session")
        connection.close()
        self._authorization = None

    def count_logins(self) -> int:
        """Attempts to log in that were refused."""
        return (self.folder / "server.log").read_text().count("login failed")

    def _wait(self) -> None:
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            assert self._process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("Tryton's server did not start.")


def _value(found: dict[str, object]) -> object:
    return Decimal(str(found["decimal"])) if found.get("__class__") == "Decimal" else found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
