"""What the settings of an enrichment must fulfil, found when the configuration is read."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct

from order_receiver.orders.canonical import OrderPart
from order_receiver.settings.addresses import url_fault
from order_receiver.settings.conditions.kinds import fields_of
from order_receiver.settings.expressions import expression, template
from order_receiver.settings.problems import nearest
from order_receiver.settings.section import Unfit
from order_receiver.settings.targets.http_rules import (
    ANSWERED,
    DOCUMENT,
    check_expression,
    check_statuses,
    check_template,
    templates_of,
)

if TYPE_CHECKING:
    from order_receiver.settings.enrichments import AnyEnrichment, FunctionEnrichment, HttpEnrichment

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_LIMIT = 60
_OF_PYTHON = frozenset(dir(dict))


def check_function(enrichment: FunctionEnrichment) -> None:
    """Raise Unfit for an enrichment that cannot work."""
    if not _FUNCTION.fullmatch(enrichment.function):
        raise Unfit("must be written as package.module:function", "function")
    _check_common(enrichment, enrichment.save)
    if enrichment.cache_seconds and enrichment.cache_key is None:
        what = 'is missing: a template that says which orders share an answer, such as "{{ buyer.code }}"'
        raise Unfit(what, "cache_key")


def check_http(enrichment: HttpEnrichment) -> None:
    """Raise Unfit for an enrichment that cannot work."""
    if fault := url_fault(enrichment.base_url):
        raise Unfit(fault, "base_url")
    if enrichment.path is None and enrichment.url is None:
        raise Unfit("is missing: the path of the look-up below base_url", "path")
    if enrichment.method == "GET" and enrichment.body is not None:
        raise Unfit("belongs to a look-up by POST", "body")
    if enrichment.body == DOCUMENT:
        raise Unfit("must be a template: the order is not mapped yet", "body")
    _check_common(enrichment, enrichment.save)
    check_statuses(enrichment.missing, "missing")
    templates_of(enrichment.request, _check_over_order)
    for name, source in enrichment.save.items():
        check_expression(source, _ORDER | ANSWERED, None, "save", name)
        _check_members(expression(source).ways, "save", name)


def names_of(source: str | None, form: str) -> Collection[str]:
    """The names that a template uses, or an expression where `form` is empty."""
    if source is None:
        return ()
    return template(source, form).names if form else expression(source).names


def _check_common(enrichment: AnyEnrichment, saved: Collection[str]) -> None:
    if not 0 < len(enrichment.name) <= _NAME_LIMIT or not enrichment.name.isprintable():
        raise Unfit(f"must have 1 to {_NAME_LIMIT} characters", "name")
    if not saved:
        raise Unfit("must name at least one value", "save")
    for name in saved:
        if not _NAME.fullmatch(name):
            raise Unfit(f"`{name}` must be a word of letters, digits and underscores", "save")
        if name in _OF_PYTHON:
            raise Unfit(f"`{name}` cannot be used in templates, as it is a word of Python's", "save")
    if enrichment.cache_key is not None:
        if not enrichment.cache_seconds:
            raise Unfit("has no effect without `cache_seconds`", "cache_key")
        _check_over_order(enrichment.cache_key, "text", "cache_key")


def _check_over_order(source: str | None, form: str, *path: str | int) -> None:
    check_template(source, form, _ORDER, None, *path)
    if source is not None:
        _check_members((template(source, form) if form else expression(source)).ways, *path)


def _check_members(ways: Collection[tuple[str, ...]], *path: str | int) -> None:
    """`buyer.adress`: a group of fields has no such member. What values by code and lists have is not known here."""
    for way in sorted(ways):
        group: type[Struct] | None = OrderPart
        for index, step in enumerate(way):
            if group is None or (index == 0 and step not in fields_of(group)):
                break
            known = fields_of(group)
            if step not in known:
                before = ".".join(way[:index])
                advice = nearest(step, list(known)).replace("mean `", f"mean `{before}.")
                raise Unfit(f"there is no field `{before}.{step}`", *path, advice=advice)
            group = known[step].struct


_ORDER = frozenset(fields_of(OrderPart))
