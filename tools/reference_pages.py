"""Write the reference pages that say what the code says: `make docs`, or `python tools/reference_pages.py`.

A test fails when a page is no longer what this makes of the code.
"""

import ast
import inspect
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from sqlalchemy import Column, Table, UniqueConstraint

from order_receiver.cli.main import application
from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.door.answers import POLICY
from order_receiver.orders import states
from order_receiver.orders.states import EXPLANATIONS, HoldReason, OrderState, can_move, is_final
from order_receiver.settings.reference import render as render_configuration
from order_receiver.store import tables
from order_receiver.telemetry.metrics import Backlog, Metrics, TargetBacklog

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
TEXTS = Path(__file__).parent / "reference_texts"
SENTENCES = TEXTS / "order-request.toml"
COMMAND = "order-receiver"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |\n" for row in lines
    )


def answers() -> str:
    """The answer policy, row by row."""
    return table(
        ("situation", "HTTP", "StatusCode", "description", "Norce then"),
        (
            (
                f"`{answer.situation}`",
                f"{answer.http}, with Retry-After" if answer.retry_after else str(answer.http),
                f"`{answer.code}`" if answer.code else "",
                answer.description,
                str(answer.at_norce),
            )
            for answer in POLICY.values()
        ),
    )


def order_states() -> str:
    """The states with their meanings."""
    said = words_below(states, "OrderState")
    return table(
        ("state", "meaning", "next"),
        (
            (f"`{state}`", said[state.name], ", ".join(f"`{after}`" for after in nexts(state)) or "final")
            for state in OrderState
        ),
    )


