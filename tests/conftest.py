"""What holds for every test: loopback sockets only (pyproject.toml), no outside settings, Hypothesis profiles, and
fixtures that any of them may use."""

import os

from hypothesis import settings
from tests.postgresql.fixtures import (
    migrated_postgresql_url,
    open_postgresql_cluster,
    postgresql_server,
    postgresql_url,
)

__all__ = ["migrated_postgresql_url", "open_postgresql_cluster", "postgresql_server", "postgresql_url"]

settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Settings of the shell that runs the tests would win over those of a test's own receiver.toml.
for name in [name for name in os.environ if name.startswith("ORDER_RECEIVER__")]:
    del os.environ[name]
