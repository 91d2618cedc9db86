from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from tests.erps.target import Target as AnyTarget
from tests.integration.targets.http.erp import running
from tests.integration.targets.odoo.server import SmallOdoo

from order_receiver.settings.section import Secret
from order_receiver.settings.targets import OdooTarget
from order_receiver.targets.odoo.adapter import OdooAdapter

SETTINGS = {
    "database": "shop",
    "user": "web",
    "password": Secret(env="ODOO_KEY"),
    "taxes": {"25": "Moms 25", "12": "Moms 12", "6": "Moms 6"},
    "row_products": {"Freight": "FREIGHT", "Invoice": "FEE"},
    "timeout": 5.0,
}


Target = AnyTarget[OdooAdapter]
OpenTarget = Callable[..., Target]


@pytest.fixture
async def odoo() -> AsyncIterator[SmallOdoo]:
    own = SmallOdoo()

    def routes(app: web.Application) -> None:
        app.router.add_post("/jsonrpc", own.handle)

    async with running(routes) as own.url:
        yield own
        own.hold.set()


@pytest.fixture
async def open_target(odoo: SmallOdoo) -> AsyncIterator[OpenTarget]:
    """Opens targets with settings that differ from the usual ones."""
    opened: list[Target] = []

    def open_target(key: str = "key", **changes: object) -> Target:
        settings = OdooTarget(**{**SETTINGS, "url": odoo.url, **changes})  # type: ignore[arg-type]
        opened.append(Target(OdooAdapter(settings, key, "erp")))
        return opened[-1]

    yield open_target
    for target in opened:
        await target.adapter.close()


@pytest.fixture
def target(open_target: OpenTarget) -> Target:
    return open_target()
