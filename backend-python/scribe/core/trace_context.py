"""Where in which trace something happens, as it travels between processes: W3C Trace Context's ``traceparent``.

Owns the form and nothing else: no OpenTelemetry, so that it costs nothing where there is none. Of the two headers of
the recommendation only this one travels: ``tracestate`` and ``baggage`` carry what others like to put there.

Usage::

    place = TraceParent.parse(headers.get("traceparent"))
    str(place)      # "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
"""

import re
from dataclasses import dataclass
from typing import Self

HEADER = "traceparent"
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class TraceParent:
    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""
    is_sampled: bool
    """Whether who began the trace records it."""

    @classmethod
    def parse(cls, header: str | None) -> Self | None:
        """``None`` for what is no traceparent (https://www.w3.org/TR/trace-context/#traceparent-header)."""
        found = _FORM.fullmatch(header or "")
        if found is None:
            return None
        version, trace_id, span_id, flags, more = found.groups()
        if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
            return None
        return cls(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"
