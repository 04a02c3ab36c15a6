"""An export of voices as a file: what was written is what is read, or it is refused."""

import base64
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from scribe.adapters import voice_archive
from scribe.adapters.voice_archive import ArchiveFile, ArchiveWriter
from scribe.core.ids import uuid7
from scribe.domain.errors import BackupError, OptionError
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.people import Consent, Person, PersonId, PrintOrigin
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_archive import NOBODY, ArchivedMeeting, PersonRecord, SampleFile, document_of, record_json
from tests.bank import stored, voice

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def record() -> PersonRecord:
    """Samples are not described yet."""
    person = Person(PersonId(uuid7()), NOBODY, "Claire Martin", ("CM",), "treasurer", True, 1, NOW, NOW)
    learned = stored(
        person.id,
        voice(2),
        origin=PrintOrigin.MEETING,
        is_learned=True,
        meeting_id=MeetingId(uuid7()),
        label=SpeakerLabel("SPEAKER_01"),
        spans=(Span(0.5, 9.25),),
        confirmed_by=UserId(uuid7()),
        confirmed_at=NOW,
    )
    return PersonRecord(
        person=person,
        merged_ids=(PersonId(uuid7()),),
        consents=(Consent(uuid7(), person.id, "Claire, signed", "fr-1", NOW, NOW, UserId(uuid7()), NOW),),
        prints=(stored(person.id, voice(1), file_name="claire.m4a", channel="48000 Hz, aac"), learned),
        samples={},
        meetings=(ArchivedMeeting(MeetingId(uuid7()), NOW, date(2026, 3, 4), (SpeakerLabel("SPEAKER_00"),)),),
    )


@pytest.fixture
def file(record: PersonRecord, tmp_path: Path) -> Path:
    """With one sample."""
    path = tmp_path / "voices.zip"

    def make(writer: ArchiveWriter) -> dict[str, Any]:
        print_id = record.prints[0].id
        sample = SampleFile(*writer.add(print_id, b"RIFF" + b"\1" * 1000))
        return document_of([with_sample(record, print_id, sample)], NOW)

    voice_archive.write(path, make)
    return path


def with_sample(record: PersonRecord, print_id: UUID, sample: SampleFile) -> PersonRecord:
    samples = {one.id: sample for one in record.prints if one.id == print_id}
    return PersonRecord(record.person, record.merged_ids, record.consents, record.prints, samples, record.meetings)


def test_what_was_written_is_what_is_read(file: Path, record: PersonRecord) -> None:
    with ArchiveFile(file) as archive:
        (back,) = archive.records
        (print_id,) = back.samples
        assert archive.sample(print_id) == b"RIFF" + b"\1" * 1000
        told = record_json(back)
        assert {**told, "meetings": []} == {
            **record_json(with_sample(record, print_id, back.samples[print_id])),
            "meetings": [],  # they are for the person to read, not for another installation
        }
    assert [one.voiceprint.vector.tobytes() for one in back.prints] == [voice(seed).vector.tobytes() for seed in (1, 2)]


def rewritten(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, bytes]], None]:
    """``voices.json`` with a change."""

    def apply(files: dict[str, bytes]) -> None:
        document = json.loads(files["voices.json"])
        change(document)
        files["voices.json"] = json.dumps(document).encode()

    return apply


