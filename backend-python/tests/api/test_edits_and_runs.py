"""What people corrected, after the recording was run again; and corrections of a very long meeting."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.domain import corrections, layout
from scribe.domain.accounts import Principal
from scribe.domain.jobs import Published
from scribe.domain.meetings import Meeting
from scribe.domain.namings import HeardSpeaker
from scribe.domain.results import FusionDocument
from scribe.domain.speech import Span, SpeakerLabel
from scribe.services.queue import Queue, requeue
from scribe.services.rewriting import rewrite
from tests.api.test_edits import at, edit, line, segments
from tests.domain.exports.meeting import french_meeting
from tests.named_meetings import completed, now

Json = dict[str, Any]
FUSION, DIARIZATION = french_meeting()
HEIRS = {"SPEAKER_00": "SPEAKER_01", "SPEAKER_01": "SPEAKER_00"}
"""Nobody talks in the second run when SPEAKER_02 did."""


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Meeting:
    return await completed(units, storage, member.user_id)


def second_run() -> Json:
    """The machine hears it a little later, cuts it elsewhere, calls the voices otherwise and misses one of them."""
    document = FUSION.model_dump(mode="json")
    heard = []
    for segment in document["segments"]:
        if segment["speaker"] not in HEIRS:
            continue
        speaker = HEIRS[segment["speaker"]]
        words = [
            {**word, "start": round(word["start"] + 0.12, 3), "end": round(word["end"] + 0.12, 3), "speaker": speaker}
            for word in segment["words"]
        ]
        moved = {**segment, "speaker": speaker, "words": words}
        moved["start"], moved["end"] = words[0]["start"], words[-1]["end"]
        heard += corrections.split(moved, len(words) // 2)
    parts = {part["label"]: part for part in document["speakers"]}
    speakers = [{**parts[label], "name": None, "naming": "unknown"} for label in sorted(HEIRS.values())]
    return {**document, "speakers": speakers, "segments": sorted(heard, key=lambda one: one["start"])}


async def run_again(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting, document: Json) -> None:
    async with units() as unit:
        await requeue(unit, meeting.id, None, 5)
    queue = Queue(units, QueueSettings())
    job = await queue.claim("test:1:x")
    assert job is not None
    staging = layout.staging_folder(layout.results_folder(job.created_at, job.meeting_id), job.token)
    storage.write(f"{staging}/fusion.json", FusionDocument.model_validate(document).to_json().encode())
    turns: Mapping[str, list[Span]] = {label: [] for label in HEIRS.values()}
    for turn in DIARIZATION.turns:
        if turn.speaker in HEIRS:
            turns[HEIRS[turn.speaker]].append(Span(turn.start + 0.1, turn.end + 0.1))
    heard = tuple(
        HeardSpeaker(SpeakerLabel(label), tuple(spans), None, None, (), None, None)
        for label, spans in sorted(turns.items())
    )
    await queue.publish(job, storage, replace(Published(("fusion.json",), "fr", 2, 100, 121.5), speakers=heard))


async def undo(client: httpx.AsyncClient, meeting: Meeting, made: Json) -> httpx.Response:
    return await client.post(at(meeting, f"edits/{made['edit']['id']}/undo"))


async def test_corrections_are_in_the_transcript_of_another_run_and_what_has_no_place_is_listed(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    before = await segments(client, meeting)
    mended = "Bonjour à toutes et à tous, je vous propose de commencer sans tarder."
    kept = await edit(client, meeting, kind="text", segment=line(before[0]), text=mended)
    sure = await edit(client, meeting, kind="confirm", segment=line(before[4]))
    lost = await edit(client, meeting, kind="text", segment=line(before[5]), text="We signed it, didn't we?")
    merged = await client.post(at(meeting, "speakers/SPEAKER_02/merge"), json={"into": "SPEAKER_01"})
    assert merged.status_code == 200
    await run_again(units, storage, meeting, second_run())
    after = await segments(client, meeting)
    mine = [one for one in after if one["edit_id"] == kept["edit"]["id"]]
    assert [(one["text"], one["speaker"], one["num_doubtful"]) for one in mine] == [(mended, "SPEAKER_01", 0)]
    assert (mine[0]["start"], mine[0]["end"]) == (before[0]["start"], before[0]["end"])
    everything = " ".join(one["text"] for one in after)
    assert everything.count("propose de commencer") == 1
    assert "commencer. Nous avons" not in everything
    (confirmed,) = [one for one in after if one["edit_id"] == sure["edit"]["id"]]
    assert (confirmed["text"], confirmed["num_doubtful"]) == (before[4]["text"], 0)
    assert {one["speaker"] for one in after} == {"SPEAKER_00", "SPEAKER_01"}, "the merge moved nobody else"
    listed = (await client.get(at(meeting, "edits?lost=true"))).json()["items"]
    assert [(one["id"], one["is_lost"]) for one in listed] == [
        (merged.json()["edit"]["id"], True),
        (lost["edit"]["id"], True),
    ]
    assert await rewrite(units, storage, meeting.id)
    assert await segments(client, meeting) == after
    assert (await undo(client, meeting, kept)).status_code == 200
    assert mended not in [one["text"] for one in await segments(client, meeting)]


async def test_what_was_lost_can_be_put_back_where_somebody_speaks_and_is_refused_where_nobody_does(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    before = await segments(client, meeting)
    during = await edit(client, meeting, kind="text", segment=line(before[3]), text="Oui, bien reçu !")
    alone = await edit(client, meeting, kind="text", segment=line(before[5]), text="We signed it.")
    await run_again(units, storage, meeting, second_run())
    assert len((await client.get(at(meeting, "edits?lost=true"))).json()["items"]) == 2
    back = await client.post(at(meeting, f"edits/{during['edit']['id']}/redo"))
    assert back.status_code == 200, back.text
    assert (back.json()["edit"]["is_lost"], back.json()["edit"]["run"]) == (False, 2)
    shown = [one for one in await segments(client, meeting) if one["edit_id"] == during["edit"]["id"]]
    assert [(one["text"], one["speaker"]) for one in shown] == [("Oui, bien reçu !", "SPEAKER_00")]
    refused = await client.post(at(meeting, f"edits/{alone['edit']['id']}/redo"))
    assert (refused.status_code, refused.json()["code"]) == (409, "edit.conflict")
    (left,) = (await client.get(at(meeting, "edits?lost=true"))).json()["items"]
    assert left["id"] == alone["edit"]["id"], "still there to be read"


async def test_a_move_and_a_name_follow_their_speaker(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    before = await segments(client, meeting)
    moved = await edit(client, meeting, kind="move", segments=[line(before[1])], to_label="SPEAKER_01")
    named = await client.put(at(meeting, "speakers/SPEAKER_00"), json={"name": "Madame Perrin"})
    await run_again(units, storage, meeting, second_run())
    after = await segments(client, meeting)
    there = [one for one in after if before[1]["start"] < one["start"] < before[1]["end"]]
    assert {one["speaker"] for one in there} == {"SPEAKER_00"}
    history = {one["id"]: one for one in (await client.get(at(meeting, "edits"))).json()["items"]}
    assert history[named.json()["edit_id"]]["label"] == "SPEAKER_01"
    assert history[moved["edit"]["id"]]["after"][0]["speaker"] == "SPEAKER_00"
    assert (await undo(client, meeting, moved)).status_code == 200
    there = [one for one in await segments(client, meeting) if before[1]["start"] < one["start"] < before[1]["end"]]
    assert {one["speaker"] for one in there} == {"SPEAKER_01"}


# --- ten thousand segments --------------------------------------------------------------------------------------------


def long_meeting(num_segments: int) -> FusionDocument:
    document = FUSION.model_dump(mode="json")
    (template,) = [one for one in document["segments"] if "budget" in one["text"]]
    made = []
    for number in range(num_segments):
        shift_s = number * 10.0
        words = [
            {
                **word,
                "start": round(word["start"] - template["start"] + shift_s, 3),
                "end": round(word["end"] - template["start"] + shift_s, 3),
                "speaker": f"SPEAKER_0{number % 2}",
            }
            for word in template["words"]
        ]
        made.append(
            {
                **template,
                "start": shift_s,
                "end": round(template["end"] - template["start"] + shift_s, 3),
                "speaker": f"SPEAKER_0{number % 2}",
                "name": None,
                "words": words,
            }
        )
    speakers = [{**part, "name": None, "naming": "unknown"} for part in document["speakers"]]
    return FusionDocument.model_validate({**document, "speakers": speakers, "segments": made})


async def test_ten_thousand_segments_are_corrected_in_well_under_a_second(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    """CPU seconds of this process, so that a busy machine does not matter."""
    meeting = await completed(units, storage, member.user_id)
    folder = layout.results_folder(meeting.created_at, meeting.id)
    storage.write(f"{folder}/fusion.json", long_meeting(10_000).to_json().encode())
    answer = await client.get(at(meeting, "transcript?words=false&limit=20000"))
    lines = answer.json()["segments"]
    assert len(lines) == 10_000
    assert (await client.get(at(meeting, "transcript?limit=20000"))).status_code == 422
    seconds: dict[str, float] = {}
    for number, kind in enumerate(("text", "confirm", "split", "text", "move")):
        seen = line(lines[5000 + number])
        wish: Json = {"kind": kind, "segment": seen}
        more: dict[str, Json] = {"text": {"text": f"{seen['text']} Voilà."}, "split": {"at": 2}}
        wish |= more.get(kind, {})
        if kind == "move":
            wish = {"kind": kind, "segments": [seen], "to_label": "SPEAKER_02"}
        started_s = time.process_time()
        made = await edit(client, meeting, **wish)
        seconds[kind] = time.process_time() - started_s
        assert made["change"]["num_removed"] == 1
    started_s = time.process_time()
    assert (await undo(client, meeting, made)).status_code == 200
    seconds["undo"] = time.process_time() - started_s
    assert max(seconds["text"], seconds["confirm"], seconds["split"]) < 0.5, seconds
    assert max(seconds.values()) < 2.0, seconds
    fresh = await client.get(at(meeting, "transcript?words=false&limit=20000"))
    assert len(fresh.json()["segments"]) == 10_001


async def test_files_wait_while_somebody_types(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    async def waiting() -> bool:
        async with units() as unit:
            return meeting.id in await unit.meetings.with_unwritten_names(10)

    first = (await segments(client, meeting))[0]
    await edit(client, meeting, kind="text", segment=line(first), text="Un mot.")
    assert not await waiting()
    for column in ("edited_at", "unwritten_since"):
        await _earlier(units, meeting, column)
        assert await waiting(), column
        await _earlier(units, meeting, column, by_s=-3600)
        assert not await waiting()
    await client.put(at(meeting, "speakers/SPEAKER_00"), json={"name": "Anne"})
    assert await waiting(), "a name does not wait"
    assert await rewrite(units, storage, meeting.id)
    assert (await now(units, meeting.id)).are_names_written
    assert not await waiting()


async def _earlier(units: UnitOfWorkFactory, meeting: Meeting, column: str, by_s: int = 3600) -> None:
    async with units() as unit:
        await unit.session.execute(
            text(f"update meetings set {column} = {column} - make_interval(secs => :by) where id = :id"),  # noqa: S608
            {"by": by_s, "id": meeting.id},
        )
