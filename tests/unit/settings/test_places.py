"""Lines of settings in the source."""

import tomllib

import pytest

from order_receiver.settings.places import Place, Written, line_of, lines_of, place_of, toml_fault, written

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


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("door", ("door",)),
        ("routes[1].to", ("routes", 1, "to")),
        ('targets.erp.values."rows.unit".to', ("targets", "erp", "values", "rows.unit", "to")),
        ("enrichments[0].query.q", ("enrichments", 0, "query", "q")),
    ],
)
def test_the_path_of_a_written_setting(setting: str, place: Place) -> None:
    assert place_of(setting) == place


def test_where_a_setting_stands() -> None:
    made = Written(
        "receiver.toml", {("door",): 3, ("door", "port"): 4}, {("door", "host"): "ORDER_RECEIVER__DOOR__HOST"}
    )
    assert made.where("door.port") == "receiver.toml:4: door.port"
    assert made.where("door.path") == "receiver.toml:3: door.path"
    assert made.where("door.host") == "environment: ORDER_RECEIVER__DOOR__HOST"
    assert made.where("norce") == Written().where("norce") == "norce"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a = 1\n\n"b c" = 2\n"b c" = 3\n', (4, '"b c"', "stands there already, further up. Keep one of the two.")),
        ("a = { b = 1, b = 2 }", None),
        ("[a]\n[a]\n", None),
        ("a = ", None),
    ],
)
def test_what_is_no_toml(text: str, told: tuple[int, str, str] | None) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as failed:
        tomllib.loads(text)
    if told is None:
        _, key, what = toml_fault(text, failed.value)
        assert (key, what.partition(":")[0]) == ("", "is not valid TOML")
        assert "at line" not in what
    else:
        assert toml_fault(text, failed.value) == told
