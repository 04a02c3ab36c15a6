"""Every operation of the API, called with what nobody expects: no bug of ours may show, whatever is sent.

schemathesis makes requests, good and bad ones, from our own OpenAPI document and sends them over HTTP to the
application on a real server and a real database, as an administrator, so that nothing is refused before it is read.
Many requests name a meeting, upload, user, person or voice that is there; nobody waits long for a worker, because
there is none. Left out: the event streams, whose answers never end (``test_events.py`` is about them).
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scribe.adapters.servers.valkey import ValkeyServer
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.schemas.voices import MAX_WAIT_S
from scribe.api.security import principal
from scribe.core.config import load_settings
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal, Role
from scribe.domain.enrolments import EnrolmentId, EnrolmentKind, NewEnrolment
from scribe.domain.namings import Naming
from scribe.domain.speech import SpeakerLabel
from scribe.main import Server, create_app
from scribe.services import moves
from tests.api.introducing import add_person, add_speakers, add_voice, pitch
from tests.api.planting import complete, fail, plant
from tests.conftest import add_user
from tests.databases import Databases

EXAMPLES = 5
"""Of each operation, good and bad ones each."""
NEVER_END = frozenset({"follow_events", "follow_meeting"})
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
START_TIMEOUT_S = 30.0


def _document() -> dict[str, Any]:
    url = "postgresql://nobody@localhost/nothing"
    return create_app(load_settings(database_url=url, redis_url="redis://localhost")).openapi()


OPERATIONS = sorted(
    (path, method, operation["operationId"])
    for path, methods in _document()["paths"].items()
    for method, operation in methods.items()
    if operation["operationId"] not in NEVER_END
)


@schemathesis.serializer("application/offset+octet-stream")
def _piece(_: schemathesis.SerializationContext, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@dataclass(frozen=True)
class Served:
    url: str
    known: Mapping[str, tuple[str, ...]]
    """By path parameter: what is there."""


@pytest.fixture(scope="module")
def served(databases: Databases, valkey: ValkeyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    name = f"fuzz_{uuid4().hex}"
    url = asyncio.run(databases.lend())
    folder: Path = tmp_path_factory.mktemp("fuzz")
    administrator, known = asyncio.run(_furnish(url, Storage(str(folder / "files"))))
    chosen = load_settings(
        database_url=url, redis_url=valkey.url, queue__stream=name, data_dir=folder, storage_url=str(folder / "files")
    )
    app = create_app(chosen)
    app.dependency_overrides[principal] = lambda: administrator
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None), app)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        waited = threading.Event()
        for _ in range(round(START_TIMEOUT_S / 0.05)):
            if server.started or waited.wait(0.05):
                break
        address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield Served(address, known | {"upload_id": (_begin_upload(address),)})
    finally:
        server.should_exit = True
        thread.join()
        asyncio.run(databases.take_back(url))


async def _furnish(url: str, storage: Storage) -> tuple[Principal, dict[str, tuple[str, ...]]]:
    """One meeting that is done, one that failed and one that waits; two people, one with a voice."""
    engine = build_engine(url)
    units = UnitOfWorkFactory(engine)
    administrator = await add_user(units, "root", Role.ADMIN)
    member = await add_user(units, "claire")
    done = await plant(units, member, storage, title="Réunion", tags=("été",))
    await complete(units, storage)
    failed = await plant(units, member, storage)
    await fail(units)
    waits = await plant(units, administrator, storage)
    person = await add_person(units, member.user_id, "Zoé", aliases=("Mme Zoé",), is_shared=True)
    other = await add_person(units, administrator.user_id, "Anne")
    voice = await add_voice(units, storage, person, pitch(3))
    await add_speakers(
        units, storage, done.id, {"SPEAKER_00": pitch(3), "SPEAKER_01": None}, naming=Naming.AUTO, person_id=person.id
    )
    async with units() as unit:
        [consent] = await unit.people.consents(person.id)
        asked = NewEnrolment(EnrolmentId(uuid7()), EnrolmentKind.ENROL, "", member.user_id, person.id)
        await unit.enrolments.add(asked)
    move = await moves.move(units, member, done.id, 0.0, 5.0, SpeakerLabel("SPEAKER_01"))
    await engine.dispose()
    known = {
        "meeting_id": (str(done.id), str(failed.id), str(waits.id)),
        "user_id": (str(member.user_id),),
        "person_id": (str(person.id), str(other.id)),
        "voice_id": (str(voice.id),),
        "consent_id": (str(consent.id),),
        "enrolment_id": (str(asked.id),),
        "move_id": (str(move.id),),
        "label": ("SPEAKER_00", "SPEAKER_01"),
    }
    return administrator, known


def _begin_upload(url: str) -> str:
    answer = httpx.post(f"{url}/api/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "1000"})
    assert answer.status_code == 201
    return answer.headers["Location"].rpartition("/")[2]


def _is_patient(query: Mapping[str, Any] | None) -> bool:
    wait = (query or {}).get("wait")
    return isinstance(wait, int | float) and not isinstance(wait, bool) and 0.1 < wait <= MAX_WAIT_S


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")  # schemathesis' own
@pytest.mark.parametrize(("path", "method", "operation_id"), OPERATIONS, ids=[name for *_, name in OPERATIONS])
def test_no_request_finds_a_bug_of_ours(path: str, method: str, operation_id: str, served: Served) -> None:
    schema = schemathesis.openapi.from_dict(_document())
    operation = schema[path][method.upper()]
    cases = st.one_of(operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))

    @settings(
        max_examples=2 * EXAMPLES,
        derandomize=True,  # what CI says must not depend on luck
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=cases, choice=st.integers(0, 5))
    def fuzz(case: schemathesis.Case, choice: int) -> None:
        for name, known in served.known.items():
            if name in case.path_parameters and choice < len(known):
                case.path_parameters[name] = known[choice]
        if _is_patient(case.query):
            case.query["wait"] = 0.1
        answer = case.call(base_url=served.url, timeout=30)
        case.validate_response(answer, checks=CHECKS)

    fuzz()
