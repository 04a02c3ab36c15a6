"""The whole service with real models, once for all tests of this folder, in processes of its own."""

from collections.abc import Iterator

import httpx
import pytest

from chaos.client import Client
from chaos.stack import FAST, Plan, Stack
from tests.conftest import REPOSITORY

SAMPLES = REPOSITORY / "samples"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    settings = {name: value for name, value in FAST.items() if not name.endswith(("LEASE_S", "MAX_ATTEMPTS"))}
    plan = Plan(num_workers=1, engines="real", is_durable=False, settings=settings, voices=SAMPLES / "voices")
    with Stack(plan) as running:
        yield running


@pytest.fixture(scope="session")
def client(stack: Stack) -> Client:
    return Client(stack.url, stack.token)


@pytest.fixture
def http(client: Client) -> Iterator[httpx.Client]:
    with client.http(timeout_s=30) as connection:
        yield connection
