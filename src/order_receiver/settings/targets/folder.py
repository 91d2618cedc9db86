"""Settings of the adapter `folder`."""

from collections.abc import Hashable, Mapping
from posixpath import normpath
from typing import Annotated

from msgspec import Meta

from order_receiver.settings.targets.base import Target


class FolderTarget(Target, tag="folder", frozen=True, kw_only=True):
    """An ERP that takes files from an outbox and answers with files in an inbox."""

    outbox: Annotated[str, Meta(description="folder the mapped orders are written into")]
    inbox: Annotated[
        str | None, Meta(description="folder the ERP's answer files are read from; none: the number never comes")
    ] = None
    number_on_write: Annotated[
        bool, Meta(description="for try-outs: the key itself counts as order number as soon as the file is written")
    ] = False
    timeout: Annotated[
        float, Meta(gt=0, description="seconds for one piece of work with files; a share that is gone may never answer")
    ] = 120.0

    def places(self) -> Mapping[str, Hashable]:
        """Its folders."""
        folders = {"outbox": self.outbox, "inbox": self.inbox}
        return {name: ("folder", normpath(folder)) for name, folder in folders.items() if folder is not None}

    @property
    def number_setting(self) -> str:
        return "" if self.inbox is not None or self.number_on_write else "inbox"
