"""What every target has, whichever adapter serves it."""

from typing import Annotated

from msgspec import Meta

from order_receiver.settings.section import Section


class Target(Section, tag_field="adapter", frozen=True, kw_only=True):
    """One ERP, queue or folder that takes orders."""

    poll: Annotated[float, Meta(gt=0, description="seconds between looks for news of the ERP")] = 2.0
    mapping: Annotated[
        str | None,
        Meta(description="`canonical`, a template file (orders.json.j2), or an import path (package.module:function)"),
    ] = None
