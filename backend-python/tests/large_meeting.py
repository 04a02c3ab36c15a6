"""A meeting of ten thousand lines in a running service, within seconds and without hours of speech.

Owns rows, result files, waveform and a silent recording of the right length, put there through the product's own
builders and repositories; never queues anything. For tests of how the web interface bears it::

    SCRIBE_DATA_DIR=... python -m tests.large_meeting --segments 10000      # prints the meeting's id
"""

import argparse
import asyncio
import io
import sys
from typing import Any

import av
import numpy as np
from sqlalchemy import func, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.cli.connection import connected
from scribe.cli.database import principal_of, with_units
from scribe.core.config import Settings, load_settings
from scribe.core.models_db import MeetingRow
from scribe.domain import layout
from scribe.domain.accounts import FIRST_ADMINISTRATOR
from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.domain.coverage import Coverage
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.namings import Naming
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.domain.speech import Segment, Span
from scribe.domain.voices import Identification
from scribe.domain.waveform import MAX_PIXELS, Peaks, peaks_json
from tests.domain.exports.meeting import fusion_document, line, run_facts
from tests.named_meetings import heard
from tests.pending_meetings import add_meeting

SPEAKERS = ("Claire Fontaine", "Marc Petit", None, "José-María O'Connor", "Anne Le Gall", None)
TEXT = (
    "le budget de l'année prochaine reste à voter, nous avons trois points ce matin ; Claire propose de commencer par "
    "le déménagement, puis la date du conseil, et enfin l'œuvre d'art du hall. Très bien, je préfère juin à septembre."
)
DOUBTFUL_EVERY = 25
WORD_S = 0.2
MAX_SILENCE_S = 1.0
PACKET_SAMPLES = 80_000
RECORDING_RATE_HZ = 8_000


def lines(count: int) -> list[Segment]:
    """The same ones for the same count: turns of one to six lines, 4 to 24 words each."""
    chance = np.random.default_rng(20261123)
    known = TEXT.split(" ")
    made: list[Segment] = []
    now_s, speaker, left = 1.0, 0, 0
    for number in range(count):
        if left == 0:
            speaker = (speaker + int(chance.integers(1, len(SPEAKERS)))) % len(SPEAKERS)
            left = int(chance.integers(1, 7))
        left -= 1
        first = int(chance.integers(len(known)))
        words = [known[(first + i) % len(known)] for i in range(int(chance.integers(4, 25)))]
        doubts = (words[-1],) if number % DOUBTFUL_EVERY == 0 else ()
        end_s = now_s + WORD_S * len(words)
        made.append(line(now_s, end_s, speaker, " ".join(words), doubts=doubts))
        now_s = end_s + float(chance.uniform(0.1, MAX_SILENCE_S))
    return made


def documents(segments: list[Segment]) -> tuple[FusionDocument, DiarizationDocument]:
    duration_s = segments[-1].end_s + 1.0
    spoken_s = sum(one.end_s - one.start_s for one in segments)
    coverage = Coverage(duration_s, spoken_s, 0.0, 0.0, duration_s - spoken_s, ())
    names = {
        number: Identification(name, 0.8, None, None, "matched" if name else "below-threshold")
        for number, name in enumerate(SPEAKERS)
    }
    return fusion_document(segments, coverage, names, run_facts("Assemblée.flac", duration_s))


def outline(segments: list[Segment], duration_s: float) -> Peaks:
    """Loud where somebody speaks."""
    spoken = np.zeros(MAX_PIXELS)
    for one in segments:
        first, last = (int(at_s / duration_s * MAX_PIXELS) for at_s in (one.start_s, one.end_s))
        spoken[first : last + 1] = 1.0
    tops = (spoken * np.random.default_rng(7).uniform(20, 120, MAX_PIXELS)).astype(np.int8)
    samples_per_pixel = int(duration_s * SAMPLE_RATE_HZ / MAX_PIXELS) + 1
    return Peaks(samples_per_pixel, np.stack([-tops, tops], axis=1))


def silence(duration_s: float) -> bytes:
    """FLAC: ten hours are a few megabytes."""
    target = io.BytesIO()
    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RECORDING_RATE_HZ, layout="mono")
        left = int(duration_s * RECORDING_RATE_HZ)
        while left > 0:
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, min(left, PACKET_SAMPLES)), np.int16), format="s16", layout="mono"
            )
            frame.sample_rate = RECORDING_RATE_HZ
            container.mux(stream.encode(frame))
            left -= frame.samples
        container.mux(stream.encode(None))
    return target.getvalue()


async def add_large_meeting(units: UnitOfWorkFactory, storage: Storage, owner: UserId, count: int) -> MeetingId:
    """COMPLETED, with everything but the exports: those are made when somebody asks."""
    segments = lines(count)
    fusion, diarization = documents(segments)
    duration_s = fusion.recording.duration_s
    recording = await asyncio.to_thread(silence, duration_s)
    columns: dict[str, Any] = {
        "title": f"Assemblée générale, {count} passages",
        "status": "CANCELLED",  # until everything is there: a worker would begin with it otherwise
        "file_name": "assemblee.flac",
        "media_type": "audio/flac",
        "size_bytes": len(recording),
        "duration_s": duration_s,
        "language": "fr",
        "num_speakers": len(fusion.speakers),
        "num_words": sum(len(one.words) for one in segments),
    }
    meeting_id = await add_meeting(units, owner, **columns)
    async with units() as unit:
        draft = await unit.meetings.get(meeting_id)
    assert draft is not None
    folder = layout.results_folder(draft.created_at, meeting_id)
    files = {
        f"{folder}/fusion.json": fusion.to_json().encode(),
        f"{folder}/diarization.json": diarization.to_json().encode(),
    }
    others = {
        layout.peaks_key(meeting_id): peaks_json(outline(segments, duration_s)),
        layout.recording_key(meeting_id): recording,
    }
    for key, content in (files | others).items():
        await asyncio.to_thread(storage.write, key, content)
    rows = []
    for number, part in enumerate(fusion.speakers):
        turns = [Span(turn.start, turn.end) for turn in diarization.turns if turn.speaker == part.label]
        name = SPEAKERS[number]
        naming = Naming.CONFIRMED if name else Naming.UNKNOWN
        rows.append(heard(meeting_id, number, None, turns, name=name, naming=naming))
    async with units() as unit:
        await unit.session.execute(
            update(MeetingRow)
            .where(MeetingRow.id == meeting_id)
            .values(
                status="COMPLETED",
                results_folder=folder,
                result_files=list(files),
                results_run=1,
                published_at=func.now(),
            )
        )
        await unit.speakers.replace(meeting_id, 1, rows)
    return meeting_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=10_000)
    parser.add_argument("--user", default=FIRST_ADMINISTRATOR)
    chosen = parser.parse_args()
    settings: Settings = connected(load_settings(), needs_redis=False)

    async def work(units: UnitOfWorkFactory) -> MeetingId:
        owner = await principal_of(units, chosen.user)
        return await add_large_meeting(units, Storage(str(settings.storage_url)), owner.user_id, chosen.segments)

    sys.stdout.write(f"{with_units(work, settings)}\n")


if __name__ == "__main__":
    main()
