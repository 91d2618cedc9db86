"""Lines of settings in the source."""

import pytest

from order_receiver.settings.places import line_of, lines_of, written

SOURCE = '''\
a = 1
"quoted.key" = 2  # comment
[one]  # comment
b = """
[not.a.table]
c = 1
"""
d = [
  1,  # [two]
  2,
]
e.f = { g = 1 }

[[many]]
x = 1
[many.inner]
y = 1
[[many]]
x = 2
[[many.deep]]
z = 1
[[many.deep]]
z = 2
  [targets."my erp"]
  outbox = 'a'
'''

LINES = {
    ("a",): 1,
    ("quoted.key",): 2,
    ("one",): 3,
    ("one", "b"): 4,
    ("one", "d"): 8,
    ("one", "e", "f"): 12,
    ("many",): 14,
    ("many", 0): 14,
    ("many", 0, "x"): 15,
    ("many", 0, "inner"): 16,
    ("many", 0, "inner", "y"): 17,
    ("many", 1, "x"): 19,
    ("many", 1, "deep", 0, "z"): 21,
    ("many", 1, "deep", 1): 22,
    ("many", 1, "deep", 1, "z"): 23,
    ("targets", "my erp"): 24,
    ("targets", "my erp", "outbox"): 25,
}


@pytest.mark.parametrize(("place", "line"), LINES.items())
def test_each_key_has_its_line(place: tuple[str | int, ...], line: int) -> None:
    assert lines_of(SOURCE)[place] == line


def test_what_is_within_a_value_has_no_line_of_its_own() -> None:
    found = lines_of(SOURCE)
    assert ("not", "a", "table") not in found
    assert ("one", "c") not in found
    assert line_of(("one", "e", "f", "g"), found) == 12
    assert line_of(("nowhere", "x"), found) is None


def test_windows_line_ends_count_once() -> None:
    assert lines_of("a = 1\r\nb = 2\r\n")[("b",)] == 2


def test_a_path_as_people_write_it() -> None:
    assert written(("applications", 0, "key")) == "applications[0].key"
    assert written(()) == ""


def test_a_line_that_never_becomes_a_value() -> None:
    assert lines_of('a = "') == {("a",): 1}
