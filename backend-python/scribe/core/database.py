"""The connection to PostgreSQL: engine, sessions, and the URL in the forms that different drivers want.

Owns pool sizes and time-outs; never a query, never a transaction's borders (``adapters/unit_of_work.py``). TLS is asked
for as everywhere with PostgreSQL: ``?sslmode=verify-full&sslrootcert=/path``.
"""

from urllib.parse import urlencode

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 30.0
IDLE_IN_TRANSACTION_S = 60.0
"""PostgreSQL ends a transaction whose process is frozen, so that its row locks do not hold up the others."""
SHORT_IDLE_IN_TRANSACTION_S = 10.0
"""For processes that are frozen more often than others, and whose transactions are a few statements: while one is
stopped between an event's insert and its commit, everybody else's events wait."""

_OF_LIBPQ = frozenset(
    {
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "sslnegotiation",
        "ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs",
    }
)  # fmt: skip
"""Parameters of a PostgreSQL URL that SQLAlchemy would hand to asyncpg as arguments, which it does not take; it does
take them in an address."""


def build_engine(
    url: str,
    *,
    pool_size: int = 10,
    application: str = "scribe",
    idle_in_transaction_s: float = IDLE_IN_TRANSACTION_S,
) -> AsyncEngine:
    """``url`` as in the settings: ``postgresql://...``, with or without a driver."""
    address = _address(url)
    encrypted = {name: value for name, value in address.query.items() if name in _OF_LIBPQ}
    return create_async_engine(
        address.set(drivername="postgresql+asyncpg").difference_update_query(encrypted),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=10.0,
        hide_parameters=True,  # what people said and wrote must not be in an error's message
        connect_args={
            **({"dsn": f"postgresql://?{urlencode(encrypted, doseq=True)}"} if encrypted else {}),
            "timeout": CONNECT_TIMEOUT_S,
            "server_settings": {
                "application_name": application,
                "statement_timeout": str(round(STATEMENT_TIMEOUT_S * 1000)),
                "idle_in_transaction_session_timeout": str(round(idle_in_transaction_s * 1000)),
                "timezone": "UTC",
            },
        },
    )


def build_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False)


def plain_url(url: str) -> str:
    """For asyncpg itself and for PostgreSQL's own programs: no driver in the scheme."""
    return _address(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _address(url: str) -> URL:
    """``ssl=`` is SQLAlchemy's name for what everybody else calls ``sslmode=``."""
    address = make_url(url)
    if mode := address.query.get("ssl"):
        return address.difference_update_query(["ssl"]).update_query_dict({"sslmode": mode})
    return address
