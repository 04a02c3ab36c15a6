"""Logs as events with keys, on standard error.

Owns the format; never the content, which must not hold transcript text, names or voiceprints. What libraries log is
brought into the same form, without what they put into their messages.

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
    root = logging.getLogger()
    if as_json and not any(isinstance(handler, LibraryLines) for handler in root.handlers):
        root.addHandler(LibraryLines())


class LibraryLines(logging.Handler):
    """What libraries say by Python's own logging, uvicorn's "Exception in ASGI application" among it: which of them,
    what it always says at that place, and where it happened; neither arguments nor an error's message, which may quote
    somebody."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        say = get_logger().error if record.levelno >= logging.ERROR else get_logger().warning
        say(
            "library.said",
            library=record.name,
            message=str(record.msg).partition("\n")[0][:200],
            error=type(error).__name__ if error is not None else None,
            trace=trace_of(error) if error is not None else None,
        )


def trace_of(error: BaseException) -> str:
    """Where it happened, without the error's message, which may quote what was said or name somebody."""
    return "".join(traceback.format_tb(error.__traceback__))


def get_logger() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
