"""What the worker tells its child from the database, and what it does not take the child's word for.

Owns the patience while the database is away, and that a child may ask once: it works on files that anybody may have
sent, and one that could ask as often as it likes could find out who is in the bank. For the same reason the rows are
written from the verdicts that were given, never from those that come back.

Usage::

    answering = Answering(recognition, job)
    await child.answer(await answering.verdicts(voices_heard))
    published = answering.vouched(finished.published)
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from scribe.core.logging import get_logger, trace_of
from scribe.domain import layout
from scribe.domain.carry_over import HandMoves
from scribe.domain.errors import ArtefactError, UnavailableError
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.namings import HeardSpeaker
from scribe.domain.speech import SpeakerLabel
from scribe.domain.voices import Identification
from scribe.pipeline.stages import UNHEARD
from scribe.services.recognition import Recognition
from scribe.worker.protocol import Verdicts, VoicesHeard

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0
MAX_VOICES = 1000
_UNUSABLE = "The known voices could not be used."

T = TypeVar("T")


class Answering:
    """For one attempt. Whoever is interrupted cancels; nothing here waits for anything else than the database."""

    def __init__(self, recognition: Recognition, job: ClaimedJob) -> None:
        self._recognition = recognition
        self._job = job
        self._given: Mapping[SpeakerLabel, Identification] | None = None

    async def moves(self) -> HandMoves:
        """What people moved by hand; the rows keep it, so that a failure here costs nothing but better words."""
        try:
            return await _patiently(lambda: self._recognition.moves(self._job))
        except Exception as error:  # noqa: BLE001 -- as it says
            get_logger().error("moves.unusable", error=type(error).__name__, trace=trace_of(error))
            return HandMoves()

    async def verdicts(self, heard: VoicesHeard) -> Verdicts:
        """Raises: ArtefactError when the child asks again."""
        if self._given is not None or len(heard.voiceprints) > MAX_VOICES:
            raise ArtefactError("The child asked too much.")
        self._given = {}
        try:
            recognised = await _patiently(lambda: self._recognition.identify(self._job, heard.voiceprints))
        except Exception as error:  # noqa: BLE001 -- a bank that cannot be used costs the names, never the meeting
            get_logger().error("voices.unusable", error=type(error).__name__, trace=trace_of(error))
            return Verdicts({}, problem=_UNUSABLE)
        self._given = recognised.verdicts
        return Verdicts(recognised.verdicts, recognised.warnings)

    def vouched(self, published: Published) -> Published:
        return replace(published, speakers=tuple(self._vouched(speaker) for speaker in published.speakers))

    def _vouched(self, speaker: HeardSpeaker) -> HeardSpeaker:
        job, verdict = self._job, None
        if self._given is not None and speaker.identification is not None:
            verdict = self._given.get(speaker.label, UNHEARD)
        own = layout.speaker_sample_key(job.meeting_id, job.run, speaker.label)
        return replace(speaker, identification=verdict, sample_key=own if speaker.sample_key == own else None)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await ask()
        except UnavailableError as error:
            get_logger().warning("recognition.waits", code=error.code)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
