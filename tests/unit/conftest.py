"""Random orders for property tests, built from the message Structs' own plan, and the sample messages."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Fee, Message, OrderRequest
from order_receiver.contract.scalars import is_amount

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATES = (datetime.fromisoformat("1900-01-02"), datetime.fromisoformat("9998-12-30"))
AMOUNTS = (
    st.decimals(-1_000_000, 1_000_000, places=2)
    | st.decimals(-100, 100, places=6)
    | st.decimals(allow_nan=False, allow_infinity=False).filter(is_amount)
)
FEE_TYPES = st.sampled_from(["Shipping", "Invoice", "Frakt", None])
SCALARS: dict[Kind, SearchStrategy[object]] = {
    Kind.TEXT: st.text(max_size=12),
    Kind.INTEGER: st.integers(-(2**31), 2**31 - 1),
    Kind.AMOUNT: AMOUNTS,
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.datetimes(*DATES, timezones=OFFSETS),
    Kind.TEXTS: st.lists(st.text(max_size=5), max_size=2),
    Kind.IGNORED: st.none(),
}


def messages(struct: type[Message]) -> SearchStrategy[Message]:
    return st.builds(struct, **{member.name: values(struct, member) for member in members(struct)})


def values(struct: type[Message], member: Member) -> SearchStrategy[object]:
    if struct is Fee and member.name == "Type":
        return FEE_TYPES
    if member.codes is not None:
        return st.sampled_from(member.codes)
    if member.format == "guid":
        return st.none() | st.uuids().map(str)
    if member.struct is None:
        plain = SCALARS[member.kind]
    elif member.kind is Kind.LIST:
        plain = st.lists(messages(member.struct), max_size=2)
    else:
        plain = messages(member.struct)
    return st.none() | plain if member.nullable else plain


@pytest.fixture(scope="session")
def orders() -> SearchStrategy[OrderRequest]:
    """Any order that the contract allows, most members filled."""
    return messages(OrderRequest).map(lambda order: order if isinstance(order, OrderRequest) else OrderRequest())


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of messages as .NET senders write them."""
    return Path(__file__).parents[1] / "data" / "samples"