def first_print(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["people"][0]["voiceprints"][0]
    return found


def long_vector(document: dict[str, Any]) -> None:
    first_print(document)["vector"] = base64.b64encode((voice(1).vector * 2).tobytes()).decode()


def vector_of_nothing(document: dict[str, Any]) -> None:
    first_print(document)["vector"] = base64.b64encode(np.full(192, np.nan, "<f4").tobytes()).decode()


def a_sample(files: dict[str, bytes]) -> str:
    return next(name for name in files if name.startswith("samples/"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda files: files.pop("voices.json"),
        lambda files: files.update({"voices.json": b"{"}),
        lambda files: files.update({"voices.json": b"[" * 100_000}),
        lambda files: files.update({a_sample(files): b"RIFF" + b"\7" * 1000}),
        lambda files: files.update({a_sample(files): b""}),
        lambda files: files.update({a_sample(files): b"\0" * 5000}),
        lambda files: files.pop(a_sample(files)),
        lambda files: files.update({"samples/more.wav": b"more"}),
        lambda files: files.update({"../evil": b"more"}),
        rewritten(lambda document: document.update(version=2)),
        rewritten(lambda document: document.update(format="another")),
        rewritten(lambda document: document.update(people={})),
        rewritten(lambda document: document["people"].append(document["people"][0])),
        rewritten(lambda document: document["people"][0].update(name="SPEAKER_00")),
        rewritten(lambda document: document["people"][0].update(name="a\0b")),
        rewritten(lambda document: document["people"][0].update(id="../../etc")),
        rewritten(lambda document: document["people"][0].pop("consents")),
        rewritten(lambda document: document["people"][0]["consents"][0].update(given_at="2026-01-01T00:00:00")),
        rewritten(lambda document: document["people"][0]["consents"][0].update(given_by="")),
        rewritten(lambda document: first_print(document).update(vector="")),
        rewritten(lambda document: first_print(document).update(vector="äöü")),
        rewritten(lambda document: first_print(document).update(speech_s=float("inf"))),
        rewritten(lambda document: first_print(document).update(speech_s="long")),
        rewritten(lambda document: first_print(document).update(is_learned="yes")),
        rewritten(lambda document: first_print(document).update(origin="dream")),
        rewritten(lambda document: first_print(document).update(spans=[[5, 1]])),
        rewritten(lambda document: first_print(document).update(model_id="a\0b")),
        rewritten(lambda document: first_print(document)["quality"].update(snr_db="loud")),
        rewritten(lambda document: first_print(document)["sample"].update(file="../../etc/passwd")),
        rewritten(lambda document: first_print(document)["sample"].update(size_bytes=10**12)),
        rewritten(long_vector),
        rewritten(vector_of_nothing),
    ],
)  # fmt: skip
def test_a_damaged_export_is_refused(file: Path, tmp_path: Path, damage: Callable[[dict[str, bytes]], object]) -> None:
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    damage(files)
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(damaged, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(BackupError):
        ArchiveFile(damaged)


def test_a_flipped_or_missing_byte_anywhere_is_refused_or_changes_nothing(file: Path, tmp_path: Path) -> None:
    """Nothing: a date in the zip's directory, which nobody reads."""
    content = file.read_bytes()
    with ArchiveFile(file) as archive:
        whole = [record_json(one) for one in archive.records]
    damaged = tmp_path / "damaged.zip"
    refused = 0
    for place in np.random.default_rng(0).integers(0, len(content), 300):
        for broken in (content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :], content[:place]):
            damaged.write_bytes(broken)
            try:
                archive = ArchiveFile(damaged)
            except BackupError:
                refused += 1
                continue
            with archive:
                assert [record_json(one) for one in archive.records] == whole
    assert refused > 500


def test_a_file_that_cannot_be_written_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr("scribe.adapters.voice_archive.os.open", refused)
    with pytest.raises(OptionError, match="choose another folder"):
        voice_archive.write(tmp_path / "voices.zip", lambda _: {})
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_hard_links_gets_the_file_too(
    record: PersonRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError("Operation not permitted")

    monkeypatch.setattr("scribe.adapters.voice_archive.os.link", unsupported)
    voice_archive.write(tmp_path / "voices.zip", lambda _: document_of([record], NOW))
    assert [path.name for path in tmp_path.iterdir()] == ["voices.zip"]
    with ArchiveFile(tmp_path / "voices.zip") as archive:
        assert len(archive.records) == 1


def test_a_sample_that_claims_to_be_small_and_unpacks_to_much_is_not_unpacked(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, b"\0" * 50_000_000 if name.startswith("samples/") else content)
    opened: list[str] = []
    really = zipfile.ZipFile.open

    def watched(self: zipfile.ZipFile, name: str, *rest: Any, **more: Any) -> Any:
        opened.append(name)
        return really(self, name, *rest, **more)

    monkeypatch.setattr(zipfile.ZipFile, "open", watched)
    with pytest.raises(BackupError, match="another size"):
        ArchiveFile(bomb)
    assert opened == ["voices.json"]
