"""The target `tryton` in receiver.toml."""

from typing import Any

import msgspec
import pytest

from order_receiver.settings.model import Settings
from order_receiver.settings.problems import Severity
from order_receiver.settings.rules import troubles
from order_receiver.settings.targets import TrytonTarget

TARGET = {
    "adapter": "tryton",
    "url": "https://erp.example.com",
    "database": "erp",
    "user": "web",
    "password": {"env": "X"},
    "shop": "Web",
    "taxes": {"25": "Moms 25"},
}


def settings(mode: str = "production", **changes: Any) -> Settings:
    return msgspec.convert({"mode": mode, "targets": {"erp": {**TARGET, **changes}}}, Settings)


def told(found: Settings) -> list[tuple[Severity, str]]:
    return [(each.severity, each.what) for each in troubles(found) if each.where == "targets.erp.url"]


def test_it_is_known_by_its_tag() -> None:
    target = settings().targets["erp"]
    assert isinstance(target, TrytonTarget)
    assert target.taxes == {"25": "Moms 25"}
    assert told(settings()) == []


@pytest.mark.parametrize(("mode", "severity"), [("production", Severity.ERROR), ("development", Severity.WARNING)])
def test_the_password_does_not_travel_in_the_open(mode: str, severity: Severity) -> None:
    found = told(settings(mode, url="http://erp.example.com"))
    assert found == [(severity, "would send the password over the network without TLS.")]
    assert told(settings(mode, url="http://127.0.0.1:8000")) == []


def test_an_address_that_is_none() -> None:
    ((severity, what),) = told(settings(url="erp.example.com"))
    assert severity is Severity.ERROR
    assert what.startswith("must begin with https://")
