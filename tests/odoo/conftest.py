"""A real Odoo 14, for `make test-odoo`; elsewhere these tests are skipped."""

import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from tests.erps.target import Target as AnyTarget
from tests.odoo.prepare import PASSWORD, prepare
from tests.odoo.server import CHROOT, DATABASE, Odoo
from tests.postgresql.cluster import Cluster

from order_receiver.settings.section import Secret
from order_receiver.settings.targets import OdooTarget
from order_receiver.targets.odoo.adapter import OdooAdapter

ASKED = "ORDER_RECEIVER_TEST_ODOO"
SETTINGS = OdooTarget(
    url="http://127.0.0.1:1",
    database=DATABASE,
    user="web",
    password=Secret(env="ODOO_PASSWORD"),
    taxes={"25": "Moms 25", "12": "Moms 12", "6": "Moms 6"},
    row_products={"Freight": "FREIGHT", "Invoice": "FEE"},
    rounding_product="ROUNDING",
    units={"m": "m"},
    payment_terms={"3": "30 Days"},
    carriers={"POSTNORD": "PostNord"},
    pricelists={"EUR": "Web EUR"},
)


@pytest.fixture(scope="session")
def odoo() -> Iterator[Odoo]:
    if os.environ.get(ASKED) != "1":
        pytest.skip("A real Odoo 14 takes minutes and 2 GB: `make test-odoo` runs these tests (root, on Debian).")
    if not CHROOT.exists():
        pytest.fail(f"Odoo is not in {CHROOT}: `tools/odoo14 {CHROOT}` puts it there.", pytrace=False)
    with Cluster() as cluster:
        server = Odoo(CHROOT, cluster)
        try:
            prepare(server)
            yield server
        finally:
            server.close()


Target = AnyTarget[OdooAdapter]
OpenTarget = Callable[..., Target]


@pytest.fixture
async def open_target(odoo: Odoo) -> AsyncIterator[OpenTarget]:
    """Opens targets with settings that differ from the usual ones."""
    opened: list[Target] = []

    def open_target(password: str = PASSWORD, **changes: object) -> Target:
        settings = {name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__}
        changed = OdooTarget(**{**settings, "url": odoo.url, **changes})
        opened.append(Target(OdooAdapter(changed, password, "erp")))
        return opened[-1]

    yield open_target
    for target in opened:
        await target.adapter.close()


@pytest.fixture
def target(open_target: OpenTarget) -> Target:
    return open_target()
