"""What was deleted goes at once.

Usage::

    await purge_now(ctx)        # after the service that deleted something
"""

from contextlib import suppress

from scribe.api.context import Context
from scribe.domain.errors import ScribeError
from scribe.services import housekeeping


async def purge_now(ctx: Context) -> None:
    """What cannot be removed just now is removed later."""
    with suppress(ScribeError):
        await housekeeping.purge(ctx.units, ctx.storage)
