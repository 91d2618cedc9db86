"""The real schemas of UBL 2.1, out of the package that requirements/ubl.txt names, kept in `.cache`."""

import fcntl
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOCK_FILE = ROOT / "requirements" / "ubl.txt"
CACHE = ROOT / ".cache" / "ubl"
INSIDE = "odoo/addons/base_ubl/data/xsd-2.1/"


class Unavailable(Exception):
    """The schemas cannot be had; the message says why."""


def order_schema() -> Path:
    """The schema of Order. Others wait while one process fetches. Raises Unavailable."""
    folder = CACHE / sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _fetch(folder)
            (folder / "ready").touch()
    return folder / INSIDE / "maindoc" / "UBL-Order-2.1.xsd"


def _fetch(folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet")
    options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK_FILE))
    done = subprocess.run([*pip, *options, "--dest", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"The schemas of UBL cannot be fetched: {done.stderr.strip()[-500:]}")
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(INSIDE)])
    wheel.unlink()
