"""Rules over routes and value tables that one setting by itself cannot break."""

from collections.abc import Iterator, Mapping

from order_receiver.settings.conditions import Condition, RowCondition
from order_receiver.settings.model import Settings
from order_receiver.settings.problems import Severity, Trouble, nearest
from order_receiver.settings.routes import Route
from order_receiver.settings.targets import Target
from order_receiver.settings.values import WRITTEN_BESIDE, CodeField, ValueTable, code_field


def route_troubles(settings: Settings) -> Iterator[Trouble]:
    """Targets that are not there, rules that nothing can reach, and what routes leave without effect."""
    last: int | None = None
    for index, rule in enumerate(settings.routes):
        where = f"routes[{index}]"
        yield from _route(where, rule, list(settings.targets))
        yield from _numberless(where, rule, settings.targets)
        if last is not None:
            what = f"is never asked: routes[{last}] takes every order whole, as it has neither `when` nor `lines`."
            yield Trouble(Severity.WARNING, where, what, "Put it before that rule.")
        elif rule.when is None and rule.lines is None:
            last = index
    if settings.routes:
        for index, application in enumerate(settings.applications):
            if application.target is not None:
                what = "has no effect, as [[routes]] say where orders go."
                advice = f"Write a rule: when = 'application.name == \"{application.name}\"'."
                yield Trouble(Severity.WARNING, f"applications[{index}].target", what, advice)


def _route(where: str, rule: Route, targets: list[str]) -> Iterator[Trouble]:
    if not rule.to:
        yield _error(f"{where}.to", "names no target.", nearest("", targets))
    for name in rule.to:
        if name not in targets:
            yield _error(f"{where}.to", f'there is no target "{name}".', nearest(name, targets))
        if rule.to.count(name) > 1:
            yield _error(f"{where}.to", f'names the target "{name}" more than once.')
    for key, chosen in (("number_from", rule.number_from), ("payments_to", rule.payments_to)):
        if chosen is not None and chosen not in rule.to:
            yield _error(f"{where}.{key}", f'"{chosen}" is none of the targets in `to`.', nearest(chosen, rule.to))
    yield from _doubts(f"{where}.when", None if rule.when is None else Condition(rule.when))
    yield from _doubts(f"{where}.lines", None if rule.lines is None else RowCondition(rule.lines))


def number_givers(settings: Settings) -> frozenset[str]:
    """The targets whose order number Norce may get."""
    return frozenset([_giver(rule) for rule in settings.routes if rule.to] or settings.targets)


def _giver(rule: Route) -> str:
    return rule.number_from or rule.to[0]


def _numberless(where: str, rule: Route, targets: Mapping[str, Target]) -> Iterator[Trouble]:
    """Norce would wait for ever for a number that another target has."""
    if rule.lines is not None or not all(name in targets for name in {*rule.to, *filter(None, [rule.number_from])}):
        return
    setting = targets[_giver(rule)].number_setting if rule.to else ""
    others = [name for name in rule.to if not targets[name].number_setting]
    if setting and others:
        key = "to" if rule.number_from is None else "number_from"
        why = " (the first one)" if rule.number_from is None else ""
        what = f'Norce gets the number of "{_giver(rule)}"{why}, which has none without `{setting}`.'
        yield _error(f"{where}.{key}", what, f'Write number_from = "{others[0]}".')


def _doubts(where: str, condition: Condition | RowCondition | None) -> Iterator[Trouble]:
    for doubt in () if condition is None else condition.doubts:
        what = f'compares `{doubt.field}` with "{doubt.word}", which is not known to be one of its words.'
        advice = "" if doubt.nearest is None else f"Did you mean `{doubt.nearest}`?"
        yield Trouble(Severity.WARNING, where, what, advice)


def value_troubles(settings: Settings) -> Iterator[Trouble]:
    """Results that have no place to go to, or the same one, and tables with two minds about what they lack."""
    for name, target in settings.targets.items():
        where = f"targets.{name}.values"
        for path, table in target.values.items():
            if table.to is not None:
                yield from _written(f'{where}."{path}".to', code_field(path), table.to)
        yield from _twice(where, target)


def _written(where: str, source: CodeField | None, to: str) -> Iterator[Trouble]:
    goal = code_field(to)
    if source is None:
        yield _error(where, "a table for the mapping translates no field by itself.", "Leave `to` out.")
    elif goal is None or to in WRITTEN_BESIDE:
        beside = (
            f"Write `{WRITTEN_BESIDE[to]}`." if to in WRITTEN_BESIDE else "docs/how-to/translate-values.md has them."
        )
        yield _error(where, f'"{to}" is no field that a table can write into.', beside)
    elif goal.owner != source.owner:
        there = ".".join(source.owner)
        advice = f"Name a field of `{there}`." if there else "Name a field of the order itself, one without a dot."
        yield _error(where, f'"{to}" is not in the same group of fields.', advice)


def _twice(where: str, target: Target) -> Iterator[Trouble]:
    written: dict[str, str] = {}
    policies: dict[str, tuple[str, ValueTable]] = {}
    for path, table in target.values.items():
        goal = table.to or WRITTEN_BESIDE.get(path, path)
        other = written.setdefault(goal, path)
        if other != path:
            yield _error(f'{where}."{path}"', f'is written into `{goal}`, as "{other}" is.', "Give each its own `to`.")
        first, known = policies.setdefault(table.name, (path, table))
        if known.table != table.table:
            what = f'has the table {table.table}, and "{first}" has {known.table}: both are called `{table.name}`.'
            yield _error(f'{where}."{path}"', what, "Rename one of the files.")
        elif known.policy != table.policy:
            what = f'has another `missing` or `default` for {table.table} than "{first}" has.'
            yield _error(f'{where}."{path}"', what, "Make them the same, or copy the table.")


def _error(where: str, what: str, advice: str = "") -> Trouble:
    return Trouble(Severity.ERROR, where, what, advice)
