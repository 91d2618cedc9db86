"""receiver.toml and the environment over it, into `Settings`."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from msgspec import inspect, structs

from order_receiver.settings.model import Settings
from order_receiver.settings.overrides import Table, lay_over, variables_of
from order_receiver.settings.places import Written, lines_of, toml_fault
from order_receiver.settings.problems import Problem, SettingsError
from order_receiver.settings.reading import Reading
from order_receiver.settings.targets.installed import InstalledAdapters
from order_receiver.settings.words import sections_of


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the configuration file and lay the environment's overrides over it.

    Raises SettingsError with every problem found: file, line, key, what is wrong and the nearest known word.
    """
    source = _source(path)
    tree = _tree(path, source)
    misplaced = lay_over(tree, environ)
    lines = lines_of(source)
    variables = variables_of(tree)
    reading = Reading(str(path), lines, {"adapter": InstalledAdapters()})
    settings = reading.section(sections_of(inspect.type_info(Settings)), tree, ())
    problems = [*misplaced, *reading.problems]
    if problems or not isinstance(settings, Settings):
        raise SettingsError(problems)
    structs.force_setattr(settings, "written", Written(str(path), lines, variables))
    return settings


def _source(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        advice = "Make one with `order-receiver init DIR`, or name another file."
        problem = Problem(str(path), None, "", "there is no such file.", advice)
    except UnicodeDecodeError as error:
        problem = Problem(str(path), None, "", f"is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.")
    except OSError as error:
        problem = Problem(str(path), None, "", f"cannot be read: {error.strerror}.")
    raise SettingsError([problem])


def _tree(path: Path, source: str) -> Table:
    try:
        return tomllib.loads(source, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        line, key, what = toml_fault(source, error)
        raise SettingsError([Problem(str(path), line, key, what)]) from None
