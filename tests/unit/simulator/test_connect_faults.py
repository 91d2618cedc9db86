from order_receiver.simulator.connect_faults import Fault, Faults


def struck(faults: Faults, operations: str) -> list[bool]:
    return [faults.next(operation) is not None for operation in operations]


def test_a_fault_ends_after_its_calls() -> None:
    faults = Faults((Fault(calls=2, status=500),))
    assert struck(faults, "aaa") == [True, True, False]
    assert faults.pending() == []


def test_every_nth_call_is_faulty() -> None:
    faults = Faults((Fault(calls=2, every=3, drop=True),))
    assert struck(faults, "aaaaaaa") == [False, False, True, False, False, True, False]


def test_a_fault_may_concern_one_operation() -> None:
    faults = Faults()
    faults.add(Fault(operation="b", delay=1))
    assert struck(faults, "aabb") == [False, False, True, False]


def test_the_first_fault_that_strikes_decides() -> None:
    faults = Faults((Fault(calls=1, status=500), Fault(calls=2, status=429)))
    assert [fault.status if (fault := faults.next("a")) else None for _ in range(4)] == [500, 429, 429, None]


def test_pending_tells_what_is_left() -> None:
    faults = Faults((Fault(calls=3, status=503),))
    faults.next("a")
    assert faults.pending() == [Fault(calls=2, status=503)]
    faults.clear()
    assert faults.pending() == []
