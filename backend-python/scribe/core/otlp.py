"""Spans that are sent to a collector: OpenTelemetry's SDK behind ``telemetry.py``.

Owns the batch that is sent in the background, and that a collector that is away costs nothing but its spans: a bounded
queue, a bounded wait at the end, one line a minute in the log. Registers nothing globally: no provider, no propagator,
no instrumentation. Imported only when a collector is named.

What OpenTelemetry reads itself from the environment is left to it: ``OTEL_EXPORTER_OTLP_HEADERS`` (a collector's
token), ``OTEL_EXPORTER_OTLP_CERTIFICATE``, ``OTEL_RESOURCE_ATTRIBUTES``.
"""

import logging
import threading
import time
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from scribe import __version__
from scribe.core.config import TelemetrySettings
from scribe.core.logging import get_logger
from scribe.core.telemetry import ATTRIBUTES, Attributes, Kind, Span
from scribe.core.trace_context import TraceParent

TRACES_PATH = "/v1/traces"
EXPORT_TIMEOUT_S = 5.0
EXPORT_EVERY_S = 2.0
MAX_QUEUE = 2048
"""Spans that wait for the collector; beyond it the oldest are dropped. A span weighs about a kilobyte."""
QUIET_S = 60.0


class OtlpTelemetry:
    is_on = True

    def __init__(self, settings: TelemetrySettings, *, role: str, instance: str) -> None:
        """``settings.otlp_endpoint`` is set."""
        _hear_complaints_seldom()
        resource = Resource.create(
            {
                "service.name": settings.service_name,
                "service.version": __version__,
                "service.instance.id": instance,
                "scribe.role": role,
            }
        )
        exporter = OTLPSpanExporter(
            endpoint=traces_url(settings.otlp_endpoint or ""),
            timeout=EXPORT_TIMEOUT_S,
            compression=Compression.Gzip,
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)),
            resource=resource,
            shutdown_on_exit=False,  # it would wait for half a minute for a collector that is away
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=MAX_QUEUE, schedule_delay_millis=EXPORT_EVERY_S * 1000)
        )
        self._tracer = self._provider.get_tracer("scribe", __version__)

    def start(
        self,
        name: str,
        *,
        kind: Kind = Kind.INTERNAL,
        parent: TraceParent | None = None,
        attributes: Attributes | None = None,
    ) -> Span:
        context = Context()  # not what some library may have left in the current one
        if parent is not None:
            flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if parent.is_sampled else trace.TraceFlags.DEFAULT)
            place = trace.SpanContext(
                int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags
            )
            context = trace.set_span_in_context(trace.NonRecordingSpan(place), context)
        span = OtlpSpan(self._tracer.start_span(name, context=context, kind=trace.SpanKind[kind]))
        span.set(attributes or {})
        return span

    def close(self, timeout_s: float) -> None:
        """In a thread, because the SDK would wait for as long as the collector takes."""
        thread = threading.Thread(target=self._provider.shutdown, name="telemetry-close", daemon=True)
        thread.start()
        thread.join(timeout_s)


class OtlpSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def place(self) -> TraceParent | None:
        context = self._span.get_span_context()
        if not context.is_valid:
            return None
        return TraceParent(f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, attributes: Attributes) -> None:
        unknown = attributes.keys() - ATTRIBUTES
        assert not unknown, f"{sorted(unknown)} may not stand on a span"  # noqa: S101 -- ours to get right
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name, value)

    def failed(self, code: str) -> None:
        self._span.set_attribute("error.type", code)
        self._span.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        self._span.end()


def traces_url(endpoint: str) -> str:
    """The collector's address, or the very address that takes traces."""
    bare = endpoint.rstrip("/")
    return bare if bare.endswith(TRACES_PATH) else bare + TRACES_PATH


class Complaints(logging.Handler):
    """What OpenTelemetry has to say about itself: one line a minute in our log, and what it kept to itself since."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._quiet_until_s = 0.0
        self._unsaid = 0

    def emit(self, record: logging.LogRecord) -> None:
        if time.monotonic() < self._quiet_until_s:
            self._unsaid += 1
            return
        self._quiet_until_s, unsaid, self._unsaid = time.monotonic() + QUIET_S, self._unsaid, 0
        get_logger().warning("telemetry.trouble", reason=_without_credentials(record.getMessage())[:300], unsaid=unsaid)


def _hear_complaints_seldom() -> None:
    ours = logging.getLogger("opentelemetry")
    ours.propagate = False
    if not any(isinstance(handler, Complaints) for handler in ours.handlers):
        ours.addHandler(Complaints())
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _without_credentials(message: str) -> str:
    """An address may hold a password."""
    words = message.split()
    return " ".join(
        word if "@" not in word else f"{urlsplit(word).scheme}://{word.rpartition('@')[2]}" for word in words
    )
