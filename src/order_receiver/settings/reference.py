"""The reference page of the configuration, made from the Structs so that it cannot be wrong."""

import inspect as python
from decimal import Decimal

from msgspec import NODEFAULT, inspect

from order_receiver.settings.model import Settings
from order_receiver.settings.targets import Target
from order_receiver.settings.words import bare, in_words, sections_of

_HEAD = """\
# Configuration

*This page is made from the settings in the code: `python tools/configuration_reference.py`.*

Everything is set in one TOML file, `receiver.toml`. `order-receiver init DIR` writes one with comments;
`order-receiver check` says what is wrong with yours, with line and nearest known word.

An environment variable lies over each setting: `ORDER_RECEIVER__`, then the path with two underscores between its
parts, such as `ORDER_RECEIVER__DOOR__PORT=9090`. Lists of tables are addressed by index, from 0:
`ORDER_RECEIVER__APPLICATIONS__0__NAME=Shop`. Letters may be of any case; `_` stands for `-` too.

Times are seconds unless the name says otherwise. Files and folders are relative to the configuration file.
"""


def render() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD, *_section("Top level", "", sections_of(inspect.type_info(Settings))[0], set())]
    return "\n".join(parts)


def target_settings(settings: type[Target]) -> str:
    """The settings of one adapter as Markdown, whichever package brings it."""
    kind = sections_of(inspect.type_info(settings))[0]
    path = "targets.NAME"
    return "\n".join(_section(f'`[{path}]` with `{kind.tag_field} = "{kind.tag}"`', path, kind, set()))


def _section(title: str, path: str, kind: inspect.StructType, told: set[tuple[str, type]]) -> list[str]:
    """A heading, the Struct's own words, its settings as a table, and then the tables within it, each told once."""
    if (title, kind.cls) in told:
        return []
    told.add((title, kind.cls))
    lines = [f"## {title}", "", python.cleandoc(kind.cls.__doc__ or ""), "", *_table(kind), ""]
    for each in kind.fields:
        for inner in sections_of(_within(each.type)):
            name = f"{path}.{each.encode_name}".removeprefix(".")
            lines += _section(*_heading(name, bare(each.type), inner), inner, told)
    return lines


def _heading(name: str, kind: inspect.Type, inner: inspect.StructType) -> tuple[str, str]:
    tag = f' with `{inner.tag_field} = "{inner.tag}"`' if inner.tag_field else ""
    if isinstance(kind, inspect.ListType):
        return f"`[[{name}]]`{tag}", name
    if isinstance(kind, inspect.DictType):
        return f"`[{name}.NAME]`{tag}", f"{name}.NAME"
    return f"`[{name}]`{tag}", name


def _within(kind: inspect.Type) -> inspect.Type:
    kind = bare(kind)
    if isinstance(kind, inspect.ListType):
        return kind.item_type
    return kind.value_type if isinstance(kind, inspect.DictType) else kind


def _table(kind: inspect.StructType) -> list[str]:
    rows = ["| setting | takes | default | what it is |", "| --- | --- | --- | --- |"]
    if kind.tag_field:
        rows.append(f"| `{kind.tag_field}` | `{kind.tag}` | `{kind.tag}` | which kind this is |")
    for each in kind.fields:
        described = each.type.extra_json_schema if isinstance(each.type, inspect.Metadata) else None
        words = str((described or {}).get("description", "")).replace("|", "\\|")
        rows.append(f"| `{each.encode_name}` | {in_words(each.type)} | {_default(each)} | {words} |")
    return rows


def _default(each: inspect.Field) -> str:
    if each.required:
        return "**required**"
    value = each.default
    if value is NODEFAULT or value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, (int, float, Decimal)) else f'`"{value}"`'
