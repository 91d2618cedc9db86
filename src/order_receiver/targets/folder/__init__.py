"""The adapter `folder`: orders as files in an outbox, order numbers as files in an inbox."""
