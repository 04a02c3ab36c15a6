"""The pieces that the three result documents are made of.

Owns the names and meanings of the fields inside ``transcription.json``, ``diarization.json`` and ``fusion.json``;
what each means to a reader is told again in ``docs/results.md``. Never computes: ``build.py`` does.

A piece refuses unknown fields, infinite numbers and times that run backwards, when written and when read.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, model_validator

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""From the start of the recording, or a length; rounded to milliseconds."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""Between 0 and 1, rounded to four digits."""
Score = Annotated[float, Field(allow_inf_nan=False)]
"""Rounded to four digits."""
Timestamp = AwareDatetime
Count = Annotated[int, Field(ge=0)]
SpeakerId = Annotated[str, Field(pattern=r"^SPEAKER_[0-9]{2,}$")]
"""A label: `SPEAKER_00`, `SPEAKER_01` ... in order of first appearance."""
NamingCode = Literal["unknown", "suggested", "auto", "confirmed", "rejected"]
"""Those of ``domain.namings.Naming``; a test holds the two together."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """Common to all pieces: frozen, no unknown field, the text under a field is its description."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SpanPart(Part):
    """A stretch of time."""

    start: Seconds
    """Seconds from the start of the recording."""
    end: Seconds
    """Seconds from the start of the recording, never before `start`."""

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"the end ({self.end}) is before the start ({self.start})")
        return self


class ProductPart(Part):
    """What made the document."""

    name: str
    """Always `smart-meeting-scribe`."""
    version: str
    """The product's version."""


class RecordingPart(Part):
    """The source and what was done to make it 16 kHz mono. Holds no tag or title of the file."""

    file: str
    """The file's name, without folders."""
    duration_s: Seconds
    """Of the audio that was worked on, from the start of the file."""
    container: str
    """FFmpeg's name of the container format."""
    codec: str
    """FFmpeg's name of the audio codec."""
    source_sample_rate_hz: Count
    """Samples a second before conversion."""
    source_channels: Count
    """Channels before conversion."""
    channel_rule: str
    """How the channels became one: `mono`, `average`, `centre`, `channel:1`, `opposite-phase` ..."""
    start_offset_s: Annotated[float, Field(allow_inf_nan=False)]
    """Silence put in front because the audio track starts after the video."""
    sha256: Sha256
    """Of the source file's bytes."""
    size_bytes: Count
    """Of the source file."""
    warnings: list[str]
    """Stable codes of what was odd about the file but survivable."""


class ModelPart(Part):
    """A model that took part."""

    id: str
    """Its name in the catalogue (`scribe models list`)."""
    sha256: Sha256 | None
    """Of its weights; null where the catalogue knows none."""


class StagePart(Part):
    """What one stage cost."""

    stage: str
    """The stage's name."""
    seconds: Seconds
    """By the clock on the wall."""
    cpu_seconds: Seconds
    """User and system time of all threads."""
    peak_rss_mb: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """The most memory held while the stage ran, in 10^6 bytes."""
    reused: bool
    """True when a checkpoint of an earlier run was used; the numbers are then that run's."""


class WarningPart(Part):
    """Something a reader must know although the run went on."""

    code: str
    """Stable and machine-readable."""
    message: str
    """A sentence for people."""


class SpeakerPart(Part):
    """One voice of the recording and what is known about it. Never the voiceprint: results hold no biometrics."""

    label: SpeakerId
    """Stable within this recording: `SPEAKER_00` is the first to speak."""
    name: str | None
    """The person, when the evidence is good enough or somebody said so; null means unknown, which is an answer."""
    naming: NamingCode
    """How the speaker came by the name: `auto` (the bank is sure), `confirmed` (a human said so), `suggested` (the bank
    offers `suggestion`, nobody has decided), `rejected` (a human said that it is nobody the bank knows), `unknown`."""
    suggestion: str | None
    """Who it may be, when `naming` is `suggested`: a question, not the speaker's name."""
    person_id: str | None
    """Of the person in the bank whom `name` or `suggestion` is about; null without one."""
    probability: Share | None
    """That the voice is the best candidate's, given everybody who was looked for; null when nothing was compared."""
    score: Score | None
    """Likeness of the best candidate (1 is identical); null when nothing was compared."""
    runner_up: str | None
    """The second-best candidate; always null for voices of the service's bank: nobody is mentioned in a meeting who is
    neither named nor offered in it."""
    runner_up_score: Score | None
    """Likeness of the second-best candidate."""
    reason: str | None
    """Why named or not: `matched`, `below-threshold`, `too-close-to-call`, `too-little-speech`,
    `taken-by-better-match`, `no-voiceprint`, `empty-bank`, `refused` (a human said that it is not this person),
    `stale-print` (measured by a model that is not in use any more), `voice-erased`; null when identification did not
    run. Stays as evidence where a human decided."""
    explanation: str
    """The reason in numbers, such as `0.41 < 0.55`; empty when there is none."""
    speech_s: Seconds
    """Seconds this voice speaks, overlaps included."""
    share: Share
    """Of all voices' speaking time; the shares of a recording sum to 1."""
    has_voiceprint: bool
    """Whether the voice spoke alone for long enough to be measured."""

    @model_validator(mode="before")
    @classmethod
    def _knows_how_it_was_named(cls, given: object) -> object:
        """Schema 1.0 had names given by the machine only."""
        if not isinstance(given, Mapping) or "naming" in given:
            return given
        naming = "auto" if given.get("name") is not None else "unknown"
        return {
            "naming": naming,
            "suggestion": None,
            "person_id": None,
            "probability": None,
            "explanation": "",
            **given,
        }


