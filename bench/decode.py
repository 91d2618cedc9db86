"""What it costs to read an order in each form, beside what its parser alone costs.

For each form and size: a bare parse of the same bytes (`json.loads`, `lxml.etree.fromstring`), the door's glance, and
the full reading that the worker does, all in one process whose garbage collector is set as the program sets it. In
every round each of them takes every body once, in an order of its own, so that a slow moment of the machine hits all
alike; a ratio is the median of the ratios of the rounds. What counts is CPU time: by the clock, a reading would wait
for other programs more often than a parse does, being longer. At last, what it costs to write the answer.

Run as a process of its own: `python -m bench.decode TEMPLATES ROUNDS`.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import TypeVar

import msgspec
from lxml import etree

from bench.order_templates import LINES, MARK, read_templates
from bench.servers import run_to_end
from bench.tables import Aim, Section, aims, table
from bench.workshop import BenchFailed, Workshop
from order_receiver.app.serving import calm_the_collector
from order_receiver.contract import answer, forms, json_form
from order_receiver.contract.codes import StatusCode
from order_receiver.contract.form import Form
from order_receiver.contract.media import MediaType, media_type
from order_receiver.contract.reply import Reply
from order_receiver.contract.response import order_response
from order_receiver.orders.fingerprint import fingerprint
from order_receiver.simulator.order_form import encode_order, request_headers

ROUNDS, QUICK_ROUNDS = 200, 2
ANSWERS = 100
"""Answers that are written in one round."""
MOST_OF_XML, MOST_OF_JSON = 4.0, 1.0
"""How many bare parses a reading may cost."""

Key = TypeVar("Key")
Work = Callable[[bytes], object]


class Cost(msgspec.Struct, frozen=True):
    """Microseconds of CPU for one message or answer, the median and the least of the rounds."""

    usual: float
    least: float


class Measured(msgspec.Struct, frozen=True):
    """The costs of one form at one size; the ratios are of reading to the bare parse."""

    form: Form
    lines: int
    size: int
    parse: Cost
    glance: Cost
    read: Cost
    ratio: float
    least_ratio: float


class Costs(msgspec.Struct, frozen=True):
    """All that was measured."""

    orders: list[Measured]
    answers: dict[Form, Cost]


def measure(workshop: Workshop) -> Section:
    """Every form at every size, in a process of its own."""
    rounds = QUICK_ROUNDS if workshop.quick else ROUNDS
    found = msgspec.json.decode(
        run_to_end("-m", "bench.decode", str(workshop.templates), str(rounds)),
        type=Costs,
    )
    return Section("decode", told(found))


def told(found: Costs) -> str:
    """The tables, and what was to be reached."""
    head = ("Form", "Lines", "Bytes", "Parser alone µs", "Glance µs", "Read µs", "Read / parser", "least / least")
    answers = table(("Answer", "µs"), [(form, f"{cost.usual:.1f}") for form, cost in found.answers.items()])
    reached = [
        *(_aim(each, "lxml", MOST_OF_XML) for each in found.orders if each.form is Form.XML),
        *(_aim(each, "json.loads", MOST_OF_JSON) for each in found.orders if each.form is Form.JSON),
    ]
    return f"{table(head, map(_row, found.orders))}\n\n{answers}\n\n{aims(reached)}"


def run(templates: Path, rounds: int, sizes: Sequence[int] = LINES) -> Costs:
    """Measure in this process. Raises BenchFailed when the forms do not say the same orders."""
    draw = Random(0)
    found = [each for lines in sizes for each in _measure_size(templates, lines, rounds, draw)]
    return Costs(found, _measure_answers(rounds, draw))


def _measure_size(templates: Path, lines: int, rounds: int, draw: Random) -> list[Measured]:
    bodies = {form: _bodies(templates, lines, form) for form in Form}
    _require_same_orders(bodies)
    works = {(form, name): (work, bodies[form]) for form in Form for name, work in _works(form).items()}
    taken = _interleaved(works, rounds, draw)
    return [_summed_up(form, lines, bodies[form], taken) for form in Form]


def _summed_up(
    form: Form, lines: int, bodies: Sequence[bytes], taken: Mapping[tuple[Form, str], Sequence[float]]
) -> Measured:
    parse, glance, read = (taken[form, name] for name in ("parse", "glance", "read"))
    return Measured(
        form=form,
        lines=lines,
        size=round(median(map(len, bodies))),
        parse=_cost(parse),
        glance=_cost(glance),
        read=_cost(read),
        ratio=median(ours / bare for ours, bare in zip(read, parse, strict=True)),
        least_ratio=min(read) / min(parse),
    )


def _measure_answers(rounds: int, draw: Random) -> dict[Form, Cost]:
    works = {form: (_writing(form), [b""] * ANSWERS) for form in Form}
    return {form: _cost(taken) for form, taken in _interleaved(works, rounds, draw).items()}


def _works(form: Form) -> Mapping[str, Work]:
    media = _media(form)
    return {
        "parse": json.loads if form is Form.JSON else etree.fromstring,
        "glance": lambda body: forms.glance(body, media),
        "read": lambda body: forms.read(body, media),
    }


def _writing(form: Form) -> Work:
    reply, response = Reply(form), order_response(StatusCode.OK, "Taken over as order SO-100001.", "SO-100001")
    return lambda _: answer.write(reply, response)


def _interleaved(
    works: Mapping[Key, tuple[Work, Sequence[bytes]]], rounds: int, draw: Random
) -> Mapping[Key, Sequence[float]]:
    """Microseconds of CPU for one body in each round, by what was done; a first round warms up and does not count."""
    taken: dict[Key, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name in draw.sample(list(works), len(works)):
            work, bodies = works[name]
            begun = time.thread_time_ns()
            for body in bodies:
                work(body)
            taken[name].append((time.thread_time_ns() - begun) / len(bodies) / 1000)
    return {name: found[1:] for name, found in taken.items()}


def _bodies(templates: Path, lines: int, form: Form) -> Sequence[bytes]:
    """The bench's orders as .NET writes them in this form."""
    plain = (body.replace(MARK.encode(), b"1000000001") for body in read_templates(templates, lines))
    return [encode_order(json_form.read(body).order, form) for body in plain]


def _require_same_orders(bodies: Mapping[Form, Sequence[bytes]]) -> None:
    for same in zip(*bodies.values(), strict=True):
        readings = [forms.read(body, _media(form)) for form, body in zip(bodies, same, strict=True)]
        if any(reading.findings for reading in readings) or len({fingerprint(one.order) for one in readings}) != 1:
            raise BenchFailed("The forms of an order do not say the same.")


def _media(form: Form) -> MediaType:
    return media_type(request_headers(form)["Content-Type"])


def _cost(taken: Sequence[float]) -> Cost:
    return Cost(median(taken), min(taken))


def _row(each: Measured) -> tuple[str, ...]:
    costs = (f"{cost.usual:,.1f}" for cost in (each.parse, each.glance, each.read))
    return (each.form, str(each.lines), f"{each.size:,}", *costs, f"{each.ratio:.2f}", f"{each.least_ratio:.2f}")


def _aim(each: Measured, parser: str, most: float) -> Aim:
    what = f"{each.form.upper()}, lines {each.lines}: reading, in parses by {parser}"
    return Aim(what, most, each.ratio, at_most=True)


if __name__ == "__main__":
    calm_the_collector()
    costs = run(Path(sys.argv[1]), int(sys.argv[2]))
    print(msgspec.json.encode(costs).decode())
