"""What goes over the event streams."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from scribe.domain.events import EventKind
from scribe.services.feed import READY, RESET, SNAPSHOT

KINDS = (*map(str, EventKind), SNAPSHOT, READY, RESET)


class EventOut(BaseModel):
    """The JSON in an event's `data`. `id` and `kind` also stand in the lines `id:` and `event:`."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": 4711, "kind": "meeting.progress", "meeting_id": "019aad27-0000-7000-8000-000000000000",
        "at": "2026-11-22T18:20:00Z",
        "payload": {"stage": "transcribe", "stage_percent": 25.0, "percent": 48.5, "eta_s": 312.0},
    }})  # fmt: skip

    id: int = Field(description="Send it back as `Last-Event-ID` to go on from here.")
    kind: str = Field(json_schema_extra={"enum": list(KINDS)})
    meeting_id: UUID | None = Field(description="`null` for what is about the stream itself.")
    at: datetime
    payload: dict[str, Any] = Field(
        description="By kind. `meeting.snapshot`: where the meeting stands (`status`, `stage`, `stage_percent`, "
        "`percent`, `eta_s`, `queue_place`, `starts_in_s`, `attempt`, `run`, `warnings`, `failure`). "
        "`meeting.progress`: `stage`, `stage_percent`, `percent` (of the whole run, never falls), `eta_s` (seconds "
        "until the results are there, where that can be said). `meeting.status`: `status`, `attempt`, and `failure` "
        "{`code`, `message`, `stage`} where there is one. `stream.reset`: events after your last one are not kept any "
        "more, read the list again."
    )
