"""What `order-receiver init DIR` writes: settings with comments, a mapping, and a passing test for it."""

from importlib.resources import files

from order_receiver.settings.credentials import is_argon2

_PLACEHOLDER = "PASSWORD_HASH"
_FILES = {
    "receiver.toml": "receiver.toml",
    "mappings/order.json.j2": "mappings/order.json.j2",
    "tests/test_mapping.py": "tests/test_mapping.py.txt",
    "tests/order.json": "tests/order.json",
    ".gitignore": "gitignore.txt",
    "README.md": "README.md",
}
"""Path in the new folder, and path within the package: kept under names that no tool takes for its own."""


def starter_files(password_hash: str) -> dict[str, str]:
    """The text of every file, by its path in the new folder; `password_hash` is of the password made for Norce.

    Raises ValueError where it is no hash: a password must not end up in the file.
    """
    if not is_argon2(password_hash):
        raise ValueError("init takes the hash of a password, as `order-receiver credentials hash` makes it.")
    folder = files("order_receiver.settings") / "starter_files"
    texts = {path: (folder / source).read_text("utf-8") for path, source in _FILES.items()}
    texts["receiver.toml"] = texts["receiver.toml"].replace(_PLACEHOLDER, password_hash)
    return texts
