"""The API process: builds the application, and serves it when run as ``python -m scribe.main``.

Owns what is built once (engine, storage, broker) and its end; never a route.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from scribe import __version__
from scribe.adapters.event_hub import EventHub
from scribe.adapters.queue import Bell
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.context import Context
from scribe.api.errors import install_error_handlers
from scribe.api.headers import install_security_headers
from scribe.api.limits import install_body_limit
from scribe.api.observation import install_observation
from scribe.api.openapi import install_documentation
from scribe.api.routes import routers
from scribe.api.web import find_web_dir, install_web
from scribe.broker import build_broker
from scribe.core.config import Settings, load_settings
from scribe.core.database import SHORT_IDLE_IN_TRANSACTION_S, build_engine, plain_url
from scribe.core.logging import configure_logging, get_logger
from scribe.core.paths import storage_url
from scribe.core.telemetry import open_telemetry
from scribe.domain.errors import OptionError, ScribeError
from scribe.services import forgetting
from scribe.services.housekeeping import Housekeeping
from scribe.services.metrics import Metrics
from scribe.services.reading_log import ReadingLog
from scribe.services.reaper import Reaper

LAST_READS_TIMEOUT_S = 5.0
LAST_SPANS_TIMEOUT_S = 2.0
NO_TELEMETRY_OF_FASTAPI: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Ours says no more than ``core/telemetry.py`` allows. FastAPI's own records addresses and the messages of exceptions,
and a variable of the environment is enough to have them sent (``fastapi/telemetry/_runtime.py``)."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Connects to nothing until it is started. Raises: OptionError when DATABASE_URL or REDIS_URL is missing."""
    chosen = settings or load_settings()
    if chosen.database_url is None or chosen.redis_url is None:
        raise OptionError("Set DATABASE_URL and REDIS_URL, or start everything with `scribe up`.")
    engine = build_engine(
        chosen.database_url, application="scribe-api", idle_in_transaction_s=SHORT_IDLE_IN_TRANSACTION_S
    )
    patient_engine = build_engine(chosen.database_url, pool_size=2, application="scribe-api-files")
    units, patient_units = UnitOfWorkFactory(engine), UnitOfWorkFactory(patient_engine)
    broker = build_broker(chosen.redis_url, chosen.queue.stream)
    hub = EventHub(plain_url(chosen.database_url))
    telemetry = open_telemetry(chosen.telemetry, role="api", instance=f"{socket.gethostname()}:{os.getpid()}")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        reading_log = ReadingLog(units, is_on=chosen.audit.reads)
        built = Context(chosen, units, Storage(storage_url(chosen)), Bell(broker), hub, reading_log)
        app.state.context = built
        await hub.start()
        await _forget_again(built)
        chores = [
            asyncio.create_task(Reaper(units, built.bell, chosen.queue).run_forever()),
            asyncio.create_task(reading_log.run_forever()),
            asyncio.create_task(Housekeeping(patient_units, built.storage, chosen, built.bell).run_forever()),
        ]
        try:
            yield
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await _write_down_reads(reading_log)
            await hub.stop()
            await broker.shutdown()
            await engine.dispose()
            await patient_engine.dispose()
            await asyncio.to_thread(telemetry.close, LAST_SPANS_TIMEOUT_S)

    app = FastAPI(
        title="Smart Meeting Scribe",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY_OF_FASTAPI,
    )
    install_error_handlers(app)
    install_security_headers(app)
    install_body_limit(app)
    for router in routers():
        app.include_router(router)
    install_documentation(app)
    install_web(app, find_web_dir(chosen))
    install_observation(app, Metrics(), telemetry)
    return app


async def _forget_again(built: Context) -> None:
    """Before anybody is served: a restore may have been cut off between the older database and its tombstones."""
    try:
        await forgetting.reapply(built.units, built.storage)
    except ScribeError as error:  # housekeeping tries again; the database may come later than we do
        get_logger().warning("start.not_forgotten_again", code=error.code)


async def _write_down_reads(log: ReadingLog) -> None:
    try:
        await asyncio.wait_for(log.flush(), LAST_READS_TIMEOUT_S)
    except (ScribeError, TimeoutError) as error:
        get_logger().error("audit.reads_not_written", error=type(error).__name__)


class Server(uvicorn.Server):
    """uvicorn waits for answers under way before it ends the application, and event streams never end by themselves."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        built: Context = self._app.state.context
        built.events.end_streams()
        await super().shutdown(sockets)


def serve() -> None:
    """Until SIGTERM or SIGINT; requests under way are finished first, for `SCRIBE_API__DRAIN_S` at most."""
    settings = load_settings()
    configure_logging(settings.log_level, as_json=True)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.api.host,
        port=settings.api.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.api.trusted_proxies,
        timeout_graceful_shutdown=settings.api.drain_s,
    )
    Server(config, app).run()


if __name__ == "__main__":
    serve()
