"""Answers that an ERP writes into its staging table, in a real database."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from tests.integration.targets.sql.conftest import Erp

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.targets import SqlTarget, StagingColumns
from order_receiver.targets.adapter import SaveStep, Submission, Update, UpdateKind
from order_receiver.targets.sql.adapter import SqlAdapter

Make = Callable[..., Submission]


def told(updates: Sequence[Update]) -> list[tuple[str | None, UpdateKind, str | None]]:
    return [(update.submission_key, update.kind, update.erp_order_no or update.reason) for update in updates]


async def submitted(erp: Erp, submission: Make, save: SaveStep, *keys: str) -> SqlAdapter:
    adapter = erp.adapter()
    for key in keys:
        await adapter.submit(submission(key=key), save)
    return adapter


async def test_numbers_and_refusals_in_the_order_of_their_change(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = await submitted(erp, submission, save, "k-1", "k-2", "k-3", "k-4")
    assert (await adapter.poll(None)).updates == []
    erp.answer("k-1", number=" 4711 ", at="10:00:02")
    erp.answer("k-2", refusal="closed period", at="10:00:01")
    erp.answer("k-3", number="", refusal=" ", at="10:00:03")
    look = await adapter.poll(None)
    assert told(look.updates) == [
        ("k-2", UpdateKind.REFUSED, "closed period"),
        ("k-1", UpdateKind.CONFIRMED, "4711"),
    ]
    assert not look.more
    assert look.cursor is not None


async def test_the_same_again_until_acknowledged_and_once_more_after_a_restart(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    adapter = await submitted(erp, submission, save, "k-1")
    erp.answer("k-1", number="1")
    first = await adapter.poll(None)
    assert (await adapter.poll(first.cursor)).updates == first.updates
    await adapter.acknowledge(first.updates)
    assert (await adapter.poll(first.cursor)).updates == []
    assert (await erp.adapter().poll(first.cursor)).updates == first.updates
    erp.answer("k-1", number="2", at="10:00:05")
    assert told((await adapter.poll(first.cursor)).updates) == [("k-1", UpdateKind.CONFIRMED, "2")]


async def test_a_row_that_was_committed_late_is_not_missed(erp: Erp, submission: Make, save: SaveStep) -> None:
    """Its time of change is before that of a row which was there earlier."""
    await submitted(erp, submission, save, "k-1", "k-2", "k-3")
    adapter = erp.adapter(overlap=60)
    erp.answer("k-1", number="1", at="10:00:30")
    first = await adapter.poll(None)
    await adapter.acknowledge(first.updates)
    erp.answer("k-2", number="2", at="10:00:01")
    second = await adapter.poll(first.cursor)
    assert told(second.updates) == [("k-2", UpdateKind.CONFIRMED, "2")]
    assert second.cursor == first.cursor
    erp.answer("k-3", number="3", at="09:59:00")
    assert (await adapter.poll(first.cursor)).updates == second.updates


async def test_answers_after_the_clock_went_back_are_not_missed(erp: Erp, submission: Make, save: SaveStep) -> None:
    """An ERP that writes local time, in the night in which summer time ends."""
    adapter = await submitted(erp, submission, save, "k-1", "k-2")
    erp.answer("k-1", number="1", at="02:59:59")
    first = await adapter.poll(None)
    await adapter.acknowledge(first.updates)
    erp.answer("k-2", number="2", at="02:00:00")
    assert told((await adapter.poll(first.cursor)).updates) == [("k-2", UpdateKind.CONFIRMED, "2")]


async def test_one_change_in_the_future_hides_no_other(erp: Erp, submission: Make, save: SaveStep) -> None:
    """Nor does a cursor that was stored in the future."""
    adapter = await submitted(erp, submission, save, "k-1", "k-2")
    erp.execute("UPDATE web_orders SET erp_order_no = '1', changed_at = '2099-12-31 23:00:00' WHERE order_key = 'k-1'")
    first = await adapter.poll(None)
    assert told(first.updates) == [("k-1", UpdateKind.CONFIRMED, "1")]
    await adapter.acknowledge(first.updates)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    erp.execute(f"UPDATE web_orders SET erp_order_no = '2', changed_at = '{now}' WHERE order_key = 'k-2'")
    zone = "" if erp.kind == "sqlite" else "+00:00"
    for cursor in (first.cursor, f"2099-12-31T23:00:00{zone}"):
        assert told((await adapter.poll(cursor)).updates) == [("k-2", UpdateKind.CONFIRMED, "2")]


async def test_what_was_told_is_known_only_as_long_as_a_look_goes_back_to_it(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    """Else an entry for each order would be kept for ever."""
    await submitted(erp, submission, save, *(f"k-{number}" for number in range(10)))
    adapter = erp.adapter(overlap=60)
    cursor = None
    for number in range(10):
        erp.answer(f"k-{number}", number=str(number), at=f"10:{number * 2:02}:00")
        look = await adapter.poll(cursor)
        assert told(look.updates) == [(f"k-{number}", UpdateKind.CONFIRMED, str(number))]
        await adapter.acknowledge(look.updates)
        cursor = look.cursor
    assert (await adapter.poll(cursor)).updates == []
    assert list(adapter._told) == ["k-9"]


async def test_a_column_that_was_given_a_zone_is_read_on(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    adapter = await submitted(postgresql, submission, save, "k-1", "k-2")
    postgresql.execute("ALTER TABLE web_orders ALTER changed_at TYPE timestamp")
    await adapter.close()
    adapter = postgresql.adapter()
    postgresql.answer("k-1", number="1")
    first = await adapter.poll(None)
    await adapter.acknowledge(first.updates)
    postgresql.execute("ALTER TABLE web_orders ALTER changed_at TYPE timestamptz")
    postgresql.answer("k-2", number="2", at="10:00:01")
    assert ("k-2", UpdateKind.CONFIRMED, "2") in told((await adapter.poll(first.cursor)).updates)


async def test_a_look_is_bounded_and_says_that_there_is_more(erp: Erp, submission: Make, save: SaveStep) -> None:
    erp.execute(
        "INSERT INTO web_orders (order_key, reference, document, erp_order_no, changed_at) "
        "WITH RECURSIVE counted(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 401) "
        "SELECT 'k-' || (1000 + number), 'r', 'd', number, '2026-03-02 10:00:00' FROM counted"
    )
    adapter = erp.adapter()
    seen: list[str | None] = []
    cursor, more = None, True
    while more:
        look = await adapter.poll(cursor)
        await adapter.acknowledge(look.updates)
        seen += [update.submission_key for update in look.updates]
        cursor, more = look.cursor, look.more
    assert seen == [f"k-{number}" for number in range(1001, 1402)]
    assert (await adapter.poll(cursor)).updates == []


async def test_answers_of_no_use_are_told_in_the_row(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = await submitted(erp, submission, save, "k-1", "k-2", "k-3")
    erp.answer("k-1", number="9" * 51)
    erp.answer("k-2", number="1", refusal="closed")
    erp.answer("k-3", number="3")
    for _ in range(2):
        look = await adapter.poll(None)
        assert told(look.updates) == [("k-3", UpdateKind.CONFIRMED, "3")]
    said = erp.execute("SELECT problem FROM web_orders ORDER BY order_key")
    assert said == [
        ('"erp_order_no" has 51 characters; Norce ',),
        ('It must have one of "erp_order_no" (the ',),
        (None,),
    ]


async def test_an_answer_that_fits_no_order_is_told_in_the_row(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = await submitted(erp, submission, save, "k-1")
    erp.answer("k-1", number="1")
    [update] = (await adapter.poll(None)).updates
    await adapter.set_aside(update, "No order was submitted.")
    await adapter.set_aside(update, "No order was submitted.")
    assert erp.execute("SELECT problem FROM web_orders") == [("No order was submitted.",)]
    assert (await adapter.poll(None)).updates == []


async def test_without_a_column_for_problems_they_are_only_logged(erp: Erp, submission: Make, save: SaveStep) -> None:
    await submitted(erp, submission, save, "k-1")
    erp.answer("k-1", number="1", refusal="both")
    adapter = erp.adapter(columns={"problem": None})
    assert (await adapter.poll(None)).updates == []
    assert erp.execute("SELECT problem FROM web_orders") == [(None,)]


async def test_a_change_can_be_a_growing_number(erp: Erp, submission: Make, save: SaveStep) -> None:
    erp.execute("ALTER TABLE web_orders ADD COLUMN version bigint")
    adapter = erp.adapter(columns={"changed": "version", "refused": None}, overlap=5)
    await adapter.check()
    for number in (1, 2, 3):
        await adapter.submit(submission(key=f"k-{number}"), save)
    erp.execute("UPDATE web_orders SET erp_order_no = '1', version = 100 WHERE order_key = 'k-1'")
    first = await adapter.poll("2026-03-02T10:00:00")
    assert (told(first.updates), first.cursor) == ([("k-1", UpdateKind.CONFIRMED, "1")], "100")
    await adapter.acknowledge(first.updates)
    erp.execute("UPDATE web_orders SET erp_order_no = '2', version = 95 WHERE order_key = 'k-2'")
    erp.execute("UPDATE web_orders SET erp_order_no = '3', version = 94 WHERE order_key = 'k-3'")
    assert told((await adapter.poll(first.cursor)).updates) == [("k-2", UpdateKind.CONFIRMED, "2")]


async def test_without_columns_for_answers_nothing_comes(erp: Erp) -> None:
    adapter = erp.adapter(columns=dict.fromkeys(("number", "refused", "changed")))
    assert not adapter.capabilities().polls
    assert (await adapter.poll(None)).updates == ()
    update = Update("k-1", UpdateKind.CONFIRMED, "web_orders: k-1", erp_order_no="1")
    await adapter.acknowledge([update])
    await adapter.set_aside(update, "no order")


async def test_no_table_is_transient(erp: Erp) -> None:
    erp.execute("DROP TABLE web_orders")
    with pytest.raises(TransientFailure, match="There is no table web_orders"):
        await erp.adapter().poll(None)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"number": "n"}, "has `number` without `changed`"),
        ({"changed": "c"}, "has `number` without `changed`"),
        ({"refused": "r"}, "has `refused` without `number`"),
    ],
)
def test_columns_that_do_not_fit_together(columns: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        StagingColumns(**columns)


def test_a_password_in_the_url_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="has a password in its `url`: name where it is kept") as seen:
        SqlTarget(url="postgresql://me:battery@host/erp", table="t")
    assert "battery" not in str(seen.value)
