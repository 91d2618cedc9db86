"""What every table of receiver.toml is built of."""

from typing import Annotated

from msgspec import Meta, Struct


class Unfit(ValueError):
    """A setting that cannot be used; raised by a section for one of its own, or deeper, settings.

    `str()` is the end of a sentence without a full stop, `advice` a whole one; `path` leads from the section to the
    setting.
    """

    def __init__(self, what: str, *path: str | int, advice: str = "") -> None:
        super().__init__(what)
        self.path = path
        self.advice = advice


class Section(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of every table of receiver.toml; an unknown key is an error with the nearest match."""


class Secret(Section, frozen=True, kw_only=True):
    """A reference to a secret: exactly one of an environment variable's name and a file's path."""

    env: Annotated[str | None, Meta(description="name of the environment variable that holds it")] = None
    file: Annotated[
        str | None,
        Meta(description="file that holds it, relative to the configuration file; one line end at its end is dropped"),
    ] = None

    def __post_init__(self) -> None:
        if (self.env is None) == (self.file is None):
            raise ValueError("names exactly one place: either `env` or `file`")
