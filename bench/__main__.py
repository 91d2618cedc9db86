"""`python -m bench`: measure, print, and keep the figures in docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Callable, Mapping

from bench import accept, backlog, ceiling, decode, end_to_end, machine, profile
from bench.scale import SCALE
from bench.tables import Section, keep
from bench.workshop import BenchFailed, Workshop, open_workshop

PARTS: Mapping[str, tuple[str, Callable[[Workshop], Section]]] = {
    "machine": ("The machine", machine.measure),
    "accept": ("Accept: orders a second at the door, beside the floor", accept.measure),
    "ceiling": ("The ceiling: what the store takes in process", ceiling.measure),
    "end-to-end": ("End to end: from accept to confirmed", end_to_end.measure),
    "decode": ("Decode: what reading an order costs in each form", decode.measure),
    "backlog": ("Memory while orders wait", backlog.measure),
    **SCALE,
}
PROFILE = {"profile": ("Where the time goes", profile.measure)}


def main() -> int:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the order receiver on this machine.")
    parser.add_argument(
        "what", nargs="?", choices=("all", "profile"), default="all", help="profile: sample with py-spy"
    )
    parser.add_argument("--only", action="append", choices=PARTS, metavar="NAME", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="short rounds, to try the bench; nothing is kept")
    given = parser.parse_args()
    parts = PROFILE if given.what == "profile" else {name: PARTS[name] for name in given.only or PARTS}
    try:
        with open_workshop(quick=given.quick) as workshop:
            for title, measure in parts.values():
                print(f"\n{title}\n", flush=True)
                section = measure(workshop)
                print(f"\n{section.text}", flush=True)
                if not given.quick:
                    keep(section)
    except BenchFailed as failed:
        print(f"\n{failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
