"""The audit log over HTTP: what a day's work leaves in it, and who may look."""

import csv
import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal, Role, Scope
from scribe.services.tokens import TokenWish, create_token
from tests.api.planting import complete, plant
from tests.api.signing import add_account, browser_of

SECRETS = ("Licenciement", "Dupont", "confidentiel", "claire", "denis")


async def written(app: FastAPI, units: UnitOfWorkFactory) -> list[dict[str, Any]]:
    await app.state.context.reading_log.flush()
    async with units() as unit:
        return [
            {"action": entry.action, "actor": entry.actor_id, "kind": entry.actor_kind, "detail": entry.detail,
             "meeting": entry.meeting_id, "subject": entry.subject_id}
            for entry in await unit.audit.chain(0, 1000)
        ]  # fmt: skip


async def test_a_days_work_is_in_the_log_without_a_name_or_a_word(
    app: FastAPI, client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting = await plant(units, member, storage, title="Licenciement Dupont", file_name="confidentiel.wav")
    await complete(units, storage)
    here = f"/api/v1/meetings/{meeting.id}"
    for _ in range(3):
        assert (await client.get(f"{here}/transcript")).status_code == 200
        for first in (0, 100, 200):
            part = await client.get(f"{here}/playback", headers={"Range": f"bytes={first}-{first + 99}"})
            assert part.status_code == 206
        assert (await client.get("/api/v1/search", params={"q": "Dupont"})).status_code == 200
    for _ in range(2):
        assert (await client.get(f"{here}/exports/srt")).status_code == 200
    line = (await client.get(f"{here}/transcript")).json()["segments"][0]
    seen = {name: line[name] for name in ("start", "end", "speaker", "text")}
    edit = {"kind": "text", "segment": seen, "text": "Licenciement confidentiel de Dupont."}
    edit_id = (await client.post(f"{here}/edits", json=edit)).json()["edit"]["id"]
    assert (await client.post(f"{here}/edits/{edit_id}/undo")).status_code == 200
    assert (await client.get(f"{here}/results/fusion")).status_code == 200
    assert (await client.get(f"{here}/audio", params={"download": "true"})).status_code == 200
    assert (await client.patch(here, json={"notes": "confidentiel"})).status_code == 200
    assert (await client.delete(here)).status_code == 204
    found = await written(app, units)
    done = [(entry["action"], dict(entry["detail"])) for entry in found if entry["actor"] == member.user_id]
    reads = {"transcript.read", "recording.played", "transcript.searched"}
    assert [one for one in done if one[0] not in reads] == [
        ("transcript.exported", {"format": "srt"}),
        ("transcript.exported", {"format": "srt"}),
        ("transcript.edited", {"kind": "text"}),
        ("transcript.edit_undone", {"kind": "text"}),
        ("transcript.exported", {"format": "results/fusion"}),
        ("recording.downloaded", {}),
        ("meeting.changed", {"fields": ["notes"]}),
        ("meeting.deleted", {}),
    ]
    assert sorted(one[0] for one in done if one[0] in reads) == sorted(reads)
    assert all(entry["meeting"] == meeting.id for entry in found if entry["action"] != "transcript.searched")
    assert not any(secret in str(found) for secret in SECRETS)


async def test_signing_in_and_what_administrators_do_are_in_the_log(app: FastAPI, units: UnitOfWorkFactory) -> None:
    root = await add_account(units, "root", Role.ADMIN)
    async with browser_of(app) as browser:
        assert (await browser.sign_in("root", "wrong, and long enough")).status_code == 401
        assert (await browser.sign_in("nobody-of-us", "wrong, and long enough")).status_code == 401
        await browser.sign_in("root")
        made = await browser.send("POST", "/users", json={"username": "denis"})
        denis = UUID(made.json()["user"]["id"])
        await browser.send("PATCH", f"/users/{denis}", json={"role": "admin"})
        token = await browser.send("POST", "/me/tokens", json={"name": "laptop", "scopes": ["read"]})
        token_id = token.json()["token"]["id"]
        await browser.send("DELETE", f"/me/tokens/{token_id}")
        await browser.send("DELETE", f"/users/{denis}")
        await browser.send("POST", "/auth/logout")
    found = [(entry["action"], entry["actor"], entry["subject"]) for entry in await written(app, units)]
    assert found == [
        ("account.sign_in_refused", None, root),
        ("account.sign_in_refused", None, None),
        ("account.signed_in", root, root),
        ("user.created", root, denis),
        ("user.changed", root, denis),
        ("token.created", root, root),
        ("token.revoked", root, root),
        ("user.deleted", root, denis),
        ("account.signed_out", root, root),
    ]


async def test_what_a_program_does_is_its_tokens_and_its_owners(
    app: FastAPI, anonymous: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    made = await create_token(units, member, TokenWish("laptop", frozenset({Scope.READ, Scope.WRITE}), None))
    headers = {"Authorization": f"Bearer {made.secret}"}
    assert (await anonymous.delete(f"/api/v1/meetings/{meeting.id}", headers=headers)).status_code == 204
    async with units() as unit:
        last = (await unit.audit.chain(0, 100))[-1]
    assert (last.action, last.actor_kind, last.actor_id, last.token_id) == (
        "meeting.deleted", "token", member.user_id, made.token.id,
    )  # fmt: skip


async def test_administrators_read_prove_and_take_it_away(
    app: FastAPI,
    client: httpx.AsyncClient,
    act_as: Callable[[Principal], None],
    units: UnitOfWorkFactory,
    member: Principal,
    administrator: Principal,
) -> None:
    for title in ("One", "Two", "Three"):
        await plant(units, member, title=title)
    act_as(administrator)
    first = await client.get("/api/v1/audit", params={"limit": 2, "action": "meeting."})
    assert first.status_code == 200, first.text
    assert [item["sequence"] for item in first.json()["items"]] == [3, 2]
    assert first.json()["items"][0]["meeting"]["title"] == "Three"
    assert first.json()["items"][0]["subject_username"] == "claire"
    assert 'rel="next"' in first.headers["Link"]
    rest = await client.get("/api/v1/audit", params={"limit": 2, "action": "meeting.", "cursor": first.json()["next"]})
    assert [item["sequence"] for item in rest.json()["items"]] == [1]
    assert rest.json()["next"] is None
    await app.state.context.reading_log.flush()  # who reads the log is in it
    proved = (await client.get("/api/v1/audit/verification")).json()
    assert (proved["is_intact"], proved["entries"], proved["is_head_known"]) == (True, 4, None)
    known = (await client.get("/api/v1/audit/verification", params={"head": proved["head"]})).json()
    assert known["is_head_known"] is True
    unknown = (await client.get("/api/v1/audit/verification", params={"head": "ab" * 32})).json()
    assert (unknown["is_intact"], unknown["is_head_known"]) == (False, False)
    taken = await client.get("/api/v1/audit/export", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(taken.text)))
    assert [row["action"] for row in rows] == ["meeting.created"] * 3 + ["audit.read", "audit.exported"]
    assert rows[-1]["hash"] == taken.headers["X-Audit-Head"]


async def test_others_see_nothing_of_it(client: httpx.AsyncClient) -> None:
    for path in ("", "/verification", "/export"):
        answer = await client.get(f"/api/v1/audit{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "access.forbidden")
