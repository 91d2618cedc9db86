import pytest

from order_receiver.contract.request import OrderRequest
from order_receiver.routing import NoRoute, route
from order_receiver.settings.model import Application

ORDER = OrderRequest(ClientOrderRef="1")


def shop(target: str | None = None) -> Application:
    return Application(key="k", name="Sweden", target=target)


def test_the_target_of_the_application() -> None:
    assert route(ORDER, shop("b"), ["a", "b"]) == "b"


def test_the_only_target() -> None:
    assert route(ORDER, shop(), {"a": 1}) == "a"


@pytest.mark.parametrize(
    ("target", "targets", "message"),
    [
        ("c", ["b", "a"], "The application Sweden names the target c, but there are a, b. Correct `target`"),
        ("c", [], r"but there is no target at all\..* add \[targets\.c\]"),
        (None, ["b", "a"], "has no target, and there are several: a, b. Set `target`"),
        (None, [], r"No target is configured\. Add one, such as \[targets\.erp\]"),
    ],
)
def test_no_route_says_what_to_set(target: str | None, targets: list[str], message: str) -> None:
    with pytest.raises(NoRoute, match=message):
        route(ORDER, shop(target), targets)
