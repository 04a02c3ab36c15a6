"""Samples of voices over HTTP: small, whole or in part, and kept by nobody on the way.

Usage::

    return sample_response(content, range_header)
"""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header, Response

from scribe.api.streaming import requested_range

RangeHeader = Annotated[
    str | None,
    Header(
        alias="Range",
        max_length=200,
        description="One range of bytes; several are answered with all of it.",
        examples=["bytes=0-1048575"],
    ),
]

_CONTENT: dict[str, Any] = {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}
AUDIO_SAMPLE: dict[int | str, dict[str, Any]] = {
    200: {"description": "All of it: 16 kHz, mono.", "content": _CONTENT},
    206: {"description": "The bytes that were asked for.", "content": _CONTENT},
}
"""For a route's ``responses``."""
NEVER_KEPT = "private, no-store"
"""A voice is biometric data: no cache of a browser or a proxy outlives its removal."""


def sample_response(content: bytes, range_header: str | None) -> Response:
    """Raises: RangeError."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": NEVER_KEPT}
    part = requested_range(range_header, len(content))
    if part is None:
        return Response(content, headers=headers, media_type="audio/wav")
    end = part.first + part.length
    headers["Content-Range"] = f"bytes {part.first}-{end - 1}/{len(content)}"
    return Response(content[part.first : end], HTTPStatus.PARTIAL_CONTENT, headers, "audio/wav")
