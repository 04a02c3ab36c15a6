"""The voice bank in backups: whole, closed to others, and nobody comes back who was forgotten since."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url, text

from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.postgres_client import PostgresClient
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.cli.prepare import prepare
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.namings import Naming, Speaker
from scribe.domain.people import NamePolicy, Person, PersonId, VoiceprintId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.services import forgetting, people
from scribe.services.backup import back_up, backups_holding, restore
from tests.api.planting import complete, plant
from tests.bank import enter, stored, voice

LABEL = SpeakerLabel("SPEAKER_00")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    (tmp_path / "files").mkdir()
    return Storage(str(tmp_path / "files"))


@pytest.fixture
async def other_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """A database without tables."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'create database "{name}"')
    yield make_url(postgres.url).set(database=name).render_as_string(hide_password=False)
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


@pytest.fixture
def other_storage(tmp_path: Path) -> Storage:
    (tmp_path / "other_files").mkdir()
    return Storage(str(tmp_path / "other_files"))


def nobody(_: int) -> None:
    return


async def enrolled(units: UnitOfWorkFactory, storage: Storage, owner: Principal, name: str, seed: int) -> Person:
    """With a sample, named in a meeting of their own."""
    person = await enter(units, owner, name)
    print_id = VoiceprintId(uuid7())
    key = layout.print_sample_key(person.id, print_id)
    storage.write(key, f"RIFF of {name}".encode(), private=True)
    meeting = await plant(units, owner, storage, title=name)
    await complete(units, storage, formats=())
    sample = layout.speaker_sample_key(meeting.id, 1, LABEL)
    storage.write(sample, f"RIFF of {name} in a meeting".encode(), private=True)
    async with units() as unit:
        await unit.voiceprints.add(stored(person.id, voice(seed), id=print_id, sample_key=key))
        row = Speaker(meeting.id, LABEL, 1, (Span(0, 9),), voice(seed + 1), None, (), sample)
        await unit.speakers.replace(meeting.id, 1, [row])
        await unit.speakers.decide(
            Speaker(meeting.id, LABEL, 1, (Span(0, 9),), voice(seed + 1), None, (), sample,
                    naming=Naming.CONFIRMED, person_id=person.id)
        )  # fmt: skip
    return person


async def rows(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] if len(row) == 1 else tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_the_bank_is_saved_whole_and_closed_to_others(
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    database_url: str,
    other_url: str,
    other_storage: Storage,
    tmp_path: Path,
) -> None:
    person = await enrolled(units, storage, member, "Claire", 1)
    bank = "select to_jsonb(v)::text from voiceprints v union all select to_jsonb(s)::text from speakers s order by 1"
    before = await rows(database_url, bank)
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert manifest["people"] == [str(person.id)]
    assert not [path for path in (tmp_path / "backup").rglob("*") if path.stat().st_mode & 0o077]
    await restore(other_url, other_storage, tmp_path / "backup", is_replacing=False, told=nobody)
    assert await rows(other_url, bank) == before
    keys = [key for top in ("voices", "derived") for key in storage.keys(top)]
    assert len(keys) == 2
    assert {key: other_storage.read(key) for key in keys} == {key: storage.read(key) for key in keys}
    for key in keys:
        path = other_storage.local_path(key)
        assert path is not None
        assert path.stat().st_mode & 0o077 == 0


