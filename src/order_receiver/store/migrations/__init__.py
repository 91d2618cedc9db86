"""Alembic's migrations of the store; run by `order-receiver db upgrade`."""
