"""An ERP that takes orders as files from an outbox on an SFTP server and answers with files in an inbox there."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import asyncssh

from order_receiver.settings.problems import Problem, SettingsError
from order_receiver.settings.targets import SftpTarget
from order_receiver.targets.adapter import SaveStep, Step
from order_receiver.targets.files.adapter import FilesAdapter
from order_receiver.targets.files.handover import Handover
from order_receiver.targets.files.place import Place
from order_receiver.targets.sftp.connection import Connection, Login
from order_receiver.targets.sftp.handover import hand_over, handed_over
from order_receiver.targets.sftp.place import SftpPlace
from order_receiver.targets.surroundings import Surroundings

P = ParamSpec("P")
Result = TypeVar("Result")


class SftpAdapter(FilesAdapter):
    """Orders and answers in folders of a server, over one connection.

    Raises SettingsError where a secret or a key cannot be had. A server has no locks: a handover is
    fenced by the worker's lease instead (see `handover`).
    """

    def __init__(self, settings: SftpTarget, surroundings: Surroundings) -> None:
        self._connection = Connection(_login(settings, surroundings), settings.timeout)
        self._places = [
            SftpPlace(self._connection, folder) for folder in (settings.outbox, settings.inbox) if folder is not None
        ]
        super().__init__(self._places[0], None if settings.inbox is None else self._places[1])

    async def close(self) -> None:
        """End the connection and with it what the threads wait for."""
        await super().close()
        await self._connection.close()
        await asyncio.to_thread(self._threads.shutdown)

    async def _hand_over(self, handover: Handover, step: Step, save: SaveStep) -> str:
        loop = asyncio.get_running_loop()

        async def stored(new: Step) -> None:
            await save(new)

        def store(new: Step) -> None:
            asyncio.run_coroutine_threadsafe(stored(new), loop).result()

        return await self._in_thread(hand_over, self._outbox, handover, step, store)

    def _handed_over(self, outbox: Place, key: str) -> str | None:
        return handed_over(outbox, key)

    async def _in_thread(self, work: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        for place in self._places:
            place.loop = asyncio.get_running_loop()
        return await super()._in_thread(work, *arguments, **named)


def _login(settings: SftpTarget, surroundings: Surroundings) -> Login:
    return Login(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        trusted=_trusted(settings, surroundings),
        password=None if settings.password is None else surroundings.secret(settings.password, "password"),
        private_key=_private_key(settings, surroundings),
    )


def _trusted(settings: SftpTarget, surroundings: Surroundings) -> asyncssh.SSHKey | Path:
    if settings.host_key is None:
        return surroundings.base / (settings.known_hosts or "")
    try:
        return asyncssh.import_public_key(settings.host_key)
    except asyncssh.KeyImportError as error:
        advice = "Write it as `ssh-keyscan` prints it, without the name in front: `ssh-ed25519 AAAA...`."
        raise _problem(surroundings, "host_key", f"is no public key of SSH: {error}.", advice) from error


def _private_key(settings: SftpTarget, surroundings: Surroundings) -> asyncssh.SSHKey | None:
    if settings.private_key is None:
        return None
    text = surroundings.secret(settings.private_key, "private_key")
    phrase = None if settings.passphrase is None else surroundings.secret(settings.passphrase, "passphrase")
    try:
        return asyncssh.import_private_key(f"{text}\n", phrase)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        advice = "It must be a private key in OpenSSH's form or PEM, and `passphrase` the one it was made with."
        raise _problem(surroundings, "private_key", f"cannot be used: {error}.", advice) from error


def _problem(surroundings: Surroundings, key: str, what: str, advice: str) -> SettingsError:
    return SettingsError([Problem("settings", None, f"targets.{surroundings.name}.{key}", what, advice)])
