"""What the child keeps of a meeting's voices: prints, how clean they are, and a few seconds of each to play.

Owns where the samples are stored and what is reported of every speaker at the end. Never names anybody (the service
does) and never chooses the stretches (``engines/samples.py`` does). Satisfies ``pipeline.ports.VoiceListener``.

Usage::

    keeper = VoiceKeeper(storage, job, extractor, cohort)
    ...                                       # the run listens
    published = Published(..., speakers=keeper.speakers(asking.verdicts))
"""

from collections.abc import Mapping

from scribe.adapters.storage import Storage
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.audio import Waveform
from scribe.domain.errors import EngineError
from scribe.domain.jobs import ClaimedJob
from scribe.domain.namings import HeardSpeaker
from scribe.domain.speech import Diarization, SpeakerLabel
from scribe.domain.voices import Cohort, Identification
from scribe.engines.samples import HeardVoice, hear_speakers
from scribe.pipeline.ports import Progress, VoiceprintExtractor
from scribe.pipeline.stages import UNHEARD


class VoiceKeeper:
    def __init__(
        self, storage: Storage, job: ClaimedJob, extractor: VoiceprintExtractor, cohort: Cohort | None
    ) -> None:
        self._storage = storage
        self._job = job
        self._extractor = extractor
        self._cohort = cohort
        self._heard: list[tuple[HeardVoice, str | None]] = []

    def listen(self, diarization: Diarization, waveform: Waveform, progress: Progress) -> None:
        """Raises: ModelMissingError, StorageError, ResourceError."""
        try:
            voices = hear_speakers(diarization, waveform, self._extractor, self._cohort)
        except EngineError as error:  # whether a voice is one person stays open then; all else needs no model
            get_logger().warning("voices.unmeasured", error=type(error).__name__)
            voices = hear_speakers(diarization, waveform)
        self._heard = []
        for done, voice in enumerate(voices, start=1):
            self._heard.append((voice, self._kept(voice)))
            progress(done / len(voices))

    def speakers(self, verdicts: Mapping[SpeakerLabel, Identification] | None) -> tuple[HeardSpeaker, ...]:
        """``verdicts``: of those who have a print; ``None``: nobody was looked for."""
        return tuple(
            HeardSpeaker(
                voice.label,
                voice.turns,
                voice.voiceprint,
                voice.quality,
                voice.spans,
                sample_key,
                None if verdicts is None else verdicts.get(voice.label, UNHEARD),
            )
            for voice, sample_key in self._heard
        )

    def _kept(self, voice: HeardVoice) -> str | None:
        """Readable by the storage's owner only: it is somebody's voice."""
        if voice.sample is None:
            return None
        key = layout.speaker_sample_key(self._job.meeting_id, self._job.run, voice.label)
        self._storage.write(key, voice.sample, private=True)
        return key
