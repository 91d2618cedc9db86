"""Which adapter serves which settings: all of this package; others bring theirs by entry point."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar, cast

from order_receiver.settings.targets import (
    AmqpTarget,
    FolderTarget,
    HttpTarget,
    OdooTarget,
    SftpTarget,
    SqlTarget,
    Target,
    TrytonTarget,
)
from order_receiver.settings.targets.installed import installed_opener
from order_receiver.targets.adapter import Adapter
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.targets.http.opening import open_http
from order_receiver.targets.odoo.adapter import OdooAdapter
from order_receiver.targets.surroundings import Surroundings
from order_receiver.targets.tryton.adapter import TrytonAdapter

AnySettings = TypeVar("AnySettings", bound=Target)


Opener: TypeAlias = Callable[[AnySettings, Surroundings], Adapter]
"""Makes the adapter of one target; reaches nothing yet. Raises SettingsError."""


class NoAdapter(Exception):
    """No adapter serves the settings of a target; `str()` is a plain sentence."""


_openers: dict[type[Target], Opener[Target]] = {}


def register(settings_type: type[AnySettings], opener: Opener[AnySettings]) -> None:
    """Let `opener` make the adapters of targets whose settings are of `settings_type`; the last one wins.

    This is how a program around this package (a test, a bench, an adapter of one's own) brings its adapter in.
    """
    _openers[settings_type] = cast("Opener[Target]", opener)


def open_adapter(settings: Target, surroundings: Surroundings) -> Adapter:
    """Make the adapter of a target. Reaches nothing yet: see `Adapter.check`. Raises NoAdapter, SettingsError."""
    opener = _openers.get(type(settings)) or cast("Opener[Target] | None", installed_opener(type(settings)))
    if opener is None:
        raise NoAdapter(
            f"No adapter serves the target {surroundings.name!r}: its settings are of the type "
            f"{type(settings).__name__}, and adapters are registered for "
            f"{', '.join(sorted(known.__name__ for known in _openers))}."
        )
    return opener(settings, surroundings)


@contextmanager
def extra(name: str, module: str, target: str) -> Iterator[None]:
    """Import here what an extra of the distribution brings. Raises NoAdapter where it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise NoAdapter(
            f"The target {target!r} needs the package {module}, which is not installed: "
            f'pip install "norce-order-receiver[{name}]".'
        ) from None


def _open_sftp(settings: SftpTarget, surroundings: Surroundings) -> Adapter:
    with extra("sftp", "asyncssh", surroundings.name):
        from order_receiver.targets.sftp.adapter import SftpAdapter
    return SftpAdapter(settings, surroundings)


def _open_sql(settings: SqlTarget, surroundings: Surroundings) -> Adapter:
    from order_receiver.targets.sql.adapter import SqlAdapter

    return SqlAdapter(settings, surroundings)


def _open_amqp(settings: AmqpTarget, surroundings: Surroundings) -> Adapter:
    with extra("amqp", "aio_pika", surroundings.name):
        from order_receiver.targets.amqp.adapter import AmqpAdapter
    return AmqpAdapter(settings, surroundings)


register(FolderTarget, lambda settings, surroundings: FolderAdapter(settings, surroundings.base))
register(SftpTarget, _open_sftp)
"""The adapter `sftp`: the same on an SFTP server."""
register(SqlTarget, _open_sql)
"""The adapter `sql`: orders as rows of a staging table in the ERP's database, order numbers in columns of it."""
register(AmqpTarget, _open_amqp)
"""The adapter `amqp`: orders as messages through RabbitMQ, order numbers as messages in a queue."""
register(HttpTarget, lambda settings, surroundings: open_http(settings, surroundings.secret))
register(
    TrytonTarget,
    lambda settings, surroundings: TrytonAdapter(
        settings, surroundings.secret(settings.password, "password"), surroundings.name
    ),
)
register(
    OdooTarget,
    lambda settings, surroundings: OdooAdapter(
        settings, surroundings.secret(settings.password, "password"), surroundings.name
    ),
)
