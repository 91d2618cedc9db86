"""The adapter `sftp`: orders as files in an outbox on an SFTP server, order numbers as files in an inbox there."""
