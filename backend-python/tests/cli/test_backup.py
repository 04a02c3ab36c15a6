"""Backup, wipe, restore: the same answers. And what happens meanwhile, or to a backup that is not whole."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url, text
from typer.testing import CliRunner

from scribe.adapters.backup_folder import BackupFolder
from scribe.adapters.servers.installation import Installation
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.postgres_client import PostgresClient
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.cli import build_app
from scribe.cli.prepare import prepare
from scribe.core.config import QueueSettings, load_settings
from scribe.core.database import build_engine
from scribe.domain import layout
from scribe.domain.accounts import Principal, Scope
from scribe.domain.errors import BackupError, ConflictError, StorageError
from scribe.domain.meeting import MeetingStatus
from scribe.domain.requests import RunOptions
from scribe.main import create_app
from scribe.services.backup import BackupReport, RestoreReport, back_up, restore
from scribe.services.queue import Queue, requeue
from scribe.services.tokens import TokenWish, create_token
from tests.api.planting import claim, complete, edited, fail, plant
from tests.conftest import add_user
from tests.domain.exports.meeting import french_meeting


@dataclass(frozen=True)
class Place:
    """An installation: a database and files."""

    database_url: str
    files: Path

    @property
    def storage(self) -> Storage:
        return Storage(str(self.files))


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Place:
    (tmp_path / "files").mkdir()
    return Place(database_url, tmp_path / "files")


@pytest.fixture
async def elsewhere(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[Place]:
    """Empty: not even tables."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'create database "{name}"')
    (tmp_path / "other_files").mkdir()
    url = make_url(postgres.url).set(database=name).render_as_string(hide_password=False)
    yield Place(url, tmp_path / "other_files")
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


def names(folder: Path, pattern: str) -> list[str]:
    return [path.name for path in folder.glob(pattern)]


def nobody(_: int) -> None:
    return


async def save(place: Place, target: Path) -> BackupReport:
    return await back_up(place.database_url, place.storage, target, nobody)


async def bring_back(place: Place, source: Path, *, is_replacing: bool = False) -> RestoreReport:
    return await restore(place.database_url, place.storage, source, is_replacing=is_replacing, told=nobody)


async def answers(place: Place, redis_url: str, token: str) -> dict[str, Any]:
    """What the API says and gives, for everything this token sees."""
    settings = load_settings(
        database_url=place.database_url,
        redis_url=redis_url,
        queue__stream=f"test:{uuid4().hex}",
        queue__reap_every_s=3600,
        storage_url=str(place.files),
    )
    app = create_app(settings)
    found: dict[str, Any] = {}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://scribe.test",
            headers={"Authorization": f"Bearer {token}"},
        ) as client,
    ):
        listed = await client.get("/api/v1/meetings", params={"limit": 100})
        assert listed.status_code == 200, listed.text
        found["list"] = listed.json()
        for meeting in found["list"]["items"]:
            address = f"/api/v1/meetings/{meeting['id']}"
            for name in ("", "/transcript", "/results/fusion", "/exports/srt", "/audio", "/waveform"):
                answer = await client.get(address + name)
                content = answer.json() if name == "" else answer.content
                found[f"{meeting['title']}{name}"] = (answer.status_code, content)
        found["me"] = (await client.get("/api/v1/me")).json()
    return found


def without_ages(found: dict[str, Any]) -> dict[str, Any]:
    """Estimates depend on the clock, ids of requests on nothing; a restore counts as a change of the transcript."""

    def cleaned(value: Any) -> Any:
        if isinstance(value, dict):
            volatile = {"estimate", "request_id", "last_used_at"}
            return {name: cleaned(each) for name, each in value.items() if name not in volatile}
        if isinstance(value, bytes):
            return re.sub(rb'"version":\d+,', b"", value)
        return [cleaned(each) for each in value] if isinstance(value, list | tuple) else value

    return {name: cleaned(value) for name, value in found.items()}


async def token_of(units: UnitOfWorkFactory, who: Principal) -> str:
    made = await create_token(units, who, TokenWish("test", frozenset({Scope.READ, Scope.WRITE}), timedelta(days=1)))
    return made.secret


async def furnish(units: UnitOfWorkFactory, storage: Storage, owner: Principal) -> None:
    """One of every kind."""
    await plant(units, owner, storage, title="Budget", notes="d’accord", tags=("été",))
    done = await complete(units, storage)
    storage.write(layout.peaks_key(done.meeting_id), b'{"version": 2}')
    storage.write(f"{layout.checkpoints_folder(done.meeting_id)}/diarize.json", b"voiceprints", private=True)
    await plant(units, owner, storage, title="Silence")
    await fail(units)
    await plant(units, owner, storage, title="Waiting")


