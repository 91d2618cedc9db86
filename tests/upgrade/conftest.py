"""Releases side by side: the one before this, this one, and the one after it."""

import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.conftest import environment, password_hash
from tests.hosts.site import PostgresSite, Site, SqliteSite
from tests.postgresql.fixtures import OpenCluster

import order_receiver

__all__ = ["environment", "password_hash"]

HERE = Path(order_receiver.__file__).parent.parent
VERSIONS = Path("order_receiver", "store", "migrations", "versions")
ARCHIVE = Path(__file__).parent.parent / "data" / "previous" / "source.tar.xz"

NEXT = '''\
"""The next release takes away what this one has stopped using."""

from alembic import op

revision = "9001"
down_revision = "{newest}"
floor = "{newest}"


def upgrade() -> None:
    op.drop_index("ix_orders_open", table_name="orders", if_exists=True)
'''


@pytest.fixture(scope="session")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as the previous release had it."""
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(ARCHIVE) as archive:
        # Python 3.11 has this filter since 3.11.4, and the next ones warn without it.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(folder)
    return folder / "src"


@pytest.fixture(scope="session")
def following(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this package and one migration more, which contracts the schema."""
    folder = tmp_path_factory.mktemp("following")
    shutil.copytree(HERE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    contract = folder / VERSIONS / "9001_contract.py"
    contract.write_text(NEXT.format(newest=newest_schema(HERE)), encoding="utf-8")
    return folder


def newest_schema(source: Path) -> str:
    """The revision to which a version brings the database. `source` is the folder of its package."""
    return max(path.name[:4] for path in (source / VERSIONS).glob("[0-9]*.py"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def site(
    request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str], password_hash: str
) -> AsyncIterator[Site]:
    """An installation without hosts, on each database."""
    site: Site
    if request.param == "sqlite":
        site = SqliteSite(tmp_path, environment, password_hash)
    else:
        open_cluster: OpenCluster = request.getfixturevalue("open_postgresql_cluster")
        cluster = open_cluster(durable=False)
        site = PostgresSite(tmp_path, environment, password_hash, cluster, [cluster])
    yield site
    await site.close()
