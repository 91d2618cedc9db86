"""`init`: a configuration to begin with."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from order_receiver.cli.output import console, fail
from order_receiver.settings.credentials import hash_password
from order_receiver.settings.starter import starter_files

PASSWORD_BYTES = 18
FOLDERS = ("var/erp/outbox", "var/erp/inbox")
"""What the target in the starting configuration names; an adapter never makes a missing folder itself."""


def init(
    directory: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")],
) -> None:
    """Write a commented receiver.toml with a mapping and a passing test for it."""
    if directory.exists() and any(directory.iterdir()):
        raise fail(f"{directory} is not empty; name a new folder, so that nothing of yours is written over.")
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    for name, text in starter_files(hash_password(password)).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        console.print(f"wrote {path}", markup=False)
    for folder in FOLDERS:
        (directory / folder).mkdir(parents=True, exist_ok=True)
    console.print(
        f"\nUser name norce, password {password}\nThis is the only time it is shown: the file holds its hash. "
        f"Next: order-receiver check --config {directory / 'receiver.toml'}",
        markup=False,
    )
