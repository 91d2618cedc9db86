"""PostgreSQL's own programs on this machine, and the account that runs them: PostgreSQL refuses to run as root."""

import os
import pwd
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("postgres", "initdb", "pg_basebackup")
FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
"""Where packages put what is not on the path: Debian and Ubuntu; Fedora and its kin."""
ACCOUNTS = ("postgres", "nobody")

HINT = "or name a server that may be used in ORDER_RECEIVER_TEST_POSTGRES=postgresql://user:password@host/database"


class Unavailable(Exception):
    """No PostgreSQL of our own can run here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of PostgreSQL's programs, and who runs them (None: whoever we are)."""

    folder: Path
    account: pwd.struct_passwd | None

    def command(self, program: str, *arguments: str, prefix: Sequence[str] = ()) -> list[str]:
        """The command line of a program, run by the account."""
        command = [str(self.folder / program), *arguments]
        if self.account is not None:
            who = [f"--reuid={self.account.pw_uid}", f"--regid={self.account.pw_gid}", "--clear-groups"]
            command = ["setpriv", *who, "--", *command]
        return [*prefix, *command]


def find() -> Programs:
    """Look for the programs; the path comes first, then the newest version. Raises Unavailable."""
    if sys.platform != "linux":
        raise Unavailable(f"The tests run a PostgreSQL of their own on Linux only: use that, {HINT}.")
    folder = next((folder for folder in _folders() if all((folder / name).exists() for name in NEEDED)), None)
    if folder is None:
        raise Unavailable(f"PostgreSQL's server is not installed: install it (Debian: apt install postgresql), {HINT}.")
    return Programs(folder, _account())


def _folders() -> list[Path]:
    on_path = shutil.which("postgres")
    packaged = [folder for pattern in FOLDERS for folder in Path("/").glob(pattern.lstrip("/"))]
    packaged.sort(key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))], reverse=True)
    return [Path(on_path).resolve().parent, *packaged] if on_path else packaged


def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    if shutil.which("setpriv") is None:
        raise Unavailable(
            f"PostgreSQL refuses to run as root, and setpriv (util-linux) is missing: install it, {HINT}."
        )
    known = {account.pw_name: account for account in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known:
            return known[name]
    raise Unavailable(
        f"PostgreSQL refuses to run as root, and there is no account {' or '.join(ACCOUNTS)}: make one, {HINT}."
    )
