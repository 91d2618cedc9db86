"""The adapter `sql` passes the suite that every adapter passes, on a real PostgreSQL and on SQLite."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.integration.targets.relay import Relay, relay_to
from tests.integration.targets.sql.conftest import Erp, port_of, without_password

from order_receiver.targets.adapter import Submission, Update
from order_receiver.targets.sql.adapter import SqlAdapter
from order_receiver.testing import AdapterContract, CannotDo, Subject
from order_receiver.testing.subject import FIRST_NAME, LAST_NAME


@dataclass
class SqlSubject(Subject):
    """A staging table, and an ERP that writes numbers into it."""

    erp: Erp
    changes: dict[str, Any]
    relay: Relay | None = None
    told: int = 0

    def open_adapter(self) -> SqlAdapter:
        return self.erp.adapter(**self.changes)

    async def orders_in_erp(self, key: str) -> Sequence[str]:
        return [row[0] for row in self.erp.rows() if row[0] == key]

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Someone renamed the table."""
        self.erp.execute("ALTER TABLE web_orders RENAME TO gone")
        yield
        self.erp.execute("ALTER TABLE gone RENAME TO web_orders")

    @asynccontextmanager
    async def slow(self) -> AsyncIterator[None]:
        """Somebody has the table locked."""
        with self.erp.locked():
            yield

    def dies_after_taking(self) -> AbstractAsyncContextManager[None]:
        """The row is committed, and the connection lost before that is heard."""
        if self.relay is None:
            raise CannotDo("SQLite has no connection that could be lost.")
        return self._cut_at_commit(self.relay)

    @asynccontextmanager
    async def _cut_at_commit(self, relay: Relay) -> AsyncIterator[None]:
        relay.cut_at = b"COMMIT"
        yield
        relay.cut_at = None
        relay.met.clear()

    @asynccontextmanager
    async def refuses(self) -> AsyncIterator[None]:
        """A trigger of the ERP raises, and quotes the order."""
        self.erp.refuse_all(f"{FIRST_NAME} {LAST_NAME} is blocked")
        yield
        self.erp.refuse_no_more()

    async def answer(self, submission: Submission, number: str) -> None:
        self.told += 1
        self.erp.answer(submission.key, number, at=f"10:00:{self.told:02}")

    async def keeps(self, update: Update) -> bool:
        return bool(self.erp.execute(f"SELECT 1 FROM web_orders WHERE order_key = '{update.submission_key}'"))


class TestSql(AdapterContract):
    @pytest.fixture
    async def subject(self, erp: Erp, request: pytest.FixtureRequest) -> AsyncIterator[SqlSubject]:
        slow = request.node.originalname == "test_slow"
        if erp.kind == "sqlite":
            yield SqlSubject(erp, {"timeout": 0.5} if slow else {})
            return
        async with relay_to(port_of(erp.url)) as relay:
            url = without_password(erp.url).replace(f":{port_of(erp.url)}/", f":{relay.port}/")
            changes = {"url": f"{url}?sslmode=disable&gssencmode=disable", "timeout": 1.0 if slow else 20.0}
            yield SqlSubject(erp, changes, relay)
