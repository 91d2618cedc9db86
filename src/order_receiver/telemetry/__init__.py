"""Logs and metrics: what the program says about itself, free of personal data."""

from order_receiver.telemetry.gathered import Gathered
from order_receiver.telemetry.logs import configure_logs
from order_receiver.telemetry.metrics import Metrics
from order_receiver.telemetry.traces import trace

__all__ = ["Gathered", "Metrics", "configure_logs", "trace"]
