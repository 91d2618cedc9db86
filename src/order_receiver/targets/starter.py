"""What `order-receiver new adapter NAME` writes: a package with an adapter that passes the contract suite at once."""

import re
from importlib.resources import files

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME_LIMIT = 40
_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "src/@MODULE@/__init__.py": "init.py",
    "src/@MODULE@/adapter.py": "adapter.py",
    "src/@MODULE@/client.py": "client.py",
    "src/@MODULE@/settings.py": "settings.py",
    "tests/erp.py": "erp.py",
    "tests/test_contract.py": "test_contract.py",
    "tests/test_entry_point.py": "test_entry_point.py",
}
"""Path in the new folder, and name within the package, where it ends in .txt, so that no tool takes it for its own."""


def adapter_files(name: str) -> dict[str, str]:
    """The text of every file, by its path in the new folder.

    Raises ValueError, a plain sentence, where `name` cannot be the name of an adapter.
    """
    if not _NAME.fullmatch(name) or len(name) > _NAME_LIMIT:
        raise ValueError(
            f"The name {name!r} cannot be one of an adapter: take small letters, digits and single dashes, a letter "
            f"first, at most {_NAME_LIMIT} characters, such as `acme` or `acme-erp`."
        )
    folder = files("order_receiver.targets") / "starter_files"
    return {
        _filled(path, name): _filled((folder / f"{source}.txt").read_text("utf-8"), name)
        for path, source in _FILES.items()
    }


def _filled(text: str, name: str) -> str:
    word = name.replace("-", "_")
    spelled = "".join(part.capitalize() for part in name.split("-"))
    places = {"@NAME@": name, "@MODULE@": f"order_receiver_{word}", "@WORD@": word, "@CLASS@": spelled}
    for place, filling in places.items():
        text = text.replace(place, filling)
    return text
