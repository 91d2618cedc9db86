"""Rules over enrichments together: who finds a name, and who asks for one that nobody finds."""

from collections.abc import Collection, Iterator

from order_receiver.settings.conditions import Condition, RowCondition
from order_receiver.settings.enrichment_rules import names_of
from order_receiver.settings.enrichments import AnyEnrichment, HttpEnrichment
from order_receiver.settings.model import Settings
from order_receiver.settings.places import Place, written
from order_receiver.settings.problems import Severity, Trouble, nearest
from order_receiver.settings.targets.http_rules import templates_of

EXTRA = "extra"
"""The field of the canonical order that holds what enrichments found."""


def extra_troubles(settings: Settings) -> Iterator[Trouble]:
    """Names that stand there twice, and values that are asked for and never found."""
    names: set[str] = set()
    found: set[str] = set()
    for index, enrichment in enumerate(settings.enrichments):
        where = f"enrichments[{index}]"
        if enrichment.name in names:
            yield _error(f"{where}.name", f'"{enrichment.name}" is the name of an earlier one.', "Choose another.")
        names.add(enrichment.name)
        asked = [("when", name) for name in Condition(enrichment.when or "True").extras]
        asked += [(written(place), name) for place, name in _asked(enrichment)]
        for key, name in asked:
            yield from _unknown(f"{where}.{key}", name, found, "No earlier enrichment")
        found.update(enrichment.save)
    yield from _elsewhere(settings, found)


def _elsewhere(settings: Settings, found: Collection[str]) -> Iterator[Trouble]:
    for index, rule in enumerate(settings.routes):
        asked = [("when", name) for name in Condition(rule.when or "True").extras]
        asked += [("lines", name) for name in RowCondition(rule.lines or "True").extras]
        for key, name in asked:
            yield from _unknown(f"routes[{index}].{key}", name, found, "No enrichment")
    for target, settings_of in settings.targets.items():
        for path in settings_of.values:
            group, _, name = path.partition(".")
            if group == EXTRA:
                yield from _unknown(f'targets.{target}.values."{path}"', name, found, "No enrichment")


def _asked(enrichment: AnyEnrichment) -> Iterator[tuple[Place, str]]:
    """Every name of `extra` that the templates of an enrichment use, with the place of the template."""
    used: list[tuple[Place, Collection[str]]] = [(("cache_key",), names_of(enrichment.cache_key, "text"))]
    if isinstance(enrichment, HttpEnrichment):
        templates_of(enrichment.request, lambda source, form, *path: used.append((path, names_of(source, form))))
        used += [(("save", name), names_of(source, "")) for name, source in enrichment.save.items()]
    for place, names in used:
        for name in sorted(names):
            root, _, member = name.partition(".")
            if root == EXTRA and member:
                yield place, member


def _unknown(where: str, name: str, found: Collection[str], nobody: str) -> Iterator[Trouble]:
    if name not in found:
        advice = nearest(name, sorted(found)) or "Add it to `save` of one."
        yield _error(where, f"{nobody} saves `{name}`.", advice)


def _error(where: str, what: str, advice: str = "") -> Trouble:
    return Trouble(Severity.ERROR, where, what, advice)
