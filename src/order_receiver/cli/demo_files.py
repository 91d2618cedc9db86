"""The folder in which the demo lives: a configuration like any other, to look into and to play with."""

from dataclasses import dataclass
from pathlib import Path

from order_receiver.settings.credentials import hash_password
from order_receiver.simulator.erp import DemoErpOptions

SWEDISH_SHOP = "123e4567-e89b-12d3-a456-426614174000"
NORWEGIAN_SHOP = "9b2d7c1e-4f6a-4d83-8c55-2a1e6f0b7d34"
USER = "norce"
PASSWORD = "not-a-secret-in-the-demo"  # noqa: S105 - shown to everybody on purpose
CLIENT_ID = "demo-client"
CLIENT_SECRET = "demo-secret"  # noqa: S105 - of the simulated Norce in the same process

TEMPLATE = """\
# The demo's configuration: simulated Norce on one side, a demo ERP that works with files on the other.
mode = "development"

[door]
port = {port}
path = "/orders"

[[door.credentials]]
user = "{user}"
password_hash = "{password_hash}"

[[applications]]
key = "{swedish}"
name = "shop.se"
id = 1001

[[applications]]
key = "{norwegian}"
name = "shop.no"
id = 1002
time_zone = "Europe/Oslo"

[store]
path = "orders.db"

[targets.erp]
adapter = "folder"
outbox = "erp/outbox"
inbox = "erp/inbox"
poll = 0.2

[norce]
base_url = "{norce}"
client_id = "{client_id}"
client_secret = {{ env = "DEMO_CLIENT_SECRET" }}
"""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where the demo's files are."""

    path: Path

    @property
    def configuration(self) -> Path:
        """receiver.toml."""
        return self.path / "receiver.toml"

    @property
    def store(self) -> Path:
        """The receiver's database."""
        return self.path / "orders.db"

    @property
    def log(self) -> Path:
        """What the receiver says while it runs."""
        return self.path / "receiver.log"

    def erp(self, refuse_every: int) -> DemoErpOptions:
        """The demo ERP's folders."""
        erp = self.path / "erp"
        return DemoErpOptions(
            outbox=erp / "outbox",
            inbox=erp / "inbox",
            taken=erp / "taken",
            memory=erp / "numbers.jsonl",
            refuse_every=refuse_every,
        )

    def write_configuration(self, port: int, norce_url: str) -> None:
        """Write receiver.toml for this run."""
        self.configuration.write_text(
            TEMPLATE.format(
                port=port,
                user=USER,
                password_hash=hash_password(PASSWORD),
                swedish=SWEDISH_SHOP,
                norwegian=NORWEGIAN_SHOP,
                norce=norce_url,
                client_id=CLIENT_ID,
            ),
            encoding="utf-8",
        )
