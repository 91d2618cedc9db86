"""Secrets are kept elsewhere; the configuration only says where."""

from collections.abc import Mapping
from pathlib import Path

from order_receiver.settings.problems import Problem, SettingsError
from order_receiver.settings.section import Secret

_FILE_LIMIT = 65_536


def reveal(secret: Secret, environ: Mapping[str, str], base: Path, key: str) -> str:
    """The secret that a reference stands for; `base` is the folder of the configuration file.

    One line end at the end of a file is dropped. Raises SettingsError, which names the reference and `key`, never
    the value.
    """
    if secret.env is not None:
        value = environ.get(secret.env)
        where = f"the environment variable {secret.env}"
        missing = "is not set."
    else:
        path = base / (secret.file or "")
        value, missing = _from_file(path)
        where = f"the file {path}"
    if value is None:
        raise SettingsError([Problem("secret", None, key, f"{where} {missing}")])
    if not value:
        raise SettingsError([Problem("secret", None, key, f"{where} is empty.")])
    return value


def _from_file(path: Path) -> tuple[str | None, str]:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None, "is not UTF-8 text."
    except OSError as error:
        return None, f"cannot be read: {error.strerror}."
    if len(content) > _FILE_LIMIT:
        return None, f"is longer than {_FILE_LIMIT} bytes, so it is hardly the secret."
    return text.removesuffix("\n").removesuffix("\r"), ""
