"""Speech as values: spans, turns, words, segments, transcripts, diarizations.

Owns the vocabulary that every stage speaks; times are float seconds from the start of the recording.

Usage::

    turn = Turn(start_s=1.2, end_s=3.4, speaker=SpeakerLabel("SPEAKER_00"))
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from scribe.domain.errors import OptionError
from scribe.domain.voices import Voiceprint

SpeakerLabel = NewType("SpeakerLabel", str)
"""``SPEAKER_00``, ``SPEAKER_01`` ...: who it is within one recording, in order of first appearance."""


def speaker_label(index: int) -> SpeakerLabel:
    return SpeakerLabel(f"SPEAKER_{index:02d}")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time, ``start_s <= end_s``."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """One speaker speaking without a pause of note."""

    start_s: float
    end_s: float
    speaker: SpeakerLabel

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who spoke when."""

    duration_s: float
    turns: tuple[Turn, ...]
    """By start; turns of different speakers may overlap, those of one speaker do not."""
    exclusive_turns: tuple[Turn, ...]
    """By start; at most one speaker at any instant (in overlap the longer turn wins)."""
    voiceprints: Mapping[SpeakerLabel, Voiceprint] = field(default_factory=dict)
    """One per speaker who spoke alone long enough to be measured."""

    @property
    def speakers(self) -> tuple[SpeakerLabel, ...]:
        return tuple(sorted({turn.speaker for turn in self.turns}))


@dataclass(frozen=True, slots=True)
class SpeakerCount:
    """How many speakers to look for; all ``None`` means: find out."""

    exact: int | None = None
    minimum: int | None = None
    maximum: int | None = None

    def __post_init__(self) -> None:
        """Raises: OptionError when the numbers contradict one another."""
        given = [n for n in (self.exact, self.minimum, self.maximum) if n is not None]
        if any(n < 1 for n in given):
            raise OptionError("The number of speakers must be at least 1.")
        if self.exact is not None and (self.minimum is not None or self.maximum is not None):
            raise OptionError("Give either the exact number of speakers or a range, not both.")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise OptionError("The minimum number of speakers is above the maximum.")


@dataclass(frozen=True, slots=True)
class Word:
    """One written word with the punctuation that belongs to it.

    A segment's text is its words joined by single spaces: tokens that an engine splits inside a word
    (French ``C`` + ``'est``, a detached `` ?``) have been joined before they become a ``Word``.
    """

    start_s: float
    end_s: float
    text: str
    confidence: float
    """Probability in [0, 1] that the engine gives its own choice."""


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """A stretch of text as the engine cut it, before speakers are known."""

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...]
    language: str
    """ISO 639-1 code."""
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


@dataclass(frozen=True, slots=True)
class TranscriptionOptions:
    """What the user says about the words."""

    language: str | None = None
    """ISO 639-1; ``None``: found per region."""
    allowed_languages: tuple[str, ...] = ()
    """Detection chooses among these only; empty: all the model knows."""
    vocabulary: tuple[str, ...] = ()
    """Names and jargon to expect."""


@dataclass(frozen=True, slots=True)
class TranscribedBlock:
    """A few minutes of finished transcript: the unit of progress, of cancelling and of resuming."""

    start_s: float
    end_s: float
    """The next block starts exactly here; the last one ends at the recording's end."""
    segments: tuple[TranscriptSegment, ...]
    speech: tuple[Span, ...]
    made_by: str = ""
    """Model and way of computing, where they are not those of the settings: the card's memory did not do."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, without speakers."""

    duration_s: float
    language: str | None
    """Of most of the speech; ``None`` when nothing was said."""
    segments: tuple[TranscriptSegment, ...]
    """By start; segments do not overlap."""
    speech: tuple[Span, ...]
    """Where the voice activity detector heard speech, whether or not words came of it."""

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for segment in self.segments for word in segment.words)


@dataclass(frozen=True, slots=True)
class AttributedWord:
    """A word with the speaker it was given to."""

    start_s: float
    end_s: float
    text: str
    confidence: float
    speaker: SpeakerLabel | None
    """``None`` when no speaker is known at all (diarization failed or found nobody)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One readable line of the minutes: one speaker, one language, at most a few sentences."""

    start_s: float
    end_s: float
    speaker: SpeakerLabel | None
    text: str
    words: tuple[AttributedWord, ...]
    language: str
