import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.orders.identity import OrderKey
from order_receiver.targets.keys import KEY_LIMIT, read_key, submission_key

GUID = "123e4567-e89b-12d3-a456-426614174000"
SEPARATED = re.compile(
    rf"(?P<guid>{GUID})-(?P<ref>.*)|(?P<text>(?:[a-z0-9]|_[a-z]|__[0-9a-f]{{2}})*)_-(?P<ref2>.*)", re.DOTALL
)

texts = st.text(st.one_of(st.characters(), st.sampled_from("-_aA09.")), max_size=12)
applications = st.one_of(st.just(GUID), st.sampled_from(["", "a", "a-b", "con", GUID[:8], f"{GUID}-1"]), texts)
orders = st.builds(lambda application, reference: OrderKey(application.lower(), reference), applications, texts)


def decoded(text: str) -> str:
    """The escapes undone: what shows that no two texts share one form."""
    content = re.sub(rb"__([0-9a-f]{2})|_([a-z])", _unescape, text.encode())
    return content.decode("utf-8", "surrogatepass")


def _unescape(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else match[2].upper()


def order_of(key: str) -> OrderKey:
    match = SEPARATED.fullmatch(key)
    assert match is not None, key
    if match["guid"]:
        return OrderKey(match["guid"], decoded(match["ref"]))
    return OrderKey(decoded(match["text"]), decoded(match["ref2"]))


@pytest.mark.parametrize(
    ("application", "reference", "key"),
    [
        (GUID, "100001", f"{GUID}-100001"),
        (GUID, "web-7", f"{GUID}-web-7"),
        (GUID, "Web 7", f"{GUID}-_web__207"),
        (GUID, "../../etc/passwd", f"{GUID}-__2e__2e__2f__2e__2e__2fetc__2fpasswd"),
        (GUID, "Å_1", f"{GUID}-__c3__85__5f1"),
        ("shop", "1", "shop_-1"),
        ("con", "1", "con_-1"),
        (".hidden", "", "__2ehidden_-"),
    ],
)
def test_known_keys(application: str, reference: str, key: str) -> None:
    assert submission_key(OrderKey(application, reference)) == key


@given(orders)
def test_a_key_can_be_read_back_so_no_two_orders_share_one(order: OrderKey) -> None:
    key = submission_key(order)
    if "_0" not in key:
        assert order_of(key) == order


@given(orders)
def test_a_key_is_safe_everywhere(order: OrderKey) -> None:
    key = submission_key(order)
    assert re.fullmatch(r"[a-z0-9_-]{1,120}", key)
    assert quote(key, safe="") == key
    assert key.lower() == key
    assert not re.fullmatch(r"(?i)con|prn|aux|nul|(com|lpt)\d", key)


@given(st.lists(orders, min_size=2, max_size=6, unique=True))
def test_different_orders_have_different_keys(several: list[OrderKey]) -> None:
    assert len({submission_key(order) for order in several}) == len(several)


@given(st.text("aA-_é", min_size=90, max_size=300), st.text("aA-_é", min_size=90, max_size=300))
def test_long_references_are_cut_and_stay_different(first: str, second: str) -> None:
    keys = {submission_key(OrderKey(GUID, reference)) for reference in (first, second)}
    assert len(keys) == len({first, second})
    assert all(len(key) <= KEY_LIMIT for key in keys)


def test_a_cut_key_is_no_key_of_another_order() -> None:
    """Cut in the middle of an escape, so that the head ends in underscores."""
    cut = submission_key(OrderKey(GUID, "a" * 40 + "_" * 100))
    assert re.search(r"[^_]_0[0-9a-f]{40}$", cut)
    assert SEPARATED.fullmatch(cut)
    assert submission_key(order_of(cut)) != cut


@given(orders)
def test_a_key_can_be_read_again(order: OrderKey) -> None:
    key = submission_key(order)
    assert read_key(key) in (order, None)
    if "_0" not in key and decodable(order):
        assert read_key(key) == order


def decodable(order: OrderKey) -> bool:
    """No lone surrogates: Norce cannot send them."""
    return not any("\ud800" <= character <= "\udfff" for character in f"{order}")


@pytest.mark.parametrize("text", ["", "x", "UPPER_-1", "a_-b_0123", "__zz_-1"])
def test_what_is_no_key_is_not_read(text: str) -> None:
    assert read_key(text) is None
