"""Runs the fuzzer of one target in a process of its own, and tells how it went."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from fuzz.examination import CORPUS
from fuzz.words import dictionary

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "fuzz"
"""What the fuzzer finds worth going on from, and what breaks a rule; it may be thrown away."""

SECONDS_FOR_ONE = 10
MEGABYTES = 2_048
LONGEST = 16_384
TELL_EVERY = 15.0

_STATE = re.compile(r"#(?P<messages>\d+)\s.*\bcov: (?P<places>\d+) ft: \d+ corp: (?P<kept>\d+)")
_KEPT_FAULT = re.compile(r"Test unit written to (?P<file>\S+)")


def run(target: str, seconds: int) -> bool:
    """Fuzz one target; False when a message broke a rule, took ten seconds or too much memory."""
    folder = KEPT / target
    folder.mkdir(parents=True, exist_ok=True)
    words = KEPT / f"{target}.dict"
    words.write_text(dictionary(target), "utf-8")
    command = [
        *(sys.executable, "-m", "fuzz.engine", target, str(folder), str(CORPUS / target), f"-dict={words}"),
        *(f"-max_total_time={seconds}", f"-timeout={SECONDS_FOR_ONE}", f"-rss_limit_mb={MEGABYTES}"),
        *(f"-max_len={LONGEST}", f"-artifact_prefix={KEPT}/{target}-"),
    ]
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        said = list(_follow(process, target))
    return _tell(target, said, process.returncode, time.monotonic() - begun)


def _follow(process: "subprocess.Popen[str]", target: str) -> Iterator[str]:
    """What the fuzzer says, shown from time to time."""
    told = time.monotonic()
    for line in process.stderr or ():
        yield line
        state = _STATE.match(line)
        if state is not None and time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            print(f"  {target}: {_shown(state)}", flush=True)


def _tell(target: str, said: list[str], code: int, seconds: float) -> bool:
    states = [state for state in map(_STATE.match, said) if state is not None]
    reached = _shown(states[-1]) if states else "nothing ran"
    print(f"{target}: {reached}, in {seconds:,.0f} seconds: {'no fault' if code == 0 else 'a FAULT'}.", flush=True)
    if code == 0:
        return True
    print("".join(line for line in said if not line.startswith(("#", "INFO", "WARNING")))[-4000:])
    kept = next((match["file"] for match in map(_KEPT_FAULT.search, said) if match is not None), None)
    if kept is not None:
        print(f"Cut it down: python -m fuzz --only {target} --shrink {Path(kept).resolve()}")
    return False


def _shown(state: re.Match[str]) -> str:
    messages, places, kept = (int(state[name]) for name in ("messages", "places", "kept"))
    return f"{messages:,} messages, {places:,} places in the code reached, {kept:,} messages kept"
