"""The adapter put together from its settings."""

from collections.abc import Callable
from datetime import UTC, datetime

from order_receiver.settings.targets.http import HttpTarget
from order_receiver.targets.http.adapter import HttpAdapter
from order_receiver.targets.http.auth import Reveal, open_auth


def open_http(
    settings: HttpTarget, reveal: Reveal, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> HttpAdapter:
    """Take the secrets from where they are kept; reaches nothing yet. Raises SettingsError."""
    return HttpAdapter(settings, open_auth(settings.auth, reveal, clock), clock)
