"""A request's head."""

import pytest

from order_receiver.door.request import head_of


def scope(*headers: tuple[bytes, bytes], client: tuple[str, int] | None = ("192.0.2.1", 5)) -> dict[str, object]:
    return {"type": "http", "method": "POST", "headers": list(headers), "client": client}


def test_text_and_missing_headers() -> None:
    head = head_of(scope((b"content-type", "a/b; n=\u00e5".encode("latin-1"))), behind_proxy=False)
    assert (head.text(b"content-type"), head.text(b"accept")) == ("a/b; n=\u00e5", None)


@pytest.mark.parametrize(("value", "length"), [(b"12", 12), (b"", None), (b"-1", None), (b"x", None)])
def test_announced_length(value: bytes, length: int | None) -> None:
    assert head_of(scope((b"content-length", value)), behind_proxy=False).announced_length == length


@pytest.mark.parametrize(
    ("value", "encoded"), [(b"gzip", True), (b"identity, gzip", True), (b" Identity ", False), (b"", False)]
)
def test_encoded(value: bytes, encoded: bool) -> None:
    assert head_of(scope((b"content-encoding", value)), behind_proxy=False).encoded is encoded
    assert not head_of(scope(), behind_proxy=False).encoded


def test_credentials_are_never_kept() -> None:
    headers = [(b"authorization", b"a"), (b"proxy-authorization", b"b"), (b"cookie", b"c"), (b"host", b"d")]
    assert head_of(scope(*headers), behind_proxy=True).kept() == {"host": "d"}


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [(b"203.0.113.9", "203.0.113.9"), (b"10.0.0.1, 203.0.113.9", "203.0.113.9"), (b"", "192.0.2.1")],
)
def test_behind_a_proxy_its_own_entry_counts(forwarded: bytes, client: str) -> None:
    headers = scope((b"x-forwarded-for", forwarded))
    assert head_of(headers, behind_proxy=True).client == client
    assert head_of(headers, behind_proxy=False).client == "192.0.2.1"


def test_a_long_forwarded_address_is_cut_and_a_missing_one_is_none() -> None:
    assert len(head_of(scope((b"x-forwarded-for", b"x" * 500)), behind_proxy=True).client or "") == 100
    assert head_of(scope(client=None), behind_proxy=False).client is None
