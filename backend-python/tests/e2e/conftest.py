"""The whole service with real models, once for all tests of this folder, in processes of its own. Its first user has
introduced the sample's two known people."""

from collections.abc import Iterator

import httpx
import pytest

from chaos.client import Client
from chaos.stack import FAST, Plan, Stack
from tests.conftest import REPOSITORY
from tests.e2e.introductions import Bank

SAMPLES = REPOSITORY / "samples"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    settings = {name: value for name, value in FAST.items() if not name.endswith(("LEASE_S", "MAX_ATTEMPTS"))}
    plan = Plan(num_workers=1, engines="real", is_durable=False, settings=settings)
    with Stack(plan) as running:
        with Client(running.url, running.token).http(timeout_s=60) as http:
            for name in ("Allison", "June"):
                Bank(http).introduce(name, (SAMPLES / "voices" / f"{name}.flac").read_bytes())
        yield running


@pytest.fixture(scope="session")
def client(stack: Stack) -> Client:
    return Client(stack.url, stack.token)


@pytest.fixture
def http(client: Client) -> Iterator[httpx.Client]:
    with client.http(timeout_s=30) as connection:
        yield connection
