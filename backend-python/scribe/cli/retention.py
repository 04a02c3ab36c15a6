"""``scribe retention``: what has had its time goes now; or is only listed.

Owns the options and what is printed; the rules are ``services/retention.py``'s. The service does the same by itself.

Usage::

    scribe retention --dry-run
    SCRIBE_RETENTION__AUDIO_DAYS=30 scribe retention --dry-run        # what would go, were the rule another one
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from scribe.cli.tables import show
from scribe.cli.voice_service import Service, run

if TYPE_CHECKING:  # the database's libraries are loaded by the commands that need them, not by `scribe --help`
    from scribe.services.retention import Swept, Upcoming


def retention(
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Remove nothing: list what goes, and when.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove recordings and meetings that have had their time (SCRIBE_RETENTION__*, and what each meeting says)."""
    if is_dry:
        found = run(_upcoming)
        now = datetime.now(UTC)
        rows = [
            {
                "meeting": str(one.meeting_id),
                "what": one.what,
                "at": one.at,
                "is_due": one.at <= now,
                "recording_mb": round(one.size_bytes / 1e6, 1),
            }
            for one in found
        ]
        show(rows, as_json=as_json)
        return
    swept = run(_sweep)
    show([{"recordings_removed": swept.recordings, "meetings_removed": swept.meetings}], as_json=as_json)


async def _upcoming(service: Service) -> "list[Upcoming]":
    from scribe.services import retention as removing

    return await removing.upcoming(service.units, service.settings.retention)


async def _sweep(service: Service) -> "Swept":
    from scribe.services import retention as removing
    from scribe.services.housekeeping import purge

    swept = await removing.sweep(service.units, service.settings.retention)
    await purge(service.units, service.storage, batches=None)
    return swept
