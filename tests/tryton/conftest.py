"""A real Tryton 8.0 on SQLite: one server for each worker of pytest, started by the first test that needs it."""

import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from tests.erps.target import Target as AnyTarget
from tests.tryton.database import DATABASE, PASSWORD, Installation, Unavailable, install
from tests.tryton.server import Tryton

from order_receiver.settings.section import Secret
from order_receiver.settings.targets import TrytonTarget
from order_receiver.targets.tryton.adapter import TrytonAdapter

SETTINGS = TrytonTarget(
    url="http://127.0.0.1:1",
    database=DATABASE,
    user="web",
    password=Secret(env="TRYTON_PASSWORD"),
    shop="Web",
    taxes={"25": "Moms 25", "12": "Moms 12", "6": "Moms 6"},
    row_products={"Freight": "FREIGHT", "Invoice": "FEE"},
    rounding_product="ROUNDING",
    units={"m": "m"},
    payments={"7": "Card", "9": "Gift card"},
    payment_terms={"3": "30 days"},
    carriers={"POSTNORD": "PostNord"},
)


@pytest.fixture(scope="session")
def tryton_installation() -> Installation:
    try:
        return install()
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def tryton(tryton_installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    server = Tryton(tryton_installation, tmp_path_factory.mktemp("tryton"))
    yield server
    server.close()


Target = AnyTarget[TrytonAdapter]
OpenTarget = Callable[..., Target]


@pytest.fixture
async def open_target(tryton: Tryton) -> AsyncIterator[OpenTarget]:
    """Opens targets with settings that differ from the usual ones."""
    opened: list[Target] = []

    def open_target(password: str = PASSWORD, **changes: object) -> Target:
        settings = {name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__}
        changed = TrytonTarget(**{**settings, "url": tryton.url, **changes})
        opened.append(Target(TrytonAdapter(changed, password, "erp")))
        return opened[-1]

    yield open_target
    for target in opened:
        await target.adapter.close()


@pytest.fixture
def target(open_target: OpenTarget) -> Target:
    return open_target()
