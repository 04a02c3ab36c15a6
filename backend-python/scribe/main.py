"""The API process: builds the application, and serves it when run as ``python -m scribe.main``.

Owns what is built once (engine, storage, broker) and its end; never a route.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from scribe import __version__
from scribe.adapters.event_hub import EventHub
from scribe.adapters.queue import Bell
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.context import Context
from scribe.api.errors import install_error_handlers
from scribe.api.openapi import install_documentation
from scribe.api.routes import routers
from scribe.broker import build_broker
from scribe.core.config import Settings, load_settings
from scribe.core.database import build_engine, plain_url
from scribe.core.logging import configure_logging
from scribe.core.paths import storage_url
from scribe.domain.errors import OptionError


def create_app(settings: Settings | None = None) -> FastAPI:
    """Connects to nothing until it is started. Raises: OptionError when DATABASE_URL or REDIS_URL is missing."""
    chosen = settings or load_settings()
    if chosen.database_url is None or chosen.redis_url is None:
        raise OptionError("Set DATABASE_URL and REDIS_URL, or start everything with `scribe up`.")
    engine = build_engine(chosen.database_url, application="scribe-api")
    units = UnitOfWorkFactory(engine)
    broker = build_broker(chosen.redis_url, chosen.queue.stream)
    hub = EventHub(plain_url(chosen.database_url))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = Context(chosen, units, Storage(storage_url(chosen)), Bell(broker), hub)
        await hub.start()
        try:
            yield
        finally:
            await hub.stop()
            await broker.shutdown()
            await engine.dispose()

    app = FastAPI(title="Smart Meeting Scribe", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    install_error_handlers(app)
    for router in routers():
        app.include_router(router)
    install_documentation(app)
    return app


def serve() -> None:
    """Until SIGTERM or SIGINT; requests under way are finished first."""
    import uvicorn

    settings = load_settings()
    configure_logging(settings.log_level, as_json=True)
    uvicorn.run(
        create_app(settings),
        host=settings.api.host,
        port=settings.api.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.api.trusted_proxies,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    serve()
