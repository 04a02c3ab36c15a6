"""What the pipeline needs from outside, one small Protocol per need, held here by their consumer.

``engines`` and ``adapters`` satisfy these by shape; neither imports this module, and this module imports neither.
Every engine also has a shipped double in ``engines/fake.py`` that passes the same contract tests.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from scribe.domain.audio import AudioFacts, Waveform
from scribe.domain.meeting import RunWarning, Stage, StageMetrics
from scribe.domain.namings import Recognised
from scribe.domain.speech import Diarization, Span, SpeakerCount, SpeakerLabel, TranscribedBlock, TranscriptionOptions
from scribe.domain.voices import Voiceprint


class Progress(Protocol):
    """Called with the fraction done of the running stage, 0 to 1, never falling.

    It may raise :class:`~scribe.domain.errors.Cancelled` (or ``KeyboardInterrupt``): engines call it often, hold
    nothing that needs more than their ``with`` blocks to clean up, and let it pass.
    """

    def __call__(self, fraction: float, /) -> None: ...


class AudioConverter(Protocol):
    """Decodes anything into the one form the pipeline speaks."""

    @property
    def settings(self) -> Mapping[str, object]:
        """What the result depends on besides the file: part of the checkpoint's fingerprint. JSON values."""

    def convert(self, source: Path, target: Path, progress: Progress) -> AudioFacts:
        """Writes ``target`` as 16 kHz mono 16-bit WAV, atomically. Raises: AudioError, ResourceError."""

    def open(self, wav: Path) -> Waveform:
        """A WAV that :meth:`convert` wrote, read from disk as it is sliced."""


class Diarizer(Protocol):
    @property
    def settings(self) -> Mapping[str, object]:
        """Model ids, hashes and constants the result depends on. JSON values."""

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: Progress) -> Diarization: ...


class VoiceprintExtractor(Protocol):
    """Measures voices; used for a second opinion on doubtful words and to enrol clips."""

    @property
    def model_id(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        """One print per span, ``None`` where a span is too short, silent or not finite. Same order as ``spans``."""


class Identifier(Protocol):
    @property
    def settings(self) -> Mapping[str, object]:
        """The rule that names a speaker, for the results; nothing that tells who is in the bank. JSON values."""

    def identify(self, voiceprints: Mapping[SpeakerLabel, Voiceprint]) -> Recognised:
        """A verdict for every speaker: a name with its score, or unknown with the reason."""


class VoiceListener(Protocol):
    """Keeps of the speakers what is needed to say later who they are, while the audio is at hand."""

    def listen(self, diarization: Diarization, waveform: Waveform, progress: Progress) -> None: ...


class Transcriber(Protocol):
    @property
    def settings(self) -> Mapping[str, object]: ...

    def transcribe(
        self,
        waveform: Waveform,
        options: TranscriptionOptions,
        *,
        resume_from_s: float = 0.0,
        made_by: str = "",
        progress: Progress,
    ) -> Generator[TranscribedBlock, None, None]:
        """Yields blocks in order. A model may be resident while the iterator is open: exhaust or ``close()`` it.

        ``made_by``: of the last block of that run; who had to give way then need not try again what did not do.
        ``resume_from_s`` is the ``end_s`` of a block yielded by an earlier run with the same settings and options:
        the blocks that follow are the same as if that run had gone on.
        """


class Accelerator(Protocol):
    """The card that the models may run on, as far as the run's record tells of it."""

    def measured(self) -> AbstractContextManager[Callable[[], float | None]]:
        """Tells after the block the most memory of the card held meanwhile, in MB (2^20 bytes); ``None``: no card, or
        nobody can tell."""

    def steps(self) -> Sequence[RunWarning]:
        """Where the models had to give way since this was last asked: something smaller, or the processor."""


class CheckpointStore(Protocol):
    """Keeps what finished stages made, so that a killed run goes on where it stopped."""

    def read(self, name: str) -> bytes | None:
        """The content saved under ``name``, or ``None``."""

    def write(self, name: str, content: bytes) -> None:
        """All or nothing, and on disk when it returns. Raises: ResourceError when there is no room."""

    def scratch(self, name: str) -> Path:
        """A local path for a large working file; it may be missing when a later run asks again."""

    def remove(self, name: str) -> None:
        """What was saved under ``name``, if anything was."""

    def tidy(self) -> None:
        """Removes every working file, those of abandoned runs too. What :meth:`write` saved stays."""


class RunObserver(Protocol):
    """Told what happens while a recording is processed."""

    def stage_started(self, stage: Stage) -> None: ...

    def stage_progressed(self, stage: Stage, fraction: float) -> None:
        """``fraction`` is 0 to 1 and never falls. May raise ``Cancelled``."""

    def stage_finished(self, metrics: StageMetrics) -> None: ...

    def warned(self, warning: RunWarning) -> None: ...
