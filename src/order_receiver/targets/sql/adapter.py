"""An ERP that takes orders from a staging table in its own database and answers in columns of it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import get_ident
from typing import Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.targets import SqlTarget
from order_receiver.targets.adapter import (
    CancelOutcome,
    Capabilities,
    ErpOrder,
    Poll,
    SaveStep,
    Submission,
    Submitted,
    Update,
)
from order_receiver.targets.files.answers import LOOK_LIMIT, NUMBER_LIMIT, Answer, Unreadable, read_answer
from order_receiver.targets.sql.database import hang_up, is_rule, open_engine, told
from order_receiver.targets.sql.staging import Answered, Staging, cursor_of, examine, find_table
from order_receiver.targets.surroundings import Surroundings

log = structlog.get_logger(__name__)

P = ParamSpec("P")
Result = TypeVar("Result")

THREADS = 8
"""Rows worked on at once, each on a connection of its own."""
LATE_SECONDS = 5.0
"""How much later than the driver we give up: its own words say more."""


class SqlAdapter:
    """Inserts one row for each order, in one transaction; the unique key of the table is what keeps it single.

    Statements run in threads: the drivers of most databases know no event loop. Raises SettingsError where the URL
    or the password is of no use.
    """

    def __init__(self, settings: SqlTarget, surroundings: Surroundings) -> None:
        self._settings = settings
        self._at_work: dict[int, object] = {}
        self._engine = open_engine(settings, surroundings, THREADS, self._begin_work)
        self._place = f"{self._engine.url.get_backend_name()}://{self._engine.url.host or ''}, table {settings.table}"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"sql {surroundings.name}")
        self._staging: Staging | None = None
        self._seen: dict[str, Answered] = {}
        self._told: dict[str, Answered] = {}

    def capabilities(self) -> Capabilities:
        return Capabilities(
            enforces_uniqueness=True, answers_number=False, polls=self._settings.columns.number is not None
        )

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        """Insert the row, or find that it is there.

        Raises TransientFailure (database away, table missing, not allowed, full: nothing was written),
        UnknownOutcome (COMMIT was not confirmed), PermanentFailure (a value does not fit, a rule of the table).
        """
        return await self._in_thread(self._submit, submission)

    async def find(self, key: str) -> Sequence[ErpOrder]:
        """All rows with the key; several where the table does not keep it unique. Raises TransientFailure."""
        return await self._in_thread(self._find, key)

    async def poll(self, cursor: str | None) -> Poll:
        """Read up to 200 rows that the ERP has answered in. Raises TransientFailure."""
        if self._settings.columns.number is None:
            return Poll(updates=())
        return await self._in_thread(self._poll, cursor)

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """Remember which rows need not be told again, for as long as a look goes back to them.

        After a restart some are told again, and the worker recognises them.
        """
        for each in updates:
            if (answered := self._seen.get(each.source)) is not None:
                self._told[answered.key] = answered

    async def set_aside(self, update: Update, reason: str) -> None:
        """Write the reason into the row, where there is a column for it. Raises TransientFailure."""
        answered = self._seen.get(update.source)
        if answered is not None:
            await self._in_thread(self._set_aside, answered, reason)

    async def cancel(self, key: str) -> CancelOutcome:
        """A row may have been read already; the ERP's people have to do it."""
        return CancelOutcome.MANUAL

    async def check(self) -> None:
        """Log in and look at the table. Raises TransientFailure, PermanentFailure."""
        await self._in_thread(self._check)

    async def close(self) -> None:
        """Let go of the threads and connections; one that hangs on a dead database is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for connection in list(self._at_work.values()):
            hang_up(connection)
        self._engine.dispose()

    def _submit(self, submission: Submission) -> Submitted:
        try:
            with self._connect() as connection:
                staging = self._found(connection)
                connection.execute(insert(staging.table).values(staging.row(submission)))
                self._commit(connection)
        except IntegrityError as error:
            return self._there_already(submission.key, error)
        except DataError as error:
            raise PermanentFailure(
                f"The database refuses a value of the order: {told(error)} ({self._place})."
            ) from error
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and is_rule(error):
                raise self._refused(error) from error
            raise self._failed("Writing an order into", error) from error
        return Submitted(erp_id=submission.key)

    def _commit(self, connection: Connection) -> None:
        """A rule that is checked only now (deferred) still undoes all; any other trouble leaves it open."""
        try:
            connection.commit()
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and is_rule(error):
                raise
            raise UnknownOutcome(
                f"An order was written, but the database did not confirm it: {told(error)} ({self._place})."
            ) from error

    def _there_already(self, key: str, error: IntegrityError) -> Submitted:
        """The row with the key is what we wanted; without one, another rule of the table was broken."""
        found = self._find(key)
        if not found:
            raise self._refused(error) from error
        if len(found) > 1:
            raise PermanentFailure(
                f"The order is there {len(found)} times, in rows with the key {key} ({self._place}). Find out which of "
                "them the ERP took, remove the others, then retry the order."
            )
        number = found[0].erp_order_no
        if number is not None and len(number) > NUMBER_LIMIT:
            raise PermanentFailure(
                f"The ERP's number of the order has {len(number)} characters; Norce takes {NUMBER_LIMIT}, and none is "
                f"cut. Correct it in the row with the key {key} ({self._place}), then retry the order."
            )
        return Submitted(erp_order_no=number, erp_id=key)

    def _refused(self, error: DBAPIError) -> PermanentFailure:
        advice = "Correct the mapping, or the table's rule."
        return PermanentFailure(f"The table refuses the order: {told(error)} ({self._place}). {advice}")

    def _find(self, key: str) -> list[ErpOrder]:
        try:
            with self._connect() as connection:
                rows = connection.execute(self._found(connection).number_of(key)).fetchall()
        except SQLAlchemyError as error:
            raise self._failed("Looking for an order in", error) from error
        with_number = self._settings.columns.number is not None
        return [ErpOrder((str(row[0] or "").strip() or None) if with_number else None, key) for row in rows]

    def _poll(self, cursor: str | None) -> Poll:
        updates: dict[str, tuple[Answered, Update]] = {}
        useless: list[tuple[Answered, str]] = []
        more = False
        try:
            with self._connect() as connection:
                staging = self._found(connection)
                newest = staging.value(cursor)
                for answered in staging.answered(connection, newest):
                    if (before := self._told.get(answered.key)) and before.said == answered.said:
                        continue
                    if more := len(updates) == LOOK_LIMIT:
                        break
                    try:
                        news = self._update(answered)
                    except Unreadable as reason:
                        useless.append((answered, str(reason)))
                        continue
                    updates[news.source] = answered, news
                    newest = staging.newest(newest, answered.changed)
                self._forget(staging, newest)
        except SQLAlchemyError as error:
            raise self._failed("Looking for answers in", error) from error
        self._seen = {source: answered for source, (answered, _) in updates.items()}
        for answered, why in useless:
            log.warning("target.answer_set_aside", table=self._settings.table, key=answered.key, why=why)
            self._set_aside(answered, why)
        return Poll(updates=[news for _, news in updates.values()], cursor=cursor_of(newest), more=more)

    def _forget(self, staging: Staging, newest: Any) -> None:
        """What no look goes back to any more need not be known again."""
        self._told = {key: told for key, told in self._told.items() if staging.goes_back_to(told.changed, newest)}

    def _update(self, answered: Answered) -> Update:
        """Raises Unreadable."""
        answer = Answer(answered.key, erp_order_no=answered.number or None, refused=answered.refused or None)
        return read_answer(answer, f"{self._settings.table}: {answered.key}")

    def _set_aside(self, answered: Answered, reason: str) -> None:
        """Written once for each thing that the ERP says, whatever its triggers make of the writing."""
        self._told[answered.key] = answered
        name = self._settings.columns.problem
        if name is None:
            return
        try:
            with self._connect() as connection:
                staging = self._found(connection)
                length = getattr(staging.table.c[name].type, "length", None)
                connection.execute(
                    update(staging.table).where(staging.key == answered.key).values({name: reason[:length]})
                )
                connection.commit()
        except SQLAlchemyError as error:
            raise self._failed("Writing a problem into", error) from error

    def _check(self) -> None:
        try:
            with self._connect() as connection:
                examine(self._settings, connection)
        except SQLAlchemyError as error:
            raise self._failed("Looking at", error) from error

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        """A connection, with all undone that was not committed. After any trouble the table is looked at anew."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except Exception:
            self._staging = None
            raise
        finally:
            self._at_work.pop(get_ident(), None)

    def _begin_work(self, connection: object) -> None:
        self._at_work[get_ident()] = connection

    def _found(self, connection: Connection) -> Staging:
        staging = self._staging
        if staging is None:
            self._staging = staging = find_table(self._settings, connection)
        return staging

    def _failed(self, action: str, error: SQLAlchemyError) -> TransientFailure:
        """Nothing was committed; what is wrong with the database is wrong for all orders and not for this one."""
        return TransientFailure(f"{action} {self._place} failed: {told(error)}.")

    async def _in_thread(self, work: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Work in the database beside the event loop.

        Raises UnknownOutcome where that takes too long; the thread is then freed from the server that says nothing.
        """
        threads: list[int] = []

        def run() -> Result:
            threads.append(get_ident())
            try:
                return work(*arguments, **named)
            finally:
                threads.clear()

        running = asyncio.get_running_loop().run_in_executor(self._threads, run)
        try:
            async with asyncio.timeout(self._settings.timeout + LATE_SECONDS):
                return await running
        except TimeoutError:
            for thread in threads:
                hang_up(self._at_work.get(thread))
            raise UnknownOutcome(
                f"The database did not answer within {self._settings.timeout:g} seconds ({self._place})."
            ) from None
