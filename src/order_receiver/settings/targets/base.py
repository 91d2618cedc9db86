"""What every target has, whichever adapter serves it."""

from collections.abc import Hashable, Mapping
from typing import Annotated

from msgspec import Meta, field

from order_receiver.settings.formats import Formats
from order_receiver.settings.section import Section
from order_receiver.settings.values import ValueTable, field_fault

Count = Annotated[int, Meta(ge=1)]


class Target(Section, tag_field="adapter", frozen=True, kw_only=True):
    """One ERP, queue or folder that takes orders."""

    poll: Annotated[float, Meta(gt=0, description="seconds between looks for news of the ERP")] = 2.0
    concurrency: Annotated[
        Count | None, Meta(description="orders at once, in each process; without it as in work.concurrency")
    ] = None
    rate: Annotated[
        Count | None, Meta(description="orders in rate_seconds at most, all processes together; none: no limit")
    ] = None
    rate_seconds: Annotated[float, Meta(gt=0, description="seconds that rate is meant for")] = 1.0
    breaker_failures: Annotated[
        int, Meta(ge=0, description="failures in a row from which on the target is left alone; 0 for never")
    ] = 5
    breaker_seconds: Annotated[
        float,
        Meta(gt=0, description="seconds it is left alone at first; one order tries then, each failure doubles it"),
    ] = 15.0
    breaker_cap: Annotated[float, Meta(gt=0, description="seconds it is left alone at most")] = 600.0
    mapping: Annotated[
        str | None,
        Meta(
            description="`canonical`, `csv`, `ubl`, `edifact`, a template file (orders.json.j2), or an import path "
            "(package.module:function)"
        ),
    ] = None
    values: Annotated[
        dict[str, ValueTable],
        Meta(description="codes that are translated, each by a table", extra={"fault": field_fault}),
    ] = field(default_factory=dict)
    formats: Annotated[Formats, Meta(description="settings of the built-in mappings")] = Formats()

    def places(self) -> Mapping[str, Hashable]:
        """What no two targets may share: by the setting that names it, all that tells it from other such places.

        Every part of an order has the same submission key, so of two parts in one place the second one is lost.
        """
        return {}

    @property
    def number_setting(self) -> str:
        """The setting without which the ERP's order numbers never come back; empty where they do."""
        return ""
