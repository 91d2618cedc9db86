"""Settings of the adapter `folder`."""

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