async def test_which_backups_hold_somebody_is_told_without_reading_a_dump(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    await back_up(database_url, storage, folder / "1-before", nobody)
    person = await enter(units, member, "Claire")
    await back_up(database_url, storage, folder / "2-with", nobody)
    await forgetting.forget(units, member, person.id, NamePolicy.KEEP)
    await back_up(database_url, storage, folder / "3-after", nobody)
    (folder / "4-damaged").mkdir()
    (folder / "4-damaged" / "manifest.json").write_text("{")
    (folder / "notes").mkdir()
    found = backups_holding(folder, person.id)
    assert (found.holding, found.unreadable) == ((folder / "2-with",), (folder / "4-damaged",))
    assert backups_holding(folder / "2-with", person.id).holding == (folder / "2-with",)
    assert backups_holding(folder / "nowhere", person.id).holding == ()


async def test_somebody_forgotten_while_the_backup_is_made_does_not_come_back_with_it(
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    database_url: str,
    other_url: str,
    other_storage: Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = await enrolled(units, storage, member, "Claire", 1)
    await after_the_dump(monkeypatch, forgetting.forget(units, member, person.id, NamePolicy.PSEUDONYMISE))
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    report = await restore(other_url, other_storage, tmp_path / "backup", is_replacing=False, told=nobody)
    assert report.num_erased_again == 1
    assert await rows(other_url, "select count(*) from people") == [0]
    [(name, vector)] = await rows(other_url, "select name, vector::text from speakers")
    assert name.startswith("P-")
    assert vector is None
    assert other_storage.keys("voices") == []


async def test_names_given_after_the_dump_are_saved_as_they_are(
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    database_url: str,
    other_url: str,
    other_storage: Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files and rows of a backup speak of the same speakers; people who came later than the dump are nobody in it."""
    await enrolled(units, storage, member, "Claire", 1)
    await enrolled(units, storage, member, "Marc", 10)
    late = await enter(units, member, "Too late")

    async def meanwhile() -> None:
        async with units() as unit:
            await unit.session.execute(
                text("update speakers set person_id = null, name = 'Typed; it''s “so”' where person_id = "
                     "(select id from people where name = 'Claire')")
            )  # fmt: skip
            await unit.session.execute(
                text(
                    "update speakers set person_id = :late from people where people.name = 'Marc' "
                    "and person_id = people.id"
                ),
                {"late": late.id},
            )
            await unit.session.execute(_CORRECTED, {"author": member.user_id, "late": str(late.id)})
            await unit.session.execute(text("update meetings set names_version = 1, names_written = 1"))

    await after_the_dump(monkeypatch, meanwhile())
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    unknown = str(PersonId(uuid7()))  # as if the dump were older than this person
    manifest = (tmp_path / "backup" / "manifest.json").read_text()
    assert len(json.loads(manifest)["names_meanwhile"]) == 2
    (tmp_path / "backup" / "manifest.json").write_text(manifest.replace(str(late.id), unknown))
    await restore(other_url, other_storage, tmp_path / "backup", is_replacing=False, told=nobody)
    found = await rows(
        other_url,
        "select s.name, s.naming, s.person_id, s.vector is not null, m.names_version > m.names_written "
        "from speakers s join meetings m on m.id = s.meeting_id order by s.name nulls last",
    )
    assert found == [("Typed; it's “so”", "confirmed", None, True, True), (None, "unknown", None, True, True)]
    history = await rows(
        other_url,
        "select kind, author_id is not null, payload #>> '{before,name}', payload #>> '{after,person_id}', "
        "payload #>> '{before,0,text}' from edits order by kind, number",
    )
    decided, corrected = ("name", True, "it's", None, None), ("text", True, None, None, "“so”")
    assert history == [decided, decided, corrected, corrected]


_CORRECTED = text("""
    insert into edits (id, meeting_id, number, position, kind, author_id, start_s, end_s, label, payload)
    select gen_random_uuid(), meetings.id, number, number, kind, :author, 0, 1, 'SPEAKER_00', payload from meetings,
        (values (1, 'name', jsonb_build_object(
                'before', jsonb_build_object('naming', 'confirmed', 'person_id', null, 'name', 'it''s'),
                'after', jsonb_build_object('naming', 'confirmed', 'person_id', cast(:late as text), 'name', null))),
            (2, 'text', jsonb_build_object('before', jsonb_build_array(jsonb_build_object('text', '“so”')),
                'after', jsonb_build_array()))) as made (number, kind, payload)
""")


async def after_the_dump(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    dumped = PostgresClient.dump
    loop = asyncio.get_running_loop()

    def dump_then(client: PostgresClient, target: Path, snapshot: str) -> None:
        dumped(client, target, snapshot)
        asyncio.run_coroutine_threadsafe(work, loop).result()

    monkeypatch.setattr(PostgresClient, "dump", dump_then)


async def test_tombstones_of_the_installation_that_is_replaced_are_kept_and_heeded(
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    database_url: str,
    other_url: str,
    other_storage: Storage,
    tmp_path: Path,
) -> None:
    """Those that stand only in its database, too."""
    person = await enrolled(units, storage, member, "Claire", 1)
    withdrawn = await enrolled(units, storage, member, "Marc", 10)
    kept = await enrolled(units, storage, member, "Anne", 20)
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    await prepare(other_url)
    await restore(other_url, other_storage, tmp_path / "backup", is_replacing=True, told=nobody)
    engine = build_engine(other_url)
    others = UnitOfWorkFactory(engine)
    await forgetting.forget(others, member, person.id, NamePolicy.KEEP)
    [consent] = await people.consents(others, member, withdrawn.id)
    await people.withdraw_consent(others, member, withdrawn.id, consent.id)
    await engine.dispose()
    report = await restore(other_url, other_storage, tmp_path / "backup", is_replacing=True, told=nobody)
    assert report.num_erased_again == 2
    assert set(await rows(other_url, "select name from people")) == {"Marc", "Anne"}
    assert await rows(other_url, "select distinct person_id from voiceprints") == [kept.id]
    assert await rows(other_url, "select count(*) from consents where withdrawn_at is null") == [1]
    assert {key.split("/")[2] for key in other_storage.keys("voices")} == {str(kept.id)}
    assert {Path(key).stem for key in other_storage.keys("erasures")} == {str(person.id), str(withdrawn.id)}


async def test_a_restore_that_is_killed_before_it_forgets_leaves_voices_that_match_nobody(
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = await enrolled(units, storage, member, "Claire", 1)
    kept = await enrolled(units, storage, member, "Anne", 20)
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    await forgetting.forget(units, member, person.id, NamePolicy.KEEP)
    await units.engine.dispose()

    async def killed(*_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(forgetting, "reapply", killed)
        with pytest.raises(KeyboardInterrupt):
            await restore(database_url, storage, tmp_path / "backup", is_replacing=True, told=nobody)
    async with units() as unit:
        assert await unit.people.get(person.id) is not None  # the older database is here
        bank = await unit.voiceprints.bank_for(member.user_id, voice(1).model, None, require_consent=False)
        assert [profile.key for profile in bank.profiles] == [str(kept.id)]
    assert await forgetting.reapply(units, storage) == 1
    async with units() as unit:
        assert await unit.people.get(person.id) is None
        assert await unit.people.get(kept.id) is not None


async def test_a_clip_that_was_being_measured_waits_again_with_its_file(
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    database_url: str,
    other_url: str,
    other_storage: Storage,
    tmp_path: Path,
) -> None:
    person = await enter(units, member, "Claire")
    enrolment_id = uuid7()
    storage.write(layout.clip_key(enrolment_id), b"RIFF")
    async with units() as unit:
        await unit.session.execute(
            text(
                "insert into enrolments (id, owner_id, person_id, kind, status, source_key, attempt, token, "
                "lease_until) values (:id, :owner, :person, 'enrol', 'PROCESSING', :key, 1, gen_random_uuid(), now())"
            ),
            {"id": enrolment_id, "owner": member.user_id, "person": person.id, "key": layout.clip_key(enrolment_id)},
        )
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    await restore(other_url, other_storage, tmp_path / "backup", is_replacing=False, told=nobody)
    assert await rows(other_url, "select status, attempt, token from enrolments") == [("PENDING", 0, None)]
    assert other_storage.read(layout.clip_key(enrolment_id)) == b"RIFF"
