"""What the routes work with, built once by ``main.create_app`` and handed to them as a dependency."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from scribe.adapters.event_hub import EventHub
from scribe.adapters.queue import Bell
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.services.exporting import ExportDesk
from scribe.services.installation import StorageMeter
from scribe.services.preview import PreviewDesk
from scribe.services.reading_log import ReadingLog
from scribe.services.transcripts import TranscriptMemory


@dataclass(frozen=True, slots=True)
class Context:
    settings: Settings
    units: UnitOfWorkFactory
    storage: Storage
    bell: Bell
    events: EventHub
    reading_log: ReadingLog
    """Who reads what, on its way into the audit log."""
    transcripts: TranscriptMemory = field(default_factory=TranscriptMemory)
    """Those that were read lately."""
    previews: PreviewDesk = field(default_factory=PreviewDesk)
    exports: ExportDesk = field(default_factory=ExportDesk)
    storage_use: StorageMeter = field(default_factory=StorageMeter)


def context(request: Request) -> Context:
    built: Context = request.app.state.context
    return built


Ctx = Annotated[Context, Depends(context)]
