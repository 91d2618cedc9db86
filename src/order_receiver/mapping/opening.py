"""Opening the mapping that the settings name."""

from difflib import get_close_matches
from pathlib import Path

from order_receiver.mapping.canonical.mapping import CanonicalMapping
from order_receiver.mapping.function import FunctionMapping
from order_receiver.mapping.model import Mapping, MappingUnusable
from order_receiver.mapping.template.mapping import ENDING, TemplateMapping

CANONICAL = "canonical"


def open_mapping(spec: str | None, base: Path) -> Mapping:
    """Open `canonical` (also None), a template file ending in .j2, or `package.module:function`.

    Files and modules are looked for from `base`, the folder of the settings file. Raises MappingUnusable.
    """
    if spec is None or spec == CANONICAL:
        return CanonicalMapping()
    if spec.endswith(ENDING):
        return TemplateMapping(spec, base)
    module, colon, function = spec.partition(":")
    if colon and all(part.isidentifier() for part in module.split(".")) and function.isidentifier():
        return FunctionMapping(spec, base)
    files = [str(path.relative_to(base)) for path in base.rglob(f"*{ENDING}")] if base.is_dir() else []
    near = get_close_matches(spec, [CANONICAL, *files], n=1)
    advice = f" Did you mean {near[0]}?" if near else ""
    raise MappingUnusable(
        f"{spec!r} is no mapping: write canonical, a template file such as orders.json.j2, or "
        f"package.module:function.{advice}"
    )
