"""Samples summed up by function and package."""

from bench.profile import WAITS, sum_up

STORE = "commit (/somewhere/src/order_receiver/store/writer.py:10)"
DOOR = "Door.__call__ (/somewhere/src/order_receiver/door/door.py:20)"
SERVER = "run_asgi (/elsewhere/site-packages/uvicorn/protocols/http/httptools_impl.py:30)"
POOL = "_worker (/elsewhere/concurrent/futures/thread.py:81)"


def test_own_and_total_samples() -> None:
    profile = sum_up([f"{SERVER};{DOOR};{STORE} 3", f"{SERVER};{DOOR} 2"])
    assert profile.samples == 5
    assert profile.own == {"order_receiver/store/writer.py:commit": 3, "order_receiver/door/door.py:Door.__call__": 2}
    assert profile.total["order_receiver/door/door.py:Door.__call__"] == 5
    assert profile.total["uvicorn/protocols/http/httptools_impl.py:run_asgi"] == 5


def test_our_own_packages_are_told_apart() -> None:
    profile = sum_up([f"{SERVER};{DOOR};{STORE} 3", f"{SERVER} 1", f"{DOOR} 1"])
    assert profile.packages == {"order_receiver.store": 3, "uvicorn": 1, "order_receiver.door": 1}


def test_a_function_that_calls_itself_counts_once() -> None:
    assert sum_up([f"{DOOR};{DOOR} 4"]).total == {"order_receiver/door/door.py:Door.__call__": 4}


def test_waiting_threads_are_left_out() -> None:
    profile = sum_up([f"{POOL} 9", f"{DOOR} 1"])
    assert profile.samples == 1
    assert WAITS not in profile.own


def test_no_path_of_the_machine_is_shown() -> None:
    profile = sum_up([f"main (/home/someone/tool.py:1);{STORE} 1", "native 1"])
    assert set(profile.total) == {"python/tool.py:main", "order_receiver/store/writer.py:commit", "native"}
