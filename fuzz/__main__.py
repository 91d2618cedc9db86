"""`python -m fuzz`: make up messages for some time, tell what was found, keep it in build/fuzz."""

import argparse
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from fuzz.examination import MEDIA_TYPES
from fuzz.running import run
from fuzz.shrinking import fault_of, shrink


def main() -> int:
    """Fuzz the targets that were asked for, one after the other, or cut a message down."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Feed the parsers with anything at all.")
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together (default: 600)")
    parser.add_argument("--only", choices=MEDIA_TYPES, metavar="TARGET", help=f"one of {', '.join(MEDIA_TYPES)}")
    parser.add_argument("--shrink", type=Path, metavar="FILE", help="cut this message down to what breaks a rule")
    given = parser.parse_args()
    targets = list(MEDIA_TYPES) if given.only is None else [given.only]
    if given.shrink is not None:
        return _shrink(targets, given.shrink)
    if find_spec("atheris") is None:
        print("Atheris is not installed; `make fuzz` installs it (on Linux, for x86-64).", file=sys.stderr)
        return 1
    sound = [run(target, max(given.seconds // len(targets), 1)) for target in targets]
    return 0 if all(sound) else 1


def _shrink(targets: list[str], file: Path) -> int:
    for target in targets:
        smaller = shrink(file.read_bytes(), partial(fault_of, target))
        if smaller is not None:
            to = file.with_name(f"{file.name}.small")
            to.write_bytes(smaller)
            print(f"{target}: {len(smaller)} bytes in {to}\n{smaller!r}")
            return 0
    print(f"{file.name} breaks no rule.")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
