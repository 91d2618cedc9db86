"""What only the embedded database has: its PRAGMAs, and the disks it must not lie on."""

from pathlib import Path

import pytest
from tests.store.conftest import on_sqlite

from order_receiver.store.errors import StoreError, UnsuitableFileSystem
from order_receiver.store.session import Session
from order_receiver.store.sqlite import refuse_network_file_system
from order_receiver.store.sqlite.connection import DIALECT
from order_receiver.store.store import Store, now, prepare


@on_sqlite
async def test_every_connection_is_durable_and_keeps_keys(store: Store) -> None:
    def settings(session: Session) -> list[object]:
        return [session.raw(f"PRAGMA {name}", ()) for name in ("journal_mode", "synchronous", "foreign_keys")]

    wanted = [[("wal",)], [(2,)], [(1,)]]
    assert await store.write(settings) == wanted
    assert await store.read(settings) == wanted
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        assert settings(Session(raw.cursor(), DIALECT, now, writing=False)) == wanted


MOUNTS = """\
/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
//server/share /mnt/cifs cifs rw 0 0
server:/export /srv/orders nfs4 rw 0 0
server:/old /srv/old nfs rw 0 0
me@host: /home/me/remote fuse.sshfs rw 0 0
disk /mnt/disk fuse.ntfs3g rw 0 0
/dev/vdb /srv/orders/local ext4 rw 0 0
server:/x /mnt/with\\040space nfs rw 0 0
short
/dev/vdc /remounted ext4 rw 0 0
server:/y /remounted nfs rw 0 0
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mounts"
    file.write_text(MOUNTS)
    return file


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/orders/orders.db", "nfs4"),
        ("/srv/orders/deep/er/orders.db", "nfs4"),
        ("/srv/old/orders.db", "nfs"),
        ("/mnt/cifs/orders.db", "cifs"),
        ("/home/me/remote/orders.db", "fuse.sshfs"),
        ("/mnt/with space/orders.db", "nfs"),
        ("/remounted/orders.db", "nfs"),
    ],
)
def test_a_network_file_system_is_refused_by_name(mounts: Path, path: str, kind: str) -> None:
    with pytest.raises(UnsuitableFileSystem, match=f"^{path} is on a {kind} file system.*use a local disk"):
        refuse_network_file_system(Path(path), mounts)


@pytest.mark.parametrize(
    "path", ["/srv/orders/local/orders.db", "/var/orders.db", "/srv/ordersx/orders.db", "/mnt/disk/orders.db"]
)
def test_a_local_disk_is_fine(mounts: Path, path: str) -> None:
    refuse_network_file_system(Path(path), mounts)


def test_a_link_to_a_network_file_system_is_seen_through(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "var").symlink_to(share)
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {share.resolve()} nfs4 rw 0 0\n")
    with pytest.raises(UnsuitableFileSystem):
        refuse_network_file_system(tmp_path / "var" / "orders.db", mounts)


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path: Path) -> None:
    refuse_network_file_system(tmp_path / "orders.db", tmp_path / "no-such-file")


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    path = tmp_path / "var" / "deep" / "orders.db"
    prepare(path, migrate=True).dispose()
    assert path.is_file()


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    path.write_text("this is a text and no database, and it is longer than a header " * 10)
    with pytest.raises(StoreError, match=r"orders\.db"):
        prepare(path, migrate=True)


def test_a_folder_in_the_place_of_the_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=str(tmp_path)):
        prepare(tmp_path, migrate=True)
