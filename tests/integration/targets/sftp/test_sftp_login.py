"""Who is let in at a real SFTP server, and which server is believed."""

from collections.abc import Callable
from typing import Any

import asyncssh
import pytest
from tests.integration.targets.sftp.conftest import Server

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.problems import SettingsError
from order_receiver.settings.section import Secret
from order_receiver.settings.targets import SftpTarget
from order_receiver.targets.adapter import SaveStep, Submission

Make = Callable[..., Submission]


@pytest.mark.parametrize(
    "changes",
    [
        {"private_key": Secret(env="KEY")},
        {"private_key": Secret(env="LOCKED_KEY"), "passphrase": Secret(env="PHRASE")},
    ],
)
async def test_a_key_lets_in(erp: Server, changes: dict[str, Any]) -> None:
    await erp.adapter(password=None, **changes).check()


async def test_a_known_hosts_file(erp: Server, submission: Make, save: SaveStep) -> None:
    known = erp.base.parent / "known_hosts"
    adapter = erp.adapter(host_key=None, known_hosts="known_hosts")
    with pytest.raises(TransientFailure, match=r"the file .*known_hosts of `known_hosts` cannot be read"):
        await adapter.submit(submission(), save)
    known.write_text(f"[127.0.0.1]:{erp.port + 1} {erp.host_key_text}\n")
    with pytest.raises(TransientFailure, match=r"the server's host key is not the one in the settings"):
        await adapter.submit(submission(), save)
    known.write_text("")
    with pytest.raises(TransientFailure, match=r"the server's host key is not the one in the settings"):
        await adapter.submit(submission(), save)
    known.write_text(f"[127.0.0.1]:{erp.port} {erp.host_key_text}\n")
    await adapter.submit(submission(), save)


async def test_a_wrong_host_key_is_transient_and_sends_no_password(
    erp: Server, submission: Make, save: SaveStep
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(TransientFailure, match=r"host key is not the one in the settings; it was renewed, or somebody"):
        await erp.adapter(host_key=other).submit(submission(), save)
    assert (erp.logins, erp.files()) == ([], [])


@pytest.mark.parametrize("changes", [{"password": Secret(env="WRONG")}, {"user": "stranger"}])
async def test_a_refused_login_is_transient_and_not_tried_over_and_over(
    erp: Server, submission: Make, save: SaveStep, changes: dict[str, Any]
) -> None:
    adapter = erp.adapter(**changes)
    for _ in range(3):
        with pytest.raises(
            TransientFailure, match=r"does not let .* in; check user and password or private key"
        ) as seen:
            await adapter.submit(submission(), save)
        assert "battery" not in str(seen.value)
    assert len(erp.logins) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"host_key": "ssh-ed25519"}, "targets.erp.host_key: is no public key of SSH"),
        ({"password": None, "private_key": Secret(env="PASSWORD")}, "targets.erp.private_key: cannot be used"),
        ({"password": None, "private_key": Secret(env="LOCKED_KEY")}, "targets.erp.private_key: cannot be used"),
        (
            {"password": None, "private_key": Secret(env="LOCKED_KEY"), "passphrase": Secret(env="WRONG")},
            "targets.erp.private_key: cannot be used",
        ),
        ({"password": Secret(env="UNSET")}, "targets.erp.password: the environment variable UNSET is not set"),
    ],
)
async def test_settings_of_no_use(erp: Server, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as seen:
        erp.adapter(**changes)
    assert "battery" not in str(seen.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"host_key": None}, "in exactly one way which host key is right"),
        ({"known_hosts": "hosts"}, "in exactly one way which host key is right"),
        ({"password": None}, "logs in in exactly one way"),
        ({"private_key": Secret(env="KEY")}, "logs in in exactly one way"),
        ({"passphrase": Secret(env="PHRASE")}, "has a `passphrase`, but no `private_key`"),
        ({"inbox": "out/"}, "has the same folder as `outbox` and `inbox`"),
    ],
)
def test_settings_that_do_not_fit_together(changes: dict[str, Any], sentence: str) -> None:
    good: dict[str, Any] = {"host": "h", "user": "u", "password": Secret(env="P"), "host_key": "k", "outbox": "out"}
    SftpTarget(**good)
    with pytest.raises(ValueError, match=sentence):
        SftpTarget(**(good | changes))
