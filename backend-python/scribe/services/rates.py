"""How often somebody may try something.

Owns the count, in the database: it holds for all API processes together and outlives them. Never decides what the key
is. A window begins with the first attempt in it.

Usage::

    await check_rate(units, f"upload:{principal.user_id}", limit=600, window_s=3600)
"""

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.errors import RateLimitError


async def check_rate(units: UnitOfWorkFactory, key: str, limit: int, window_s: float) -> None:
    """Counts this attempt, in a transaction of its own: it stays counted when what follows fails.

    Refused attempts do not lengthen the wait. Raises: RateLimitError.
    """
    async with units() as unit:
        count, left_s = await unit.accounts.count_attempt(key, limit, window_s)
    if count > limit:
        wait = f"{left_s / 60:.0f} minutes" if left_s >= 120 else f"{max(1, round(left_s))} seconds"
        raise RateLimitError(f"Too many attempts: try again in {wait}.", retry_after_s=left_s)