def order_moves() -> str:
    """The moves as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {OrderState.RECEIVED}"]
    lines += [f"    {state} --> {after}" for state in OrderState for after in nexts(state)]
    lines += [f"    {state} --> [*]" for state in OrderState if is_final(state)]
    return "\n".join([*lines, "```", ""])


def nexts(state: OrderState) -> list[OrderState]:
    """The states that a state may go to at once."""
    return [after for after in OrderState if can_move(state, after)]


def hold_reasons() -> str:
    """The hold reasons with meaning and advice."""
    return table(
        ("reason", "what it means", "what to do"),
        ((f"`{reason}`", EXPLANATIONS[reason].meaning, EXPLANATIONS[reason].advice) for reason in HoldReason),
    )


def commands() -> str:
    """Every command with its options, as `--help` tells them."""
    return "\n".join(_command(typer.main.get_command(application), COMMAND))


def _command(command: Any, name: str) -> Iterator[str]:
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    context = typer.Context(command, info_name=name, terminal_width=100)
    if name != COMMAND:
        yield f"## {name}\n\n{inspect.cleandoc(command.help or '')}\n"
    if not inner:
        yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n"
    records = [parameter.get_help_record(context) for parameter in command.params]
    rows = [(f"`{record[0]}`", " ".join(record[1].split())) for record in records if record is not None]
    if rows:
        yield table(("argument or option", "meaning"), rows)
    for each, below in inner.items():
        yield from _command(below, f"{name} {each}")


def metrics() -> str:
    """Every metric of `/metrics`."""
    found = Metrics()
    found.answers.count("")
    found.calls.count("", "")
    found.render(Backlog({"": 0}, {"": 0}, 0.0, 0.0, {"": TargetBacklog(is_stopped=False, waiting=0, oldest=0.0)}))
    return table(
        ("metric", "kind", "labels", "meaning"),
        (
            (
                f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
                family.type,
                ", ".join(
                    sorted({f"`{label}`" for sample in family.samples for label in sample.labels if label != "le"})
                ),
                family.documentation,
            )
            for family in found.registry.collect()
        ),
    )


def store() -> str:
    """Every table of the store with its columns and keys."""
    said = words_below(tables)
    return "\n".join(_table(each, said[each.name]) for each in tables.metadata.tables.values())


def _table(each: Table, words: str) -> str:
    uniques = sorted(
        ", ".join(f"`{column.name}`" for column in rule.columns)
        for rule in each.constraints
        if isinstance(rule, UniqueConstraint)
    )
    unique = f"\nUnique: {'; '.join(f'({names})' for names in uniques)}.\n" if uniques else ""
    rows = ((f"`{column.name}`", _kind(column), "yes" if column.nullable else "") for column in each.columns)
    return f"## `{each.name}`\n\n{words}\n\n{table(('column', 'holds', 'may be empty'), rows)}{unique}"


def _kind(column: "Column[Any]") -> str:
    target = next((key.column for key in column.foreign_keys), None)
    if target is not None:
        return f"`{target.table.name}.{target.name}`"
    kind = type(column.type).__name__
    words = {
        "UtcTime": "a moment, UTC, ISO 8601",
        "LargeBinary": "bytes",
        "Integer": "a whole number",
        "BigInteger": "a whole number",
        "Numeric": "a number",
    }
    return ("the key, " if column.primary_key else "") + words.get(kind, "text")


def order_request() -> str:
    """Every Struct of an OrderRequest with its members. Raises ValueError for sentences that do not fit the members."""
    structs = reached()
    said = fitting(tomllib.loads(SENTENCES.read_text("utf-8")), {struct.__name__: names(struct) for struct in structs})
    return "".join(_struct(struct, said[struct.__name__]) for struct in structs)


def reached() -> list[type[Message]]:
    """The OrderRequest and the Structs that it holds, nearest first."""
    found: list[type[Message]] = [OrderRequest]
    for struct in found:
        inner = [member.struct for member in members(struct) if member.struct is not None]
        found += [each for each in dict.fromkeys(inner) if each not in found]
    return found


def names(struct: type[Message]) -> list[str]:
    """The members of a Struct, and what it makes of them itself."""
    return [member.name for member in members(struct)] + made_by_us(struct)


def made_by_us(struct: type[Message]) -> list[str]:
    """The properties of a Struct."""
    return [name for name, value in vars(struct).items() if isinstance(value, property)]


def fitting(
    sentences: Mapping[str, Mapping[str, str]], known: Mapping[str, Sequence[str]]
) -> Mapping[str, Mapping[str, str]]:
    """The sentences, if there is one for each member and none for anything else. Raises ValueError naming them."""
    needed = {f"{struct}.{name}" for struct, found in known.items() for name in found}
    given = {f"{struct}.{name}" for struct, found in sentences.items() for name in found}
    faults = [f"{each} has no sentence" for each in sorted(needed - given)]
    faults += [f"{each} is no member" for each in sorted(given - needed)]
    if faults:
        raise ValueError(f"{SENTENCES.name}: {'; '.join(faults)}.")
    return sentences


def _struct(struct: type[Message], said: Mapping[str, str]) -> str:
    about = inspect.cleandoc(struct.__doc__ or "").rpartition(" (norce:")[0]
    rows = [
        (f"`{each.name}`", _nature(struct, each), _when_missing(each), _personal(each), said[each.name])
        for each in members(struct)
    ]
    rows += [(f"`{name}`", "made by us", "", "", said[name]) for name in made_by_us(struct)]
    columns = ("member", "kind", "when missing", "personal", "meaning")
    return f"## {struct.__name__}\n\n{about}\n\n{table(columns, rows)}\n"


FORMATS = {"currency": "three letters", "country": "two letters", "guid": "a GUID"}

NATURES = {
    Kind.INTEGER: "whole number",
    Kind.AMOUNT: "exact amount",
    Kind.BOOLEAN: "yes or no",
    Kind.DATE: "date and time",
    Kind.TEXTS: "list of texts",
    Kind.IGNORED: "nothing",
}


def _nature(struct: type[Message], member: Member) -> str:
    if member.struct is not None:
        link = f"[{member.struct.__name__}](#{member.struct.__name__.lower()})"
        return f"list of {link}" if member.kind is Kind.LIST else link
    if member.codes is not None or member.words is not None:
        heading = _codes_heading(struct, member)
        return f"{'code' if member.codes else 'text'}, see [{heading}](#{heading.replace('.', '').lower()})"
    if member.kind is not Kind.TEXT:
        return NATURES[member.kind]
    form = FORMATS.get(member.format or "")
    length = f"up to {member.max_length} characters" if member.max_length and not form else form
    return f"text, {length}" if length else "text"


def _codes_heading(struct: type[Message], member: Member) -> str:
    return f"{struct.__name__}.{member.name}"


def _when_missing(member: Member) -> str:
    if member.kind in {Kind.LIST, Kind.TEXTS}:
        return "empty"
    if member.default is None:
        return "nothing"
    return "no" if member.default is False else f"`{getattr(member.default, 'name', member.default)}`"


def _personal(member: Member) -> str:
    return {None: "", "personal": "yes"}.get(member.personal, member.personal or "")


def order_codes() -> str:
    """The known codes of every member of an OrderRequest that has some."""
    parts = []
    for struct in reached():
        for member in members(struct):
            if member.codes is not None:
                rows = [(f"`{code.name}`", str(code.value)) for code in member.codes]
                words = inspect.cleandoc(member.codes.__doc__ or "").replace(f" (norce: {member.codes.__name__}s)", "")
                parts.append(f"### {_codes_heading(struct, member)}\n\n{words}\n\n{table(('name', 'number'), rows)}")
            elif member.words is not None:
                words = ", ".join(f"`{word}`" for word in sorted(member.words))
                parts.append(f"### {_codes_heading(struct, member)}\n\n{words}\n")
    return "\n".join(parts)


def words_below(module: ModuleType, cls: str | None = None) -> dict[str, str]:
    """The texts that stand below assignments in a module, or in one of its classes, by the name assigned to."""
    body: Sequence[ast.stmt] = ast.parse(inspect.getsource(module)).body
    if cls is not None:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == cls)
    found = {}
    for here, below in pairwise(body):
        match here, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = inspect.cleandoc(words)
    return found


PARTS = {
    "answers": answers,
    "states": order_states,
    "moves": order_moves,
    "hold-reasons": hold_reasons,
    "commands": commands,
    "metrics": metrics,
    "store": store,
    "order-request": order_request,
    "order-codes": order_codes,
}


def pages() -> dict[Path, str]:
    """The text of every generated page: those with words around the tables come from `reference_texts`."""
    made = {REFERENCE / "configuration.md": render_configuration()}
    for source in sorted(TEXTS.glob("*.md")):
        text = source.read_text("utf-8")
        for name, part in PARTS.items():
            if (mark := f"<!-- {name} -->\n") in text:
                text = text.replace(mark, part())
        made[REFERENCE / source.name] = text
    return made


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, "utf-8")
        print(page.relative_to(REFERENCE.parent.parent))
