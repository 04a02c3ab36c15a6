"""``scribe voices`` on a real database and real files; with real models where a voice is measured."""

import json
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from scribe.adapters.audio import PyAvConverter
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.cli import build_app
from scribe.core.config import load_settings
from scribe.domain import layout
from scribe.domain.accounts import FIRST_ADMINISTRATOR, Principal, Role
from scribe.domain.errors import ConflictError, ConsentError, ModelMissingError, NotFoundError, OptionError
from scribe.domain.people import ConsentDraft, PersonDraft
from scribe.services import people
from tests.bank import enter, teach
from tests.cli.test_users import on
from tests.conftest import REPOSITORY, add_user

Command = Callable[..., Result]
VOICES = REPOSITORY / "samples" / "voices"
BY = ("--consent-by", "signed form of 3 March")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
def owner(database_url: str) -> Principal:
    made = on(database_url, lambda units: add_user(units, FIRST_ADMINISTRATOR, Role.ADMIN))
    assert isinstance(made, Principal)
    return made


@pytest.fixture
def scribe(database_url: str, tmp_path: Path, owner: Principal, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command; it runs its own event loop, so that these tests are not coroutines."""
    assert owner.is_admin
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SCRIBE_STORAGE_URL", str(tmp_path / "files"))
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    return lambda *arguments, **more: CliRunner().invoke(
        build_app(), list(map(str, arguments)), env={"COLUMNS": "200"}, **more
    )


@pytest.fixture(scope="session")
def models() -> None:
    from scribe.worker.wiring import SEGMENTATION, VOICEPRINT, open_store

    for name in (SEGMENTATION, VOICEPRINT):
        try:
            open_store(load_settings()).path(name)
        except ModelMissingError:
            pytest.skip(f"{name} is not installed")


def listed(scribe: Command) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(scribe("voices", "list", "--json").stdout)
    return found


# --- with models ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("models")
def test_enrolled_people_are_told_apart_from_one_another_and_from_strangers(
    scribe: Command, database_url: str, storage: Storage, tmp_path: Path
) -> None:
    for name in ("June", "Allison"):
        done = scribe("voices", "enrol", name, VOICES / f"{name}.flac", *BY)
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith(f"✓ {name}.flac: {name}, ")
    people_here = listed(scribe)
    assert [(one["name"], one["voices"], one["consent"]) for one in people_here] == [
        ("Allison", 1, True),
        ("June", 1, True),
    ]
    june = people_here[1]["id"]
    [sample] = storage.files(f"voices/people/{june}")
    [stored] = on(database_url, lambda units: prints_of(units, june))  # type: ignore[misc]
    assert stored.sample_key == sample.key  # type: ignore[attr-defined]
    shown = json.loads(scribe("voices", "show", "june", "--json").stdout)[0]
    assert [one["text"] for one in shown["consents"]] == ["fr-1"]
    assert [one["origin"] for one in shown["voiceprints"]] == ["clip"]
    assert "vector" not in json.dumps(shown)

    for speaker, expected in (("June", "June"), ("Allison", "Allison"), ("Armelle", None)):
        tested = scribe("voices", "test", stretch_of(speaker, tmp_path), "--json")
        assert tested.exit_code == 0, tested.output
        verdict = json.loads(tested.stdout)
        assert verdict["name"] == expected, verdict
        assert len(verdict["candidates"]) == 2
        assert not any("vector" in one for one in verdict["candidates"])
    told = scribe("voices", "test", stretch_of("June", tmp_path), "--top", "1")
    assert told.stdout.startswith("June: ")
    assert "Allison" not in told.stdout


@pytest.mark.usefixtures("models")
def test_a_voice_that_sounds_like_somebody_else_is_questioned_unless_one_is_sure(
    scribe: Command, tmp_path: Path
) -> None:
    assert scribe("voices", "enrol", "June", VOICES / "June.flac", *BY).exit_code == 0
    other = stretch_of("June", tmp_path)
    asked = scribe("voices", "enrol", "Claire", other, *BY)
    assert asked.exit_code == 3
    assert "sounds like June" in asked.stderr
    assert "--force" in asked.stderr
    assert [one["name"] for one in listed(scribe)] == ["June"]
    unlike = scribe("voices", "enrol", "June", stretch_of("Armelle", tmp_path))
    assert unlike.exit_code == 3
    assert "does not sound like the June" in unlike.stderr
    assert scribe("voices", "enrol", "Claire", other, "--force", *BY).exit_code == 0
    assert [one["name"] for one in listed(scribe)] == ["Claire", "June"]


@pytest.mark.usefixtures("models")
def test_each_clip_that_cannot_be_used_is_refused_with_its_reason_and_the_others_are_enrolled(
    scribe: Command, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no sound")
    silence = tmp_path / "silence.wav"
    write_wav(silence, np.zeros(16_000 * 5, np.int16))
    bad = [REPOSITORY / "samples" / "conference.flac", text, silence]
    done = scribe("voices", "enrol", "June", *bad, *BY)
    assert done.exit_code == 3
    assert all(f"✗ {clip.name}: " in done.stderr for clip in bad), done.stderr
    assert listed(scribe) == []
    mixed = scribe("voices", "enrol", "June", silence, VOICES / "June.flac", *BY)
    assert mixed.exit_code == 3
    assert "✓ June.flac" in mixed.stdout
    assert [one["voices"] for one in listed(scribe)] == [1]


@pytest.mark.usefixtures("models")
def test_a_folder_of_clips_becomes_people(scribe: Command, tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    (folder / "June").mkdir(parents=True)
    (folder / "June" / "one.flac").write_bytes((VOICES / "June.flac").read_bytes())
    stretch_of("Armelle", tmp_path).rename(folder / "Armelle.wav")
    (folder / "readme.txt").write_text("not a voice")
    refused = scribe("voices", "import", folder)
    assert isinstance(refused.exception, ConsentError)
    assert listed(scribe) == []
    done = scribe("voices", "import", folder, *BY, "--shared")
    assert done.exit_code == 0, done.output
    assert "readme.txt is no recording" in done.stderr
    assert [(one["name"], one["shared"]) for one in listed(scribe)] == [("Armelle", True), ("June", True)]


# --- without ----------------------------------------------------------------------------------------------------------


def test_nobody_is_enrolled_without_a_consent(scribe: Command) -> None:
    refused = scribe("voices", "enrol", "June", VOICES / "June.flac")
    assert isinstance(refused.exception, ConsentError)
    assert "--consent-by" in str(refused.exception)
    assert listed(scribe) == []


def test_a_name_that_several_people_bear_is_refused_with_their_ids(
    scribe: Command, database_url: str, owner: Principal
) -> None:
    first = on(database_url, lambda units: enter(units, owner, "Claire"))
    second = on(database_url, lambda units: enter(units, owner, "Mme Martin", aliases=("CLAIRE",)))
    for command in (
        ("show", "claire"),
        ("forget", "claire", "--yes"),
        ("consent", "claire", "--by", "Claire"),
        ("export", "/nowhere/x.zip", "--person", "claire"),
        ("recognise", "--person", "claire"),
        ("enrol", "claire", VOICES / "June.flac"),
    ):
        refused = scribe("voices", *command)
        assert isinstance(refused.exception, ConflictError), command
        assert all(str(one.id) in str(refused.exception) for one in (first, second))  # type: ignore[attr-defined]
    assert scribe("voices", "show", str(first.id)).exit_code == 0  # type: ignore[attr-defined]
    assert isinstance(scribe("voices", "show", "Anne").exception, NotFoundError)


def test_a_user_who_is_no_administrator_acts_on_their_own_people_only(
    scribe: Command, database_url: str, owner: Principal
) -> None:
    on(database_url, lambda units: add_user(units, "claire"))
    on(database_url, lambda units: enter(units, owner, "Hidden"))
    on(database_url, lambda units: enter(units, owner, "Shown", is_shared=True))
    assert [one["name"] for one in json.loads(scribe("voices", "list", "--owner", "claire", "--json").stdout)] == [
        "Shown"
    ]
    assert isinstance(scribe("voices", "forget", "Hidden", "--yes", "--owner", "claire").exception, NotFoundError)
    assert scribe("voices", "forget", "Shown", "--yes", "--owner", "claire").exit_code != 0
    assert len(listed(scribe)) == 2


def test_a_consent_is_recorded_and_withdrawn_with_the_voice(
    scribe: Command, database_url: str, owner: Principal, storage: Storage
) -> None:
    person = on(database_url, lambda units: people.create(units, owner, PersonDraft("Claire")))
    key = layout.print_sample_key(person.id, person.id)  # type: ignore[attr-defined]
    storage.write(key, b"sample")
    on(database_url, lambda units: teach(units, person, 1, sample_key=key))  # type: ignore[arg-type]
    for wrong in ((), ("--by", "Claire", "--withdraw")):
        assert isinstance(scribe("voices", "consent", "Claire", *wrong).exception, OptionError)
    given = scribe("voices", "consent", "Claire", "--by", "Claire, by mail", "--text", "ours-3", "--on", "2026-03-03")
    assert given.stdout == "Claire agreed to ours-3; it is recorded.\n"
    [consent] = json.loads(scribe("voices", "show", "Claire", "--json").stdout)[0]["consents"]
    assert consent["given_at"].startswith("2026-03-03")
    assert scribe("voices", "consent", "Claire", "--withdraw", input="n\n").exit_code != 0
    assert listed(scribe)[0]["voices"] == 1
    assert scribe("voices", "consent", "Claire", "--withdraw", input="y\n").exit_code == 0
    assert (listed(scribe)[0]["voices"], listed(scribe)[0]["consent"]) == (0, False)
    assert storage.keys("voices") == []
    assert isinstance(scribe("voices", "consent", "Claire", "--withdraw", "--yes").exception, NotFoundError)


def test_who_is_forgotten_is_gone_and_backups_that_still_hold_them_are_named(
    scribe: Command, database_url: str, owner: Principal, storage: Storage, tmp_path: Path
) -> None:
    person = on(database_url, lambda units: enter(units, owner, "Claire"))
    key = layout.print_sample_key(person.id, person.id)  # type: ignore[attr-defined]
    storage.write(key, b"sample")
    on(database_url, lambda units: teach(units, person, 1, sample_key=key))  # type: ignore[arg-type]
    backups = tmp_path / "backups"
    backups.mkdir()
    saved = scribe("backup", backups / "monday")
    assert saved.exit_code == 0, saved.output
    assert scribe("voices", "forget", "Claire", input="n\n").exit_code != 0
    assert isinstance(
        scribe("voices", "forget", "Claire", "--yes", "--backups", tmp_path / "none").exception, OptionError
    )
    assert len(listed(scribe)) == 1
    done = scribe("voices", "forget", "Claire", "--yes", "--names", "pseudonymise", "--backups", backups)
    assert done.exit_code == 0, done.output
    assert f"{backups / 'monday'} still holds the person" in done.stdout
    assert "Forgotten. Voiceprints: 1, samples: 1," in done.stdout
    assert "Claire" not in done.stdout
    assert listed(scribe) == []
    assert storage.keys("voices") == []
    assert storage.keys("erasures") == [layout.erasure_key(person.id)]  # type: ignore[attr-defined]


def test_voices_move_to_another_file_and_back(
    scribe: Command, database_url: str, owner: Principal, tmp_path: Path
) -> None:
    agreed = ConsentDraft("Claire", "fr-1")
    claire = on(database_url, lambda units: people.create(units, owner, PersonDraft("Claire"), agreed))
    on(database_url, lambda units: enter(units, owner, "Anne"))
    on(database_url, lambda units: teach(units, claire, 1, 2))  # type: ignore[arg-type]
    file = tmp_path / "voices.zip"
    done = scribe("voices", "export", file, "--person", "Claire")
    assert done.stdout == f"{file}: 1 people, 2 voiceprints, 0 samples\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert isinstance(scribe("voices", "export", file).exception, ConflictError)
    again = scribe("voices", "import", file)
    assert again.stdout == "0 people, 0 voiceprints\n"
    assert "Claire is here already" in again.stderr
    assert scribe("voices", "forget", "Claire", "--yes").exit_code == 0
    refused = scribe("voices", "import", file)
    assert isinstance(refused.exception, ConflictError)
    assert "--again" in str(refused.exception)
    back = scribe("voices", "import", file, "--again")
    assert back.stdout == "1 people, 2 voiceprints\n"
    assert "2 of them are of another model" in back.stderr
    assert [(one["name"], one["voices"]) for one in listed(scribe)] == [("Anne", 0), ("Claire", 2)]


def test_meetings_are_recognised_again_when_asked(scribe: Command) -> None:
    assert scribe("voices", "recognise").stdout == "0 meetings are compared again while a worker runs.\n"
    assert scribe("voices", "recognise", "--since", "2026-01-01").exit_code == 0
    assert isinstance(scribe("voices", "recognise", "--person", "Claire").exception, NotFoundError)


# ----------------------------------------------------------------------------------------------------------------------


async def prints_of(units: UnitOfWorkFactory, person_id: str) -> list[object]:
    from uuid import UUID

    from scribe.domain.people import PersonId

    async with units() as unit:
        return list(await unit.voiceprints.of_person(PersonId(UUID(person_id))))


def stretch_of(speaker: str, folder: Path) -> Path:
    """All that one speaker of the sample says, without the overlap."""
    conference = REPOSITORY / "samples" / "conference.flac"
    wav = folder / "conference.wav"
    converter = PyAvConverter(max_duration_s=600, max_memory_mb=1024, stall_timeout_s=60)
    converter.convert(conference, wav, lambda _fraction: None)
    with wave.open(str(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    turns = [
        (line.split()[7], float(line.split()[3]), float(line.split()[4]))
        for line in (REPOSITORY / "samples" / "conference.rttm").read_text().splitlines()
    ]
    others = [(start, start + length) for name, start, length in turns if name != speaker]
    pieces = [
        samples[round(start * 16_000) : round((start + length) * 16_000)]
        for name, start, length in turns
        if name == speaker and not any(begin < start + length and end > start for begin, end in others)
    ]
    clip = folder / f"{speaker}-stretch.wav"
    write_wav(clip, np.concatenate(pieces))
    return clip


def write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.astype("<i2").tobytes())
