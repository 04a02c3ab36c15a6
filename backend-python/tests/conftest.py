"""What every test may ask for. Tests that need ``../shared/audio`` skip where it is not; nothing here is mocked."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from hypothesis import settings
from sqlalchemy.ext.asyncio import AsyncEngine

from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.valkey import ValkeyServer
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.core.models_db import UserRow
from scribe.domain.accounts import ROLE_SCOPES, Principal, Role
from scribe.domain.meeting import UserId
from tests.databases import Databases
from tests.s3_server import BUCKET, S3Server, program

settings.register_profile("scribe", deadline=None)  # the clock of a shared machine proves nothing
settings.load_profile("scribe")

REPOSITORY = Path(__file__).resolve().parents[2]


LONG = frozenset({"chaos", "cli", "e2e", "real", "worker"})
"""Folders of tests that start processes and wait for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: a process of the run that begins with them at the end has the others wait for it."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that ran in this process has sent the log to a stream that is closed by now."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of real recordings with references; the test is skipped where there is none."""
    folder = Path(os.environ.get("SCRIBE_TEST_AUDIO", REPOSITORY.parent / "shared" / "audio"))
    if not folder.is_dir():
        pytest.skip("the recordings of ../shared/audio are not here")
    return folder


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Reference ONNX exports to compare ours with; skipped where they are not."""
    folder = REPOSITORY.parent / "shared" / "models"
    if not folder.is_dir():
        pytest.skip("the reference exports of ../shared/models are not here")
    return folder


# --- real servers, one of each per session; a fresh database per test -------------------------------------------------


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """A folder that PostgreSQL's account may enter (pytest's own are private)."""
    folder = Path(tempfile.mkdtemp(prefix="scribe-servers-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(servers_dir: Path) -> Iterator[PostgresServer]:
    with PostgresServer(servers_dir / "postgres", free_port(), is_durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: PostgresServer) -> Databases:
    return Databases(postgres.url)


@pytest.fixture(scope="session")
def valkey(servers_dir: Path) -> Iterator[ValkeyServer]:
    with ValkeyServer(servers_dir / "valkey", free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(servers_dir: Path) -> Iterator[S3Server]:
    """SeaweedFS; starts when the first test asks for it."""
    if program() is None:
        pytest.skip("SeaweedFS is not installed")
    with S3Server(servers_dir / "s3") as server:
        yield server


@pytest.fixture
def s3_storage_url(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place of its own in a bucket; the credentials are in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4().hex}"


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """A database of its own, with every migration applied."""
    url = await databases.lend()
    yield url
    await databases.take_back(url)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = build_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def units(engine: AsyncEngine) -> UnitOfWorkFactory:
    return UnitOfWorkFactory(engine)


@pytest.fixture
def redis_url(valkey: ValkeyServer) -> str:
    return valkey.url


@pytest.fixture
def redis_stream() -> str:
    """A stream nobody else uses: give it to ``SCRIBE_QUEUE__STREAM``."""
    return f"test:{uuid4().hex}"


@pytest.fixture
async def member(units: UnitOfWorkFactory) -> Principal:
    return await add_user(units, "claire")


@pytest.fixture
async def stranger(units: UnitOfWorkFactory) -> Principal:
    """Another member, who owns nothing."""
    return await add_user(units, "anne")


@pytest.fixture
async def administrator(units: UnitOfWorkFactory) -> Principal:
    return await add_user(units, "root", Role.ADMIN)


async def add_user(units: UnitOfWorkFactory, username: str, role: Role = Role.MEMBER) -> Principal:
    """A user who cannot sign in, for tests that are not about signing in."""
    user_id = UserId(uuid7())
    async with units() as unit:
        unit.session.add(UserRow(id=user_id, username=username, password_hash="!", role=str(role)))
    return Principal(user_id, username, role, ROLE_SCOPES[role])
