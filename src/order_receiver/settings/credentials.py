"""Passwords of the door: hashes in the configuration, and a verification that no flood can make expensive."""

import asyncio
import hashlib
import hmac
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError, VerificationError

from order_receiver.settings.basic import Pair, pairs_of
from order_receiver.settings.model import Credential

_ARGON2 = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
"""19 MiB and about 25 ms: what OWASP asks for at least, because every process pays it once for every pair."""

_REMEMBERED = 256


class Busy(Exception):
    """Too many unknown passwords are being checked at this moment; answer 503 and let the sender come again."""


def hash_password(password: str) -> str:
    """An argon2id hash of the password's UTF-8 form, for `door.credentials`. Raises ValueError for an empty one."""
    if not password:
        raise ValueError("An empty password protects nothing; choose one of 16 characters or more.")
    return _HASHER.hash(password)


def is_argon2(text: str) -> bool:
    """True where the text is an argon2 hash in its usual form."""
    return _ARGON2.fullmatch(text) is not None


class Credentials:
    """The pairs that are let in, any number of them at once, so that a password can be rotated.

    A pair once verified is remembered under a keyed digest of its header. Anything else costs the same number of
    hashes whether the user exists or not, in at most `at_once` threads, with at most `waiting` headers under way.
    """

    def __init__(self, credentials: Sequence[Credential], *, at_once: int = 1, waiting: int = 8) -> None:
        self._credentials = [each for each in credentials if is_argon2(each.password_hash)]
        counts = Counter(each.user for each in self._credentials)
        self._hashes_a_pair = max(counts.values(), default=1)
        self._decoy = self._make_decoy()
        self._digest_key = secrets.token_bytes(32)
        self._users: dict[bytes, str] = {}
        self._running: dict[bytes, asyncio.Task[str | None]] = {}
        self._at_once = asyncio.Semaphore(at_once)
        self._waiting = waiting
        self._thread = ThreadPoolExecutor(at_once, thread_name_prefix="password")

    def known(self, authorization_header: bytes | None) -> str | None:
        """The user of a header verified before, at once; None says nothing about any other header."""
        return None if authorization_header is None else self._users.get(self._digest(authorization_header))

    async def verify(self, authorization_header: bytes | None) -> str | None:
        """The user that the header proves to be, or None.

        Raises Busy where too many other headers are being checked.
        """
        if user := self.known(authorization_header):
            return user
        pairs = pairs_of(authorization_header)
        if authorization_header is None or not pairs:
            return None
        digest = self._digest(authorization_header)
        task = self._running.get(digest) or self._start(digest, pairs)
        return await asyncio.shield(task)

    def _start(self, digest: bytes, pairs: tuple[Pair, ...]) -> asyncio.Task[str | None]:
        """Check once for all requests that bring the same header at the same time."""
        if len(self._running) >= self._waiting:
            raise Busy("Too many passwords are being checked; come again shortly.")
        task = asyncio.create_task(self._check(digest, pairs), name="verify credentials")
        self._running[digest] = task
        task.add_done_callback(lambda _: self._running.pop(digest))
        return task

    async def _check(self, digest: bytes, pairs: tuple[Pair, ...]) -> str | None:
        async with self._at_once:
            user = await asyncio.get_running_loop().run_in_executor(self._thread, self._user_of, pairs)
        if user is not None:
            if len(self._users) >= _REMEMBERED:
                self._users.clear()
            self._users[digest] = user
        return user

    def _user_of(self, pairs: tuple[Pair, ...]) -> str | None:
        for pair in pairs:
            for candidate in self._hashes_for(pair.user):
                if _matches(candidate, pair.password):
                    return pair.user
        return None

    def _hashes_for(self, user: str) -> list[str]:
        """The user's hashes, filled up with decoys to the same number for every user, known or not."""
        name = _octets(user)
        found = [each.password_hash for each in self._credentials if hmac.compare_digest(_octets(each.user), name)]
        return found + [self._decoy] * (self._hashes_a_pair - len(found))

    def _make_decoy(self) -> str:
        """A hash that no password matches, as costly as the real ones."""
        password = secrets.token_hex()
        try:
            parameters = extract_parameters(self._credentials[0].password_hash)
            return PasswordHasher.from_parameters(parameters).hash(password)
        except (IndexError, HashingError, ValueError):
            return _HASHER.hash(password)

    def _digest(self, header: bytes) -> bytes:
        return hashlib.blake2b(header, digest_size=16, key=self._digest_key).digest()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _octets(text: str) -> bytes:
    """UTF-8; a name from an environment that is not UTF-8 must not break the comparison."""
    return text.encode("utf-8", "surrogatepass")
