"""Submissions: one order into one target, with the document as it was mapped."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from tests.store.conftest import Look, MakeArrival, Take

from order_receiver.store import accepting, submissions, tables
from order_receiver.store.store import Store
from order_receiver.store.values import SubmissionRow

Later = Callable[[float], datetime]
XML = (b"<order/>", "application/xml", "xml")


async def submitted(store: Store, order_id: int, at: datetime, key: str = "k-1", target: str = "erp") -> SubmissionRow:
    await store.write(lambda s: submissions.add(s, order_id, target, key, XML, at))
    found = await store.read(lambda s: submissions.of_order(s, order_id, target))
    assert found is not None
    return found


async def test_a_submission_comes_back_as_it_was_mapped(store: Store, take: Take, at: datetime) -> None:
    order = await take(store)
    row = await submitted(store, order.id, at)
    assert (row.order_id, row.target, row.key, row.step) == (order.id, "erp", "k-1", {})
    assert (row.document, row.media_type, row.extension) == XML
    assert (row.erp_order_no, row.erp_id) == (None, None)
    assert await store.read(lambda s: submissions.by_key(s, "erp", "k-1")) == row
    assert await store.read(lambda s: submissions.by_key(s, "wms", "k-1")) is None
    assert await store.read(lambda s: submissions.of_order(s, order.id, "wms")) is None


async def test_a_reference_that_several_shops_use_is_no_match(
    store: Store, take: Take, make_arrival: MakeArrival, at: datetime
) -> None:
    first = await take(store, "7")
    row = await submitted(store, first.id, at)
    assert await store.read(lambda s: submissions.by_reference(s, "erp", "7")) == [row]
    assert await store.read(lambda s: submissions.by_reference(s, "erp", "8")) == []
    for number in (2, 3):
        await store.write(partial(accepting.accept, arrival=make_arrival("7", application=f"shop {number}")))
        await submitted(store, number, at, f"k-{number}")
    assert len(await store.read(lambda s: submissions.by_reference(s, "erp", "7"))) == 2


async def test_a_step_survives(store: Store, take: Take, at: datetime) -> None:
    row = await submitted(store, (await take(store)).id, at)
    await store.write(lambda s: submissions.save_step(s, row, {"header": "4711", "å": "ö"}))
    found = await store.read(lambda s: submissions.by_key(s, "erp", "k-1"))
    assert found is not None
    assert found.step == {"header": "4711", "å": "ö"}


async def test_a_number_that_came_first_is_not_lost_when_the_submission_ends_without_one(
    store: Store, take: Take, look: Look, later: Later
) -> None:
    row = await submitted(store, (await take(store)).id, later(0))
    await store.write(lambda s: submissions.mark_numbered(s, row, "SO-1"))
    await store.write(lambda s: submissions.mark_submitted(s, row, later(3), None, "file.xml"))
    [found] = look(store, tables.submissions)
    assert (found["erp_order_no"], found["erp_id"], found["submitted_at"]) == ("SO-1", "file.xml", later(3))
