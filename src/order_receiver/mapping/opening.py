"""Opening the mapping that the settings name."""

from difflib import get_close_matches
from functools import partial
from pathlib import Path

from order_receiver.mapping.canonical.mapping import CanonicalMapping
from order_receiver.mapping.csv.mapping import CsvWriter
from order_receiver.mapping.function import FunctionMapping
from order_receiver.mapping.model import Mapping, MappingUnusable
from order_receiver.mapping.tables.table import NO_TABLES, ValueTables
from order_receiver.mapping.template.mapping import ENDING, TemplateMapping
from order_receiver.mapping.ubl.mapping import write_ubl
from order_receiver.mapping.written import Write, WrittenMapping
from order_receiver.settings.formats import EdifactFormat, Formats

CANONICAL = "canonical"
BUILT_IN = (CANONICAL, "csv", "ubl", "edifact")


def open_mapping(
    spec: str | None, base: Path, tables: ValueTables = NO_TABLES, formats: Formats | None = None
) -> Mapping:
    """Open `canonical` (also None), `csv`, `ubl`, `edifact`, a template (.j2), or `package.module:function`.

    Files and modules are looked for from `base`, the folder of the settings file. `tables` are applied before
    a built-in mapping writes the order, and asked by templates and functions. Raises MappingUnusable.
    """
    if spec is None or spec == CANONICAL:
        return CanonicalMapping(tables)
    if spec in BUILT_IN:
        return WrittenMapping(_writer(spec, formats or Formats()), tables)
    if spec.endswith(ENDING):
        return TemplateMapping(spec, base, tables)
    module, colon, function = spec.partition(":")
    if colon and all(part.isidentifier() for part in module.split(".")) and function.isidentifier():
        return FunctionMapping(spec, base, tables)
    files = [str(path.relative_to(base)) for path in base.rglob(f"*{ENDING}")] if base.is_dir() else []
    near = get_close_matches(spec, [*BUILT_IN, *files], n=1)
    advice = f" Did you mean {near[0]}?" if near else ""
    raise MappingUnusable(
        f"{spec!r} is no mapping: write {', '.join(BUILT_IN)}, a template file such as orders.json.j2, or "
        f"package.module:function.{advice}"
    )


def _writer(name: str, formats: Formats) -> Write:
    if name == "csv":
        return CsvWriter(formats.csv)
    if name == "ubl":
        return partial(write_ubl, settings=formats.ubl)
    if formats.edifact is None:
        raise MappingUnusable("The mapping edifact needs `formats.edifact` with `sender` and `recipient`: add them.")
    return _edifact(formats.edifact)


def _edifact(settings: EdifactFormat) -> Write:
    try:
        from order_receiver.mapping.edifact.mapping import write_edifact
    except ModuleNotFoundError as error:
        raise MappingUnusable(
            "The mapping edifact needs pydifact: install norce-order-receiver[edifact], then start again."
        ) from error
    return partial(write_edifact, settings=settings)
