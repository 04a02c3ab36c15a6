"""JSON for programs: everything that is known of a meeting in one document.

``fusion.json`` with the names and corrections of today, and beside it what only the service knows: ``meeting``. Owns
its shape, which docs/results.md explains; never where it comes from. What is needed to take corrections back
(``moved``) is the service's own business and left out.

Usage::

    text = write_meeting(meeting, fusion)       # fusion: JSON values of the document
"""

from collections.abc import Mapping

from pydantic import JsonValue

from scribe.domain.meetings import Meeting
from scribe.domain.results.encode import encode_json

KIND = "meeting"
LEFT_OUT = frozenset({"kind", "schema_version", "moved"})


def write_meeting(meeting: Meeting, fusion: Mapping[str, JsonValue]) -> str:
    """Raises: KeyError when ``fusion`` is no such document."""
    about: JsonValue = {
        "id": str(meeting.id),
        "title": meeting.title,
        "held_on": meeting.held_on.isoformat() if meeting.held_on else None,
        "tags": list(meeting.tags),
        "created_at": meeting.created_at.isoformat(),
        "published_at": meeting.published_at.isoformat() if meeting.published_at else None,
        "run": meeting.results_run,
    }
    head: dict[str, JsonValue] = {"kind": KIND, "schema_version": fusion["schema_version"], "meeting": about}
    return encode_json(head | {key: value for key, value in fusion.items() if key not in LEFT_OUT})
