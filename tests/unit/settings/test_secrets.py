"""References to secrets."""

from pathlib import Path

import pytest

from order_receiver.settings.problems import SettingsError
from order_receiver.settings.secrets import reveal
from order_receiver.settings.section import Secret

KEY = "norce.client_secret"


def test_from_the_environment(tmp_path: Path) -> None:
    assert reveal(Secret(env="X"), {"X": "s\n"}, tmp_path, KEY) == "s\n"


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"s", "s"), (b"s\n", "s"), (b"s\r\n", "s"), (b"s\n\n", "s\n"), (b" s ", " s "), ("å".encode(), "å")],
)
def test_from_a_file(tmp_path: Path, content: bytes, secret: str) -> None:
    (tmp_path / "f").write_bytes(content)
    assert reveal(Secret(file="f"), {}, tmp_path, KEY) == secret
    assert reveal(Secret(file=str(tmp_path / "f")), {}, Path("elsewhere"), KEY) == secret


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"", "is empty."),
        (b"\n", "is empty."),
        (b"\xffhunter2", "is not UTF-8 text."),
        (b"hunter2" * 10_000, "is longer than 65536 bytes, so it is hardly the secret."),
    ],
)
def test_a_file_without_a_secret(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    with pytest.raises(SettingsError) as failed:
        reveal(Secret(file="f"), {}, tmp_path, KEY)
    assert str(failed.value) == f"secret: {KEY}: the file {tmp_path / 'f'} {message}"


@pytest.mark.parametrize(("environ", "message"), [({}, "is not set."), ({"X": ""}, "is empty.")])
def test_a_variable_without_a_secret(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as failed:
        reveal(Secret(env="X"), environ, tmp_path, KEY)
    assert str(failed.value) == f"secret: {KEY}: the environment variable X {message}"


@pytest.mark.parametrize("places", [{}, {"env": "a", "file": "b"}])
def test_a_reference_names_exactly_one_place(places: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="names exactly one place"):
        Secret(**places)
