"""For people who write an adapter of their own: the tests that every adapter passes (docs/how-to/write-an-adapter.md).

Needs `pip install "norce-order-receiver[testing]"`.
"""

import pytest

pytest.register_assert_rewrite("order_receiver.testing.contract", "order_receiver.testing.worker")

from order_receiver.testing.contract import AdapterContract  # noqa: E402 - asserts in it are rewritten first
from order_receiver.testing.subject import PERSONAL, CannotDo, Subject  # noqa: E402

__all__ = ["PERSONAL", "AdapterContract", "CannotDo", "Subject"]
