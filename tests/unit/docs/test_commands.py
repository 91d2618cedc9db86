"""Every `order-receiver ...` in the docs names a command and options that exist."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from order_receiver.cli.main import application

STARTS = re.compile(r"(?:^|[\s|&(]|bin/)order-receiver(?=\s+[a-z-])")
ENDS = frozenset({"|", "&&", "||", ";", "&", ">", "<", ">>", "2>", "#"})
NO_VALUE = ("--help", "--version")


def quoted(text: str) -> Iterator[str]:
    """Command lines in code blocks and in backticks; a line that goes on after a backslash is one."""
    blocks = re.findall(r"^```(?:sh|bash|shell|text|ini|console|\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^    (.+)$", text, re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for block in blocks:
        yield from block.replace("\\\n", " ").splitlines()
    yield from indented
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))


def command_lines(text: str) -> Iterator[str]:
    for line in quoted(text):
        if (match := STARTS.search(line)) is not None:
            yield line[match.end() :].strip()


def trouble(line: str) -> str | None:
    """What is wrong with a command line, or None."""
    command: Any = typer.main.get_command(application)
    words = words_of(line)
    while words and not words[0].startswith("-") and hasattr(command, "commands"):
        name = words.pop(0)
        if name in {"...", "…"}:
            return None
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options = [word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)]
    wrong = [option for option in options if option not in known and option not in NO_VALUE]
    return f"no option {', '.join(wrong)}" if wrong else None


def words_of(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        words = line.split()
    end = next((place for place, word in enumerate(words) if word in ENDS), len(words))
    return words[:end]


def test_command_lines_exist(texts: Mapping[Path, str], root: Path) -> None:
    checked = 0
    wrong = []
    for path, text in texts.items():
        for line in command_lines(text):
            checked += 1
            if (what := trouble(line)) is not None:
                wrong.append(f"{path.relative_to(root)}: order-receiver {line}: {what}")
    assert not wrong, "\n".join(wrong)
    assert checked > 40


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("orders show 100001 --document", None),
        ("orders list --held | wc -l", None),
        ("orders shew 100001", "no command shew"),
        ("orders list --hold", "no option --hold"),
        ("demo --orders=20", None),
        ("serve -c receiver.toml", None),
    ],
)
def test_what_is_wrong_is_found(line: str, what: str | None) -> None:
    assert trouble(line) == what


def test_make_targets_exist(texts: Mapping[Path, str], root: Path) -> None:
    known = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    spans = [line for path, text in texts.items() if "adr" not in path.parts for line in quoted(text)]
    named = {target for span in spans for target in re.findall(r"^\s*make ([a-z]+)\b", span)}
    assert named <= known
