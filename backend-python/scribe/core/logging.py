"""Logs as events with keys, on standard error.

Owns the format; never the content, which must not hold transcript text, names or voiceprints.

Usage::

    log = get_logger()
    log.info("stage.finished", stage="diarize", seconds=12.3, peak_mb=310)
"""

import logging
import sys
import traceback

import structlog


def configure_logging(level: str, *, as_json: bool) -> None:
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def trace_of(error: BaseException) -> str:
    """Where it happened, without the error's message, which may quote what was said or name somebody."""
    return "".join(traceback.format_tb(error.__traceback__))


def get_logger() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
