"""Structured logs on standard error: one line an event, JSON for machines or text for people."""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import msgspec
import structlog
from structlog.typing import EventDict

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["json", "console"]

LEVELS: dict[Level, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_encoder = msgspec.json.Encoder(enc_hook=str)


def configure_logs(level: Level, form: Format) -> None:
    """Set the process's logging up once. Lines about an order carry `order`, its ClientOrderRef."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    wrapper = structlog.make_filtering_bound_logger(LEVELS[level])
    if form == "json":
        structlog.configure(
            processors=[_render_json],
            wrapper_class=wrapper,
            logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
            cache_logger_on_first_use=True,
        )
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=wrapper,
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _render_json(logger: object, level: str, event: EventDict) -> bytes:
    """One step instead of four: this runs for every order."""
    if "exc_info" in event:
        event = structlog.processors.format_exc_info(logger, level, event)
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return _encoder.encode({"timestamp": now, "level": level, **event})