async def test_after_backup_wipe_and_restore_the_answers_are_the_same(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, redis_url: str, tmp_path: Path
) -> None:
    await furnish(units, here.storage, member)
    token = await token_of(units, member)
    before = await answers(here, redis_url, token)
    assert before["Budget/transcript"][0] == before["Budget/audio"][0] == before["Budget/waveform"][0] == 200
    report = await save(here, tmp_path / "backup")
    assert (report.num_meetings, report.lost) == (3, ())
    shutil.rmtree(here.files)
    restored = await bring_back(elsewhere, tmp_path / "backup")
    assert restored.num_files == report.num_files
    assert without_ages(await answers(elsewhere, redis_url, token)) == without_ages(before)
    assert sorted(path.name for path in elsewhere.files.rglob("diarize.json")) == ["diarize.json"]
    assert next(elsewhere.files.rglob("diarize.json")).stat().st_mode & 0o077 == 0


async def test_files_in_s3_are_saved_and_may_come_back_in_a_folder(
    database_url: str,
    s3_storage_url: str,
    elsewhere: Place,
    units: UnitOfWorkFactory,
    member: Principal,
    redis_url: str,
    tmp_path: Path,
) -> None:
    storage = Storage(s3_storage_url)
    await asyncio.to_thread(storage.write, "probe/x", b"")
    meeting = await plant(units, member, title="In the cloud", content=b"sound")
    await asyncio.to_thread(storage.write, layout.recording_key(meeting.id), b"sound")
    token = await token_of(units, member)
    report = await back_up(database_url, storage, tmp_path / "backup", nobody)
    assert (report.num_meetings, report.lost) == (1, ())
    await bring_back(elsewhere, tmp_path / "backup")
    found = await answers(elsewhere, redis_url, token)
    assert found["In the cloud/audio"] == (200, b"sound")


async def test_a_restored_installation_can_be_saved_and_restored_again(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, redis_url: str, tmp_path: Path
) -> None:
    await furnish(units, here.storage, member)
    token = await token_of(units, member)
    before = await answers(here, redis_url, token)
    await save(here, tmp_path / "first")
    await bring_back(elsewhere, tmp_path / "first")
    await save(elsewhere, tmp_path / "second")
    await bring_back(elsewhere, tmp_path / "second", is_replacing=True)
    assert without_ages(await answers(elsewhere, redis_url, token)) == without_ages(before)


async def test_a_backup_is_closed_to_others_and_holds_no_password_of_a_server(
    here: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path
) -> None:
    await furnish(units, here.storage, member)
    await save(here, tmp_path / "backup")
    paths = [tmp_path / "backup", *(tmp_path / "backup").rglob("*")]
    assert not [path for path in paths if path.stat().st_mode & 0o077]
    password = here.database_url.split(":")[2].split("@")[0].encode()
    assert not [path for path in paths if path.is_file() and password in path.read_bytes()]


async def test_a_meeting_that_was_being_processed_waits_again(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path
) -> None:
    await plant(units, member, here.storage, title="Under way")
    _, job = await claim(units)
    here.storage.write(f"{layout.results_folder(job.created_at, job.meeting_id)}/.run-{job.token}/half.json", b"{")
    await save(here, tmp_path / "backup")
    await bring_back(elsewhere, tmp_path / "backup")
    assert not list(elsewhere.files.rglob("half.json"))
    engine = build_engine(elsewhere.database_url)
    try:
        again = await Queue(UnitOfWorkFactory(engine), QueueSettings()).claim("test:2:y")
        assert again is not None
        assert (again.meeting_id, again.attempt) == (job.meeting_id, 1)  # the one cut off is not held against it
    finally:
        await engine.dispose()


async def test_a_meeting_that_was_being_cancelled_is_cancelled(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path
) -> None:
    await plant(units, member, here.storage, title="Under way")
    await claim(units)
    async with units() as unit:
        await unit.session.execute(text("update meetings set cancel_requested_at = now()"))
    await save(here, tmp_path / "backup")
    await bring_back(elsewhere, tmp_path / "backup")
    connection = await asyncpg.connect(elsewhere.database_url)
    assert await connection.fetchval("select status from meetings") == "CANCELLED"
    await connection.close()


