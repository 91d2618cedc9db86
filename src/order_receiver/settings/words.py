"""What a setting takes, in words: for messages and for the reference page."""

from msgspec import inspect

_PLAIN: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.DecimalType: "a number",
    inspect.DictType: "tables by name",
}


def bare(kind: inspect.Type) -> inspect.Type:
    """The type itself, without description and without `None` beside it."""
    if isinstance(kind, inspect.Metadata):
        return bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        rest = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        return bare(rest[0]) if len(rest) == 1 else inspect.UnionType(tuple(rest))
    return kind


def sections_of(kind: inspect.Type) -> tuple[inspect.StructType, ...]:
    """The Structs that a value may be: one, several told apart by their tag, or none."""
    kind = bare(kind)
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return tuple(each for each in map(bare, kinds) if isinstance(each, inspect.StructType))


def in_words(kind: inspect.Type) -> str:
    """Such as `a whole number from 0 to 65535` or `` `hold` or `fail` ``."""
    kind = bare(kind)
    if isinstance(kind, inspect.LiteralType):
        words = [f"`{value}`" for value in kind.values]
        return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    if isinstance(kind, inspect.IntType):
        return "a whole number" + _bounds(kind)
    if isinstance(kind, inspect.FloatType):
        return "a number" + _bounds(kind)
    if isinstance(kind, inspect.ListType):
        return "a list of tables" if sections_of(kind.item_type) else f"a list, each {in_words(kind.item_type)}"
    if isinstance(kind, inspect.DictType) and not sections_of(kind.value_type):
        return f"a table, each value {in_words(kind.value_type)}"
    return "a table" if sections_of(kind) else _PLAIN.get(type(kind), "a value of another form")


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge} to {kind.le}"
    if kind.ge is not None:
        return f", {kind.ge} or more"
    return f" above {kind.gt}" if kind.gt is not None else ""
