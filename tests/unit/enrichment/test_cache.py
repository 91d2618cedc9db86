"""What is kept of answers, and for how long."""

from order_receiver.enrichment.cache import Cache


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_until_it_is_too_old() -> None:
    clock = Clock()
    cache = Cache(60, clock)
    cache.keep("a", {"no": "1"})
    clock.now = 59.9
    assert cache.find("a") == {"no": "1"}
    clock.now = 60.0
    assert cache.find("a") is None
    cache.keep("a", {"no": "2"})
    assert cache.find("a") == {"no": "2"}


def test_nothing_found_is_not_kept() -> None:
    cache = Cache(60, Clock())
    cache.keep("a", {})
    assert cache.find("a") is None


def test_without_seconds_nothing_is_kept() -> None:
    cache = Cache(0, Clock())
    cache.keep("a", {"no": "1"})
    assert cache.find("a") is None


def test_the_one_not_used_for_longest_goes_first() -> None:
    cache = Cache(60, Clock(), most=2)
    for what in ("a", "b"):
        cache.keep(what, {"no": what})
    assert cache.find("a") is not None
    cache.keep("c", {"no": "c"})
    assert [cache.find(what) is None for what in ("a", "b", "c")] == [False, True, False]
