"""Logs and metrics: what the program says about itself, free of personal data."""

from order_receiver.telemetry.logs import configure_logs
from order_receiver.telemetry.metrics import Metrics

__all__ = ["Metrics", "configure_logs"]
