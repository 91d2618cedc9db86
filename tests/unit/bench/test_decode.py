"""The part of the bench that reads orders in each form; what it measures is not judged here."""

from pathlib import Path

from bench import decode
from bench.order_templates import LINES, write_templates
from bench.workshop import Workshop
from order_receiver.contract.form import Form


def test_every_form_is_measured_at_every_size(tmp_path: Path) -> None:
    write_templates(tmp_path)
    found = decode.run(tmp_path, rounds=2, sizes=(1, 10))
    assert [(each.lines, each.form) for each in found.orders] == [(lines, form) for lines in (1, 10) for form in Form]
    assert set(found.answers) == set(Form)
    for each in found.orders:
        assert min(each.ratio, each.least_ratio) > 0
        assert all(0 < cost.least <= cost.usual for cost in (each.parse, each.glance, each.read))


def test_the_part_runs_and_tells_its_aims(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, quick=True)
    write_templates(workshop.templates)
    section = decode.measure(workshop)
    assert section.name == "decode"
    assert section.text.count("| soap12") == len(LINES) + 1
    assert section.text.count("reading, in parses by") == 2 * len(LINES)
