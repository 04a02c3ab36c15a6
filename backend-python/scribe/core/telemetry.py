"""Traces: one for all that a request brings about, through API, queue, worker and stages.

Owns beginning and ending of spans, in which trace they are, and what may stand on them: the names in ``ATTRIBUTES`` and
no others, whose values are ids, labels and numbers; never a title, a name, a text or an error's message. Off unless
SCRIBE_TELEMETRY__OTLP_ENDPOINT is set: then nothing of OpenTelemetry is imported and every call here does nothing
(``otlp.py`` is what is behind it when it is on).

Usage::

    telemetry = open_telemetry(settings.telemetry, role="worker", instance="host:1:x")
    with trace(telemetry, "meeting.attempt", kind=Kind.CONSUMER, parent=TraceParent.parse(job.traceparent)):
        with child_span("meeting.publish") as span:     # anywhere below, without being handed anything
            span.set({"scribe.files": 7})
    telemetry.close(timeout_s=1.0)
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from scribe.core.config import TelemetrySettings
from scribe.core.trace_context import TraceParent
from scribe.domain.errors import OptionError

Value = bool | int | float | str
Attributes = Mapping[str, Value | None]
"""``None``: not known, left out."""
ATTRIBUTES = frozenset(
    {
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "scribe.attempt",
        "scribe.audio_s",
        "scribe.cpu_seconds",
        "scribe.device",
        "scribe.ending",
        "scribe.files",
        "scribe.is_reused",
        "scribe.meeting_id",
        "scribe.model",
        "scribe.peak_mb",
        "scribe.peak_vram_mb",
        "scribe.priority",
        "scribe.run",
        "scribe.seconds",
        "scribe.stage",
        "scribe.worker_id",
    }
)
"""Everything that a span may say. Extending it is a decision about what leaves the machine (docs/monitoring.md)."""


class Kind(StrEnum):
    """Of a span, as OpenTelemetry has it."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"


class Span(Protocol):
    """A stretch of work under way."""

    @property
    def place(self) -> TraceParent | None:
        """What goes on elsewhere is told, so that it becomes part of this trace; ``None``: there is no trace."""

    def rename(self, name: str) -> None: ...

    def set(self, attributes: Attributes) -> None: ...

    def failed(self, code: str) -> None:
        """``code``: of the error, or its type; never its message."""

    def end(self) -> None: ...


class Telemetry(Protocol):
    """Of one process."""

    @property
    def is_on(self) -> bool: ...

    def start(
        self,
        name: str,
        *,
        kind: Kind = Kind.INTERNAL,
        parent: TraceParent | None = None,
        attributes: Attributes | None = None,
    ) -> Span:
        """To be ended by the caller. ``parent``: ``None`` begins a trace."""

    def close(self, timeout_s: float) -> None:
        """Sends what is left, if that can be done in this time; then nothing is recorded any more. Blocks."""


class _NoSpan:
    place = None

    def rename(self, name: str) -> None: ...

    def set(self, attributes: Attributes) -> None: ...

    def failed(self, code: str) -> None: ...

    def end(self) -> None: ...


class NoTelemetry:
    """Nobody wants to know."""

    is_on = False

    def start(
        self,
        name: str,  # noqa: ARG002 -- nor here
        *,
        kind: Kind = Kind.INTERNAL,  # noqa: ARG002
        parent: TraceParent | None = None,  # noqa: ARG002
        attributes: Attributes | None = None,  # noqa: ARG002
    ) -> Span:
        return NO_SPAN

    def close(self, timeout_s: float) -> None: ...


NO_SPAN: Span = _NoSpan()
_UNDER_WAY: ContextVar[tuple[Telemetry, Span] | None] = ContextVar("scribe_span", default=None)
"""Follows tasks and ``asyncio.to_thread``."""


def open_telemetry(settings: TelemetrySettings, *, role: str, instance: str) -> Telemetry:
    """``role``: ``api`` or ``worker``. ``instance``: which of them.

    Raises: OptionError when the endpoint is no address, or the extra `telemetry` is not installed.
    """
    if settings.otlp_endpoint is None:
        return NoTelemetry()
    if urlsplit(settings.otlp_endpoint).scheme not in {"http", "https"} or not urlsplit(settings.otlp_endpoint).netloc:
        raise OptionError(
            "SCRIBE_TELEMETRY__OTLP_ENDPOINT is the address of a collector that speaks OTLP over HTTP, such as "
            "http://collector:4318."
        )
    try:
        from scribe.core.otlp import OtlpTelemetry
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise OptionError(
            "SCRIBE_TELEMETRY__OTLP_ENDPOINT needs OpenTelemetry, which is not installed here: "
            "pip install 'smart-meeting-scribe[telemetry]', or leave the setting out."
        ) from error
    return OtlpTelemetry(settings, role=role, instance=instance)


@contextmanager
def trace(
    telemetry: Telemetry,
    name: str,
    *,
    kind: Kind = Kind.INTERNAL,
    parent: TraceParent | None = None,
    attributes: Attributes | None = None,
) -> Iterator[Span]:
    """A stretch of work that :func:`child_span` and :func:`traceparent` know about; every line of the log in it bears
    its ``trace_id``."""
    if not telemetry.is_on:
        yield NO_SPAN
        return
    span = telemetry.start(name, kind=kind, parent=parent, attributes=attributes)
    token = _UNDER_WAY.set((telemetry, span))
    place = span.place
    try:
        with structlog.contextvars.bound_contextvars(**({"trace_id": place.trace_id} if place is not None else {})):
            yield span
    except BaseException as error:
        span.failed(type(error).__name__)
        raise
    finally:
        _UNDER_WAY.reset(token)
        span.end()


@contextmanager
def child_span(name: str, *, kind: Kind = Kind.INTERNAL, attributes: Attributes | None = None) -> Iterator[Span]:
    """Part of what is under way; nothing where nothing is."""
    under_way = _UNDER_WAY.get()
    if under_way is None:
        yield NO_SPAN
        return
    telemetry, span = under_way
    with trace(telemetry, name, kind=kind, parent=span.place, attributes=attributes) as child:
        yield child


def traceparent() -> str | None:
    """Of what is under way, for whoever goes on with it."""
    under_way = _UNDER_WAY.get()
    place = under_way[1].place if under_way is not None else None
    return None if place is None else str(place)