async def test_browsers_sign_in_anew(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path
) -> None:
    async with units() as unit:
        await unit.session.execute(
            text(
                "insert into sessions (id, user_id, csrf_token, expires_at) "
                "values ('\\x01', :user, 'x', now() + interval '1 day')"
            ),
            {"user": member.user_id},
        )
    await save(here, tmp_path / "backup")
    await bring_back(elsewhere, tmp_path / "backup")
    connection = await asyncpg.connect(elsewhere.database_url)
    assert await connection.fetchval("select count(*) from sessions") == 0
    assert await connection.fetchval("select username from users") == "claire"
    await connection.close()


async def test_results_published_and_meetings_deleted_after_the_dump_are_saved_as_they_are(
    here: Place,
    elsewhere: Place,
    units: UnitOfWorkFactory,
    member: Principal,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = await plant(units, member, here.storage, title="Published anew")
    await complete(units, here.storage)
    deleted = await plant(units, member, here.storage, title="Deleted")
    await complete(units, here.storage)
    dumped = PostgresClient.dump
    loop = asyncio.get_running_loop()

    async def meanwhile() -> None:
        async with units() as unit:
            await requeue(unit, first.id, RunOptions(), 5)
            await unit.session.execute(text("delete from meetings where id = :id"), {"id": deleted.id})
        for folder in layout.meeting_folders(deleted.created_at, deleted.id):
            here.storage.delete_folder(folder)
        fusion, diarization = french_meeting()
        await complete(units, here.storage, documents=(edited(fusion, "It’s “new”; \\ : :now 'x' $1 $$"), diarization))
        await plant(units, member, here.storage, title="Too late")

    def dump_then(client: PostgresClient, target: Path, snapshot: str) -> None:
        dumped(client, target, snapshot)
        asyncio.run_coroutine_threadsafe(meanwhile(), loop).result()

    monkeypatch.setattr(PostgresClient, "dump", dump_then)
    token = await token_of(units, member)
    report = await save(here, tmp_path / "backup")
    assert (report.num_meetings, report.lost) == (1, ())
    now = await answers(here, redis_url, token)
    await bring_back(elsewhere, tmp_path / "backup")
    then = await answers(elsewhere, redis_url, token)
    assert [meeting["title"] for meeting in then["list"]["items"]] == ["Published anew"]
    for name in ("", "/transcript", "/results/fusion", "/audio"):
        assert without_ages({"": then[f"Published anew{name}"]}) == without_ages({"": now[f"Published anew{name}"]})
    assert "It’s “new”" in then["Published anew/transcript"][1].decode()


async def test_a_recording_that_the_storage_lost_is_reported_and_the_rest_is_saved(
    here: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path
) -> None:
    lost = await plant(units, member, here.storage, title="Lost")
    spoilt = await plant(units, member, here.storage, title="Spoilt")
    await plant(units, member, here.storage, title="Well")
    here.storage.delete(layout.recording_key(lost.id))
    here.storage.write(layout.recording_key(spoilt.id), b"something else")
    report = await save(here, tmp_path / "backup")
    assert report.lost == (str(lost.id), str(spoilt.id))
    assert report.num_meetings == 3


async def test_a_backup_that_fails_leaves_nothing(
    here: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(units, here.storage, member)

    def away(*_: Any) -> Any:
        raise StorageError("gone")

    monkeypatch.setattr(Storage, "keys", away)
    with pytest.raises(StorageError):
        await save(here, tmp_path / "backup")
    assert not names(tmp_path, "backup*")


async def test_what_one_that_was_killed_left_is_no_backup_and_in_nobodys_way(
    here: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path
) -> None:
    await furnish(units, here.storage, member)
    left = tmp_path / "backup.partial"
    (left / "files").mkdir(parents=True)
    (left / "files" / "half").write_bytes(b"x")
    await save(here, tmp_path / "backup")
    assert not left.exists()
    assert not (tmp_path / "backup" / "files" / "half").exists()


async def test_a_folder_with_something_in_it_is_not_written_to(here: Place, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    with pytest.raises(ConflictError):
        await save(here, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter"]


@pytest.mark.parametrize("kind", ["recording", "database.dump", "fusion.json"])
async def test_a_damaged_backup_is_refused_before_anything_is_changed(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path, kind: str
) -> None:
    await furnish(units, here.storage, member)
    await save(here, tmp_path / "backup")
    victim = next((tmp_path / "backup").rglob(kind))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(bytes(content))
    with pytest.raises(BackupError, match=kind.split(".")[0]):
        await bring_back(elsewhere, tmp_path / "backup")
    assert not list(elsewhere.files.iterdir())
    connection = await asyncpg.connect(elsewhere.database_url)
    assert await connection.fetchval("select to_regclass('meetings') is null")
    await connection.close()


async def test_a_file_missing_from_a_backup_is_found(here: Place, elsewhere: Place, tmp_path: Path) -> None:
    await save(here, tmp_path / "backup")
    (tmp_path / "backup" / "database.dump").unlink()
    with pytest.raises(BackupError, match="incomplete"):
        await bring_back(elsewhere, tmp_path / "backup")


async def test_a_folder_that_is_no_backup_is_refused(elsewhere: Place, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no backup"):
        await bring_back(elsewhere, tmp_path)


async def test_a_backup_of_a_newer_version_is_refused(here: Place, elsewhere: Place, tmp_path: Path) -> None:
    await save(here, tmp_path / "backup")
    folder = BackupFolder(tmp_path / "backup")
    folder.write_manifest(folder.read_manifest().model_copy(update={"revision": "9999"}))
    with pytest.raises(BackupError, match="newer"):
        await bring_back(elsewhere, tmp_path / "backup")


async def test_an_installation_in_use_is_replaced_only_when_asked_and_then_wholly(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, redis_url: str, tmp_path: Path
) -> None:
    await furnish(units, here.storage, member)
    token = await token_of(units, member)
    before = await answers(here, redis_url, token)
    await save(here, tmp_path / "backup")
    await prepare(elsewhere.database_url)
    engine = build_engine(elsewhere.database_url)
    others = UnitOfWorkFactory(engine)
    await furnish(others, elsewhere.storage, await add_user(others, "anne"))
    await engine.dispose()
    with pytest.raises(ConflictError, match="--replace"):
        await bring_back(elsewhere, tmp_path / "backup")
    await bring_back(elsewhere, tmp_path / "backup", is_replacing=True)
    assert without_ages(await answers(elsewhere, redis_url, token)) == without_ages(before)
    files = {path.relative_to(elsewhere.files) for path in elsewhere.files.rglob("*") if path.is_file()}
    assert files == {path.relative_to(here.files) for path in here.files.rglob("*") if path.is_file()}


async def test_nothing_is_restored_under_a_running_service(here: Place, elsewhere: Place, tmp_path: Path) -> None:
    await save(here, tmp_path / "backup")
    busy = await asyncpg.connect(elsewhere.database_url, server_settings={"application_name": "scribe-api"})
    with pytest.raises(ConflictError, match="scribe-api"):
        await bring_back(elsewhere, tmp_path / "backup")
    await busy.close()


async def test_a_restore_that_fails_leaves_the_database_as_it_was(
    here: Place, elsewhere: Place, units: UnitOfWorkFactory, member: Principal, tmp_path: Path
) -> None:
    await furnish(units, here.storage, member)
    await save(here, tmp_path / "backup")
    await prepare(elsewhere.database_url)
    folder = BackupFolder(tmp_path / "backup")
    broken = ({"id": str(uuid4()), "no such column": 1},)
    folder.write_manifest(folder.read_manifest().model_copy(update={"published_meanwhile": broken}))
    with pytest.raises(Exception, match="no such column"):
        await bring_back(elsewhere, tmp_path / "backup")
    connection = await asyncpg.connect(elsewhere.database_url)
    assert await connection.fetchval("select username from users") == "admin"
    assert await connection.fetchval("select count(*) from meetings") == 0
    await connection.close()


def test_the_commands_work_while_nothing_runs(
    servers_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "SCRIBE_STORAGE_URL", "SCRIBE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    old, new = servers_dir / f"old-{uuid4().hex}", servers_dir / f"new-{uuid4().hex}"
    meeting_id = fill_an_installation(old)
    runner = CliRunner()
    saved = runner.invoke(build_app(), ["backup", str(tmp_path / "backup"), "--data-dir", str(old)])
    assert saved.exit_code == 0, saved.output
    assert "1 meeting, 1 file," in saved.output.replace("\n", " ")
    restored = runner.invoke(build_app(), ["restore", str(tmp_path / "backup"), "--data-dir", str(new)])
    assert restored.exit_code == 0, restored.output
    assert (new / "files" / layout.recording_key(meeting_id)).read_bytes().startswith(bytes(range(256)))


def fill_an_installation(folder: Path) -> Any:
    installation = Installation(folder)
    installation.prepare()

    async def fill(url: str) -> Any:
        await prepare(url)
        engine = build_engine(url)
        units = UnitOfWorkFactory(engine)
        meeting = await plant(units, await add_user(units, "claire"), Storage(str(folder / "files")), title="Kept")
        await engine.dispose()
        assert meeting.status is MeetingStatus.PENDING
        return meeting.id

    with PostgresServer(installation.postgres, installation.port("postgres"), is_durable=False) as server:
        return asyncio.run(fill(server.url))