class TurnPart(SpanPart):
    """One voice speaking without a pause of note."""

    speaker: SpeakerId
    """A label of the `speakers` table."""


class WordPart(SpanPart):
    """One written word, with the punctuation that belongs to it."""

    word: str
    """As the engine wrote it."""
    confidence: Share
    """The engine's probability for its own choice. A doubtful word is marked by this, not deleted."""


class AttributedWordPart(WordPart):
    """A word with the voice it was given to."""

    speaker: SpeakerId | None
    """A label of the `speakers` table; null when nobody is known."""


class TranscriptSegmentPart(SpanPart):
    """A stretch of text as the engine cut it, before speakers are known."""

    text: str
    """The words joined by single spaces."""
    language: str
    """ISO 639-1 code of this stretch."""
    confidence: Share | None
    """Mean of the words' confidence; null without words."""
    avg_logprob: Score
    """Mean log probability of the tokens."""
    no_speech_prob: Share
    """The model's probability that nobody speaks here."""
    compression_ratio: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Length of the text over its compressed length: high values betray repetition."""
    words: list[WordPart]
    """In time order."""


class SegmentPart(SpanPart):
    """One readable line of the minutes: one voice, one language."""

    speaker: SpeakerId | None
    """A label of the `speakers` table; null when nobody is known."""
    name: str | None
    """The speaker's name when known, as in the `speakers` table."""
    language: str
    """ISO 639-1 code of this line."""
    confidence: Share | None
    """Mean of the words' confidence; null without words."""
    text: str
    """The words joined by single spaces, untouched by typography."""
    words: list[AttributedWordPart]
    """In time order."""


class SpeechSharePart(Part):
    """How much a voice spoke before anything was moved."""

    label: SpeakerId
    """As in the `speakers` table."""
    speech_s: Seconds
    """As in the `speakers` table."""
    share: Share
    """As in the `speakers` table."""


class ReplacedSegmentPart(Part):
    """A segment that people gave to other voices or corrected, whole or in part, as the machine had it."""

    place: Count
    """Its place among the machine's segments, from 0."""
    pieces: list[Count]
    """Places in `segments` of what it became, in time order; empty when it was removed. One that was joined from
    several is there for each of them."""
    segment: SegmentPart
    """The machine's own. Its `name` is null: names follow the `speakers` table."""


class MovedSegmentsPart(Part):
    """What is needed to take changes back: the machine's own where it was changed."""

    segments: list[ReplacedSegmentPart]
    """By place."""
    speech: list[SpeechSharePart]
    """By label."""


class MovedTurnsPart(Part):
    """What is needed to take moves back: the machine's turns."""

    turns: list[TurnPart]
    """As `turns` were."""
    exclusive_turns: list[TurnPart]
    """As `exclusive_turns` were."""
    speech: list[SpeechSharePart]
    """By label."""


class SecondOpinionPart(Part):
    """What comparing stretches of doubtful attribution with the speakers' voices once more did."""

    words_moved: Count
    """Words that went to another speaker."""
    listened_s: Seconds
    """Seconds of audio that were measured again."""


class CoveragePart(Part):
    """What every second turned out to be: the four parts sum to the duration."""

    duration_s: Seconds
    """Of the recording."""
    words_s: Seconds
    """Written down, from one voice at a time."""
    overlap_s: Seconds
    """Written down while several voices spoke at once: some of their words may be missing."""
    inaudible_s: Seconds
    """Somebody speaks, but no word came of it."""
    non_speech_s: Seconds
    """Silence, noise, music."""
    inaudible: list[SpanPart]
    """The inaudible stretches of a second and more, in time order."""

    @model_validator(mode="after")
    def _sums_to_the_duration(self) -> Self:
        total_s = self.words_s + self.overlap_s + self.inaudible_s + self.non_speech_s
        if abs(total_s - self.duration_s) > ROUNDING_S:
            raise ValueError(f"the parts sum to {total_s:.3f} s, the recording lasts {self.duration_s:.3f} s")
        return self


ROUNDING_S = 0.0005
"""Half a millisecond: the parts are whole milliseconds, so a larger difference is a lost millisecond."""

Settings = dict[str, dict[str, JsonValue]]
