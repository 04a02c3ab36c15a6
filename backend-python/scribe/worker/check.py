"""Whether a worker lives on this machine: what a container's health check asks every half minute.

Owns one question to the database, by the host's name: in a container that is the container's own. Loads neither
settings nor SQLAlchemy nor anything of the worker, because it takes its time from the worker's: a tenth of what
`scribe worker --check` takes, which says the same to people.

Usage::

    python -m scribe.worker.check                           # exit code 0 or 1, and a sentence
    silent_s = await seconds_since_sign(database_url)       # None: no worker of this machine is known
"""

import asyncio
import os
import socket
import sys

import asyncpg

from scribe.domain.errors import ScribeError, UnavailableError

TIMEOUT_S = 5.0
SILENT_S = 15.0
"""As in ``domain/workers.py``, which loads numpy; a test compares them."""


async def seconds_since_sign(database_url: str, host: str | None = None) -> float | None:
    """Of the liveliest one. Raises: UnavailableError when the database cannot be asked."""
    if not database_url:
        raise UnavailableError("DATABASE_URL is not set.")
    url = f"postgresql://{database_url.partition('://')[2]}"
    question = "select extract(epoch from min(now() - heartbeat_at))::float8 from workers where host = $1"
    try:
        connection = await asyncpg.connect(url, timeout=TIMEOUT_S, command_timeout=TIMEOUT_S)
        try:
            found: float | None = await connection.fetchval(question, host or socket.gethostname())
        finally:
            await connection.close(timeout=1.0)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise UnavailableError(f"The database does not answer: {type(error).__name__}.") from error
    return found


async def say(database_url: str) -> str:
    """The sentence. Raises: UnavailableError when no worker lives here."""
    silent_s = await seconds_since_sign(database_url)
    if silent_s is None:
        raise UnavailableError(f"No worker of {socket.gethostname()} is known.")
    if silent_s > SILENT_S:
        raise UnavailableError(f"The worker of {socket.gethostname()} gave its last sign {silent_s:.0f} s ago.")
    return f"A worker lives here: its last sign was {silent_s:.0f} s ago."


def main() -> int:
    try:
        sys.stdout.write(f"{asyncio.run(say(os.environ.get('DATABASE_URL', '')))}\n")
    except ScribeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
