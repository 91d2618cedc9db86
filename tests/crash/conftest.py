"""The same installation as in the end-to-end tests."""

from tests.e2e.conftest import environment, installation, norce, password_hash

__all__ = ["environment", "installation", "norce", "password_hash"]
