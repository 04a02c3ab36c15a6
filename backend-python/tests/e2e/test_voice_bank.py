"""People are introduced once and recognised afterwards; mistakes are taken back: real models, real speech."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chaos.accounts import make_user
from chaos.client import Client
from chaos.stack import Stack
from tests.e2e.conftest import SAMPLES
from tests.e2e.introductions import Bank
from tests.e2e.journey import wait_until
from tests.e2e.talk import Stretch, clip, talk

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def bank(stack: Stack) -> Iterator[Bank]:
    """Of a user who knows nobody yet."""
    token = make_user(stack.postgres.url, f"user-{uuid4().hex[:8]}", "member")
    with Client(stack.url, token).http(timeout_s=60) as http:
        yield Bank(http)


def test_two_people_enrolled_from_clips_are_named_in_their_talk_and_the_others_stay_unknown(bank: Bank) -> None:
    for name in ("June", "Allison"):
        bank.introduce(name, clip(name))
    meeting_id = bank.hold((SAMPLES / "conference.flac").read_bytes(), "conference")
    assert bank.names(meeting_id) == {"June", "Allison"}
    assert bank.transcript_names(meeting_id) == {"June", "Allison"}
    unknown = [speaker for speaker in bank.speakers(meeting_id) if speaker["name"] is None]
    assert len(unknown) == 2
    assert all(speaker["reason"] and speaker["explanation"] for speaker in unknown)


def test_a_stranger_named_once_is_known_next_time_and_unknown_again_when_that_was_wrong(
    bank: Bank, tmp_path: Path
) -> None:
    first = bank.hold((SAMPLES / "conference.flac").read_bytes(), "one")
    assert bank.names(first) == set()
    label = bank.speaker_of(first, ALLISON_AT_S)
    person_id = bank.person("Allison")
    named = bank.decide(first, label, person_id=person_id, remember=True)
    assert (named["name"], named["naming"], named["learned"]) == ("Allison", "confirmed", True)
    assert "Allison" in bank.transcript_names(first)

    second = bank.hold(talk(tmp_path, SECOND), "two")
    assert bank.names(second) == {"Allison"}
    [known] = [speaker for speaker in bank.speakers(second) if speaker["name"] == "Allison"]
    assert known["naming"] == "auto"
    assert known["probability"] > 0.9

    corrected = bank.decide(first, label, unknown=True)
    assert (corrected["name"], corrected["naming"]) == (None, "rejected")
    assert bank.http.get("/api/v1/voices", params={"person_id": person_id}).json()["items"] == []
    third = bank.hold(talk(tmp_path, THIRD), "three")
    assert bank.names(third) == set()


def test_files_follow_a_name_and_a_forgotten_person_is_in_none_of_them(stack: Stack, bank: Bank) -> None:
    person_id = bank.person("Zénobie Quatresous")
    meeting_id = bank.hold((SAMPLES / "conference.flac").read_bytes(), "files")
    bank.decide(meeting_id, bank.speaker_of(meeting_id, ALLISON_AT_S), person_id=person_id, remember=True)
    folder = next(stack.files.glob(f"results/*/{meeting_id}"))
    wait_until(lambda: "Zénobie" in (folder / "fusion.json").read_text(encoding="utf-8"), 60)
    wait_until(lambda: "Zénobie" in (folder / "minutes.txt").read_text(encoding="utf-8"), 60)

    gone = bank.http.delete(f"/api/v1/people/{person_id}", params={"names": "pseudonymise"})
    assert gone.status_code == 200, gone.text
    assert bank.http.get(f"/api/v1/people/{person_id}").status_code == 404
    assert "Zénobie Quatresous" not in bank.transcript_names(meeting_id)
    wait_until(lambda: not _holding(stack, "Zénobie", person_id), 90)
    assert "Zénobie" not in asyncio.run(_database_text(stack))


def test_a_past_meeting_is_looked_through_again_without_decoding_it(bank: Bank) -> None:
    meeting_id = bank.hold((SAMPLES / "conference.flac").read_bytes(), "past")
    assert bank.names(meeting_id) == set()
    bank.introduce("June", clip("June"))
    before = bank.http.get(f"/api/v1/meetings/{meeting_id}").json()
    asked = bank.http.post("/api/v1/voices/recognise", json={})
    assert asked.status_code == 202, asked.text
    wait_until(lambda: bank.names(meeting_id) == {"June"}, 60)
    after = bank.http.get(f"/api/v1/meetings/{meeting_id}").json()
    assert (after["status"], after["run"]) == ("COMPLETED", before["run"])


def test_a_clip_is_refused_without_consent_and_with_several_voices_and_when_it_is_too_short(
    bank: Bank, tmp_path: Path
) -> None:
    nobody = bank.person("Nobody", has_consent=False)
    refused = bank.http.post(
        f"/api/v1/people/{nobody}/voices", content=clip("June"), headers={"Content-Type": "audio/flac"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "voices.consent_missing")
    person_id = bank.person("June")
    several = bank.enrol(person_id, (SAMPLES / "conference.flac").read_bytes(), "conference.flac")
    assert several["status"] == "REFUSED", several
    assert "several-voices" in {problem["code"] for problem in several["problems"]}
    short = bank.enrol(person_id, talk(tmp_path, [("June", 1, 2.5)]), "short.wav")
    assert short["status"] == "REFUSED", short
    assert "too-short" in {problem["code"] for problem in short["problems"]}


def test_a_clip_that_sounds_like_somebody_else_is_questioned(bank: Bank, tmp_path: Path) -> None:
    june = bank.person("June")
    assert bank.enrol(june, talk(tmp_path, [("June", 0, 10)]), "june.wav")["status"] == "DONE"
    other = bank.person("Joan")
    questioned = bank.enrol(other, talk(tmp_path, [("June", 10, 19)]), "joan.wav")
    assert questioned["status"] == "QUESTIONED", questioned
    assert [question["person"]["id"] for question in questioned["questions"]] == [june], questioned


ALLISON_AT_S = 41.0
SECOND: list[Stretch] = [("Allison", 0.0, 10.0), ("June", 0.0, 8.0)]
THIRD: list[Stretch] = [("June", 9.0, 17.0), ("Allison", 10.0, 19.0)]


def _holding(stack: Stack, *texts: str) -> list[Path]:
    """Files in storage that hold one of the texts."""
    wanted = [text.encode() for text in texts]
    return [
        path
        for path in stack.files.rglob("*")
        if path.is_file() and "erasures" not in path.parts and any(text in path.read_bytes() for text in wanted)
    ]


async def _database_text(stack: Stack) -> str:
    import asyncpg

    connection = await asyncpg.connect(stack.postgres.url)
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        found = [await connection.fetch(f'select t::text from "{name}" t') for (name,) in tables]  # noqa: S608
    finally:
        await connection.close()
    return "\n".join(str(row[0]) for rows in found for row in rows)
