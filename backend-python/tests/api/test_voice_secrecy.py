"""Who sees whom in the voice bank: somebody one may not read is answered like nobody, byte for byte."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.people import Person
from tests.api.introducing import Lane, add_person, add_voice, clip, pitch
from tests.conftest import add_user

PEOPLE = "/api/v1/people"
VOICES = "/api/v1/voices"
ActAs = Callable[[Principal], None]


@pytest.fixture
async def claire(units: UnitOfWorkFactory, member: Principal) -> Person:
    """``member``'s, private, with a consent."""
    return await add_person(units, member.user_id, "Claire Martin", aliases=("Mme Martin",), note="Finance")


# --- who sees whom ----------------------------------------------------------------------------------------------------


def requests_about(person_id: object, voice_id: object, other_id: object) -> list[tuple[str, str, Any]]:
    """Everything that can be asked about a person, a consent or a voice."""
    person, voice = f"{PEOPLE}/{person_id}", f"/api/v1/voices/{voice_id}"
    consent = {"given_by": "x", "text_version": "1"}
    return [
        ("GET", person, None),
        ("PATCH", person, {"name": "Eve"}),
        ("DELETE", person, None),
        ("DELETE", f"{person}?names=pseudonymise", None),
        ("GET", f"{person}/meetings", None),
        ("GET", f"{person}/export", None),
        ("GET", f"{person}/consents", None),
        ("POST", f"{person}/consents", consent),
        ("DELETE", f"{person}/consents/{other_id}", None),
        ("POST", f"{person}/merge", {"other_id": str(other_id)}),
        ("POST", f"{PEOPLE}/{other_id}/merge", {"other_id": str(person_id)}),
        ("POST", f"{person}/split", {"voice_ids": [str(voice_id)], "name": "Eve"}),
        ("POST", f"{person}/voices/from-speaker", {"meeting_id": str(other_id), "label": "SPEAKER_00"}),
        ("GET", f"/api/v1/voices?person_id={person_id}", None),
        ("POST", "/api/v1/voices/recognise", {"person_id": str(person_id)}),
        ("GET", voice, None),
        ("DELETE", voice, None),
        ("GET", f"{voice}/sample", None),
    ]


async def test_a_person_whom_one_may_not_read_is_answered_like_nobody(
    client: httpx.AsyncClient, act_as: ActAs, units: UnitOfWorkFactory, storage: Storage, stranger: Principal,
    claire: Person, subtests: pytest.Subtests,
) -> None:  # fmt: skip
    voice = await add_voice(units, storage, claire, pitch(3))
    mine = await add_person(units, stranger.user_id, "Anne")
    act_as(stranger)
    there = requests_about(claire.id, voice.id, mine.id)
    nobody = requests_about(uuid4(), uuid4(), mine.id)
    for (method, address, body), (_, empty_address, empty_body) in zip(there, nobody, strict=True):
        with subtests.test(method=method, address=address):
            answer = await client.request(method, address, json=body)
            empty = await client.request(method, empty_address, json=empty_body)
            assert answer.status_code == 404
            assert answer.content == empty.content
            assert answer.headers.multi_items() != []
            volatile = {"x-request-id", "date"}
            assert {k: v for k, v in answer.headers.items() if k not in volatile} == {
                k: v for k, v in empty.headers.items() if k not in volatile
            }
    assert (await client.get(PEOPLE, params={"q": "Claire"})).json() == {"items": [], "next": None}
    assert (await client.post(f"{PEOPLE}/{claire.id}/voices", content=b"RIFF" + bytes(100))).content == (
        await client.post(f"{PEOPLE}/{uuid4()}/voices", content=b"RIFF" + bytes(100))
    ).content


async def test_a_shared_person_may_be_read_by_all_and_changed_by_owner_and_administrators(
    client: httpx.AsyncClient, act_as: ActAs, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    stranger: Principal, administrator: Principal, subtests: pytest.Subtests,
) -> None:  # fmt: skip
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    voice = await add_voice(units, storage, shared, pitch(3))
    mine = await add_person(units, stranger.user_id, "Anne")
    act_as(stranger)
    seen = (await client.get(f"{PEOPLE}/{shared.id}")).json()
    assert (seen["name"], seen["may_change"]) == ("Claire", False)
    assert [item["id"] for item in (await client.get(PEOPLE)).json()["items"]] == [str(mine.id), str(shared.id)]
    readable = {
        f"{PEOPLE}/{shared.id}", f"{PEOPLE}/{shared.id}/meetings", f"/api/v1/voices?person_id={shared.id}",
        f"/api/v1/voices/{voice.id}",
    }  # fmt: skip
    for method, address, body in requests_about(shared.id, voice.id, mine.id):
        with subtests.test(method=method, address=address):
            answer = await client.request(method, address, json=body)
            if method == "GET" and address in readable:
                assert answer.status_code == 200
            elif address.endswith("/recognise"):
                assert answer.status_code == 202
            elif address.endswith("/from-speaker"):
                assert answer.status_code == 404, "the meeting"
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "access.forbidden")
    clip = await client.post(f"{PEOPLE}/{shared.id}/voices", content=b"RIFF" + bytes(100))
    assert clip.status_code == 403
    act_as(administrator)
    changed = await client.patch(f"{PEOPLE}/{shared.id}", json={"note": "x"})
    assert (changed.status_code, changed.json()["may_change"]) == (200, True)


async def test_an_administrator_sees_everybody(
    client: httpx.AsyncClient, act_as: ActAs, administrator: Principal, claire: Person
) -> None:
    act_as(administrator)
    assert [item["id"] for item in (await client.get(PEOPLE)).json()["items"]] == [str(claire.id)]
    assert (await client.get(f"{PEOPLE}/{claire.id}/consents")).status_code == 200


