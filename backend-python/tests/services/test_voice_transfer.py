"""People leave an installation and enter another: bit for bit, whole or not at all, and never against their will."""

import base64
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import VoicesSettings
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import BackupError, ConflictError, ForbiddenError, NotFoundError
from scribe.domain.meeting import MeetingId
from scribe.domain.namings import Naming
from scribe.domain.people import ConsentDraft, NamePolicy, Person, PersonDraft, PersonQuery, PrintOrigin
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voices import VoiceBank
from scribe.services import forgetting, people
from scribe.services.housekeeping import purge
from scribe.services.voice_transfer import Imported, access_report, bring_in, export
from tests.bank import MODEL, enter, stored, teach, voice
from tests.spoken_of import FIRST, meeting_with, speaker

AGREED = ConsentDraft("Claire, signed", "fr-1")
SETTINGS = VoicesSettings()
OTHER_MODEL = "campplus@ffffffffffffffff"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
async def claire(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Person:
    """With a consent, three prints and two samples."""
    person = await people.create(
        units, member, PersonDraft("Claire Martin", ("CM",), "treasurer", is_shared=True), AGREED
    )
    prints = [
        stored(person.id, voice(1), spans=(Span(0.5, 9.25),), file_name="claire.m4a", channel="48000 Hz, aac"),
        stored(person.id, voice(2), origin=PrintOrigin.MICROPHONE, confirmed_by=member.user_id),
        stored(
            person.id,
            voice(3),
            origin=PrintOrigin.MEETING,
            is_learned=True,
            meeting_id=MeetingId(person.id),
            label=SpeakerLabel("SPEAKER_01"),
        ),
    ]
    keyed = [replace(one, sample_key=layout.print_sample_key(person.id, one.id)) for one in prints[:2]]
    for index, one in enumerate(keyed):
        assert one.sample_key is not None
        storage.write(one.sample_key, b"RIFF" + bytes([index]) * 1000)
    async with units() as unit:
        for one in (*keyed, prints[2]):
            await unit.voiceprints.add(one)
    return await people.read(units, member, person.id)


async def test_what_was_exported_and_forgotten_comes_back_bit_for_bit_when_asked_for_again(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    before = await bank(units, member)
    file = tmp_path / "voices.zip"
    report = await export(units, storage, member, file)
    assert (report.people, report.voiceprints, report.samples, report.lost) == (1, 3, 2, ())
    await forgetting.forget(units, member, claire.id, NamePolicy.KEEP)
    await purge(units, storage)
    assert storage.keys("voices") == []

    with pytest.raises(ConflictError, match="Claire Martin"):
        await come_back(units, storage, member, file)
    assert await everybody(units, member) == []
    imported = await come_back(units, storage, member, file, is_again=True)

    assert (imported.voiceprints, imported.stale, imported.present) == (3, 0, ())
    (back,) = await everybody(units, member)
    assert back.id == imported.people[0] != claire.id  # the old entry stays forgotten, also in older backups
    assert (back.name, back.aliases, back.note) == ("Claire Martin", ("CM",), "treasurer")
    assert (back.is_shared, back.has_consent) == (True, True)
    assert vectors(await bank(units, member)) == vectors(before)
    async with units() as unit:
        prints = await unit.voiceprints.of_person(back.id)
    assert [one.spans for one in prints] == [(Span(0.5, 9.25),), (), ()]
    assert [one.confirmed_by for one in prints] == [None, member.user_id, None]
    assert [storage.read(one.sample_key) for one in prints[:2] if one.sample_key] == [
        b"RIFF" + bytes([index]) * 1000 for index in range(2)
    ]
    assert await forgetting.reapply(units, storage) == 0
    assert len(await everybody(units, member)) == 1


async def test_an_import_into_another_installation_is_the_same_person(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    before = await bank(units, member)
    async with units() as unit:
        prints_before = await unit.voiceprints.of_person(claire.id)
        consents_before = await unit.people.consents(claire.id)
    file = tmp_path / "voices.zip"
    await export(units, storage, member, file)
    await empty(units)
    other_files = Storage(str(tmp_path / "elsewhere"))
    imported = await come_back(units, other_files, stranger, file)
    assert imported.people == (claire.id,)
    after = await bank(units, stranger)
    assert after.fingerprint == before.fingerprint
    async with units() as unit:
        assert [comparable(one) for one in await unit.voiceprints.of_person(claire.id)] == list(
            map(comparable, prints_before)
        )
        assert await unit.people.consents(claire.id) == consents_before
    assert (await people.read(units, stranger, claire.id)).owner_id == stranger.user_id
    again = await come_back(units, other_files, stranger, file)
    assert (again.people, again.present) == ((), ("Claire Martin",))


async def test_who_is_here_already_is_left_alone_also_under_the_name_they_were_merged_into(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    file = tmp_path / "voices.zip"
    await export(units, storage, member, file)
    other = await enter(units, member, "Mme Martin")
    await people.merge(units, member, other.id, claire.id)
    async with units() as unit:
        (first, *_) = await unit.voiceprints.of_person(other.id)
        await unit.voiceprints.delete(first.id)
    assert (await come_back(units, storage, member, file)).present == ("Claire Martin",)
    assert [one.num_voiceprints for one in await everybody(units, member)] == [2]


async def test_a_file_cannot_claim_that_somebody_who_is_here_was_merged_into_another(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    """Forgetting the one would forget the other."""
    file = tmp_path / "voices.zip"
    other = await enter(units, member, "Mme Martin")
    await people.merge(units, member, claire.id, other.id)
    await export(units, storage, member, file, [claire.id])
    await empty(units)
    async with units() as unit:
        await unit.people.add(other)
    imported = await come_back(units, storage, member, file)
    assert imported.people == (claire.id,)
    await forgetting.forget(units, member, claire.id, NamePolicy.KEEP)
    assert await forgetting.reapply(units, storage) == 0
    assert [one.id for one in await everybody(units, member)] == [other.id]


async def test_a_print_that_went_to_somebody_else_in_a_split_is_not_imported_twice(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    file = tmp_path / "voices.zip"
    await export(units, storage, member, file)
    async with units() as unit:
        (first, *_) = await unit.voiceprints.of_person(claire.id)
    anne = await people.split(units, member, claire.id, [first.id], "Anne")
    async with units() as unit:
        await unit.people.delete(claire.id)  # as in an installation that never had the rest of her
    imported = await come_back(units, storage, member, file)
    assert (imported.people, imported.voiceprints) == ((claire.id,), 2)
    assert (await people.read(units, member, anne.id)).num_voiceprints == 1


async def test_prints_of_another_model_come_in_as_stale(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    file = tmp_path / "voices.zip"
    await export(units, storage, member, file)
    await empty(units)
    imported = await come_back(units, storage, member, file, model=OTHER_MODEL)
    assert imported.stale == 3
    async with units() as unit:
        for model in (MODEL, OTHER_MODEL):
            assert (await unit.voiceprints.bank_for(member.user_id, model, None, require_consent=True)).profiles == ()
        assert len(await unit.voiceprints.stale(OTHER_MODEL, 10)) == 2  # those with a sample are made again
    assert claire.num_voiceprints == 3


async def test_nobodys_voice_comes_in_without_an_active_consent(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, tmp_path: Path
) -> None:
    person = await enter(units, member, "Claire", has_consent=False)
    await teach(units, person, 1)
    file = tmp_path / "voices.zip"
    await export(units, storage, member, file)
    await empty(units)
    imported = await come_back(units, storage, member, file)
    assert (len(imported.people), imported.voiceprints, imported.without_consent) == (1, 0, ("Claire",))
    await empty(units)
    lenient = await come_back(units, storage, member, file, settings=VoicesSettings(require_consent=False))
    assert lenient.voiceprints == 1


async def test_only_who_may_change_a_person_takes_the_voice_along(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, administrator: Principal, storage: Storage,
    claire: Person, tmp_path: Path,
) -> None:  # fmt: skip
    hidden = await enter(units, member, "Hidden")
    for person, refusal in ((claire, ForbiddenError), (hidden, NotFoundError)):
        with pytest.raises(refusal):
            await export(units, storage, stranger, tmp_path / "a.zip", [person.id])
        with pytest.raises(refusal):
            await access_report(units, storage, stranger, person.id)
    assert not (tmp_path / "a.zip").exists()
    assert (await export(units, storage, stranger, tmp_path / "b.zip")).people == 0
    assert (await export(units, storage, administrator, tmp_path / "c.zip")).people == 2


async def test_the_file_is_private_complete_and_never_written_over(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    file = tmp_path / "voices.zip"
    gone = storage.keys(layout.person_folder(claire.id))[0]
    storage.delete(gone)
    report = await export(units, storage, member, file)
    assert len(report.lost) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 2
    content = file.read_bytes()
    with pytest.raises(ConflictError):
        await export(units, storage, member, file)
    assert file.read_bytes() == content
    with pytest.raises(NotFoundError):
        await export(units, storage, member, tmp_path / "nowhere" / "voices.zip")
    assert list(tmp_path.glob(".*")) == []  # noqa: ASYNC240 -- a moment


async def test_an_access_report_tells_everything_and_names_no_meeting_of_others(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, storage: Storage, claire: Person
) -> None:
    own = await meeting_with(units, member, speaker(FIRST, claire, Naming.CONFIRMED))
    await meeting_with(units, stranger, speaker(FIRST, claire, Naming.AUTO))
    await meeting_with(units, member, speaker(FIRST, claire, Naming.SUGGESTED))
    report = await access_report(units, storage, member, claire.id)
    assert (report["name"], report["aliases"], report["note"]) == ("Claire Martin", ["CM"], "treasurer")
    assert [one["given_by"] for one in report["consents"]] == ["Claire, signed"]
    assert [np.frombuffer(base64.b64decode(one["vector"]), "<f4").tobytes() for one in report["voiceprints"]] == [
        voice(seed).vector.tobytes() for seed in (1, 2, 3)
    ]
    assert [one["sample"] is None for one in report["voiceprints"]] == [False, False, True]
    assert [(one["id"], one["labels"]) for one in report["meetings"]] == [(str(own.id), ["SPEAKER_00"])]
    assert own.title not in json.dumps(report["meetings"])
    json.dumps(report)


async def test_a_damaged_export_is_refused_before_anything_is_changed(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    file, damaged = tmp_path / "voices.zip", tmp_path / "damaged.zip"
    await export(units, storage, member, file)
    await empty(units)
    elsewhere = Storage(str(tmp_path / "elsewhere"))
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(damaged, "w") as copy:
        for name in archive.namelist()[1:]:  # but for the first sample
            copy.writestr(name, archive.read(name))
    with pytest.raises(BackupError, match="a sample is missing"):
        await come_back(units, elsewhere, member, damaged)
    assert await everybody(units, member) == []
    assert elsewhere.keys("voices") == []
    assert claire.num_voiceprints == 3


async def test_what_is_no_zip_or_not_there_is_refused(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, tmp_path: Path
) -> None:
    text_file = tmp_path / "voices.zip"
    text_file.write_text("not a zip")
    with pytest.raises(BackupError):
        await come_back(units, storage, member, text_file)
    with pytest.raises(NotFoundError):
        await come_back(units, storage, member, tmp_path / "nowhere.zip")


async def test_an_import_that_fails_half_way_leaves_neither_rows_nor_files(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, claire: Person, tmp_path: Path
) -> None:
    file = tmp_path / "voices.zip"
    await export(units, storage, member, file)
    await empty(units)
    elsewhere = Storage(str(tmp_path / "elsewhere"))
    async with units() as unit:
        await unit.session.execute(text("alter table voiceprints add constraint full_disk check (speech_s < 0)"))
    with pytest.raises(Exception, match="full_disk"):
        await come_back(units, elsewhere, member, file)
    assert await everybody(units, member) == []
    assert elsewhere.keys("voices") == []
    assert claire.num_voiceprints == 3


# ----------------------------------------------------------------------------------------------------------------------


async def come_back(
    units: UnitOfWorkFactory,
    storage: Storage,
    who: Principal,
    file: Path,
    *,
    model: str = MODEL,
    settings: VoicesSettings = SETTINGS,
    is_again: bool = False,
) -> Imported:
    return await bring_in(units, storage, who, file, model=model, settings=settings, is_again=is_again)


async def everybody(units: UnitOfWorkFactory, who: Principal) -> list[Person]:
    return list((await people.page(units, who, PersonQuery())).people)


async def empty(units: UnitOfWorkFactory) -> None:
    """As if it were another installation, with the same accounts."""
    async with units() as unit:
        await unit.session.execute(text("delete from people"))


async def bank(units: UnitOfWorkFactory, who: Principal) -> VoiceBank:
    async with units() as unit:
        return await unit.voiceprints.bank_for(who.user_id, MODEL, None, require_consent=True)


def vectors(of: VoiceBank) -> list[list[bytes]]:
    return [[print_.vector.tobytes() for print_ in profile.voiceprints] for profile in of.profiles]


def comparable(one: Any) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in one.__slots__ if name not in {"voiceprint", "created_at"}}
    return {**told, "vector": one.voiceprint.vector.tobytes(), "model": one.voiceprint.model}
