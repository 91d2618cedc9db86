"""Adapters whose libraries are extras of the distribution, and the rules over their settings."""

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from order_receiver.settings.model import Settings
from order_receiver.settings.rules import troubles
from order_receiver.settings.section import Secret
from order_receiver.settings.targets import AmqpTarget, SftpTarget, SqlTarget, Target
from order_receiver.targets.registry import NoAdapter, open_adapter
from order_receiver.targets.surroundings import Surroundings

PASSWORD = Secret(env="PASSWORD")
SFTP = SftpTarget(host="h", user="u", password=PASSWORD, known_hosts="hosts", outbox="out")
AMQP = AmqpTarget(host="h", user="u", password=PASSWORD, routing_key="orders")
SQL = SqlTarget(url="sqlite:///erp.db", table="orders")


def opened(target: Target, base: Path) -> object:
    return open_adapter(target, Surroundings("erp", base, {"PASSWORD": "p"}))


@pytest.mark.parametrize("target", [SFTP, AMQP, SQL])
async def test_the_registry_opens_each(target: Target, tmp_path: Path) -> None:
    adapter: Any = opened(target, tmp_path)
    assert not adapter.capabilities().polls
    await adapter.close()


@pytest.mark.parametrize(
    ("target", "module", "extra"), [(SFTP, "asyncssh", "sftp"), (AMQP, "aio_pika", "amqp")], ids=["sftp", "amqp"]
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    target: Target, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.startswith((module, f"order_receiver.targets.{extra}")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Without(module), *sys.meta_path])
    with pytest.raises(NoAdapter) as missing:
        opened(target, tmp_path)
    assert str(missing.value) == (
        f"The target 'erp' needs the package {module}, which is not installed: "
        f'pip install "norce-order-receiver[{extra}]".'
    )


class Without:
    """Python as it is where a package was never installed."""

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == self._module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize(
    ("changes", "unsafe"), [({}, False), ({"tls": False}, True), ({"tls": False, "host": "127.0.0.1"}, False)]
)
@pytest.mark.parametrize("mode", ["production", "development"])
def test_a_broker_without_tls_is_for_this_machine_only(changes: dict[str, object], unsafe: bool, mode: str) -> None:
    target = {"adapter": "amqp", "host": "h", "user": "u", "password": {"env": "P"}, "routing_key": "orders"}
    settings = msgspec.convert({"mode": mode, "targets": {"erp": target | changes}}, Settings)
    found = [str(each) for each in troubles(settings) if each.where == "targets.erp.tls"]
    severity = "error" if mode == "production" else "warning"
    expected = (
        f"{severity}: targets.erp.tls: is off: orders and the password would travel without TLS. "
        "Leave it on; the broker then listens on port 5671."
    )
    assert found == ([expected] if unsafe else [])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ca_file": "ca.pem", "tls": False}, "has a `ca_file`, but `tls = false`"),
        ({"set_aside": "orders"}, "has the queue `set_aside` also as"),
    ],
)
def test_settings_of_a_broker_that_do_not_fit_together(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AmqpTarget(host="h", user="u", password=PASSWORD, routing_key="orders", **changes)
