"""The API in this process, on real servers. Requests go through ASGI; what must stream uses a real server."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.security import principal
from scribe.core.config import Settings, load_settings
from scribe.domain.accounts import Principal
from scribe.main import create_app
from tests.api.introducing import Lane


@pytest.fixture
def api_settings(database_url: str, redis_url: str, redis_stream: str, tmp_path: Path) -> Settings:
    return load_settings(
        database_url=database_url,
        redis_url=redis_url,
        queue__stream=redis_stream,
        data_dir=tmp_path / "data",
        storage_url=str(tmp_path / "files"),
    )


@pytest.fixture
async def app(api_settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(api_settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody in particular."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as client:
        yield client


@pytest.fixture
async def client(app: FastAPI, member: Principal) -> AsyncIterator[httpx.AsyncClient]:
    """``member``, let in without a token: for tests that are not about signing in."""
    app.dependency_overrides[principal] = lambda: member
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as signed_in:
        yield signed_in


@pytest.fixture
def act_as(app: FastAPI) -> Callable[[Principal], None]:
    """From now on ``client`` is somebody else."""

    def switch(who: Principal) -> None:
        app.dependency_overrides[principal] = lambda: who

    return switch


@pytest.fixture
def storage(app: FastAPI) -> Storage:
    """That of the API."""
    built: Storage = app.state.context.storage
    return built


@pytest.fixture
def lane(units: UnitOfWorkFactory, storage: Storage, api_settings: Settings) -> Lane:
    return Lane(units, storage, api_settings)
