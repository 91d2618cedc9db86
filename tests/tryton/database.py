"""A real Tryton for the tests: its virtual environment and one filled database, made once and kept in `.cache`."""

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LOCK_FILE = ROOT / "requirements" / "tryton.txt"
CACHE = ROOT / ".cache" / "tryton"
DATABASE, PASSWORD = "erp", "tryton-secret"
"""The password of the users `admin` and `web`."""

CONFIGURATION = """\
[database]
uri = sqlite://
path = {folder}
[web]
listen = 127.0.0.1:{port}
"""


class Unavailable(Exception):
    """No Tryton can run here; the message says why."""


@dataclass(frozen=True)
class Installation:
    """Tryton's programs and the database to copy."""

    folder: Path

    @property
    def programs(self) -> Path:
        return self.folder / "venv" / "bin"

    def copy_database(self, folder: Path) -> None:
        """Give a server a database of its own."""
        for file in (self.folder / "database").iterdir():
            shutil.copy(file, folder / file.name)


def install() -> Installation:
    """Make what is not there yet; other workers wait meanwhile. Raises Unavailable."""
    made_of = b"".join(path.read_bytes() for path in (LOCK_FILE, HERE / "activate.py", HERE / "prepare.py"))
    folder = CACHE / sha256(made_of + sys.version.encode()).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            for old in CACHE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            _make(folder)
            (folder / "ready").touch()
    return Installation(folder)


def _make(folder: Path) -> None:
    python = folder / "venv" / "bin" / "python"
    _run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--python", str(python))
    # Compiled lazily: most of it is never imported.
    options = ("--quiet", "--no-compile", "--require-hashes", "--only-binary", ":all:")
    _run(*pip, "install", *options, "--requirement", str(LOCK_FILE))
    database = folder / "database"
    database.mkdir()
    (database / f"{DATABASE}.sqlite").touch()
    configuration, password = folder / "trytond.conf", folder / "password"
    configuration.write_text(CONFIGURATION.format(folder=database, port=0))
    password.write_text(PASSWORD)
    usual = (str(configuration), DATABASE)
    _run(str(python), str(HERE / "activate.py"), *usual, TRYTONPASSFILE=str(password))
    _run(str(python), str(HERE / "prepare.py"), *usual, PASSWORD)


def _run(*command: str, **environment: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:4])} ... ended with {done.returncode}: {done.stdout.decode()[-2000:]}")
