"""Content-Type headers as senders write them."""

import pytest

from order_receiver.contract.media import MediaType, media_type


@pytest.mark.parametrize(
    ("header", "name", "charset"),
    [
        ("application/json", "application/json", None),
        ("application/json; charset=utf-8", "application/json", "utf-8"),
        ('Application/JSON; Charset="UTF-8"', "application/json", "UTF-8"),
        ("application/json;charset=iso-8859-1;version=1", "application/json", "iso-8859-1"),
        ("application/json; charset=", "application/json", None),
        (" text/plain ; charset=utf-16", "text/plain", "utf-16"),
        ("", "", None),
        (None, "", None),
        ("nonsense", "nonsense", None),
        ("application/json\r\n; charset=utf-8", "application/json", "utf-8"),
    ],
)
def test_reads_type_and_charset(header: str | None, name: str, charset: str | None) -> None:
    assert media_type(header) == MediaType(name, charset)


@pytest.mark.parametrize("name", ["application/json", "text/json", "application/problem+json"])
def test_json_types_say_so(name: str) -> None:
    assert media_type(name).is_json
    assert not media_type(name).is_open


@pytest.mark.parametrize("name", ["", "text/plain", "application/octet-stream"])
def test_open_types_leave_it_to_the_first_byte(name: str) -> None:
    assert media_type(name).is_open
    assert not media_type(name).is_json


@pytest.mark.parametrize("name", ["application/xml", "image/png", "multipart/form-data; boundary=x"])
def test_other_types_are_neither(name: str) -> None:
    assert not media_type(name).is_json
    assert not media_type(name).is_open
