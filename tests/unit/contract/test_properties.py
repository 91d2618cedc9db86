"""The JSON form over random orders: exact round trips, every tolerance, and no surprise for any bytes."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from order_receiver.contract.json_form import glance, read
from order_receiver.contract.places import parse_pointer
from order_receiver.contract.reading import Unreadable
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.scalars import Tree
from order_receiver.orders.fingerprint import differences, fingerprint
from order_receiver.orders.identity import identify

ToTree = Callable[[OrderRequest], dict[str, Tree]]
ToJson = Callable[[object], bytes]
Orders = SearchStrategy[OrderRequest]

few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@few
@given(data=st.data())
def test_round_trip_is_exact(data: DataObject, orders: Orders, to_json: ToJson) -> None:
    order = data.draw(orders)
    reading = read(to_json(order))
    assert (reading.order, reading.findings) == (order, ())
    assert to_json(reading.order) == to_json(order)


@few
@given(data=st.data())
def test_both_readers_agree(data: DataObject, orders: Orders, to_json: ToJson) -> None:
    """A byte order mark sends the message through the tolerant reader."""
    order = data.draw(orders)
    body = to_json(order)
    careful, quick = read(b"\xef\xbb\xbf" + body), read(body)
    assert (careful.order, careful.findings) == (quick.order, quick.findings)


def walk(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    if isinstance(tree, dict):
        return change({name: walk(value, change) for name, value in tree.items()})
    if isinstance(tree, list):
        return change([walk(value, change) for value in tree])
    return change(tree)


def numbers_as_text(tree: Tree) -> Tree:
    return str(tree) if isinstance(tree, int | Decimal) and not isinstance(tree, bool) else tree


def booleans_as_numbers(tree: Tree) -> Tree:
    return int(tree) if isinstance(tree, bool) else tree


def booleans_as_text(tree: Tree) -> Tree:
    return str(tree) if isinstance(tree, bool) else tree


def camel_case(tree: Tree) -> Tree:
    return {name[0].lower() + name[1:]: value for name, value in tree.items()} if isinstance(tree, dict) else tree


def upper_case(tree: Tree) -> Tree:
    return {name.upper(): value for name, value in tree.items()} if isinstance(tree, dict) else tree


def backwards(tree: Tree) -> Tree:
    return dict(reversed(tree.items())) if isinstance(tree, dict) else tree


def nulls_left_out(tree: Tree) -> Tree:
    return {name: value for name, value in tree.items() if value is not None} if isinstance(tree, dict) else tree


def empty_lists_as_null(tree: Tree) -> Tree:
    return None if tree == [] else tree


def nulls_as_empty_text(tree: Tree) -> Tree:
    """Only numbers and text may say nothing so; objects may not."""
    names = {"Quantity2", "PriceListNo", "ReferId", "PartNo", "Comment", "Payments", "SubmitDate"}
    if not isinstance(tree, dict):
        return tree
    return {name: "" if value is None and name in names else value for name, value in tree.items()}


def extension_data(tree: Tree) -> Tree:
    return {**tree, "ExtensionData": {"any": [1]}} if isinstance(tree, dict) else tree


def longer_scale(tree: Tree) -> Tree:
    """25 as 25.00, as far as a .NET decimal has digits for it."""
    if (
        not isinstance(tree, Decimal)
        or len(tree.as_tuple().digits) > 20
        or not -20 < int(tree.as_tuple().exponent) <= 0
    ):
        return tree
    plain = f"{tree:f}"
    return Decimal(plain + ("00" if "." in plain else ".00"))


def windows_lines(tree: Tree) -> Tree:
    return tree.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n") if isinstance(tree, str) else tree


def guid_in_braces(tree: Tree) -> Tree:
    key = tree.get("ApplicationKey") if isinstance(tree, dict) else None
    return {"ApplicationKey": f"{{{key.upper()}}}"} if isinstance(key, str) else tree


def order_type_by_name(tree: Tree) -> Tree:
    names: list[Tree] = ["", "Order", "purchaseorder", "RECURRINGORDER", "RecurringOrderTemplate", " ExternalOrder "]
    number = tree.get("OrderType") if isinstance(tree, dict) else None
    return {**tree, "OrderType": names[number]} if isinstance(tree, dict) and isinstance(number, int) else tree


def dates_as_milliseconds(tree: Tree) -> Tree:
    date = tree.get("SubmitDate") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or not isinstance(date, str):
        return tree
    since = (datetime.fromisoformat(date) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return {**tree, "SubmitDate": f"/Date({since}+0100)/"}


def dates_in_utc(tree: Tree) -> Tree:
    date = tree.get("SubmitDate") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or not isinstance(date, str):
        return tree
    moment = datetime.fromisoformat(date).astimezone(UTC)
    return {**tree, "SubmitDate": moment.strftime("%Y-%m-%d %H:%M:%S.%f0Z")}


@pytest.mark.parametrize(
    "change",
    [
        numbers_as_text,
        booleans_as_numbers,
        booleans_as_text,
        camel_case,
        upper_case,
        backwards,
        nulls_left_out,
        empty_lists_as_null,
        nulls_as_empty_text,
        extension_data,
        longer_scale,
        windows_lines,
        guid_in_braces,
        order_type_by_name,
        dates_as_milliseconds,
        dates_in_utc,
    ],
)
@few
@given(data=st.data())
def test_tolerance_does_not_change_the_order(
    data: DataObject, orders: Orders, to_tree: ToTree, to_json: ToJson, change: Callable[[Tree], Tree]
) -> None:
    order = data.draw(orders)
    reading = read(to_json(walk(to_tree(order), change)))
    assert reading.findings == ()
    assert differences(order, reading.order) == ()
    assert fingerprint(order) == fingerprint(reading.order)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@few
@given(data=st.data())
def test_encoding_does_not_change_the_order(data: DataObject, orders: Orders, to_json: ToJson, encoding: str) -> None:
    order = data.draw(orders)
    assert read(to_json(order).decode().encode(encoding)).order == order


@few
@given(data=st.data())
def test_escapes_and_white_space_do_not_change_the_order(data: DataObject, orders: Orders, to_json: ToJson) -> None:
    order = data.draw(orders)
    tree = json.loads(to_json(order).decode(), parse_float=str)
    assert read(json.dumps(tree, indent=1).encode()).order == order


@few
@given(data=st.data())
def test_glance_and_reading_name_the_same_order(data: DataObject, orders: Orders, to_json: ToJson) -> None:
    order = data.draw(orders)
    seen = glance(to_json(order))
    key = order.Header.ApplicationKey if order.Header is not None else None
    if seen is None:
        assert not key or not order.ClientOrderRef or order.Items is None
    else:
        assert identify(seen.application_key, seen.client_order_ref) == identify(key, order.ClientOrderRef)
        assert (seen.do_hold, seen.rows) == (order.DoHold, len(order.Items or ()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(body=st.binary() | st.binary().map(lambda tail: b'{"Items":[' + tail), charset=st.none() | st.text())
def test_any_bytes_are_read_or_unreadable(body: bytes, charset: str | None) -> None:
    glance(body)
    with suppress(Unreadable):
        read(body, charset=charset)


@given(tree=JSON)
def test_any_json_is_read_or_unreadable(tree: Tree, to_json: ToJson) -> None:
    glance(to_json(tree))
    with suppress(Unreadable):
        assert read(to_json(tree)).order == OrderRequest()
        assert isinstance(tree, dict)


def places(tree: Tree) -> list[tuple[dict[str, Tree], str]]:
    """Every member in the tree: the object that holds it, and its name."""
    found: list[tuple[dict[str, Tree], str]] = []
    if isinstance(tree, dict):
        found.extend((tree, name) for name in tree)
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for value in inner:
        found.extend(places(value))
    return found


def resolve(tree: Tree, pointer: str) -> Tree:
    for part in parse_pointer(pointer):
        if isinstance(tree, dict):
            tree = tree[part]
        else:
            assert isinstance(tree, list)
            tree = tree[int(part)]
    return tree


@few
@given(data=st.data())
def test_findings_point_at_what_is_wrong(data: DataObject, orders: Orders, to_tree: ToTree, to_json: ToJson) -> None:
    """Anything may stand anywhere: the rest is read, and every finding's pointer leads into the message."""
    tree = to_tree(data.draw(orders))
    for _ in range(3):
        holder, name = data.draw(st.sampled_from(places(tree)))
        holder[name] = data.draw(JSON)
    for finding in read(to_json(tree)).findings:
        resolve(tree, finding.where)
        assert finding.rule
        assert finding.advice.endswith(".")
        assert len(finding.seen) <= 60
