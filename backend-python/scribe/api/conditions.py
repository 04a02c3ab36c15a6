"""Entity tags: what has not changed is not sent again, what somebody else changed is not overwritten (RFC 9110, 13).

Usage::

    if is_known(etag, if_none_match):
        return not_modified(etag)
"""

import hashlib
import re
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header, Response

from scribe.domain.meetings import Meeting
from scribe.domain.people import Person

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
MAX_CONDITION_LENGTH = 2000

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since.", "content": {}}}
"""For a route's ``responses``."""

IfNoneMatch = Annotated[
    str | None,
    Header(max_length=MAX_CONDITION_LENGTH, description="The `ETag` that you have: 304 when it is still the one."),
]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=MAX_CONDITION_LENGTH,
        description="The `ETag` that you read: 412 when somebody changed what people write since (title, date, notes, "
        "tags or retention of a meeting, the entry of a person). Whatever else changes the ETag, such as the progress "
        "of a run, is no reason for a 412.",
    ),
]


def etag_of(*parts: object) -> str:
    """A strong one: equal parts, equal bytes."""
    return f'"{_digest(repr(parts).encode())}"'


def meeting_etag(meeting: Meeting, body: bytes) -> str:
    """Two parts: what people write, and all that is shown; :func:`is_unchanged` looks at the first."""
    return f'"{_written(meeting)}-{_digest(body)}"'


def person_etag(person: Person, body: bytes) -> str:
    """Two parts, as that of a meeting: which version of the entry, and all that is shown."""
    return f'"{person.version}-{_digest(body)}"'


def expected_version(person: Person, if_match: str | None) -> int | None:
    """Which version of the entry must still be there when it is changed; ``None``: any. Voiceprints that come or go
    are no other version."""
    if if_match is None or if_match.strip() == "*":
        return None
    read = {tag.partition("-")[0] for tag in _TAG.findall(if_match)}
    return person.version if str(person.version) in read else _NEVER


_NEVER = 0
"""Versions begin with 1."""


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Weak comparison, as RFC 9110 wants it for this header: a proxy that compresses makes tags weak."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag.strip('"') in _TAG.findall(if_none_match)


def is_unchanged(meeting: Meeting, if_match: str | None) -> bool:
    """Whether what people write about the meeting is what it was when the tag was given."""
    if if_match is None or if_match.strip() == "*":
        return True
    return _written(meeting) in {tag.partition("-")[0] for tag in _TAG.findall(if_match)}


def not_modified(etag: str) -> Response:
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})


def _written(meeting: Meeting) -> str:
    kept = (meeting.keep_audio.column, meeting.keep_results.column)
    written = (meeting.title, meeting.held_on, meeting.notes, meeting.tags, *kept)
    return _digest(repr(written).encode("utf-8", "replace"))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]
