import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from order_receiver.simulator.erp import DemoErp, DemoErpOptions, ErpEvent


@pytest.fixture
def options(tmp_path: Path) -> DemoErpOptions:
    return DemoErpOptions(
        outbox=tmp_path / "outbox",
        inbox=tmp_path / "inbox",
        taken=tmp_path / "taken",
        memory=tmp_path / "erp" / "numbers.jsonl",
        poll=0.01,
    )


def put(options: DemoErpOptions, name: str, key: str) -> None:
    options.outbox.mkdir(exist_ok=True)
    (options.outbox / name).write_text(json.dumps({"rows": [{"price": 1.5}], "key": key, "more": None}))


def answers(options: DemoErpOptions) -> list[dict[str, str]]:
    return [json.loads(path.read_bytes()) for path in sorted(options.inbox.iterdir())]


def test_each_order_gets_the_next_number_and_moves_to_taken(options: DemoErpOptions) -> None:
    put(options, "b.json", "key-b")
    put(options, "a.json", "key-a")
    events = DemoErp(options).step()
    assert events == [ErpEvent("a.json", "key-a", "SO-10001"), ErpEvent("b.json", "key-b", "SO-10002")]
    assert answers(options) == [
        {"key": "key-a", "erp_order_no": "SO-10001"},
        {"key": "key-b", "erp_order_no": "SO-10002"},
    ]
    assert sorted(path.name for path in options.taken.iterdir()) == ["a.json", "b.json"]
    assert list(options.outbox.iterdir()) == []


def test_the_same_key_has_the_same_number_for_life(options: DemoErpOptions) -> None:
    put(options, "a.json", "key-a")
    erp = DemoErp(options)
    erp.step()
    put(options, "again.json", "key-a")
    assert erp.step()[0].erp_order_no == "SO-10001"
    put(options, "once-more.json", "key-a")
    put(options, "x.json", "key-b")
    assert [event.erp_order_no for event in DemoErp(options).step()] == ["SO-10001", "SO-10002"]


def test_a_line_that_a_crash_cut_off_is_forgotten(options: DemoErpOptions) -> None:
    put(options, "a.json", "key-a")
    DemoErp(options).step()
    with options.memory.open("ab") as memory:
        memory.write(b'{"key":"key-b","erp_ord')
    put(options, "b.json", "key-b")
    assert DemoErp(options).step()[0].erp_order_no == "SO-10002"
    assert len(options.memory.read_bytes().splitlines()) == 2


def test_every_nth_order_can_be_refused(options: DemoErpOptions) -> None:
    for key in ("1", "2", "3", "4"):
        put(options, f"{key}.json", key)
    events = DemoErp(replace(options, refuse_every=2)).step()
    assert [event.erp_order_no for event in events] == ["SO-10001", None, "SO-10003", None]
    assert answers(options)[1] == {"key": "2", "refused": "The demo ERP was told to refuse this one."}
    put(options, "2.json", "2")
    assert DemoErp(options).step()[0].refused


def test_unfinished_and_foreign_files_are_left_alone(options: DemoErpOptions) -> None:
    put(options, ".a.json", "key-a")
    put(options, "a.json.tmp", "key-a")
    assert DemoErp(options).step() == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"number":1}', b'{"key":5}', b'{"key":"\xff"}'])
def test_unreadable_files_are_set_aside(options: DemoErpOptions, content: bytes) -> None:
    erp = DemoErp(options)
    (options.outbox / "a.json").write_bytes(content)
    (event,) = erp.step()
    assert event.key is None
    assert event.unreadable
    assert [path.name for path in options.taken.iterdir()] == ["a.json.unreadable"]
    assert answers(options) == []


async def test_it_works_until_stopped_and_looks_once_more(options: DemoErpOptions) -> None:
    erp, stop, events = DemoErp(options), asyncio.Event(), asyncio.Queue[ErpEvent]()
    running = asyncio.create_task(erp.run(stop, events.put_nowait))
    put(options, "a.json", "key-a")
    assert (await events.get()).key == "key-a"
    put(options, "b.json", "key-b")
    stop.set()
    await running
    assert (await events.get()).key == "key-b"