async def test_a_name_that_somebody_else_has_given_is_no_conflict(
    client: httpx.AsyncClient, act_as: ActAs, stranger: Principal, claire: Person
) -> None:
    act_as(stranger)
    made = await client.post(PEOPLE, json={"name": claire.name, "aliases": list(claire.aliases)})
    assert made.status_code == 201
    listed = (await client.get(PEOPLE, params={"q": claire.name})).json()["items"]
    assert [item["id"] for item in listed] == [made.json()["id"]]


# --- nobody learns who is in the bank -------------------------------------------------------------------------------


async def test_a_voice_that_somebody_else_enrolled_in_private_leaves_no_trace_in_any_answer(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    claire: Person,
) -> None:  # fmt: skip
    """Two users do the same things with Claire's voice: when the first one does, nobody has enrolled it; when the
    second one does, ``member`` has, in private. All that they are answered is compared, but for ids and times."""
    one = await _try_everything(client, act_as, lane, await add_user(units, "user-one"))
    await add_voice(units, storage, claire, pitch(3))
    await add_voice(units, storage, claire, pitch(3, noise=1), is_learned=True)
    two = await _try_everything(client, act_as, lane, await add_user(units, "user-two"))
    assert len(one) == len(two) > 25
    for nobody_there, somebody_there in zip(one, two, strict=True):
        assert nobody_there == somebody_there
    assert str(claire.id) not in "".join(two)


async def test_the_same_things_tell_of_a_voice_that_is_shared(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    member: Principal,
) -> None:  # fmt: skip
    """The comparison above would notice: here it does."""
    one = await _try_everything(client, act_as, lane, await add_user(units, "user-one"))
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    await add_voice(units, storage, shared, pitch(3))
    two = await _try_everything(client, act_as, lane, await add_user(units, "user-two"))
    different = [there for nobody, there in zip(one, two, strict=True) if nobody != there]
    assert len(different) >= 8, "lists, a question, a verdict, a name in a meeting"


async def _try_everything(client: httpx.AsyncClient, act_as: ActAs, lane: Lane, who: Principal) -> list[str]:
    """Everything by which somebody might find out whether Claire's voice is in the bank; each answer as text."""
    act_as(who)
    asking = _Asking(client)
    await asking("GET", PEOPLE)
    await asking("GET", f"{PEOPLE}?q=Claire&limit=1")
    consent = {"given_by": "x", "text_version": "1"}
    anne = (await asking("POST", PEOPLE, {"name": "Claire", "consent": consent}))["id"]
    await asking("GET", f"{PEOPLE}?q=Claire&limit=1")
    tested = (await asking("POST", f"{VOICES}/test", clip(3, noise=7)))["id"]
    await lane.work()
    await asking("GET", f"{VOICES}/enrolments/{tested}")

    content = b"RIFF\0\0\0\0WAVE" + who.user_id.bytes
    meeting = (await asking("POST", "/api/v1/meetings?title=x&voices=Claire,all", content))["id"]
    await lane.process({"SPEAKER_00": pitch(3, noise=2), "SPEAKER_01": pitch(8)})
    here = f"/api/v1/meetings/{meeting}"
    for tail in (
        "",
        "/speakers",
        "/transcript",
        "/results/fusion",
        "/results/diarization",
        "/exports/md",
        "/moves",
        "/edits",
    ):
        await asking("GET", f"{here}{tail}")
    await asking("POST", f"{here}/recognise")
    await asking("POST", f"{VOICES}/recognise", {})
    await lane.work()
    await asking("GET", f"{here}/speakers")
    for decision in ({"unknown": True}, {"automatic": True}, {"name": "Claire"}, {"automatic": True}):
        await asking("PUT", f"{here}/speakers/SPEAKER_00", decision)
        await lane.work()
        await asking("GET", f"{here}/speakers")
    await asking("GET", f"{here}/edits")

    await asking("POST", f"{PEOPLE}/{anne}/voices/from-speaker", {"meeting_id": meeting, "label": "SPEAKER_00"})
    await lane.work()
    enrolled = (await asking("POST", f"{PEOPLE}/{anne}/voices", clip(3, noise=3)))["id"]
    await lane.work()
    await asking("GET", f"{VOICES}/enrolments/{enrolled}")
    await asking("GET", f"{VOICES}?person_id={anne}")
    await asking("GET", f"{PEOPLE}/{anne}")
    await asking("POST", f"{here}/recognise")
    await lane.work()
    for address in (f"{here}/speakers", f"{here}", f"{PEOPLE}/{anne}/meetings", f"{PEOPLE}/{anne}/export", PEOPLE):
        await asking("GET", address)
    await asking("DELETE", f"{PEOPLE}/{anne}")
    await asking("GET", f"{here}/speakers")
    await asking("DELETE", here)
    return asking.answers


class _Asking:
    """Remembers every answer, with ids and times replaced by where they first came up."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._met: dict[str, str] = {}
        self.answers: list[str] = []

    async def __call__(self, method: str, address: str, body: dict[str, Any] | bytes | None = None) -> Any:
        sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self._client.request(method, address, **sent)
        assert answer.status_code < 400, answer.text
        headers = sorted(f"{name}: {value}" for name, value in answer.headers.items() if name not in _CHANGING)
        told = "\n".join([f"{method} {address} {answer.status_code}", *headers, answer.text])
        self.answers.append(_CHANGES.sub(lambda found: self._met.setdefault(found[0], f"<{len(self._met)}>"), told))
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if is_json else None


_CHANGING = frozenset({"x-request-id", "date", "etag", "content-length"})
_CHANGES = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # ids
    r"|\b[0-9a-f]{64}\b"  # digests of what was uploaded
    r"|\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)"
    r"|user-(?:one|two)"
)
