"""The embedded database: one SQLite file on a local disk, in WAL with synchronous=FULL."""

import sqlite3
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import ConnectionPoolEntry

from order_receiver.store.errors import UnsuitableFileSystem
from order_receiver.store.tables import utc_text

DIALECT: Dialect = sqlite.dialect()

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ocfs2", "gfs2", "gpfs"}
)
"""File systems whose locks SQLite cannot trust; `fuse.*` ones are judged by the part behind the dot."""

NETWORK_FUSE = frozenset({"sshfs", "s3fs", "rclone", "gcsfuse", "glusterfs", "ceph", "davfs2", "blobfuse", "blobfuse2"})

PAGE_CACHE_KIB = 16_000

sqlite3.register_adapter(datetime, utc_text)


def configure(connection: sqlite3.Connection, *, busy_seconds: float) -> None:
    """Set what every connection needs: WAL, full durability, a bounded page cache."""
    connection.execute(f"PRAGMA busy_timeout = {round(busy_seconds * 1000)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KIB}")


def connect_writer(path: Path) -> sqlite3.Connection:
    """A connection whose transactions we begin and end ourselves, usable from the commit thread too."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    configure(connection, busy_seconds=0)
    return connection


def open_engine(path: Path) -> Engine:
    """An engine for queries and migrations."""
    engine = create_engine(f"sqlite+pysqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        configure(connection, busy_seconds=5)

    return engine


def refuse_network_file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """Raise UnsuitableFileSystem when the file is (or would be) on a network file system.

    Where the system does not tell (no /proc/mounts) nothing is refused.
    """
    if not mounts.exists():
        return
    kind = _file_system_of(path.resolve(), mounts.read_text(encoding="utf-8", errors="replace"))
    name, _, fuse = kind.partition(".")
    if name in NETWORK_FILE_SYSTEMS or fuse in NETWORK_FUSE:
        raise UnsuitableFileSystem(f"{path} is on a {kind} file system. {UnsuitableFileSystem.__doc__}")


def _file_system_of(path: Path, mounts: str) -> str:
    """Type of the file system mounted deepest above a path."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        if len(point) >= len(best) and path.is_relative_to(point):
            best, kind = point, fields[2]
    return kind
